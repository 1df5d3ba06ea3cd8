/* The calls on payment intents. */
#include "stripe_sim/checkout.h"

#define AMOUNT_MIN 50
#define AMOUNT_MAX 99999999

/* ---- what a new intent is to be ---- */

static err read_amount(struct sim *sim, int64_t *ret_amount)
{
    str text;
    TRY(param_required(sim, "amount", &text));
    TRY(param_int(sim, "amount", ret_amount));
    if (*ret_amount < 1)
        return refuse_param(sim, "parameter_invalid_integer", S("amount"),
                            "This value must be greater than or equal to 1.");
    if (*ret_amount < AMOUNT_MIN)
        return refuse_param(sim, "amount_too_small", S("amount"),
                            "Amount must be at least $0.50 usd");
    if (*ret_amount > AMOUNT_MAX)
        return refuse_param(sim, "amount_too_large", S("amount"),
                            "Amount must be no more than $999,999.99");
    return OK;
}

err sim_currency_known(struct sim *sim, str text, str *ret_currency)
{
    static const char *const known[] = { "usd", "eur", "gbp", "chf", "cad", "aud", "nzd", "sek",
                                         "nok", "dkk", "pln", "czk", "sgd", "hkd", "mxn", "brl" };
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        if (str_equal_nocase(text, str_of(known[i]))) {
            *ret_currency = str_of(known[i]);
            return OK;
        }
    }
    return refuse_param(sim, NULL, S("currency"),
                        "Invalid currency: %.*s. Stripe currently supports these currencies: usd,"
                        " eur, gbp, chf, cad, aud, nzd, sek, nok, dkk, pln, czk, sgd, hkd, mxn,"
                        " brl",
                        (int)text.size, text.data);
}

static err read_currency(struct sim *sim, str *ret_currency)
{
    str text;
    TRY(param_required(sim, "currency", &text));
    return sim_currency_known(sim, text, ret_currency);
}

#define TYPES_MAX 10

err param_method_types(struct sim *sim, str *ret_json)
{
    str items[TYPES_MAX];
    size_t count;
    TRY(param_list(sim, "payment_method_types", items, TYPES_MAX, &count));
    if (count == 0)
        return OK;

    struct buf out = buf_in(sim->op->arena, 64);
    for (size_t i = 0; i < count; i++) {
        if (!str_is(items[i], "card") && !str_is(items[i], "link"))
            return refuse_param(sim, "payment_intent_invalid_parameter", S("payment_method_types"),
                                "The payment method type \"%.*s\" is invalid. Please ensure the"
                                " provided type is activated in your dashboard.",
                                (int)items[i].size, items[i].data);
        buf_add(&out, i == 0 ? S("[") : S(","));
        json_write_str(&out, items[i]);
    }
    buf_add_char(&out, ']');
    *ret_json = buf_str(&out);
    return OK;
}

/* Which methods of payment it takes: those named, or what the account allows. */
static err read_methods(struct sim *sim, struct intent *intent)
{
    static const char *const redirects[] = { "always", "never", NULL };
    bool enabled = false;
    str allow = S("always");
    str types = { NULL, 0 };

    bool automatic = param(sim, "automatic_payment_methods[enabled]").data != NULL;
    TRY(param_bool(sim, "automatic_payment_methods[enabled]", &enabled));
    TRY(param_choice(sim, "automatic_payment_methods[allow_redirects]", redirects, &allow));
    TRY(param_method_types(sim, &types));
    (void)param(sim, "payment_method_options[card][request_three_d_secure]");
    if (automatic && enabled && types.data != NULL)
        return refuse_param(sim, NULL, S("payment_method_types"),
                            "You may only specify one of these parameters:"
                            " automatic_payment_methods, payment_method_types.");
    intent->payment_method_types = types;
    if (types.data != NULL)
        return OK;
    intent->payment_method_types =
        automatic && !enabled ? S("[\"card\"]") : S("[\"card\",\"link\"]");
    if (!automatic || enabled)
        intent->automatic_payment_methods =
            sim_format(sim->op, "{\"allow_redirects\":\"%.*s\",\"enabled\":true}", (int)allow.size,
                       allow.data);
    return OK;
}

