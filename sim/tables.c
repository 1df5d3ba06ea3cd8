/* What the stores say, asked behind the services' backs. */
#include "sim/sim.h"

static const char *const ticket_statuses[] = { "available", "reserved", "sold", "withdrawn", NULL };

static const struct field ticket_row_fields[] = {
    FIELD(struct row_ticket, id),
    FIELD(struct row_ticket, version),
    FIELD_ENUM(struct row_ticket, status, ticket_statuses),
    FIELD(struct row_ticket, price),
    FIELD_OPT(struct row_ticket, order_id),
    FIELDS_END,
};

const struct query table_tickets = {
    "select id, version, status, price, order_id from tickets order by id",
    .out = ticket_row_fields,
};

static const struct field order_row_fields[] = {
    FIELD(struct row_order, id),
    FIELD(struct row_order, version),
    FIELD(struct row_order, status),
    FIELD_ENUM_OPT(struct row_order, cancel_reason, cancel_reason_names),
    FIELD(struct row_order, price),
    FIELD(struct row_order, expires_at),
    FIELD_OPT(struct row_order, charge_id),
    FIELDS_END,
};

const struct query table_orders = {
    "select id, version, status, cancel_reason, price, expires_at, charge_id from orders"
    " order by id",
    .out = order_row_fields,
};

static const struct field charge_row_fields[] = {
    FIELD(struct row_charge, id),       FIELD(struct row_charge, version),
    FIELD(struct row_charge, order_id), FIELD(struct row_charge, phase),
    FIELD(struct row_charge, settled),  FIELD_OPT(struct row_charge, attention),
    FIELD(struct row_charge, amount),   FIELDS_END,
};

const struct query table_charges = {
    "select id, version, order_id, phase, settled, attention, amount from charges order by id",
    .out = charge_row_fields,
};

static const struct field call_row_fields[] = {
    FIELD(struct row_call, charge_id),
    FIELD(struct row_call, kind),
    FIELD(struct row_call, state),
    FIELD(struct row_call, path),
    FIELDS_END,
};

const struct query table_open_calls = {
    "select charge_id, kind, state, path from stripe_calls where state <> 'done' order by id",
    .out = call_row_fields,
};

static const struct field copy_row_fields[] = {
    FIELD(struct row_copy, id),
    FIELD(struct row_copy, version),
    FIELD(struct row_copy, status),
    FIELD(struct row_copy, price),
    FIELDS_END,
};

const struct query table_ticket_copies = {
    "select id, version, status, price from ticket_copies order by id",
    .out = copy_row_fields,
};

const struct query table_order_copies = {
    "select id, version, status, price from order_copies order by id",
    .out = copy_row_fields,
};

static const struct field timer_row_fields[] = {
    FIELD(struct row_timer, order_id),
    FIELDS_END,
};

const struct query table_timers = {
    "select order_id from timers order by order_id",
    .out = timer_row_fields,
};

static const struct field count_row_fields[] = {
    FIELD(struct row_count, count),
    FIELDS_END,
};

const struct query table_outbox = {
    "select count(*) as count from outbox",
    .out = count_row_fields,
};

const struct query table_unpublished = {
    "select count(*) as count from outbox where published_at is null",
    .out = count_row_fields,
};

static const struct field intent_row_fields[] = {
    FIELD(struct row_intent, id),
    FIELD_OPT(struct row_intent, order_id),
    FIELD(struct row_intent, status),
    FIELD(struct row_intent, amount),
    FIELD(struct row_intent, captured),
    FIELD(struct row_intent, refunded),
    FIELD(struct row_intent, declines),
    FIELD(struct row_intent, unreturned),
    FIELDS_END,
};

const struct query table_intents = {
    "select id, order_id, status, amount, amount_received as captured,"
    " (select coalesce(sum(amount), 0) from sim_refunds where payment_intent = sim_intents.id"
    " and status <> 'failed') as refunded,"
    " exists (select 1 from sim_payment_methods where id = sim_intents.payment_method"
    " and card like '%Declined') as declines,"
    " exists (select 1 from sim_refunds where payment_intent = sim_intents.id"
    " and status = 'failed') as unreturned from sim_intents order by seq",
    .out = intent_row_fields,
};

