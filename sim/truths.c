/* What must always hold, whatever happens. */
#include "sim/sim.h"

/* ---- money ---- */

struct money_seen {
    struct world *world;
    struct rows intents;
};

static err see_money(struct op *op, void *context)
{
    struct money_seen *seen = context;
    ROWS(op, &table_intents, struct row_intent, &seen->intents);
    return OK;
}

static void check_intent(struct world *world, const struct row_intent *intent,
                         int64_t captured_before)
{
    uuid id;
    const struct told_order *order =
        uuid_parse(intent->order_id, &id) ? ledger_order(world, id) : NULL;
    if (order == NULL) {
        broken(world, "P2: Stripe has a payment of no order of ours");
        return;
    }
    if (intent->captured == 0)
        return;
    const char *name = name_of(world, order->id);
    if (intent->captured != order->price.minor)
        broken(world, "P2: %s is captured at another price", name);
    if (captured_before > 0)
        broken(world, "P2: %s is captured twice", name);
    if (!order->meddled && uuid_is_absent(order->charge_id))
        broken(world, "P2: %s is captured before it decided", name);
    if (!order->meddled && order->status == ORDER_CANCELLED && intent->refunded == 0)
        broken(world, "P2: %s is captured after its end", name);
}

static int64_t captured_of(const struct rows *intents, size_t count, str order_id)
{
    const struct row_intent *rows = intents->items;
    int64_t captured = 0;
    for (size_t i = 0; i < count; i++) {
        if (str_equal(rows[i].order_id, order_id))
            captured += rows[i].captured;
    }
    return captured;
}

void truths_of_money(struct world *world)
{
    struct money_seen seen = { .world = world };
    if (!stripe_run(world, see_money, &seen))
        return;
    const struct row_intent *rows = seen.intents.items;
    for (size_t i = 0; i < seen.intents.count; i++)
        check_intent(world, &rows[i], captured_of(&seen.intents, i, rows[i].order_id));
}

/* ---- the stores say what was told ---- */

static void check_ticket(struct world *world, const struct row_ticket *row)
{
    const struct told_ticket *told = ledger_ticket(world, row->id);
    if (told == NULL)
        broken(world, "P5: a ticket that was never told of");
    else if (told->version != row->version || told->status != row->status ||
             told->price.minor != row->price.minor || !uuid_equal(told->order_id, row->order_id))
        broken(world, "P5: %s is not what was told of it", name_of(world, row->id));
}

static bool says_the_same(const struct told_order *told, const struct row_order *row)
{
    bool capturing = told->status == ORDER_AWAITING_PAYMENT && !uuid_is_absent(told->charge_id);
    const char *status = capturing ? "capturing" : order_status_names[told->status];
    return told->version == row->version && str_is(row->status, status) &&
           told->reason == row->cancel_reason && told->price.minor == row->price.minor &&
           uuid_equal(told->charge_id, row->charge_id);
}

static void check_order(struct world *world, const struct row_order *row)
{
    const struct told_order *told = ledger_order(world, row->id);
    if (told == NULL)
        broken(world, "P5: an order that was never told of");
    else if (!says_the_same(told, row))
        broken(world, "P5: %s is not what was told of it", name_of(world, row->id));
}

static void check_charge(struct world *world, const struct row_charge *row)
{
    const struct told_charge *told = ledger_charge(world, row->id);
    if (told == NULL)
        broken(world, "P5: a payment that was never told of");
    else if (told->version != row->version)
        broken(world, "P5: %s is not what was told of it", name_of(world, row->id));
}

static err see_tickets(struct op *op, void *context)
{
    struct world *world = context;
    struct rows rows;
    ROWS(op, &table_tickets, struct row_ticket, &rows);
    const struct row_ticket *tickets = rows.items;
    for (size_t i = 0; i < rows.count; i++)
        check_ticket(world, &tickets[i]);
    if (rows.count != world->ledger->ticket_count)
        broken(world, "P4: %zu tickets are left of %zu", rows.count, world->ledger->ticket_count);
    return OK;
}

static err see_orders(struct op *op, void *context)
{
    struct world *world = context;
    struct rows rows;
    ROWS(op, &table_orders, struct row_order, &rows);
    const struct row_order *orders = rows.items;
    for (size_t i = 0; i < rows.count; i++)
        check_order(world, &orders[i]);
    if (rows.count != world->ledger->order_count)
        broken(world, "P4: %zu orders are left of %zu", rows.count, world->ledger->order_count);
    return OK;
}

static err see_charges(struct op *op, void *context)
{
    struct world *world = context;
    struct rows rows;
    ROWS(op, &table_charges, struct row_charge, &rows);
    const struct row_charge *charges = rows.items;
    for (size_t i = 0; i < rows.count; i++)
        check_charge(world, &charges[i]);
    if (rows.count != world->ledger->charge_count)
        broken(world, "P4: %zu payments are left of %zu", rows.count, world->ledger->charge_count);
    return OK;
}

static err see_outbox(struct op *op, void *context)
{
    struct node *node = context;
    struct row_count count = { 0 };
    TRY(sql_one(op, &table_outbox, NULL, &count));
    if (count.count != node->told_count)
        broken(node->world, "P5: %s told %lld events and keeps %lld", node->name,
               (long long)node->told_count, (long long)count.count);
    return OK;
}

/* Hosted together, a ticket is reserved exactly while an order that awaits payment has it. */
static void check_locks(struct world *world)
{
    const struct ledger *ledger = world->ledger;
    for (size_t i = 0; i < ledger->order_count; i++) {
        const struct told_order *order = &ledger->orders[i];
        const struct told_ticket *ticket = ledger_ticket(world, order->ticket_id);
        bool holds = ticket != NULL && uuid_equal(ticket->order_id, order->id);
        enum ticket_status status =
            order->status == ORDER_COMPLETED ? TICKET_SOLD : TICKET_RESERVED;
        if (order->status == ORDER_CANCELLED ? holds : !holds || ticket->status != status)
            broken(world, "P1: %s and its ticket disagree", name_of(world, order->id));
    }
}

void truths_of_tables(struct world *world)
{
    struct node *orders = world->at[PART_ORDERS];
    struct node *tickets = world->at[PART_TICKETS];
    struct node *payments = world->at[PART_PAYMENTS];
    if (!orders->down)
        node_read(orders, see_orders, world);
    if (!tickets->down)
        node_read(tickets, see_tickets, world);
    if (!payments->down)
        node_read(payments, see_charges, world);
    for (size_t i = 0; i < world->node_count; i++) {
        if (!world->nodes[i].down)
            node_read(&world->nodes[i], see_outbox, &world->nodes[i]);
    }
    if (!world->luck.bus)
        check_locks(world);
}

static err see_calls(struct op *op, void *context)
{
    struct node *node = context;
    struct rows rows;
    ROWS(op, &table_open_calls, struct row_call, &rows);
    const struct row_call *calls = rows.items;
    for (size_t i = 0; i < rows.count; i++) {
        if (str_is(calls[i].state, "sent"))
            broken(node->world, "%s starts, and a call is still under way", node->name);
    }
    return OK;
}

void truths_of_recovery(struct node *node)
{
    node_read(node, see_calls, node);
}

void truths_of_sweep(struct node *node)
{
    struct world *world = node->world;
    instant deadline = ledger_next_deadline(world);
    /* The sweep leaves half of the promised second to the timers. */
    if (deadline.ms != 0 && deadline.ms + 500 <= node_now(node).ms)
        broken(world, "P3: an order is live after its deadline, and after the sweep");
}
