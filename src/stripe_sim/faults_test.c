/* Misbehaviour on request, and the view behind the simulator. */
#include "tests/support/stripe_client.h"
#include "tests/test.h"

#define CREATE "/v1/payment_intents"
#define HOLD   HOLD_FORM "&payment_method=pm_card_visa"

static void fault(struct client *client, const char *json)
{
    if (client_control(client, POST, "/_sim/faults", json) != 201)
        fail_msg("%s: %s", json, client_body(client));
}

static int create(struct client *client, const char *key)
{
    client->key = key;
    int status = client_post(client, CREATE, HOLD);
    client->key = NULL;
    return status;
}

static int64_t held(struct client *client)
{
    assert_int_equal(client_control(client, GET, "/_sim/ledger", NULL), 200);
    int64_t amount;
    assert_true(str_to_int(str_of(client_member(client, "held")), &amount));
    return amount;
}

TEST(before_nothing_is_done_and_after_all_is)
{
    struct client client;
    client_open(&client);
    fault(&client, "{\"do\":\"drop\",\"when\":\"before\"}");
    assert_int_equal(create(&client, "k1"), 0);
    assert_true(client.response.drop);
    assert_int_equal(held(&client), 0);

    fault(&client, "{\"do\":\"drop\",\"when\":\"after\"}");
    assert_int_equal(create(&client, "k1"), 0);
    assert_true(client.response.drop);
    assert_int_equal(held(&client), 2000);
    assert_int_equal(create(&client, "k1"), 200);
    assert_string_equal(client_header(&client, "Idempotent-Replayed"), "true");
    assert_int_equal(held(&client), 2000);
    client_close(&client);
}

TEST(a_500_is_kept_under_its_key_whether_or_not_anything_was_done)
{
    struct client client;
    client_open(&client);
    fault(&client, "{\"do\":\"status\",\"status\":500,\"when\":\"before\"}");
    assert_int_equal(create(&client, "k1"), 500);
    assert_int_equal(create(&client, "k1"), 500);
    assert_string_equal(client_header(&client, "Idempotent-Replayed"), "true");
    assert_int_equal(held(&client), 0);

    fault(&client, "{\"do\":\"status\",\"status\":500,\"when\":\"after\"}");
    assert_int_equal(create(&client, "k2"), 500);
    assert_int_equal(create(&client, "k2"), 500);
    assert_int_equal(held(&client), 2000);
    client_close(&client);
}

TEST(other_statuses_are_not_kept)
{
    struct client client;
    client_open(&client);
    static const int statuses[] = { 409, 429, 502, 503 };
    for (size_t i = 0; i < sizeof statuses / sizeof *statuses; i++) {
        fault(&client, client_text(&client, "{\"do\":\"status\",\"status\":%d}", statuses[i]));
        const char *key = client_text(&client, "k%d", statuses[i]);
        assert_int_equal(create(&client, key), statuses[i]);
        assert_int_equal(create(&client, key), 200);
        assert_string_equal(client_header(&client, "Idempotent-Replayed"), "");
    }
    client_close(&client);
}

TEST(a_limiter_gives_its_reason_and_a_lock_does_not)
{
    struct client client;
    client_open(&client);
    fault(&client, "{\"do\":\"status\",\"status\":429}");
    assert_int_equal(create(&client, NULL), 429);
    assert_member(&client, "code", "rate_limit");
    assert_string_equal(client_header(&client, "Stripe-Rate-Limited-Reason"), "endpoint-rate");
    fault(&client, "{\"do\":\"status\",\"status\":429,\"code\":\"lock_timeout\"}");
    assert_int_equal(create(&client, NULL), 429);
    assert_member(&client, "code", "lock_timeout");
    assert_string_equal(client_header(&client, "Stripe-Rate-Limited-Reason"), "");
    client_close(&client);
}

TEST(an_answer_can_be_cut_broken_or_wrong)
{
    struct client client;
    client_open(&client);
    fault(&client, "{\"do\":\"truncate\",\"when\":\"after\"}");
    assert_int_equal(create(&client, "k1"), 200);
    assert_in_range(client.response.truncate_to, 1, client.response.body.size - 1);
    fault(&client, "{\"do\":\"bad_json\",\"when\":\"after\"}");
    assert_int_equal(create(&client, "k1"), 200);
    assert_int_not_equal(client_body(&client)[client.response.body.size - 1], '}');
    fault(&client, "{\"do\":\"wrong_amount\",\"when\":\"after\"}");
    assert_int_equal(create(&client, "k1"), 200);
    assert_member(&client, "amount", "2001");
    assert_int_equal(create(&client, "k1"), 200);
    assert_member(&client, "amount", "2000");
    assert_int_equal(held(&client), 2000);
    client_close(&client);
}

