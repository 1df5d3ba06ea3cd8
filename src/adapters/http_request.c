#include "adapters/http_request.h"

#include <string.h>

#include "base/text.h"

/* ---- refusals ---- */

#define ENVELOPE(text) STR_INIT("{\"errors\":[{\"message\":\"" text "\"}]}")
#define ALL_METHODS    "GET, HEAD, POST, PUT, PATCH, DELETE"

#define REFUSAL(name, a_status, text) \
    const struct refusal name = { .status = (a_status), .body = ENVELOPE(text) }

REFUSAL(refusal_malformed, 400, "Malformed request");
REFUSAL(refusal_timeout, 408, "The request took too long to arrive");
REFUSAL(refusal_body_too_large, 413, "The body is too large");
REFUSAL(refusal_target_too_long, 414, "The address is too long");
REFUSAL(refusal_head_too_large, 431, "The headers are too large");
REFUSAL(refusal_broken, 500, "Something went wrong");
REFUSAL(refusal_stopping, 503, "Closing down, try again");

static REFUSAL(bad_method, 400, "Malformed method");
static REFUSAL(bad_target, 400, "Malformed address");
static REFUSAL(bad_field, 400, "Malformed header");
static REFUSAL(bad_host, 400, "A request needs exactly one valid Host header");
static REFUSAL(bad_length, 400, "A body needs exactly one valid length");
static REFUSAL(duplicate, 400, "A header that must be single was sent twice");
static REFUSAL(unknown_method, 501, "Unknown method");
static REFUSAL(unknown_encoding, 501, "Unknown transfer encoding");
static const struct refusal method_not_allowed = {
    .status = 405,
    .body = ENVELOPE("Method not allowed"),
    .allow = ALL_METHODS,
};

static void refuse(struct http_head *head, const struct refusal *refusal)
{
    if (head->refusal == NULL)
        head->refusal = refusal;
}

/* ---- characters ---- */

