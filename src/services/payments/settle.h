/* What follows from what is learned: the one path on which a charge changes, whoever brings the
 * news. */
#ifndef SERVICES_PAYMENTS_SETTLE_H
#define SERVICES_PAYMENTS_SETTLE_H

#include "services/payments/store.h"

/* Begins a charge: the row, the first call, ChargeCreated.  CONFLICT if the order has a charge. */
err charge_begin(struct op *op, const struct charge *charge);

/* A fact about this charge is known, from Stripe or from its order.  Moves it, tells everybody, and
 * has Stripe called if that is what follows. */
err charge_learn(struct op *op, struct charge *charge, enum charge_fact fact);

/* Stripe answered a call, or did not: `answered` of struct outbound. */
err settle_answer(struct op *op, const struct outanswer *answer);

/* The calls to be made now: `claim` of struct outbound. */
err settle_claim(struct op *op, size_t max, struct rows *ret_calls);

/* A duty: looks after the charges that nobody has looked after for a while. */
err settle_sweep(struct op *op, bool *ret_more);

#endif
