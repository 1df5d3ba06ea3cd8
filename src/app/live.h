/* Changes of tickets on their way to those who look at them: one ring of the latest for the whole
 * program, from which each listener reads at its own pace. */
#ifndef APP_LIVE_H
#define APP_LIVE_H

#include <pthread.h>
#include <stdatomic.h>

#include "adapters/http_server.h"
#include "events/events.h"

#define LIVE_RING     1024 /* a power of two */
#define LIVE_TEXT_MAX 320
#define LIVE_BUCKETS  4096
#define LIVE_RETRY_MS 3000

struct live_event {
    uuid ticket;
    instant at;
    size_t size;
    char text[LIVE_TEXT_MAX]; /* as it is sent */
};

struct live {
    struct http_stream stream; /* what the HTTP server reads with */
    pthread_mutex_t lock;      /* of what follows */
    uint64_t first;            /* the number of the first change of this program */
    uint64_t next;
    struct live_event ring[LIVE_RING];
    /* How many listen, by a hash of where they are: two addresses may share a count. */
    atomic_uint listening;
    atomic_uint listening_at[LIVE_BUCKETS];
    size_t listeners_per_address_max;
};

/* Numbers go up from one start of the program to the next, so that a listener who was here before
 * learns that it missed something. */
void live_open(struct live *live, instant now);
void live_close(struct live *live);

/* A committed event: true if it is news. */
bool live_tell(struct live *live, const struct event *event, instant now);

/* Makes the answer of an exchange, which has a watch, go on.  False: there are too many. */
bool live_attach(struct live *live, struct http_exchange *exchange);

#endif
