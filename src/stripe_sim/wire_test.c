/* What a call must be like: keys, paths, parameters, lists, headers. */
#include "tests/support/stripe_client.h"
#include "tests/test.h"

#define CREATE "/v1/payment_intents"

TEST(only_keys_of_test_mode_are_let_in)
{
    struct client client;
    client_open(&client);
    static const char *const wrong[] = {
        NULL,       "Bearer sk_live_1",      "Bearer sk_test_", "sk_test_1", "Bearer pk_test_1",
        "Basic !!", "Basic c2tfbGl2ZV8xOg=="
    };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        client.authorization = wrong[i];
        assert_int_equal(client_get(&client, CREATE), 401);
        assert_member(&client, "type", "invalid_request_error");
    }
    client.authorization = "Basic c2tfdGVzdF8xOg=="; /* sk_test_1: */
    assert_int_equal(client_get(&client, CREATE), 200);
    client_close(&client);
}

TEST(an_unknown_path_is_named)
{
    struct client client;
    client_open(&client);
    static const char *const wrong[] = { "/",
                                         "/v1",
                                         "/v1/",
                                         "/v1/nothing",
                                         "/v1/payment_intents/",
                                         "/v1/payment_intents/a/b",
                                         "/v2/payment_intents" };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        assert_int_equal(client_get(&client, wrong[i]), 404);
        const char *message = client_text(&client, "Unrecognized request URL (GET: %s).", wrong[i]);
        assert_non_null(strstr(client_body(&client), message));
    }
    assert_int_equal(client_post(&client, "/v1/events", ""), 404);
    client_close(&client);
}

TEST(an_unknown_id_is_missing)
{
    struct client client;
    client_open(&client);
    static const char *const paths[] = { "/v1/payment_intents/pi_1", "/v1/charges/ch_1",
                                         "/v1/refunds/re_1", "/v1/events/evt_1",
                                         "/v1/payment_methods/pm_1" };
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
        assert_int_equal(client_get(&client, paths[i]), 404);
        assert_member(&client, "code", "resource_missing");
    }
    assert_int_equal(client_post(&client, "/v1/payment_intents/pi_1/capture", ""), 404);
    client_close(&client);
}

struct wrong_form {
    const char *form;
    const char *code; /* NULL: none */
    const char *param;
};

static const struct wrong_form wrong_forms[] = {
    { "", "parameter_missing", "amount" },
    { "amount=100", "parameter_missing", "currency" },
    { "amount=&currency=usd", "parameter_invalid_empty", "amount" },
    { "amount=abc&currency=usd", "parameter_invalid_integer", "amount" },
    { "amount=1.5&currency=usd", "parameter_invalid_integer", "amount" },
    { "amount=0&currency=usd", "parameter_invalid_integer", "amount" },
    { "amount=49&currency=usd", "amount_too_small", "amount" },
    { "amount=100000000&currency=usd", "amount_too_large", "amount" },
    { "amount=99999999999999999999&currency=usd", "parameter_invalid_integer", "amount" },
    { "amount=100&currency=xyz", NULL, "currency" },
    { "amount=100&currency=usd&colour=red", "parameter_unknown", "colour" },
    { "amount=100&currency=usd&metadata=x", "parameter_unknown", "metadata" },
    { "amount=100&currency=usd&payment_method_data[card][colour]=x", "parameter_unknown",
      "payment_method_data[card][colour]" },
    { "amount=100&currency=usd&confirm=yes", NULL, "confirm" },
    { "amount=100&currency=usd&capture_method=never", NULL, "capture_method" },
    { "amount=100&currency=usd&confirm=true", "payment_intent_unexpected_state", "payment_method" },
    { "amount=100&currency=usd&return_url=http://a", NULL, "return_url" },
    { "amount=100&currency=usd&payment_method=pm_1", "resource_missing", "payment_method" },
    { "amount=100&currency=usd&payment_method_data[type]=card&payment_method_data[card][token]=x",
      "resource_missing", "payment_method_data[card][token]" },
    { "amount=100&currency=usd&payment_method_data[card][token]=tok_visa", "parameter_missing",
      "payment_method_data[type]" },
    { "amount=100&currency=usd&payment_method_types[]=gold", "payment_intent_invalid_parameter",
      "payment_method_types" },
    { "amount=100&currency=usd&expand[]=customer", NULL, "expand" },
    { "amount=100&currency=usd&metadata[12345678901234567890123456789012345678901]=x", NULL,
      "metadata" },
};

