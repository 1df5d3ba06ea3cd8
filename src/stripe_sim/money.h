/* Records of what happens to money after it was taken: the balance, disputes, accounts, transfers.
 */
#ifndef STRIPE_SIM_MONEY_H
#define STRIPE_SIM_MONEY_H

#include "stripe_sim/sim.h"

/* ---- balance.c ---- */

/* One movement of the balance: a balance transaction.  amount is signed, net is amount - fee. */
struct movement {
    str id;
    str type;
    str category;
    int64_t amount;
    int64_t fee;
    str currency;
    str source;
    str description;
    instant available_on; /* absent: at once */
    instant created;
    /* Not stored. */
    int64_t net;
    str status;
    str fee_details;
};

/* Stores it, and gives it its id. */
err sim_balance_move(struct sim *sim, struct movement *movement);
/* What a captured charge brings, less the fee; names the movement in it. */
err sim_balance_charge(struct sim *sim, struct charge *charge);
err sim_balance_available(struct sim *sim, str currency, int64_t *ret_amount);
err show_movements_of(struct sim *sim, str source, str *ret_json);
extern const struct query sim_movement_insert, sim_movement_find, sim_movements_newest,
    sim_movements_after, sim_movements_of, sim_purses_all;

/* ---- disputes.c ---- */

struct dispute {
    str id;
    str charge;
    str payment_intent;
    int64_t amount;
    str currency;
    str reason;
    str status;
    bool withdrawn; /* the bank has the money */
    str evidence;
    int64_t submissions;
    str metadata;
    instant due_by;
    instant created;
    /* Not stored. */
    bool has_evidence;
    bool refundable;
    str brand;
    str case_type;
    str submission_method;
    str movements;
};
extern const struct field sim_dispute_fields[];

bool card_is_disputed(str card);
/* What the card of a charge is made for, when it has been captured. */
err sim_dispute_by_card(struct sim *sim, const struct charge *charge);
err sim_dispute_open(struct sim *sim, const struct charge *charge, const char *reason,
                     bool inquiry);
err sim_dispute_forbids_refund(struct sim *sim, str charge, bool *ret_forbids);
extern const struct query sim_dispute_insert, sim_dispute_update, sim_dispute_find,
    sim_disputes_newest, sim_disputes_after, sim_disputes_of_charge, sim_disputes_all;

/* ---- accounts.c ---- */

struct account {
    str id;
    str type;
    str country;
    str currency;
    str email;
    str business_type;
    str business_name;
    str business_url;
    str product_description;
    str metadata;
    bool wants_transfers;
    bool wants_payments;
    bool submitted; /* the onboarding page was completed */
    bool enabled;
    str disabled_reason;
    int64_t balance;
    instant created;
    /* Not stored. */
    str capabilities;
    str requirements;
    str controller;
};

err sim_account_find(struct sim *sim, str id, struct account *ret_account);
bool sim_account_takes_transfers(const struct account *account);
err sim_account_save(struct sim *sim, struct account *account);
/* account.updated, with what it is now. */
err sim_account_tell(struct sim *sim, const struct account *account);
/* The onboarding page was completed. */
err sim_account_complete(struct sim *sim, struct account *account);
extern const struct query sim_account_insert, sim_account_update, sim_account_by_id,
    sim_accounts_newest, sim_accounts_after;
extern const struct query sim_link_insert, sim_link_find, sim_link_open, sim_link_delete;

/* ---- transfers.c ---- */

struct transfer {
    str id;
    int64_t amount;
    int64_t amount_reversed;
    str currency;
    str destination;
    str destination_payment;
    str source_transaction;
    str transfer_group;
    str description;
    str metadata;
    str balance_transaction;
    instant created;
    /* Not stored. */
    bool reversed;
    str reversals;
};
extern const struct field sim_transfer_fields[];

/* Of the path's id; 404 if there is none. */
err sim_transfer_get(struct sim *sim, struct transfer *ret_transfer);
err sim_transfer_tell(struct sim *sim, const char *type, const struct transfer *transfer);
err sim_refuse_transfer(struct sim *sim, const char *code, const char *param_name, str message);
/* A movement of the balance, back if the amount is above 0. */
err sim_transfer_move(struct sim *sim, const char *type, int64_t amount, str currency, str source,
                      str *ret_transaction);
/* $20.05, as Stripe's messages have it. */
str sim_cents(struct sim *sim, int64_t amount);

extern const struct query sim_transfer_insert, sim_transfer_update, sim_transfer_find,
    sim_transfers_all, sim_transfers_newest, sim_transfers_after, sim_transferred_of;

/* ---- reversals.c ---- */

/* The latest ones, as a list that stands in its transfer. */
err sim_show_reversals(struct sim *sim, str transfer, str *ret_json);
extern const struct query sim_reversal_insert, sim_reversal_find, sim_reversals_newest,
    sim_reversals_after;

#endif
