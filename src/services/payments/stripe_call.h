/* The calls to Stripe that a charge needs: their exact bytes, and what their answers mean.
 * By Stripe's API reference and error handling guide, version 2026-10-28.endive. */
#ifndef SERVICES_PAYMENTS_STRIPE_CALL_H
#define SERVICES_PAYMENTS_STRIPE_CALL_H

#include "services/payments/charge.h"
#include "services/service.h"

enum call_kind {
    CALL_METHOD, /* a payment method from a token */
    CALL_CREATE, /* a payment intent, confirmed at once, captured by hand */
    CALL_CAPTURE,
    CALL_CANCEL,
    CALL_REFUND,
    CALL_RETRIEVE, /* look the intent up by its id */
    CALL_LIST,     /* find it by our charge id, when its own id was never heard */
    CALL_KINDS     /* none */
};

extern const char *const stripe_call_kind_names[];

enum call_state { CALL_READY, CALL_SENT, CALL_DONE };

struct stripe_call {
    uuid id;
    int64_t version;
    uuid charge_id;
    enum call_kind kind;
    str idempotency_key; /* absent for GET */
    str method;
    str path;
    str body;
    enum call_state state;
    int64_t attempts;
    bool maybe_done; /* some attempt may have been carried out without our hearing of it */
    instant next_at; /* ready: when to send it; sent: when to give up waiting and send it again */
    instant first_sent_at;
    int64_t http_status;
    str request_id;
    instant created_at;
};

extern const struct field stripe_call_fields[];

/* A new call, ready to be sent at once.  `round` counts the calls of this kind for this charge: it
 * makes the idempotency key of a call that is made anew after Stripe kept a failure under the old
 * one. `method` is the payment method for CREATE. */
struct stripe_call stripe_call_new(struct op *op, const struct charge *charge, enum call_kind kind,
                                   int64_t round, str method);
/* The next page of a LIST, behind the intent with this id. */
struct stripe_call stripe_call_next_page(struct op *op, const struct charge *charge, str behind);

/* What an answer means for the call and its charge. */
enum verdict {
    VERDICT_FACT,    /* something is known: fact */
    VERDICT_METHOD,  /* the payment method exists: id */
    VERDICT_WAIT,    /* nothing new; look again later */
    VERDICT_RETRY,   /* send the same again */
    VERDICT_LOOK,    /* sending the same again is useless or dangerous: look at the truth */
    VERDICT_AWAY,    /* surely not carried out: Stripe is away, or does not let us in */
    VERDICT_REFUSED, /* Stripe refuses the request itself: a bad token */
    VERDICT_ABSENT,  /* LIST: there is no such intent */
    VERDICT_PAGE,    /* LIST: not on this page: id is the last of it */
    VERDICT_WRONG,   /* about another charge or amount: a person must look */
};

struct reading {
    enum verdict verdict;
    enum charge_fact fact;
    str id;      /* of the intent, payment method or refund */
    str code;    /* why declined or refused */
    str message; /* fit for the buyer */
};

/* Reads the answer to this call.  Pure; texts live in the arena. */
struct reading stripe_read(struct arena *arena, const struct charge *charge,
                           const struct stripe_call *call, const struct outanswer *answer,
                           instant now);

/* Whether the call was first sent so long ago that Stripe may carry it out a second time. */
bool stripe_key_may_be_forgotten(const struct stripe_call *call, instant now);

/* When to send it again: 0.5 s after the first attempt, then twice as long each time up to a
 * minute, and a little more by chance, so that many do not come at once. */
instant stripe_retry_at(struct op *op, const struct stripe_call *call);

#endif
