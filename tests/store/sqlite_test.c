/* What only the SQLite store does: batches, the simulator's hook, readers beside a writer, a disk
 * that is full. */
#include <stdio.h>
#include <sys/stat.h>

#include "tests/store/place.h"
#include "tests/test.h"

/* ---- what every commit can count on ---- */

TEST(a_commit_is_flushed_to_the_disk)
{
    struct place place;
    place_open(&place);
    struct sqlite *store = open_parts(&place);
    struct thing_count answer = { -1 };
    assert_ok(sql_one(op_on(&place, store), &select_synchronous, NULL, &answer));
    assert_int_equal(answer.count, 2); /* FULL */
    sqlite_close(store);
    place_close(&place);
}

TEST(a_row_that_refers_to_none_is_a_conflict)
{
    struct place place;
    place_open(&place);
    struct sqlite *store = open_parts(&place);
    assert_ok(sqlite_begin(store));
    const struct thing thing = thing_sample(1);
    assert_status(sql_run(op_on(&place, store), &insert_part, &thing), STATUS_CONFLICT);
    assert_string_equal(place.reported, "");
    sqlite_rollback(store);
    sqlite_close(store);
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

    assert_ok(sqlite_batch_begin(store, CAREFULLY));
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

TEST(a_bold_batch_is_spoiled_by_what_wrote_and_failed_and_by_nothing_else)
{
    struct place place;
    place_open(&place);
    struct sqlite *store = open_things(&place, false);

    assert_ok(sqlite_batch_begin(store, BOLDLY));
    assert_ok(sqlite_begin(store));
    assert_ok(insert(&place, store, 1));
    assert_ok(sqlite_commit(store));
    assert_ok(sqlite_begin(store)); /* fails before it wrote anything */
    assert_status(insert(&place, store, 1), STATUS_CONFLICT);
    sqlite_rollback(store);
    assert_true(sqlite_batch_lives(store));
    assert_false(sqlite_batch_is_spoiled(store));

    assert_ok(sqlite_begin(store));
    assert_ok(insert(&place, store, 2));
    sqlite_rollback(store);
    assert_false(sqlite_batch_lives(store));
    assert_true(sqlite_batch_is_spoiled(store));
    assert_status(sqlite_batch_commit(store), STATUS_UNAVAILABLE);
    assert_int_equal(count(&place, store), 0);

    assert_ok(sqlite_batch_begin(store, BOLDLY)); /* and the next one is as good as new */
    assert_ok(sqlite_begin(store));
    assert_ok(insert(&place, store, 1));
    assert_ok(sqlite_commit(store));
    assert_ok(sqlite_batch_commit(store));
    assert_int_equal(count(&place, store), 1);
    sqlite_close(store);
    place_close(&place);
}

TEST(a_batch_that_is_rolled_back_never_was)
{
    struct place place;
    place_open(&place);
    struct sqlite *store = open_things(&place, false);
    assert_ok(sqlite_batch_begin(store, CAREFULLY));
    assert_ok(sqlite_begin(store));
    assert_ok(insert(&place, store, 1));
    assert_ok(sqlite_commit(store));
    sqlite_batch_rollback(store);
    assert_int_equal(count(&place, store), 0);
    sqlite_close(store);
    place_close(&place);
}

/* As SQLite does by itself after some errors of the disk. */
static void give_up(struct place *place, struct sqlite *store)
{
    assert_ok(sql_run_any(op_on(place, store), &rollback_all, NULL, NULL));
}

TEST(a_batch_that_the_database_gave_up_takes_nothing_more_and_does_not_commit)
{
    struct place place;
    place_open(&place);
    struct sqlite *store = open_parts(&place);
    const struct thing thing = thing_sample(1);

    assert_ok(sqlite_batch_begin(store, CAREFULLY));
    assert_ok(sqlite_begin(store));
    assert_ok(sql_run(op_on(&place, store), &insert_whole, &thing));
    give_up(&place, store);
    assert_status(sqlite_commit(store), STATUS_BROKEN);
    assert_false(sqlite_batch_lives(store));

    assert_ok(sqlite_begin(store));
    assert_status(sql_run(op_on(&place, store), &insert_whole, &thing), STATUS_UNAVAILABLE);
    sqlite_rollback(store);
    assert_status(sqlite_batch_commit(store), STATUS_UNAVAILABLE);
    assert_int_equal(count(&place, store), 0);

    assert_ok(sqlite_begin(store)); /* and recovers */
    assert_ok(sql_run(op_on(&place, store), &insert_whole, &thing));
    assert_ok(sqlite_commit(store));
    assert_int_equal(count(&place, store), 1);
    sqlite_close(store);
    place_close(&place);
}

TEST(nothing_is_undone_to_a_mark_that_the_database_forgot)
{
    struct place place;
    place_open(&place);
    struct sqlite *store = open_parts(&place);
    const struct thing thing = thing_sample(1);
    assert_ok(sqlite_begin(store));
    struct op *op = op_on(&place, store);
    assert_ok(sql_mark(op));
    assert_ok(sql_run(op, &insert_whole, &thing));
    give_up(&place, store);
    assert_status(sql_undo(op), STATUS_UNAVAILABLE);
    assert_status(sql_run(op, &insert_whole, &thing), STATUS_BROKEN);
    sqlite_rollback(store);
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

/* Replaces a row of 64 KB, in a batch or not. */
static void write_much(struct place *place, struct sqlite *store, bool in_batch)
{
    memset(long_text, 'x', sizeof long_text);
    struct thing thing = thing_sample(0);
    thing.note = (str){ long_text, sizeof long_text };
    if (in_batch)
        assert_ok(sqlite_batch_begin(store, CAREFULLY));
    assert_ok(sqlite_begin(store));
    struct op *op = op_on(place, store);
    assert_ok(sql_run_any(op, &thing_delete_all, &thing, NULL));
    assert_ok(sql_run(op, &thing_insert, &thing));
    assert_ok(sqlite_commit(store));
    if (!in_batch)
        return;
    assert_ok(sqlite_batch_commit(store));
    sqlite_checkpoint(store);
}

TEST(the_log_is_moved_into_the_file_before_it_grows_long)
{
    struct place place;
    place_open(&place);
    struct sqlite *store = open_things(&place, false);
    for (int i = 0; i < 100; i++) {
        write_much(&place, store, i >= 50);
        assert_true(log_size(&place) < 3 * 1024 * 1024);
    }
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

    assert_ok(sqlite_batch_begin(store, CAREFULLY));
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
        cmocka_unit_test(a_commit_is_flushed_to_the_disk),
        cmocka_unit_test(a_row_that_refers_to_none_is_a_conflict),
        cmocka_unit_test(a_reader_sees_what_is_committed_and_cannot_write),
        cmocka_unit_test(a_snapshot_stays_while_the_writer_goes_on),
        cmocka_unit_test(a_writer_does_not_write_outside_of_an_operation),
        cmocka_unit_test(an_operation_of_a_batch_that_fails_undoes_only_itself),
        cmocka_unit_test(a_bold_batch_is_spoiled_by_what_wrote_and_failed_and_by_nothing_else),
        cmocka_unit_test(a_batch_that_is_rolled_back_never_was),
        cmocka_unit_test(a_batch_that_the_database_gave_up_takes_nothing_more_and_does_not_commit),
        cmocka_unit_test(nothing_is_undone_to_a_mark_that_the_database_forgot),
        cmocka_unit_test(another_operation_can_commit_between_the_reads_and_the_first_write_of_one),
        cmocka_unit_test(the_log_is_moved_into_the_file_before_it_grows_long),
        cmocka_unit_test(a_full_disk_is_said_to_be_unavailable_and_the_store_recovers),
        cmocka_unit_test(a_failed_check_is_a_conflict_that_somebody_hears_of),
    };
    return RUN_TESTS(tests);
}
