/* What the files of the simulator share, and nobody else sees. */
#ifndef STRIPE_SIM_SIM_H
#define STRIPE_SIM_SIM_H

#include "stripe_sim/records.h"
#include "stripe_sim/stripe_sim.h"

/* What goes back, before any fault has its way with it. */
struct answer {
    int64_t status; /* 0: none yet */
    str body;
    bool executed; /* the call got as far as doing something: kept under its key */
    bool replayed; /* kept from an earlier call with the same key */
    str original_request;
    str content_type; /* absent: JSON */
    str location;
    str limit_reason; /* Stripe-Rate-Limited-Reason */
    duration delay;
    bool drop;
};

/* One call under way. */
struct sim {
    struct op *op;
    instant now;  /* by the simulator's clock */
    str base_url; /* where the simulator is reached */
    enum method method;
    str path;
    str query;
    str body;
    str key; /* the Idempotency-Key of a POST; absent if none */
    str request_id;
    str id;       /* what stood in the path */
    str inner_id; /* and behind it: /v1/transfers/:id/reversals/:inner_id */
    struct form_text *texts;
    size_t text_count;
    bool *text_used;
    struct answer answer;
};

typedef err sim_handler(struct sim *sim);

/* How a handler ends early: the answer is there, in words of Stripe's.  The operation goes on, for
 * what a declined payment has written stays. */
extern const struct problem answered;

/* ---- refusal.c: errors as Stripe tells them ---- */

struct refusal {
    int status;       /* 0: 400 */
    bool executed;    /* more than a validation of the parameters */
    const char *type; /* NULL: invalid_request_error */
    const char *code;
    const char *decline_code;
    str message;
    const char *param;
    str charge;
    str payment_intent; /* JSON */
    str payment_method; /* JSON */
    const char *advice_code;
    const char *network_decline_code;
    const char *payment_method_type;
};

