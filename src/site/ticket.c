/* /tickets/:id: one ticket, and buying it. */
#include "site/pages.h"

struct ticket_page {
    struct frame frame;
    struct ticket ticket;
    str problem; /* why it could not be bought; absent: nobody tried */
    bool own;    /* the visitor sells it */
    bool mine;   /* the visitor's order holds it */
    bool begun;  /* the event has */
    bool can_buy;
    bool below_face_value;
    instant locked_until; /* reserved: at the latest */
    str here;             /* the address of this page, whatever was sent to come here */
};

const struct field ticket_page_fields[] = {
    FIELD_RECORD(struct ticket_page, frame, frame_fields),
    FIELD_RECORD(struct ticket_page, ticket, shown_ticket_fields),
    FIELD_OPT(struct ticket_page, problem),
    FIELD(struct ticket_page, own),
    FIELD(struct ticket_page, mine),
    FIELD(struct ticket_page, begun),
    FIELD(struct ticket_page, can_buy),
    FIELD(struct ticket_page, below_face_value),
    FIELD_OPT(struct ticket_page, locked_until),
    FIELD(struct ticket_page, here),
    FIELDS_END,
};

enum { ASK_TICKET = 1, ASK_HOLDER = 2 };

static bool read_ticket(struct op *op, const struct response *answer, struct ticket *ret_ticket)
{
    return answer->status == STATUS_OK &&
           read_record(op->arena, answer->body, shown_ticket_fields, ret_ticket);
}

void plan_ticket(struct op *op, const struct request *request, struct asks *asks)
{
    if (!plan_begin(op, request, asks, EVERYBODY))
        return;
    if (asks->count == ASK_TICKET) {
        plan_get(asks, api_path(op, "/api/tickets/", request, 0), (str){ NULL, 0 });
        return;
    }
    /* Is it held for the visitor?  The API tells nobody else. */
    struct ticket ticket;
    bool signed_in = read_session_token(request, &(bool){ false }).data != NULL;
    if (asks->count == ASK_HOLDER && signed_in &&
        read_ticket(op, &asks->list[ASK_TICKET].response, &ticket) &&
        !uuid_is_absent(ticket.order_id))
        plan_get(asks, path_with(op, "/api/orders/", uuid_text(op->arena, ticket.order_id), ""),
                 (str){ NULL, 0 });
}

static void fill_page(const struct visit *visit, struct ticket_page *page)
{
    const struct ticket *ticket = &page->ticket;
    instant now = visit->op->now;
    page->own = visit->frame.signed_in && uuid_equal(ticket->user_id, visit->frame.user.id);
    page->begun = ticket->starts_at.ms != 0 && ticket->starts_at.ms <= now.ms;
    page->can_buy = ticket->status == TICKET_AVAILABLE && !page->own && !page->begun;
    page->below_face_value = ticket->face_value.minor > ticket->price.minor;
    if (ticket->status == TICKET_RESERVED)
        page->locked_until = instant_after(ticket->updated_at, visit->op->settings->reservation);
    page->here = path_with(visit->op, "/tickets/", uuid_text(visit->op->arena, ticket->id), "");
}

err show_ticket(struct op *op, const struct request *request, struct response *response)
{
    struct visit visit;
    struct ticket_page page = { .mine = false };
    if (!visit_begin(&visit, op, request, response, EVERYBODY, (str){ NULL, 0 }))
        return OK;
    if (!read_ticket(op, visit_answer(&visit, ASK_TICKET), &page.ticket))
        return visit_refuse(&visit, visit_answer(&visit, ASK_TICKET));
    fill_page(&visit, &page);
    page.mine = visit_got(&visit, ASK_HOLDER);
    return visit_show_cacheable(&visit, &ticket_template, ticket_page_fields, &page);
}

/* ---- buying ---- */

enum { ASK_ORDER = 1, ASK_TICKET_AGAIN = 2 };

/* With the price that the page showed: a dearer ticket is not bought unseen. */
static str order_body(struct op *op, const struct request *request)
{
    money price;
    str seen = sent_text(op, request, "price");
    struct buf body = buf_in(op->arena, 128);
    buf_add(&body, S("{\"ticketId\":"));
    json_write_str(&body, request->params[0]);
    if (money_parse(seen, &price)) {
        buf_add(&body, S(",\"maxPrice\":"));
        json_write_str(&body, seen);
    }
    buf_add_char(&body, '}');
    return buf_str(&body);
}

void plan_buy(struct op *op, const struct request *request, struct asks *asks)
{
    if (!plan_begin(op, request, asks, SIGNED_IN_ONLY))
        return;
    if (asks->count == ASK_ORDER)
        plan_change(op, request, asks, POST, S("/api/orders"), "order")->body =
            order_body(op, request);
    else if (asks->count == ASK_TICKET_AGAIN && asks->list[ASK_ORDER].response.status >= 400)
        plan_get(asks, api_path(op, "/api/tickets/", request, 0), (str){ NULL, 0 });
}

err do_buy(struct op *op, const struct request *request, struct response *response)
{
    struct visit visit;
    struct ticket_page page = { .mine = false };
    str back = path_with(op, "/tickets/", request->params[0], "");
    if (!visit_begin(&visit, op, request, response, SIGNED_IN_ONLY, back))
        return OK;
    const struct response *answer = visit_answer(&visit, ASK_ORDER);
    if (visit_got(&visit, ASK_ORDER))
        return visit_redirect(&visit, path_with(op, "/orders/", located_id(answer), ""), NULL);
    if (!visit_got(&visit, ASK_TICKET_AGAIN) ||
        !read_ticket(op, visit_answer(&visit, ASK_TICKET_AGAIN), &page.ticket))
        return visit_refuse(&visit, answer);
    fill_page(&visit, &page);
    struct rows complaints = read_complaints(op->arena, answer->body);
    if (complaints.count > 0)
        page.problem = say_complaint(op->arena, &visit.voice, complaints.items);
    return visit_show(&visit, &ticket_template, ticket_page_fields, &page, answer->status);
}
