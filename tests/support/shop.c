#include "tests/support/shop.h"

#include "base/codec.h"
#include "tests/test.h"

#define SHOP_SERVICES_MAX 6

void shop_open(struct shop *shop, const struct service *const *services)
{
    const struct service *hosted[SHOP_SERVICES_MAX + 3] = { &host_service, &events_service };
    size_t count = 0;
    while (services[count] != NULL) {
        assert_true(count < SHOP_SERVICES_MAX);
        hosted[2 + count] = services[count];
        count++;
    }
    memset(shop, 0, sizeof *shop);
    world_open(&shop->world, hosted);
    shop->world.settings.jwt_key = S("a key of 32 bytes, and for tests");
    shop->host = host_of(services, count, &shop->world.settings);
}

void shop_close(struct shop *shop)
{
    world_close(&shop->world);
}

/* Ends the operation: what failed is as if it had never been. */
static err settle(struct shop *shop, err result)
{
    shop->told = NULL;
    if (result.problem == NULL) {
        shop->told = shop->world.op.emitted;
        world_commit(&shop->world);
    } else {
        world_rollback(&shop->world);
    }
    return result;
}

static str bearer_of(struct shop *shop, uuid who)
{
    int64_t second = shop->world.now.ms / 1000; /* tokens count in whole ones */
    const struct token token = {
        .caller = { .user = who, .session = { { 1, 2, 3 } } },
        .expires_at = instant_after((instant){ second * 1000 }, hours(1)),
    };
    struct buf bearer = buf_in(&shop->world.arena, 256);
    buf_add(&bearer, S("Bearer "));
    buf_add(&bearer, token_sign(&shop->world.arena, shop->world.settings.jwt_key, &token));
    return buf_str(&bearer);
}

static struct request request_to(struct shop *shop, uuid who, enum method method,
                                 const char *target, const char *body)
{
    struct request request = { .method = method, .body = str_of(body), .client = shop->client };
    if (request.client.data == NULL)
        request.client = S("127.0.0.1");
    request.path = str_cut(str_of(target), '?', &request.query);
    memcpy(request.header, shop->headers, sizeof request.header);
    memset(shop->headers, 0, sizeof shop->headers);
    if (body != NULL && request.header[HEADER_content_type].data == NULL)
        request.header[HEADER_content_type] = S("application/json");
    if (!uuid_is_absent(who))
        request.header[HEADER_authorization] = bearer_of(shop, who);
    return request;
}

/* Finds the route as the first step does, which also names the operation. */
static const struct route *find_route(struct shop *shop, struct request *request,
                                      str *ret_correlation)
{
    struct op *op = world_begin(&shop->world);
    const struct route *route = host_route(&shop->host, op, request, &shop->response);
    *ret_correlation = op->correlation;
    world_rollback(&shop->world);
    return route;
}

/* False: the answer is there already. */
static bool prepare(struct shop *shop, const struct route *route, struct request *request,
                    struct work *work, str correlation)
{
    struct op *op = world_begin(&shop->world);
    op->correlation = correlation;
    bool prepared = host_prepare(&shop->host, op, route, request, work, &shop->response);
    world_rollback(&shop->world);
    if (prepared && work->kind != WORK_NONE) {
        assert_non_null(shop->do_work);
        shop->do_work(shop, work);
        request->work = work;
    }
    shop->work = *work;
    return prepared;
}

static void answer(struct shop *shop, const struct route *route, const struct request *request,
                   str correlation)
{
    struct op *op = world_begin(&shop->world);
    op->correlation = correlation;
    err result = host_answer(&shop->host, op, route, request, &shop->response);
    shop->caller = op->caller;
    assert_false(err_is(result, STATUS_STALE));
    result = settle(shop, result);
    assert_true(result.problem == NULL || shop->response.status >= 400);
}

int shop_resume(struct shop *shop, bool late)
{
    assert_int_equal(shop->response.status, 0);
    struct op *op = world_begin(&shop->world);
    op->correlation = shop->correlation;
    op->caller = shop->caller;
    shop->response.wait.late = late;
    err result = host_resume(&shop->host, op, shop->route, &shop->request, &shop->response);
    assert_false(err_is(result, STATUS_STALE));
    result = settle(shop, result);
    assert_true(result.problem == NULL || shop->response.status >= 400);
    return shop->response.status;
}

