/* The orders service as buyers ask it for a ticket.  The test plays the other services and tells
 * what they would. */
#include <stdio.h>

#include "services/orders/orders_shop_test.h"
#include "services/orders/store.h"
#include "tests/test.h"

/* ---- locking ---- */

TEST(an_order_is_answered_in_full_when_the_ticket_is_locked_for_it)
{
    struct shop shop;
    orders_open(&shop);
    assert_int_equal(ask_for(&shop, bob, concert), 0);
    assert_int_equal(shop_told(&shop, EVENT_order_created), 1);
    const struct order_state *told = shop_news(&shop, EVENT_order_created);
    assert_int_equal(told->status, ORDER_CREATED);
    assert_int_equal(told->version, 0);
    assert_true(uuid_equal(told->user_id, bob) && uuid_equal(told->seller_id, alice));
    assert_int_equal(told->expires_at.ms, shop.world.now.ms + minutes(15).ms);
    uuid id = told->id;

    /* Asked again before there is news, it goes on waiting, but not for longer. */
    instant until = shop.response.wait.until;
    world_wait(&shop.world, seconds(1));
    assert_int_equal(shop_resume(&shop, false), 0);
    assert_int_equal(shop.response.wait.until.ms, until.ms);

    struct response waiting = shop.response;
    lock(&shop, concert, id);
    assert_int_equal(shop_told(&shop, EVENT_order_updated), 1);
    shop.response = waiting;
    assert_int_equal(shop_resume(&shop, false), 201);

    const char *text = text_of(&shop, id);
    char location[80];
    (void)snprintf(location, sizeof location, "/api/orders/%s", text);
    assert_string_equal(shop_header(&shop, "Location"), location);
    char body[640];
    (void)snprintf(body, sizeof body,
                   "{\"id\":\"%s\",\"userId\":\"b0000000-0000-0000-0000-000000000000\","
                   "\"status\":\"awaitingPayment\",\"price\":20.05,\"currency\":\"usd\","
                   "\"expiresAt\":\"2026-11-20T12:15:00.000Z\","
                   "\"ticket\":{\"id\":\"%s\",\"title\":\"Concert\",\"price\":20.05,\"version\":3},"
                   "\"version\":1,\"createdAt\":\"2026-11-20T12:00:00.000Z\"}",
                   text, text_of(&shop, concert));
    assert_string_equal(shop_body(&shop), body);
    shop_close(&shop);
}

TEST(an_order_whose_lock_takes_long_is_answered_as_it_is)
{
    struct shop shop;
    orders_open(&shop);
    assert_int_equal(ask_for(&shop, bob, concert), 0);
    assert_int_equal(shop_resume(&shop, true), 201);
    assert_non_null(strstr(shop_body(&shop), "\"status\":\"created\""));
    shop_close(&shop);
}

TEST(a_lock_refused_for_its_price_names_todays)
{
    struct shop shop;
    orders_open(&shop);
    assert_int_equal(ask_for(&shop, bob, concert), 0);
    struct response waiting = shop.response;
    uuid id = waiting.wait.subject;
    struct ticket_state ticket = ticket_at(&shop, concert, 4);
    ticket.price.minor = 2500;
    tell_ticket(&shop, &ticket);
    refuse_lock(&shop, id, CANCEL_PRICE_CHANGED);
    const struct order_state *told = shop_news(&shop, EVENT_order_cancelled);
    assert_int_equal(told->cancel_reason, CANCEL_PRICE_CHANGED);
    shop.response = waiting;
    assert_int_equal(shop_resume(&shop, false), 409);
    assert_string_equal(
        shop_body(&shop),
        "{\"errors\":[{\"message\":\"The price is now 25\",\"field\":\"ticketId\"}]}");
    shop_close(&shop);
}