#define TABLE_ROWS_MAX 4096

void rows_of(struct op *op, const struct query *query, size_t size, struct rows *ret_rows)
{
    err read = sql_all(op, query, NULL, size, TABLE_ROWS_MAX, ret_rows);
    assert(read.problem == NULL);
}

/* ---- emptying ---- */

#define WIPE(table)                  \
    {                                \
        .text = "delete from " table \
    }

static const struct query wipes_of_events[] = {
    WIPE("outbox"),           WIPE("inbox"), WIPE("heard"), WIPE("revoked_sessions"),
    WIPE("idempotency_keys"),
};
static const struct query wipes_of_tickets[] = { WIPE("tickets") };
static const struct query wipes_of_orders[] = { WIPE("orders"), WIPE("ticket_copies") };
static const struct query wipes_of_expiration[] = { WIPE("timers") };
static const struct query wipes_of_payments[] = {
    WIPE("stripe_calls"),
    WIPE("charges"),
    WIPE("order_copies"),
};

static const struct query *const event_tables[] = {
    &table_outbox,       &table_unpublished,  &wipes_of_events[0], &wipes_of_events[1],
    &wipes_of_events[2], &wipes_of_events[3], &wipes_of_events[4], NULL,
};
static const struct query *const ticket_tables[] = { &table_tickets, &wipes_of_tickets[0], NULL };
static const struct query *const order_tables[] = {
    &table_orders, &table_ticket_copies, &wipes_of_orders[0], &wipes_of_orders[1], NULL,
};
static const struct query *const expiration_tables[] = {
    &table_timers,
    &wipes_of_expiration[0],
    NULL,
};
static const struct query *const payment_tables[] = {
    &table_charges,
    &table_open_calls,
    &table_order_copies,
    &wipes_of_payments[0],
    &wipes_of_payments[1],
    &wipes_of_payments[2],
    NULL,
};
static const struct query *const stripe_tables[] = { &table_intents, NULL };

const struct service sim_events_tables = { .name = "tables of events", .queries = event_tables };
const struct service sim_stripe_tables = { .name = "tables of Stripe", .queries = stripe_tables };
const struct service sim_tables[PARTS] = {
    [PART_AUTH] = { .name = "no tables" },
    [PART_TICKETS] = { .name = "tables of tickets", .queries = ticket_tables },
    [PART_ORDERS] = { .name = "tables of orders", .queries = order_tables },
    [PART_EXPIRATION] = { .name = "tables of expiration", .queries = expiration_tables },
    [PART_PAYMENTS] = { .name = "tables of payments", .queries = payment_tables },
};

static err wipe(struct op *op, const struct query *queries, size_t count)
{
    for (size_t i = 0; i < count; i++)
        TRY(sql_run_any(op, &queries[i], NULL, NULL));
    return OK;
}

#define COUNT(array) (sizeof(array) / sizeof *(array))

err wipe_node(struct op *op, void *context)
{
    const struct node *node = context;
    const struct world *world = node->world;
    TRY(wipe(op, wipes_of_events, COUNT(wipes_of_events)));
    if (world->at[PART_TICKETS] == node)
        TRY(wipe(op, wipes_of_tickets, COUNT(wipes_of_tickets)));
    if (world->at[PART_ORDERS] == node)
        TRY(wipe(op, wipes_of_orders, COUNT(wipes_of_orders)));
    if (world->at[PART_EXPIRATION] == node)
        TRY(wipe(op, wipes_of_expiration, COUNT(wipes_of_expiration)));
    if (world->at[PART_PAYMENTS] == node)
        TRY(wipe(op, wipes_of_payments, COUNT(wipes_of_payments)));
    return OK;
}
