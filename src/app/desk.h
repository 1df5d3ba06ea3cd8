/* The desk: where HTTP exchanges become operations, and operations answers.
 *
 * Reads run at once, on the thread that they came in on, on a snapshot of its own.  Everything else
 * goes to the writer, after slow work if it needs some, and is answered when it is durable. Answers
 * that wait for something to happen are kept here and looked at again whenever it may have. */
#ifndef APP_DESK_H
#define APP_DESK_H

#include <stdatomic.h>

#include "adapters/http_server.h"
#include "adapters/passwords.h"
#include "adapters/writer.h"
#include "app/live.h"
#include "app/proxies.h"
#include "host/host.h"
#include "stripe_sim/stripe_sim.h"

#define DESK_BUCKETS 256

struct flight;

struct desk {
    /* Set by the owner, and then left alone. */
    const struct host *host;              /* a shop; or else */
    const struct stripe_sim_options *sim; /* the simulator of Stripe */
    const struct settings *settings;
    const struct proxies *proxies;
    const char *store_path;
    struct clock *clock;
    struct log *log;
    struct passwords *passwords;
    struct writer *writer;
    struct live *live; /* a shop's */

    /* Counts commits, so that no read answers from before one that was already told of. */
    atomic_uint_fast64_t commits;
    atomic_int_fast64_t patience_ends_ms; /* from then on nothing is waited for; 0: never */
    _Atomic(struct http_server *) server; /* that those who listen are connected to; NULL: none */

    /* The writer's thread alone. */
    struct flight *waiting[DESK_BUCKETS];
    atomic_size_t waiting_count; /* others may read it */
    struct http_exchange *replies[WRITER_BATCH_MAX];
    size_t reply_count;
    bool has_news;      /* for those who listen */
    bool charges_moved; /* or the simulator was asked for something: there may be calls to make */
};

/* For http_server_start(), with the desk as context. */
extern const struct http_handler desk_handler;

/* All on the writer's thread: */

/* Events have committed: whoever waits for one of them is looked at again. */
void desk_told(struct desk *desk, const struct emitted *emitted);
/* A batch is over: answers go out. */
void desk_batch_done(struct desk *desk, bool committed);
/* Now and then: answers whose time is up. */
void desk_tick(struct desk *desk);

/* How many answers wait, roughly, from any thread. */
size_t desk_waiting(const struct desk *desk);

#endif
