/* The small values that every layer passes by copy: uuid, money, instant, duration. */
#ifndef BASE_VALUES_H
#define BASE_VALUES_H

#include "base/str.h"

/* ---- uuid: RFC 9562; all zero bytes means absent ---- */

typedef struct uuid {
    uint8_t bytes[16];
} uuid;

static inline bool uuid_equal(uuid a, uuid b)
{
    return memcmp(a.bytes, b.bytes, sizeof a.bytes) == 0;
}

static inline bool uuid_is_absent(uuid id)
{
    return uuid_equal(id, (uuid){ { 0 } });
}

#define UUID_TEXT_SIZE 36

/* The canonical form, 36 characters, in either case; not the id of all zeros, which means absent.
 */
bool uuid_parse(str text, uuid *ret_id);
/* Writes UUID_TEXT_SIZE characters, lower case, no NUL. */
void uuid_write(uuid id, char *ret_text);
str uuid_text(struct arena *arena, uuid id);

/* ---- time ---- */

typedef struct instant {
    int64_t ms; /* since 1970-01-01T00:00:00Z; 0 means absent */
} instant;

typedef struct duration {
    int64_t ms;
} duration;

/* When a UUIDv7 was made (RFC 9562 §5.7). */
static inline instant uuid_time(uuid id)
{
    int64_t ms = 0;
    for (int i = 0; i < 6; i++)
        ms = ms << 8 | id.bytes[i];
    return (instant){ ms };
}

static inline duration seconds(int64_t n)
{
    return (duration){ n * 1000 };
}

static inline duration minutes(int64_t n)
{
    return (duration){ n * 60 * 1000 };
}

static inline duration hours(int64_t n)
{
    return (duration){ n * 60 * 60 * 1000 };
}

static inline instant instant_after(instant when, duration wait)
{
    return (instant){ when.ms + wait.ms };
}

static inline instant instant_before(instant when, duration back)
{
    return (instant){ when.ms - back.ms };
}

/* Not above any UUIDv7 made at `when` or later: where a range of ids begins. */
static inline uuid uuid_since(instant when)
{
    uuid id = { { 0 } };
    for (int i = 0; i < 6; i++)
        id.bytes[i] = (uint8_t)(when.ms >> (40 - 8 * i));
    return id;
}

#define INSTANT_TEXT_SIZE 24

/* ISO 8601: 2026-11-20T17:26:08.123Z.  Reading takes 0 to 9 decimals (kept to the millisecond)
 * and Z or an offset ±hh:mm, years 1970 (without its first instant, which means absent) to 9999. */
bool instant_parse(str text, instant *ret_when);
/* Writes INSTANT_TEXT_SIZE characters, no NUL. */
void instant_write(instant when, char *ret_text);
/* RFC 9110 IMF-fixdate, for HTTP headers: Fri, 20 Nov 2026 17:26:08 GMT (29 characters). */
#define INSTANT_HTTP_SIZE 29
void instant_write_http(instant when, char *ret_text);
/* A setting such as 15m, 900s, 1h, 250ms; false if it is none, negative or above 10 years. */
bool duration_parse(str text, duration *ret_wait);

/* ---- money: minor units of the one currency of this shop; never a binary float ---- */

typedef struct money {
    int64_t minor; /* 2005 is 20.05; 0 means absent where a field is optional */
} money;

#define MONEY_TEXT_MAX 24

/* A decimal in major units, "20", "20.5", "20.05": at most two decimals that are not zero, no sign
 * but '-', no exponent, at most 15 digits. */
bool money_parse(str text, money *ret_amount);
/* The shortest form: 20, 20.5, 20.05.  Returns the number of characters, at most MONEY_TEXT_MAX. */
size_t money_write(money amount, char *ret_text);

#endif