TEST(each_wrong_parameter_is_named)
{
    struct client client;
    client_open(&client);
    for (size_t i = 0; i < sizeof wrong_forms / sizeof *wrong_forms; i++) {
        const struct wrong_form *wrong = &wrong_forms[i];
        assert_int_equal(client_post(&client, CREATE, wrong->form), 400);
        assert_member(&client, "param", wrong->param);
        if (wrong->code != NULL)
            assert_member(&client, "code", wrong->code);
        else
            assert_null(strstr(client_body(&client), "\"code\""));
    }
    assert_int_equal(client_control(&client, GET, "/_sim/ledger", NULL), 200);
    assert_member(&client, "payment_intents", "["); /* and nothing came of it */
    client_close(&client);
}

TEST(only_forms_are_read)
{
    struct client client;
    client_open(&client);
    assert_int_equal(client_post(&client, CREATE, "amount=100&currency=%zz"), 400);
    assert_non_null(strstr(client_body(&client), "check that your POST content type is"));
    client.content_type = "application/json";
    assert_int_equal(client_post(&client, CREATE, "amount=100&currency=usd"), 400);
    assert_non_null(strstr(client_body(&client), "check that your POST content type is"));
    client.content_type = "application/x-www-form-urlencoded; charset=utf-8";
    assert_int_equal(client_post(&client, CREATE, "amount=100&currency=usd"), 200);
    client_close(&client);
}

TEST(amounts_at_their_limits_are_taken)
{
    struct client client;
    client_open(&client);
    assert_int_equal(client_post(&client, CREATE, "amount=50&currency=USD"), 200);
    assert_member(&client, "currency", "usd");
    assert_int_equal(client_post(&client, CREATE, "amount=99999999&currency=usd"), 200);
    client_close(&client);
}

TEST(a_confirmed_payment_must_say_where_redirects_go_or_forbid_them)
{
    struct client client;
    client_open(&client);
    const char *base = "amount=100&currency=usd&confirm=true&payment_method=pm_card_visa";
    assert_int_equal(client_post(&client, CREATE, base), 400);
    assert_non_null(strstr(client_body(&client), "you must provide a `return_url`"));
    assert_int_equal(
        client_post(&client, CREATE, client_text(&client, "%s&return_url=http://a", base)), 200);
    const char *never = "&automatic_payment_methods[enabled]=true"
                        "&automatic_payment_methods[allow_redirects]=never";
    assert_int_equal(client_post(&client, CREATE, client_text(&client, "%s%s", base, never)), 200);
    assert_member(&client, "allow_redirects", "never");
    client_close(&client);
}

/* A public test number; the simulator must neither take it nor keep it. */
TEST(card_numbers_are_refused_and_not_kept)
{
    struct client client;
    client_open(&client);
    const char *form = "type=card&card[number]=4242424242424242&card[exp_month]=1";
    assert_int_equal(client_post(&client, "/v1/payment_methods", form), 402);
    assert_non_null(strstr(client_body(&client), "generally unsafe"));
    assert_null(strstr(client_body(&client), "4242424242424242"));
    assert_int_equal(client_control(&client, GET, "/_sim/requests", NULL), 200);
    assert_null(strstr(client_body(&client), "4242424242424242"));
    client_close(&client);
}

TEST(metadata_comes_back_as_it_was_sent)
{
    struct client client;
    client_open(&client);
    assert_int_equal(client_post(&client, CREATE,
                                 "amount=100&currency=usd&metadata[order_id]=o%201"
                                 "&metadata[note]=%22quoted%22&metadata[gone]="),
                     200);
    assert_non_null(strstr(client_body(&client),
                           "\"metadata\":{\"order_id\":\"o 1\",\"note\":\"\\\"quoted\\\"\"}"));
    client_close(&client);
}

TEST(every_answer_names_its_request_and_version)
{
    struct client client;
    client_open(&client);
    assert_int_equal(client_get(&client, "/v1/nothing"), 404);
    assert_memory_equal(client_header(&client, "Request-Id"), "req_", 4);
    assert_string_equal(client_header(&client, "Stripe-Version"), STRIPE_SIM_VERSION);
    assert_int_equal(client.response.content_type.size, strlen("application/json"));
    client_close(&client);
}

/* ---- lists ---- */

static const char *first_id(struct client *client)
{
    const char *at = strstr(client_body(client), "\"id\":\"pi_");
    return at ? client_text(client, "%.*s", (int)strcspn(at + 6, "\""), at + 6) : "none";
}

