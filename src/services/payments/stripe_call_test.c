/* Our calls to Stripe, byte for byte: they are sent again as they are, so they may never change. */
#include "services/payments/stripe_call.h"

#include "tests/support/world.h"
#include "tests/test.h"

#define CHARGE_ID "01234567-89ab-7cde-8f01-23456789abcd"
#define ORDER_ID  "0fedcba9-8765-7321-8fed-cba987654321"

static const struct service nothing = { .name = "nothing" };
static const struct service *const services[] = { &nothing, NULL };

struct calls {
    struct test_world world;
    struct op *op;
    struct charge charge;
};

static void calls_open(struct calls *calls)
{
    world_open(&calls->world, services);
    calls->op = world_begin(&calls->world);
    calls->charge = (struct charge){
        .amount = { 2005 },
        .currency = S("usd"),
        .phase = CHARGE_NEW,
        .token = S("tok_visa"),
        .stripe_id = S("pi_3Px"),
        .created_at = calls->world.now,
    };
    assert_true(uuid_parse(S(CHARGE_ID), &calls->charge.id));
    assert_true(uuid_parse(S(ORDER_ID), &calls->charge.order_id));
}

static void calls_close(struct calls *calls)
{
    world_rollback(&calls->world);
    world_close(&calls->world);
}

static void assert_call(const struct stripe_call *call, const char *method, const char *path,
                        const char *key, const char *body)
{
    assert_true(str_is(call->method, method));
    if (!str_is(call->path, path))
        fail_msg("%.*s", (int)call->path.size, call->path.data);
    if (!str_equal(call->idempotency_key, str_of(key)))
        fail_msg("%.*s", (int)call->idempotency_key.size, call->idempotency_key.data);
    if (!str_is(call->body, body))
        fail_msg("%.*s", (int)call->body.size, call->body.data);
    assert_int_equal(call->state, CALL_READY);
    assert_int_equal(call->attempts, 0);
    assert_false(call->maybe_done);
    assert_int_equal(call->first_sent_at.ms, 0);
}

static struct stripe_call call_of(struct calls *calls, enum call_kind kind, int64_t round)
{
    return stripe_call_new(calls->op, &calls->charge, kind, round, S("pm_9"));
}

TEST(a_token_becomes_a_payment_method)
{
    struct calls calls;
    calls_open(&calls);
    struct stripe_call call = call_of(&calls, CALL_METHOD, 1);
    assert_call(&call, "POST", "/v1/payment_methods", "usher-" CHARGE_ID "-method",
                "type=card&card%5Btoken%5D=tok_visa");
    calls_close(&calls);
}

TEST(F19_an_intent_is_confirmed_at_once_and_captured_by_hand)
{
    struct calls calls;
    calls_open(&calls);
    struct stripe_call call = call_of(&calls, CALL_CREATE, 1);
    assert_call(&call, "POST", "/v1/payment_intents", "usher-" CHARGE_ID "-create",
                "amount=2005&currency=usd&payment_method=pm_9&capture_method=manual&confirm=true"
                "&automatic_payment_methods%5Benabled%5D=true"
                "&automatic_payment_methods%5Ballow_redirects%5D=never"
                "&transfer_group=" ORDER_ID "&metadata%5Border_id%5D=" ORDER_ID
                "&metadata%5Bcharge_id%5D=" CHARGE_ID "&metadata%5Bdeployment%5D=usher");
    calls_close(&calls);
}

TEST(F15_amounts_travel_in_whole_cents)
{
    struct calls calls;
    calls_open(&calls);
    static const struct {
        int64_t minor;
        const char *body;
    } amounts[] = { { 50, "amount=50&" },
                    { 1999, "amount=1999&" },
                    { 99999999, "amount=99999999&" } };
    for (size_t i = 0; i < sizeof amounts / sizeof amounts[0]; i++) {
        calls.charge.amount.minor = amounts[i].minor;
        assert_true(str_starts(call_of(&calls, CALL_CREATE, 1).body, str_of(amounts[i].body)));
    }
    calls_close(&calls);
}

TEST(an_intent_is_captured_in_full)
{
    struct calls calls;
    calls_open(&calls);
    struct stripe_call call = call_of(&calls, CALL_CAPTURE, 1);
    assert_call(&call, "POST", "/v1/payment_intents/pi_3Px/capture", "usher-" CHARGE_ID "-capture",
                "");
    calls_close(&calls);
}

