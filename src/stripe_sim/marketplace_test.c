/* Money after it was taken: disputes, the balance, connected accounts, transfers, metadata. */
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

/* Pays with a card, and says which charge that is. */
static const char *charge(struct client *stripe, const char *card)
{
    (void)client_pay(stripe, card);
    assert_int_equal(stripe->response.status, 200);
    return client_member(stripe, "latest_charge");
}

static const char *seller(struct client *stripe)
{
    assert_int_equal(
        client_post(stripe, "/v1/accounts", "type=express&capabilities[transfers][requested]=true"),
        200);
    const char *id = client_member(stripe, "id");
    assert_int_equal(
        client_control(stripe, POST, client_text(stripe, "/_sim/accounts/%s/onboard", id), NULL),
        200);
    return id;
}

static int transfer(struct client *stripe, const char *to, const char *from, int amount)
{
    return client_post(stripe, "/v1/transfers",
                       client_text(stripe,
                                   "amount=%d&currency=usd&destination=%s&source_transaction=%s",
                                   amount, to, from));
}

static void assert_ledger(struct client *stripe, const char *name, const char *expected)
{
    assert_int_equal(client_control(stripe, GET, "/_sim/ledger", NULL), 200);
    assert_member(stripe, name, expected);
}

/* ---- disputes ---- */

static const char *dispute_of(struct client *stripe, const char *charge_id)
{
    assert_int_equal(client_get(stripe, client_text(stripe, "/v1/disputes?charge=%s", charge_id)),
                     200);
    const char *at = strstr(client_body(stripe), "\"id\":\"dp_");
    assert_non_null(at);
    return client_text(stripe, "%.*s", (int)strcspn(at + 6, "\""), at + 6);
}

static int control_dispute(struct client *stripe, const char *id, const char *what)
{
    return client_control(stripe, POST, client_text(stripe, "/_sim/disputes/%s/%s", id, what),
                          NULL);
}

static int refund(struct client *stripe, const char *charge_id)
{
    return client_post(stripe, "/v1/refunds", client_text(stripe, "charge=%s", charge_id));
}

TEST(a_dispute_begins_at_capture_and_takes_the_money)
{
    CLIENT(stripe);
    const char *intent = client_hold(stripe, "pm_card_createDispute");
    assert_int_equal(client_get(stripe, "/v1/disputes"), 200);
    assert_null(strstr(client_body(stripe), "dp_"));
    (void)client_post(stripe, client_text(stripe, "/v1/payment_intents/%s/capture", intent), "");
    const char *id = dispute_of(stripe, client_member(stripe, "latest_charge"));
    assert_int_equal(client_get(stripe, client_text(stripe, "/v1/disputes/%s", id)), 200);
    assert_member(stripe, "fee", "1500");
    assert_member(stripe, "is_charge_refundable", "false");
    assert_ledger(stripe, "disputed", "2000");
    client_close(stripe);
}

TEST(a_lost_dispute_keeps_the_money_and_a_won_one_gives_it_back)
{
    CLIENT(stripe);
    const char *lost = charge(stripe, "pm_card_createDispute");
    const char *won = charge(stripe, "pm_card_createDispute");
    const char *first = dispute_of(stripe, lost);
    const char *second = dispute_of(stripe, won);
    assert_int_equal(control_dispute(stripe, first, "lose"), 200);
    assert_int_equal(control_dispute(stripe, second, "win"), 200);
    assert_int_equal(control_dispute(stripe, first, "win"), 409); /* over is over */
    assert_ledger(stripe, "disputed", "2000");
    assert_int_equal(refund(stripe, lost), 400);
    assert_member(stripe, "code", "charge_disputed");
    assert_int_equal(refund(stripe, won), 200);
    client_close(stripe);
}

TEST(during_an_inquiry_a_refund_is_possible_until_it_escalates)
{
    CLIENT(stripe);
    const char *asked = charge(stripe, "pm_card_createDisputeInquiry");
    const char *other = charge(stripe, "pm_card_createDisputeInquiry");
    const char *id = dispute_of(stripe, other);
    assert_ledger(stripe, "disputed", "0");
    assert_int_equal(refund(stripe, asked), 200);
    assert_int_equal(control_dispute(stripe, id, "escalate"), 200);
    assert_member(stripe, "is_charge_refundable", "false");
    assert_int_equal(refund(stripe, other), 400);
    assert_int_equal(control_dispute(stripe, id, "escalate"), 409);
    assert_ledger(stripe, "disputed", "2000");
    client_close(stripe);
}

