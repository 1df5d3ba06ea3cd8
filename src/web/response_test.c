#include "web/web.h"

#include <stdlib.h>

#include "base/codec.h"
#include "tests/test.h"

#define KEY S("a key of 32 bytes, and for tests")

struct bench {
    struct arena arena;
    struct settings settings;
    struct op op;
    struct request request;
    struct response response;
};

static int set_up(void **state)
{
    struct bench *bench = calloc(1, sizeof *bench);
    assert_non_null(bench);
    bench->settings = settings_default();
    bench->settings.jwt_key = KEY;
    bench->settings.secure_cookies = false;
    bench->op = (struct op){
        .now = { 1795000000000 },
        .arena = &bench->arena,
        .settings = &bench->settings,
    };
    *state = bench;
    return 0;
}

static int tear_down(void **state)
{
    struct bench *bench = *state;
    arena_free(&bench->arena);
    free(bench);
    return 0;
}

static const char *header(struct bench *bench, const char *name)
{
    return str_terminated(&bench->arena, response_header(&bench->response, name));
}

static const char *body(struct bench *bench)
{
    return str_terminated(&bench->arena, bench->response.body);
}

/* ---- what handlers answer ---- */

struct thing {
    uuid id;
    str title;
    money price;
};

static const struct field thing_fields[] = {
    FIELD(struct thing, id),
    FIELD(struct thing, title),
    FIELD(struct thing, price),
    FIELDS_END,
};

#define AN_ID "00000000-0000-0000-0000-000000000007"
static const uuid an_id = { { [15] = 7 } };

static void a_record_is_a_JSON_object(void **state)
{
    struct bench *bench = *state;
    const struct thing thing = { .id = an_id, .title = S("Concert"), .price = { 2005 } };
    assert_null(
        reply_json(&bench->op, &bench->response, STATUS_CREATED, thing_fields, &thing).problem);
    reply_location(&bench->op, &bench->response, "/api/things", thing.id);

    assert_int_equal(bench->response.status, 201);
    assert_string_equal(body(bench),
                        "{\"id\":\"" AN_ID "\",\"title\":\"Concert\",\"price\":20.05}");
    assert_string_equal(header(bench, "location"), "/api/things/" AN_ID);
}

static void rows_are_a_plain_array(void **state)
{
    struct bench *bench = *state;
    struct thing things[] = {
        { .id = an_id, .title = S("A"), .price = { 50 } },
        { .id = an_id, .title = S("B"), .price = { 100 } },
    };
    struct rows rows = { things, 2 };
    assert_null(
        reply_rows(&bench->op, &bench->response, thing_fields, sizeof things[0], &rows).problem);
    assert_string_equal(body(bench), "[{\"id\":\"" AN_ID "\",\"title\":\"A\",\"price\":0.5},"
                                     "{\"id\":\"" AN_ID "\",\"title\":\"B\",\"price\":1}]");
    rows.count = 0;
    assert_null(
        reply_rows(&bench->op, &bench->response, thing_fields, sizeof things[0], &rows).problem);
    assert_string_equal(body(bench), "[]");
}

static void F41_every_problem_is_in_the_one_envelope(void **state)
{
    struct bench *bench = *state;
    static const struct problem second = {
        .status = STATUS_INVALID,
        .message = "price must be between 0.50 and 999999.99",
        .field = "price",
    };
    static const struct problem first = {
        .status = STATUS_INVALID,
        .message = "say \"title\"",
        .field = "title",
        .next = &second,
    };
    reply_problem(&bench->op, &bench->response, &first);

    assert_int_equal(bench->response.status, 400);
    assert_string_equal(body(bench),
                        "{\"errors\":[{\"message\":\"say \\\"title\\\"\",\"field\":\"title\"},"
                        "{\"message\":\"price must be between 0.50 and 999999.99\","
                        "\"field\":\"price\"}]}");
    assert_string_equal(header(bench, "Retry-After"), "");

    reply_problem(&bench->op, &bench->response, &problem_broken);
    assert_string_equal(body(bench), "{\"errors\":[{\"message\":\"Something went wrong\"}]}");
}

static void a_problem_may_say_when_to_try_again(void **state)
{
    struct bench *bench = *state;
    static const struct problem busy = {
        .status = STATUS_UNAVAILABLE,
        .message = "Busy",
        .retry_after_s = 30,
    };
    reply_problem(&bench->op, &bench->response, &busy);
    assert_int_equal(bench->response.status, 503);
    assert_string_equal(header(bench, "Retry-After"), "30");
}

