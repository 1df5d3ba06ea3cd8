#include "base/str.h"

#include <assert.h>
#include <stdio.h>

#include <sodium.h>

#include "base/arena.h"

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

bool str_equal_nocase(str a, str b)
{
    if (a.size != b.size)
        return false;
    for (size_t i = 0; i < a.size; i++)
        if (lower(a.data[i]) != lower(b.data[i]))
            return false;
    return true;
}

bool str_starts(str s, str prefix)
{
    return s.size >= prefix.size &&
           (prefix.size == 0 || memcmp(s.data, prefix.data, prefix.size) == 0);
}

str str_cut(str s, char at, str *rest)
{
    const char *found = s.size == 0 ? NULL : memchr(s.data, at, s.size);
    if (found == NULL) {
        *rest = (str){ NULL, 0 };
        return s;
    }
    size_t before = (size_t)(found - s.data);
    *rest = (str){ found + 1, s.size - before - 1 };
    return (str){ s.data, before };
}

static bool is_space(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

str str_trim(str s)
{
    while (s.size > 0 && is_space(s.data[0])) {
        s.data++;
        s.size--;
    }
    while (s.size > 0 && is_space(s.data[s.size - 1]))
        s.size--;
    return s;
}

str str_copy(struct arena *arena, str s)
{
    if (s.data == NULL)
        return s;
    if (s.size == 0)
        return S("");
    char *copy = arena_text(arena, s.size);
    memcpy(copy, s.data, s.size);
    return (str){ copy, s.size };
}

const char *str_terminated(struct arena *arena, str s)
{
    char *copy = arena_text(arena, s.size + 1);
    if (s.size > 0)
        memcpy(copy, s.data, s.size);
    copy[s.size] = '\0';
    return copy;
}

bool str_to_int(str s, int64_t *ret_value)
{
    bool negative = s.size > 0 && s.data[0] == '-';
    size_t i = negative ? 1 : 0;
    if (i == s.size)
        return false;

    int64_t value = 0; /* counted downwards, since there is one more below zero than above */
    for (; i < s.size; i++) {
        if (s.data[i] < '0' || s.data[i] > '9')
            return false;
        if (__builtin_mul_overflow(value, 10, &value) ||
            __builtin_sub_overflow(value, s.data[i] - '0', &value))
            return false;
    }
    if (!negative && value == INT64_MIN)
        return false;
    *ret_value = negative ? value : -value;
    return true;
}

bool str_equal_secret(str a, str b)
{
    if (a.size != b.size)
        return false;
    return a.size == 0 || sodium_memcmp(a.data, b.data, a.size) == 0;
}

struct buf buf_in(struct arena *arena, size_t expected)
{
    struct buf buf = { .arena = arena };
    if (expected > 0) {
        buf.data = arena_text(arena, expected);
        buf.capacity = expected;
    }
    return buf;
}

void buf_grow(struct buf *buf, size_t size)
{
    assert(buf->size <= buf->capacity);
    size_t needed = buf->size + size;
    enum { CAPACITY_MIN = 64 };
    size_t capacity = buf->capacity < CAPACITY_MIN ? CAPACITY_MIN : 2 * buf->capacity;
    if (capacity < needed)
        capacity = needed;
    if (arena_extend(buf->arena, buf->data, buf->capacity, capacity)) {
        buf->capacity = capacity;
        return;
    }
    char *data = arena_text(buf->arena, capacity);
    if (buf->size > 0)
        memcpy(data, buf->data, buf->size);
    buf->data = data;
    buf->capacity = capacity;
}

void buf_add(struct buf *buf, str s)
{
    if (s.size == 0)
        return;
    memcpy(buf_room(buf, s.size), s.data, s.size);
    buf->size += s.size;
}

void buf_add_char(struct buf *buf, char c)
{
    *buf_room(buf, 1) = c;
    buf->size++;
}

void buf_add_int(struct buf *buf, int64_t value)
{
    enum { DIGITS_MAX = 20 };
    char digits[DIGITS_MAX];
    char *first = digits + sizeof digits;
    uint64_t rest = value < 0 ? -(uint64_t)value : (uint64_t)value;
    do {
        *--first = (char)('0' + rest % 10);
        rest /= 10;
    } while (rest > 0);
    if (value < 0)
        *--first = '-';
    buf_add(buf, (str){ first, (size_t)(digits + sizeof digits - first) });
}

void buf_addv(struct buf *buf, const char *format, va_list arguments)
{
    va_list again;
    va_copy(again, arguments);
    int size = vsnprintf(NULL, 0, format, arguments);
    assert(size >= 0);
    char *at = buf_room(buf, (size_t)size + 1); /* with the NUL that it writes */
    (void)vsnprintf(at, (size_t)size + 1, format, again);
    va_end(again);
    buf->size += (size_t)size;
}

void buf_addf(struct buf *buf, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    buf_addv(buf, format, arguments);
    va_end(arguments);
}

str buf_str(const struct buf *buf)
{
    return buf->size == 0 ? S("") : (str){ buf->data, buf->size };
}
