/* An order: one buyer's claim on one ticket, for a short time, and then for good. */
#ifndef SERVICES_ORDERS_ORDER_H
#define SERVICES_ORDERS_ORDER_H

#include "events/payloads.h"

/* As the published order_status, but for a phase that is nobody else's business. */
enum order_phase {
    PHASE_CREATED,          /* asked for; the ticket's lock is not confirmed yet */
    PHASE_AWAITING_PAYMENT, /* the ticket is locked for it */
    PHASE_CAPTURING,        /* decided: this payment gets the ticket; neither expires nor cancels */
    PHASE_COMPLETED,
    PHASE_CANCELLED,
    ORDER_PHASES
};

enum order_command {
    ORDER_CONFIRM, /* the ticket is locked for it */
    ORDER_REFUSE,  /* the ticket is not to be had */
    ORDER_CANCEL,  /* the buyer does not want it any more */
    ORDER_EXPIRE,  /* its time is up */
    ORDER_CLAIM,   /* a payment is authorized and asks whether to capture */
    ORDER_PAY,     /* the payment is captured */
    ORDER_FAIL,    /* the payment is declined, or could not be captured */
    ORDER_REFUND,  /* the money is given back */
    ORDER_COMMANDS
};

enum order_outcome { ORDER_UNDECIDED, ORDER_MOVED, ORDER_KEPT, ORDER_REFUSED };

struct order {
    uuid id;
    int64_t version;
    uuid user_id;
    uuid seller_id;
    struct agreed_ticket ticket; /* as agreed; the seller's edits never reach it */
    enum order_phase status;
    enum cancel_reason cancel_reason;
    money price;
    str currency;
    instant expires_at;
    uuid charge_id; /* the payment it is committed to, from PHASE_CAPTURING on */
    instant created_at;
    instant updated_at;
};

extern const struct field order_fields[];      /* the row */
extern const struct field order_view_fields[]; /* what the API shows */

/* Applies a command to the phase alone.  A repeated command is KEPT or REFUSED, never MOVED, so
 * that events may arrive twice. */
enum order_outcome order_apply(struct order *order, enum order_command command);

/* Whether its time is up and it may still expire. */
bool order_is_overdue(const struct order *order, instant now);

/* What others are told of it. */
struct order_state order_state_of(const struct order *order);

#endif
