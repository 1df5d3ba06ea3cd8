/* A statement, prepared, and where each of its parameters and columns lies in its record. */
#include "adapters/sqlite_inside.h"

#include <stdio.h>
#include <stdlib.h>

const char *sqlite_query_name(const struct query *query, char ret_name[SQLITE_QUERY_NAME_SIZE])
{
    int written = snprintf(ret_name, SQLITE_QUERY_NAME_SIZE, "%s", query->text);
    if (written >= SQLITE_QUERY_NAME_SIZE)
        memcpy(ret_name + SQLITE_QUERY_NAME_SIZE - 4, "...", 4);
    return ret_name;
}

/* ---- finding a name in a record ---- */

static bool find_leaf(const struct field *fields, const char *name, struct sqlite_slot *slot);

/* A member of a record inside is prefixed by its name: ticket_id. */
static bool find_inside(const struct field *record, const char *name, struct sqlite_slot *slot)
{
    size_t prefix = strlen(record->name);
    if (strncmp(record->name, name, prefix) != 0 || name[prefix] != '_')
        return false;
    struct sqlite_slot inner = *slot;
    if (inner.inside == NULL && (record->flags & FIELD_OPTIONAL)) {
        inner.inside = record;
        inner.inside_offset = slot->offset;
    }
    inner.offset += record->offset;
    if (!find_leaf(record->fields, name + prefix + 1, &inner))
        return false;
    *slot = inner;
    return true;
}

static bool find_leaf(const struct field *fields, const char *name, struct sqlite_slot *slot)
{
    for (const struct field *field = fields; field != NULL && field->name != NULL; field++) {
        if (field->kind == FIELD_KIND_RECORD) {
            if (find_inside(field, name, slot))
                return true;
        } else if (field->kind != FIELD_KIND_LIST && strcmp(field->name, name) == 0) {
            slot->field = field;
            slot->offset += field->offset;
            return true;
        }
    }
    return false;
}

struct resolving {
    struct sqlite_plan *plan;
    const struct sqlite_why *why;
};

static bool refuse(const struct resolving *resolving, const char *what, const char *name)
{
    char query[SQLITE_QUERY_NAME_SIZE];
    return sqlite_refuse(resolving->why, "query \"%s\": %s%s",
                         sqlite_query_name(resolving->plan->query, query), what, name);
}

static struct sqlite_slot *slots_make(int count)
{
    struct sqlite_slot *slots = calloc((size_t)count + 1, sizeof *slots);
    assert(slots != NULL);
    return slots;
}

static bool resolve_in(const struct resolving *resolving)
{
    struct sqlite_plan *plan = resolving->plan;
    plan->in_count = sqlite3_bind_parameter_count(plan->statement);
    plan->in = slots_make(plan->in_count);
    for (int i = 0; i < plan->in_count; i++) {
        const char *name = sqlite3_bind_parameter_name(plan->statement, i + 1);
        if (name == NULL || name[0] != '$')
            return refuse(resolving, "a parameter that is no ", "$name");
        if (!find_leaf(plan->query->in, name + 1, &plan->in[i]))
            return refuse(resolving, "its record has no field for ", name);
    }
    return true;
}

static bool resolve_column(const struct resolving *resolving, int at)
{
    struct sqlite_plan *plan = resolving->plan;
    const char *name = sqlite3_column_name(plan->statement, at);
    assert(name != NULL);
    struct sqlite_slot *slot = &plan->out[at];
    if (!find_leaf(plan->query->out, name, slot))
        return refuse(resolving, "its record has no field for column ", name);
    for (int before = 0; before < at; before++) {
        if (plan->out[before].offset == slot->offset)
            return refuse(resolving, "two columns named ", name);
    }
    size_t end = slot->offset + field_size(slot->field);
    plan->out_size = end > plan->out_size ? end : plan->out_size;
    return true;
}