TEST(a_lock_refused_because_the_ticket_is_gone_says_so)
{
    struct shop shop;
    orders_open(&shop);
    assert_int_equal(ask_for(&shop, bob, concert), 0);
    struct response waiting = shop.response;
    refuse_lock(&shop, waiting.wait.subject, CANCEL_TICKET_UNAVAILABLE);
    shop.response = waiting;
    assert_int_equal(shop_resume(&shop, false), 409);
    assert_string_equal(
        shop_body(&shop),
        "{\"errors\":[{\"message\":\"Ticket is already reserved\",\"field\":\"ticketId\"}]}");
    shop_close(&shop);
}

/* ---- what is refused, and in which order ---- */

TEST(F41_who_asks_is_checked_before_what_is_asked)
{
    struct shop shop;
    orders_open(&shop);
    assert_refused(&shop, nobody, POST, "/api/orders", "{\"ticketId\":7}", 401,
                   "{\"errors\":[{\"message\":\"Not signed in\"}]}");
    assert_refused(&shop, nobody, GET, "/api/orders", NULL, 401,
                   "{\"errors\":[{\"message\":\"Not signed in\"}]}");
    assert_refused(&shop, nobody, GET, "/api/orders/7", NULL, 401,
                   "{\"errors\":[{\"message\":\"Not signed in\"}]}");
    assert_refused(&shop, nobody, DELETE, "/api/orders/7", NULL, 401,
                   "{\"errors\":[{\"message\":\"Not signed in\"}]}");
    shop_close(&shop);
}

TEST(F22_a_ticket_id_that_is_none_never_reaches_the_store)
{
    static const char *const bodies[] = {
        "{\"ticketId\":7}",
        "{\"ticketId\":{\"$gt\":\"\"}}",
        "{\"ticketId\":[]}",
        "{\"ticketId\":true}",
        "{\"ticketId\":\"' or 1=1\"}",
        "{\"ticketId\":\"00000000-0000-0000-0000-000000000000\"}",
    };
    struct shop shop;
    orders_open(&shop);
    for (size_t i = 0; i < sizeof bodies / sizeof bodies[0]; i++)
        assert_refused(&shop, bob, POST, "/api/orders", bodies[i], 400,
                       "{\"errors\":[{\"message\":\"ticketId must be an id\","
                       "\"field\":\"ticketId\"}]}");
    assert_refused(
        &shop, bob, POST, "/api/orders", "{\"maxPrice\":\"dear\"}", 400,
        "{\"errors\":[{\"message\":\"ticketId is required\",\"field\":\"ticketId\"},"
        "{\"message\":\"maxPrice must be an amount with at most two decimals, such as 20.05\","
        "\"field\":\"maxPrice\"}]}");
    shop_close(&shop);
}

TEST(a_ticket_that_is_not_there_is_not_found)
{
    struct shop shop;
    orders_open(&shop);
    assert_int_equal(ask_for(&shop, bob, stranger), 404);
    assert_string_equal(shop_body(&shop),
                        "{\"errors\":[{\"message\":\"No such ticket\",\"field\":\"ticketId\"}]}");
    shop_close(&shop);
}

TEST(F30_over_a_bus_a_ticket_just_listed_is_never_wrongly_not_found)
{
    struct shop shop;
    orders_open(&shop);
    struct op *op = world_begin(&shop.world);
    uuid listed = op_new_id(op);
    world_rollback(&shop.world);
    assert_int_equal(ask_for(&shop, bob, listed), 404); /* hosted together it would be here */

    shop.world.settings.bus = true;
    assert_int_equal(ask_for(&shop, bob, listed), 503);
    assert_string_equal(shop_header(&shop, "Retry-After"), "1");
    world_wait(&shop.world, minutes(11));
    assert_int_equal(ask_for(&shop, bob, listed), 404);
    shop_close(&shop);
}

