/* The client of Stripe: makes the calls that services have committed, on threads of its own, each
 * with a connection that stays open.  Or, for the simulator, Stripe's client of webhook endpoints.
 *
 * It makes each call once and says what became of it; when to make it again is the payments
 * service's to know.  While Stripe is away a breaker answers NOT_SENT at once (webhook endpoints
 * have none).  Neither keys nor bodies are ever logged. */
#ifndef ADAPTERS_OUTCALLS_H
#define ADAPTERS_OUTCALLS_H

#include "adapters/log.h"
#include "services/service.h"

#define STRIPE_VERSION           "2026-10-28.endive" /* that of the npm package in tests/npm */
#define STRIPE_URL               "https://api.stripe.com"
#define OUTCALL_QUEUE_MAX        256
#define OUTCALL_ANSWER_BYTES_MAX (1024 * 1024)
#define OUTCALL_CONNECT_MS_MAX   3000
#define OUTCALL_MS_MAX           25000

struct outcalls_options {
    const char *base_url; /* without a slash at the end; NULL: of webhooks, whose path is a URL */
    const char *key;      /* sk_… or rk_…; NULL with a NULL base_url, and only then */
    const char *agent;    /* usher/1.0.0 */
    struct log *log;      /* or NULL */
    size_t threads;       /* 0: OUTCALL_THREADS; and so on */
    size_t queue_max;
    long connect_ms_max;
    long ms_max;
};

struct outcalls;

/* NULL: libcurl does not start.  Copies the options. */
struct outcalls *outcalls_open(const struct outcalls_options *options);

/* Makes the call, then calls done on a thread of the pool, exactly once; the answer is the pool's
 * and ends when done returns.  Copies the call.  False, and no done: the queue is full, or closing.
 */
typedef void outcall_done(void *context, const struct outanswer *answer);
bool outcalls_submit(struct outcalls *outcalls, const struct outcall *call, outcall_done *done,
                     void *context);

/* How many more calls the pool would take now without one waiting: what to give claim(). */
size_t outcalls_room(struct outcalls *outcalls);

/* Stripe is away: for /readyz, and for a 503 before a charge is even created. */
bool outcalls_breaker_is_open(struct outcalls *outcalls);

/* Gives calls under way so long to finish; then, within a second or so, gives them up (UNKNOWN).
 * What waits is NOT_SENT.  When this returns every done has been called; whoever still asks is told
 * that there is no room. */
void outcalls_stop(struct outcalls *outcalls, duration grace);
/* The same, unless it is stopped already; then nobody may ask any more. */
void outcalls_close(struct outcalls *outcalls, duration grace);

#endif
