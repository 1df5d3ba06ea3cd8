/* A charge: one attempt to pay an order, from the first call to Stripe to the last.
 *
 * Authorize, decide, capture: Stripe holds the money, the orders service decides in a transaction
 * of its own, and only then is the money captured, or the hold voided. */
#ifndef SERVICES_PAYMENTS_CHARGE_H
#define SERVICES_PAYMENTS_CHARGE_H

#include "events/payloads.h"

enum charge_phase {
    CHARGE_NEW,             /* Stripe is being asked, or its answer is not known */
    CHARGE_ACTION_REQUIRED, /* the buyer's bank wants to see the buyer (3-D Secure) */
    CHARGE_AUTHORIZED,      /* the money is held; the order decides */
    CHARGE_CAPTURING,       /* the order is committed to this charge */
    CHARGE_PAID,            /* captured, the order is completed */
    CHARGE_DECLINED,        /* refused by the bank, or the hold lapsed */
    CHARGE_REJECTED, /* never got that far: bad token, Stripe away; the order may be paid again */
    CHARGE_VOIDING,  /* the order ended first: the hold is being released */
    CHARGE_VOIDED,
    CHARGE_REFUNDING, /* captured without a completed order: the money goes back */
    CHARGE_REFUNDED,
    CHARGE_PHASES
};

/* What can be learned, from Stripe or from the order.  Each may be learned late, twice or out of
 * order. */
enum charge_fact {
    FACT_AUTHORIZED,
    FACT_ACTION_REQUIRED,
    FACT_DECLINED,
    FACT_CAPTURED,
    FACT_CANCELED, /* the intent is closed and holds nothing */
    FACT_NEVER,    /* there is no intent and there will be none */
    FACT_REFUNDED,
    FACT_CLAIMED, /* the order is committed to this charge */
    FACT_ENDED,   /* the order is cancelled */
    CHARGE_FACTS
};

enum charge_outcome { CHARGE_UNDECIDED, CHARGE_MOVED, CHARGE_KEPT };

struct charge {
    uuid id;
    int64_t version;
    uuid order_id;
    uuid user_id;
    money amount;
    str currency;
    enum charge_phase phase;
    bool settled; /* Stripe need not be asked for anything more */
    str token;    /* tok_… or pm_…: what the buyer paid with */
    str stripe_id;
    str stripe_refund_id;
    str failure_code;
    str failure_message; /* fit for the buyer */
    str attention;       /* what a person must look at; absent: nothing */
    instant check_at;    /* when to look after it again */
    instant created_at;
    instant updated_at;
};

extern const struct field charge_fields[];

enum charge_outcome charge_apply(struct charge *charge, enum charge_fact fact);

enum charge_status charge_public_status(enum charge_phase phase);
/* What others are told of it. */
struct charge_state charge_state_of(const struct charge *charge);
/* Stripe has nothing of ours any more, or all that it should have. */
bool charge_phase_is_final(enum charge_phase phase);

/* What the API shows. */
struct charge_view {
    uuid id;
    uuid order_id;
    enum charge_status status;
    money amount;
    str currency;
    str stripe_id;
    str stripe_refund_id;
    str failure_message;
    instant created_at;
};

extern const struct field charge_view_fields[];
struct charge_view charge_view_of(const struct charge *charge);

#endif