TEST(F8_nobody_buys_his_own_ticket_whatever_has_become_of_it)
{
    struct shop shop;
    orders_open(&shop);
    static const char *const own = "{\"errors\":[{\"message\":\"You cannot buy your own ticket\","
                                   "\"field\":\"ticketId\"}]}";
    assert_int_equal(ask_for(&shop, alice, concert), 403);
    assert_string_equal(shop_body(&shop), own);
    struct ticket_state sold = ticket_at(&shop, concert, 4);
    sold.status = TICKET_SOLD;
    tell_ticket(&shop, &sold);
    assert_int_equal(ask_for(&shop, alice, concert), 403);
    assert_string_equal(shop_body(&shop), own);
    shop_close(&shop);
}

static void assert_gone(struct shop *shop, enum ticket_status status, const char *message)
{
    struct ticket_state ticket = ticket_at(shop, concert, 4);
    ticket.id.bytes[15] = (uint8_t)status;
    ticket.status = status;
    tell_ticket(shop, &ticket);
    assert_int_equal(ask_for(shop, bob, ticket.id), 409);
    assert_non_null(strstr(shop_body(shop), message));
}

TEST(F45_a_ticket_that_is_gone_says_how)
{
    struct shop shop;
    orders_open(&shop);
    assert_gone(&shop, TICKET_SOLD, "\"Ticket is already sold\",\"field\":\"ticketId\"");
    assert_gone(&shop, TICKET_WITHDRAWN, "\"Ticket is no longer for sale\",\"field\":\"ticketId\"");
    shop_close(&shop);
}

TEST(an_event_that_has_begun_cannot_be_ordered)
{
    struct shop shop;
    orders_open(&shop);
    struct ticket_state ticket = ticket_at(&shop, concert, 4);
    ticket.starts_at = instant_after(shop.world.now, minutes(5));
    tell_ticket(&shop, &ticket);
    world_wait(&shop.world, minutes(5));
    assert_int_equal(ask_for(&shop, bob, concert), 409);
    assert_string_equal(
        shop_body(&shop),
        "{\"errors\":[{\"message\":\"The event has already begun\",\"field\":\"ticketId\"}]}");
    shop.world.now.ms--;
    assert_int_equal(ask_for(&shop, bob, concert), 0);
    shop_close(&shop);
}

static int ask_up_to(struct shop *shop, const char *max_price)
{
    char body[128];
    (void)snprintf(body, sizeof body, "{\"ticketId\":\"%s\",\"maxPrice\":%s}",
                   text_of(shop, concert), max_price);
    return shop_ask(shop, bob, POST, "/api/orders", body);
}

TEST(F6_a_buyer_pays_no_more_than_he_saw)
{
    struct shop shop;
    orders_open(&shop);
    assert_int_equal(ask_up_to(&shop, "20.04"), 409);
    assert_string_equal(
        shop_body(&shop),
        "{\"errors\":[{\"message\":\"The price is now 20.05\",\"field\":\"maxPrice\"}]}");
    assert_null(shop.told);
    assert_int_equal(ask_up_to(&shop, "\"20.05\""), 0);
    shop_close(&shop);
}

TEST(F6_a_limit_of_nothing_is_no_limit_to_be_ignored)
{
    struct shop shop;
    orders_open(&shop);
    assert_int_equal(ask_up_to(&shop, "0"), 400);
    assert_int_equal(ask_up_to(&shop, "-1"), 400);
    assert_int_equal(ask_up_to(&shop, "1000000"), 400);
    assert_int_equal(ask_up_to(&shop, "null"), 0);
    shop_close(&shop);
}

/* ---- one order at a time ---- */

TEST(F1_a_ticket_with_a_live_order_is_reserved)
{
    struct shop shop;
    orders_open(&shop);
    uuid bobs = order_locked(&shop, bob, concert);
    assert_int_equal(ask_for(&shop, carol, concert), 409);
    assert_string_equal(
        shop_body(&shop),
        "{\"errors\":[{\"message\":\"Ticket is already reserved\",\"field\":\"ticketId\"}]}");
    assert_int_equal(ask_for(&shop, bob, concert), 409);
    cancel(&shop, bob, bobs);
    assert_int_equal(ask_for(&shop, carol, concert), 0);
    shop_close(&shop);
}

