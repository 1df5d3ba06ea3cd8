/* The calls on refunds. */
#include "stripe_sim/cards.h"
#include "stripe_sim/money.h"

/* How long the refunds of 4000000000007726 and …5126 keep their first status. */
#define REFUND_SETTLES_AFTER minutes(1)

/* ---- refunds ---- */

static err refund_tell(struct sim *sim, const char *type, const struct refund *refund)
{
    return event_tell(sim, type, refund->id, show_refund(sim, refund));
}

static err find_charge(struct sim *sim, str id, struct charge *ret_charge)
{
    struct due key = { .id = id };
    err found = sql_one(sim->op, &sim_charge_find, &key, ret_charge);
    if (err_is(found, STATUS_NOT_FOUND))
        return refuse_missing(sim, 400, "charge", id, "charge");
    return found;
}

static err refuse_refund(struct sim *sim, const char *code, const char *param_name, str message)
{
    const struct refusal refusal = {
        .executed = true,
        .code = code,
        .param = param_name,
        .message = message,
    };
    return refuse(sim, &refusal);
}

/* The charge to give back, named by itself or by its intent. */
static err read_charge(struct sim *sim, struct charge *ret_charge)
{
    str charge_id = param(sim, "charge");
    str intent_id = param(sim, "payment_intent");
    if (charge_id.data == NULL && intent_id.data == NULL)
        return refuse_param(sim, "parameter_missing", S("payment_intent"),
                            "One of the following params should be provided for this request:"
                            " payment_intent or charge.");
    if (charge_id.data != NULL)
        return find_charge(sim, charge_id, ret_charge);

    struct due key = { .id = intent_id };
    struct intent intent = { 0 };
    err found = sql_one(sim->op, &intent_find, &key, &intent);
    if (err_is(found, STATUS_NOT_FOUND))
        return refuse_missing(sim, 400, "payment_intent", intent_id, "payment_intent");
    TRY(found);
    if (intent.latest_charge.data == NULL)
        return refuse_refund(sim, NULL, NULL,
                             sim_format(sim->op,
                                        "This PaymentIntent (%.*s) does not have a successful"
                                        " charge to refund.",
                                        (int)intent_id.size, intent_id.data));
    return find_charge(sim, intent.latest_charge, ret_charge);
}

static err check_refundable(struct sim *sim, const struct charge *charge)
{
    bool disputed = false;
    if (!str_is(charge->status, "succeeded"))
        return refuse_refund(sim, NULL, NULL,
                             sim_format(sim->op,
                                        "This PaymentIntent (%.*s) does not have a successful"
                                        " charge to refund.",
                                        (int)charge->payment_intent.size,
                                        charge->payment_intent.data));
    if (!charge->captured)
        return refuse_refund(
            sim, NULL, NULL,
            sim_format(sim->op,
                       "This uncaptured Charge was created by a PaymentIntent (%.*s). You must"
                       " cancel the PaymentIntent to reverse the authorization instead of refunding"
                       " the Charge directly. For more information, see"
                       " https://stripe.com/docs/payments/place-a-hold-on-a-payment-method",
                       (int)charge->payment_intent.size, charge->payment_intent.data));
    TRY(sim_dispute_forbids_refund(sim, charge->id, &disputed));
    if (disputed)
        return refuse_refund(sim, "charge_disputed", NULL,
                             sim_format(sim->op,
                                        "Charge %.*s has been charged back; cannot issue a"
                                        " refund.",
                                        (int)charge->id.size, charge->id.data));
    if (charge->amount_refunded == charge->amount_captured)
        return refuse_refund(sim, "charge_already_refunded", NULL,
                             sim_format(sim->op, "Charge %.*s has already been refunded.",
                                        (int)charge->id.size, charge->id.data));
    return OK;
}

static err check_amount(struct sim *sim, const struct charge *charge, int64_t amount)
{
    int64_t left = charge->amount_captured - charge->amount_refunded;
    if (amount < 1)
        return refuse_param(sim, "parameter_invalid_integer", S("amount"),
                            "This value must be greater than or equal to 1.");
    if (amount <= left)
        return OK;
    str asked = sim_cents(sim, amount);
    str there = sim_cents(sim, left);
    return refuse_refund(sim, NULL, "amount",
                         sim_format(sim->op,
                                    charge->amount_refunded
                                        ? "Refund amount (%.*s) is greater than unrefunded amount"
                                          " on charge (%.*s)"
                                        : "Refund amount (%.*s) is greater than charge amount"
                                          " (%.*s)",
                                    (int)asked.size, asked.data, (int)there.size, there.data));
}

