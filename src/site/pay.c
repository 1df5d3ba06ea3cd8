/* /orders/:id/pay: paying by card.
 *
 * Card numbers never come here.  Until the hosted payment page is there, a test token stands for a
 * card, which is all that the simulator and Stripe's test mode ask for. */
#include "site/pages.h"

/* Stripe's own names of its test cards; the texts card.… say what they do. */
static const char *const cards[] = {
    "pm_card_visa",
    "pm_card_mastercard",
    "pm_card_visa_chargeDeclined",
    "pm_card_visa_chargeDeclinedInsufficientFunds",
    "pm_card_chargeDeclinedExpiredCard",
    NULL,
};

struct pay_page {
    struct frame frame;
    struct order order;
    struct rows cards;
    str problem; /* absent: nobody tried yet */
    bool test_cards;
    int64_t minutes_left;
};

const struct field pay_page_fields[] = {
    FIELD_RECORD(struct pay_page, frame, frame_fields),
    FIELD_RECORD(struct pay_page, order, shown_order_fields),
    FIELD_LIST(struct pay_page, cards, struct option, option_fields),
    FIELD_OPT(struct pay_page, problem),
    FIELD(struct pay_page, test_cards),
    FIELD(struct pay_page, minutes_left),
    FIELDS_END,
};

static err show_form(struct visit *visit, struct pay_page *page, str chosen, int status)
{
    struct op *op = visit->op;
    int64_t left_ms = page->order.expires_at.ms - op->now.ms;
    page->cards = options_of(op->arena, cards, chosen);
    page->test_cards = op->settings->test_cards;
    page->minutes_left = left_ms > 0 ? (left_ms + 59999) / 60000 : 0;
    return visit_show(visit, &pay_template, pay_page_fields, page, status);
}

static str order_url(struct op *op, const struct request *request)
{
    return path_with(op, "/orders/", request->params[0], "");
}

void plan_pay_form(struct op *op, const struct request *request, struct asks *asks)
{
    if (plan_begin(op, request, asks, SIGNED_IN_ONLY) && asks->count == 1)
        plan_get(asks, api_path(op, "/api/orders/", request, 0), (str){ NULL, 0 });
}

err show_pay(struct op *op, const struct request *request, struct response *response)
{
    struct visit visit;
    struct pay_page page = { .minutes_left = 0 };
    if (!visit_begin(&visit, op, request, response, SIGNED_IN_ONLY, (str){ NULL, 0 }))
        return OK;
    if (!read_order(&visit, 1, &page.order))
        return visit_refuse(&visit, visit_answer(&visit, 1));
    if (!order_is_live(&page.order))
        return visit_redirect(&visit, order_url(op, request), NULL);
    return show_form(&visit, &page, S(""), STATUS_OK);
}

/* ---- paying ---- */

enum { ASK_PAYMENT = 1, ASK_ORDER = 2 };

static str payment_body(struct op *op, const struct request *request)
{
    str token = sent_text(op, request, "token");
    struct buf body = buf_in(op->arena, 128);
    buf_add(&body, S("{\"orderId\":"));
    json_write_str(&body, request->params[0]);
    buf_add(&body, S(",\"token\":"));
    json_write_str(&body, token.data != NULL ? token : S(""));
    buf_add_char(&body, '}');
    return buf_str(&body);
}

/* What leaves the order as it is, so that the form is shown again. */
static bool may_try_again(int status)
{
    return status == STATUS_INVALID || status == STATUS_UNPROCESSABLE ||
           status == STATUS_TOO_MANY || status >= STATUS_BROKEN;
}

void plan_pay(struct op *op, const struct request *request, struct asks *asks)
{
    if (!plan_begin(op, request, asks, SIGNED_IN_ONLY))
        return;
    if (asks->count == ASK_PAYMENT)
        plan_change(op, request, asks, POST, S("/api/payments"), "pay")->body =
            payment_body(op, request);
    else if (asks->count == ASK_ORDER && may_try_again(asks->list[ASK_PAYMENT].response.status))
        plan_get(asks, api_path(op, "/api/orders/", request, 0), (str){ NULL, 0 });
}

static err try_again(struct visit *visit, const struct response *answer)
{
    struct pay_page page = { .minutes_left = 0 };
    if (!read_order(visit, ASK_ORDER, &page.order))
        return visit_refuse(visit, answer);
    if (!order_is_live(&page.order))
        return visit_redirect(visit, order_url(visit->op, visit->request), NULL);
    struct rows complaints = read_complaints(visit->op->arena, answer->body);
    if (complaints.count > 0)
        page.problem = say_complaint(visit->op->arena, &visit->voice, complaints.items);
    str wait = response_header(answer, "Retry-After");
    if (wait.data != NULL)
        response_add(visit->response, "Retry-After", wait);
    return show_form(visit, &page, sent_text(visit->op, visit->request, "token"), answer->status);
}

err do_pay(struct op *op, const struct request *request, struct response *response)
{
    struct visit visit;
    str back = order_url(op, request);
    if (!visit_begin(&visit, op, request, response, SIGNED_IN_ONLY, back))
        return OK;
    const struct response *answer = visit_answer(&visit, ASK_PAYMENT);
    switch (answer->status) {
    case STATUS_CREATED:
        return visit_redirect(&visit, back, "paid");
    case STATUS_ACCEPTED:
        return visit_redirect(&visit, back, NULL);
    case STATUS_PAYMENT_REQUIRED:
        return visit_redirect(&visit, back, "declined");
    case STATUS_CONFLICT: /* the order's page says why */
        return visit_redirect(&visit, back, NULL);
    default:
        return may_try_again(answer->status) ? try_again(&visit, answer)
                                             : visit_refuse(&visit, answer);
    }
}
