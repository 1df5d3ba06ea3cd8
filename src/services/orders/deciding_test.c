/* The orders service as other services know it: who gets the ticket, by when, and what is told. */
#include "services/orders/orders.h"
#include "services/orders/orders_shop_test.h"
#include "tests/test.h"

static void assert_told_nothing(const struct shop *shop)
{
    assert_null(shop->told);
}

static void assert_order(struct shop *shop, uuid id, const char *member)
{
    assert_int_equal(shop_ask(shop, bob, GET, path_of(shop, id), NULL), 200);
    if (strstr(shop_body(shop), member) == NULL)
        fail_msg("no %s in %s", member, shop_body(shop));
}

static void hear_deadline(struct shop *shop, uuid order, int64_t telling)
{
    const struct order_deadline deadline = {
        .order_id = order,
        .version = telling,
        .expires_at = shop->world.now,
    };
    assert_ok(shop_hear(shop, &orders_service, EVENT_order_expired, &deadline));
}

static bool sweep(struct shop *shop)
{
    bool more = false;
    assert_ok(shop_duty(shop, &orders_service.duties[0], &more));
    return more;
}

/* ---- the decision ---- */

TEST(an_authorized_payment_gets_the_ticket_up_to_the_last_moment)
{
    struct shop shop;
    orders_open(&shop);
    uuid bobs = order_locked(&shop, bob, concert);
    assert_ok(hear_charge(&shop, bobs, NEWS_BEGUN));
    assert_told_nothing(&shop);

    world_wait(&shop.world, (duration){ minutes(15).ms - 1 });
    assert_ok(hear_charge(&shop, bobs, NEWS_AUTHORIZED));
    const struct order_state *told = shop_news(&shop, EVENT_order_updated);
    struct charge_state charge = charge_telling(bobs, NEWS_AUTHORIZED);
    assert_true(uuid_equal(told->charge_id, charge.id));
    assert_int_equal(told->status, ORDER_AWAITING_PAYMENT);
    assert_order(&shop, bobs, "\"status\":\"awaitingPayment\"");

    world_wait(&shop.world, hours(1));
    assert_ok(hear_charge(&shop, bobs, NEWS_CAPTURED));
    assert_int_equal(shop_told(&shop, EVENT_order_completed), 1);
    assert_order(&shop, bobs, "\"status\":\"completed\"");
    shop_close(&shop);
}

TEST(F11_a_payment_authorized_at_the_deadline_is_too_late)
{
    struct shop shop;
    orders_open(&shop);
    uuid bobs = order_locked(&shop, bob, concert);
    world_wait(&shop.world, minutes(15));
    assert_ok(hear_charge(&shop, bobs, NEWS_AUTHORIZED));
    assert_int_equal(shop_told(&shop, EVENT_order_updated), 0);
    const struct order_state *told = shop_news(&shop, EVENT_order_cancelled);
    assert_int_equal(told->cancel_reason, CANCEL_EXPIRED);
    assert_true(uuid_is_absent(told->charge_id));
    assert_order(&shop, bobs, "\"status\":\"cancelled\",\"cancelReason\":\"expired\"");
    shop_close(&shop);
}

TEST(F12_once_decided_neither_the_timer_nor_the_sweep_ends_an_order)
{
    struct shop shop;
    orders_open(&shop);
    uuid bobs = order_locked(&shop, bob, concert);
    assert_ok(hear_charge(&shop, bobs, NEWS_AUTHORIZED));
    world_wait(&shop.world, hours(1));
    hear_deadline(&shop, bobs, 1);
    assert_told_nothing(&shop);
    assert_false(sweep(&shop));
    assert_told_nothing(&shop);
    assert_ok(hear_charge(&shop, bobs, NEWS_CAPTURED));
    hear_deadline(&shop, bobs, 2);
    assert_told_nothing(&shop);
    assert_order(&shop, bobs, "\"status\":\"completed\"");
    shop_close(&shop);
}

