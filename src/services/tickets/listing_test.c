/* The list of tickets: what is found, in which order, and page by page. */
#include "services/tickets/listing.h"

#include <stdio.h>

#include "base/json.h"
#include "services/tickets/ticket.h"
#include "services/tickets/tickets.h"
#include "tests/support/shop.h"
#include "tests/test.h"

static const uuid alice = { { 0xA1 } };
static const uuid bob = { { 0xB0 } };
static const uuid anybody = { { 0 } };

static const struct service *const services[] = { &tickets_service, NULL };

/* Lists a ticket a second after the one before; returns its id. */
static uuid list_of(struct shop *shop, uuid seller, const char *members)
{
    char body[1024];
    (void)snprintf(body, sizeof body, "{%s}", members);
    world_wait(&shop->world, seconds(1));
    assert_int_equal(shop_ask(shop, seller, POST, "/api/tickets", body), 201);
    struct ticket ticket;
    assert_ok(json_read_record(&shop->world.arena, shop->response.body, JSON_CAMEL,
                               ticket_json_fields, &ticket));
    return ticket.id;
}

static uuid list_titled(struct shop *shop, const char *title, const char *price)
{
    char members[256];
    (void)snprintf(members, sizeof members, "\"title\":\"%s\",\"price\":%s", title, price);
    return list_of(shop, alice, members);
}

/* The titles of the last answer, in order, with a blank between. */
static const char *titles(struct shop *shop)
{
    static const char before[] = "\"title\":\"";
    struct buf out = buf_in(&shop->world.arena, 256);
    for (const char *at = strstr(shop_body(shop), before); at; at = strstr(at, before)) {
        at += strlen(before);
        if (out.size > 0)
            buf_add_char(&out, ' ');
        buf_add(&out, (str){ at, strcspn(at, "\"") });
    }
    buf_add_char(&out, '\0');
    return out.data;
}

static const char *found(struct shop *shop, const char *query)
{
    struct buf target = buf_in(&shop->world.arena, 256);
    buf_add(&target, S("/api/tickets"));
    buf_add(&target, str_of(query));
    buf_add_char(&target, '\0');
    int status = shop_ask(shop, anybody, GET, target.data, NULL);
    if (status != 200)
        fail_msg("%s: %d %s", target.data, status, shop_body(shop));
    return titles(shop);
}

static int status_of(struct shop *shop, const char *query)
{
    char target[256];
    (void)snprintf(target, sizeof target, "/api/tickets%s", query);
    return shop_ask(shop, anybody, GET, target, NULL);
}

/* The target of the next page, or NULL. */
static const char *next_page(struct shop *shop)
{
    const char *link = shop_header(shop, "Link");
    if (*link == '\0')
        return NULL;
    assert_int_equal(*link, '<');
    size_t size = strcspn(link, ">");
    assert_string_equal(link + size, ">; rel=\"next\"");
    return str_terminated(&shop->world.arena, (str){ link + 1, size - 1 });
}

static void hear_order(struct shop *shop, uuid ticket, enum event_type type, int64_t version)
{
    const struct order_state order = {
        .id = { { 0x0D, ticket.bytes[15], ticket.bytes[14] } },
        .version = version,
        .currency = S("usd"),
        .expires_at = instant_after(shop->world.now, minutes(15)),
        .ticket = { .id = ticket, .price = { 1000 } },
    };
    assert_ok(shop_hear(shop, &tickets_service, type, &order));
}

static void reserve(struct shop *shop, uuid ticket)
{
    hear_order(shop, ticket, EVENT_order_created, 0);
}

static void sell(struct shop *shop, uuid ticket)
{
    reserve(shop, ticket);
    hear_order(shop, ticket, EVENT_order_completed, 1);
}

/* ---- what is found ---- */

TEST(an_empty_shop_has_an_empty_list)
{
    struct shop shop;
    shop_open(&shop, services);
    assert_string_equal(found(&shop, ""), "");
    assert_string_equal(shop_body(&shop), "[]");
    assert_null(next_page(&shop));
    shop_close(&shop);
}

