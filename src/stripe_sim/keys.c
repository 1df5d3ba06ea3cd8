/* Idempotency as Stripe's API v1 has it: the first call with a key that begins to execute decides,
 * and its status and body are repeated for a day, failures included; a refusal of the parameters
 * is not kept, for nothing was begun. */
#include <stdlib.h>

#include "base/codec.h"
#include "base/text.h"
#include "stripe_sim/sim.h"

#define KEPT_FOR     hours(24)
#define FORGET_BATCH 500

struct key_row {
    str key;
    str fingerprint;
    str method;
    str path;
    int64_t status; /* 0: still running */
    str body;
    str request_id;
    instant created;
    int64_t max;
};

static const struct field key_fields[] = {
    FIELD(struct key_row, key),        FIELD(struct key_row, fingerprint),
    FIELD(struct key_row, method),     FIELD(struct key_row, path),
    FIELD(struct key_row, status),     FIELD(struct key_row, body),
    FIELD(struct key_row, request_id), FIELD(struct key_row, created),
    FIELD(struct key_row, max),        FIELDS_END,
};

#define COLUMNS "key, fingerprint, method, path, status, body, request_id, created"

/* A key that was kept long enough is a new one. */
const struct query key_find = {
    "select " COLUMNS " from sim_keys where key = $key and created > $created",
    .in = key_fields,
    .out = key_fields,
};

const struct query key_insert = {
    "insert into sim_keys (" COLUMNS ") values ($key, $fingerprint, $method, $path, $status,"
    " $body, $request_id, $created)",
    .in = key_fields,
};

const struct query key_delete = {
    "delete from sim_keys where key = $key",
    .in = key_fields,
};

const struct query key_delete_running = {
    "delete from sim_keys where key = $key and status = 0",
    .in = key_fields,
};

const struct query keys_delete_old = {
    "delete from sim_keys where key in"
    " (select key from sim_keys where created <= $created order by created limit $max)",
    .in = key_fields,
};

err keys_forget_old(struct sim *sim)
{
    const struct key_row row = {
        .created = instant_before(sim->now, KEPT_FOR),
        .max = FORGET_BATCH,
    };
    return sql_run_any(sim->op, &keys_delete_old, &row, NULL);
}

/* ---- what the parameters were ---- */

static int compare_texts(const void *a, const void *b)
{
    str x = *(const str *)a;
    str y = *(const str *)b;
    size_t shorter = x.size < y.size ? x.size : y.size;
    int order = shorter ? memcmp(x.data, y.data, shorter) : 0;
    return order ? order : (x.size > y.size) - (x.size < y.size);
}

/* The same for the same parameters in another order. */
static str fingerprint_of(struct sim *sim)
{
    struct arena *arena = sim->op->arena;
    size_t count = 2 + sim->text_count;
    str *parts = ARENA_ARRAY(arena, str, count);

    parts[0] = str_of(method_names[sim->method]);
    parts[1] = sim->path;
    for (size_t i = 0; i < sim->text_count; i++) {
        const str pair[] = { sim->texts[i].name, sim->texts[i].text };
        parts[2 + i] = digest(arena, pair, 2);
    }
    qsort(parts + 2, sim->text_count, sizeof *parts, compare_texts);
    return hex_encode(arena, digest(arena, parts, count));
}

static struct key_row row_of(struct sim *sim)
{
    return (struct key_row){
        .key = sim->key,
        .fingerprint = fingerprint_of(sim),
        .method = str_of(method_names[sim->method]),
        .path = sim->path,
        .status = sim->answer.status,
        .body = sim->answer.body,
        .request_id = sim->request_id,
        .created = sim->now,
    };
}

/* ---- the calls ---- */

/* After a refusal the operation goes on: it is an answer like any other. */
static err settled(err e)
{
    return e.problem == &answered ? OK : e;
}

