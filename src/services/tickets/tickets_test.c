/* The tickets service as its clients see it: listing, reading, editing and withdrawing. */
#include "services/tickets/tickets.h"

#include <stdio.h>

#include "base/json.h"
#include "services/tickets/ticket.h"
#include "tests/support/shop.h"
#include "tests/test.h"

static const uuid alice = { { 0xA1 } };
static const uuid bob = { { 0xB0 } };
static const uuid bobs_order = { { 0xB1 } };

static const struct service *const services[] = { &tickets_service, NULL };

static struct ticket answered(struct shop *shop)
{
    struct ticket ticket = { .version = -1 };
    assert_ok(json_read_record(&shop->world.arena, shop->response.body, JSON_CAMEL,
                               ticket_json_fields, &ticket));
    return ticket;
}

static struct ticket list_one(struct shop *shop, const char *body)
{
    assert_int_equal(shop_ask(shop, alice, POST, "/api/tickets", body), 201);
    return answered(shop);
}

static struct ticket list_concert(struct shop *shop)
{
    return list_one(shop, "{\"title\":\"Concert\",\"price\":20}");
}

static const char *path_of(struct shop *shop, uuid id)
{
    struct buf path = buf_in(&shop->world.arena, 64);
    buf_addf(&path, "/api/tickets/%s",
             str_terminated(&shop->world.arena, uuid_text(&shop->world.arena, id)));
    buf_add_char(&path, '\0');
    return path.data;
}

static struct ticket shown(struct shop *shop, uuid id)
{
    assert_int_equal(shop_ask(shop, (uuid){ { 0 } }, GET, path_of(shop, id), NULL), 200);
    return answered(shop);
}

static struct order_state order_for(const struct ticket *ticket)
{
    return (struct order_state){
        .id = bobs_order,
        .user_id = bob,
        .price = ticket->price,
        .currency = S("usd"),
        .expires_at = { INT64_C(4000000000000) },
        .ticket = { .id = ticket->id, .title = ticket->title, .price = ticket->price },
    };
}

static void assert_refused(struct shop *shop, uuid who, enum method method, const char *path,
                           const char *body, int status, const char *errors)
{
    assert_int_equal(shop_ask(shop, who, method, path, body), status);
    assert_string_equal(shop_body(shop), errors);
    assert_int_equal(shop_told(shop, EVENT_ticket_created), 0);
    assert_int_equal(shop_told(shop, EVENT_ticket_updated), 0);
}

static const uuid anybody = { { 0 } };

/* ---- listing ---- */

TEST(a_listed_ticket_is_answered_and_told_in_full)
{
    struct shop shop;
    shop_open(&shop, services);
    struct ticket ticket = list_one(
        &shop, "{\"title\":\" Concert \",\"description\":\"Two\\nlines\",\"price\":\"20.50\","
               "\"category\":\"concert\",\"venue\":\"Hall\",\"startsAt\":\"2026-12-01T20:00:00Z\","
               "\"seat\":\"A 1\",\"faceValue\":15}");

    char expected[1024];
    char id[UUID_TEXT_SIZE + 1] = { 0 };
    uuid_write(ticket.id, id);
    (void)snprintf(expected, sizeof expected,
                   "{\"id\":\"%s\",\"title\":\"Concert\",\"description\":\"Two\\nlines\","
                   "\"price\":20.5,\"currency\":\"usd\",\"category\":\"concert\","
                   "\"venue\":\"Hall\",\"startsAt\":\"2026-12-01T20:00:00.000Z\",\"seat\":\"A 1\","
                   "\"faceValue\":15,\"status\":\"available\","
                   "\"userId\":\"a1000000-0000-0000-0000-000000000000\",\"version\":0,"
                   "\"createdAt\":\"2026-11-20T12:00:00.000Z\","
                   "\"updatedAt\":\"2026-11-20T12:00:00.000Z\"}",
                   id);
    assert_string_equal(shop_body(&shop), expected);
    assert_string_equal(shop_header(&shop, "Location"), path_of(&shop, ticket.id));
    assert_string_equal(shop_header(&shop, "ETag"), "\"v0\"");

    const struct ticket_state *told = shop_news(&shop, EVENT_ticket_created);
    assert_true(uuid_equal(told->id, ticket.id));
    assert_true(uuid_equal(told->user_id, alice));
    assert_true(str_is(told->title, "Concert"));
    assert_int_equal(told->price.minor, 2050);
    assert_int_equal(told->face_value.minor, 1500);
    assert_int_equal(told->version, 0);

    assert_int_equal(shop_ask(&shop, anybody, GET, path_of(&shop, ticket.id), NULL), 200);
    assert_string_equal(shop_body(&shop), expected);
    shop_close(&shop);
}