static err read_texts(struct sim *sim, struct intent *intent)
{
    static const char *const captures[] = { "automatic", "automatic_async", "manual", NULL };
    static const char *const confirmations[] = { "automatic", "manual", NULL };
    static const char *const usages[] = { "off_session", "on_session", NULL };

    intent->capture_method = S("automatic_async");
    intent->confirmation_method = S("automatic");
    intent->description = param(sim, "description");
    intent->receipt_email = param(sim, "receipt_email");
    intent->statement_descriptor = param(sim, "statement_descriptor");
    intent->statement_descriptor_suffix = param(sim, "statement_descriptor_suffix");
    intent->transfer_group = param(sim, "transfer_group");
    intent->return_url = param(sim, "return_url");
    TRY(param_choice(sim, "capture_method", captures, &intent->capture_method));
    TRY(param_choice(sim, "confirmation_method", confirmations, &intent->confirmation_method));
    TRY(param_choice(sim, "setup_future_usage", usages, &intent->setup_future_usage));
    return param_metadata(sim, "metadata", &intent->metadata, &intent->order_id);
}

/* The card, by payment_method or payment_method_data; *ret_given. */
static err read_attempt(struct sim *sim, struct attempt *attempt, bool *ret_given)
{
    static const char *const types[] = { "card", NULL };
    bool sdk = false;
    str type = { NULL, 0 };
    str method = param(sim, "payment_method");
    str token = param(sim, "payment_method_data[card][token]");
    str billing = param_billing(sim, "payment_method_data");

    TRY(param_bool(sim, "off_session", &attempt->off_session));
    TRY(param_bool(sim, "error_on_requires_action", &attempt->error_on_requires_action));
    TRY(param_bool(sim, "use_stripe_sdk", &sdk));
    TRY(param_choice(sim, "payment_method_data[type]", types, &type));
    *ret_given = method.data != NULL || token.data != NULL;
    if (token.data != NULL && type.data == NULL)
        return refuse_param(sim, "parameter_missing", S("payment_method_data[type]"),
                            "Missing required param: payment_method_data[type].");
    if (type.data != NULL && token.data == NULL)
        return refuse_param(sim, "parameter_missing", S("payment_method_data[card]"),
                            "Missing required param: payment_method_data[card].");
    if (method.data != NULL && token.data != NULL)
        return refuse_param(sim, "parameters_exclusive", S("payment_method"),
                            "You may only specify one of these parameters: payment_method,"
                            " payment_method_data.");
    if (method.data != NULL)
        return attempt_method(sim, method, attempt);
    if (token.data != NULL)
        return attempt_token(sim, token, "payment_method_data[card][token]", billing, attempt);
    return OK;
}

/* ---- what confirming asks for ---- */

#define MISSING_METHOD                                                                     \
    "You cannot confirm this PaymentIntent because it's missing a payment method. You can" \
    " either update the PaymentIntent with a payment method and then confirm it again, or" \
    " confirm it again directly with a payment method or ConfirmationToken."

static err check_redirects(struct sim *sim, const struct intent *intent)
{
    str automatic = intent->automatic_payment_methods;
    if (automatic.data == NULL || intent->return_url.data != NULL ||
        memmem(automatic.data, automatic.size, "never", 5) != NULL)
        return OK;
    const struct refusal refusal = {
        .message = S("This PaymentIntent is configured to accept payment methods enabled in your"
                     " Dashboard. Because some of these payment methods might redirect your"
                     " customer off of your page, you must provide a `return_url`. If you don't"
                     " want to accept redirect-based payment methods, set"
                     " `automatic_payment_methods[enabled]` to `true` and"
                     " `automatic_payment_methods[allow_redirects]` to `never` when creating Setup"
                     " Intents and Payment Intents."),
    };
    return refuse(sim, &refusal);
}

