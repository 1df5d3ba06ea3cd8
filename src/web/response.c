/* What goes with every response: its headers, and the cookie of a session. */
#include "base/codec.h"
#include "web/web.h"

void response_add(struct response *response, const char *name, str value)
{
    assert(response->header_count < RESPONSE_HEADERS_MAX);
    response->headers[response->header_count++] = (struct response_header){ name, value };
}

str response_header(const struct response *response, const char *name)
{
    str wanted = str_of(name);
    for (size_t i = 0; i < response->header_count; i++) {
        if (str_equal_nocase(str_of(response->headers[i].name), wanted))
            return response->headers[i].value;
    }
    return (str){ NULL, 0 };
}

static void add_cookie(struct op *op, struct response *response, str token, int64_t age_s,
                       bool secure)
{
    struct buf buf = buf_in(op->arena, token.size + 96);
    buf_add(&buf, S("session="));
    buf_add(&buf, token);
    buf_add(&buf, S("; Path=/; HttpOnly; SameSite=Lax; Max-Age="));
    buf_add_int(&buf, age_s);
    if (secure)
        buf_add(&buf, S("; Secure"));
    response_add(response, "Set-Cookie", buf_str(&buf));
}

static void start_session(struct op *op, struct response *response, bool secure)
{
    const struct session *session = &response->session;
    if (session->token.data != NULL) {
        add_cookie(op, response, session->token, session->age_s, secure);
        return;
    }
    assert(!uuid_is_absent(session->id) && !uuid_is_absent(session->user));

    struct token token = {
        .caller = { .user = session->user, .session = session->id },
        .expires_at = session->expires_at,
    };
    int64_t age_s = (session->expires_at.ms - op->now.ms) / 1000;
    add_cookie(op, response, token_sign(op->arena, op->settings->jwt_key, &token),
               age_s > 0 ? age_s : 0, secure);
}

static void change_session(struct op *op, const struct request *request, struct response *response)
{
    bool secure = request->https || op->settings->secure_cookies;
    switch (response->session_change) {
    case SESSION_KEPT:
        return;
    case SESSION_STARTED:
        start_session(op, response, secure);
        return;
    case SESSION_ENDED:
        add_cookie(op, response, S(""), 0, secure);
        return;
    }
}

/* How long a cache may keep it: what depends on who asks not at all, what has an ETag after asking
 * whether it is still true. */
static void say_who_may_keep_it(const struct request *request, struct response *response)
{
    if (response_header(response, "Cache-Control").data != NULL)
        return;
    bool for_one = request->access != ANYONE || response->session_change != SESSION_KEPT;
    if (response_header(response, "ETag").data != NULL)
        response_add(response, "Cache-Control", for_one ? S("private, no-cache") : S("no-cache"));
    else if (for_one)
        response_add(response, "Cache-Control", S("no-store"));
}

/* Pages set a Content-Security-Policy of their own; everything else needs nothing from anywhere.
 * Referrer-Policy is same-origin, as with no-referrer browsers send "Origin: null" from our own
 * forms, and we could not tell them from a stranger's. */
void response_finish(struct op *op, const struct request *request, struct response *response)
{
    change_session(op, request, response);
    say_who_may_keep_it(request, response);
    response_add(response, "X-Content-Type-Options", S("nosniff"));
    if (response_header(response, "Referrer-Policy").data == NULL)
        response_add(response, "Referrer-Policy", S("same-origin"));
    if (response_header(response, "Content-Security-Policy").data == NULL)
        response_add(response, "Content-Security-Policy",
                     S("default-src 'none'; frame-ancestors 'none'"));
    if (request->https)
        response_add(response, "Strict-Transport-Security", S("max-age=31536000"));
    if (op->correlation.size > 0)
        response_add(response, "X-Request-Id", op->correlation);
}
