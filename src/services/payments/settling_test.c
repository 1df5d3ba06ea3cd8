/* How a charge comes to its end when the outcome of a call is not known, or the program ends. */
#include "services/payments/payments.h"
#include "services/payments/till_test.h"
#include "tests/test.h"

static void assert_key_ends(struct till *till, const char *end)
{
    const char *key = str_terminated(&till->shop.world.arena, till->call.idempotency_key);
    if (strlen(key) < strlen(end) || strcmp(key + strlen(key) - strlen(end), end) != 0)
        fail_msg("%s", key);
}

static const char *const broken = "{\"error\":{\"type\":\"api_error\"}}";

/* ---- outcomes that are not known ---- */

TEST(F14_an_unknown_outcome_is_asked_again_with_the_same_key_and_bytes)
{
    struct till till;
    till_open(&till);
    begin(&till, "pm_card_visa");
    assert_calls(&till, "POST", "/v1/payment_intents");
    struct outcall first = till.call;
    stripe_outcome(&till, OUTCALL_UNKNOWN);
    assert_no_call(&till); /* not at once */
    wait_for_retry(&till);
    assert_calls(&till, "POST", "/v1/payment_intents");
    assert_same_call(&till, &first);
    stripe_intent(&till, "requires_capture");
    assert_phase(&till, CHARGE_AUTHORIZED, false);
    till_close(&till);
}

TEST(F14_a_payment_that_may_have_happened_is_not_given_up_because_stripe_is_away_now)
{
    struct till till;
    till_open(&till);
    begin(&till, "pm_card_visa");
    assert_calls(&till, "POST", "/v1/payment_intents");
    stripe_outcome(&till, OUTCALL_UNKNOWN);
    wait_for_retry(&till);
    assert_calls(&till, "POST", "/v1/payment_intents");
    stripe_outcome(&till, OUTCALL_NOT_SENT);
    assert_phase(&till, CHARGE_NEW, false);
    world_wait(&till.shop.world, seconds(5));
    assert_calls(&till, "POST", "/v1/payment_intents");
    till_close(&till);
}

TEST(F14_an_answer_that_cannot_be_read_leaves_the_same_doubt)
{
    static const struct {
        int64_t status;
        const char *body;
    } odd[] = { { 200, "{\"id\":\"pi_1\",\"sta" },
                { 402, "<html>" },
                { 409, "" },
                { 424, "" },
                { 502, "<html>" } };
    for (size_t i = 0; i < sizeof odd / sizeof odd[0]; i++) {
        struct till till;
        till_open(&till);
        begin(&till, "pm_card_visa");
        assert_calls(&till, "POST", "/v1/payment_intents");
        stripe_says(&till, odd[i].status, odd[i].body);
        wait_for_retry(&till);
        assert_calls(&till, "POST", "/v1/payment_intents");
        stripe_outcome(&till, OUTCALL_NOT_SENT);
        assert_phase(&till, CHARGE_NEW, false);
        till_close(&till);
    }
}

TEST(what_stripe_was_too_busy_to_begin_leaves_no_doubt)
{
    struct till till;
    till_open(&till);
    begin(&till, "pm_card_visa");
    assert_calls(&till, "POST", "/v1/payment_intents");
    stripe_says(&till, 429, "{\"error\":{\"code\":\"rate_limit\"}}");
    wait_for_retry(&till);
    assert_calls(&till, "POST", "/v1/payment_intents");
    stripe_outcome(&till, OUTCALL_NOT_SENT);
    assert_phase(&till, CHARGE_REJECTED, true);
    till_close(&till);
}

/* Twice with one key, as Stripe keeps a 500; then the list of intents is asked. */
static void until_listed(struct till *till, const char *token)
{
    begin(till, token);
    for (int i = 0; i < 2; i++) {
        assert_calls(till, "POST",
                     str_starts(str_of(token), S("tok_")) ? "/v1/payment_methods"
                                                          : "/v1/payment_intents");
        stripe_says(till, 500, broken);
        assert_no_call(till);
        world_wait(&till->shop.world, seconds(2));
    }
    assert_calls(till, "GET", "/v1/payment_intents?limit=100&created[gte]=1795175700");
}

TEST(F14_a_kept_500_is_looked_up_and_what_happened_is_found)
{
    struct till till;
    till_open(&till);
    until_listed(&till, "pm_card_visa");
    stripe_says(&till, 200,
                "{\"has_more\":true,\"data\":[{\"id\":\"pi_x\",\"amount\":1,\"currency\":\"usd\","
                "\"status\":\"succeeded\",\"metadata\":{}}]}");
    assert_calls(&till, "GET", "&starting_after=pi_x");
    stripe_says(&till, 200,
                till_text(&till, "{\"has_more\":false,\"data\":[%s]}",
                          intent_of(&till, "requires_capture")));
    assert_phase(&till, CHARGE_AUTHORIZED, false);
    tell_claimed(&till);
    assert_calls(&till, "POST", "/v1/payment_intents/pi_1/capture");
    till_close(&till);
}

