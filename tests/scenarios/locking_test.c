/* Locking a ticket and letting it go, told across the services that are hosted together. */
#include <stdio.h>

#include "services/expiration/expiration.h"
#include "services/orders/orders.h"
#include "services/payments/payments.h"
#include "services/tickets/tickets.h"
#include "tests/support/shop.h"
#include "tests/test.h"

static const uuid alice = { { 0xA1 } };
static const uuid bob = { { 0xB0 } };
static const uuid carol = { { 0xC0 } };

static const struct service *const services[] = {
    &tickets_service, &orders_service, &expiration_service, &payments_service, NULL,
};

/* The id in the Location of the last answer, as text in the world's arena. */
static const char *made(struct shop *shop)
{
    const char *location = shop_header(shop, "Location");
    assert_true(strlen(location) > UUID_TEXT_SIZE);
    return location + strlen(location) - UUID_TEXT_SIZE;
}

static const char *list_ticket(struct shop *shop)
{
    assert_int_equal(
        shop_ask(shop, alice, POST, "/api/tickets", "{\"title\":\"Concert\",\"price\":20}"), 201);
    return made(shop);
}

static int order(struct shop *shop, uuid who, const char *ticket)
{
    char body[128];
    (void)snprintf(body, sizeof body, "{\"ticketId\":\"%s\"}", ticket);
    return shop_ask(shop, who, POST, "/api/orders", body);
}

/* Whether the thing at path/id says this of itself. */
static void assert_says(struct shop *shop, uuid who, const char *path, const char *id,
                        const char *member)
{
    char target[128];
    (void)snprintf(target, sizeof target, "%s/%s", path, id);
    assert_int_equal(shop_ask(shop, who, GET, target, NULL), 200);
    if (strstr(shop_body(shop), member) == NULL)
        fail_msg("no %s in %s", member, shop_body(shop));
}

static void assert_ticket(struct shop *shop, const char *ticket, const char *status)
{
    char member[64];
    (void)snprintf(member, sizeof member, "\"status\":\"%s\"", status);
    assert_says(shop, alice, "/api/tickets", ticket, member);
}

static size_t expire(struct shop *shop, bool *ret_more)
{
    assert_ok(shop_duty(shop, &expiration_service.duties[0], ret_more));
    return shop_told(shop, EVENT_order_cancelled);
}

TEST(F52_an_order_and_its_lock_are_one_transaction)
{
    struct shop shop;
    shop_open(&shop, services);
    const char *ticket = list_ticket(&shop);
    assert_int_equal(order(&shop, bob, ticket), 201);
    assert_non_null(strstr(shop_body(&shop), "\"status\":\"awaitingPayment\""));
    assert_int_equal(shop_told(&shop, EVENT_order_created), 1);
    assert_int_equal(shop_told(&shop, EVENT_ticket_updated), 1);
    assert_int_equal(shop_told(&shop, EVENT_order_updated), 1);
    char member[64];
    (void)snprintf(member, sizeof member, "\"orderId\":\"%s\"", made(&shop));
    assert_says(&shop, alice, "/api/tickets", ticket, member);
    assert_ticket(&shop, ticket, "reserved");
    shop_close(&shop);
}

TEST(F1_of_two_buyers_one_gets_the_ticket)
{
    struct shop shop;
    shop_open(&shop, services);
    const char *ticket = list_ticket(&shop);
    assert_int_equal(order(&shop, bob, ticket), 201);
    assert_int_equal(order(&shop, carol, ticket), 409);
    assert_non_null(strstr(shop_body(&shop), "Ticket is already reserved"));
    assert_null(shop.told);
    shop_close(&shop);
}

TEST(an_order_that_nobody_pays_for_ends_with_its_15_minutes)
{
    struct shop shop;
    shop_open(&shop, services);
    bool more;
    const char *ticket = list_ticket(&shop);
    assert_int_equal(order(&shop, bob, ticket), 201);
    const char *bobs = made(&shop);

    world_wait(&shop.world, (duration){ minutes(15).ms - 1 });
    assert_int_equal(expire(&shop, &more), 0);
    assert_ticket(&shop, ticket, "reserved");

    world_wait(&shop.world, (duration){ 1 });
    assert_int_equal(expire(&shop, &more), 1);
    assert_int_equal(shop_told(&shop, EVENT_ticket_updated), 1);
    assert_ticket(&shop, ticket, "available");
    assert_says(&shop, bob, "/api/orders", bobs, "\"cancelReason\":\"expired\"");

    /* It has ended: nobody is told again. */
    world_wait(&shop.world, minutes(10));
    assert_int_equal(expire(&shop, &more), 0);
    assert_int_equal(shop_told(&shop, EVENT_order_expired), 0);
    shop_close(&shop);
}

