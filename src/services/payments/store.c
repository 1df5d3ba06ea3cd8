/* Storage of the payments service. */
#include "services/payments/store.h"

#include "events/events.h"

static const struct field order_copy_fields[] = {
    FIELD(struct order_copy, id),
    FIELD(struct order_copy, version),
    FIELD(struct order_copy, user_id),
    FIELD(struct order_copy, ticket_id),
    FIELD_ENUM(struct order_copy, status, order_status_names),
    FIELD_ENUM_OPT(struct order_copy, cancel_reason, cancel_reason_names),
    FIELD(struct order_copy, price),
    FIELD(struct order_copy, currency),
    FIELD(struct order_copy, expires_at),
    FIELD_OPT(struct order_copy, charge_id),
    FIELDS_END,
};

struct charge_range {
    uuid user_id;
    uuid before;
    uuid charge_id;
    enum call_kind kind;
    instant now;
    int64_t max;
    int64_t count;
};

static const struct field charge_range_fields[] = {
    FIELD(struct charge_range, user_id),
    FIELD_OPT(struct charge_range, before),
    FIELD(struct charge_range, charge_id),
    FIELD_ENUM(struct charge_range, kind, stripe_call_kind_names),
    FIELD(struct charge_range, now),
    FIELD(struct charge_range, max),
    FIELD(struct charge_range, count),
    FIELDS_END,
};

static const struct query find_order_copy = {
    "select id, version, user_id, ticket_id, status, cancel_reason, price, currency, expires_at,"
    " charge_id from order_copies where id = $id",
    .in = order_copy_fields,
    .out = order_copy_fields,
};

static const struct query upsert_order_copy = {
    "insert into order_copies (id, version, user_id, ticket_id, status, cancel_reason, price,"
    " currency, expires_at, charge_id) values ($id, $version, $user_id, $ticket_id, $status,"
    " $cancel_reason, $price, $currency, $expires_at, $charge_id)"
    " on conflict (id) do update set version = excluded.version, status = excluded.status,"
    " cancel_reason = excluded.cancel_reason, charge_id = excluded.charge_id"
    " where order_copies.version < excluded.version",
    .in = order_copy_fields,
};

#define CHARGE_COLUMNS                                                                    \
    "id, version, order_id, user_id, amount, currency, phase, settled, token, stripe_id," \
    " stripe_refund_id, failure_code, failure_message, attention, check_at, created_at,"  \
    " updated_at"

static const struct query find_charge = {
    "select " CHARGE_COLUMNS " from charges where id = $id",
    .in = charge_fields,
    .out = charge_fields,
};

static const struct query find_charge_of_order = {
    "select " CHARGE_COLUMNS " from charges where order_id = $order_id and phase <> 'rejected'",
    .in = charge_fields,
    .out = charge_fields,
};

static const struct query list_charges = {
    "select " CHARGE_COLUMNS " from charges where user_id = $user_id"
    " and ($before is null or id < $before) order by id desc limit $max",
    .in = charge_range_fields,
    .out = charge_fields,
};

static const struct query list_unsettled_charges = {
    "select " CHARGE_COLUMNS " from charges where not settled and check_at <= $now"
    " and not exists (select 1 from stripe_calls where charge_id = charges.id"
    " and state <> 'done') order by check_at limit $max",
    .in = charge_range_fields,
    .out = charge_fields,
};

static const struct query count_charges = {
    "select count(*) as count from charges where user_id = $user_id and created_at > $now",
    .in = charge_range_fields,
    .out = charge_range_fields,
};

/* The index charges_one_per_order refuses a second charge for an order. */
static const struct query insert_charge = {
    "insert into charges (" CHARGE_COLUMNS ") values ($id, $version, $order_id, $user_id,"
    " $amount, $currency, $phase, $settled, $token, $stripe_id, $stripe_refund_id,"
    " $failure_code, $failure_message, $attention, $check_at, $created_at, $updated_at)",
    .in = charge_fields,
};

/* Touches no row, and so is STALE, if another operation was faster. */
static const struct query update_charge = {
    "update charges set version = version + 1, phase = $phase, settled = $settled,"
    " stripe_id = $stripe_id, stripe_refund_id = $stripe_refund_id,"
    " failure_code = $failure_code, failure_message = $failure_message,"
    " attention = $attention, check_at = $check_at, updated_at = $updated_at"
    " where id = $id and version = $version",
    .in = charge_fields,
};

static const struct query note_charge = {
    "update charges set settled = $settled, attention = $attention, check_at = $check_at,"
    " stripe_id = $stripe_id, stripe_refund_id = $stripe_refund_id"
    " where id = $id and version = $version",
    .in = charge_fields,
};

#define CALL_COLUMNS                                                                      \
    "id, version, charge_id, kind, idempotency_key, method, path, body, state, attempts," \
    " maybe_done, next_at, first_sent_at, http_status, request_id, created_at"

static const struct query find_call = {
    "select " CALL_COLUMNS " from stripe_calls where id = $id",
    .in = stripe_call_fields,
    .out = stripe_call_fields,
};

static const struct query find_open_call = {
    "select " CALL_COLUMNS " from stripe_calls where charge_id = $charge_id and state <> 'done'",
    .in = stripe_call_fields,
    .out = stripe_call_fields,
};

static const struct query count_calls = {
    "select count(*) as count from stripe_calls where charge_id = $charge_id and kind = $kind",
    .in = charge_range_fields,
    .out = charge_range_fields,
};

