/* Who gets a ticket: what the service does when it hears of orders, late, twice or out of order. */
#include "base/json.h"
#include "services/tickets/ticket.h"
#include "services/tickets/tickets.h"
#include "tests/support/shop.h"
#include "tests/test.h"

static const uuid alice = { { 0xA1 } };
static const uuid bob = { { 0xB0 } };
static const uuid bobs_order = { { 0xB1 } };
static const uuid carols_order = { { 0xC1 } };

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

static const char *path_of(struct shop *shop, uuid id)
{
    struct buf path = buf_in(&shop->world.arena, 64);
    buf_add(&path, S("/api/tickets/"));
    buf_add(&path, uuid_text(&shop->world.arena, id));
    buf_add_char(&path, '\0');
    return path.data;
}

static struct ticket stored(struct shop *shop, uuid id)
{
    assert_int_equal(shop_ask(shop, alice, GET, path_of(shop, id), NULL), 200);
    return answered(shop);
}

static struct order_state order_for(const struct shop *shop, uuid id, const struct ticket *ticket)
{
    return (struct order_state){
        .id = id,
        .user_id = bob,
        .seller_id = alice,
        .price = ticket->price,
        .currency = S("usd"),
        .expires_at = instant_after(shop->world.now, minutes(15)),
        .ticket = { ticket->id, ticket->title, ticket->price, ticket->version },
    };
}

static err hear_created(struct shop *shop, const struct order_state *order)
{
    return shop_hear(shop, &tickets_service, EVENT_order_created, order);
}

/* The order moves on, and says so. */
static err hear_completed(struct shop *shop, struct order_state *order)
{
    order->version++;
    order->status = ORDER_COMPLETED;
    return shop_hear(shop, &tickets_service, EVENT_order_completed, order);
}

static err hear_cancelled(struct shop *shop, struct order_state *order, enum cancel_reason reason)
{
    order->version++;
    order->status = ORDER_CANCELLED;
    order->cancel_reason = reason;
    return shop_hear(shop, &tickets_service, EVENT_order_cancelled, order);
}

/* A shop with a ticket of alice's for 20, and bob's order for it; nobody has heard of that yet. */
struct sale {
    struct shop shop;
    struct ticket ticket;
    struct order_state order;
};

static void sale_open(struct sale *sale, bool bus)
{
    shop_open(&sale->shop, services);
    sale->shop.world.settings.bus = bus;
    sale->ticket = list_one(&sale->shop, "{\"title\":\"Concert\",\"price\":20}");
    sale->order = order_for(&sale->shop, bobs_order, &sale->ticket);
}

static void sale_close(struct sale *sale)
{
    shop_close(&sale->shop);
}

static void assert_ticket(struct sale *sale, enum ticket_status status, uuid order_id,
                          int64_t version)
{
    struct ticket ticket = stored(&sale->shop, sale->ticket.id);
    assert_int_equal(ticket.status, status);
    assert_true(uuid_equal(ticket.order_id, order_id));
    assert_int_equal(ticket.version, version);
}

static void assert_told_nothing(const struct sale *sale)
{
    assert_null(sale->shop.told);
}

static void assert_refused(const struct sale *sale, enum cancel_reason reason, int64_t price)
{
    assert_int_equal(shop_told(&sale->shop, EVENT_reservation_refused), 1);
    assert_int_equal(shop_told(&sale->shop, EVENT_ticket_updated), 0);
    const struct reservation_refusal *told = shop_news(&sale->shop, EVENT_reservation_refused);
    assert_true(uuid_equal(told->order_id, sale->order.id));
    assert_true(uuid_equal(told->ticket_id, sale->order.ticket.id));
    assert_int_equal(told->reason, reason);
    assert_int_equal(told->price.minor, price);
}

static const uuid nobody = { { 0 } };

/* ---- locking ---- */

TEST(an_order_gets_its_ticket_and_that_is_told_in_full)
{
    struct sale sale;
    sale_open(&sale, false);
    assert_ok(hear_created(&sale.shop, &sale.order));

    assert_int_equal(shop_told(&sale.shop, EVENT_ticket_updated), 1);
    const struct ticket_state *told = shop_news(&sale.shop, EVENT_ticket_updated);
    assert_int_equal(told->status, TICKET_RESERVED);
    assert_true(uuid_equal(told->order_id, bobs_order));
    assert_int_equal(told->version, 1);
    assert_true(str_is(told->title, "Concert"));
    assert_int_equal(told->price.minor, 2000);
    assert_ticket(&sale, TICKET_RESERVED, bobs_order, 1);
    sale_close(&sale);
}

