/* Opening an SQLite store: wrong statements and wrong files are refused with a clear sentence. */
#include <stdio.h>

#include "tests/store/place.h"
#include "tests/test.h"

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
    const struct migration broken[] = {
        things_migrations[0],
        { 2, "typo", "alter table things add column mood text; alter tabel x" },
        { .text = NULL }
    };
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

TEST(a_migration_that_leaves_a_row_referring_to_none_is_refused)
{
    struct place place;
    place_open(&place);
    const struct migration orphaned[] = { parts_migrations[0],
                                          parts_migrations[1],
                                          { 3, "orphan", "insert into parts values (x'00')" },
                                          { .text = NULL } };
    struct service service = parts_service;
    service.migrations = orphaned;
    struct sqlite *store;
    assert_false(try_open(&place, &service, false, NULL, &store));
    assert_non_null(strstr(place.message, "a row of parts refers to one that is not there"));
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
        cmocka_unit_test(a_migration_that_leaves_a_row_referring_to_none_is_refused),
    };
    return RUN_TESTS(tests);
}