TEST(any_captured_charge_can_be_disputed_later)
{
    CLIENT(stripe);
    const char *paid = charge(stripe, "pm_card_visa");
    const char *path = client_text(stripe, "/_sim/charges/%s/dispute", paid);
    (void)client_hold(stripe, "pm_card_visa");
    const char *held = client_member(stripe, "latest_charge");
    assert_int_equal(
        client_control(stripe, POST, client_text(stripe, "/_sim/charges/%s/dispute", held), NULL),
        409); /* a hold cannot be */
    assert_int_equal(client_control(stripe, POST, path, "{\"reason\":\"duplicate\"}"), 200);
    assert_member(stripe, "reason", "duplicate");
    assert_int_equal(client_control(stripe, POST, path, NULL), 409);
    assert_int_equal(client_get(stripe, client_text(stripe, "/v1/charges/%s", paid)), 200);
    assert_member(stripe, "disputed", "true");
    client_close(stripe);
}

/* ---- the balance ---- */

static void assert_balance(struct client *stripe, const char *available, const char *pending)
{
    assert_int_equal(client_get(stripe, "/v1/balance"), 200);
    const char *expected = client_text(stripe, "\"available\":[{\"amount\":%s,", available);
    if (strstr(client_body(stripe), expected) == NULL)
        fail_msg("not %s in %s", expected, client_body(stripe));
    expected = client_text(stripe, "\"pending\":[{\"amount\":%s,", pending);
    if (strstr(client_body(stripe), expected) == NULL)
        fail_msg("not %s in %s", expected, client_body(stripe));
}

TEST(the_balance_is_the_sum_of_its_movements)
{
    CLIENT(stripe);
    const char *first = charge(stripe, "pm_card_visa"); /* 20.00, less 88 cents */
    assert_balance(stripe, "0", "1912");
    client_wait(stripe, hours(48));
    assert_balance(stripe, "1912", "0");
    (void)charge(stripe, "pm_card_createDispute"); /* - 20.00 - 15.00 */
    assert_balance(stripe, "-1588", "1912");
    assert_int_equal(refund(stripe, first), 200);
    const char *id = client_member(stripe, "id");
    assert_balance(stripe, "-3588", "1912");
    assert_int_equal(
        client_control(stripe, POST, client_text(stripe, "/_sim/refunds/%s/fail", id), NULL), 200);
    assert_balance(stripe, "-1588", "1912");
    client_close(stripe);
}

/* ---- connected accounts ---- */

TEST(an_account_takes_transfers_only_after_its_onboarding)
{
    CLIENT(stripe);
    const char *paid = charge(stripe, "pm_card_visa");
    assert_int_equal(client_post(stripe, "/v1/accounts",
                                 "type=express&email=bob@example.com"
                                 "&capabilities[transfers][requested]=true"),
                     200);
    assert_member(stripe, "transfers", "inactive");
    const char *id = client_member(stripe, "id");
    assert_int_equal(transfer(stripe, id, paid, 100), 400);
    assert_member(stripe, "code", "insufficient_capabilities_for_transfer");
    (void)client_control(stripe, POST, client_text(stripe, "/_sim/accounts/%s/onboard", id), NULL);
    assert_int_equal(transfer(stripe, id, paid, 100), 200);
    (void)client_control(stripe, POST, client_text(stripe, "/_sim/accounts/%s/restrict", id), NULL);
    assert_int_equal(transfer(stripe, id, paid, 100), 400);
    assert_int_equal(transfer(stripe, "acct_none", paid, 100), 400);
    assert_member(stripe, "param", "destination");
    client_close(stripe);
}

#define LINK(account)                                                                \
    client_text(stripe,                                                              \
                "account=%s&type=account_onboarding&refresh_url=http://shop/refresh" \
                "&return_url=http://shop/return",                                    \
                (account))

static const char *link_path(struct client *stripe, const char *account)
{
    assert_int_equal(client_post(stripe, "/v1/account_links", LINK(account)), 200);
    return strstr(client_member(stripe, "url"), "/setup/");
}

static const char *form_of(struct client *stripe)
{
    const char *at = strstr(client_body(stripe), "name=\"form\" value=\"");
    assert_non_null(at);
    return client_text(stripe, "%.24s", at + strlen("name=\"form\" value=\""));
}

TEST(a_link_works_once_and_not_for_long)
{
    CLIENT(stripe);
    assert_int_equal(client_post(stripe, "/v1/accounts", "type=express"), 200);
    const char *id = client_member(stripe, "id");
    const char *path = link_path(stripe, id);
    assert_int_equal(client_get(stripe, path), 200);
    assert_int_equal(client_get(stripe, path), 303);
    assert_string_equal(client_header(stripe, "Location"), "http://shop/refresh");
    path = link_path(stripe, id);
    client_wait(stripe, minutes(5));
    assert_int_equal(client_get(stripe, path), 303);
    assert_string_equal(client_header(stripe, "Location"), "http://shop/refresh");
    assert_int_equal(client_get(stripe, "/setup/none"), 404);
    client_close(stripe);
}