TEST(F12_a_payment_authorized_after_its_order_ended_gets_nothing)
{
    struct shop shop;
    orders_open(&shop);
    uuid bobs = order_locked(&shop, bob, concert);
    cancel(&shop, bob, bobs);
    uuid carols = order_locked(&shop, carol, concert);
    assert_ok(hear_charge(&shop, bobs, NEWS_AUTHORIZED));
    assert_told_nothing(&shop);
    assert_ok(hear_charge(&shop, bobs, NEWS_CAPTURED));
    assert_told_nothing(&shop);
    assert_order(&shop, bobs, "\"cancelReason\":\"user\"");
    assert_ok(hear_charge(&shop, carols, NEWS_AUTHORIZED));
    assert_int_equal(shop_told(&shop, EVENT_order_updated), 1);
    shop_close(&shop);
}

TEST(F26_news_of_a_payment_that_come_twice_are_heard_once)
{
    struct shop shop;
    orders_open(&shop);
    uuid bobs = order_locked(&shop, bob, concert);
    struct charge_state charge = charge_telling(bobs, NEWS_AUTHORIZED);
    for (int64_t version = 1; version <= 2; version++) {
        charge.version = version; /* the inbox takes both for news */
        assert_ok(shop_hear(&shop, &orders_service, EVENT_charge_updated, &charge));
        assert_int_equal(shop_told(&shop, EVENT_order_updated), version == 1);
    }
    charge = charge_telling(bobs, NEWS_CAPTURED);
    for (int64_t version = 3; version <= 4; version++) {
        charge.version = version;
        assert_ok(shop_hear(&shop, &orders_service, EVENT_charge_updated, &charge));
        assert_int_equal(shop_told(&shop, EVENT_order_completed), version == 3);
    }
    shop_close(&shop);
}

static void assert_told(struct shop *shop, enum event_type type, int64_t version)
{
    assert_int_equal(shop_told(shop, type), 1);
    assert_int_equal(((const struct event_head *)shop_news(shop, type))->version, version);
}

TEST(F27_every_change_of_an_order_is_told_with_the_next_version)
{
    struct shop shop;
    orders_open(&shop);
    assert_int_equal(ask_for(&shop, bob, concert), 0);
    assert_told(&shop, EVENT_order_created, 0);
    uuid bobs = shop.response.wait.subject;
    lock(&shop, concert, bobs);
    assert_told(&shop, EVENT_order_updated, 1);
    assert_ok(hear_charge(&shop, bobs, NEWS_AUTHORIZED));
    assert_told(&shop, EVENT_order_updated, 2);
    assert_ok(hear_charge(&shop, bobs, NEWS_CAPTURED));
    assert_told(&shop, EVENT_order_completed, 3);
    shop_close(&shop);
}

TEST(F17_a_declined_payment_ends_its_order)
{
    struct shop shop;
    orders_open(&shop);
    uuid bobs = order_locked(&shop, bob, concert);
    assert_ok(hear_charge(&shop, bobs, NEWS_DECLINED));
    const struct order_state *told = shop_news(&shop, EVENT_order_cancelled);
    assert_int_equal(told->cancel_reason, CANCEL_PAYMENT_FAILED);
    assert_order(&shop, bobs, "\"cancelReason\":\"paymentFailed\"");
    shop_close(&shop);
}

TEST(a_payment_that_could_not_be_captured_ends_its_order)
{
    struct shop shop;
    orders_open(&shop);
    uuid bobs = order_locked(&shop, bob, concert);
    assert_ok(hear_charge(&shop, bobs, NEWS_AUTHORIZED));
    assert_ok(hear_charge(&shop, bobs, NEWS_DECLINED));
    assert_int_equal(shop_told(&shop, EVENT_order_cancelled), 1);
    shop_close(&shop);
}

TEST(a_payment_that_never_reached_the_bank_leaves_its_order)
{
    struct shop shop;
    orders_open(&shop);
    uuid bobs = order_locked(&shop, bob, concert);
    assert_ok(hear_charge(&shop, bobs, NEWS_REJECTED));
    assert_told_nothing(&shop);
    assert_order(&shop, bobs, "\"status\":\"awaitingPayment\"");
    shop_close(&shop);
}