TEST(a_fault_strikes_only_what_it_names)
{
    struct client client;
    client_open(&client);
    const char *id = client_hold(&client, "pm_card_visa");
    const char *path = client_text(&client, "/v1/payment_intents/%s", id);
    const char *capture = client_text(&client, "%s/capture", path);

    fault(&client, "{\"do\":\"status\",\"method\":\"POST\",\"key\":\"shop-\","
                   "\"path\":\"/v1/payment_intents/*/capture\",\"forever\":true}");
    assert_int_equal(client_get(&client, path), 200);
    assert_int_equal(create(&client, "shop-1"), 200);
    client.key = "other";
    assert_int_equal(client_post(&client, capture, "amount_to_capture=x"), 400);
    client.key = "shop-2";
    assert_int_equal(client_post(&client, capture, ""), 500);
    client.key = "shop-3";
    assert_int_equal(client_post(&client, capture, ""), 500);
    client.key = "shop-4";
    assert_int_equal(client_control(&client, DELETE, "/_sim/faults", NULL), 204);
    assert_int_equal(client_post(&client, capture, ""), 200);
    client_close(&client);
}

TEST(a_fault_strikes_as_often_as_it_says)
{
    struct client client;
    client_open(&client);
    fault(&client, "{\"do\":\"status\",\"status\":503,\"times\":2,\"skip\":1}");
    assert_int_equal(client_get(&client, CREATE), 200);
    assert_int_equal(client_get(&client, CREATE), 503);
    assert_int_equal(client_control(&client, GET, "/_sim/faults", NULL), 200);
    assert_member(&client, "timesLeft", "1");
    assert_int_equal(client_get(&client, CREATE), 503);
    assert_int_equal(client_get(&client, CREATE), 200);
    assert_int_equal(client_control(&client, GET, "/_sim/faults", NULL), 200);
    assert_string_equal(client_body(&client), "[]");
    client_close(&client);
}

/* ---- held back ---- */

TEST(a_delayed_call_is_executed_when_its_time_has_come)
{
    struct client client;
    client_open(&client);
    fault(&client, "{\"do\":\"delay\",\"ms\":300}");
    assert_int_equal(create(&client, "k1"), 0);
    assert_false(client.response.drop);
    assert_int_equal(client.response.wait.until.ms, client.world.now.ms + 300);
    struct request request = client.request;
    struct wait wait = client.response.wait;
    assert_int_equal(held(&client), 0);

    client_wait(&client, (duration){ 299 });
    client.request = request;
    client.response.wait = wait;
    assert_int_equal(client_again(&client), 0);
    client_wait(&client, (duration){ 1 });
    assert_int_equal(client_again(&client), 200);
    assert_string_equal(client_header(&client, "Idempotency-Key"), "k1");
    assert_int_equal(held(&client), 2000);
    client_close(&client);
}

TEST(a_call_that_hangs_before_waits_for_its_release)
{
    struct client client;
    client_open(&client);
    fault(&client, "{\"do\":\"hang\"}");
    assert_int_equal(create(&client, "k1"), 0);
    struct request request = client.request;
    struct wait wait = client.response.wait;

    client_wait(&client, hours(1));
    client.request = request;
    client.response.wait = wait;
    assert_int_equal(client_again(&client), 0);
    wait = client.response.wait;
    assert_true(wait.until.ms > client.world.now.ms);
    assert_int_equal(held(&client), 0);
    assert_int_equal(client_control(&client, POST, "/_sim/release", NULL), 204);
    client.request = request;
    client.response.wait = wait;
    assert_int_equal(client_again(&client), 200);
    assert_member(&client, "status", "requires_capture");
    client_close(&client);
}

TEST(a_call_that_hangs_is_executed_even_if_its_client_has_gone)
{
    struct client client;
    client_open(&client);
    fault(&client, "{\"do\":\"hang\"}");
    assert_int_equal(create(&client, "k1"), 0);
    assert_int_equal(client_control(&client, DELETE, "/_sim/faults", NULL), 204);
    assert_int_equal(held(&client), 2000);
    assert_int_equal(create(&client, "k1"), 200);
    assert_string_equal(client_header(&client, "Idempotent-Replayed"), "true");
    client_close(&client);
}

