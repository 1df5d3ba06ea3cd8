/* Versions as entity tags: "v3" (RFC 9110 §8.8.3, §13.1). */
#include "web/web.h"

static const struct problem other_version = {
    .status = STATUS_CONFLICT,
    .message = "It has changed in the meantime: read it again",
};

static const struct problem no_etag = {
    .status = STATUS_INVALID,
    .message = "If-Match is not an ETag of ours",
};

/* Strips the mark of a weak tag.  Proxies that compress make every tag weak, and a version says the
 * same either way. */
static str opaque_tag(str tag)
{
    tag = str_trim(tag);
    return str_starts(tag, S("W/")) ? (str){ tag.data + 2, tag.size - 2 } : tag;
}

static str etag_of(struct arena *arena, int64_t version)
{
    struct buf buf = buf_in(arena, 24);
    buf_add(&buf, S("\"v"));
    buf_add_int(&buf, version);
    buf_add_char(&buf, '"');
    return buf_str(&buf);
}

/* A list splits at every comma: no tag of ours has one, and pieces of a stranger's match nothing.
 */
static bool list_has(str list, str etag)
{
    for (str rest = list; rest.data != NULL;) {
        if (str_equal(opaque_tag(str_cut(rest, ',', &rest)), etag))
            return true;
    }
    return false;
}

bool reply_etag(struct op *op, const struct request *request, struct response *response,
                int64_t version)
{
    str etag = etag_of(op->arena, version);
    response_add(response, "ETag", etag);

    str known = request->header[HEADER_if_none_match];
    if (known.data == NULL || !(str_is(str_trim(known), "*") || list_has(known, etag)))
        return false;
    response->status = STATUS_NOT_MODIFIED;
    response->body = (str){ NULL, 0 };
    return true;
}

static bool parse_etag(str tag, int64_t *ret_version)
{
    tag = opaque_tag(tag);
    if (tag.size < 4 || !str_starts(tag, S("\"v")) || tag.data[tag.size - 1] != '"')
        return false;
    return str_to_int((str){ tag.data + 2, tag.size - 3 }, ret_version) && *ret_version >= 0;
}

err check_if_match(const struct request *request, int64_t version)
{
    str list = request->header[HEADER_if_match];
    if (list.data == NULL || str_is(str_trim(list), "*"))
        return OK;

    bool found = false;
    for (str rest = list; rest.data != NULL;) {
        int64_t named;
        if (!parse_etag(str_cut(rest, ',', &rest), &named))
            return FAIL(no_etag);
        found |= named == version;
    }
    return found ? OK : FAIL(other_version);
}
