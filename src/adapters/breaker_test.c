#include "tests/test.h"

#include "adapters/breaker.h"

static void fail_times(struct breaker *breaker, int64_t now_ms, int times)
{
    for (int i = 0; i < times; i++) {
        assert_true(breaker_passes(breaker, now_ms));
        breaker_note(breaker, now_ms, BREAKER_FAILURE);
    }
}

TEST(failures_in_a_row_open_it_and_a_success_between_does_not)
{
    struct breaker breaker = { 0 };
    fail_times(&breaker, 0, BREAKER_FAILURES - 1);
    breaker_note(&breaker, 0, BREAKER_SUCCESS);
    fail_times(&breaker, 0, BREAKER_FAILURES - 1);
    assert_true(breaker_passes(&breaker, 0));
    assert_false(breaker_is_open(&breaker, 0));
    breaker_note(&breaker, 0, BREAKER_FAILURE);
    assert_false(breaker_passes(&breaker, 0));
    assert_true(breaker_is_open(&breaker, BREAKER_WAIT_MS_MIN - 1));
}

TEST(after_a_while_one_probe_passes_and_decides)
{
    struct breaker breaker = { 0 };
    fail_times(&breaker, 0, BREAKER_FAILURES);
    int64_t now_ms = BREAKER_WAIT_MS_MIN;
    assert_false(breaker_is_open(&breaker, now_ms));
    assert_true(breaker_passes(&breaker, now_ms));
    assert_false(breaker_passes(&breaker, now_ms));
    assert_true(breaker_is_open(&breaker, now_ms));
    breaker_note(&breaker, now_ms, BREAKER_SUCCESS);
    assert_true(breaker_passes(&breaker, now_ms));
    assert_true(breaker_passes(&breaker, now_ms));
}

TEST(it_stays_open_longer_each_time_up_to_half_a_minute)
{
    struct breaker breaker = { 0 };
    fail_times(&breaker, 0, BREAKER_FAILURES);
    int64_t now_ms = 0;
    int64_t wait_ms = BREAKER_WAIT_MS_MIN;
    for (int i = 0; i < 10; i++) {
        assert_false(breaker_passes(&breaker, now_ms + wait_ms - 1));
        now_ms += wait_ms;
        fail_times(&breaker, now_ms, 1);
        wait_ms = wait_ms * 2 < BREAKER_WAIT_MS_MAX ? wait_ms * 2 : BREAKER_WAIT_MS_MAX;
    }
    assert_int_equal(wait_ms, BREAKER_WAIT_MS_MAX);
}

TEST(calls_that_began_before_it_opened_do_not_lengthen_the_wait)
{
    struct breaker breaker = { 0 };
    for (int i = 0; i < BREAKER_FAILURES + 4; i++)
        assert_true(breaker_passes(&breaker, 0));
    for (int i = 0; i < BREAKER_FAILURES + 4; i++)
        breaker_note(&breaker, 0, BREAKER_FAILURE);
    assert_true(breaker_passes(&breaker, BREAKER_WAIT_MS_MIN));
}

TEST(a_refusal_opens_it_at_once_and_a_call_given_up_says_nothing)
{
    struct breaker breaker = { 0 };
    breaker_note(&breaker, 0, BREAKER_NOTHING);
    assert_true(breaker_passes(&breaker, 0));
    breaker_note(&breaker, 0, BREAKER_REFUSED);
    assert_false(breaker_passes(&breaker, 0));
    assert_true(breaker_passes(&breaker, BREAKER_WAIT_MS_MIN));
    breaker_note(&breaker, BREAKER_WAIT_MS_MIN, BREAKER_NOTHING);
    assert_true(breaker_passes(&breaker, BREAKER_WAIT_MS_MIN));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(failures_in_a_row_open_it_and_a_success_between_does_not),
        cmocka_unit_test(after_a_while_one_probe_passes_and_decides),
        cmocka_unit_test(it_stays_open_longer_each_time_up_to_half_a_minute),
        cmocka_unit_test(calls_that_began_before_it_opened_do_not_lengthen_the_wait),
        cmocka_unit_test(a_refusal_opens_it_at_once_and_a_call_given_up_says_nothing),
    };
    return RUN_TESTS(tests);
}