static err check_confirm(struct sim *sim, const struct intent *intent, bool confirm, bool given,
                         const struct attempt *attempt)
{
    if (confirm && !given)
        return refuse_param(sim, "payment_intent_unexpected_state", S("payment_method"), "%s",
                            MISSING_METHOD);
    if (confirm)
        return check_redirects(sim, intent);
    if (intent->return_url.data != NULL)
        return refuse_param(sim, NULL, S("return_url"),
                            "The parameter `return_url` cannot be passed when creating a"
                            " PaymentIntent unless `confirm` is set to true.");
    if (attempt->off_session || attempt->error_on_requires_action)
        return refuse_param(sim, NULL, S("confirm"),
                            "The parameters `off_session` and `error_on_requires_action` cannot be"
                            " passed when creating a PaymentIntent unless `confirm` is set to"
                            " true.");
    return OK;
}

static err answer_intent(struct sim *sim, const struct intent *intent, const bool *expanded)
{
    str json;
    TRY(show_intent(sim, intent, expanded, &json));
    return answer_json(sim, json);
}

/* POST /v1/payment_intents */
err create_intent(struct sim *sim)
{
    struct intent intent = { 0 };
    struct attempt attempt = { .fresh = false };
    bool confirm = false;
    bool given;
    bool expanded[2] = { false };

    TRY(read_amount(sim, &intent.amount));
    TRY(read_currency(sim, &intent.currency));
    TRY(param_bool(sim, "confirm", &confirm));
    TRY(read_texts(sim, &intent));
    TRY(read_methods(sim, &intent));
    TRY(read_attempt(sim, &attempt, &given));
    TRY(param_expand(sim, intent_expandable, expanded));
    TRY(params_end(sim));
    TRY(check_confirm(sim, &intent, confirm, given, &attempt));

    intent.id = sim_id(sim->op, "pi_");
    intent.client_secret = sim_id(
        sim->op, str_terminated(sim->op->arena, sim_format(sim->op, "%.*s_secret_",
                                                           (int)intent.id.size, intent.id.data)));
    intent.created = sim->now;
    if (given) {
        intent.status = INTENT_REQUIRES_CONFIRMATION;
        intent.payment_method = attempt.method.id;
        TRY(attempt_save(sim, &attempt));
    }
    TRY(sql_run(sim->op, &intent_insert, &intent));
    TRY(intent_tell(sim, "payment_intent.created", &intent));
    if (confirm)
        TRY(intent_attempt(sim, &intent, &attempt));
    return answer_intent(sim, &intent, expanded);
}

/* GET /v1/payment_intents/:id */
err retrieve_intent(struct sim *sim)
{
    struct intent intent = { 0 };
    bool expanded[2] = { false };
    TRY(param_expand(sim, intent_expandable, expanded));
    (void)param(sim, "client_secret");
    TRY(params_end(sim));
    TRY(intent_get(sim, sim->id, &intent));
    return answer_intent(sim, &intent, expanded);
}

static err show_one_intent(struct sim *sim, const void *record, const bool *expanded, str *ret_json)
{
    return show_intent(sim, record, expanded, ret_json);
}

static const struct list_kind intents = {
    .what = "payment_intent",
    .url = "/v1/payment_intents",
    .newest = &intents_newest,
    .after = &intents_after,
    .find = &intent_find,
    .size = sizeof(struct intent),
    .show = show_one_intent,
    .expandable = intent_expandable,
};

/* GET /v1/payment_intents */
err list_intents(struct sim *sim)
{
    struct list_filter filter = { .max = 0 };
    return list_answer(sim, &intents, &filter);
}

/* ---- update, confirm, capture, cancel ---- */

