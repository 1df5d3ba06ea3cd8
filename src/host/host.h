/* The host: what happens to a request, an event, a duty or an answer of Stripe between its arrival
 * and the decision to commit.  It owns no thread and no socket: src/app gives it real ones, sim/
 * made-up ones.
 *
 * Every function here runs inside one operation whose transaction the caller began, and which it
 * commits if the function says OK and rolls back otherwise.  A problem whose status is STALE means:
 * run the operation again, with a fresh transaction and the same inputs (at most STALE_RETRIES_MAX
 * times). */
#ifndef HOST_HOST_H
#define HOST_HOST_H

#include "services/service.h"

#define HOST_SERVICES_MAX 10

struct host {
    const struct service *services[HOST_SERVICES_MAX]; /* the host's own first */
    size_t service_count;
    const struct route *routes[HOST_SERVICES_MAX];
    size_t route_table_count;
    const struct route *lost; /* of the one service that has pages, or NULL */
    const struct settings *settings;
};

/* What every database has: outbox and inbox; revoked sessions, idempotency keys, and their upkeep.
 */
extern const struct service events_service;
extern const struct service host_service;

/* A host of these services and of the two above.  With settings->bus, events leave through the
 * outbox only; otherwise each is also delivered to the other services of this host inside the same
 * operation. */
struct host host_of(const struct service *const *services, size_t count,
                    const struct settings *settings);

/* ---- requests ---- */

/* The first step: names the operation (op->correlation) and finds the route.  NULL: the response is
 * done already (404, 405, or 400 at the door: a card number).  Also reads who signed the request.
 * Needs no transaction. */
const struct route *host_route(const struct host *host, struct op *op, struct request *request,
                               struct response *response);

/* Whether the route only reads and may run on a snapshot. */
bool route_is_read(const struct route *route);

/* For routes with prepare, in a reading operation: *work says what slow work to do before
 * host_answer(); its kind may be WORK_NONE.  false: the response is done already. */
bool host_prepare(const struct host *host, struct op *op, const struct route *route,
                  const struct request *request, struct work *work, struct response *response);

/* Answers a request: who asks, idempotency, the handler, local delivery of its events.  Sets
 * op->caller. OK: commit; then either response->status is set, or it is 0 and response->wait says
 * for what the answer waits: host_resume() is to be called when an event with that subject has
 * committed, or its time is up. STALE: run it again.  Anything else: roll back and send the
 * response, which is filled. */
err host_answer(const struct host *host, struct op *op, const struct route *route,
                const struct request *request, struct response *response);

/* Continues a request that waits; op->caller and response->wait as they were.  Set
 * response->wait.late when its time is up: then it answers.  Results as host_answer(). */
err host_resume(const struct host *host, struct op *op, const struct route *route,
                const struct request *request, struct response *response);

/* ---- pages ---- */

/* A page on its way: a route with a plan, and what it asks of the API.  The API answers its
 * requests like anybody's, each in an operation of its own. */
struct page_visit {
    const struct host *host;
    const struct route *route;
    struct request *request;
    struct response *response; /* filled at the end */
    struct asks asks;
    size_t answered;      /* of them */
    struct request asked; /* the one under way, as the API gets it */
};

bool route_is_page(const struct route *route);

/* op needs no transaction; its random is used here and not later. */
void page_begin(struct page_visit *visit, const struct host *host, struct op *op,
                const struct route *route, struct request *request, struct response *response);
/* What is to be asked next: answer visit->asked into the response of the ask that is returned, and
 * call this again.  NULL: the page's own response is filled. */
struct ask *page_go_on(struct page_visit *visit, struct op *op);
/* All of a page that only reads, on the snapshot of op->tx. */
void host_show(const struct host *host, struct op *op, const struct route *route,
               struct request *request, struct response *response);

/* ---- events, duties, answers of the outside ---- */

/* Handles an event off the bus for one service: inbox, handler.  OK: acknowledge; NOT_YET or
 * another: roll back and deliver it again later. */
err host_hear(const struct host *host, struct op *op, const struct service *service,
              const struct event *event);

err host_duty(const struct host *host, struct op *op, const struct duty *duty, bool *ret_more);

/* See struct outbound. */
err host_claim(const struct host *host, struct op *op, const struct service *service, size_t max,
               struct rows *ret_calls);
err host_answered(const struct host *host, struct op *op, const struct service *service,
                  const struct outanswer *answer);

#endif
