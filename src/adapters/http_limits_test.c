/* The HTTP server with real sockets: slow clients, limits, its end and its beginning. */
#include "tests/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "adapters/http_host.h"

/* ---- slow and silent clients ---- */

#define SHORT ((duration){ 80 })

TEST(who_says_nothing_is_hung_up_on)
{
    struct host *host = host_with((struct http_options){ .header_time = SHORT });
    int fd = host_open(host);
    assert_true(wire_ends(fd));
    wire_close(fd);
    host_end(host);
}

TEST(who_drips_headers_is_hung_up_on)
{
    struct host *host = host_with((struct http_options){ .header_time = SHORT });
    int fd = host_open(host);
    WIRE_SAY(fd, "GET / HTTP/1.1\r\nHost: a\r\n");
    while (wire_stays_silent(fd, 5)) /* until it answers, whatever is said */
        if (!wire_say(fd, S("X: y\r\n")))
            break;
    assert_heard(fd, 408, NULL);
    wire_close(fd);

    fd = host_open(host);
    while (wire_stays_silent(fd, 5)) /* not even a first line */
        if (!wire_say(fd, S("G")))
            break;
    assert_true(wire_ends(fd));
    wire_close(fd);
    host_end(host);
}

TEST(the_next_request_has_its_own_deadline)
{
    struct host *host = host_with((struct http_options){ .header_time = SHORT });
    int fd = host_open(host);
    for (int i = 0; i < 3; i++) {
        assert_answer(fd, "/x", 200, "/x");
        assert_true(wire_stays_silent(fd, 60));
    }
    WIRE_SAY(fd, "GET / HTTP/1.1\r\nHost: a\r\n");
    assert_heard(fd, 408, NULL);
    wire_close(fd);
    host_end(host);
}

TEST(who_drips_a_body_is_told_and_hung_up_on)
{
    struct host *host = host_with((struct http_options){ .body_time = SHORT });
    int fd = host_open(host);
    WIRE_SAY(fd, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 60000\r\n\r\n");
    while (wire_stays_silent(fd, 5))
        if (!wire_say(fd, S("x")))
            break;
    assert_heard(fd, 408, NULL);
    wire_close(fd);
    assert_int_equal(http_server_requests(host->server), 0);
    host_end(host);
}

TEST(who_idles_is_hung_up_on)
{
    struct host *host = host_with((struct http_options){ .idle_time = SHORT });
    int fd = host_open(host);
    assert_answer(fd, "/x", 200, "/x");
    assert_true(wire_ends(fd));
    wire_close(fd);
    host_end(host);
}

TEST(who_does_not_take_the_answer_is_hung_up_on)
{
    struct host *host = host_with((struct http_options){ .send_time = SHORT });
    int fd = host_open(host);
    ask(fd, "/large");
    while (http_server_connections(host->server) > 0)
        assert_true(wire_stays_silent(-1, 5)); /* polls nothing: just waits */
    wire_close(fd);
    host_end(host);
}

TEST(who_waits_for_an_answer_is_left_alone)
{
    struct host *host = host_with((struct http_options){
        .header_time = SHORT, .body_time = SHORT, .idle_time = SHORT, .send_time = SHORT });
    int fd = host_open(host);
    ask(fd, "/keep");
    struct http_exchange *kept = take_kept(host);
    assert_true(wire_stays_silent(fd, 250));
    answer_with(kept, S("at last"));
    http_reply(kept);
    assert_heard(fd, 200, "at last");
    wire_close(fd);
    host_end(host);
}

/* ---- limits ---- */

TEST(one_address_has_a_share)
{
    struct host *host = host_with((struct http_options){ .connections_per_address_max = 2 });
    int first = host_open(host);
    int second = host_open(host);
    assert_answer(first, "/1", 200, "/1");
    assert_answer(second, "/2", 200, "/2");
    int third = host_open(host);
    assert_true(wire_ends(third));
    wire_close(third);
    wire_close(first);
    while (http_server_connections(host->server) > 1)
        assert_true(wire_stays_silent(-1, 1));
    first = host_open(host);
    assert_answer(first, "/1", 200, "/1");
    wire_close(first);
    wire_close(second);
    host_end(host);
}

TEST(beyond_the_limit_connections_wait)
{
    struct host *host = host_with((struct http_options){ .connections_max = 2 });
    int first = host_open(host);
    int second = host_open(host);
    assert_answer(first, "/1", 200, "/1");
    assert_answer(second, "/2", 200, "/2");
    int third = host_open(host);
    ask(third, "/3");
    assert_true(wire_stays_silent(third, 50));
    wire_close(first);
    assert_heard(third, 200, "/3");
    wire_close(second);
    wire_close(third);
    host_end(host);
}

/* ---- the end ---- */

struct stopping {
    pthread_t thread;
    struct host *host;
    duration grace;
};

static void *stop(void *context)
{
    struct stopping *stopping = context;
    http_server_stop(stopping->host->server, stopping->grace);
    return NULL;
}

TEST(what_is_under_way_is_finished)
{
    struct host *host = host_with((struct http_options){ 0 });
    int idle = host_open(host);
    int silent = host_open(host);
    int busy = host_open(host);
    int half = host_open(host);
    assert_answer(idle, "/x", 200, "/x");
    ask(busy, "/keep");
    wait_for_kept(host, 1);
    WIRE_SAY(half, "POST /body HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nab");
    while (http_server_connections(host->server) < 4)
        assert_true(wire_stays_silent(-1, 1));
    assert_answer(idle, "/x", 200, "/x"); /* so half has been read */

    struct stopping stopping = { .host = host, .grace = seconds(20) };
    pthread_create(&stopping.thread, NULL, stop, &stopping);
    assert_true(wire_ends(idle));
    assert_true(wire_ends(silent));
    assert_false(wire_try(http_server_address(host->server)));
    struct http_exchange *kept = take_kept(host);
    answer_with(kept, S("finished"));
    http_reply(kept);
    WIRE_SAY(half, "cd");
    struct answer *answer = malloc(sizeof *answer);
    wire_hear(busy, answer);
    assert_string_equal(answer->body, "finished");
    assert_int_equal(strncmp(wire_header(answer, "Connection"), "close", 5), 0);
    free(answer);
    assert_heard(half, 200, "abcd");
    assert_true(wire_ends(busy));
    assert_true(wire_ends(half));
    pthread_join(stopping.thread, NULL);
    wire_close(idle);
    wire_close(silent);
    wire_close(busy);
    wire_close(half);
    host_end(host);
}

TEST(what_takes_too_long_is_told_so)
{
    struct host *host = host_with((struct http_options){ 0 });
    int kept_one = host_open(host);
    int half = host_open(host);
    ask(kept_one, "/keep");
    WIRE_SAY(half, "POST /body HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nab");
    struct http_exchange *kept = take_kept(host);
    http_server_stop(host->server, (duration){ 50 });
    struct answer *answer = malloc(sizeof *answer);
    wire_hear(kept_one, answer);
    assert_int_equal(answer->status, 503);
    assert_non_null(wire_header(answer, "Retry-After"));
    assert_non_null(strstr(answer->body, "errors"));
    free(answer);
    assert_true(wire_ends(kept_one));
    assert_true(wire_drains(half));

    assert_true(str_is(kept->request.path, "/keep")); /* it is still valid */
    answer_with(kept, S("nobody hears this"));
    http_reply(kept);
    wire_close(kept_one);
    wire_close(half);
    host_end(host);
}

/* ---- the beginning ---- */

TEST(a_taken_port_is_a_clear_sentence)
{
    struct host *host = host_with((struct http_options){ 0 });
    char why[256];
    const struct http_options options = { .listen = http_server_address(host->server),
                                          .handler = &host_handler };
    assert_null(http_server_start(&options, why, sizeof why));
    assert_non_null(strstr(why, "cannot listen on 127.0.0.1:"));
    assert_non_null(strstr(why, "Address already in use"));
    host_end(host);
}

TEST(a_bad_address_is_a_clear_sentence)
{
    char why[256];
    const char *bad[] = { "nonsense", "127.0.0.1:", "127.0.0.1:port", "[::1:80" };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        const struct http_options options = { .listen = bad[i], .handler = &host_handler };
        assert_null(http_server_start(&options, why, sizeof why));
        assert_non_null(strstr(why, bad[i]));
    }
}