TEST(F45_only_what_can_be_bought_is_listed_unless_another_status_is_asked_for)
{
    struct shop shop;
    shop_open(&shop, services);
    (void)list_titled(&shop, "free", "10");
    reserve(&shop, list_titled(&shop, "locked", "10"));
    sell(&shop, list_titled(&shop, "gone", "10"));
    (void)list_titled(&shop, "off", "10");
    assert_int_equal(shop_ask(&shop, anybody, GET, "/api/tickets?q=off", NULL), 200);
    struct ticket off = { .version = -1 };
    str row = { shop.response.body.data + 1, shop.response.body.size - 2 };
    assert_ok(json_read_record(&shop.world.arena, row, JSON_CAMEL, ticket_json_fields, &off));
    char path[80];
    (void)snprintf(path, sizeof path, "/api/tickets/%s",
                   str_terminated(&shop.world.arena, uuid_text(&shop.world.arena, off.id)));
    assert_int_equal(shop_ask(&shop, alice, DELETE, path, NULL), 204);

    assert_string_equal(found(&shop, ""), "free");
    assert_string_equal(found(&shop, "?status=available"), "free");
    assert_string_equal(found(&shop, "?status=reserved"), "locked");
    assert_string_equal(found(&shop, "?status=sold"), "gone");
    assert_string_equal(found(&shop, "?status=withdrawn"), "off");
    assert_string_equal(found(&shop, "?status=any"), "off gone locked free");
    shop_close(&shop);
}

TEST(F45_a_seller_sees_what_became_of_all_her_tickets)
{
    struct shop shop;
    shop_open(&shop, services);
    (void)list_titled(&shop, "free", "10");
    sell(&shop, list_titled(&shop, "gone", "10"));
    (void)list_of(&shop, bob, "\"title\":\"bobs\",\"price\":10");
    const char *hers = "a1000000-0000-0000-0000-000000000000";
    static const char *const sorts[][3] = {
        { "newest", "gone free", "gone" },
        { "price", "free gone", "gone" },
        { "-price", "gone free", "gone" },
        { "startsAt", "free gone", "gone" },
    };
    for (size_t i = 0; i < sizeof sorts / sizeof sorts[0]; i++) {
        char query[128];
        (void)snprintf(query, sizeof query, "?userId=%s&status=any&sort=%s", hers, sorts[i][0]);
        assert_string_equal(found(&shop, query), sorts[i][1]);
        (void)snprintf(query, sizeof query, "?userId=%s&status=sold&sort=%s", hers, sorts[i][0]);
        assert_string_equal(found(&shop, query), sorts[i][2]);
        (void)snprintf(query, sizeof query, "?userId=%s&sort=%s", hers, sorts[i][0]);
        assert_string_equal(found(&shop, query), "free");
    }
    shop_close(&shop);
}

TEST(what_has_begun_is_off_the_list)
{
    struct shop shop;
    shop_open(&shop, services);
    (void)list_of(&shop, alice,
                  "\"title\":\"soon\",\"price\":10,\"startsAt\":\"2026-11-20T12:10:00Z\"");
    (void)list_of(&shop, alice,
                  "\"title\":\"later\",\"price\":10,\"startsAt\":\"2026-11-20T12:20:00Z\"");
    (void)list_titled(&shop, "always", "10");
    assert_string_equal(found(&shop, "?sort=startsAt"), "soon later always");

    shop.world.now = (instant){ INT64_C(1795176600000) }; /* 12:10 */
    assert_string_equal(found(&shop, ""), "always later");
    assert_string_equal(found(&shop, "?sort=startsAt"), "later always");
    assert_string_equal(found(&shop, "?sort=price"), "later always");
    assert_string_equal(found(&shop, "?userId=a1000000-0000-0000-0000-000000000000"),
                        "always later");
    assert_string_equal(found(&shop, "?status=any"), "always later soon");
    shop_close(&shop);
}

