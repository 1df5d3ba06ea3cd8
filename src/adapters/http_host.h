/* A host for the tests of the HTTP server: answers by what the path asks for. */
#ifndef ADAPTERS_HTTP_HOST_H
#define ADAPTERS_HTTP_HOST_H

#include <pthread.h>
#include <stdatomic.h>

#include "adapters/http_server.h"
#include "adapters/http_wire.h"

#define KEPT_MAX 1024

/* What /keep asks for is kept until somebody takes it. */
struct host {
    struct http_server *server;
    pthread_mutex_t lock;
    pthread_cond_t more;
    struct http_exchange *kept[KEPT_MAX];
    size_t kept_count;
    bool ending;
    atomic_int threads_began;
    atomic_int threads_ended;
    atomic_int replying;
    atomic_int turns;
    bool refuse_threads;
};

extern const struct http_handler host_handler;

/* Without a server. */
struct host *host_new(void);
/* With one on a free port of the loopback. */
struct host *host_with(struct http_options options);
/* Stops and frees; fails if a connection or a thread is left. */
void host_end(struct host *host);
int host_open(const struct host *host);

/* Waits until there are so many. */
void wait_for_kept(struct host *host, size_t count);
struct http_exchange *take_kept(struct host *host);
/* 200, as text/plain. */
void answer_with(struct http_exchange *exchange, str body);

/* GET. */
void ask(int fd, const char *path);
struct answer *answer_to(int fd, const char *path);
void assert_answer(int fd, const char *path, int status, const char *body);
/* The answer to something asked before; body may be NULL. */
void assert_heard(int fd, int status, const char *body);

#endif
