/* The life of a charge, every cell of it, against a table written by hand. */
#include "services/payments/charge.h"

#include "tests/test.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

/* A letter each: N new, Q action required, A authorized, P capturing, C completed (paid),
 * D declined, J rejected, V voiding, v voided, R refunding, r refunded.  '.' stays. */
/* clang-format off */
static const char *const expected[CHARGE_PHASES] = {
    /* authorized, action, declined, captured, canceled, never, refunded, claimed, ended */
    [CHARGE_NEW]             = "AQDADJ..V",
    [CHARGE_ACTION_REQUIRED] = "A.DAD...V",
    [CHARGE_AUTHORIZED]      = "..D.D..PV",
    [CHARGE_CAPTURING]       = "..DCD....",
    [CHARGE_PAID]            = "........R",
    [CHARGE_DECLINED]        = "V..R.....",
    [CHARGE_REJECTED]        = "V..R.....",
    [CHARGE_VOIDING]         = "...Rvv...",
    [CHARGE_VOIDED]          = "V..R.....",
    [CHARGE_REFUNDING]       = "......r..",
    [CHARGE_REFUNDED]        = ".........",
};
/* clang-format on */
static const char letters[] = "NQAPCDJVvRr";

static const enum charge_fact facts[] = {
    FACT_AUTHORIZED, FACT_ACTION_REQUIRED, FACT_DECLINED, FACT_CAPTURED, FACT_CANCELED,
    FACT_NEVER,      FACT_REFUNDED,        FACT_CLAIMED,  FACT_ENDED,
};

TEST(the_life_of_a_charge_is_this)
{
    assert_int_equal(COUNT(facts), CHARGE_FACTS);
    for (unsigned phase = 0; phase < CHARGE_PHASES; phase++) {
        for (unsigned at = 0; at < COUNT(facts); at++) {
            struct charge charge = { .phase = (enum charge_phase)phase };
            bool moved = charge_apply(&charge, facts[at]) == CHARGE_MOVED;
            char got = moved ? letters[charge.phase] : '.';
            if (got != expected[phase][at])
                fail_msg("%c, fact %u: %c instead of %c", letters[phase], at, got,
                         expected[phase][at]);
            if (!moved)
                assert_int_equal(charge.phase, phase);
        }
    }
}

/* Facts are learned from answers, events and lookups: often twice. */
TEST(F26_no_fact_moves_a_charge_twice)
{
    for (unsigned phase = 0; phase < CHARGE_PHASES; phase++) {
        for (unsigned at = 0; at < COUNT(facts); at++) {
            struct charge charge = { .phase = (enum charge_phase)phase };
            (void)charge_apply(&charge, facts[at]);
            enum charge_phase once = charge.phase;
            (void)charge_apply(&charge, facts[at]);

            assert_int_equal(charge.phase, once);
        }
    }
}

/* Every way of four facts: money is kept only if the order claimed it, and never once it ended. */
TEST(F12_a_charge_is_paid_only_if_its_order_claimed_it)
{
    size_t n = COUNT(facts);
    for (size_t way = 0; way < n * n * n * n * n; way++) {
        struct charge charge = { .phase = CHARGE_NEW };
        bool claimed = false;
        for (size_t rest = way, step = 0; step < 5; step++, rest /= n) {
            enum charge_fact fact = facts[rest % n];
            bool moved = charge_apply(&charge, fact) == CHARGE_MOVED;
            claimed = claimed || (moved && fact == FACT_CLAIMED);
            if (!claimed)
                assert_true(charge.phase != CHARGE_PAID && charge.phase != CHARGE_CAPTURING);
        }
    }
}

TEST(F35_whatever_is_captured_after_the_order_ended_goes_back)
{
    static const enum charge_phase ended[] = { CHARGE_DECLINED, CHARGE_REJECTED, CHARGE_VOIDING,
                                               CHARGE_VOIDED };
    for (size_t i = 0; i < COUNT(ended); i++) {
        struct charge charge = { .phase = ended[i] };
        assert_int_equal(charge_apply(&charge, FACT_CAPTURED), CHARGE_MOVED);
        assert_int_equal(charge.phase, CHARGE_REFUNDING);
    }
}

