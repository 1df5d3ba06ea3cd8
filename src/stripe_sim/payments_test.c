/* What happens to money: every test card, every move, and what may not be done. */
#include "tests/support/stripe_client.h"
#include "tests/test.h"

static struct client *opened(struct client *client)
{
    client_open(client);
    return client;
}

#define CLIENT(name)       \
    struct client name##_; \
    struct client *name = opened(&name##_)

static const char *intent_path(struct client *client, const char *id, const char *what)
{
    return client_text(client, "/v1/payment_intents/%s%s", id, what);
}

/* ---- the life of a payment ---- */

TEST(a_card_is_charged_at_once)
{
    CLIENT(stripe);
    (void)client_pay(stripe, "pm_card_visa");

    assert_int_equal(stripe->response.status, 200);
    assert_member(stripe, "status", "succeeded");
    assert_member(stripe, "amount_received", "2000");
    assert_string_equal(client_events(stripe), "payment_intent.created charge.succeeded"
                                               " payment_intent.succeeded");
    client_close(stripe);
}

TEST(a_hold_is_captured)
{
    CLIENT(stripe);
    const char *id = client_hold(stripe, "pm_card_visa");
    assert_member(stripe, "status", "requires_capture");
    assert_member(stripe, "amount_capturable", "2000");
    assert_member(stripe, "amount_received", "0");
    assert_string_equal(client_events(stripe), "payment_intent.created charge.succeeded"
                                               " payment_intent.amount_capturable_updated");

    assert_int_equal(client_post(stripe, intent_path(stripe, id, "/capture"), ""), 200);
    assert_member(stripe, "status", "succeeded");
    assert_member(stripe, "amount_received", "2000");
    assert_member(stripe, "amount_capturable", "0");
    assert_string_equal(client_events(stripe), "payment_intent.created charge.succeeded"
                                               " payment_intent.amount_capturable_updated"
                                               " charge.captured payment_intent.succeeded");
    client_close(stripe);
}

TEST(a_hold_is_captured_in_part_and_the_rest_released)
{
    CLIENT(stripe);
    const char *id = client_hold(stripe, "pm_card_visa");

    assert_int_equal(
        client_post(stripe, intent_path(stripe, id, "/capture"), "amount_to_capture=500"), 200);
    assert_member(stripe, "amount_received", "500");
    assert_member(stripe, "amount", "2000");
    assert_int_equal(client_control(stripe, GET, "/_sim/ledger", NULL), 200);
    assert_member(stripe, "captured", "500");
    assert_member(stripe, "held", "0");
    client_close(stripe);
}

TEST(a_hold_is_canceled)
{
    CLIENT(stripe);
    const char *id = client_hold(stripe, "pm_card_visa");

    assert_int_equal(
        client_post(stripe, intent_path(stripe, id, "/cancel"), "cancellation_reason=abandoned"),
        200);
    assert_member(stripe, "status", "canceled");
    assert_member(stripe, "cancellation_reason", "abandoned");
    assert_member(stripe, "amount_capturable", "0");
    assert_string_not_equal(client_member(stripe, "canceled_at"), "null");
    const char *charge = client_member(stripe, "latest_charge");
    assert_int_equal(client_get(stripe, client_text(stripe, "/v1/charges/%s", charge)), 200);
    assert_member(stripe, "captured", "false");
    assert_member(stripe, "amount_refunded", "0");
    client_close(stripe);
}

TEST(a_payment_may_be_made_in_steps)
{
    CLIENT(stripe);
    assert_int_equal(client_post(stripe, "/v1/payment_intents", "amount=700&currency=eur"), 200);
    assert_member(stripe, "status", "requires_payment_method");
    const char *id = client_member(stripe, "id");

    assert_int_equal(client_post(stripe, "/v1/payment_methods", "type=card&card[token]=tok_visa"),
                     200);
    const char *method = client_member(stripe, "id");
    assert_int_equal(
        client_post(stripe, intent_path(stripe, id, "/confirm"),
                    client_text(stripe, "payment_method=%s&return_url=http://a/b", method)),
        200);
    assert_member(stripe, "status", "succeeded");
    assert_member(stripe, "payment_method", method);
    client_close(stripe);
}

TEST(a_card_can_be_given_by_its_token_in_the_same_call)
{
    CLIENT(stripe);
    assert_int_equal(client_post(stripe, "/v1/payment_intents",
                                 CARD_FORM "&payment_method_data%5Btype%5D=card"
                                           "&payment_method_data%5Bcard%5D%5Btoken%5D=tok_visa"),
                     200);
    assert_member(stripe, "status", "succeeded");
    client_close(stripe);
}

TEST(a_payment_method_pays_once)
{
    CLIENT(stripe);
    (void)client_post(stripe, "/v1/payment_methods", "type=card&card[token]=tok_visa");
    const char *method = client_member(stripe, "id");
    (void)client_pay(stripe, method);
    assert_member(stripe, "status", "succeeded");

    const char *form = client_text(stripe, CARD_FORM "&payment_method=%s", method);
    assert_int_equal(client_post(stripe, "/v1/payment_intents", form), 400);
    assert_non_null(strstr(client_body(stripe), "may not be used again"));
    client_close(stripe);
}

TEST(the_latest_charge_can_be_expanded)
{
    CLIENT(stripe);
    const char *id = client_hold(stripe, "pm_card_visa");
    assert_int_equal(client_get(stripe, intent_path(stripe, id, "?expand[0]=latest_charge")), 200);
    assert_non_null(strstr(client_body(stripe), "\"latest_charge\":{\"id\":\"ch_"));
    assert_member(stripe, "last4", "4242");
    assert_string_not_equal(client_member(stripe, "capture_before"), "null");
    client_close(stripe);
}

/* ---- declines ---- */

struct decline_case {
    const char *method;
    const char *code;
    const char *decline_code; /* NULL: none */
    const char *message;
};

static const struct decline_case declines[] = {
    { "pm_card_visa_chargeDeclined", "card_declined", "generic_decline",
      "Your card was declined." },
    { "pm_card_chargeDeclined", "card_declined", "generic_decline", "Your card was declined." },
    { "pm_card_visa_chargeDeclinedInsufficientFunds", "card_declined", "insufficient_funds",
      "Your card has insufficient funds." },
    { "pm_card_visa_chargeDeclinedLostCard", "card_declined", "lost_card",
      "Your card was declined." },
    { "pm_card_visa_chargeDeclinedStolenCard", "card_declined", "stolen_card",
      "Your card was declined." },
    { "pm_card_chargeDeclinedExpiredCard", "expired_card", NULL, "Your card has expired." },
    { "pm_card_chargeDeclinedIncorrectCvc", "incorrect_cvc", NULL,
      "Your card\\u0027s security code is incorrect." },
    { "pm_card_chargeDeclinedProcessingError", "processing_error", NULL,
      "An error occurred while processing your card. Try again in a little bit." },
    { "pm_card_radarBlock", "card_declined", "generic_decline", "Your card was declined." },
    { "pm_card_chargeCustomerFail", "card_declined", "generic_decline", "Your card was declined." },
};

static void check_decline(const struct decline_case *decline)
{
    CLIENT(stripe);
    const char *id = client_hold(stripe, decline->method);
    assert_int_equal(stripe->response.status, 402);
    assert_member(stripe, "code", decline->code);
    if (decline->decline_code != NULL)
        assert_member(stripe, "decline_code", decline->decline_code);
    else
        assert_null(strstr(client_body(stripe), "\"decline_code\""));
    assert_non_null(strstr(client_body(stripe), "\"type\":\"card_error\"}}"));
    assert_string_not_equal(client_member(stripe, "charge"), "null");

    assert_int_equal(client_get(stripe, intent_path(stripe, id, "")), 200);
    assert_member(stripe, "last_payment_error", "{\"advice_code\":\"try_again_later\"");
    client_close(stripe);
}

TEST(each_declined_card_says_why)
{
    for (size_t i = 0; i < sizeof declines / sizeof *declines; i++) {
        if (strcmp(declines[i].method, "pm_card_radarBlock") != 0)
            check_decline(&declines[i]);
        CLIENT(stripe);
        (void)client_hold(stripe, declines[i].method);
        assert_int_equal(stripe->response.status, 402);
        assert_member(stripe, "code", declines[i].code);
        client_close(stripe);
    }
}

TEST(a_declined_payment_can_be_tried_with_another_card_until_it_is_canceled)
{
    CLIENT(stripe);
    const char *id = client_hold(stripe, "pm_card_visa_chargeDeclined");
    assert_string_equal(client_events(stripe), "payment_intent.created charge.failed"
                                               " payment_intent.payment_failed");
    assert_int_equal(client_get(stripe, intent_path(stripe, id, "")), 200);
    assert_non_null(strstr(client_body(stripe), "\"status\":\"requires_payment_method\""));
    assert_non_null(strstr(client_body(stripe), "\"payment_method\":null,"));

    assert_int_equal(
        client_post(stripe, intent_path(stripe, id, "/confirm"), "payment_method=pm_card_visa"),
        200);
    assert_member(stripe, "status", "requires_capture");
    assert_int_equal(client_post(stripe, intent_path(stripe, id, "/cancel"), ""), 200);
    assert_int_equal(
        client_post(stripe, intent_path(stripe, id, "/confirm"), "payment_method=pm_card_visa"),
        400);
    assert_member(stripe, "code", "payment_intent_unexpected_state");
    client_close(stripe);
}

/* ---- 3-D Secure ---- */

TEST(a_card_that_must_authenticate_redirects_and_then_pays)
{
    CLIENT(stripe);
    assert_int_equal(client_post(stripe, "/v1/payment_intents",
                                 HOLD_FORM "&payment_method=pm_card_threeDSecure2Required"
                                           "&return_url=http://shop/back"),
                     200);
    assert_member(stripe, "status", "requires_action");
    assert_member(stripe, "latest_charge", "null");
    assert_member(stripe, "return_url", "http://shop/back");
    const char *id = client_member(stripe, "id");
    assert_member(stripe, "url", client_text(stripe, "http://127.0.0.1:8081/3ds/%s", id));
    assert_string_equal(client_events(stripe),
                        "payment_intent.created payment_intent.requires_action");

    const char *authenticate = client_text(stripe, "/_sim/payment_intents/%s/authenticate", id);
    assert_int_equal(client_control(stripe, POST, authenticate, "{\"result\":\"ok\"}"), 200);
    assert_member(stripe, "status", "requires_capture");
    assert_member(stripe, "next_action", "null");
    assert_int_equal(client_control(stripe, POST, authenticate, NULL), 409);
    client_close(stripe);
}

TEST(without_a_return_url_authentication_is_left_to_stripe_js)
{
    CLIENT(stripe);
    (void)client_hold(stripe, "pm_card_threeDSecure2Required");
    assert_member(stripe, "status", "requires_action");
    assert_non_null(strstr(client_body(stripe), "\"type\":\"use_stripe_sdk\""));
    client_close(stripe);
}

TEST(a_failed_authentication_leaves_the_payment_without_a_card)
{
    CLIENT(stripe);
    const char *id = client_hold(stripe, "pm_card_threeDSecure2Required");
    assert_int_equal(
        client_control(stripe, POST,
                       client_text(stripe, "/_sim/payment_intents/%s/authenticate", id),
                       "{\"result\":\"fail\"}"),
        200);
    assert_member(stripe, "code", "payment_intent_authentication_failure");
    assert_non_null(strstr(client_body(stripe), "\"status\":\"requires_payment_method\""));
    assert_string_equal(client_events(stripe),
                        "payment_intent.created payment_intent.requires_action"
                        " payment_intent.payment_failed");
    client_close(stripe);
}

TEST(a_card_may_be_declined_after_authentication)
{
    CLIENT(stripe);
    const char *id = client_hold(stripe, "pm_card_threeDSecureRequiredChargeDeclined");
    assert_member(stripe, "status", "requires_action");
    assert_int_equal(
        client_control(stripe, POST,
                       client_text(stripe, "/_sim/payment_intents/%s/authenticate", id), NULL),
        200);
    assert_member(stripe, "code", "card_declined");
    client_close(stripe);
}

TEST(who_cannot_authenticate_is_refused_at_once_if_so_asked)
{
    CLIENT(stripe);
    const char *form = HOLD_FORM "&payment_method=pm_card_threeDSecure2Required"
                                 "&error_on_requires_action=true";
    assert_int_equal(client_post(stripe, "/v1/payment_intents", form), 402);
    assert_member(stripe, "code", "authentication_required");
    client_close(stripe);
}

TEST(the_banks_page_decides_and_goes_back_to_the_shop)
{
    CLIENT(stripe);
    (void)client_post(stripe, "/v1/payment_intents",
                      HOLD_FORM "&payment_method=pm_card_threeDSecure2Required"
                                "&return_url=http://shop/back?order=1");
    const char *id = client_member(stripe, "id");
    const char *page = client_text(stripe, "/3ds/%s", id);
    assert_int_equal(client_get(stripe, page), 200);
    assert_non_null(strstr(client_body(stripe), "20.00 USD"));
    assert_int_equal(client_post(stripe, page, "decision=maybe"), 400);
    assert_int_equal(client_post(stripe, page, "decision=ok"), 303);
    const char *location = client_header(stripe, "Location");
    assert_non_null(strstr(location, "http://shop/back?order=1&payment_intent=pi_"));
    assert_non_null(strstr(location, "redirect_status=succeeded"));
    assert_int_equal(client_get(stripe, intent_path(stripe, id, "")), 200);
    assert_member(stripe, "status", "requires_capture");
    assert_int_equal(client_get(stripe, "/3ds/pi_nobody"), 404);
    client_close(stripe);
}

/* ---- what may not be done ---- */

TEST(a_state_refuses_what_does_not_fit_and_shows_the_intent)
{
    CLIENT(stripe);
    const char *paid = client_pay(stripe, "pm_card_visa");

    assert_int_equal(client_post(stripe, intent_path(stripe, paid, "/capture"), ""), 400);
    assert_member(stripe, "code", "payment_intent_unexpected_state");
    assert_member(stripe, "id", paid);
    assert_non_null(strstr(client_body(stripe), "\"status\":\"succeeded\""));
    assert_int_equal(client_post(stripe, intent_path(stripe, paid, "/cancel"), ""), 400);
    assert_member(stripe, "code", "payment_intent_unexpected_state");
    assert_int_equal(client_post(stripe, intent_path(stripe, paid, "/confirm"), ""), 400);
    assert_member(stripe, "code", "payment_intent_unexpected_state");

    const char *held = client_hold(stripe, "pm_card_visa");
    (void)client_post(stripe, intent_path(stripe, held, "/cancel"), "");
    assert_int_equal(client_post(stripe, intent_path(stripe, held, "/capture"), ""), 400);
    assert_member(stripe, "code", "payment_intent_unexpected_state");
    assert_int_equal(client_post(stripe, intent_path(stripe, held, "/cancel"), ""), 400);
    client_close(stripe);
}

TEST(more_than_the_hold_cannot_be_captured)
{
    CLIENT(stripe);
    const char *capture = intent_path(stripe, client_hold(stripe, "pm_card_visa"), "/capture");
    assert_int_equal(client_post(stripe, capture, "amount_to_capture=2001"), 400);
    assert_member(stripe, "code", "amount_too_large");
    assert_int_equal(client_post(stripe, capture, "amount_to_capture=0"), 400);
    assert_int_equal(client_post(stripe, capture, "amount_to_capture=-1"), 400);
    assert_int_equal(client_post(stripe, capture, "amount_to_capture=2000"), 200);
    client_close(stripe);
}

TEST(a_hold_that_nobody_captures_lapses)
{
    CLIENT(stripe);
    const char *id = client_hold(stripe, "pm_card_visa");
    client_wait(stripe, hours(24 * 7 - 1));
    assert_int_equal(client_get(stripe, intent_path(stripe, id, "")), 200);
    assert_member(stripe, "status", "requires_capture");

    assert_int_equal(client_control(stripe, POST, "/_sim/clock", "{\"advanceMs\":3600000}"), 200);
    assert_int_equal(client_get(stripe, intent_path(stripe, id, "")), 200);
    assert_member(stripe, "status", "canceled");
    assert_member(stripe, "cancellation_reason", "automatic");
    assert_int_equal(client_post(stripe, intent_path(stripe, id, "/capture"), ""), 400);
    client_close(stripe);
}

/* ---- cards that only the simulator has ---- */

TEST(the_simulators_own_cards_misbehave)
{
    CLIENT(stripe);
    const char *lapsed = client_hold(stripe, "pm_sim_hold_lapses");
    assert_member(stripe, "status", "requires_capture");
    assert_int_equal(client_post(stripe, intent_path(stripe, lapsed, "/capture"), ""), 400);
    assert_non_null(strstr(client_body(stripe), "\"status\":\"canceled\""));

    const char *fails = client_hold(stripe, "pm_sim_capture_fails");
    assert_int_equal(client_post(stripe, intent_path(stripe, fails, "/capture"), ""), 402);
    assert_member(stripe, "code", "card_declined");

    (void)client_hold(stripe, "pm_sim_slow_1500");
    assert_member(stripe, "status", "requires_capture");
    assert_int_equal(stripe->response.delay.ms, 1500);

    stripe->key = "lost";
    const char *form = HOLD_FORM "&payment_method=pm_sim_timeout_after";
    assert_int_equal(client_post(stripe, "/v1/payment_intents", form), 0);
    assert_true(stripe->response.drop);
    assert_int_equal(client_post(stripe, "/v1/payment_intents", form), 200);
    assert_string_equal(client_header(stripe, "Idempotent-Replayed"), "true");
    client_close(stripe);
}

TEST(names_of_the_simulators_cards_are_not_stripes)
{
    CLIENT(stripe);
    static const char *const wrong[] = { "pm_card_sim_slow", "pm_sim_visa",   "pm_sim_slow",
                                         "pm_sim_slow_",     "pm_sim_slow_x", "pm_sim_slow_-1",
                                         "pm_card_",         "tok_visa" };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        const char *form = client_text(stripe, CARD_FORM "&payment_method=%s", wrong[i]);
        assert_int_equal(client_post(stripe, "/v1/payment_intents", form), 400);
        assert_member(stripe, "code", "resource_missing");
    }
    client_close(stripe);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_card_is_charged_at_once),
        cmocka_unit_test(a_hold_is_captured),
        cmocka_unit_test(a_hold_is_captured_in_part_and_the_rest_released),
        cmocka_unit_test(a_hold_is_canceled),
        cmocka_unit_test(a_payment_may_be_made_in_steps),
        cmocka_unit_test(a_card_can_be_given_by_its_token_in_the_same_call),
        cmocka_unit_test(a_payment_method_pays_once),
        cmocka_unit_test(the_latest_charge_can_be_expanded),
        cmocka_unit_test(each_declined_card_says_why),
        cmocka_unit_test(a_declined_payment_can_be_tried_with_another_card_until_it_is_canceled),
        cmocka_unit_test(a_card_that_must_authenticate_redirects_and_then_pays),
        cmocka_unit_test(without_a_return_url_authentication_is_left_to_stripe_js),
        cmocka_unit_test(a_failed_authentication_leaves_the_payment_without_a_card),
        cmocka_unit_test(a_card_may_be_declined_after_authentication),
        cmocka_unit_test(who_cannot_authenticate_is_refused_at_once_if_so_asked),
        cmocka_unit_test(the_banks_page_decides_and_goes_back_to_the_shop),
        cmocka_unit_test(a_state_refuses_what_does_not_fit_and_shows_the_intent),
        cmocka_unit_test(more_than_the_hold_cannot_be_captured),
        cmocka_unit_test(a_hold_that_nobody_captures_lapses),
        cmocka_unit_test(the_simulators_own_cards_misbehave),
        cmocka_unit_test(names_of_the_simulators_cards_are_not_stripes),
    };
    return RUN_TESTS(tests);
}
