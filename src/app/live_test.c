/* The ring of changes, and those who read from it. */
#include "app/live.h"

#include <stdlib.h>

#include "events/payloads.h"
#include "tests/test.h"

static const uuid opera = { { 0x0E } };
static const uuid match = { { 0x3A } };
static const instant began = { 1795200000000 };

struct hall {
    struct live *live;
    struct http_exchange exchange;
    char text[1024];
};

static void hall_open(struct hall *hall)
{
    *hall = (struct hall){ .live = calloc(1, sizeof(struct live)) };
    assert_non_null(hall->live);
    live_open(hall->live, began);
    hall->exchange.request.client = S("192.0.2.1");
}

static void hall_close(struct hall *hall)
{
    live_close(hall->live);
    free(hall->live);
}

static void tell_at(struct hall *hall, uuid ticket, int64_t version, int64_t ms)
{
    const struct ticket_state state = {
        .id = ticket,
        .version = version,
        .price = { 2050 },
        .currency = S("usd"),
        .status = TICKET_RESERVED,
    };
    const struct event event = { .type = EVENT_ticket_updated, .data = &state };
    assert_true(live_tell(hall->live, &event, (instant){ began.ms + ms }));
}

static struct http_cursor listen_to(struct hall *hall, struct watch watch)
{
    watch.on = true;
    hall->exchange.response.watch = watch;
    assert_true(live_attach(hall->live, &hall->exchange));
    struct http_cursor cursor = hall->exchange.cursor;
    size_t size = hall->live->stream.read(hall->live, &cursor, hall->text, sizeof hall->text);
    assert_int_equal(size, strlen("retry: 3000\n\n"));
    return cursor;
}

static const char *heard(struct hall *hall, struct http_cursor *cursor)
{
    bool ready = hall->live->stream.ready(hall->live, cursor);
    size_t size = hall->live->stream.read(hall->live, cursor, hall->text, sizeof hall->text - 1);
    assert_int_equal(ready, size > 0);
    hall->text[size] = '\0';
    return hall->text;
}

TEST(a_listener_hears_what_comes_and_nothing_twice)
{
    struct hall hall;
    hall_open(&hall);
    tell_at(&hall, opera, 0, 0);
    struct http_cursor cursor = listen_to(&hall, (struct watch){ .on = true });
    assert_string_equal(heard(&hall, &cursor), "");
    tell_at(&hall, opera, 1, 1);
    assert_string_equal(
        heard(&hall, &cursor),
        "id: 1838284800000001\nevent: ticket\ndata: "
        "{\"id\":\"0e000000-0000-0000-0000-000000000000\","
        "\"status\":\"reserved\",\"price\":20.5,\"currency\":\"usd\",\"version\":1}\n\n");
    assert_string_equal(heard(&hall, &cursor), "");
    hall_close(&hall);
}

TEST(a_listener_to_one_ticket_hears_of_no_other)
{
    struct hall hall;
    hall_open(&hall);
    struct http_cursor cursor = listen_to(&hall, (struct watch){ .ticket = opera });
    tell_at(&hall, match, 1, 1);
    assert_string_equal(heard(&hall, &cursor), "");
    tell_at(&hall, opera, 1, 2);
    tell_at(&hall, match, 2, 3);
    assert_non_null(strstr(heard(&hall, &cursor), "\"version\":1}"));
    assert_string_equal(heard(&hall, &cursor), "");
    hall_close(&hall);
}

TEST(who_comes_back_hears_what_happened_meanwhile)
{
    struct hall hall;
    hall_open(&hall);
    for (int i = 0; i < 3; i++)
        tell_at(&hall, opera, i, i);
    int64_t first = (int64_t)hall.live->first;
    struct http_cursor cursor = listen_to(&hall, (struct watch){ .after = first });
    const char *text = heard(&hall, &cursor);
    assert_null(strstr(text, "\"version\":0}"));
    assert_non_null(strstr(text, "\"version\":1}"));
    assert_non_null(strstr(text, "\"version\":2}"));
    hall_close(&hall);
}

TEST(a_page_hears_what_happened_since_it_was_made)
{
    struct hall hall;
    hall_open(&hall);
    for (int i = 1; i <= 3; i++)
        tell_at(&hall, opera, i, i * 1000);
    struct http_cursor cursor = listen_to(&hall, (struct watch){ .since = { began.ms + 2000 } });
    const char *text = heard(&hall, &cursor);
    assert_null(strstr(text, "\"version\":1}"));
    assert_non_null(strstr(text, "\"version\":2}"));
    assert_non_null(strstr(text, "\"version\":3}"));
    cursor = listen_to(&hall, (struct watch){ .since = { began.ms + 5000 } });
    assert_string_equal(heard(&hall, &cursor), "");
    hall_close(&hall);
}

