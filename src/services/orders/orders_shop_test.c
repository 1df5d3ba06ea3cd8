#include <stdio.h>

#include "services/orders/orders.h"
#include "services/orders/orders_shop_test.h"
#include "services/orders/store.h"
#include "tests/test.h"

const uuid alice = { { 0xA1 } };
const uuid bob = { { 0xB0 } };
const uuid carol = { { 0xC0 } };
const uuid nobody = { { 0 } };
const uuid concert = { { 0x0C } };
const uuid stranger = { { 0x57 } };

static const struct service *const services[] = { &orders_service, NULL };

void orders_open(struct shop *shop)
{
    shop_open(shop, services);
    struct ticket_state ticket = ticket_at(shop, concert, 3);
    tell_ticket(shop, &ticket);
}

const char *text_of(struct shop *shop, uuid id)
{
    return str_terminated(&shop->world.arena, uuid_text(&shop->world.arena, id));
}

const char *path_of(struct shop *shop, uuid id)
{
    struct buf path = buf_in(&shop->world.arena, 64);
    buf_addf(&path, "/api/orders/%s", text_of(shop, id));
    return str_terminated(&shop->world.arena, buf_str(&path));
}

int ask_for(struct shop *shop, uuid who, uuid ticket)
{
    char body[64];
    (void)snprintf(body, sizeof body, "{\"ticketId\":\"%s\"}", text_of(shop, ticket));
    return shop_ask(shop, who, POST, "/api/orders", body);
}

uuid order_locked(struct shop *shop, uuid who, uuid ticket)
{
    assert_int_equal(ask_for(shop, who, ticket), 0);
    uuid order = shop->response.wait.subject;
    lock(shop, ticket, order);
    assert_int_equal(shop_told(shop, EVENT_order_updated), 1);
    return order;
}

void cancel(struct shop *shop, uuid who, uuid order)
{
    assert_int_equal(shop_ask(shop, who, DELETE, path_of(shop, order), NULL), 204);
    assert_int_equal(shop_told(shop, EVENT_order_cancelled), 1);
}

void assert_refused(struct shop *shop, uuid who, enum method method, const char *target,
                    const char *body, int status, const char *errors)
{
    assert_int_equal(shop_ask(shop, who, method, target, body), status);
    assert_string_equal(shop_body(shop), errors);
    assert_null(shop->told);
}

struct ticket_state ticket_at(const struct shop *shop, uuid id, int64_t version)
{
    return (struct ticket_state){
        .id = id,
        .version = version,
        .user_id = alice,
        .title = S("Concert"),
        .description = S(""),
        .price = { 2005 },
        .currency = S("usd"),
        .created_at = shop->world.now,
        .updated_at = shop->world.now,
    };
}

void tell_ticket(struct shop *shop, const struct ticket_state *ticket)
{
    assert_ok(shop_hear(shop, &orders_service, EVENT_ticket_updated, ticket));
}

uuid another_ticket(struct shop *shop, unsigned number)
{
    struct ticket_state ticket = ticket_at(shop, concert, 1);
    ticket.id.bytes[1] = (uint8_t)number;
    tell_ticket(shop, &ticket);
    return ticket.id;
}

void lock(struct shop *shop, uuid ticket, uuid order)
{
    struct ticket_copy known;
    assert_ok(ticket_find(world_begin(&shop->world), ticket, &known));
    world_rollback(&shop->world);
    struct ticket_state reserved = ticket_at(shop, ticket, known.version + 1);
    reserved.status = TICKET_RESERVED;
    reserved.order_id = order;
    tell_ticket(shop, &reserved);
}

void refuse_lock(struct shop *shop, uuid order, enum cancel_reason reason)
{
    const struct reservation_refusal refusal = {
        .order_id = order,
        .version = 4,
        .ticket_id = concert,
        .reason = reason,
        .price = { 2500 },
    };
    assert_ok(shop_hear(shop, &orders_service, EVENT_reservation_refused, &refusal));
}

struct charge_state charge_telling(uuid order, enum charge_news news)
{
    struct charge_state charge = {
        .id = order, /* one charge per order: its id is as good as any */
        .version = (int64_t)news,
        .order_id = order,
        .user_id = bob,
        .status = CHARGE_CREATED,
        .amount = { 2005 },
        .currency = S("usd"),
    };
    charge.id.bytes[0] ^= 0xFF;
    charge.authorized = news == NEWS_AUTHORIZED;
    charge.rejected = news == NEWS_REJECTED;
    if (news == NEWS_CAPTURED)
        charge.status = CHARGE_COMPLETED;
    if (news == NEWS_DECLINED || news == NEWS_REJECTED)
        charge.status = CHARGE_FAILED;
    return charge;
}

err hear_charge(struct shop *shop, uuid order, enum charge_news news)
{
    struct charge_state charge = charge_telling(order, news);
    return shop_hear(shop, &orders_service, EVENT_charge_updated, &charge);
}
