/* The tables of the objects that Stripe shows. */
#include "stripe_sim/records.h"

const char *const intent_status_names[] = {
    "requires_payment_method",
    "requires_confirmation",
    "requires_action",
    "requires_capture",
    "canceled",
    "succeeded",
    NULL,
};

const struct field due_fields[] = {
    FIELD(struct due, id),
    FIELD(struct due, now),
    FIELDS_END,
};

const struct field list_filter_fields[] = {
    FIELD_OPT(struct list_filter, starting_after),
    FIELD_OPT(struct list_filter, ending_before),
    FIELD(struct list_filter, created_from),
    FIELD(struct list_filter, created_before),
    FIELD(struct list_filter, max),
    FIELD_OPT(struct list_filter, payment_intent),
    FIELD_OPT(struct list_filter, charge),
    FIELD_OPT(struct list_filter, type),
    FIELD_OPT(struct list_filter, types),
    FIELD_OPT(struct list_filter, source),
    FIELD_OPT(struct list_filter, destination),
    FIELD_OPT(struct list_filter, transfer),
    FIELD_OPT(struct list_filter, transfer_group),
    FIELD_OPT(struct list_filter, session),
    FIELD_OPT(struct list_filter, status),
    FIELD(struct list_filter, delivered),
    FIELD(struct list_filter, undelivered),
    FIELDS_END,
};

/* ---- payment methods ---- */

const struct field payment_method_fields[] = {
    FIELD(struct payment_method, id),
    FIELD(struct payment_method, card),
    FIELD(struct payment_method, slow_ms),
    FIELD(struct payment_method, used),
    FIELD(struct payment_method, billing_details),
    FIELD(struct payment_method, metadata),
    FIELD(struct payment_method, created),
    FIELDS_END,
};

#define PAYMENT_METHOD_COLUMNS "id, card, slow_ms, used, billing_details, metadata, created"

const struct query payment_method_insert = {
    "insert into sim_payment_methods (" PAYMENT_METHOD_COLUMNS ")"
    " values ($id, $card, $slow_ms, $used, $billing_details, $metadata, $created)",
    .in = payment_method_fields,
};

const struct query payment_method_find = {
    "select " PAYMENT_METHOD_COLUMNS " from sim_payment_methods where id = $id",
    .in = due_fields,
    .out = payment_method_fields,
};

const struct query payment_method_use = {
    "update sim_payment_methods set used = true where id = $id",
    .in = due_fields,
};

/* ---- payment intents ---- */

const struct field intent_fields[] = {
    FIELD(struct intent, id),
    FIELD_ENUM(struct intent, status, intent_status_names),
    FIELD(struct intent, amount),
    FIELD(struct intent, amount_capturable),
    FIELD(struct intent, amount_received),
    FIELD(struct intent, currency),
    FIELD(struct intent, capture_method),
    FIELD(struct intent, confirmation_method),
    FIELD(struct intent, client_secret),
    FIELD_OPT(struct intent, description),
    FIELD(struct intent, metadata),
    FIELD_OPT(struct intent, order_id),
    FIELD_OPT(struct intent, payment_method),
    FIELD(struct intent, payment_method_types),
    FIELD_OPT(struct intent, automatic_payment_methods),
    FIELD_OPT(struct intent, latest_charge),
    FIELD_OPT(struct intent, last_payment_error),
    FIELD_OPT(struct intent, next_action),
    FIELD_OPT(struct intent, return_url),
    FIELD_OPT(struct intent, canceled_at),
    FIELD_OPT(struct intent, cancellation_reason),
    FIELD_OPT(struct intent, receipt_email),
    FIELD_OPT(struct intent, setup_future_usage),
    FIELD_OPT(struct intent, statement_descriptor),
    FIELD_OPT(struct intent, statement_descriptor_suffix),
    FIELD_OPT(struct intent, transfer_group),
    FIELD_OPT(struct intent, session),
    FIELD_OPT(struct intent, hold_until),
    FIELD(struct intent, created),
    FIELD_OPT(struct intent, latest_charge_shown),
    FIELD_OPT(struct intent, payment_method_shown),
    FIELD_OPT(struct intent, configuration),
    FIELD_OPT(struct intent, options),
    FIELD(struct intent, refunded),
    FIELD(struct intent, held),
    FIELD(struct intent, disputed),
    FIELD(struct intent, transferred),
    FIELDS_END,
};

