/* The tickets service: lists what sellers offer and gives each ticket to one order at a time. */
#include "services/tickets/tickets.h"

#include "services/tickets/listing.h"
#include "services/tickets/ticket.h"

extern const struct migration tickets_migrations[];

/* ---- storage ---- */

static const struct query insert_ticket = {
    "insert into tickets (id, status, order_id, listed, version, updated_at, created_at, user_id,"
    " price, currency, category, starts_at, face_value, title, venue, seat, description, search)"
    " values ($id, $status, $order_id, $listed, $version, $updated_at, $created_at, $user_id,"
    " $price, $currency, $category, $starts_at, $face_value, $title, $venue, $seat, $description,"
    " $search)",
    .in = ticket_fields,
};

static const struct query find_ticket = {
    "select id, title, description, price, currency, category, venue, starts_at, seat, face_value,"
    " status, user_id, order_id, listed, version, created_at, updated_at"
    " from tickets where id = $id",
    .in = ticket_fields,
    .out = ticket_fields,
};

/* Three kinds of change, each with the columns that it changes and no others: SQLite rewrites every
 * index that holds a column which the statement names, even if its value stays. */

static const struct query update_description = {
    "update tickets set version = version + 1, updated_at = $updated_at, price = $price,"
    " category = $category, starts_at = $starts_at, face_value = $face_value, title = $title,"
    " venue = $venue, seat = $seat, description = $description, search = $search"
    " where id = $id and version = $version",
    .in = ticket_fields,
};

static const struct query update_lock = {
    "update tickets set version = version + 1, updated_at = $updated_at, status = $status,"
    " order_id = $order_id where id = $id and version = $version",
    .in = ticket_fields,
};

static const struct query update_end = {
    "update tickets set version = version + 1, updated_at = $updated_at, status = $status,"
    " order_id = $order_id, listed = $listed where id = $id and version = $version",
    .in = ticket_fields,
};

static err find(struct op *op, uuid id, struct ticket *ret_ticket)
{
    struct ticket key = { .id = id };
    return sql_one(op, &find_ticket, &key, ret_ticket);
}

/* Stores a change of the ticket and tells of it.  STALE if it changed since it was read. */
static err save(struct op *op, const struct query *update, struct ticket *ticket)
{
    ticket->updated_at = op->now;
    TRY(sql_run(op, update, ticket));
    ticket->version++;
    struct ticket_state told = ticket_told(ticket);
    return emit_ticket_updated(op, &told);
}

/* Stores a change of status. */
static err save_status(struct op *op, struct ticket *ticket)
{
    return save(op, ticket->listed ? &update_lock : &update_end, ticket);
}

/* ---- requests ---- */

static const uuid nobody = { { 0 } };

static err refuse_edit(enum ticket_status status)
{
    static const struct problem problems[TICKET_STATUSES] = {
        [TICKET_RESERVED] = { .status = STATUS_CONFLICT,
                              .message = "Cannot edit a reserved ticket" },
        [TICKET_SOLD] = { .status = STATUS_CONFLICT, .message = "Cannot edit a sold ticket" },
        [TICKET_WITHDRAWN] = { .status = STATUS_CONFLICT,
                               .message = "Cannot edit a withdrawn ticket" },
    };
    assert(problems[status].message != NULL);
    return FAIL(problems[status]);
}

static err refuse_withdrawal(enum ticket_status status)
{
    static const struct problem problems[TICKET_STATUSES] = {
        [TICKET_RESERVED] = { .status = STATUS_CONFLICT,
                              .message = "Cannot withdraw a reserved ticket" },
        [TICKET_SOLD] = { .status = STATUS_CONFLICT, .message = "Cannot withdraw a sold ticket" },
    };
    assert(problems[status].message != NULL);
    return FAIL(problems[status]);
}

static err read_listing(struct op *op, const struct request *request, struct listing *ret_listing)
{
    static const struct problem begun = {
        .status = STATUS_INVALID,
        .message = "The event must be in the future",
        .field = "startsAt",
    };
    *ret_listing = (struct listing){ 0 };
    TRY(read_json(op, request, listing_fields, ret_listing, NULL));
    if (ret_listing->starts_at.ms != 0 && ret_listing->starts_at.ms <= op->now.ms)
        return FAIL(begun);
    return OK;
}

