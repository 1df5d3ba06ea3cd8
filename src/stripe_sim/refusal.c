/* Errors as Stripe tells them. */
#include <stdarg.h>
#include <stdio.h>

#include "base/text.h"
#include "stripe_sim/sim.h"

const struct problem answered = { .status = STATUS_INVALID, .message = "Already answered" };

static str format_list(struct op *op, const char *format, va_list arguments)
    __attribute__((format(printf, 2, 0)));

/* Long texts of strangers are cut, between characters. */
static str format_list(struct op *op, const char *format, va_list arguments)
{
    char text[1024];
    int size = vsnprintf(text, sizeof text, format, arguments);
    assert(size >= 0);
    str kept = { text, (size_t)size < sizeof text ? (size_t)size : sizeof text - 1 };
    while ((size_t)size >= sizeof text && !text_is_utf8(kept))
        kept.size--;
    return str_copy(op->arena, kept);
}

str sim_format(struct op *op, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    str text = format_list(op, format, arguments);
    va_end(arguments);
    return text;
}

static void member(struct buf *out, const char *name, str text)
{
    if (text.data == NULL)
        return;
    if (out->size > 1)
        buf_add_char(out, ',');
    json_write_str(out, str_of(name));
    buf_add_char(out, ':');
    json_write_str(out, text);
}

static void member_json(struct buf *out, const char *name, str json)
{
    if (json.data == NULL)
        return;
    if (out->size > 1)
        buf_add_char(out, ',');
    json_write_str(out, str_of(name));
    buf_add_char(out, ':');
    buf_add(out, json);
}

/* https://stripe.com/docs/error-codes/card-declined */
static str doc_url(struct op *op, const char *code)
{
    if (code == NULL)
        return (str){ NULL, 0 };
    struct buf out = buf_in(op->arena, 80);
    buf_add(&out, S("https://stripe.com/docs/error-codes/"));
    for (const char *c = code; *c != '\0'; c++)
        buf_add_char(&out, *c == '_' ? '-' : *c);
    return buf_str(&out);
}

static const char *type_of(const struct refusal *refusal)
{
    return refusal->type ? refusal->type : "invalid_request_error";
}

str refusal_json(struct sim *sim, const struct refusal *refusal)
{
    struct op *op = sim->op;
    struct buf out = buf_in(op->arena, 512);

    buf_add_char(&out, '{');
    member(&out, "advice_code", str_of(refusal->advice_code));
    member(&out, "charge", refusal->charge);
    member(&out, "code", str_of(refusal->code));
    member(&out, "decline_code", str_of(refusal->decline_code));
    member(&out, "doc_url", doc_url(op, refusal->code));
    member(&out, "message", refusal->message);
    member(&out, "network_decline_code", str_of(refusal->network_decline_code));
    member(&out, "param", str_of(refusal->param));
    member_json(&out, "payment_intent", refusal->payment_intent);
    member_json(&out, "payment_method", refusal->payment_method);
    member(&out, "payment_method_type", str_of(refusal->payment_method_type));
    if (refusal->payment_method_type == NULL)
        member(&out, "request_log_url",
               sim_format(op, "https://dashboard.stripe.com/test/logs/%.*s",
                          (int)sim->request_id.size, sim->request_id.data));
    member(&out, "type", str_of(type_of(refusal)));
    buf_add_char(&out, '}');
    return buf_str(&out);
}

err refuse(struct sim *sim, const struct refusal *refusal)
{
    struct buf out = buf_in(sim->op->arena, 512);
    buf_add(&out, S("{\"error\":"));
    buf_add(&out, refusal_json(sim, refusal));
    buf_add_char(&out, '}');

    sim->answer.status = refusal->status ? refusal->status : 400;
    sim->answer.executed = refusal->executed;
    sim->answer.body = buf_str(&out);
    return FAIL(answered);
}

err refuse_param(struct sim *sim, const char *code, str param_name, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    str message = format_list(sim->op, format, arguments);
    va_end(arguments);

    const struct refusal refusal = {
        .code = code,
        .message = message,
        .param = str_terminated(sim->op->arena, param_name),
    };
    return refuse(sim, &refusal);
}

err refuse_missing(struct sim *sim, int status, const char *what, str id, const char *param_name)
{
    const struct refusal refusal = {
        .status = status,
        .code = "resource_missing",
        .message = sim_format(sim->op, "No such %s: '%.*s'", what, (int)id.size, id.data),
        .param = param_name,
    };
    return refuse(sim, &refusal);
}

err refuse_encoding(struct sim *sim)
{
    const struct refusal refusal = {
        .message = S("Invalid request (check that your POST content type is"
                     " application/x-www-form-urlencoded). If you have any questions, we can help"
                     " at https://support.stripe.com/."),
    };
    return refuse(sim, &refusal);
}
