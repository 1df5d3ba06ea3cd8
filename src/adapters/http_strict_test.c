/* Requests that are wrong on the wire, byte for byte, and what is answered. */
#include "tests/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "adapters/http_server.h"
#include "adapters/http_wire.h"

/* Says what it heard. */
static void echo(void *context, void *thread_context, struct http_exchange *exchange)
{
    (void)context;
    (void)thread_context;
    const struct request *request = &exchange->request;
    struct buf buf = buf_in(&exchange->arena, 256);
    buf_add(&buf, str_of(method_names[request->method]));
    buf_add_char(&buf, ' ');
    buf_add(&buf, request->path);
    buf_add_char(&buf, ' ');
    buf_add_int(&buf, (int64_t)request->body.size);
    exchange->response.status = STATUS_OK;
    exchange->response.body = buf_str(&buf);
    http_reply(exchange);
}

static const struct http_handler echoing = { .arrived = echo };

static int start(void **state)
{
    char why[256];
    const struct http_options options = { .listen = "127.0.0.1:0", .handler = &echoing };
    *state = http_server_start(&options, why, sizeof why);
    return *state == NULL ? -1 : 0;
}

static int stop(void **state)
{
    http_server_stop(*state, seconds(5));
    http_server_free(*state);
    return 0;
}

struct wrong {
    const char *what;
    str bytes;
    int status; /* 0: hung up on */
};

/* clang-format off */
#define WRONG(what, bytes, status) { what, STR_INIT(bytes), status }

#define GET_A    "GET / HTTP/1.1\r\nHost: a\r\n"
#define POST_A   "POST / HTTP/1.1\r\nHost: a\r\n"
#define LENGTH   "Content-Length: "
#define ENCODING "Transfer-Encoding: "

