/* Text as a borrowed slice, and a buffer that grows in an arena.
 *
 * A str does not own its bytes and is not NUL-terminated: they belong to a literal, a request,
 * a row or an arena, and live as long as the operation.  A str whose data is NULL is absent,
 * which is not the same as empty. */
#ifndef BASE_STR_H
#define BASE_STR_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct arena;

typedef struct str {
    const char *data;
    size_t size; /* in bytes */
} str;

#define S(literal) ((str){ "" literal, sizeof(literal) - 1 })
/* For const tables, where a compound literal is not a constant. */
#define STR_INIT(literal)               \
    {                                   \
        "" literal, sizeof(literal) - 1 \
    }

static inline str str_of(const char *text)
{
    return text == NULL ? (str){ NULL, 0 } : (str){ text, strlen(text) };
}

static inline bool str_equal(str a, str b)
{
    return a.size == b.size && (a.size == 0 || memcmp(a.data, b.data, a.size) == 0);
}

static inline bool str_is(str s, const char *text)
{
    return str_equal(s, str_of(text));
}

/* ASCII letters compare without case; for header names and the like. */
bool str_equal_nocase(str a, str b);
bool str_starts(str s, str prefix);
/* Splits at the first `at`: the part before, and *rest the part after (absent if there is none). */
str str_cut(str s, char at, str *rest);
/* Without ASCII white space at both ends. */
str str_trim(str s);
/* A copy that lives in the arena. */
str str_copy(struct arena *arena, str s);
/* A NUL-terminated copy in the arena, for libraries that want one. */
const char *str_terminated(struct arena *arena, str s);
/* A decimal integer, the whole of s, no sign but '-', no spaces; false if it is none or too large.
 */
bool str_to_int(str s, int64_t *ret_value);
/* Equal, in a time that depends on the sizes alone; for secrets. */
bool str_equal_secret(str a, str b);

/* Text under construction.  Adding cannot fail: the arena grows (limits.h bounds the inputs). */
struct buf {
    struct arena *arena;
    char *data;
    size_t size;
    size_t capacity;
};

struct buf buf_in(struct arena *arena, size_t expected);
void buf_grow(struct buf *buf, size_t size); /* for buf_room() alone */

/* Makes room for so many more bytes and returns where they go; add them to buf->size afterwards. */
static inline char *buf_room(struct buf *buf, size_t size)
{
    if (buf->capacity - buf->size < size)
        buf_grow(buf, size);
    return buf->data + buf->size;
}

void buf_add(struct buf *buf, str s);
void buf_add_char(struct buf *buf, char c);
void buf_add_int(struct buf *buf, int64_t value);
void buf_addf(struct buf *buf, const char *format, ...) __attribute__((format(printf, 2, 3)));
void buf_addv(struct buf *buf, const char *format, va_list arguments)
    __attribute__((format(printf, 2, 0)));
str buf_str(const struct buf *buf);

#endif
