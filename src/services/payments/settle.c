/* What follows from what is learned.
 *
 * After every fact the same three questions are asked: does the charge move, what does its order
 * say to that, and is there something to ask of Stripe.  API answers, events and the sweep all come
 * through here, so it does not matter which of them is first, late, or lost. */
#include "services/payments/settle.h"

/* A call is sent again if no answer came for so long; longer than the client's own time limit. */
#define LEASE        seconds(60)
#define CHECK_ACTION seconds(5) /* how often a buyer at his bank is looked after */
#define CHECK_ELSE   seconds(30)
#define SWEEP_BATCH  10

/* ---- which call comes next ---- */

static enum call_kind next_call(const struct charge *charge)
{
    bool has_intent = charge->stripe_id.data != NULL;
    switch (charge->phase) {
    case CHARGE_CAPTURING:
        return CALL_CAPTURE;
    case CHARGE_DECLINED: /* whoever knows its client secret could still pay a declined intent */
        return has_intent ? CALL_CANCEL : CALL_KINDS;
    case CHARGE_VOIDING:
        return has_intent ? CALL_CANCEL : CALL_LIST;
    case CHARGE_REFUNDING:
        return CALL_REFUND;
    case CHARGE_NEW:
    case CHARGE_ACTION_REQUIRED:
    case CHARGE_AUTHORIZED:
    case CHARGE_PAID:
    case CHARGE_REJECTED:
    case CHARGE_VOIDED:
    case CHARGE_REFUNDED:
    case CHARGE_PHASES:
        break;
    }
    return CALL_KINDS;
}

/* A kept failure would be replayed under its old key, so each call of a kind has a key of its own.
 * What did not help before is not tried again at once: Stripe may refuse it for good. */
static err queue(struct op *op, const struct charge *charge, enum call_kind kind, str method)
{
    int64_t earlier;
    TRY(call_count(op, charge->id, kind, &earlier));
    struct stripe_call call = stripe_call_new(op, charge, kind, earlier + 1, method);
    if (earlier > 0 && call.idempotency_key.data != NULL)
        call.next_at = stripe_retry_at(op, &(const struct stripe_call){ .attempts = earlier });
    return call_insert(op, &call);
}

static err queue_next(struct op *op, const struct charge *charge)
{
    enum call_kind kind = charge->settled ? CALL_KINDS : next_call(charge);
    if (kind == CALL_KINDS)
        return OK;
    struct stripe_call open;
    err found = call_find_open(op, charge->id, &open);
    if (err_is(found, STATUS_NOT_FOUND))
        return queue(op, charge, kind, (str){ NULL, 0 });
    return found; /* one at a time: its answer brings us back here */
}

/* ---- facts ---- */

/* A first call that was never sent need not be sent when the order is over. */
static err drop_unsent(struct op *op, struct charge *charge)
{
    struct stripe_call open;
    err found = call_find_open(op, charge->id, &open);
    if (err_is(found, STATUS_NOT_FOUND))
        return OK;
    TRY(found);
    bool first = open.kind == CALL_METHOD || open.kind == CALL_CREATE;
    if (!first || open.state != CALL_READY || open.maybe_done)
        return OK;
    open.state = CALL_DONE;
    TRY(call_update(op, &open));
    (void)charge_apply(charge, FACT_NEVER);
    return OK;
}

/* What the order, as far as we heard, says to the phase that a charge has come to. */
static err ask_order(struct op *op, struct charge *charge)
{
    struct order_copy order;
    TRY(order_copy_find(op, charge->order_id, &order));
    if (order.status == ORDER_CANCELLED)
        (void)charge_apply(charge, FACT_ENDED);
    else if (uuid_equal(order.charge_id, charge->id))
        (void)charge_apply(charge, FACT_CLAIMED);
    return OK;
}

static bool intent_is_closed(const struct charge *charge, enum charge_fact fact)
{
    if (charge_phase_is_final(charge->phase))
        return true;
    return charge->phase == CHARGE_DECLINED &&
           (fact == FACT_CANCELED || fact == FACT_NEVER || charge->stripe_id.data == NULL);
}

static duration check_interval(const struct charge *charge)
{
    return charge->phase == CHARGE_ACTION_REQUIRED ? CHECK_ACTION : CHECK_ELSE;
}

err charge_learn(struct op *op, struct charge *charge, enum charge_fact fact)
{
    enum charge_phase before = charge->phase;
    bool was_settled = charge->settled;

    (void)charge_apply(charge, fact);
    TRY(ask_order(op, charge));
    if (charge->phase == CHARGE_VOIDING)
        TRY(drop_unsent(op, charge));

    bool stays_settled = was_settled && charge->phase == before;
    charge->settled = stays_settled || intent_is_closed(charge, fact);
    charge->check_at = instant_after(op->now, check_interval(charge));
    if (charge->phase != before)
        TRY(charge_save(op, charge));
    else if (charge->settled != was_settled)
        TRY(charge_note(op, charge));
    return queue_next(op, charge);
}

