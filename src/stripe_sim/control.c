/* The control API: how a test tells the simulator to misbehave, and looks behind it.
 *
 *   POST   /_sim/faults          {"do", "method", "path", "key", "when", "ms", "status", "code",
 *                                 "times", "forever", "skip"}
 *   GET    /_sim/faults          DELETE /_sim/faults, /_sim/faults/:id (lets go what they hold)
 *   POST   /_sim/release         lets go of everything that hangs
 *   GET    /_sim/requests        what was asked, oldest first
 *   GET    /_sim/ledger          what was captured, refunded and is held, in all and per intent
 *   POST   /_sim/payment_intents/:id/authenticate {"result": "ok" or "fail"}
 *   POST   /_sim/payment_intents/:id/lapse, …/capture, …/cancel
 *   POST   /_sim/refunds/:id/settle, …/fail
 *   POST   /_sim/charges/:id/dispute {"reason", "inquiry"}
 *   POST   /_sim/disputes/:id/win, …/lose, …/escalate (an inquiry)
 *   POST   /_sim/accounts/:id/onboard, …/restrict, …/payout (what it has cannot be reversed)
 *   POST   /_sim/webhooks        {"mode", "types", "copies", "seed", "ageMs"}
 *   GET    /_sim/webhooks        every delivery of an event to an endpoint, oldest first
 *   POST   /_sim/flush           sends what is held, in the mode's order, and what waits to be
 * tried POST   /_sim/webhook_endpoints/:id/roll {"secret", "keepMs"} (we_configured is the given
 * one) GET    /_sim/clock           POST /_sim/clock {"advanceMs"} POST   /_sim/reset forgets
 * everything but the webhook endpoints
 *
 * do is delay, hang, drop, status, truncate, bad_json or wrong_amount; path may have * for any
 * text; key is how the Idempotency-Key begins; when is before (default) or after.  mode is send,
 * hold, drop, duplicate, reverse, shuffle, bad_signature, age, reissue or live: see deliveries.c.
 */
#include "stripe_sim/sim.h"

#define REQUESTS_SHOWN 1000
#define FAULTS_SHOWN   200

const struct problem sim_problem_wrong_state = {
    .status = STATUS_CONFLICT,
    .message = "It is in another state",
};

/* ---- faults ---- */

struct fault_form {
    enum fault_action action;
    str method;
    str path;
    str key;
    enum fault_occasion when;
    int64_t ms;
    int64_t status;
    str code;
    int64_t times;
    bool forever;
    int64_t skip;
};

static const struct field fault_form_fields[] = {
    /* In C, do is taken. */
    { .name = "do",
      .kind = FIELD_KIND_ENUM,
      .flags = FIELD_OPTIONAL,
      .offset = offsetof(struct fault_form, action),
      .names = fault_action_names,
      .rule = &(const struct rule){ .flags = RULE_REQUIRED } },
    FORM(struct fault_form, method, .max = 7),
    FORM(struct fault_form, path, .max = 200),
    FORM(struct fault_form, key, .max = 255),
    FORM_ENUM(struct fault_form, when, fault_occasion_names, .flags = 0),
    FORM(struct fault_form, ms, .min = 0, .max = 3600000),
    FORM(struct fault_form, status, .min = 400, .max = 599),
    FORM(struct fault_form, code, .max = 100),
    FORM(struct fault_form, times, .min = 1, .max = 1000000),
    FORM(struct fault_form, forever, .flags = 0),
    FORM(struct fault_form, skip, .min = 0, .max = 1000000),
    FIELDS_END,
};

static str or_absent(str text)
{
    return text.size == 0 ? (str){ NULL, 0 } : text;
}

static err add_fault(struct sim *sim, struct response *response)
{
    struct fault_form form = { .ms = 0 };
    TRY(json_read_form(sim->op->arena, sim->body, fault_form_fields, &form, NULL));
    const struct fault fault = {
        .id = sim_id(sim->op, "fault_"),
        .method = or_absent(form.method),
        .path = form.path.size == 0 ? S("*") : form.path,
        .key_prefix = or_absent(form.key),
        .occasion = form.when,
        .action = form.action,
        .ms = form.ms,
        .status = form.status ? form.status : 500,
        .code = or_absent(form.code),
        .times_left = form.times ? form.times : 1,
        .forever = form.forever,
        .skip = form.skip,
    };
    TRY(sql_run(sim->op, &fault_insert, &fault));
    return reply_json(sim->op, response, STATUS_CREATED, fault_fields, &fault);
}

