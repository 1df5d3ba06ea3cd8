/* Guessing and signing up are limited, by account and by address. */
#include "services/auth/auth.h"

#include "tests/support/people.h"
#include "tests/test.h"

#define ALICE  "alice@example.com"
#define SECRET PEOPLE_PASSWORD

/* Ten failures of an account and a hundred of an address in a quarter of an hour. */
static void open_shop(struct shop *shop)
{
    people_open(shop, (const struct service *const[]){ &auth_service, NULL });
    shop->world.settings.signin_failures_max = 10;
    shop->world.settings.signups_max = 3;
}

static void fail_times(struct shop *shop, const char *email, int times)
{
    for (int i = 0; i < times; i++)
        assert_int_equal(people_sign_in(shop, email, "not-my-secret"), 401);
}

static void one_account_is_limited(struct shop *shop, const char *email)
{
    fail_times(shop, email, 10);
    world_wait(&shop->world, minutes(5));
    shop->work.kind = WORK_NONE;
    assert_int_equal(people_sign_in(shop, email, "not-my-secret"), 429);
    assert_int_equal(shop->work.kind, WORK_NONE);
    assert_string_equal(shop_header(shop, "Retry-After"), "600");
}

TEST(F40_guessing_the_password_of_an_account_is_limited)
{
    struct shop shop;
    open_shop(&shop);
    (void)people_join(&shop, ALICE);
    one_account_is_limited(&shop, ALICE);
    assert_int_equal(people_sign_in(&shop, ALICE, SECRET), 429);
    assert_int_equal(people_sign_in(&shop, "ALICE@example.com", SECRET), 429);
    shop.client = S("192.0.2.7");
    assert_int_equal(people_sign_in(&shop, ALICE, SECRET), 429);

    world_wait(&shop.world, minutes(10));
    assert_int_equal(people_sign_in(&shop, ALICE, SECRET), 200);
    shop_close(&shop);
}

TEST(F40_a_new_window_counts_anew)
{
    struct shop shop;
    open_shop(&shop);
    for (int i = 0; i < 3; i++) {
        one_account_is_limited(&shop, ALICE);
        world_wait(&shop.world, minutes(10));
    }
    shop_close(&shop);
}

TEST(F37_guessing_is_limited_whether_there_is_an_account_or_not)
{
    struct shop shop;
    open_shop(&shop);
    one_account_is_limited(&shop, "nobody@example.com");
    shop_close(&shop);
}

TEST(F40_a_limit_of_one_account_leaves_others_alone)
{
    struct shop shop;
    open_shop(&shop);
    (void)people_join(&shop, ALICE);
    one_account_is_limited(&shop, "bob@example.com");
    assert_int_equal(people_sign_in(&shop, ALICE, SECRET), 200);
    shop_close(&shop);
}

TEST(F40_guessing_from_one_address_is_limited)
{
    static const char *const emails[] = {
        "a@example.com", "b@example.com", "c@example.com", "d@example.com", "e@example.com",
        "f@example.com", "g@example.com", "h@example.com", "i@example.com", "j@example.com",
    };
    struct shop shop;
    open_shop(&shop);
    (void)people_join(&shop, ALICE);
    for (int i = 0; i < 10; i++)
        fail_times(&shop, emails[i], 10);
    assert_int_equal(people_sign_in(&shop, ALICE, SECRET), 429);
    shop.client = S("192.0.2.7");
    assert_int_equal(people_sign_in(&shop, ALICE, SECRET), 200);
    shop_close(&shop);
}

TEST(F40_signing_in_forgives_an_account_but_not_an_address)
{
    struct shop shop;
    open_shop(&shop);
    shop.world.settings.signin_failures_max = 2;
    (void)people_join(&shop, ALICE);
    for (int i = 0; i < 20; i++) {
        fail_times(&shop, ALICE, 1);
        if (i < 19)
            assert_int_equal(people_sign_in(&shop, ALICE, SECRET), 200);
    }
    assert_int_equal(people_sign_in(&shop, ALICE, SECRET), 429);
    shop.client = S("192.0.2.7");
    assert_int_equal(people_sign_in(&shop, ALICE, SECRET), 200);
    shop_close(&shop);
}

static void others_fail_meanwhile(struct shop *shop, struct work *work)
{
    shop->do_work = people_work;
    fail_times(shop, ALICE, 10);
    people_work(shop, work);
}

TEST(F40_a_guess_in_parallel_is_not_answered_beyond_the_limit)
{
    struct shop shop;
    open_shop(&shop);
    (void)people_join(&shop, ALICE);
    shop.do_work = others_fail_meanwhile;
    assert_int_equal(people_sign_in(&shop, ALICE, SECRET), 429);
    assert_null(people_cookie(&shop).data);
    shop_close(&shop);
}

