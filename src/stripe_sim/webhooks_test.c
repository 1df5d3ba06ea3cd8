/* Webhooks as values: what is claimed, what becomes of it, and how it goes wrong on request. */
#include "base/codec.h"
#include "tests/support/stripe_client.h"
#include "tests/test.h"

#define URL    "http://127.0.0.1:9/api/payments/webhook"
#define SECRET "whsec_for_tests"

static struct client *opened(struct client *client)
{
    client_open(client);
    struct op *op = world_begin(&client->world);
    assert_ok(stripe_sim_configure(op, S(URL), S(SECRET)));
    world_commit(&client->world);
    return client;
}

#define CLIENT(name)       \
    struct client name##_; \
    struct client *name = opened(&name##_)

/* ---- the other end ---- */

struct batch {
    const struct outcall *calls;
    size_t count;
};

static struct batch claim(struct client *stripe, size_t max)
{
    struct rows rows;
    struct op *op = world_begin(&stripe->world);
    assert_ok(stripe_sim_service.outbound->claim(op, max, &rows));
    world_commit(&stripe->world);
    return (struct batch){ rows.items, rows.count };
}

static void answer(struct client *stripe, const struct outcall *call, int64_t status)
{
    const struct outanswer answer = {
        .call_id = call->id,
        .outcome = status ? OUTCALL_ANSWERED : OUTCALL_UNKNOWN,
        .http_status = status,
    };
    struct op *op = world_begin(&stripe->world);
    assert_ok(stripe_sim_service.outbound->answered(op, &answer));
    world_commit(&stripe->world);
}

static bool holds(str text, const char *what)
{
    return memmem(text.data, text.size, what, strlen(what)) != NULL;
}

static const char *type_of(struct client *stripe, const struct outcall *call)
{
    static const char *const types[] = {
        "payment_intent.created",
        "charge.succeeded",
        "payment_intent.amount_capturable_updated",
    };
    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        if (holds(call->body, client_text(stripe, "\"type\":\"%s\"}", types[i])))
            return types[i];
    }
    return "?";
}

/* As the verifier of Stripe's own clients: t=…,v1=… and nothing between. */
static bool is_signed(struct client *stripe, const struct outcall *call, const char *secret)
{
    const char *header = str_terminated(&stripe->world.arena, call->signature);
    assert_true(str_starts(str_of(header), S("t=")));
    const char *comma = strchr(header, ',');
    struct buf signed_text = buf_in(&stripe->world.arena, 4096);
    buf_add(&signed_text, (str){ header + 2, (size_t)(comma - header - 2) });
    buf_add_char(&signed_text, '.');
    buf_add(&signed_text, call->body);
    uint8_t mac[32];
    hmac_sha256(str_of(secret), buf_str(&signed_text), mac);
    str hex = hex_encode(&stripe->world.arena, (str){ (const char *)mac, sizeof mac });
    return strstr(comma, client_text(stripe, ",v1=%.*s", (int)hex.size, hex.data)) != NULL;
}

static int64_t age_of(struct client *stripe, const struct outcall *call)
{
    str rest;
    str when = str_cut((str){ call->signature.data + 2, call->signature.size - 2 }, ',', &rest);
    int64_t value = 0;
    assert_true(str_to_int(when, &value));
    return stripe->world.now.ms / 1000 - value;
}

static void plan(struct client *stripe, const char *json)
{
    assert_int_equal(client_control(stripe, POST, "/_sim/webhooks", json), 200);
}

static void assert_undelivered(struct client *stripe, int expected)
{
    assert_int_equal(client_get(stripe, "/v1/events?limit=100&delivery_success=false"), 200);
    int count = 0;
    for (const char *at = client_body(stripe); (at = strstr(at, "\"object\":\"event\"")); at++)
        count++;
    assert_int_equal(count, expected);
}

/* ---- delivery ---- */