static void an_answer_that_is_not_known_yet_keeps_its_deadline(void **state)
{
    struct bench *bench = *state;
    assert_null(reply_later(&bench->op, &bench->response, an_id).problem);
    instant until = instant_after(bench->op.now, bench->settings.answer_wait);
    assert_int_equal(bench->response.status, 0);
    assert_true(uuid_equal(bench->response.wait.subject, an_id));
    assert_int_equal(bench->response.wait.until.ms, until.ms);

    bench->op.now = instant_after(bench->op.now, seconds(5));
    assert_null(reply_later(&bench->op, &bench->response, an_id).problem);
    assert_int_equal(bench->response.wait.until.ms, until.ms);
}

/* ---- ETags ---- */

static bool is_known(struct bench *bench, const char *if_none_match)
{
    bench->response = (struct response){ 0 };
    bench->request.header[HEADER_if_none_match] = str_of(if_none_match);
    bool known = reply_etag(&bench->op, &bench->request, &bench->response, 3);
    assert_string_equal(header(bench, "ETag"), "\"v3\"");
    assert_int_equal(bench->response.status, known ? 304 : 0);
    return known;
}

static void what_the_client_knows_already_is_not_sent_again(void **state)
{
    struct bench *bench = *state;
    assert_true(is_known(bench, "\"v3\""));
    assert_true(is_known(bench, "W/\"v3\""));
    assert_true(is_known(bench, "\"v1\", \"v2\" ,W/\"v3\""));
    assert_true(is_known(bench, "\"a stranger's\",\"v3\""));
    assert_true(is_known(bench, " * "));

    assert_false(is_known(bench, NULL));
    assert_false(is_known(bench, ""));
    assert_false(is_known(bench, "\"v33\""));
    assert_false(is_known(bench, "\"v\""));
    assert_false(is_known(bench, "v3"));
    assert_false(is_known(bench, "w/\"v3\""));
    assert_false(is_known(bench, "\"v4\", \"v2\""));
    assert_false(is_known(bench, "\"*\""));
}

static int status_of_match(const char *if_match)
{
    struct request request = { 0 };
    request.header[HEADER_if_match] = str_of(if_match);
    err e = check_if_match(&request, 3);
    return e.problem == NULL ? 200 : (int)e.problem->status;
}

