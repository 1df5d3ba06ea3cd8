/* A directory for a file of the SQLite store, and a service that tries its limits. */
#include "tests/store/place.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "tests/test.h"

static void keep_report(void *context, const char *message)
{
    struct place *place = context;
    snprintf(place->reported, sizeof place->reported, "%s", message);
}

void place_open(struct place *place)
{
    memset(place, 0, sizeof *place);
    snprintf(place->directory, sizeof place->directory, "/tmp/usher-store-XXXXXX");
    assert_non_null(mkdtemp(place->directory));
    snprintf(place->path, sizeof place->path, "%s/test.db", place->directory);
}

void place_close(struct place *place)
{
    char path[128];
    const char *const endings[] = { "", "-wal", "-shm" };
    for (size_t i = 0; i < sizeof endings / sizeof endings[0]; i++) {
        snprintf(path, sizeof path, "%s%s", place->path, endings[i]);
        unlink(path);
    }
    assert_int_equal(rmdir(place->directory), 0);
    arena_free(&place->arena);
}

bool try_open(struct place *place, const struct service *service, bool read_only,
              const struct sqlite_hooks *hooks, struct sqlite **ret_store)
{
    const struct sqlite_options options = {
        .path = place->path,
        .read_only = read_only,
        .services = &service,
        .service_count = 1,
        .now = { 1795176000000 },
        .hooks = hooks,
        .report = keep_report,
        .report_context = place,
    };
    return sqlite_open(&options, ret_store, place->message, sizeof place->message);
}

struct sqlite *open_things(struct place *place, bool read_only)
{
    struct sqlite *store = NULL;
    if (!try_open(place, &things_service, read_only, NULL, &store))
        fail_msg("%s", place->message);
    return store;
}

struct op *op_on(struct place *place, struct sqlite *store)
{
    place->op = (struct op){ .arena = &place->arena, .tx = sqlite_tx(store) };
    return &place->op;
}

err insert(struct place *place, struct sqlite *store, unsigned n)
{
    const struct thing thing = thing_sample(n);
    return sql_run(op_on(place, store), &thing_insert, &thing);
}

int64_t count(struct place *place, struct sqlite *store)
{
    struct thing_count answer = { -1 };
    assert_ok(sql_one(op_on(place, store), &thing_count_all, NULL, &answer));
    return answer.count;
}

static const struct field narrow_fields[] = { FIELD(struct thing, id), FIELDS_END };

static const struct field count_fields[] = { FIELD(struct thing_count, count), FIELDS_END };
const struct query select_synchronous = {
    .text = "select synchronous as count from pragma_synchronous",
    .out = count_fields,
};
const struct query insert_part = { "insert into parts values ($id)", .in = narrow_fields };
const struct query rollback_all = { .text = "rollback" };

const struct query insert_whole = { "insert into things values ($id)", .in = narrow_fields };
static const struct query *const parts_queries[] = {
    &select_synchronous, &insert_part, &rollback_all, &insert_whole, &thing_count_all, NULL,
};
const struct migration parts_migrations[] = {
    { 1, "things", "create table things (id uuid primary key)" },
    { 2, "parts", "create table parts (thing_id uuid not null references things (id))" },
    { .text = NULL },
};
const struct service parts_service = {
    .name = "parts",
    .migrations = parts_migrations,
    .queries = parts_queries,
};

struct sqlite *open_parts(struct place *place)
{
    struct sqlite *store = NULL;
    if (!try_open(place, &parts_service, false, NULL, &store))
        fail_msg("%s", place->message);
    return store;
}