static err read_update(struct sim *sim, struct intent *intent)
{
    struct {
        const char *name;
        str *value;
    } texts[] = {
        { "description", &intent->description },
        { "transfer_group", &intent->transfer_group },
        { "receipt_email", &intent->receipt_email },
        { "statement_descriptor_suffix", &intent->statement_descriptor_suffix },
    };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        str text;
        if (param_given(sim, str_of(texts[i].name), &text))
            *texts[i].value = text.size > 0 ? text : (str){ NULL, 0 };
    }
    if (param(sim, "amount").data != NULL)
        TRY(read_amount(sim, &intent->amount));
    return param_metadata_merge(sim, "metadata", &intent->metadata, &intent->order_id);
}

/* POST /v1/payment_intents/:id */
err update_intent(struct sim *sim)
{
    struct intent intent = { 0 };
    bool expanded[2] = { false };

    TRY(intent_get(sim, sim->id, &intent));
    int64_t amount = intent.amount;
    TRY(read_update(sim, &intent));
    TRY(param_expand(sim, intent_expandable, expanded));
    TRY(params_end(sim));
    bool is_open = intent.status == INTENT_REQUIRES_PAYMENT_METHOD ||
                   intent.status == INTENT_REQUIRES_CONFIRMATION ||
                   intent.status == INTENT_REQUIRES_ACTION;
    if (intent.amount != amount && (!is_open || intent.session.data != NULL)) {
        intent.amount = amount;
        return refuse_state(sim, &intent,
                            sim_format(sim->op,
                                       "This PaymentIntent's amount could not be updated because it"
                                       " has a status of %s. You may only update the amount of a"
                                       " PaymentIntent with one of the following statuses:"
                                       " requires_payment_method, requires_confirmation,"
                                       " requires_action.",
                                       intent_status_names[intent.status]));
    }
    TRY(intent_save(sim, &intent)); /* there is no event of it */
    return answer_intent(sim, &intent, expanded);
}

static err refuse_confirm(struct sim *sim, const struct intent *intent)
{
    if (intent->status == INTENT_SUCCEEDED)
        return refuse_state(sim, intent,
                            S("You cannot confirm this PaymentIntent because it has already"
                              " succeeded after being previously confirmed."));
    return refuse_state(sim, intent,
                        sim_format(sim->op,
                                   "You cannot confirm this PaymentIntent because it has a status"
                                   " of %s. Only a PaymentIntent with one of the following statuses"
                                   " may be confirmed: requires_confirmation, requires_action,"
                                   " requires_payment_method.",
                                   intent_status_names[intent->status]));
}

/* POST /v1/payment_intents/:id/confirm */
err confirm_intent(struct sim *sim)
{
    struct intent intent = { 0 };
    struct attempt attempt = { .fresh = false };
    bool given;
    bool expanded[2] = { false };

    TRY(intent_get(sim, sim->id, &intent));
    str email = param(sim, "receipt_email");
    str return_url = param(sim, "return_url");
    TRY(read_attempt(sim, &attempt, &given));
    TRY(param_expand(sim, intent_expandable, expanded));
    TRY(params_end(sim));
    if (return_url.data != NULL)
        intent.return_url = return_url;
    if (email.data != NULL)
        intent.receipt_email = email;

    if (intent.status == INTENT_REQUIRES_CAPTURE || intent.status == INTENT_CANCELED ||
        intent.status == INTENT_SUCCEEDED)
        return refuse_confirm(sim, &intent);
    if (!given && intent.payment_method.data == NULL)
        return refuse_state(sim, &intent, S(MISSING_METHOD));
    if (!given)
        TRY(attempt_method(sim, intent.payment_method, &attempt));
    TRY(check_redirects(sim, &intent));
    TRY(attempt_save(sim, &attempt));
    TRY(intent_attempt(sim, &intent, &attempt));
    return answer_intent(sim, &intent, expanded);
}

