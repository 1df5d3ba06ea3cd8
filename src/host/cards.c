/* No card's number enters the program, however it is written. */
#include "base/text.h"
#include "host/parts.h"

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

/* How many characters escape the one at the beginning (%34 or \u0034); 0: it is none of these. */
static size_t escape_size(str text, char *ret_char)
{
    size_t digits = str_starts(text, S("%")) ? 1 : str_starts(text, S("\\u00")) ? 4 : 0;
    if (digits == 0 || text.size < digits + 2)
        return 0;
    int high = hex_value(text.data[digits]);
    int low = hex_value(text.data[digits + 1]);
    if (high < 0 || low < 0)
        return 0;
    *ret_char = (char)(high << 4 | low);
    return digits + 2;
}

/* As JSON, a query or a form would be read, roughly. */
static str without_escapes(struct arena *arena, str text)
{
    char *plain = arena_text(arena, text.size);
    size_t size = 0;
    for (size_t at = 0; at < text.size;) {
        char c = text.data[at] == '+' ? ' ' : text.data[at];
        size_t escaped = escape_size((str){ text.data + at, text.size - at }, &c);
        plain[size++] = c;
        at += escaped > 0 ? escaped : 1;
    }
    return (str){ plain, size };
}

static bool has_escapes(str text)
{
    return text.size > 0 &&
           (memchr(text.data, '%', text.size) || memchr(text.data, '+', text.size) ||
            memchr(text.data, '\\', text.size));
}

static bool holds_number(struct arena *arena, str text)
{
    return text_has_card_number(text) ||
           (has_escapes(text) && text_has_card_number(without_escapes(arena, text)));
}

bool request_has_card_number(struct arena *arena, const struct request *request)
{
    return holds_number(arena, request->body) || holds_number(arena, request->query) ||
           text_has_card_number(request->path) ||
           text_has_card_number(request->header[HEADER_idempotency_key]);
}
