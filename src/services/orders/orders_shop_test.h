/* A shop of orders alone, for tests of the service: alice sells, bob and carol buy, and the test
 * tells what the other services would. */
#ifndef SERVICES_ORDERS_ORDERS_SHOP_TEST_H
#define SERVICES_ORDERS_ORDERS_SHOP_TEST_H

#include "tests/support/shop.h"

extern const uuid alice, bob, carol, nobody;
extern const uuid concert;  /* alice's ticket for 20.05, known at version 3 */
extern const uuid stranger; /* the id of nothing */

void orders_open(struct shop *shop);

const char *text_of(struct shop *shop, uuid id);
/* /api/orders/:id */
const char *path_of(struct shop *shop, uuid id);

/* POST /api/orders; the status, 0 while the lock is waited for. */
int ask_for(struct shop *shop, uuid who, uuid ticket);
/* The same, with the lock confirmed; returns the order. */
uuid order_locked(struct shop *shop, uuid who, uuid ticket);
/* DELETE, or fails the test. */
void cancel(struct shop *shop, uuid who, uuid order);
void assert_refused(struct shop *shop, uuid who, enum method method, const char *target,
                    const char *body, int status, const char *errors);

/* ---- what the tickets service tells ---- */

struct ticket_state ticket_at(const struct shop *shop, uuid id, int64_t version);
void tell_ticket(struct shop *shop, const struct ticket_state *ticket);
/* Another one of hers, known at version 1. */
uuid another_ticket(struct shop *shop, unsigned number);
void lock(struct shop *shop, uuid ticket, uuid order);
void refuse_lock(struct shop *shop, uuid order, enum cancel_reason reason);

/* ---- what the payments service tells ---- */

enum charge_news { NEWS_BEGUN, NEWS_AUTHORIZED, NEWS_CAPTURED, NEWS_DECLINED, NEWS_REJECTED };

struct charge_state charge_telling(uuid order, enum charge_news news);
err hear_charge(struct shop *shop, uuid order, enum charge_news news);

#endif
