/* The payments service as buyers ask it. */
#include "services/payments/payments.h"

#include "services/payments/till_test.h"
#include "tests/test.h"

static void assert_errors(struct till *till, const char *errors)
{
    assert_string_equal(shop_body(&till->shop), till_text(till, "{\"errors\":[%s]}", errors));
}

/* ---- paying ---- */

TEST(a_payment_is_held_then_captured_and_then_answered_in_full)
{
    struct till till;
    till_open(&till);
    begin(&till, "pm_card_visa");
    assert_calls(&till, "POST", "/v1/payment_intents");
    stripe_intent(&till, "requires_capture");
    assert_int_equal(shop_told(&till.shop, EVENT_charge_updated), 1);
    const struct charge_state *told = shop_news(&till.shop, EVENT_charge_updated);
    assert_true(told->authorized);
    assert_int_equal(told->status, CHARGE_CREATED);
    assert_int_equal(answered(&till), 0);
    assert_no_call(&till); /* nothing is captured before the order says so */

    tell_claimed(&till);
    assert_calls(&till, "POST", "/v1/payment_intents/pi_1/capture");
    stripe_intent(&till, "succeeded");
    told = shop_news(&till.shop, EVENT_charge_updated);
    assert_int_equal(told->status, CHARGE_COMPLETED);
    assert_int_equal(answered(&till), 201);
    assert_string_equal(shop_header(&till.shop, "Location"),
                        till_text(&till, "/api/payments/%s", till_id(&till, till.charge)));
    assert_string_equal(
        shop_body(&till.shop),
        till_text(&till,
                  "{\"id\":\"%s\",\"orderId\":\"%s\",\"status\":\"completed\",\"amount\":20.05,"
                  "\"currency\":\"usd\",\"stripeId\":\"pi_1\","
                  "\"createdAt\":\"2026-11-20T12:00:00.000Z\"}",
                  till_id(&till, till.charge), till_id(&till, till.order.id)));
    tell_order(&till, ORDER_COMPLETED, CANCEL_NONE);
    assert_null(till.shop.told);
    assert_no_call(&till);
    till_close(&till);
}

TEST(a_token_is_made_a_payment_method_first)
{
    struct till till;
    till_open(&till);
    begin(&till, "tok_visa");
    assert_calls(&till, "POST", "/v1/payment_methods");
    stripe_says(&till, 200, "{\"id\":\"pm_9\",\"object\":\"payment_method\"}");
    assert_calls(&till, "POST", "/v1/payment_intents");
    assert_non_null(
        strstr(str_terminated(&till.shop.world.arena, till.call.body), "&payment_method=pm_9&"));
    till_close(&till);
}

TEST(F15_what_is_paid_is_the_orders_price_to_the_cent_whatever_the_request_says)
{
    struct till till;
    till_open(&till);
    const char *body = till_text(&till,
                                 "{\"orderId\":\"%s\",\"token\":\"pm_card_visa\",\"amount\":0.01,"
                                 "\"price\":1,\"currency\":\"eur\"}",
                                 till_id(&till, till.order.id));
    assert_int_equal(shop_ask(&till.shop, bob, POST, "/api/payments", body), 0);
    assert_calls(&till, "POST", "/v1/payment_intents");
    assert_true(str_starts(till.call.body, S("amount=2005&currency=usd&")));
    till_close(&till);
}

TEST(a_payment_that_takes_long_is_answered_as_it_is_and_found_where_it_says)
{
    struct till till;
    till_open(&till);
    begin(&till, "pm_card_visa");
    assert_int_equal(answered(&till), 0);
    assert_int_equal(answered_late(&till), 202);
    assert_non_null(strstr(shop_body(&till.shop), "\"status\":\"created\""));
    const char *location = shop_header(&till.shop, "Location");
    assert_calls(&till, "POST", "/v1/payment_intents");
    stripe_declines(&till);
    assert_int_equal(shop_ask(&till.shop, bob, GET, location, NULL), 200);
    assert_non_null(strstr(shop_body(&till.shop),
                           "\"status\":\"failed\",\"amount\":20.05,\"currency\":\"usd\","
                           "\"stripeId\":\"pi_1\","
                           "\"failureMessage\":\"Your card has insufficient funds.\""));
    till_close(&till);
}

