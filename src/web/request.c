/* What a request says: its body, ids, cookies, who signs it, and where it came from. */
#include "web/web.h"

const char *const header_names[HEADERS] = {
#define HEADER(name, text) text,
#include "web/headers.def"
#undef HEADER
};

static const struct problem not_json = {
    .status = STATUS_UNSUPPORTED,
    .message = "Send JSON, with Content-Type: application/json",
};

static bool str_ends_nocase(str s, str ending)
{
    return s.size >= ending.size &&
           str_equal_nocase((str){ s.data + s.size - ending.size, ending.size }, ending);
}

/* application/json and relatives such as application/merge-patch+json; parameters do not matter,
 * JSON is UTF-8 (RFC 8259 §11). */
static bool is_json(str content_type)
{
    str parameters;
    str type = str_trim(str_cut(content_type, ';', &parameters));
    str subtype;
    str top = str_cut(type, '/', &subtype);

    return str_equal_nocase(top, S("application")) && subtype.data != NULL &&
           (str_equal_nocase(subtype, S("json")) || str_ends_nocase(subtype, S("+json")));
}

err read_json(struct op *op, const struct request *request, const struct field *form_fields,
              void *form, uint64_t *ret_present)
{
    if (request->body.size == 0)
        return json_read_form(op->arena, S("{}"), form_fields, form, ret_present);
    if (!is_json(request->header[HEADER_content_type]))
        return FAIL(not_json);
    return json_read_form(op->arena, request->body, form_fields, form, ret_present);
}

err read_id(const struct request *request, size_t at, uuid *ret_id)
{
    assert(at < PATH_PARAMS_MAX);
    return uuid_parse(request->params[at], ret_id) ? OK : FAIL(problem_not_found);
}

/* ---- who signs it ---- */

static str unquoted(str value)
{
    if (value.size >= 2 && value.data[0] == '"' && value.data[value.size - 1] == '"')
        return (str){ value.data + 1, value.size - 2 };
    return value;
}

/* The first of that name counts, as with every other server: a browser sends the cookie of the
 * longest path first (RFC 6265 §5.4). */
str read_cookie(const struct request *request, const char *name)
{
    str rest = request->header[HEADER_cookie];
    while (rest.data != NULL) {
        str value;
        str pair = str_cut(rest, ';', &rest);
        str its_name = str_cut(pair, '=', &value);
        if (value.data != NULL && str_is(str_trim(its_name), name))
            return unquoted(str_trim(value));
    }
    return (str){ NULL, 0 };
}

/* A Bearer header counts even if it is no good: a cookie never signs in its place. */
str read_session_token(const struct request *request, bool *ret_by_cookie)
{
    str token;
    str scheme = str_cut(request->header[HEADER_authorization], ' ', &token);

    *ret_by_cookie = false;
    if (token.data != NULL && str_equal_nocase(scheme, S("Bearer")))
        return str_trim(token);
    str cookie = read_cookie(request, "session");
    *ret_by_cookie = cookie.data != NULL;
    return cookie;
}

/* ---- where it came from ---- */

bool request_accepts_gzip(const struct request *request)
{
    for (str rest = request->header[HEADER_accept_encoding]; rest.data != NULL;) {
        str parameters;
        str coding = str_trim(str_cut(str_cut(rest, ',', &rest), ';', &parameters));
        if (str_equal_nocase(coding, S("gzip")))
            return parameters.data == NULL || !str_is(str_trim(parameters), "q=0");
    }
    return false;
}

struct origin {
    bool https;
    str host; /* with its port, unless that is the scheme's own */
};

static struct origin origin_of_host(bool https, str host)
{
    str port = https ? S(":443") : S(":80");
    if (str_ends_nocase(host, port))
        host.size -= port.size;
    return (struct origin){ https, host };
}

/* The origin of a URL; its host is empty if that has none that we know ("null"). */
static struct origin origin_of_url(str url)
{
    bool https = str_starts(url, S("https://"));
    if (!https && !str_starts(url, S("http://")))
        return (struct origin){ false, S("") };

    size_t scheme = https ? strlen("https://") : strlen("http://");
    str path;
    return origin_of_host(https,
                          str_cut((str){ url.data + scheme, url.size - scheme }, '/', &path));
}

static bool origin_is(struct origin a, struct origin b)
{
    return a.host.size > 0 && a.https == b.https && str_equal_nocase(a.host, b.host);
}

bool request_is_same_origin(const struct request *request, str base_url)
{
    /* No script can set it, so a browser that sends it settles the question. */
    str site = request->header[HEADER_sec_fetch_site];
    if (site.data != NULL)
        return str_is(site, "same-origin") || str_is(site, "none");

    if (request->header[HEADER_origin].data == NULL)
        return true;
    struct origin origin = origin_of_url(request->header[HEADER_origin]);
    if (origin_is(origin, origin_of_url(base_url)))
        return true;
    /* A proxy may have taken the TLS away without saying so: then https is fine too; but what we
     * know to be https has nothing to do with pages that came without. */
    if (request->https && !origin.https)
        return false;
    return origin_is(origin, origin_of_host(origin.https, request->header[HEADER_host]));
}
