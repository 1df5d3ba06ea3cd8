#include "web/web.h"

#include "tests/test.h"

/* ---- bodies ---- */

struct note {
    str text;
};

static const struct field note_fields[] = {
    FORM(struct note, text, .max = 10),
    FIELDS_END,
};

static int status_of_json(const char *content_type, const char *body)
{
    struct arena arena = { 0 };
    struct op op = { .arena = &arena };
    struct request request = { .body = str_of(body) };
    request.header[HEADER_content_type] = str_of(content_type);
    struct note note;
    err e = read_json(&op, &request, note_fields, &note, NULL);
    int status = e.problem == NULL ? 200 : (int)e.problem->status;
    arena_free(&arena);
    return status;
}

TEST(JSON_is_read_if_it_says_that_it_is)
{
    const char *body = "{\"text\":\"hello\"}";
    assert_int_equal(status_of_json("application/json", body), 200);
    assert_int_equal(status_of_json("Application/JSON ; charset=utf-8", body), 200);
    assert_int_equal(status_of_json("application/merge-patch+json", body), 200);

    assert_int_equal(status_of_json(NULL, body), 415);
    assert_int_equal(status_of_json("", body), 415);
    assert_int_equal(status_of_json("text/plain", body), 415);
    assert_int_equal(status_of_json("text/json", body), 415);
    assert_int_equal(status_of_json("application", body), 415);
    assert_int_equal(status_of_json("application/jsonp", body), 415);
    assert_int_equal(status_of_json("text/plain; application/json", body), 415);
    assert_int_equal(status_of_json("application/x-www-form-urlencoded", body), 415);
}

TEST(F41_a_body_that_is_no_JSON_is_invalid_and_not_our_fault)
{
    assert_int_equal(status_of_json("application/json", "{"), 400);
    assert_int_equal(status_of_json("application/json", "[]"), 400);
    assert_int_equal(status_of_json("application/json", "{\"text\":7}"), 400);
}

TEST(an_empty_body_says_nothing)
{
    assert_int_equal(status_of_json(NULL, NULL), 200);
    assert_int_equal(status_of_json("text/plain", ""), 200);
}

TEST(an_id_that_cannot_be_one_is_not_there)
{
    struct request request = { .params = { S("01890a5d-ac96-774b-bcce-b302099a8057"), S("7") } };
    uuid id;
    assert_null(read_id(&request, 0, &id).problem);
    assert_int_equal(id.bytes[15], 0x57);
    assert_true(err_is(read_id(&request, 1, &id), STATUS_NOT_FOUND));
}

/* ---- cookies and tokens ---- */

static str cookie(const char *header, const char *name)
{
    struct request request = { 0 };
    request.header[HEADER_cookie] = str_of(header);
    return read_cookie(&request, name);
}

TEST(a_cookie_is_found_by_its_name)
{
    assert_true(str_is(cookie("session=abc", "session"), "abc"));
    assert_true(str_is(cookie("a=1; session=abc; b=2", "session"), "abc"));
    assert_true(str_is(cookie("a=1;session=abc", "session"), "abc"));
    assert_true(str_is(cookie("a=1;  b = 2 ", "b"), "2"));
    assert_true(str_is(cookie("session=a=b", "session"), "a=b"));
    assert_true(str_is(cookie("session=", "session"), ""));
}

TEST(a_cookie_may_be_quoted)
{
    assert_true(str_is(cookie("session=\"abc\"", "session"), "abc"));
    assert_true(str_is(cookie("session=\"\"", "session"), ""));
    assert_true(str_is(cookie("session=\"", "session"), "\""));
    assert_true(str_is(cookie("session=\"abc", "session"), "\"abc"));
}

TEST(of_cookies_with_one_name_the_first_counts)
{
    assert_true(str_is(cookie("session=1; session=2", "session"), "1"));
}

TEST(what_only_looks_like_a_cookie_is_none)
{
    static const char *const headers[] = {
        NULL,           "",           ";",           "session",  "session;",       "Session=1",
        "xsession=1",   "sessionx=1", "a=session=1", "=session", "a=1, session=2", ";;;=;;",
        "a=\"1; b=2\"",
    };
    for (size_t i = 0; i < sizeof headers / sizeof headers[0]; i++)
        assert_null(cookie(headers[i], "session").data);
}

static str token(const char *authorization, const char *cookie_header, bool *ret_by_cookie)
{
    struct request request = { 0 };
    request.header[HEADER_authorization] = str_of(authorization);
    request.header[HEADER_cookie] = str_of(cookie_header);
    return read_session_token(&request, ret_by_cookie);
}