/* ---- what is refused, and in which order ---- */

TEST(F41_who_asks_is_checked_before_what_is_asked)
{
    struct till till;
    till_open(&till);
    assert_int_equal(shop_ask(&till.shop, nobody, POST, "/api/payments", "{}"), 401);
    assert_int_equal(shop_ask(&till.shop, nobody, GET, "/api/payments", NULL), 401);
    assert_int_equal(shop_ask(&till.shop, nobody, GET, "/api/payments/7", NULL), 401);
    assert_int_equal(shop_ask(&till.shop, bob, POST, "/api/payments", "{}"), 400);
    assert_errors(&till, "{\"message\":\"orderId is required\",\"field\":\"orderId\"},"
                         "{\"message\":\"must be a Stripe payment method (pm_...) or token "
                         "(tok_...)\",\"field\":\"token\"}");
    till_close(&till);
}

TEST(a_token_has_the_form_of_one)
{
    static const char *const tokens[] = { "",           "pm",         "visa",     "ctoken_1",
                                          "pm_a b",     "tok_a/../b", "pm_a&b=c", "PM_card_visa",
                                          "pm_\\u00e9", " tok_visa?" };
    struct till till;
    till_open(&till);
    for (size_t i = 0; i < sizeof tokens / sizeof tokens[0]; i++)
        assert_int_equal(pay(&till, bob, tokens[i]), 400);
    char long_token[PAYMENT_TOKEN_MAX + 2] = "pm_";
    memset(long_token + 3, 'a', sizeof long_token - 4);
    assert_int_equal(pay(&till, bob, long_token), 400);
    long_token[PAYMENT_TOKEN_MAX] = '\0';
    assert_int_equal(pay(&till, bob, long_token), 0);
    till_close(&till);
}

TEST(F22_an_order_id_that_is_none_never_reaches_the_store)
{
    static const char *const ids[] = { "7", "{\"$gt\":\"\"}", "[]", "null", "\"x\"", "true" };
    struct till till;
    till_open(&till);
    for (size_t i = 0; i < sizeof ids / sizeof ids[0]; i++) {
        const char *body = till_text(&till, "{\"orderId\":%s,\"token\":\"pm_1\"}", ids[i]);
        assert_int_equal(shop_ask(&till.shop, bob, POST, "/api/payments", body), 400);
        assert_non_null(strstr(shop_body(&till.shop), "\"field\":\"orderId\""));
    }
    till_close(&till);
}

TEST(card_data_is_refused_by_its_name)
{
    static const char *const members[] = { "number", "cvc", "expMonth", "expYear" };
    struct till till;
    till_open(&till);
    for (size_t i = 0; i < sizeof members / sizeof members[0]; i++) {
        const char *body =
            till_text(&till, "{\"orderId\":\"%s\",\"token\":\"pm_1\",\"%s\":\"123\"}",
                      till_id(&till, till.order.id), members[i]);
        assert_int_equal(shop_ask(&till.shop, bob, POST, "/api/payments", body), 400);
        assert_errors(&till, till_text(&till,
                                       "{\"message\":\"card data is never sent here\","
                                       "\"field\":\"%s\"}",
                                       members[i]));
    }
    till_close(&till);
}

