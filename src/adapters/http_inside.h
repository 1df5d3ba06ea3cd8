/* What the parts of the HTTP server share: http_server.c (start, stop), http_loop.c (the turns of a
 * thread), http_connection.c (from the library's callbacks to an exchange), http_response.c (from
 * an answer to the library), http_stream.c (answers that go on). */
#ifndef ADAPTERS_HTTP_INSIDE_H
#define ADAPTERS_HTTP_INSIDE_H

#include <arpa/inet.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>

#include <microhttpd.h>

#include "adapters/http_request.h"
#include "adapters/http_server.h"

/* What a connection is doing, which is also what its deadline is about. */
enum phase {
    PHASE_IDLE,    /* between two requests */
    PHASE_HEAD,    /* from the connection, or the first line, to the last header */
    PHASE_BODY,    /* until it is whole */
    PHASE_KEPT,    /* the handler has it, or it is delayed: no deadline */
    PHASE_ANSWER,  /* about to be answered with exchange->refusal or exchange->response */
    PHASE_SENDING, /* the answer is on its way */
    PHASE_HEARING, /* it goes on, and there is nothing to send now */
    PHASE_ENDING,  /* shut down; the library is about to notice */
};

/* To whom an exchange belongs. */
enum hold {
    HOLD_SERVER,
    HOLD_HANDLER,   /* until http_reply() */
    HOLD_REPLIED,   /* on the way back to its thread */
    HOLD_ABANDONED, /* the server answered in the handler's stead; http_reply() frees it */
};

struct connection;
struct http_thread;

struct exchange {
    struct http_exchange shown; /* first: a handler's pointer is ours */
    struct http_thread *thread;
    struct connection *connection;
    struct exchange *next; /* among the spare, replied or delayed ones */
    _Atomic enum hold hold;
    const struct refusal *refusal; /* to be sent instead of a response, or NULL */
    struct http_head head;
    struct buf body;
    const char *target_at; /* where the library has it */
    size_t target_size;
    str target; /* a copy, of its beginning if it is too long: the library clobbers its own */
    size_t discarded;
    int64_t due_ms; /* if delayed */
};

struct connection {
    struct http_thread *thread;
    struct MHD_Connection *library;
    struct exchange *exchange; /* of the request under way, or NULL */
    struct connection *previous;
    struct connection *next;
    int fd;
    enum phase phase;
    int64_t since_ms; /* of this phase */
    char client[INET6_ADDRSTRLEN];
    size_t client_size;
    const struct http_stream *stream; /* its answer goes on; or NULL */
    struct http_cursor cursor;
    char heard_as[INET6_ADDRSTRLEN]; /* the client of the request, who may be behind a proxy */
    size_t heard_as_size;
};

struct http_server {
    struct http_options options; /* without zeros */
    int listener;
    char address[INET6_ADDRSTRLEN + 16];
    struct http_thread *threads;
    unsigned running;               /* of them */
    atomic_int_fast64_t stop_at_ms; /* 0: not stopping */
    sem_t began;                    /* posted by each thread */
    atomic_uint listening;          /* threads that still accept */
    atomic_size_t connections;
    atomic_size_t kept; /* by handlers, abandoned ones included */
    atomic_size_t listeners;
    atomic_uint_fast64_t news; /* how often there was some */
};

struct http_thread {
    struct http_server *server;
    void *context;    /* the handler's thread_context */
    pthread_t joined; /* by http_server_stop() */
    pthread_t self;   /* the same, known to the thread itself in time */
    struct MHD_Daemon *library;
    int poll_fd;
    int wake_fd;
    int64_t now_ms;
    int64_t sweep_at_ms;
    int64_t sweep_every_ms;
    struct connection *connections;
    struct exchange *spare;
    size_t spare_bytes;
    struct exchange *delayed;
    struct exchange *arriving; /* inside arrived(), on this thread */
    bool answered;             /* by http_reply() inside arrived() */
    bool again;                /* the library has something to do that it doesn't tell of */
    bool stopping;
    uint_fast64_t heard; /* of the server's news */
    size_t suspended;
    unsigned open;     /* connections */
    unsigned open_max; /* where the library stops to accept */
    atomic_uint_fast64_t requests;

    _Atomic(struct exchange *) replied; /* by other threads, newest first */
    atomic_bool asleep;                 /* or about to be: wake it */
    atomic_bool began;                  /* thread_began() said yes */
};

/* ---- http_loop.c ---- */

int64_t http_now_ms(void);
/* The body of a thread. */
void *http_run(void *thread);
void http_wake(struct http_thread *thread);
/* Answers it when its response's delay has passed; its connection is suspended. */
void http_delay(struct exchange *exchange);

/* ---- http_connection.c ---- */

enum MHD_Result http_on_request(void *thread, struct MHD_Connection *library, const char *url,
                                const char *method, const char *version, const char *upload,
                                size_t *upload_size, void **request_context);
void *http_on_first_line(void *thread, const char *target, struct MHD_Connection *library);
void http_on_end(void *thread, struct MHD_Connection *library, void **request_context,
                 enum MHD_RequestTerminationCode how);
void http_on_connection(void *thread, struct MHD_Connection *library, void **socket_context,
                        enum MHD_ConnectionNotificationCode what);
void connection_enter(struct connection *connection, enum phase phase);
void connection_suspend(struct connection *connection);
void connection_resume(struct connection *connection);
/* Ends it now, with a word of explanation if a request was under way. */
void connection_expire(struct connection *connection);

void exchange_free(struct exchange *exchange);

/* ---- http_response.c ---- */

/* MHD_NO: the connection is to end without an answer. */
enum MHD_Result http_send_response(struct connection *connection, struct exchange *exchange);
enum MHD_Result http_send_refusal(struct connection *connection, const struct refusal *refusal);
/* ---- http_stream.c ---- */

enum MHD_Result http_send_stream(struct connection *connection, struct exchange *exchange);
/* Goes on with those for whom there is something. */
void http_take_news(struct http_thread *thread);
/* Gives a sign of life, or ends what hears when the server stops. */
void stream_go_on(struct connection *connection);
void stream_closed(struct connection *connection);

/* ---- http_response.c, again ---- */

/* The head of an answer whose body is made already; NULL: it cannot be sent. */
struct MHD_Response *http_add_head(struct exchange *exchange, struct MHD_Response *made);
/* Writes a refusal past the library, where that cannot answer any more. */
void http_blurt(int fd, const struct refusal *refusal);

#endif