TEST(the_public_sees_three_statuses)
{
    /* c created, p completed (paid), f failed */
    static const char public[] = "ccccpffffff";
    for (unsigned phase = 0; phase < CHARGE_PHASES; phase++) {
        enum charge_status expected_status = public[phase] == 'c'   ? CHARGE_CREATED
                                             : public[phase] == 'p' ? CHARGE_COMPLETED
                                                                    : CHARGE_FAILED;
        assert_int_equal(charge_public_status((enum charge_phase)phase), expected_status);
    }
}

TEST(only_one_phase_asks_the_order_and_only_one_lets_it_be_paid_again)
{
    for (unsigned phase = 0; phase < CHARGE_PHASES; phase++) {
        struct charge charge = { .phase = (enum charge_phase)phase };
        struct charge_state state = charge_state_of(&charge);
        assert_int_equal(state.authorized, phase == CHARGE_AUTHORIZED);
        assert_int_equal(state.rejected, phase == CHARGE_REJECTED);
        assert_int_equal(state.status, charge_public_status(charge.phase));
    }
}

TEST(with_these_phases_stripe_has_nothing_more_to_do)
{
    /* Declined is not one of them: its intent can still be paid, until it is cancelled. */
    static const char final[] = "CJvr";
    for (unsigned phase = 0; phase < CHARGE_PHASES; phase++)
        assert_int_equal(charge_phase_is_final((enum charge_phase)phase),
                         strchr(final, letters[phase]) != NULL);
}

TEST(what_is_told_and_shown_is_the_charge)
{
    const struct charge charge = {
        .id = { { 1 } },
        .version = 2,
        .order_id = { { 3 } },
        .user_id = { { 4 } },
        .amount = { 2005 },
        .currency = S("usd"),
        .phase = CHARGE_REFUNDED,
        .token = S("tok_visa"),
        .stripe_id = S("pi_1"),
        .stripe_refund_id = S("re_1"),
        .failure_code = S("code"),
        .failure_message = S("message"),
        .created_at = { 9 },
    };
    struct charge_state told = charge_state_of(&charge);
    assert_true(uuid_equal(told.id, charge.id) && uuid_equal(told.order_id, charge.order_id));
    assert_true(uuid_equal(told.user_id, charge.user_id));
    assert_true(str_is(told.currency, "usd") && str_is(told.stripe_id, "pi_1"));
    assert_true(str_is(told.stripe_refund_id, "re_1") && str_is(told.failure_code, "code"));
    assert_true(str_is(told.failure_message, "message"));
    assert_int_equal(told.amount.minor, 2005);
    assert_int_equal(told.version, 2);
    assert_int_equal(told.created_at.ms, 9);

    struct charge_view view = charge_view_of(&charge);
    assert_true(uuid_equal(view.id, charge.id) && uuid_equal(view.order_id, charge.order_id));
    assert_true(str_is(view.currency, "usd") && str_is(view.stripe_id, "pi_1"));
    assert_true(str_is(view.stripe_refund_id, "re_1"));
    assert_true(str_is(view.failure_message, "message"));
    assert_int_equal(view.amount.minor, 2005);
    assert_int_equal(view.status, CHARGE_FAILED);
    assert_int_equal(view.created_at.ms, 9);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_life_of_a_charge_is_this),
        cmocka_unit_test(F26_no_fact_moves_a_charge_twice),
        cmocka_unit_test(F12_a_charge_is_paid_only_if_its_order_claimed_it),
        cmocka_unit_test(F35_whatever_is_captured_after_the_order_ended_goes_back),
        cmocka_unit_test(the_public_sees_three_statuses),
        cmocka_unit_test(only_one_phase_asks_the_order_and_only_one_lets_it_be_paid_again),
        cmocka_unit_test(with_these_phases_stripe_has_nothing_more_to_do),
        cmocka_unit_test(what_is_told_and_shown_is_the_charge),
    };
    return RUN_TESTS(tests);
}
