/* Starting and stopping. */
#include <errno.h>
#include <netdb.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "adapters/http_inside.h"

#define LISTEN_BACKLOG 4096
/* Of a connection: its head, what the library makes of it, and the head of the answer.  The library
 * wipes all of it after every request (a tenth of what a GET costs, at 24 KiB), so it is no larger
 * than it must be. */
#define CONNECTION_BYTES (HEADER_BYTES_MAX + 6 * 1024)
#define SWEEP_MS_MAX     1000

/* ---- where ---- */

/* Splits host:port or [host]:port; a host may be left out. */
static bool split_address(const char *listen, char *ret_host, size_t host_size,
                          const char **ret_port)
{
    const char *colon = strrchr(listen, ':');
    if (colon == NULL || colon[1] == '\0')
        return false;
    size_t size = (size_t)(colon - listen);
    if (size >= 2 && listen[0] == '[' && colon[-1] == ']') {
        listen++;
        size -= 2;
    }
    if (size >= host_size)
        return false;
    memcpy(ret_host, listen, size);
    ret_host[size] = '\0';
    *ret_port = colon + 1;
    return true;
}

static int listen_at(const struct addrinfo *address)
{
    const int on = 1;
    const int off = 0;
    int fd = socket(address->ai_family, address->ai_socktype | SOCK_NONBLOCK | SOCK_CLOEXEC,
                    address->ai_protocol);
    if (fd < 0)
        return -1;
    (void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (address->ai_family == AF_INET6) /* [::] means every address of the machine */
        (void)setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off);
    if (bind(fd, address->ai_addr, address->ai_addrlen) == 0 && listen(fd, LISTEN_BACKLOG) == 0)
        return fd;
    int why = errno;
    (void)close(fd);
    errno = why;
    return -1;
}

static void name_address(struct http_server *server)
{
    struct sockaddr_storage address;
    socklen_t size = sizeof address;
    char host[INET6_ADDRSTRLEN];
    char port[8];
    if (getsockname(server->listener, (struct sockaddr *)&address, &size) != 0 ||
        getnameinfo((struct sockaddr *)&address, size, host, sizeof host, port, sizeof port,
                    NI_NUMERICHOST | NI_NUMERICSERV) != 0)
        abort();
    const char *format = address.ss_family == AF_INET6 ? "[%s]:%s" : "%s:%s";
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
    (void)snprintf(server->address, sizeof server->address, format, host, port);
#pragma GCC diagnostic pop
}

static bool open_listener(struct http_server *server, char *ret_why, size_t why_size)
{
    const char *where = server->options.listen;
    char host[256];
    const char *port = NULL;
    if (!split_address(where, host, sizeof host, &port)) {
        (void)snprintf(ret_why, why_size, "%s is no address to listen on: host:port", where);
        return false;
    }
    const struct addrinfo hints = {
        .ai_family = AF_UNSPEC,
        .ai_socktype = SOCK_STREAM,
        .ai_flags = AI_PASSIVE | AI_NUMERICSERV,
    };
    struct addrinfo *addresses = NULL;
    int failure = getaddrinfo(host[0] == '\0' ? NULL : host, port, &hints, &addresses);
    if (failure != 0) {
        (void)snprintf(ret_why, why_size, "cannot listen on %s: %s", where, gai_strerror(failure));
        return false;
    }
    server->listener = -1;
    for (struct addrinfo *a = addresses; a != NULL && server->listener < 0; a = a->ai_next)
        server->listener = listen_at(a);
    int why = errno;
    freeaddrinfo(addresses);
    if (server->listener < 0) {
        (void)snprintf(ret_why, why_size, "cannot listen on %s: %s", where, strerror(why));
        return false;
    }
    name_address(server);
    return true;
}

/* ---- threads ---- */

static unsigned share(unsigned total, unsigned threads)
{
    return (total + threads - 1) / threads;
}

/* Paths and queries are decoded elsewhere. */
static size_t keep_escapes(void *context, struct MHD_Connection *connection, char *text)
{
    (void)context;
    (void)connection;
    return strlen(text);
}

