/* Idempotency, as Stripe's API v1 has it. */
#include "tests/support/stripe_client.h"
#include "tests/test.h"

#define CREATE "/v1/payment_intents"
#define HOLD   HOLD_FORM "&payment_method=pm_card_visa"

static int create(struct client *client, const char *key, const char *form)
{
    client->key = key;
    int status = client_post(client, CREATE, form);
    client->key = NULL;
    return status;
}

static int64_t intents(struct client *client)
{
    assert_int_equal(client_control(client, GET, "/_sim/ledger", NULL), 200);
    int64_t count = 0;
    for (const char *at = strstr(client_body(client), "\"id\":\"pi_"); at != NULL;
         at = strstr(at + 1, "\"id\":\"pi_"))
        count++;
    return count;
}

TEST(the_second_call_with_a_key_gets_the_first_ones_answer)
{
    struct client client;
    client_open(&client);
    assert_int_equal(create(&client, "k1", HOLD), 200);
    const char *first = client_body(&client);
    const char *request_id = client_header(&client, "Request-Id");
    assert_string_equal(client_header(&client, "Original-Request"), request_id);
    assert_string_equal(client_header(&client, "Idempotent-Replayed"), "");
    assert_string_equal(client_header(&client, "Idempotency-Key"), "k1");

    assert_int_equal(create(&client, "k1", HOLD), 200);
    assert_string_equal(client_body(&client), first);
    assert_string_equal(client_header(&client, "Idempotent-Replayed"), "true");
    assert_string_equal(client_header(&client, "Original-Request"), request_id);
    assert_string_not_equal(client_header(&client, "Request-Id"), request_id);
    assert_int_equal(intents(&client), 1);
    client_close(&client);
}

TEST(the_order_of_parameters_does_not_matter)
{
    struct client client;
    client_open(&client);
    assert_int_equal(create(&client, "k1", "amount=100&currency=usd"), 200);
    assert_int_equal(create(&client, "k1", "currency=usd&amount=100"), 200);
    assert_string_equal(client_header(&client, "Idempotent-Replayed"), "true");
    client_close(&client);
}

TEST(a_key_is_for_one_set_of_parameters_and_one_path)
{
    struct client client;
    client_open(&client);
    assert_int_equal(create(&client, "k1", "amount=100&currency=usd"), 200);
    const char *id = client_member(&client, "id");

    assert_int_equal(create(&client, "k1", "amount=200&currency=usd"), 400);
    assert_member(&client, "type", "idempotency_error");
    client.key = "k1";
    assert_int_equal(
        client_post(&client, client_text(&client, "/v1/payment_intents/%s/cancel", id), ""), 400);
    assert_member(&client, "type", "idempotency_error");
    assert_int_equal(intents(&client), 1);
    client_close(&client);
}

TEST(a_decline_is_kept)
{
    struct client client;
    client_open(&client);
    const char *form = HOLD_FORM "&payment_method=pm_card_visa_chargeDeclined";
    assert_int_equal(create(&client, "k1", form), 402);
    const char *first = client_body(&client);
    assert_int_equal(create(&client, "k1", form), 402);
    assert_string_equal(client_body(&client), first);
    assert_string_equal(client_header(&client, "Idempotent-Replayed"), "true");
    assert_int_equal(intents(&client), 1);
    client_close(&client);
}

TEST(a_refusal_of_the_state_is_kept)
{
    struct client client;
    client_open(&client);
    const char *id = client_hold(&client, "pm_card_visa");
    const char *confirm = client_text(&client, "/v1/payment_intents/%s/confirm", id);
    client.key = "k1";
    assert_int_equal(client_post(&client, confirm, ""), 400);
    assert_int_equal(client_post(&client, confirm, ""), 400);
    assert_string_equal(client_header(&client, "Idempotent-Replayed"), "true");
    client_close(&client);
}

