/* The pages, as site.c lists them: each with its plan, its handler, and (for the tests) the table
 * that its template is filled from. */
#ifndef SITE_PAGES_H
#define SITE_PAGES_H

#include "site/lists.h"
#include "site/visit.h"

typedef void page_plan(struct op *op, const struct request *request, struct asks *asks);

/* What a template is filled from. */
struct page_kind {
    const struct template *page;
    const struct field *fields;
};
extern const struct page_kind site_pages[]; /* then one without a template */

#define PAGE(name)                                \
    extern const struct template name##_template; \
    extern const struct field name##_page_fields[]

PAGE(browse);
PAGE(ticket);
PAGE(listing);
PAGE(selling);
PAGE(orders);
PAGE(order);
PAGE(pay);
PAGE(account);
PAGE(sign_in);
PAGE(sign_up);
PAGE(sign_out);
PAGE(problem);
#undef PAGE

page_plan plan_browse, plan_ticket, plan_buy;
route_handler show_browse, show_ticket, do_buy;

page_plan plan_new, plan_create, plan_edit, plan_change_listing, plan_withdraw;
route_handler show_new, do_create, show_edit, do_change_listing, do_withdraw;

page_plan plan_selling;
route_handler show_selling;

page_plan plan_orders, plan_order, plan_cancel;
route_handler show_orders, show_order, do_cancel;

bool order_is_live(const struct order *order);
/* The answer to an ask as an order. */
bool read_order(const struct visit *visit, size_t ask, struct order *ret_order);

page_plan plan_pay_form, plan_pay;
route_handler show_pay, do_pay;

page_plan plan_account, plan_profile, plan_email, plan_password;
route_handler show_account, do_profile, do_email, do_password;

page_plan plan_visitor, plan_sign_in, plan_sign_up, plan_sign_out;
route_handler show_sign_in, do_sign_in, show_sign_up, do_sign_up, show_sign_out, do_sign_out;

page_plan plan_lost;
route_handler show_lost, switch_language, serve_static, watch_all, watch_ticket;

#endif
