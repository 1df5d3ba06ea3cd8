/* From the library's callbacks to an exchange.  All of it runs on the connection's own thread, but
 * for http_reply(). */
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "adapters/http_inside.h"

/* What a thread keeps for the exchanges to come: enough for hundreds under way at a time. */
#define SPARE_BYTES_MAX (4 * 1024 * 1024)
/* A body that is too large is read to this size all the same, so that the client hears why. */
#define DISCARDED_BYTES_MAX (1024 * 1024)
#define VERSION_SIZE        8 /* HTTP/1.1; the library lets no other size pass */
#define LINE_END_SIZE       2
#define ARGUMENTS_MAX       128 /* of a query: what is beyond is no query of ours */

/* ---- exchanges ---- */

void exchange_free(struct exchange *exchange)
{
    arena_free(&exchange->shown.arena);
    free(exchange);
}

static struct exchange *exchange_take(struct http_thread *thread)
{
    struct exchange *exchange = thread->spare;
    if (exchange != NULL) {
        thread->spare = exchange->next;
        thread->spare_bytes -= exchange->shown.arena.total;
        return exchange;
    }
    exchange = calloc(1, sizeof *exchange);
    if (exchange == NULL)
        abort();
    exchange->thread = thread;
    return exchange;
}

static void exchange_recycle(struct exchange *exchange)
{
    struct http_thread *thread = exchange->thread;
    assert(atomic_load_explicit(&exchange->hold, memory_order_relaxed) == HOLD_SERVER);
    arena_reset(&exchange->shown.arena);
    if (thread->spare_bytes + exchange->shown.arena.total > SPARE_BYTES_MAX) {
        exchange_free(exchange);
        return;
    }
    struct arena arena = exchange->shown.arena;
    memset(exchange, 0, sizeof *exchange);
    exchange->shown.arena = arena;
    exchange->thread = thread;
    exchange->next = thread->spare;
    thread->spare = exchange;
    thread->spare_bytes += arena.total;
}

/* ---- connections ---- */

void connection_enter(struct connection *connection, enum phase phase)
{
    connection->phase = phase;
    connection->since_ms = connection->thread->now_ms;
}

void connection_suspend(struct connection *connection)
{
    connection_enter(connection, PHASE_KEPT);
    connection->thread->suspended++;
    MHD_suspend_connection(connection->library);
}

void connection_resume(struct connection *connection)
{
    assert(connection->phase == PHASE_KEPT);
    connection_enter(connection, PHASE_ANSWER);
    connection->thread->suspended--;
    MHD_resume_connection(connection->library);
}

static void hang_up(struct connection *connection, const struct refusal *refusal)
{
    if (refusal != NULL)
        http_blurt(connection->fd, refusal);
    connection_enter(connection, PHASE_ENDING);
    (void)shutdown(connection->fd, SHUT_RDWR); /* the library sees a hang-up and closes */
}

void connection_expire(struct connection *connection)
{
    bool asked = connection->exchange != NULL;
    bool asks = asked && (connection->phase == PHASE_HEAD || connection->phase == PHASE_BODY);
    hang_up(connection, asks ? &refusal_timeout : NULL);
}

/* Without the prefix of an IPv4 address in IPv6's clothes. */
static void read_client(struct connection *connection)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection->library, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
    const struct sockaddr *address = info->client_addr;
    const char *text = NULL;
    if (address->sa_family == AF_INET) {
        struct sockaddr_in in;
        memcpy(&in, address, sizeof in);
        text = inet_ntop(AF_INET, &in.sin_addr, connection->client, sizeof connection->client);
    } else if (address->sa_family == AF_INET6) {
        struct sockaddr_in6 in6;
        memcpy(&in6, address, sizeof in6);
        bool mapped = IN6_IS_ADDR_V4MAPPED(&in6.sin6_addr);
        text = inet_ntop(mapped ? AF_INET : AF_INET6, &in6.sin6_addr.s6_addr[mapped ? 12 : 0],
                         connection->client, sizeof connection->client);
    }
    connection->client_size = text == NULL ? 0 : strlen(text);
}

