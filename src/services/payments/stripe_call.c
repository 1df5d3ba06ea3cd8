/* The exact bytes of our calls to Stripe. */
#include "services/payments/stripe_call.h"

const char *const stripe_call_kind_names[] = { "method", "create",   "capture", "cancel",
                                               "refund", "retrieve", "list",    NULL };
static const char *const state_names[] = { "ready", "sent", "done", NULL };

const struct field stripe_call_fields[] = {
    FIELD(struct stripe_call, id),
    FIELD(struct stripe_call, version),
    FIELD(struct stripe_call, charge_id),
    FIELD_ENUM(struct stripe_call, kind, stripe_call_kind_names),
    FIELD_OPT(struct stripe_call, idempotency_key),
    FIELD(struct stripe_call, method),
    FIELD(struct stripe_call, path),
    FIELD(struct stripe_call, body),
    FIELD_ENUM(struct stripe_call, state, state_names),
    FIELD(struct stripe_call, attempts),
    FIELD(struct stripe_call, maybe_done),
    FIELD(struct stripe_call, next_at),
    FIELD_OPT(struct stripe_call, first_sent_at),
    FIELD_OPT(struct stripe_call, http_status),
    FIELD_OPT(struct stripe_call, request_id),
    FIELD(struct stripe_call, created_at),
    FIELDS_END,
};

/* ---- bodies ---- */

static void add(struct buf *body, const char *name, str value)
{
    form_add(body, str_of(name), value);
}

static void add_int(struct op *op, struct buf *body, const char *name, int64_t value)
{
    struct buf text = buf_in(op->arena, 24);
    buf_add_int(&text, value);
    add(body, name, buf_str(&text));
}

static str method_body(struct op *op, const struct charge *charge)
{
    struct buf body = buf_in(op->arena, 128);
    add(&body, "type", S("card"));
    add(&body, "card[token]", charge->token);
    return buf_str(&body);
}

/* The amount is the order's, never the client's.  No personal data: the ids lead us back. */
static str create_body(struct op *op, const struct charge *charge, str method)
{
    struct buf body = buf_in(op->arena, 768);
    str order = uuid_text(op->arena, charge->order_id);
    add_int(op, &body, "amount", charge->amount.minor);
    add(&body, "currency", charge->currency);
    add(&body, "payment_method", method);
    add(&body, "capture_method", S("manual"));
    add(&body, "confirm", S("true"));
    add(&body, "automatic_payment_methods[enabled]", S("true"));
    add(&body, "automatic_payment_methods[allow_redirects]", S("never"));
    add(&body, "transfer_group", order);
    add(&body, "metadata[order_id]", order);
    add(&body, "metadata[charge_id]", uuid_text(op->arena, charge->id));
    add(&body, "metadata[deployment]", op->settings->deployment);
    return buf_str(&body);
}

static str cancel_body(struct op *op, const struct charge *charge)
{
    struct buf body = buf_in(op->arena, 64);
    bool declined = charge->phase == CHARGE_DECLINED;
    add(&body, "cancellation_reason", declined ? S("abandoned") : S("requested_by_customer"));
    return buf_str(&body);
}

static str refund_body(struct op *op, const struct charge *charge)
{
    struct buf body = buf_in(op->arena, 256);
    add(&body, "payment_intent", charge->stripe_id);
    add(&body, "reason", S("requested_by_customer"));
    add(&body, "metadata[charge_id]", uuid_text(op->arena, charge->id));
    return buf_str(&body);
}

static str body_of(struct op *op, const struct charge *charge, enum call_kind kind, str method)
{
    switch (kind) {
    case CALL_METHOD:
        return method_body(op, charge);
    case CALL_CREATE:
        return create_body(op, charge, method);
    case CALL_CANCEL:
        return cancel_body(op, charge);
    case CALL_REFUND:
        return refund_body(op, charge);
    case CALL_CAPTURE:
    case CALL_RETRIEVE:
    case CALL_LIST:
    case CALL_KINDS:
        break;
    }
    return S("");
}

/* ---- paths ---- */

static str intent_path(struct op *op, const struct charge *charge, const char *verb)
{
    struct buf path = buf_in(op->arena, 96);
    buf_add(&path, S("/v1/payment_intents/"));
    buf_add(&path, charge->stripe_id);
    buf_add(&path, str_of(verb));
    return buf_str(&path);
}

/* Intents since a little before the charge was made: clocks differ. */
static str list_path(struct op *op, const struct charge *charge, str behind)
{
    struct buf path = buf_in(op->arena, 128);
    int64_t since = instant_before(charge->created_at, minutes(5)).ms / 1000;
    buf_add(&path, S("/v1/payment_intents?limit=100&created[gte]="));
    buf_add_int(&path, since);
    if (behind.data != NULL) {
        buf_add(&path, S("&starting_after="));
        buf_add(&path, behind);
    }
    return buf_str(&path);
}

static str path_of(struct op *op, const struct charge *charge, enum call_kind kind)
{
    switch (kind) {
    case CALL_METHOD:
        return S("/v1/payment_methods");
    case CALL_CREATE:
        return S("/v1/payment_intents");
    case CALL_CAPTURE:
        return intent_path(op, charge, "/capture");
    case CALL_CANCEL:
        return intent_path(op, charge, "/cancel");
    case CALL_REFUND:
        return S("/v1/refunds");
    case CALL_RETRIEVE:
        return intent_path(op, charge, "");
    case CALL_LIST:
        return list_path(op, charge, (str){ NULL, 0 });
    case CALL_KINDS:
        break;
    }
    assert(!"a call has a kind");
    return S("");
}

static bool is_get(enum call_kind kind)
{
    return kind == CALL_RETRIEVE || kind == CALL_LIST;
}

static str key_of(struct op *op, const struct charge *charge, enum call_kind kind, int64_t round)
{
    struct buf key = buf_in(op->arena, 128);
    buf_add(&key, op->settings->deployment);
    buf_add_char(&key, '-');
    buf_add(&key, uuid_text(op->arena, charge->id));
    buf_add_char(&key, '-');
    buf_add(&key, str_of(stripe_call_kind_names[kind]));
    if (round > 1)
        buf_addf(&key, "-%lld", (long long)round);
    return buf_str(&key);
}

struct stripe_call stripe_call_new(struct op *op, const struct charge *charge, enum call_kind kind,
                                   int64_t round, str method)
{
    assert(kind < CALL_KINDS);
    assert(round >= 1);
    return (struct stripe_call){
        .id = op_new_id(op),
        .charge_id = charge->id,
        .kind = kind,
        .idempotency_key = is_get(kind) ? (str){ NULL, 0 } : key_of(op, charge, kind, round),
        .method = is_get(kind) ? S("GET") : S("POST"),
        .path = path_of(op, charge, kind),
        .body = body_of(op, charge, kind, method),
        .state = CALL_READY,
        .next_at = op->now,
        .created_at = op->now,
    };
}

struct stripe_call stripe_call_next_page(struct op *op, const struct charge *charge, str behind)
{
    struct stripe_call call = stripe_call_new(op, charge, CALL_LIST, 1, (str){ NULL, 0 });
    call.path = list_path(op, charge, behind);
    return call;
}

instant stripe_retry_at(struct op *op, const struct stripe_call *call)
{
    int64_t doublings = call->attempts < 8 ? call->attempts : 8;
    int64_t wait = doublings < 1 ? 500 : (int64_t)250 << doublings;
    if (wait > 60000)
        wait = 60000;
    uint8_t chance;
    op->random->fill(op->random, &chance, sizeof chance);
    return (instant){ op->now.ms + wait + wait * chance / 1024 };
}