TEST(every_form_of_address_is_understood)
{
    const char *good[] = { "127.0.0.1:0", "localhost:0", ":0", "0.0.0.0:0", "[::1]:0" };
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        char why[256];
        struct host *host = host_new();
        const struct http_options options = { .listen = good[i],
                                              .handler = &host_handler,
                                              .context = host };
        host->server = http_server_start(&options, why, sizeof why);
        if (host->server == NULL && i == 4) { /* a machine without IPv6 */
            free(host);
            continue;
        }
        assert_non_null(host->server);
        int fd = host_open(host);
        assert_answer(fd, "/x", 200, "/x");
        wire_close(fd);
        host_end(host);
    }
}

TEST(a_thread_that_cannot_begin_stops_the_server)
{
    char why[256];
    struct host *host = host_new();
    host->refuse_threads = true;
    const struct http_options options = {
        .listen = "127.0.0.1:0", .handler = &host_handler, .context = host, .threads = 2
    };
    assert_null(http_server_start(&options, why, sizeof why));
    assert_non_null(strstr(why, "cannot start a thread"));
    free(host);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(who_says_nothing_is_hung_up_on),
        cmocka_unit_test(who_drips_headers_is_hung_up_on),
        cmocka_unit_test(the_next_request_has_its_own_deadline),
        cmocka_unit_test(who_drips_a_body_is_told_and_hung_up_on),
        cmocka_unit_test(who_idles_is_hung_up_on),
        cmocka_unit_test(who_does_not_take_the_answer_is_hung_up_on),
        cmocka_unit_test(who_waits_for_an_answer_is_left_alone),
        cmocka_unit_test(one_address_has_a_share),
        cmocka_unit_test(beyond_the_limit_connections_wait),
        cmocka_unit_test(what_is_under_way_is_finished),
        cmocka_unit_test(what_takes_too_long_is_told_so),
        cmocka_unit_test(a_taken_port_is_a_clear_sentence),
        cmocka_unit_test(a_bad_address_is_a_clear_sentence),
        cmocka_unit_test(every_form_of_address_is_understood),
        cmocka_unit_test(a_thread_that_cannot_begin_stops_the_server),
    };
    return RUN_TESTS(tests);
}
