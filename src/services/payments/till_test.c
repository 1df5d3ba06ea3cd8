#include <stdio.h>

#include "services/payments/payments.h"
#include "services/payments/till_test.h"
#include "tests/test.h"

const uuid alice = { { 0xA1 } };
const uuid bob = { { 0xB0 } };
const uuid carol = { { 0xC0 } };
const uuid nobody = { { 0 } };

static const struct service *const services[] = { &payments_service, NULL };

void till_open(struct till *till)
{
    memset(till, 0, sizeof *till);
    shop_open(&till->shop, services);
    struct op *op = world_begin(&till->shop.world);
    till->order = (struct order_state){
        .id = op_new_id(op),
        .user_id = bob,
        .seller_id = alice,
        .status = ORDER_CREATED,
        .price = { 2005 },
        .currency = S("usd"),
        .expires_at = instant_after(till->shop.world.now, minutes(15)),
        .ticket = { { { 0x0C } }, S("Concert"), { 2005 }, 3 },
        .created_at = till->shop.world.now,
    };
    world_rollback(&till->shop.world);
    tell_order(till, ORDER_AWAITING_PAYMENT, CANCEL_NONE);
}

void till_close(struct till *till)
{
    shop_close(&till->shop);
}

const char *till_text(struct till *till, const char *format, ...)
{
    char *text = arena_text(&till->shop.world.arena, 4096);
    va_list arguments;
    va_start(arguments, format);
    int size = vsnprintf(text, 4096, format, arguments);
    va_end(arguments);
    assert_in_range(size, 0, 4095);
    return text;
}

const char *till_id(struct till *till, uuid id)
{
    return str_terminated(&till->shop.world.arena, uuid_text(&till->shop.world.arena, id));
}

int pay(struct till *till, uuid who, const char *token)
{
    const char *body = till_text(till, "{\"orderId\":\"%s\",\"token\":\"%s\"}",
                                 till_id(till, till->order.id), token);
    int status = shop_ask(&till->shop, who, POST, "/api/payments", body);
    if (status == 0) {
        till->waiting = till->shop.response;
        till->request = till->shop.request;
        till->charge = till->waiting.wait.subject;
    }
    return status;
}

void begin(struct till *till, const char *token)
{
    assert_int_equal(pay(till, bob, token), 0);
    assert_int_equal(shop_told(&till->shop, EVENT_charge_created), 1);
}

static int resume(struct till *till, bool late)
{
    till->shop.response = till->waiting;
    till->shop.request = till->request;
    int status = shop_resume(&till->shop, late);
    if (status == 0)
        till->waiting = till->shop.response;
    return status;
}

int answered(struct till *till)
{
    return resume(till, false);
}

int answered_late(struct till *till)
{
    return resume(till, true);
}

/* ---- the orders service ---- */

void tell_order(struct till *till, enum order_status status, enum cancel_reason reason)
{
    till->order.version++;
    till->order.status = status;
    till->order.cancel_reason = reason;
    enum event_type type = status == ORDER_CANCELLED   ? EVENT_order_cancelled
                           : status == ORDER_COMPLETED ? EVENT_order_completed
                                                       : EVENT_order_updated;
    assert_ok(shop_hear(&till->shop, &payments_service, type, &till->order));
}

void tell_claimed(struct till *till)
{
    till->order.charge_id = till->charge;
    tell_order(till, ORDER_AWAITING_PAYMENT, CANCEL_NONE);
}

void tell_cancelled(struct till *till, enum cancel_reason reason)
{
    tell_order(till, ORDER_CANCELLED, reason);
}

/* ---- Stripe ---- */

static size_t claim(struct till *till)
{
    struct rows calls;
    assert_ok(shop_claim(&till->shop, &payments_service, 8, &calls));
    if (calls.count > 0)
        till->call = *(struct outcall *)calls.items;
    return calls.count;
}

