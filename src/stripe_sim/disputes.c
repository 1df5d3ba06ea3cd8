/* Disputes: a buyer's bank takes its money back, or asks whether it should. */
#include "stripe_sim/cards.h"
#include "stripe_sim/money.h"
#include "stripe_sim/sim.h"

#define DISPUTE_FEE  1500 /* kept, whoever wins */
#define ANSWER_TIME  hours(9 * 24)
#define DISPUTES_MAX 100

const struct field sim_dispute_fields[] = {
    FIELD(struct dispute, id),
    FIELD(struct dispute, charge),
    FIELD(struct dispute, payment_intent),
    FIELD(struct dispute, amount),
    FIELD(struct dispute, currency),
    FIELD(struct dispute, reason),
    FIELD(struct dispute, status),
    FIELD(struct dispute, withdrawn),
    FIELD_OPT(struct dispute, evidence),
    FIELD(struct dispute, submissions),
    FIELD(struct dispute, metadata),
    FIELD(struct dispute, due_by),
    FIELD(struct dispute, created),
    FIELD(struct dispute, has_evidence),
    FIELD(struct dispute, refundable),
    FIELD(struct dispute, brand),
    FIELD(struct dispute, case_type),
    FIELD(struct dispute, submission_method),
    FIELD_OPT(struct dispute, movements),
    FIELDS_END,
};

#define COLUMNS                                                                          \
    "id, charge, payment_intent, amount, currency, reason, status, withdrawn, evidence," \
    " submissions, metadata, due_by, created"

const struct query sim_dispute_insert = {
    "insert into sim_disputes (" COLUMNS ") values ($id, $charge, $payment_intent, $amount,"
    " $currency, $reason, $status, $withdrawn, $evidence, $submissions, $metadata, $due_by,"
    " $created)",
    .in = sim_dispute_fields,
};

const struct query sim_dispute_update = {
    "update sim_disputes set status = $status, withdrawn = $withdrawn, evidence = $evidence,"
    " submissions = $submissions, metadata = $metadata where id = $id",
    .in = sim_dispute_fields,
};

const struct query sim_dispute_find = {
    "select " COLUMNS " from sim_disputes where id = $id",
    .in = due_fields,
    .out = sim_dispute_fields,
};

#define OF_CHARGE                                                        \
    " and ($payment_intent is null or payment_intent = $payment_intent)" \
    " and ($charge is null or charge = $charge)"

const struct query sim_disputes_newest = {
    LIST_NEWEST(COLUMNS, "sim_disputes", OF_CHARGE),
    .in = list_filter_fields,
    .out = sim_dispute_fields,
};

const struct query sim_disputes_after = {
    LIST_AFTER(COLUMNS, "sim_disputes", OF_CHARGE),
    .in = list_filter_fields,
    .out = sim_dispute_fields,
};

const struct query sim_disputes_of_charge = {
    "select " COLUMNS " from sim_disputes where charge = $id order by seq",
    .in = due_fields,
    .out = sim_dispute_fields,
};

const struct query sim_disputes_all = {
    "select " COLUMNS " from sim_disputes order by seq",
    .out = sim_dispute_fields,
};

/* ---- shape ---- */

#define EVIDENCE                                                                              \
    "{'enhanced_evidence':{},"                                                                \
    "'access_activity_log':null,'billing_address':null,'cancellation_policy':null,"           \
    "'cancellation_policy_disclosure':null,'cancellation_rebuttal':null,"                     \
    "'customer_communication':null,'customer_email_address':null,'customer_name':null,"       \
    "'customer_purchase_ip':null,'customer_signature':null,"                                  \
    "'duplicate_charge_documentation':null,'duplicate_charge_explanation':null,"              \
    "'duplicate_charge_id':null,'product_description':null,'receipt':null,"                   \
    "'refund_policy':null,'refund_policy_disclosure':null,'refund_refusal_explanation':null," \
    "'service_date':null,'service_documentation':null,'shipping_address':null,"               \
    "'shipping_carrier':null,'shipping_date':null,'shipping_documentation':null,"             \
    "'shipping_tracking_number':null,'uncategorized_file':null,'uncategorized_text':$evidence}"

