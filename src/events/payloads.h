/* What the events say: the language that the services share, and the only one.
 *
 * Each payload is the full state of its aggregate and begins with its id and version, so that a
 * listener can tell old from new: newer wins, older and equal are ignored, gaps do not matter.
 * These structs are apart from the services' own records on purpose: a column may change, the
 * published language may only grow. */
#ifndef EVENTS_PAYLOADS_H
#define EVENTS_PAYLOADS_H

#include "base/base.h"

/* How every payload begins, whatever the members are called. */
struct event_head {
    uuid subject;
    int64_t version;
};

struct user_state {
    uuid id;
    int64_t version;
    str email;
    str name; /* optional */
};

struct session_end {
    uuid session_id;
    int64_t version;
    uuid user_id;
    instant expires_at; /* of the token: after that the revocation can be forgotten */
};

enum ticket_status {
    TICKET_AVAILABLE,
    TICKET_RESERVED,
    TICKET_SOLD,
    TICKET_WITHDRAWN,
    TICKET_STATUSES
};
extern const char *const ticket_status_names[];

enum ticket_category {
    CATEGORY_OTHER,
    CATEGORY_CONCERT,
    CATEGORY_SPORTS,
    CATEGORY_THEATRE,
    CATEGORY_COMEDY,
    CATEGORY_FESTIVAL,
    TICKET_CATEGORIES
};
extern const char *const ticket_category_names[];

struct ticket_state {
    uuid id;
    int64_t version;
    uuid user_id; /* the seller */
    str title;
    str description;
    money price;
    str currency;
    enum ticket_category category;
    str venue;         /* optional */
    instant starts_at; /* optional */
    str seat;          /* optional */
    money face_value;  /* optional */
    enum ticket_status status;
    uuid order_id; /* reserved and sold: by which order */
    instant created_at;
    instant updated_at;
};

/* Why an order ended without a sale, or a lock was refused. */
enum cancel_reason {
    CANCEL_NONE,
    CANCEL_USER,
    CANCEL_EXPIRED,
    CANCEL_PAYMENT_FAILED,
    CANCEL_PRICE_CHANGED,
    CANCEL_TICKET_UNAVAILABLE,
    CANCEL_REFUNDED,
    CANCEL_REASONS
};
extern const char *const cancel_reason_names[];

/* The tickets service does not give an order its ticket. */
struct reservation_refusal {
    uuid order_id;
    int64_t version; /* of the ticket */
    uuid ticket_id;
    enum cancel_reason reason; /* priceChanged or ticketUnavailable */
    money price;               /* what the ticket costs now */
};

enum order_status {
    ORDER_CREATED,          /* asked for */
    ORDER_AWAITING_PAYMENT, /* the ticket is locked */
    ORDER_COMPLETED,
    ORDER_CANCELLED,
    ORDER_STATUSES
};
extern const char *const order_status_names[];

/* The ticket as agreed when it was ordered. */
struct agreed_ticket {
    uuid id;
    str title;
    money price;
    int64_t version;
};
extern const struct field agreed_ticket_fields[];

struct order_state {
    uuid id;
    int64_t version;
    uuid user_id; /* the buyer */
    uuid seller_id;
    enum order_status status;
    enum cancel_reason cancel_reason; /* only when cancelled */
    money price;
    str currency;
    instant expires_at;
    struct agreed_ticket ticket;
    uuid charge_id; /* the payment that the order is committed to, from the decision on; else absent
                     */
    instant created_at;
};

/* The order's time is up, says the expiration service. */
struct order_deadline {
    uuid order_id;
    int64_t version; /* counts the tellings: it is told until the order has ended */
    instant expires_at;
};

enum charge_status { CHARGE_CREATED, CHARGE_COMPLETED, CHARGE_FAILED, CHARGE_STATUSES };
extern const char *const charge_status_names[];

struct charge_state {
    uuid id;
    int64_t version;
    uuid order_id;
    uuid user_id; /* the buyer */
    enum charge_status status;
    bool authorized; /* the money is held and waits for the order's decision */
    bool rejected;   /* failed, but not declined (a bad token, Stripe away): the order may be paid
                        again */
    money amount;
    str currency;
    str stripe_id;        /* optional */
    str stripe_refund_id; /* optional */
    str failure_code;     /* optional */
    str failure_message;  /* optional; fit for the buyer */
    instant created_at;
};

#endif
