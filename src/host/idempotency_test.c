/* Requests that come twice with one Idempotency-Key. */
#include "host/probe_test.h"
#include "tests/test.h"

static int keyed_note(struct shop *shop, uuid who, const char *key, const char *note, int status)
{
    shop->headers[HEADER_idempotency_key] = str_of(key);
    return post_note(shop, who, note, status);
}

static bool is_replay(struct shop *shop)
{
    return strcmp(shop_header(shop, "Idempotency-Replayed"), "true") == 0;
}

TEST(a_request_that_comes_twice_is_done_once_and_answered_twice_alike)
{
    struct shop shop;
    probe_open(&shop);
    assert_int_equal(keyed_note(&shop, bob, "k", "a", 0), 201);
    assert_false(is_replay(&shop));
    const char *body = shop_body(&shop);
    assert_string_equal(body, "{\"note\":\"a\",\"count\":1}");
    assert_int_equal(keyed_note(&shop, bob, "k", "a", 0), 201);
    assert_true(is_replay(&shop));
    assert_string_equal(shop_body(&shop), body);
    assert_string_equal(shop_header(&shop, "Location"),
                        "/probe/notes/7b000000-0000-0000-0000-000000000000");
    assert_string_equal(shop_header(&shop, "ETag"), "\"v7\"");
    assert_string_equal(shop_header(&shop, "X-Content-Type-Options"), "nosniff");
    assert_null(shop.told);
    assert_string_equal(diary(&shop), "a created:a ");
    shop_close(&shop);
}

TEST(a_key_is_for_one_request)
{
    struct shop shop;
    probe_open(&shop);
    assert_int_equal(keyed_note(&shop, bob, "k", "a", 0), 201);
    assert_int_equal(keyed_note(&shop, bob, "k", "b", 0), 422);
    assert_string_equal(shop_body(&shop),
                        "{\"errors\":[{\"message\":\"This Idempotency-Key was used for another "
                        "request\"}]}");
    shop.headers[HEADER_idempotency_key] = S("k");
    assert_int_equal(shop_ask(&shop, bob, PUT, "/probe/note", "{\"note\":\"a\",\"status\":0}"),
                     422);
    shop.headers[HEADER_idempotency_key] = S("k");
    assert_int_equal(shop_ask(&shop, bob, POST, "/probe/note?x=1", "{\"note\":\"a\",\"status\":0}"),
                     422);
    assert_int_equal(keyed_note(&shop, alice, "k", "b", 0), 201); /* everybody has his own */
    assert_int_equal(keyed_note(&shop, bob, "l", "b", 0), 201);
    shop_close(&shop);
}

TEST(strangers_have_their_keys_by_their_address)
{
    struct shop shop;
    probe_open(&shop);
    shop.client = S("192.0.2.1");
    shop.headers[HEADER_idempotency_key] = S("k");
    assert_int_equal(shop_ask(&shop, nobody, POST, "/probe/anyone", "{\"a\":1}"), 201);
    shop.headers[HEADER_idempotency_key] = S("k");
    assert_int_equal(shop_ask(&shop, nobody, POST, "/probe/anyone", "{\"a\":2}"), 422);
    shop.client = S("192.0.2.2");
    shop.headers[HEADER_idempotency_key] = S("k");
    assert_int_equal(shop_ask(&shop, nobody, POST, "/probe/anyone", "{\"a\":2}"), 201);
    shop_close(&shop);
}

TEST(a_key_has_the_form_of_one)
{
    struct shop shop;
    probe_open(&shop);
    char longest[IDEMPOTENCY_KEY_MAX + 2];
    memset(longest, 'k', sizeof longest - 1);
    longest[sizeof longest - 1] = '\0';
    static const char *const odd[] = { "", "\x7f", "a\tb", "\xC3\xA9" };
    for (size_t i = 0; i < sizeof odd / sizeof odd[0]; i++) {
        assert_int_equal(keyed_note(&shop, bob, odd[i], "a", 0), 400);
        assert_non_null(strstr(shop_body(&shop), "1 to 255 printable ASCII characters"));
    }
    assert_int_equal(keyed_note(&shop, bob, longest, "a", 0), 400);
    longest[IDEMPOTENCY_KEY_MAX] = '\0';
    assert_int_equal(keyed_note(&shop, bob, longest, "a", 0), 201);
    shop_close(&shop);
}

TEST(a_refusal_is_undone_and_kept)
{
    static const int kept[] = { 400, 402, 403, 404, 409 };
    for (size_t i = 0; i < sizeof kept / sizeof kept[0]; i++) {
        struct shop shop;
        probe_open(&shop);
        assert_int_equal(keyed_note(&shop, bob, "k", "a", kept[i]), kept[i]);
        assert_null(shop.told);
        assert_int_equal(keyed_note(&shop, bob, "k", "a", kept[i]), kept[i]);
        assert_true(is_replay(&shop));
        assert_string_equal(shop_body(&shop),
                            "{\"errors\":[{\"message\":\"no a\",\"field\":\"note\"}]}");
        assert_string_equal(diary(&shop), "");
        assert_int_equal(told_for_good(&shop), 0);
        shop_close(&shop);
    }
}