err charge_begin(struct op *op, const struct charge *charge)
{
    TRY(charge_insert(op, charge));
    if (str_starts(charge->token, S("tok_")))
        return queue(op, charge, CALL_METHOD, (str){ NULL, 0 });
    return queue(op, charge, CALL_CREATE, charge->token);
}

/* ---- answers ---- */

static err call_finish(struct op *op, struct stripe_call *call)
{
    call->state = CALL_DONE;
    return call_update(op, call);
}

static err call_again(struct op *op, struct stripe_call *call)
{
    call->state = CALL_READY;
    call->next_at = stripe_retry_at(op, call);
    return call_update(op, call);
}

/* What an answer says of the charge besides the fact.  True: the charge did not know it. */
static bool adopt(struct charge *charge, const struct stripe_call *call,
                  const struct reading *reading)
{
    if (reading->fact == FACT_DECLINED && charge->failure_message.data == NULL) {
        charge->failure_code = reading->code;
        charge->failure_message = reading->message;
    }
    bool cleared_up = charge->attention.data != NULL; /* now that an answer fits */
    charge->attention = (str){ NULL, 0 };
    str *id = call->kind == CALL_REFUND ? &charge->stripe_refund_id : &charge->stripe_id;
    if (id->data != NULL || reading->id.data == NULL)
        return cleared_up;
    *id = reading->id;
    return true;
}

/* Sending the same again is no use: look for the intent, by its id or by ours. */
static err look(struct op *op, struct stripe_call *call, const struct charge *charge)
{
    TRY(call_finish(op, call));
    bool has_id = charge->stripe_id.data != NULL;
    struct stripe_call lookup =
        stripe_call_new(op, charge, has_id ? CALL_RETRIEVE : CALL_LIST, 1, (str){ NULL, 0 });
    lookup.next_at = stripe_retry_at(op, call);
    return call_insert(op, &lookup);
}

/* There is no intent and, with the first call at an end, there will be none. */
static err never(struct op *op, struct stripe_call *call, struct charge *charge, const char *code,
                 str message)
{
    TRY(call_finish(op, call));
    if (charge->phase == CHARGE_NEW) {
        charge->failure_code = str_of(code);
        charge->failure_message = message;
    }
    return charge_learn(op, charge, FACT_NEVER);
}

static bool is_first_call(const struct stripe_call *call)
{
    return call->kind == CALL_METHOD || call->kind == CALL_CREATE;
}

static err refused(struct op *op, struct stripe_call *call, struct charge *charge)
{
    if (call->maybe_done)
        return look(op, call, charge);
    return never(op, call, charge, "token_refused", S("This payment method cannot be used"));
}

static err away(struct op *op, struct stripe_call *call, struct charge *charge)
{
    if (!is_first_call(call) || call->maybe_done)
        return call_again(op, call);
    return never(op, call, charge, "stripe_away", S("Payments are not available at the moment"));
}

/* The lookup found nothing, so the first call was not carried out: once more, under a new key, if
 * the order still wants it. */
static err absent(struct op *op, struct stripe_call *call, struct charge *charge)
{
    if (charge->phase != CHARGE_NEW)
        return never(op, call, charge, "", S(""));
    if (str_starts(charge->token, S("tok_")))
        return never(op, call, charge, "token_lost", S("Please try again with another token"));
    TRY(call_finish(op, call));
    return queue(op, charge, CALL_CREATE, charge->token);
}

static err has_method(struct op *op, struct stripe_call *call, struct charge *charge, str method)
{
    if (charge->phase != CHARGE_NEW)
        return never(op, call, charge, "", S(""));
    TRY(call_finish(op, call));
    return queue(op, charge, CALL_CREATE, method);
}

/* Something that only a person can put right.  Meanwhile nothing is done, not even again: Stripe
 * would do it anew once it has forgotten the key; it is only looked at from time to time. */
static err wrong(struct op *op, struct stripe_call *call, struct charge *charge)
{
    bool refund = call->kind == CALL_REFUND;
    charge->attention = refund ? S("The refund failed: the buyer must be paid another way")
                               : S("Stripe's answer does not fit this charge");
    charge->settled = refund;
    TRY(charge_note(op, charge));
    if (refund)
        return call_finish(op, call);
    return call->idempotency_key.data == NULL ? call_again(op, call) : look(op, call, charge);
}

static err learned(struct op *op, struct stripe_call *call, struct charge *charge,
                   const struct reading *reading)
{
    TRY(call_finish(op, call));
    int64_t version = charge->version;
    bool adopted = adopt(charge, call, reading);
    TRY(charge_learn(op, charge, reading->fact));
    return adopted && charge->version == version ? charge_note(op, charge) : OK;
}