TEST(only_the_page_that_was_opened_completes_an_onboarding)
{
    CLIENT(stripe);
    assert_int_equal(
        client_post(stripe, "/v1/accounts", "type=express&capabilities[transfers][requested]=true"),
        200);
    const char *id = client_member(stripe, "id");
    const char *account = client_text(stripe, "/v1/accounts/%s", id);
    const char *path = link_path(stripe, id);
    assert_int_equal(client_post(stripe, path, "decision=complete&form="), 303);
    assert_int_equal(client_get(stripe, path), 200);
    const char *form = form_of(stripe);
    assert_int_equal(client_post(stripe, path, "decision=complete&form=x"), 303);
    assert_int_equal(client_get(stripe, account), 200);
    assert_member(stripe, "details_submitted", "false");
    assert_int_equal(
        client_post(stripe, path, client_text(stripe, "decision=complete&form=%s", form)), 303);
    assert_string_equal(client_header(stripe, "Location"), "http://shop/return");
    assert_int_equal(client_get(stripe, account), 200);
    assert_member(stripe, "details_submitted", "true");
    assert_member(stripe, "transfers", "active");
    assert_non_null(strstr(client_events(stripe), "account.updated"));
    client_close(stripe);
}

TEST(leaving_the_page_comes_back_without_having_done_anything)
{
    CLIENT(stripe);
    assert_int_equal(client_post(stripe, "/v1/accounts", "type=express"), 200);
    const char *id = client_member(stripe, "id");
    const char *path = link_path(stripe, id);
    (void)client_get(stripe, path);
    assert_int_equal(
        client_post(stripe, path, client_text(stripe, "decision=leave&form=%s", form_of(stripe))),
        303);
    assert_string_equal(client_header(stripe, "Location"), "http://shop/return");
    assert_int_equal(client_get(stripe, client_text(stripe, "/v1/accounts/%s", id)), 200);
    assert_member(stripe, "details_submitted", "false");
    client_close(stripe);
}

/* ---- transfers ---- */

TEST(no_more_is_transferred_than_a_charge_brought)
{
    CLIENT(stripe);
    const char *to = seller(stripe);
    const char *paid = charge(stripe, "pm_card_visa");
    assert_int_equal(transfer(stripe, to, paid, 2001), 400);
    assert_int_equal(transfer(stripe, to, paid, 1800), 200);
    const char *id = client_member(stripe, "id");
    assert_int_equal(transfer(stripe, to, paid, 201), 400);
    assert_int_equal(transfer(stripe, to, paid, 200), 200);
    assert_ledger(stripe, "transferred", "2000");
    /* What comes back is not there for another transfer. */
    assert_int_equal(client_post(stripe, client_text(stripe, "/v1/transfers/%s/reversals", id), ""),
                     200);
    assert_int_equal(transfer(stripe, to, paid, 1), 400);
    assert_ledger(stripe, "transferred", "200");
    client_close(stripe);
}

TEST(only_what_was_captured_is_transferred)
{
    CLIENT(stripe);
    const char *to = seller(stripe);
    (void)client_hold(stripe, "pm_card_visa");
    const char *held = client_member(stripe, "latest_charge");
    assert_int_equal(transfer(stripe, to, held, 100), 400);
    assert_member(stripe, "param", "source_transaction");
    assert_int_equal(transfer(stripe, to, "ch_none", 100), 400);
    assert_member(stripe, "code", "resource_missing");
    assert_int_equal(client_post(stripe, "/v1/transfers",
                                 client_text(stripe,
                                             "amount=100&currency=eur&destination=%s"
                                             "&source_transaction=%s",
                                             to, charge(stripe, "pm_card_visa"))),
                     400);
    assert_member(stripe, "param", "currency");
    client_close(stripe);
}

TEST(a_key_makes_one_transfer)
{
    CLIENT(stripe);
    const char *to = seller(stripe);
    const char *paid = charge(stripe, "pm_card_visa");
    stripe->key = "transfer:o1";
    assert_int_equal(transfer(stripe, to, paid, 500), 200);
    const char *id = client_member(stripe, "id");
    assert_int_equal(transfer(stripe, to, paid, 500), 200);
    assert_member(stripe, "id", id);
    assert_int_equal(transfer(stripe, to, paid, 501), 400);
    assert_member(stripe, "type", "idempotency_error");
    stripe->key = NULL;
    assert_ledger(stripe, "transferred", "500");
    client_close(stripe);
}

