/* What the payments service stores. */
#ifndef SERVICES_PAYMENTS_STORE_H
#define SERVICES_PAYMENTS_STORE_H

#include "services/payments/charge.h"
#include "services/payments/stripe_call.h"
#include "sql/sql.h"

/* What the orders service last told of an order. */
struct order_copy {
    uuid id;
    int64_t version;
    uuid user_id;
    uuid ticket_id;
    enum order_status status;
    enum cancel_reason cancel_reason;
    money price;
    str currency;
    instant expires_at;
    uuid charge_id; /* the charge that it is committed to */
};

/* ---- orders ---- */

err order_copy_find(struct op *op, uuid id, struct order_copy *ret_order);
/* Keeps the newer of what is known and what is told. */
err order_copy_keep(struct op *op, const struct order_copy *order);

/* ---- charges: each NOT_FOUND if there is none ---- */

err charge_find(struct op *op, uuid id, struct charge *ret_charge);
/* The charge of this order that was not rejected. */
err charge_find_of_order(struct op *op, uuid order_id, struct charge *ret_charge);
/* The caller's, newest first; `before` absent: from the newest. */
err charge_list(struct op *op, uuid user_id, uuid before, size_t max, struct rows *ret_charges);
/* Those that are not settled, were not looked after lately, and have no call under way. */
err charge_list_unsettled(struct op *op, size_t max, struct rows *ret_charges);
err charge_count_since(struct op *op, uuid user_id, instant since, int64_t *ret_count);
/* CONFLICT if the order has a charge. */
err charge_insert(struct op *op, const struct charge *charge);
/* Saves a moved charge as its next version, and tells everybody. */
err charge_save(struct op *op, struct charge *charge);
/* Saves what is nobody else's business: when to look again, what a person must look at, settled,
 * and Stripe's ids. */
err charge_note(struct op *op, const struct charge *charge);

/* ---- calls ---- */

err call_find(struct op *op, uuid id, struct stripe_call *ret_call);
/* The call of this charge that is not done. */
err call_find_open(struct op *op, uuid charge_id, struct stripe_call *ret_call);
/* How many calls of this kind the charge has had. */
err call_count(struct op *op, uuid charge_id, enum call_kind kind, int64_t *ret_count);
/* CONFLICT if another call of the charge is open. */
err call_insert(struct op *op, const struct stripe_call *call);
err call_update(struct op *op, const struct stripe_call *call);
/* Those to be sent now. */
err call_list_due(struct op *op, size_t max, struct rows *ret_calls);
/* Nobody waits for the answers of those that are on their way. */
err call_abandon_all(struct op *op);

extern const struct query *const payment_queries[];

#endif