static void begin(struct sim *sim, const struct charge *charge, struct refund *refund)
{
    const struct card *card = card_find(charge->card);

    refund->id = sim_id(sim->op, "re_");
    refund->status = S("succeeded");
    refund->charge = charge->id;
    refund->payment_intent = charge->payment_intent;
    refund->payment_method = charge->payment_method;
    refund->currency = charge->currency;
    refund->created = sim->now;
    if (card->habit == CARD_REFUND_PENDING) {
        refund->status = S("pending");
        refund->pending_reason = S("processing");
    }
    if (card->habit == CARD_REFUND_PENDING || card->habit == CARD_REFUND_FAILS)
        refund->settle_at = instant_after(sim->now, REFUND_SETTLES_AFTER);
}

/* The money leaves our balance, or comes back to it when the refund fails. */
static err move(struct sim *sim, const struct refund *refund, bool back, str *ret_transaction)
{
    struct movement movement = {
        .type = back ? S("refund_failure") : S("refund"),
        .category = back ? S("refund_failure") : S("refund"),
        .amount = back ? refund->amount : -refund->amount,
        .currency = refund->currency,
        .source = refund->id,
    };
    TRY(sim_balance_move(sim, &movement));
    *ret_transaction = movement.id;
    return OK;
}

/* POST /v1/refunds */
err create_refund(struct sim *sim)
{
    static const char *const reasons[] = { "duplicate", "fraudulent", "requested_by_customer",
                                           NULL };
    struct charge charge = { 0 };
    struct refund refund = { .amount = -1 };

    bool given = param(sim, "amount").data != NULL;
    TRY(param_int(sim, "amount", &refund.amount));
    TRY(param_choice(sim, "reason", reasons, &refund.reason));
    TRY(param_metadata(sim, "metadata", &refund.metadata, NULL));
    TRY(param_expand(sim, NULL, NULL));
    (void)param(sim, "charge");
    (void)param(sim, "payment_intent");
    TRY(params_end(sim));
    TRY(read_charge(sim, &charge));
    TRY(check_refundable(sim, &charge));
    if (!given)
        refund.amount = charge.amount_captured - charge.amount_refunded;
    TRY(check_amount(sim, &charge, refund.amount));

    begin(sim, &charge, &refund);
    TRY(move(sim, &refund, false, &refund.balance_transaction));
    charge.amount_refunded += refund.amount;
    TRY(sql_run(sim->op, &sim_refund_insert, &refund));
    TRY(sql_run(sim->op, &charge_update, &charge));
    TRY(refund_tell(sim, "refund.created", &refund));
    TRY(event_tell(sim, "charge.refunded", charge.id, show_charge(sim, &charge)));
    return answer_json(sim, show_refund(sim, &refund));
}

/* The bank has spoken, later: a pending refund went through, or one that seemed done came back. */
err sim_refund_settle(struct sim *sim, struct refund *refund, bool failed)
{
    struct charge charge = { 0 };
    refund->settle_at = (instant){ 0 };
    refund->pending_reason = (str){ NULL, 0 };
    refund->status = failed ? S("failed") : S("succeeded");
    if (failed) {
        refund->failure_reason = S("expired_or_canceled_card");
        TRY(move(sim, refund, true, &refund->failure_balance_transaction));
        TRY(find_charge(sim, refund->charge, &charge));
        charge.amount_refunded -= refund->amount;
        TRY(sql_run(sim->op, &charge_update, &charge));
    }
    TRY(sql_run(sim->op, &sim_refund_update, refund));
    TRY(refund_tell(sim, "refund.updated", refund));
    TRY(refund_tell(sim, "charge.refund.updated", refund));
    return failed ? refund_tell(sim, "refund.failed", refund) : OK;
}

static err show_one_refund(struct sim *sim, const void *record, const bool *expanded, str *ret_json)
{
    (void)expanded;
    *ret_json = show_refund(sim, record);
    return OK;
}

static const struct list_kind refunds = {
    .what = "refund",
    .url = "/v1/refunds",
    .newest = &sim_refunds_newest,
    .after = &sim_refunds_after,
    .find = &sim_refund_find,
    .size = sizeof(struct refund),
    .show = show_one_refund,
};

/* GET /v1/refunds/:id */
err retrieve_refund(struct sim *sim)
{
    return retrieve_answer(sim, &refunds, "refund");
}

/* GET /v1/refunds */
err list_refunds(struct sim *sim)
{
    struct list_filter filter = {
        .payment_intent = param(sim, "payment_intent"),
        .charge = param(sim, "charge"),
    };
    return list_answer(sim, &refunds, &filter);
}
