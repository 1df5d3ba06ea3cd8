/* Pages that change something: their requests to the API fly like anybody's, one after the other,
 * and the page goes on when each has landed. */
#include "app/desk_inside.h"

struct page_flight {
    struct page_visit visit;
    struct op op;
    struct desk *desk;
    struct http_exchange *exchange;
    struct reader *reader; /* while on its thread */
    int64_t began_us;
};

static void read_here(struct flight *flight, struct reader *reader)
{
    struct desk *desk = flight->desk;
    struct op *op = &flight->job.op;
    renew_snapshot(desk, reader);
    op->tx = sqlite_tx(reader->store);
    err e = host_answer(desk->host, op, flight->route, flight->request, flight->response);
    assert(!err_is(e, STATUS_STALE));
    op->tx = NULL;
    flight_land(flight, ON_READER);
}

/* What is read on the writer's thread, after something was changed, is read by the writer. */
static void send_off(struct page_flight *page, struct ask *ask, enum place place)
{
    struct flight *flight = flight_new(page->desk, &page->op, NULL);
    flight->page = page;
    flight->request = &page->visit.asked;
    flight->response = &ask->response;
    struct op *op = &flight->job.op;
    if (place == ON_READER)
        op->random = &page->reader->entropy.random;
    flight->route = host_route(page->desk->host, op, flight->request, flight->response);
    if (flight->route == NULL) {
        flight_land(flight, place);
    } else if (place != ON_READER) {
        assert(flight->route->prepare == NULL); /* needs a snapshot */
        flight_submit(flight, place);
    } else if (route_is_read(flight->route)) {
        read_here(flight, page->reader);
    } else if (flight->route->prepare != NULL) {
        flight_prepare(flight, page->reader);
    } else {
        flight_submit(flight, place);
    }
}

void page_flight_go_on(struct page_flight *page, enum place place)
{
    if (place != ON_READER)
        page->op.now = clock_now(page->desk->clock);
    struct ask *ask = page_go_on(&page->visit, &page->op);
    if (ask != NULL) {
        send_off(page, ask, place);
        return;
    }
    struct http_exchange *exchange = page->exchange;
    log_answer(page->desk->log, page->visit.route, &page->op, &exchange->request,
               exchange->response.status, page->began_us);
    send_answer(page->desk, exchange, place);
}

void page_flight_begin(struct desk *desk, struct reader *reader, struct http_exchange *exchange,
                       const struct op *op, const struct route *route)
{
    struct page_flight *page = ARENA_NEW(op->arena, struct page_flight);
    *page = (struct page_flight){
        .op = *op,
        .desk = desk,
        .exchange = exchange,
        .reader = reader,
        .began_us = stopwatch_us(),
    };
    page_begin(&page->visit, desk->host, &page->op, route, &exchange->request, &exchange->response);
    page_flight_go_on(page, ON_READER);
}
