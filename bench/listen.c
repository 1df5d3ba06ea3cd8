/* Listens to one stream of Server-Sent Events many times over, and measures how long news takes:
 * one thread, epoll.
 *
 *   bench_listen ADDRESS PORT LISTENERS SOURCES PATH REQUESTS
 *
 * The listeners come from SOURCES loopback addresses, 127.0.0.2 and up.  When each has got its
 * first block, a line says so; at a line of standard input the rounds begin.  A round sends the
 * next request of REQUESTS (as bench_load has them), which must change what PATH tells of, and ends
 * when its answer is here and every listener has heard one event; a line of JSON tells how long
 * that took, from the sending and from the answer. */
#include <arpa/inet.h>
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define REQUEST_BYTES_MAX 4096
#define OPENED_AT_ONCE    64
#define EVENTS_MAX        512
#define PATIENCE_MS       10000
#define PAUSE_MS          250 /* between two rounds */

/* Both begin with the only byte of theirs that they have twice, so a search that is disappointed
 * may begin anew at the byte that did not fit. */
static const char first_block[] = "\nretry:";
static const char news[] = "\nevent: ticket";

struct listener {
    int fd;
    size_t matched;       /* bytes of what it awaits */
    bool begun;           /* it has got its first block */
    int64_t heard_ns;     /* 0: nothing in this round */
    unsigned heard_count; /* in this round */
};

struct hall {
    struct sockaddr_in address;
    const char *path;
    size_t source_count;
    size_t listener_count;
    struct listener *listeners;
    struct listener control; /* sends the changes */
    FILE *requests;
    int poll_fd;
    size_t begun_count;
    size_t heard_count;
    int64_t answered_ns; /* 0: not yet */
};

static void fail(const char *what)
{
    (void)fprintf(stderr, "bench_listen: %s: %s\n", what, errno ? strerror(errno) : "stopped");
    exit(1);
}

static int64_t now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

/* ---- connections ---- */

static void allow_files(size_t count)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
        fail("open files");
    limit.rlim_cur = limit.rlim_max;
    if (setrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur < count + 16)
        fail("open files: the hard limit is too low");
}

/* The port is chosen at connect, so that every source has all of them. */
static void bind_source(const struct hall *hall, int fd, size_t number)
{
    const int yes = 1;
    struct sockaddr_in source = {
        .sin_family = AF_INET,
        .sin_addr.s_addr = htonl(INADDR_LOOPBACK + 1 + (uint32_t)(number % hall->source_count)),
    };
    if (setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &yes, sizeof yes) != 0 ||
        bind(fd, (const struct sockaddr *)&source, sizeof source) != 0)
        fail("binding");
}

static void open_connection(const struct hall *hall, struct listener *listener, size_t number)
{
    const int yes = 1;
    listener->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (listener->fd < 0)
        fail("connecting");
    bind_source(hall, listener->fd, number);
    if (connect(listener->fd, (const struct sockaddr *)&hall->address, sizeof hall->address) != 0)
        fail("connecting");
    (void)setsockopt(listener->fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    struct epoll_event event = { .events = EPOLLIN, .data.ptr = listener };
    if (fcntl(listener->fd, F_SETFL, O_NONBLOCK) != 0 ||
        epoll_ctl(hall->poll_fd, EPOLL_CTL_ADD, listener->fd, &event) != 0)
        fail("connecting");
}

static void ask(const struct hall *hall, const struct listener *listener)
{
    char text[REQUEST_BYTES_MAX];
    int size = snprintf(text, sizeof text,
                        "GET %s HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: text/event-stream\r\n\r\n",
                        hall->path);
    assert(size > 0 && (size_t)size < sizeof text);
    if (send(listener->fd, text, (size_t)size, MSG_NOSIGNAL) != size)
        fail("sending");
}

/* ---- hearing ---- */

static void found(struct hall *hall, struct listener *listener)
{
    if (!listener->begun) {
        listener->begun = true;
        hall->begun_count++;
        return;
    }
    if (listener->heard_count++ == 0) {
        listener->heard_ns = now_ns();
        hall->heard_count++;
    }
}

static void hear(struct hall *hall, struct listener *listener, const char *text, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        const char *awaited = listener->begun ? news : first_block;
        if (text[i] == awaited[listener->matched])
            listener->matched++;
        else
            listener->matched = text[i] == awaited[0];
        if (awaited[listener->matched] != '\0')
            continue;
        listener->matched = 0;
        found(hall, listener);
    }
}

static void receive(struct hall *hall, struct listener *listener)
{
    char text[REQUEST_BYTES_MAX];
    ssize_t got = recv(listener->fd, text, sizeof text, 0);
    if (got < 0 && errno == EAGAIN)
        return;
    if (got <= 0)
        fail("the server closed a connection");
    if (listener != &hall->control) {
        hear(hall, listener, text, (size_t)got);
        return;
    }
    if (hall->answered_ns != 0)
        return; /* more of the body */
    if (got < 12 || memcmp(text, "HTTP/1.1 2", 10) != 0) {
        (void)fprintf(stderr, "%.*s\n", (int)got, text);
        fail("the change was refused");
    }
    hall->answered_ns = now_ns();
}

