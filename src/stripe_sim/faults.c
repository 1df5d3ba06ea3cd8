/* Misbehaviour on request.  A fault strikes a call before it is executed, and then nothing was
 * done; or after, and then all was done and kept, but the answer is lost or wrong. */
#include "stripe_sim/sim.h"

const char *const fault_action_names[] = {
    "delay", "hang", "drop", "status", "truncate", "bad_json", "wrong_amount", NULL,
};

const char *const fault_occasion_names[] = { "before", "after", NULL };

#define FAULTS_MAX 200

const struct field fault_fields[] = {
    FIELD(struct fault, id),
    FIELD_OPT(struct fault, method),
    FIELD(struct fault, path),
    FIELD_OPT(struct fault, key_prefix),
    FIELD_ENUM(struct fault, occasion, fault_occasion_names),
    FIELD_ENUM(struct fault, action, fault_action_names),
    FIELD(struct fault, ms),
    FIELD(struct fault, status),
    FIELD_OPT(struct fault, code),
    FIELD(struct fault, times_left),
    FIELD(struct fault, forever),
    FIELD(struct fault, skip),
    FIELDS_END,
};

#define COLUMNS                                                                              \
    "id, method, path, key_prefix, occasion, action, ms, status, code, times_left, forever," \
    " skip"

const struct query fault_insert = {
    "insert into sim_faults (" COLUMNS ") values ($id, $method, $path, $key_prefix, $occasion,"
    " $action, $ms, $status, $code, $times_left, $forever, $skip)",
    .in = fault_fields,
};

const struct query fault_update = {
    "update sim_faults set times_left = $times_left, skip = $skip where id = $id",
    .in = fault_fields,
};

const struct query fault_delete = {
    "delete from sim_faults where id = $id",
    .in = fault_fields,
};

const struct query faults_all = {
    "select " COLUMNS " from sim_faults order by seq",
    .out = fault_fields,
};

/* ---- which fault ---- */

bool sim_matches(str pattern, str path)
{
    size_t p = 0, t = 0, star = SIZE_MAX, retry = 0;
    while (t < path.size) {
        if (p < pattern.size && pattern.data[p] == '*') {
            star = p++;
            retry = t;
        } else if (p < pattern.size && pattern.data[p] == path.data[t]) {
            p++;
            t++;
        } else if (star != SIZE_MAX) {
            p = star + 1;
            t = ++retry;
        } else {
            return false;
        }
    }
    while (p < pattern.size && pattern.data[p] == '*')
        p++;
    return p == pattern.size;
}

static bool strikes(const struct fault *fault, const struct sim *sim)
{
    if (fault->method.data != NULL && !str_is(fault->method, method_names[sim->method]))
        return false;
    if (fault->key_prefix.data != NULL && !str_starts(sim->key, fault->key_prefix))
        return false;
    return sim_matches(fault->path, sim->path);
}

static err use_up(struct sim *sim, struct fault *fault)
{
    if (!fault->forever)
        fault->times_left--;
    if (fault->times_left == 0 && !fault->forever)
        return sql_run(sim->op, &fault_delete, fault);
    return sql_run(sim->op, &fault_update, fault);
}

err fault_take(struct sim *sim, struct fault *ret_fault, bool *ret_found)
{
    struct rows rows;
    TRY(sql_all(sim->op, &faults_all, NULL, sizeof(struct fault), FAULTS_MAX, &rows));

    *ret_found = false;
    struct fault *faults = rows.items;
    for (size_t i = 0; i < rows.count && !*ret_found; i++) {
        if (!strikes(&faults[i], sim))
            continue;
        if (faults[i].skip > 0) {
            faults[i].skip--;
            TRY(sql_run(sim->op, &fault_update, &faults[i]));
        } else {
            *ret_fault = faults[i];
            *ret_found = true;
            TRY(use_up(sim, &faults[i]));
        }
    }
    return OK;
}

/* ---- what it does ---- */

static const char *code_of(const struct fault *fault)
{
    switch (fault->status) {
    case 402:
        return "card_declined";
    case 409:
        return "idempotency_key_in_use";
    case 429:
        return "rate_limit";
    default:
        return NULL;
    }
}

static void refuse_with_status(struct sim *sim, const struct fault *fault)
{
    const char *code =
        fault->code.data ? str_terminated(sim->op->arena, fault->code) : code_of(fault);
    const struct refusal refusal = {
        .status = (int)fault->status,
        .type = fault->status >= 500   ? "api_error"
                : fault->status == 402 ? "card_error"
                                       : NULL,
        .code = code,
        .message = S("The simulator was asked to fail here."),
    };
    err e = refuse(sim, &refusal);
    assert(e.problem == &answered);
    if (code != NULL && str_is(str_of(code), "rate_limit"))
        sim->answer.limit_reason = S("endpoint-rate");
}

/* 500 is kept under the key, whether or not something was executed. */
static err fail_with_status(struct sim *sim, const struct fault *fault)
{
    sim->answer.replayed = false;
    refuse_with_status(sim, fault);
    return fault->status == 500 ? keys_keep(sim) : OK;
}

static void spoil_json(struct sim *sim)
{
    if (sim->answer.body.size == 0)
        sim->answer.body = S("{\"id\":\"pi_");
    else
        sim->answer.body.size = (sim->answer.body.size + 1) / 2;
}

/* The first amount in it is a cent more. */
static void spoil_amount(struct sim *sim)
{
    const str name = S("\"amount\":");
    str body = sim->answer.body;
    const char *found = body.size ? memmem(body.data, body.size, name.data, name.size) : NULL;
    if (found == NULL)
        return;
    size_t start = (size_t)(found - body.data) + name.size;
    size_t end = start;
    while (end < body.size && body.data[end] >= '0' && body.data[end] <= '9')
        end++;
    int64_t amount = 0;
    bool sound = str_to_int((str){ body.data + start, end - start }, &amount);
    assert(sound);

    struct buf out = buf_in(sim->op->arena, body.size + 1);
    buf_add(&out, (str){ body.data, start });
    buf_add_int(&out, amount + 1);
    buf_add(&out, (str){ body.data + end, body.size - end });
    sim->answer.body = buf_str(&out);
}

err fault_before(struct sim *sim, const struct fault *fault, struct response *response)
{
    TRY(params_read(sim));
    switch (fault->action) {
    case FAULT_DELAY:
    case FAULT_HANG:
        return park(sim, fault, response);
    case FAULT_DROP:
        sim->answer.status = 500;
        sim->answer.drop = true;
        return OK;
    case FAULT_STATUS:
        return fail_with_status(sim, fault);
    case FAULT_TRUNCATE:
    case FAULT_BAD_JSON:
    case FAULT_WRONG_AMOUNT:
        sim->answer.status = 200;
        spoil_json(sim);
        return OK;
    }
    assert(!"a fault");
    return OK;
}

err fault_after(struct sim *sim, const struct fault *fault, struct response *response)
{
    switch (fault->action) {
    case FAULT_DELAY:
        sim->answer.delay.ms += fault->ms;
        return OK;
    case FAULT_HANG:
        return park(sim, fault, response);
    case FAULT_DROP:
        sim->answer.drop = true;
        return OK;
    case FAULT_STATUS:
        return fail_with_status(sim, fault);
    case FAULT_TRUNCATE:
        response->truncate_to = (sim->answer.body.size + 1) / 2;
        return OK;
    case FAULT_BAD_JSON:
        spoil_json(sim);
        return OK;
    case FAULT_WRONG_AMOUNT:
        spoil_amount(sim);
        return OK;
    }
    assert(!"a fault");
    return OK;
}
