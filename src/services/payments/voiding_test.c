/* How a charge comes to its end when its order, its hold or its refund do not do as they should. */
#include "services/payments/payments.h"
#include "services/payments/till_test.h"
#include "tests/test.h"

/* ---- the order ends first ---- */

TEST(F12_an_order_that_ends_before_stripe_is_asked_is_never_paid)
{
    static const char *const tokens[] = { "pm_card_visa", "tok_visa" };
    for (size_t i = 0; i < 2; i++) {
        struct till till;
        till_open(&till);
        begin(&till, tokens[i]);
        tell_cancelled(&till, CANCEL_USER);
        assert_phase(&till, CHARGE_VOIDED, true);
        assert_no_call(&till);
        assert_int_equal(answered(&till), 409);
        till_close(&till);
    }
}

TEST(F12_an_order_that_ends_while_stripe_is_asked_gives_the_money_back)
{
    struct till till;
    till_open(&till);
    begin(&till, "pm_card_visa");
    assert_calls(&till, "POST", "/v1/payment_intents");
    tell_cancelled(&till, CANCEL_EXPIRED);
    const struct charge_state *told = shop_news(&till.shop, EVENT_charge_updated);
    assert_int_equal(told->status, CHARGE_FAILED);
    assert_int_equal(answered(&till), 409);
    assert_string_equal(
        shop_body(&till.shop),
        "{\"errors\":[{\"message\":\"The order has expired\",\"field\":\"orderId\"}]}");

    stripe_intent(&till, "requires_capture");
    assert_true(str_is(stored(&till).stripe_id, "pi_1")); /* whatever happens next */
    assert_calls(&till, "POST", "/v1/payment_intents/pi_1/cancel");
    stripe_intent(&till, "canceled");
    assert_phase(&till, CHARGE_VOIDED, true);
    assert_no_call(&till);
    till_close(&till);
}

TEST(F12_an_order_that_ends_between_token_and_intent_is_not_paid)
{
    struct till till;
    till_open(&till);
    begin(&till, "tok_visa");
    assert_calls(&till, "POST", "/v1/payment_methods");
    tell_cancelled(&till, CANCEL_USER);
    assert_phase(&till, CHARGE_VOIDING, false);
    stripe_says(&till, 200, "{\"id\":\"pm_9\",\"object\":\"payment_method\"}");
    assert_phase(&till, CHARGE_VOIDED, true);
    assert_no_call(&till);
    till_close(&till);
}

TEST(F12_an_authorization_that_the_order_refuses_is_voided)
{
    struct till till;
    till_open(&till);
    until_authorized(&till);
    tell_cancelled(&till, CANCEL_EXPIRED);
    assert_int_equal(answered(&till), 409);
    assert_calls(&till, "POST", "/v1/payment_intents/pi_1/cancel");
    stripe_says(&till, 503, "");
    wait_for_retry(&till);
    assert_calls(&till, "POST", "/v1/payment_intents/pi_1/cancel");
    stripe_intent(&till, "canceled");
    assert_phase(&till, CHARGE_VOIDED, true);
    till_close(&till);
}

TEST(F12_an_unknown_outcome_of_an_order_that_ended_is_found_out_and_undone)
{
    struct till till;
    till_open(&till);
    begin(&till, "pm_card_visa");
    assert_calls(&till, "POST", "/v1/payment_intents");
    stripe_outcome(&till, OUTCALL_UNKNOWN);
    tell_cancelled(&till, CANCEL_EXPIRED);
    assert_phase(&till, CHARGE_VOIDING, false);
    wait_for_retry(&till);
    assert_calls(&till, "POST", "/v1/payment_intents");
    stripe_intent(&till, "requires_capture");
    assert_calls(&till, "POST", "/v1/payment_intents/pi_1/cancel");
    till_close(&till);
}

TEST(F35_what_was_captured_behind_our_back_for_an_order_that_ended_goes_back)
{
    struct till till;
    till_open(&till);
    until_authorized(&till);
    tell_cancelled(&till, CANCEL_USER);
    assert_calls(&till, "POST", "/v1/payment_intents/pi_1/cancel");
    stripe_unexpected(&till, "succeeded");
    assert_calls(&till, "POST", "/v1/refunds");
    stripe_says(&till, 200, "{\"id\":\"re_1\",\"object\":\"refund\",\"status\":\"succeeded\"}");
    const struct charge_state *told = shop_news(&till.shop, EVENT_charge_updated);
    assert_true(str_is(told->stripe_refund_id, "re_1"));
    assert_phase(&till, CHARGE_REFUNDED, true);
    assert_no_call(&till);
    till_close(&till);
}