TEST(a_token_comes_as_a_bearer_or_as_a_cookie)
{
    bool by_cookie = true;
    assert_true(str_is(token("Bearer abc", NULL, &by_cookie), "abc"));
    assert_false(by_cookie);
    assert_true(str_is(token("bearer  abc ", "session=def", &by_cookie), "abc"));
    assert_false(by_cookie);
    assert_true(str_is(token(NULL, "session=def", &by_cookie), "def"));
    assert_true(by_cookie);
    assert_true(str_is(token("Basic abc", "session=def", &by_cookie), "def"));
    assert_true(by_cookie);
    assert_null(token("Bearer", NULL, &by_cookie).data);
    assert_false(by_cookie);
    assert_null(token(NULL, NULL, &by_cookie).data);
    assert_false(by_cookie);
}

/* Otherwise another site could make the browser fall back to its cookie, unseen by the check. */
TEST(a_bad_bearer_never_falls_back_to_the_cookie)
{
    bool by_cookie = true;
    assert_true(str_is(token("Bearer ", "session=def", &by_cookie), ""));
    assert_false(by_cookie);
}

/* ---- where a request came from ---- */

struct visit {
    const char *site, *origin, *host;
    bool https;
    bool same;
};

#define SHOP "https://shop.example"

TEST(F38_only_our_own_pages_change_something_by_cookie)
{
    static const struct visit visits[] = {
        /* not a browser */
        { NULL, NULL, "shop.example", false, true },
        /* what the browser says of itself settles it */
        { "same-origin", "https://evil.example", "shop.example", false, true },
        { "none", NULL, "shop.example", false, true },
        { "cross-site", SHOP, "shop.example", false, false },
        { "same-site", SHOP, "shop.example", false, false },
        { "", SHOP, "shop.example", false, false },
        { "SAME-ORIGIN", SHOP, "shop.example", false, false },
        /* the origin is the shop as people see it */
        { NULL, SHOP, "10.0.0.1:8080", false, true },
        { NULL, SHOP ":443", "10.0.0.1:8080", false, true },
        { NULL, "https://SHOP.example", "10.0.0.1:8080", false, true },
        { NULL, "http://shop.example", "10.0.0.1:8080", false, false },
        { NULL, SHOP ":8443", "10.0.0.1:8080", false, false },
        { NULL, "https://shop.example.evil.example", "10.0.0.1:8080", false, false },
        { NULL, "https://evil-shop.example", "10.0.0.1:8080", false, false },
        /* or the host that was asked */
        { NULL, "http://127.0.0.1:8080", "127.0.0.1:8080", false, true },
        { NULL, "https://tickets.example", "tickets.example", false, true },
        { NULL, "https://tickets.example", "tickets.example:443", true, true },
        { NULL, "http://tickets.example", "tickets.example", false, true },
        { NULL, "http://tickets.example", "tickets.example:80", false, true },
        { NULL, "http://127.0.0.1:8081", "127.0.0.1:8080", false, false },
        { NULL, "https://evil.example", "127.0.0.1:8080", false, false },
        /* but what is https has nothing to do with what is not */
        { NULL, "http://tickets.example", "tickets.example", true, false },
        /* and what is no origin is none of ours */
        { NULL, "null", "127.0.0.1:8080", false, false },
        { NULL, "", "127.0.0.1:8080", false, false },
        { NULL, "", "", false, false },
        { NULL, "http://", "", false, false },
        { NULL, "http://", NULL, false, false },
        { NULL, "ftp://shop.example", "shop.example", false, false },
        { NULL, "shop.example", "shop.example", false, false },
    };
    for (size_t i = 0; i < sizeof visits / sizeof visits[0]; i++) {
        const struct visit *visit = &visits[i];
        struct request request = { .https = visit->https };
        request.header[HEADER_sec_fetch_site] = str_of(visit->site);
        request.header[HEADER_origin] = str_of(visit->origin);
        request.header[HEADER_host] = str_of(visit->host);
        if (request_is_same_origin(&request, S(SHOP "/")) != visit->same)
            fail_msg("visit %zu is judged wrongly", i);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(JSON_is_read_if_it_says_that_it_is),
        cmocka_unit_test(F41_a_body_that_is_no_JSON_is_invalid_and_not_our_fault),
        cmocka_unit_test(an_empty_body_says_nothing),
        cmocka_unit_test(an_id_that_cannot_be_one_is_not_there),
        cmocka_unit_test(a_cookie_is_found_by_its_name),
        cmocka_unit_test(a_cookie_may_be_quoted),
        cmocka_unit_test(of_cookies_with_one_name_the_first_counts),
        cmocka_unit_test(what_only_looks_like_a_cookie_is_none),
        cmocka_unit_test(a_token_comes_as_a_bearer_or_as_a_cookie),
        cmocka_unit_test(a_bad_bearer_never_falls_back_to_the_cookie),
        cmocka_unit_test(F38_only_our_own_pages_change_something_by_cookie),
    };
    return RUN_TESTS(tests);
}
