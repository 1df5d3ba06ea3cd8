/* The life of one request to the simulator, and the service. */
#include "stripe_sim/sim.h"

/* ---- which call ---- */

static const struct {
    enum method method;
    const char *before;
    const char *after; /* behind an id; NULL: there is none */
    sim_handler *handle;
} calls[] = {
    { POST, "/v1/payment_methods", NULL, create_payment_method },
    { GET, "/v1/payment_methods/", "", retrieve_payment_method },
    { POST, "/v1/payment_intents", NULL, create_intent },
    { GET, "/v1/payment_intents", NULL, list_intents },
    { GET, "/v1/payment_intents/", "", retrieve_intent },
    { POST, "/v1/payment_intents/", "/confirm", confirm_intent },
    { POST, "/v1/payment_intents/", "/capture", capture_intent },
    { POST, "/v1/payment_intents/", "/cancel", cancel_intent },
    { GET, "/v1/charges", NULL, list_charges },
    { GET, "/v1/charges/", "", retrieve_charge },
    { POST, "/v1/refunds", NULL, create_refund },
    { GET, "/v1/refunds", NULL, list_refunds },
    { GET, "/v1/refunds/", "", retrieve_refund },
    { GET, "/v1/events", NULL, list_events },
    { GET, "/v1/events/", "", retrieve_event },
};

bool sim_path_fits(struct sim *sim, const char *before_text, const char *after_text)
{
    str before = str_of(before_text);
    if (after_text == NULL)
        return str_equal(sim->path, before);

    str after = str_of(after_text);
    if (!str_starts(sim->path, before) || sim->path.size <= before.size + after.size)
        return false;
    str id = { sim->path.data + before.size, sim->path.size - before.size - after.size };
    sim->id = id;
    return str_equal((str){ id.data + id.size, after.size }, after) &&
           memchr(id.data, '/', id.size) == NULL;
}

static err refuse_unknown(struct sim *sim)
{
    const struct refusal refusal = {
        .status = 404,
        .message = sim_format(sim->op,
                              "Unrecognized request URL (%s: %.*s). If you are trying to list"
                              " objects, remove the trailing slash. If you are trying to retrieve"
                              " an object, make sure you passed a valid (non-empty) identifier in"
                              " your code. Please see https://stripe.com/docs or we can help at"
                              " https://support.stripe.com/.",
                              method_names[sim->method], (int)sim->path.size, sim->path.data),
    };
    return refuse(sim, &refusal);
}

err sim_dispatch(struct sim *sim)
{
    for (size_t i = 0; i < sizeof calls / sizeof *calls; i++) {
        if (calls[i].method == sim->method && sim_path_fits(sim, calls[i].before, calls[i].after))
            return calls[i].handle(sim);
    }
    return refuse_unknown(sim);
}

/* ---- who asks ---- */