TEST(a_call_that_hangs_after_is_done_and_kept)
{
    struct client client;
    client_open(&client);
    fault(&client, "{\"do\":\"hang\",\"when\":\"after\"}");
    assert_int_equal(create(&client, "k1"), 0);
    struct request request = client.request;
    struct wait wait = client.response.wait;
    assert_int_equal(held(&client), 2000);
    assert_int_equal(create(&client, "k1"), 200);
    assert_string_equal(client_header(&client, "Idempotent-Replayed"), "true");

    assert_int_equal(client_control(&client, POST, "/_sim/release", NULL), 204);
    client.request = request;
    client.response.wait = wait;
    assert_int_equal(client_again(&client), 200);
    assert_string_equal(client_header(&client, "Idempotent-Replayed"), "");
    client_close(&client);
}

/* A client may wait for hours, in one arena. */
TEST(waiting_takes_hardly_any_memory)
{
    struct client client;
    client_open(&client);
    fault(&client, "{\"do\":\"hang\"}");
    assert_int_equal(create(&client, "k1"), 0);
    size_t before = client.world.arena.total;
    for (int i = 0; i < 1000; i++)
        assert_int_equal(client_again(&client), 0);
    assert_in_range(client.world.arena.total - before, 0, 64 * 1024);
    client_close(&client);
}

TEST(a_call_that_was_forgotten_in_a_reset_gets_no_answer)
{
    struct client client;
    client_open(&client);
    fault(&client, "{\"do\":\"hang\"}");
    assert_int_equal(create(&client, "k1"), 0);
    struct request request = client.request;
    struct wait wait = client.response.wait;
    assert_int_equal(client_control(&client, POST, "/_sim/reset", NULL), 204);
    client.request = request;
    client.response.wait = wait;
    assert_int_equal(client_again(&client), 0);
    assert_true(client.response.drop);
    client_close(&client);
}

TEST(one_fault_lets_go_only_of_what_it_holds)
{
    struct client client;
    client_open(&client);
    fault(&client, "{\"do\":\"hang\"}");
    const char *first = client_member(&client, "id");
    fault(&client, "{\"do\":\"hang\"}");
    assert_int_equal(create(&client, "k1"), 0);
    assert_int_equal(create(&client, "k2"), 0);
    const char *path = client_text(&client, "/_sim/faults/%s", first);
    assert_int_equal(client_control(&client, DELETE, path, NULL), 204);
    assert_int_equal(held(&client), 2000);
    client_close(&client);
}

TEST(an_answer_may_come_late)
{
    struct client client;
    client_open(&client);
    fault(&client, "{\"do\":\"delay\",\"ms\":700,\"when\":\"after\"}");
    assert_int_equal(create(&client, NULL), 200);
    assert_int_equal(client.response.delay.ms, 700);
    client_close(&client);
}

/* ---- behind the simulator ---- */

TEST(the_control_api_wants_its_own_token)
{
    struct client client;
    client_open(&client);
    assert_int_equal(client_get(&client, "/_sim/ledger"), 401); /* with the key of the API */
    client.options.control_token = (str){ NULL, 0 };
    client.authorization = "Bearer sk_test_1";
    assert_int_equal(client_get(&client, "/_sim/ledger"), 404);
    assert_member(&client, "type", "invalid_request_error");
    client_close(&client);
}

TEST(the_control_api_refuses_what_it_does_not_know)
{
    struct client client;
    client_open(&client);
    assert_int_equal(client_control(&client, POST, "/_sim/faults", "{}"), 400);
    assert_int_equal(client_control(&client, POST, "/_sim/faults", "{\"do\":\"explode\"}"), 400);
    assert_int_equal(
        client_control(&client, POST, "/_sim/faults", "{\"do\":\"status\",\"status\":200}"), 400);
    assert_int_equal(client_control(&client, GET, "/_sim/nothing", NULL), 404);
    assert_int_equal(client_control(&client, POST, "/_sim/payment_intents/pi_1/lapse", NULL), 404);
    client_close(&client);
}

TEST(the_log_tells_what_was_asked)
{
    struct client client;
    client_open(&client);
    (void)create(&client, "k1");
    fault(&client, "{\"do\":\"drop\",\"when\":\"after\"}");
    (void)create(&client, "k1");
    assert_int_equal(client_control(&client, GET, "/_sim/requests", NULL), 200);
    const char *second = strstr(client_body(&client), "\"seq\":2");
    assert_non_null(second);
    assert_non_null(strstr(second, "\"key\":\"k1\""));
    assert_non_null(strstr(second, "\"replayed\":true"));
    assert_non_null(strstr(second, "\"fault\":\"drop\""));
    assert_null(strstr(client_body(&client), "sk_test"));
    client_close(&client);
}

