#include "adapters/log.h"

#include <assert.h>
#include <inttypes.h>
#include <poll.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

const char *const log_level_names[] = { "error", "warn", "info", "debug", NULL };

/* How often one kind of warning was said lately. */
struct repeats {
    uint64_t kind;
    int64_t since_ms;
    int64_t said;
    int64_t left_out;
};

struct log {
    int fd;
    enum log_level level;
    struct clock *clock;
    pthread_mutex_t mutex; /* guards repeats */
    struct repeats repeats[LOG_KINDS_MAX];
    pthread_mutex_t writing; /* one line at a time */
};

struct log *log_open(int fd, enum log_level level, struct clock *clock)
{
    struct log *log = calloc(1, sizeof *log);
    assert(log != NULL);
    log->fd = fd;
    log->level = level;
    log->clock = clock;
    int failed = pthread_mutex_init(&log->mutex, NULL);
    failed |= pthread_mutex_init(&log->writing, NULL);
    assert(failed == 0);
    return log;
}

void log_close(struct log *log)
{
    pthread_mutex_destroy(&log->writing);
    pthread_mutex_destroy(&log->mutex);
    free(log);
}

bool log_wants(const struct log *log, enum log_level level)
{
    return level <= log->level;
}

enum log_level log_level_of(bool is_read, int64_t status)
{
    if (status == STATUS_BROKEN)
        return LOG_ERROR;
    if (status > STATUS_BROKEN)
        return LOG_WARN;
    return is_read ? LOG_DEBUG : LOG_INFO;
}

/* ---- a line ---- */

/* What does not fit is cut, by those that add it; room for the end is always kept. */
struct line {
    char bytes[LOG_LINE_BYTES_MAX];
    size_t size;
};

#define TAIL_BYTES 32 /* "}\n, and what one escape may need */

static void add(struct line *line, const char *text, size_t size)
{
    assert(size <= sizeof line->bytes - TAIL_BYTES - line->size);
    memcpy(line->bytes + line->size, text, size);
    line->size += size;
}

static void add_char(struct line *line, char c)
{
    add(line, &c, 1);
}

static void add_escaped(struct line *line, unsigned char c)
{
    char text[8];
    int size = snprintf(text, sizeof text, "\\u%04x", (unsigned)c);
    if (line->size + (size_t)size <= sizeof line->bytes - TAIL_BYTES)
        add(line, text, (size_t)size);
}

/* Text that others chose.  Bytes that are not ASCII are passed on: the host lets nothing but
 * valid UTF-8 come this far, and a log reader must cope with a cut character anyway. */
static void add_text(struct line *line, str text)
{
    add_char(line, '"');
    for (size_t i = 0; i < text.size && line->size < sizeof line->bytes - TAIL_BYTES; i++) {
        unsigned char c = (unsigned char)text.data[i];
        if (c < 0x20 || c == 0x7f || c == '"' || c == '\\')
            add_escaped(line, c);
        else
            add_char(line, (char)c);
    }
    line->bytes[line->size++] = '"'; /* from the tail's room, so that it is always there */
}

static void add_name(struct line *line, const char *name)
{
    add(line, ",\"", 2);
    add(line, name, strlen(name));
    add(line, "\":", 2);
}

static void member_text(struct line *line, const char *name, str text)
{
    if (text.size == 0 || line->size + strlen(name) + 16 > sizeof line->bytes - TAIL_BYTES)
        return;
    add_name(line, name);
    add_text(line, text);
}

static void member_uuid(struct line *line, const char *name, uuid id)
{
    if (uuid_is_absent(id))
        return;
    char text[UUID_TEXT_SIZE];
    uuid_write(id, text);
    member_text(line, name, (str){ text, sizeof text });
}

static void member_number(struct line *line, const char *name, const char *digits)
{
    size_t size = strlen(digits);
    if (line->size + strlen(name) + size + 4 > sizeof line->bytes - TAIL_BYTES)
        return;
    add_name(line, name);
    add(line, digits, size);
}

static void member_int(struct line *line, const char *name, int64_t value)
{
    char digits[24];
    if (value == 0)
        return;
    snprintf(digits, sizeof digits, "%" PRId64, value);
    member_number(line, name, digits);
}

static void begin(struct line *line, enum log_level level, instant now)
{
    char time[INSTANT_TEXT_SIZE];
    instant_write(now, time);
    line->size = 0;
    add(line, "{\"time\":\"", 9);
    add(line, time, sizeof time);
    add(line, "\",\"level\":\"", 11);
    add(line, log_level_names[level], strlen(log_level_names[level]));
    add_char(line, '"');
}

