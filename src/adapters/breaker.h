/* A breaker: stops asking somebody who does not answer, for a growing while.
 *
 * Closed, everything passes.  After BREAKER_FAILURES failures in a row it opens: nothing passes for
 * a second.  Then one call passes as a probe: if it succeeds the breaker closes, if it fails it
 * stays open twice as long as before, half a minute at most.  Not thread safe: the owner locks. */
#ifndef ADAPTERS_BREAKER_H
#define ADAPTERS_BREAKER_H

#include <stdbool.h>
#include <stdint.h>

#define BREAKER_FAILURES    5
#define BREAKER_WAIT_MS_MIN 1000
#define BREAKER_WAIT_MS_MAX 30000

/* A closed breaker is all zero bytes. */
struct breaker {
    int failures;     /* in a row */
    int64_t wait_ms;  /* 0: closed */
    int64_t until_ms; /* open until then */
    bool probing;     /* a probe is under way */
};

/* Whether a call may be made now; every true is followed by breaker_note(). */
bool breaker_passes(struct breaker *breaker, int64_t now_ms);

enum breaker_fact {
    BREAKER_SUCCESS,
    BREAKER_FAILURE,
    BREAKER_REFUSED, /* no use in trying again: opens at once */
    BREAKER_NOTHING, /* the call was given up before it could tell */
};
void breaker_note(struct breaker *breaker, int64_t now_ms, enum breaker_fact fact);

/* Whether calls would be turned away: open, and the while not yet over. */
bool breaker_is_open(const struct breaker *breaker, int64_t now_ms);

#endif
