/* Timers: told of in time, again until the order has ended, and never of one that has. */
#include "services/expiration/expiration.h"

#include "tests/support/shop.h"
#include "tests/test.h"

static const struct service *const services[] = { &expiration_service, NULL };

static struct order_state order_numbered(const struct shop *shop, unsigned number)
{
    return (struct order_state){
        .id = { { 0x0D, (uint8_t)(number >> 8), (uint8_t)number } },
        .currency = S("usd"),
        .expires_at = instant_after(shop->world.now, minutes(15)),
    };
}

static void start(struct shop *shop, const struct order_state *order)
{
    assert_ok(shop_hear(shop, &expiration_service, EVENT_order_created, order));
}

static void end(struct shop *shop, struct order_state *order, enum event_type type)
{
    order->version++;
    assert_ok(shop_hear(shop, &expiration_service, type, order));
}

/* Runs the duty once; returns how many orders it told of. */
static size_t told_now(struct shop *shop, bool *ret_more)
{
    *ret_more = false;
    assert_ok(shop_duty(shop, &expiration_service.duties[0], ret_more));
    return shop_told(shop, EVENT_order_expired);
}

static size_t told(struct shop *shop)
{
    bool more;
    size_t count = told_now(shop, &more);
    assert_false(more);
    return count;
}

TEST(an_order_is_told_of_when_its_time_is_up_and_not_a_moment_before)
{
    struct shop shop;
    shop_open(&shop, services);
    struct order_state order = order_numbered(&shop, 1);
    start(&shop, &order);

    world_wait(&shop.world, (duration){ minutes(15).ms - 1 });
    assert_int_equal(told(&shop), 0);
    world_wait(&shop.world, (duration){ 1 });
    assert_int_equal(told(&shop), 1);
    const struct order_deadline *deadline = shop_news(&shop, EVENT_order_expired);
    assert_true(uuid_equal(deadline->order_id, order.id));
    assert_int_equal(deadline->expires_at.ms, order.expires_at.ms);
    assert_int_equal(deadline->version, 1);
    shop_close(&shop);
}

TEST(F24_an_order_is_told_of_again_until_it_has_ended)
{
    struct shop shop;
    shop_open(&shop, services);
    struct order_state order = order_numbered(&shop, 1);
    start(&shop, &order);
    world_wait(&shop.world, minutes(15));

    for (int64_t telling = 1; telling <= 5; telling++) {
        assert_int_equal(told(&shop), 1);
        assert_int_equal(
            ((const struct order_deadline *)shop_news(&shop, EVENT_order_expired))->version,
            telling);
        assert_int_equal(told(&shop), 0);
        world_wait(&shop.world, (duration){ seconds(30).ms - 1 });
        assert_int_equal(told(&shop), 0);
        world_wait(&shop.world, (duration){ 1 });
    }
    end(&shop, &order, EVENT_order_cancelled);
    assert_int_equal(told(&shop), 0);
    shop_close(&shop);
}

TEST(F4_an_order_that_has_ended_is_never_told_of)
{
    static const enum event_type ends[] = { EVENT_order_completed, EVENT_order_cancelled };
    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
        struct shop shop;
        shop_open(&shop, services);
        struct order_state ended = order_numbered(&shop, 1);
        struct order_state live = order_numbered(&shop, 2);
        start(&shop, &ended);
        start(&shop, &live);
        end(&shop, &ended, ends[i]);
        world_wait(&shop.world, hours(1));
        assert_int_equal(told(&shop), 1);
        const struct order_deadline *deadline = shop_news(&shop, EVENT_order_expired);
        assert_true(uuid_equal(deadline->order_id, live.id));
        shop_close(&shop);
    }
}

TEST(F29_an_order_heard_of_after_its_end_gets_no_timer)
{
    struct shop shop;
    shop_open(&shop, services);
    shop.world.settings.bus = true;
    struct order_state order = order_numbered(&shop, 1);
    struct order_state cancelled = order;
    end(&shop, &cancelled, EVENT_order_cancelled);
    start(&shop, &order);
    world_wait(&shop.world, hours(1));
    assert_int_equal(told(&shop), 0);
    shop_close(&shop);
}

TEST(an_order_heard_of_twice_has_one_timer_and_keeps_its_time)
{
    struct shop shop;
    shop_open(&shop, services);
    struct order_state order = order_numbered(&shop, 1);
    start(&shop, &order);
    /* Even if the inbox took it for news. */
    order.version++;
    order.expires_at = instant_after(order.expires_at, hours(1));
    start(&shop, &order);
    world_wait(&shop.world, minutes(15));
    assert_int_equal(told(&shop), 1);
    shop_close(&shop);
}

/* As when the program was down for a while.  Told together over one database, each expiry makes
 * other services tell of it too, so one operation must leave them room. */
TEST(many_due_orders_are_told_of_in_batches_without_a_pause)
{
    enum { ORDERS = 100 };
    struct shop shop;
    shop_open(&shop, services);
    for (unsigned i = 0; i < ORDERS; i++) {
        struct order_state order = order_numbered(&shop, i);
        start(&shop, &order);
    }
    world_wait(&shop.world, hours(1));
    size_t count = 0;
    for (bool more = true; more;) {
        size_t batch = told_now(&shop, &more);
        assert_in_range(batch, 0, EVENTS_PER_OPERATION_MAX / 4);
        assert_true(batch > 0 || !more);
        count += batch;
    }
    assert_int_equal(count, ORDERS);
    assert_int_equal(told(&shop), 0);
    shop_close(&shop);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_order_is_told_of_when_its_time_is_up_and_not_a_moment_before),
        cmocka_unit_test(F24_an_order_is_told_of_again_until_it_has_ended),
        cmocka_unit_test(F4_an_order_that_has_ended_is_never_told_of),
        cmocka_unit_test(F29_an_order_heard_of_after_its_end_gets_no_timer),
        cmocka_unit_test(an_order_heard_of_twice_has_one_timer_and_keeps_its_time),
        cmocka_unit_test(many_due_orders_are_told_of_in_batches_without_a_pause),
    };
    return RUN_TESTS(tests);
}
