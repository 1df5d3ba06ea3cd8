/* Giving money back, and what is told of it. */
#include "tests/support/stripe_client.h"
#include "tests/test.h"

static const char *refund_form(struct client *client, const char *intent, const char *more)
{
    return client_text(client, "payment_intent=%s%s", intent, more);
}

static int refund(struct client *client, const char *intent, const char *more)
{
    return client_post(client, "/v1/refunds", refund_form(client, intent, more));
}

static const char *member_of(struct client *client, const char *path, const char *name)
{
    assert_int_equal(client_get(client, path), 200);
    return client_member(client, name);
}

TEST(a_payment_is_given_back_in_full)
{
    struct client client;
    client_open(&client);
    const char *intent = client_pay(&client, "pm_card_visa");
    const char *charge = client_member(&client, "latest_charge");

    assert_int_equal(refund(&client, intent, "&reason=requested_by_customer&metadata[a]=b"), 200);
    assert_member(&client, "amount", "2000");
    assert_member(&client, "status", "succeeded");
    assert_member(&client, "reason", "requested_by_customer");
    assert_member(&client, "charge", charge);
    const char *id = client_member(&client, "id");
    assert_string_equal(member_of(&client, client_text(&client, "/v1/refunds/%s", id), "id"), id);
    assert_string_equal(
        member_of(&client, client_text(&client, "/v1/charges/%s", charge), "refunded"), "true");
    assert_string_equal(client_events(&client),
                        "payment_intent.created charge.succeeded payment_intent.succeeded"
                        " refund.created charge.refunded");
    client_close(&client);
}

TEST(a_payment_is_given_back_in_parts_but_never_more_than_was_taken)
{
    struct client client;
    client_open(&client);
    const char *intent = client_pay(&client, "pm_card_visa");

    assert_int_equal(refund(&client, intent, "&amount=2001"), 400);
    assert_member(&client, "param", "amount");
    assert_int_equal(refund(&client, intent, "&amount=1500"), 200);
    assert_int_equal(refund(&client, intent, "&amount=501"), 400);
    assert_member(&client, "param", "amount");
    assert_int_equal(refund(&client, intent, "&amount=0"), 400);
    assert_int_equal(refund(&client, intent, ""), 200);
    assert_member(&client, "amount", "500");
    assert_int_equal(refund(&client, intent, ""), 400);
    assert_member(&client, "code", "charge_already_refunded");

    assert_int_equal(client_control(&client, GET, "/_sim/ledger", NULL), 200);
    assert_member(&client, "captured", "2000");
    assert_member(&client, "refunded", "2000");
    client_close(&client);
}

TEST(what_was_never_taken_is_not_given_back)
{
    struct client client;
    client_open(&client);
    const char *held = client_hold(&client, "pm_card_visa");
    assert_int_equal(refund(&client, held, ""), 400);
    assert_non_null(strstr(client_body(&client), "You must cancel the PaymentIntent"));
    assert_null(strstr(client_body(&client), "\"code\""));

    const char *declined = client_hold(&client, "pm_card_visa_chargeDeclined");
    assert_int_equal(refund(&client, declined, ""), 400);
    assert_null(strstr(client_body(&client), "\"code\""));

    assert_int_equal(client_post(&client, "/v1/refunds", "payment_intent=pi_nobody"), 400);
    assert_member(&client, "code", "resource_missing");
    assert_int_equal(client_post(&client, "/v1/refunds", ""), 400);
    client_close(&client);
}

TEST(a_disputed_payment_is_not_given_back_but_an_inquired_one_is)
{
    struct client client;
    client_open(&client);
    const char *held = client_hold(&client, "pm_card_createDispute");
    assert_int_equal(
        client_post(&client, client_text(&client, "/v1/payment_intents/%s/capture", held), ""),
        200);
    assert_string_equal(client_events(&client),
                        "payment_intent.created charge.succeeded"
                        " payment_intent.amount_capturable_updated charge.captured"
                        " charge.dispute.created charge.dispute.funds_withdrawn"
                        " payment_intent.succeeded");
    assert_int_equal(refund(&client, held, ""), 400);
    assert_member(&client, "code", "charge_disputed");

    const char *inquired = client_pay(&client, "pm_card_createDisputeInquiry");
    assert_int_equal(refund(&client, inquired, ""), 200);
    client_close(&client);
}

