/* The operation: a request, an event or a duty, from arrival to commit.
 *
 * It has one instant, one arena, one transaction and one cause, and they end together.  A service
 * learns of the world through it and through nothing else: no clock, no entropy, no environment,
 * no socket.  That is what lets the simulator replay a whole shop from one seed. */
#ifndef BASE_OP_H
#define BASE_OP_H

#include "base/err.h"
#include "base/settings.h"
#include "base/values.h"

struct arena;
struct tx;
struct emitted;

/* A source of bytes that nobody can guess (or, simulated, that a seed decides). */
struct random {
    void (*fill)(struct random *random, void *ret_bytes, size_t size);
};

/* Who asks: all zero for nobody. */
struct caller {
    uuid user;
    uuid session;
};

struct op {
    instant now;
    struct arena *arena;
    struct tx *tx;
    struct random *random;
    const struct settings *settings;
    struct caller caller;
    str correlation;         /* the X-Request-Id that all of this goes back to */
    uuid causation;          /* the event that caused this operation, if one did */
    struct emitted *emitted; /* events of this operation so far, newest last (events/events.h) */
};

/* A new UUIDv7: time-ordered by op->now, 74 bits from op->random. */
uuid op_new_id(struct op *op);

/* A problem in the arena, for messages that hold a value. */
err op_fail(struct op *op, enum status status, const char *field, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

#endif