static const struct wrong refused[] = {
    WRONG("two lengths of one body",
          POST_A LENGTH "1\r\n" ENCODING "chunked\r\n\r\n0\r\n\r\n", 400),
    WRONG("the same, the other way",
          POST_A ENCODING "chunked\r\n" LENGTH "1\r\n\r\n0\r\n\r\n", 400),
    WRONG("two Content-Length", POST_A LENGTH "1\r\n" LENGTH "2\r\n\r\nxx", 400),
    WRONG("two equal Content-Length", POST_A LENGTH "1\r\n" LENGTH "1\r\n\r\nx", 400),
    WRONG("two Transfer-Encoding",
          POST_A ENCODING "chunked\r\n" ENCODING "chunked\r\n\r\n0\r\n\r\n", 400),
    WRONG("unknown encoding", POST_A ENCODING "gzip, chunked\r\n\r\n0\r\n\r\n", 501),
    WRONG("hidden encoding", POST_A ENCODING "\x0b" "chunked\r\n\r\n0\r\n\r\n", 400),
    WRONG("chunks in HTTP/1.0",
          "POST / HTTP/1.0\r\nHost: a\r\n" ENCODING "chunked\r\n\r\n0\r\n\r\n", 400),
    WRONG("space before the colon", GET_A "X : b\r\n\r\n", 400),
    WRONG("tab before the colon", GET_A "X\t: b\r\n\r\n", 400),
    WRONG("space before Content-Length's colon", POST_A "Content-Length : 1\r\n\r\nx", 400),
    WRONG("empty header name", GET_A ": b\r\n\r\n", 400),
    WRONG("odd characters in a name", GET_A "X(y): b\r\n\r\n", 400),
    WRONG("NUL in a value", GET_A "X: b\0c\r\nY: d\r\n\r\n", 400),
    WRONG("NUL in the last value", "GET / HTTP/1.1\r\nX: y\r\nHost: a\0b\r\n\r\n", 400),
    WRONG("NUL at the end of a value", "GET / HTTP/1.1\r\nHost: a\0\r\n\r\n", 400),
    WRONG("NUL in the path", "GET /a\0b HTTP/1.1\r\nHost: a\r\n\r\n", 400),
    WRONG("NUL in the query", "GET /a?b\0c HTTP/1.1\r\nHost: a\r\n\r\n", 400),
    WRONG("NUL in the method", "GET\0 / HTTP/1.1\r\nHost: a\r\n\r\n", 400),
    WRONG("control character in a value", GET_A "X: a\x01" "b\r\n\r\n", 400),
    WRONG("lone CR in a value", GET_A "X: a\rb\r\n\r\n", 400),
    WRONG("no Host", "GET / HTTP/1.1\r\n\r\n", 400),
    WRONG("no Host, but others", "GET / HTTP/1.1\r\nX: y\r\n\r\n", 400),
    WRONG("two Hosts", GET_A "Host: b\r\n\r\n", 400),
    WRONG("two equal Hosts", GET_A "Host: a\r\n\r\n", 400),
    WRONG("two Hosts in HTTP/1.0", "GET / HTTP/1.0\r\nHost: a\r\nHost: b\r\n\r\n", 400),
    WRONG("empty Host", "GET / HTTP/1.1\r\nHost:\r\n\r\n", 400),
    WRONG("a Host that is none", "GET / HTTP/1.1\r\nHost: a/b\r\n\r\n", 400),
    WRONG("odd method", "G\"T / HTTP/1.1\r\nHost: a\r\n\r\n", 400),
    WRONG("control character in the method", "GE\x02T / HTTP/1.1\r\nHost: a\r\n\r\n", 400),
    WRONG("folded line", GET_A "X: b\r\n c\r\nY: d\r\n\r\n", 400),
    WRONG("last line folded", GET_A "X: b\r\n\tc\r\n\r\n", 400),
    WRONG("a Host made by folding", "GET / HTTP/1.1\r\nHos: a\r\n t\r\n\r\n", 400),
    WRONG("first line folded", "GET / HTTP/1.1\r\n X: b\r\nHost: a\r\n\r\n", 400),
    WRONG("lines without CR", "GET / HTTP/1.1\nHost: a\n\n", 400),
    WRONG("one line without CR", "GET / HTTP/1.1\r\nHost: a\nX: y\r\n\r\n", 400),
    WRONG("the last line without CR", GET_A "\n", 400),
    WRONG("space in the target", "GET /a b HTTP/1.1\r\nHost: a\r\n\r\n", 400),
    WRONG("two spaces", "GET  / HTTP/1.1\r\nHost: a\r\n\r\n", 400),
    WRONG("two spaces at the end", "GET /  HTTP/1.1\r\nHost: a\r\n\r\n", 400),
    WRONG("a tab", "GET /\tb HTTP/1.1\r\nHost: a\r\n\r\n", 400),
    WRONG("broken escape", "GET /%zz HTTP/1.1\r\nHost: a\r\n\r\n", 400),
    WRONG("half an escape", "GET /%4 HTTP/1.1\r\nHost: a\r\n\r\n", 400),
    WRONG("escaped NUL", "GET /%00 HTTP/1.1\r\nHost: a\r\n\r\n", 400),
    WRONG("escaped line end", "GET /a%0d%0aX:%20y HTTP/1.1\r\nHost: a\r\n\r\n", 400),
    WRONG("broken UTF-8", "GET /%c3%28 HTTP/1.1\r\nHost: a\r\n\r\n", 400),
    WRONG("overlong UTF-8", "GET /%c0%af HTTP/1.1\r\nHost: a\r\n\r\n", 400),
    WRONG("fragment", "GET /a#b HTTP/1.1\r\nHost: a\r\n\r\n", 400),
    WRONG("no slash", "GET a HTTP/1.1\r\nHost: a\r\n\r\n", 400),
    WRONG("asterisk", "GET * HTTP/1.1\r\nHost: a\r\n\r\n", 400),
    WRONG("two Authorization", GET_A "Authorization: a\r\nAuthorization: b\r\n\r\n", 400),
    WRONG("OPTIONS", "OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n", 405),
    WRONG("TRACE", "TRACE / HTTP/1.1\r\nHost: a\r\n\r\n", 405),
    WRONG("CONNECT", "CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\n\r\n", 405),
    WRONG("unknown method", "BREW / HTTP/1.1\r\nHost: a\r\n\r\n", 501),
    WRONG("lower case method", "get / HTTP/1.1\r\nHost: a\r\n\r\n", 501),
    WRONG("too large a body", POST_A LENGTH "99999999\r\n\r\n", 413),
    WRONG("too large a body, asked before",
          POST_A "Expect: 100-continue\r\n" LENGTH "65537\r\n\r\n", 413),
};