TEST(the_ledger_adds_up_and_names_orders)
{
    struct client client;
    client_open(&client);
    (void)client_hold(&client, "pm_card_visa");
    const char *paid = client_pay(&client, "pm_card_visa");
    (void)client_post(&client, "/v1/refunds",
                      client_text(&client, "payment_intent=%s&amount=300", paid));
    (void)client_hold(&client, "pm_card_visa_chargeDeclined");

    assert_int_equal(client_control(&client, GET, "/_sim/ledger", NULL), 200);
    assert_non_null(
        strstr(client_body(&client), "{\"captured\":2000,\"refunded\":300,\"held\":2000,"));
    assert_member(&client, "order_id", "o1");
    client_close(&client);
}

TEST(payments_can_be_handled_from_outside)
{
    struct client client;
    client_open(&client);
    static const struct {
        const char *what;
        const char *status;
    } moves[] = { { "capture", "succeeded" }, { "cancel", "canceled" }, { "lapse", "canceled" } };
    for (size_t i = 0; i < 3; i++) {
        const char *id = client_hold(&client, "pm_card_visa");
        const char *path = client_text(&client, "/_sim/payment_intents/%s/%s", id, moves[i].what);
        assert_int_equal(client_control(&client, POST, path, NULL), 200);
        assert_member(&client, "status", moves[i].status);
        assert_int_equal(client_control(&client, POST, path, NULL), 409);
    }
    client_close(&client);
}

TEST(a_reset_forgets_everything)
{
    struct client client;
    client_open(&client);
    (void)create(&client, "k1");
    fault(&client, "{\"do\":\"drop\"}");
    (void)client_control(&client, POST, "/_sim/clock", "{\"advanceMs\":5000}");
    assert_member(&client, "ahead_ms", "5000");
    assert_int_equal(client_control(&client, POST, "/_sim/reset", NULL), 204);
    assert_int_equal(held(&client), 0);
    assert_int_equal(client_control(&client, GET, "/_sim/clock", NULL), 200);
    assert_member(&client, "ahead_ms", "0");
    assert_int_equal(create(&client, "k1"), 200);
    assert_string_equal(client_header(&client, "Idempotent-Replayed"), "");
    client_close(&client);
}

TEST(time_passes_also_when_nobody_asks)
{
    struct client client;
    client_open(&client);
    (void)client_hold(&client, "pm_card_visa");
    client_wait(&client, hours(24 * 8));
    const struct duty *duty = stripe_sim_service.duties;
    bool more;
    struct op *op = world_begin(&client.world);
    assert_ok(duty->run(op, &more));
    world_commit(&client.world);
    assert_false(more);
    assert_non_null(strstr(client_events(&client), "charge.expired payment_intent.canceled"));
    client_close(&client);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(before_nothing_is_done_and_after_all_is),
        cmocka_unit_test(a_500_is_kept_under_its_key_whether_or_not_anything_was_done),
        cmocka_unit_test(other_statuses_are_not_kept),
        cmocka_unit_test(a_limiter_gives_its_reason_and_a_lock_does_not),
        cmocka_unit_test(an_answer_can_be_cut_broken_or_wrong),
        cmocka_unit_test(a_fault_strikes_only_what_it_names),
        cmocka_unit_test(a_fault_strikes_as_often_as_it_says),
        cmocka_unit_test(a_delayed_call_is_executed_when_its_time_has_come),
        cmocka_unit_test(a_call_that_hangs_before_waits_for_its_release),
        cmocka_unit_test(a_call_that_hangs_is_executed_even_if_its_client_has_gone),
        cmocka_unit_test(a_call_that_hangs_after_is_done_and_kept),
        cmocka_unit_test(waiting_takes_hardly_any_memory),
        cmocka_unit_test(a_call_that_was_forgotten_in_a_reset_gets_no_answer),
        cmocka_unit_test(one_fault_lets_go_only_of_what_it_holds),
        cmocka_unit_test(an_answer_may_come_late),
        cmocka_unit_test(the_control_api_wants_its_own_token),
        cmocka_unit_test(the_control_api_refuses_what_it_does_not_know),
        cmocka_unit_test(the_log_tells_what_was_asked),
        cmocka_unit_test(the_ledger_adds_up_and_names_orders),
        cmocka_unit_test(payments_can_be_handled_from_outside),
        cmocka_unit_test(a_reset_forgets_everything),
        cmocka_unit_test(time_passes_also_when_nobody_asks),
    };
    return RUN_TESTS(tests);
}
