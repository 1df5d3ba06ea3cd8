#include "tests/test.h"

#include <arpa/inet.h>
#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "adapters/outcalls.h"

#define KEY "sk_test_very_secret"

/* ---- a server that behaves as it is told, one connection at a time ---- */

enum behaviour {
    ANSWER,   /* send the text, keep the connection */
    SEND_END, /* send the text, then close */
    RESET,    /* no answer, and the connection is reset */
    HANG,     /* no answer until the client gives up */
    HOLD,     /* no answer until the test says so, then the text */
    SLOW,     /* the text, after a client without patience had time to give up */
    HUGE_ONE, /* a whole answer that is too large */
};

struct act {
    enum behaviour behaviour;
    const char *text;
};

#define REQUESTS_MAX 16

struct server {
    int listener;
    uint16_t port;
    const struct act *acts; /* one per request, in order */
    size_t act_count;
    pthread_t thread;
    sem_t arrived; /* a request is whole */
    sem_t go;      /* HOLD may answer */
    char requests[REQUESTS_MAX][4096];
    size_t request_count;
    size_t connection_count;
};

static void send_text(int peer, const char *text)
{
    size_t size = strlen(text);
    while (size > 0) {
        ssize_t sent = send(peer, text, size, MSG_NOSIGNAL);
        if (sent <= 0)
            return;
        text += sent;
        size -= (size_t)sent;
    }
}

/* Whether all of head and body are there. */
static bool is_whole(const char *request)
{
    const char *end = strstr(request, "\r\n\r\n");
    if (end == NULL)
        return false;
    const char *length = strcasestr(request, "\r\nContent-Length:");
    size_t wanted = length == NULL ? 0 : strtoul(length + 17, NULL, 10);
    return strlen(end + 4) >= wanted;
}

static bool receive_request(int peer, char *ret_request, size_t size)
{
    size_t have = 0;
    memset(ret_request, 0, size);
    while (!is_whole(ret_request)) {
        ssize_t count = recv(peer, ret_request + have, size - 1 - have, 0);
        if (count <= 0)
            return false;
        have += (size_t)count;
    }
    return true;
}

static void wait_for_end(int peer)
{
    char byte;
    while (recv(peer, &byte, 1, 0) > 0)
        continue;
}

static void send_huge(int peer)
{
    size_t size = 2 * OUTCALL_ANSWER_BYTES_MAX;
    char *body = malloc(size + 1);
    assert(body != NULL);
    memset(body, ' ', size);
    body[0] = '{';
    body[size - 1] = '}';
    body[size] = '\0';
    send_text(peer, "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n");
    send_text(peer, body);
    free(body);
}

