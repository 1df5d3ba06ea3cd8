#include "base/base_test.h"

/* Not random at all: every byte the same. */
struct steady {
    struct random random;
    unsigned char byte;
};

static void fill_steadily(struct random *random, void *ret_bytes, size_t size)
{
    memset(ret_bytes, ((struct steady *)random)->byte, size);
}

TEST(a_new_id_is_a_uuid_of_version_7_made_of_the_instant)
{
    struct steady steady = { { fill_steadily }, 0xff };
    struct op op = { .now = { 0x0123456789ab }, .random = &steady.random };
    char text[UUID_TEXT_SIZE];
    uuid_write(op_new_id(&op), text);
    assert_str(((str){ text, sizeof text }), "01234567-89ab-7fff-bfff-ffffffffffff");

    steady.byte = 0;
    uuid_write(op_new_id(&op), text);
    assert_str(((str){ text, sizeof text }), "01234567-89ab-7000-8000-000000000000");
}

TEST(later_ids_sort_behind_earlier_ones)
{
    struct steady steady = { { fill_steadily }, 0xff };
    struct op op = { .random = &steady.random };
    uuid before = { { 0 } };
    for (int64_t ms = 1; ms < (int64_t)1 << 47; ms = ms * 3 + 1) {
        op.now.ms = ms;
        uuid id = op_new_id(&op);
        assert_true(memcmp(before.bytes, id.bytes, sizeof id.bytes) < 0);
        before = id;
        steady.byte ^= 0xff;
    }
}

TEST(a_problem_may_hold_a_value)
{
    struct arena arena = { 0 };
    struct op op = { .arena = &arena };
    err failed = op_fail(&op, STATUS_CONFLICT, "maxPrice", "The price is now %s", "20.05");
    assert_int_equal(failed.problem->status, STATUS_CONFLICT);
    assert_string_equal(failed.problem->message, "The price is now 20.05");
    assert_string_equal(failed.problem->field, "maxPrice");
    assert_null(failed.problem->next);
    assert_true(err_is(failed, STATUS_CONFLICT));
    assert_false(err_is(failed, STATUS_INVALID));
    assert_false(err_is(OK, STATUS_CONFLICT));
    arena_free(&arena);
}

static err overtaken(void)
{
    return FAIL(problem_stale);
}

static err try_or(enum status expected)
{
    TRY_OR(overtaken(), expected, problem_conflict);
    return OK;
}

TEST(only_the_expected_status_gets_our_own_words)
{
    assert_ptr_equal(try_or(STATUS_STALE).problem, &problem_conflict);
    assert_ptr_equal(try_or(STATUS_NOT_FOUND).problem, &problem_stale);
}

TEST(settings_by_default_are_what_the_contract_says)
{
    struct settings settings = settings_default();
    assert_str(settings.currency, "usd");
    assert_int_equal(settings.reservation.ms, 15 * 60 * 1000); /* F50 */
    assert_int_equal(settings.session.ms, 7LL * 24 * 60 * 60 * 1000);
    assert_int_equal(settings.answer_wait.ms, 25000);
    assert_int_equal(settings.live_orders_max, 5);
    assert_int_equal(settings.relocks_max, 3);
    assert_null(settings.jwt_key.data); /* nobody ships with a known key */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_new_id_is_a_uuid_of_version_7_made_of_the_instant),
        cmocka_unit_test(later_ids_sort_behind_earlier_ones),
        cmocka_unit_test(a_problem_may_hold_a_value),
        cmocka_unit_test(only_the_expected_status_gets_our_own_words),
        cmocka_unit_test(settings_by_default_are_what_the_contract_says),
    };
    return RUN_TESTS(tests);
}