TEST(every_event_is_called_out_once_signed_over_its_bytes)
{
    CLIENT(stripe);
    (void)client_hold(stripe, "pm_card_visa");
    struct batch batch = claim(stripe, 10);
    assert_int_equal(batch.count, 3);
    for (size_t i = 0; i < batch.count; i++) {
        const struct outcall *call = &batch.calls[i];
        assert_true(str_is(call->path, URL));
        assert_true(str_is(call->method, "POST"));
        assert_true(call->idempotency_key.size == 0);
        assert_true(is_signed(stripe, call, SECRET));
        assert_false(is_signed(stripe, call, "whsec_other"));
        assert_int_equal(age_of(stripe, call), 0);
    }
    assert_undelivered(stripe, 3);
    for (size_t i = 0; i < batch.count; i++)
        answer(stripe, &batch.calls[i], 200);
    assert_undelivered(stripe, 0);
    assert_int_equal(claim(stripe, 10).count, 0);
    client_close(stripe);
}

TEST(no_more_is_claimed_than_asked_for)
{
    CLIENT(stripe);
    (void)client_hold(stripe, "pm_card_visa");
    assert_int_equal(claim(stripe, 2).count, 2);
    assert_int_equal(claim(stripe, 2).count, 1);
    client_close(stripe);
}

TEST(what_did_not_arrive_is_tried_again_later_with_a_new_signature)
{
    CLIENT(stripe);
    (void)client_hold(stripe, "pm_card_visa");
    struct batch first = claim(stripe, 1);
    static const int64_t statuses[] = { 500, 0, 302 };
    for (size_t i = 0; i < 3; i++) {
        answer(stripe, &first.calls[0], statuses[i]);
        struct batch others = claim(stripe, 10); /* its turn has not come */
        for (size_t k = 0; k < others.count; k++) {
            assert_false(uuid_equal(others.calls[k].id, first.calls[0].id));
            answer(stripe, &others.calls[k], 200);
        }
        client_wait(stripe, minutes(20));
        struct batch again = claim(stripe, 10);
        assert_int_equal(again.count, 1);
        assert_true(uuid_equal(again.calls[0].id, first.calls[0].id));
        assert_true(str_equal(again.calls[0].body, first.calls[0].body));
        assert_int_equal(age_of(stripe, &again.calls[0]), 0);
        assert_true(is_signed(stripe, &again.calls[0], SECRET));
    }
    client_close(stripe);
}

TEST(after_three_days_it_is_given_up)
{
    CLIENT(stripe);
    plan(stripe, "{\"mode\":\"drop\",\"types\":\"charge.*\"}");
    (void)client_hold(stripe, "pm_card_visa");
    int attempts = 0;
    for (int hour = 0; hour < 24 * 5; hour++) {
        struct batch batch = claim(stripe, 10);
        for (size_t i = 0; i < batch.count; i++, attempts++)
            answer(stripe, &batch.calls[i], 503);
        client_wait(stripe, hours(1));
    }
    assert_in_range(attempts, 2 * 6, 2 * 16);
    assert_undelivered(stripe, 3); /* Stripe's list still tells of them */
    client_close(stripe);
}

TEST(an_answer_that_never_comes_is_a_failure_after_its_lease)
{
    CLIENT(stripe);
    (void)client_hold(stripe, "pm_card_visa");
    struct batch batch = claim(stripe, 10);
    assert_int_equal(claim(stripe, 10).count, 0);
    client_wait(stripe, seconds(60));
    assert_int_equal(claim(stripe, 10).count, 3);
    answer(stripe, &batch.calls[0], 200);
    client_wait(stripe, seconds(60));
    assert_int_equal(claim(stripe, 10).count, 2);
    client_close(stripe);
}

TEST(what_was_under_way_at_a_crash_is_sent_again)
{
    CLIENT(stripe);
    (void)client_hold(stripe, "pm_card_visa");
    assert_int_equal(claim(stripe, 10).count, 3);
    struct op *op = world_begin(&stripe->world);
    assert_ok(stripe_sim_service.outbound->recover(op));
    world_commit(&stripe->world);
    assert_int_equal(claim(stripe, 10).count, 3);
    client_close(stripe);
}

TEST(without_an_endpoint_nobody_is_told)
{
    struct client client;
    client_open(&client);
    (void)client_hold(&client, "pm_card_visa");
    assert_int_equal(claim(&client, 10).count, 0);
    assert_undelivered(&client, 0);
    client_close(&client);
}