/* Whether the connection goes on. */
static bool act(struct server *server, const struct act *act, int peer)
{
    struct linger at_once = { .l_onoff = 1, .l_linger = 0 };
    switch (act->behaviour) {
    case ANSWER:
        send_text(peer, act->text);
        return true;
    case SEND_END:
        send_text(peer, act->text);
        return false;
    case RESET:
        setsockopt(peer, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
        return false;
    case HANG:
        wait_for_end(peer);
        return false;
    case HOLD:
        sem_wait(&server->go);
        send_text(peer, act->text);
        return true;
    case HUGE_ONE:
        send_huge(peer);
        return false;
    case SLOW:
        poll(&(struct pollfd){ .fd = peer, .events = POLLIN }, 1, 1500);
        send_text(peer, act->text);
        return true;
    }
    return false;
}

static void *serve(void *context)
{
    struct server *server = context;
    int peer;
    while ((peer = accept(server->listener, NULL, NULL)) >= 0) {
        server->connection_count++;
        bool more = true;
        while (more && receive_request(peer, server->requests[server->request_count],
                                       sizeof server->requests[0])) {
            size_t at = server->request_count++;
            assert(at < server->act_count);
            sem_post(&server->arrived);
            more = act(server, &server->acts[at], peer);
        }
        close(peer);
    }
    return NULL;
}

static struct server *server_start(const struct act *acts, size_t count)
{
    struct server *server = calloc(1, sizeof *server);
    struct sockaddr_in address = { .sin_family = AF_INET,
                                   .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t size = sizeof address;
    assert_non_null(server);
    server->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(server->listener, (struct sockaddr *)&address, size), 0);
    assert_int_equal(listen(server->listener, 16), 0);
    assert_int_equal(getsockname(server->listener, (struct sockaddr *)&address, &size), 0);
    server->port = ntohs(address.sin_port);
    server->acts = acts;
    server->act_count = count;
    sem_init(&server->arrived, 0, 0);
    sem_init(&server->go, 0, 0);
    assert_int_equal(pthread_create(&server->thread, NULL, serve, server), 0);
    return server;
}

/* After the client has closed its connections. */
static void server_stop(struct server *server)
{
    shutdown(server->listener, SHUT_RDWR);
    pthread_join(server->thread, NULL);
    close(server->listener);
    free(server);
}

/* ---- calls and their answers ---- */

struct result {
    sem_t done;
    enum outcome outcome;
    int64_t status;
    uuid call_id;
    char body[256];
    char request_id[64];
    char should_retry[64];
};

static void copy(char *ret_text, size_t size, str text)
{
    snprintf(ret_text, size, "%.*s", (int)text.size, text.data == NULL ? "" : text.data);
}

static void on_done(void *context, const struct outanswer *answer)
{
    struct result *result = context;
    result->outcome = answer->outcome;
    result->status = answer->http_status;
    result->call_id = answer->call_id;
    copy(result->body, sizeof result->body, answer->body);
    copy(result->request_id, sizeof result->request_id, answer->request_id);
    copy(result->should_retry, sizeof result->should_retry, answer->should_retry);
    sem_post(&result->done);
}

static const struct outcall post_call = {
    .id = { { 7 } },
    .method = STR_INIT("POST"),
    .path = STR_INIT("/v1/payment_intents"),
    .body = STR_INIT("amount=2000&currency=usd"),
    .idempotency_key = STR_INIT("ct-test-1-create"),
};

static const struct outcall get_call = {
    .id = { { 8 } },
    .method = STR_INIT("GET"),
    .path = STR_INIT("/v1/payment_intents/pi_1?expand[]=latest_charge"),
};

static bool submit(struct outcalls *outcalls, const struct outcall *call, struct result *result)
{
    memset(result, 0, sizeof *result);
    sem_init(&result->done, 0, 0);
    return outcalls_submit(outcalls, call, on_done, result);
}

static struct result make(struct outcalls *outcalls, const struct outcall *call)
{
    struct result result;
    assert_true(submit(outcalls, call, &result));
    sem_wait(&result.done);
    return result;
}

static struct outcalls *open_to(uint16_t port, size_t queue_max, struct log *log)
{
    char url[64];
    snprintf(url, sizeof url, "http://127.0.0.1:%u", (unsigned)port);
    struct outcalls_options options = { .base_url = url,
                                        .key = KEY,
                                        .agent = "usher/test",
                                        .log = log,
                                        .threads = 1,
                                        .queue_max = queue_max,
                                        .ms_max = 400 };
    struct outcalls *outcalls = outcalls_open(&options);
    assert_non_null(outcalls);
    return outcalls;
}

#define OK_TEXT                                                      \
    "HTTP/1.1 200 OK\r\nContent-Length: 13\r\nRequest-Id: req_1\r\n" \
    "Stripe-Should-Retry: false\r\n\r\n{\"id\":\"pi_1\"}"
#define STATUS_TEXT(status, body) "HTTP/1.1 " status "\r\nConnection: close\r\n\r\n" body

/* What becomes of one call when the server acts so. */
static struct result result_of(enum behaviour behaviour, const char *text)
{
    struct act acts[] = { { behaviour, text } };
    struct server *server = server_start(acts, 1);
    struct outcalls *outcalls = open_to(server->port, 0, NULL);
    struct result result = make(outcalls, &post_call);
    outcalls_close(outcalls, seconds(0));
    server_stop(server);
    return result;
}

/* ---- what goes out ---- */

TEST(a_call_goes_out_as_stripe_wants_it_and_its_answer_comes_back)
{
    const struct act acts[] = { { ANSWER, OK_TEXT } };
    struct server *server = server_start(acts, 1);
    struct outcalls *outcalls = open_to(server->port, 0, NULL);
    struct result result = make(outcalls, &post_call);
    outcalls_close(outcalls, seconds(0));
    const char *request = server->requests[0];
    assert_non_null(strstr(request, "POST /v1/payment_intents HTTP/1.1\r\n"));
    assert_non_null(strstr(request, "\r\nAuthorization: Bearer " KEY "\r\n"));
    assert_non_null(strstr(request, "\r\nStripe-Version: 2026-10-28.endive\r\n"));
    assert_non_null(strstr(request, "\r\nIdempotency-Key: ct-test-1-create\r\n"));
    assert_non_null(strstr(request, "\r\nContent-Type: application/x-www-form-urlencoded\r\n"));
    assert_non_null(strstr(request, "\r\nUser-Agent: usher/test\r\n"));
    assert_null(strcasestr(request, "\r\nExpect:"));
    assert_string_equal(strstr(request, "\r\n\r\n") + 4, "amount=2000&currency=usd");
    server_stop(server);

    assert_int_equal(result.outcome, OUTCALL_ANSWERED);
    assert_int_equal(result.status, 200);
    assert_true(uuid_equal(result.call_id, post_call.id));
    assert_string_equal(result.body, "{\"id\":\"pi_1\"}");
    assert_string_equal(result.request_id, "req_1");
    assert_string_equal(result.should_retry, "false");
}

TEST(a_get_has_its_query_and_neither_body_nor_idempotency_key)
{
    const struct act acts[] = { { ANSWER, OK_TEXT }, { ANSWER, OK_TEXT } };
    struct server *server = server_start(acts, 2);
    struct outcalls *outcalls = open_to(server->port, 0, NULL);
    make(outcalls, &post_call); /* nothing of it must remain */
    struct result result = make(outcalls, &get_call);
    outcalls_close(outcalls, seconds(0));
    const char *request = server->requests[1];
    assert_non_null(strstr(request, "GET /v1/payment_intents/pi_1?expand[]=latest_charge HTTP"));
    assert_null(strcasestr(request, "\r\nIdempotency-Key:"));
    assert_null(strcasestr(request, "\r\nContent-"));
    assert_string_equal(strstr(request, "\r\n\r\n") + 4, "");
    assert_int_equal(server->connection_count, 1); /* kept alive */
    server_stop(server);
    assert_int_equal(result.outcome, OUTCALL_ANSWERED);
}

TEST(a_call_is_copied_when_it_is_submitted)
{
    const struct act acts[] = { { HOLD, OK_TEXT }, { ANSWER, OK_TEXT } };
    struct server *server = server_start(acts, 2);
    struct outcalls *outcalls = open_to(server->port, 0, NULL);
    char body[] = "amount=1", path[] = "/v1/refunds", key[] = "key-1";
    struct outcall call = { .id = { { 1 } },
                            .method = S("POST"),
                            .path = str_of(path),
                            .body = str_of(body),
                            .idempotency_key = str_of(key) };
    struct result first, second;
    assert_true(submit(outcalls, &post_call, &first));
    sem_wait(&server->arrived);
    assert_true(submit(outcalls, &call, &second));
    memset(body, 'x', sizeof body - 1);
    memset(path, 'x', sizeof path - 1);
    memset(key, 'x', sizeof key - 1);
    sem_post(&server->go);
    sem_wait(&first.done);
    sem_wait(&second.done);
    outcalls_close(outcalls, seconds(0));
    assert_non_null(strstr(server->requests[1], "POST /v1/refunds HTTP"));
    assert_non_null(strstr(server->requests[1], "key-1"));
    assert_non_null(strstr(server->requests[1], "amount=1"));
    server_stop(server);
}

/* ---- webhooks: the simulator's calls ---- */

static struct outcalls *open_for_webhooks(void)
{
    const struct outcalls_options options = { .agent = "Stripe/1.0", .threads = 1, .ms_max = 400 };
    struct outcalls *outcalls = outcalls_open(&options);
    assert_non_null(outcalls);
    return outcalls;
}

static struct result tell(struct outcalls *outcalls, uint16_t port)
{
    char url[64];
    snprintf(url, sizeof url, "http://127.0.0.1:%u/hook?a=b", (unsigned)port);
    const struct outcall call = { .id = { { 9 } },
                                  .method = S("POST"),
                                  .path = str_of(url),
                                  .body = S("{\"id\":\"evt_1\"}"),
                                  .signature = S("t=1,v1=ab") };
    return make(outcalls, &call);
}

TEST(a_webhook_goes_to_its_url_signed_and_without_a_key)
{
    const struct act acts[] = { { ANSWER, "HTTP/1.1 204 No Content\r\n\r\n" } };
    struct server *server = server_start(acts, 1);
    struct outcalls *outcalls = open_for_webhooks();
    struct result result = tell(outcalls, server->port);
    outcalls_close(outcalls, seconds(0));
    const char *request = server->requests[0];
    assert_non_null(strstr(request, "POST /hook?a=b HTTP/1.1\r\n"));
    assert_non_null(strstr(request, "\r\nStripe-Signature: t=1,v1=ab\r\n"));
    assert_non_null(strstr(request, "\r\nContent-Type: application/json; charset=utf-8\r\n"));
    assert_null(strcasestr(request, "\r\nAuthorization:"));
    assert_null(strcasestr(request, "\r\nStripe-Version:"));
    assert_string_equal(strstr(request, "\r\n\r\n") + 4, "{\"id\":\"evt_1\"}");
    server_stop(server);
    assert_int_equal(result.outcome, OUTCALL_ANSWERED);
    assert_int_equal(result.status, 204);
}

TEST(an_endpoint_that_fails_is_asked_again_each_time)
{
    enum { TIMES = 12 };
    struct act acts[TIMES];
    for (int i = 0; i < TIMES; i++)
        acts[i] = (struct act){ SEND_END, STATUS_TEXT("500 Broken", "no") };
    struct server *server = server_start(acts, TIMES);
    struct outcalls *outcalls = open_for_webhooks();
    for (int i = 0; i < TIMES; i++)
        assert_int_equal(tell(outcalls, server->port).status, 500);
    outcalls_close(outcalls, seconds(0));
    server_stop(server);
}

TEST(a_key_that_could_become_a_header_of_its_own_is_not_sent)
{
    struct server *server = server_start(NULL, 0);
    struct outcalls *outcalls = open_to(server->port, 0, NULL);
    struct outcall call = post_call;
    call.idempotency_key = S("a\r\nStripe-Account: acct_1");
    assert_int_equal(make(outcalls, &call).outcome, OUTCALL_NOT_SENT);
    call = post_call;
    call.path = S("/v1/charges HTTP/1.1\r\nHost: x");
    assert_int_equal(make(outcalls, &call).outcome, OUTCALL_NOT_SENT);
    outcalls_close(outcalls, seconds(0));
    server_stop(server);
}

TEST(the_environment_does_not_send_a_call_on_this_machine_through_a_proxy)
{
    /* No other thread runs now.  NOLINTNEXTLINE(concurrency-mt-unsafe) */
    setenv("http_proxy", "http://127.0.0.1:1", 1);
    struct result result = result_of(ANSWER, OK_TEXT);
    unsetenv("http_proxy"); /* NOLINT(concurrency-mt-unsafe) */
    assert_int_equal(result.outcome, OUTCALL_ANSWERED);
}

/* ---- what comes back ---- */

TEST(an_error_of_stripe_is_an_answer)
{
    const char *const texts[] = { STATUS_TEXT("402 Payment Required", "{\"error\":{}}"),
                                  STATUS_TEXT("409 Conflict", "{\"error\":{}}"),
                                  STATUS_TEXT("500 Oops", "{\"error\":{}}"),
                                  STATUS_TEXT("502 Bad Gateway", "<html>"),
                                  STATUS_TEXT("302 Found\r\nLocation: /elsewhere", "") };
    const int statuses[] = { 402, 409, 500, 502, 302 };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct result result = result_of(SEND_END, texts[i]);
        assert_int_equal(result.outcome, OUTCALL_ANSWERED);
        assert_int_equal(result.status, statuses[i]);
    }
}