TEST(title_and_price_are_enough)
{
    struct shop shop;
    shop_open(&shop, services);
    struct ticket ticket = list_concert(&shop);
    assert_int_equal(ticket.category, CATEGORY_OTHER);
    assert_non_null(strstr(shop_body(&shop), "\"description\":\"\""));
    assert_null(strstr(shop_body(&shop), "venue"));
    assert_null(strstr(shop_body(&shop), "startsAt"));
    assert_null(strstr(shop_body(&shop), "seat"));
    assert_null(strstr(shop_body(&shop), "faceValue"));
    assert_null(strstr(shop_body(&shop), "orderId"));
    assert_null(strstr(shop_body(&shop), "search"));
    assert_null(strstr(shop_body(&shop), "listed"));
    shop_close(&shop);
}

TEST(nobody_lists_a_ticket_without_signing_in)
{
    struct shop shop;
    shop_open(&shop, services);
    assert_refused(&shop, anybody, POST, "/api/tickets", "{}", 401,
                   "{\"errors\":[{\"message\":\"Not signed in\"}]}");
    shop_close(&shop);
}

/* Lists something with this member, and with a good title and price unless it is one of them. */
static int list_with(struct shop *shop, const char *member)
{
    bool has_price = strstr(member, "\"price\"") != NULL;
    bool has_title = strstr(member, "\"title\"") != NULL;
    struct buf body = buf_in(&shop->world.arena, 256);
    buf_add_char(&body, '{');
    buf_add(&body, str_of(member));
    if (!has_title)
        buf_add(&body, S(",\"title\":\"Concert\""));
    if (!has_price)
        buf_add(&body, S(",\"price\":20"));
    buf_add(&body, S("}"));
    buf_add_char(&body, '\0');
    return shop_ask(shop, alice, POST, "/api/tickets", body.data);
}

TEST(F16_a_price_that_no_card_can_pay_is_not_listed)
{
    static const char *const bad[] = {
        "0",      "0.49",    "-20",        "1000000",   "999999.991", "20.005",
        "1e3000", "\"NaN\"", "\"twenty\"", "\"1e3\"",   "\"0x20\"",   "null",
        "true",   "[20]",    "\"\"",       "\"20,00\"", "\"+20\"",
    };
    static const char *const good[] = { "0.5",       "20",     "20.05",         "20.50",
                                        "999999.99", "\"20\"", "\"999999.99\"", "\"0.50\"" };
    struct shop shop;
    shop_open(&shop, services);
    char member[64];
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        (void)snprintf(member, sizeof member, "\"price\":%s", bad[i]);
        if (list_with(&shop, member) != 400)
            fail_msg("%s: %d", bad[i], shop.response.status);
    }
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        (void)snprintf(member, sizeof member, "\"price\":%s", good[i]);
        if (list_with(&shop, member) != 201)
            fail_msg("%s: %d", good[i], shop.response.status);
    }
    shop_close(&shop);
}

