/* Answers that go on.  A connection with nothing to send is suspended: it costs its memory and no
 * time.  It leaves no trace of its exchange, whose arena others need more. */
#include "adapters/http_inside.h"

#define STREAM_BLOCK_BYTES 1024

static void stop_hearing(struct connection *connection)
{
    assert(connection->phase == PHASE_HEARING);
    connection_enter(connection, PHASE_SENDING);
    connection->thread->suspended--;
    MHD_resume_connection(connection->library);
}

static void begin_hearing(struct connection *connection)
{
    connection_enter(connection, PHASE_HEARING);
    connection->thread->suspended++;
    MHD_suspend_connection(connection->library);
}

/* What the library sends next. */
static ssize_t read_stream(void *context, uint64_t position, char *text, size_t size)
{
    (void)position;
    struct connection *connection = context;
    if (connection->thread->stopping)
        return MHD_CONTENT_READER_END_OF_STREAM;
    const struct http_stream *stream = connection->stream;
    size_t count = stream->read(stream->context, &connection->cursor, text, size);
    assert(count <= size);
    if (count == 0)
        begin_hearing(connection);
    else
        connection_enter(connection, PHASE_SENDING); /* it takes what it gets: more time */
    return (ssize_t)count;
}

/* An answer to HEAD, or on a server that stops, has no body that would go on. */
static void forget(struct connection *connection)
{
    connection->stream = NULL;
    atomic_fetch_sub(&connection->thread->server->listeners, 1);
}

enum MHD_Result http_send_stream(struct connection *connection, struct exchange *exchange)
{
    struct http_server *server = connection->thread->server;
    str client = exchange->shown.request.client;
    if (client.size > sizeof connection->heard_as)
        client.size = sizeof connection->heard_as;
    connection->stream = exchange->shown.stream;
    connection->cursor = exchange->shown.cursor;
    connection->heard_as_size = client.size;
    if (client.size > 0)
        memcpy(connection->heard_as, client.data, client.size);
    atomic_fetch_add(&server->listeners, 1);

    struct MHD_Response *made = http_add_head(
        exchange, MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, STREAM_BLOCK_BYTES,
                                                    read_stream, connection, NULL));
    if (made == NULL) {
        stream_closed(connection);
        return http_send_refusal(connection, &refusal_broken);
    }
    connection_enter(connection, PHASE_SENDING);
    enum MHD_Result result =
        MHD_queue_response(connection->library, (unsigned)exchange->shown.response.status, made);
    MHD_destroy_response(made);
    return result;
}

void stream_closed(struct connection *connection)
{
    if (connection->stream == NULL)
        return;
    const struct http_stream *stream = connection->stream;
    if (stream->closed != NULL)
        stream->closed(stream->context, &connection->cursor,
                       (str){ connection->heard_as, connection->heard_as_size });
    forget(connection);
}

void stream_go_on(struct connection *connection)
{
    connection->cursor.quiet = true;
    stop_hearing(connection);
}

void http_take_news(struct http_thread *thread)
{
    uint_fast64_t news = atomic_load(&thread->server->news);
    if (news == thread->heard)
        return;
    thread->heard = news;
    for (struct connection *c = thread->connections; c != NULL; c = c->next) {
        if (c->phase == PHASE_HEARING && c->stream->ready(c->stream->context, &c->cursor))
            stop_hearing(c);
    }
}

void http_server_news(struct http_server *server)
{
    if (atomic_load(&server->listeners) == 0)
        return;
    atomic_fetch_add(&server->news, 1);
    for (unsigned i = 0; i < server->options.threads; i++)
        http_wake(&server->threads[i]);
}

size_t http_server_listeners(const struct http_server *server)
{
    return atomic_load(&server->listeners);
}