static err reply_ticket(struct op *op, struct response *response, enum status status,
                        const struct ticket *ticket)
{
    return reply_json(op, response, status, ticket_json_fields, ticket);
}

/* POST /api/tickets: lists a ticket for sale. */
static err create_ticket(struct op *op, const struct request *request, struct response *response)
{
    struct listing listing;
    TRY(read_listing(op, request, &listing));

    struct ticket ticket = {
        .id = op_new_id(op),
        .user_id = op->caller.user,
        .currency = op->settings->currency,
        .status = TICKET_AVAILABLE,
        .listed = true,
        .created_at = op->now,
        .updated_at = op->now,
    };
    ticket_describe(op->arena, &ticket, &listing);
    TRY(sql_run(op, &insert_ticket, &ticket));
    struct ticket_state told = ticket_told(&ticket);
    TRY(emit_ticket_created(op, &told));

    reply_location(op, response, "/api/tickets", ticket.id);
    (void)reply_etag(op, request, response, ticket.version);
    return reply_ticket(op, response, STATUS_CREATED, &ticket);
}

/* GET /api/tickets/:id: one ticket, whatever its status. */
static err show_ticket(struct op *op, const struct request *request, struct response *response)
{
    uuid id;
    struct ticket ticket;
    TRY(read_id(request, 0, &id));
    TRY(find(op, id, &ticket));
    if (reply_etag(op, request, response, ticket.version))
        return OK;
    return reply_ticket(op, response, STATUS_OK, &ticket);
}

/* The caller's own ticket, which the request wants to change. */
static err find_own(struct op *op, const struct request *request, struct ticket *ret_ticket)
{
    uuid id;
    TRY(read_id(request, 0, &id));
    TRY(find(op, id, ret_ticket));
    if (!uuid_equal(ret_ticket->user_id, op->caller.user))
        return FAIL(problem_forbidden);
    return OK;
}

/* An If-Match that is none of our tags is wrong whatever the ticket is like. */
static err check_if_match_form(const struct request *request)
{
    err match = check_if_match(request, 0);
    return err_is(match, STATUS_INVALID) ? match : OK;
}

/* PUT /api/tickets/:id: describes it anew; what the body leaves out is gone. */
static err edit_ticket(struct op *op, const struct request *request, struct response *response)
{
    struct listing listing;
    struct ticket ticket;
    TRY(read_listing(op, request, &listing));
    TRY(check_if_match_form(request));
    TRY(find_own(op, request, &ticket));
    if (ticket_apply(&ticket, TICKET_EDIT, nobody) == TICKET_REFUSED)
        return refuse_edit(ticket.status);
    TRY(check_if_match(request, ticket.version));

    ticket_describe(op->arena, &ticket, &listing);
    TRY(save(op, &update_description, &ticket));
    (void)reply_etag(op, request, response, ticket.version);
    return reply_ticket(op, response, STATUS_OK, &ticket);
}

/* DELETE /api/tickets/:id: takes it off the market.  Once is enough; twice does no harm. */
static err withdraw_ticket(struct op *op, const struct request *request, struct response *response)
{
    struct ticket ticket;
    TRY(check_if_match_form(request));
    TRY(find_own(op, request, &ticket));
    switch (ticket_apply(&ticket, TICKET_WITHDRAW, nobody)) {
    case TICKET_REFUSED:
        return refuse_withdrawal(ticket.status);
    case TICKET_MOVED:
        TRY(check_if_match(request, ticket.version));
        TRY(save_status(op, &ticket));
        break;
    case TICKET_KEPT:
    case TICKET_UNDECIDED:
        break;
    }
    return reply_nothing(response, STATUS_NO_CONTENT);
}

static const struct route routes[] = {
    { GET, "/api/tickets/:id", ANYONE, show_ticket, .prepare = NULL },
    { GET, "/api/tickets", ANYONE, list_tickets, .prepare = NULL },
    { POST, "/api/tickets", SIGNED_IN, create_ticket, .prepare = NULL },
    { PUT, "/api/tickets/:id", SIGNED_IN, edit_ticket, .prepare = NULL },
    { DELETE, "/api/tickets/:id", SIGNED_IN, withdraw_ticket, .prepare = NULL },
    ROUTES_END,
};