TEST(an_endpoint_hears_what_it_asked_for)
{
    CLIENT(stripe);
    assert_int_equal(client_post(stripe, "/v1/webhook_endpoints",
                                 "url=http://other/&enabled_events[]=charge.succeeded"),
                     200);
    const char *id = client_member(stripe, "id");
    const char *secret = client_member(stripe, "secret");
    (void)client_hold(stripe, "pm_card_visa");
    struct batch batch = claim(stripe, 10);
    assert_int_equal(batch.count, 4);
    for (size_t i = 0; i < batch.count; i++) {
        bool other = str_is(batch.calls[i].path, "http://other/");
        assert_true(is_signed(stripe, &batch.calls[i], other ? secret : SECRET));
        assert_true(!other || holds(batch.calls[i].body, "\"type\":\"charge.succeeded\"}"));
        answer(stripe, &batch.calls[i], 200);
    }
    stripe->key = NULL;
    const char *path = client_text(stripe, "/v1/webhook_endpoints/%s", id);
    assert_int_equal(client_get(stripe, path), 200);
    assert_null(strstr(client_body(stripe), "whsec_")); /* told once */
    assert_int_equal(client_post(stripe, path, "disabled=true"), 200);
    (void)client_hold(stripe, "pm_card_visa");
    assert_int_equal(claim(stripe, 10).count, 3);
    client_close(stripe);
}

/* ---- on request ---- */

TEST(webhooks_are_dropped_by_type)
{
    CLIENT(stripe);
    plan(stripe, "{\"mode\":\"drop\",\"types\":\"payment_intent.*\"}");
    (void)client_hold(stripe, "pm_card_visa");
    struct batch batch = claim(stripe, 10);
    assert_int_equal(batch.count, 1);
    assert_string_equal(type_of(stripe, &batch.calls[0]), "charge.succeeded");
    answer(stripe, &batch.calls[0], 200);
    assert_undelivered(stripe, 2);
    client_close(stripe);
}

static const char *order_after(struct client *stripe, const char *mode)
{
    plan(stripe, mode);
    (void)client_hold(stripe, "pm_card_visa");
    assert_int_equal(claim(stripe, 10).count, 0);
    assert_int_equal(client_control(stripe, POST, "/_sim/flush", NULL), 200);
    assert_member(stripe, "released", "3");
    const char *order = "";
    for (int i = 0; i < 3; i++) {
        struct batch batch = claim(stripe, 10); /* one at a time, so that the order holds */
        assert_int_equal(batch.count, 1);
        assert_int_equal(claim(stripe, 10).count, 0);
        order = client_text(stripe, "%s %c", order, type_of(stripe, &batch.calls[0])[15]);
        answer(stripe, &batch.calls[0], 200);
    }
    assert_int_equal(claim(stripe, 10).count, 0);
    return order;
}

TEST(what_is_held_is_let_go_in_the_order_asked_for)
{
    CLIENT(stripe);
    /* payment_intent.[c]reated, charge.succeede[d], payment_intent.[a]mount_capturable_updated */
    assert_string_equal(order_after(stripe, "{\"mode\":\"hold\"}"), " c d a");
    assert_string_equal(order_after(stripe, "{\"mode\":\"reverse\"}"), " a d c");
    const char *shuffled = order_after(stripe, "{\"mode\":\"shuffle\",\"seed\":4}");
    assert_string_equal(order_after(stripe, "{\"mode\":\"shuffle\",\"seed\":4}"), shuffled);
    int different = 0;
    for (int seed = 5; seed < 15; seed++)
        different +=
            strcmp(order_after(stripe,
                               client_text(stripe, "{\"mode\":\"shuffle\",\"seed\":%d}", seed)),
                   shuffled) != 0;
    assert_in_range(different, 5, 10);
    client_close(stripe);
}

TEST(a_failed_webhook_does_not_hold_up_those_behind_it)
{
    CLIENT(stripe);
    plan(stripe, "{\"mode\":\"reverse\"}");
    (void)client_hold(stripe, "pm_card_visa");
    (void)client_control(stripe, POST, "/_sim/flush", NULL);
    for (int i = 0; i < 3; i++) {
        struct batch batch = claim(stripe, 10);
        assert_int_equal(batch.count, 1);
        answer(stripe, &batch.calls[0], 500);
    }
    client_close(stripe);
}

