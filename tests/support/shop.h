/* A small shop for tests of services: some of them hosted over a store in memory, asked as clients
 * ask, and told events as the bus tells them.
 *
 *     struct shop shop;
 *     shop_open(&shop, (const struct service *const[]){ &tickets_service, NULL });
 *     assert_int_equal(shop_ask(&shop, alice, POST, "/api/tickets", "{…}"), 201);
 *     shop_close(&shop);
 */
#ifndef TESTS_SUPPORT_SHOP_H
#define TESTS_SUPPORT_SHOP_H

#include "host/host.h"
#include "tests/support/world.h"

struct shop {
    struct test_world world; /* its settings may be changed between operations */
    struct host host;
    str headers[HEADERS]; /* go with the next request, and are then forgotten */
    str client;           /* where requests come from; absent: 127.0.0.1 */
    /* Does the slow work of routes that have some, between their two operations. */
    void (*do_work)(struct shop *shop, struct work *work);
    /* What came of the last operation: */
    struct response response;
    struct work work;           /* of the last request that had some */
    const struct emitted *told; /* NULL: nothing */
    /* The last request, for shop_resume(). */
    const struct route *route;
    struct request request;
    struct caller caller;
    str correlation;
};

/* At most six services, and NULL.  Those of the host are added. */
void shop_open(struct shop *shop, const struct service *const *services);
void shop_close(struct shop *shop);

/* Asks as that user, or as nobody if absent, and returns the status.  The target may have a query;
 * a body is JSON (for a page: a form), NULL is none. */
int shop_ask(struct shop *shop, uuid who, enum method method, const char *target, const char *body);

/* Goes on with the last request, whose answer waits: status 0.  late: its time is up. */
int shop_resume(struct shop *shop, bool late);

/* The body of the last answer, terminated. */
const char *shop_body(struct shop *shop);
/* A header of the last answer, terminated; "" if there is none. */
const char *shop_header(struct shop *shop, const char *name);

/* Brings an event with a new id to one service, as the bus does.  What is not OK is rolled back. */
err shop_hear(struct shop *shop, const struct service *service, enum event_type type,
              const void *data);
/* Asks a service for the calls that it wants made, and brings it the outcome of one. */
err shop_claim(struct shop *shop, const struct service *service, size_t max,
               struct rows *ret_calls);
err shop_answered(struct shop *shop, const struct service *service, const struct outanswer *answer);
/* Runs a duty once. */
err shop_duty(struct shop *shop, const struct duty *duty, bool *ret_more);

/* How many events of that type the last operation told. */
size_t shop_told(const struct shop *shop, enum event_type type);
/* The payload of the last one of them; fails the test if there is none. */
const void *shop_news(const struct shop *shop, enum event_type type);

#endif
