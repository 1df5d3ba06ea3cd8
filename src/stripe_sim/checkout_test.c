/* Hosted checkout: sessions, their page, and what may be typed there. */
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

#define ITEM                                                             \
    "&line_items[0][quantity]=1&line_items[0][price_data][currency]=usd" \
    "&line_items[0][price_data][unit_amount]=2005"                       \
    "&line_items[0][price_data][product_data][name]=Row+%3C7%3E"
#define SESSION                                                                   \
    "mode=payment&success_url=http://shop/back?s={CHECKOUT_SESSION_ID}%26t=1"     \
    "&cancel_url=http://shop/orders/1&payment_intent_data[capture_method]=manual" \
    "&payment_intent_data[metadata][order_id]=o1&client_reference_id=o1" ITEM
#define CARD(number) "email=alice@example.com&name=Alice&expiry=12/34&cvc=123&number=" number

static const char *session(struct client *stripe, const char *more)
{
    assert_int_equal(
        client_post(stripe, "/v1/checkout/sessions", client_text(stripe, "%s%s", SESSION, more)),
        200);
    return client_member(stripe, "id");
}

static const char *page_of(struct client *stripe, const char *id)
{
    return client_text(stripe, "/c/pay/%s", id);
}

static int type_card(struct client *stripe, const char *id, const char *form)
{
    return client_post(stripe, page_of(stripe, id), form);
}

static void assert_session(struct client *stripe, const char *id, const char *status)
{
    assert_int_equal(client_get(stripe, client_text(stripe, "/v1/checkout/sessions/%s", id)), 200);
    assert_member(stripe, "livemode", "false");
    assert_non_null(strstr(client_body(stripe), client_text(stripe, "\"status\":\"%s\"", status)));
}

static bool shows(struct client *stripe, const char *text)
{
    return strstr(client_body(stripe), text) != NULL;
}

/* ---- paying ---- */

TEST(a_card_typed_on_the_page_completes_the_session)
{
    CLIENT(stripe);
    const char *id = session(stripe, "");
    assert_member(stripe, "payment_status", "unpaid");
    assert_member(stripe, "payment_intent", "null");
    assert_int_equal(type_card(stripe, id, CARD("4242+4242+4242+4242")), 303);
    assert_string_equal(client_header(stripe, "Location"),
                        client_text(stripe, "http://shop/back?s=%s&t=1", id));
    assert_session(stripe, id, "complete");
    assert_member(stripe, "url", "null");
    assert_string_equal(client_events(stripe),
                        "payment_intent.created charge.succeeded"
                        " payment_intent.amount_capturable_updated checkout.session.completed");
    client_close(stripe);
}

TEST(a_session_is_paid_only_when_its_money_was_captured)
{
    CLIENT(stripe);
    const char *id = session(stripe, "");
    (void)type_card(stripe, id, CARD("4242424242424242"));
    assert_session(stripe, id, "complete");
    assert_member(stripe, "payment_status", "unpaid");
    const char *intent = client_member(stripe, "payment_intent");
    assert_int_equal(
        client_post(stripe, client_text(stripe, "/v1/payment_intents/%s/capture", intent), ""),
        200);
    assert_session(stripe, id, "complete");
    assert_member(stripe, "payment_status", "paid");
    client_close(stripe);
}

TEST(with_automatic_capture_a_session_is_paid_at_once)
{
    CLIENT(stripe);
    assert_int_equal(client_post(stripe, "/v1/checkout/sessions",
                                 "mode=payment&success_url=http://shop/ok" ITEM),
                     200);
    const char *id = client_member(stripe, "id");
    assert_int_equal(type_card(stripe, id, CARD("4242424242424242")), 303);
    assert_session(stripe, id, "complete");
    assert_member(stripe, "payment_status", "paid");
    client_close(stripe);
}

TEST(another_card_can_be_typed_after_a_decline)
{
    CLIENT(stripe);
    const char *id = session(stripe, "");
    assert_int_equal(type_card(stripe, id, CARD("4000000000009995")), 402);
    assert_true(shows(stripe, "Your card has insufficient funds. You can try another card."));
    assert_session(stripe, id, "open");
    const char *intent = client_member(stripe, "payment_intent");
    assert_int_equal(type_card(stripe, id, CARD("5555555555554444")), 303);
    assert_session(stripe, id, "complete");
    assert_member(stripe, "payment_intent", intent);
    client_close(stripe);
}

