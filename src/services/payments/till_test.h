/* A shop of payments alone, for tests of the service: bob has an order for 20.05, and the test
 * plays the orders service and Stripe. */
#ifndef SERVICES_PAYMENTS_TILL_TEST_H
#define SERVICES_PAYMENTS_TILL_TEST_H

#include "services/payments/store.h"
#include "tests/support/shop.h"

struct till {
    struct shop shop;
    struct order_state order; /* as last told */
    uuid charge;              /* the last one that was begun */
    struct response waiting;  /* the answer that waits for it */
    struct request request;   /* … and its request */
    struct outcall call;      /* the last call that was claimed */
};

extern const uuid alice, bob, carol, nobody;

void till_open(struct till *till); /* the order is told of and awaits payment */
void till_close(struct till *till);

/* Text with a format, that lives as long as the till. */
const char *till_text(struct till *till, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
const char *till_id(struct till *till, uuid id);

/* POST /api/payments; the status, 0 if the answer waits. */
int pay(struct till *till, uuid who, const char *token);
/* The same; fails the test unless it waits for a charge. */
void begin(struct till *till, const char *token);
/* Goes on with the answer that waits. */
int answered(struct till *till);
int answered_late(struct till *till);

/* ---- the orders service ---- */

/* Tells the next version of the order. */
void tell_order(struct till *till, enum order_status status, enum cancel_reason reason);
/* The order is committed to the charge. */
void tell_claimed(struct till *till);
void tell_cancelled(struct till *till, enum cancel_reason reason);

/* ---- Stripe ---- */

/* Claims the calls that are due: fails unless it is this one, with a path that ends so. */
void assert_calls(struct till *till, const char *method, const char *path_end);
/* The call that was claimed last is that one again, byte for byte. */
void assert_same_call(struct till *till, const struct outcall *before);
void assert_no_call(struct till *till);
/* Answers the call that was claimed last. */
void stripe_says(struct till *till, int64_t status, const char *body);
/* … with our intent in this status. */
void stripe_intent(struct till *till, const char *status);
/* … with an intent that is not in the state that the call wants. */
void stripe_unexpected(struct till *till, const char *status);
void stripe_declines(struct till *till);
void stripe_outcome(struct till *till, enum outcome outcome);

const char *intent_of(struct till *till, const char *status);

/* Lets a call that waits to be sent again become due. */
void wait_for_retry(struct till *till);
void sweep(struct till *till);

struct charge stored(struct till *till);
void assert_phase(struct till *till, enum charge_phase phase, bool settled);

/* From nothing to a charge that Stripe holds or has captured. */
void until_authorized(struct till *till);
void until_capturing(struct till *till);
void until_paid(struct till *till);

#endif