/* The library's own lenience is off or made up for in http_connection.c and http_request.c; its
 * strict mode would answer, or hang up, outside the envelope. */
static struct MHD_Daemon *start_library(struct http_thread *thread)
{
    const struct http_options *options = &thread->server->options;
    return MHD_start_daemon(
        MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME, 0, NULL, NULL, http_on_request, thread,
        MHD_OPTION_LISTEN_SOCKET, thread->server->listener, MHD_OPTION_STRICT_FOR_CLIENT, 0,
        MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)CONNECTION_BYTES,
        MHD_OPTION_CONNECTION_MEMORY_INCREMENT, (size_t)1024, MHD_OPTION_CONNECTION_TIMEOUT, 0U,
        MHD_OPTION_CONNECTION_LIMIT, share(options->connections_max, options->threads),
        MHD_OPTION_PER_IP_CONNECTION_LIMIT,
        share(options->connections_per_address_max, options->threads), MHD_OPTION_URI_LOG_CALLBACK,
        http_on_first_line, thread, MHD_OPTION_NOTIFY_COMPLETED, http_on_end, thread,
        MHD_OPTION_NOTIFY_CONNECTION, http_on_connection, thread, MHD_OPTION_UNESCAPE_CALLBACK,
        keep_escapes, NULL, MHD_OPTION_END);
}

static bool watch(const struct http_thread *thread, int fd, uint32_t events)
{
    struct epoll_event event = { .events = events, .data = { .fd = fd } };
    return epoll_ctl(thread->poll_fd, EPOLL_CTL_ADD, fd, &event) == 0;
}

static bool prepare_thread(struct http_thread *thread)
{
    thread->poll_fd = epoll_create1(EPOLL_CLOEXEC);
    thread->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (thread->poll_fd < 0 || thread->wake_fd < 0)
        return false;
    thread->library = start_library(thread);
    if (thread->library == NULL)
        return false;
    int library_fd = MHD_get_daemon_info(thread->library, MHD_DAEMON_INFO_EPOLL_FD)->epoll_fd;
    return watch(thread, library_fd, EPOLLIN) && watch(thread, thread->wake_fd, EPOLLIN | EPOLLET);
}

static void close_thread(struct http_thread *thread)
{
    if (thread->library != NULL) { /* only if it never ran */
        (void)MHD_quiesce_daemon(thread->library);
        MHD_stop_daemon(thread->library);
    }
    if (thread->poll_fd >= 0)
        (void)close(thread->poll_fd);
    if (thread->wake_fd >= 0)
        (void)close(thread->wake_fd);
}

/* Signals are for the rest of the program. */
static bool run_thread(struct http_thread *thread)
{
    sigset_t all;
    sigset_t before;
    (void)sigfillset(&all);
    (void)pthread_sigmask(SIG_SETMASK, &all, &before);
    bool running = pthread_create(&thread->joined, NULL, http_run, thread) == 0;
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    return running;
}

static int64_t shortest_ms(const struct http_options *options)
{
    const int64_t all[] = { options->header_time.ms, options->body_time.ms, options->send_time.ms,
                            options->idle_time.ms };
    int64_t shortest = all[0];
    for (size_t i = 1; i < sizeof all / sizeof all[0]; i++)
        if (all[i] < shortest)
            shortest = all[i];
    return shortest;
}

static bool prepare_threads(struct http_server *server)
{
    int64_t sweep_ms = shortest_ms(&server->options) / 4;
    if (sweep_ms > SWEEP_MS_MAX)
        sweep_ms = SWEEP_MS_MAX;
    bool good = true;
    for (unsigned i = 0; i < server->options.threads; i++) {
        struct http_thread *thread = &server->threads[i];
        *thread = (struct http_thread){ .server = server,
                                        .poll_fd = -1,
                                        .wake_fd = -1,
                                        .sweep_every_ms = sweep_ms < 1 ? 1 : sweep_ms };
        thread->open_max = share(server->options.connections_max, server->options.threads);
        good = good && prepare_thread(thread);
    }
    return good;
}

