/* Checkout sessions: how they are made, paid, and end. */
#include "stripe_sim/checkout.h"
#include "base/text.h"
#include "stripe_sim/cards.h"
#include "stripe_sim/html.h"

#define EXPIRES_MIN    minutes(30)
#define EXPIRES_MAX    hours(24)
#define AMOUNT_MIN     50
#define AMOUNT_MAX     99999999
#define URL_BYTES_MAX  2048
#define QUANTITY_MAX   999999
#define REFERENCE_MAX  200
#define NAME_BYTES_MAX 1000

/* ---- what is asked for ---- */

static err read_url(struct sim *sim, const char *name, str *ret_url)
{
    str url = param(sim, name);
    *ret_url = url;
    if (url.data == NULL || (url.size <= URL_BYTES_MAX && sim_url_origin(sim, url).data != NULL))
        return OK;
    return refuse_param(sim, "url_invalid", str_of(name), "Not a valid URL");
}

static err read_expiry(struct sim *sim, instant *ret_expires_at)
{
    int64_t when = -1;
    TRY(param_int(sim, "expires_at", &when));
    if (when < 0) {
        *ret_expires_at = instant_after(sim->now, EXPIRES_MAX);
        return OK;
    }
    /* Stripe's clock is shown in whole seconds. */
    int64_t now = sim->now.ms / 1000;
    if (when < now + EXPIRES_MIN.ms / 1000)
        return refuse_param(sim, NULL, S("expires_at"),
                            "The `expires_at` timestamp must be at least 30 minutes from Checkout"
                            " Session creation.");
    if (when > now + EXPIRES_MAX.ms / 1000)
        return refuse_param(sim, NULL, S("expires_at"),
                            "The `expires_at` timestamp must be less than 24 hours from Checkout"
                            " Session creation.");
    ret_expires_at->ms = when * 1000;
    return OK;
}

static err missing(struct sim *sim, size_t at, const char *format)
{
    str rest;
    str before = str_cut(str_of(format), '#', &rest);
    str name = sim_format(sim->op, "%.*s%zu%.*s", (int)before.size, before.data, at, (int)rest.size,
                          rest.data);
    return refuse_param(sim, "parameter_missing", name, "Missing required param: %.*s.",
                        (int)name.size, name.data);
}

static err read_number(struct sim *sim, size_t at, const char *format, int64_t max,
                       int64_t *ret_value)
{
    str text = param_at(sim, format, at);
    if (text.data == NULL)
        return missing(sim, at, format);
    if (!str_to_int(text, ret_value) || *ret_value < 0 || *ret_value > max)
        return refuse_param(sim, "parameter_invalid_integer", S("line_items"),
                            "Invalid integer: %.*s", (int)text.size, text.data);
    return OK;
}

static err read_item(struct sim *sim, size_t at, struct line_item *item)
{
    str currency = param_at(sim, "line_items[#][price_data][currency]", at);
    if (currency.data == NULL)
        return missing(sim, at, "line_items[#][price_data][currency]");
    TRY(sim_currency_known(sim, currency, &item->currency));
    TRY(read_number(sim, at, "line_items[#][quantity]", QUANTITY_MAX, &item->quantity));
    TRY(read_number(sim, at, "line_items[#][price_data][unit_amount]", AMOUNT_MAX,
                    &item->unit_amount));
    item->name = param_at(sim, "line_items[#][price_data][product_data][name]", at);
    item->description = param_at(sim, "line_items[#][price_data][product_data][description]", at);
    if (item->name.data == NULL)
        return missing(sim, at, "line_items[#][price_data][product_data][name]");
    if (item->quantity == 0)
        return refuse_param(sim, "parameter_invalid_integer", S("line_items[0][quantity]"),
                            "This value must be greater than or equal to 1.");
    if (item->name.size > NAME_BYTES_MAX)
        return refuse_param(sim, NULL, S("line_items"), "The name of a product is too long.");
    item->id = sim_id(sim->op, "li_");
    item->price = sim_id(sim->op, "price_");
    item->product = sim_id(sim->op, "prod_");
    item->created = sim->now;
    return OK;
}

static bool has_item(const struct sim *sim, size_t at)
{
    char prefix[32];
    int size = snprintf(prefix, sizeof prefix, "line_items[%zu]", at);
    for (size_t i = 0; i < sim->text_count; i++) {
        if (str_starts(sim->texts[i].name, (str){ prefix, (size_t)size }))
            return true;
    }
    return false;
}