TEST(a_change_may_name_the_version_that_it_is_meant_for)
{
    assert_int_equal(status_of_match(NULL), 200);
    assert_int_equal(status_of_match("*"), 200);
    assert_int_equal(status_of_match("\"v3\""), 200);
    assert_int_equal(status_of_match("W/\"v3\""), 200);
    assert_int_equal(status_of_match("\"v2\", \"v3\""), 200);
    assert_int_equal(status_of_match("\"v3\", \"v2\""), 200);

    assert_int_equal(status_of_match("\"v2\""), 409);
    assert_int_equal(status_of_match("\"v2\",W/\"v4\""), 409);

    static const char *const bad[] = {
        "",
        "3",
        "v3",
        "\"3\"",
        "\"v\"",
        "\"v-3\"",
        "\"v3",
        "\"v3\",",
        "\"v3\",x",
        "\"v3\" \"v4\"",
        "\"v99999999999999999999\"",
        "\"vx\"",
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_int_equal(status_of_match(bad[i]), 400);
}

/* ---- what goes with every response ---- */

static void finish(struct bench *bench)
{
    bench->response.header_count = 0;
    response_finish(&bench->op, &bench->request, &bench->response);
}

static void every_answer_carries_the_security_headers(void **state)
{
    struct bench *bench = *state;
    bench->op.correlation = S("abc-123");
    finish(bench);
    assert_string_equal(header(bench, "X-Content-Type-Options"), "nosniff");
    assert_string_equal(header(bench, "Referrer-Policy"), "same-origin");
    assert_string_equal(header(bench, "Content-Security-Policy"),
                        "default-src 'none'; frame-ancestors 'none'");
    assert_string_equal(header(bench, "X-Request-Id"), "abc-123");
    assert_string_equal(header(bench, "Strict-Transport-Security"), "");
    assert_string_equal(header(bench, "Set-Cookie"), "");

    bench->request.https = true;
    finish(bench);
    assert_string_equal(header(bench, "Strict-Transport-Security"), "max-age=31536000");
}

static void a_page_keeps_its_own_policies(void **state)
{
    struct bench *bench = *state;
    response_add(&bench->response, "Content-Security-Policy", S("default-src 'self'"));
    response_add(&bench->response, "Cache-Control", S("max-age=60"));
    bench->request.access = SIGNED_IN;
    response_finish(&bench->op, &bench->request, &bench->response);
    assert_string_equal(header(bench, "Content-Security-Policy"), "default-src 'self'");
    assert_string_equal(header(bench, "Cache-Control"), "max-age=60");
    assert_int_equal(bench->response.header_count, 4);
}

static void no_cache_keeps_what_depends_on_who_asks(void **state)
{
    struct bench *bench = *state;
    finish(bench);
    assert_string_equal(header(bench, "Cache-Control"), "");
    bench->request.access = MAYBE;
    finish(bench);
    assert_string_equal(header(bench, "Cache-Control"), "no-store");
    bench->request.access = SIGNED_IN;
    finish(bench);
    assert_string_equal(header(bench, "Cache-Control"), "no-store");

    bench->response.header_count = 0;
    (void)reply_etag(&bench->op, &bench->request, &bench->response, 0);
    response_finish(&bench->op, &bench->request, &bench->response);
    assert_string_equal(header(bench, "Cache-Control"), "private, no-cache");

    bench->request.access = ANYONE;
    bench->response.header_count = 0;
    (void)reply_etag(&bench->op, &bench->request, &bench->response, 0);
    response_finish(&bench->op, &bench->request, &bench->response);
    assert_string_equal(header(bench, "Cache-Control"), "no-cache");
}

static void start_session(struct bench *bench)
{
    bench->response.session_change = SESSION_STARTED;
    bench->response.session = (struct session){
        .id = { { 1 } },
        .user = an_id,
        .expires_at = instant_after(bench->op.now, hours(1)),
    };
}

static void F38_a_session_is_a_cookie_that_scripts_and_other_sites_cannot_use(void **state)
{
    struct bench *bench = *state;
    start_session(bench);
    finish(bench);

    str attributes;
    str pair = str_cut(response_header(&bench->response, "Set-Cookie"), ';', &attributes);
    assert_true(str_starts(pair, S("session=")));
    assert_string_equal(str_terminated(&bench->arena, attributes),
                        " Path=/; HttpOnly; SameSite=Lax; Max-Age=3600");
    assert_string_equal(header(bench, "Cache-Control"), "no-store");

    struct request next = { 0 };
    next.header[HEADER_cookie] = pair;
    bool by_cookie;
    struct token token;
    assert_true(token_verify(&bench->arena, KEY, read_session_token(&next, &by_cookie),
                             bench->op.now, &token));
    assert_true(uuid_equal(token.caller.user, an_id));
    assert_true(uuid_equal(token.caller.session, (uuid){ { 1 } }));
    assert_false(token_verify(&bench->arena, KEY, read_session_token(&next, &by_cookie),
                              instant_after(bench->op.now, hours(2)), &token));
}

static void F38_the_cookie_is_secure_where_people_use_https(void **state)
{
    struct bench *bench = *state;
    start_session(bench);
    bench->request.https = true;
    finish(bench);
    assert_non_null(strstr(header(bench, "Set-Cookie"), "; Secure"));

    bench->request.https = false;
    bench->settings.secure_cookies = true;
    finish(bench);
    assert_non_null(strstr(header(bench, "Set-Cookie"), "; Secure"));
}

static void F38_signing_out_takes_the_cookie_away(void **state)
{
    struct bench *bench = *state;
    bench->response.session_change = SESSION_ENDED;
    finish(bench);
    assert_string_equal(header(bench, "Set-Cookie"),
                        "session=; Path=/; HttpOnly; SameSite=Lax; Max-Age=0");
}

#define BENCH_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        BENCH_TEST(a_record_is_a_JSON_object),
        BENCH_TEST(rows_are_a_plain_array),
        BENCH_TEST(F41_every_problem_is_in_the_one_envelope),
        BENCH_TEST(a_problem_may_say_when_to_try_again),
        BENCH_TEST(an_answer_that_is_not_known_yet_keeps_its_deadline),
        BENCH_TEST(what_the_client_knows_already_is_not_sent_again),
        cmocka_unit_test(a_change_may_name_the_version_that_it_is_meant_for),
        BENCH_TEST(every_answer_carries_the_security_headers),
        BENCH_TEST(a_page_keeps_its_own_policies),
        BENCH_TEST(no_cache_keeps_what_depends_on_who_asks),
        BENCH_TEST(F38_a_session_is_a_cookie_that_scripts_and_other_sites_cannot_use),
        BENCH_TEST(F38_the_cookie_is_secure_where_people_use_https),
        BENCH_TEST(F38_signing_out_takes_the_cookie_away),
    };
    return RUN_TESTS(tests);
}
