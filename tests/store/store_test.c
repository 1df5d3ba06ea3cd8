/* What every store promises to services: records go in and come out, and refusals are told apart.
 */
#include "tests/store/things.h"
#include "tests/support/world.h"
#include "tests/test.h"

static const struct service *const services[] = { &things_service, NULL };

static int64_t count(struct op *op)
{
    struct thing_count answer = { -1 };
    assert_ok(sql_one(op, &thing_count_all, NULL, &answer));
    return answer.count;
}

TEST(a_field_of_every_kind_comes_back_as_it_was)
{
    struct test_world world;
    world_open(&world, services);
    struct op *op = world_begin(&world);

    const struct thing thing = thing_sample(1);
    assert_ok(sql_run(op, &thing_insert, &thing));
    struct thing found = { .version = 99 };
    assert_ok(sql_one(op, &thing_select, &thing, &found));
    assert_true(thing_equal(&thing, &found));

    world_commit(&world);
    world_close(&world);
}

TEST(what_is_absent_comes_back_absent_and_is_null_in_between)
{
    struct test_world world;
    world_open(&world, services);
    struct op *op = world_begin(&world);

    const struct thing thing = thing_bare(1);
    assert_ok(sql_run(op, &thing_insert, &thing));
    struct thing found = thing_sample(2);
    assert_ok(sql_one(op, &thing_select, &thing, &found));
    assert_true(thing_equal(&thing, &found));
    struct thing_count bare;
    assert_ok(sql_one(op, &thing_count_bare, NULL, &bare));
    assert_int_equal(bare.count, 1);

    world_commit(&world);
    world_close(&world);
}

TEST(an_empty_text_is_not_an_absent_one)
{
    struct test_world world;
    world_open(&world, services);
    struct op *op = world_begin(&world);

    struct thing thing = thing_bare(1);
    thing.note = S("");
    assert_ok(sql_run(op, &thing_insert, &thing));
    struct thing found;
    assert_ok(sql_one(op, &thing_select, &thing, &found));
    assert_non_null(found.note.data);
    assert_int_equal(found.note.size, 0);

    world_commit(&world);
    world_close(&world);
}

TEST(texts_outlive_the_next_statement)
{
    struct test_world world;
    world_open(&world, services);
    struct op *op = world_begin(&world);

    const struct thing one = thing_sample(1);
    const struct thing two = thing_sample(2);
    assert_ok(sql_run(op, &thing_insert, &one));
    assert_ok(sql_run(op, &thing_insert, &two));
    struct thing found_one, found_two;
    assert_ok(sql_one(op, &thing_select, &one, &found_one));
    assert_ok(sql_one(op, &thing_select, &two, &found_two));
    assert_true(thing_equal(&one, &found_one));
    assert_true(thing_equal(&two, &found_two));

    world_commit(&world);
    world_close(&world);
}

TEST(a_row_that_is_not_there_is_not_found_and_leaves_the_record_alone)
{
    struct test_world world;
    world_open(&world, services);
    struct op *op = world_begin(&world);

    const struct thing thing = thing_sample(1);
    struct thing found = thing_sample(2);
    assert_status(sql_one(op, &thing_select, &thing, &found), STATUS_NOT_FOUND);
    const struct thing before = thing_sample(2);
    assert_true(thing_equal(&before, &found));
    assert_ok(sql_run(op, &thing_insert, &thing)); /* and the operation goes on */

    world_commit(&world);
    world_close(&world);
}

TEST(a_list_has_the_rows_asked_for_in_order)
{
    struct test_world world;
    world_open(&world, services);
    struct op *op = world_begin(&world);
    for (unsigned n = 20; n > 0; n--) {
        const struct thing thing = thing_sample(n);
        assert_ok(sql_run(op, &thing_insert, &thing));
    }

    struct rows rows = { NULL, 0 };
    struct thing_range range = { .skip = 1, .max = 100 };
    assert_ok(sql_all(op, &thing_select_all, &range, sizeof(struct thing), 100, &rows));
    assert_int_equal(rows.count, 19);
    const struct thing *things = rows.items;
    for (unsigned i = 0; i < 19; i++) {
        const struct thing expected = thing_sample(i + 2);
        assert_true(thing_equal(&expected, &things[i]));
    }

    assert_ok(sql_all(op, &thing_select_all, &range, sizeof(struct thing), 3, &rows));
    assert_int_equal(rows.count, 3);
    range.skip = 20;
    assert_ok(sql_all(op, &thing_select_all, &range, sizeof(struct thing), 3, &rows));
    assert_int_equal(rows.count, 0);

    world_commit(&world);
    world_close(&world);
}

TEST(F10_an_update_of_a_version_that_is_gone_is_stale)
{
    struct test_world world;
    world_open(&world, services);
    struct op *op = world_begin(&world);

    struct thing thing = thing_sample(1);
    assert_ok(sql_run(op, &thing_insert, &thing));
    thing.name = S("other");
    assert_ok(sql_run(op, &thing_update, &thing));
    assert_status(sql_run(op, &thing_update, &thing), STATUS_STALE);
    thing.version = 1;
    assert_ok(sql_run(op, &thing_update, &thing));

    world_commit(&world);
    world_close(&world);
}

