/* The routes of the site, and the few things that are no page of their own. */
#include "site/site.h"

#include "site/pages.h"
#include "web/asset.h"

extern const struct asset site_assets[];

/* ---- static files ---- */

/* GET /static/:name: its name has a digest of its content, so it is the same for ever. */
err serve_static(struct op *op, const struct request *request, struct response *response)
{
    (void)op;
    const struct asset *asset = site_assets;
    while (asset->path.data != NULL && !str_equal(asset->path, request->path))
        asset++;
    if (asset->path.data == NULL)
        return FAIL(problem_not_found);
    bool packed = request_accepts_gzip(request);
    response->status = STATUS_OK;
    response->content_type = asset->type;
    response->body = packed ? asset->gzip : asset->body;
    response_add(response, "Cache-Control", S("public, max-age=31536000, immutable"));
    response_add(response, "Vary", S("Accept-Encoding"));
    if (packed)
        response_add(response, "Content-Encoding", S("gzip"));
    return OK;
}

/* ---- changes, as they happen ---- */

static int64_t number_in(struct op *op, str query, const char *name)
{
    struct form_text *texts = NULL;
    size_t count = 0;
    int64_t number = 0;
    if (query.data != NULL)
        (void)form_decode(op->arena, query, 8, &texts, &count);
    for (size_t i = 0; i < count; i++) {
        if (str_is(texts[i].name, name) && str_to_int(texts[i].text, &number) && number > 0)
            return number;
    }
    return 0;
}

/* A browser that lost the connection says what it heard last; one that has just got the page, by
 * ?since=, when that was made. */
static err watch(struct op *op, const struct request *request, struct response *response,
                 uuid ticket)
{
    int64_t after = 0;
    (void)str_to_int(request->header[HEADER_last_event_id], &after);
    response->status = STATUS_OK;
    response->content_type = S("text/event-stream");
    response->watch = (struct watch){
        .on = true,
        .ticket = ticket,
        .after = after > 0 ? after : 0,
        .since = { number_in(op, request->query, "since") },
    };
    response_add(response, "Cache-Control", S("no-store"));
    response_add(response, "X-Accel-Buffering", S("no")); /* nginx would keep it to itself */
    return OK;
}

/* GET /live: of every ticket. */
err watch_all(struct op *op, const struct request *request, struct response *response)
{
    return watch(op, request, response, (uuid){ { 0 } });
}

/* GET /live/tickets/:id */
err watch_ticket(struct op *op, const struct request *request, struct response *response)
{
    uuid id;
    TRY(read_id(request, 0, &id));
    return watch(op, request, response, id);
}

/* ---- odds and ends ---- */

void plan_lost(struct op *op, const struct request *request, struct asks *asks)
{
    (void)plan_begin(op, request, asks, EVERYBODY);
}

err show_lost(struct op *op, const struct request *request, struct response *response)
{
    struct visit visit;
    if (!visit_begin(&visit, op, request, response, EVERYBODY, (str){ NULL, 0 }))
        return OK;
    const struct problem *problem = request->problem;
    return visit_refuse_status(&visit, problem != NULL ? (int)problem->status : STATUS_NOT_FOUND);
}

/* GET /language/:name?next=… */
err switch_language(struct op *op, const struct request *request, struct response *response)
{
    struct visit visit;
    struct form_text *texts = NULL;
    size_t count = 0;
    str next = S("/");
    if (!visit_begin(&visit, op, request, response, EVERYBODY, (str){ NULL, 0 }))
        return OK;
    if (!language_is_known(request->params[0]))
        return visit_refuse_status(&visit, STATUS_NOT_FOUND);
    if (request->query.data != NULL)
        (void)form_decode(op->arena, request->query, 8, &texts, &count);
    for (size_t i = 0; i < count; i++) {
        if (str_is(texts[i].name, "next"))
            next = texts[i].text;
    }
    const int64_t year_s = 365 * 24 * 3600;
    visit_cookie(&visit, "language", request->params[0], year_s);
    return visit_redirect(&visit, next, NULL);
}

/* ---- all of it ---- */

#define ROUTE(verb, path_, plan_, handle_)                       \
    {                                                            \
        verb, path_, MAYBE, .handle = (handle_), .plan = (plan_) \
    }

const struct route site_routes[] = {
    ROUTE(GET, "/", plan_browse, show_browse),
    ROUTE(GET, "/tickets/new", plan_new, show_new),
    ROUTE(POST, "/tickets/new", plan_create, do_create),
    ROUTE(GET, "/tickets/:id", plan_ticket, show_ticket),
    ROUTE(POST, "/tickets/:id/order", plan_buy, do_buy),
    ROUTE(GET, "/tickets/:id/edit", plan_edit, show_edit),
    ROUTE(POST, "/tickets/:id/edit", plan_change_listing, do_change_listing),
    ROUTE(POST, "/tickets/:id/withdraw", plan_withdraw, do_withdraw),
    ROUTE(GET, "/selling", plan_selling, show_selling),
    ROUTE(GET, "/orders", plan_orders, show_orders),
    ROUTE(GET, "/orders/:id", plan_order, show_order),
    ROUTE(POST, "/orders/:id/cancel", plan_cancel, do_cancel),
    ROUTE(GET, "/orders/:id/pay", plan_pay_form, show_pay),
    ROUTE(POST, "/orders/:id/pay", plan_pay, do_pay),
    ROUTE(GET, "/auth/signin", plan_visitor, show_sign_in),
    ROUTE(POST, "/auth/signin", plan_sign_in, do_sign_in),
    ROUTE(GET, "/auth/signup", plan_visitor, show_sign_up),
    ROUTE(POST, "/auth/signup", plan_sign_up, do_sign_up),
    ROUTE(GET, "/auth/signout", plan_visitor, show_sign_out),
    ROUTE(POST, "/auth/signout", plan_sign_out, do_sign_out),
    ROUTE(GET, "/account", plan_account, show_account),
    ROUTE(POST, "/account", plan_profile, do_profile),
    ROUTE(POST, "/account/email", plan_email, do_email),
    ROUTE(POST, "/account/password", plan_password, do_password),
    ROUTE(GET, "/language/:name", plan_lost, switch_language),
    { GET, "/static/:name", ANYONE, .handle = serve_static },
    { GET, "/live", ANYONE, .handle = watch_all },
    { GET, "/live/tickets/:id", ANYONE, .handle = watch_ticket },
    ROUTES_END,
};

const struct route site_lost = ROUTE(GET, "(lost)", plan_lost, show_lost);

const struct page_kind site_pages[] = {
    { &browse_template, browse_page_fields },
    { &ticket_template, ticket_page_fields },
    { &listing_template, listing_page_fields },
    { &selling_template, selling_page_fields },
    { &orders_template, orders_page_fields },
    { &order_template, order_page_fields },
    { &pay_template, pay_page_fields },
    { &account_template, account_page_fields },
    { &sign_in_template, sign_in_page_fields },
    { &sign_up_template, sign_up_page_fields },
    { &sign_out_template, sign_out_page_fields },
    { &problem_template, problem_page_fields },
    { .page = NULL },
};
