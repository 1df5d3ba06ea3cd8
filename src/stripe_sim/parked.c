/* Calls that a fault holds back, and answers that it withholds.  They stand in the store, not in
 * the memory of a thread: what was held back is executed when its time comes, also if its client
 * has gone, and also after a restart. */
#include "stripe_sim/sim.h"

#define PARKED_MAX   100000 /* more clients than a server has */
#define FORGET_AFTER hours(1)

static const struct field parked_fields[] = {
    FIELD(struct parked, id),
    FIELD(struct parked, fault),
    FIELD(struct parked, method),
    FIELD(struct parked, path),
    FIELD_OPT(struct parked, query),
    FIELD(struct parked, body),
    FIELD_OPT(struct parked, key),
    FIELD(struct parked, base_url),
    FIELD(struct parked, request_id),
    FIELD(struct parked, answered),
    FIELD(struct parked, status),
    FIELD(struct parked, answer),
    FIELD_OPT(struct parked, original_request),
    FIELD(struct parked, dropped),
    FIELD_OPT(struct parked, due_at),
    FIELD(struct parked, parked_at),
    FIELDS_END,
};

#define COLUMNS                                                                          \
    "id, fault, method, path, query, body, key, base_url, request_id, answered, status," \
    " answer, original_request, dropped, due_at, parked_at"

const struct query parked_insert = {
    "insert into sim_parked (" COLUMNS ") values ($id, $fault, $method, $path, $query, $body,"
    " $key, $base_url, $request_id, $answered, $status, $answer, $original_request, $dropped,"
    " $due_at, $parked_at)",
    .in = parked_fields,
};

const struct query parked_find = {
    "select " COLUMNS " from sim_parked where id = $id",
    .in = parked_fields,
    .out = parked_fields,
};

const struct query parked_delete = {
    "delete from sim_parked where id = $id",
    .in = parked_fields,
};

const struct query parked_due = {
    "select " COLUMNS " from sim_parked where not answered and due_at <= $due_at"
    " order by due_at, parked_at, id",
    .in = parked_fields,
    .out = parked_fields,
};

const struct query parked_done = {
    "update sim_parked set answered = true, status = $status, answer = $answer,"
    " original_request = $original_request, dropped = $dropped where id = $id",
    .in = parked_fields,
};

const struct query parked_release_some = {
    "update sim_parked set due_at = $due_at"
    " where due_at is null and ($fault = '' or fault = $fault)",
    .in = parked_fields,
};

const struct query parked_delete_old = {
    "delete from sim_parked where answered and due_at is not null and parked_at < $parked_at",
    .in = parked_fields,
};

/* Without its texts, and of the first few bytes of the record: it is asked for again and again in
 * the same arena. */
const struct query parked_peek = {
    "select id, due_at from sim_parked where id = $id",
    .in = parked_fields,
    .out = parked_fields,
};

static struct wait wait_for(struct op *op, const struct parked *parked)
{
    bool timed = parked->due_at.ms > op->now.ms;
    return (struct wait){
        .subject = parked->id,
        .until = timed ? parked->due_at : instant_after(op->now, (duration){ PARKED_POLL_MS }),
    };
}

err parked_wait(struct op *op, struct response *response)
{
    struct parked parked = { .id = response->wait.subject };
    err found = sql_one(op, &parked_peek, &parked, &parked);
    if (err_is(found, STATUS_NOT_FOUND))
        response->wait = (struct wait){ .late = false };
    else if (found.problem != NULL)
        return found;
    else if (parked.due_at.ms == 0 || parked.due_at.ms > op->now.ms)
        response->wait = wait_for(op, &parked);
    else
        response->wait = (struct wait){ .subject = parked.id };
    return OK;
}

err park(struct sim *sim, const struct fault *fault, struct response *response)
{
    bool executed = sim->answer.status != 0;
    bool busy = false;
    if (!executed)
        TRY(keys_claim(sim, &busy));
    if (busy)
        return OK; /* 409 */

    const struct parked parked = {
        .id = op_new_id(sim->op),
        .fault = fault->id,
        .method = str_of(method_names[sim->method]),
        .path = sim->path,
        .query = sim->query,
        .body = sim->body,
        .key = sim->key,
        .base_url = sim->base_url,
        .request_id = sim->request_id,
        .answered = executed,
        .status = sim->answer.status,
        .answer = sim->answer.body,
        .original_request = sim->answer.original_request,
        .dropped = sim->answer.drop,
        .due_at = fault->action == FAULT_DELAY
                      ? instant_after(sim->op->now, (duration){ fault->ms })
                      : (instant){ 0 },
        .parked_at = sim->op->now,
    };
    TRY(sql_run(sim->op, &parked_insert, &parked));
    sim->answer = (struct answer){ .status = 0 };
    response->wait = wait_for(sim->op, &parked);
    return OK;
}

err parked_resume(struct sim *sim, uuid id)
{
    struct parked parked = { .id = id };
    TRY(sql_one(sim->op, &parked_find, &parked, &parked));
    assert(parked.answered); /* sim_settle() ran what is due */
    sim->request_id = parked.request_id;
    sim->answer.status = parked.status;
    sim->answer.body = parked.answer;
    sim->answer.original_request = parked.original_request;
    sim->answer.replayed = parked.original_request.data != NULL &&
                           !str_equal(parked.original_request, parked.request_id);
    sim->answer.drop = parked.dropped;
    return sql_run(sim->op, &parked_delete, &parked);
}

static enum method method_of(str name)
{
    unsigned method = 0;
    while (!str_is(name, method_names[method]))
        method++;
    assert(method < METHODS);
    return (enum method)method;
}

static err run_parked(struct sim *outer, struct parked *parked)
{
    struct sim sim = {
        .op = outer->op,
        .now = outer->now,
        .base_url = parked->base_url,
        .method = method_of(parked->method),
        .path = parked->path,
        .query = parked->query,
        .body = parked->body,
        .key = parked->key,
        .request_id = parked->request_id,
    };
    TRY(keys_release(&sim));
    TRY(keys_run(&sim));
    parked->status = sim.answer.status;
    parked->answer = sim.answer.body;
    parked->original_request = sim.answer.original_request;
    parked->dropped = sim.answer.drop;
    return sql_run(sim.op, &parked_done, parked);
}

err parked_run_due(struct sim *sim)
{
    struct parked asked = { .due_at = sim->op->now };
    struct rows rows;
    TRY(sql_all(sim->op, &parked_due, &asked, sizeof(struct parked), PARKED_MAX, &rows));
    for (size_t i = 0; i < rows.count; i++)
        TRY(run_parked(sim, (struct parked *)rows.items + i));
    return OK;
}

err parked_release(struct sim *sim, str fault)
{
    struct parked asked = { .fault = fault, .due_at = sim->op->now };
    return sql_run_any(sim->op, &parked_release_some, &asked, NULL);
}

err parked_forget_old(struct sim *sim)
{
    struct parked asked = { .parked_at = instant_before(sim->op->now, FORGET_AFTER) };
    return sql_run_any(sim->op, &parked_delete_old, &asked, NULL);
}
