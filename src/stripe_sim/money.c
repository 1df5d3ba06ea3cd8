/* What moves money in the simulator, each move with the events that it causes, in the order that
 * was recorded of the real one. */
#include "stripe_sim/money.h"
#include "stripe_sim/cards.h"
#include "stripe_sim/checkout.h"

/* How long a hold on a card lasts (Stripe: about seven days). */
#define HOLD_DAYS 7

/* ---- payment intents and their events ---- */

static err event_tell_of(struct sim *sim, const char *type, str object_id, str data, str account)
{
    struct sim_event event = {
        .id = sim_id(sim->op, "evt_"),
        .type = str_of(type),
        .object_id = object_id,
        .data = data,
        .request_id = sim->request_id,
        .idempotency_key = sim->key,
        .account = account,
        .created = sim->now,
    };
    TRY(sql_run(sim->op, &sim_event_insert, &event));
    return sim_deliveries_add(sim, &event);
}

err event_tell(struct sim *sim, const char *type, str object_id, str data)
{
    return event_tell_of(sim, type, object_id, data, (str){ NULL, 0 });
}

err event_tell_account(struct sim *sim, const char *type, str account, str data)
{
    return event_tell_of(sim, type, account, data, account);
}

err intent_tell(struct sim *sim, const char *type, const struct intent *intent)
{
    str json;
    TRY(show_intent(sim, intent, NULL, &json));
    return event_tell(sim, type, intent->id, json);
}

static err charge_tell(struct sim *sim, const char *type, const struct charge *charge)
{
    return event_tell(sim, type, charge->id, show_charge(sim, charge));
}

err intent_get(struct sim *sim, str id, struct intent *ret_intent)
{
    struct due key = { .id = id };
    err found = sql_one(sim->op, &intent_find, &key, ret_intent);
    if (err_is(found, STATUS_NOT_FOUND))
        return refuse_missing(sim, 404, "payment_intent", id, "intent");
    return found;
}

err intent_save(struct sim *sim, struct intent *intent)
{
    return sql_run(sim->op, &intent_update, intent);
}

err refuse_state(struct sim *sim, const struct intent *intent, str message)
{
    struct refusal refusal = {
        .executed = true,
        .code = "payment_intent_unexpected_state",
        .message = message,
    };
    TRY(show_intent(sim, intent, NULL, &refusal.payment_intent));
    return refuse(sim, &refusal);
}

/* ---- how the card is named ---- */

#define NO_BILLING                                                                      \
    "{\"address\":{\"city\":null,\"country\":null,\"line1\":null,\"line2\":null,"       \
    "\"postal_code\":null,\"state\":null},\"email\":null,\"name\":null,\"phone\":null," \
    "\"tax_id\":null}"

static void attempt_with(struct sim *sim, const struct card *card, int64_t slow_ms, str billing,
                         struct attempt *attempt)
{
    attempt->fresh = true;
    attempt->method = (struct payment_method){
        .id = sim_id(sim->op, "pm_"),
        .card = str_of(card->name),
        .slow_ms = slow_ms,
        .billing_details = billing,
        .metadata = S("{}"),
        .created = sim->now,
    };
}

err attempt_method(struct sim *sim, str id, struct attempt *attempt)
{
    int64_t slow_ms;
    const struct card *card = card_by_method(id, &slow_ms);
    if (card != NULL) {
        attempt_with(sim, card, slow_ms, S(NO_BILLING), attempt);
        return OK;
    }
    struct due key = { .id = id };
    err found = sql_one(sim->op, &payment_method_find, &key, &attempt->method);
    if (err_is(found, STATUS_NOT_FOUND))
        return refuse_missing(sim, 400, "PaymentMethod", id, "payment_method");
    TRY(found);
    attempt->fresh = false;
    if (!attempt->method.used)
        return OK;
    return refuse_param(sim, NULL, S("payment_method"),
                        "The provided PaymentMethod was previously used with a PaymentIntent"
                        " without Customer attachment, shared with a connected account without"
                        " Customer attachment, or was detached from a Customer. It may not be"
                        " used again. To use a PaymentMethod multiple times, you must attach it"
                        " to a Customer first.");
}

err attempt_token(struct sim *sim, str token, const char *param_name, str billing,
                  struct attempt *attempt)
{
    const struct card *card = card_by_token(token);
    if (card == NULL)
        return refuse_missing(sim, 400, "token", token, param_name);
    attempt_with(sim, card, 0, billing, attempt);
    return OK;
}

static str billing_of(struct sim *sim, str name, str email)
{
    struct buf out = buf_in(sim->op->arena, 256);
    buf_add(&out, S("{\"address\":{\"city\":null,\"country\":null,\"line1\":null,\"line2\":null,"
                    "\"postal_code\":null,\"state\":null},\"email\":"));
    json_write_str(&out, email);
    buf_add(&out, S(",\"name\":"));
    json_write_str(&out, name);
    buf_add(&out, S(",\"phone\":null,\"tax_id\":null}"));
    return buf_str(&out);
}