TEST(F12_an_order_committed_to_one_payment_does_not_mind_another)
{
    struct shop shop;
    orders_open(&shop);
    uuid bobs = order_locked(&shop, bob, concert);
    struct charge_state other = charge_telling(bobs, NEWS_DECLINED);
    other.id.bytes[15] = 0x77;
    assert_ok(hear_charge(&shop, bobs, NEWS_AUTHORIZED));
    assert_ok(shop_hear(&shop, &orders_service, EVENT_charge_updated, &other));
    assert_told_nothing(&shop);
    assert_ok(hear_charge(&shop, bobs, NEWS_CAPTURED));
    assert_int_equal(shop_told(&shop, EVENT_order_completed), 1);
    shop_close(&shop);
}

TEST(F2_a_completed_order_outlives_whatever_is_heard_of_its_payment)
{
    struct shop shop;
    orders_open(&shop);
    uuid bobs = order_locked(&shop, bob, concert);
    assert_ok(hear_charge(&shop, bobs, NEWS_AUTHORIZED));
    assert_ok(hear_charge(&shop, bobs, NEWS_CAPTURED));
    assert_ok(hear_charge(&shop, bobs, NEWS_DECLINED));
    assert_told_nothing(&shop);
    assert_order(&shop, bobs, "\"status\":\"completed\"");
    shop_close(&shop);
}

/* ---- the deadline ---- */

TEST(F4_a_timer_that_goes_off_early_ends_nothing)
{
    struct shop shop;
    orders_open(&shop);
    uuid bobs = order_locked(&shop, bob, concert);
    world_wait(&shop.world, (duration){ minutes(15).ms - 1 });
    hear_deadline(&shop, bobs, 1);
    assert_told_nothing(&shop);
    world_wait(&shop.world, (duration){ 1 });
    hear_deadline(&shop, bobs, 2);
    const struct order_state *told = shop_news(&shop, EVENT_order_cancelled);
    assert_int_equal(told->cancel_reason, CANCEL_EXPIRED);
    hear_deadline(&shop, bobs, 3);
    assert_told_nothing(&shop);
    shop_close(&shop);
}

TEST(F4_the_timer_of_a_cancelled_order_ends_nothing)
{
    struct shop shop;
    orders_open(&shop);
    uuid bobs = order_locked(&shop, bob, concert);
    cancel(&shop, bob, bobs);
    world_wait(&shop.world, minutes(14));
    uuid carols = order_locked(&shop, carol, concert);
    world_wait(&shop.world, minutes(1));
    hear_deadline(&shop, bobs, 1);
    assert_told_nothing(&shop);
    assert_int_equal(shop_ask(&shop, carol, GET, path_of(&shop, carols), NULL), 200);
    assert_non_null(strstr(shop_body(&shop), "\"status\":\"awaitingPayment\""));
    shop_close(&shop);
}

TEST(F24_without_any_timer_overdue_orders_end_in_batches)
{
    enum { ORDERS = 23 };
    struct shop shop;
    orders_open(&shop);
    for (unsigned i = 0; i < ORDERS; i++) {
        struct ticket_state ticket = ticket_at(&shop, concert, 1);
        ticket.id.bytes[1] = (uint8_t)(i + 1);
        tell_ticket(&shop, &ticket);
        const uuid buyer = { { 0xBB, (uint8_t)i } };
        (void)order_locked(&shop, buyer, ticket.id);
    }
    /* The timers have half a second, so that OrderExpired is told. */
    world_wait(&shop.world, (duration){ minutes(15).ms + 499 });
    assert_false(sweep(&shop));
    assert_told_nothing(&shop);
    world_wait(&shop.world, (duration){ 1 });
    size_t ended = 0;
    for (bool more = true; more;) {
        more = sweep(&shop);
        size_t batch = shop_told(&shop, EVENT_order_cancelled);
        assert_in_range(batch, 0, EVENTS_PER_OPERATION_MAX / 4);
        ended += batch;
    }
    assert_int_equal(ended, ORDERS);
    assert_false(sweep(&shop));
    assert_told_nothing(&shop);
    shop_close(&shop);
}

TEST(the_window_is_the_operators_to_set)
{
    struct shop shop;
    orders_open(&shop);
    shop.world.settings.reservation = seconds(60);
    uuid bobs = order_locked(&shop, bob, concert);
    assert_order(&shop, bobs, "\"expiresAt\":\"2026-11-20T12:01:00.000Z\"");
    shop_close(&shop);
}

