/* What the shop has told, event by event: each must follow from those before. */
#include "sim/sim.h"

struct told_ticket *ledger_ticket(struct world *world, uuid id)
{
    for (size_t i = world->ledger->ticket_count; i > 0; i--) {
        if (uuid_equal(world->ledger->tickets[i - 1].id, id))
            return &world->ledger->tickets[i - 1];
    }
    return NULL;
}

struct told_order *ledger_order(struct world *world, uuid id)
{
    for (size_t i = world->ledger->order_count; i > 0; i--) {
        if (uuid_equal(world->ledger->orders[i - 1].id, id))
            return &world->ledger->orders[i - 1];
    }
    return NULL;
}

struct told_charge *ledger_charge(struct world *world, uuid id)
{
    for (size_t i = world->ledger->charge_count; i > 0; i--) {
        if (uuid_equal(world->ledger->charges[i - 1].id, id))
            return &world->ledger->charges[i - 1];
    }
    return NULL;
}

bool order_is_live(const struct told_order *order)
{
    return order->status == ORDER_CREATED || order->status == ORDER_AWAITING_PAYMENT;
}

instant ledger_next_deadline(const struct world *world)
{
    const struct ledger *ledger = world->ledger;
    instant next = { 0 };
    for (size_t i = 0; i < ledger->order_count; i++) {
        const struct told_order *order = &ledger->orders[i];
        if (order_is_live(order) && uuid_is_absent(order->charge_id) &&
            (next.ms == 0 || order->expires_at.ms < next.ms))
            next = order->expires_at;
    }
    return next;
}

static uint64_t text_hash(str text)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325);
    for (size_t i = 0; i < text.size; i++)
        hash = (hash ^ (uint8_t)text.data[i]) * UINT64_C(0x100000001b3);
    return hash;
}

/* Every change tells exactly one event with its version. */
static bool follows(struct world *world, uuid id, int64_t before, int64_t version)
{
    if (version == before + 1)
        return true;
    broken(world, "P5: %s tells version %lld after %lld", name_of(world, id), (long long)version,
           (long long)before);
    return false;
}

/* ---- tickets ---- */

static void ticket_is_listed(struct world *world, const struct ticket_state *state)
{
    struct ledger *ledger = world->ledger;
    assert(ledger->ticket_count < TOLD_MAX);
    if (ledger_ticket(world, state->id) != NULL)
        broken(world, "P5: a ticket is told of as new twice");
    ledger->tickets[ledger->ticket_count++] = (struct told_ticket){
        .id = state->id,
        .price = state->price,
        .title = text_hash(state->title),
        .starts_at = state->starts_at,
        .user_id = state->user_id,
    };
    if (state->version != 0 || state->status != TICKET_AVAILABLE)
        broken(world, "P5: a new ticket is not what new ones are");
}

static void ticket_is_taken(struct world *world, const struct told_ticket *was,
                            const struct ticket_state *state)
{
    const char *ticket = name_of(world, was->id);
    const struct told_order *order = ledger_order(world, state->order_id);
    if (was->status != TICKET_AVAILABLE)
        broken(world, "P1: %s is reserved although it was not for sale", ticket);
    else if (order == NULL || !uuid_equal(order->ticket_id, was->id))
        broken(world, "P1: %s is reserved for no order of its own", ticket);
    else if (order->price.minor != was->price.minor)
        broken(world, "P6: %s is locked for %s at another price", ticket,
               name_of(world, order->id));
}

static void ticket_is_sold(struct world *world, struct told_ticket *was,
                           const struct ticket_state *state)
{
    const char *ticket = name_of(world, was->id);
    const struct told_order *order = ledger_order(world, state->order_id);
    if (was->sold_once)
        broken(world, "P1: %s is sold twice", ticket);
    else if (order == NULL || order->status != ORDER_COMPLETED)
        broken(world, "P1: %s is sold to an order that is not completed", ticket);
    else if (!uuid_equal(was->order_id, state->order_id))
        broken(world, "P1: %s is sold to one order while another has it", ticket);
    was->sold_once = true;
}

static void ticket_is_free(struct world *world, const struct told_ticket *was)
{
    const struct told_order *order = ledger_order(world, was->order_id);
    if (was->status == TICKET_SOLD)
        broken(world, "P1: %s is for sale again after it was sold", name_of(world, was->id));
    else if (was->status == TICKET_WITHDRAWN)
        broken(world, "%s is for sale again after it was withdrawn", name_of(world, was->id));
    else if (was->status == TICKET_RESERVED && (order == NULL || order->status != ORDER_CANCELLED))
        broken(world, "P1: %s is free although %s has not let go", name_of(world, was->id),
               name_of(world, was->order_id));
}

