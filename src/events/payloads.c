/* The field tables of the payloads, and how their enums are spelled. */
#include "events/events.h"

const char *const ticket_status_names[] = { "available", "reserved", "sold", "withdrawn", NULL };
const char *const ticket_category_names[] = { "other",  "concert",  "sports", "theatre",
                                              "comedy", "festival", NULL };
const char *const cancel_reason_names[] = {
    "none",     "user", "expired", "paymentFailed", "priceChanged", "ticketUnavailable",
    "refunded", NULL,
};
const char *const order_status_names[] = { "created", "awaitingPayment", "completed", "cancelled",
                                           NULL };
const char *const charge_status_names[] = { "created", "completed", "failed", NULL };

static const struct field user_state_fields[] = {
    FIELD(struct user_state, id),
    FIELD(struct user_state, version),
    FIELD(struct user_state, email),
    FIELD_OPT(struct user_state, name),
    FIELDS_END,
};

static const struct field session_end_fields[] = {
    FIELD(struct session_end, session_id),
    FIELD(struct session_end, version),
    FIELD(struct session_end, user_id),
    FIELD(struct session_end, expires_at),
    FIELDS_END,
};

static const struct field ticket_state_fields[] = {
    FIELD(struct ticket_state, id),
    FIELD(struct ticket_state, version),
    FIELD(struct ticket_state, user_id),
    FIELD(struct ticket_state, title),
    FIELD(struct ticket_state, description),
    FIELD(struct ticket_state, price),
    FIELD(struct ticket_state, currency),
    FIELD_ENUM(struct ticket_state, category, ticket_category_names),
    FIELD_OPT(struct ticket_state, venue),
    FIELD_OPT(struct ticket_state, starts_at),
    FIELD_OPT(struct ticket_state, seat),
    FIELD_OPT(struct ticket_state, face_value),
    FIELD_ENUM(struct ticket_state, status, ticket_status_names),
    FIELD_OPT(struct ticket_state, order_id),
    FIELD(struct ticket_state, created_at),
    FIELD(struct ticket_state, updated_at),
    FIELDS_END,
};

static const struct field reservation_refusal_fields[] = {
    FIELD(struct reservation_refusal, order_id),
    FIELD(struct reservation_refusal, version),
    FIELD(struct reservation_refusal, ticket_id),
    FIELD_ENUM(struct reservation_refusal, reason, cancel_reason_names),
    FIELD(struct reservation_refusal, price),
    FIELDS_END,
};

const struct field agreed_ticket_fields[] = {
    FIELD(struct agreed_ticket, id),
    FIELD(struct agreed_ticket, title),
    FIELD(struct agreed_ticket, price),
    FIELD(struct agreed_ticket, version),
    FIELDS_END,
};

static const struct field order_state_fields[] = {
    FIELD(struct order_state, id),
    FIELD(struct order_state, version),
    FIELD(struct order_state, user_id),
    FIELD(struct order_state, seller_id),
    FIELD_ENUM(struct order_state, status, order_status_names),
    FIELD_ENUM_OPT(struct order_state, cancel_reason, cancel_reason_names),
    FIELD(struct order_state, price),
    FIELD(struct order_state, currency),
    FIELD(struct order_state, expires_at),
    FIELD_RECORD(struct order_state, ticket, agreed_ticket_fields),
    FIELD_OPT(struct order_state, charge_id),
    FIELD(struct order_state, created_at),
    FIELDS_END,
};

static const struct field order_deadline_fields[] = {
    FIELD(struct order_deadline, order_id),
    FIELD(struct order_deadline, version),
    FIELD(struct order_deadline, expires_at),
    FIELDS_END,
};

static const struct field charge_state_fields[] = {
    FIELD(struct charge_state, id),
    FIELD(struct charge_state, version),
    FIELD(struct charge_state, order_id),
    FIELD(struct charge_state, user_id),
    FIELD_ENUM(struct charge_state, status, charge_status_names),
    FIELD(struct charge_state, authorized),
    FIELD(struct charge_state, rejected),
    FIELD(struct charge_state, amount),
    FIELD(struct charge_state, currency),
    FIELD_OPT(struct charge_state, stripe_id),
    FIELD_OPT(struct charge_state, stripe_refund_id),
    FIELD_OPT(struct charge_state, failure_code),
    FIELD_OPT(struct charge_state, failure_message),
    FIELD(struct charge_state, created_at),
    FIELDS_END,
};

const struct event_kind event_kinds[EVENT_TYPES] = {
#define EVENT(name, payload, type, aggregate, source) \
    { type, aggregate, source, payload##_fields, sizeof(struct payload) },
#include "events/events.def"
#undef EVENT
};

/* Listeners read subject and version off any payload, so each must begin with them. */
#define BEGINS_WITH_HEAD(payload, subject_)                                                       \
    _Static_assert(offsetof(struct payload, subject_) == 0 &&                                     \
                       offsetof(struct payload, version) == offsetof(struct event_head, version), \
                   #payload " begins with its id and version")

BEGINS_WITH_HEAD(user_state, id);
BEGINS_WITH_HEAD(session_end, session_id);
BEGINS_WITH_HEAD(ticket_state, id);
BEGINS_WITH_HEAD(reservation_refusal, order_id);
BEGINS_WITH_HEAD(order_state, id);
BEGINS_WITH_HEAD(order_deadline, order_id);
BEGINS_WITH_HEAD(charge_state, id);