err attempt_number(struct sim *sim, str number, str name, str email, struct attempt *attempt)
{
    int64_t slow_ms = 0;
    const struct card *card = card_by_number(number);
    /* What only the simulator's cards do is asked for by the holder's name. */
    if (card != NULL && str_starts(name, S("pm_sim_")))
        card = card_by_method(name, &slow_ms);
    if (card == NULL) {
        const struct refusal refusal = {
            .status = 402,
            .type = "card_error",
            .code = "card_declined",
            .decline_code = "test_mode_live_card",
            .message = S(NOT_A_TEST_CARD),
        };
        return refuse(sim, &refusal);
    }
    attempt_with(sim, card, slow_ms, billing_of(sim, name, email), attempt);
    return OK;
}

err attempt_save(struct sim *sim, struct attempt *attempt)
{
    if (!attempt->fresh)
        return OK;
    attempt->fresh = false;
    return sql_run(sim->op, &payment_method_insert, &attempt->method);
}

/* ---- charges ---- */

static str outcome_of(struct sim *sim, const struct card *card, bool declined)
{
    const char *risk = card->risk_level ? card->risk_level : "normal";
    if (!declined)
        return sim_format(sim->op,
                          "{\"advice_code\":null,\"network_advice_code\":null,"
                          "\"network_decline_code\":null,\"network_status\":"
                          "\"approved_by_network\",\"reason\":null,\"risk_level\":\"%s\","
                          "\"seller_message\":\"Payment complete.\",\"type\":\"authorized\"}",
                          risk);
    if (card->habit == CARD_BLOCKED)
        return sim_format(sim->op,
                          "{\"advice_code\":null,\"network_advice_code\":null,"
                          "\"network_decline_code\":null,\"network_status\":"
                          "\"not_sent_to_network\",\"reason\":\"highest_risk_level\","
                          "\"risk_level\":\"%s\",\"seller_message\":"
                          "\"Stripe blocked this payment as too risky.\",\"type\":\"blocked\"}",
                          risk);
    return sim_format(sim->op,
                      "{\"advice_code\":\"try_again_later\",\"network_advice_code\":null,"
                      "\"network_decline_code\":\"%s\",\"network_status\":"
                      "\"declined_by_network\",\"reason\":\"%s\",\"risk_level\":\"%s\","
                      "\"seller_message\":\"The bank did not return any further details with"
                      " this decline.\",\"type\":\"issuer_declined\"}",
                      card->network_decline_code,
                      card->decline_code ? card->decline_code : card->code, risk);
}

static struct charge charge_new(struct sim *sim, const struct intent *intent,
                                const struct payment_method *method, const struct card *card)
{
    return (struct charge){
        .id = sim_id(sim->op, "ch_"),
        .status = S("succeeded"),
        .payment_intent = intent->id,
        .payment_method = method->id,
        .card = str_of(card->name),
        .amount = intent->amount,
        .currency = intent->currency,
        .description = intent->description,
        .metadata = intent->metadata,
        .outcome = outcome_of(sim, card, false),
        .statement_descriptor = intent->statement_descriptor,
        .statement_descriptor_suffix = intent->statement_descriptor_suffix,
        .transfer_group = intent->transfer_group,
        .created = sim->now,
    };
}

static err charge_of(struct sim *sim, const struct intent *intent, struct charge *ret_charge)
{
    struct due key = { .id = intent->latest_charge };
    return sql_one(sim->op, &sim_charge_find, &key, ret_charge);
}

/* ---- declines ---- */

/* The intent goes back to where it was before the card, and can still be paid with another. */
static err intent_fail(struct sim *sim, struct intent *intent, struct refusal *refusal,
                       const struct payment_method *method)
{
    refusal->payment_method = show_payment_method(sim, method);
    refusal->payment_method_type = "card";
    intent->last_payment_error = refusal_json(sim, refusal);
    refusal->payment_method_type = NULL;
    intent->status = INTENT_REQUIRES_PAYMENT_METHOD;
    intent->payment_method = (str){ NULL, 0 };
    intent->next_action = (str){ NULL, 0 };
    intent->amount_capturable = 0;
    intent->hold_until = (instant){ 0 };
    TRY(intent_save(sim, intent));
    TRY(intent_tell(sim, "payment_intent.payment_failed", intent));
    return show_intent(sim, intent, NULL, &refusal->payment_intent);
}