TEST(writing_any_number_of_rows_counts_them)
{
    struct test_world world;
    world_open(&world, services);
    struct op *op = world_begin(&world);

    const struct thing one = thing_sample(1);
    const struct thing two = thing_sample(2);
    int64_t touched = -1;
    assert_ok(sql_run_any(op, &thing_insert_or_ignore, &one, &touched));
    assert_int_equal(touched, 1);
    assert_ok(sql_run_any(op, &thing_insert_or_ignore, &one, &touched));
    assert_int_equal(touched, 0);
    assert_ok(sql_run_any(op, &thing_insert, &two, NULL));
    assert_ok(sql_run_any(op, &thing_delete_all, &one, &touched));
    assert_int_equal(touched, 2);

    world_commit(&world);
    world_close(&world);
}

TEST(an_insert_may_return_what_it_wrote)
{
    struct test_world world;
    world_open(&world, services);
    struct op *op = world_begin(&world);

    struct thing thing = thing_sample(1);
    thing.version = 7;
    struct thing returned = { .version = 0 };
    assert_ok(sql_one(op, &thing_insert_returning, &thing, &returned));
    assert_true(uuid_equal(returned.id, thing.id));
    assert_int_equal(returned.version, 7);
    assert_status(sql_one(op, &thing_insert_returning, &thing, &returned), STATUS_CONFLICT);

    world_rollback(&world);
    world_close(&world);
}

TEST(after_a_conflict_every_statement_is_refused_until_the_operation_ends)
{
    struct test_world world;
    world_open(&world, services);
    struct op *op = world_begin(&world);

    const struct thing thing = thing_sample(1);
    assert_ok(sql_run(op, &thing_insert, &thing));
    assert_status(sql_run(op, &thing_insert, &thing), STATUS_CONFLICT);

    struct thing found;
    struct rows rows;
    const struct thing_range range = { 0, 1 };
    assert_status(sql_run(op, &thing_insert, &thing), STATUS_BROKEN);
    assert_status(sql_run_any(op, &thing_delete_all, &thing, NULL), STATUS_BROKEN);
    assert_status(sql_one(op, &thing_select, &thing, &found), STATUS_BROKEN);
    assert_status(sql_all(op, &thing_select_all, &range, sizeof found, 1, &rows), STATUS_BROKEN);
    assert_status(sql_mark(op), STATUS_BROKEN);
    assert_status(sqlite_commit(world.store), STATUS_BROKEN);

    op = world_begin(&world);
    assert_int_equal(count(op), 0);
    world_commit(&world);
    world_close(&world);
}

TEST(undo_goes_back_to_the_mark_also_after_a_conflict)
{
    struct test_world world;
    world_open(&world, services);
    struct op *op = world_begin(&world);

    const struct thing one = thing_sample(1);
    const struct thing two = thing_sample(2);
    assert_ok(sql_run(op, &thing_insert, &one));
    assert_ok(sql_mark(op));
    assert_ok(sql_run(op, &thing_insert, &two));
    assert_status(sql_run(op, &thing_insert, &one), STATUS_CONFLICT);
    assert_ok(sql_undo(op));
    assert_int_equal(count(op), 1);

    assert_ok(sql_mark(op)); /* and again, with nothing to undo */
    assert_ok(sql_undo(op));
    assert_ok(sql_mark(op));
    assert_ok(sql_run(op, &thing_insert, &two));
    assert_ok(sql_keep(op));
    world_commit(&world);

    op = world_begin(&world);
    assert_int_equal(count(op), 2);
    world_commit(&world);
    world_close(&world);
}

TEST(what_is_rolled_back_never_was)
{
    struct test_world world;
    world_open(&world, services);

    const struct thing thing = thing_sample(1);
    assert_ok(sql_run(world_begin(&world), &thing_insert, &thing));
    world_rollback(&world);
    assert_int_equal(count(world_begin(&world)), 0);
    world_commit(&world);
    world_close(&world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_field_of_every_kind_comes_back_as_it_was),
        cmocka_unit_test(what_is_absent_comes_back_absent_and_is_null_in_between),
        cmocka_unit_test(an_empty_text_is_not_an_absent_one),
        cmocka_unit_test(texts_outlive_the_next_statement),
        cmocka_unit_test(a_row_that_is_not_there_is_not_found_and_leaves_the_record_alone),
        cmocka_unit_test(a_list_has_the_rows_asked_for_in_order),
        cmocka_unit_test(F10_an_update_of_a_version_that_is_gone_is_stale),
        cmocka_unit_test(writing_any_number_of_rows_counts_them),
        cmocka_unit_test(an_insert_may_return_what_it_wrote),
        cmocka_unit_test(after_a_conflict_every_statement_is_refused_until_the_operation_ends),
        cmocka_unit_test(undo_goes_back_to_the_mark_also_after_a_conflict),
        cmocka_unit_test(what_is_rolled_back_never_was),
    };
    return RUN_TESTS(tests);
}