static err list_faults(struct sim *sim, struct response *response)
{
    struct rows rows;
    TRY(sql_all(sim->op, &faults_all, NULL, sizeof(struct fault), FAULTS_SHOWN, &rows));
    return reply_rows(sim->op, response, fault_fields, sizeof(struct fault), &rows);
}

static err delete_faults(struct sim *sim, struct response *response)
{
    struct rows rows;
    TRY(sql_all(sim->op, &faults_all, NULL, sizeof(struct fault), FAULTS_SHOWN, &rows));
    for (size_t i = 0; i < rows.count; i++)
        TRY(sql_run(sim->op, &fault_delete, (struct fault *)rows.items + i));
    TRY(parked_release(sim, S("")));
    return reply_nothing(response, STATUS_NO_CONTENT);
}

static err delete_fault(struct sim *sim, struct response *response)
{
    const struct fault fault = { .id = sim->id };
    TRY(sql_run_any(sim->op, &fault_delete, &fault, NULL)); /* it may be used up */
    TRY(parked_release(sim, sim->id));
    return reply_nothing(response, STATUS_NO_CONTENT);
}

static err release(struct sim *sim, struct response *response)
{
    TRY(parked_release(sim, S("")));
    return reply_nothing(response, STATUS_NO_CONTENT);
}

/* ---- what was asked ---- */

static const struct field logged_fields[] = {
    FIELD(struct logged, seq),        FIELD(struct logged, at),
    FIELD(struct logged, request_id), FIELD(struct logged, method),
    FIELD(struct logged, path),       FIELD_OPT(struct logged, query),
    FIELD(struct logged, body),       FIELD_OPT(struct logged, key),
    FIELD(struct logged, status),     FIELD(struct logged, replayed),
    FIELD_OPT(struct logged, fault),  FIELDS_END,
};

const struct query requests_insert = {
    "insert into sim_requests (at, request_id, method, path, query, body, key, status, replayed,"
    " fault) values ($at, $request_id, $method, $path, $query, $body, $key, $status, $replayed,"
    " $fault)",
    .in = logged_fields,
};

const struct query requests_all = {
    "select seq, at, request_id, method, path, query, body, key, status, replayed, fault"
    " from sim_requests order by seq",
    .out = logged_fields,
};

const struct query requests_prune = {
    "delete from sim_requests where seq <= (select max(seq) from sim_requests) - $seq",
    .in = logged_fields,
};

static bool holds(str text, const char *what)
{
    return text.size > 0 && memmem(text.data, text.size, what, strlen(what)) != NULL;
}

/* Card numbers and secrets are not for logs, not even a simulator's. */
static str without_secrets(str text)
{
    return holds(text, "number") || holds(text, "cvc") || holds(text, "secret") ? S("(not kept)")
                                                                                : text;
}

err request_log(struct sim *sim, str fault)
{
    const struct logged line = {
        .seq = REQUESTS_SHOWN,
        .at = sim->op->now,
        .request_id = sim->request_id,
        .method = str_of(method_names[sim->method]),
        .path = sim->path,
        .query = without_secrets(sim->query),
        .body = without_secrets(sim->body),
        .key = sim->key,
        .status = sim->answer.status,
        .replayed = sim->answer.replayed,
        .fault = fault,
    };
    TRY(sql_run(sim->op, &requests_insert, &line));
    return sql_run_any(sim->op, &requests_prune, &line, NULL);
}

static err list_requests(struct sim *sim, struct response *response)
{
    struct rows rows;
    TRY(sql_all(sim->op, &requests_all, NULL, sizeof(struct logged), REQUESTS_SHOWN + 1, &rows));
    return reply_rows(sim->op, response, logged_fields, sizeof(struct logged), &rows);
}

/* ---- hands on payments, as in the dashboard or at the bank ---- */

struct result_form {
    str result;
};

static const struct field result_fields[] = {
    FORM(struct result_form, result, .max = 4),
    FIELDS_END,
};

static err find_intent(struct sim *sim, struct intent *ret_intent)
{
    struct due key = { .id = sim->id };
    return sql_one(sim->op, &intent_find, &key, ret_intent);
}

static err reply_intent(struct sim *sim, struct response *response)
{
    struct intent intent = { .amount = 0 };
    str json;
    TRY(find_intent(sim, &intent));
    TRY(show_intent(sim, &intent, NULL, &json));
    return reply_text(response, STATUS_OK, json);
}

