/* What the simulator stores: records, their tables of fields, and the statements on them. */
#ifndef STRIPE_SIM_RECORDS_H
#define STRIPE_SIM_RECORDS_H

#include "sql/sql.h"

struct payment_method {
    str id;
    str card;        /* the name of its test card, see cards.h */
    int64_t slow_ms; /* pm_sim_slow_<ms> */
    bool used;       /* a payment was made with it: there will be no second */
    str billing_details;
    str metadata;
    instant created;
};

enum intent_status {
    INTENT_REQUIRES_PAYMENT_METHOD,
    INTENT_REQUIRES_CONFIRMATION,
    INTENT_REQUIRES_ACTION,
    INTENT_REQUIRES_CAPTURE,
    INTENT_CANCELED,
    INTENT_SUCCEEDED,
    INTENT_STATUSES,
};
extern const char *const intent_status_names[];

struct intent {
    str id;
    enum intent_status status;
    int64_t amount;
    int64_t amount_capturable;
    int64_t amount_received;
    str currency;
    str capture_method;
    str confirmation_method;
    str client_secret;
    str description;
    str metadata;
    str order_id; /* of the metadata, for the ledger */
    str payment_method;
    str payment_method_types;
    str automatic_payment_methods;
    str latest_charge;
    str last_payment_error;
    str next_action;
    str return_url;
    instant canceled_at;
    str cancellation_reason;
    str receipt_email;
    str setup_future_usage;
    str statement_descriptor;
    str statement_descriptor_suffix;
    str transfer_group;
    str session; /* the checkout session that it belongs to */
    instant hold_until;
    instant created;
    /* Not stored: for its shape, and the ledger. */
    str latest_charge_shown;
    str payment_method_shown;
    str configuration;
    str options;
    int64_t refunded;
    int64_t held;
    int64_t disputed;    /* with the bank */
    int64_t transferred; /* to connected accounts, less what came back */
};

struct charge {
    str id;
    str status; /* succeeded or failed */
    str payment_intent;
    str payment_method;
    str card;
    int64_t amount;
    int64_t amount_captured;
    int64_t amount_refunded;
    bool captured;
    bool disputed;
    bool authenticated;
    str currency;
    str description;
    str metadata;
    str failure_code;
    str failure_message;
    str outcome;
    str balance_transaction;
    str statement_descriptor;
    str statement_descriptor_suffix;
    str transfer_group;
    instant capture_before;
    instant created;
    /* Not stored. */
    bool paid;
    bool refunded;
    str card_shown;
    str receipt_url;
};

struct refund {
    str id;
    str status; /* pending, succeeded or failed */
    int64_t amount;
    str charge;
    str payment_intent;
    str payment_method;
    str currency;
    str reason;
    str metadata;
    str balance_transaction;
    str failure_balance_transaction;
    str failure_reason;
    str pending_reason;
    instant settle_at; /* when a pending one succeeds, or a failing one fails */
    instant created;
};

struct sim_event {
    str id;
    str type;
    str object_id;
    str data;
    str request_id;
    str idempotency_key;
    str account; /* of a connected account's events */
    instant created;
    /* Not stored. */
    int64_t pending; /* webhooks */
    bool live;       /* what a webhook may pretend */
};

/* What a list asks for.  The bounds of created are in milliseconds, the second one excluded. */
struct list_filter {
    str starting_after;
    str ending_before;
    int64_t created_from;
    int64_t created_before;
    int64_t max;
    str payment_intent;
    str charge;
    str type;  /* a pattern of like */
    str types; /* ,a,b, */
    str source;
    str destination;
    str transfer;
    str transfer_group;
    str session;
    str status;
    bool delivered; /* events: of those only */
    bool undelivered;
};

/* A list runs from the newest on, behind starting_after; or towards the newest, from
 * ending_before on. */
#define LIST_NEWEST(columns, table, more)                                \
    "select " columns " from " table                                     \
    " where created >= $created_from and created < $created_before" more \
    " and ($starting_after is null or seq < (select seq from " table     \
    " where id = $starting_after)) order by seq desc limit $max"

#define LIST_AFTER(columns, table, more)                                 \
    "select " columns " from " table                                     \
    " where created >= $created_from and created < $created_before" more \
    " and seq > (select seq from " table " where id = $ending_before)"   \
    " order by seq limit $max"

/* The names of a statement's parameters that are not of a record. */
struct due {
    str id;
    instant now;
};

extern const struct field due_fields[];
extern const struct field list_filter_fields[];
extern const struct field payment_method_fields[];
extern const struct field intent_fields[];
extern const struct field sim_charge_fields[];
extern const struct field sim_refund_fields[];
extern const struct field sim_event_fields[];

extern const struct query payment_method_insert, payment_method_find, payment_method_use;
extern const struct query intent_insert, intent_update, intent_find, intents_lapsed;
extern const struct query intents_newest, intents_after;
extern const struct query sim_charge_insert, charge_update, sim_charge_find;
extern const struct query charges_newest, charges_after;
extern const struct query sim_refund_insert, sim_refund_update, sim_refund_find, sim_refunds_due;
extern const struct query sim_refunds_all, sim_refunds_newest, sim_refunds_after;
extern const struct query sim_event_insert, sim_event_find, sim_events_newest, sim_events_after;
extern const struct query sim_ledger_rows;

#endif
