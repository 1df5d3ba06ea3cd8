#include "adapters/clock.h"

#include <assert.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define AGREE_MS_MAX     1000
#define REFRESH_MS       (INT64_C(60) * 60 * 1000)
#define ANCHOR_MS_MAX    ((int64_t)CLOCK_ANCHOR_HOURS * 60 * 60 * 1000)
#define ANCHOR_BYTES_MAX 160

static int64_t read_ms(clockid_t id)
{
    struct timespec time;
    int failed = clock_gettime(id, &time);
    assert(failed == 0);
    return (int64_t)time.tv_sec * 1000 + time.tv_nsec / 1000000;
}

static int64_t kernel_wall_ms(void *context)
{
    (void)context;
    return read_ms(CLOCK_REALTIME);
}

static int64_t kernel_steady_ms(void *context)
{
    (void)context;
    return read_ms(CLOCK_BOOTTIME);
}

/* The first line of a small file; empty if there is none. */
static void read_line(const char *path, char *ret_line, size_t size)
{
    ret_line[0] = '\0';
    int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0)
        return;
    ssize_t count = read(file, ret_line, size - 1);
    close(file);
    ret_line[count < 0 ? 0 : count] = '\0';
    ret_line[strcspn(ret_line, "\n")] = '\0';
}

struct clock_source clock_source_kernel(void)
{
    struct clock_source source = { .wall_ms = kernel_wall_ms, .steady_ms = kernel_steady_ms };
    read_line("/proc/sys/kernel/random/boot_id", source.boot, sizeof source.boot);
    return source;
}

int64_t stopwatch_us(void)
{
    struct timespec time;
    int failed = clock_gettime(CLOCK_MONOTONIC, &time);
    assert(failed == 0);
    return (int64_t)time.tv_sec * 1000000 + time.tv_nsec / 1000;
}

static int64_t wall_ms(const struct real_clock *clock)
{
    return clock->source.wall_ms(clock->source.context);
}

static int64_t steady_ms(const struct real_clock *clock)
{
    return clock->source.steady_ms(clock->source.context);
}

/* ---- the anchor: "boot offset agreed" ---- */

struct anchor {
    int64_t offset_ms;
    int64_t agreed_ms;
};

static bool read_anchor(const struct real_clock *clock, struct anchor *ret_anchor)
{
    if (clock->anchor_path == NULL || clock->source.boot[0] == '\0')
        return false;
    char line[ANCHOR_BYTES_MAX];
    read_line(clock->anchor_path, line, sizeof line);
    size_t boot_size = strlen(clock->source.boot);
    if (strncmp(line, clock->source.boot, boot_size) != 0 || line[boot_size] != ' ')
        return false;
    char *end;
    ret_anchor->offset_ms = strtoll(line + boot_size, &end, 10);
    if (*end != ' ')
        return false;
    ret_anchor->agreed_ms = strtoll(end, &end, 10);
    return *end == '\0';
}

/* By a new file in its place, so that nobody reads half of one.  Not flushed: after a power loss
 * there is a new boot, and the anchor has no meaning. */
static void write_anchor(const struct real_clock *clock)
{
    if (clock->anchor_path == NULL || clock->source.boot[0] == '\0')
        return;
    char line[ANCHOR_BYTES_MAX];
    int size = snprintf(line, sizeof line, "%s %" PRId64 " %" PRId64 "\n", clock->source.boot,
                        clock->offset_ms, clock->agreed_ms);
    char path[4096];
    int path_size = snprintf(path, sizeof path, "%s.new", clock->anchor_path);
    if (path_size < 0 || (size_t)path_size >= sizeof path)
        return;
    int file = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    if (file < 0)
        return;
    bool whole = write(file, line, (size_t)size) == size;
    close(file);
    if (!whole || rename(path, clock->anchor_path) != 0)
        unlink(path);
}

/* ---- the clock ---- */

static instant real_now(struct clock *clock)
{
    const struct real_clock *real = (const struct real_clock *)clock;
    return (instant){ steady_ms(real) + real->offset_ms };
}

static bool agree(int64_t apart_ms)
{
    return -AGREE_MS_MAX <= apart_ms && apart_ms <= AGREE_MS_MAX;
}

void real_clock_open(struct real_clock *clock, struct clock_source source, const char *anchor_path)
{
    *clock =
        (struct real_clock){ .clock.now = real_now, .source = source, .anchor_path = anchor_path };
    int64_t steady = steady_ms(clock);
    clock->offset_ms = wall_ms(clock) - steady;
    clock->agreed_ms = steady;

    struct anchor anchor;
    if (read_anchor(clock, &anchor) && anchor.agreed_ms <= steady &&
        steady - anchor.agreed_ms < ANCHOR_MS_MAX) {
        int64_t apart = clock->offset_ms - anchor.offset_ms;
        if (!agree(apart)) {
            clock->offset_ms = anchor.offset_ms;
            clock->agreed_ms = anchor.agreed_ms;
        } else if (apart < 0) {
            clock->offset_ms = anchor.offset_ms; /* not even a little back */
        }
    }
    write_anchor(clock);
}

duration clock_check(struct real_clock *clock)
{
    int64_t steady = steady_ms(clock);
    int64_t apart = wall_ms(clock) - (steady + clock->offset_ms);
    if (!agree(apart))
        return (duration){ apart };
    if (steady - clock->agreed_ms >= REFRESH_MS) {
        clock->agreed_ms = steady;
        write_anchor(clock);
    }
    return (duration){ 0 };
}