static err next_page(struct op *op, struct stripe_call *call, const struct charge *charge, str last)
{
    TRY(call_finish(op, call));
    struct stripe_call page = stripe_call_next_page(op, charge, last);
    return call_insert(op, &page);
}

static err follow(struct op *op, struct stripe_call *call, struct charge *charge,
                  const struct reading *reading)
{
    switch (reading->verdict) {
    case VERDICT_FACT:
        return learned(op, call, charge, reading);
    case VERDICT_METHOD:
        return has_method(op, call, charge, reading->id);
    case VERDICT_WAIT:
    case VERDICT_RETRY:
        return call_again(op, call);
    case VERDICT_LOOK:
        return look(op, call, charge);
    case VERDICT_AWAY:
        return away(op, call, charge);
    case VERDICT_REFUSED:
        return refused(op, call, charge);
    case VERDICT_ABSENT:
        return absent(op, call, charge);
    case VERDICT_PAGE:
        return next_page(op, call, charge, reading->id);
    case VERDICT_WRONG:
        return wrong(op, call, charge);
    }
    assert(!"an answer has a meaning");
    return FAIL(problem_broken);
}

/* Whether it may have been carried out although we may not learn how: with any answer but those by
 * which Stripe refuses to begin. */
static bool leaves_doubt(const struct outanswer *answer)
{
    if (answer->outcome != OUTCALL_ANSWERED)
        return answer->outcome == OUTCALL_UNKNOWN;
    switch (answer->http_status) {
    case 400:
    case 401:
    case 403:
    case 404:
    case 429:
        return false;
    default:
        return true;
    }
}

err settle_answer(struct op *op, const struct outanswer *answer)
{
    struct stripe_call call;
    struct charge charge;
    TRY(call_find(op, answer->call_id, &call));
    if (call.state != CALL_SENT)
        return OK; /* an answer that came before, or too late */
    TRY(charge_find(op, call.charge_id, &charge));

    call.maybe_done = call.maybe_done || leaves_doubt(answer);
    call.http_status = answer->http_status;
    call.request_id = answer->request_id;
    struct reading reading = stripe_read(op->arena, &charge, &call, answer, op->now);
    return follow(op, &call, &charge, &reading);
}

/* ---- sending ---- */

/* One that was sent and never answered is sent again, byte for byte. */
static err mark_sent(struct op *op, struct stripe_call *call)
{
    if (call->state == CALL_SENT)
        call->maybe_done = true;
    if (call->first_sent_at.ms == 0)
        call->first_sent_at = op->now;
    call->state = CALL_SENT;
    call->attempts++;
    call->next_at = instant_after(op->now, LEASE);
    return call_update(op, call);
}

/* As when the program was away for a day: to send it once more might do it once more. */
static err look_instead(struct op *op, struct stripe_call *call)
{
    struct charge charge;
    TRY(charge_find(op, call->charge_id, &charge));
    return look(op, call, &charge);
}

err settle_claim(struct op *op, size_t max, struct rows *ret_calls)
{
    struct rows due;
    TRY(call_list_due(op, max, &due));
    struct stripe_call *calls = due.items;
    struct outcall *out = ARENA_ARRAY(op->arena, struct outcall, due.count);
    size_t count = 0;
    for (size_t i = 0; i < due.count; i++) {
        if (stripe_key_may_be_forgotten(&calls[i], op->now)) {
            TRY(look_instead(op, &calls[i]));
            continue;
        }
        TRY(mark_sent(op, &calls[i]));
        out[count++] = (struct outcall){
            .id = calls[i].id,
            .method = calls[i].method,
            .path = calls[i].path,
            .body = calls[i].body,
            .idempotency_key = calls[i].idempotency_key,
        };
    }
    *ret_calls = (struct rows){ out, count };
    return OK;
}

/* ---- the sweep ---- */

/* A charge that waits for somebody outside is looked up; one that lost its call gets it again. */
static err look_after(struct op *op, struct charge *charge)
{
    bool waits = charge->phase == CHARGE_ACTION_REQUIRED || charge->phase == CHARGE_AUTHORIZED;
    charge->check_at = instant_after(op->now, check_interval(charge));
    TRY(charge_note(op, charge));
    if (charge->phase == CHARGE_NEW)
        return queue(op, charge, CALL_LIST, (str){ NULL, 0 });
    return waits ? queue(op, charge, CALL_RETRIEVE, (str){ NULL, 0 }) : queue_next(op, charge);
}

err settle_sweep(struct op *op, bool *ret_more)
{
    struct rows rows;
    TRY(charge_list_unsettled(op, SWEEP_BATCH, &rows));
    struct charge *charges = rows.items;
    for (size_t i = 0; i < rows.count; i++)
        TRY(look_after(op, &charges[i]));
    *ret_more = rows.count == SWEEP_BATCH;
    return OK;
}