#define INTENT_COLUMNS                                                                      \
    "id, status, amount, amount_capturable, amount_received, currency, capture_method,"     \
    " confirmation_method, client_secret, description, metadata, order_id, payment_method," \
    " payment_method_types, automatic_payment_methods, latest_charge, last_payment_error,"  \
    " next_action, return_url, canceled_at, cancellation_reason, receipt_email,"            \
    " setup_future_usage, statement_descriptor, statement_descriptor_suffix,"               \
    " transfer_group, session, hold_until, created"

const struct query intent_insert = {
    "insert into sim_intents (" INTENT_COLUMNS ") values ($id, $status, $amount,"
    " $amount_capturable, $amount_received, $currency, $capture_method, $confirmation_method,"
    " $client_secret, $description, $metadata, $order_id, $payment_method,"
    " $payment_method_types, $automatic_payment_methods, $latest_charge, $last_payment_error,"
    " $next_action, $return_url, $canceled_at, $cancellation_reason, $receipt_email,"
    " $setup_future_usage, $statement_descriptor, $statement_descriptor_suffix,"
    " $transfer_group, $session, $hold_until, $created)",
    .in = intent_fields,
};

const struct query intent_update = {
    "update sim_intents set status = $status, amount = $amount,"
    " amount_capturable = $amount_capturable, amount_received = $amount_received,"
    " metadata = $metadata, order_id = $order_id, description = $description,"
    " transfer_group = $transfer_group, statement_descriptor_suffix = $statement_descriptor_suffix,"
    " payment_method = $payment_method, latest_charge = $latest_charge,"
    " last_payment_error = $last_payment_error, next_action = $next_action,"
    " return_url = $return_url, canceled_at = $canceled_at,"
    " cancellation_reason = $cancellation_reason, receipt_email = $receipt_email,"
    " hold_until = $hold_until where id = $id",
    .in = intent_fields,
};

const struct query intent_find = {
    "select " INTENT_COLUMNS " from sim_intents where id = $id",
    .in = due_fields,
    .out = intent_fields,
};

/* Holds that nobody captured in time. */
const struct query intents_lapsed = {
    "select " INTENT_COLUMNS " from sim_intents"
    " where status = 'requires_capture' and hold_until <= $now order by hold_until, seq",
    .in = due_fields,
    .out = intent_fields,
};

const struct query intents_newest = {
    LIST_NEWEST(INTENT_COLUMNS, "sim_intents", ""),
    .in = list_filter_fields,
    .out = intent_fields,
};

const struct query intents_after = {
    LIST_AFTER(INTENT_COLUMNS, "sim_intents", ""),
    .in = list_filter_fields,
    .out = intent_fields,
};

/* All intents as the oracle of a test wants them, oldest first. */
const struct query sim_ledger_rows = {
    "select id, status, amount, currency, metadata, order_id, latest_charge, created,"
    " amount_capturable as held, amount_received,"
    " coalesce((select sum(amount_refunded) from sim_charges"
    " where payment_intent = sim_intents.id), 0) as refunded,"
    " coalesce((select sum(amount) from sim_disputes"
    " where payment_intent = sim_intents.id and withdrawn), 0) as disputed,"
    " coalesce((select sum(amount - amount_reversed) from sim_transfers"
    " where source_transaction = sim_intents.latest_charge), 0) as transferred"
    " from sim_intents order by seq",
    .out = intent_fields,
};

/* ---- charges ---- */

