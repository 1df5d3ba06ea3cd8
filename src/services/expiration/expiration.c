/* The expiration service: tells when an order's time is up, and again until the order has ended. */
#include "services/expiration/expiration.h"

extern const struct migration expiration_migrations[];

/* Timers of one operation.  Told together over one database, each expiry is heard in the same
 * operation, and the order, its ticket and its payment tell of its end in turn. */
#define EVENTS_PER_EXPIRY 5
#define DUE_MAX           (EVENTS_PER_OPERATION_MAX / EVENTS_PER_EXPIRY)

#define TELL_AGAIN_SECONDS 30

/* ---- storage ---- */

struct timer {
    uuid order_id;
    instant expires_at;
    instant next_at;
    int64_t tellings;
};

static const struct field timer_fields[] = {
    FIELD(struct timer, order_id),
    FIELD(struct timer, expires_at),
    FIELD(struct timer, next_at),
    FIELD(struct timer, tellings),
    FIELDS_END,
};

static const struct query insert_timer = {
    "insert into timers (order_id, expires_at, next_at, tellings)"
    " values ($order_id, $expires_at, $next_at, $tellings) on conflict (order_id) do nothing",
    .in = timer_fields,
};

static const struct query delete_timer = {
    "delete from timers where order_id = $order_id",
    .in = timer_fields,
};

static const struct query update_timer = {
    "update timers set tellings = tellings + 1, next_at = $next_at"
    " where order_id = $order_id and tellings = $tellings",
    .in = timer_fields,
};

struct due {
    instant now;
    int64_t max;
};

static const struct field due_fields[] = {
    FIELD(struct due, now),
    FIELD(struct due, max),
    FIELDS_END,
};

static const struct query select_due = {
    "select order_id, expires_at, next_at, tellings from timers where next_at <= $now"
    " order by next_at, order_id limit $max",
    .in = due_fields,
    .out = timer_fields,
};

/* ---- events ---- */

/* OrderCreated: its time runs. */
static err start_timer(struct op *op, const struct order_state *order)
{
    struct timer timer = {
        .order_id = order->id,
        .expires_at = order->expires_at,
        .next_at = order->expires_at,
    };
    return sql_run_any(op, &insert_timer, &timer, NULL);
}

/* OrderCompleted, OrderCancelled: it has ended.  Over a bus, an OrderCreated that comes after this
 * is older, and the inbox drops it. */
static err drop_timer(struct op *op, const struct order_state *order)
{
    struct timer timer = { .order_id = order->id };
    return sql_run_any(op, &delete_timer, &timer, NULL);
}

static const struct subscription subscriptions[] = {
    ON(order_created, start_timer),
    ON(order_completed, drop_timer),
    ON(order_cancelled, drop_timer),
    SUBSCRIPTIONS_END,
};

/* ---- duties ---- */

/* The telling is not believed to have been heard until the order's end is: till then it is
 * repeated. */
static err tell(struct op *op, struct timer *timer)
{
    timer->next_at = instant_after(op->now, seconds(TELL_AGAIN_SECONDS));
    TRY(sql_run(op, &update_timer, timer));
    timer->tellings++;

    struct order_deadline deadline = {
        .order_id = timer->order_id,
        .version = timer->tellings,
        .expires_at = timer->expires_at,
    };
    return emit_order_expired(op, &deadline);
}

static err tell_due(struct op *op, bool *ret_more)
{
    struct due due = { .now = op->now, .max = DUE_MAX };
    struct rows rows;
    TRY(sql_all(op, &select_due, &due, sizeof(struct timer), DUE_MAX, &rows));

    struct timer *timers = rows.items;
    for (size_t i = 0; i < rows.count; i++)
        TRY(tell(op, &timers[i]));
    *ret_more = rows.count == DUE_MAX;
    return OK;
}

static const struct duty duties[] = {
    { .name = "expiration", .every = { 200 }, .run = tell_due },
    { .name = NULL },
};

/* ---- the service ---- */

static const struct query *const queries[] = {
    &insert_timer, &delete_timer, &update_timer, &select_due, NULL,
};

const struct service expiration_service = {
    .name = "expiration",
    .migrations = expiration_migrations,
    .queries = queries,
    .subscriptions = subscriptions,
    .duties = duties,
};