/* The library answers these itself, with a page of its own; of a bad Content-Length, twice. */
static const struct wrong refused_by_library[] = {
    WRONG("no colon", GET_A "X\r\n\r\n", 400),
    WRONG("NUL in a name", GET_A "X\0y: b\r\n\r\n", 400),
    WRONG("no version", "GET /\r\nHost: a\r\n\r\n", 400),
    WRONG("odd version", "GET / HTTP/11\r\nHost: a\r\n\r\n", 400),
    WRONG("space at the end", "GET / HTTP/1.1 \r\nHost: a\r\n\r\n", 400),
    WRONG("HTTP/2 asked for in text", "GET / HTTP/2.0\r\nHost: a\r\n\r\n", 505),
    WRONG("HTTP/0.9", "GET / HTTP/0.9\r\nHost: a\r\n\r\n", 505),
    WRONG("Content-Length of letters", POST_A LENGTH "x\r\n\r\n", 400),
    WRONG("negative Content-Length", POST_A LENGTH "-1\r\n\r\n", 400),
    WRONG("listed Content-Length", POST_A LENGTH "1, 1\r\n\r\nx", 400),
    WRONG("Content-Length of 2^64", POST_A LENGTH "18446744073709551616\r\n\r\n", 413),
    WRONG("a chunk of letters", POST_A ENCODING "chunked\r\n\r\nxyz\r\n\r\n", 400),
    WRONG("a chunk without an end", POST_A ENCODING "chunked\r\n\r\n1\r\nab0\r\n\r\n", 400),
    WRONG("a chunk of 2^64", POST_A ENCODING "chunked\r\n\r\n10000000000000000\r\n", 413),
    WRONG("no method", " / HTTP/1.1\r\nHost: a\r\n\r\n", 0),
    WRONG("one word", "GET\r\nHost: a\r\n\r\n", 0),
    WRONG("TLS", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n", 0),
};
/* clang-format on */

static void try_wrong(const struct http_server *server, const struct wrong *wrong, bool drain,
                      struct answer *answer)
{
    int fd = wire_open(http_server_address(server));
    assert_true(wire_say(fd, wrong->bytes));
    wire_hear(fd, answer);
    if (answer->status != wrong->status)
        fail_msg("%s: %d instead of %d", wrong->what, answer->status, wrong->status);
    if (answer->status != 0 && wire_header(answer, "Connection") == NULL)
        fail_msg("%s: does not say that it hangs up", wrong->what);
    bool ended = answer->status == 0 || (drain ? wire_drains(fd) : wire_ends(fd));
    if (!ended)
        fail_msg("%s: not hung up on", wrong->what);
    wire_close(fd);
}

TEST(wrong_requests_are_refused_inside_the_envelope)
{
    struct answer *answer = malloc(sizeof *answer);
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        try_wrong(*unused, &refused[i], false, answer);
        if (strncmp(answer->body, "{\"errors\":[{\"message\":\"", 23) != 0 || !answer->whole)
            fail_msg("%s: not the envelope: %s", refused[i].what, answer->body);
        if (answer->status == 405)
            assert_non_null(wire_header(answer, "Allow"));
    }
    assert_int_equal(http_server_requests(*unused), 0);
    free(answer);
}

TEST(what_the_library_refuses_is_refused_all_the_same)
{
    struct answer *answer = malloc(sizeof *answer);
    for (size_t i = 0; i < sizeof refused_by_library / sizeof refused_by_library[0]; i++)
        try_wrong(*unused, &refused_by_library[i], true, answer);
    assert_int_equal(http_server_requests(*unused), 0);
    free(answer);
}

static int status_of(struct http_server *server, str bytes, struct answer *answer)
{
    int fd = wire_open(http_server_address(server));
    (void)wire_say(fd, bytes); /* it may be hung up on meanwhile */
    wire_hear(fd, answer);
    wire_close(fd);
    return answer->status;
}

