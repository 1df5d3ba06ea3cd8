/* Pages of a list: limit, cursor, and the link to the next one. */
#include "base/codec.h"
#include "web/web.h"

#define MAC_SIZE    8
#define CURSOR_SIZE (sizeof(int64_t) + sizeof(uuid) + MAC_SIZE)

struct page_form {
    int64_t limit;
    str cursor;
};

static const struct field page_form_fields[] = {
    FORM(struct page_form, limit, .min = 1, .max = LIST_MAX),
    FORM(struct page_form, cursor, .max = CURSOR_BYTES_MAX, .flags = RULE_RAW),
    FIELDS_END,
};

static const struct problem bad_cursor = {
    .status = STATUS_INVALID,
    .message = "Not a cursor of this list",
    .field = "cursor",
};

static void write_position(int64_t key, uuid id, uint8_t ret_bytes[CURSOR_SIZE])
{
    for (size_t i = 0; i < sizeof key; i++)
        ret_bytes[i] = (uint8_t)((uint64_t)key >> (56 - 8 * i));
    memcpy(ret_bytes + sizeof key, id.bytes, sizeof id.bytes);
}

static int64_t read_key(const char *bytes)
{
    uint64_t key = 0;
    for (size_t i = 0; i < sizeof key; i++)
        key = key << 8 | (uint8_t)bytes[i];
    return (int64_t)key;
}

/* Seals a position for its kind of list, so that nobody makes one up or takes one elsewhere. */
static void seal(const struct op *op, str kind, uint8_t bytes[CURSOR_SIZE])
{
    struct buf message = buf_in(op->arena, 64 + kind.size);
    buf_add(&message, S("usher page cursor\n"));
    buf_add(&message, (str){ (const char *)bytes, CURSOR_SIZE - MAC_SIZE });
    buf_add(&message, kind);

    uint8_t mac[DIGEST_SIZE];
    hmac_sha256(op->settings->jwt_key, buf_str(&message), mac);
    memcpy(bytes + CURSOR_SIZE - MAC_SIZE, mac, MAC_SIZE);
}

static bool open_cursor(const struct op *op, str kind, str text, struct page *page)
{
    str cursor;
    if (!base64url_decode(op->arena, text, &cursor) || cursor.size != CURSOR_SIZE)
        return false;

    uint8_t sealed[CURSOR_SIZE];
    memcpy(sealed, cursor.data, sizeof sealed);
    seal(op, kind, sealed);
    if (!str_equal_secret((str){ (const char *)sealed, sizeof sealed }, cursor))
        return false;

    page->after = true;
    page->key = read_key(cursor.data);
    memcpy(page->id.bytes, cursor.data + sizeof(int64_t), sizeof page->id.bytes);
    return true;
}

err read_page(struct op *op, const struct request *request, str kind, struct page *ret_page)
{
    struct page_form form = { 0 };
    TRY(read_query(op, request, page_form_fields, &form, NULL));

    struct page page = { .limit = form.limit > 0 ? form.limit : LIST_DEFAULT };
    if (form.cursor.size > 0 && !open_cursor(op, kind, form.cursor, &page))
        return FAIL(bad_cursor);
    *ret_page = page;
    return OK;
}

/* The path of the request, percent-encoded again. */
static void add_path(struct buf *buf, str path)
{
    for (size_t i = 0; i < path.size; i++) {
        unsigned char c = (unsigned char)path.data[i];
        if (c > ' ' && c < 0x7f && strchr("<>\"%?#\\^`{|}", c) == NULL)
            buf_add_char(buf, (char)c);
        else
            buf_addf(buf, "%%%02X", c);
    }
}

/* The query of the request without its cursor.  Its handler has read it, so it is well encoded. */
static str query_of_next(struct op *op, const struct request *request, str cursor)
{
    struct buf query = buf_in(op->arena, request->query.size + cursor.size + 16);
    struct form_text *texts;
    size_t count;
    err decoded = form_decode(op->arena, request->query, request->query.size + 1, &texts, &count);
    if (decoded.problem == NULL) {
        for (size_t i = 0; i < count; i++) {
            if (!str_is(texts[i].name, "cursor"))
                form_add(&query, texts[i].name, texts[i].text);
        }
    }
    form_add(&query, S("cursor"), cursor);
    return buf_str(&query);
}

void page_next(struct op *op, const struct request *request, struct response *response, str kind,
               int64_t key, uuid id)
{
    uint8_t bytes[CURSOR_SIZE] = { 0 };
    write_position(key, id, bytes);
    seal(op, kind, bytes);
    str cursor = base64url_encode(op->arena, (str){ (const char *)bytes, sizeof bytes });

    struct buf link = buf_in(op->arena, request->path.size + request->query.size + 96);
    buf_add_char(&link, '<');
    add_path(&link, request->path);
    buf_add_char(&link, '?');
    buf_add(&link, query_of_next(op, request, cursor));
    buf_add(&link, S(">; rel=\"next\""));
    response_add(response, "Link", buf_str(&link));
}