static bool is_letter_or_digit(unsigned char c)
{
    return (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z');
}

/* RFC 9110 §5.6.2: what names and methods are made of. */
static bool is_token(str s)
{
    for (size_t i = 0; i < s.size; i++) {
        unsigned char c = (unsigned char)s.data[i];
        if (!is_letter_or_digit(c) && (c == '\0' || strchr("!#$%&'*+-.^_`|~", c) == NULL))
            return false;
    }
    return s.size > 0;
}

/* No control characters but the tab; bytes from 128 on are let through (obs-text). */
static bool is_field_value(str s)
{
    unsigned bad = 0;
    for (size_t i = 0; i < s.size; i++) {
        unsigned char c = (unsigned char)s.data[i];
        bad |= (unsigned)(c < 0x20) & (unsigned)(c != '\t');
        bad |= (unsigned)(c == 0x7f);
    }
    return bad == 0;
}

static bool is_target(str s)
{
    unsigned bad = 0;
    for (size_t i = 0; i < s.size; i++) {
        unsigned char c = (unsigned char)s.data[i];
        bad |= (unsigned)(c <= 0x20) | (unsigned)(c == 0x7f) | (unsigned)(c == '#');
    }
    return bad == 0 && s.size > 0;
}

/* A host and perhaps a port, by the characters of those that exist (fewer than RFC 3986 §3.2 has).
 */
static bool is_host(str s)
{
    for (size_t i = 0; i < s.size; i++) {
        unsigned char c = (unsigned char)s.data[i];
        if (!is_letter_or_digit(c) && (c == '\0' || strchr("-._~%:[]", c) == NULL))
            return false;
    }
    return s.size > 0;
}

static str trim_blanks(str s)
{
    while (s.size > 0 && (s.data[0] == ' ' || s.data[0] == '\t')) {
        s.data++;
        s.size--;
    }
    while (s.size > 0 && (s.data[s.size - 1] == ' ' || s.data[s.size - 1] == '\t'))
        s.size--;
    return s;
}

/* ---- the first line ---- */

static void read_method(struct http_head *head, str method)
{
    for (unsigned i = 0; i < METHODS; i++) {
        if (str_is(method, method_names[i])) {
            head->request->method = (enum method)i;
            return;
        }
    }
    if (!is_token(method))
        refuse(head, &bad_method);
    else if (str_is(method, "OPTIONS") || str_is(method, "TRACE") || str_is(method, "CONNECT"))
        refuse(head, &method_not_allowed);
    else
        refuse(head, &unknown_method);
}

static int hex_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    char lower = (char)(c | 0x20);
    return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

/* False if an escape is broken. */
static bool percent_decode(struct arena *arena, str text, str *ret_decoded)
{
    if (text.size == 0 || memchr(text.data, '%', text.size) == NULL) {
        *ret_decoded = text;
        return true;
    }
    char *decoded = arena_text(arena, text.size);
    size_t size = 0;
    for (size_t i = 0; i < text.size; i++) {
        if (text.data[i] != '%') {
            decoded[size++] = text.data[i];
            continue;
        }
        if (text.size - i < 3)
            return false;
        int high = hex_value(text.data[i + 1]);
        int low = hex_value(text.data[i + 2]);
        if (high < 0 || low < 0)
            return false;
        decoded[size++] = (char)(high * 16 + low);
        i += 2;
    }
    *ret_decoded = (str){ decoded, size };
    return true;
}

static void read_path(struct http_head *head, str path, bool raw_path)
{
    str decoded = { NULL, 0 };
    if (!percent_decode(head->arena, path, &decoded) || !str_starts(decoded, S("/")) ||
        !text_is_utf8(decoded) || !is_field_value(decoded) ||
        memchr(decoded.data, '\t', decoded.size) != NULL)
        refuse(head, &bad_target);
    else
        head->request->path = raw_path ? path : decoded;
}

/* http://host/path?query, as a proxy would be asked: then Host counts for nothing (RFC 9112
 * §3.2.2). */
static str cut_authority(struct http_head *head, str target)
{
    static const str schemes[] = { STR_INIT("http://"), STR_INIT("https://") };
    for (size_t i = 0; i < sizeof schemes / sizeof schemes[0]; i++) {
        if (target.size < schemes[i].size ||
            !str_equal_nocase((str){ target.data, schemes[i].size }, schemes[i]))
            continue;
        str rest = { target.data + schemes[i].size, target.size - schemes[i].size };
        size_t size = 0;
        while (size < rest.size && rest.data[size] != '/' && rest.data[size] != '?')
            size++;
        head->absolute = true;
        head->request->header[HEADER_host] = (str){ rest.data, size };
        if (!is_host(head->request->header[HEADER_host]))
            refuse(head, &bad_target);
        return (str){ rest.data + size, rest.size - size };
    }
    return target;
}

static void read_target(struct http_head *head, str target, bool raw_path)
{
    if (target.size > TARGET_BYTES_MAX) {
        refuse(head, &refusal_target_too_long);
        return;
    }
    if (!is_target(target)) {
        refuse(head, &bad_target);
        return;
    }
    target = cut_authority(head, str_copy(head->arena, target));
    str path = str_cut(target, '?', &head->request->query);
    read_path(head, path.size == 0 && head->absolute ? S("/") : path, raw_path);
}

void http_head_begin(struct http_head *head, struct arena *arena, struct request *request,
                     str method, str target, bool http_1_0, bool raw_path)
{
    *head = (struct http_head){ .arena = arena, .request = request, .http_1_0 = http_1_0 };
    read_method(head, method);
    read_target(head, target, raw_path);
}

/* ---- header lines ---- */

static const str names[HEADERS] = {
#define HEADER(name, text) [HEADER_##name] = STR_INIT(text),
#include "web/headers.def"
#undef HEADER
};

/* What goes between the values of a header that was sent more than once; NULL: it must not be. */
static const char *joint(enum header header)
{
    switch (header) {
    case HEADER_cookie:
        return "; ";
    case HEADER_accept:
    case HEADER_accept_encoding:
    case HEADER_accept_language:
    case HEADER_if_match:
    case HEADER_if_none_match:
    case HEADER_x_forwarded_for:
    case HEADER_x_forwarded_proto:
        return ", ";
    case HEADER_authorization:
    case HEADER_content_type:
    case HEADER_host:
    case HEADER_idempotency_key:
    case HEADER_last_event_id:
    case HEADER_origin:
    case HEADER_sec_fetch_site:
    case HEADER_stripe_signature:
    case HEADER_stripe_version:
    case HEADER_x_request_id:
    case HEADERS:
        return NULL;
    }
    return NULL;
}

static void keep(struct http_head *head, enum header header, str value)
{
    str *kept = &head->request->header[header];
    if (kept->data == NULL) {
        *kept = str_copy(head->arena, value);
        return;
    }
    const char *between = joint(header);
    if (between == NULL) {
        refuse(head, &duplicate);
        return;
    }
    struct buf buf = buf_in(head->arena, kept->size + value.size + 2);
    buf_add(&buf, *kept);
    buf_add(&buf, str_of(between));
    buf_add(&buf, value);
    *kept = buf_str(&buf);
}

static void read_host(struct http_head *head, str value)
{
    if (head->has_host || !is_host(value))
        refuse(head, &bad_host);
    head->has_host = true;
    if (!head->absolute)
        head->request->header[HEADER_host] = str_copy(head->arena, value);
}

static void read_length(struct http_head *head, str value)
{
    uint64_t length = 0;
    bool good = value.size > 0 && value.size <= 18 && !head->has_length;
    for (size_t i = 0; good && i < value.size; i++) {
        good = value.data[i] >= '0' && value.data[i] <= '9';
        length = length * 10 + (uint64_t)(value.data[i] - '0');
    }
    if (!good)
        refuse(head, &bad_length);
    head->has_length = true;
    head->length = length;
}

static void read_encoding(struct http_head *head, str value)
{
    if (head->chunked || head->http_1_0)
        refuse(head, &bad_length);
    else if (!str_equal_nocase(value, S("chunked")))
        refuse(head, &unknown_encoding);
    head->chunked = true;
}

void http_head_field(struct http_head *head, str name, str value)
{
    value = trim_blanks(value);
    if (!is_token(name) || !is_field_value(value)) {
        refuse(head, &bad_field);
        return;
    }
    for (unsigned i = 0; i < HEADERS; i++) {
        if (!str_equal_nocase(name, names[i]))
            continue;
        if (i == HEADER_host)
            read_host(head, value);
        else
            keep(head, (enum header)i, value);
        return;
    }
    if (str_equal_nocase(name, S("Content-Length")))
        read_length(head, value);
    else if (str_equal_nocase(name, S("Transfer-Encoding")))
        read_encoding(head, value);
    else if (str_equal_nocase(name, S("Expect")))
        head->expects_continue = str_equal_nocase(value, S("100-continue"));
}

/* ---- the end ---- */

const struct refusal *http_head_end(struct http_head *head)
{
    if (!head->http_1_0 && !head->has_host)
        refuse(head, &bad_host);
    if (head->has_length && head->chunked)
        refuse(head, &bad_length);
    if (head->has_length && head->length > BODY_BYTES_MAX)
        refuse(head, &refusal_body_too_large);
    return head->refusal;
}
