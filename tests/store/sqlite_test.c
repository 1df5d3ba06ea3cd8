/* What only the SQLite store does: opening files, refusing wrong statements, batches, the
 * simulator's hook, readers beside a writer, a disk that is full. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/store/things.h"
#include "tests/support/world.h"
#include "tests/test.h"

/* ---- a directory for files, and connections to them ---- */

struct place {
    char directory[64];
    char path[96];
    char message[512];
    char reported[512];
    struct arena arena;
    struct op op;
};

static void keep_report(void *context, const char *message)
{
    struct place *place = context;
    snprintf(place->reported, sizeof place->reported, "%s", message);
}

static void place_open(struct place *place)
{
    memset(place, 0, sizeof *place);
    snprintf(place->directory, sizeof place->directory, "/tmp/usher-store-XXXXXX");
    assert_non_null(mkdtemp(place->directory));
    snprintf(place->path, sizeof place->path, "%s/test.db", place->directory);
}

static void place_close(struct place *place)
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

static bool try_open(struct place *place, const struct service *service, bool read_only,
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

static struct sqlite *open_things(struct place *place, bool read_only)
{
    struct sqlite *store = NULL;
    if (!try_open(place, &things_service, read_only, NULL, &store))
        fail_msg("%s", place->message);
    return store;
}

static struct op *op_on(struct place *place, struct sqlite *store)
{
    place->op = (struct op){ .arena = &place->arena, .tx = sqlite_tx(store) };
    return &place->op;
}

static err insert(struct place *place, struct sqlite *store, unsigned n)
{
    const struct thing thing = thing_sample(n);
    return sql_run(op_on(place, store), &thing_insert, &thing);
}

static int64_t count(struct place *place, struct sqlite *store)
{
    struct thing_count answer = { -1 };
    assert_ok(sql_one(op_on(place, store), &thing_count_all, NULL, &answer));
    return answer.count;
}

/* ---- statements are checked when the store opens ---- */

static const struct field narrow_fields[] = { FIELD(struct thing, id), FIELDS_END };

static void assert_refused(const struct query *query, const char *why)
{
    struct place place;
    place_open(&place);
    const struct query *const queries[] = { query, NULL };
    struct service service = things_service;
    service.queries = queries;
    struct sqlite *store;
    assert_false(try_open(&place, &service, false, NULL, &store));
    if (strstr(place.message, why) == NULL)
        fail_msg("\"%s\" does not say \"%s\"", place.message, why);
    place_close(&place);
}

TEST(a_parameter_that_its_record_lacks_is_refused_at_open)
{
    static const struct query query = { "delete from things where owner = $owner",
                                        .in = narrow_fields };
    assert_refused(&query, "query \"delete from things where owner = $owner\": its record has no"
                           " field for $owner");
}

TEST(a_parameter_without_a_record_is_refused_at_open)
{
    static const struct query query = { .text = "delete from things where id = $id" };
    assert_refused(&query, "no field for $id");
}

TEST(a_parameter_that_is_not_named_is_refused_at_open)
{
    static const struct query query = { "delete from things where id = ?", .in = narrow_fields };
    assert_refused(&query, "$name");
}

TEST(a_column_that_its_record_lacks_is_refused_at_open)
{
    static const struct query query = { "select id, owner from things", .out = narrow_fields };
    assert_refused(&query, "no field for column owner");
}

TEST(a_table_that_does_not_exist_is_refused_at_open)
{
    static const struct query query = { "select id from thinks", .out = narrow_fields };
    assert_refused(&query, "no such table: thinks");
}

TEST(two_statements_in_one_are_refused_at_open)
{
    static const struct query query = { .text = "delete from things; delete from things" };
    assert_refused(&query, "one statement");
}

/* ---- migrations ---- */

TEST(an_older_file_gets_the_migrations_that_it_lacks)
{
    struct place place;
    place_open(&place);
    const struct migration first_only[] = { things_migrations[0], { .text = NULL } };
    const struct service older = { .name = "things", .migrations = first_only };
    struct sqlite *store;
    assert_true(try_open(&place, &older, false, NULL, &store));
    sqlite_close(store);

    for (int i = 0; i < 2; i++) { /* and a second start applies nothing twice */
        store = open_things(&place, false);
        assert_ok(sqlite_begin(store));
        assert_ok(insert(&place, store, (unsigned)i));
        assert_ok(sqlite_commit(store));
        assert_int_equal(count(&place, store), i + 1);
        sqlite_close(store);
    }
    place_close(&place);
}

TEST(a_file_of_a_newer_program_is_refused_and_left_alone)
{
    struct place place;
    place_open(&place);
    sqlite_close(open_things(&place, false));

    const struct migration first_only[] = { things_migrations[0], { .text = NULL } };
    const struct service older = { .name = "things", .migrations = first_only };
    struct sqlite *store;
    assert_false(try_open(&place, &older, false, NULL, &store));
    assert_non_null(strstr(place.message, "newer version"));
    assert_non_null(strstr(place.message, "things"));

    sqlite_close(open_things(&place, false));
    place_close(&place);
}

TEST(a_migration_that_fails_is_named_and_leaves_nothing)
{
    struct place place;
    place_open(&place);
    const struct migration broken[] = { things_migrations[0],
                                        { 2, "typo", "create table other (id); alter tabel x" },
                                        { .text = NULL } };
    const struct service service = { .name = "things", .migrations = broken };
    struct sqlite *store;
    assert_false(try_open(&place, &service, false, NULL, &store));
    assert_non_null(strstr(place.message, "migration things 2 (typo): "));

    sqlite_close(open_things(&place, false)); /* from the very first migration */
    place_close(&place);
}

TEST(a_file_that_is_no_database_is_refused)
{
    struct place place;
    place_open(&place);
    FILE *file = fopen(place.path, "w");
    for (int i = 0; i < 4096; i++)
        fputs("no database ", file);
    fclose(file);
    struct sqlite *store;
    assert_false(try_open(&place, &things_service, false, NULL, &store));
    assert_non_null(strstr(place.message, "not a database"));
    place_close(&place);
}

/* ---- readers ---- */

TEST(a_reader_sees_what_is_committed_and_cannot_write)
{
    struct place place;
    place_open(&place);
    struct sqlite *writer = open_things(&place, false);
    struct sqlite *reader = open_things(&place, true);

    assert_ok(sqlite_begin(writer));
    assert_ok(insert(&place, writer, 1));
    assert_int_equal(count(&place, reader), 0);
    assert_ok(sqlite_commit(writer));
    assert_int_equal(count(&place, reader), 1);

    assert_status(insert(&place, reader, 2), STATUS_BROKEN);
    assert_non_null(strstr(place.reported, "insert into things"));
    assert_int_equal(count(&place, reader), 1); /* and the next operation reads again */

    sqlite_close(reader);
    sqlite_close(writer);
    place_close(&place);
}

TEST(a_snapshot_stays_while_the_writer_goes_on)
{
    struct place place;
    place_open(&place);
    struct sqlite *writer = open_things(&place, false);
    struct sqlite *reader = open_things(&place, true);

    assert_ok(sqlite_read_begin(reader));
    assert_int_equal(count(&place, reader), 0);
    assert_ok(sqlite_begin(writer));
    assert_ok(insert(&place, writer, 1));
    assert_ok(sqlite_commit(writer));
    assert_int_equal(count(&place, reader), 0);
    sqlite_read_end(reader);
    assert_int_equal(count(&place, reader), 1);

    sqlite_close(reader);
    sqlite_close(writer);
    place_close(&place);
}

TEST(a_writer_does_not_write_outside_of_an_operation)
{
    struct place place;
    place_open(&place);
    struct sqlite *store = open_things(&place, false);
    assert_status(insert(&place, store, 1), STATUS_BROKEN);
    assert_non_null(strstr(place.reported, "no transaction"));
    assert_int_equal(count(&place, store), 0);
    sqlite_close(store);
    place_close(&place);
}

/* ---- batches ---- */

TEST(an_operation_of_a_batch_that_fails_undoes_only_itself)
{
    struct place place;
    place_open(&place);
    struct sqlite *store = open_things(&place, false);

    assert_ok(sqlite_batch_begin(store));
    assert_ok(sqlite_begin(store));
    assert_ok(insert(&place, store, 1));
    assert_ok(sqlite_commit(store));

    assert_ok(sqlite_begin(store)); /* writes, and then fails */
    assert_ok(insert(&place, store, 2));
    assert_status(insert(&place, store, 1), STATUS_CONFLICT);
    sqlite_rollback(store);

    assert_ok(sqlite_begin(store)); /* fails, but its caller forgets to look */
    assert_ok(insert(&place, store, 3));
    assert_status(insert(&place, store, 3), STATUS_CONFLICT);
    assert_status(sqlite_commit(store), STATUS_BROKEN);

    assert_ok(sqlite_begin(store));
    assert_ok(insert(&place, store, 4));
    assert_ok(sqlite_commit(store));
    assert_true(sqlite_batch_lives(store));
    assert_ok(sqlite_batch_commit(store));

    assert_int_equal(count(&place, store), 2);
    sqlite_close(store);
    place_close(&place);
}

TEST(a_batch_that_is_rolled_back_never_was)
{
    struct place place;
    place_open(&place);
    struct sqlite *store = open_things(&place, false);
    assert_ok(sqlite_batch_begin(store));
    assert_ok(sqlite_begin(store));
    assert_ok(insert(&place, store, 1));
    assert_ok(sqlite_commit(store));
    sqlite_batch_rollback(store);
    assert_int_equal(count(&place, store), 0);
    sqlite_close(store);
    place_close(&place);
}

/* ---- the simulator's hook ---- */

struct interleaving {
    struct place *place;
    struct sqlite *store;
    unsigned next;
    unsigned calls;
    unsigned nested; /* operations to run in one another's hooks */
};

static void run_another(void *context)
{
    struct interleaving *interleaving = context;
    interleaving->calls++;
    if (interleaving->nested == 0)
        return;
    interleaving->nested--;
    unsigned n = interleaving->next++;
    struct arena arena = { 0 };
    assert_ok(sqlite_begin(interleaving->store));
    struct op op = { .arena = &arena, .tx = sqlite_tx(interleaving->store) };
    const struct thing thing = thing_sample(n);
    assert_ok(sql_run(&op, &thing_insert, &thing));
    assert_ok(sqlite_commit(interleaving->store));
    arena_free(&arena);
}

TEST(another_operation_can_commit_between_the_reads_and_the_first_write_of_one)
{
    struct place place;
    place_open(&place);
    struct interleaving interleaving = { .place = &place, .next = 1, .nested = 3 };
    const struct sqlite_hooks hooks = { run_another, &interleaving };
    struct sqlite *store;
    assert_true(try_open(&place, &things_service, false, &hooks, &store));
    interleaving.store = store;

    assert_ok(sqlite_begin(store));
    struct op *op = op_on(&place, store);
    struct thing_count seen;
    assert_ok(sql_mark(op)); /* which alone writes nothing */
    assert_ok(sql_one(op, &thing_count_all, NULL, &seen));
    assert_int_equal(seen.count, 0);
    assert_int_equal(interleaving.calls, 0);
    const struct thing thing = thing_sample(10);
    assert_ok(sql_run(op, &thing_insert, &thing));
    assert_int_equal(interleaving.calls, 4); /* ours, and those of the three inside */
    assert_ok(sql_one(op, &thing_count_all, NULL, &seen));
    assert_int_equal(seen.count, 4);
    assert_ok(sql_keep(op));
    sqlite_rollback(store);

    assert_int_equal(count(&place, store), 3); /* theirs were committed, ours was not */
    sqlite_close(store);
    place_close(&place);
}

/* ---- trouble ---- */

static char long_text[64 * 1024];

static off_t log_size(const struct place *place)
{
    char path[128];
    snprintf(path, sizeof path, "%s-wal", place->path);
    struct stat log;
    assert_int_equal(stat(path, &log), 0);
    return log.st_size;
}

TEST(the_log_is_moved_into_the_file_before_it_grows_long)
{
    struct place place;
    place_open(&place);
    struct sqlite *store = open_things(&place, false);
    memset(long_text, 'x', sizeof long_text);
    struct thing thing = thing_sample(0);
    thing.note = (str){ long_text, sizeof long_text };
    for (int i = 0; i < 100; i++) { /* 6.4 MB, half of it in batches */
        if (i % 2 == 0)
            assert_ok(sqlite_batch_begin(store));
        assert_ok(sqlite_begin(store));
        struct op *op = op_on(&place, store);
        assert_ok(sql_run_any(op, &thing_delete_all, &thing, NULL));
        assert_ok(sql_run(op, &thing_insert, &thing));
        assert_ok(sqlite_commit(store));
        if (i % 2 == 0) {
            assert_ok(sqlite_batch_commit(store));
            sqlite_checkpoint(store);
        }
    }
    assert_true(log_size(&place) < 3 * 1024 * 1024);
    sqlite_close(store);
    place_close(&place);
}

TEST(a_full_disk_is_said_to_be_unavailable_and_the_store_recovers)
{
    struct place place;
    place_open(&place);
    struct sqlite *store = open_things(&place, false);
    assert_ok(sqlite_begin(store));
    assert_ok(insert(&place, store, 0));
    assert_ok(sqlite_commit(store));

    sqlite_limit_pages(store, 1);
    memset(long_text, 'x', sizeof long_text);
    struct thing thing = thing_sample(1);
    thing.note = (str){ long_text, sizeof long_text };

    assert_ok(sqlite_batch_begin(store));
    assert_ok(sqlite_begin(store));
    struct op *op = op_on(&place, store);
    assert_status(sql_run(op, &thing_insert, &thing), STATUS_UNAVAILABLE);
    assert_status(sql_run(op, &thing_insert, &thing), STATUS_BROKEN);
    assert_non_null(strstr(place.reported, "full"));
    sqlite_rollback(store);
    err ended = sqlite_batch_commit(store); /* whether SQLite kept the rest is its choice */
    (void)ended;

    sqlite_limit_pages(store, 100000);
    assert_ok(sqlite_begin(store));
    op = op_on(&place, store);
    assert_ok(sql_run(op, &thing_insert, &thing));
    assert_ok(sqlite_commit(store));
    assert_int_equal(count(&place, store), 2);
    sqlite_close(store);
    place_close(&place);
}

TEST(a_failed_check_is_a_conflict_that_somebody_hears_of)
{
    struct place place;
    place_open(&place);
    struct sqlite *store = open_things(&place, false);
    assert_ok(sqlite_begin(store));
    struct thing thing = thing_sample(1);
    thing.price.minor = -1;
    assert_status(sql_run(op_on(&place, store), &thing_insert, &thing), STATUS_CONFLICT);
    assert_non_null(strstr(place.reported, "price > 0"));
    sqlite_rollback(store);
    sqlite_close(store);
    place_close(&place);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_parameter_that_its_record_lacks_is_refused_at_open),
        cmocka_unit_test(a_parameter_without_a_record_is_refused_at_open),
        cmocka_unit_test(a_parameter_that_is_not_named_is_refused_at_open),
        cmocka_unit_test(a_column_that_its_record_lacks_is_refused_at_open),
        cmocka_unit_test(a_table_that_does_not_exist_is_refused_at_open),
        cmocka_unit_test(two_statements_in_one_are_refused_at_open),
        cmocka_unit_test(an_older_file_gets_the_migrations_that_it_lacks),
        cmocka_unit_test(a_file_of_a_newer_program_is_refused_and_left_alone),
        cmocka_unit_test(a_migration_that_fails_is_named_and_leaves_nothing),
        cmocka_unit_test(a_file_that_is_no_database_is_refused),
        cmocka_unit_test(a_reader_sees_what_is_committed_and_cannot_write),
        cmocka_unit_test(a_snapshot_stays_while_the_writer_goes_on),
        cmocka_unit_test(a_writer_does_not_write_outside_of_an_operation),
        cmocka_unit_test(an_operation_of_a_batch_that_fails_undoes_only_itself),
        cmocka_unit_test(a_batch_that_is_rolled_back_never_was),
        cmocka_unit_test(another_operation_can_commit_between_the_reads_and_the_first_write_of_one),
        cmocka_unit_test(the_log_is_moved_into_the_file_before_it_grows_long),
        cmocka_unit_test(a_full_disk_is_said_to_be_unavailable_and_the_store_recovers),
        cmocka_unit_test(a_failed_check_is_a_conflict_that_somebody_hears_of),
    };
    return RUN_TESTS(tests);
}