/* The pool of passwords closes before it came to this one. */
static void there_is_no_time(struct shop *shop, struct work *work)
{
    (void)shop;
    work->undone = true;
}

TEST(what_there_was_no_time_to_check_does_not_count_as_a_guess)
{
    struct shop shop;
    open_shop(&shop);
    (void)people_join(&shop, ALICE);
    shop.do_work = there_is_no_time;
    for (int i = 0; i < 20; i++)
        assert_int_equal(people_sign_in(&shop, ALICE, SECRET), 503);
    shop.do_work = people_work;
    assert_int_equal(people_sign_in(&shop, ALICE, SECRET), 200);
    shop_close(&shop);
}

TEST(F40_guessing_the_current_password_is_limited_too)
{
    struct shop shop;
    open_shop(&shop);
    str cookie = people_join(&shop, ALICE);
    for (int i = 0; i < 10; i++)
        assert_int_equal(people_ask(&shop, cookie, PATCH, "/api/users/currentuser",
                                    "{\"email\":\"eve@example.com\",\"currentPassword\":\"x\"}"),
                         400);
    assert_int_equal(people_ask(&shop, cookie, PATCH, "/api/users/currentuser",
                                "{\"email\":\"eve@example.com\","
                                "\"currentPassword\":\"" SECRET "\"}"),
                     429);
    assert_int_equal(people_ask(&shop, cookie, PATCH, "/api/users/currentuser", "{}"), 200);
    shop_close(&shop);
}

TEST(F40_signing_up_is_limited_by_address)
{
    struct shop shop;
    open_shop(&shop);
    (void)people_join(&shop, "a@example.com");
    (void)people_join(&shop, "b@example.com");
    assert_int_equal(people_sign_up(&shop, "a@example.com", SECRET), 409); /* counts as well */
    assert_int_equal(people_sign_up(&shop, "c@example.com", SECRET), 429);
    assert_string_equal(shop_header(&shop, "Retry-After"), "3600");
    assert_int_equal(people_sign_up(&shop, "a@example.com", SECRET), 429);

    shop.client = S("192.0.2.7");
    (void)people_join(&shop, "d@example.com");
    shop.client = (str){ NULL, 0 };
    world_wait(&shop.world, hours(1));
    (void)people_join(&shop, "c@example.com");
    shop_close(&shop);
}

struct count {
    int64_t number;
};

static const struct field count_fields[] = {
    FIELD(struct count, number),
    FIELDS_END,
};

static const struct query count_rows = {
    "select (select count(*) from attempts) + (select count(*) from sessions) as number",
    .out = count_fields,
};
static const struct query *const count_queries[] = { &count_rows, NULL };
static const struct service count_service = { .name = "count", .queries = count_queries };

static int64_t rows(struct shop *shop)
{
    struct count count;
    assert_ok(sql_one(world_begin(&shop->world), &count_rows, NULL, &count));
    world_rollback(&shop->world);
    return count.number;
}

TEST(what_is_long_over_is_forgotten)
{
    struct shop shop;
    people_open(&shop, (const struct service *const[]){ &auth_service, &count_service, NULL });
    (void)people_join(&shop, ALICE);
    fail_times(&shop, "bob@example.com", 1);
    assert_int_equal(rows(&shop), 4);

    bool more = true;
    assert_ok(shop_duty(&shop, auth_service.duties, &more));
    assert_false(more);
    assert_int_equal(rows(&shop), 4);
    world_wait(&shop.world, minutes(61));
    assert_ok(shop_duty(&shop, auth_service.duties, &more));
    assert_int_equal(rows(&shop), 1);
    world_wait(&shop.world, shop.world.settings.session);
    world_wait(&shop.world, hours(24));
    assert_ok(shop_duty(&shop, auth_service.duties, &more));
    assert_int_equal(rows(&shop), 0);
    shop_close(&shop);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(F40_guessing_the_password_of_an_account_is_limited),
        cmocka_unit_test(F40_a_new_window_counts_anew),
        cmocka_unit_test(F37_guessing_is_limited_whether_there_is_an_account_or_not),
        cmocka_unit_test(F40_a_limit_of_one_account_leaves_others_alone),
        cmocka_unit_test(F40_guessing_from_one_address_is_limited),
        cmocka_unit_test(F40_signing_in_forgives_an_account_but_not_an_address),
        cmocka_unit_test(F40_a_guess_in_parallel_is_not_answered_beyond_the_limit),
        cmocka_unit_test(what_there_was_no_time_to_check_does_not_count_as_a_guess),
        cmocka_unit_test(F40_guessing_the_current_password_is_limited_too),
        cmocka_unit_test(F40_signing_up_is_limited_by_address),
        cmocka_unit_test(what_is_long_over_is_forgotten),
    };
    return RUN_TESTS(tests);
}