/* ---- what the tickets service tells ---- */

TEST(F29_a_lock_confirmed_after_the_orders_end_changes_nothing)
{
    struct shop shop;
    orders_open(&shop);
    assert_int_equal(ask_for(&shop, bob, concert), 0);
    uuid bobs = shop.response.wait.subject;
    cancel(&shop, bob, bobs);
    lock(&shop, concert, bobs);
    assert_told_nothing(&shop);
    assert_order(&shop, bobs, "\"status\":\"cancelled\"");
    shop_close(&shop);
}

TEST(a_lock_refused_after_it_was_confirmed_changes_nothing)
{
    struct shop shop;
    orders_open(&shop);
    uuid bobs = order_locked(&shop, bob, concert);
    refuse_lock(&shop, bobs, CANCEL_TICKET_UNAVAILABLE);
    assert_told_nothing(&shop);
    assert_order(&shop, bobs, "\"status\":\"awaitingPayment\"");
    shop_close(&shop);
}

TEST(an_order_whose_lock_is_not_confirmed_is_not_sold)
{
    struct shop shop;
    orders_open(&shop);
    assert_int_equal(ask_for(&shop, bob, concert), 0);
    uuid bobs = shop.response.wait.subject;
    assert_ok(hear_charge(&shop, bobs, NEWS_AUTHORIZED));
    assert_told_nothing(&shop);
    assert_order(&shop, bobs, "\"status\":\"created\"");
    shop_close(&shop);
}

TEST(F25_of_a_ticket_the_newest_is_known_however_it_came)
{
    struct shop shop;
    orders_open(&shop);
    struct ticket_state newest = ticket_at(&shop, concert, 9); /* 4 to 8 never came */
    newest.price.minor = 3000;
    tell_ticket(&shop, &newest);
    struct ticket_state older = ticket_at(&shop, concert, 5);
    older.price.minor = 100;
    tell_ticket(&shop, &older);
    uuid bobs = order_locked(&shop, bob, concert);
    assert_order(&shop, bobs, "\"price\":30,\"currency\"");
    assert_order(&shop, bobs, "\"price\":30,\"version\":9}");
    shop_close(&shop);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_authorized_payment_gets_the_ticket_up_to_the_last_moment),
        cmocka_unit_test(F11_a_payment_authorized_at_the_deadline_is_too_late),
        cmocka_unit_test(F12_once_decided_neither_the_timer_nor_the_sweep_ends_an_order),
        cmocka_unit_test(F12_a_payment_authorized_after_its_order_ended_gets_nothing),
        cmocka_unit_test(F26_news_of_a_payment_that_come_twice_are_heard_once),
        cmocka_unit_test(F27_every_change_of_an_order_is_told_with_the_next_version),
        cmocka_unit_test(F17_a_declined_payment_ends_its_order),
        cmocka_unit_test(a_payment_that_could_not_be_captured_ends_its_order),
        cmocka_unit_test(a_payment_that_never_reached_the_bank_leaves_its_order),
        cmocka_unit_test(F12_an_order_committed_to_one_payment_does_not_mind_another),
        cmocka_unit_test(F2_a_completed_order_outlives_whatever_is_heard_of_its_payment),
        cmocka_unit_test(F4_a_timer_that_goes_off_early_ends_nothing),
        cmocka_unit_test(F4_the_timer_of_a_cancelled_order_ends_nothing),
        cmocka_unit_test(F24_without_any_timer_overdue_orders_end_in_batches),
        cmocka_unit_test(the_window_is_the_operators_to_set),
        cmocka_unit_test(F29_a_lock_confirmed_after_the_orders_end_changes_nothing),
        cmocka_unit_test(a_lock_refused_after_it_was_confirmed_changes_nothing),
        cmocka_unit_test(an_order_whose_lock_is_not_confirmed_is_not_sold),
        cmocka_unit_test(F25_of_a_ticket_the_newest_is_known_however_it_came),
    };
    return RUN_TESTS(tests);
}