TEST(what_never_left_is_not_sent)
{
    struct server *server = server_start(NULL, 0);
    uint16_t port = server->port;
    server_stop(server); /* nobody listens there now */
    struct outcalls *outcalls = open_to(port, 0, NULL);
    assert_int_equal(make(outcalls, &post_call).outcome, OUTCALL_NOT_SENT);
    outcalls_close(outcalls, seconds(0));
}

TEST(F14_what_left_without_a_whole_answer_is_unknown)
{
    const struct act acts[] = {
        { RESET, NULL },
        { HANG, NULL },
        { HUGE_ONE, NULL },
        { SEND_END, "" },
        { SEND_END, "HTTP/1.1 200 OK\r\nContent-Le" },
        { SEND_END, "HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\n{\"id\":\"pi_1\"}" },
        { SEND_END, STATUS_TEXT("200 OK", "{\"id\":\"pi_") },
        { SEND_END, STATUS_TEXT("200 OK", "<html>welcome</html>") },
        { SEND_END, STATUS_TEXT("200 OK", "[]") },
        { SEND_END, STATUS_TEXT("200 OK", "") },
        { SEND_END, "HTTP/1.1 500 Oops\r\nContent-Length: 50\r\n\r\n{\"error\"" },
        { SEND_END, "This is not HTTP\r\n\r\n" },
    };
    for (size_t i = 0; i < sizeof acts / sizeof *acts; i++) {
        struct result result = result_of(acts[i].behaviour, acts[i].text);
        assert_int_equal(result.outcome, OUTCALL_UNKNOWN);
        assert_int_equal(result.status, 0);
        assert_string_equal(result.body, "");
    }
}