/* A card that is declined here is news, not a failure of the control call. */
static err despite_decline(err e)
{
    return e.problem == &answered ? OK : e;
}

static err authenticate(struct sim *sim, struct response *response)
{
    struct intent intent = { .amount = 0 };
    struct result_form form = { .result = S("ok") };
    TRY(json_read_form(sim->op->arena, sim->body.size ? sim->body : S("{}"), result_fields, &form,
                       NULL));
    TRY(find_intent(sim, &intent));
    if (intent.status != INTENT_REQUIRES_ACTION)
        return FAIL(sim_problem_wrong_state);
    TRY(despite_decline(intent_authenticated(sim, &intent, !str_is(form.result, "fail"))));
    return reply_intent(sim, response);
}

static err lapse(struct sim *sim, struct response *response)
{
    struct intent intent = { .amount = 0 };
    TRY(find_intent(sim, &intent));
    if (intent.status != INTENT_REQUIRES_CAPTURE)
        return FAIL(sim_problem_wrong_state);
    TRY(intent_lapse(sim, &intent));
    return reply_intent(sim, response);
}

static err capture(struct sim *sim, struct response *response)
{
    struct intent intent = { .amount = 0 };
    TRY(find_intent(sim, &intent));
    if (intent.status != INTENT_REQUIRES_CAPTURE)
        return FAIL(sim_problem_wrong_state);
    TRY(despite_decline(intent_capture(sim, &intent, 0)));
    return reply_intent(sim, response);
}

static err cancel(struct sim *sim, struct response *response)
{
    struct intent intent = { .amount = 0 };
    TRY(find_intent(sim, &intent));
    bool open_session = intent.session.data != NULL && intent.status != INTENT_REQUIRES_CAPTURE;
    if (intent.status == INTENT_CANCELED || intent.status == INTENT_SUCCEEDED || open_session)
        return FAIL(sim_problem_wrong_state);
    TRY(intent_cancel(sim, &intent, S("requested_by_customer")));
    return reply_intent(sim, response);
}

static err end_refund(struct sim *sim, struct response *response, bool failed)
{
    struct due key = { .id = sim->id };
    struct refund refund = { .amount = 0 };
    TRY(sql_one(sim->op, &sim_refund_find, &key, &refund));
    if (str_is(refund.status, "failed"))
        return FAIL(sim_problem_wrong_state);
    TRY(sim_refund_settle(sim, &refund, failed));
    return reply_text(response, STATUS_OK, show_refund(sim, &refund));
}

static err settle_refund(struct sim *sim, struct response *response)
{
    return end_refund(sim, response, false);
}

static err fail_refund(struct sim *sim, struct response *response)
{
    return end_refund(sim, response, true);
}

/* ---- clock and reset ---- */

struct clock_form {
    int64_t advance_ms;
};

static const struct field clock_form_fields[] = {
    FORM(struct clock_form, advance_ms, .min = 0, .max = (int64_t)366 * 24 * 3600 * 1000),
    FIELDS_END,
};

static const struct field clock_fields[] = {
    FIELD(struct clock_row, ahead_ms),
    FIELDS_END,
};

const struct query clock_read = {
    "select ahead_ms from sim_clock where id = 1",
    .out = clock_fields,
};

const struct query clock_set = {
    "update sim_clock set ahead_ms = $ahead_ms where id = 1",
    .in = clock_fields,
};

static err show_clock(struct sim *sim, struct response *response)
{
    char now[INSTANT_TEXT_SIZE];
    instant_write(sim->now, now);
    return reply_text(response, STATUS_OK,
                      sim_format(sim->op, "{\"now\":\"%.*s\",\"ahead_ms\":%lld}", INSTANT_TEXT_SIZE,
                                 now, (long long)(sim->now.ms - sim->op->now.ms)));
}

static err advance_clock(struct sim *sim, struct response *response)
{
    struct clock_form form = { .advance_ms = 0 };
    TRY(json_read_form(sim->op->arena, sim->body, clock_form_fields, &form, NULL));
    sim->now.ms += form.advance_ms;
    const struct clock_row row = { .ahead_ms = sim->now.ms - sim->op->now.ms };
    TRY(sql_run(sim->op, &clock_set, &row));
    TRY(sim_settle(sim));
    return show_clock(sim, response);
}