/* ---- events ---- */

static err refuse_order(struct op *op, const struct order_state *order, const struct ticket *ticket,
                        enum cancel_reason reason)
{
    struct reservation_refusal refusal = {
        .order_id = order->id,
        .version = ticket->version,
        .ticket_id = order->ticket.id,
        .reason = reason,
        .price = ticket->price,
    };
    return emit_reservation_refused(op, &refusal);
}

/* OrderCreated: gives the order its ticket, if it is still to be had as the buyer saw it. */
static err reserve_for_order(struct op *op, const struct order_state *order)
{
    struct ticket ticket = { .id = order->ticket.id };
    err found = find(op, order->ticket.id, &ticket);
    if (err_is(found, STATUS_NOT_FOUND))
        return refuse_order(op, order, &ticket, CANCEL_TICKET_UNAVAILABLE);
    TRY(found);

    if (ticket_is_held_by(&ticket, order->id))
        return OK;
    if (order->expires_at.ms <= op->now.ms)
        return refuse_order(op, order, &ticket, CANCEL_TICKET_UNAVAILABLE);
    /* Only one order of a ticket lives at a time, so the other one has ended: over a bus, word of
     * that is on its way. */
    if (ticket.status == TICKET_RESERVED && op->settings->bus)
        return FAIL(problem_not_yet);
    enum cancel_reason refused = ticket_refuses(&ticket, order->ticket.price, op->now);
    if (refused != CANCEL_NONE)
        return refuse_order(op, order, &ticket, refused);

    enum ticket_outcome outcome = ticket_apply(&ticket, TICKET_RESERVE, order->id);
    assert(outcome == TICKET_MOVED);
    return save_status(op, &ticket);
}

/* What an order that ended, one way or the other, does to its ticket.  A refusal means that two
 * services disagree about money: nothing is written, and the event is set aside for a person. */
static err end_of_order(struct op *op, const struct order_state *order, enum ticket_command command)
{
    struct ticket ticket;
    TRY(find(op, order->ticket.id, &ticket));
    switch (ticket_apply(&ticket, command, order->id)) {
    case TICKET_MOVED:
        return save_status(op, &ticket);
    case TICKET_REFUSED:
        return FAIL(problem_conflict);
    case TICKET_KEPT:
    case TICKET_UNDECIDED:
        break;
    }
    return OK;
}

/* OrderCompleted: the ticket is sold. */
static err sell_to_order(struct op *op, const struct order_state *order)
{
    return end_of_order(op, order, TICKET_SELL);
}

/* OrderCancelled: the ticket is for sale again, or withdrawn if it had been paid for. */
static err release_from_order(struct op *op, const struct order_state *order)
{
    bool refunded = order->cancel_reason == CANCEL_REFUNDED;
    err ended = end_of_order(op, order, refunded ? TICKET_REFUND : TICKET_RELEASE);
    /* An order for a ticket that never was has nothing to give back. */
    return err_is(ended, STATUS_NOT_FOUND) ? OK : ended;
}

static const struct subscription subscriptions[] = {
    ON(order_created, reserve_for_order),
    ON(order_completed, sell_to_order),
    ON(order_cancelled, release_from_order),
    SUBSCRIPTIONS_END,
};

/* ---- the service ---- */

#define LISTS(scope)                                                     \
    &list_queries[scope][SORT_NEWEST], &list_queries[scope][SORT_PRICE], \
        &list_queries[scope][SORT_PRICE_DOWN], &list_queries[scope][SORT_STARTS_AT]

static const struct query *const queries[] = {
    &insert_ticket,      &find_ticket,        &update_description, &update_lock, &update_end,
    LISTS(SCOPE_MARKET), LISTS(SCOPE_SELLER), LISTS(SCOPE_ALL),    NULL,
};

const struct service tickets_service = {
    .name = "tickets",
    .migrations = tickets_migrations,
    .queries = queries,
    .routes = routes,
    .subscriptions = subscriptions,
};
