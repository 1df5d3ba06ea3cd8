/* A load generator that costs little itself: one thread, epoll, keep-alive connections, on each one
 * request at a time.  Every request of its file is sent once; it prints how the answers were.
 *
 *   bench_load ADDRESS PORT CONNECTIONS SECONDS REQUESTS [LOCATIONS]
 *
 * REQUESTS holds requests as they go over the wire, each behind its size (four bytes, the lowest
 * first).  After SECONDS no more are sent.  LOCATIONS is written: a line for each Location of an
 * answer, in the order of the answers. */
#include <arpa/inet.h>
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define ANSWER_BYTES_MAX 16384
#define EVENTS_MAX       256

struct connection {
    int fd;
    int64_t sent_ns;
    size_t filled;
    char answer[ANSWER_BYTES_MAX + 1];
};

struct load {
    struct sockaddr_in address;
    size_t connection_count;
    struct connection *connections;
    const uint8_t *requests; /* the next one */
    const uint8_t *requests_end;
    FILE *locations; /* or NULL */
    int poll_fd;
    int64_t began_ns;
    int64_t end_ns;
    int64_t last_ns;
    size_t under_way;
    size_t answered;
    size_t refused; /* answers other than 2xx */
    int refused_status;
    uint32_t *took_us;
    size_t took_max;
};

static void fail(const char *what)
{
    (void)fprintf(stderr, "bench_load: %s: %s\n", what, errno ? strerror(errno) : "stopped");
    exit(1);
}

static int64_t now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

/* ---- requests ---- */

static uint32_t read_size(const uint8_t *at)
{
    return (uint32_t)at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24;
}

static size_t count_requests(const struct load *load)
{
    size_t count = 0;
    for (const uint8_t *at = load->requests; at < load->requests_end; at += 4 + read_size(at))
        count++;
    return count;
}

static void open_requests(struct load *load, const char *path)
{
    struct stat about;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &about) != 0 || about.st_size == 0)
        fail(path);
    size_t size = (size_t)about.st_size;
    const uint8_t *file = mmap(NULL, size, PROT_READ, MAP_PRIVATE | MAP_POPULATE, fd, 0);
    if (file == MAP_FAILED)
        fail(path);
    load->requests = file;
    load->requests_end = file + size;
    load->took_max = count_requests(load);
    load->took_us = calloc(load->took_max, sizeof *load->took_us);
    assert(load->took_us != NULL);
}

static void send_next(struct load *load, struct connection *connection)
{
    connection->filled = 0;
    connection->sent_ns = now_ns();
    if (load->requests == load->requests_end || connection->sent_ns >= load->end_ns)
        return;
    uint32_t size = read_size(load->requests);
    if (send(connection->fd, load->requests + 4, size, MSG_NOSIGNAL) != (ssize_t)size)
        fail("sending");
    load->requests += 4 + size;
    load->under_way++;
}

/* ---- answers ---- */

/* The value of a header, up to the end of its line; NULL if there is none. */
static const char *find_header(const char *answer, const char *name)
{
    size_t size = strlen(name);
    const char *line = strstr(answer, "\r\n");
    while (line != NULL && strncmp(line, "\r\n\r\n", 4) != 0) {
        line += 2;
        if (strncasecmp(line, name, size) == 0 && line[size] == ':')
            return line + size + 1 + strspn(line + size + 1, " ");
        line = strstr(line, "\r\n");
    }
    return NULL;
}

/* Whether the answer is there in full. */
static bool is_whole(const struct connection *connection)
{
    const char *head_end = strstr(connection->answer, "\r\n\r\n");
    if (head_end == NULL)
        return false;
    size_t head = (size_t)(head_end - connection->answer) + 4;
    const char *length = find_header(connection->answer, "Content-Length");
    return connection->filled >= head + (length ? strtoul(length, NULL, 10) : 0);
}

static void note_location(const struct load *load, const char *answer)
{
    const char *location = find_header(answer, "Location");
    if (location != NULL)
        (void)fprintf(load->locations, "%.*s\n", (int)strcspn(location, "\r"), location);
}