static int list_titled(struct shop *shop, const char *piece, size_t count)
{
    struct buf member = buf_in(&shop->world.arena, 512);
    buf_add(&member, S("\"title\":\""));
    for (size_t i = 0; i < count; i++)
        buf_add(&member, str_of(piece));
    buf_add(&member, S("\""));
    buf_add_char(&member, '\0');
    return list_with(shop, member.data);
}

TEST(F44_a_title_is_between_1_and_200_characters_of_text)
{
    struct shop shop;
    shop_open(&shop, services);
    assert_int_equal(list_titled(&shop, "", 1), 400);
    assert_int_equal(list_titled(&shop, " ", 3), 400);
    assert_int_equal(list_titled(&shop, "\xC2\xA0", 3), 400); /* blanks that do not break */
    assert_int_equal(list_titled(&shop, "x", 200), 201);
    assert_int_equal(list_titled(&shop, "\xE2\x82\xAC", 200), 201);
    assert_int_equal(list_titled(&shop, "x", 201), 400);
    assert_int_equal(list_titled(&shop, "\xE2\x82\xAC", 201), 400);
    assert_int_equal(list_titled(&shop, "a\\u0000b", 1), 400);
    assert_int_equal(list_titled(&shop, "a\\nb", 1), 400);
    assert_int_equal(list_titled(&shop, "a\\u202Eb", 1), 400);
    assert_int_equal(list_titled(&shop, "\xC3\x28", 1), 400);
    assert_int_equal(list_titled(&shop, "\xED\xA0\x80", 1), 400);
    assert_int_equal(list_titled(&shop, "' or 1=1; drop table tickets --", 1), 201);
    shop_close(&shop);
}

TEST(F44_every_member_of_a_listing_has_bounds)
{
    static const char *const bad[] = {
        "\"category\":\"circus\"",
        "\"category\":3",
        "\"venue\":7",
        "\"seat\":\"a\\u0007\"",
        "\"faceValue\":0",
        "\"faceValue\":1000000",
        "\"startsAt\":\"tomorrow\"",
        "\"startsAt\":\"2026-11-20T12:00:00.000Z\"", /* now */
        "\"startsAt\":\"2026-11-20T11:59:59.999Z\"",
        "\"startsAt\":\"1969-12-31T23:59:59Z\"",
        "\"description\":{}",
    };
    static const char *const good[] = {
        "\"category\":\"other\"",
        "\"category\":null",
        "\"venue\":\"\"",
        "\"faceValue\":0.01",
        "\"startsAt\":\"2026-11-20T12:00:00.001Z\"",
        "\"startsAt\":\"2026-11-20T14:30:00+02:00\"",
        "\"description\":\"\"",
    };
    struct shop shop;
    shop_open(&shop, services);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        if (list_with(&shop, bad[i]) != 400)
            fail_msg("%s: %d", bad[i], shop.response.status);
    }
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        if (list_with(&shop, good[i]) != 201)
            fail_msg("%s: %d %s", good[i], shop.response.status, shop_body(&shop));
    }
    shop_close(&shop);
}

TEST(every_broken_rule_is_named_in_the_order_of_the_fields)
{
    struct shop shop;
    shop_open(&shop, services);
    assert_refused(&shop, alice, POST, "/api/tickets", "{\"price\":0.1}", 400,
                   "{\"errors\":[{\"message\":\"title is required\",\"field\":\"title\"},"
                   "{\"message\":\"price must be between 0.50 and 999999.99\","
                   "\"field\":\"price\"}]}");
    assert_refused(&shop, alice, POST, "/api/tickets",
                   "{\"title\":\"x\",\"price\":1,\"startsAt\":\"2020-01-01T00:00:00Z\"}", 400,
                   "{\"errors\":[{\"message\":\"The event must be in the future\","
                   "\"field\":\"startsAt\"}]}");
    shop_close(&shop);
}