TEST(F43_filters_narrow_the_list_and_go_together)
{
    struct shop shop;
    shop_open(&shop, services);
    (void)list_of(&shop, alice,
                  "\"title\":\"A\",\"price\":10,\"category\":\"concert\","
                  "\"startsAt\":\"2026-12-01T20:00:00Z\"");
    (void)list_of(&shop, bob,
                  "\"title\":\"B\",\"price\":20,\"category\":\"sports\","
                  "\"startsAt\":\"2026-12-02T20:00:00Z\"");
    (void)list_of(&shop, alice, "\"title\":\"C\",\"price\":30");

    assert_string_equal(found(&shop, ""), "C B A");
    assert_string_equal(found(&shop, "?category=sports"), "B");
    assert_string_equal(found(&shop, "?category=other"), "C");
    assert_string_equal(found(&shop, "?category=any"), "C B A");
    assert_string_equal(found(&shop, "?minPrice=20"), "C B");
    assert_string_equal(found(&shop, "?maxPrice=20"), "B A");
    assert_string_equal(found(&shop, "?minPrice=10.01&maxPrice=29.99"), "B");
    assert_string_equal(found(&shop, "?minPrice=0"), "C B A");
    assert_string_equal(found(&shop, "?minPrice=30&maxPrice=20"), "");
    assert_string_equal(found(&shop, "?from=2026-12-02T00:00:00Z"), "B");
    assert_string_equal(found(&shop, "?to=2026-12-02T00:00:00Z"), "A");
    assert_string_equal(found(&shop, "?from=2026-12-01T20:00:00Z&to=2026-12-01T20:00:00Z"), "A");
    assert_string_equal(found(&shop, "?userId=a1000000-0000-0000-0000-000000000000"), "C A");
    assert_string_equal(found(&shop, "?userId=00000000-0000-0000-0000-000000000001"), "");
    assert_string_equal(
        found(&shop, "?userId=a1000000-0000-0000-0000-000000000000&category=concert&q=a"), "A");
    /* A form in a page sends every field, filled or not. */
    assert_string_equal(found(&shop, "?q=&category=&minPrice=&maxPrice=&from=&to=&sort=&userId="
                                     "&status=&limit=&cursor="),
                        "C B A");
    shop_close(&shop);
}

TEST(a_search_finds_words_in_title_venue_and_description)
{
    struct shop shop;
    shop_open(&shop, services);
    (void)list_of(&shop, alice, "\"title\":\"Caf\xC3\xA9\",\"price\":10,\"venue\":\"Town Hall\"");
    (void)list_of(&shop, alice,
                  "\"title\":\"Hamlet\",\"price\":10,\"description\":"
                  "\"to be\\nor not\"");
    assert_string_equal(found(&shop, "?q=CAF%C3%89"), "Caf\xC3\xA9");
    assert_string_equal(found(&shop, "?q=cafe%CC%81"), "Caf\xC3\xA9"); /* not composed */
    assert_string_equal(found(&shop, "?q=town+hall"), "Caf\xC3\xA9");
    assert_string_equal(found(&shop, "?q=caf%C3%A9++hall"), "Caf\xC3\xA9");
    assert_string_equal(found(&shop, "?q=to+be+not"), "Hamlet");
    assert_string_equal(found(&shop, "?q=ham"), "Hamlet");
    assert_string_equal(found(&shop, "?q=not+be"), "");
    shop_close(&shop);
}

TEST(an_edit_changes_what_is_found)
{
    struct shop shop;
    shop_open(&shop, services);
    uuid id = list_titled(&shop, "Before", "10");
    char path[80];
    (void)snprintf(path, sizeof path, "/api/tickets/%s",
                   str_terminated(&shop.world.arena, uuid_text(&shop.world.arena, id)));
    assert_int_equal(shop_ask(&shop, alice, PUT, path, "{\"title\":\"After\",\"price\":30}"), 200);
    assert_string_equal(found(&shop, "?q=before"), "");
    assert_string_equal(found(&shop, "?q=after&minPrice=30"), "After");
    shop_close(&shop);
}

TEST(a_search_takes_wildcards_for_what_they_are)
{
    struct shop shop;
    shop_open(&shop, services);
    (void)list_titled(&shop, "100%sure", "10");
    (void)list_titled(&shop, "1000sure", "10");
    (void)list_titled(&shop, "a_b", "10");
    (void)list_titled(&shop, "axb", "10");
    (void)list_titled(&shop, "back\\\\slash", "10");
    assert_string_equal(found(&shop, "?q=0%25s"), "100%sure");
    assert_string_equal(found(&shop, "?q=%25"), "100%sure");
    assert_string_equal(found(&shop, "?q=_"), "a_b");
    assert_string_equal(found(&shop, "?q=a_b"), "a_b");
    assert_string_equal(found(&shop, "?q=%5C"), "back\\\\slash");
    assert_string_equal(found(&shop, "?q=%5C%25"), "");
    assert_string_equal(found(&shop, "?q=%27+or+1%3D1--"), "");
    shop_close(&shop);
}

/* ---- pages ---- */