static void note_answer(struct load *load, const struct connection *connection)
{
    int status = (int)strtol(connection->answer + strlen("HTTP/1.1 "), NULL, 10);
    load->last_ns = now_ns();
    assert(load->answered < load->took_max);
    load->took_us[load->answered++] = (uint32_t)((load->last_ns - connection->sent_ns) / 1000);
    if (status < 200 || status > 299) {
        load->refused++;
        load->refused_status = status;
    }
    if (load->locations != NULL)
        note_location(load, connection->answer);
}

static void receive(struct load *load, struct connection *connection)
{
    size_t room = ANSWER_BYTES_MAX - connection->filled;
    ssize_t got = recv(connection->fd, connection->answer + connection->filled, room, 0);
    if (got < 0 && errno == EAGAIN)
        return;
    if (got <= 0)
        fail("the server closed a connection");
    connection->filled += (size_t)got;
    connection->answer[connection->filled] = '\0';
    if (!is_whole(connection))
        return;
    note_answer(load, connection);
    load->under_way--;
    send_next(load, connection);
}

/* ---- all of it ---- */

static void open_connection(struct load *load, struct connection *connection)
{
    const int yes = 1;
    connection->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (connection->fd < 0 ||
        connect(connection->fd, (struct sockaddr *)&load->address, sizeof load->address) != 0)
        fail("connecting");
    (void)setsockopt(connection->fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    if (fcntl(connection->fd, F_SETFL, O_NONBLOCK) != 0)
        fail("connecting");
    struct epoll_event event = { .events = EPOLLIN, .data.ptr = connection };
    if (epoll_ctl(load->poll_fd, EPOLL_CTL_ADD, connection->fd, &event) != 0)
        fail("epoll");
}

static void run(struct load *load)
{
    struct epoll_event events[EVENTS_MAX];
    for (size_t i = 0; i < load->connection_count; i++)
        send_next(load, &load->connections[i]);
    while (load->under_way > 0) {
        int count = epoll_wait(load->poll_fd, events, EVENTS_MAX, 10000);
        if (count == 0)
            fail("no answer in ten seconds");
        for (int i = 0; i < count; i++)
            receive(load, events[i].data.ptr);
    }
}

static int compare(const void *a, const void *b)
{
    uint32_t first, second;
    memcpy(&first, a, sizeof first);
    memcpy(&second, b, sizeof second);
    return (first > second) - (first < second);
}

static double percentile_ms(const struct load *load, double share)
{
    if (load->answered == 0)
        return 0;
    size_t at = (size_t)((double)(load->answered - 1) * share);
    return load->took_us[at] / 1000.0;
}

static void print_results(const struct load *load)
{
    qsort(load->took_us, load->answered, sizeof *load->took_us, compare);
    printf("{\"answers\": %zu, \"refused\": %zu, \"refused_status\": %d, \"seconds\": %.6f, "
           "\"p50_ms\": %.3f, \"p99_ms\": %.3f, \"max_ms\": %.3f}\n",
           load->answered, load->refused, load->refused_status,
           (double)(load->last_ns - load->began_ns) / 1e9, percentile_ms(load, 0.5),
           percentile_ms(load, 0.99), percentile_ms(load, 1));
}

int main(int argument_count, char **arguments)
{
    struct load load = { .address = { .sin_family = AF_INET } };
    if (argument_count < 6 || argument_count > 7 ||
        inet_pton(AF_INET, arguments[1], &load.address.sin_addr) != 1)
        fail("usage: bench_load ADDRESS PORT CONNECTIONS SECONDS REQUESTS [LOCATIONS]");
    load.address.sin_port = htons((uint16_t)strtoul(arguments[2], NULL, 10));
    load.connection_count = strtoul(arguments[3], NULL, 10);
    open_requests(&load, arguments[5]);
    if (argument_count == 7) {
        load.locations = fopen(arguments[6], "we");
        if (load.locations == NULL)
            fail(arguments[6]);
    }

    load.connections = calloc(load.connection_count, sizeof *load.connections);
    assert(load.connections != NULL);
    load.poll_fd = epoll_create1(EPOLL_CLOEXEC);
    for (size_t i = 0; i < load.connection_count; i++)
        open_connection(&load, &load.connections[i]);
    load.began_ns = now_ns();
    load.end_ns = load.began_ns + (int64_t)(strtod(arguments[4], NULL) * 1e9);
    run(&load);
    print_results(&load);
    return load.locations != NULL && fclose(load.locations) != 0;
}