TEST(what_a_body_says_of_id_owner_status_and_version_is_not_believed)
{
    struct shop shop;
    shop_open(&shop, services);
    struct ticket ticket = list_one(
        &shop, "{\"title\":\"x\",\"price\":1,\"id\":\"b0000000-0000-0000-0000-000000000000\","
               "\"userId\":\"b0000000-0000-0000-0000-000000000000\",\"status\":\"sold\","
               "\"orderId\":\"b1000000-0000-0000-0000-000000000000\",\"version\":9}");
    assert_true(uuid_equal(ticket.user_id, alice));
    assert_false(uuid_equal(ticket.id, bob));
    assert_int_equal(ticket.status, TICKET_AVAILABLE);
    assert_true(uuid_is_absent(ticket.order_id));
    assert_int_equal(ticket.version, 0);
    shop_close(&shop);
}

/* ---- reading ---- */

TEST(an_id_that_is_none_is_just_a_ticket_that_is_not_there)
{
    static const char *const paths[] = {
        "/api/tickets/1",
        "/api/tickets/00000000-0000-0000-0000-000000000000",
        "/api/tickets/019fa11e-0000-7000-8000-000000000001",
        "/api/tickets/' or ''='",
        "/api/tickets/null",
    };
    struct shop shop;
    shop_open(&shop, services);
    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++)
        assert_refused(&shop, anybody, GET, paths[i], NULL, 404,
                       "{\"errors\":[{\"message\":\"Not found\"}]}");
    shop_close(&shop);
}

TEST(a_client_that_has_this_version_gets_304_until_it_changes)
{
    struct shop shop;
    shop_open(&shop, services);
    struct ticket ticket = list_concert(&shop);
    const char *path = path_of(&shop, ticket.id);

    shop.headers[HEADER_if_none_match] = S("\"v0\"");
    assert_int_equal(shop_ask(&shop, anybody, GET, path, NULL), 304);
    assert_string_equal(shop_body(&shop), "");
    assert_int_equal(shop_ask(&shop, alice, PUT, path, "{\"title\":\"x\",\"price\":1}"), 200);
    shop.headers[HEADER_if_none_match] = S("\"v0\"");
    assert_int_equal(shop_ask(&shop, anybody, GET, path, NULL), 200);
    assert_string_equal(shop_header(&shop, "ETag"), "\"v1\"");
    shop_close(&shop);
}

TEST(F45_reserved_and_sold_tickets_are_shown_with_their_status)
{
    struct shop shop;
    shop_open(&shop, services);
    struct ticket ticket = list_concert(&shop);
    struct order_state order = order_for(&ticket);
    assert_ok(shop_hear(&shop, &tickets_service, EVENT_order_created, &order));
    struct ticket reserved = shown(&shop, ticket.id);
    assert_int_equal(reserved.status, TICKET_RESERVED);
    assert_true(uuid_equal(reserved.order_id, bobs_order));
    assert_int_equal(reserved.version, 1);

    order.version = 1;
    assert_ok(shop_hear(&shop, &tickets_service, EVENT_order_completed, &order));
    struct ticket sold = shown(&shop, ticket.id);
    assert_int_equal(sold.status, TICKET_SOLD);
    assert_int_equal(sold.version, 2);
    shop_close(&shop);
}

/* ---- editing ---- */

