/* /selling: what a seller has listed, what is sold, and what that makes. */
#include "site/pages.h"

#define SHOWN_AT_A_TIME "100"

struct selling_page {
    struct frame frame;
    struct rows live; /* available or reserved */
    struct rows sold;
    struct rows withdrawn;
    int64_t live_count;
    int64_t sold_count;
    money earned; /* by those shown */
    str currency;
    bool any;
    str next_url; /* absent: this is the last page */
};

const struct field selling_page_fields[] = {
    FIELD_RECORD(struct selling_page, frame, frame_fields),
    FIELD_LIST(struct selling_page, live, struct ticket, shown_ticket_fields),
    FIELD_LIST(struct selling_page, sold, struct ticket, shown_ticket_fields),
    FIELD_LIST(struct selling_page, withdrawn, struct ticket, shown_ticket_fields),
    FIELD(struct selling_page, live_count),
    FIELD(struct selling_page, sold_count),
    FIELD(struct selling_page, earned),
    FIELD(struct selling_page, currency),
    FIELD(struct selling_page, any),
    FIELD_OPT(struct selling_page, next_url),
    FIELDS_END,
};

struct seller {
    struct user current_user;
};

static const struct field seller_fields[] = {
    FIELD_RECORD_OPT(struct seller, current_user, shown_user_fields),
    FIELDS_END,
};

void plan_selling(struct op *op, const struct request *request, struct asks *asks)
{
    if (!plan_begin(op, request, asks, SIGNED_IN_ONLY) || asks->count > 1)
        return;
    struct seller seller;
    if (!read_record(op->arena, asks->list[0].response.body, seller_fields, &seller))
        return;
    struct buf query = buf_in(op->arena, 128);
    form_add(&query, S("userId"), uuid_text(op->arena, seller.current_user.id));
    form_add(&query, S("status"), S("any"));
    plan_get(asks, S("/api/tickets"),
             paged_query(op, buf_str(&query), SHOWN_AT_A_TIME, cursor_asked(op, request)));
}

static struct rows *shelf_of(struct selling_page *page, enum ticket_state status)
{
    switch (status) {
    case TICKET_AVAILABLE:
    case TICKET_RESERVED:
        return &page->live;
    case TICKET_SOLD:
        return &page->sold;
    case TICKET_WITHDRAWN:
        break;
    }
    return &page->withdrawn;
}

static void sort_out(struct op *op, const struct rows *tickets, struct selling_page *page)
{
    enum { SHELVES = 3 };
    struct rows *const shelves[SHELVES] = { &page->live, &page->sold, &page->withdrawn };
    for (size_t i = 0; i < SHELVES; i++)
        shelves[i]->items = ARENA_ARRAY(op->arena, struct ticket, tickets->count);
    const struct ticket *list = tickets->items;
    for (size_t i = 0; i < tickets->count; i++) {
        struct rows *shelf = shelf_of(page, list[i].status);
        ((struct ticket *)shelf->items)[shelf->count++] = list[i];
        if (list[i].status == TICKET_SOLD)
            page->earned.minor += list[i].price.minor;
    }
    page->any = tickets->count > 0;
    page->live_count = (int64_t)page->live.count;
    page->sold_count = (int64_t)page->sold.count;
}

err show_selling(struct op *op, const struct request *request, struct response *response)
{
    struct visit visit;
    struct rows tickets;
    struct selling_page page = { .currency = op->settings->currency };
    if (!visit_begin(&visit, op, request, response, SIGNED_IN_ONLY, (str){ NULL, 0 }))
        return OK;
    const struct response *answer = visit_answer(&visit, 1);
    if (!visit_got(&visit, 1) ||
        !read_list(op->arena, answer->body, shown_ticket_fields, sizeof(struct ticket), &tickets))
        return visit_refuse(&visit, answer);
    sort_out(op, &tickets, &page);
    page.next_url = page_url(op, "/selling", S(""), cursor_next(op, answer));
    return visit_show(&visit, &selling_template, selling_page_fields, &page, STATUS_OK);
}