static struct refusal decline_of(const struct card *card, const struct charge *charge)
{
    bool blocked = card->habit == CARD_BLOCKED;
    return (struct refusal){
        .status = 402,
        .executed = true,
        .type = "card_error",
        .code = card->code,
        .decline_code = card->decline_code,
        .message = str_of(card->message),
        .charge = charge->id,
        .advice_code = blocked ? NULL : "try_again_later",
        .network_decline_code = card->network_decline_code,
    };
}

static err intent_decline(struct sim *sim, struct intent *intent,
                          const struct payment_method *method, const struct card *card)
{
    struct charge charge = charge_new(sim, intent, method, card);
    charge.status = S("failed");
    charge.failure_code = str_of(card->code);
    charge.failure_message = str_of(card->message);
    charge.outcome = outcome_of(sim, card, true);
    TRY(sql_run(sim->op, &sim_charge_insert, &charge));
    TRY(charge_tell(sim, "charge.failed", &charge));
    intent->latest_charge = charge.id;

    struct refusal decline = decline_of(card, &charge);
    TRY(intent_fail(sim, intent, &decline, method));
    return refuse(sim, &decline);
}

/* ---- 3-D Secure ---- */

static err refuse_authentication(struct sim *sim, struct intent *intent,
                                 const struct payment_method *method)
{
    struct refusal refusal = {
        .status = 402,
        .executed = true,
        .type = "card_error",
        .code = "authentication_required",
        .decline_code = "authentication_required",
        .message = S("Your card was declined. This transaction requires authentication."),
    };
    TRY(intent_fail(sim, intent, &refusal, method));
    return refuse(sim, &refusal);
}

static str next_action_of(struct sim *sim, const struct intent *intent)
{
    struct buf out = buf_in(sim->op->arena, 256);
    struct buf url = buf_in(sim->op->arena, 128);
    buf_add(&url, sim->base_url);
    buf_add(&url, S("/3ds/"));
    buf_add(&url, intent->id);

    if (intent->return_url.data != NULL) {
        buf_add(&out, S("{\"redirect_to_url\":{\"return_url\":"));
        json_write_str(&out, intent->return_url);
        buf_add(&out, S(",\"url\":"));
        json_write_str(&out, buf_str(&url));
        buf_add(&out, S("},\"type\":\"redirect_to_url\"}"));
    } else {
        buf_add(&out, S("{\"type\":\"use_stripe_sdk\",\"use_stripe_sdk\":"
                        "{\"type\":\"three_d_secure_redirect\",\"stripe_js\":"));
        json_write_str(&out, buf_str(&url));
        buf_add(&out, S("}}"));
    }
    return buf_str(&out);
}

static err intent_ask(struct sim *sim, struct intent *intent, const struct payment_method *method)
{
    intent->status = INTENT_REQUIRES_ACTION;
    intent->payment_method = method->id;
    intent->last_payment_error = (str){ NULL, 0 };
    intent->next_action = next_action_of(sim, intent);
    TRY(intent_save(sim, intent));
    return intent_tell(sim, "payment_intent.requires_action", intent);
}

/* ---- the payment ---- */

static err charge_take(struct sim *sim, struct charge *charge, int64_t amount)
{
    charge->captured = true;
    charge->amount_captured = amount;
    charge->disputed = card_is_disputed(charge->card);
    return sim_balance_charge(sim, charge);
}

static err intent_finish(struct sim *sim, struct intent *intent, struct charge *charge)
{
    bool was_held = intent->status == INTENT_REQUIRES_CAPTURE;
    intent->status = INTENT_SUCCEEDED;
    intent->amount_capturable = 0;
    intent->amount_received = charge->amount_captured;
    intent->hold_until = (instant){ 0 };
    TRY(intent_save(sim, intent));
    if (charge->disputed)
        TRY(sim_dispute_by_card(sim, charge));
    TRY(intent_tell(sim, "payment_intent.succeeded", intent));
    return was_held ? OK : sim_checkout_complete(sim, intent);
}

static err intent_hold(struct sim *sim, struct intent *intent, const struct charge *charge)
{
    intent->status = INTENT_REQUIRES_CAPTURE;
    intent->amount_capturable = intent->amount;
    intent->hold_until = charge->capture_before;
    TRY(intent_save(sim, intent));
    TRY(intent_tell(sim, "payment_intent.amount_capturable_updated", intent));
    return sim_checkout_complete(sim, intent);
}

