/* What must hold when everything has come to rest: no money, ticket, order, call or letter is left
 * over, and all copies agree. */
#include "sim/sim.h"

/* ---- at rest ---- */

struct resting {
    struct world *world;
    const char *why; /* NULL: it is at rest */
};

static err look_at_payments(struct op *op, void *context)
{
    struct resting *resting = context;
    struct rows charges;
    ROWS(op, &table_charges, struct row_charge, &charges);
    const struct row_charge *rows = charges.items;
    for (size_t i = 0; i < charges.count; i++) {
        if (!rows[i].settled)
            resting->why = "a payment is not settled";
    }
    return OK;
}

static err look_at_outbox(struct op *op, void *context)
{
    struct resting *resting = context;
    struct row_count count = { 0 };
    TRY(sql_one(op, &table_unpublished, NULL, &count));
    if (count.count != 0)
        resting->why = "an event is not published";
    return OK;
}

static void look_at_agenda(struct resting *resting)
{
    const struct agenda *agenda = &resting->world->agenda;
    for (size_t i = 0; i < agenda->count; i++) {
        switch (agenda->items[i].kind) {
        case LETTER_COMES:
            resting->why = "an event is not heard";
            break;
        case CALL_ARRIVES:
        case ANSWER_COMES:
            resting->why = "a call to Stripe is under way";
            break;
        case ASKED_AGAIN:
        case ASKED_LATE:
            break;
        case NODE_RESTARTS:
            resting->why = "a process is down";
            break;
        case PERSON_ACTS:
        case ERRAND_IS_RUN:
        case BANK_ASKS:
        case DUTY_IS_DUE:
        case CLAIM_IS_DUE:
        case RELAY_IS_DUE:
        case MISCHIEF:
        case HAPPENING_KINDS:
            break;
        }
    }
}

bool world_is_at_rest(struct world *world, const char **ret_why)
{
    struct resting resting = { .world = world };
    look_at_agenda(&resting);
    for (size_t i = 0; i < world->ledger->order_count && resting.why == NULL; i++) {
        if (order_is_live(&world->ledger->orders[i]))
            resting.why = "an order is live";
    }
    for (size_t i = 0; i < world->node_count && resting.why == NULL; i++) {
        if (world->nodes[i].down || world->nodes[i].waiting_count > 0)
            resting.why = "somebody waits for an answer";
        else
            node_read(&world->nodes[i], look_at_outbox, &resting);
    }
    if (resting.why == NULL)
        node_read(world->at[PART_PAYMENTS], look_at_payments, &resting);
    *ret_why = resting.why;
    return resting.why == NULL;
}

/* ---- the copies ---- */

static err compare_tickets(struct op *op, void *context)
{
    struct world *world = context;
    struct rows rows;
    ROWS(op, &table_ticket_copies, struct row_copy, &rows);
    const struct row_copy *copies = rows.items;
    for (size_t i = 0; i < rows.count; i++) {
        const struct told_ticket *told = ledger_ticket(world, copies[i].id);
        if (told == NULL || told->version != copies[i].version ||
            told->price.minor != copies[i].price.minor ||
            !str_is(copies[i].status, ticket_status_names[told->status]))
            broken(world, "P5: orders has another %s than tickets", name_of(world, copies[i].id));
    }
    if (rows.count != world->ledger->ticket_count)
        broken(world, "P5: orders has heard of %zu tickets of %zu", rows.count,
               world->ledger->ticket_count);
    return OK;
}

static err compare_orders(struct op *op, void *context)
{
    struct world *world = context;
    struct rows rows;
    ROWS(op, &table_order_copies, struct row_copy, &rows);
    const struct row_copy *copies = rows.items;
    for (size_t i = 0; i < rows.count; i++) {
        const struct told_order *told = ledger_order(world, copies[i].id);
        if (told == NULL || told->version != copies[i].version ||
            told->price.minor != copies[i].price.minor ||
            !str_is(copies[i].status, order_status_names[told->status]))
            broken(world, "P5: payments has another %s than orders", name_of(world, copies[i].id));
    }
    if (rows.count != world->ledger->order_count)
        broken(world, "P5: payments has heard of %zu orders of %zu", rows.count,
               world->ledger->order_count);
    return OK;
}

static err look_for_timers(struct op *op, void *context)
{
    struct world *world = context;
    struct rows rows;
    ROWS(op, &table_timers, struct row_timer, &rows);
    if (rows.count > 0) {
        const struct row_timer *timers = rows.items;
        broken(world, "a timer of %s runs for ever", name_of(world, timers[0].order_id));
    }
    return OK;
}