TEST(what_a_retry_may_better_is_not_kept)
{
    static const int not_kept[] = { 401, 429, 500, 503 };
    for (size_t i = 0; i < sizeof not_kept / sizeof not_kept[0]; i++) {
        struct shop shop;
        probe_open(&shop);
        assert_int_equal(keyed_note(&shop, bob, "k", "a", not_kept[i]), not_kept[i]);
        assert_int_equal(keyed_note(&shop, bob, "k", "a", not_kept[i]), not_kept[i]);
        assert_false(is_replay(&shop));
        assert_string_equal(diary(&shop), "");
        assert_int_equal(keyed_note(&shop, bob, "k", "b", 0), 201);
        shop_close(&shop);
    }
}

TEST(what_a_listener_puts_off_is_not_kept_either)
{
    struct shop shop;
    probe_open(&shop);
    assert_int_equal(keyed_note(&shop, bob, "k", "later", 0), 503);
    assert_string_equal(shop_header(&shop, "Retry-After"), "1");
    assert_string_equal(diary(&shop), "");
    assert_int_equal(keyed_note(&shop, bob, "k", "now", 0), 201);
    shop_close(&shop);
}

TEST(a_key_is_kept_for_a_day)
{
    struct shop shop;
    probe_open(&shop);
    bool more;
    assert_int_equal(keyed_note(&shop, bob, "k", "a", 0), 201);
    world_wait(&shop.world, hours(24));
    assert_ok(shop_duty(&shop, &host_service.duties[0], &more));
    assert_int_equal(keyed_note(&shop, bob, "k", "a", 0), 201);
    assert_true(is_replay(&shop));
    world_wait(&shop.world, (duration){ 1 });
    assert_int_equal(keyed_note(&shop, bob, "k", "b", 0), 201); /* also before the duty runs */
    assert_false(is_replay(&shop));
    world_wait(&shop.world, hours(25));
    assert_ok(shop_duty(&shop, &host_service.duties[0], &more));
    assert_false(more);
    assert_int_equal(keyed_note(&shop, bob, "k", "c", 0), 201);
    assert_string_equal(diary(&shop), "a created:a b created:b c created:c ");
    shop_close(&shop);
}

TEST(reading_needs_no_key)
{
    struct shop shop;
    probe_open(&shop);
    shop.headers[HEADER_idempotency_key] = S("k");
    assert_int_equal(shop_ask(&shop, bob, GET, "/probe/mine", NULL), 200);
    assert_int_equal(keyed_note(&shop, bob, "k", "a", 0), 201);
    shop_close(&shop);
}

/* ---- sessions ---- */

TEST(F38_a_sign_in_that_comes_twice_signs_its_cookie_anew_and_stores_none)
{
    struct shop shop;
    probe_open(&shop);
    shop.headers[HEADER_idempotency_key] = S("k");
    assert_int_equal(shop_ask(&shop, nobody, POST, "/probe/anyone", "{}"), 201);
    assert_non_null(strstr(shop_header(&shop, "Set-Cookie"), "session=ey"));
    assert_non_null(strstr(shop_header(&shop, "Set-Cookie"), "Max-Age=3600"));
    uuid session = shop.response.session.id;

    world_wait(&shop.world, minutes(20));
    shop.world.settings.jwt_key = S("a key of 32 bytes, and for tests");
    shop.headers[HEADER_idempotency_key] = S("k");
    assert_int_equal(shop_ask(&shop, nobody, POST, "/probe/anyone", "{}"), 201);
    assert_true(is_replay(&shop));
    assert_true(uuid_equal(shop.response.session.id, session));
    assert_non_null(strstr(shop_header(&shop, "Set-Cookie"), "session=ey"));
    assert_non_null(strstr(shop_header(&shop, "Set-Cookie"), "Max-Age=2400"));
    assert_string_equal(diary(&shop), "in ");
    shop_close(&shop);
}

/* What is stored of a sign-up must be no way to try passwords. */
TEST(F39_what_is_kept_of_a_body_is_worth_nothing_without_our_key)
{
    struct shop shop;
    probe_open(&shop);
    shop.headers[HEADER_idempotency_key] = S("k");
    assert_int_equal(shop_ask(&shop, nobody, POST, "/probe/anyone", "{\"p\":1}"), 201);
    shop.world.settings.jwt_key = S("another key of 32 bytes and more");
    shop.headers[HEADER_idempotency_key] = S("k");
    assert_int_equal(shop_ask(&shop, nobody, POST, "/probe/anyone", "{\"p\":1}"), 422);
    shop_close(&shop);
}

