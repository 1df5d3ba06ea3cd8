/* Many buyers want the same ticket in the same instant.  Exactly one gets it, every time.
 *
 *   storm ADDRESS:PORT ROUNDS TICKETS <tokens
 *
 * The first line of standard input is the seller's session, every other a buyer's.  In a round each
 * buyer orders one of the tickets (with one ticket: all the same one); all requests are written
 * before any answer is read.  Then the winners cancel or pay, all at once, and each ticket must be
 * what that makes of it.  Prints one JSON line of counters; any broken promise ends it with 1. */
#include <arpa/inet.h>
#include <assert.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#define BUYERS_MAX  1000
#define TICKETS_MAX 64
#define TOKEN_MAX   1024
#define ANSWER_MAX  8192
#define ID_SIZE     36
#define PATIENCE_MS 30000
#define EVENTS_A_GO 256
#define REQUEST_MAX 2048
#define SOLD_EVERY  2 /* this share of the winners pays, the others cancel */

struct client {
    int fd;
    char token[TOKEN_MAX];
    char answer[ANSWER_MAX + 1];
    size_t size;
    int status;       /* 0: not answered yet */
    const char *body; /* within the answer */
    size_t wants;     /* the ticket that it orders in this round */
    bool pays;        /* a winner: else it cancels */
    bool asked;       /* a request of it is under way */
};

struct ticket {
    char id[ID_SIZE + 1];
    char order[ID_SIZE + 1]; /* this round's winner's */
    struct client *winner;   /* NULL: nobody has won it in this round */
    unsigned wanted;         /* by so many buyers in this round */
};

struct storm {
    struct client seller;
    struct client *buyers;
    size_t buyer_count;
    struct ticket tickets[TICKETS_MAX];
    size_t ticket_count;
    int epoll;
    unsigned long orders, won, refused, paid, cancelled;
    unsigned random;
};

static void fail(const char *format, ...) __attribute__((format(printf, 1, 2), noreturn));
static void fail(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    (void)fprintf(stderr, "storm: ");
    (void)vfprintf(stderr, format, arguments);
    (void)fprintf(stderr, "\n");
    va_end(arguments);
    exit(1);
}

/* ---- one client ---- */

static int open_connection(const char *address)
{
    const char *colon = strrchr(address, ':');
    struct sockaddr_in to = { .sin_family = AF_INET };
    char host[64];
    if (colon == NULL || (size_t)(colon - address) >= sizeof host)
        fail("not an address: %s", address);
    (void)snprintf(host, sizeof host, "%.*s", (int)(colon - address), address);
    to.sin_port = htons((uint16_t)strtoul(colon + 1, NULL, 10));
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (inet_pton(AF_INET, host, &to.sin_addr) != 1 || fd < 0 ||
        connect(fd, (const struct sockaddr *)&to, sizeof to) != 0)
        fail("cannot connect to %s: %s", address, strerror(errno));
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &(int){ 1 }, sizeof(int));
    return fd;
}

static void say(struct client *client, const char *method, const char *path, const char *id,
                const char *body)
{
    char request[REQUEST_MAX];
    int size = snprintf(request, sizeof request,
                        "%s %s%s HTTP/1.1\r\nHost: shop.example\r\nAuthorization: Bearer %s\r\n"
                        "Content-Type: application/json\r\nContent-Length: %zu\r\n\r\n%s",
                        method, path, id, client->token, strlen(body), body);
    assert(size > 0 && (size_t)size < sizeof request);
    client->size = 0;
    client->status = 0;
    client->asked = true;
    /* A keep-alive connection with nothing under way takes so little at once. */
    if (send(client->fd, request, (size_t)size, MSG_NOSIGNAL) != size)
        fail("cannot send: %s", strerror(errno));
}

static bool is_whole(struct client *client)
{
    client->answer[client->size] = '\0';
    char *end = strstr(client->answer, "\r\n\r\n");
    if (end == NULL)
        return false;
    const char *length = strcasestr(client->answer, "\r\nContent-Length:");
    size_t wants = length && length < end ? strtoul(length + 17, NULL, 10) : 0;
    client->body = end + 4;
    return client->size >= (size_t)(client->body - client->answer) + wants;
}