TEST(a_session_takes_one_payment)
{
    CLIENT(stripe);
    const char *id = session(stripe, "");
    for (int i = 0; i < 3; i++)
        assert_int_equal(type_card(stripe, id, CARD("4242424242424242")), 303);
    assert_int_equal(client_control(stripe, GET, "/_sim/ledger", NULL), 200);
    assert_member(stripe, "held", "2005");
    client_close(stripe);
}

TEST(the_bank_is_asked_and_leads_back_to_the_page)
{
    CLIENT(stripe);
    const char *id = session(stripe, "");
    assert_int_equal(type_card(stripe, id, CARD("4000000000003220")), 303);
    const char *bank = client_header(stripe, "Location");
    assert_true(str_starts(str_of(bank), S("/3ds/pi_")));
    assert_int_equal(client_get(stripe, bank), 200);
    assert_true(strstr(client_header(stripe, "Content-Security-Policy"),
                       "form-action 'self' http://shop") != NULL);
    assert_int_equal(client_post(stripe, bank, "decision=fail"), 303);
    assert_string_equal(client_header(stripe, "Location"), page_of(stripe, id));
    assert_int_equal(client_get(stripe, page_of(stripe, id)), 200);
    assert_true(shows(stripe, "We are unable to authenticate your payment method."));

    assert_int_equal(type_card(stripe, id, CARD("4000000000003220")), 303);
    assert_int_equal(client_post(stripe, bank, "decision=ok"), 303);
    assert_int_equal(client_get(stripe, page_of(stripe, id)), 303);
    assert_true(str_starts(str_of(client_header(stripe, "Location")), S("http://shop/back?s=")));
    client_close(stripe);
}

TEST(a_control_call_can_stand_in_for_the_bank)
{
    CLIENT(stripe);
    const char *id = session(stripe, "");
    (void)type_card(stripe, id, CARD("4000000000003220"));
    assert_session(stripe, id, "open");
    const char *intent = client_member(stripe, "payment_intent");
    assert_int_equal(
        client_control(stripe, POST,
                       client_text(stripe, "/_sim/payment_intents/%s/authenticate", intent), NULL),
        200);
    assert_session(stripe, id, "complete");
    client_close(stripe);
}

TEST(the_simulators_own_cards_are_asked_for_by_the_holders_name)
{
    CLIENT(stripe);
    const char *id = session(stripe, "");
    assert_int_equal(type_card(stripe, id,
                               "email=a@example.com&name=pm_sim_capture_fails&expiry=12/34&cvc=123"
                               "&number=4242424242424242"),
                     303);
    assert_session(stripe, id, "complete");
    const char *intent = client_member(stripe, "payment_intent");
    assert_int_equal(
        client_post(stripe, client_text(stripe, "/v1/payment_intents/%s/capture", intent), ""),
        402);
    /* The session is over, and so nothing but this ends its intent. */
    assert_int_equal(
        client_post(stripe, client_text(stripe, "/v1/payment_intents/%s/cancel", intent), ""), 200);
    client_close(stripe);
}

/* ---- the end ---- */

TEST(a_session_expires_with_its_intent)
{
    CLIENT(stripe);
    const char *id = session(stripe, "");
    (void)type_card(stripe, id, CARD("4000000000000002"));
    client_wait(stripe, hours(24));
    assert_session(stripe, id, "expired");
    const char *intent = client_member(stripe, "payment_intent");
    assert_int_equal(type_card(stripe, id, CARD("4242424242424242")), 410);
    assert_true(shows(stripe, "href=\"http://shop/orders/1\""));
    assert_int_equal(client_get(stripe, client_text(stripe, "/v1/payment_intents/%s", intent)),
                     200);
    assert_member(stripe, "cancellation_reason", "expired");
    client_close(stripe);
}

TEST(who_is_at_the_bank_when_the_session_expires_pays_nothing)
{
    CLIENT(stripe);
    const char *id = session(stripe, "");
    (void)type_card(stripe, id, CARD("4000000000003220"));
    const char *bank = client_header(stripe, "Location");
    assert_int_equal(
        client_post(stripe, client_text(stripe, "/v1/checkout/sessions/%s/expire", id), ""), 200);
    assert_member(stripe, "payment_status", "unpaid");
    assert_int_equal(client_post(stripe, bank, "decision=ok"), 200);
    assert_true(shows(stripe, "nothing to confirm"));
    assert_int_equal(client_control(stripe, GET, "/_sim/ledger", NULL), 200);
    assert_member(stripe, "held", "0");
    assert_member(stripe, "captured", "0");
    client_close(stripe);
}

