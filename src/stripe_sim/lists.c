/* Lists: newest first, a page at a time. */
#include "stripe_sim/sim.h"

#define PAGE_DEFAULT 10
#define PAGE_MAX     100

static err read_bound(struct sim *sim, const char *name, int64_t add, int64_t *ret_ms, bool lower)
{
    int64_t when = -1;
    TRY(param_int(sim, name, &when));
    if (when < 0 || when > INT64_MAX / 1000 - 1)
        return OK;
    int64_t ms = (when + add) * 1000;
    if (lower ? ms > *ret_ms : ms < *ret_ms)
        *ret_ms = ms;
    return OK;
}

/* created, created[gte] and so on: stored in milliseconds, asked for in seconds. */
static err read_created(struct sim *sim, struct list_filter *filter)
{
    filter->created_from = 0;
    filter->created_before = INT64_MAX;
    TRY(read_bound(sim, "created", 0, &filter->created_from, true));
    TRY(read_bound(sim, "created", 1, &filter->created_before, false));
    TRY(read_bound(sim, "created[gte]", 0, &filter->created_from, true));
    TRY(read_bound(sim, "created[gt]", 1, &filter->created_from, true));
    TRY(read_bound(sim, "created[lte]", 1, &filter->created_before, false));
    return read_bound(sim, "created[lt]", 0, &filter->created_before, false);
}

static err read_limit(struct sim *sim, int64_t *ret_limit)
{
    *ret_limit = PAGE_DEFAULT;
    TRY(param_int(sim, "limit", ret_limit));
    if (*ret_limit < 1)
        return refuse_param(sim, "parameter_invalid_integer", S("limit"),
                            "This value must be greater than or equal to 1.");
    if (*ret_limit > PAGE_MAX)
        return refuse_param(sim, "parameter_invalid_integer", S("limit"),
                            "This value must be less than or equal to 100.");
    return OK;
}

static err check_cursor(struct sim *sim, const struct list_kind *kind, str id, const char *name)
{
    if (id.data == NULL)
        return OK;
    struct due key = { .id = id };
    void *record = arena_take(sim->op->arena, kind->size);
    err found = sql_one(sim->op, kind->find, &key, record);
    if (err_is(found, STATUS_NOT_FOUND))
        return refuse_missing(sim, 400, kind->what, id, name);
    return found;
}

static err read_cursors(struct sim *sim, const struct list_kind *kind, struct list_filter *filter)
{
    filter->starting_after = param(sim, "starting_after");
    filter->ending_before = param(sim, "ending_before");
    if (filter->starting_after.data != NULL && filter->ending_before.data != NULL) {
        const struct refusal both = {
            .message = S("Received both starting_after and ending_before parameters. Please pass"
                         " in only one."),
        };
        return refuse(sim, &both);
    }
    TRY(check_cursor(sim, kind, filter->starting_after, "starting_after"));
    return check_cursor(sim, kind, filter->ending_before, "ending_before");
}

#define EXPANDABLE_MAX 4

/* data.latest_charge, as lists name what is to be expanded. */
static err read_expand(struct sim *sim, const struct list_kind *kind, bool *ret_expanded)
{
    const char *names[EXPANDABLE_MAX] = { NULL };
    for (size_t i = 0; kind->expandable != NULL && kind->expandable[i] != NULL; i++) {
        assert(i + 1 < EXPANDABLE_MAX);
        names[i] =
            str_terminated(sim->op->arena, sim_format(sim->op, "data.%s", kind->expandable[i]));
    }
    return param_expand(sim, names, ret_expanded);
}

static err show_all(struct sim *sim, const struct list_kind *kind, const struct rows *rows,
                    const bool *expanded, bool backwards, struct buf *out)
{
    for (size_t i = 0; i < rows->count; i++) {
        size_t at = backwards ? rows->count - 1 - i : i;
        str json;
        TRY(kind->show(sim, (const char *)rows->items + at * kind->size, expanded, &json));
        if (i > 0)
            buf_add_char(out, ',');
        buf_add(out, json);
    }
    return OK;
}

err list_answer(struct sim *sim, const struct list_kind *kind, struct list_filter *filter)
{
    int64_t limit;
    bool expanded[EXPANDABLE_MAX] = { false };
    TRY(read_limit(sim, &limit));
    TRY(read_created(sim, filter));
    TRY(read_cursors(sim, kind, filter));
    TRY(read_expand(sim, kind, expanded));
    TRY(params_end(sim));

    filter->max = limit + 1; /* one more tells whether there is more */
    bool backwards = filter->ending_before.data != NULL;
    struct rows rows;
    TRY(sql_all(sim->op, backwards ? kind->after : kind->newest, filter, kind->size,
                (size_t)filter->max, &rows));
    bool more = rows.count > (size_t)limit;
    if (more)
        rows.count = (size_t)limit;

    struct buf out = buf_in(sim->op->arena, 2048);
    buf_add(&out, S("{\"object\":\"list\",\"data\":["));
    TRY(show_all(sim, kind, &rows, expanded, backwards, &out));
    buf_addf(&out, "],\"has_more\":%s,\"url\":\"%s\"}", more ? "true" : "false", kind->url);
    return answer_json(sim, buf_str(&out));
}

err retrieve_answer(struct sim *sim, const struct list_kind *kind, const char *param_name)
{
    bool expanded[EXPANDABLE_MAX] = { false };
    const struct due key = { .id = sim->id };
    void *record = arena_take(sim->op->arena, kind->size);
    str json;
    TRY(param_expand(sim, kind->expandable, expanded));
    TRY(params_end(sim));
    err found = sql_one(sim->op, kind->find, &key, record);
    if (err_is(found, STATUS_NOT_FOUND))
        return refuse_missing(sim, 404, kind->what, sim->id, param_name);
    TRY(found);
    TRY(kind->show(sim, record, expanded, &json));
    return answer_json(sim, json);
}
