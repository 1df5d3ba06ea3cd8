/* The HTTP server with real sockets: connections, deadlines, answers from other threads, the end.
 */
#include "tests/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "adapters/http_host.h"

void answer_with(struct http_exchange *exchange, str body)
{
    exchange->response.status = STATUS_OK;
    exchange->response.content_type = S("text/plain");
    exchange->response.body = body;
}

static void keep(struct host *host, struct http_exchange *exchange)
{
    pthread_mutex_lock(&host->lock);
    assert(host->kept_count < KEPT_MAX);
    host->kept[host->kept_count++] = exchange;
    pthread_cond_signal(&host->more);
    pthread_mutex_unlock(&host->lock);
}

void wait_for_kept(struct host *host, size_t count)
{
    pthread_mutex_lock(&host->lock);
    while (host->kept_count < count)
        pthread_cond_wait(&host->more, &host->lock);
    pthread_mutex_unlock(&host->lock);
}

struct http_exchange *take_kept(struct host *host)
{
    wait_for_kept(host, 1);
    pthread_mutex_lock(&host->lock);
    struct http_exchange *exchange = host->kept[0];
    host->kept_count--;
    memmove(&host->kept[0], &host->kept[1], host->kept_count * sizeof host->kept[0]);
    pthread_mutex_unlock(&host->lock);
    return exchange;
}

static void arrived(void *context, void *thread_context, struct http_exchange *exchange)
{
    struct host *host = context;
    assert(thread_context == &host->threads_began);
    const struct request *request = &exchange->request;
    struct response *response = &exchange->response;
    if (str_is(request->path, "/keep")) {
        keep(host, exchange);
        return;
    }
    answer_with(exchange, str_is(request->path, "/body") ? request->body : request->path);
    if (str_is(request->path, "/drop"))
        response->drop = true;
    else if (str_is(request->path, "/delay"))
        response->delay = (duration){ 60 };
    else if (str_is(request->path, "/cut"))
        response->truncate_to = 2;
    else if (str_is(request->path, "/nothing"))
        *response = (struct response){ .status = STATUS_NO_CONTENT };
    else if (str_is(request->path, "/bad-header"))
        response->headers[response->header_count++] =
            (struct response_header){ "X-Bad", S("a\r\nb: c") };
    else if (str_is(request->path, "/large"))
        response->body = (str){ arena_take(&exchange->arena, 8 << 20), 8 << 20 };
    else if (str_is(request->path, "/client"))
        response->body = request->client;
    response->headers[response->header_count++] =
        (struct response_header){ "X-Query", request->query };
    http_reply(exchange);
}

static bool thread_began(void *context, void **ret_thread_context)
{
    struct host *host = context;
    atomic_fetch_add(&host->threads_began, 1);
    *ret_thread_context = &host->threads_began;
    return !host->refuse_threads;
}

static void thread_ended(void *context, void *thread_context)
{
    struct host *host = context;
    assert(thread_context == &host->threads_began);
    atomic_fetch_add(&host->threads_ended, 1);
}

static void replying(void *context, void *thread_context)
{
    (void)thread_context;
    atomic_fetch_add(&((struct host *)context)->replying, 1);
}

static void turn_ended(void *context, void *thread_context)
{
    (void)thread_context;
    atomic_fetch_add(&((struct host *)context)->turns, 1);
}

const struct http_handler host_handler = {
    .arrived = arrived,
    .thread_began = thread_began,
    .thread_ended = thread_ended,
    .replying = replying,
    .turn_ended = turn_ended,
};

struct host *host_new(void)
{
    struct host *host = calloc(1, sizeof *host);
    assert_non_null(host);
    pthread_mutex_init(&host->lock, NULL);
    pthread_cond_init(&host->more, NULL);
    return host;
}

struct host *host_with(struct http_options options)
{
    char why[256] = "";
    struct host *host = host_new();
    options.listen = "127.0.0.1:0";
    options.handler = &host_handler;
    options.context = host;
    host->server = http_server_start(&options, why, sizeof why);
    if (host->server == NULL)
        fail_msg("%s", why);
    return host;
}

void host_end(struct host *host)
{
    http_server_stop(host->server, seconds(5));
    assert_int_equal(http_server_connections(host->server), 0);
    http_server_free(host->server);
    assert_int_equal(atomic_load(&host->threads_began), atomic_load(&host->threads_ended));
    pthread_cond_destroy(&host->more);
    pthread_mutex_destroy(&host->lock);
    free(host);
}

int host_open(const struct host *host)
{
    return wire_open(http_server_address(host->server));
}

void ask(int fd, const char *path)
{
    char text[256];
    (void)snprintf(text, sizeof text, "GET %s HTTP/1.1\r\nHost: a\r\n\r\n", path);
    WIRE_SAY(fd, text);
}

struct answer *answer_to(int fd, const char *path)
{
    struct answer *answer = malloc(sizeof *answer);
    ask(fd, path);
    wire_hear(fd, answer);
    return answer;
}

void assert_answer(int fd, const char *path, int status, const char *body)
{
    struct answer *answer = answer_to(fd, path);
    assert_int_equal(answer->status, status);
    assert_string_equal(answer->body, body);
    free(answer);
}

void assert_heard(int fd, int status, const char *body)
{
    struct answer *answer = malloc(sizeof *answer);
    wire_hear(fd, answer);
    assert_int_equal(answer->status, status);
    if (body != NULL)
        assert_string_equal(answer->body, body);
    free(answer);
}