TEST(F1_the_store_refuses_a_second_live_order_of_a_ticket)
{
    struct shop shop;
    orders_open(&shop);
    uuid bobs = order_locked(&shop, bob, concert);
    struct op *op = world_begin(&shop.world);
    struct order order;
    assert_ok(order_find(op, bobs, &order));
    order.id = op_new_id(op);
    assert_status(order_insert(op, &order), STATUS_CONFLICT);
    world_rollback(&shop.world);
    shop_close(&shop);
}

TEST(F10_a_change_that_was_overtaken_is_to_be_run_again)
{
    struct shop shop;
    orders_open(&shop);
    uuid bobs = order_locked(&shop, bob, concert);
    struct op *op = world_begin(&shop.world);
    struct order first;
    assert_ok(order_find(op, bobs, &first));
    struct order second = first;
    assert_int_equal(order_apply(&first, ORDER_CANCEL), ORDER_MOVED);
    assert_ok(order_save_cancelled(op, &first, CANCEL_USER));
    assert_int_equal(order_apply(&second, ORDER_EXPIRE), ORDER_MOVED);
    assert_status(order_save_cancelled(op, &second, CANCEL_EXPIRED), STATUS_STALE);
    world_rollback(&shop.world);
    shop_close(&shop);
}

TEST(an_overdue_order_gives_way_to_the_next_buyer_and_not_a_moment_before)
{
    struct shop shop;
    orders_open(&shop);
    uuid bobs = order_locked(&shop, bob, concert);
    world_wait(&shop.world, (duration){ minutes(15).ms - 1 });
    assert_int_equal(ask_for(&shop, carol, concert), 409);
    world_wait(&shop.world, (duration){ 1 });
    assert_int_equal(ask_for(&shop, carol, concert), 0);
    const struct order_state *told = shop_news(&shop, EVENT_order_cancelled);
    assert_true(uuid_equal(told->id, bobs));
    assert_int_equal(told->cancel_reason, CANCEL_EXPIRED);
    assert_int_equal(shop_told(&shop, EVENT_order_created), 1);
    shop_close(&shop);
}

TEST(F12_an_order_being_paid_gives_way_to_nobody)
{
    struct shop shop;
    orders_open(&shop);
    uuid bobs = order_locked(&shop, bob, concert);
    assert_ok(hear_charge(&shop, bobs, NEWS_AUTHORIZED));
    world_wait(&shop.world, hours(1));
    assert_int_equal(ask_for(&shop, carol, concert), 409);
    assert_non_null(strstr(shop_body(&shop), "\"Ticket is already reserved\""));
    assert_ok(hear_charge(&shop, bobs, NEWS_CAPTURED));
    assert_int_equal(ask_for(&shop, carol, concert), 409);
    assert_non_null(strstr(shop_body(&shop), "\"Ticket is already sold\""));
    shop_close(&shop);
}

/* ---- not too many ---- */

TEST(F8_nobody_has_more_than_five_live_orders)
{
    struct shop shop;
    orders_open(&shop);
    uuid first = order_locked(&shop, bob, another_ticket(&shop, 1));
    for (unsigned i = 2; i <= 5; i++)
        (void)order_locked(&shop, bob, another_ticket(&shop, i));
    uuid sixth = another_ticket(&shop, 6);
    assert_int_equal(ask_for(&shop, bob, sixth), 429);
    assert_string_equal(
        shop_body(&shop),
        "{\"errors\":[{\"message\":\"You have too many unpaid orders; pay or cancel one\"}]}");
    assert_string_equal(shop_header(&shop, "Retry-After"), "60");

    assert_int_equal(ask_for(&shop, carol, sixth), 0); /* others may */
    cancel(&shop, carol, shop.response.wait.subject);
    assert_ok(hear_charge(&shop, first, NEWS_AUTHORIZED));
    assert_int_equal(ask_for(&shop, bob, sixth), 429); /* being paid is not paid */
    assert_ok(hear_charge(&shop, first, NEWS_CAPTURED));
    assert_int_equal(ask_for(&shop, bob, sixth), 0);
    shop_close(&shop);
}

