/* The life of an order, and its field tables. */
#include "services/orders/order.h"

static const char *const phase_names[] = { "created",   "awaitingPayment", "capturing",
                                           "completed", "cancelled",       NULL };

/* To the buyer, an order whose payment is being captured still awaits it. */
static const char *const public_names[] = { "created",   "awaitingPayment", "awaitingPayment",
                                            "completed", "cancelled",       NULL };

const struct field order_fields[] = {
    FIELD(struct order, id),
    FIELD(struct order, version),
    FIELD(struct order, user_id),
    FIELD(struct order, seller_id),
    FIELD_RECORD(struct order, ticket, agreed_ticket_fields),
    FIELD_ENUM(struct order, status, phase_names),
    FIELD_ENUM_OPT(struct order, cancel_reason, cancel_reason_names),
    FIELD(struct order, price),
    FIELD(struct order, currency),
    FIELD(struct order, expires_at),
    FIELD_OPT(struct order, charge_id),
    FIELD(struct order, created_at),
    FIELD(struct order, updated_at),
    FIELDS_END,
};

const struct field order_view_fields[] = {
    FIELD(struct order, id),
    FIELD(struct order, user_id),
    FIELD_ENUM(struct order, status, public_names),
    FIELD_ENUM_OPT(struct order, cancel_reason, cancel_reason_names),
    FIELD(struct order, price),
    FIELD(struct order, currency),
    FIELD(struct order, expires_at),
    FIELD_RECORD(struct order, ticket, agreed_ticket_fields),
    FIELD(struct order, version),
    FIELD(struct order, created_at),
    FIELDS_END,
};

/* The life of an order.  Every cell is a decision; an empty one is a bug.
 *
 * A CLAIM that is REFUSED came too late, or never will be in time: payments hears that the order
 * was cancelled and voids the authorization.  No PAY can be REFUSED before its CLAIM was granted,
 * because nothing is captured before; if money is captured all the same (by hand, in Stripe's
 * dashboard), payments finds the order cancelled and refunds it. */

/* clang-format off */
#define TO(phase) { ORDER_MOVED,   (phase) }
#define KEEP      { ORDER_KEPT,    0 }
#define REFUSE    { ORDER_REFUSED, 0 }

static const struct {
    enum order_outcome outcome;
    enum order_phase next;
} life[ORDER_PHASES][ORDER_COMMANDS] = {
    [PHASE_CREATED] = {
        [ORDER_CONFIRM] = TO(PHASE_AWAITING_PAYMENT),
        [ORDER_REFUSE]  = TO(PHASE_CANCELLED),
        [ORDER_CANCEL]  = TO(PHASE_CANCELLED),
        [ORDER_EXPIRE]  = TO(PHASE_CANCELLED),
        [ORDER_CLAIM]   = REFUSE,
        [ORDER_PAY]     = REFUSE,
        [ORDER_FAIL]    = TO(PHASE_CANCELLED),
        [ORDER_REFUND]  = REFUSE,
    },
    [PHASE_AWAITING_PAYMENT] = {
        [ORDER_CONFIRM] = KEEP,
        [ORDER_REFUSE]  = KEEP,
        [ORDER_CANCEL]  = TO(PHASE_CANCELLED),
        [ORDER_EXPIRE]  = TO(PHASE_CANCELLED),
        [ORDER_CLAIM]   = TO(PHASE_CAPTURING),
        [ORDER_PAY]     = REFUSE,
        [ORDER_FAIL]    = TO(PHASE_CANCELLED),
        [ORDER_REFUND]  = REFUSE,
    },
    [PHASE_CAPTURING] = {
        [ORDER_CONFIRM] = KEEP,
        [ORDER_REFUSE]  = KEEP,
        [ORDER_CANCEL]  = REFUSE,
        [ORDER_EXPIRE]  = KEEP,
        [ORDER_CLAIM]   = KEEP,
        [ORDER_PAY]     = TO(PHASE_COMPLETED),
        [ORDER_FAIL]    = TO(PHASE_CANCELLED),
        [ORDER_REFUND]  = REFUSE,
    },
    [PHASE_COMPLETED] = {
        [ORDER_CONFIRM] = KEEP,
        [ORDER_REFUSE]  = KEEP,
        [ORDER_CANCEL]  = REFUSE,
        [ORDER_EXPIRE]  = KEEP,
        [ORDER_CLAIM]   = KEEP,
        [ORDER_PAY]     = KEEP,
        [ORDER_FAIL]    = REFUSE,
        [ORDER_REFUND]  = TO(PHASE_CANCELLED),
    },
    [PHASE_CANCELLED] = {
        [ORDER_CONFIRM] = KEEP,
        [ORDER_REFUSE]  = KEEP,
        [ORDER_CANCEL]  = KEEP,
        [ORDER_EXPIRE]  = KEEP,
        [ORDER_CLAIM]   = REFUSE,
        [ORDER_PAY]     = REFUSE,
        [ORDER_FAIL]    = KEEP,
        [ORDER_REFUND]  = KEEP,
    },
};
/* clang-format on */

enum order_outcome order_apply(struct order *order, enum order_command command)
{
    assert(order->status < ORDER_PHASES);
    assert(command < ORDER_COMMANDS);

    enum order_outcome outcome = life[order->status][command].outcome;
    assert(outcome != ORDER_UNDECIDED);

    if (outcome == ORDER_MOVED)
        order->status = life[order->status][command].next;
    return outcome;
}

bool order_is_overdue(const struct order *order, instant now)
{
    bool unpaid = order->status == PHASE_CREATED || order->status == PHASE_AWAITING_PAYMENT;
    return unpaid && now.ms >= order->expires_at.ms;
}

static enum order_status published_status(enum order_phase phase)
{
    switch (phase) {
    case PHASE_CREATED:
        return ORDER_CREATED;
    case PHASE_AWAITING_PAYMENT:
    case PHASE_CAPTURING:
        return ORDER_AWAITING_PAYMENT;
    case PHASE_COMPLETED:
        return ORDER_COMPLETED;
    case PHASE_CANCELLED:
    case ORDER_PHASES:
        break;
    }
    return ORDER_CANCELLED;
}

struct order_state order_state_of(const struct order *order)
{
    return (struct order_state){
        .id = order->id,
        .version = order->version,
        .user_id = order->user_id,
        .seller_id = order->seller_id,
        .status = published_status(order->status),
        .cancel_reason = order->cancel_reason,
        .price = order->price,
        .currency = order->currency,
        .expires_at = order->expires_at,
        .ticket = order->ticket,
        .charge_id = order->charge_id,
        .created_at = order->created_at,
    };
}
