/* The HTTP server with real sockets: requests and their answers, at once and from other threads. */
#include "tests/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "adapters/http_host.h"

/* ---- requests and answers ---- */

TEST(a_request_is_answered)
{
    struct host *host = host_with((struct http_options){ 0 });
    int fd = host_open(host);
    struct answer *answer = answer_to(fd, "/a%20b?c=%64");
    assert_int_equal(answer->status, 200);
    assert_string_equal(answer->body, "/a b");
    assert_int_equal(strncmp(wire_header(answer, "X-Query"), "c=%64\r\n", 7), 0);
    assert_int_equal(strncmp(wire_header(answer, "Content-Type"), "text/plain\r\n", 12), 0);
    assert_non_null(wire_header(answer, "Date"));
    assert_null(wire_header(answer, "Connection"));
    free(answer);
    assert_answer(fd, "/client", 200, "127.0.0.1");
    assert_int_equal(http_server_connections(host->server), 1);
    assert_int_equal(http_server_requests(host->server), 2);
    assert_true(atomic_load(&host->turns) > 0);
    wire_close(fd);
    host_end(host);
}

TEST(a_head_is_a_get_without_the_body)
{
    struct host *host = host_with((struct http_options){ 0 });
    struct answer *answer = malloc(sizeof *answer);
    int fd = host_open(host);
    WIRE_SAY(fd, "HEAD /12345 HTTP/1.1\r\nHost: a\r\n\r\n");
    wire_hear_head(fd, answer);
    assert_int_equal(answer->status, 200);
    assert_int_equal(strncmp(wire_header(answer, "Content-Length"), "6\r\n", 3), 0);
    assert_answer(fd, "/then", 200, "/then");
    wire_close(fd);
    free(answer);
    host_end(host);
}

TEST(an_answer_without_a_body_has_none)
{
    struct host *host = host_with((struct http_options){ 0 });
    int fd = host_open(host);
    struct answer *answer = answer_to(fd, "/nothing");
    assert_int_equal(answer->status, 204);
    assert_null(wire_header(answer, "Content-Length"));
    assert_null(wire_header(answer, "Content-Type"));
    free(answer);
    assert_answer(fd, "/then", 200, "/then");
    wire_close(fd);
    host_end(host);
}

TEST(a_header_that_would_split_the_answer_is_a_500)
{
    struct host *host = host_with((struct http_options){ 0 });
    int fd = host_open(host);
    struct answer *answer = answer_to(fd, "/bad-header");
    assert_int_equal(answer->status, 500);
    assert_null(wire_header(answer, "b"));
    free(answer);
    wire_close(fd);
    host_end(host);
}

TEST(bodies_arrive_whole)
{
    struct host *host = host_with((struct http_options){ 0 });
    struct answer *answer = malloc(sizeof *answer);
    int fd = host_open(host);
    for (size_t size = 1; size <= BODY_BYTES_MAX; size *= 16) {
        char *body = malloc(size);
        for (size_t i = 0; i < size; i++)
            body[i] = (char)('a' + i % 26);
        char head[100];
        (void)snprintf(head, sizeof head,
                       "PUT /body HTTP/1.1\r\nHost: a\r\nContent-Length: %zu\r\n\r\n", size);
        WIRE_SAY(fd, head);
        assert_true(wire_say(fd, (str){ body, size }));
        wire_hear(fd, answer);
        assert_int_equal(answer->body_size, size);
        assert_memory_equal(answer->body, body, size);
        free(body);
    }
    wire_close(fd);
    free(answer);
    host_end(host);
}

TEST(pipelined_requests_are_answered_in_order)
{
    struct host *host = host_with((struct http_options){ 0 });
    int fd = host_open(host);
    for (int i = 0; i < 3; i++) {
        ask(fd, "/keep");
        ask(fd, "/b");
        ask(fd, "/delay");
        ask(fd, "/d");
    }
    for (int i = 0; i < 3; i++) {
        struct http_exchange *kept = take_kept(host);
        assert_true(wire_stays_silent(fd, 10));
        answer_with(kept, S("kept"));
        http_reply(kept);
        assert_heard(fd, 200, "kept");
        assert_heard(fd, 200, "/b");
        assert_heard(fd, 200, "/delay");
        assert_heard(fd, 200, "/d");
    }
    wire_close(fd);
    host_end(host);
}

TEST(a_path_may_stay_raw)
{
    struct host *host = host_with((struct http_options){ .raw_path = true });
    int fd = host_open(host);
    assert_answer(fd, "/a%20b", 200, "/a%20b");
    wire_close(fd);
    host_end(host);
}

/* ---- misbehaviour on purpose ---- */