static const char dispute_shape[] =
    "{'id':$id,'object':'dispute','amount':$amount,'balance_transactions':@movements,"
    "'charge':$charge,'created':$created,'currency':$currency,'enhanced_eligibility_types':[],"
    "'evidence':" EVIDENCE ",'evidence_details':{'due_by':$due_by,'enhanced_eligibility':{},"
    "'has_evidence':$has_evidence,'past_due':false,'submission_count':$submissions,"
    "'submission_method':$submission_method},'intended_submission_method':null,"
    "'is_charge_refundable':$refundable,'livemode':false,'metadata':@metadata,"
    "'payment_intent':$payment_intent,'payment_method_details':{'card':{'brand':$brand,"
    "'case_type':$case_type,'network':$brand,'network_reason_code':null},'type':'card'},"
    "'reason':$reason,'status':$status}";

static bool is_inquiry(const struct dispute *dispute)
{
    return str_starts(dispute->status, S("warning_"));
}

static bool is_open(const struct dispute *dispute)
{
    return !str_is(dispute->status, "won") && !str_is(dispute->status, "lost") &&
           !str_is(dispute->status, "warning_closed");
}

static err show_dispute(struct sim *sim, const struct dispute *dispute, str *ret_json)
{
    struct due key = { .id = dispute->charge };
    struct charge charge = { 0 };
    struct dispute shown = *dispute;
    TRY(sql_one(sim->op, &sim_charge_find, &key, &charge));
    TRY(show_movements_of(sim, dispute->id, &shown.movements));
    shown.brand = str_of(card_find(charge.card)->brand);
    shown.has_evidence = dispute->evidence.data != NULL;
    shown.refundable = is_inquiry(dispute);
    shown.case_type = is_inquiry(dispute) ? S("inquiry") : S("chargeback");
    shown.submission_method = dispute->submissions > 0 ? S("manual") : S("not_submitted");
    *ret_json = shape_fill(sim->op->arena, dispute_shape, sim_dispute_fields, &shown);
    return OK;
}

/* ---- moves ---- */

static err tell(struct sim *sim, const char *type, const struct dispute *dispute)
{
    str json;
    TRY(show_dispute(sim, dispute, &json));
    return event_tell(sim, type, dispute->id, json);
}

static err move(struct sim *sim, const struct dispute *dispute, bool back)
{
    struct movement movement = {
        .type = S("adjustment"),
        .category = back ? S("dispute_reversal") : S("dispute"),
        .amount = back ? dispute->amount : -dispute->amount,
        .fee = back ? 0 : DISPUTE_FEE,
        .currency = dispute->currency,
        .source = dispute->id,
        .description =
            sim_format(sim->op, "Chargeback %s for %.*s", back ? "reversal" : "withdrawal",
                       (int)dispute->charge.size, dispute->charge.data),
    };
    return sim_balance_move(sim, &movement);
}

err sim_dispute_open(struct sim *sim, const struct charge *charge, const char *reason, bool inquiry)
{
    assert(charge->captured && charge->amount_captured > charge->amount_refunded);
    struct dispute dispute = {
        .id = sim_id(sim->op, "dp_"),
        .charge = charge->id,
        .payment_intent = charge->payment_intent,
        .amount = charge->amount_captured - charge->amount_refunded,
        .currency = charge->currency,
        .reason = str_of(reason),
        .status = inquiry ? S("warning_needs_response") : S("needs_response"),
        .withdrawn = !inquiry,
        .metadata = S("{}"),
        .due_by = instant_after(sim->now, ANSWER_TIME),
        .created = sim->now,
    };
    TRY(sql_run(sim->op, &sim_dispute_insert, &dispute));
    if (!inquiry)
        TRY(move(sim, &dispute, false));
    TRY(tell(sim, "charge.dispute.created", &dispute));
    return inquiry ? OK : tell(sim, "charge.dispute.funds_withdrawn", &dispute);
}

static bool card_habit_disputes(enum card_habit habit)
{
    return habit == CARD_IS_DISPUTED || habit == CARD_IS_DISPUTED_NOT_RECEIVED ||
           habit == CARD_IS_INQUIRED;
}

bool card_is_disputed(str card)
{
    return card_habit_disputes(card_find(card)->habit);
}

