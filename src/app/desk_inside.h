/* What the parts of the desk share: desk.c (one request after the other), desk_pages.c (pages,
 * which make requests of their own). */
#ifndef APP_DESK_INSIDE_H
#define APP_DESK_INSIDE_H

#include "adapters/entropy.h"
#include "adapters/log.h"
#include "adapters/packer.h"
#include "app/desk.h"

struct page_flight;

/* One request on its way to its answer: an exchange's, or one that a page makes of the API.  Lives
 * in the exchange's arena. */
struct flight {
    struct writer_job job; /* first: the writer's pointer is ours */
    struct desk *desk;
    struct request *request;
    struct response *response;
    struct http_exchange *exchange; /* whose answer it is; or else */
    struct page_flight *page;       /* the page that asked */
    const struct route *route;      /* NULL: the simulator's */
    struct work work;
    int64_t began_us;
    struct wait wait;    /* as it was before this operation, which may run more than once */
    bool resumes;        /* it has been answered "later" before */
    struct flight *next; /* among those that wait for the same bucket */
};

/* What a thread of the HTTP server has to itself. */
struct reader {
    struct sqlite *store; /* NULL: the simulator only writes */
    struct entropy entropy;
    struct packer packer;
    bool in_snapshot;
    uint_fast64_t commits; /* as the snapshot began */
};

/* On which thread something happens. */
enum place {
    ON_READER, /* that of the HTTP server on which the exchange came in */
    ON_WRITER,
    ON_POOL, /* of passwords */
};

/* ---- desk.c ---- */

/* Reads of this thread see everything that anybody was told of. */
void renew_snapshot(struct desk *desk, struct reader *reader);

/* request, response, and exchange or page are still to be set. */
struct flight *flight_new(struct desk *desk, const struct op *op, const struct route *route);
/* Slow work first, if the route has some; then the writer. */
void flight_prepare(struct flight *flight, struct reader *reader);
void flight_submit(struct flight *flight, enum place place);
/* The answer is there. */
void flight_land(struct flight *flight, enum place place);

void log_answer(struct log *log, const struct route *route, const struct op *op,
                const struct request *request, int status, int64_t began_us);
/* Compresses the answer, if that is safe and worth it. */
void pack_answer(struct packer *packer, struct http_exchange *exchange);
void send_answer(struct desk *desk, struct http_exchange *exchange, enum place place);

/* ---- desk_pages.c ---- */

/* A page that changes something has arrived. */
void page_flight_begin(struct desk *desk, struct reader *reader, struct http_exchange *exchange,
                       const struct op *op, const struct route *route);
/* What it asked is answered. */
void page_flight_go_on(struct page_flight *page, enum place place);

#endif