static err refuse_running(struct sim *sim)
{
    const struct refusal refusal = {
        .status = 409,
        .code = "idempotency_key_in_use",
        .message = sim_format(sim->op,
                              "There is currently another in-progress request using this"
                              " Idempotent Key (that probably means you submitted twice, and the"
                              " other request is still going through): %.*s. Please try again"
                              " later.",
                              (int)sim->key.size, sim->key.data),
    };
    return settled(refuse(sim, &refusal));
}

static err refuse_other(struct sim *sim, const struct key_row *row)
{
    int size = (int)sim->key.size;
    const char *key = sim->key.data;
    bool elsewhere = !str_equal(row->path, sim->path);
    const struct refusal refusal = {
        .type = "idempotency_error",
        .message = elsewhere
                       ? sim_format(sim->op,
                                    "Keys for idempotent requests can only be used for the same"
                                    " endpoint they were first used for ('%.*s' vs '%.*s'). Try"
                                    " using a key other than '%.*s' if you meant to execute a"
                                    " different request.",
                                    (int)sim->path.size, sim->path.data, (int)row->path.size,
                                    row->path.data, size, key)
                       : sim_format(sim->op,
                                    "Keys for idempotent requests can only be used with the same"
                                    " parameters they were first used with. Try using a key other"
                                    " than '%.*s' if you meant to execute a different request.",
                                    size, key),
    };
    return settled(refuse(sim, &refusal));
}

static err find(struct sim *sim, struct key_row *ret_row, bool *ret_found)
{
    const struct key_row asked = {
        .key = sim->key,
        .created = instant_before(sim->now, KEPT_FOR),
    };
    err found = sql_one(sim->op, &key_find, &asked, ret_row);
    *ret_found = !err_is(found, STATUS_NOT_FOUND);
    return *ret_found ? found : OK;
}

static err repeat(struct sim *sim, const struct key_row *row)
{
    if (row->status == 0)
        return refuse_running(sim);
    if (!str_equal(row->fingerprint, fingerprint_of(sim)))
        return refuse_other(sim, row);
    sim->answer.status = row->status;
    sim->answer.body = row->body;
    sim->answer.replayed = true;
    sim->answer.original_request = row->request_id;
    return OK;
}

static err check_key(struct sim *sim)
{
    if (text_length(sim->key) <= IDEMPOTENCY_KEY_MAX)
        return OK;
    return refuse_param(sim, NULL, S("Idempotency-Key"),
                        "Idempotency keys must be 255 characters or less.");
}

err keys_run(struct sim *sim)
{
    err e = params_read(sim);
    if (e.problem != NULL)
        return settled(e);
    if (sim->key.data == NULL)
        return settled(sim_dispatch(sim));
    e = check_key(sim);
    if (e.problem != NULL)
        return settled(e);

    struct key_row row = { .status = 0 };
    bool found;
    TRY(find(sim, &row, &found));
    if (found)
        return repeat(sim, &row);
    TRY(settled(sim_dispatch(sim)));
    sim->answer.original_request = sim->request_id;
    return sim->answer.executed ? keys_keep(sim) : OK;
}

err keys_keep(struct sim *sim)
{
    if (sim->key.data == NULL || sim->answer.replayed)
        return OK;
    struct key_row row = row_of(sim);
    TRY(sql_run_any(sim->op, &key_delete, &row, NULL));
    return sql_run(sim->op, &key_insert, &row);
}

err keys_claim(struct sim *sim, bool *ret_busy)
{
    struct key_row row = { .status = 0 };
    bool found = false;

    *ret_busy = false;
    if (sim->key.data == NULL)
        return OK;
    TRY(find(sim, &row, &found));
    *ret_busy = found && row.status == 0;
    if (*ret_busy)
        return refuse_running(sim);
    return found ? OK : keys_keep(sim);
}

err keys_release(struct sim *sim)
{
    if (sim->key.data == NULL)
        return OK;
    const struct key_row row = { .key = sim->key };
    return sql_run_any(sim->op, &key_delete_running, &row, NULL);
}
