/* Unicode on utf8proc; texts of plain ASCII, which most are, never get that far. */
#include "base/text.h"

#include <assert.h>
#include <utf8proc.h>

#include "base/arena.h"

/* ---- UTF-8 ---- */

/* What may follow a first byte: how many bytes, and between which bounds the next one lies
 * (Unicode 15, table 3-7). */
struct sequence {
    unsigned more; /* 0: no first byte of several */
    unsigned char low;
    unsigned char high;
};

static struct sequence sequence_of(unsigned char first)
{
    if (first >= 0xc2 && first <= 0xdf)
        return (struct sequence){ 1, 0x80, 0xbf };
    if (first == 0xe0)
        return (struct sequence){ 2, 0xa0, 0xbf };
    if (first == 0xed)
        return (struct sequence){ 2, 0x80, 0x9f }; /* no surrogates */
    if (first >= 0xe1 && first <= 0xef)
        return (struct sequence){ 2, 0x80, 0xbf };
    if (first == 0xf0)
        return (struct sequence){ 3, 0x90, 0xbf };
    if (first >= 0xf1 && first <= 0xf3)
        return (struct sequence){ 3, 0x80, 0xbf };
    if (first == 0xf4)
        return (struct sequence){ 3, 0x80, 0x8f };
    return (struct sequence){ 0, 0, 0 };
}

static bool follows(str text, size_t at, struct sequence sequence)
{
    if (sequence.more == 0 || text.size - at <= sequence.more)
        return false;
    const unsigned char *byte = (const unsigned char *)text.data + at + 1;
    if (byte[0] < sequence.low || byte[0] > sequence.high)
        return false;
    for (unsigned i = 1; i < sequence.more; i++)
        if (byte[i] < 0x80 || byte[i] > 0xbf)
            return false;
    return true;
}

bool text_is_utf8(str text)
{
    for (size_t at = 0; at < text.size; at++) {
        unsigned char first = (unsigned char)text.data[at];
        if (first == 0)
            return false;
        if (first < 0x80)
            continue;
        struct sequence sequence = sequence_of(first);
        if (!follows(text, at, sequence))
            return false;
        at += sequence.more;
    }
    return true;
}

static bool is_continuation(char c)
{
    return ((unsigned char)c & 0xc0) == 0x80;
}

size_t text_length(str text)
{
    size_t length = 0;
    for (size_t i = 0; i < text.size; i++)
        length += !is_continuation(text.data[i]);
    return length;
}

/* The code point at `at` of a valid text; *ret_size bytes long. */
static int32_t code_point_at(str text, size_t at, size_t *ret_size)
{
    const unsigned char *byte = (const unsigned char *)text.data + at;
    if (byte[0] < 0x80) {
        *ret_size = 1;
        return byte[0];
    }
    unsigned more = sequence_of(byte[0]).more;
    assert(more > 0 && text.size - at > more);
    int32_t code_point = byte[0] & (0x3f >> more);
    for (unsigned i = 1; i <= more; i++)
        code_point = code_point << 6 | (byte[i] & 0x3f);
    *ret_size = more + 1;
    return code_point;
}

static bool is_ascii(str text)
{
    unsigned char any = 0;
    for (size_t i = 0; i < text.size; i++)
        any |= (unsigned char)text.data[i];
    return any < 0x80;
}

/* ---- what texts may hold ---- */

static bool is_control(int32_t c)
{
    return c < 0x20 || (c >= 0x7f && c <= 0x9f);
}

/* Embeddings, overrides and isolates: they can make a text read as another. */
static bool is_bidi_control(int32_t c)
{
    return (c >= 0x202a && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069);
}

static bool is_line_break_or_tab(int32_t c)
{
    return c == '\n' || c == '\r' || c == '\t' || c == 0x2028 || c == 0x2029;
}

bool text_is_clean(str text, bool lines)
{
    size_t size;
    for (size_t at = 0; at < text.size; at += size) {
        int32_t c = code_point_at(text, at, &size);
        if (is_line_break_or_tab(c)) {
            if (!lines)
                return false;
        } else if (is_control(c) || is_bidi_control(c)) {
            return false;
        }
    }
    return true;
}

/* White space, and what has no width at all: a title of nothing else is blank. */
static bool is_blank(int32_t c)
{
    if (c == ' ' || (c >= '\t' && c <= '\r') || c == 0x85)
        return true;
    if (c < 0xa0)
        return false;
    if (c == 0x200b || c == 0x2060 || c == 0xfeff)
        return true;
    utf8proc_category_t category = utf8proc_category(c);
    return category == UTF8PROC_CATEGORY_ZS || category == UTF8PROC_CATEGORY_ZL ||
           category == UTF8PROC_CATEGORY_ZP;
}

static str trim(str text)
{
    size_t size;
    while (text.size > 0 && is_blank(code_point_at(text, 0, &size))) {
        text.data += size;
        text.size -= size;
    }
    while (text.size > 0) {
        size_t last = text.size - 1;
        while (is_continuation(text.data[last]))
            last--;
        if (!is_blank(code_point_at(text, last, &size)))
            break;
        text.size = last;
    }
    return text;
}

/* ---- normalising and folding ---- */

/* utf8proc works in place: code points in, UTF-8 out of the same memory. */
static str map(struct arena *arena, str text, utf8proc_option_t options)
{
    const utf8proc_uint8_t *bytes = (const utf8proc_uint8_t *)text.data;
    utf8proc_ssize_t size = (utf8proc_ssize_t)text.size;
    utf8proc_ssize_t count = utf8proc_decompose(bytes, size, NULL, 0, options);
    assert(count >= 0); /* the text is valid */

    utf8proc_int32_t *buffer = ARENA_ARRAY(arena, utf8proc_int32_t, (size_t)count + 1);
    count = utf8proc_decompose(bytes, size, buffer, count, options);
    assert(count >= 0);
    size = utf8proc_reencode(buffer, count, options);
    assert(size >= 0);
    return (str){ (const char *)buffer, (size_t)size };
}

str text_normalise(struct arena *arena, str text)
{
    text = trim(text);
    if (text.size == 0)
        return S("");
    if (is_ascii(text))
        return str_copy(arena, text);
    return map(arena, text, UTF8PROC_STABLE | UTF8PROC_COMPOSE);
}

str text_fold(struct arena *arena, str text)
{
    if (text.size == 0)
        return S("");
    if (!is_ascii(text))
        return map(arena, text,
                   UTF8PROC_STABLE | UTF8PROC_COMPOSE | UTF8PROC_COMPAT | UTF8PROC_CASEFOLD);

    char *folded = arena_text(arena, text.size);
    for (size_t i = 0; i < text.size; i++) {
        char c = text.data[i];
        folded[i] = c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
    }
    return (str){ folded, text.size };
}

bool phone_is_e164(str phone)
{
    if (phone.size < 9 || phone.size > 16 || phone.data[0] != '+' || phone.data[1] == '0')
        return false;
    for (size_t i = 1; i < phone.size; i++)
        if (phone.data[i] < '0' || phone.data[i] > '9')
            return false;
    return true;
}
