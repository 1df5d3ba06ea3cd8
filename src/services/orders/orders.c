/* The orders service: locks tickets for buyers, decides who gets them, and lets go in time. */
#include "services/orders/orders.h"

#include "services/orders/store.h"

/* ---- requests ---- */

struct order_form {
    uuid ticket_id;
    money max_price;
};

static const struct field order_form_fields[] = {
    FORM(struct order_form, ticket_id, .flags = RULE_REQUIRED),
    FORM(struct order_form, max_price, .min = 1, .max = PRICE_MAX),
    FIELDS_END,
};

static const struct problem no_such_ticket = { STATUS_NOT_FOUND, "No such ticket", "ticketId", NULL,
                                               0 };
static const struct problem ticket_on_its_way = { STATUS_UNAVAILABLE,
                                                  "This ticket is not known here yet", "ticketId",
                                                  NULL, 1 };
static const struct problem own_ticket = { STATUS_FORBIDDEN, "You cannot buy your own ticket",
                                           "ticketId", NULL, 0 };
static const struct problem ticket_reserved = { STATUS_CONFLICT, "Ticket is already reserved",
                                                "ticketId", NULL, 0 };
static const struct problem ticket_sold = { STATUS_CONFLICT, "Ticket is already sold", "ticketId",
                                            NULL, 0 };
static const struct problem ticket_withdrawn = { STATUS_CONFLICT, "Ticket is no longer for sale",
                                                 "ticketId", NULL, 0 };
static const struct problem event_begun = { STATUS_CONFLICT, "The event has already begun",
                                            "ticketId", NULL, 0 };
static const struct problem too_many_orders = {
    STATUS_TOO_MANY, "You have too many unpaid orders; pay or cancel one", NULL, NULL, 60
};
static const struct problem too_many_relocks = { STATUS_TOO_MANY,
                                                 "You have reserved this ticket too often lately",
                                                 "ticketId", NULL, 600 };
static const struct problem order_paid = { STATUS_CONFLICT, "A completed order cannot be cancelled",
                                           NULL, NULL, 0 };
static const struct problem order_being_paid = { STATUS_CONFLICT, "The order is being paid", NULL,
                                                 NULL, 0 };

/* Events take a moment over a bus: a ticket so young may not have arrived yet. */
static err ticket_unknown(struct op *op, uuid id)
{
    bool young = uuid_time(id).ms > instant_before(op->now, minutes(10)).ms;
    return op->settings->bus && young ? FAIL(ticket_on_its_way) : FAIL(no_such_ticket);
}

static err refuse_price(struct op *op, const char *field, money price)
{
    char text[MONEY_TEXT_MAX];
    int size = (int)money_write(price, text);
    return op_fail(op, STATUS_CONFLICT, field, "The price is now %.*s", size, text);
}

/* What the ticket alone says about buying it.  Whether it is reserved, the orders themselves know
 * best. */
static err check_ticket(struct op *op, const struct ticket_copy *ticket)
{
    if (uuid_equal(ticket->user_id, op->caller.user))
        return FAIL(own_ticket);
    if (ticket->status == TICKET_SOLD)
        return FAIL(ticket_sold);
    if (ticket->status == TICKET_WITHDRAWN)
        return FAIL(ticket_withdrawn);
    if (ticket->starts_at.ms != 0 && ticket->starts_at.ms <= op->now.ms)
        return FAIL(event_begun);
    return OK;
}

/* An overdue order gives way to the next buyer, whether or not its timer has gone off. */
static err make_way(struct op *op, uuid ticket_id)
{
    struct order rival;
    err found = order_find_live(op, ticket_id, &rival);
    if (err_is(found, STATUS_NOT_FOUND))
        return OK;
    TRY(found);
    if (rival.status == PHASE_COMPLETED)
        return FAIL(ticket_sold);
    if (!order_is_overdue(&rival, op->now) || order_apply(&rival, ORDER_EXPIRE) != ORDER_MOVED)
        return FAIL(ticket_reserved);
    return order_save_cancelled(op, &rival, CANCEL_EXPIRED);
}

