/* What time it is.
 *
 * Deadlines are instants of the wall clock, kept in the store; so a clock that somebody sets, or
 * that a time server corrects by a step, would end every lock early or late.  The real clock is
 * therefore the wall clock as it was read once, carried on by CLOCK_BOOTTIME: it never goes back,
 * never jumps, runs through suspension, and takes part in the gentle corrections of a time server
 * but not in its steps.  15 minutes are 15 minutes.
 *
 * The same holds through restarts: with an anchor file, a program started again since the machine
 * booted goes on with the clock of the one before.  A step of the wall clock is so disbelieved
 * until a start that comes CLOCK_ANCHOR_HOURS after the two clocks last agreed (or after a
 * reboot); meanwhile clock_check() says how far they are apart, for the log and /readyz. */
#ifndef ADAPTERS_CLOCK_H
#define ADAPTERS_CLOCK_H

#include "base/values.h"

struct clock {
    instant (*now)(struct clock *clock); /* from any thread */
};

static inline instant clock_now(struct clock *clock)
{
    return clock->now(clock);
}

#define CLOCK_ANCHOR_HOURS 24

/* Where the real clock gets its readings: the kernel, or a test. */
struct clock_source {
    int64_t (*wall_ms)(void *context);   /* CLOCK_REALTIME */
    int64_t (*steady_ms)(void *context); /* CLOCK_BOOTTIME */
    void *context;
    char boot[64]; /* names the boot that steady_ms counts from; empty: unknown, no anchor */
};
struct clock_source clock_source_kernel(void);

struct real_clock {
    struct clock clock; /* first: hand out &real.clock */
    struct clock_source source;
    int64_t offset_ms; /* now = steady + offset; never changes */
    const char *anchor_path;
    int64_t agreed_ms; /* steady time when wall and ours last agreed, as the anchor says */
};

/* anchor_path (borrowed) may be NULL; an anchor that cannot be read or written is done without. */
void real_clock_open(struct real_clock *clock, struct clock_source source, const char *anchor_path);

/* How far the wall clock is ahead of ours (negative: behind); 0 when they agree within a second.
 * To be called by one thread every minute or so: it also keeps the anchor fresh. */
duration clock_check(struct real_clock *clock);

/* Microseconds since some moment: they only measure how long something took. */
int64_t stopwatch_us(void);

#endif