/* Always fails, with `answered`. */
err refuse(struct sim *sim, const struct refusal *refusal);
err refuse_param(struct sim *sim, const char *code, str param, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
/* 404 if the id stood in the path (param is then how its type is called), else 400. */
err refuse_missing(struct sim *sim, int status, const char *what, str id, const char *param);
/* It is no form. */
err refuse_encoding(struct sim *sim);
/* The error object without its envelope, as last_payment_error has it. */
str refusal_json(struct sim *sim, const struct refusal *refusal);
str sim_format(struct op *op, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* ---- params.c: what the form or query says, taken name by name ---- */

/* Decodes the body of a POST, the query of anything else. */
err params_read(struct sim *sim);
/* The last one of that name; absent if there is none or it is empty. */
str param(struct sim *sim, const char *name);
/* Whether it was sent, perhaps empty, which takes away what was there. */
bool param_given(struct sim *sim, str name, str *ret_text);
/* The one of a list: # in the format stands for its number. */
str param_at(struct sim *sim, const char *format, size_t at);
err param_required(struct sim *sim, const char *name, str *ret_text);
/* These leave *ret alone if there is none. */
err param_int(struct sim *sim, const char *name, int64_t *ret_value);
err param_bool(struct sim *sim, const char *name, bool *ret_value);
/* One of the names, which end with NULL. */
err param_choice(struct sim *sim, const char *name, const char *const *names, str *ret_text);
/* name[], name[0], …: at most max. */
err param_list(struct sim *sim, const char *name, str *ret_items, size_t max, size_t *ret_count);
/* Whether a name is name[inside]. */
bool param_is_inside(str text, str name, str *ret_inside);
/* billing_details[…] under a prefix ("" or "payment_method_data"), as JSON. */
str param_billing(struct sim *sim, const char *prefix);
/* expand[]: refused unless among the names. */
err param_expand(struct sim *sim, const char *const *names, bool *ret_expanded);
/* Refuses the first one that nobody took. */
err params_end(struct sim *sim);

/* ---- metadata.c ---- */

/* name[…] as a JSON object; *ret_order_id, unless NULL, is what it says of order_id, if it does. */
err param_metadata(struct sim *sim, const char *name, str *ret_json, str *ret_order_id);
/* The same into what there is: an empty text takes a key away, name= all of them. */
err param_metadata_merge(struct sim *sim, const char *name, str *json, str *ret_order_id);

/* ---- shape.c: records as Stripe shows them ---- */

/* Fills a shape: JSON with ' for ", where $name is the member of that name as JSON (null if
 * absent), @name a text that is JSON already, and a member that begins with ? is left out when
 * absent.  Instants become seconds. */
str shape_fill(struct arena *arena, const char *shape, const struct field *fields,
               const void *record);
str show_payment_method(struct sim *sim, const struct payment_method *method);
str show_charge(struct sim *sim, const struct charge *charge);
str show_refund(struct sim *sim, const struct refund *refund);
str show_event(struct sim *sim, const struct sim_event *event);
/* The latest charge and the payment method as JSON, or their ids alone. */
err show_intent(struct sim *sim, const struct intent *intent, const bool expanded[2],
                str *ret_json);
extern const char *const intent_expandable[];

/* A new id: prefix and 24 random letters and digits. */
str sim_id(struct op *op, const char *prefix);
err answer_json(struct sim *sim, str json);

/* ---- lists.c ---- */

struct list_kind {
    const char *what; /* "payment_intent", in "No such payment_intent: 'x'" */
    const char *url;
    const struct query *newest;
    const struct query *after;
    const struct query *find;
    size_t size;
    err (*show)(struct sim *sim, const void *record, const bool *expanded, str *ret_json);
    const char *const *expandable; /* NULL: nothing */
};

err list_answer(struct sim *sim, const struct list_kind *kind, struct list_filter *filter);
/* The one whose id stands in the path; param_name is how a refusal calls that. */
err retrieve_answer(struct sim *sim, const struct list_kind *kind, const char *param_name);

/* ---- money.c: what moves it, each with its events ---- */

struct attempt {
    struct payment_method method;
    bool fresh; /* not stored yet */
    bool off_session;
    bool error_on_requires_action;
};

/* A payment method by what a caller names it, an id, pm_card_… or pm_sim_…; or by a card token. */
err attempt_method(struct sim *sim, str id, struct attempt *attempt);
err attempt_token(struct sim *sim, str token, const char *param_name, str billing,
                  struct attempt *attempt);
/* By its number, which goes no further.  Fails with `answered` if it is no test card's. */
err attempt_number(struct sim *sim, str number, str name, str email, struct attempt *attempt);
#define NOT_A_TEST_CARD                                                                      \
    "Your card was declined. Your request was in test mode, but used a non test card. For a" \
    " list of valid test cards, visit: https://stripe.com/docs/testing."
err attempt_save(struct sim *sim, struct attempt *attempt);

err intent_get(struct sim *sim, str id, struct intent *ret_intent);
err intent_save(struct sim *sim, struct intent *intent);
err intent_tell(struct sim *sim, const char *type, const struct intent *intent);
err event_tell(struct sim *sim, const char *type, str object_id, str data);
/* Of a connected account. */
err event_tell_account(struct sim *sim, const char *type, str account, str data);
/* Fails with `answered` if the card is declined. */
err intent_attempt(struct sim *sim, struct intent *intent, struct attempt *attempt);
err intent_authenticated(struct sim *sim, struct intent *intent, bool passed);
/* amount 0: all of it. */
err intent_capture(struct sim *sim, struct intent *intent, int64_t amount);
err intent_cancel(struct sim *sim, struct intent *intent, str reason);
err intent_lapse(struct sim *sim, struct intent *intent);
/* payment_intent_unexpected_state, with the intent as it is. */
err refuse_state(struct sim *sim, const struct intent *intent, str message);

err sim_refund_settle(struct sim *sim, struct refund *refund, bool failed);

/* ---- the calls ---- */

sim_handler create_payment_method, retrieve_payment_method;
sim_handler create_intent, retrieve_intent, list_intents, update_intent, confirm_intent,
    capture_intent, cancel_intent;
sim_handler retrieve_charge, list_charges;
sim_handler create_refund, retrieve_refund, list_refunds;
sim_handler retrieve_event, list_events;
sim_handler create_checkout, retrieve_checkout, list_checkouts, list_checkout_items,
    expire_checkout;
sim_handler retrieve_dispute, list_disputes, update_dispute, close_dispute;
sim_handler retrieve_movement, list_movements, retrieve_balance;
sim_handler create_account, retrieve_account, list_accounts, update_account, create_account_link;
sim_handler create_transfer, retrieve_transfer, list_transfers, update_transfer;
sim_handler create_reversal, retrieve_reversal, list_reversals;
sim_handler create_endpoint, retrieve_endpoint, list_endpoints, update_endpoint, delete_endpoint;

/* A currency by its code in any case. */
err sim_currency_known(struct sim *sim, str text, str *ret_currency);
/* payment_method_types[] as JSON; absent if not given. */
err param_method_types(struct sim *sim, str *ret_json);

/* The call that a method and a path name; answers 404 itself. */
err sim_dispatch(struct sim *sim);

/* ---- keys.c ---- */

/* Runs the call once per key: the answer is in sim->answer after OK. */
err keys_run(struct sim *sim);
/* Marks the key as running; *ret_busy if it is already, and then the answer is there. */
err keys_claim(struct sim *sim, bool *ret_busy);
err keys_release(struct sim *sim);
/* Keeps the answer under its key, if there is one, instead of what was kept. */
err keys_keep(struct sim *sim);
err keys_forget_old(struct sim *sim);
extern const struct query key_find, key_insert, key_delete, key_delete_running, keys_delete_old;

/* ---- faults.c ---- */

enum fault_action {
    FAULT_DELAY,
    FAULT_HANG,
    FAULT_DROP,
    FAULT_STATUS,
    FAULT_TRUNCATE,
    FAULT_BAD_JSON,
    FAULT_WRONG_AMOUNT,
};
extern const char *const fault_action_names[];

enum fault_occasion { FAULT_BEFORE, FAULT_AFTER };
extern const char *const fault_occasion_names[];

struct fault {
    str id;
    str method; /* absent: any */
    str path;   /* a prefix, or a pattern with * */
    str key_prefix;
    enum fault_occasion occasion;
    enum fault_action action;
    int64_t ms;
    int64_t status;
    str code;
    int64_t times_left;
    bool forever;
    int64_t skip;
};
extern const struct field fault_fields[];

/* Whether a text fits a pattern, in which * stands for any text. */
bool sim_matches(str pattern, str text);
/* The first fault that this call is to suffer, which is then used up by one; *ret_found. */
err fault_take(struct sim *sim, struct fault *ret_fault, bool *ret_found);
/* Instead of executing the call. */
err fault_before(struct sim *sim, const struct fault *fault, struct response *response);
/* To an answer that is on its way out. */
err fault_after(struct sim *sim, const struct fault *fault, struct response *response);
extern const struct query fault_insert, fault_update, fault_delete, faults_all;

/* ---- parked.c: calls and answers that a fault holds back ---- */

struct parked {
    uuid id;
    instant due_at; /* by the real clock; absent: when released */
    str fault;
    str method;
    str path;
    str query;
    str body;
    str key;
    str base_url;
    str request_id;
    bool answered;
    int64_t status;
    str answer;
    str original_request;
    bool dropped;
    instant parked_at;
};

/* How soon a call that waits for its release asks again. */
#define PARKED_POLL_MS 50

/* Holds the call back, or its answer if there is one. */
err park(struct sim *sim, const struct fault *fault, struct response *response);
/* Whether the call that response->wait names has still to wait: then it has a new `until`; else
 * `until` is absent, and so is the subject if the call was forgotten in a reset. */
err parked_wait(struct op *op, struct response *response);
/* Takes the answer of a call whose time has come. */
err parked_resume(struct sim *sim, uuid id);
/* Executes what has become due. */
err parked_run_due(struct sim *sim);
/* Lets go of what the fault holds; absent: everything. */
err parked_release(struct sim *sim, str fault);
err parked_forget_old(struct sim *sim);
extern const struct query parked_insert, parked_peek, parked_find, parked_delete, parked_due,
    parked_done, parked_release_some, parked_delete_old;

/* ---- deliveries.c ---- */

/* An event is on its way to every webhook endpoint that wants it. */
err sim_deliveries_add(struct sim *sim, const struct sim_event *event);
err sim_deliveries_forget_old(struct sim *sim);

/* ---- control.c, and what of it stands beside what it is about ---- */

err control_serve(struct sim *sim, str token, const struct request *request,
                  struct response *response);
extern const struct problem sim_problem_wrong_state; /* 409 */
extern const struct query requests_insert, requests_all, requests_prune, clock_read, clock_set;
#define WIPES 20
extern const struct query wipes[WIPES];

typedef err control_handler(struct sim *sim, struct response *response);

control_handler control_ledger;
control_handler control_charge_dispute, control_dispute_win, control_dispute_lose,
    control_dispute_escalate;
control_handler control_account_onboard, control_account_restrict, control_account_payout;
control_handler control_webhooks_plan, control_webhooks_list, control_webhooks_flush,
    control_endpoint_roll;

struct clock_row {
    int64_t ahead_ms;
};

/* One line of the log of requests. */
struct logged {
    int64_t seq;
    instant at;
    str request_id;
    str method;
    str path;
    str query;
    str body;
    str key;
    int64_t status;
    bool replayed;
    str fault;
};

err request_log(struct sim *sim, str fault);

/* ---- pages for people ---- */

bool sim_page_is(str path);
err sim_page_serve(struct sim *sim, struct response *response);
err sim_checkout_page(struct sim *sim, struct response *response);
err onboarding_page(struct sim *sim, struct response *response);

/* ---- stripe_sim.c ---- */

/* Whether the path is `before`; or, if after is not NULL, before, an id (then sim->id), after; and
 * another id if `after` ends with a slash. */
bool sim_path_fits(struct sim *sim, const char *before, const char *after);

/* Begins an operation: sim->op is set, what was due until now has happened. */
err sim_begin(struct sim *sim);

/* Lets time pass: holds lapse, refunds settle, calls that were held back run. */
err sim_settle(struct sim *sim);

#endif
