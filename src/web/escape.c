/* Text into HTML and URLs. */
#include "web/template.h"

/* What stands for a character; NULL: itself.  Both quotes, so that it is good for any attribute. */
static const char *entity(char c)
{
    switch (c) {
    case '&':
        return "&amp;";
    case '<':
        return "&lt;";
    case '>':
        return "&gt;";
    case '"':
        return "&quot;";
    case '\'':
        return "&#39;";
    default:
        return NULL;
    }
}

static void add_html(struct buf *buf, str text)
{
    size_t done = 0;
    for (size_t i = 0; i < text.size; i++) {
        const char *instead = entity(text.data[i]);
        if (instead == NULL)
            continue;
        buf_add(buf, (str){ text.data + done, i - done });
        buf_add(buf, str_of(instead));
        done = i + 1;
    }
    if (done < text.size)
        buf_add(buf, (str){ text.data + done, text.size - done });
}

static void add_percent(struct buf *buf, char c)
{
    unsigned char byte = (unsigned char)c;
    buf_add_char(buf, '%');
    buf_add_char(buf, "0123456789ABCDEF"[byte >> 4]);
    buf_add_char(buf, "0123456789ABCDEF"[byte & 15]);
}

static bool is_unreserved(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '.' || c == '_' || c == '~';
}

static void add_url_part(struct buf *buf, str text)
{
    for (size_t i = 0; i < text.size; i++) {
        if (is_unreserved(text.data[i]))
            buf_add_char(buf, text.data[i]);
        else
            add_percent(buf, text.data[i]);
    }
}

/* Browsers drop tabs and line breaks from URLs and take \ for /, so neither may be there. */
static bool is_plain(str url)
{
    for (size_t i = 0; i < url.size; i++) {
        unsigned char byte = (unsigned char)url.data[i];
        if (byte <= ' ' || byte == 0x7f || byte == '\\')
            return false;
    }
    return true;
}

bool url_is_local(str url)
{
    return url.size > 0 && url.data[0] == '/' && !(url.size > 1 && url.data[1] == '/') &&
           is_plain(url);
}

static bool is_safe_url(str url)
{
    if (url.size == 0 || !is_plain(url))
        return false;
    return url_is_local(url) || url.data[0] == '?' || url.data[0] == '#' ||
           str_starts(url, S("https://")) || str_starts(url, S("http://"));
}

void escape_add(struct buf *buf, enum escape escape, str text)
{
    switch (escape) {
    case ESCAPE_HTML:
        add_html(buf, text);
        return;
    case ESCAPE_URL:
        add_html(buf, is_safe_url(text) ? text : S("#"));
        return;
    case ESCAPE_URL_PART:
        add_url_part(buf, text);
        return;
    }
}
