/* Heads of requests as values: what they become, what is refused. */
#include "tests/test.h"

#include <string.h>

#include "adapters/http_request.h"

struct sent {
    struct arena arena;
    struct request request;
    struct http_head head;
};

static void begin(struct sent *sent, const char *method, const char *target)
{
    *sent = (struct sent){ 0 };
    http_head_begin(&sent->head, &sent->arena, &sent->request, str_of(method), str_of(target),
                    false, false);
}

static void field(struct sent *sent, const char *name, const char *value)
{
    http_head_field(&sent->head, str_of(name), str_of(value));
}

static int end(struct sent *sent)
{
    const struct refusal *refusal = http_head_end(&sent->head);
    return refusal == NULL ? 0 : refusal->status;
}

static int status_of_target(const char *target)
{
    struct sent sent;
    begin(&sent, "GET", target);
    field(&sent, "Host", "a");
    int status = end(&sent);
    arena_free(&sent.arena);
    return status;
}

TEST(a_head_becomes_a_request)
{
    struct sent sent;
    begin(&sent, "PATCH", "/api/caf%C3%A9%20x/1?q=%41&b");
    field(&sent, "hOST", " example.com:80\t");
    field(&sent, "Content-Length", "12");
    field(&sent, "X-Unknown", "anything");
    field(&sent, "COOKIE", "session=x");

    assert_int_equal(end(&sent), 0);
    assert_int_equal(sent.request.method, PATCH);
    assert_true(str_equal(sent.request.path, S("/api/caf\xC3\xA9 x/1")));
    assert_true(str_equal(sent.request.query, S("q=%41&b")));
    assert_true(str_equal(sent.request.header[HEADER_host], S("example.com:80")));
    assert_true(str_equal(sent.request.header[HEADER_cookie], S("session=x")));
    assert_null(sent.request.header[HEADER_origin].data);
    assert_true(sent.head.has_length);
    assert_int_equal(sent.head.length, 12);
    arena_free(&sent.arena);
}

TEST(a_query_may_be_absent_or_empty)
{
    struct sent sent;
    begin(&sent, "GET", "/");
    assert_null(sent.request.query.data);
    arena_free(&sent.arena);
    begin(&sent, "GET", "/?");
    assert_non_null(sent.request.query.data);
    assert_int_equal(sent.request.query.size, 0);
    arena_free(&sent.arena);
}