TEST(F26_an_order_that_has_its_ticket_asks_in_vain_for_it_again)
{
    struct sale sale;
    sale_open(&sale, false);
    assert_ok(hear_created(&sale.shop, &sale.order));
    assert_ok(hear_created(&sale.shop, &sale.order));
    assert_told_nothing(&sale);
    /* Even if the inbox were lost, or the event told anew. */
    sale.order.version = 5;
    assert_ok(hear_created(&sale.shop, &sale.order));
    assert_told_nothing(&sale);
    assert_ticket(&sale, TICKET_RESERVED, bobs_order, 1);
    sale_close(&sale);
}

TEST(F5_an_order_at_another_price_than_todays_is_refused)
{
    struct sale sale;
    sale_open(&sale, true);
    assert_int_equal(shop_ask(&sale.shop, alice, PUT, path_of(&sale.shop, sale.ticket.id),
                              "{\"title\":\"Concert\",\"price\":25}"),
                     200);
    assert_ok(hear_created(&sale.shop, &sale.order));
    assert_refused(&sale, CANCEL_PRICE_CHANGED, 2500);
    assert_ticket(&sale, TICKET_AVAILABLE, nobody, 1);
    sale_close(&sale);
}

TEST(an_edit_that_keeps_the_price_keeps_the_order)
{
    struct sale sale;
    sale_open(&sale, true);
    assert_int_equal(shop_ask(&sale.shop, alice, PUT, path_of(&sale.shop, sale.ticket.id),
                              "{\"title\":\"Concert!\",\"price\":20}"),
                     200);
    assert_ok(hear_created(&sale.shop, &sale.order));
    assert_ticket(&sale, TICKET_RESERVED, bobs_order, 2);
    sale_close(&sale);
}

TEST(an_order_for_a_withdrawn_ticket_is_refused)
{
    struct sale sale;
    sale_open(&sale, true);
    assert_int_equal(shop_ask(&sale.shop, alice, DELETE, path_of(&sale.shop, sale.ticket.id), NULL),
                     204);
    assert_ok(hear_created(&sale.shop, &sale.order));
    assert_refused(&sale, CANCEL_TICKET_UNAVAILABLE, 2000);
    assert_ticket(&sale, TICKET_WITHDRAWN, nobody, 1);
    sale_close(&sale);
}

TEST(an_order_for_a_ticket_that_never_was_is_refused)
{
    struct sale sale;
    sale_open(&sale, true);
    sale.order.ticket.id = bob;
    assert_ok(hear_created(&sale.shop, &sale.order));
    assert_refused(&sale, CANCEL_TICKET_UNAVAILABLE, 0);
    assert_ok(hear_cancelled(&sale.shop, &sale.order, CANCEL_TICKET_UNAVAILABLE));
    sale_close(&sale);
}

TEST(an_order_for_an_event_that_has_begun_is_refused)
{
    struct sale sale;
    sale_open(&sale, true);
    sale.ticket = list_one(
        &sale.shop, "{\"title\":\"Soon\",\"price\":20,\"startsAt\":\"2026-11-20T12:01:00.000Z\"}");
    sale.order = order_for(&sale.shop, bobs_order, &sale.ticket);
    world_wait(&sale.shop.world, minutes(1));
    assert_ok(hear_created(&sale.shop, &sale.order));
    assert_refused(&sale, CANCEL_TICKET_UNAVAILABLE, 2000);
    assert_ticket(&sale, TICKET_AVAILABLE, nobody, 0);
    sale_close(&sale);
}

TEST(F29_an_order_whose_time_is_up_locks_nothing)
{
    struct sale sale;
    sale_open(&sale, true);
    world_wait(&sale.shop.world, minutes(15));
    assert_ok(hear_created(&sale.shop, &sale.order));
    assert_refused(&sale, CANCEL_TICKET_UNAVAILABLE, 2000);
    assert_ticket(&sale, TICKET_AVAILABLE, nobody, 0);
    sale_close(&sale);
}

TEST(an_order_gets_its_ticket_in_the_last_moment_of_its_time)
{
    struct sale sale;
    sale_open(&sale, true);
    world_wait(&sale.shop.world, (duration){ minutes(15).ms - 1 });
    assert_ok(hear_created(&sale.shop, &sale.order));
    assert_ticket(&sale, TICKET_RESERVED, bobs_order, 1);
    sale_close(&sale);
}

