/* What happens to every request and event, whatever its service. */
#include "host/probe_test.h"
#include "tests/test.h"

static const char *const bob_text = "b0000000-0000-0000-0000-000000000000";

/* Whether GET /probe/maybe takes this bearer for bob. */
static bool is_bob(struct shop *shop, str token)
{
    struct buf bearer = buf_in(&shop->world.arena, 256);
    buf_add(&bearer, S("Bearer "));
    buf_add(&bearer, token);
    shop->headers[HEADER_authorization] = buf_str(&bearer);
    assert_int_equal(shop_ask(shop, nobody, GET, "/probe/maybe", NULL), 200);
    return strcmp(shop_body(shop), bob_text) == 0;
}

/* ---- who asks ---- */

TEST(a_route_says_who_may_ask)
{
    struct shop shop;
    probe_open(&shop);
    assert_int_equal(shop_ask(&shop, bob, GET, "/probe/anyone", NULL), 200);
    assert_string_equal(shop_body(&shop), "nobody"); /* nobody looked */
    assert_int_equal(shop_ask(&shop, bob, GET, "/probe/maybe", NULL), 200);
    assert_string_equal(shop_body(&shop), bob_text);
    assert_int_equal(shop_ask(&shop, nobody, GET, "/probe/maybe", NULL), 200);
    assert_string_equal(shop_body(&shop), "nobody");
    assert_int_equal(shop_ask(&shop, bob, GET, "/probe/mine", NULL), 200);
    assert_int_equal(shop_ask(&shop, nobody, GET, "/probe/mine", NULL), 401);
    assert_string_equal(shop_body(&shop), "{\"errors\":[{\"message\":\"Not signed in\"}]}");
    shop_close(&shop);
}

TEST(F38_a_token_is_good_until_it_expires)
{
    struct shop shop;
    probe_open(&shop);
    instant end = instant_after(shop.world.now, seconds(60));
    str token = token_for(&shop, bob, end);
    assert_true(is_bob(&shop, token));
    world_wait(&shop.world, seconds(60));
    assert_false(is_bob(&shop, token));
    assert_int_equal(shop_ask(&shop, bob, GET, "/probe/mine", NULL), 200);

    token = token_for(&shop, bob, instant_after(shop.world.now, hours(1)));
    assert_true(is_bob(&shop, token));
    assert_false(is_bob(&shop, (str){ token.data, token.size - 1 }));
    shop.world.settings.jwt_key = S("another key of 32 bytes and more");
    assert_false(is_bob(&shop, token));
    shop_close(&shop);
}

static void hear_revoked(struct shop *shop, instant until)
{
    const struct session_end end = {
        .session_id = { { 1, 2, 3 } },
        .user_id = bob,
        .expires_at = until,
    };
    assert_ok(shop_hear(shop, &host_service, EVENT_session_revoked, &end));
}

TEST(F38_a_session_that_ended_is_refused_from_that_moment_on)
{
    struct shop shop;
    probe_open(&shop);
    assert_int_equal(shop_ask(&shop, bob, GET, "/probe/mine", NULL), 200);
    hear_revoked(&shop, instant_after(shop.world.now, hours(1)));
    assert_int_equal(shop_ask(&shop, bob, GET, "/probe/mine", NULL), 401);
    assert_int_equal(post_note(&shop, bob, "x", 0), 401);
    shop_close(&shop);
}

TEST(ended_sessions_are_forgotten_only_when_their_tokens_have_expired)
{
    struct shop shop;
    probe_open(&shop);
    bool more;
    const struct duty *forget = &host_service.duties[1];
    hear_revoked(&shop, instant_after(shop.world.now, hours(1)));
    world_wait(&shop.world, hours(1));
    assert_ok(shop_duty(&shop, forget, &more));
    assert_int_equal(shop_ask(&shop, bob, GET, "/probe/mine", NULL), 401);
    world_wait(&shop.world, seconds(1));
    assert_ok(shop_duty(&shop, forget, &more));
    assert_int_equal(shop_ask(&shop, bob, GET, "/probe/mine", NULL), 200);
    shop_close(&shop);
}

/* ---- other sites ---- */

static int by_cookie(struct shop *shop, enum method method, const char *target, const char *site)
{
    shop->headers[HEADER_cookie] = cookie_for(shop, bob);
    shop->headers[HEADER_sec_fetch_site] = str_of(site);
    return shop_ask(shop, nobody, method, target, method == GET ? NULL : "{\"note\":\"a\"}");
}