const struct field sim_charge_fields[] = {
    FIELD(struct charge, id),
    FIELD(struct charge, status),
    FIELD(struct charge, payment_intent),
    FIELD(struct charge, payment_method),
    FIELD(struct charge, card),
    FIELD(struct charge, amount),
    FIELD(struct charge, amount_captured),
    FIELD(struct charge, amount_refunded),
    FIELD(struct charge, captured),
    FIELD(struct charge, disputed),
    FIELD(struct charge, authenticated),
    FIELD(struct charge, currency),
    FIELD_OPT(struct charge, description),
    FIELD(struct charge, metadata),
    FIELD_OPT(struct charge, failure_code),
    FIELD_OPT(struct charge, failure_message),
    FIELD(struct charge, outcome),
    FIELD_OPT(struct charge, balance_transaction),
    FIELD_OPT(struct charge, statement_descriptor),
    FIELD_OPT(struct charge, statement_descriptor_suffix),
    FIELD_OPT(struct charge, transfer_group),
    FIELD_OPT(struct charge, capture_before),
    FIELD(struct charge, created),
    FIELD(struct charge, paid),
    FIELD(struct charge, refunded),
    FIELD_OPT(struct charge, card_shown),
    FIELD_OPT(struct charge, receipt_url),
    FIELDS_END,
};

#define CHARGE_COLUMNS                                                                      \
    "id, status, payment_intent, payment_method, card, amount, amount_captured,"            \
    " amount_refunded, captured, disputed, authenticated, currency, description, metadata," \
    " failure_code, failure_message, outcome, balance_transaction, statement_descriptor,"   \
    " statement_descriptor_suffix, transfer_group, capture_before, created"

const struct query sim_charge_insert = {
    "insert into sim_charges (" CHARGE_COLUMNS ") values ($id, $status, $payment_intent,"
    " $payment_method, $card, $amount, $amount_captured, $amount_refunded, $captured,"
    " $disputed, $authenticated, $currency, $description, $metadata, $failure_code,"
    " $failure_message, $outcome, $balance_transaction, $statement_descriptor,"
    " $statement_descriptor_suffix, $transfer_group, $capture_before, $created)",
    .in = sim_charge_fields,
};

const struct query charge_update = {
    "update sim_charges set status = $status, amount_captured = $amount_captured,"
    " amount_refunded = $amount_refunded, captured = $captured, disputed = $disputed,"
    " failure_code = $failure_code, failure_message = $failure_message, outcome = $outcome,"
    " balance_transaction = $balance_transaction, capture_before = $capture_before"
    " where id = $id",
    .in = sim_charge_fields,
};

const struct query sim_charge_find = {
    "select " CHARGE_COLUMNS " from sim_charges where id = $id",
    .in = due_fields,
    .out = sim_charge_fields,
};

#define OF_INTENT " and ($payment_intent is null or payment_intent = $payment_intent)"

const struct query charges_newest = {
    LIST_NEWEST(CHARGE_COLUMNS, "sim_charges", OF_INTENT),
    .in = list_filter_fields,
    .out = sim_charge_fields,
};

const struct query charges_after = {
    LIST_AFTER(CHARGE_COLUMNS, "sim_charges", OF_INTENT),
    .in = list_filter_fields,
    .out = sim_charge_fields,
};

/* ---- refunds ---- */

const struct field sim_refund_fields[] = {
    FIELD(struct refund, id),
    FIELD(struct refund, status),
    FIELD(struct refund, amount),
    FIELD(struct refund, charge),
    FIELD(struct refund, payment_intent),
    FIELD(struct refund, payment_method),
    FIELD(struct refund, currency),
    FIELD_OPT(struct refund, reason),
    FIELD(struct refund, metadata),
    FIELD_OPT(struct refund, balance_transaction),
    FIELD_OPT(struct refund, failure_balance_transaction),
    FIELD_OPT(struct refund, failure_reason),
    FIELD_OPT(struct refund, pending_reason),
    FIELD_OPT(struct refund, settle_at),
    FIELD(struct refund, created),
    FIELDS_END,
};

#define REFUND_COLUMNS                                                              \
    "id, status, amount, charge, payment_intent, payment_method, currency, reason," \
    " metadata, balance_transaction, failure_balance_transaction, failure_reason,"  \
    " pending_reason, settle_at, created"