TEST(F18_a_paid_order_that_is_cancelled_all_the_same_gets_its_money_back)
{
    struct till till;
    till_open(&till);
    until_paid(&till);
    tell_cancelled(&till, CANCEL_REFUNDED);
    assert_calls(&till, "POST", "/v1/refunds");
    stripe_says(&till, 400,
                "{\"error\":{\"type\":\"invalid_request_error\","
                "\"code\":\"charge_already_refunded\"}}");
    assert_phase(&till, CHARGE_REFUNDED, true);
    till_close(&till);
}

TEST(F18_a_refund_that_fails_is_left_to_a_person_and_not_made_again_and_again)
{
    struct till till;
    till_open(&till);
    until_paid(&till);
    tell_cancelled(&till, CANCEL_REFUNDED);
    assert_calls(&till, "POST", "/v1/refunds");
    stripe_says(&till, 200, "{\"id\":\"re_1\",\"object\":\"refund\",\"status\":\"failed\"}");
    assert_non_null(stored(&till).attention.data);
    tell_cancelled(&till, CANCEL_REFUNDED);
    for (int i = 0; i < 50; i++) {
        world_wait(&till.shop.world, hours(1));
        sweep(&till);
        assert_no_call(&till);
    }
    till_close(&till);
}

TEST(a_refund_that_stripe_refuses_is_tried_again_ever_more_seldom)
{
    struct till till;
    till_open(&till);
    until_paid(&till);
    tell_cancelled(&till, CANCEL_REFUNDED);
    int refunds = 0;
    for (int second = 0; second < 600; second++) {
        struct rows calls;
        assert_ok(shop_claim(&till.shop, &payments_service, 1, &calls));
        if (calls.count > 0) {
            till.call = *(struct outcall *)calls.items;
            bool refund = str_is(till.call.path, "/v1/refunds");
            refunds += refund;
            if (refund)
                stripe_says(&till, 400, "{\"error\":{\"code\":\"charge_disputed\"}}");
            else
                stripe_intent(&till, "succeeded");
        }
        world_wait(&till.shop.world, seconds(1));
    }
    assert_in_range(refunds, 10, 20);
    till_close(&till);
}

/* ---- capturing ---- */

TEST(F14_a_capture_of_unknown_outcome_is_made_again_until_it_is_known)
{
    struct till till;
    till_open(&till);
    until_capturing(&till);
    struct outcall first = till.call;
    stripe_outcome(&till, OUTCALL_UNKNOWN);
    wait_for_retry(&till);
    assert_calls(&till, "POST", "/capture");
    assert_same_call(&till, &first);
    stripe_outcome(&till, OUTCALL_NOT_SENT);
    assert_phase(&till, CHARGE_CAPTURING, false);
    world_wait(&till.shop.world, seconds(5));
    assert_calls(&till, "POST", "/capture");
    stripe_intent(&till, "succeeded");
    assert_phase(&till, CHARGE_PAID, true);
    till_close(&till);
}

TEST(F12_once_claimed_the_charge_is_captured_whatever_the_clock_says)
{
    struct till till;
    till_open(&till);
    until_capturing(&till);
    world_wait(&till.shop.world, hours(2));
    stripe_intent(&till, "succeeded");
    assert_int_equal(answered(&till), 201);
    till_close(&till);
}

TEST(a_capture_that_was_made_by_hand_is_as_good)
{
    struct till till;
    till_open(&till);
    until_capturing(&till);
    stripe_unexpected(&till, "succeeded");
    assert_phase(&till, CHARGE_PAID, true);
    till_close(&till);
}

TEST(a_hold_that_lapsed_fails_the_payment)
{
    struct till till;
    till_open(&till);
    until_capturing(&till);
    stripe_unexpected(&till, "canceled");
    const struct charge_state *told = shop_news(&till.shop, EVENT_charge_updated);
    assert_int_equal(told->status, CHARGE_FAILED);
    assert_phase(&till, CHARGE_DECLINED, true);
    assert_int_equal(answered(&till), 402);
    assert_string_equal(shop_body(&till.shop),
                        "{\"errors\":[{\"message\":\"The payment failed.\"}]}");
    tell_cancelled(&till, CANCEL_PAYMENT_FAILED);
    assert_no_call(&till);
    till_close(&till);
}