static const char base64_alphabet[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/* The user name of Basic credentials, which is the key. */
static str basic_user(struct op *op, str encoded)
{
    struct buf out = buf_in(op->arena, encoded.size);
    uint32_t bits = 0;
    int count = 0;
    for (size_t i = 0; i < encoded.size && encoded.data[i] != '='; i++) {
        const char *at = strchr(base64_alphabet, encoded.data[i]);
        if (at == NULL || *at == '\0')
            return (str){ NULL, 0 };
        bits = bits << 6 | (uint32_t)(at - base64_alphabet);
        count += 6;
        if (count >= 8) {
            count -= 8;
            buf_add_char(&out, (char)(bits >> count & 0xff));
        }
    }
    str rest;
    return str_cut(buf_str(&out), ':', &rest);
}

static str secret_key(struct op *op, const struct request *request)
{
    str credentials;
    str scheme = str_cut(request->header[HEADER_authorization], ' ', &credentials);
    if (str_equal_nocase(scheme, S("Bearer")))
        return str_trim(credentials);
    if (str_equal_nocase(scheme, S("Basic")))
        return basic_user(op, str_trim(credentials));
    return (str){ NULL, 0 };
}

/* Any key of test mode will do; one of live mode is taken for a dangerous mistake. */
static err check_secret_key(struct sim *sim, const struct request *request)
{
    str key = secret_key(sim->op, request);
    if (str_starts(key, S("sk_test_")) && key.size > S("sk_test_").size)
        return OK;
    const struct refusal refusal = {
        .status = 401,
        .message = key.size == 0
                       ? S("You did not provide an API key. You need to provide your API key in the"
                           " Authorization header, using Bearer auth (e.g. 'Authorization: Bearer"
                           " YOUR_SECRET_KEY'). See https://stripe.com/docs/api#authentication for"
                           " details, or we can help at https://support.stripe.com/.")
                       : S("Invalid API Key provided: this simulator takes keys that begin with"
                           " sk_test_"),
    };
    return refuse(sim, &refusal);
}

static err check_content_type(struct sim *sim, const struct request *request)
{
    str type = request->header[HEADER_content_type];
    if (request->method != POST || type.size == 0 || request->body.size == 0 ||
        str_starts(type, S("application/x-www-form-urlencoded")))
        return OK;
    return refuse_encoding(sim);
}

/* ---- time ---- */

#define SETTLED_AT_ONCE 1000

err sim_settle(struct sim *sim)
{
    const struct due due = { .now = sim->now };
    struct rows rows;

    TRY(sql_all(sim->op, &intents_lapsed, &due, sizeof(struct intent), SETTLED_AT_ONCE, &rows));
    for (size_t i = 0; i < rows.count; i++)
        TRY(intent_lapse(sim, (struct intent *)rows.items + i));
    TRY(sql_all(sim->op, &refunds_due, &due, sizeof(struct refund), SETTLED_AT_ONCE, &rows));
    for (size_t i = 0; i < rows.count; i++) {
        struct refund *refund = (struct refund *)rows.items + i;
        TRY(refund_settle(sim, refund, !str_is(refund->status, "pending")));
    }
    return parked_run_due(sim);
}

static err begin(struct sim *sim, struct op *op)
{
    struct clock_row clock;
    TRY(sql_one(op, &clock_read, NULL, &clock));
    sim->op = op;
    sim->now = instant_after(op->now, (duration){ clock.ahead_ms });
    return sim_settle(sim);
}

/* ---- one request ---- */

static str host_url(struct op *op, str host)
{
    if (host.size == 0)
        return S("http://127.0.0.1");
    return sim_format(op, "http://%.*s", (int)host.size, host.data);
}

static void describe(struct sim *sim, const struct stripe_sim_options *options,
                     const struct request *request)
{
    str key = request->header[HEADER_idempotency_key];
    sim->method = request->method;
    sim->path = request->path;
    sim->query = request->query;
    sim->body = request->body.data ? request->body : S("");
    sim->key = request->method == POST && key.size > 0 ? key : (str){ NULL, 0 };
    sim->base_url = options->base_url.size ? options->base_url
                                           : host_url(sim->op, request->header[HEADER_host]);
}

static void write_answer(struct sim *sim, const struct request *request, struct response *response)
{
    const struct answer *answer = &sim->answer;
    str version = request->header[HEADER_stripe_version];

    response->status = (int)answer->status;
    if (answer->status == 0)
        return;
    response->content_type = S("application/json");
    response->body = answer->body;
    response->delay = answer->delay;
    response->drop = answer->drop;
    response_add(response, "Request-Id", sim->request_id);
    response_add(response, "Stripe-Version", version.size ? version : S(STRIPE_SIM_VERSION));
    if (sim->key.data != NULL)
        response_add(response, "Idempotency-Key", sim->key);
    if (answer->original_request.data != NULL)
        response_add(response, "Original-Request", answer->original_request);
    if (answer->replayed)
        response_add(response, "Idempotent-Replayed", S("true"));
    if (answer->limit_reason.data != NULL)
        response_add(response, "Stripe-Rate-Limited-Reason", answer->limit_reason);
}

static err run_call(struct sim *sim, struct response *response, str *ret_fault)
{
    struct fault fault = { .ms = 0 };
    bool found;
    TRY(fault_take(sim, &fault, &found));
    if (found)
        *ret_fault = str_of(fault_action_names[fault.action]);
    if (found && fault.occasion == FAULT_BEFORE && fault.action != FAULT_WRONG_AMOUNT)
        return fault_before(sim, &fault, response);
    TRY(keys_run(sim));
    return found ? fault_after(sim, &fault, response) : OK;
}

static err serve_call(struct sim *sim, const struct request *request, struct response *response)
{
    str fault = { NULL, 0 };

    sim->request_id = sim_id(sim->op, "req_");
    err e = check_secret_key(sim, request);
    if (e.problem == NULL)
        e = check_content_type(sim, request);
    if (e.problem == NULL)
        e = run_call(sim, response, &fault);
    if (e.problem != &answered)
        TRY(e);
    TRY(request_log(sim, fault));
    write_answer(sim, request, response);
    return OK;
}

static err resume(const struct stripe_sim_options *options, struct op *op,
                  const struct request *request, struct response *response)
{
    TRY(parked_wait(op, response));
    if (response->wait.until.ms != 0)
        return OK;
    if (uuid_is_absent(response->wait.subject)) {
        response->drop = true;
        return OK;
    }
    struct sim sim = { .op = op };
    TRY(begin(&sim, op));
    describe(&sim, options, request);
    TRY(parked_resume(&sim, response->wait.subject));
    write_answer(&sim, request, response);
    return OK;
}

err stripe_sim_serve(const struct stripe_sim_options *options, struct op *op,
                     const struct request *request, struct response *response)
{
    if (!uuid_is_absent(response->wait.subject))
        return resume(options, op, request, response);

    struct sim sim = { .op = op };
    TRY(begin(&sim, op));
    describe(&sim, options, request);

    if (options->control_token.size > 0 && str_starts(sim.path, S("/_sim/")))
        return control_serve(&sim, options->control_token, request, response);
    if (page_is(sim.path))
        return page_serve(&sim, response);
    return serve_call(&sim, request, response);
}

/* ---- the service ---- */

static err pass_time(struct op *op, bool *ret_more)
{
    struct sim sim = { .op = op };
    TRY(begin(&sim, op));
    TRY(keys_forget_old(&sim));
    *ret_more = false;
    return parked_forget_old(&sim);
}

static const struct duty duties[] = {
    { "let time pass", { 1000 }, pass_time },
    { .name = NULL },
};

static const struct query *const queries[] = {
    &payment_method_insert,
    &payment_method_find,
    &payment_method_use,
    &intent_insert,
    &intent_update,
    &intent_find,
    &intents_lapsed,
    &intents_newest,
    &intents_after,
    &sim_charge_insert,
    &charge_update,
    &sim_charge_find,
    &charges_newest,
    &charges_after,
    &refund_insert,
    &refund_update,
    &refund_find,
    &refunds_due,
    &refunds_newest,
    &refunds_after,
    &sim_event_insert,
    &sim_event_find,
    &sim_events_newest,
    &sim_events_after,
    &ledger_rows,
    &key_find,
    &key_insert,
    &key_delete,
    &key_delete_running,
    &keys_delete_old,
    &fault_insert,
    &fault_update,
    &fault_delete,
    &faults_all,
    &parked_insert,
    &parked_peek,
    &parked_find,
    &parked_delete,
    &parked_due,
    &parked_done,
    &parked_release_some,
    &parked_delete_old,
    &requests_insert,
    &requests_all,
    &requests_prune,
    &clock_read,
    &clock_set,
    &wipes[0],
    &wipes[1],
    &wipes[2],
    &wipes[3],
    &wipes[4],
    &wipes[5],
    &wipes[6],
    &wipes[7],
    &wipes[8],
    &wipes[9],
    NULL,
};

extern const struct migration stripe_sim_migrations[];

const struct service stripe_sim_service = {
    .name = "stripe_sim",
    .migrations = stripe_sim_migrations,
    .queries = queries,
    .duties = duties,
};