TEST(targets_are_well_formed_or_refused)
{
    const struct {
        const char *target;
        int status;
    } cases[] = {
        { "/", 0 },
        { "/a/b%2fc", 0 },
        { "/%f0%9f%8e%ab", 0 },
        { "/\xC3\xA9", 0 },
        { "http://a/b", 0 },
        { "HTTPS://a:1", 0 },
        { "http://a?x", 0 },
        { "", 400 },
        { "*", 400 },
        { "a", 400 },
        { "?a", 400 },
        { "http://", 400 },
        { "http:///x", 400 },
        { "http://a@b/x", 400 },
        { "ftp://a/x", 400 },
        { "/%", 400 },
        { "/%4", 400 },
        { "/%4g", 400 },
        { "/%g4", 400 },
        { "/%00", 400 },
        { "/%0a", 400 },
        { "/%09", 400 },
        { "/%7f", 400 },
        { "/%c3", 400 },
        { "/%c0%af", 400 },
        { "/%ed%a0%80", 400 },
        { "/\xFF", 400 },
        { "/a b", 400 },
        { "/a\tb", 400 },
        { "/a?b c", 400 },
        { "/a#b", 400 },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        if (status_of_target(cases[i].target) != cases[i].status)
            fail_msg("%s: %d", cases[i].target, status_of_target(cases[i].target));
}

TEST(a_target_has_a_size_limit)
{
    char target[TARGET_BYTES_MAX + 2];
    memset(target, 'a', sizeof target);
    target[0] = '/';
    target[TARGET_BYTES_MAX] = '\0';
    assert_int_equal(status_of_target(target), 0);
    target[TARGET_BYTES_MAX] = 'a';
    target[TARGET_BYTES_MAX + 1] = '\0';
    assert_int_equal(status_of_target(target), 414);
}

TEST(an_absolute_target_overrules_host)
{
    struct sent sent;
    begin(&sent, "GET", "http://example.com:81/x?y");
    field(&sent, "Host", "other");
    assert_int_equal(end(&sent), 0);
    assert_true(str_equal(sent.request.header[HEADER_host], S("example.com:81")));
    assert_true(str_equal(sent.request.path, S("/x")));
    arena_free(&sent.arena);
}

TEST(methods_are_known_or_refused)
{
    const struct {
        const char *method;
        int status;
    } cases[] = {
        { "GET", 0 },       { "HEAD", 0 },      { "POST", 0 },      { "PUT", 0 },
        { "PATCH", 0 },     { "DELETE", 0 },    { "OPTIONS", 405 }, { "TRACE", 405 },
        { "CONNECT", 405 }, { "get", 501 },     { "BREW", 501 },    { "", 400 },
        { "G\"T", 400 },    { "GE\x01T", 400 }, { "G(T", 400 },     { "\xC3\xA9", 400 },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct sent sent;
        begin(&sent, cases[i].method, "/");
        field(&sent, "Host", "a");
        int status = end(&sent);
        if (status != cases[i].status)
            fail_msg("%s: %d", cases[i].method, status);
        if (status == 405)
            assert_string_equal(http_head_end(&sent.head)->allow,
                                "GET, HEAD, POST, PUT, PATCH, DELETE");
        arena_free(&sent.arena);
    }
}

TEST(headers_are_well_formed_or_refused)
{
    const struct {
        const char *name;
        const char *value;
        int status;
    } cases[] = {
        { "X", "", 0 },
        { "X", "a\tb", 0 },
        { "X", "\xC3\xA9", 0 },
        { "", "a", 400 },
        { "X ", "a", 400 },
        { " X", "a", 400 },
        { "X\t", "a", 400 },
        { "X(", "a", 400 },
        { "X", "a\rb", 400 },
        { "X", "a\x01", 400 },
        { "X", "a\x7f", 400 },
        { "Content-Length", "", 400 },
        { "Content-Length", "-1", 400 },
        { "Content-Length", "+1", 400 },
        { "Content-Length", "1 1", 400 },
        { "Content-Length", "1,1", 400 },
        { "Content-Length", "0x1", 400 },
        { "Content-Length", "1000000000000000000", 400 },
        { "Content-Length", "65536", 0 },
        { "Content-Length", "65537", 413 },
        { "Transfer-Encoding", "chunked", 0 },
        { "Transfer-Encoding", "Chunked", 0 },
        { "Transfer-Encoding", "gzip", 501 },
        { "Transfer-Encoding", "gzip, chunked", 501 },
        { "Transfer-Encoding", "", 501 },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct sent sent;
        begin(&sent, "POST", "/");
        field(&sent, "Host", "a");
        field(&sent, cases[i].name, cases[i].value);
        if (end(&sent) != cases[i].status)
            fail_msg("%s: %s: %d", cases[i].name, cases[i].value, end(&sent));
        arena_free(&sent.arena);
    }
}

TEST(no_header_that_must_be_single_comes_twice)
{
    const struct {
        const char *name;
        const char *value;
        const char *again;
        int status;
    } cases[] = {
        { "Host", "a", "a", 400 },
        { "Content-Length", "1", "1", 400 },
        { "Transfer-Encoding", "chunked", "chunked", 400 },
        { "Authorization", "a", "b", 400 },
        { "Content-Type", "a", "b", 400 },
        { "Idempotency-Key", "a", "a", 400 },
        { "Origin", "a", "b", 400 },
        { "Stripe-Signature", "a", "b", 400 },
        { "X-Other", "a", "b", 0 },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct sent sent;
        begin(&sent, "POST", "/");
        if (strcmp(cases[i].name, "Host") != 0)
            field(&sent, "Host", "a");
        field(&sent, cases[i].name, cases[i].value);
        assert_int_equal(end(&sent), 0);
        field(&sent, cases[i].name, cases[i].again);
        if (end(&sent) != cases[i].status)
            fail_msg("%s: %d", cases[i].name, end(&sent));
        arena_free(&sent.arena);
    }
}

TEST(lists_are_joined)
{
    struct sent sent;
    begin(&sent, "GET", "/");
    field(&sent, "Host", "a");
    field(&sent, "Cookie", "a=1");
    field(&sent, "Cookie", "b=2");
    field(&sent, "X-Forwarded-For", "1.1.1.1");
    field(&sent, "X-Forwarded-For", "2.2.2.2");
    assert_int_equal(end(&sent), 0);
    assert_true(str_equal(sent.request.header[HEADER_cookie], S("a=1; b=2")));
    assert_true(str_equal(sent.request.header[HEADER_x_forwarded_for], S("1.1.1.1, 2.2.2.2")));
    arena_free(&sent.arena);
}

TEST(a_body_has_one_length)
{
    struct sent sent;
    begin(&sent, "POST", "/");
    field(&sent, "Host", "a");
    field(&sent, "Content-Length", "1");
    field(&sent, "Transfer-Encoding", "chunked");
    assert_int_equal(end(&sent), 400);
    arena_free(&sent.arena);
}

TEST(hosts_are_hosts)
{
    const char *good[] = { "a", "a.b:80", "[::1]:8080", "127.0.0.1" };
    const char *bad[] = { "", "a b", "a/b", "a@b", "a,b", "\xC3\xA9" };
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        struct sent sent;
        begin(&sent, "GET", "/");
        field(&sent, "Host", good[i]);
        assert_int_equal(end(&sent), 0);
        arena_free(&sent.arena);
    }
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct sent sent;
        begin(&sent, "GET", "/");
        field(&sent, "Host", bad[i]);
        assert_int_equal(end(&sent), 400);
        arena_free(&sent.arena);
    }
}

