/* What the API answers with, as far as pages show it.  The same tables read the JSON and fill the
 * templates. */
#ifndef SITE_RECORDS_H
#define SITE_RECORDS_H

#include "base/base.h"

enum ticket_state { TICKET_AVAILABLE, TICKET_RESERVED, TICKET_SOLD, TICKET_WITHDRAWN };
enum ticket_category { OTHER, CONCERT, SPORTS, THEATRE, COMEDY, FESTIVAL };
extern const char *const category_names[]; /* then NULL */

struct ticket {
    uuid id;
    str title;
    str description;
    money price;
    str currency;
    enum ticket_category category;
    str venue;
    instant starts_at;
    str seat;
    money face_value;
    enum ticket_state status;
    uuid user_id;
    uuid order_id;
    int64_t version;
    instant created_at;
    instant updated_at;
};
extern const struct field shown_ticket_fields[];

enum order_state { ORDER_CREATED, ORDER_AWAITING_PAYMENT, ORDER_COMPLETED, ORDER_CANCELLED };
enum order_reason {
    REASON_NONE,
    REASON_USER,
    REASON_EXPIRED,
    REASON_PAYMENT_FAILED,
    REASON_PRICE_CHANGED,
    REASON_UNAVAILABLE,
    REASON_REFUNDED
};

struct agreed_ticket {
    uuid id;
    str title;
    money price;
};

struct order {
    uuid id;
    enum order_state status;
    enum order_reason cancel_reason;
    money price;
    str currency;
    instant expires_at;
    struct agreed_ticket ticket;
    instant created_at;
};
extern const struct field shown_order_fields[];

enum charge_state { CHARGE_CREATED, CHARGE_COMPLETED, CHARGE_FAILED };

struct charge {
    uuid id;
    uuid order_id;
    enum charge_state status;
    money amount;
    str currency;
    str stripe_id;
    str stripe_refund_id;
    str failure_message;
    instant created_at;
};
extern const struct field shown_charge_fields[];

struct user {
    uuid id;
    str email;
    str name;
    str phone;
};
extern const struct field shown_user_fields[];

/* One of {"errors": […]}. */
struct complaint {
    str message;
    str field; /* absent: none */
};
extern const struct field shown_complaint_fields[];

/* A plain array of records.  False: it is none. */
bool read_list(struct arena *arena, str body, const struct field *fields, size_t size,
               struct rows *ret_rows);
bool read_record(struct arena *arena, str body, const struct field *fields, void *record);

#endif
