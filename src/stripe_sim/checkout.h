/* Checkout sessions: a page of Stripe's where a buyer pays. */
#ifndef STRIPE_SIM_CHECKOUT_H
#define STRIPE_SIM_CHECKOUT_H

#include "stripe_sim/sim.h"

enum checkout_status { CHECKOUT_OPEN, CHECKOUT_COMPLETE, CHECKOUT_EXPIRED };

struct checkout {
    str id;
    enum checkout_status status;
    int64_t amount_total;
    str currency;
    str payment_intent; /* absent until a card was given */
    str client_reference_id;
    str customer_email;
    str paid_by_email; /* as typed on the page */
    str paid_by_name;
    str metadata;
    str success_url;
    str cancel_url;
    str locale;
    str submit_type;
    str payment_method_types;
    /* Of the intent to be. */
    str capture_method;
    str description;
    str intent_metadata;
    str order_id;
    str receipt_email;
    str statement_descriptor;
    str statement_descriptor_suffix;
    str transfer_group;
    instant expires_at;
    instant created;
    /* Not stored. */
    str payment_status;
    str payment_intent_shown;
    str customer_details;
    str line_items;
    str url;
};

struct line_item {
    str id;
    str session;
    int64_t quantity;
    int64_t unit_amount;
    str currency;
    str name;
    str description;
    str price;
    str product;
    instant created;
    /* Not stored. */
    int64_t amount;
};

#define LINE_ITEMS_MAX 10

extern const struct field sim_checkout_fields[];
extern const struct query sim_checkout_insert, sim_checkout_update, sim_checkout_by_id,
    sim_checkouts_due, sim_checkouts_newest, sim_checkouts_after, sim_item_insert, sim_items_of;

/* ---- checkout_records.c ---- */

err sim_checkout_find(struct sim *sim, str id, struct checkout *ret_checkout);
err sim_checkout_items(struct sim *sim, str session, struct rows *ret_items);
/* The items and the intent as JSON, or left out and its id alone. */
err show_checkout(struct sim *sim, const struct checkout *checkout, const bool expanded[2],
                  str *ret_json);
extern const char *const sim_checkout_expandable[];
err sim_checkout_tell(struct sim *sim, const char *type, const struct checkout *checkout);

/* ---- checkout.c ---- */

/* The intent of a session is paid or held: the session is complete. */
err sim_checkout_complete(struct sim *sim, const struct intent *intent);
err sim_checkout_expire(struct sim *sim, struct checkout *checkout);

/* What the buyer typed on the page; the number is nowhere but in memory. */
struct typed_card {
    str email;
    str name;
    str number;
};

/* Pays with it: makes the intent if there is none yet.  Fails with `answered` if the card is
 * declined; the intent's last_payment_error says why. */
err sim_checkout_pay(struct sim *sim, struct checkout *checkout, const struct typed_card *typed,
                     struct intent *ret_intent);
/* Where the shop wants its buyer back. */
str sim_checkout_success_url(struct sim *sim, const struct checkout *checkout);

#endif