const struct query wipes[WIPES] = {
    { "delete from sim_payment_methods", .in = clock_fields },
    { "delete from sim_intents", .in = clock_fields },
    { "delete from sim_charges", .in = clock_fields },
    { "delete from sim_refunds", .in = clock_fields },
    { "delete from sim_events", .in = clock_fields },
    { "delete from sim_keys", .in = clock_fields },
    { "delete from sim_faults", .in = clock_fields },
    { "delete from sim_parked", .in = clock_fields },
    { "delete from sim_requests", .in = clock_fields },
    { "delete from sim_checkouts", .in = clock_fields },
    { "delete from sim_items", .in = clock_fields },
    { "delete from sim_disputes", .in = clock_fields },
    { "delete from sim_balance", .in = clock_fields },
    { "delete from sim_accounts", .in = clock_fields },
    { "delete from sim_links", .in = clock_fields },
    { "delete from sim_transfers", .in = clock_fields },
    { "delete from sim_reversals", .in = clock_fields },
    { "delete from sim_deliveries", .in = clock_fields },
    { "update sim_webhooks set mode = 'send', types = '*'", .in = clock_fields },
    { "update sim_clock set ahead_ms = $ahead_ms", .in = clock_fields },
};

static err reset(struct sim *sim, struct response *response)
{
    const struct clock_row row = { .ahead_ms = 0 };
    for (size_t i = 0; i < WIPES; i++)
        TRY(sql_run_any(sim->op, &wipes[i], &row, NULL));
    return reply_nothing(response, STATUS_NO_CONTENT);
}

/* ---- which call ---- */

static const struct control_route {
    enum method method;
    const char *before;
    const char *after; /* behind an id; NULL: there is none */
    control_handler *handle;
} control_routes[] = {
    { POST, "/_sim/faults", NULL, add_fault },
    { GET, "/_sim/faults", NULL, list_faults },
    { DELETE, "/_sim/faults", NULL, delete_faults },
    { DELETE, "/_sim/faults/", "", delete_fault },
    { POST, "/_sim/release", NULL, release },
    { GET, "/_sim/requests", NULL, list_requests },
    { GET, "/_sim/ledger", NULL, control_ledger },
    { POST, "/_sim/payment_intents/", "/authenticate", authenticate },
    { POST, "/_sim/payment_intents/", "/lapse", lapse },
    { POST, "/_sim/payment_intents/", "/capture", capture },
    { POST, "/_sim/payment_intents/", "/cancel", cancel },
    { POST, "/_sim/refunds/", "/settle", settle_refund },
    { POST, "/_sim/refunds/", "/fail", fail_refund },
    { POST, "/_sim/charges/", "/dispute", control_charge_dispute },
    { POST, "/_sim/disputes/", "/win", control_dispute_win },
    { POST, "/_sim/disputes/", "/lose", control_dispute_lose },
    { POST, "/_sim/disputes/", "/escalate", control_dispute_escalate },
    { POST, "/_sim/accounts/", "/onboard", control_account_onboard },
    { POST, "/_sim/accounts/", "/restrict", control_account_restrict },
    { POST, "/_sim/accounts/", "/payout", control_account_payout },
    { GET, "/_sim/webhooks", NULL, control_webhooks_list },
    { POST, "/_sim/webhooks", NULL, control_webhooks_plan },
    { POST, "/_sim/flush", NULL, control_webhooks_flush },
    { POST, "/_sim/webhook_endpoints/", "/roll", control_endpoint_roll },
    { GET, "/_sim/clock", NULL, show_clock },
    { POST, "/_sim/clock", NULL, advance_clock },
    { POST, "/_sim/reset", NULL, reset },
};

static err control_run(struct sim *sim, struct response *response)
{
    for (size_t i = 0; i < sizeof control_routes / sizeof *control_routes; i++) {
        const struct control_route *route = &control_routes[i];
        if (route->method == sim->method && sim_path_fits(sim, route->before, route->after))
            return route->handle(sim, response);
    }
    return FAIL(problem_not_found);
}

static bool is_allowed(const struct request *request, str token)
{
    str bearer;
    str scheme = str_cut(request->header[HEADER_authorization], ' ', &bearer);
    return str_equal_nocase(scheme, S("Bearer")) && str_equal_secret(bearer, token);
}

err control_serve(struct sim *sim, str token, const struct request *request,
                  struct response *response)
{
    sim->request_id = sim_id(sim->op, "req_");
    err e = is_allowed(request, token) ? control_run(sim, response) : FAIL(problem_unauthorized);
    if (e.problem == NULL || e.problem->status < STATUS_INVALID ||
        e.problem->status >= STATUS_BROKEN)
        return e;
    reply_problem(sim->op, response, e.problem); /* checked before anything was written */
    return OK;
}