TEST(a_list_goes_from_the_newest_on_page_by_page)
{
    struct client client;
    client_open(&client);
    const char *ids[3];
    for (size_t i = 0; i < 3; i++)
        ids[i] = client_hold(&client, "pm_card_visa");

    assert_int_equal(client_get(&client, CREATE "?limit=1"), 200);
    assert_string_equal(first_id(&client), ids[2]);
    assert_member(&client, "has_more", "true");
    assert_int_equal(
        client_get(&client, client_text(&client, CREATE "?limit=1&starting_after=%s", ids[2])),
        200);
    assert_string_equal(first_id(&client), ids[1]);
    assert_int_equal(
        client_get(&client, client_text(&client, CREATE "?limit=1&starting_after=%s", ids[1])),
        200);
    assert_string_equal(first_id(&client), ids[0]);
    assert_member(&client, "has_more", "false");
    assert_int_equal(client_get(&client, client_text(&client, CREATE "?ending_before=%s", ids[0])),
                     200);
    assert_string_equal(first_id(&client), ids[2]);
    assert_member(&client, "url", "/v1/payment_intents");
    client_close(&client);
}

TEST(a_list_can_be_limited_in_time)
{
    struct client client;
    client_open(&client);
    const char *old = client_hold(&client, "pm_card_visa");
    long long then = (long long)client.world.now.ms / 1000;
    client_wait(&client, minutes(1));
    const char *new = client_hold(&client, "pm_card_visa");

    const struct {
        const char *bound;
        long long when;
        const char *first;
    } cases[] = {
        { "gte", then + 60, new }, { "gt", then + 60, "none" }, { "gt", then, new },
        { "lte", then, old },      { "lt", then, "none" },      { "lt", then + 60, old },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_int_equal(client_get(&client, client_text(&client, CREATE "?created[%s]=%lld",
                                                         cases[i].bound, cases[i].when)),
                         200);
        assert_string_equal(first_id(&client), cases[i].first);
    }
    client_close(&client);
}

TEST(a_list_refuses_wrong_bounds_and_cursors)
{
    struct client client;
    client_open(&client);
    static const char *const wrong[] = { "limit=0", "limit=101",
                                         "limit=x", "starting_after=pi_1",
                                         "wat=1",   "expand[]=data.customer" };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        assert_int_equal(client_get(&client, client_text(&client, CREATE "?%s", wrong[i])), 400);
    const char *id = client_hold(&client, "pm_card_visa");
    assert_int_equal(
        client_get(&client,
                   client_text(&client, CREATE "?starting_after=%s&ending_before=%s", id, id)),
        400);
    client_close(&client);
}

TEST(events_are_found_by_type_and_by_id)
{
    struct client client;
    client_open(&client);
    client.key = "key-1";
    (void)client_pay(&client, "pm_card_visa");

    assert_int_equal(client_get(&client, "/v1/events?type=payment_intent.succeeded"), 200);
    assert_non_null(strstr(client_body(&client), "\"data\":{\"object\":{\"id\":\"pi_"));
    assert_member(&client, "idempotency_key", "key-1");
    assert_member(&client, "has_more", "false");
    const char *id = client_member(&client, "id");
    assert_int_equal(client_get(&client, client_text(&client, "/v1/events/%s", id)), 200);
    assert_member(&client, "api_version", STRIPE_SIM_VERSION);

    assert_int_equal(client_get(&client, "/v1/events?type=charge.*&limit=1"), 200);
    assert_member(&client, "has_more", "false");
    assert_int_equal(client_get(&client, "/v1/events?types[0]=charge.succeeded"
                                         "&types[1]=payment_intent.created&limit=1"),
                     200);
    assert_member(&client, "has_more", "true");
    client_close(&client);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_keys_of_test_mode_are_let_in),
        cmocka_unit_test(an_unknown_path_is_named),
        cmocka_unit_test(an_unknown_id_is_missing),
        cmocka_unit_test(each_wrong_parameter_is_named),
        cmocka_unit_test(only_forms_are_read),
        cmocka_unit_test(amounts_at_their_limits_are_taken),
        cmocka_unit_test(a_confirmed_payment_must_say_where_redirects_go_or_forbid_them),
        cmocka_unit_test(card_numbers_are_refused_and_not_kept),
        cmocka_unit_test(metadata_comes_back_as_it_was_sent),
        cmocka_unit_test(every_answer_names_its_request_and_version),
        cmocka_unit_test(a_list_goes_from_the_newest_on_page_by_page),
        cmocka_unit_test(a_list_can_be_limited_in_time),
        cmocka_unit_test(a_list_refuses_wrong_bounds_and_cursors),
        cmocka_unit_test(events_are_found_by_type_and_by_id),
    };
    return RUN_TESTS(tests);
}