TEST(an_edit_replaces_the_ticket_and_is_told)
{
    struct shop shop;
    shop_open(&shop, services);
    struct ticket ticket =
        list_one(&shop, "{\"title\":\"Concert\",\"price\":20,\"venue\":\"Hall\"}");
    world_wait(&shop.world, minutes(1));
    assert_int_equal(shop_ask(&shop, alice, PUT, path_of(&shop, ticket.id),
                              "{\"title\":\"Game\",\"price\":30,\"category\":\"sports\"}"),
                     200);
    assert_string_equal(shop_header(&shop, "ETag"), "\"v1\"");
    struct ticket edited = answered(&shop);
    assert_int_equal(edited.version, 1);
    assert_null(edited.venue.data);
    assert_int_equal(edited.created_at.ms, ticket.created_at.ms);
    assert_int_equal(edited.updated_at.ms, shop.world.now.ms);

    assert_int_equal(shop_told(&shop, EVENT_ticket_updated), 1);
    const struct ticket_state *told = shop_news(&shop, EVENT_ticket_updated);
    assert_int_equal(told->version, 1);
    assert_int_equal(told->price.minor, 3000);
    assert_int_equal(told->category, CATEGORY_SPORTS);

    struct ticket stored = shown(&shop, ticket.id);
    assert_true(str_is(stored.title, "Game"));
    assert_int_equal(stored.version, 1);
    shop_close(&shop);
}

/* A request with every fault is told of the first in this order: 401, 400, 404, 403, 409. */
TEST(F42_an_edit_is_checked_in_the_order_of_the_contract)
{
    struct shop shop;
    shop_open(&shop, services);
    struct ticket ticket = list_concert(&shop);
    struct order_state order = order_for(&ticket);
    assert_ok(shop_hear(&shop, &tickets_service, EVENT_order_created, &order));
    const char *reserved = path_of(&shop, ticket.id);
    const char *missing = path_of(&shop, bob);
    const char *good = "{\"title\":\"x\",\"price\":1}";

    assert_int_equal(shop_ask(&shop, anybody, PUT, missing, "{"), 401);
    assert_int_equal(shop_ask(&shop, bob, PUT, missing, "{"), 400);
    shop.headers[HEADER_if_match] = S("7");
    assert_int_equal(shop_ask(&shop, bob, PUT, missing, good), 400);
    assert_int_equal(shop_ask(&shop, bob, PUT, missing, good), 404);
    shop.headers[HEADER_if_match] = S("\"v7\"");
    assert_refused(&shop, bob, PUT, reserved, good, 403,
                   "{\"errors\":[{\"message\":\"Not allowed\"}]}");
    assert_refused(&shop, alice, PUT, reserved, good, 409,
                   "{\"errors\":[{\"message\":\"Cannot edit a reserved ticket\"}]}");
    assert_int_equal(shown(&shop, ticket.id).version, 1);
    shop_close(&shop);
}

TEST(F5_a_ticket_that_is_not_for_sale_is_not_edited)
{
    struct shop shop;
    shop_open(&shop, services);
    struct ticket ticket = list_concert(&shop);
    struct order_state order = order_for(&ticket);
    const char *path = path_of(&shop, ticket.id);
    const char *good = "{\"title\":\"x\",\"price\":1}";
    assert_ok(shop_hear(&shop, &tickets_service, EVENT_order_created, &order));
    order.version = 1;
    assert_ok(shop_hear(&shop, &tickets_service, EVENT_order_completed, &order));
    assert_refused(&shop, alice, PUT, path, good, 409,
                   "{\"errors\":[{\"message\":\"Cannot edit a sold ticket\"}]}");

    path = path_of(&shop, list_concert(&shop).id);
    assert_int_equal(shop_ask(&shop, alice, DELETE, path, NULL), 204);
    assert_refused(&shop, alice, PUT, path, good, 409,
                   "{\"errors\":[{\"message\":\"Cannot edit a withdrawn ticket\"}]}");
    shop_close(&shop);
}

TEST(an_edit_of_an_older_version_is_refused)
{
    struct shop shop;
    shop_open(&shop, services);
    const char *path = path_of(&shop, list_concert(&shop).id);
    shop.headers[HEADER_if_match] = S("\"v0\"");
    assert_int_equal(shop_ask(&shop, alice, PUT, path, "{\"title\":\"x\",\"price\":1}"), 200);
    shop.headers[HEADER_if_match] = S("\"v0\"");
    assert_int_equal(shop_ask(&shop, alice, PUT, path, "{\"title\":\"y\",\"price\":2}"), 409);
    shop.headers[HEADER_if_match] = S("\"v0\"");
    assert_int_equal(shop_ask(&shop, alice, DELETE, path, NULL), 409);
    assert_int_equal(shop_told(&shop, EVENT_ticket_updated), 0);
    shop_close(&shop);
}