TEST(a_session_that_is_over_does_not_expire)
{
    CLIENT(stripe);
    const char *id = session(stripe, "");
    const char *expire = client_text(stripe, "/v1/checkout/sessions/%s/expire", id);
    (void)type_card(stripe, id, CARD("4242424242424242"));
    assert_int_equal(client_post(stripe, expire, ""), 400);
    assert_member(stripe, "message", "Only Checkout Sessions with a status in [\\");
    client_wait(stripe, hours(25));
    assert_session(stripe, id, "complete");
    client_close(stripe);
}

TEST(an_open_sessions_intent_is_not_canceled_by_itself)
{
    CLIENT(stripe);
    const char *id = session(stripe, "");
    (void)type_card(stripe, id, CARD("4000000000000002"));
    assert_session(stripe, id, "open");
    const char *intent = client_member(stripe, "payment_intent");
    assert_int_equal(
        client_post(stripe, client_text(stripe, "/v1/payment_intents/%s/cancel", intent), ""), 400);
    assert_int_equal(client_control(stripe, POST,
                                    client_text(stripe, "/_sim/payment_intents/%s/cancel", intent),
                                    NULL),
                     409);
    assert_int_equal(type_card(stripe, id, CARD("4242424242424242")), 303);
    client_close(stripe);
}