static struct connection *connection_open(struct http_thread *thread,
                                          struct MHD_Connection *library)
{
    struct connection *connection = calloc(1, sizeof *connection);
    if (connection == NULL)
        abort();
    connection->thread = thread;
    connection->library = library;
    connection->fd =
        MHD_get_connection_info(library, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd;
    read_client(connection);
    connection_enter(connection, PHASE_HEAD);
    connection->next = thread->connections;
    if (connection->next != NULL)
        connection->next->previous = connection;
    thread->connections = connection;
    thread->open++;
    atomic_fetch_add(&thread->server->connections, 1);
    return connection;
}

static void connection_close(struct connection *connection)
{
    struct http_thread *thread = connection->thread;
    assert(connection->stream == NULL);
    if (connection->exchange != NULL) { /* no room for its head: then the library tells nobody */
        assert(connection->phase == PHASE_HEAD || connection->phase == PHASE_ENDING);
        if (connection->phase == PHASE_HEAD)
            http_blurt(connection->fd, &refusal_head_too_large);
        exchange_recycle(connection->exchange);
    }
    if (connection->previous != NULL)
        connection->previous->next = connection->next;
    else
        thread->connections = connection->next;
    if (connection->next != NULL)
        connection->next->previous = connection->previous;
    atomic_fetch_sub(&thread->server->connections, 1);
    if (thread->open-- == thread->open_max)
        thread->again = true; /* the library may accept again, but looks only when it is run */
    free(connection);
}

void http_on_connection(void *thread, struct MHD_Connection *library, void **socket_context,
                        enum MHD_ConnectionNotificationCode what)
{
    if (what == MHD_CONNECTION_NOTIFY_STARTED) {
        *socket_context = connection_open(thread, library);
    } else {
        connection_close(*socket_context);
        *socket_context = NULL;
    }
}

/* ---- a request ---- */

/* The library keeps a record of every argument, which nobody reads; out of room, it forgets the
 * connection until somebody hangs up. */
static bool has_too_many_arguments(str target)
{
    size_t count = 0;
    for (size_t i = 0; i < target.size; i++)
        count += target.data[i] == '&';
    return count > ARGUMENTS_MAX;
}

void *http_on_first_line(void *context, const char *target, struct MHD_Connection *library)
{
    struct http_thread *thread = context;
    struct connection *connection =
        MHD_get_connection_info(library, MHD_CONNECTION_INFO_SOCKET_CONTEXT)->socket_context;
    assert(connection->exchange == NULL);
    struct exchange *exchange = exchange_take(thread);
    exchange->connection = connection;
    exchange->target_at = target;
    exchange->target_size = strlen(target);
    size_t kept = exchange->target_size;
    if (kept > TARGET_BYTES_MAX + 1)
        kept = TARGET_BYTES_MAX + 1;
    exchange->target = str_copy(&exchange->shown.arena, (str){ target, kept });
    connection->exchange = exchange;
    if (connection->phase == PHASE_IDLE) /* else it is its first, whose time runs already */
        connection_enter(connection, PHASE_HEAD);
    if (has_too_many_arguments(exchange->target))
        hang_up(connection, &refusal_head_too_large);
    return connection;
}

/* The library hands out text up to the first NUL, takes a lone LF for the end of a line, and folds
 * lines the wrong way.  All of that shows in where things are: between what it hands out must lie
 * exactly the bytes of a well-formed head. */
struct walk {
    struct http_head *head;
    const char *expected;
    bool astray;
};

static enum MHD_Result walk_field(void *context, enum MHD_ValueKind kind, const char *name,
                                  size_t name_size, const char *value, size_t value_size)
{
    (void)kind;
    struct walk *walk = context;
    walk->astray |= name != walk->expected;
    walk->expected = value + value_size + LINE_END_SIZE;
    http_head_field(walk->head, (str){ name, name_size }, (str){ value, value_size });
    return MHD_YES;
}

static const struct refusal *read_head(struct connection *connection, const char *method,
                                       const char *version)
{
    struct exchange *exchange = connection->exchange;
    size_t method_size = strlen(method);
    struct walk walk = {
        .head = &exchange->head,
        .expected = version + VERSION_SIZE + LINE_END_SIZE,
        .astray = exchange->target_at != method + method_size + 1 ||
                  exchange->target_at + exchange->target_size + 1 != version,
    };
    http_head_begin(walk.head, &exchange->shown.arena, &exchange->shown.request,
                    (str){ method, method_size }, exchange->target, version[7] == '0',
                    connection->thread->server->options.raw_path);
    (void)MHD_get_connection_values_n(connection->library, MHD_HEADER_KIND, walk_field, &walk);
    const struct refusal *refusal = http_head_end(walk.head);

    size_t size =
        MHD_get_connection_info(connection->library, MHD_CONNECTION_INFO_REQUEST_HEADER_SIZE)
            ->header_size;
    if (walk.astray || walk.expected + LINE_END_SIZE != method + size)
        return &refusal_malformed;
    if (refusal == NULL && size > HEADER_BYTES_MAX)
        return &refusal_head_too_large;
    return refusal;
}

static enum MHD_Result on_head(struct connection *connection, const char *method,
                               const char *version)
{
    struct exchange *exchange = connection->exchange;
    const struct http_head *head = &exchange->head;
    const struct refusal *refusal = read_head(connection, method, version);
    connection_enter(connection, PHASE_BODY);
    if (refusal == &refusal_body_too_large && !head->expects_continue &&
        head->length <= DISCARDED_BYTES_MAX) {
        exchange->refusal = refusal; /* to be told when all of it has been read */
        return MHD_YES;
    }
    if (refusal != NULL)
        return http_send_refusal(connection, refusal);
    if (head->chunked || head->length > 0)
        exchange->body =
            buf_in(&exchange->shown.arena, head->chunked ? 4096 : (size_t)head->length);
    return MHD_YES;
}

static enum MHD_Result on_body(struct connection *connection, str piece)
{
    struct exchange *exchange = connection->exchange;
    if (exchange->refusal == NULL && exchange->body.size + piece.size <= BODY_BYTES_MAX) {
        buf_add(&exchange->body, piece);
        return MHD_YES;
    }
    exchange->refusal = &refusal_body_too_large;
    exchange->discarded += piece.size;
    if (exchange->discarded <= DISCARDED_BYTES_MAX)
        return MHD_YES;
    http_blurt(connection->fd, exchange->refusal);
    return MHD_NO;
}

/* Answered, unless the answer is to be late. */
static enum MHD_Result on_answer(struct connection *connection)
{
    struct exchange *exchange = connection->exchange;
    if (exchange == NULL)
        return http_send_refusal(connection, &refusal_stopping);
    if (exchange->refusal != NULL)
        return http_send_refusal(connection, exchange->refusal);
    enum MHD_Result result = http_send_response(connection, exchange);
    if (connection->stream != NULL) {
        connection->exchange = NULL;
        exchange_recycle(exchange);
    }
    return result;
}

static enum MHD_Result on_whole(struct connection *connection)
{
    struct http_thread *thread = connection->thread;
    struct http_server *server = thread->server;
    struct exchange *exchange = connection->exchange;
    if (exchange->refusal != NULL)
        return on_answer(connection);