void assert_calls(struct till *till, const char *method, const char *path_end)
{
    assert_int_equal(claim(till), 1);
    str path = till->call.path;
    size_t size = strlen(path_end);
    bool ends = path.size >= size && memcmp(path.data + path.size - size, path_end, size) == 0;
    if (!str_is(till->call.method, method) || !ends)
        fail_msg("%.*s %.*s instead of %s %s", (int)till->call.method.size, till->call.method.data,
                 (int)path.size, path.data, method, path_end);
}

void assert_same_call(struct till *till, const struct outcall *before)
{
    assert_true(uuid_equal(till->call.id, before->id));
    assert_true(str_equal(till->call.method, before->method));
    assert_true(str_equal(till->call.path, before->path));
    assert_true(str_equal(till->call.body, before->body));
    assert_true(str_equal(till->call.idempotency_key, before->idempotency_key));
}

void assert_no_call(struct till *till)
{
    if (claim(till) > 0)
        fail_msg("%.*s", (int)till->call.path.size, till->call.path.data);
}

void stripe_says(struct till *till, int64_t status, const char *body)
{
    const struct outanswer answer = {
        .call_id = till->call.id,
        .http_status = status,
        .body = str_of(body),
        .request_id = S("req_1"),
    };
    assert_ok(shop_answered(&till->shop, &payments_service, &answer));
}

void stripe_outcome(struct till *till, enum outcome outcome)
{
    const struct outanswer answer = { .call_id = till->call.id, .outcome = outcome };
    assert_ok(shop_answered(&till->shop, &payments_service, &answer));
}

const char *intent_of(struct till *till, const char *status)
{
    return till_text(till,
                     "{\"id\":\"pi_1\",\"object\":\"payment_intent\",\"amount\":2005,"
                     "\"currency\":\"usd\",\"status\":\"%s\",\"client_secret\":\"pi_1_secret\","
                     "\"last_payment_error\":null,\"metadata\":{\"charge_id\":\"%s\"}}",
                     status, till_id(till, till->charge));
}

void stripe_intent(struct till *till, const char *status)
{
    stripe_says(till, 200, intent_of(till, status));
}

void stripe_unexpected(struct till *till, const char *status)
{
    stripe_says(till, 400,
                till_text(till,
                          "{\"error\":{\"type\":\"invalid_request_error\","
                          "\"code\":\"payment_intent_unexpected_state\",\"payment_intent\":%s}}",
                          intent_of(till, status)));
}

void stripe_declines(struct till *till)
{
    stripe_says(till, 402,
                till_text(till,
                          "{\"error\":{\"type\":\"card_error\",\"code\":\"card_declined\","
                          "\"decline_code\":\"insufficient_funds\","
                          "\"message\":\"Your card has insufficient funds.\","
                          "\"payment_intent\":%s}}",
                          intent_of(till, "requires_payment_method")));
}

void wait_for_retry(struct till *till)
{
    world_wait(&till->shop.world, (duration){ 700 });
}

void sweep(struct till *till)
{
    bool more = false;
    assert_ok(shop_duty(&till->shop, &payments_service.duties[0], &more));
    assert_false(more);
}

struct charge stored(struct till *till)
{
    struct charge charge;
    assert_ok(charge_find(world_begin(&till->shop.world), till->charge, &charge));
    world_rollback(&till->shop.world);
    return charge;
}

void assert_phase(struct till *till, enum charge_phase phase, bool settled)
{
    struct charge charge = stored(till);
    assert_int_equal(charge.phase, phase);
    assert_int_equal(charge.settled, settled);
}

/* ---- ways to go ---- */

void until_authorized(struct till *till)
{
    begin(till, "pm_card_visa");
    assert_calls(till, "POST", "/v1/payment_intents");
    stripe_intent(till, "requires_capture");
    assert_phase(till, CHARGE_AUTHORIZED, false);
}

void until_capturing(struct till *till)
{
    until_authorized(till);
    tell_claimed(till);
    assert_calls(till, "POST", "/v1/payment_intents/pi_1/capture");
}

void until_paid(struct till *till)
{
    until_capturing(till);
    stripe_intent(till, "succeeded");
    assert_phase(till, CHARGE_PAID, true);
}