/* ---- answers that wait ---- */

static int keyed_wait(struct shop *shop, const char *key)
{
    shop->headers[HEADER_idempotency_key] = str_of(key);
    return shop_ask(shop, bob, POST, "/probe/wait", "{}");
}

TEST(F13_the_second_of_two_waits_with_the_first_for_the_same_answer)
{
    struct shop shop;
    probe_open(&shop);
    assert_int_equal(keyed_wait(&shop, "k"), 0);
    assert_int_equal(keyed_wait(&shop, "k"), 0);
    assert_true(uuid_equal(shop.response.wait.subject, thing));
    assert_int_equal(shop.response.wait.until.ms, shop.world.now.ms + seconds(25).ms);
    assert_string_equal(diary(&shop), "waiting created:wait ");
    struct response second = shop.response;

    write_diary(&shop, "ready");
    assert_int_equal(shop_resume(&shop, false), 201);
    assert_false(is_replay(&shop));
    shop.response = second;
    assert_int_equal(shop_resume(&shop, false), 201);
    assert_true(is_replay(&shop));
    assert_string_equal(shop_body(&shop), "{\"ready\":true}");
    assert_int_equal(keyed_wait(&shop, "k"), 201);
    assert_true(is_replay(&shop));
    assert_string_equal(diary(&shop), "waiting created:wait ready ");
    shop_close(&shop);
}

TEST(F13_who_was_told_to_wait_and_asks_again_is_told_what_came_of_it)
{
    struct shop shop;
    probe_open(&shop);
    assert_int_equal(keyed_wait(&shop, "k"), 0);
    assert_int_equal(shop_resume(&shop, true), 202);
    assert_int_equal(keyed_wait(&shop, "k"), 0);
    assert_int_equal(shop_resume(&shop, true), 202);
    write_diary(&shop, "ready");
    assert_int_equal(keyed_wait(&shop, "k"), 201);
    assert_int_equal(keyed_wait(&shop, "k"), 201);
    assert_true(is_replay(&shop));
    assert_string_equal(diary(&shop), "waiting created:wait ready ");
    shop_close(&shop);
}

TEST(a_wait_that_ends_with_a_part_away_may_be_tried_again_with_its_key)
{
    struct shop shop;
    probe_open(&shop);
    assert_int_equal(keyed_wait(&shop, "k"), 0);
    write_diary(&shop, "broken");
    assert_int_equal(shop_resume(&shop, false), 503);
    assert_string_equal(shop_header(&shop, "Retry-After"), "5");
    assert_string_equal(shop_header(&shop, "X-Content-Type-Options"), "nosniff");
    write_diary(&shop, "ready");
    assert_int_equal(keyed_wait(&shop, "k"), 201);
    assert_string_equal(diary(&shop), "waiting created:wait broken ready waiting created:wait ");
    shop_close(&shop);
}

TEST(without_a_key_a_wait_ends_the_same_way)
{
    struct shop shop;
    probe_open(&shop);
    assert_int_equal(shop_ask(&shop, bob, POST, "/probe/wait", "{}"), 0);
    assert_int_equal(shop_resume(&shop, false), 0);
    assert_int_equal(shop_resume(&shop, true), 202);
    assert_int_equal(shop_ask(&shop, bob, POST, "/probe/wait", "{}"), 0);
    write_diary(&shop, "broken");
    assert_int_equal(shop_resume(&shop, false), 503);
    shop_close(&shop);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_request_that_comes_twice_is_done_once_and_answered_twice_alike),
        cmocka_unit_test(a_key_is_for_one_request),
        cmocka_unit_test(strangers_have_their_keys_by_their_address),
        cmocka_unit_test(a_key_has_the_form_of_one),
        cmocka_unit_test(a_refusal_is_undone_and_kept),
        cmocka_unit_test(what_a_retry_may_better_is_not_kept),
        cmocka_unit_test(what_a_listener_puts_off_is_not_kept_either),
        cmocka_unit_test(a_key_is_kept_for_a_day),
        cmocka_unit_test(reading_needs_no_key),
        cmocka_unit_test(F38_a_sign_in_that_comes_twice_signs_its_cookie_anew_and_stores_none),
        cmocka_unit_test(F39_what_is_kept_of_a_body_is_worth_nothing_without_our_key),
        cmocka_unit_test(F13_the_second_of_two_waits_with_the_first_for_the_same_answer),
        cmocka_unit_test(F13_who_was_told_to_wait_and_asks_again_is_told_what_came_of_it),
        cmocka_unit_test(a_wait_that_ends_with_a_part_away_may_be_tried_again_with_its_key),
        cmocka_unit_test(without_a_key_a_wait_ends_the_same_way),
    };
    return RUN_TESTS(tests);
}