/* A request with a target of so many bytes and a header value of so many. */
static int status_of_sizes(struct http_server *server, size_t target, size_t value,
                           struct answer *answer)
{
    struct arena arena = { 0 };
    struct buf buf = buf_in(&arena, target + value + 100);
    buf_add(&buf, S("GET /"));
    for (size_t i = 1; i < target; i++)
        buf_add_char(&buf, 'a');
    buf_add(&buf, S(" HTTP/1.1\r\nHost: a\r\nX: "));
    for (size_t i = 0; i < value; i++)
        buf_add_char(&buf, 'b');
    buf_add(&buf, S("\r\n\r\n"));
    int status = status_of(server, buf_str(&buf), answer);
    arena_free(&arena);
    return status;
}

TEST(heads_have_limits)
{
    struct answer *answer = malloc(sizeof *answer);
    assert_int_equal(status_of_sizes(*unused, TARGET_BYTES_MAX, 1, answer), 200);
    assert_int_equal(status_of_sizes(*unused, TARGET_BYTES_MAX + 1, 1, answer), 414);
    assert_non_null(strstr(answer->body, "errors"));
    assert_int_equal(status_of_sizes(*unused, 1, HEADER_BYTES_MAX - 100, answer), 200);
    assert_int_equal(status_of_sizes(*unused, 1, HEADER_BYTES_MAX, answer), 431);
    assert_non_null(strstr(answer->body, "errors"));
    /* beyond the connection's memory: the library's own pages */
    assert_int_equal(status_of_sizes(*unused, 1, 100000, answer), 431);
    assert_int_equal(status_of_sizes(*unused, 100000, 1, answer), 414);
    free(answer);
}

/* The library keeps a record of every argument.  Out of room it dropped the connection without a
 * word, which stopped the program; or forgot it, if there were others. */
TEST(more_arguments_than_there_is_room_for_are_refused)
{
    struct answer *answer = malloc(sizeof *answer);
    struct arena arena = { 0 };
    int other = wire_open(http_server_address(*unused));
    for (size_t count = 1; count < TARGET_BYTES_MAX - 2; count += 50) {
        struct buf buf = buf_in(&arena, TARGET_BYTES_MAX + 100);
        buf_add(&buf, S("GET /?"));
        for (size_t i = 0; i < count; i++)
            buf_add_char(&buf, '&');
        buf_add(&buf, S(" HTTP/1.1\r\nHost: a\r\n\r\n"));
        int status = status_of(*unused, buf_str(&buf), answer);
        assert_int_equal(status, count <= 128 ? 200 : 431);
        assert_true(status == 200 || strstr(answer->body, "errors") != NULL);
    }
    wire_close(other);
    arena_free(&arena);
    free(answer);
}

/* At the edge of its memory the library answers in its own words, or hangs up; and goes on. */
TEST(a_head_that_just_has_no_room_is_survived)
{
    struct arena arena = { 0 };
    for (size_t size = HEADER_BYTES_MAX - 2000; size < HEADER_BYTES_MAX; size += 50) {
        struct buf buf = buf_in(&arena, size + 200);
        buf_add(&buf, S("GET / HTTP/1.1\r\nHost: a\r\nCookie: ")); /* it keeps a copy */
        for (size_t i = 0; i < size; i++)
            buf_add_char(&buf, 'a');
        buf_add(&buf, S("\r\n\r\n"));
        int fd = wire_open(http_server_address(*unused));
        (void)wire_say(fd, buf_str(&buf));
        wire_close(fd);
    }
    arena_free(&arena);
    struct answer *answer = malloc(sizeof *answer);
    assert_int_equal(status_of(*unused, S("GET / HTTP/1.1\r\nHost: a\r\n\r\n"), answer), 200);
    free(answer);
}

static void add_body(struct buf *buf, size_t size, bool chunked)
{
    buf_add(buf, S("POST /x HTTP/1.1\r\nHost: a\r\n"));
    if (!chunked)
        buf_addf(buf, "Content-Length: %zu\r\n\r\n", size);
    else
        buf_add(buf, S("Transfer-Encoding: chunked\r\n\r\n"));
    while (size > 0) {
        size_t piece = size < 1000 ? size : 1000;
        if (chunked)
            buf_addf(buf, "%zx;ext=1\r\n", piece);
        for (size_t i = 0; i < piece; i++)
            buf_add_char(buf, 'x');
        if (chunked)
            buf_add(buf, S("\r\n"));
        size -= piece;
    }
    if (chunked)
        buf_add(buf, S("0\r\nTrailer: ignored\r\n\r\n"));
}