TEST(a_transfer_is_reversed_in_parts_while_its_account_has_the_money)
{
    CLIENT(stripe);
    const char *to = seller(stripe);
    assert_int_equal(transfer(stripe, to, charge(stripe, "pm_card_visa"), 1000), 200);
    const char *id = client_member(stripe, "id");
    const char *path = client_text(stripe, "/v1/transfers/%s/reversals", id);
    assert_int_equal(client_post(stripe, path, "amount=400"), 200);
    assert_int_equal(client_post(stripe, path, "amount=601"), 400);
    (void)client_control(stripe, POST, client_text(stripe, "/_sim/accounts/%s/payout", to), NULL);
    assert_int_equal(client_post(stripe, path, ""), 400);
    assert_member(stripe, "code", "balance_insufficient");
    assert_int_equal(transfer(stripe, to, charge(stripe, "pm_card_visa"), 600), 200);
    assert_int_equal(client_post(stripe, path, ""), 200); /* the account's money is one */
    assert_int_equal(client_get(stripe, client_text(stripe, "/v1/transfers/%s", id)), 200);
    assert_member(stripe, "amount_reversed", "1000");
    assert_member(stripe, "reversed", "true");
    assert_int_equal(client_post(stripe, path, ""), 400);
    client_close(stripe);
}

/* ---- metadata ---- */

TEST(metadata_is_merged_key_by_key)
{
    CLIENT(stripe);
    const char *id = client_hold(stripe, "pm_card_visa");
    const char *path = client_text(stripe, "/v1/payment_intents/%s", id);
    assert_int_equal(client_post(stripe, path, "metadata[a]=%22x%22&metadata[order_id]=o2"), 200);
    assert_non_null(
        strstr(client_body(stripe), "\"metadata\":{\"a\":\"\\\"x\\\"\",\"order_id\":\"o2\"}"));
    assert_int_equal(client_post(stripe, path, "metadata[b]=y&metadata[a]="), 200);
    assert_non_null(strstr(client_body(stripe), "\"metadata\":{\"order_id\":\"o2\",\"b\":\"y\"}"));
    assert_ledger(stripe, "order_id", "o2");
    assert_int_equal(client_post(stripe, client_text(stripe, "%s/capture", path), "metadata[c]=z"),
                     200);
    assert_non_null(
        strstr(client_body(stripe), "\"metadata\":{\"order_id\":\"o2\",\"b\":\"y\",\"c\":\"z\"}"));
    assert_int_equal(client_post(stripe, path, "metadata="), 200);
    assert_non_null(strstr(client_body(stripe), "\"metadata\":{}"));
    client_close(stripe);
}

TEST(an_amount_is_changed_only_before_it_is_held)
{
    CLIENT(stripe);
    assert_int_equal(client_post(stripe, "/v1/payment_intents", "amount=700&currency=usd"), 200);
    const char *path = client_text(stripe, "/v1/payment_intents/%s", client_member(stripe, "id"));
    assert_int_equal(client_post(stripe, path, "amount=800"), 200);
    assert_member(stripe, "amount", "800");
    const char *held = client_hold(stripe, "pm_card_visa");
    assert_int_equal(
        client_post(stripe, client_text(stripe, "/v1/payment_intents/%s", held), "amount=100"),
        400);
    assert_member(stripe, "code", "payment_intent_unexpected_state");
    client_close(stripe);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_dispute_begins_at_capture_and_takes_the_money),
        cmocka_unit_test(a_lost_dispute_keeps_the_money_and_a_won_one_gives_it_back),
        cmocka_unit_test(during_an_inquiry_a_refund_is_possible_until_it_escalates),
        cmocka_unit_test(any_captured_charge_can_be_disputed_later),
        cmocka_unit_test(the_balance_is_the_sum_of_its_movements),
        cmocka_unit_test(an_account_takes_transfers_only_after_its_onboarding),
        cmocka_unit_test(a_link_works_once_and_not_for_long),
        cmocka_unit_test(only_the_page_that_was_opened_completes_an_onboarding),
        cmocka_unit_test(leaving_the_page_comes_back_without_having_done_anything),
        cmocka_unit_test(no_more_is_transferred_than_a_charge_brought),
        cmocka_unit_test(only_what_was_captured_is_transferred),
        cmocka_unit_test(a_key_makes_one_transfer),
        cmocka_unit_test(a_transfer_is_reversed_in_parts_while_its_account_has_the_money),
        cmocka_unit_test(metadata_is_merged_key_by_key),
        cmocka_unit_test(an_amount_is_changed_only_before_it_is_held),
    };
    return RUN_TESTS(tests);
}