static void ticket_changes(struct world *world, const struct ticket_state *state)
{
    struct told_ticket *was = ledger_ticket(world, state->id);
    if (was == NULL) {
        broken(world, "P5: a ticket changes that was never listed");
        return;
    }
    if (!follows(world, state->id, was->version, state->version))
        return;
    bool edited = state->price.minor != was->price.minor || text_hash(state->title) != was->title;
    if (edited && (was->status != TICKET_AVAILABLE || state->status != TICKET_AVAILABLE))
        broken(world, "P6: %s is edited while it is not for sale", name_of(world, was->id));
    switch (state->status) {
    case TICKET_RESERVED:
        ticket_is_taken(world, was, state);
        break;
    case TICKET_SOLD:
        ticket_is_sold(world, was, state);
        break;
    case TICKET_AVAILABLE:
        ticket_is_free(world, was);
        break;
    case TICKET_WITHDRAWN:
        if (was->status != TICKET_AVAILABLE)
            broken(world, "%s is withdrawn from somebody", name_of(world, was->id));
        break;
    case TICKET_STATUSES:
        broken(world, "a ticket without a status");
        break;
    }
    was->version = state->version;
    was->status = state->status;
    was->price = state->price;
    was->title = text_hash(state->title);
    was->starts_at = state->starts_at;
    was->order_id = state->order_id;
}

/* ---- orders ---- */

static void check_rivals(struct world *world, const struct order_state *state)
{
    const struct ledger *ledger = world->ledger;
    for (size_t i = 0; i < ledger->order_count; i++) {
        const struct told_order *rival = &ledger->orders[i];
        if (uuid_equal(rival->ticket_id, state->ticket.id) && rival->status != ORDER_CANCELLED) {
            broken(world, "P1: %s has a second order while %s lives",
                   name_of(world, state->ticket.id), name_of(world, rival->id));
            return;
        }
    }
}

/* An Idempotency-Key, which the correlation is named after, makes one order at most. */
static void check_once(struct world *world, str correlation)
{
    const struct ledger *ledger = world->ledger;
    for (size_t i = 0; i < ledger->order_count; i++) {
        if (str_starts(correlation, S("key-")) &&
            str_equal(ledger->orders[i].correlation, correlation))
            broken(world, "one request with a key made two orders");
    }
}

/* Over a bus the word that it begins sooner may be on its way. */
static void check_begun(struct world *world, instant now, const struct order_state *state)
{
    const struct told_ticket *ticket = ledger_ticket(world, state->ticket.id);
    if (ticket != NULL && !world->luck.bus && ticket->starts_at.ms != 0 &&
        ticket->starts_at.ms <= now.ms)
        broken(world, "%s is ordered after its event began", name_of(world, ticket->id));
}

static void order_is_made(struct world *world, instant now, const struct event *event)
{
    const struct order_state *state = event->data;
    struct ledger *ledger = world->ledger;
    check_rivals(world, state);
    check_once(world, event->correlation);
    check_begun(world, now, state);
    if (state->version != 0 || state->status != ORDER_CREATED)
        broken(world, "P5: a new order is not what new ones are");
    if (state->price.minor != state->ticket.price.minor)
        broken(world, "P6: an order at another price than its ticket's");
    if (state->expires_at.ms != now.ms + world->settings.reservation.ms)
        broken(world, "P3: an order with another deadline than its reservation");
    assert(ledger->order_count < TOLD_MAX);
    ledger->orders[ledger->order_count++] = (struct told_order){
        .id = state->id,
        .ticket_id = state->ticket.id,
        .user_id = state->user_id,
        .status = ORDER_CREATED,
        .price = state->price,
        .expires_at = state->expires_at,
        .correlation = str_copy(&world->arena, event->correlation),
    };
}

static void check_end(struct world *world, instant now, const struct told_order *was,
                      const struct order_state *state)
{
    const char *order = name_of(world, was->id);
    bool decided = !uuid_is_absent(was->charge_id);
    if (state->cancel_reason == CANCEL_EXPIRED && now.ms < was->expires_at.ms)
        broken(world, "P3: %s expires before its deadline", order);
    if (was->said_paid)
        broken(world, "P2: %s is cancelled after its payment was confirmed", order);
    if (decided && state->cancel_reason != CANCEL_PAYMENT_FAILED)
        broken(world, "P2: %s is cancelled after its payment was decided", order);
    if (state->cancel_reason == CANCEL_NONE)
        broken(world, "%s is cancelled for no reason", order);
}

static void check_decision(struct world *world, instant now, const struct told_order *was,
                           const struct order_state *state)
{
    if (uuid_is_absent(state->charge_id) || !uuid_is_absent(was->charge_id)) {
        if (!uuid_equal(state->charge_id, was->charge_id))
            broken(world, "P2: %s changes its mind about its payment", name_of(world, was->id));
        return;
    }
    const struct told_charge *charge = ledger_charge(world, state->charge_id);
    if (now.ms >= was->expires_at.ms)
        broken(world, "P3: %s is given to a payment after its deadline", name_of(world, was->id));
    if (charge == NULL || !uuid_equal(charge->order_id, was->id))
        broken(world, "P2: %s is given to a payment of another", name_of(world, was->id));
    else if (charge->amount.minor != was->price.minor)
        broken(world, "P2: %s is paid at another price", name_of(world, was->id));
}

