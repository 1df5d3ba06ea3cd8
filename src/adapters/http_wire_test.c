/* The client of http_wire.h, linked into the tests of the HTTP server. */
#include "tests/test.h"

#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include "adapters/http_wire.h"

#define PATIENCE_MS 10000

static int connect_to(const char *address)
{
    char host[128];
    const char *colon = strrchr(address, ':');
    (void)snprintf(host, sizeof host, "%.*s", (int)(colon - address), address);
    char *bare = host;
    if (host[0] == '[') {
        bare = host + 1;
        bare[strlen(bare) - 1] = '\0';
    }
    const struct addrinfo hints = { .ai_socktype = SOCK_STREAM };
    struct addrinfo *found = NULL;
    assert_int_equal(getaddrinfo(bare, colon + 1, &hints, &found), 0);
    int fd = socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(fd >= 0);
    int failed = connect(fd, found->ai_addr, found->ai_addrlen);
    freeaddrinfo(found);
    if (failed == 0)
        return fd;
    (void)close(fd);
    return -1;
}

int wire_open(const char *address)
{
    int fd = connect_to(address);
    assert_true(fd >= 0);
    return fd;
}

bool wire_try(const char *address)
{
    int fd = connect_to(address);
    if (fd >= 0)
        (void)close(fd);
    return fd >= 0;
}

void wire_close(int fd)
{
    (void)close(fd);
}

bool wire_say(int fd, str bytes)
{
    while (bytes.size > 0) {
        ssize_t sent = send(fd, bytes.data, bytes.size, MSG_NOSIGNAL);
        if (sent < 0 && errno == EINTR)
            continue;
        if (sent < 0)
            return false;
        bytes.data += sent;
        bytes.size -= (size_t)sent;
    }
    return true;
}

static bool readable(int fd, int ms)
{
    struct pollfd wanted = { .fd = fd, .events = POLLIN };
    return poll(&wanted, 1, ms) > 0;
}

/* One more byte or more; 0: hung up. */
static size_t hear_some(int fd, char *to, size_t size)
{
    assert_true(readable(fd, PATIENCE_MS));
    ssize_t got = recv(fd, to, size, 0);
    return got < 0 ? 0 : (size_t)got;
}

const char *wire_header(const struct answer *answer, const char *name)
{
    size_t size = strlen(name);
    for (const char *line = answer->head; line != NULL && *line != '\0';) {
        if (strncasecmp(line, name, size) == 0 && line[size] == ':')
            return line + size + 2;
        line = strchr(line, '\n');
        if (line != NULL)
            line++;
    }
    return NULL;
}

/* Byte by byte, so that what follows stays for the next answer. */
static void hear(int fd, bool bodiless, struct answer *ret_answer)
{
    struct answer *a = ret_answer;
    size_t size = 0;
    *a = (struct answer){ .head = a->bytes, .body = a->bytes };
    while (size < 4 || memcmp(a->bytes + size - 4, "\r\n\r\n", 4) != 0) {
        assert_true(size + 1 < sizeof a->bytes);
        if (hear_some(fd, a->bytes + size, 1) == 0) {
            assert_int_equal(size, 0);
            return;
        }
        size++;
    }
    a->bytes[size] = '\0';
    assert_int_equal(sscanf(a->head, "HTTP/1.1 %d ", &a->status), 1);
    const char *said = wire_header(a, "Content-Length");
    size_t length = said == NULL || bodiless ? 0 : strtoul(said, NULL, 10);
    a->body = a->bytes + size + 1;
    assert_true(size + 1 + length < sizeof a->bytes);
    while (a->body_size < length) {
        size_t got = hear_some(fd, a->body + a->body_size, length - a->body_size);
        if (got == 0)
            break;
        a->body_size += got;
    }
    a->whole = a->body_size == length;
    a->body[a->body_size] = '\0';
}

void wire_hear(int fd, struct answer *ret_answer)
{
    hear(fd, false, ret_answer);
}

void wire_hear_head(int fd, struct answer *ret_answer)
{
    hear(fd, true, ret_answer);
}

bool wire_ends(int fd)
{
    char byte;
    return readable(fd, PATIENCE_MS) && recv(fd, &byte, 1, 0) <= 0;
}

bool wire_drains(int fd)
{
    char bytes[4096];
    while (readable(fd, PATIENCE_MS))
        if (recv(fd, bytes, sizeof bytes, 0) <= 0)
            return true;
    return false;
}

bool wire_stays_silent(int fd, int ms)
{
    return !readable(fd, ms);
}