TEST(F41_bodies_have_a_limit_and_the_client_hears_of_it)
{
    struct answer *answer = malloc(sizeof *answer);
    const struct {
        size_t size;
        int status;
    } cases[] = { { 0, 200 },
                  { 1, 200 },
                  { BODY_BYTES_MAX, 200 },
                  { BODY_BYTES_MAX + 1, 413 },
                  { 900000, 413 } };
    for (size_t i = 0; i < 2 * sizeof cases / sizeof cases[0]; i++) {
        struct arena arena = { 0 };
        struct buf buf = buf_in(&arena, 1 << 20);
        add_body(&buf, cases[i / 2].size, i % 2 == 1);
        assert_int_equal(status_of(*unused, buf_str(&buf), answer), cases[i / 2].status);
        if (answer->status == 200)
            assert_int_equal(strtoul(answer->body + strlen("POST /x "), NULL, 10),
                             cases[i / 2].size);
        else
            assert_non_null(strstr(answer->body, "{\"errors\":[{\"message\":\"The body is too"));
        arena_free(&arena);
    }
    free(answer);
}

/* However slowly or fast a request comes, it is the same request. */
TEST(a_request_may_come_in_pieces)
{
    struct answer *answer = malloc(sizeof *answer);
    struct arena arena = { 0 };
    struct buf buf = buf_in(&arena, 1000);
    add_body(&buf, 3, true);
    int fd = wire_open(http_server_address(*unused));
    for (size_t i = 0; i < buf.size; i++)
        assert_true(wire_say(fd, (str){ buf.data + i, 1 }));
    wire_hear(fd, answer);
    assert_int_equal(answer->status, 200);
    assert_string_equal(answer->body, "POST /x 3");
    wire_close(fd);
    arena_free(&arena);
    free(answer);
}

TEST(who_asks_before_sending_is_told_to_go_on)
{
    struct answer *answer = malloc(sizeof *answer);
    int fd = wire_open(http_server_address(*unused));
    WIRE_SAY(fd, "POST /x HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\n"
                 "Content-Length: 2\r\n\r\n");
    wire_hear(fd, answer);
    assert_int_equal(answer->status, 100);
    WIRE_SAY(fd, "ab");
    wire_hear(fd, answer);
    assert_int_equal(answer->status, 200);
    assert_string_equal(answer->body, "POST /x 2");
    wire_close(fd);
    free(answer);
}

TEST(the_old_version_is_served_and_hung_up_on)
{
    struct answer *answer = malloc(sizeof *answer);
    int fd = wire_open(http_server_address(*unused));
    WIRE_SAY(fd, "GET /x HTTP/1.0\r\n\r\n");
    wire_hear(fd, answer);
    assert_int_equal(answer->status, 200);
    assert_true(wire_ends(fd));
    wire_close(fd);
    free(answer);
}

int main(void)
{
#define ON_A_SERVER(name) cmocka_unit_test_setup_teardown(name, start, stop)
    const struct CMUnitTest tests[] = {
        ON_A_SERVER(wrong_requests_are_refused_inside_the_envelope),
        ON_A_SERVER(what_the_library_refuses_is_refused_all_the_same),
        ON_A_SERVER(heads_have_limits),
        ON_A_SERVER(more_arguments_than_there_is_room_for_are_refused),
        ON_A_SERVER(a_head_that_just_has_no_room_is_survived),
        ON_A_SERVER(F41_bodies_have_a_limit_and_the_client_hears_of_it),
        ON_A_SERVER(a_request_may_come_in_pieces),
        ON_A_SERVER(who_asks_before_sending_is_told_to_go_on),
        ON_A_SERVER(the_old_version_is_served_and_hung_up_on),
    };
    return RUN_TESTS(tests);
}