/* False: nothing came in this time. */
static bool turn(struct hall *hall, int patience_ms)
{
    struct epoll_event events[EVENTS_MAX];
    int count = epoll_wait(hall->poll_fd, events, EVENTS_MAX, patience_ms);
    for (int i = 0; i < count; i++)
        receive(hall, events[i].data.ptr);
    return count > 0;
}

static void open_all(struct hall *hall)
{
    int64_t began_ns = now_ns();
    for (size_t i = 0; i < hall->listener_count; i++) {
        open_connection(hall, &hall->listeners[i], i);
        ask(hall, &hall->listeners[i]);
        bool enough = (i + 1) % OPENED_AT_ONCE == 0 || i + 1 == hall->listener_count;
        while (enough && hall->begun_count <= i)
            if (!turn(hall, PATIENCE_MS))
                fail("a listener was not let in");
    }
    open_connection(hall, &hall->control, hall->source_count - 1);
    printf("{\"listening\": %zu, \"seconds\": %.3f}\n", hall->begun_count,
           (double)(now_ns() - began_ns) / 1e9);
    (void)fflush(stdout);
}

/* ---- rounds ---- */

static int compare(const void *a, const void *b)
{
    int64_t first, second;
    memcpy(&first, a, sizeof first);
    memcpy(&second, b, sizeof second);
    return (first > second) - (first < second);
}

static double after_ms(int64_t from_ns, int64_t to_ns)
{
    return (double)(to_ns - from_ns) / 1e6;
}

static void report(const struct hall *hall, int64_t sent_ns)
{
    size_t count = hall->listener_count;
    int64_t *heard = calloc(count, sizeof *heard);
    assert(heard != NULL);
    for (size_t i = 0; i < count; i++)
        heard[i] = hall->listeners[i].heard_ns;
    qsort(heard, count, sizeof *heard, compare);
    printf("{\"answer_ms\": %.3f, \"first_ms\": %.3f, \"p50_ms\": %.3f, \"p99_ms\": %.3f, "
           "\"last_ms\": %.3f}\n",
           after_ms(sent_ns, hall->answered_ns), after_ms(hall->answered_ns, heard[0]),
           after_ms(hall->answered_ns, heard[(count - 1) / 2]),
           after_ms(hall->answered_ns, heard[(count - 1) * 99 / 100]),
           after_ms(hall->answered_ns, heard[count - 1]));
    (void)fflush(stdout);
    free(heard);
}

static void pause_hearing(struct hall *hall)
{
    int64_t until_ns = now_ns() + PAUSE_MS * INT64_C(1000000);
    while (now_ns() < until_ns)
        (void)turn(hall, PAUSE_MS / 10);
}

static void begin_round(struct hall *hall)
{
    hall->answered_ns = 0;
    hall->heard_count = 0;
    for (size_t i = 0; i < hall->listener_count; i++) {
        hall->listeners[i].heard_ns = 0;
        hall->listeners[i].heard_count = 0;
    }
}

/* Nobody may hear the same news twice. */
static void check_round(const struct hall *hall)
{
    for (size_t i = 0; i < hall->listener_count; i++)
        if (hall->listeners[i].heard_count != 1)
            fail("a listener heard the same twice");
}

static bool run_round(struct hall *hall)
{
    char request[REQUEST_BYTES_MAX];
    uint8_t size_bytes[4];
    if (fread(size_bytes, sizeof size_bytes, 1, hall->requests) != 1)
        return false;
    size_t size = (size_t)size_bytes[0] | (size_t)size_bytes[1] << 8;
    if (size > sizeof request || fread(request, size, 1, hall->requests) != 1)
        fail("reading the requests");
    begin_round(hall);
    int64_t sent_ns = now_ns();
    if (send(hall->control.fd, request, size, MSG_NOSIGNAL) != (ssize_t)size)
        fail("sending");
    while (hall->answered_ns == 0 || hall->heard_count < hall->listener_count)
        if (!turn(hall, PATIENCE_MS))
            fail("not all have heard");
    report(hall, sent_ns);
    pause_hearing(hall);
    check_round(hall);
    return true;
}

int main(int argument_count, char **arguments)
{
    struct hall hall = { .address = { .sin_family = AF_INET } };
    if (argument_count != 7 || inet_pton(AF_INET, arguments[1], &hall.address.sin_addr) != 1)
        fail("usage: bench_listen ADDRESS PORT LISTENERS SOURCES PATH REQUESTS");
    hall.address.sin_port = htons((uint16_t)strtoul(arguments[2], NULL, 10));
    hall.listener_count = strtoul(arguments[3], NULL, 10);
    hall.source_count = strtoul(arguments[4], NULL, 10);
    hall.path = arguments[5];
    hall.requests = fopen(arguments[6], "rbe");
    if (hall.requests == NULL || hall.listener_count == 0 || hall.source_count == 0)
        fail(arguments[6]);

    allow_files(hall.listener_count);
    hall.listeners = calloc(hall.listener_count, sizeof *hall.listeners);
    assert(hall.listeners != NULL);
    hall.poll_fd = epoll_create1(EPOLL_CLOEXEC);
    open_all(&hall);
    if (getchar() == EOF)
        fail("told to stop");
    while (run_round(&hall))
        continue;
    return 0;
}