static err refuse_capture_amount(struct sim *sim, const struct intent *intent, int64_t amount)
{
    struct refusal refusal = {
        .executed = true,
        .code = amount < 0    ? NULL
                : amount == 0 ? "parameter_invalid_integer"
                              : "amount_too_large",
        .param = amount < 0    ? "amount_to_capture"
                 : amount == 0 ? "amount"
                               : NULL,
        .message = amount < 0    ? S("Invalid non-negative integer")
                   : amount == 0 ? S("This value must be greater than or equal to 1.")
                                 : S("The payment could not be captured because the requested"
                                     " capture amount is greater than the amount you can capture"
                                     " for this charge."),
    };
    TRY(show_intent(sim, intent, NULL, &refusal.payment_intent));
    return refuse(sim, &refusal);
}

/* POST /v1/payment_intents/:id/capture */
err capture_intent(struct sim *sim)
{
    struct intent intent = { 0 };
    bool final = true;
    bool expanded[2] = { false };

    TRY(intent_get(sim, sim->id, &intent));
    int64_t amount = intent.amount_capturable;
    TRY(param_int(sim, "amount_to_capture", &amount));
    TRY(param_bool(sim, "final_capture", &final));
    (void)param(sim, "statement_descriptor");
    (void)param(sim, "statement_descriptor_suffix");
    TRY(param_metadata_merge(sim, "metadata", &intent.metadata, &intent.order_id));
    TRY(param_expand(sim, intent_expandable, expanded));
    TRY(params_end(sim));

    if (intent.status == INTENT_SUCCEEDED)
        return refuse_state(sim, &intent,
                            S("This PaymentIntent could not be captured because it has already been"
                              " captured."));
    if (intent.status != INTENT_REQUIRES_CAPTURE)
        return refuse_state(sim, &intent,
                            sim_format(sim->op,
                                       "This PaymentIntent could not be captured because it has a"
                                       " status of %s. Only a PaymentIntent with one of the"
                                       " following statuses may be captured: requires_capture.",
                                       intent_status_names[intent.status]));
    if (amount < 1 || amount > intent.amount_capturable)
        return refuse_capture_amount(sim, &intent, amount);
    TRY(intent_capture(sim, &intent, amount));
    return answer_intent(sim, &intent, expanded);
}

/* Only the end of an open session ends its intent. */
static err check_session(struct sim *sim, const struct intent *intent)
{
    struct checkout checkout;
    if (intent->session.data == NULL)
        return OK;
    TRY(sim_checkout_find(sim, intent->session, &checkout));
    if (checkout.status != CHECKOUT_OPEN)
        return OK;
    return refuse_state(sim, intent,
                        S("You cannot cancel this PaymentIntent because it was created by a"
                          " Checkout Session. Expire the Checkout Session instead."));
}

/* POST /v1/payment_intents/:id/cancel */
err cancel_intent(struct sim *sim)
{
    static const char *const reasons[] = { "duplicate", "fraudulent", "requested_by_customer",
                                           "abandoned", NULL };
    struct intent intent = { 0 };
    str reason = { NULL, 0 };
    bool expanded[2] = { false };

    TRY(intent_get(sim, sim->id, &intent));
    TRY(param_choice(sim, "cancellation_reason", reasons, &reason));
    TRY(param_expand(sim, intent_expandable, expanded));
    TRY(params_end(sim));
    if (intent.status == INTENT_SUCCEEDED || intent.status == INTENT_CANCELED)
        return refuse_state(sim, &intent,
                            sim_format(sim->op,
                                       "You cannot cancel this PaymentIntent because it has a"
                                       " status of %s. Only a PaymentIntent with one of the"
                                       " following statuses may be canceled:"
                                       " requires_payment_method, requires_capture,"
                                       " requires_confirmation, requires_action, processing.",
                                       intent_status_names[intent.status]));
    TRY(check_session(sim, &intent));
    TRY(intent_cancel(sim, &intent, reason));
    return answer_intent(sim, &intent, expanded);
}