/* ---- withdrawing ---- */

TEST(F45_a_seller_withdraws_a_ticket_once)
{
    struct shop shop;
    shop_open(&shop, services);
    struct ticket ticket = list_concert(&shop);
    const char *path = path_of(&shop, ticket.id);

    assert_int_equal(shop_ask(&shop, anybody, DELETE, path, NULL), 401);
    assert_int_equal(shop_ask(&shop, bob, DELETE, path_of(&shop, bob), NULL), 404);
    assert_int_equal(shop_ask(&shop, bob, DELETE, path, NULL), 403);
    assert_int_equal(shop_ask(&shop, alice, DELETE, path, NULL), 204);
    const struct ticket_state *told = shop_news(&shop, EVENT_ticket_updated);
    assert_int_equal(told->status, TICKET_WITHDRAWN);
    assert_int_equal(told->version, 1);

    assert_int_equal(shop_ask(&shop, alice, DELETE, path, NULL), 204);
    assert_int_equal(shop_told(&shop, EVENT_ticket_updated), 0);
    assert_int_equal(shown(&shop, ticket.id).version, 1);
    shop_close(&shop);
}

TEST(a_reserved_or_sold_ticket_is_not_withdrawn)
{
    struct shop shop;
    shop_open(&shop, services);
    struct ticket ticket = list_concert(&shop);
    const char *path = path_of(&shop, ticket.id);
    struct order_state order = order_for(&ticket);
    assert_ok(shop_hear(&shop, &tickets_service, EVENT_order_created, &order));
    assert_refused(&shop, alice, DELETE, path, NULL, 409,
                   "{\"errors\":[{\"message\":\"Cannot withdraw a reserved ticket\"}]}");
    order.version = 1;
    assert_ok(shop_hear(&shop, &tickets_service, EVENT_order_completed, &order));
    assert_refused(&shop, alice, DELETE, path, NULL, 409,
                   "{\"errors\":[{\"message\":\"Cannot withdraw a sold ticket\"}]}");
    shop_close(&shop);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_listed_ticket_is_answered_and_told_in_full),
        cmocka_unit_test(title_and_price_are_enough),
        cmocka_unit_test(nobody_lists_a_ticket_without_signing_in),
        cmocka_unit_test(F16_a_price_that_no_card_can_pay_is_not_listed),
        cmocka_unit_test(F44_a_title_is_between_1_and_200_characters_of_text),
        cmocka_unit_test(F44_every_member_of_a_listing_has_bounds),
        cmocka_unit_test(every_broken_rule_is_named_in_the_order_of_the_fields),
        cmocka_unit_test(what_a_body_says_of_id_owner_status_and_version_is_not_believed),
        cmocka_unit_test(an_id_that_is_none_is_just_a_ticket_that_is_not_there),
        cmocka_unit_test(a_client_that_has_this_version_gets_304_until_it_changes),
        cmocka_unit_test(F45_reserved_and_sold_tickets_are_shown_with_their_status),
        cmocka_unit_test(an_edit_replaces_the_ticket_and_is_told),
        cmocka_unit_test(F42_an_edit_is_checked_in_the_order_of_the_contract),
        cmocka_unit_test(F5_a_ticket_that_is_not_for_sale_is_not_edited),
        cmocka_unit_test(an_edit_of_an_older_version_is_refused),
        cmocka_unit_test(F45_a_seller_withdraws_a_ticket_once),
        cmocka_unit_test(a_reserved_or_sold_ticket_is_not_withdrawn),
    };
    return RUN_TESTS(tests);
}