TEST(F14_what_is_not_found_is_done_under_a_new_key)
{
    struct till till;
    till_open(&till);
    until_listed(&till, "pm_card_visa");
    stripe_says(&till, 200, "{\"has_more\":false,\"data\":[]}");
    wait_for_retry(&till);
    assert_calls(&till, "POST", "/v1/payment_intents");
    assert_key_ends(&till, "-create-2");
    stripe_intent(&till, "requires_capture");
    assert_phase(&till, CHARGE_AUTHORIZED, false);
    till_close(&till);
}

TEST(a_token_that_may_be_used_up_is_asked_for_anew)
{
    struct till till;
    till_open(&till);
    until_listed(&till, "tok_visa");
    stripe_says(&till, 200, "{\"has_more\":false,\"data\":[]}");
    assert_phase(&till, CHARGE_REJECTED, true);
    assert_int_equal(answered(&till), 400);
    assert_string_equal(shop_body(&till.shop),
                        "{\"errors\":[{\"message\":\"Please try again with another token\","
                        "\"field\":\"token\"}]}");
    until_paid(&till);
    till_close(&till);
}

/* ---- crashes ---- */

TEST(F14_a_call_whose_answer_never_comes_is_made_again_after_its_lease)
{
    struct till till;
    till_open(&till);
    begin(&till, "pm_card_visa");
    assert_calls(&till, "POST", "/v1/payment_intents");
    struct outcall first = till.call;
    world_wait(&till.shop.world, (duration){ seconds(60).ms - 1 });
    assert_no_call(&till);
    world_wait(&till.shop.world, (duration){ 1 });
    assert_calls(&till, "POST", "/v1/payment_intents");
    assert_same_call(&till, &first);
    /* The first one's answer comes after all, and then the second one's. */
    stripe_intent(&till, "requires_capture");
    assert_phase(&till, CHARGE_AUTHORIZED, false);
    stripe_intent(&till, "requires_capture");
    assert_null(till.shop.told);
    assert_no_call(&till);
    till_close(&till);
}

TEST(F14_calls_under_way_when_the_program_ended_are_made_again_at_once)
{
    struct till till;
    till_open(&till);
    begin(&till, "pm_card_visa");
    assert_calls(&till, "POST", "/v1/payment_intents");
    struct outcall first = till.call;
    struct op *op = world_begin(&till.shop.world);
    assert_ok(payments_service.outbound->recover(op));
    world_commit(&till.shop.world);
    assert_calls(&till, "POST", "/v1/payment_intents");
    assert_same_call(&till, &first);
    stripe_outcome(&till, OUTCALL_NOT_SENT);
    assert_phase(&till, CHARGE_NEW, false); /* the first may have happened */
    till_close(&till);
}

TEST(F14_after_a_day_away_the_truth_is_looked_up_since_stripe_forgets_keys)
{
    struct till till;
    till_open(&till);
    begin(&till, "pm_card_visa");
    assert_calls(&till, "POST", "/v1/payment_intents");
    world_wait(&till.shop.world, hours(25));
    struct op *op = world_begin(&till.shop.world);
    assert_ok(payments_service.outbound->recover(op));
    world_commit(&till.shop.world);
    assert_no_call(&till);
    wait_for_retry(&till);
    assert_calls(&till, "GET", "/v1/payment_intents?limit=100&created[gte]=1795175700");
    tell_cancelled(&till, CANCEL_EXPIRED);
    stripe_says(&till, 200,
                till_text(&till, "{\"has_more\":false,\"data\":[%s]}",
                          intent_of(&till, "requires_capture")));
    assert_calls(&till, "POST", "/v1/payment_intents/pi_1/cancel");
    stripe_intent(&till, "canceled");
    assert_phase(&till, CHARGE_VOIDED, true);
    till_close(&till);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(F14_an_unknown_outcome_is_asked_again_with_the_same_key_and_bytes),
        cmocka_unit_test(
            F14_a_payment_that_may_have_happened_is_not_given_up_because_stripe_is_away_now),
        cmocka_unit_test(F14_an_answer_that_cannot_be_read_leaves_the_same_doubt),
        cmocka_unit_test(what_stripe_was_too_busy_to_begin_leaves_no_doubt),
        cmocka_unit_test(F14_a_kept_500_is_looked_up_and_what_happened_is_found),
        cmocka_unit_test(F14_what_is_not_found_is_done_under_a_new_key),
        cmocka_unit_test(a_token_that_may_be_used_up_is_asked_for_anew),
        cmocka_unit_test(F14_a_call_whose_answer_never_comes_is_made_again_after_its_lease),
        cmocka_unit_test(F14_calls_under_way_when_the_program_ended_are_made_again_at_once),
        cmocka_unit_test(F14_after_a_day_away_the_truth_is_looked_up_since_stripe_forgets_keys),
    };
    return RUN_TESTS(tests);
}