/* True if all of them run and began well. */
static bool run_threads(struct http_server *server)
{
    while (server->running < server->options.threads &&
           run_thread(&server->threads[server->running]))
        server->running++;
    bool good = server->running == server->options.threads;
    for (unsigned i = 0; i < server->running; i++)
        while (sem_wait(&server->began) != 0)
            continue;
    for (unsigned i = 0; i < server->running; i++)
        good = good && atomic_load(&server->threads[i].began);
    return good;
}

/* ---- the server ---- */

static void fill_in(struct http_options *options)
{
    if (options->threads == 0)
        options->threads = 1;
    if (options->connections_max == 0)
        options->connections_max = CONNECTIONS_MAX;
    if (options->connections_per_address_max == 0)
        options->connections_per_address_max = CONNECTIONS_PER_ADDRESS_MAX;
    if (options->header_time.ms == 0)
        options->header_time = seconds(HEADER_SECONDS_MAX);
    if (options->body_time.ms == 0)
        options->body_time = seconds(BODY_SECONDS_MAX);
    if (options->send_time.ms == 0)
        options->send_time = seconds(SEND_SECONDS_MAX);
    if (options->idle_time.ms == 0)
        options->idle_time = seconds(IDLE_SECONDS_MAX);
    if (options->quiet_time.ms == 0)
        options->quiet_time = seconds(QUIET_SECONDS_MAX);
}

/* Every connection is an open file, and the usual soft limit is 1024.  The rest is for everything
 * else. */
static void allow_files(unsigned connections_max)
{
    struct rlimit limit;
    rlim_t wanted = (rlim_t)connections_max + 256;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= wanted)
        return;
    limit.rlim_cur = limit.rlim_max < wanted ? limit.rlim_max : wanted;
    (void)setrlimit(RLIMIT_NOFILE, &limit);
}

struct http_server *http_server_start(const struct http_options *options, char *ret_why,
                                      size_t why_size)
{
    struct http_server *server = calloc(1, sizeof *server);
    if (server == NULL)
        abort();
    server->options = *options;
    fill_in(&server->options);
    allow_files(server->options.connections_max);
    if (!open_listener(server, ret_why, why_size)) {
        free(server);
        return NULL;
    }
    server->threads = calloc(server->options.threads, sizeof *server->threads);
    if (server->threads == NULL || sem_init(&server->began, 0, 0) != 0)
        abort();
    atomic_store(&server->listening, server->options.threads);
    if (prepare_threads(server) && run_threads(server))
        return server;
    (void)snprintf(ret_why, why_size, "cannot start a thread of the HTTP server on %s",
                   server->address);
    http_server_stop(server, (duration){ 0 });
    http_server_free(server);
    return NULL;
}

const char *http_server_address(const struct http_server *server)
{
    return server->address;
}

size_t http_server_connections(const struct http_server *server)
{
    return atomic_load(&server->connections);
}

uint64_t http_server_requests(const struct http_server *server)
{
    uint64_t sum = 0;
    for (unsigned i = 0; i < server->options.threads; i++)
        sum += atomic_load_explicit(&server->threads[i].requests, memory_order_relaxed);
    return sum;
}

void http_server_stop(struct http_server *server, duration grace)
{
    atomic_store(&server->stop_at_ms, http_now_ms() + grace.ms);
    for (unsigned i = 0; i < server->running; i++)
        http_wake(&server->threads[i]);
    for (unsigned i = 0; i < server->running; i++)
        (void)pthread_join(server->threads[i].joined, NULL);
    server->running = 0;
}

void http_server_free(struct http_server *server)
{
    assert(server->running == 0);
    assert(atomic_load(&server->kept) == 0);
    for (unsigned i = 0; i < server->options.threads; i++)
        close_thread(&server->threads[i]);
    if (atomic_load(&server->listening) > 0)
        (void)close(server->listener);
    (void)sem_destroy(&server->began);
    free(server->threads);
    free(server);
}
