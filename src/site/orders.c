/* /orders, /orders/:id: what a buyer has locked, bought, or let go. */
#include "site/pages.h"

/* ---- the list ---- */

struct orders_page {
    struct frame frame;
    struct rows live; /* to be paid */
    struct rows past;
    bool any;
    str next_url; /* absent: this is the last page */
};

const struct field orders_page_fields[] = {
    FIELD_RECORD(struct orders_page, frame, frame_fields),
    FIELD_LIST(struct orders_page, live, struct order, shown_order_fields),
    FIELD_LIST(struct orders_page, past, struct order, shown_order_fields),
    FIELD(struct orders_page, any),
    FIELD_OPT(struct orders_page, next_url),
    FIELDS_END,
};

void plan_orders(struct op *op, const struct request *request, struct asks *asks)
{
    if (plan_begin(op, request, asks, SIGNED_IN_ONLY) && asks->count == 1)
        plan_get(asks, S("/api/orders"), paged_query(op, S(""), "50", cursor_asked(op, request)));
}

bool order_is_live(const struct order *order)
{
    return order->status == ORDER_CREATED || order->status == ORDER_AWAITING_PAYMENT;
}

err show_orders(struct op *op, const struct request *request, struct response *response)
{
    struct visit visit;
    struct rows orders;
    struct orders_page page = { .any = false };
    if (!visit_begin(&visit, op, request, response, SIGNED_IN_ONLY, (str){ NULL, 0 }))
        return OK;
    const struct response *answer = visit_answer(&visit, 1);
    if (!visit_got(&visit, 1) ||
        !read_list(op->arena, answer->body, shown_order_fields, sizeof(struct order), &orders))
        return visit_refuse(&visit, answer);
    page.live.items = ARENA_ARRAY(op->arena, struct order, orders.count);
    page.past.items = ARENA_ARRAY(op->arena, struct order, orders.count);
    const struct order *list = orders.items;
    for (size_t i = 0; i < orders.count; i++) {
        struct rows *shelf = order_is_live(&list[i]) ? &page.live : &page.past;
        ((struct order *)shelf->items)[shelf->count++] = list[i];
    }
    page.any = orders.count > 0;
    page.next_url = page_url(op, "/orders", S(""), cursor_next(op, answer));
    return visit_show(&visit, &orders_template, orders_page_fields, &page, STATUS_OK);
}

/* ---- one ---- */

struct order_page {
    struct frame frame;
    struct order order;
    struct charge charge; /* all zero if there is none */
    bool charged;
    bool live;    /* may be paid or cancelled */
    bool paying;  /* a payment is under way */
    bool overdue; /* its time is up; the shop is about to notice */
    int64_t minutes_left;
};

const struct field order_page_fields[] = {
    FIELD_RECORD(struct order_page, frame, frame_fields),
    FIELD_RECORD(struct order_page, order, shown_order_fields),
    FIELD_RECORD_OPT(struct order_page, charge, shown_charge_fields),
    FIELD(struct order_page, charged),
    FIELD(struct order_page, live),
    FIELD(struct order_page, paying),
    FIELD(struct order_page, overdue),
    FIELD(struct order_page, minutes_left),
    FIELDS_END,
};

enum { ASK_ORDER = 1, ASK_CHARGES = 2 };

void plan_order(struct op *op, const struct request *request, struct asks *asks)
{
    if (!plan_begin(op, request, asks, SIGNED_IN_ONLY) || asks->count > 1)
        return;
    plan_get(asks, api_path(op, "/api/orders/", request, 0), (str){ NULL, 0 });
    plan_get(asks, S("/api/payments"), S("limit=100"));
}

static bool find_charge(const struct visit *visit, uuid order_id, struct charge *ret_charge)
{
    struct rows charges;
    if (!visit_got(visit, ASK_CHARGES) ||
        !read_list(visit->op->arena, visit_answer(visit, ASK_CHARGES)->body, shown_charge_fields,
                   sizeof(struct charge), &charges))
        return false;
    const struct charge *list = charges.items;
    for (size_t i = 0; i < charges.count; i++) { /* the newest first */
        if (!uuid_equal(list[i].order_id, order_id))
            continue;
        *ret_charge = list[i];
        return true;
    }
    return false;
}

bool read_order(const struct visit *visit, size_t ask, struct order *ret_order)
{
    return visit_got(visit, ask) && read_record(visit->op->arena, visit_answer(visit, ask)->body,
                                                shown_order_fields, ret_order);
}

err show_order(struct op *op, const struct request *request, struct response *response)
{
    struct visit visit;
    struct order_page page = { .charged = false };
    if (!visit_begin(&visit, op, request, response, SIGNED_IN_ONLY, (str){ NULL, 0 }))
        return OK;
    if (!read_order(&visit, ASK_ORDER, &page.order))
        return visit_refuse(&visit, visit_answer(&visit, ASK_ORDER));
    page.charged = find_charge(&visit, page.order.id, &page.charge);
    int64_t left_ms = page.order.expires_at.ms - op->now.ms;
    page.live = order_is_live(&page.order);
    page.paying = page.live && page.charged && page.charge.status == CHARGE_CREATED;
    page.overdue = page.live && left_ms <= 0;
    page.minutes_left = left_ms > 0 ? (left_ms + 59999) / 60000 : 0;
    /* For those without JavaScript; a machine that waits is told to look again. */
    if (page.paying || page.overdue)
        response_add(response, "Refresh", S("3"));
    return visit_show(&visit, &order_template, order_page_fields, &page, STATUS_OK);
}

/* ---- letting it go ---- */

void plan_cancel(struct op *op, const struct request *request, struct asks *asks)
{
    if (plan_begin(op, request, asks, SIGNED_IN_ONLY) && asks->count == 1)
        plan_change(op, request, asks, DELETE, api_path(op, "/api/orders/", request, 0), "cancel");
}

err do_cancel(struct op *op, const struct request *request, struct response *response)
{
    struct visit visit;
    str back = path_with(op, "/orders/", request->params[0], "");
    if (!visit_begin(&visit, op, request, response, SIGNED_IN_ONLY, back))
        return OK;
    if (visit_got(&visit, 1))
        return visit_redirect(&visit, back, "cancelled");
    const struct response *answer = visit_answer(&visit, 1);
    return answer->status == STATUS_CONFLICT ? visit_redirect(&visit, back, "cannot_cancel")
                                             : visit_refuse(&visit, answer);
}