static err read_items(struct sim *sim, struct checkout *checkout, struct line_item *items,
                      size_t *ret_count)
{
    size_t count = 0;
    for (; count < LINE_ITEMS_MAX && has_item(sim, count); count++) {
        struct line_item *item = &items[count];
        item->session = checkout->id;
        TRY(read_item(sim, count, item));
        if (count > 0 && !str_equal(item->currency, items[0].currency))
            return refuse_param(sim, NULL, S("line_items"),
                                "All line items must have the same currency.");
        checkout->amount_total += item->quantity * item->unit_amount;
    }
    *ret_count = count;
    if (count == 0)
        return refuse_param(sim, "parameter_missing", S("line_items"),
                            "Missing required param: line_items.");
    checkout->currency = items[0].currency;
    if (checkout->amount_total < AMOUNT_MIN)
        return refuse_param(sim, "amount_too_small", (str){ NULL, 0 },
                            "The Checkout Session's total amount due must add up to at least"
                            " $0.50 usd");
    if (checkout->amount_total > AMOUNT_MAX)
        return refuse_param(sim, "amount_too_large", (str){ NULL, 0 },
                            "The Checkout Session's total amount due must be no more than"
                            " $999,999.99");
    return OK;
}

static err read_intent_data(struct sim *sim, struct checkout *checkout)
{
    static const char *const captures[] = { "automatic", "automatic_async", "manual", NULL };
    checkout->capture_method = S("automatic_async");
    checkout->description = param(sim, "payment_intent_data[description]");
    checkout->receipt_email = param(sim, "payment_intent_data[receipt_email]");
    checkout->transfer_group = param(sim, "payment_intent_data[transfer_group]");
    checkout->statement_descriptor = param(sim, "payment_intent_data[statement_descriptor]");
    checkout->statement_descriptor_suffix =
        param(sim, "payment_intent_data[statement_descriptor_suffix]");
    TRY(param_choice(sim, "payment_intent_data[capture_method]", captures,
                     &checkout->capture_method));
    return param_metadata(sim, "payment_intent_data[metadata]", &checkout->intent_metadata,
                          &checkout->order_id);
}

static err read_offer(struct sim *sim, struct checkout *checkout)
{
    static const char *const modes[] = { "payment", NULL };
    static const char *const pages[] = { "hosted_page", NULL };
    static const char *const submits[] = { "auto", "book", "donate", "pay", NULL };
    str mode, page;

    TRY(param_required(sim, "mode", &mode));
    TRY(param_choice(sim, "mode", modes, &mode));
    TRY(param_choice(sim, "ui_mode", pages, &page));
    TRY(param_choice(sim, "submit_type", submits, &checkout->submit_type));
    TRY(param_required(sim, "success_url", &checkout->success_url));
    TRY(read_url(sim, "success_url", &checkout->success_url));
    TRY(read_url(sim, "cancel_url", &checkout->cancel_url));
    TRY(read_expiry(sim, &checkout->expires_at));
    checkout->locale = param(sim, "locale");
    checkout->client_reference_id = param(sim, "client_reference_id");
    checkout->customer_email = param(sim, "customer_email");
    if (checkout->client_reference_id.size > REFERENCE_MAX)
        return refuse_param(sim, NULL, S("client_reference_id"),
                            "Invalid string: client_reference_id must be at most 200 characters.");
    if (checkout->customer_email.data != NULL && !email_is_valid(checkout->customer_email))
        return refuse_param(sim, "email_invalid", S("customer_email"),
                            "Invalid email address: %.*s", (int)checkout->customer_email.size,
                            checkout->customer_email.data);
    return param_metadata(sim, "metadata", &checkout->metadata, NULL);
}

/* POST /v1/checkout/sessions */
err create_checkout(struct sim *sim)
{
    struct checkout checkout = { .id = sim_id(sim->op, "cs_test_a1"), .created = sim->now };
    struct line_item items[LINE_ITEMS_MAX] = { { .quantity = 0 } };
    size_t count = 0;
    bool expanded[2] = { false };
    str json;

    TRY(read_offer(sim, &checkout));
    TRY(read_items(sim, &checkout, items, &count));
    TRY(read_intent_data(sim, &checkout));
    TRY(param_method_types(sim, &checkout.payment_method_types));
    if (checkout.payment_method_types.data == NULL)
        checkout.payment_method_types = S("[\"card\"]");
    TRY(param_expand(sim, sim_checkout_expandable, expanded));
    TRY(params_end(sim));

    TRY(sql_run(sim->op, &sim_checkout_insert, &checkout));
    for (size_t i = 0; i < count; i++)
        TRY(sql_run(sim->op, &sim_item_insert, &items[i]));
    TRY(show_checkout(sim, &checkout, expanded, &json));
    return answer_json(sim, json);
}

/* ---- the end of it ---- */

err sim_checkout_complete(struct sim *sim, const struct intent *intent)
{
    struct checkout checkout;
    if (intent->session.data == NULL)
        return OK;
    TRY(sim_checkout_find(sim, intent->session, &checkout));
    if (checkout.status != CHECKOUT_OPEN)
        return OK;
    checkout.status = CHECKOUT_COMPLETE;
    TRY(sql_run(sim->op, &sim_checkout_update, &checkout));
    return sim_checkout_tell(sim, "checkout.session.completed", &checkout);
}