TEST(a_pending_refund_succeeds_later)
{
    struct client client;
    client_open(&client);
    const char *intent = client_pay(&client, "pm_card_pendingRefund");
    assert_int_equal(refund(&client, intent, ""), 200);
    assert_member(&client, "status", "pending");
    const char *path = client_text(&client, "/v1/refunds/%s", client_member(&client, "id"));

    assert_string_equal(member_of(&client, path, "status"), "pending");
    client_wait(&client, minutes(1));
    assert_string_equal(member_of(&client, path, "status"), "succeeded");
    assert_non_null(strstr(client_events(&client), "charge.refunded refund.updated"));
    client_close(&client);
}

TEST(a_refund_that_succeeded_may_fail_later_and_the_money_is_back)
{
    struct client client;
    client_open(&client);
    const char *intent = client_pay(&client, "pm_card_refundFail");
    assert_int_equal(refund(&client, intent, ""), 200);
    assert_member(&client, "status", "succeeded");
    const char *path = client_text(&client, "/v1/refunds/%s", client_member(&client, "id"));

    client_wait(&client, minutes(1));
    assert_string_equal(member_of(&client, path, "status"), "failed");
    assert_member(&client, "failure_reason", "expired_or_canceled_card");
    assert_int_equal(client_control(&client, GET, "/_sim/ledger", NULL), 200);
    assert_member(&client, "refunded", "0");
    assert_non_null(strstr(client_events(&client), "refund.failed"));
    client_close(&client);
}

TEST(a_test_decides_when_a_refund_fails_or_settles)
{
    struct client client;
    client_open(&client);
    const char *intent = client_pay(&client, "pm_card_pendingRefund");
    (void)refund(&client, intent, "&amount=100");
    const char *first = client_member(&client, "id");
    (void)refund(&client, intent, "&amount=200");
    const char *second = client_member(&client, "id");

    assert_int_equal(
        client_control(&client, POST, client_text(&client, "/_sim/refunds/%s/settle", first), NULL),
        200);
    assert_member(&client, "status", "succeeded");
    const char *fail = client_text(&client, "/_sim/refunds/%s/fail", second);
    assert_int_equal(client_control(&client, POST, fail, NULL), 200);
    assert_member(&client, "status", "failed");
    assert_int_equal(client_control(&client, POST, fail, NULL), 409);
    client_close(&client);
}

TEST(refunds_are_listed_by_their_payment)
{
    struct client client;
    client_open(&client);
    const char *intent = client_pay(&client, "pm_card_visa");
    (void)refund(&client, intent, "&amount=100");
    const char *first = client_member(&client, "id");
    (void)client_pay(&client, "pm_card_visa");

    const char *target = client_text(&client, "/v1/refunds?payment_intent=%s", intent);
    assert_string_equal(member_of(&client, target, "id"), first);
    assert_member(&client, "has_more", "false");
    assert_string_equal(member_of(&client, "/v1/refunds?payment_intent=pi_nobody", "data"), "[");
    client_close(&client);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_payment_is_given_back_in_full),
        cmocka_unit_test(a_payment_is_given_back_in_parts_but_never_more_than_was_taken),
        cmocka_unit_test(what_was_never_taken_is_not_given_back),
        cmocka_unit_test(a_disputed_payment_is_not_given_back_but_an_inquired_one_is),
        cmocka_unit_test(a_pending_refund_succeeds_later),
        cmocka_unit_test(a_refund_that_succeeded_may_fail_later_and_the_money_is_back),
        cmocka_unit_test(a_test_decides_when_a_refund_fails_or_settles),
        cmocka_unit_test(refunds_are_listed_by_their_payment),
    };
    return RUN_TESTS(tests);
}