/* ---- nobody else's money ---- */

TEST(an_answer_about_another_amount_is_not_acted_upon_and_the_call_not_made_again)
{
    struct till till;
    till_open(&till);
    begin(&till, "pm_card_visa");
    assert_calls(&till, "POST", "/v1/payment_intents");
    const char *odd = till_text(&till,
                                "{\"id\":\"pi_1\",\"amount\":9999,\"currency\":\"usd\","
                                "\"status\":\"requires_capture\","
                                "\"metadata\":{\"charge_id\":\"%s\"}}",
                                till_id(&till, till.charge));
    stripe_says(&till, 200, odd);
    assert_null(till.shop.told);
    assert_phase(&till, CHARGE_NEW, false);
    assert_non_null(stored(&till).attention.data);
    for (int i = 0; i < 30; i++) {
        world_wait(&till.shop.world, hours(1));
        assert_calls(&till, "GET", "/v1/payment_intents?limit=100&created[gte]=1795175700");
        stripe_says(&till, 200, till_text(&till, "{\"has_more\":false,\"data\":[%s]}", odd));
    }
    till_close(&till);
}

/* ---- heard twice, or never ---- */

TEST(F26_news_that_come_twice_do_nothing_the_second_time)
{
    struct till till;
    till_open(&till);
    until_capturing(&till);
    tell_claimed(&till); /* as news: the inbox lets it through */
    assert_null(till.shop.told);
    assert_no_call(&till);
    stripe_intent(&till, "succeeded");
    stripe_intent(&till, "succeeded");
    assert_null(till.shop.told);
    till_close(&till);
}

TEST(F29_news_of_the_orders_past_do_nothing)
{
    struct till till;
    till_open(&till);
    struct order_state past = till.order;
    tell_cancelled(&till, CANCEL_USER);
    assert_ok(shop_hear(&till.shop, &payments_service, EVENT_order_updated, &past));
    assert_int_equal(pay(&till, bob, "pm_card_visa"), 409);
    till_close(&till);
}

TEST(a_hold_that_waits_for_the_orders_word_is_looked_after)
{
    struct till till;
    till_open(&till);
    until_authorized(&till);
    world_wait(&till.shop.world, (duration){ seconds(30).ms - 1 });
    sweep(&till);
    assert_no_call(&till);
    world_wait(&till.shop.world, (duration){ 1 });
    sweep(&till);
    assert_calls(&till, "GET", "/v1/payment_intents/pi_1");
    stripe_intent(&till, "canceled");
    assert_phase(&till, CHARGE_DECLINED, true);
    till_close(&till);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(F12_an_order_that_ends_before_stripe_is_asked_is_never_paid),
        cmocka_unit_test(F12_an_order_that_ends_while_stripe_is_asked_gives_the_money_back),
        cmocka_unit_test(F12_an_order_that_ends_between_token_and_intent_is_not_paid),
        cmocka_unit_test(F12_an_authorization_that_the_order_refuses_is_voided),
        cmocka_unit_test(F12_an_unknown_outcome_of_an_order_that_ended_is_found_out_and_undone),
        cmocka_unit_test(F35_what_was_captured_behind_our_back_for_an_order_that_ended_goes_back),
        cmocka_unit_test(F18_a_paid_order_that_is_cancelled_all_the_same_gets_its_money_back),
        cmocka_unit_test(F18_a_refund_that_fails_is_left_to_a_person_and_not_made_again_and_again),
        cmocka_unit_test(a_refund_that_stripe_refuses_is_tried_again_ever_more_seldom),
        cmocka_unit_test(F14_a_capture_of_unknown_outcome_is_made_again_until_it_is_known),
        cmocka_unit_test(F12_once_claimed_the_charge_is_captured_whatever_the_clock_says),
        cmocka_unit_test(a_capture_that_was_made_by_hand_is_as_good),
        cmocka_unit_test(a_hold_that_lapsed_fails_the_payment),
        cmocka_unit_test(
            an_answer_about_another_amount_is_not_acted_upon_and_the_call_not_made_again),
        cmocka_unit_test(F26_news_that_come_twice_do_nothing_the_second_time),
        cmocka_unit_test(F29_news_of_the_orders_past_do_nothing),
        cmocka_unit_test(a_hold_that_waits_for_the_orders_word_is_looked_after),
    };
    return RUN_TESTS(tests);
}