static void end(struct log *log, struct line *line)
{
    assert(line->size + 2 <= sizeof line->bytes);
    line->bytes[line->size++] = '}';
    line->bytes[line->size++] = '\n';
    /* A log that cannot be written stops nobody: neither does one that nobody reads.  A pipe that
     * is ready takes PIPE_BUF bytes without a wait, as long as one at a time asks. */
    struct pollfd ready = { .fd = log->fd, .events = POLLOUT };
    pthread_mutex_lock(&log->writing);
    if (poll(&ready, 1, 0) == 1 && (ready.revents & POLLOUT) != 0) {
        ssize_t written = write(log->fd, line->bytes, line->size);
        (void)written;
    }
    pthread_mutex_unlock(&log->writing);
}

/* ---- repeated warnings ---- */

static uint64_t hash(uint64_t seed, const void *bytes, size_t size)
{
    const unsigned char *byte = bytes;
    for (size_t i = 0; i < size; i++)
        seed = (seed ^ byte[i]) * UINT64_C(0x100000001b3); /* FNV-1a */
    return seed;
}

static uint64_t hash_text(uint64_t seed, const char *text)
{
    return text == NULL ? seed : hash(seed, text, strlen(text) + 1);
}

#define HASH_SEED UINT64_C(0xcbf29ce484222325)

/* Whether to say it, and how many of its kind were left out before. */
static bool passes(struct log *log, enum log_level level, uint64_t kind, instant now,
                   int64_t *ret_left_out)
{
    *ret_left_out = 0;
    if (level > LOG_WARN)
        return true;
    pthread_mutex_lock(&log->mutex);
    struct repeats *repeats = &log->repeats[kind % LOG_KINDS_MAX];
    if (repeats->kind != kind || now.ms - repeats->since_ms >= LOG_REPEATS_SECONDS * 1000) {
        int64_t left_out = repeats->kind == kind ? repeats->left_out : 0;
        *repeats = (struct repeats){ kind, now.ms, 0, left_out };
    }
    bool say = repeats->said < LOG_REPEATS_MAX;
    if (say) {
        repeats->said++;
        *ret_left_out = repeats->left_out;
        repeats->left_out = 0;
    } else {
        repeats->left_out++;
    }
    pthread_mutex_unlock(&log->mutex);
    return say;
}

/* ---- what is said ---- */

void log_say(struct log *log, enum log_level level, const char *part, const char *format, ...)
{
    if (log == NULL || !log_wants(log, level))
        return;
    instant now = clock_now(log->clock);
    int64_t left_out;
    if (!passes(log, level, hash_text(hash_text(HASH_SEED, part), format), now, &left_out))
        return;
    char message[2048];
    va_list arguments;
    va_start(arguments, format);
    int size = vsnprintf(message, sizeof message, format, arguments);
    va_end(arguments);
    assert(size >= 0);
    size_t length = (size_t)size < sizeof message ? (size_t)size : sizeof message - 1;

    struct line line;
    begin(&line, level, now);
    member_text(&line, "part", str_of(part));
    member_int(&line, "leftOut", left_out);
    member_text(&line, "message", (str){ message, length });
    end(log, &line);
}

static uint64_t kind_of(const struct log_operation *operation)
{
    uint64_t kind = hash_text(HASH_SEED, operation->kind);
    kind = hash_text(kind, operation->service);
    kind = hash_text(kind, operation->method);
    if (operation->route.size > 0)
        kind = hash(kind, operation->route.data, operation->route.size);
    return hash(kind, &operation->status, sizeof operation->status);
}

void log_operation(struct log *log, const struct log_operation *operation)
{
    if (log == NULL || !log_wants(log, operation->level))
        return;
    instant now = clock_now(log->clock);
    int64_t left_out;
    if (!passes(log, operation->level, kind_of(operation), now, &left_out))
        return;
    char ms[32];
    snprintf(ms, sizeof ms, "%" PRId64 ".%03" PRId64, operation->took_us / 1000,
             operation->took_us % 1000);

    struct line line;
    begin(&line, operation->level, now);
    member_text(&line, "kind", str_of(operation->kind));
    member_text(&line, "service", str_of(operation->service));
    member_text(&line, "method", str_of(operation->method));
    member_int(&line, "status", operation->status);
    member_number(&line, "ms", ms);
    member_uuid(&line, "id", operation->id);
    member_uuid(&line, "causation", operation->causation);
    member_uuid(&line, "user", operation->user);
    member_int(&line, "leftOut", left_out);
    member_text(&line, "route", operation->route);
    member_text(&line, "correlation", operation->correlation);
    member_text(&line, "subject", operation->subject);
    member_text(&line, "note", operation->note);
    end(log, &line);
}