TEST(F30_an_order_that_is_not_there_is_not_found_unless_word_of_it_may_be_on_its_way)
{
    struct till till;
    till_open(&till);
    uuid known = till.order.id;
    till.order.id.bytes[15] ^= 1; /* as young */
    assert_int_equal(pay(&till, bob, "pm_1"), 404);
    assert_errors(&till, "{\"message\":\"No such order\",\"field\":\"orderId\"}");
    till.shop.world.settings.bus = true;
    assert_int_equal(pay(&till, bob, "pm_1"), 503);
    assert_string_equal(shop_header(&till.shop, "Retry-After"), "1");
    world_wait(&till.shop.world, minutes(11));
    assert_int_equal(pay(&till, bob, "pm_1"), 404);
    till.order.id = known;
    assert_int_equal(pay(&till, bob, "pm_1"), 0);
    till_close(&till);
}

TEST(F42_nobody_pays_or_sees_what_is_not_his)
{
    struct till till;
    till_open(&till);
    assert_int_equal(pay(&till, carol, "pm_1"), 403);
    assert_errors(&till, "{\"message\":\"Not allowed\"}");
    tell_cancelled(&till, CANCEL_USER);
    assert_int_equal(pay(&till, carol, "pm_1"), 403); /* before 409 */
    till_close(&till);

    till_open(&till);
    begin(&till, "pm_1");
    const char *path = till_text(&till, "/api/payments/%s", till_id(&till, till.charge));
    assert_int_equal(shop_ask(&till.shop, bob, GET, path, NULL), 200);
    assert_int_equal(shop_ask(&till.shop, carol, GET, path, NULL), 403);
    assert_int_equal(shop_ask(&till.shop, alice, GET, path, NULL), 403);
    assert_int_equal(shop_ask(&till.shop, bob, GET, "/api/payments/7", NULL), 404);
    till.charge.bytes[15] ^= 1;
    path = till_text(&till, "/api/payments/%s", till_id(&till, till.charge));
    assert_int_equal(shop_ask(&till.shop, bob, GET, path, NULL), 404);
    till_close(&till);
}

TEST(an_order_that_has_ended_is_not_paid)
{
    static const struct {
        enum cancel_reason reason;
        const char *message;
    } ends[] = {
        { CANCEL_USER, "The order is cancelled" },
        { CANCEL_EXPIRED, "The order has expired" },
        { CANCEL_PAYMENT_FAILED, "The order is cancelled" },
    };
    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
        struct till till;
        till_open(&till);
        tell_cancelled(&till, ends[i].reason);
        assert_int_equal(pay(&till, bob, "pm_1"), 409);
        assert_errors(
            &till, till_text(&till, "{\"message\":\"%s\",\"field\":\"orderId\"}", ends[i].message));
        assert_no_call(&till);
        till_close(&till);
    }
}

TEST(F11_an_order_is_not_paid_after_its_deadline_even_if_no_timer_has_gone_off)
{
    struct till till;
    till_open(&till);
    world_wait(&till.shop.world, minutes(15));
    assert_int_equal(pay(&till, bob, "pm_1"), 409);
    assert_errors(&till, "{\"message\":\"The order has expired\",\"field\":\"orderId\"}");
    till.shop.world.now.ms--;
    assert_int_equal(pay(&till, bob, "pm_1"), 0);
    till_close(&till);
}

TEST(F40_nobody_tries_cards_without_end)
{
    struct till till;
    till_open(&till);
    till.shop.world.settings.payments_max = 3;
    for (int i = 0; i < 3; i++) {
        begin(&till, "pm_1");
        assert_calls(&till, "POST", "/v1/payment_intents");
        stripe_says(&till, 400, "{\"error\":{\"type\":\"invalid_request_error\"}}");
    }
    assert_int_equal(pay(&till, bob, "pm_1"), 429);
    assert_string_equal(shop_header(&till.shop, "Retry-After"), "600");
    till_close(&till);
}

/* ---- twice ---- */