TEST(an_event_is_doubled_and_told_anew)
{
    CLIENT(stripe);
    plan(stripe, "{\"mode\":\"duplicate\",\"copies\":4,\"types\":\"charge.*\"}");
    (void)client_hold(stripe, "pm_card_visa");
    assert_int_equal(claim(stripe, 10).count, 6);
    plan(stripe, "{\"mode\":\"reissue\",\"types\":\"charge.*\"}");
    (void)client_hold(stripe, "pm_card_visa");
    struct batch batch = claim(stripe, 10);
    assert_int_equal(batch.count, 4);
    const struct outcall *twins[2] = { NULL, NULL };
    for (size_t i = 0; i < batch.count; i++) {
        if (str_is(str_of(type_of(stripe, &batch.calls[i])), "charge.succeeded"))
            twins[twins[0] != NULL] = &batch.calls[i];
    }
    assert_non_null(twins[1]);
    assert_false(str_equal(twins[0]->body, twins[1]->body)); /* their ids */
    client_close(stripe);
}

TEST(signatures_are_forged_and_stale_as_asked)
{
    CLIENT(stripe);
    plan(stripe, "{\"mode\":\"bad_signature\"}");
    (void)client_hold(stripe, "pm_card_visa");
    struct batch forged = claim(stripe, 10);
    assert_false(is_signed(stripe, &forged.calls[0], SECRET));
    plan(stripe, "{\"mode\":\"age\",\"ageMs\":301000}");
    (void)client_hold(stripe, "pm_card_visa");
    struct batch stale = claim(stripe, 10);
    assert_true(is_signed(stripe, &stale.calls[0], SECRET));
    assert_int_equal(age_of(stripe, &stale.calls[0]), 301);
    plan(stripe, "{\"mode\":\"live\"}");
    (void)client_hold(stripe, "pm_card_visa");
    struct batch live = claim(stripe, 1);
    assert_true(holds(live.calls[0].body, "\"livemode\":true,\"pending_webhooks\""));
    client_close(stripe);
}

TEST(an_old_secret_signs_beside_the_new_one_for_a_while)
{
    CLIENT(stripe);
    assert_int_equal(client_control(stripe, POST, "/_sim/webhook_endpoints/we_configured/roll",
                                    "{\"secret\":\"whsec_second\",\"keepMs\":60000}"),
                     200);
    (void)client_hold(stripe, "pm_card_visa");
    struct batch batch = claim(stripe, 1);
    assert_true(is_signed(stripe, &batch.calls[0], SECRET));
    assert_true(is_signed(stripe, &batch.calls[0], "whsec_second"));
    client_wait(stripe, minutes(1));
    batch = claim(stripe, 1);
    assert_false(is_signed(stripe, &batch.calls[0], SECRET));
    assert_true(is_signed(stripe, &batch.calls[0], "whsec_second"));
    client_close(stripe);
}

TEST(modes_that_are_none_are_refused)
{
    CLIENT(stripe);
    static const char *const plans[] = {
        "{}",
        "{\"mode\":\"never\"}",
        "{\"mode\":\"duplicate\",\"copies\":0}",
        "{\"mode\":\"duplicate\",\"copies\":1001}",
        "[]",
    };
    for (size_t i = 0; i < sizeof plans / sizeof *plans; i++)
        assert_int_equal(client_control(stripe, POST, "/_sim/webhooks", plans[i]), 400);
    client_close(stripe);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_event_is_called_out_once_signed_over_its_bytes),
        cmocka_unit_test(no_more_is_claimed_than_asked_for),
        cmocka_unit_test(what_did_not_arrive_is_tried_again_later_with_a_new_signature),
        cmocka_unit_test(after_three_days_it_is_given_up),
        cmocka_unit_test(an_answer_that_never_comes_is_a_failure_after_its_lease),
        cmocka_unit_test(what_was_under_way_at_a_crash_is_sent_again),
        cmocka_unit_test(without_an_endpoint_nobody_is_told),
        cmocka_unit_test(an_endpoint_hears_what_it_asked_for),
        cmocka_unit_test(webhooks_are_dropped_by_type),
        cmocka_unit_test(what_is_held_is_let_go_in_the_order_asked_for),
        cmocka_unit_test(a_failed_webhook_does_not_hold_up_those_behind_it),
        cmocka_unit_test(an_event_is_doubled_and_told_anew),
        cmocka_unit_test(signatures_are_forged_and_stale_as_asked),
        cmocka_unit_test(an_old_secret_signs_beside_the_new_one_for_a_while),
        cmocka_unit_test(modes_that_are_none_are_refused),
    };
    return RUN_TESTS(tests);
}