TEST(over_a_bus_an_order_waits_for_word_of_the_end_of_the_one_before)
{
    struct sale sale;
    sale_open(&sale, true);
    struct order_state carols = order_for(&sale.shop, carols_order, &sale.ticket);
    assert_ok(hear_created(&sale.shop, &sale.order));

    assert_status(hear_created(&sale.shop, &carols), STATUS_NOT_YET);
    assert_ticket(&sale, TICKET_RESERVED, bobs_order, 1);
    assert_ok(hear_cancelled(&sale.shop, &sale.order, CANCEL_USER));
    assert_ok(hear_created(&sale.shop, &carols));
    assert_ticket(&sale, TICKET_RESERVED, carols_order, 3);
    sale_close(&sale);
}

TEST(over_a_bus_an_order_does_not_wait_beyond_its_own_time)
{
    struct sale sale;
    sale_open(&sale, true);
    struct order_state carols = order_for(&sale.shop, carols_order, &sale.ticket);
    assert_ok(hear_created(&sale.shop, &sale.order));
    world_wait(&sale.shop.world, minutes(15));
    assert_ok(hear_created(&sale.shop, &carols));
    assert_int_equal(shop_told(&sale.shop, EVENT_reservation_refused), 1);
    assert_ticket(&sale, TICKET_RESERVED, bobs_order, 1);
    sale_close(&sale);
}

TEST(F1_hosted_together_a_second_order_is_refused_at_once)
{
    struct sale sale;
    sale_open(&sale, false);
    assert_ok(hear_created(&sale.shop, &sale.order));
    sale.order = order_for(&sale.shop, carols_order, &sale.ticket);
    assert_ok(hear_created(&sale.shop, &sale.order));
    assert_refused(&sale, CANCEL_TICKET_UNAVAILABLE, 2000);
    assert_ticket(&sale, TICKET_RESERVED, bobs_order, 1);
    sale_close(&sale);
}

/* ---- letting go ---- */

TEST(a_cancelled_order_gives_its_ticket_back)
{
    struct sale sale;
    sale_open(&sale, false);
    assert_ok(hear_created(&sale.shop, &sale.order));
    assert_ok(hear_cancelled(&sale.shop, &sale.order, CANCEL_EXPIRED));
    const struct ticket_state *told = shop_news(&sale.shop, EVENT_ticket_updated);
    assert_int_equal(told->status, TICKET_AVAILABLE);
    assert_true(uuid_is_absent(told->order_id));
    assert_int_equal(told->version, 2);
    assert_ticket(&sale, TICKET_AVAILABLE, nobody, 2);
    sale_close(&sale);
}

TEST(F3_cancelling_an_old_order_again_leaves_the_next_ones_lock)
{
    struct sale sale;
    sale_open(&sale, false);
    struct order_state carols = order_for(&sale.shop, carols_order, &sale.ticket);
    assert_ok(hear_created(&sale.shop, &sale.order));
    assert_ok(hear_cancelled(&sale.shop, &sale.order, CANCEL_USER));
    assert_ok(hear_created(&sale.shop, &carols));

    assert_ok(hear_cancelled(&sale.shop, &sale.order, CANCEL_USER));
    assert_told_nothing(&sale);
    assert_ticket(&sale, TICKET_RESERVED, carols_order, 3);
    sale_close(&sale);
}

TEST(F4_the_timer_of_an_old_order_leaves_the_next_ones_lock)
{
    struct sale sale;
    sale_open(&sale, false);
    struct order_state carols = order_for(&sale.shop, carols_order, &sale.ticket);
    assert_ok(hear_created(&sale.shop, &sale.order));
    assert_ok(hear_cancelled(&sale.shop, &sale.order, CANCEL_EXPIRED));
    assert_ok(hear_created(&sale.shop, &carols));
    assert_ok(hear_completed(&sale.shop, &carols));

    assert_ok(hear_cancelled(&sale.shop, &sale.order, CANCEL_EXPIRED));
    assert_ok(hear_cancelled(&sale.shop, &sale.order, CANCEL_REFUNDED));
    assert_told_nothing(&sale);
    assert_ticket(&sale, TICKET_SOLD, carols_order, 4);
    sale_close(&sale);
}

TEST(F29_an_order_heard_of_after_its_end_locks_nothing)
{
    struct sale sale;
    sale_open(&sale, true);
    struct order_state cancelled = sale.order;
    assert_ok(hear_cancelled(&sale.shop, &cancelled, CANCEL_USER));
    assert_told_nothing(&sale);
    assert_ok(hear_created(&sale.shop, &sale.order));
    assert_told_nothing(&sale);
    assert_ticket(&sale, TICKET_AVAILABLE, nobody, 0);
    sale_close(&sale);
}

/* ---- selling ---- */