/* An API's request, from its route to its answer; without one it is answered already. */
static void fly(struct shop *shop, const struct route *route, struct request *request,
                str correlation)
{
    struct work work = { .kind = WORK_NONE };
    if (route != NULL &&
        (route->prepare == NULL || prepare(shop, route, request, &work, correlation)))
        answer(shop, route, request, correlation);
    shop->route = route;
    shop->request = *request;
    shop->request.work = NULL; /* it ends here */
    shop->correlation = correlation;
}

/* What a page asks is asked as the desk does, each in an operation of its own.  Answers that wait
 * have no more time. */
static void show_page(struct shop *shop, const struct route *route, struct request *request,
                      str correlation)
{
    struct op op = {
        .now = shop->world.now,
        .arena = &shop->world.arena,
        .random = &shop->world.random.random,
        .settings = &shop->world.settings,
        .correlation = correlation,
    };
    struct page_visit *visit = ARENA_NEW(op.arena, struct page_visit);
    struct response shown;
    page_begin(visit, &shop->host, &op, route, request, &shown);
    for (struct ask *ask; (ask = page_go_on(visit, &op)) != NULL;) {
        str same;
        memset(&shop->response, 0, sizeof shop->response);
        fly(shop, find_route(shop, &visit->asked, &same), &visit->asked, correlation);
        if (shop->response.status == 0)
            (void)shop_resume(shop, true);
        ask->response = shop->response;
    }
    shop->response = shown;
}

int shop_ask(struct shop *shop, uuid who, enum method method, const char *target, const char *body)
{
    struct request request = request_to(shop, who, method, target, body);
    memset(&shop->response, 0, sizeof shop->response);
    shop->told = NULL;

    str correlation;
    const struct route *route = find_route(shop, &request, &correlation);
    if (route != NULL && route_is_page(route))
        show_page(shop, route, &request, correlation);
    else
        fly(shop, route, &request, correlation);
    return shop->response.status;
}

const char *shop_body(struct shop *shop)
{
    return str_terminated(&shop->world.arena, shop->response.body);
}

const char *shop_header(struct shop *shop, const char *name)
{
    return str_terminated(&shop->world.arena, response_header(&shop->response, name));
}

err shop_hear(struct shop *shop, const struct service *service, enum event_type type,
              const void *data)
{
    struct op *op = world_begin(&shop->world);
    const struct event event = {
        .type = type,
        .id = op_new_id(op),
        .time = op->now,
        .correlation = S("test"),
        .data = data,
    };
    return settle(shop, host_hear(&shop->host, op, service, &event));
}

err shop_claim(struct shop *shop, const struct service *service, size_t max, struct rows *ret_calls)
{
    struct op *op = world_begin(&shop->world);
    return settle(shop, host_claim(&shop->host, op, service, max, ret_calls));
}

err shop_answered(struct shop *shop, const struct service *service, const struct outanswer *answer)
{
    struct op *op = world_begin(&shop->world);
    return settle(shop, host_answered(&shop->host, op, service, answer));
}

err shop_duty(struct shop *shop, const struct duty *duty, bool *ret_more)
{
    struct op *op = world_begin(&shop->world);
    return settle(shop, host_duty(&shop->host, op, duty, ret_more));
}

size_t shop_told(const struct shop *shop, enum event_type type)
{
    size_t count = 0;
    for (size_t i = 0; shop->told != NULL && i < shop->told->count; i++)
        count += shop->told->events[i].type == type;
    return count;
}

const void *shop_news(const struct shop *shop, enum event_type type)
{
    for (size_t i = shop->told != NULL ? shop->told->count : 0; i > 0; i--) {
        if (shop->told->events[i - 1].type == type)
            return shop->told->events[i - 1].data;
    }
    fail_msg("no %s was told", event_kinds[type].type);
    return NULL;
}