static const struct query insert_call = {
    "insert into stripe_calls (" CALL_COLUMNS ") values ($id, $version, $charge_id, $kind,"
    " $idempotency_key, $method, $path, $body, $state, $attempts, $maybe_done, $next_at,"
    " $first_sent_at, $http_status, $request_id, $created_at)",
    .in = stripe_call_fields,
};

/* STALE if two processes claim it, or hear of its answer, at once. */
static const struct query update_call = {
    "update stripe_calls set version = version + 1, state = $state, attempts = $attempts, "
    "maybe_done = $maybe_done,"
    " next_at = $next_at, first_sent_at = $first_sent_at, http_status = $http_status,"
    " request_id = $request_id where id = $id and version = $version",
    .in = stripe_call_fields,
};

static const struct query list_due_calls = {
    "select " CALL_COLUMNS " from stripe_calls where state <> 'done' and next_at <= $now"
    " order by next_at limit $max",
    .in = charge_range_fields,
    .out = stripe_call_fields,
};

static const struct query abandon_calls = {
    "update stripe_calls set state = 'ready', maybe_done = true, next_at = $now"
    " where state = 'sent'",
    .in = charge_range_fields,
};

const struct query *const payment_queries[] = {
    &find_order_copy,      &upsert_order_copy, &find_charge,
    &find_charge_of_order, &list_charges,      &list_unsettled_charges,
    &count_charges,        &insert_charge,     &update_charge,
    &note_charge,          &find_call,         &find_open_call,
    &count_calls,          &insert_call,       &update_call,
    &list_due_calls,       &abandon_calls,     NULL,
};

/* ---- orders ---- */

err order_copy_find(struct op *op, uuid id, struct order_copy *ret_order)
{
    struct order_copy key = { .id = id };
    return sql_one(op, &find_order_copy, &key, ret_order);
}

err order_copy_keep(struct op *op, const struct order_copy *order)
{
    return sql_run_any(op, &upsert_order_copy, order, NULL);
}

/* ---- charges ---- */

err charge_find(struct op *op, uuid id, struct charge *ret_charge)
{
    struct charge key = { .id = id };
    return sql_one(op, &find_charge, &key, ret_charge);
}

err charge_find_of_order(struct op *op, uuid order_id, struct charge *ret_charge)
{
    struct charge key = { .order_id = order_id };
    return sql_one(op, &find_charge_of_order, &key, ret_charge);
}

err charge_list(struct op *op, uuid user_id, uuid before, size_t max, struct rows *ret_charges)
{
    struct charge_range range = { .user_id = user_id, .before = before, .max = (int64_t)max };
    return sql_all(op, &list_charges, &range, sizeof(struct charge), max, ret_charges);
}

err charge_list_unsettled(struct op *op, size_t max, struct rows *ret_charges)
{
    struct charge_range range = { .now = op->now, .max = (int64_t)max };
    return sql_all(op, &list_unsettled_charges, &range, sizeof(struct charge), max, ret_charges);
}

err charge_count_since(struct op *op, uuid user_id, instant since, int64_t *ret_count)
{
    struct charge_range range = { .user_id = user_id, .now = since };
    TRY(sql_one(op, &count_charges, &range, &range));
    *ret_count = range.count;
    return OK;
}

err charge_insert(struct op *op, const struct charge *charge)
{
    assert(charge->amount.minor > 0);
    TRY(sql_run(op, &insert_charge, charge));
    struct charge_state state = charge_state_of(charge);
    return emit_charge_created(op, &state);
}

err charge_save(struct op *op, struct charge *charge)
{
    assert(charge->phase != CHARGE_CAPTURING || charge->stripe_id.data != NULL);
    assert(charge->phase != CHARGE_REFUNDING || charge->stripe_id.data != NULL);
    charge->updated_at = op->now;
    TRY(sql_run(op, &update_charge, charge));
    charge->version++;
    struct charge_state state = charge_state_of(charge);
    return emit_charge_updated(op, &state);
}

err charge_note(struct op *op, const struct charge *charge)
{
    return sql_run(op, &note_charge, charge);
}

/* ---- calls ---- */

err call_find(struct op *op, uuid id, struct stripe_call *ret_call)
{
    struct stripe_call key = { .id = id };
    return sql_one(op, &find_call, &key, ret_call);
}

err call_find_open(struct op *op, uuid charge_id, struct stripe_call *ret_call)
{
    struct stripe_call key = { .charge_id = charge_id };
    return sql_one(op, &find_open_call, &key, ret_call);
}

err call_count(struct op *op, uuid charge_id, enum call_kind kind, int64_t *ret_count)
{
    struct charge_range range = { .charge_id = charge_id, .kind = kind };
    TRY(sql_one(op, &count_calls, &range, &range));
    *ret_count = range.count;
    return OK;
}

err call_insert(struct op *op, const struct stripe_call *call)
{
    return sql_run(op, &insert_call, call);
}

err call_update(struct op *op, const struct stripe_call *call)
{
    return sql_run(op, &update_call, call);
}

err call_list_due(struct op *op, size_t max, struct rows *ret_calls)
{
    struct charge_range range = { .now = op->now, .max = (int64_t)max };
    return sql_all(op, &list_due_calls, &range, sizeof(struct stripe_call), max, ret_calls);
}

err call_abandon_all(struct op *op)
{
    struct charge_range range = { .now = op->now };
    return sql_run_any(op, &abandon_calls, &range, NULL);
}