const struct query sim_refund_insert = {
    "insert into sim_refunds (" REFUND_COLUMNS ") values ($id, $status, $amount, $charge,"
    " $payment_intent, $payment_method, $currency, $reason, $metadata, $balance_transaction,"
    " $failure_balance_transaction, $failure_reason, $pending_reason, $settle_at, $created)",
    .in = sim_refund_fields,
};

const struct query sim_refund_update = {
    "update sim_refunds set status = $status, balance_transaction = $balance_transaction,"
    " failure_balance_transaction = $failure_balance_transaction,"
    " failure_reason = $failure_reason, pending_reason = $pending_reason,"
    " settle_at = $settle_at where id = $id",
    .in = sim_refund_fields,
};

const struct query sim_refund_find = {
    "select " REFUND_COLUMNS " from sim_refunds where id = $id",
    .in = due_fields,
    .out = sim_refund_fields,
};

const struct query sim_refunds_due = {
    "select " REFUND_COLUMNS " from sim_refunds"
    " where settle_at is not null and settle_at <= $now order by settle_at, seq",
    .in = due_fields,
    .out = sim_refund_fields,
};

#define OF_CHARGE OF_INTENT " and ($charge is null or charge = $charge)"

const struct query sim_refunds_all = {
    "select " REFUND_COLUMNS " from sim_refunds order by seq",
    .out = sim_refund_fields,
};

const struct query sim_refunds_newest = {
    LIST_NEWEST(REFUND_COLUMNS, "sim_refunds", OF_CHARGE),
    .in = list_filter_fields,
    .out = sim_refund_fields,
};

const struct query sim_refunds_after = {
    LIST_AFTER(REFUND_COLUMNS, "sim_refunds", OF_CHARGE),
    .in = list_filter_fields,
    .out = sim_refund_fields,
};

/* ---- events ---- */

const struct field sim_event_fields[] = {
    FIELD(struct sim_event, id),
    FIELD(struct sim_event, type),
    FIELD(struct sim_event, object_id),
    FIELD(struct sim_event, data),
    FIELD_OPT(struct sim_event, request_id),
    FIELD_OPT(struct sim_event, idempotency_key),
    FIELD_OPT(struct sim_event, account),
    FIELD(struct sim_event, created),
    FIELD(struct sim_event, pending),
    FIELD(struct sim_event, live),
    FIELDS_END,
};

#define EVENT_COLUMNS "id, type, object_id, data, request_id, idempotency_key, account, created"

/* Webhooks of it that have not arrived: those that will never be sent also count. */
#define PENDING                                                           \
    "(select count(distinct endpoint) from sim_deliveries"                \
    " where event = sim_events.id and state in ('ready', 'sent', 'held'," \
    " 'dropped', 'failed'))"

const struct query sim_event_insert = {
    "insert into sim_events (" EVENT_COLUMNS ") values ($id, $type, $object_id, $data,"
    " $request_id, $idempotency_key, $account, $created)",
    .in = sim_event_fields,
};

const struct query sim_event_find = {
    "select " EVENT_COLUMNS ", " PENDING " as pending from sim_events where id = $id",
    .in = due_fields,
    .out = sim_event_fields,
};

#define OF_TYPES                                                \
    " and ($type is null or type like $type)"                   \
    " and ($types is null or $types like '%,' || type || ',%')" \
    " and (not $delivered or " PENDING " = 0)"                  \
    " and (not $undelivered or " PENDING " > 0)"

const struct query sim_events_newest = {
    LIST_NEWEST(EVENT_COLUMNS ", " PENDING " as pending", "sim_events", OF_TYPES),
    .in = list_filter_fields,
    .out = sim_event_fields,
};

const struct query sim_events_after = {
    LIST_AFTER(EVENT_COLUMNS ", " PENDING " as pending", "sim_events", OF_TYPES),
    .in = list_filter_fields,
    .out = sim_event_fields,
};