err sim_dispute_by_card(struct sim *sim, const struct charge *charge)
{
    enum card_habit habit = card_find(charge->card)->habit;
    bool not_received = habit == CARD_IS_DISPUTED_NOT_RECEIVED;
    return sim_dispute_open(sim, charge, not_received ? "product_not_received" : "fraudulent",
                            habit == CARD_IS_INQUIRED);
}

static err dispute_close(struct sim *sim, struct dispute *dispute, bool won)
{
    assert(is_open(dispute));
    bool inquiry = is_inquiry(dispute);
    bool back = won && dispute->withdrawn;
    dispute->status = inquiry ? S("warning_closed") : won ? S("won") : S("lost");
    if (back)
        dispute->withdrawn = false;
    TRY(sql_run(sim->op, &sim_dispute_update, dispute));
    if (back)
        TRY(move(sim, dispute, true));
    TRY(tell(sim, "charge.dispute.closed", dispute));
    return back ? tell(sim, "charge.dispute.funds_reinstated", dispute) : OK;
}

/* An inquiry whose answer did not satisfy the bank. */
static err dispute_escalate(struct sim *sim, struct dispute *dispute)
{
    dispute->status = S("needs_response");
    dispute->withdrawn = true;
    TRY(sql_run(sim->op, &sim_dispute_update, dispute));
    TRY(move(sim, dispute, false));
    TRY(tell(sim, "charge.dispute.updated", dispute));
    return tell(sim, "charge.dispute.funds_withdrawn", dispute);
}

err sim_dispute_forbids_refund(struct sim *sim, str charge, bool *ret_forbids)
{
    const struct due key = { .id = charge };
    struct rows rows;
    TRY(sql_all(sim->op, &sim_disputes_of_charge, &key, sizeof(struct dispute), DISPUTES_MAX,
                &rows));
    *ret_forbids = false;
    for (size_t i = 0; i < rows.count; i++)
        *ret_forbids |= ((const struct dispute *)rows.items + i)->withdrawn;
    return OK;
}

/* ---- calls ---- */

static err show_one(struct sim *sim, const void *record, const bool *expanded, str *ret_json)
{
    (void)expanded;
    return show_dispute(sim, record, ret_json);
}

static const struct list_kind disputes = {
    .what = "dispute",
    .url = "/v1/disputes",
    .newest = &sim_disputes_newest,
    .after = &sim_disputes_after,
    .find = &sim_dispute_find,
    .size = sizeof(struct dispute),
    .show = show_one,
};

/* GET /v1/disputes/:id */
err retrieve_dispute(struct sim *sim)
{
    return retrieve_answer(sim, &disputes, "dispute");
}

/* GET /v1/disputes */
err list_disputes(struct sim *sim)
{
    struct list_filter filter = {
        .payment_intent = param(sim, "payment_intent"),
        .charge = param(sim, "charge"),
    };
    return list_answer(sim, &disputes, &filter);
}

static err get(struct sim *sim, struct dispute *ret_dispute)
{
    const struct due key = { .id = sim->id };
    err found = sql_one(sim->op, &sim_dispute_find, &key, ret_dispute);
    if (err_is(found, STATUS_NOT_FOUND))
        return refuse_missing(sim, 404, "dispute", sim->id, "dispute");
    return found;
}

static err refuse_closed(struct sim *sim)
{
    const struct refusal refusal = {
        .executed = true,
        .message = S("This dispute is already closed"),
    };
    return refuse(sim, &refusal);
}

static err answer_dispute(struct sim *sim, const struct dispute *dispute)
{
    str json;
    TRY(show_dispute(sim, dispute, &json));
    return answer_json(sim, json);
}

/* In test mode the evidence says who wins. */
static err submit(struct sim *sim, struct dispute *dispute)
{
    dispute->submissions++;
    if (str_is(dispute->evidence, "winning_evidence"))
        return dispute_close(sim, dispute, true);
    if (str_is(dispute->evidence, "losing_evidence"))
        return dispute_close(sim, dispute, false);
    dispute->status = is_inquiry(dispute) ? S("warning_under_review") : S("under_review");
    TRY(sql_run(sim->op, &sim_dispute_update, dispute));
    return tell(sim, "charge.dispute.updated", dispute);
}