TEST(F13_a_double_click_is_one_charge_and_gets_one_answer)
{
    struct till till;
    till_open(&till);
    begin(&till, "pm_card_visa");
    uuid first = till.charge;
    assert_int_equal(pay(&till, bob, "pm_card_visa"), 0);
    assert_null(till.shop.told);
    assert_true(uuid_equal(till.charge, first));
    assert_calls(&till, "POST", "/v1/payment_intents");
    assert_no_call(&till);
    stripe_intent(&till, "requires_capture");
    assert_int_equal(pay(&till, bob, "pm_card_visa"), 0);
    tell_claimed(&till);
    assert_calls(&till, "POST", "/capture");
    stripe_intent(&till, "succeeded");
    assert_int_equal(answered(&till), 201);

    assert_int_equal(pay(&till, bob, "pm_card_visa"), 409);
    assert_errors(&till, "{\"message\":\"The order is already paid\",\"field\":\"orderId\"}");
    assert_no_call(&till);
    till_close(&till);
}

TEST(F13_a_second_card_does_not_pay_what_is_being_paid)
{
    struct till till;
    till_open(&till);
    until_capturing(&till);
    assert_int_equal(pay(&till, bob, "pm_card_amex"), 409);
    assert_errors(&till, "{\"message\":\"The order is being paid\",\"field\":\"orderId\"}");
    assert_null(till.shop.told);
    till_close(&till);
}

TEST(F13_the_store_refuses_a_second_charge_of_an_order_and_a_second_call_of_a_charge)
{
    struct till till;
    till_open(&till);
    begin(&till, "pm_card_visa");
    struct charge charge = stored(&till);
    struct op *op = world_begin(&till.shop.world);
    struct stripe_call second = stripe_call_new(op, &charge, CALL_LIST, 1, (str){ NULL, 0 });
    assert_status(call_insert(op, &second), STATUS_CONFLICT);
    world_rollback(&till.shop.world);
    op = world_begin(&till.shop.world);
    charge.id = op_new_id(op);
    assert_status(charge_insert(op, &charge), STATUS_CONFLICT);
    world_rollback(&till.shop.world);
    till_close(&till);
}

/* ---- not paid ---- */

TEST(F17_a_declined_card_is_a_402_with_its_reason_and_ends_the_order)
{
    struct till till;
    till_open(&till);
    begin(&till, "pm_card_visa");
    assert_calls(&till, "POST", "/v1/payment_intents");
    stripe_declines(&till);
    const struct charge_state *told = shop_news(&till.shop, EVENT_charge_updated);
    assert_int_equal(told->status, CHARGE_FAILED);
    assert_false(told->rejected);
    assert_true(str_is(told->failure_code, "insufficient_funds"));
    assert_int_equal(answered(&till), 402);
    assert_errors(&till, "{\"message\":\"Your card has insufficient funds.\"}");

    /* Whoever knows its secret could still pay the intent. */
    tell_cancelled(&till, CANCEL_PAYMENT_FAILED);
    assert_calls(&till, "POST", "/v1/payment_intents/pi_1/cancel");
    assert_phase(&till, CHARGE_DECLINED, false);
    stripe_intent(&till, "canceled");
    assert_phase(&till, CHARGE_DECLINED, true);
    assert_int_equal(pay(&till, bob, "pm_card_visa"), 409);
    till_close(&till);
}

TEST(a_bad_token_is_a_400_and_the_order_may_be_paid_with_another)
{
    struct till till;
    till_open(&till);
    begin(&till, "tok_none");
    assert_calls(&till, "POST", "/v1/payment_methods");
    stripe_says(&till, 400,
                "{\"error\":{\"type\":\"invalid_request_error\",\"code\":\"resource_missing\","
                "\"message\":\"No such token: 'tok_none'\"}}");
    const struct charge_state *told = shop_news(&till.shop, EVENT_charge_updated);
    assert_true(told->rejected);
    assert_int_equal(answered(&till), 400);
    assert_errors(&till,
                  "{\"message\":\"This payment method cannot be used\",\"field\":\"token\"}");
    assert_phase(&till, CHARGE_REJECTED, true);
    until_paid(&till);
    assert_int_equal(answered(&till), 201);
    till_close(&till);
}

