/* application/x-www-form-urlencoded: queries and the bodies of plain forms (WHATWG URL §5). */
#include "base/text.h"
#include "web/web.h"

static const struct problem malformed = {
    .status = STATUS_INVALID,
    .message = "The form or query is not well encoded",
};

#define QUERY_PAIRS_MAX 64

static int hex_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

static bool unescape(struct arena *arena, str encoded, str *ret_text)
{
    char *text = arena_text(arena, encoded.size);
    size_t size = 0;

    for (size_t i = 0; i < encoded.size; i++) {
        char c = encoded.data[i];
        if (c == '+') {
            c = ' ';
        } else if (c == '%') {
            int high = i + 2 < encoded.size ? hex_value(encoded.data[i + 1]) : -1;
            int low = high >= 0 ? hex_value(encoded.data[i + 2]) : -1;
            if (low < 0)
                return false;
            c = (char)(high << 4 | low);
            i += 2;
        }
        text[size++] = c;
    }
    *ret_text = (str){ text, size };
    return text_is_utf8(*ret_text);
}

static size_t count_of(str s, char c)
{
    size_t count = 0;
    for (size_t i = 0; i < s.size; i++)
        count += s.data[i] == c;
    return count;
}

err form_decode(struct arena *arena, str encoded, size_t max, struct form_text **ret_texts,
                size_t *ret_count)
{
    size_t pieces = encoded.size == 0 ? 0 : count_of(encoded, '&') + 1;
    if (pieces > max)
        return FAIL(malformed);

    struct form_text *texts = ARENA_ARRAY(arena, struct form_text, pieces);
    size_t count = 0;
    for (str rest = encoded; rest.size > 0;) {
        str piece = str_cut(rest, '&', &rest);
        if (piece.size == 0)
            continue;
        str value;
        str name = str_cut(piece, '=', &value);
        struct form_text *text = &texts[count++];
        if (!unescape(arena, name, &text->name) || !unescape(arena, value, &text->text))
            return FAIL(malformed);
    }
    *ret_texts = texts;
    *ret_count = count;
    return OK;
}

static bool is_unreserved(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '.' || c == '_' || c == '~';
}

static void add_escaped(struct buf *buf, str text)
{
    for (size_t i = 0; i < text.size; i++) {
        unsigned char c = (unsigned char)text.data[i];
        if (is_unreserved(text.data[i])) {
            buf_add_char(buf, text.data[i]);
            continue;
        }
        buf_add_char(buf, '%');
        buf_add_char(buf, "0123456789ABCDEF"[c >> 4]);
        buf_add_char(buf, "0123456789ABCDEF"[c & 15]);
    }
}

void form_add(struct buf *buf, str name, str value)
{
    if (buf->size > 0)
        buf_add_char(buf, '&');
    add_escaped(buf, name);
    buf_add_char(buf, '=');
    add_escaped(buf, value);
}

err read_query(struct op *op, const struct request *request, const struct field *form_fields,
               void *form, uint64_t *ret_present)
{
    struct form_text *texts;
    size_t count;
    TRY(form_decode(op->arena, request->query, QUERY_PAIRS_MAX, &texts, &count));
    return form_read_texts(op->arena, texts, count, form_fields, form, ret_present);
}