TEST(F38_another_site_changes_nothing_in_its_visitors_name)
{
    struct shop shop;
    probe_open(&shop);
    assert_int_equal(by_cookie(&shop, POST, "/probe/note", "cross-site"), 403);
    assert_string_equal(shop_body(&shop),
                        "{\"errors\":[{\"message\":\"This request came from another site\"}]}");
    assert_int_equal(by_cookie(&shop, POST, "/probe/note", "same-site"), 403);
    assert_int_equal(by_cookie(&shop, POST, "/probe/anyone", "cross-site"), 403);
    assert_string_equal(diary(&shop), "");
    assert_int_equal(by_cookie(&shop, GET, "/probe/mine", "cross-site"), 200);
    assert_int_equal(by_cookie(&shop, POST, "/probe/note", "same-origin"), 201);
    shop.headers[HEADER_sec_fetch_site] = S("cross-site");
    assert_int_equal(post_note(&shop, bob, "b", 0), 201); /* by bearer: nobody's browser */
    shop_close(&shop);
}

TEST(F38_another_origin_changes_nothing_either)
{
    struct shop shop;
    probe_open(&shop);
    shop.headers[HEADER_origin] = S("http://evil.example");
    assert_int_equal(by_cookie(&shop, POST, "/probe/note", NULL), 403);
    shop.headers[HEADER_origin] = S("http://127.0.0.1:8080");
    assert_int_equal(by_cookie(&shop, POST, "/probe/note", NULL), 201);
    shop_close(&shop);
}

/* ---- the door ---- */

TEST(what_is_not_there_is_a_404_and_what_is_not_done_there_a_405)
{
    struct shop shop;
    probe_open(&shop);
    assert_int_equal(shop_ask(&shop, bob, GET, "/probe", NULL), 404);
    assert_string_equal(shop_body(&shop), "{\"errors\":[{\"message\":\"Not found\"}]}");
    assert_int_equal(shop_ask(&shop, bob, DELETE, "/probe/anyone", NULL), 405);
    assert_string_equal(shop_body(&shop),
                        "{\"errors\":[{\"message\":\"This method is not allowed here\"}]}");
    assert_string_equal(shop_header(&shop, "Allow"), "GET, HEAD, POST");
    assert_string_equal(shop_header(&shop, "X-Content-Type-Options"), "nosniff");
    assert_int_equal(shop_ask(&shop, nobody, HEAD, "/probe/anyone", NULL), 200);
    shop_close(&shop);
}

#define TEN "0123456789"

TEST(a_request_has_a_name_that_is_taken_or_made)
{
    static const char *const odd[] = { "", "a b", "a\nb", "\xC3\xA9",
                                       (TEN TEN TEN TEN TEN TEN "01234") };
    struct shop shop;
    probe_open(&shop);
    shop.headers[HEADER_x_request_id] = S("Trace-1_2.3");
    assert_int_equal(post_note(&shop, bob, "a", 0), 201);
    assert_string_equal(shop_header(&shop, "X-Request-Id"), "Trace-1_2.3");
    assert_true(str_is(shop.told->events[0].correlation, "Trace-1_2.3"));
    for (size_t i = 0; i < sizeof odd / sizeof odd[0]; i++) {
        shop.headers[HEADER_x_request_id] = str_of(odd[i]);
        assert_int_equal(shop_ask(&shop, bob, GET, "/probe/mine", NULL), 200);
        assert_int_equal(strlen(shop_header(&shop, "X-Request-Id")), UUID_TEXT_SIZE);
    }
    shop_close(&shop);
}

static void assert_card_refused(struct shop *shop)
{
    assert_int_equal(shop->response.status, 400);
    assert_string_equal(shop_body(shop),
                        "{\"errors\":[{\"message\":\"This looks like a payment card number; card "
                        "data is never sent here\"}]}");
    assert_string_equal(diary(shop), "");
}

TEST(F48_a_card_number_is_stopped_at_the_door_wherever_it_stands)
{
    struct shop shop;
    probe_open(&shop);
    (void)post_note(&shop, bob, "4242424242424242", 0);
    assert_card_refused(&shop);
    (void)post_note(&shop, bob, "pay with 4242 4242-4242 4242, please", 0);
    assert_card_refused(&shop);
    (void)shop_ask(&shop, bob, GET, "/probe/mine?q=4000000000000002", NULL);
    assert_card_refused(&shop);
    shop.headers[HEADER_idempotency_key] = S("4242424242424242");
    (void)post_note(&shop, bob, "a", 0);
    assert_card_refused(&shop);
    shop.headers[HEADER_x_request_id] = S("4242-4242-4242-4242");
    assert_int_equal(shop_ask(&shop, bob, GET, "/probe/mine", NULL), 200);
    assert_null(strstr(shop_header(&shop, "X-Request-Id"), "4242-4242"));

    assert_int_equal(post_note(&shop, bob, "0a242424-2424-7242-8424-242424242424", 0), 201);
    assert_int_equal(post_note(&shop, bob, "4242424242424241", 0), 201);
    shop_close(&shop);
}