/* Nobody locks everything for nothing, nor one ticket for ever. */
static err check_buyer(struct op *op, uuid ticket_id)
{
    instant hour_ago = instant_before(op->now, hours(1));
    instant lock_ago = instant_before(op->now, op->settings->reservation);
    struct buyer_activity activity = {
        .user_id = op->caller.user,
        .ticket_id = ticket_id,
        .since = uuid_since(hour_ago.ms < lock_ago.ms ? hour_ago : lock_ago),
        .relocks_since = hour_ago,
    };
    TRY(buyer_find(op, &activity));
    if (activity.live >= op->settings->live_orders_max)
        return FAIL(too_many_orders);
    if (activity.relocks >= op->settings->relocks_max)
        return FAIL(too_many_relocks);
    return OK;
}

static struct order new_order(struct op *op, const struct ticket_copy *ticket)
{
    return (struct order){
        .id = op_new_id(op),
        .user_id = op->caller.user,
        .seller_id = ticket->user_id,
        .ticket = {
            .id = ticket->id,
            .title = ticket->title,
            .price = ticket->price,
            .version = ticket->version,
        },
        .status = PHASE_CREATED,
        .price = ticket->price,
        .currency = ticket->currency,
        .expires_at = instant_after(op->now, op->settings->reservation),
        .created_at = op->now,
        .updated_at = op->now,
    };
}

/* POST /api/orders: locks a ticket for its buyer. */
static err create_order(struct op *op, const struct request *request, struct response *response)
{
    struct order_form form;
    TRY(read_json(op, request, order_form_fields, &form, NULL));

    struct ticket_copy ticket;
    err found = ticket_find(op, form.ticket_id, &ticket);
    if (err_is(found, STATUS_NOT_FOUND))
        return ticket_unknown(op, form.ticket_id);
    TRY(found);
    TRY(check_ticket(op, &ticket));
    TRY(make_way(op, ticket.id));
    if (form.max_price.minor != 0 && ticket.price.minor > form.max_price.minor)
        return refuse_price(op, "maxPrice", ticket.price);
    TRY(check_buyer(op, ticket.id));

    struct order order = new_order(op, &ticket);
    TRY_OR(order_insert(op, &order), STATUS_CONFLICT, ticket_reserved);
    struct order_state state = order_state_of(&order);
    TRY(emit_order_created(op, &state));
    return reply_later(op, response, order.id);
}

static err refused_order(struct op *op, const struct order *order)
{
    if (order->cancel_reason != CANCEL_PRICE_CHANGED)
        return FAIL(ticket_reserved);
    struct ticket_copy ticket;
    TRY(ticket_find(op, order->ticket.id, &ticket));
    return refuse_price(op, "ticketId", ticket.price);
}

/* The answer to POST /api/orders, once the tickets service has confirmed the lock, or refused it.
 */
static err answer_order(struct op *op, const struct request *request, struct response *response)
{
    (void)request;
    struct order order;
    TRY(order_find(op, response->wait.subject, &order));
    if (order.status == PHASE_CREATED && !response->wait.late)
        return reply_later(op, response, order.id);
    if (order.status == PHASE_CANCELLED)
        return refused_order(op, &order);
    reply_location(op, response, "/api/orders/", order.id);
    return reply_json(op, response, STATUS_CREATED, order_view_fields, &order);
}

/* GET /api/orders: the caller's, newest first. */
static err list_orders(struct op *op, const struct request *request, struct response *response)
{
    struct page page;
    TRY(read_page(op, request, S("orders"), &page));
    struct rows rows;
    uuid before = page.after ? page.id : (uuid){ { 0 } };
    TRY(order_list(op, op->caller.user, before, (size_t)page.limit + 1, &rows));
    if (rows.count > (size_t)page.limit) {
        rows.count = (size_t)page.limit;
        const struct order *orders = rows.items;
        page_next(op, request, response, S("orders"), 0, orders[rows.count - 1].id);
    }
    return reply_rows(op, response, order_view_fields, sizeof(struct order), &rows);
}