TEST(F4_the_timer_of_a_cancelled_order_leaves_the_next_buyers_lock)
{
    struct shop shop;
    shop_open(&shop, services);
    bool more;
    const char *ticket = list_ticket(&shop);
    assert_int_equal(order(&shop, bob, ticket), 201);
    char path[80];
    (void)snprintf(path, sizeof path, "/api/orders/%s", made(&shop));
    world_wait(&shop.world, minutes(10));
    assert_int_equal(shop_ask(&shop, bob, DELETE, path, NULL), 204);
    assert_ticket(&shop, ticket, "available");
    assert_int_equal(order(&shop, carol, ticket), 201);

    world_wait(&shop.world, minutes(10));
    assert_int_equal(expire(&shop, &more), 0);
    assert_int_equal(shop_ask(&shop, bob, DELETE, path, NULL), 204);
    assert_null(shop.told);
    assert_ticket(&shop, ticket, "reserved");
    shop_close(&shop);
}

/* As after a night in which the program did not run. */
TEST(F24_many_orders_expire_one_batch_after_the_other)
{
    enum { ORDERS = 60 };
    struct shop shop;
    shop_open(&shop, services);
    for (unsigned i = 0; i < ORDERS; i++) {
        const uuid buyer = { { 0xBB, (uint8_t)i } };
        const char *ticket = list_ticket(&shop);
        assert_int_equal(order(&shop, buyer, ticket), 201);
    }
    world_wait(&shop.world, hours(8));
    size_t ended = 0;
    for (bool more = true; more;)
        ended += expire(&shop, &more);
    assert_int_equal(ended, ORDERS);
    assert_int_equal(shop_ask(&shop, alice, GET, "/api/tickets?status=reserved", NULL), 200);
    assert_string_equal(shop_body(&shop), "[]");
    shop_close(&shop);
}

TEST(F5_a_seller_cannot_edit_what_is_locked_and_a_buyer_sees_the_price_agreed)
{
    struct shop shop;
    shop_open(&shop, services);
    const char *ticket = list_ticket(&shop);
    char path[80];
    (void)snprintf(path, sizeof path, "/api/tickets/%s", ticket);
    const char *dearer = "{\"title\":\"Concert\",\"price\":25}";
    assert_int_equal(order(&shop, bob, ticket), 201);
    const char *bobs = made(&shop);
    assert_int_equal(shop_ask(&shop, alice, PUT, path, dearer), 409);

    world_wait(&shop.world, minutes(15));
    bool more;
    assert_int_equal(expire(&shop, &more), 1);
    assert_int_equal(shop_ask(&shop, alice, PUT, path, dearer), 200);
    assert_says(&shop, bob, "/api/orders", bobs, "\"price\":20,");
    char body[128];
    (void)snprintf(body, sizeof body, "{\"ticketId\":\"%s\",\"maxPrice\":20}", ticket);
    assert_int_equal(shop_ask(&shop, carol, POST, "/api/orders", body), 409);
    assert_non_null(strstr(shop_body(&shop), "The price is now 25"));
    shop_close(&shop);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(F52_an_order_and_its_lock_are_one_transaction),
        cmocka_unit_test(F1_of_two_buyers_one_gets_the_ticket),
        cmocka_unit_test(an_order_that_nobody_pays_for_ends_with_its_15_minutes),
        cmocka_unit_test(F4_the_timer_of_a_cancelled_order_leaves_the_next_buyers_lock),
        cmocka_unit_test(F24_many_orders_expire_one_batch_after_the_other),
        cmocka_unit_test(F5_a_seller_cannot_edit_what_is_locked_and_a_buyer_sees_the_price_agreed),
    };
    return RUN_TESTS(tests);
}