TEST(a_paid_order_has_bought_its_ticket)
{
    struct sale sale;
    sale_open(&sale, false);
    assert_ok(hear_created(&sale.shop, &sale.order));
    assert_ok(hear_completed(&sale.shop, &sale.order));
    const struct ticket_state *told = shop_news(&sale.shop, EVENT_ticket_updated);
    assert_int_equal(told->status, TICKET_SOLD);
    assert_true(uuid_equal(told->order_id, bobs_order));
    assert_ok(hear_completed(&sale.shop, &sale.order));
    assert_told_nothing(&sale);
    assert_ticket(&sale, TICKET_SOLD, bobs_order, 2);
    sale_close(&sale);
}

TEST(F2_a_paid_order_that_is_cancelled_without_a_refund_is_set_aside)
{
    struct sale sale;
    sale_open(&sale, false);
    assert_ok(hear_created(&sale.shop, &sale.order));
    assert_ok(hear_completed(&sale.shop, &sale.order));
    assert_status(hear_cancelled(&sale.shop, &sale.order, CANCEL_USER), STATUS_CONFLICT);
    assert_ticket(&sale, TICKET_SOLD, bobs_order, 2);
    sale_close(&sale);
}

TEST(a_sale_to_an_order_that_has_not_the_ticket_is_set_aside)
{
    struct sale sale;
    sale_open(&sale, true);
    struct order_state carols = order_for(&sale.shop, carols_order, &sale.ticket);
    assert_status(hear_completed(&sale.shop, &carols), STATUS_CONFLICT);
    assert_ok(hear_created(&sale.shop, &sale.order));
    assert_status(hear_completed(&sale.shop, &carols), STATUS_CONFLICT);
    assert_ticket(&sale, TICKET_RESERVED, bobs_order, 1);
    sale_close(&sale);
}

TEST(F18_a_refunded_ticket_is_withdrawn_and_its_seller_may_not_sell_it_again)
{
    struct sale sale;
    sale_open(&sale, false);
    assert_ok(hear_created(&sale.shop, &sale.order));
    assert_ok(hear_completed(&sale.shop, &sale.order));
    assert_ok(hear_cancelled(&sale.shop, &sale.order, CANCEL_REFUNDED));
    const struct ticket_state *told = shop_news(&sale.shop, EVENT_ticket_updated);
    assert_int_equal(told->status, TICKET_WITHDRAWN);
    assert_ticket(&sale, TICKET_WITHDRAWN, nobody, 3);
    assert_ok(hear_cancelled(&sale.shop, &sale.order, CANCEL_REFUNDED));
    assert_told_nothing(&sale);
    sale_close(&sale);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_order_gets_its_ticket_and_that_is_told_in_full),
        cmocka_unit_test(F26_an_order_that_has_its_ticket_asks_in_vain_for_it_again),
        cmocka_unit_test(F5_an_order_at_another_price_than_todays_is_refused),
        cmocka_unit_test(an_edit_that_keeps_the_price_keeps_the_order),
        cmocka_unit_test(an_order_for_a_withdrawn_ticket_is_refused),
        cmocka_unit_test(an_order_for_a_ticket_that_never_was_is_refused),
        cmocka_unit_test(an_order_for_an_event_that_has_begun_is_refused),
        cmocka_unit_test(F29_an_order_whose_time_is_up_locks_nothing),
        cmocka_unit_test(an_order_gets_its_ticket_in_the_last_moment_of_its_time),
        cmocka_unit_test(over_a_bus_an_order_waits_for_word_of_the_end_of_the_one_before),
        cmocka_unit_test(over_a_bus_an_order_does_not_wait_beyond_its_own_time),
        cmocka_unit_test(F1_hosted_together_a_second_order_is_refused_at_once),
        cmocka_unit_test(a_cancelled_order_gives_its_ticket_back),
        cmocka_unit_test(F3_cancelling_an_old_order_again_leaves_the_next_ones_lock),
        cmocka_unit_test(F4_the_timer_of_an_old_order_leaves_the_next_ones_lock),
        cmocka_unit_test(F29_an_order_heard_of_after_its_end_locks_nothing),
        cmocka_unit_test(a_paid_order_has_bought_its_ticket),
        cmocka_unit_test(F2_a_paid_order_that_is_cancelled_without_a_refund_is_set_aside),
        cmocka_unit_test(a_sale_to_an_order_that_has_not_the_ticket_is_set_aside),
        cmocka_unit_test(F18_a_refunded_ticket_is_withdrawn_and_its_seller_may_not_sell_it_again),
    };
    return RUN_TESTS(tests);
}