TEST(a_kept_connection_that_died_is_replaced_with_the_same_key)
{
    const struct act acts[] = { { ANSWER, OK_TEXT }, { RESET, NULL }, { ANSWER, OK_TEXT } };
    struct server *server = server_start(acts, 3);
    struct outcalls *outcalls = open_to(server->port, 0, NULL);
    make(outcalls, &get_call);
    struct result result = make(outcalls, &post_call);
    outcalls_close(outcalls, seconds(0));
    /* libcurl may send it again by itself, or leave it to us: never with another key. */
    assert_true(result.outcome != OUTCALL_NOT_SENT);
    for (size_t i = 1; i < server->request_count; i++)
        assert_non_null(strstr(server->requests[i], "Idempotency-Key: ct-test-1-create\r\n"));
    server_stop(server);
}

/* ---- the breaker ---- */

TEST(while_stripe_is_away_calls_are_turned_away_at_once)
{
    struct act acts[5];
    for (size_t i = 0; i < 5; i++)
        acts[i] = (struct act){ SEND_END, STATUS_TEXT("503 Away", "{}") };
    struct server *server = server_start(acts, 5);
    struct outcalls *outcalls = open_to(server->port, 0, NULL);
    for (size_t i = 0; i < 5; i++) {
        assert_false(outcalls_breaker_is_open(outcalls));
        assert_int_equal(make(outcalls, &post_call).outcome, OUTCALL_ANSWERED);
    }
    assert_true(outcalls_breaker_is_open(outcalls));
    assert_int_equal(make(outcalls, &post_call).outcome, OUTCALL_NOT_SENT);
    outcalls_close(outcalls, seconds(0));
    assert_int_equal(server->request_count, 5);
    server_stop(server);
}