TEST(the_program_says_that_it_is_alive)
{
    struct shop shop;
    probe_open(&shop);
    assert_int_equal(shop_ask(&shop, nobody, GET, "/healthz", NULL), 200);
    assert_string_equal(shop_body(&shop), "{\"status\":\"ok\"}");
    shop_close(&shop);
}

/* ---- what a request tells ---- */

TEST(F52_hosted_together_services_hear_within_the_operation_each_event_once)
{
    struct shop shop;
    probe_open(&shop);
    assert_int_equal(post_note(&shop, bob, "twice", 0), 201);
    assert_string_equal(diary(&shop), "twice created:twice updated:one updated:two ");
    assert_int_equal(shop.told->count, 3);
    const struct event *events = shop.told->events;
    assert_true(uuid_is_absent(events[0].causation));
    assert_true(uuid_equal(events[1].causation, events[0].id));
    assert_true(uuid_equal(events[2].causation, events[0].id));
    assert_true(str_equal(events[2].correlation, events[0].correlation));
    assert_int_equal(told_for_good(&shop), 3);
    shop_close(&shop);
}

TEST(F52_an_answer_that_waits_delivers_what_was_told_once)
{
    struct shop shop;
    probe_open(&shop);
    assert_int_equal(shop_ask(&shop, bob, POST, "/probe/wait", "{}"), 0);
    assert_true(uuid_equal(shop.response.wait.subject, thing));
    assert_int_equal(shop.response.wait.until.ms, shop.world.now.ms + seconds(25).ms);
    assert_string_equal(diary(&shop), "waiting created:wait ");
    write_diary(&shop, "ready");
    assert_int_equal(shop_resume(&shop, false), 201);
    assert_string_equal(diary(&shop), "waiting created:wait ready ");
    shop_close(&shop);
}

TEST(F52_what_is_ready_when_all_have_heard_is_answered_at_once)
{
    struct shop shop;
    probe_open(&shop);
    write_diary(&shop, "ready");
    assert_int_equal(shop_ask(&shop, bob, POST, "/probe/wait", "{}"), 201);
    shop_close(&shop);
}

TEST(over_a_bus_services_hear_nothing_within_the_operation)
{
    struct shop shop;
    probe_open(&shop);
    shop.world.settings.bus = true;
    assert_int_equal(post_note(&shop, bob, "twice", 0), 201);
    assert_string_equal(diary(&shop), "twice ");
    assert_int_equal(told_for_good(&shop), 1);
    shop_close(&shop);
}

TEST(F23_what_is_refused_is_neither_done_nor_told)
{
    struct shop shop;
    probe_open(&shop);
    assert_int_equal(post_note(&shop, bob, "a", 409), 409);
    assert_string_equal(shop_body(&shop),
                        "{\"errors\":[{\"message\":\"no a\",\"field\":\"note\"}]}");
    assert_int_equal(post_note(&shop, bob, "never", 0), 409); /* a listener refuses */
    assert_string_equal(diary(&shop), "");
    assert_int_equal(told_for_good(&shop), 0);
    shop_close(&shop);
}

TEST(F41_what_never_leaves_the_program_leaves_it_as_a_503)
{
    struct shop shop;
    probe_open(&shop);
    assert_int_equal(post_note(&shop, bob, "later", 0), 503);
    assert_string_equal(shop_body(&shop),
                        "{\"errors\":[{\"message\":\"Not ready yet, please try again\"}]}");
    assert_string_equal(shop_header(&shop, "Retry-After"), "1");
    assert_string_equal(diary(&shop), "");
    shop_close(&shop);
}

/* ---- what is heard off the bus ---- */

struct letter {
    struct event event;
    struct user_state user;
};

static struct letter letter(struct shop *shop, const char *name, int64_t version)
{
    struct letter letter = {
        .event = { .type = EVENT_user_created, .time = shop->world.now, .correlation = S("trace") },
        .user = { .id = bob, .version = version, .email = S("bob@example.com") },
    };
    letter.user.name = str_of(name);
    letter.event.id = op_new_id(world_begin(&shop->world));
    world_rollback(&shop->world);
    return letter;
}

static err hear(struct shop *shop, struct letter *letter)
{
    letter->event.data = &letter->user;
    struct op *op = world_begin(&shop->world);
    op->correlation = (str){ NULL, 0 };
    err heard = host_hear(&shop->host, op, &echo_service, &letter->event);
    shop->told = op->emitted;
    if (heard.problem == NULL)
        world_commit(&shop->world);
    else
        world_rollback(&shop->world);
    return heard;
}