TEST(while_stripe_is_away_the_order_stays_and_can_be_paid_later)
{
    struct till till;
    till_open(&till);
    begin(&till, "pm_card_visa");
    assert_calls(&till, "POST", "/v1/payment_intents");
    stripe_outcome(&till, OUTCALL_NOT_SENT);
    const struct charge_state *told = shop_news(&till.shop, EVENT_charge_updated);
    assert_true(told->rejected);
    assert_int_equal(answered(&till), 503);
    assert_errors(&till, "{\"message\":\"Payments are not available at the moment\"}");
    assert_string_equal(shop_header(&till.shop, "Retry-After"), "5");
    assert_no_call(&till);
    until_paid(&till);
    till_close(&till);
}

TEST(a_key_that_stripe_does_not_know_is_not_the_buyers_fault)
{
    struct till till;
    till_open(&till);
    begin(&till, "pm_card_visa");
    assert_calls(&till, "POST", "/v1/payment_intents");
    stripe_says(&till, 401, "{\"error\":{\"type\":\"invalid_request_error\"}}");
    assert_int_equal(answered(&till), 503);
    assert_phase(&till, CHARGE_REJECTED, true);
    till_close(&till);
}

/* ---- 3-D Secure ---- */

TEST(F19_a_buyer_at_his_bank_is_told_so_and_looked_after)
{
    struct till till;
    till_open(&till);
    begin(&till, "pm_card_threeDSecure2Required");
    assert_calls(&till, "POST", "/v1/payment_intents");
    stripe_intent(&till, "requires_action");
    assert_int_equal(answered(&till), 202);
    assert_int_equal(pay(&till, bob, "pm_card_threeDSecure2Required"), 202);
    assert_string_equal(shop_header(&till.shop, "Location"),
                        till_text(&till, "/api/payments/%s", till_id(&till, till.charge)));
    assert_no_call(&till);

    for (int i = 0; i < 3; i++) {
        world_wait(&till.shop.world, seconds(5));
        sweep(&till);
        assert_calls(&till, "GET", "/v1/payment_intents/pi_1");
        stripe_intent(&till, "requires_action");
        sweep(&till);
        assert_no_call(&till);
    }
    world_wait(&till.shop.world, seconds(5));
    sweep(&till);
    assert_calls(&till, "GET", "/v1/payment_intents/pi_1");
    stripe_intent(&till, "requires_capture");
    tell_claimed(&till);
    assert_calls(&till, "POST", "/capture");
    till_close(&till);
}

TEST(F19_a_buyer_who_never_comes_back_from_his_bank_pays_nothing)
{
    struct till till;
    till_open(&till);
    begin(&till, "pm_card_threeDSecure2Required");
    assert_calls(&till, "POST", "/v1/payment_intents");
    stripe_intent(&till, "requires_action");
    world_wait(&till.shop.world, minutes(15));
    tell_cancelled(&till, CANCEL_EXPIRED);
    assert_calls(&till, "POST", "/v1/payment_intents/pi_1/cancel");
    stripe_intent(&till, "canceled");
    assert_phase(&till, CHARGE_VOIDED, true);
    assert_int_equal(pay(&till, bob, "pm_card_visa"), 409);
    assert_errors(&till, "{\"message\":\"The order has expired\",\"field\":\"orderId\"}");
    till_close(&till);
}

/* ---- looking ---- */