TEST(an_answer_may_be_dropped_delayed_or_cut)
{
    struct host *host = host_with((struct http_options){ 0 });
    int fd = host_open(host);
    assert_answer(fd, "/delay", 200, "/delay");
    struct answer *answer = answer_to(fd, "/cut");
    assert_int_equal(answer->status, 200);
    assert_string_equal(answer->body, "/c");
    assert_false(answer->whole);
    assert_int_equal(strncmp(wire_header(answer, "Content-Length"), "4\r\n", 3), 0);
    free(answer);
    wire_close(fd);

    fd = host_open(host);
    assert_heard((ask(fd, "/drop"), fd), 0, NULL);
    wire_close(fd);
    host_end(host);
}

/* ---- answers from elsewhere ---- */

/* Answers what is kept, many at a time. */
static void *work(void *context)
{
    struct host *host = context;
    struct http_exchange *mine[KEPT_MAX];
    for (;;) {
        pthread_mutex_lock(&host->lock);
        while (host->kept_count == 0 && !host->ending)
            pthread_cond_wait(&host->more, &host->lock);
        size_t count = host->kept_count;
        memcpy(mine, host->kept, count * sizeof mine[0]);
        host->kept_count = 0;
        pthread_mutex_unlock(&host->lock);
        if (count == 0)
            return NULL;
        for (size_t i = 0; i < count; i++)
            answer_with(mine[i], mine[i]->request.query);
        if (count == 1)
            http_reply(mine[0]);
        else
            http_reply_many(mine, count);
    }
}

static void end_workers(struct host *host, pthread_t *workers, size_t count)
{
    pthread_mutex_lock(&host->lock);
    host->ending = true;
    pthread_cond_broadcast(&host->more);
    pthread_mutex_unlock(&host->lock);
    for (size_t i = 0; i < count; i++)
        pthread_join(workers[i], NULL);
}

#define MANY       60
#define MANY_TIMES 20

static void ask_much_at_once(unsigned threads)
{
    struct host *host = host_with((struct http_options){ .threads = threads });
    pthread_t workers[2];
    for (size_t i = 0; i < 2; i++)
        pthread_create(&workers[i], NULL, work, host);
    int fds[MANY];
    for (int i = 0; i < MANY; i++)
        fds[i] = host_open(host);
    for (int n = 0; n < MANY_TIMES; n++) {
        char text[32];
        for (int i = 0; i < MANY; i++) {
            (void)snprintf(text, sizeof text, i % 3 == 0 ? "/q?%d" : "/keep?%d", i * n);
            ask(fds[i], text);
        }
        for (int i = 0; i < MANY; i++) {
            (void)snprintf(text, sizeof text, "%d", i * n);
            assert_heard(fds[i], 200, i % 3 == 0 ? "/q" : text);
        }
    }
    assert_int_equal(http_server_requests(host->server), MANY * MANY_TIMES);
    assert_true(atomic_load(&host->replying) > 0);
    assert_int_equal(atomic_load(&host->threads_began), (int)threads);
    for (int i = 0; i < MANY; i++)
        wire_close(fds[i]);
    http_server_stop(host->server, seconds(5));
    end_workers(host, workers, 2);
    host_end(host);
}

TEST(many_connections_are_answered_from_other_threads)
{
    ask_much_at_once(1);
}

TEST(many_connections_are_served_by_several_threads)
{
    ask_much_at_once(3);
}

TEST(a_client_that_leaves_is_no_loss)
{
    struct host *host = host_with((struct http_options){ 0 });
    for (int i = 0; i < 10; i++) {
        int fd = host_open(host);
        ask(fd, "/keep");
        wait_for_kept(host, (size_t)i + 1);
        wire_close(fd);
    }
    int fd = host_open(host);
    assert_answer(fd, "/alive", 200, "/alive");
    for (int i = 0; i < 10; i++) {
        struct http_exchange *kept = take_kept(host);
        answer_with(kept, S("too late"));
        http_reply(kept);
    }
    assert_answer(fd, "/alive", 200, "/alive");
    wire_close(fd);
    host_end(host); /* no connection is left */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_request_is_answered),
        cmocka_unit_test(a_head_is_a_get_without_the_body),
        cmocka_unit_test(an_answer_without_a_body_has_none),
        cmocka_unit_test(a_header_that_would_split_the_answer_is_a_500),
        cmocka_unit_test(bodies_arrive_whole),
        cmocka_unit_test(pipelined_requests_are_answered_in_order),
        cmocka_unit_test(a_path_may_stay_raw),
        cmocka_unit_test(an_answer_may_be_dropped_delayed_or_cut),
        cmocka_unit_test(many_connections_are_answered_from_other_threads),
        cmocka_unit_test(many_connections_are_served_by_several_threads),
        cmocka_unit_test(a_client_that_leaves_is_no_loss),
    };
    return RUN_TESTS(tests);
}
