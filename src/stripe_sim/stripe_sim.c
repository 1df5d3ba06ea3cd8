/* The life of one request to the simulator. */
#include "stripe_sim/checkout.h"

/* ---- who asks ---- */

static const char base64_alphabet[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/* The user name of Basic credentials, which is the key. */
static str basic_user(struct op *op, str encoded)
{
    struct buf out = buf_in(op->arena, encoded.size);
    uint32_t bits = 0;
    int count = 0;
    for (size_t i = 0; i < encoded.size && encoded.data[i] != '='; i++) {
        const char *at = strchr(base64_alphabet, encoded.data[i]);
        if (at == NULL || *at == '\0')
            return (str){ NULL, 0 };
        bits = bits << 6 | (uint32_t)(at - base64_alphabet);
        count += 6;
        if (count >= 8) {
            count -= 8;
            buf_add_char(&out, (char)(bits >> count & 0xff));
        }
    }
    str rest;
    return str_cut(buf_str(&out), ':', &rest);
}

static str secret_key(struct op *op, const struct request *request)
{
    str credentials;
    str scheme = str_cut(request->header[HEADER_authorization], ' ', &credentials);
    if (str_equal_nocase(scheme, S("Bearer")))
        return str_trim(credentials);
    if (str_equal_nocase(scheme, S("Basic")))
        return basic_user(op, str_trim(credentials));
    return (str){ NULL, 0 };
}

/* Any key of test mode will do; one of live mode is taken for a dangerous mistake. */
static err check_secret_key(struct sim *sim, const struct request *request)
{
    str key = secret_key(sim->op, request);
    if (str_starts(key, S("sk_test_")) && key.size > S("sk_test_").size)
        return OK;
    const struct refusal refusal = {
        .status = 401,
        .message = key.size == 0
                       ? S("You did not provide an API key. You need to provide your API key in the"
                           " Authorization header, using Bearer auth (e.g. 'Authorization: Bearer"
                           " YOUR_SECRET_KEY'). See https://stripe.com/docs/api#authentication for"
                           " details, or we can help at https://support.stripe.com/.")
                       : S("Invalid API Key provided: this simulator takes keys that begin with"
                           " sk_test_"),
    };
    return refuse(sim, &refusal);
}

static err check_content_type(struct sim *sim, const struct request *request)
{
    str type = request->header[HEADER_content_type];
    if (request->method != POST || type.size == 0 || request->body.size == 0 ||
        str_starts(type, S("application/x-www-form-urlencoded")))
        return OK;
    return refuse_encoding(sim);
}

/* ---- time ---- */

#define SETTLED_AT_ONCE 1000

err sim_settle(struct sim *sim)
{
    const struct due due = { .now = sim->now };
    struct rows rows;

    TRY(sql_all(sim->op, &intents_lapsed, &due, sizeof(struct intent), SETTLED_AT_ONCE, &rows));
    for (size_t i = 0; i < rows.count; i++)
        TRY(intent_lapse(sim, (struct intent *)rows.items + i));
    TRY(sql_all(sim->op, &sim_refunds_due, &due, sizeof(struct refund), SETTLED_AT_ONCE, &rows));
    for (size_t i = 0; i < rows.count; i++) {
        struct refund *refund = (struct refund *)rows.items + i;
        TRY(sim_refund_settle(sim, refund, !str_is(refund->status, "pending")));
    }
    TRY(sql_all(sim->op, &sim_checkouts_due, &due, sizeof(struct checkout), SETTLED_AT_ONCE,
                &rows));
    for (size_t i = 0; i < rows.count; i++)
        TRY(sim_checkout_expire(sim, (struct checkout *)rows.items + i));
    return parked_run_due(sim);
}

err sim_begin(struct sim *sim)
{
    struct op *op = sim->op;
    struct clock_row clock;
    TRY(sql_one(op, &clock_read, NULL, &clock));
    sim->now = instant_after(op->now, (duration){ clock.ahead_ms });
    return sim_settle(sim);
}

/* ---- one request ---- */

static str host_url(struct op *op, str host)
{
    if (host.size == 0)
        return S("http://127.0.0.1");
    return sim_format(op, "http://%.*s", (int)host.size, host.data);
}

static void describe(struct sim *sim, const struct stripe_sim_options *options,
                     const struct request *request)
{
    str key = request->header[HEADER_idempotency_key];
    sim->method = request->method;
    sim->path = request->path;
    sim->query = request->query;
    sim->body = request->body.data ? request->body : S("");
    sim->key = request->method == POST && key.size > 0 ? key : (str){ NULL, 0 };
    sim->base_url = options->base_url.size ? options->base_url
                                           : host_url(sim->op, request->header[HEADER_host]);
}

static void write_answer(struct sim *sim, const struct request *request, struct response *response)
{
    const struct answer *answer = &sim->answer;
    str version = request->header[HEADER_stripe_version];

    response->status = (int)answer->status;
    if (answer->status == 0)
        return;
    response->content_type = S("application/json");
    response->body = answer->body;
    response->delay = answer->delay;
    response->drop = answer->drop;
    response_add(response, "Request-Id", sim->request_id);
    response_add(response, "Stripe-Version", version.size ? version : S(STRIPE_SIM_VERSION));
    if (sim->key.data != NULL)
        response_add(response, "Idempotency-Key", sim->key);
    if (answer->original_request.data != NULL)
        response_add(response, "Original-Request", answer->original_request);
    if (answer->replayed)
        response_add(response, "Idempotent-Replayed", S("true"));
    if (answer->limit_reason.data != NULL)
        response_add(response, "Stripe-Rate-Limited-Reason", answer->limit_reason);
}

static err run_call(struct sim *sim, struct response *response, str *ret_fault)
{
    struct fault fault = { .ms = 0 };
    bool found;
    TRY(fault_take(sim, &fault, &found));
    if (found)
        *ret_fault = str_of(fault_action_names[fault.action]);
    if (found && fault.occasion == FAULT_BEFORE && fault.action != FAULT_WRONG_AMOUNT)
        return fault_before(sim, &fault, response);
    TRY(keys_run(sim));
    return found ? fault_after(sim, &fault, response) : OK;
}

static err serve_call(struct sim *sim, const struct request *request, struct response *response)
{
    str fault = { NULL, 0 };

    sim->request_id = sim_id(sim->op, "req_");
    err e = check_secret_key(sim, request);
    if (e.problem == NULL)
        e = check_content_type(sim, request);
    if (e.problem == NULL)
        e = run_call(sim, response, &fault);
    if (e.problem != &answered)
        TRY(e);
    TRY(request_log(sim, fault));
    write_answer(sim, request, response);
    return OK;
}

static err resume(const struct stripe_sim_options *options, struct op *op,
                  const struct request *request, struct response *response)
{
    TRY(parked_wait(op, response));
    if (response->wait.until.ms != 0)
        return OK;
    if (uuid_is_absent(response->wait.subject)) {
        response->drop = true;
        return OK;
    }
    struct sim sim = { .op = op };
    TRY(sim_begin(&sim));
    describe(&sim, options, request);
    TRY(parked_resume(&sim, response->wait.subject));
    write_answer(&sim, request, response);
    return OK;
}

err stripe_sim_serve(const struct stripe_sim_options *options, struct op *op,
                     const struct request *request, struct response *response)
{
    if (!uuid_is_absent(response->wait.subject))
        return resume(options, op, request, response);

    struct sim sim = { .op = op };
    TRY(sim_begin(&sim));
    describe(&sim, options, request);

    if (options->control_token.size > 0 && str_starts(sim.path, S("/_sim/")))
        return control_serve(&sim, options->control_token, request, response);
    if (sim_page_is(sim.path))
        return sim_page_serve(&sim, response); /* not logged: card numbers are typed there */
    return serve_call(&sim, request, response);
}