TEST(F43_payments_are_listed_newest_first_page_by_page_and_to_their_buyer)
{
    struct till till;
    till_open(&till);
    assert_int_equal(shop_ask(&till.shop, bob, GET, "/api/payments", NULL), 200);
    assert_string_equal(shop_body(&till.shop), "[]");
    uuid mine[3];
    for (int i = 0; i < 3; i++) {
        begin(&till, "pm_card_visa");
        mine[i] = till.charge;
        assert_calls(&till, "POST", "/v1/payment_intents");
        stripe_outcome(&till, OUTCALL_NOT_SENT);
        world_wait(&till.shop.world, seconds(1));
    }
    assert_int_equal(shop_ask(&till.shop, bob, GET, "/api/payments?limit=2", NULL), 200);
    const char *newest = strstr(shop_body(&till.shop), till_id(&till, mine[2]));
    assert_non_null(newest);
    assert_non_null(strstr(newest, till_id(&till, mine[1])));
    assert_null(strstr(newest, till_id(&till, mine[0])));

    str rest;
    str link = str_cut(response_header(&till.shop.response, "Link"), '>', &rest);
    assert_true(link.size > 1);
    const char *next =
        str_terminated(&till.shop.world.arena, (str){ link.data + 1, link.size - 1 });
    assert_int_equal(shop_ask(&till.shop, bob, GET, next, NULL), 200);
    assert_non_null(strstr(shop_body(&till.shop), till_id(&till, mine[0])));
    assert_string_equal(shop_header(&till.shop, "Link"), "");
    assert_int_equal(shop_ask(&till.shop, carol, GET, "/api/payments", NULL), 200);
    assert_string_equal(shop_body(&till.shop), "[]");
    assert_int_equal(shop_ask(&till.shop, bob, GET, "/api/payments?limit=0", NULL), 400);
    assert_int_equal(shop_ask(&till.shop, bob, GET, "/api/payments?cursor=x", NULL), 400);
    till_close(&till);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_payment_is_held_then_captured_and_then_answered_in_full),
        cmocka_unit_test(a_token_is_made_a_payment_method_first),
        cmocka_unit_test(
            F15_what_is_paid_is_the_orders_price_to_the_cent_whatever_the_request_says),
        cmocka_unit_test(a_payment_that_takes_long_is_answered_as_it_is_and_found_where_it_says),
        cmocka_unit_test(F41_who_asks_is_checked_before_what_is_asked),
        cmocka_unit_test(a_token_has_the_form_of_one),
        cmocka_unit_test(F22_an_order_id_that_is_none_never_reaches_the_store),
        cmocka_unit_test(card_data_is_refused_by_its_name),
        cmocka_unit_test(
            F30_an_order_that_is_not_there_is_not_found_unless_word_of_it_may_be_on_its_way),
        cmocka_unit_test(F42_nobody_pays_or_sees_what_is_not_his),
        cmocka_unit_test(an_order_that_has_ended_is_not_paid),
        cmocka_unit_test(F11_an_order_is_not_paid_after_its_deadline_even_if_no_timer_has_gone_off),
        cmocka_unit_test(F40_nobody_tries_cards_without_end),
        cmocka_unit_test(F13_a_double_click_is_one_charge_and_gets_one_answer),
        cmocka_unit_test(F13_a_second_card_does_not_pay_what_is_being_paid),
        cmocka_unit_test(
            F13_the_store_refuses_a_second_charge_of_an_order_and_a_second_call_of_a_charge),
        cmocka_unit_test(F17_a_declined_card_is_a_402_with_its_reason_and_ends_the_order),
        cmocka_unit_test(a_bad_token_is_a_400_and_the_order_may_be_paid_with_another),
        cmocka_unit_test(while_stripe_is_away_the_order_stays_and_can_be_paid_later),
        cmocka_unit_test(a_key_that_stripe_does_not_know_is_not_the_buyers_fault),
        cmocka_unit_test(F19_a_buyer_at_his_bank_is_told_so_and_looked_after),
        cmocka_unit_test(F19_a_buyer_who_never_comes_back_from_his_bank_pays_nothing),
        cmocka_unit_test(F43_payments_are_listed_newest_first_page_by_page_and_to_their_buyer),
    };
    return RUN_TESTS(tests);
}
