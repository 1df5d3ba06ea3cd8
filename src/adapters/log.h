/* The log: one JSON object per line, one write(2) per line, from any thread.
 *
 * It holds no secret and nothing personal beyond ids: a caller gives a route's pattern, never a
 * query or a body.  Warnings and errors that repeat are limited to LOG_REPEATS_MAX per kind in
 * LOG_REPEATS_SECONDS; the next line of that kind says how many were left out. */
#ifndef ADAPTERS_LOG_H
#define ADAPTERS_LOG_H

#include "adapters/clock.h"
#include "base/err.h"
#include "base/values.h"

/* error: something is broken · warn: somebody should look · info: starts, stops, and every
 * operation that may change something · debug: reads too. */
enum log_level { LOG_ERROR, LOG_WARN, LOG_INFO, LOG_DEBUG, LOG_LEVELS };
extern const char *const log_level_names[]; /* then NULL */

#define LOG_LINE_BYTES_MAX  4096 /* longer lines are cut: a pipe takes so much at once */
#define LOG_REPEATS_MAX     5
#define LOG_REPEATS_SECONDS 10
#define LOG_KINDS_MAX       64

struct log;

struct log *log_open(int fd, enum log_level level, struct clock *clock);
void log_close(struct log *log);

/* Before work that only the log would need. */
bool log_wants(const struct log *log, enum log_level level);

/* A sentence about a part of the program: log_say(log, LOG_WARN, "store", "The disk is full"). */
void log_say(struct log *log, enum log_level level, const char *part, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* One operation; what is absent, NULL or 0 is left out. */
struct log_operation {
    enum log_level level;
    const char *kind;    /* request, event, duty, outcall */
    const char *service; /* auth, orders, … */
    const char *method;
    str route; /* the pattern: /api/orders/:id; or an event's type, a duty's name */
    int64_t status;
    int64_t took_us; /* logged as ms with three decimals */
    str correlation; /* the request id that it goes back to */
    uuid id;         /* of the event or call */
    uuid causation;  /* the event that caused it */
    uuid user;       /* who asked */
    str subject;     /* the aggregate or Stripe request id that it was about */
    str note;        /* a few words, of ours: "breaker open", "retried 2 times" */
};
void log_operation(struct log *log, const struct log_operation *operation);

/* The level at which a request is logged: errors of ours as such, reads at debug. */
enum log_level log_level_of(bool is_read, int64_t status);

#endif