/* Reads what is there; true when the answer is whole. */
static bool hear(struct client *client)
{
    ssize_t got = recv(client->fd, client->answer + client->size, ANSWER_MAX - client->size, 0);
    if (got <= 0)
        fail("the connection ended instead of an answer");
    client->size += (size_t)got;
    if (!is_whole(client))
        return false;
    client->status = (int)strtol(client->answer + strlen("HTTP/1.1 "), NULL, 10);
    client->asked = false;
    return true;
}

static void expect(const struct client *client, int status, const char *what)
{
    if (client->status != status)
        fail("%s: %d instead of %d: %.300s", what, client->status, status, client->body);
}

static void ask(struct client *client, const char *method, const char *path, const char *id,
                const char *body)
{
    say(client, method, path, id, body);
    while (!hear(client))
        continue;
}

static void copy_id(const struct client *client, char *ret_id)
{
    const char *id = strstr(client->body, "\"id\":\"");
    if (id == NULL)
        fail("no id in %.300s", client->body);
    (void)snprintf(ret_id, ID_SIZE + 1, "%.*s", ID_SIZE, id + strlen("\"id\":\""));
}

/* ---- all of them ---- */

/* Until every buyer that has asked has its answer. */
static void hear_all(struct storm *storm)
{
    size_t left = 0;
    for (size_t i = 0; i < storm->buyer_count; i++)
        left += storm->buyers[i].asked;
    while (left > 0) {
        struct epoll_event events[EVENTS_A_GO];
        int count = epoll_wait(storm->epoll, events, EVENTS_A_GO, PATIENCE_MS);
        if (count <= 0)
            fail("%zu requests have no answer after %d ms", left, PATIENCE_MS);
        for (int i = 0; i < count; i++)
            left -= hear(events[i].data.ptr);
    }
}

static void list_ticket(struct storm *storm, struct ticket *ticket)
{
    ask(&storm->seller, "POST", "/api/tickets", "", "{\"title\":\"The last seat\",\"price\":20}");
    expect(&storm->seller, 201, "listing");
    copy_id(&storm->seller, ticket->id);
}

static unsigned some(struct storm *storm, size_t count)
{
    storm->random = storm->random * 1664525u + 1013904223u;
    return (unsigned)((storm->random >> 8) % count);
}

static void everyone_orders(struct storm *storm)
{
    for (size_t i = 0; i < storm->ticket_count; i++) {
        storm->tickets[i].winner = NULL;
        storm->tickets[i].wanted = 0;
    }
    for (size_t i = 0; i < storm->buyer_count; i++) {
        struct client *buyer = &storm->buyers[i];
        char body[128];
        buyer->wants = some(storm, storm->ticket_count);
        struct ticket *ticket = &storm->tickets[buyer->wants];
        ticket->wanted++;
        (void)snprintf(body, sizeof body, "{\"ticketId\":\"%s\"}", ticket->id);
        say(buyer, "POST", "/api/orders", "", body);
    }
    storm->orders += storm->buyer_count;
    hear_all(storm);
}

static void one_has_won(struct storm *storm)
{
    for (size_t i = 0; i < storm->buyer_count; i++) {
        struct client *buyer = &storm->buyers[i];
        struct ticket *ticket = &storm->tickets[buyer->wants];
        if (buyer->status != 201) {
            expect(buyer, 409, "ordering");
            storm->refused++;
            continue;
        }
        if (ticket->winner != NULL)
            fail("two orders for the ticket %s", ticket->id);
        ticket->winner = buyer;
        copy_id(buyer, ticket->order);
        storm->won++;
    }
}

/* The ticket, as anyone sees it. */
static void expect_ticket(struct storm *storm, const struct ticket *ticket, const char *status)
{
    char expected[64];
    ask(&storm->seller, "GET", "/api/tickets/", ticket->id, "");
    expect(&storm->seller, 200, "looking at the ticket");
    (void)snprintf(expected, sizeof expected, "\"status\":\"%s\"", status);
    if (strstr(storm->seller.body, expected) == NULL)
        fail("the ticket is not %s: %s", status, storm->seller.body);
    if (strcmp(status, "available") != 0 && strstr(storm->seller.body, ticket->order) == NULL)
        fail("the ticket is %s, but not by %s: %s", status, ticket->order, storm->seller.body);
}