TEST(an_intent_is_cancelled_with_its_reason)
{
    struct calls calls;
    calls_open(&calls);
    calls.charge.phase = CHARGE_VOIDING;
    struct stripe_call call = call_of(&calls, CALL_CANCEL, 1);
    assert_call(&call, "POST", "/v1/payment_intents/pi_3Px/cancel", "usher-" CHARGE_ID "-cancel",
                "cancellation_reason=requested_by_customer");
    calls.charge.phase = CHARGE_DECLINED;
    call = call_of(&calls, CALL_CANCEL, 1);
    assert_true(str_is(call.body, "cancellation_reason=abandoned"));
    calls_close(&calls);
}

TEST(F18_money_is_given_back_in_full)
{
    struct calls calls;
    calls_open(&calls);
    struct stripe_call call = call_of(&calls, CALL_REFUND, 1);
    assert_call(&call, "POST", "/v1/refunds", "usher-" CHARGE_ID "-refund",
                "payment_intent=pi_3Px&reason=requested_by_customer"
                "&metadata%5Bcharge_id%5D=" CHARGE_ID);
    calls_close(&calls);
}

TEST(lookups_are_gets_and_have_no_key)
{
    struct calls calls;
    calls_open(&calls);
    struct stripe_call call = call_of(&calls, CALL_RETRIEVE, 1);
    assert_call(&call, "GET", "/v1/payment_intents/pi_3Px", NULL, "");
    call = call_of(&calls, CALL_LIST, 1);
    /* 12:00 of the charge's day, less five minutes */
    assert_call(&call, "GET", "/v1/payment_intents?limit=100&created[gte]=1795175700", NULL, "");
    call = stripe_call_next_page(calls.op, &calls.charge, S("pi_2"));
    assert_call(&call, "GET",
                "/v1/payment_intents?limit=100&created[gte]=1795175700&starting_after=pi_2", NULL,
                "");
    calls_close(&calls);
}

TEST(F13_a_key_is_the_same_for_the_same_call_and_new_only_for_a_new_one)
{
    struct calls calls;
    calls_open(&calls);
    struct stripe_call first = call_of(&calls, CALL_CREATE, 1);
    struct stripe_call again = call_of(&calls, CALL_CREATE, 1);
    assert_true(str_equal(first.idempotency_key, again.idempotency_key));
    assert_true(str_equal(first.body, again.body));
    assert_false(uuid_equal(first.id, again.id));
    struct stripe_call second = call_of(&calls, CALL_CREATE, 2);
    assert_true(str_is(second.idempotency_key, "usher-" CHARGE_ID "-create-2"));
    calls.world.settings.deployment = S("staging");
    assert_true(
        str_is(call_of(&calls, CALL_CREATE, 1).idempotency_key, "staging-" CHARGE_ID "-create"));
    calls_close(&calls);
}

TEST(retries_wait_twice_as_long_each_time_up_to_a_minute)
{
    struct calls calls;
    calls_open(&calls);
    static const int64_t waits[] = { 500, 500, 1000, 2000, 4000, 8000, 16000, 32000, 60000, 60000 };
    for (size_t attempts = 0; attempts < sizeof waits / sizeof waits[0]; attempts++) {
        bool differs = false;
        int64_t first = -1;
        for (int i = 0; i < 50; i++) {
            struct stripe_call call = { .attempts = (int64_t)attempts };
            int64_t wait = stripe_retry_at(calls.op, &call).ms - calls.world.now.ms;
            assert_in_range(wait, waits[attempts], waits[attempts] * 5 / 4);
            differs = differs || (first >= 0 && wait != first);
            first = wait;
        }
        assert_true(differs); /* so that many do not come at once */
    }
    calls_close(&calls);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_token_becomes_a_payment_method),
        cmocka_unit_test(F19_an_intent_is_confirmed_at_once_and_captured_by_hand),
        cmocka_unit_test(F15_amounts_travel_in_whole_cents),
        cmocka_unit_test(an_intent_is_captured_in_full),
        cmocka_unit_test(an_intent_is_cancelled_with_its_reason),
        cmocka_unit_test(F18_money_is_given_back_in_full),
        cmocka_unit_test(lookups_are_gets_and_have_no_key),
        cmocka_unit_test(F13_a_key_is_the_same_for_the_same_call_and_new_only_for_a_new_one),
        cmocka_unit_test(retries_wait_twice_as_long_each_time_up_to_a_minute),
    };
    return RUN_TESTS(tests);
}