TEST(F43_a_list_has_20_tickets_unless_another_number_up_to_100_is_asked_for)
{
    struct shop shop;
    shop_open(&shop, services);
    for (int i = 0; i < 101; i++)
        (void)list_titled(&shop, "x", "10");
    assert_int_equal(strlen(found(&shop, "")), 20 * 2 - 1);
    assert_non_null(next_page(&shop));
    assert_int_equal(strlen(found(&shop, "?limit=1")), 1);
    assert_int_equal(strlen(found(&shop, "?limit=100")), 100 * 2 - 1);
    assert_non_null(next_page(&shop));
    assert_int_equal(shop_ask(&shop, anybody, GET, next_page(&shop), NULL), 200);
    assert_string_equal(titles(&shop), "x");
    assert_null(next_page(&shop));
    shop_close(&shop);
}

TEST(F43_a_list_whose_last_page_is_full_ends_there)
{
    struct shop shop;
    shop_open(&shop, services);
    for (int i = 0; i < 4; i++)
        (void)list_titled(&shop, "x", "10");
    assert_string_equal(found(&shop, "?limit=2"), "x x");
    assert_int_equal(shop_ask(&shop, anybody, GET, next_page(&shop), NULL), 200);
    assert_null(next_page(&shop));
    shop_close(&shop);
}

/* All pages one after the other. */
static const char *walk(struct shop *shop, const char *query)
{
    struct buf all = buf_in(&shop->world.arena, 256);
    buf_add(&all, str_of(found(shop, query)));
    for (const char *next = next_page(shop); next != NULL; next = next_page(shop)) {
        assert_int_equal(shop_ask(shop, anybody, GET, next, NULL), 200);
        buf_add_char(&all, ' ');
        buf_add(&all, str_of(titles(shop)));
    }
    buf_add_char(&all, '\0');
    return all.data;
}

/* Several of the same price and start, and some without a date, at every size of page. */
TEST(F43_pages_neither_skip_nor_repeat_in_any_order)
{
    static const struct {
        const char *sort;
        const char *expected;
    } orders[] = {
        { "newest", "G F E D C B A" },
        { "price", "B A C E G D F" },
        { "-price", "F D G E C A B" },
        { "startsAt", "C F A D B E G" },
    };
    struct shop shop;
    shop_open(&shop, services);
    (void)list_of(&shop, alice,
                  "\"title\":\"A\",\"price\":2,\"startsAt\":\"2026-12-02T00:00:00Z\"");
    (void)list_titled(&shop, "B", "1");
    (void)list_of(&shop, alice,
                  "\"title\":\"C\",\"price\":2,\"startsAt\":\"2026-12-01T00:00:00Z\"");
    (void)list_of(&shop, alice,
                  "\"title\":\"D\",\"price\":3,\"startsAt\":\"2026-12-02T00:00:00Z\"");
    (void)list_titled(&shop, "E", "2");
    (void)list_of(&shop, alice,
                  "\"title\":\"F\",\"price\":4,\"startsAt\":\"2026-12-01T00:00:00Z\"");
    (void)list_titled(&shop, "G", "2");

    static const char *const scopes[] = { "", "&userId=a1000000-0000-0000-0000-000000000000",
                                          "&status=any" };
    for (size_t i = 0; i < sizeof orders / sizeof orders[0]; i++) {
        for (size_t scope = 0; scope < sizeof scopes / sizeof scopes[0]; scope++) {
            for (int limit = 1; limit <= 8; limit++) {
                char query[128];
                (void)snprintf(query, sizeof query, "?limit=%d&sort=%s%s", limit, orders[i].sort,
                               scopes[scope]);
                assert_string_equal(walk(&shop, query), orders[i].expected);
            }
        }
    }
    shop_close(&shop);
}

TEST(F43_a_page_goes_on_where_the_last_one_ended_though_others_came_and_went)
{
    struct shop shop;
    shop_open(&shop, services);
    (void)list_titled(&shop, "A", "10");
    (void)list_titled(&shop, "B", "10");
    uuid last_seen = list_titled(&shop, "C", "10");
    (void)list_titled(&shop, "D", "10");
    assert_string_equal(found(&shop, "?limit=2&q="), "D C");
    const char *next = next_page(&shop);
    (void)list_titled(&shop, "E", "10");
    sell(&shop, last_seen);
    assert_int_equal(shop_ask(&shop, anybody, GET, next, NULL), 200);
    assert_string_equal(titles(&shop), "B A");
    shop_close(&shop);
}

