/* A client of the simulator for its tests: calls it as values, over a store in memory. */
#ifndef TESTS_SUPPORT_STRIPE_CLIENT_H
#define TESTS_SUPPORT_STRIPE_CLIENT_H

#include "stripe_sim/stripe_sim.h"
#include "tests/support/world.h"

struct client {
    struct test_world world;
    struct stripe_sim_options options;
    const char *key; /* the next POST's Idempotency-Key; NULL: none */
    const char *authorization;
    const char *content_type; /* NULL: that of a form */
    struct request request;   /* the last one */
    struct response response;
};

void client_open(struct client *client);
void client_close(struct client *client);

/* Calls and returns the status; 0 if the answer is held back or dropped (see client->response). */
int client_get(struct client *client, const char *target);
int client_post(struct client *client, const char *path, const char *form);
/* The control API, with JSON or NULL. */
int client_control(struct client *client, enum method method, const char *path, const char *json);
/* Asks again for an answer that is held back. */
int client_again(struct client *client);

/* The body of the last answer, terminated. */
const char *client_body(struct client *client);
/* The first member of that name in the last answer, as JSON without quotes; fails if there is none.
 */
const char *client_member(struct client *client, const char *name);
const char *client_header(struct client *client, const char *name);
/* The types of all events, oldest first, with a blank between. */
const char *client_events(struct client *client);
void client_wait(struct client *client, duration wait);

#define CARD_FORM \
    "amount=2000&currency=usd&confirm=true&payment_method_types[]=card&metadata[order_id]=o1"
#define HOLD_FORM CARD_FORM "&capture_method=manual"

/* Pays or holds with a card and returns the id of the intent; the status is in client->response. */
const char *client_pay(struct client *client, const char *payment_method);
const char *client_hold(struct client *client, const char *payment_method);

/* Text made with a format, that lives as long as the client. */
const char *client_text(struct client *client, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#define assert_member(client, name, expected) \
    assert_string_equal(client_member((client), (name)), (expected))

#endif