static void expect_locks(struct storm *storm)
{
    for (size_t i = 0; i < storm->ticket_count; i++) {
        const struct ticket *ticket = &storm->tickets[i];
        if (ticket->wanted > 0 && ticket->winner == NULL)
            fail("%u wanted the ticket %s and nobody got it", ticket->wanted, ticket->id);
        expect_ticket(storm, ticket, ticket->winner ? "reserved" : "available");
    }
}

static void winners_go_on(struct storm *storm)
{
    for (size_t i = 0; i < storm->ticket_count; i++) {
        const struct ticket *ticket = &storm->tickets[i];
        char body[128];
        if (ticket->winner == NULL)
            continue;
        ticket->winner->pays = some(storm, SOLD_EVERY) == 0;
        if (ticket->winner->pays) {
            (void)snprintf(body, sizeof body, "{\"orderId\":\"%s\",\"token\":\"pm_card_visa\"}",
                           ticket->order);
            say(ticket->winner, "POST", "/api/payments", "", body);
        } else {
            say(ticket->winner, "DELETE", "/api/orders/", ticket->order, "");
        }
    }
    hear_all(storm);
}

static void tickets_follow(struct storm *storm)
{
    for (size_t i = 0; i < storm->ticket_count; i++) {
        struct ticket *ticket = &storm->tickets[i];
        if (ticket->winner == NULL)
            continue;
        if (ticket->winner->pays) {
            expect(ticket->winner, 201, "paying");
            expect_ticket(storm, ticket, "sold");
            list_ticket(storm, ticket);
            storm->paid++;
        } else {
            expect(ticket->winner, 204, "cancelling");
            expect_ticket(storm, ticket, "available");
            storm->cancelled++;
        }
    }
}

/* ---- start ---- */

static bool read_token(struct client *client)
{
    if (fgets(client->token, sizeof client->token, stdin) == NULL)
        return false;
    client->token[strcspn(client->token, "\n")] = '\0';
    return client->token[0] != '\0';
}

static void gather(struct storm *storm, const char *address)
{
    if (!read_token(&storm->seller))
        fail("no session of a seller");
    storm->seller.fd = open_connection(address);
    storm->epoll = epoll_create1(EPOLL_CLOEXEC);
    storm->buyers = calloc(BUYERS_MAX, sizeof *storm->buyers);
    assert(storm->epoll >= 0 && storm->buyers != NULL);
    while (storm->buyer_count < BUYERS_MAX && read_token(&storm->buyers[storm->buyer_count])) {
        struct client *buyer = &storm->buyers[storm->buyer_count++];
        buyer->fd = open_connection(address);
        struct epoll_event event = { .events = EPOLLIN, .data.ptr = buyer };
        if (epoll_ctl(storm->epoll, EPOLL_CTL_ADD, buyer->fd, &event) != 0)
            fail("epoll: %s", strerror(errno));
    }
}

static void disperse(struct storm *storm)
{
    for (size_t i = 0; i < storm->buyer_count; i++)
        (void)close(storm->buyers[i].fd);
    (void)close(storm->seller.fd);
    (void)close(storm->epoll);
    free(storm->buyers);
}

int main(int argc, char **argv)
{
    if (argc != 4)
        fail("usage: storm ADDRESS:PORT ROUNDS TICKETS <tokens");
    struct storm storm = { .random = 1 };
    unsigned long rounds = strtoul(argv[2], NULL, 10);
    storm.ticket_count = strtoul(argv[3], NULL, 10);
    if (storm.ticket_count < 1 || storm.ticket_count > TICKETS_MAX)
        fail("TICKETS is from 1 to %d", TICKETS_MAX);
    gather(&storm, argv[1]);
    for (size_t i = 0; i < storm.ticket_count; i++)
        list_ticket(&storm, &storm.tickets[i]);
    for (unsigned long round = 0; round < rounds; round++) {
        everyone_orders(&storm);
        one_has_won(&storm);
        expect_locks(&storm);
        winners_go_on(&storm);
        tickets_follow(&storm);
    }
    (void)printf("{\"rounds\":%lu,\"orders\":%lu,\"won\":%lu,\"refused\":%lu,\"paid\":%lu,"
                 "\"cancelled\":%lu}\n",
                 rounds, storm.orders, storm.won, storm.refused, storm.paid, storm.cancelled);
    disperse(&storm);
    return 0;
}
