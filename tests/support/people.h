/* People with accounts in a small shop: they sign up, and ask with the cookie that they got.
 * Their passwords are hashed by something fast and worthless. */
#ifndef TESTS_SUPPORT_PEOPLE_H
#define TESTS_SUPPORT_PEOPLE_H

#include "tests/support/shop.h"

/* shop_open(), with work on passwords. */
void people_open(struct shop *shop, const struct service *const *services);
/* The work itself, for tests that do something of their own beside it. */
void people_work(struct shop *shop, struct work *work);

/* Asks with a session cookie; an absent one is a stranger. */
int people_ask(struct shop *shop, str cookie, enum method method, const char *target,
               const char *body);
/* The cookie that the last answer set, as the next request sends it; absent if it set none. */
str people_cookie(struct shop *shop);

/* Posts {"email", "password"}; returns the status. */
int people_sign_up(struct shop *shop, const char *email, const char *password);
int people_sign_in(struct shop *shop, const char *email, const char *password);
/* Signs up with a password of no interest, or fails the test; returns the cookie. */
str people_join(struct shop *shop, const char *email);
#define PEOPLE_PASSWORD "mellon-and-friend"

/* Whether the cookie is that of somebody who is signed in. */
bool people_are_signed_in(struct shop *shop, str cookie);

#endif