TEST(F43_a_bad_cursor_limit_or_filter_is_an_error_and_says_which)
{
    static const char *const bad[][2] = {
        { "?limit=0", "limit" },
        { "?limit=101", "limit" },
        { "?limit=-1", "limit" },
        { "?limit=99999999999999999999", "limit" },
        { "?limit=1e1", "limit" },
        { "?limit=ten", "limit" },
        { "?cursor=AAAA", "cursor" },
        { "?cursor=%00", NULL },
        { "?cursor=../../etc/passwd", "cursor" },
        { "?sort=title", "sort" },
        { "?sort=price%3Bdrop+table+tickets", "sort" },
        { "?status=unknown", "status" },
        { "?category=circus", "category" },
        { "?userId=1", "userId" },
        { "?minPrice=cheap", "minPrice" },
        { "?minPrice=-1", "minPrice" },
        { "?maxPrice=1e9", "maxPrice" },
        { "?from=yesterday", "from" },
        { "?to=2026-13-01T00:00:00Z", "to" },
        { "?q=%C3%28", NULL },
        { "?q=%ED%A0%80", NULL },
        { "?q=a%00b", NULL },
        { "?q=%", NULL },
        { "?q=a&q=b", "q" },
    };
    struct shop shop;
    shop_open(&shop, services);
    (void)list_titled(&shop, "A", "10");
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        char field[32];
        (void)snprintf(field, sizeof field, "\"field\":\"%s\"", bad[i][1] ? bad[i][1] : "");
        if (status_of(&shop, bad[i][0]) != 400)
            fail_msg("%s: %d", bad[i][0], shop.response.status);
        if (bad[i][1] != NULL && strstr(shop_body(&shop), field) == NULL)
            fail_msg("%s: %s", bad[i][0], shop_body(&shop));
    }
    shop_close(&shop);
}

TEST(a_search_text_has_a_limit)
{
    struct shop shop;
    shop_open(&shop, services);
    char query[SEARCH_CHARS_MAX + 8] = "?q=";
    memset(query + 3, 'x', SEARCH_CHARS_MAX + 1);
    assert_int_equal(status_of(&shop, query), 400);
    query[3 + SEARCH_CHARS_MAX] = '\0';
    assert_int_equal(status_of(&shop, query), 200);
    shop_close(&shop);
}

TEST(a_cursor_of_one_order_is_none_of_another)
{
    struct shop shop;
    shop_open(&shop, services);
    (void)list_titled(&shop, "A", "10");
    (void)list_titled(&shop, "B", "10");
    (void)found(&shop, "?limit=1&sort=price");
    const char *cursor = strstr(next_page(&shop), "cursor=");
    char query[128];
    (void)snprintf(query, sizeof query, "?sort=-price&%s", cursor);
    assert_int_equal(status_of(&shop, query), 400);
    (void)snprintf(query, sizeof query, "?sort=price&%s", cursor);
    assert_int_equal(status_of(&shop, query), 200);
    assert_string_equal(titles(&shop), "B");
    shop_close(&shop);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_empty_shop_has_an_empty_list),
        cmocka_unit_test(F45_only_what_can_be_bought_is_listed_unless_another_status_is_asked_for),
        cmocka_unit_test(F45_a_seller_sees_what_became_of_all_her_tickets),
        cmocka_unit_test(what_has_begun_is_off_the_list),
        cmocka_unit_test(F43_filters_narrow_the_list_and_go_together),
        cmocka_unit_test(a_search_finds_words_in_title_venue_and_description),
        cmocka_unit_test(an_edit_changes_what_is_found),
        cmocka_unit_test(a_search_takes_wildcards_for_what_they_are),
        cmocka_unit_test(F43_a_list_has_20_tickets_unless_another_number_up_to_100_is_asked_for),
        cmocka_unit_test(F43_a_list_whose_last_page_is_full_ends_there),
        cmocka_unit_test(F43_pages_neither_skip_nor_repeat_in_any_order),
        cmocka_unit_test(F43_a_page_goes_on_where_the_last_one_ended_though_others_came_and_went),
        cmocka_unit_test(F43_a_bad_cursor_limit_or_filter_is_an_error_and_says_which),
        cmocka_unit_test(a_search_text_has_a_limit),
        cmocka_unit_test(a_cursor_of_one_order_is_none_of_another),
    };
    return RUN_TESTS(tests);
}
