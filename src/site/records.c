#include "site/records.h"

#include "base/json.h"

static const char *const ticket_state_names[] = { "available", "reserved", "sold", "withdrawn",
                                                  NULL };
const char *const category_names[] = { "other",  "concert",  "sports", "theatre",
                                       "comedy", "festival", NULL };

const struct field shown_ticket_fields[] = {
    FIELD(struct ticket, id),
    FIELD(struct ticket, title),
    FIELD_OPT(struct ticket, description),
    FIELD(struct ticket, price),
    FIELD(struct ticket, currency),
    FIELD_ENUM(struct ticket, category, category_names),
    FIELD_OPT(struct ticket, venue),
    FIELD_OPT(struct ticket, starts_at),
    FIELD_OPT(struct ticket, seat),
    FIELD_OPT(struct ticket, face_value),
    FIELD_ENUM(struct ticket, status, ticket_state_names),
    FIELD(struct ticket, user_id),
    FIELD_OPT(struct ticket, order_id),
    FIELD(struct ticket, version),
    FIELD(struct ticket, created_at),
    FIELD(struct ticket, updated_at),
    FIELDS_END,
};

static const struct field agreed_ticket_fields[] = {
    FIELD(struct agreed_ticket, id),
    FIELD(struct agreed_ticket, title),
    FIELD(struct agreed_ticket, price),
    FIELDS_END,
};

static const char *const order_state_names[] = { "created", "awaitingPayment", "completed",
                                                 "cancelled", NULL };
static const char *const reason_names[] = {
    "none",     "user", "expired", "paymentFailed", "priceChanged", "ticketUnavailable",
    "refunded", NULL,
};

const struct field shown_order_fields[] = {
    FIELD(struct order, id),
    FIELD_ENUM(struct order, status, order_state_names),
    FIELD_ENUM_OPT(struct order, cancel_reason, reason_names),
    FIELD(struct order, price),
    FIELD(struct order, currency),
    FIELD(struct order, expires_at),
    FIELD_RECORD(struct order, ticket, agreed_ticket_fields),
    FIELD(struct order, created_at),
    FIELDS_END,
};

static const char *const charge_state_names[] = { "created", "completed", "failed", NULL };

const struct field shown_charge_fields[] = {
    FIELD(struct charge, id),
    FIELD(struct charge, order_id),
    FIELD_ENUM(struct charge, status, charge_state_names),
    FIELD(struct charge, amount),
    FIELD(struct charge, currency),
    FIELD_OPT(struct charge, stripe_id),
    FIELD_OPT(struct charge, stripe_refund_id),
    FIELD_OPT(struct charge, failure_message),
    FIELD(struct charge, created_at),
    FIELDS_END,
};

const struct field shown_user_fields[] = {
    FIELD(struct user, id),
    FIELD(struct user, email),
    FIELD_OPT(struct user, name),
    FIELD_OPT(struct user, phone),
    FIELDS_END,
};

const struct field shown_complaint_fields[] = {
    FIELD(struct complaint, message),
    FIELD_OPT(struct complaint, field),
    FIELDS_END,
};

bool read_record(struct arena *arena, str body, const struct field *fields, void *record)
{
    return json_read_record(arena, body, JSON_CAMEL, fields, record).problem == NULL;
}

struct list {
    struct rows items;
};

/* What reads JSON wants an object at the top. */
bool read_list(struct arena *arena, str body, const struct field *fields, size_t size,
               struct rows *ret_rows)
{
    const struct field list_fields[] = {
        { .name = "items",
          .kind = FIELD_KIND_LIST,
          .offset = offsetof(struct list, items),
          .fields = fields,
          .size = size },
        FIELDS_END,
    };
    struct list list;
    struct buf object = buf_in(arena, body.size + 16);
    buf_add(&object, S("{\"items\":"));
    buf_add(&object, body);
    buf_add_char(&object, '}');
    if (!read_record(arena, buf_str(&object), list_fields, &list))
        return false;
    *ret_rows = list.items;
    return true;
}