TEST(a_session_lasts_from_half_an_hour_to_a_day)
{
    CLIENT(stripe);
    int64_t now = stripe->world.now.ms / 1000;
    const struct {
        int64_t seconds;
        int status;
    } cases[] = {
        { 30 * 60, 200 },
        { 30 * 60 - 1, 400 },
        { 24 * 3600, 200 },
        { 24 * 3600 + 1, 400 },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_int_equal(client_post(stripe, "/v1/checkout/sessions",
                                     client_text(stripe, "%s&expires_at=%lld", SESSION,
                                                 (long long)(now + cases[i].seconds))),
                         cases[i].status);
    client_close(stripe);
}

/* ---- what is typed ---- */

TEST(what_is_typed_wrongly_is_marked_and_the_card_forgotten)
{
    CLIENT(stripe);
    const char *id = session(stripe, "");
    const struct {
        const char *form;
        const char *why;
    } cases[] = {
        { "email=a@b.c&name=A&expiry=12/34&cvc=123&number=4242", "number is incomplete" },
        { "email=a@b.c&name=A&expiry=12/34&cvc=123", "number is incomplete" },
        { "email=a@b.c&name=A&expiry=12/34&cvc=123&number=4242424242424241", "number is invalid" },
        { "email=a@b.c&name=A&expiry=10/26&cvc=123&number=4242424242424242", "in the past" },
        { "email=a@b.c&name=A&expiry=13/34&cvc=123&number=4242424242424242", "date is invalid" },
        { "email=a@b.c&name=A&expiry=&cvc=123&number=4242424242424242", "date is incomplete" },
        { "email=a@b.c&name=A&expiry=12/34&cvc=12&number=4242424242424242", "code is incomplete" },
        { "email=a@b.c&name=&expiry=12/34&cvc=123&number=4242424242424242", "name on the card" },
        { "email=x&name=A&expiry=12/34&cvc=123&number=4242424242424242", "email is incomplete" },
        { "email=a@example.com&name=4242424242424242&expiry=12/34&cvc=123&number=4242424242424242",
          "not a name" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_int_equal(type_card(stripe, id, cases[i].form), 400);
        if (!shows(stripe, cases[i].why))
            fail_msg("%s: no \"%s\"", cases[i].form, cases[i].why);
        assert_false(shows(stripe, "424242424242424"));
    }
    assert_session(stripe, id, "open");
    assert_member(stripe, "payment_intent", "null");
    client_close(stripe);
}

TEST(a_card_that_expires_this_month_pays)
{
    CLIENT(stripe);
    const char *id = session(stripe, ""); /* the world begins in November 2026 */
    assert_int_equal(type_card(stripe, id,
                               "email=a@example.com&name=A&expiry=11+/+2026&cvc=1234"
                               "&number=378282246310005"),
                     303);
    client_close(stripe);
}

TEST(a_card_that_is_no_test_card_leaves_no_trace)
{
    CLIENT(stripe);
    const char *id = session(stripe, "");
    assert_int_equal(type_card(stripe, id, CARD("4000000000000028")), 402);
    assert_true(shows(stripe, "non test card"));
    assert_session(stripe, id, "open");
    assert_member(stripe, "payment_intent", "null");
    client_close(stripe);
}

TEST(F48_what_people_type_stays_text)
{
    CLIENT(stripe);
    const char *id = session(stripe, "");
    assert_int_equal(client_get(stripe, page_of(stripe, id)), 200);
    assert_true(shows(stripe, "Row &lt;7&gt;"));
    assert_int_equal(type_card(stripe, id, "name=%22%3E%3Cscript%3E&email=%3Cb%3E"), 400);
    assert_true(shows(stripe, "value=\"&quot;&gt;&lt;script&gt;\""));
    assert_false(shows(stripe, "<script"));
    assert_string_equal(client_header(stripe, "Cache-Control"), "no-store");
    client_close(stripe);
}

TEST(addresses_that_mean_something_else_are_refused)
{
    CLIENT(stripe);
    static const char *const urls[] = {
        "javascript:alert(1)", "//shop/ok",   "shop/ok",        "http://",       "http://sh%22op/",
        "http://shop/%0a",     "ftp://shop/", "http://shop;x/", "http://shop,x", "http://a@shop/",
    };
    for (size_t i = 0; i < sizeof urls / sizeof *urls; i++) {
        int status =
            client_post(stripe, "/v1/checkout/sessions",
                        client_text(stripe, "mode=payment&success_url=%s%s", urls[i], ITEM));
        if (status != 400)
            fail_msg("%s: %d", urls[i], status);
        assert_member(stripe, "code", "url_invalid");
    }
    client_close(stripe);
}

TEST(pages_are_not_logged_and_other_pages_are_not_there)
{
    CLIENT(stripe);
    const char *id = session(stripe, "");
    (void)type_card(stripe, id, CARD("4242424242424242"));
    assert_int_equal(client_get(stripe, "/c/pay/cs_none"), 404);
    assert_int_equal(client_get(stripe, "/c/other"), 404);
    assert_int_equal(client_get(stripe, "/c/style.css"), 200);
    assert_int_equal(client_control(stripe, GET, "/_sim/requests", NULL), 200);
    assert_false(shows(stripe, "/c/pay/"));
    client_close(stripe);
}

TEST(a_key_makes_one_session)
{
    CLIENT(stripe);
    stripe->key = "s1";
    const char *first = session(stripe, "");
    assert_string_equal(session(stripe, ""), first);
    assert_string_equal(client_header(stripe, "Idempotent-Replayed"), "true");
    client_close(stripe);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_card_typed_on_the_page_completes_the_session),
        cmocka_unit_test(a_session_is_paid_only_when_its_money_was_captured),
        cmocka_unit_test(with_automatic_capture_a_session_is_paid_at_once),
        cmocka_unit_test(another_card_can_be_typed_after_a_decline),
        cmocka_unit_test(a_session_takes_one_payment),
        cmocka_unit_test(the_bank_is_asked_and_leads_back_to_the_page),
        cmocka_unit_test(a_control_call_can_stand_in_for_the_bank),
        cmocka_unit_test(the_simulators_own_cards_are_asked_for_by_the_holders_name),
        cmocka_unit_test(a_session_expires_with_its_intent),
        cmocka_unit_test(who_is_at_the_bank_when_the_session_expires_pays_nothing),
        cmocka_unit_test(a_session_that_is_over_does_not_expire),
        cmocka_unit_test(an_open_sessions_intent_is_not_canceled_by_itself),
        cmocka_unit_test(a_session_lasts_from_half_an_hour_to_a_day),
        cmocka_unit_test(what_is_typed_wrongly_is_marked_and_the_card_forgotten),
        cmocka_unit_test(a_card_that_expires_this_month_pays),
        cmocka_unit_test(a_card_that_is_no_test_card_leaves_no_trace),
        cmocka_unit_test(F48_what_people_type_stays_text),
        cmocka_unit_test(addresses_that_mean_something_else_are_refused),
        cmocka_unit_test(pages_are_not_logged_and_other_pages_are_not_there),
        cmocka_unit_test(a_key_makes_one_session),
    };
    return RUN_TESTS(tests);
}