static err find_own_order(struct op *op, const struct request *request, struct order *ret_order)
{
    uuid id;
    struct order order;
    TRY(read_id(request, 0, &id));
    TRY(order_find(op, id, &order));
    if (!uuid_equal(order.user_id, op->caller.user))
        return FAIL(problem_forbidden);
    *ret_order = order;
    return OK;
}

/* GET /api/orders/:id */
static err show_order(struct op *op, const struct request *request, struct response *response)
{
    struct order order;
    TRY(find_own_order(op, request, &order));
    return reply_json(op, response, STATUS_OK, order_view_fields, &order);
}

/* DELETE /api/orders/:id: the buyer lets the ticket go. */
static err cancel_order(struct op *op, const struct request *request, struct response *response)
{
    struct order order;
    TRY(find_own_order(op, request, &order));
    enum order_phase before = order.status;
    switch (order_apply(&order, ORDER_CANCEL)) {
    case ORDER_REFUSED:
        return before == PHASE_COMPLETED ? FAIL(order_paid) : FAIL(order_being_paid);
    case ORDER_MOVED:
        TRY(order_save_cancelled(op, &order, CANCEL_USER));
        break;
    case ORDER_KEPT:
    case ORDER_UNDECIDED:
        break;
    }
    return reply_nothing(response, STATUS_NO_CONTENT);
}

static const struct route routes[] = {
    { POST, "/api/orders", SIGNED_IN, .handle = create_order, .answer = answer_order },
    { GET, "/api/orders", SIGNED_IN, .handle = list_orders },
    { GET, "/api/orders/:id", SIGNED_IN, .handle = show_order },
    { DELETE, "/api/orders/:id", SIGNED_IN, .handle = cancel_order },
    ROUTES_END,
};

/* ---- events ---- */

/* Applies a command that ends the order, if it is not too late for it. */
static err end_order(struct op *op, uuid id, enum order_command command, enum cancel_reason reason)
{
    struct order order;
    TRY(order_find(op, id, &order));
    if (order_apply(&order, command) != ORDER_MOVED)
        return OK;
    return order_save_cancelled(op, &order, reason);
}

/* The tickets service holds the ticket for this order. */
static err confirm_order(struct op *op, uuid id)
{
    struct order order;
    TRY(order_find(op, id, &order));
    if (order_apply(&order, ORDER_CONFIRM) != ORDER_MOVED)
        return OK; /* cancelled meanwhile: its OrderCancelled gives the ticket back */
    return order_save(op, &order);
}

/* TicketCreated, TicketUpdated: our copy; and the lock of an order that asked for one. */
static err hear_ticket(struct op *op, const struct ticket_state *ticket)
{
    struct ticket_copy copy = {
        .id = ticket->id,
        .version = ticket->version,
        .user_id = ticket->user_id,
        .title = ticket->title,
        .price = ticket->price,
        .currency = ticket->currency,
        .starts_at = ticket->starts_at,
        .status = ticket->status,
    };
    TRY(ticket_keep(op, &copy));
    return ticket->status == TICKET_RESERVED ? confirm_order(op, ticket->order_id) : OK;
}

/* ReservationRefused: the ticket is gone, or costs something else by now. */
static err hear_refusal(struct op *op, const struct reservation_refusal *refusal)
{
    return end_order(op, refusal->order_id, ORDER_REFUSE, refusal->reason);
}

/* OrderExpired: the expiration service says so, but the order's own deadline decides. */
static err hear_deadline(struct op *op, const struct order_deadline *deadline)
{
    struct order order;
    TRY(order_find(op, deadline->order_id, &order));
    if (!order_is_overdue(&order, op->now))
        return OK;
    return end_order(op, order.id, ORDER_EXPIRE, CANCEL_EXPIRED);
}