TEST(F9_one_ticket_is_locked_by_one_buyer_three_times_an_hour)
{
    struct shop shop;
    orders_open(&shop);
    for (int i = 0; i < 3; i++) {
        cancel(&shop, bob, order_locked(&shop, bob, concert));
        world_wait(&shop.world, seconds(1));
    }
    assert_int_equal(ask_for(&shop, bob, concert), 429);
    assert_string_equal(shop_body(&shop),
                        "{\"errors\":[{\"message\":\"You have reserved this ticket too often "
                        "lately\",\"field\":\"ticketId\"}]}");
    assert_string_equal(shop_header(&shop, "Retry-After"), "600");
    assert_int_equal(ask_for(&shop, bob, another_ticket(&shop, 1)), 0);
    cancel(&shop, carol, order_locked(&shop, carol, concert));

    world_wait(&shop.world, (duration){ hours(1).ms - seconds(3).ms });
    assert_int_equal(ask_for(&shop, bob, concert), 0); /* the first of them is an hour old */
    shop_close(&shop);
}

TEST(what_the_ticket_says_comes_before_what_the_buyer_did)
{
    struct shop shop;
    orders_open(&shop);
    for (unsigned i = 1; i <= 5; i++)
        (void)order_locked(&shop, bob, another_ticket(&shop, i));
    (void)order_locked(&shop, carol, concert);
    assert_int_equal(ask_for(&shop, bob, concert), 409);
    shop_close(&shop);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_order_is_answered_in_full_when_the_ticket_is_locked_for_it),
        cmocka_unit_test(an_order_whose_lock_takes_long_is_answered_as_it_is),
        cmocka_unit_test(a_lock_refused_for_its_price_names_todays),
        cmocka_unit_test(a_lock_refused_because_the_ticket_is_gone_says_so),
        cmocka_unit_test(F41_who_asks_is_checked_before_what_is_asked),
        cmocka_unit_test(F22_a_ticket_id_that_is_none_never_reaches_the_store),
        cmocka_unit_test(a_ticket_that_is_not_there_is_not_found),
        cmocka_unit_test(F30_over_a_bus_a_ticket_just_listed_is_never_wrongly_not_found),
        cmocka_unit_test(F8_nobody_buys_his_own_ticket_whatever_has_become_of_it),
        cmocka_unit_test(F45_a_ticket_that_is_gone_says_how),
        cmocka_unit_test(an_event_that_has_begun_cannot_be_ordered),
        cmocka_unit_test(F6_a_buyer_pays_no_more_than_he_saw),
        cmocka_unit_test(F6_a_limit_of_nothing_is_no_limit_to_be_ignored),
        cmocka_unit_test(F1_a_ticket_with_a_live_order_is_reserved),
        cmocka_unit_test(F1_the_store_refuses_a_second_live_order_of_a_ticket),
        cmocka_unit_test(F10_a_change_that_was_overtaken_is_to_be_run_again),
        cmocka_unit_test(an_overdue_order_gives_way_to_the_next_buyer_and_not_a_moment_before),
        cmocka_unit_test(F12_an_order_being_paid_gives_way_to_nobody),
        cmocka_unit_test(F8_nobody_has_more_than_five_live_orders),
        cmocka_unit_test(F9_one_ticket_is_locked_by_one_buyer_three_times_an_hour),
        cmocka_unit_test(what_the_ticket_says_comes_before_what_the_buyer_did),
    };
    return RUN_TESTS(tests);
}