TEST(a_wrong_key_turns_calls_away_after_one_answer_and_a_decline_does_not)
{
    const struct act acts[] = { { SEND_END, STATUS_TEXT("402 Declined", "{}") },
                                { SEND_END, STATUS_TEXT("401 Who", "{}") } };
    struct server *server = server_start(acts, 2);
    struct outcalls *outcalls = open_to(server->port, 0, NULL);
    make(outcalls, &post_call);
    assert_false(outcalls_breaker_is_open(outcalls));
    make(outcalls, &post_call);
    assert_true(outcalls_breaker_is_open(outcalls));
    outcalls_close(outcalls, seconds(0));
    server_stop(server);
}

/* ---- the pool ---- */

TEST(a_full_queue_refuses_and_closing_reports_each_call_once)
{
    const struct act acts[] = { { HANG, NULL } };
    struct server *server = server_start(acts, 1);
    struct outcalls_options options = {
        .key = KEY, .agent = "usher/test", .threads = 1, .queue_max = 1
    };
    char url[64];
    snprintf(url, sizeof url, "http://127.0.0.1:%u", (unsigned)server->port);
    options.base_url = url;
    struct outcalls *outcalls = outcalls_open(&options);
    struct result results[3];
    assert_int_equal(outcalls_room(outcalls), 1);
    assert_true(submit(outcalls, &post_call, &results[0]));
    sem_wait(&server->arrived);
    assert_int_equal(outcalls_room(outcalls), 0);
    assert_true(submit(outcalls, &post_call, &results[1]));
    assert_false(submit(outcalls, &post_call, &results[2]));
    int64_t begun_us = stopwatch_us();
    outcalls_close(outcalls, (duration){ 10 });
    assert_true(stopwatch_us() - begun_us < 5000000); /* far less than a call may take */
    assert_int_equal(sem_trywait(&results[0].done), 0);
    assert_int_equal(results[0].outcome, OUTCALL_UNKNOWN);
    assert_int_equal(sem_trywait(&results[1].done), 0);
    assert_int_equal(results[1].outcome, OUTCALL_NOT_SENT);
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(sem_trywait(&results[i].done), -1);
    server_stop(server);
}