static bool resolve_out(const struct resolving *resolving)
{
    struct sqlite_plan *plan = resolving->plan;
    plan->out_count = sqlite3_column_count(plan->statement);
    plan->out = slots_make(plan->out_count);
    for (int i = 0; i < plan->out_count; i++) {
        if (!resolve_column(resolving, i))
            return false;
    }
    if (plan->query->out != NULL && plan->out_count == 0)
        return refuse(resolving, "it answers with no column", "");
    return true;
}

/* ---- one statement ---- */

static void plan_free(struct sqlite_plan *plan)
{
    sqlite3_finalize(plan->statement);
    free(plan->in);
    free(plan->out);
    memset(plan, 0, sizeof *plan);
}

/* A reader keeps no statement that writes: *plan then stays empty. */
static bool plan_make(struct sqlite_plan *plan, sqlite3 *db, bool read_only,
                      const struct sqlite_why *why)
{
    const struct resolving resolving = { plan, why };
    const char *rest = NULL;
    int code = sqlite3_prepare_v3(db, plan->query->text, -1, SQLITE_PREPARE_PERSISTENT,
                                  &plan->statement, &rest);
    if (code != SQLITE_OK)
        return refuse(&resolving, "", sqlite3_errmsg(db));
    if (plan->statement == NULL || rest[strspn(rest, " \n;")] != '\0')
        return refuse(&resolving, "expected one statement", "");
    plan->writes = !sqlite3_stmt_readonly(plan->statement);
    if (!resolve_in(&resolving) || !resolve_out(&resolving))
        return false;
    if (read_only && plan->writes)
        plan_free(plan);
    return true;
}

/* ---- all of them ---- */

/* The place of a query: its plan, or the empty one where it would be. */
static struct sqlite_plan *place_of(const struct sqlite_plans *plans, const struct query *query)
{
    uint64_t hash = (uint64_t)(uintptr_t)query * UINT64_C(0x9E3779B97F4A7C15);
    size_t at = (size_t)(hash >> 32) & (plans->capacity - 1);
    while (plans->slots[at].query != NULL && plans->slots[at].query != query)
        at = (at + 1) & (plans->capacity - 1);
    return &plans->slots[at];
}

const struct sqlite_plan *sqlite_plans_find(const struct sqlite_plans *plans,
                                            const struct query *query)
{
    const struct sqlite_plan *plan = place_of(plans, query);
    return plan->query != NULL ? plan : NULL;
}

static size_t count_queries(const struct sqlite_options *options)
{
    size_t count = 0;
    for (size_t i = 0; i < options->service_count; i++) {
        const struct query *const *query = options->services[i]->queries;
        while (query != NULL && *query != NULL) {
            query++;
            count++;
        }
    }
    return count;
}

bool sqlite_plans_make(struct sqlite_plans *plans, sqlite3 *db,
                       const struct sqlite_options *options, const struct sqlite_why *why)
{
    plans->capacity = 16;
    while (plans->capacity < 2 * count_queries(options))
        plans->capacity *= 2;
    plans->slots = calloc(plans->capacity, sizeof *plans->slots);
    assert(plans->slots != NULL);

    for (size_t i = 0; i < options->service_count; i++) {
        const struct query *const *query = options->services[i]->queries;
        for (; query != NULL && *query != NULL; query++) {
            struct sqlite_plan plan = { .query = *query };
            struct sqlite_plan *place = place_of(plans, *query);
            if (place->query != NULL)
                continue; /* two services may share it */
            if (!plan_make(&plan, db, options->read_only, why)) {
                plan_free(&plan);
                return false;
            }
            if (plan.query != NULL)
                *place = plan;
        }
    }
    return true;
}

void sqlite_plans_free(struct sqlite_plans *plans)
{
    for (size_t i = 0; plans->slots != NULL && i < plans->capacity; i++)
        plan_free(&plans->slots[i]);
    free(plans->slots);
    plans->slots = NULL;
}