TEST(who_missed_more_than_is_kept_is_told_so)
{
    struct hall hall;
    hall_open(&hall);
    struct http_cursor slow = listen_to(&hall, (struct watch){ .ticket = opera });
    struct http_cursor fast = slow;
    for (int i = 0; i < LIVE_RING; i++)
        tell_at(&hall, match, i, i);
    assert_string_equal(heard(&hall, &fast), "");
    tell_at(&hall, match, LIVE_RING, LIVE_RING);
    assert_non_null(strstr(heard(&hall, &slow), "event: missed"));
    assert_string_equal(heard(&hall, &slow), "");
    assert_string_equal(heard(&hall, &fast), "");

    struct http_cursor former = listen_to(&hall, (struct watch){ .after = 5 }); /* another start */
    assert_non_null(strstr(heard(&hall, &former), "event: missed"));
    former = listen_to(&hall, (struct watch){ .since = { began.ms - 1000 } });
    assert_non_null(strstr(heard(&hall, &former), "event: missed"));
    hall_close(&hall);
}

TEST(a_number_from_the_future_is_none)
{
    struct hall hall;
    hall_open(&hall);
    struct http_cursor cursor = listen_to(&hall, (struct watch){ .after = INT64_MAX });
    assert_string_equal(heard(&hall, &cursor), "");
    tell_at(&hall, opera, 1, 1);
    assert_non_null(strstr(heard(&hall, &cursor), "\"version\":1}"));
    hall_close(&hall);
}

TEST(a_listener_who_hears_nothing_gets_a_sign_of_life)
{
    struct hall hall;
    hall_open(&hall);
    struct http_cursor cursor = listen_to(&hall, (struct watch){ .ticket = opera });
    cursor.quiet = true;
    size_t size = hall.live->stream.read(hall.live, &cursor, hall.text, sizeof hall.text);
    assert_int_equal(size, 3);
    assert_memory_equal(hall.text, ":\n\n", 3);
    assert_string_equal(heard(&hall, &cursor), "");
    hall_close(&hall);
}

TEST(a_small_buffer_gets_whole_changes_one_after_the_other)
{
    struct hall hall;
    hall_open(&hall);
    struct http_cursor cursor = listen_to(&hall, (struct watch){ .ticket = opera });
    for (int i = 0; i < 5; i++)
        tell_at(&hall, opera, i, i);
    int count = 0;
    for (size_t size;
         (size = hall.live->stream.read(hall.live, &cursor, hall.text, LIVE_TEXT_MAX)) > 0;) {
        assert_memory_equal(hall.text, "id: ", 4);
        assert_memory_equal(hall.text + size - 2, "\n\n", 2);
        for (const char *at = hall.text; at < hall.text + size; at++)
            count += strncmp(at, "id: ", 4) == 0;
    }
    assert_int_equal(count, 5);
    hall_close(&hall);
}

TEST(one_address_does_not_take_every_place)
{
    struct hall hall;
    hall_open(&hall);
    hall.live->listeners_per_address_max = 2;
    for (int i = 0; i < 2; i++)
        (void)listen_to(&hall, (struct watch){ .ticket = opera });
    hall.exchange.response.watch.on = true;
    assert_false(live_attach(hall.live, &hall.exchange));
    hall.exchange.request.client = S("192.0.2.2");
    assert_true(live_attach(hall.live, &hall.exchange));
    hall.live->stream.closed(hall.live, &hall.exchange.cursor, S("192.0.2.1"));
    hall.exchange.request.client = S("192.0.2.1");
    assert_true(live_attach(hall.live, &hall.exchange));
    hall_close(&hall);
}

TEST(only_tickets_are_news)
{
    struct hall hall;
    hall_open(&hall);
    const struct event event = { .type = EVENT_order_created };
    assert_false(live_tell(hall.live, &event, began));
    hall_close(&hall);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_listener_hears_what_comes_and_nothing_twice),
        cmocka_unit_test(a_listener_to_one_ticket_hears_of_no_other),
        cmocka_unit_test(who_comes_back_hears_what_happened_meanwhile),
        cmocka_unit_test(a_page_hears_what_happened_since_it_was_made),
        cmocka_unit_test(who_missed_more_than_is_kept_is_told_so),
        cmocka_unit_test(a_number_from_the_future_is_none),
        cmocka_unit_test(a_listener_who_hears_nothing_gets_a_sign_of_life),
        cmocka_unit_test(a_small_buffer_gets_whole_changes_one_after_the_other),
        cmocka_unit_test(one_address_does_not_take_every_place),
        cmocka_unit_test(only_tickets_are_news),
    };
    return RUN_TESTS(tests);
}