err sim_checkout_expire(struct sim *sim, struct checkout *checkout)
{
    assert(checkout->status == CHECKOUT_OPEN);
    checkout->status = CHECKOUT_EXPIRED;
    TRY(sql_run(sim->op, &sim_checkout_update, checkout));
    if (checkout->payment_intent.data != NULL) {
        const struct due key = { .id = checkout->payment_intent };
        struct intent intent = { .amount = 0 };
        TRY(sql_one(sim->op, &intent_find, &key, &intent));
        if (intent.status != INTENT_CANCELED) /* a held or paid one would have completed it */
            TRY(intent_cancel(sim, &intent, S("expired")));
    }
    return sim_checkout_tell(sim, "checkout.session.expired", checkout);
}

/* POST /v1/checkout/sessions/:id/expire */
err expire_checkout(struct sim *sim)
{
    static const char *const names[] = { "open", "complete", "expired" };
    struct checkout checkout;
    bool expanded[2] = { false };
    str json;

    err found = sim_checkout_find(sim, sim->id, &checkout);
    if (err_is(found, STATUS_NOT_FOUND))
        return refuse_missing(sim, 404, "checkout.session", sim->id, "session");
    TRY(found);
    TRY(param_expand(sim, sim_checkout_expandable, expanded));
    TRY(params_end(sim));
    if (checkout.status != CHECKOUT_OPEN) {
        const struct refusal refusal = {
            .executed = true,
            .message = sim_format(sim->op,
                                  "Only Checkout Sessions with a status in [\"open\"] can be"
                                  " expired. This Checkout Session has a status of `%s`.",
                                  names[checkout.status]),
        };
        return refuse(sim, &refusal);
    }
    TRY(sim_checkout_expire(sim, &checkout));
    TRY(show_checkout(sim, &checkout, expanded, &json));
    return answer_json(sim, json);
}

/* ---- paying ---- */

static struct intent intent_of(struct sim *sim, const struct checkout *checkout)
{
    str id = sim_id(sim->op, "pi_");
    return (struct intent){
        .id = id,
        .amount = checkout->amount_total,
        .currency = checkout->currency,
        .capture_method = checkout->capture_method,
        .confirmation_method = S("automatic"),
        .client_secret =
            sim_id(sim->op, str_terminated(sim->op->arena, sim_format(sim->op, "%.*s_secret_",
                                                                      (int)id.size, id.data))),
        .description = checkout->description,
        .metadata = checkout->intent_metadata,
        .order_id = checkout->order_id,
        .payment_method_types = checkout->payment_method_types,
        .receipt_email = checkout->receipt_email,
        .statement_descriptor = checkout->statement_descriptor,
        .statement_descriptor_suffix = checkout->statement_descriptor_suffix,
        .transfer_group = checkout->transfer_group,
        .session = checkout->id,
        .created = sim->now,
    };
}

static err find_or_make_intent(struct sim *sim, struct checkout *checkout,
                               struct intent *ret_intent)
{
    if (checkout->payment_intent.data != NULL) {
        const struct due key = { .id = checkout->payment_intent };
        return sql_one(sim->op, &intent_find, &key, ret_intent);
    }
    *ret_intent = intent_of(sim, checkout);
    checkout->payment_intent = ret_intent->id;
    TRY(sql_run(sim->op, &intent_insert, ret_intent));
    return intent_tell(sim, "payment_intent.created", ret_intent);
}

/* The page's own address: 3-D Secure comes back to it, and it knows where to go on. */
static str return_url(struct sim *sim, const struct checkout *checkout)
{
    return sim_format(sim->op, "%.*s/c/pay/%.*s", (int)sim->base_url.size, sim->base_url.data,
                      (int)checkout->id.size, checkout->id.data);
}

err sim_checkout_pay(struct sim *sim, struct checkout *checkout, const struct typed_card *typed,
                     struct intent *ret_intent)
{
    struct attempt attempt = { .fresh = true };
    assert(checkout->status == CHECKOUT_OPEN);
    TRY(attempt_number(sim, typed->number, typed->name, typed->email, &attempt));
    TRY(find_or_make_intent(sim, checkout, ret_intent));
    assert(ret_intent->status != INTENT_CANCELED); /* its session would have ended */
    checkout->paid_by_email = typed->email;
    checkout->paid_by_name = typed->name;
    TRY(sql_run(sim->op, &sim_checkout_update, checkout));
    ret_intent->return_url = return_url(sim, checkout);
    TRY(attempt_save(sim, &attempt));
    return intent_attempt(sim, ret_intent, &attempt);
}

str sim_checkout_success_url(struct sim *sim, const struct checkout *checkout)
{
    const str hole = S("{CHECKOUT_SESSION_ID}");
    struct buf out = buf_in(sim->op->arena, checkout->success_url.size + 64);
    str rest = checkout->success_url;
    while (rest.size > 0) {
        if (str_starts(rest, hole)) {
            buf_add(&out, checkout->id);
            rest = (str){ rest.data + hole.size, rest.size - hole.size };
        } else {
            buf_add_char(&out, *rest.data);
            rest = (str){ rest.data + 1, rest.size - 1 };
        }
    }
    return buf_str(&out);
}