    struct request *request = &exchange->shown.request;
    request->body = exchange->body.arena == NULL ? S("") : buf_str(&exchange->body);
    request->client =
        str_copy(&exchange->shown.arena, (str){ connection->client, connection->client_size });
    atomic_store_explicit(&thread->requests,
                          atomic_load_explicit(&thread->requests, memory_order_relaxed) + 1,
                          memory_order_relaxed);

    thread->arriving = exchange;
    thread->answered = false;
    atomic_fetch_add_explicit(&server->kept, 1, memory_order_relaxed);
    atomic_store(&exchange->hold, HOLD_HANDLER);
    server->options.handler->arrived(server->options.context, thread->context, &exchange->shown);
    thread->arriving = NULL;

    if (!thread->answered || exchange->shown.response.delay.ms > 0)
        connection_suspend(connection);
    if (!thread->answered)
        return MHD_YES;
    if (connection->phase == PHASE_KEPT) {
        http_delay(exchange);
        return MHD_YES;
    }
    return on_answer(connection);
}

enum MHD_Result http_on_request(void *thread, struct MHD_Connection *library, const char *url,
                                const char *method, const char *version, const char *upload,
                                size_t *upload_size, void **request_context)
{
    (void)thread;
    (void)library;
    (void)url;
    struct connection *connection = *request_context;
    str piece = { upload, *upload_size };
    *upload_size = 0;
    switch (connection->phase) {
    case PHASE_HEAD:
        return on_head(connection, method, version);
    case PHASE_BODY:
        return piece.size > 0 ? on_body(connection, piece) : on_whole(connection);
    case PHASE_ANSWER:
        return on_answer(connection);
    case PHASE_ENDING:
    case PHASE_IDLE:
    case PHASE_KEPT:
    case PHASE_SENDING:
    case PHASE_HEARING:
        break;
    }
    return MHD_NO; /* shut down while the library still had something to tell */
}

void http_on_end(void *thread, struct MHD_Connection *library, void **request_context,
                 enum MHD_RequestTerminationCode how)
{
    (void)thread;
    (void)library;
    (void)how;
    struct connection *connection = *request_context;
    *request_context = NULL;
    if (connection == NULL)
        return;
    stream_closed(connection);
    if (connection->exchange != NULL)
        exchange_recycle(connection->exchange);
    connection->exchange = NULL;
    if (connection->phase != PHASE_ENDING)
        connection_enter(connection, PHASE_IDLE);
}

/* ---- answers, from any thread ---- */

/* Gives it to its thread.  False: nothing to wake the thread for. */
static bool hand_over(struct exchange *exchange)
{
    struct http_thread *thread = exchange->thread;
    struct http_server *server = thread->server;
    if (pthread_equal(thread->self, pthread_self()) && thread->arriving == exchange) {
        assert(!thread->answered);
        thread->answered = true;
        atomic_store_explicit(&exchange->hold, HOLD_SERVER, memory_order_relaxed);
        atomic_fetch_sub_explicit(&server->kept, 1, memory_order_relaxed);
        return false;
    }
    enum hold hold = HOLD_HANDLER;
    if (!atomic_compare_exchange_strong(&exchange->hold, &hold, HOLD_REPLIED)) {
        assert(hold == HOLD_ABANDONED); /* else it was answered twice */
        exchange_free(exchange);
        atomic_fetch_sub(&server->kept, 1);
        return false;
    }
    struct exchange *newest = atomic_load_explicit(&thread->replied, memory_order_relaxed);
    do {
        exchange->next = newest;
    } while (!atomic_compare_exchange_weak(&thread->replied, &newest, exchange));
    return true;
}

void http_reply(struct http_exchange *shown)
{
    struct exchange *exchange = (struct exchange *)shown;
    struct http_thread *thread = exchange->thread;
    if (hand_over(exchange))
        http_wake(thread);
}

void http_reply_many(struct http_exchange *const *exchanges, size_t count)
{
    struct http_thread *owed = NULL; /* a wake-up */
    for (size_t i = 0; i < count; i++) {
        struct exchange *exchange = (struct exchange *)exchanges[i];
        struct http_thread *thread = exchange->thread;
        if (owed != NULL && owed != thread)
            http_wake(owed);
        owed = hand_over(exchange) || owed == thread ? thread : NULL;
    }
    if (owed != NULL)
        http_wake(owed);
}