static err intent_pay(struct sim *sim, struct intent *intent, const struct payment_method *method,
                      bool authenticated)
{
    const struct card *card = card_find(method->card);
    struct charge charge = charge_new(sim, intent, method, card);
    bool manual = str_is(intent->capture_method, "manual");
    struct due used = { .id = method->id };

    charge.authenticated = authenticated;
    if (manual)
        charge.capture_before = card->habit == CARD_HOLD_LAPSES
                                    ? sim->now
                                    : instant_after(sim->now, hours(24 * HOLD_DAYS));
    else
        TRY(charge_take(sim, &charge, charge.amount));
    TRY(sql_run(sim->op, &sim_charge_insert, &charge));
    TRY(sql_run(sim->op, &payment_method_use, &used));
    TRY(charge_tell(sim, "charge.succeeded", &charge));

    intent->payment_method = method->id;
    intent->latest_charge = charge.id;
    intent->last_payment_error = (str){ NULL, 0 };
    intent->next_action = (str){ NULL, 0 };
    if (card->habit == CARD_ANSWER_IS_LOST)
        sim->answer.drop = true;
    return manual ? intent_hold(sim, intent, &charge) : intent_finish(sim, intent, &charge);
}

static bool asks_first(const struct card *card)
{
    return card->habit == CARD_AUTHENTICATES || card->habit == CARD_AUTHENTICATES_THEN_DECLINES;
}

err intent_attempt(struct sim *sim, struct intent *intent, struct attempt *attempt)
{
    const struct card *card = card_find(attempt->method.card);
    assert(card != NULL);

    sim->answer.delay = (duration){ attempt->method.slow_ms };
    if (card->habit == CARD_DECLINES || card->habit == CARD_BLOCKED)
        return intent_decline(sim, intent, &attempt->method, card);
    if (!asks_first(card))
        return intent_pay(sim, intent, &attempt->method, false);
    if (attempt->off_session || attempt->error_on_requires_action)
        return refuse_authentication(sim, intent, &attempt->method);
    return intent_ask(sim, intent, &attempt->method);
}

err intent_authenticated(struct sim *sim, struct intent *intent, bool passed)
{
    assert(intent->status == INTENT_REQUIRES_ACTION);
    struct due key = { .id = intent->payment_method };
    struct payment_method method = { 0 };
    TRY(sql_one(sim->op, &payment_method_find, &key, &method));
    const struct card *card = card_find(method.card);

    if (passed && card->habit == CARD_AUTHENTICATES_THEN_DECLINES)
        return intent_decline(sim, intent, &method, card);
    if (passed)
        return intent_pay(sim, intent, &method, true);

    struct refusal refusal = {
        .type = "card_error",
        .code = "payment_intent_authentication_failure",
        .message = S("We are unable to authenticate your payment method. Please choose a different"
                     " payment method and try again."),
    };
    return intent_fail(sim, intent, &refusal, &method);
}

/* ---- capture and release ---- */

static err capture_fails(struct sim *sim, struct intent *intent, struct charge *charge,
                         const struct card *card)
{
    struct due key = { .id = intent->payment_method };
    struct payment_method method = { 0 };
    TRY(sql_one(sim->op, &payment_method_find, &key, &method));
    charge->status = S("failed");
    charge->failure_code = str_of(card->code);
    charge->failure_message = str_of(card->message);
    charge->outcome = outcome_of(sim, card, true);
    TRY(sql_run(sim->op, &charge_update, charge));
    TRY(charge_tell(sim, "charge.failed", charge));
    struct refusal decline = decline_of(card, charge);
    TRY(intent_fail(sim, intent, &decline, &method));
    return refuse(sim, &decline);
}

err intent_capture(struct sim *sim, struct intent *intent, int64_t amount)
{
    assert(intent->status == INTENT_REQUIRES_CAPTURE);
    assert(amount >= 0 && amount <= intent->amount_capturable);
    struct charge charge = { 0 };
    TRY(charge_of(sim, intent, &charge));
    const struct card *card = card_find(charge.card);
    if (card->habit == CARD_CAPTURE_FAILS)
        return capture_fails(sim, intent, &charge, card);

    TRY(charge_take(sim, &charge, amount ? amount : intent->amount_capturable));
    TRY(sql_run(sim->op, &charge_update, &charge));
    TRY(charge_tell(sim, "charge.captured", &charge));
    return intent_finish(sim, intent, &charge);
}

err intent_cancel(struct sim *sim, struct intent *intent, str reason)
{
    assert(intent->status != INTENT_SUCCEEDED && intent->status != INTENT_CANCELED);
    intent->status = INTENT_CANCELED;
    intent->amount_capturable = 0;
    intent->canceled_at = sim->now;
    intent->cancellation_reason = reason;
    intent->next_action = (str){ NULL, 0 };
    intent->hold_until = (instant){ 0 };
    TRY(intent_save(sim, intent));
    return intent_tell(sim, "payment_intent.canceled", intent);
}

err intent_lapse(struct sim *sim, struct intent *intent)
{
    assert(intent->status == INTENT_REQUIRES_CAPTURE);
    struct charge charge = { 0 };
    TRY(charge_of(sim, intent, &charge));
    TRY(charge_tell(sim, "charge.expired", &charge));
    return intent_cancel(sim, intent, S("automatic"));
}
