/* An HTTP/1.1 server: requests come in as values, responses leave as values (web/web.h).
 *
 * One listening socket, N threads; each thread is a loop of its own over the connections that it
 * accepted.  A loop goes in turns: read what came, call arrived() for every whole request, write
 * what is answered.  Nothing in a handler may wait: an exchange that cannot be answered at once is
 * kept and answered later, from any thread.
 *
 * What reaches arrived() has been checked (RFC 9112): one well-formed Host, one way to tell the
 * body's length, a body of at most BODY_BYTES_MAX, a decoded path, no duplicate of a header that
 * must be one, no control characters.  Everything else is answered here, inside the error envelope,
 * and mostly followed by the end of the connection.  Only what the library refuses before this code
 * sees it has the library's own page: a header line without a colon, a Content-Length that is no
 * number, broken chunks, a version that is no HTTP/1.x, headers that overflow the connection's
 * memory. */
#ifndef ADAPTERS_HTTP_SERVER_H
#define ADAPTERS_HTTP_SERVER_H

#include "web/web.h"

/* Where a client is in something that goes on. */
struct http_cursor {
    uint64_t next; /* what it has not got yet begins here */
    uuid subject;  /* what it is about; absent: everything */
    bool begun;    /* it has got something */
    bool quiet;    /* for a while now: it wants a sign of life */
};

/* An answer that goes on: when the head has been sent, what read() has for the client, and again
 * whenever http_server_news() says that there is more, until it leaves or the server stops.  Both
 * are called on threads of the server and must not wait. */
struct http_stream {
    /* Whether there is something for it; may move the cursor over what is not. */
    bool (*ready)(void *context, struct http_cursor *cursor);
    /* Writes at most `size` bytes and moves the cursor; 0: there is nothing now. */
    size_t (*read)(void *context, struct http_cursor *cursor, char *ret_text, size_t size);
    void (*closed)(void *context, const struct http_cursor *cursor, str client);
    void *context;
};

/* A request and the answer to it.  Both live in the arena, which ends with the exchange. */
struct http_exchange {
    struct request request;   /* https is false: only the host knows which proxies to trust */
    struct response response; /* to be filled; names and static texts may live elsewhere */
    struct arena arena;
    void *owner;                      /* the handler's own; NULL at first */
    const struct http_stream *stream; /* the answer's body goes on, instead of response.body */
    struct http_cursor cursor;        /* where it begins */
};

struct http_handler {
    /* A request is here.  Fill exchange->response and call http_reply() at once (cheap), or keep
     * the exchange and call it later.  On a thread of the server: must not wait. */
    void (*arrived)(void *context, void *thread_context, struct http_exchange *exchange);

    /* The rest may be NULL; each is called on the thread that it is about. */

    /* Makes the thread_context, such as a database connection.  False: there is no server. */
    bool (*thread_began)(void *context, void **ret_thread_context);
    void (*thread_ended)(void *context, void *thread_context);
    /* Answers that came from other threads are about to be sent: what they tell of must be visible
     * to every request that arrives from now on, so a snapshot taken before must end here. */
    void (*replying)(void *context, void *thread_context);
    /* Nothing more to do for now; the thread may go to sleep. */
    void (*turn_ended)(void *context, void *thread_context);
};

/* Whatever is zero has its value from base/limits.h. */
struct http_options {
    const char *listen; /* 127.0.0.1:8080, [::1]:8080, localhost:0; a port of 0 is a free one */
    const struct http_handler *handler;
    void *context;
    unsigned threads; /* 0: one */
    bool raw_path;    /* request->path as sent, with its percent escapes */
    unsigned connections_max;
    unsigned connections_per_address_max;
    duration header_time; /* from the connection, or the request's first line, to its last header */
    duration body_time;   /* from the last header to the body's end */
    duration send_time;   /* from the answer until the client has taken it */
    duration idle_time;   /* between two requests */
    duration quiet_time;  /* of a stream, until its client wants a sign of life */
};

struct http_server;

/* Listens and serves; raises the process's soft limit on open files if the connections need it.
 * NULL: ret_why is a sentence that says why not. */
struct http_server *http_server_start(const struct http_options *options, char *ret_why,
                                      size_t why_size);

/* Where it listens, with the real port: 127.0.0.1:8080. */
const char *http_server_address(const struct http_server *server);

/* Connections now open, and requests so far, for the curious. */
size_t http_server_connections(const struct http_server *server);
uint64_t http_server_requests(const struct http_server *server);

/* Answers an exchange, which is gone with this call.  Exactly once for each, from any thread.
 *
 * delay, drop and truncate_to are honoured; a body without a content_type is JSON.  A 304 says
 * Content-Length: 0, which is the library's doing and which clients ignore. */
void http_reply(struct http_exchange *exchange);
/* The same for many, with at most one wake-up for each thread of the server. */
void http_reply_many(struct http_exchange *const *exchanges, size_t count);

/* There is more for those who hear a stream.  From any thread. */
void http_server_news(struct http_server *server);
/* Those who hear one, at the moment. */
size_t http_server_listeners(const struct http_server *server);

/* Stops: refuses new connections, ends idle ones, finishes what is under way, and returns when that
 * is done or `grace` has passed.  Requests that are kept unanswered by then get a 503 in their
 * stead; their exchanges stay valid and http_reply() on them still must be called (it only frees
 * them). */
void http_server_stop(struct http_server *server, duration grace);
/* After http_server_stop(), when nobody can call http_reply() any more. */
void http_server_free(struct http_server *server);

#endif
