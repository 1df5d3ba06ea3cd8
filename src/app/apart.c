#include "app/apart.h"

#include <stdlib.h>

#include "app/desk_inside.h"

/* A page on its way. */
struct parked {
    struct page_visit visit;
    struct op op;
    struct apart *apart;
    struct http_exchange *exchange;
    struct ask *ask; /* the one under way */
    bool heard;      /* of an answer: this is the client's thread */
    bool away;       /* the API did not answer it: nothing more is asked */
    int64_t began_us;
};

static const struct problem api_away = {
    .status = STATUS_UNAVAILABLE,
    .message = "The shop does not answer at the moment, please try again",
    .retry_after_s = 2,
};
static const struct problem no_such_path = {
    .status = STATUS_NOT_FOUND,
    .message = "Not found",
};

static void go_on(struct parked *page);

static void stand_in(struct parked *page)
{
    page->ask->response = (struct response){ .status = 0 };
    reply_problem(&page->op, &page->ask->response, &api_away);
}

/* On the client's thread, which is the only one that has the page now. */
static void answered(void *context)
{
    struct parked *page = context;
    page->op.now = clock_now(page->apart->clock);
    page->heard = true;
    if (page->ask->response.status == 0) {
        page->away = true;
        stand_in(page);
    }
    go_on(page);
}

/* Whether the page is the client's until the answer is there. */
static bool send_off(struct parked *page)
{
    if (!page->away && api_client_submit(page->apart->api, &page->visit.asked, page->op.arena,
                                         &page->ask->response, answered, page))
        return true;
    stand_in(page);
    return false;
}

static void go_on(struct parked *page)
{
    while ((page->ask = page_go_on(&page->visit, &page->op)) != NULL) {
        if (send_off(page))
            return;
    }
    if (page->heard)
        pack_answer(&page->apart->packer, page->exchange);
    log_answer(page->apart->log, page->visit.route, &page->op, &page->exchange->request,
               page->exchange->response.status, page->began_us);
    http_reply(page->exchange);
}

static void open_page(struct apart *apart, struct http_exchange *exchange, const struct op *op,
                      const struct route *route)
{
    struct parked *page = ARENA_NEW(op->arena, struct parked);
    *page = (struct parked){
        .op = *op,
        .apart = apart,
        .exchange = exchange,
        .began_us = stopwatch_us(),
    };
    page_begin(&page->visit, apart->host, &page->op, route, &exchange->request,
               &exchange->response);
    go_on(page);
}

/* What asks nobody: files, and whether we are alive.  Changes are not heard of here. */
static void answer_at_once(struct apart *apart, struct http_exchange *exchange, struct op *op,
                           const struct route *route)
{
    assert(route_is_read(route) && route->access == ANYONE);
    err e = host_answer(apart->host, op, route, &exchange->request, &exchange->response);
    assert(!err_is(e, STATUS_STALE));
    if (exchange->response.watch.on) {
        exchange->response = (struct response){ .status = 0 };
        reply_problem(op, &exchange->response, &no_such_path);
        response_finish(op, &exchange->request, &exchange->response);
    }
    http_reply(exchange);
}

static void arrived(void *context, void *thread_context, struct http_exchange *exchange)
{
    struct apart *apart = context;
    struct entropy *entropy = thread_context;
    struct op op = {
        .now = clock_now(apart->clock),
        .arena = &exchange->arena,
        .random = &entropy->random,
        .settings = apart->settings,
    };
    proxies_apply(apart->proxies, &exchange->request);
    const struct route *route =
        host_route(apart->host, &op, &exchange->request, &exchange->response);
    if (route == NULL)
        http_reply(exchange);
    else if (route_is_page(route))
        open_page(apart, exchange, &op, route);
    else
        answer_at_once(apart, exchange, &op, route);
}

static bool thread_began(void *context, void **ret_thread_context)
{
    (void)context;
    struct entropy *entropy = calloc(1, sizeof *entropy);
    assert(entropy != NULL);
    entropy_open(entropy);
    *ret_thread_context = entropy;
    return true;
}

static void thread_ended(void *context, void *thread_context)
{
    (void)context;
    entropy_close(thread_context);
    free(thread_context);
}

const struct http_handler apart_handler = {
    .arrived = arrived,
    .thread_began = thread_began,
    .thread_ended = thread_ended,
};
