/* Storage of the orders service: its statements, and the one way in which an order changes. */
#include "services/orders/store.h"

#include "events/events.h"

static const struct field ticket_copy_fields[] = {
    FIELD(struct ticket_copy, id),
    FIELD(struct ticket_copy, version),
    FIELD(struct ticket_copy, user_id),
    FIELD(struct ticket_copy, title),
    FIELD(struct ticket_copy, price),
    FIELD(struct ticket_copy, currency),
    FIELD_OPT(struct ticket_copy, starts_at),
    FIELD_ENUM(struct ticket_copy, status, ticket_status_names),
    FIELDS_END,
};

static const struct field buyer_activity_fields[] = {
    FIELD(struct buyer_activity, user_id),
    FIELD(struct buyer_activity, ticket_id),
    FIELD(struct buyer_activity, since),
    FIELD(struct buyer_activity, relocks_since),
    FIELD(struct buyer_activity, live),
    FIELD(struct buyer_activity, relocks),
    FIELDS_END,
};

struct order_range {
    uuid user_id;
    uuid before;
    instant since;
    int64_t max;
};

static const struct field order_range_fields[] = {
    FIELD(struct order_range, user_id),
    FIELD_OPT(struct order_range, before),
    FIELD(struct order_range, since),
    FIELD(struct order_range, max),
    FIELDS_END,
};

#define ORDER_COLUMNS                                                                         \
    "id, version, user_id, seller_id, ticket_id, ticket_title, ticket_price, ticket_version," \
    " status, cancel_reason, price, currency, expires_at, charge_id, created_at, updated_at"

/* The index orders_one_live_per_ticket refuses a second live order for a ticket. */
static const struct query insert_order = {
    "insert into orders (" ORDER_COLUMNS ") values ($id, $version, $user_id, $seller_id,"
    " $ticket_id, $ticket_title, $ticket_price, $ticket_version, $status, $cancel_reason,"
    " $price, $currency, $expires_at, $charge_id, $created_at, $updated_at)",
    .in = order_fields,
};

static const struct query find_order = {
    "select " ORDER_COLUMNS " from orders where id = $id",
    .in = order_fields,
    .out = order_fields,
};

static const struct query find_live_order = {
    "select " ORDER_COLUMNS " from orders where ticket_id = $ticket_id"
    " and cancel_reason is null",
    .in = order_fields,
    .out = order_fields,
};

static const struct query list_orders = {
    "select " ORDER_COLUMNS " from orders where user_id = $user_id"
    " and ($before is null or id < $before) order by id desc limit $max",
    .in = order_range_fields,
    .out = order_fields,
};

static const struct query list_overdue_orders = {
    "select " ORDER_COLUMNS " from orders where cancel_reason is null and charge_id is null"
    " and expires_at <= $since order by expires_at limit $max",
    .in = order_range_fields,
    .out = order_fields,
};

/* Touches no row, and so is STALE, if another operation was faster. */
static const struct query update_order = {
    "update orders set version = version + 1, status = $status, cancel_reason = $cancel_reason,"
    " charge_id = $charge_id, updated_at = $updated_at where id = $id and version = $version",
    .in = order_fields,
};

/* The same when neither reason nor charge has changed: no index has to. */
static const struct query update_status = {
    "update orders set version = version + 1, status = $status, updated_at = $updated_at"
    " where id = $id and version = $version",
    .in = order_fields,
};

static const struct query find_ticket = {
    "select id, version, user_id, title, price, currency, starts_at, status"
    " from ticket_copies where id = $id",
    .in = ticket_copy_fields,
    .out = ticket_copy_fields,
};

static const struct query upsert_ticket = {
    "insert into ticket_copies (id, version, user_id, title, price, currency, starts_at, status)"
    " values ($id, $version, $user_id, $title, $price, $currency, $starts_at, $status)"
    " on conflict (id) do update set version = excluded.version, title = excluded.title,"
    " price = excluded.price, starts_at = excluded.starts_at, status = excluded.status"
    " where ticket_copies.version < excluded.version",
    .in = ticket_copy_fields,
};

/* One pass over what the buyer ordered lately; ids are in the order of time. */
static const struct query find_buyer = {
    "select count(case when status <> 'completed' and status <> 'cancelled' then 1 end) as live,"
    " count(case when ticket_id = $ticket_id and created_at > $relocks_since then 1 end)"
    " as relocks from orders where user_id = $user_id and id > $since",
    .in = buyer_activity_fields,
    .out = buyer_activity_fields,
};

const struct query *const order_queries[] = {
    &insert_order, &find_order,    &find_live_order, &list_orders,   &list_overdue_orders,
    &update_order, &update_status, &find_ticket,     &upsert_ticket, &find_buyer,
    NULL,
};

err order_find(struct op *op, uuid id, struct order *ret_order)
{
    struct order key = { .id = id };
    return sql_one(op, &find_order, &key, ret_order);
}

err order_find_live(struct op *op, uuid ticket_id, struct order *ret_order)
{
    struct order key = { .ticket = { .id = ticket_id } };
    return sql_one(op, &find_live_order, &key, ret_order);
}

err order_list(struct op *op, uuid user_id, uuid before, size_t max, struct rows *ret_orders)
{
    struct order_range range = { .user_id = user_id, .before = before, .max = (int64_t)max };
    return sql_all(op, &list_orders, &range, sizeof(struct order), max, ret_orders);
}

err order_list_overdue(struct op *op, instant since, size_t max, struct rows *ret_orders)
{
    struct order_range range = { .since = since, .max = (int64_t)max };
    return sql_all(op, &list_overdue_orders, &range, sizeof(struct order), max, ret_orders);
}

err order_insert(struct op *op, const struct order *order)
{
    assert(order->price.minor > 0);
    assert(order->expires_at.ms > op->now.ms);
    return sql_run(op, &insert_order, order);
}

err ticket_find(struct op *op, uuid id, struct ticket_copy *ret_ticket)
{
    struct ticket_copy key = { .id = id };
    return sql_one(op, &find_ticket, &key, ret_ticket);
}

err ticket_keep(struct op *op, const struct ticket_copy *ticket)
{
    return sql_run_any(op, &upsert_ticket, ticket, NULL);
}

err buyer_find(struct op *op, struct buyer_activity *activity)
{
    return sql_one(op, &find_buyer, activity, activity);
}

static err tell(struct op *op, const struct order *order)
{
    struct order_state state = order_state_of(order);
    switch (order->status) {
    case PHASE_CREATED:
    case PHASE_AWAITING_PAYMENT:
    case PHASE_CAPTURING:
        return emit_order_updated(op, &state);
    case PHASE_COMPLETED:
        return emit_order_completed(op, &state);
    case PHASE_CANCELLED:
    case ORDER_PHASES:
        break;
    }
    return emit_order_cancelled(op, &state);
}

err order_save(struct op *op, struct order *order)
{
    assert((order->status == PHASE_CANCELLED) == (order->cancel_reason != CANCEL_NONE));
    assert(order->status != PHASE_COMPLETED || !uuid_is_absent(order->charge_id));

    order->updated_at = op->now;
    bool only_status = order->status == PHASE_AWAITING_PAYMENT || order->status == PHASE_COMPLETED;
    TRY(sql_run(op, only_status ? &update_status : &update_order, order));
    order->version++;
    return tell(op, order);
}

err order_save_cancelled(struct op *op, struct order *order, enum cancel_reason reason)
{
    assert(order->status == PHASE_CANCELLED);
    assert(reason != CANCEL_NONE);
    order->cancel_reason = reason;
    return order_save(op, order);
}
