/* The life of an order, every cell of it, against a table written by hand. */
#include "services/orders/order.h"

#include "tests/test.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

/* A letter each: C created, A awaiting payment, P capturing (being paid), D completed (done),
 * X cancelled: where it goes.  '.' stays, '!' is refused. */
/* clang-format off */
static const char *const expected[ORDER_PHASES] = {
    /* confirm, refuse, cancel, expire, claim, pay, fail, refund */
    [PHASE_CREATED]          = "AXXX!!X!",
    [PHASE_AWAITING_PAYMENT] = "..XXP!X!",
    [PHASE_CAPTURING]        = "..!..DX!",
    [PHASE_COMPLETED]        = "..!...!X",
    [PHASE_CANCELLED]        = "....!!..",
};
/* clang-format on */
static const char letters[] = "CAPDX";

static const enum order_command commands[] = {
    ORDER_CONFIRM, ORDER_REFUSE, ORDER_CANCEL, ORDER_EXPIRE,
    ORDER_CLAIM,   ORDER_PAY,    ORDER_FAIL,   ORDER_REFUND,
};

TEST(the_life_of_an_order_is_this)
{
    assert_int_equal(COUNT(commands), ORDER_COMMANDS);
    for (unsigned phase = 0; phase < ORDER_PHASES; phase++) {
        for (unsigned at = 0; at < COUNT(commands); at++) {
            struct order order = { .status = (enum order_phase)phase };
            enum order_outcome outcome = order_apply(&order, commands[at]);
            char got = outcome == ORDER_KEPT      ? '.'
                       : outcome == ORDER_REFUSED ? '!'
                                                  : letters[order.status];
            if (got != expected[phase][at])
                fail_msg("%c, command %u: %c instead of %c", letters[phase], at, got,
                         expected[phase][at]);
            if (outcome != ORDER_MOVED)
                assert_int_equal(order.status, phase);
        }
    }
}

/* Events arrive at least once, so the second time must change nothing. */
TEST(F26_no_command_moves_an_order_twice)
{
    for (unsigned phase = 0; phase < ORDER_PHASES; phase++) {
        for (unsigned at = 0; at < COUNT(commands); at++) {
            struct order order = { .status = (enum order_phase)phase };
            (void)order_apply(&order, commands[at]);
            assert_int_not_equal(order_apply(&order, commands[at]), ORDER_MOVED);
        }
    }
}

TEST(F2_what_is_paid_ends_by_a_refund_alone)
{
    for (unsigned at = 0; at < COUNT(commands); at++) {
        struct order order = { .status = PHASE_COMPLETED };
        (void)order_apply(&order, commands[at]);
        assert_int_equal(order.status,
                         commands[at] == ORDER_REFUND ? PHASE_CANCELLED : PHASE_COMPLETED);
    }
}

TEST(F3_a_cancelled_order_stays_cancelled_whatever_comes)
{
    for (unsigned at = 0; at < COUNT(commands); at++) {
        struct order order = { .status = PHASE_CANCELLED };
        assert_int_not_equal(order_apply(&order, commands[at]), ORDER_MOVED);
    }
}

/* All ways through the table, four commands long: nobody pays what was not claimed while live. */
TEST(F12_an_order_is_completed_only_by_way_of_a_claim)
{
    size_t n = COUNT(commands);
    for (size_t way = 0; way < n * n * n * n; way++) {
        struct order order = { .status = PHASE_CREATED };
        bool claimed = false;
        for (size_t rest = way, step = 0; step < 4; step++, rest /= n) {
            enum order_command command = commands[rest % n];
            bool moved = order_apply(&order, command) == ORDER_MOVED;
            claimed = claimed || (moved && command == ORDER_CLAIM);
            assert_true(claimed || order.status != PHASE_COMPLETED);
        }
    }
}

TEST(F11_the_last_moment_to_pay_is_the_one_before_the_deadline)
{
    struct order order = { .status = PHASE_AWAITING_PAYMENT, .expires_at = { 1000 } };
    assert_false(order_is_overdue(&order, (instant){ 999 }));
    assert_true(order_is_overdue(&order, (instant){ 1000 }));
    assert_true(order_is_overdue(&order, (instant){ 1001 }));
}

TEST(F12_only_an_unpaid_order_is_ever_overdue)
{
    for (unsigned phase = 0; phase < ORDER_PHASES; phase++) {
        struct order order = { .status = (enum order_phase)phase, .expires_at = { 1000 } };
        bool unpaid = phase == PHASE_CREATED || phase == PHASE_AWAITING_PAYMENT;
        assert_int_equal(order_is_overdue(&order, (instant){ 5000 }), unpaid);
    }
}

TEST(others_see_a_capturing_order_as_awaiting_payment)
{
    static const enum order_status published[ORDER_PHASES] = {
        [PHASE_CREATED] = ORDER_CREATED,
        [PHASE_AWAITING_PAYMENT] = ORDER_AWAITING_PAYMENT,
        [PHASE_CAPTURING] = ORDER_AWAITING_PAYMENT,
        [PHASE_COMPLETED] = ORDER_COMPLETED,
        [PHASE_CANCELLED] = ORDER_CANCELLED,
    };
    for (unsigned phase = 0; phase < ORDER_PHASES; phase++) {
        struct order order = { .status = (enum order_phase)phase };
        assert_int_equal(order_state_of(&order).status, published[phase]);
    }
}

TEST(F7_what_is_told_is_what_was_agreed)
{
    const struct order order = {
        .id = { { 1 } },
        .version = 2,
        .user_id = { { 3 } },
        .seller_id = { { 4 } },
        .ticket = { { { 5 } }, S("Concert"), { 2005 }, 6 },
        .status = PHASE_CANCELLED,
        .cancel_reason = CANCEL_EXPIRED,
        .price = { 2005 },
        .currency = S("usd"),
        .expires_at = { 7 },
        .charge_id = { { 8 } },
        .created_at = { 9 },
    };
    struct order_state told = order_state_of(&order);
    assert_true(uuid_equal(told.id, order.id) && uuid_equal(told.user_id, order.user_id));
    assert_true(uuid_equal(told.seller_id, order.seller_id));
    assert_true(uuid_equal(told.charge_id, order.charge_id));
    assert_true(uuid_equal(told.ticket.id, order.ticket.id));
    assert_true(str_is(told.ticket.title, "Concert") && str_is(told.currency, "usd"));
    assert_int_equal(told.ticket.price.minor, 2005);
    assert_int_equal(told.ticket.version, 6);
    assert_int_equal(told.price.minor, 2005);
    assert_int_equal(told.version, 2);
    assert_int_equal(told.cancel_reason, CANCEL_EXPIRED);
    assert_int_equal(told.expires_at.ms, 7);
    assert_int_equal(told.created_at.ms, 9);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_life_of_an_order_is_this),
        cmocka_unit_test(F26_no_command_moves_an_order_twice),
        cmocka_unit_test(F2_what_is_paid_ends_by_a_refund_alone),
        cmocka_unit_test(F3_a_cancelled_order_stays_cancelled_whatever_comes),
        cmocka_unit_test(F12_an_order_is_completed_only_by_way_of_a_claim),
        cmocka_unit_test(F11_the_last_moment_to_pay_is_the_one_before_the_deadline),
        cmocka_unit_test(F12_only_an_unpaid_order_is_ever_overdue),
        cmocka_unit_test(others_see_a_capturing_order_as_awaiting_payment),
        cmocka_unit_test(F7_what_is_told_is_what_was_agreed),
    };
    return RUN_TESTS(tests);
}