TEST(the_old_version_needs_no_host_and_knows_no_chunks)
{
    struct sent sent = { 0 };
    http_head_begin(&sent.head, &sent.arena, &sent.request, S("GET"), S("/"), true, false);
    assert_int_equal(end(&sent), 0);
    field(&sent, "Transfer-Encoding", "chunked");
    assert_int_equal(end(&sent), 400);
    arena_free(&sent.arena);
}

TEST(a_raw_path_keeps_its_escapes_but_is_checked)
{
    struct sent sent = { 0 };
    http_head_begin(&sent.head, &sent.arena, &sent.request, S("GET"), S("/a%20b"), true, true);
    assert_int_equal(end(&sent), 0);
    assert_true(str_equal(sent.request.path, S("/a%20b")));
    http_head_begin(&sent.head, &sent.arena, &sent.request, S("GET"), S("/a%00b"), true, true);
    assert_int_equal(end(&sent), 400);
    arena_free(&sent.arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_head_becomes_a_request),
        cmocka_unit_test(a_query_may_be_absent_or_empty),
        cmocka_unit_test(targets_are_well_formed_or_refused),
        cmocka_unit_test(a_target_has_a_size_limit),
        cmocka_unit_test(an_absolute_target_overrules_host),
        cmocka_unit_test(methods_are_known_or_refused),
        cmocka_unit_test(headers_are_well_formed_or_refused),
        cmocka_unit_test(no_header_that_must_be_single_comes_twice),
        cmocka_unit_test(lists_are_joined),
        cmocka_unit_test(a_body_has_one_length),
        cmocka_unit_test(hosts_are_hosts),
        cmocka_unit_test(the_old_version_needs_no_host_and_knows_no_chunks),
        cmocka_unit_test(a_raw_path_keeps_its_escapes_but_is_checked),
    };
    return RUN_TESTS(tests);
}
