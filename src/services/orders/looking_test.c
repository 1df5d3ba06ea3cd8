/* The orders service as buyers ask it about their orders, and let them go. */
#include "services/orders/orders_shop_test.h"
#include "tests/test.h"

/* ---- looking ---- */

TEST(F42_an_order_is_shown_to_its_buyer_alone)
{
    struct shop shop;
    orders_open(&shop);
    const char *path = path_of(&shop, order_locked(&shop, bob, concert));
    assert_int_equal(shop_ask(&shop, bob, GET, path, NULL), 200);
    static const char *const refused = "{\"errors\":[{\"message\":\"Not allowed\"}]}";
    assert_refused(&shop, carol, GET, path, NULL, 403, refused);
    assert_refused(&shop, alice, GET, path, NULL, 403, refused);
    assert_refused(&shop, carol, DELETE, path, NULL, 403, refused);
    static const char *const absent = "{\"errors\":[{\"message\":\"Not found\"}]}";
    assert_refused(&shop, bob, GET, "/api/orders/7", NULL, 404, absent);
    assert_refused(&shop, bob, GET, path_of(&shop, stranger), NULL, 404, absent);
    assert_refused(&shop, bob, DELETE, "/api/orders/7", NULL, 404, absent);
    assert_refused(&shop, bob, DELETE, path_of(&shop, stranger), NULL, 404, absent);
    shop_close(&shop);
}

TEST(F7_an_order_keeps_what_was_agreed)
{
    struct shop shop;
    orders_open(&shop);
    uuid bobs = order_locked(&shop, bob, concert);
    struct ticket_state ticket = ticket_at(&shop, concert, 9);
    ticket.price.minor = 9900;
    ticket.title = S("Another");
    tell_ticket(&shop, &ticket);
    assert_int_equal(shop_ask(&shop, bob, GET, path_of(&shop, bobs), NULL), 200);
    assert_non_null(strstr(shop_body(&shop), "\"price\":20.05,\"currency\""));
    assert_non_null(strstr(shop_body(&shop), "\"title\":\"Concert\",\"price\":20.05,"));
    shop_close(&shop);
}

/* The target of Link: <…>; rel="next", or "". */
static const char *next_page(struct shop *shop)
{
    str rest;
    str link = str_cut(response_header(&shop->response, "Link"), '>', &rest);
    return link.size == 0
               ? ""
               : str_terminated(&shop->world.arena, (str){ link.data + 1, link.size - 1 });
}

static size_t count_of(const char *text, const char *word)
{
    size_t count = 0;
    for (const char *at = strstr(text, word); at != NULL; at = strstr(at + 1, word))
        count++;
    return count;
}

TEST(F43_orders_are_listed_newest_first_page_by_page_and_to_their_buyer)
{
    struct shop shop;
    orders_open(&shop);
    assert_int_equal(shop_ask(&shop, bob, GET, "/api/orders", NULL), 200);
    assert_string_equal(shop_body(&shop), "[]");
    uuid mine[5];
    for (unsigned i = 0; i < 5; i++) {
        mine[i] = order_locked(&shop, bob, another_ticket(&shop, i + 1));
        world_wait(&shop.world, seconds(1));
    }
    (void)order_locked(&shop, carol, concert);

    const char *target = "/api/orders?limit=2";
    for (unsigned page = 0; page < 3; page++) {
        assert_int_equal(shop_ask(&shop, bob, GET, target, NULL), 200);
        const char *body = shop_body(&shop);
        assert_int_equal(count_of(body, "\"expiresAt\""), page < 2 ? 2 : 1);
        const char *newer = strstr(body, text_of(&shop, mine[4 - 2 * page]));
        assert_non_null(newer);
        if (page < 2)
            assert_non_null(strstr(newer, text_of(&shop, mine[3 - 2 * page])));
        target = next_page(&shop);
        assert_int_equal(*target != '\0', page < 2);
    }
    shop_close(&shop);
}

TEST(F43_a_page_that_cannot_be_is_refused)
{
    struct shop shop;
    orders_open(&shop);
    static const char *const targets[] = {
        "/api/orders?limit=0",     "/api/orders?limit=101", "/api/orders?limit=many",
        "/api/orders?cursor=AAAA", "/api/orders?limit=-1",
    };
    for (size_t i = 0; i < sizeof targets / sizeof targets[0]; i++)
        assert_int_equal(shop_ask(&shop, bob, GET, targets[i], NULL), 400);
    shop_close(&shop);
}

/* ---- letting go ---- */

TEST(F3_cancelling_twice_is_fine_and_tells_nothing_the_second_time)
{
    struct shop shop;
    orders_open(&shop);
    uuid bobs = order_locked(&shop, bob, concert);
    cancel(&shop, bob, bobs);
    const struct order_state *told = shop_news(&shop, EVENT_order_cancelled);
    assert_int_equal(told->cancel_reason, CANCEL_USER);
    assert_int_equal(told->version, 2);
    assert_int_equal(shop.response.body.size, 0);
    assert_int_equal(shop_ask(&shop, bob, DELETE, path_of(&shop, bobs), NULL), 204);
    assert_null(shop.told);
    shop_close(&shop);
}

TEST(F2_what_is_paid_or_being_paid_is_not_cancelled)
{
    struct shop shop;
    orders_open(&shop);
    uuid bobs = order_locked(&shop, bob, concert);
    assert_ok(hear_charge(&shop, bobs, NEWS_AUTHORIZED));
    assert_refused(&shop, bob, DELETE, path_of(&shop, bobs), NULL, 409,
                   "{\"errors\":[{\"message\":\"The order is being paid\"}]}");
    assert_ok(hear_charge(&shop, bobs, NEWS_CAPTURED));
    assert_refused(&shop, bob, DELETE, path_of(&shop, bobs), NULL, 409,
                   "{\"errors\":[{\"message\":\"A completed order cannot be cancelled\"}]}");
    shop_close(&shop);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(F42_an_order_is_shown_to_its_buyer_alone),
        cmocka_unit_test(F7_an_order_keeps_what_was_agreed),
        cmocka_unit_test(F43_orders_are_listed_newest_first_page_by_page_and_to_their_buyer),
        cmocka_unit_test(F43_a_page_that_cannot_be_is_refused),
        cmocka_unit_test(F3_cancelling_twice_is_fine_and_tells_nothing_the_second_time),
        cmocka_unit_test(F2_what_is_paid_or_being_paid_is_not_cancelled),
    };
    return RUN_TESTS(tests);
}