/* A payment is authorized: this transaction decides whether it buys the ticket.  Before the
 * deadline the order is committed to it; after, the order expires here and now, and the
 * authorization is voided. */
static err decide(struct op *op, const struct charge_state *charge)
{
    struct order order;
    TRY(order_find(op, charge->order_id, &order));
    if (order_is_overdue(&order, op->now))
        return end_order(op, order.id, ORDER_EXPIRE, CANCEL_EXPIRED);
    if (order_apply(&order, ORDER_CLAIM) != ORDER_MOVED)
        return OK;
    assert(order.price.minor == charge->amount.minor);
    order.charge_id = charge->id;
    return order_save(op, &order);
}

static err complete(struct op *op, const struct charge_state *charge)
{
    struct order order;
    TRY(order_find(op, charge->order_id, &order));
    if (order_apply(&order, ORDER_PAY) != ORDER_MOVED)
        return OK;
    assert(uuid_equal(order.charge_id, charge->id));
    return order_save(op, &order);
}

/* A payment failed, and its order with it, unless that is committed to another one. */
static err fail(struct op *op, const struct charge_state *charge)
{
    struct order order;
    TRY(order_find(op, charge->order_id, &order));
    if (!uuid_is_absent(order.charge_id) && !uuid_equal(order.charge_id, charge->id))
        return OK;
    return end_order(op, order.id, ORDER_FAIL, CANCEL_PAYMENT_FAILED);
}

/* ChargeCreated, ChargeUpdated: a payment asks for a decision, succeeded or failed. */
static err hear_charge(struct op *op, const struct charge_state *charge)
{
    switch (charge->status) {
    case CHARGE_CREATED:
        return charge->authorized ? decide(op, charge) : OK;
    case CHARGE_COMPLETED:
        return complete(op, charge);
    case CHARGE_FAILED:
        return charge->rejected ? OK : fail(op, charge);
    case CHARGE_STATUSES:
        break;
    }
    assert(!"a charge has a status");
    return OK;
}

static const struct subscription subscriptions[] = {
    ON(ticket_created, hear_ticket),
    ON(ticket_updated, hear_ticket),
    ON(reservation_refused, hear_refusal),
    ON(order_expired, hear_deadline),
    ON(charge_created, hear_charge),
    ON(charge_updated, hear_charge),
    SUBSCRIPTIONS_END,
};

/* ---- duties ---- */

/* Each order tells several events, and an operation tells at most EVENTS_PER_OPERATION_MAX. */
#define SWEEP_BATCH        10
#define SWEEP_EVERY_MS     250
#define TIMERS_GO_FIRST_MS 500 /* with SWEEP_EVERY_MS, well below the second that is promised */

/* Whatever becomes of the timers, an overdue order ends within a second; but they go first, so that
 * OrderExpired is told of whatever expires while they work. */
static err expire_overdue(struct op *op, bool *ret_more)
{
    struct rows rows;
    instant overdue_since = instant_before(op->now, (duration){ TIMERS_GO_FIRST_MS });
    TRY(order_list_overdue(op, overdue_since, SWEEP_BATCH, &rows));
    struct order *orders = rows.items;
    for (size_t i = 0; i < rows.count; i++) {
        if (order_apply(&orders[i], ORDER_EXPIRE) == ORDER_MOVED)
            TRY(order_save_cancelled(op, &orders[i], CANCEL_EXPIRED));
    }
    *ret_more = rows.count == SWEEP_BATCH;
    return OK;
}

static const struct duty duties[] = {
    { "expire overdue orders", { SWEEP_EVERY_MS }, expire_overdue },
    { .name = NULL },
};

/* ---- the service ---- */

extern const struct migration orders_migrations[];

const struct service orders_service = {
    .name = "orders",
    .migrations = orders_migrations,
    .queries = order_queries,
    .routes = routes,
    .subscriptions = subscriptions,
    .duties = duties,
};