static err look_for_calls(struct op *op, void *context)
{
    struct world *world = context;
    struct rows rows;
    ROWS(op, &table_open_calls, struct row_call, &rows);
    const struct row_call *calls = rows.items;
    if (rows.count > 0)
        broken(world, "a call to Stripe is never made: %.*s of %s", (int)calls[0].kind.size,
               calls[0].kind.data, name_of(world, calls[0].charge_id));
    return OK;
}

/* ---- tickets and orders ---- */

static void compare_locks(struct world *world)
{
    const struct ledger *ledger = world->ledger;
    for (size_t i = 0; i < ledger->ticket_count; i++) {
        const struct told_ticket *ticket = &ledger->tickets[i];
        const struct told_order *order =
            uuid_is_absent(ticket->order_id) ? NULL : ledger_order(world, ticket->order_id);
        if (ticket->status == TICKET_RESERVED)
            broken(world, "P3: %s is reserved by nobody alive", name_of(world, ticket->id));
        if (ticket->status == TICKET_SOLD && (order == NULL || order->status != ORDER_COMPLETED))
            broken(world, "P1: %s is sold to nobody", name_of(world, ticket->id));
    }
}

static void check_acknowledged(struct world *world, const struct told_order *order)
{
    const char *name = name_of(world, order->id);
    const struct told_ticket *ticket = ledger_ticket(world, order->ticket_id);
    bool sold =
        ticket != NULL && ticket->status == TICKET_SOLD && uuid_equal(ticket->order_id, order->id);
    if (sold != (order->status == ORDER_COMPLETED))
        broken(world, "P1: %s is completed without its ticket", name);
    if (order->said_paid && order->status != ORDER_COMPLETED)
        broken(world, "P2: %s was answered as paid, and is not", name);
    if (order->said_cancelled && order->status != ORDER_CANCELLED)
        broken(world, "P4: %s was answered as cancelled, and is not", name);
    if (order_is_live(order))
        broken(world, "P3: %s lives for ever", name);
}

/* When nothing else goes wrong, a buyer who shows himself in good time gets his ticket. */
static void check_proved(struct world *world, const struct told_order *order)
{
    bool in_time = order->proved_at.ms != 0 &&
                   instant_after(order->proved_at, minutes(2)).ms < order->expires_at.ms;
    if (world->luck.calm && in_time && order->status != ORDER_COMPLETED &&
        order->reason != CANCEL_USER)
        broken(world, "the buyer of %s proved himself in vain", name_of(world, order->id));
}

/* ---- money ---- */

struct accounts {
    struct world *world;
    struct rows intents;
};

static err see_accounts(struct op *op, void *context)
{
    struct accounts *accounts = context;
    ROWS(op, &table_intents, struct row_intent, &accounts->intents);
    return OK;
}

static void balance(const struct accounts *accounts, const struct told_order *order)
{
    struct world *world = accounts->world;
    const struct row_intent *intents = accounts->intents.items;
    str id = uuid_text(&world->arena, order->id);
    int64_t kept = 0;
    bool unreturned = false;
    const char *name = name_of(world, order->id);
    for (size_t i = 0; i < accounts->intents.count; i++) {
        if (!str_equal(intents[i].order_id, id))
            continue;
        kept += intents[i].captured - intents[i].refunded;
        unreturned = unreturned || intents[i].unreturned;
        bool closed =
            str_is(intents[i].status, "succeeded") || str_is(intents[i].status, "canceled");
        if (!closed)
            broken(world, "P2: a hold of %s is left at Stripe: %.*s", name,
                   (int)intents[i].status.size, intents[i].status.data);
    }
    int64_t due = order->status == ORDER_COMPLETED ? order->price.minor : 0;
    if (kept != due && !unreturned)
        broken(world, "P2: of %s Stripe keeps %lld instead of %lld", name, (long long)kept,
               (long long)due);
    if (order->price_seen.minor != 0 && order->price_seen.minor != order->price.minor)
        broken(world, "P6: %s costs another price than its buyer saw", name);
}

void truths_at_rest(struct world *world)
{
    const struct ledger *ledger = world->ledger;
    truths_of_tables(world);
    truths_of_money(world);
    compare_locks(world);
    for (size_t i = 0; i < ledger->order_count; i++)
        check_acknowledged(world, &ledger->orders[i]);
    for (size_t i = 0; i < ledger->order_count; i++)
        check_proved(world, &ledger->orders[i]);
    struct accounts accounts = { .world = world };
    if (!stripe_run(world, see_accounts, &accounts))
        return;
    for (size_t i = 0; i < ledger->order_count; i++)
        balance(&accounts, &ledger->orders[i]);
    node_read(world->at[PART_ORDERS], compare_tickets, world);
    node_read(world->at[PART_PAYMENTS], compare_orders, world);
    node_read(world->at[PART_EXPIRATION], look_for_timers, world);
    node_read(world->at[PART_PAYMENTS], look_for_calls, world);
}