TEST(closing_lets_a_call_under_way_finish)
{
    const struct act acts[] = { { SLOW, OK_TEXT } };
    struct server *server = server_start(acts, 1);
    char url[64];
    snprintf(url, sizeof url, "http://127.0.0.1:%u", (unsigned)server->port);
    struct outcalls_options options = { .base_url = url, .key = KEY, .agent = "usher/test" };
    struct outcalls *outcalls = outcalls_open(&options);
    struct result result;
    assert_int_equal(outcalls_room(outcalls), OUTCALL_THREADS);
    assert_true(submit(outcalls, &post_call, &result));
    sem_wait(&server->arrived);
    outcalls_close(outcalls, seconds(60));
    assert_int_equal(sem_trywait(&result.done), 0);
    assert_int_equal(result.outcome, OUTCALL_ANSWERED);
    server_stop(server);
}

/* ---- the log ---- */

static instant some_now(struct clock *clock)
{
    (void)clock;
    return (instant){ INT64_C(1790000000123) };
}

TEST(F48_the_log_has_neither_keys_nor_bodies)
{
    const struct act acts[] = { { ANSWER, OK_TEXT },
                                { ANSWER, OK_TEXT },
                                { SEND_END, STATUS_TEXT("200 OK", "pi_secret_body") } };
    struct server *server = server_start(acts, 3);
    struct clock clock = { some_now };
    FILE *file = tmpfile();
    assert_non_null(file);
    struct log *log = log_open(fileno(file), LOG_DEBUG, &clock);
    struct outcalls *outcalls = open_to(server->port, 0, log);
    make(outcalls, &post_call);
    make(outcalls, &get_call);
    make(outcalls, &post_call);
    outcalls_close(outcalls, seconds(0));
    server_stop(server);
    log_close(log);
    char text[8192] = { 0 };
    rewind(file);
    assert_true(fread(text, 1, sizeof text - 1, file) > 0);
    fclose(file);
    const char *const secrets[] = { "very_secret", "ct-test-1", "amount=",
                                    "secret_body", "expand",    "Bearer" };
    for (size_t i = 0; i < sizeof secrets / sizeof *secrets; i++)
        assert_null(strstr(text, secrets[i]));
    assert_non_null(strstr(text, "\"route\":\"/v1/payment_intents/pi_1\""));
    assert_non_null(strstr(text, "\"subject\":\"req_1\""));
    assert_non_null(strstr(text, "\"note\":\"outcome unknown: no whole answer\""));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_call_goes_out_as_stripe_wants_it_and_its_answer_comes_back),
        cmocka_unit_test(a_get_has_its_query_and_neither_body_nor_idempotency_key),
        cmocka_unit_test(a_call_is_copied_when_it_is_submitted),
        cmocka_unit_test(a_webhook_goes_to_its_url_signed_and_without_a_key),
        cmocka_unit_test(an_endpoint_that_fails_is_asked_again_each_time),
        cmocka_unit_test(a_key_that_could_become_a_header_of_its_own_is_not_sent),
        cmocka_unit_test(the_environment_does_not_send_a_call_on_this_machine_through_a_proxy),
        cmocka_unit_test(an_error_of_stripe_is_an_answer),
        cmocka_unit_test(what_never_left_is_not_sent),
        cmocka_unit_test(F14_what_left_without_a_whole_answer_is_unknown),
        cmocka_unit_test(a_kept_connection_that_died_is_replaced_with_the_same_key),
        cmocka_unit_test(while_stripe_is_away_calls_are_turned_away_at_once),
        cmocka_unit_test(a_wrong_key_turns_calls_away_after_one_answer_and_a_decline_does_not),
        cmocka_unit_test(a_full_queue_refuses_and_closing_reports_each_call_once),
        cmocka_unit_test(closing_lets_a_call_under_way_finish),
        cmocka_unit_test(F48_the_log_has_neither_keys_nor_bodies),
    };
    return RUN_TESTS(tests);
}