TEST(a_refusal_of_the_parameters_is_not_kept)
{
    struct client client;
    client_open(&client);
    assert_int_equal(create(&client, "k1", "amount=100"), 400);
    assert_int_equal(create(&client, "k1", "amount=100&currency=usd"), 200);
    assert_string_equal(client_header(&client, "Idempotent-Replayed"), "");
    client_close(&client);
}

TEST(a_key_is_forgotten_after_a_day)
{
    struct client client;
    client_open(&client);
    assert_int_equal(create(&client, "k1", HOLD), 200);
    client_wait(&client, (duration){ hours(24).ms - 1 });
    assert_int_equal(create(&client, "k1", HOLD), 200);
    assert_int_equal(intents(&client), 1);
    client_wait(&client, (duration){ 1 });
    assert_int_equal(create(&client, "k1", HOLD), 200);
    assert_string_equal(client_header(&client, "Idempotent-Replayed"), "");
    assert_int_equal(intents(&client), 2);
    client_close(&client);
}

TEST(keys_mean_nothing_to_reads)
{
    struct client client;
    client_open(&client);
    client.key = "k1";
    assert_int_equal(client_get(&client, CREATE), 200);
    assert_string_equal(client_header(&client, "Idempotency-Key"), "");
    assert_int_equal(create(&client, "k1", HOLD), 200);
    assert_string_equal(client_header(&client, "Idempotent-Replayed"), "");
    client_close(&client);
}

TEST(a_key_of_more_than_255_characters_is_refused)
{
    struct client client;
    client_open(&client);
    char key[258];
    memset(key, 'k', 256);
    key[256] = '\0';
    assert_int_equal(create(&client, key, HOLD), 400);
    key[255] = '\0';
    assert_int_equal(create(&client, key, HOLD), 200);
    client_close(&client);
}

TEST(a_key_whose_call_is_still_running_is_in_use)
{
    struct client client;
    client_open(&client);
    assert_int_equal(client_control(&client, POST, "/_sim/faults", "{\"do\":\"hang\"}"), 201);
    assert_int_equal(create(&client, "k1", HOLD), 0);
    struct wait wait = client.response.wait;
    struct request request = client.request;

    assert_int_equal(create(&client, "k1", HOLD), 409);
    assert_member(&client, "code", "idempotency_key_in_use");
    assert_int_equal(client_control(&client, POST, "/_sim/release", NULL), 204);
    client.response.wait = wait;
    client.request = request;
    assert_int_equal(client_again(&client), 200);
    assert_int_equal(create(&client, "k1", HOLD), 200);
    assert_string_equal(client_header(&client, "Idempotent-Replayed"), "true");
    assert_int_equal(intents(&client), 1);
    client_close(&client);
}

TEST(a_second_call_does_not_join_one_that_hangs)
{
    struct client client;
    client_open(&client);
    assert_int_equal(client_control(&client, POST, "/_sim/faults", "{\"do\":\"hang\",\"times\":2}"),
                     201);
    assert_int_equal(create(&client, "k1", HOLD), 0);
    assert_int_equal(create(&client, "k1", HOLD), 409);
    assert_member(&client, "code", "idempotency_key_in_use");
    client_close(&client);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_second_call_with_a_key_gets_the_first_ones_answer),
        cmocka_unit_test(the_order_of_parameters_does_not_matter),
        cmocka_unit_test(a_key_is_for_one_set_of_parameters_and_one_path),
        cmocka_unit_test(a_decline_is_kept),
        cmocka_unit_test(a_refusal_of_the_state_is_kept),
        cmocka_unit_test(a_refusal_of_the_parameters_is_not_kept),
        cmocka_unit_test(a_key_is_forgotten_after_a_day),
        cmocka_unit_test(keys_mean_nothing_to_reads),
        cmocka_unit_test(a_key_of_more_than_255_characters_is_refused),
        cmocka_unit_test(a_key_whose_call_is_still_running_is_in_use),
        cmocka_unit_test(a_second_call_does_not_join_one_that_hangs),
    };
    return RUN_TESTS(tests);
}