static void order_changes(struct world *world, instant now, enum event_type type,
                          const struct order_state *state)
{
    struct told_order *was = ledger_order(world, state->id);
    if (was == NULL) {
        broken(world, "P5: an order changes that was never made");
        return;
    }
    if (!follows(world, state->id, was->version, state->version))
        return;
    if (!order_is_live(was))
        broken(world, "P5: %s changes after its end", name_of(world, was->id));
    if (state->price.minor != was->price.minor)
        broken(world, "P6: the price of %s changes", name_of(world, was->id));
    if (state->expires_at.ms != was->expires_at.ms)
        broken(world, "P3: the deadline of %s changes", name_of(world, was->id));
    if ((type == EVENT_order_completed) != (state->status == ORDER_COMPLETED) ||
        (type == EVENT_order_cancelled) != (state->status == ORDER_CANCELLED))
        broken(world, "P5: %s tells one thing and is another", name_of(world, was->id));
    if (state->status == ORDER_CANCELLED)
        check_end(world, now, was, state);
    else
        check_decision(world, now, was, state);
    was->version = state->version;
    was->status = state->status;
    was->reason = state->cancel_reason;
    was->charge_id = state->charge_id;
}

/* ---- charges ---- */

static void charge_begins(struct world *world, const struct charge_state *state)
{
    struct ledger *ledger = world->ledger;
    const struct told_order *order = ledger_order(world, state->order_id);
    for (size_t i = 0; i < ledger->charge_count; i++) {
        if (uuid_equal(ledger->charges[i].order_id, state->order_id) &&
            !ledger->charges[i].rejected)
            broken(world, "P2: %s has a second payment", name_of(world, state->order_id));
    }
    if (order == NULL || order->price.minor != state->amount.minor)
        broken(world, "P2: a payment of another amount than its order's");
    if (state->version != 0)
        broken(world, "P5: a new payment is not what new ones are");
    assert(ledger->charge_count < TOLD_MAX);
    ledger->charges[ledger->charge_count++] = (struct told_charge){
        .id = state->id,
        .order_id = state->order_id,
        .amount = state->amount,
    };
}

static void charge_changes(struct world *world, const struct charge_state *state)
{
    struct told_charge *was = ledger_charge(world, state->id);
    if (was == NULL) {
        broken(world, "P5: a payment changes that never began");
        return;
    }
    if (!follows(world, state->id, was->version, state->version))
        return;
    const struct told_order *order = ledger_order(world, state->order_id);
    if (state->amount.minor != was->amount.minor)
        broken(world, "P2: the amount of %s changes", name_of(world, was->id));
    if (was->status == CHARGE_FAILED && state->status != CHARGE_FAILED)
        broken(world, "P2: %s fails and then does not", name_of(world, was->id));
    if (state->status == CHARGE_COMPLETED &&
        (order == NULL || !uuid_equal(order->charge_id, was->id)))
        broken(world, "P2: %s is completed, and its order never decided so",
               name_of(world, was->id));
    was->version = state->version;
    was->status = state->status;
    was->rejected = state->rejected;
}

/* ---- everything ---- */

static void expiry_is_told(struct world *world, instant now, const struct order_deadline *deadline)
{
    const struct told_order *order = ledger_order(world, deadline->order_id);
    if (order == NULL) {
        broken(world, "P3: the time is up of an order that never was");
        return;
    }
    int64_t *told = &world->ledger->expiry_tellings[order - world->ledger->orders];
    if (follows(world, deadline->order_id, *told, deadline->version))
        *told = deadline->version;
    if (now.ms < order->expires_at.ms)
        broken(world, "P3: %s is told of before its time is up", name_of(world, order->id));
}

static void learn(struct world *world, instant now, const struct event *event)
{
    switch (event->type) {
    case EVENT_ticket_created:
        ticket_is_listed(world, event->data);
        break;
    case EVENT_ticket_updated:
        ticket_changes(world, event->data);
        break;
    case EVENT_order_created:
        order_is_made(world, now, event);
        break;
    case EVENT_order_updated:
    case EVENT_order_completed:
    case EVENT_order_cancelled:
        order_changes(world, now, event->type, event->data);
        break;
    case EVENT_charge_created:
        charge_begins(world, event->data);
        break;
    case EVENT_charge_updated:
        charge_changes(world, event->data);
        break;
    case EVENT_order_expired:
        expiry_is_told(world, now, event->data);
        break;
    case EVENT_user_created:
    case EVENT_user_updated:
    case EVENT_session_revoked:
    case EVENT_reservation_refused:
    case EVENT_TYPES:
        break;
    }
}

void ledger_learn(struct node *node, instant now, const struct emitted *emitted)
{
    struct world *world = node->world;
    for (size_t i = 0; emitted != NULL && i < emitted->count; i++) {
        const struct event *event = &emitted->events[i];
        const struct event_head *head = event->data;
        learn(world, now, event);
        node->told_count++;
        if (event->type == EVENT_charge_created || event->type == EVENT_charge_updated)
            world->charged_at = world->now;
        tell(world, "    %s: %s %s v%lld", node->name, event_kinds[event->type].type,
             name_of(world, head->subject), (long long)head->version);
    }
}