/* POST /v1/disputes/:id */
err update_dispute(struct sim *sim)
{
    struct dispute dispute = { .amount = 0 };
    bool submits = true;
    TRY(get(sim, &dispute));
    str evidence = param(sim, "evidence[uncategorized_text]");
    TRY(param_bool(sim, "submit", &submits));
    TRY(param_metadata_merge(sim, "metadata", &dispute.metadata, NULL));
    TRY(param_expand(sim, NULL, NULL));
    TRY(params_end(sim));
    if (!is_open(&dispute))
        return refuse_closed(sim);
    if (evidence.data != NULL)
        dispute.evidence = evidence;
    if (evidence.data != NULL && submits) {
        TRY(submit(sim, &dispute));
    } else {
        TRY(sql_run(sim->op, &sim_dispute_update, &dispute));
        TRY(tell(sim, "charge.dispute.updated", &dispute));
    }
    return answer_dispute(sim, &dispute);
}

/* POST /v1/disputes/:id/close: we give in. */
err close_dispute(struct sim *sim)
{
    struct dispute dispute = { .amount = 0 };
    TRY(get(sim, &dispute));
    TRY(param_expand(sim, NULL, NULL));
    TRY(params_end(sim));
    if (!is_open(&dispute))
        return refuse_closed(sim);
    TRY(dispute_close(sim, &dispute, false));
    return answer_dispute(sim, &dispute);
}

/* ---- at the bank ---- */

static err reply_dispute(struct sim *sim, const struct dispute *dispute, struct response *response)
{
    str json;
    TRY(show_dispute(sim, dispute, &json));
    return reply_text(response, STATUS_OK, json);
}

static err control_close(struct sim *sim, struct response *response, bool won)
{
    const struct due key = { .id = sim->id };
    struct dispute dispute = { .amount = 0 };
    TRY(sql_one(sim->op, &sim_dispute_find, &key, &dispute));
    if (!is_open(&dispute))
        return FAIL(sim_problem_wrong_state);
    TRY(dispute_close(sim, &dispute, won));
    return reply_dispute(sim, &dispute, response);
}

err control_dispute_win(struct sim *sim, struct response *response)
{
    return control_close(sim, response, true);
}

err control_dispute_lose(struct sim *sim, struct response *response)
{
    return control_close(sim, response, false);
}

err control_dispute_escalate(struct sim *sim, struct response *response)
{
    const struct due key = { .id = sim->id };
    struct dispute dispute = { .amount = 0 };
    TRY(sql_one(sim->op, &sim_dispute_find, &key, &dispute));
    if (!is_open(&dispute) || !is_inquiry(&dispute))
        return FAIL(sim_problem_wrong_state);
    TRY(dispute_escalate(sim, &dispute));
    return reply_dispute(sim, &dispute, response);
}

struct reason_form {
    str reason;
    bool inquiry;
};

static const struct field reason_fields[] = {
    FORM(struct reason_form, reason, .max = 50),
    FORM(struct reason_form, inquiry, .flags = 0),
    FIELDS_END,
};

err control_charge_dispute(struct sim *sim, struct response *response)
{
    const struct due key = { .id = sim->id };
    struct charge charge = { 0 };
    struct reason_form form = { .inquiry = false };
    bool disputed = false;
    TRY(json_read_form(sim->op->arena, sim->body.size ? sim->body : S("{}"), reason_fields, &form,
                       NULL));
    TRY(sql_one(sim->op, &sim_charge_find, &key, &charge));
    TRY(sim_dispute_forbids_refund(sim, charge.id, &disputed));
    if (!charge.captured || disputed || charge.amount_captured == charge.amount_refunded)
        return FAIL(sim_problem_wrong_state);
    charge.disputed = true;
    TRY(sql_run(sim->op, &charge_update, &charge));
    const char *reason =
        form.reason.size ? str_terminated(sim->op->arena, form.reason) : "fraudulent";
    TRY(sim_dispute_open(sim, &charge, reason, form.inquiry));
    struct rows rows;
    TRY(sql_all(sim->op, &sim_disputes_of_charge, &key, sizeof(struct dispute), DISPUTES_MAX,
                &rows));
    return reply_dispute(sim, (const struct dispute *)rows.items + rows.count - 1, response);
}