TEST(F26_an_event_that_comes_twice_is_heard_once_and_acknowledged_twice)
{
    struct shop shop;
    probe_open(&shop);
    struct letter news = letter(&shop, "a", 3);
    assert_ok(hear(&shop, &news));
    assert_ok(hear(&shop, &news));
    assert_string_equal(diary(&shop), "created:a ");
    shop_close(&shop);
}

TEST(F25_newer_wins_and_what_is_older_or_missing_blocks_nothing)
{
    struct shop shop;
    probe_open(&shop);
    struct letter newest = letter(&shop, "seven", 7); /* 0 to 6 never came */
    struct letter same = letter(&shop, "same", 7);
    struct letter older = letter(&shop, "older", 6);
    struct letter next = letter(&shop, "next", 8);
    struct letter other = letter(&shop, "other", 0);
    other.user.id = alice;
    assert_ok(hear(&shop, &newest));
    assert_ok(hear(&shop, &same));
    assert_ok(hear(&shop, &older));
    assert_ok(hear(&shop, &other));
    assert_ok(hear(&shop, &next));
    assert_string_equal(diary(&shop), "created:seven created:other created:next ");
    shop_close(&shop);
}

TEST(F28_an_event_that_cannot_be_heard_leaves_no_trace_and_comes_again)
{
    struct shop shop;
    probe_open(&shop);
    struct letter news = letter(&shop, "later", 1);
    assert_status(hear(&shop, &news), STATUS_NOT_YET);
    assert_string_equal(diary(&shop), "");
    news.user.name = S("now");
    assert_ok(hear(&shop, &news));
    struct letter bad = letter(&shop, "never", 2);
    assert_status(hear(&shop, &bad), STATUS_CONFLICT);
    struct letter next = letter(&shop, "next", 2);
    assert_ok(hear(&shop, &next));
    assert_string_equal(diary(&shop), "created:now created:next ");
    shop_close(&shop);
}

TEST(what_follows_from_an_event_says_so)
{
    struct shop shop;
    probe_open(&shop);
    shop.world.settings.bus = true;
    struct letter news = letter(&shop, "twice", 1);
    assert_ok(hear(&shop, &news));
    assert_int_equal(shop.told->count, 2);
    assert_true(uuid_equal(shop.told->events[1].causation, news.event.id));
    assert_true(str_is(shop.told->events[1].correlation, "trace"));

    struct letter nameless = letter(&shop, "twice", 2);
    nameless.event.correlation = (str){ NULL, 0 };
    assert_ok(hear(&shop, &nameless));
    assert_int_equal(shop.told->events[0].correlation.size, UUID_TEXT_SIZE);
    shop_close(&shop);
}

TEST(what_nobody_hears_is_acknowledged)
{
    struct shop shop;
    probe_open(&shop);
    struct letter news = letter(&shop, "a", 1);
    news.event.type = EVENT_ticket_created;
    assert_ok(hear(&shop, &news));
    assert_string_equal(diary(&shop), "");
    shop_close(&shop);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_route_says_who_may_ask),
        cmocka_unit_test(F38_a_token_is_good_until_it_expires),
        cmocka_unit_test(F38_a_session_that_ended_is_refused_from_that_moment_on),
        cmocka_unit_test(ended_sessions_are_forgotten_only_when_their_tokens_have_expired),
        cmocka_unit_test(F38_another_site_changes_nothing_in_its_visitors_name),
        cmocka_unit_test(F38_another_origin_changes_nothing_either),
        cmocka_unit_test(what_is_not_there_is_a_404_and_what_is_not_done_there_a_405),
        cmocka_unit_test(a_request_has_a_name_that_is_taken_or_made),
        cmocka_unit_test(F48_a_card_number_is_stopped_at_the_door_wherever_it_stands),
        cmocka_unit_test(the_program_says_that_it_is_alive),
        cmocka_unit_test(F52_hosted_together_services_hear_within_the_operation_each_event_once),
        cmocka_unit_test(F52_an_answer_that_waits_delivers_what_was_told_once),
        cmocka_unit_test(F52_what_is_ready_when_all_have_heard_is_answered_at_once),
        cmocka_unit_test(over_a_bus_services_hear_nothing_within_the_operation),
        cmocka_unit_test(F23_what_is_refused_is_neither_done_nor_told),
        cmocka_unit_test(F41_what_never_leaves_the_program_leaves_it_as_a_503),
        cmocka_unit_test(F26_an_event_that_comes_twice_is_heard_once_and_acknowledged_twice),
        cmocka_unit_test(F25_newer_wins_and_what_is_older_or_missing_blocks_nothing),
        cmocka_unit_test(F28_an_event_that_cannot_be_heard_leaves_no_trace_and_comes_again),
        cmocka_unit_test(what_follows_from_an_event_says_so),
        cmocka_unit_test(what_nobody_hears_is_acknowledged),
    };
    return RUN_TESTS(tests);
}
