/* The turns of a thread. */
#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "adapters/http_inside.h"

/* What is under way when the grace has passed has this long to be told so. */
#define LAST_WORDS_MS 250

int64_t http_now_ms(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

void http_wake(struct http_thread *thread)
{
    if (atomic_exchange(&thread->asleep, false))
        (void)eventfd_write(thread->wake_fd, 1); /* edge-triggered: nobody ever reads it */
}

/* ---- answers from elsewhere ---- */

void http_delay(struct exchange *exchange)
{
    struct http_thread *thread = exchange->thread;
    exchange->due_ms = thread->now_ms + exchange->shown.response.delay.ms;
    exchange->next = thread->delayed;
    thread->delayed = exchange;
}

/* The order doesn't matter: the library resumes connections in the order of their suspension. */
static void take_replies(struct http_thread *thread)
{
    if (atomic_load_explicit(&thread->replied, memory_order_relaxed) == NULL)
        return;
    struct http_server *server = thread->server;
    struct exchange *exchange = atomic_exchange(&thread->replied, NULL);
    if (server->options.handler->replying != NULL)
        server->options.handler->replying(server->options.context, thread->context);
    while (exchange != NULL) {
        struct exchange *next = exchange->next;
        atomic_store_explicit(&exchange->hold, HOLD_SERVER, memory_order_relaxed);
        atomic_fetch_sub_explicit(&server->kept, 1, memory_order_relaxed);
        if (exchange->shown.response.delay.ms > 0)
            http_delay(exchange);
        else
            connection_resume(exchange->connection);
        exchange = next;
    }
}

static void take_delayed(struct http_thread *thread, int64_t now_ms)
{
    struct exchange **link = &thread->delayed;
    while (*link != NULL) {
        struct exchange *exchange = *link;
        if (exchange->due_ms > now_ms) {
            link = &exchange->next;
            continue;
        }
        *link = exchange->next;
        connection_resume(exchange->connection);
    }
}

/* ---- deadlines ---- */

static int64_t deadline_of(const struct connection *connection)
{
    const struct http_options *options = &connection->thread->server->options;
    switch (connection->phase) {
    case PHASE_IDLE:
        return connection->since_ms + options->idle_time.ms;
    case PHASE_HEAD:
        return connection->since_ms + options->header_time.ms;
    case PHASE_BODY:
        return connection->since_ms + options->body_time.ms;
    case PHASE_SENDING:
        return connection->since_ms + options->send_time.ms;
    case PHASE_HEARING:
        return connection->since_ms + options->quiet_time.ms;
    case PHASE_KEPT:
    case PHASE_ANSWER:
    case PHASE_ENDING:
        break;
    }
    return INT64_MAX;
}

static void sweep(struct http_thread *thread)
{
    if (thread->now_ms < thread->sweep_at_ms)
        return;
    thread->sweep_at_ms = thread->now_ms + thread->sweep_every_ms;
    for (struct connection *c = thread->connections; c != NULL; c = c->next) {
        if (deadline_of(c) > thread->now_ms)
            continue;
        if (c->phase == PHASE_HEARING)
            stream_go_on(c);
        else
            connection_expire(c);
    }
}

/* ---- stopping ---- */

static void stop_accepting(struct http_thread *thread)
{
    struct http_server *server = thread->server;
    thread->stopping = true;
    thread->again = true; /* one more turn, for requests that are here but not read yet */
    (void)MHD_quiesce_daemon(thread->library);
    if (atomic_fetch_sub(&server->listening, 1) == 1)
        (void)close(server->listener);
}

static void end_idle(struct http_thread *thread)
{
    for (struct connection *c = thread->connections; c != NULL; c = c->next) {
        if (c->phase == PHASE_IDLE || (c->phase == PHASE_HEAD && c->exchange == NULL))
            connection_expire(c);
        else if (c->phase == PHASE_HEARING)
            stream_go_on(c);
    }
}

/* Whoever keeps an exchange still may write to it: its connection goes on without. */
static void abandon(struct connection *connection)
{
    enum hold hold = HOLD_HANDLER;
    if (!atomic_compare_exchange_strong(&connection->exchange->hold, &hold, HOLD_ABANDONED))
        return; /* replied just now, or delayed */
    connection->exchange = NULL;
    connection_resume(connection);
}

static void end_all(struct http_thread *thread)
{
    take_delayed(thread, INT64_MAX);
    for (struct connection *c = thread->connections; c != NULL; c = c->next) {
        if (c->phase == PHASE_KEPT)
            abandon(c);
        else if (c->phase == PHASE_HEAD || c->phase == PHASE_BODY)
            connection_expire(c);
    }
}

/* True when it is time to leave. */
static bool stop_step(struct http_thread *thread)
{
    int64_t stop_at_ms = atomic_load(&thread->server->stop_at_ms);
    if (stop_at_ms == 0)
        return false;
    if (!thread->stopping) {
        stop_accepting(thread);
        return false;
    }
    end_idle(thread);
    if (thread->now_ms >= stop_at_ms)
        end_all(thread);
    if (thread->suspended > 0)
        return false; /* one may be on its way back at this moment */
    return thread->connections == NULL || thread->now_ms >= stop_at_ms + LAST_WORDS_MS;
}

/* ---- turns ---- */

static int milliseconds_to_sleep(const struct http_thread *thread)
{
    int64_t until_ms = INT64_MAX;
    if (thread->connections != NULL)
        until_ms = thread->sweep_at_ms;
    for (const struct exchange *e = thread->delayed; e != NULL; e = e->next)
        if (e->due_ms < until_ms)
            until_ms = e->due_ms;
    if (thread->stopping && until_ms > thread->now_ms + 10)
        until_ms = thread->now_ms + 10;
    if (until_ms == INT64_MAX)
        return -1;
    return until_ms <= thread->now_ms ? 0 : (int)(until_ms - thread->now_ms);
}

static void sleep_if_idle(struct http_thread *thread)
{
    MHD_UNSIGNED_LONG_LONG pending = 1;
    bool again = thread->again;
    thread->again = false;
    if (again || (MHD_get_timeout(thread->library, &pending) == MHD_YES && pending == 0))
        return;

    struct epoll_event events[2];
    int timeout_ms = milliseconds_to_sleep(thread);
    atomic_store(&thread->asleep, true);
    bool awaited = atomic_load(&thread->replied) != NULL ||
                   atomic_load(&thread->server->news) != thread->heard ||
                   (!thread->stopping && atomic_load(&thread->server->stop_at_ms) != 0);
    if (!awaited)
        (void)epoll_wait(thread->poll_fd, events, 2, timeout_ms);
    atomic_store_explicit(&thread->asleep, false, memory_order_relaxed);
}

static bool turn(struct http_thread *thread)
{
    const struct http_handler *handler = thread->server->options.handler;
    thread->now_ms = http_now_ms();
    take_replies(thread);
    if (thread->delayed != NULL)
        take_delayed(thread, thread->now_ms);
    http_take_news(thread);
    (void)MHD_run(thread->library);
    sweep(thread);
    if (handler->turn_ended != NULL)
        handler->turn_ended(thread->server->options.context, thread->context);
    return !stop_step(thread);
}

static void finish(struct http_thread *thread)
{
    const struct http_handler *handler = thread->server->options.handler;
    MHD_stop_daemon(thread->library);
    thread->library = NULL;
    while (thread->spare != NULL) {
        struct exchange *next = thread->spare->next;
        exchange_free(thread->spare);
        thread->spare = next;
    }
    if (handler->thread_ended != NULL)
        handler->thread_ended(thread->server->options.context, thread->context);
}

void *http_run(void *context)
{
    struct http_thread *thread = context;
    const struct http_handler *handler = thread->server->options.handler;
    thread->self = pthread_self();
    thread->now_ms = http_now_ms();
    bool began = handler->thread_began == NULL ||
                 handler->thread_began(thread->server->options.context, &thread->context);
    atomic_store(&thread->began, began);
    (void)sem_post(&thread->server->began);
    if (!began)
        return NULL;
    while (turn(thread))
        sleep_if_idle(thread);
    finish(thread);
    return NULL;
}
