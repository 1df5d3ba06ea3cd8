/* The current user, who changes what is known of him or her. */
#include "services/auth/auth.h"

#include "tests/support/people.h"
#include "tests/test.h"

#define ALICE   "alice@example.com"
#define SECRET  PEOPLE_PASSWORD
#define CURRENT "/api/users/currentuser"

static const str nobody = { NULL, 0 };

static void open_shop(struct shop *shop)
{
    people_open(shop, (const struct service *const[]){ &auth_service, NULL });
}

static bool says(struct shop *shop, const char *text)
{
    return strstr(shop_body(shop), text) != NULL;
}

TEST(only_who_is_signed_in_has_a_profile)
{
    struct shop shop;
    open_shop(&shop);
    assert_int_equal(people_ask(&shop, nobody, GET, CURRENT, NULL), 200);
    assert_string_equal(shop_body(&shop), "{\"currentUser\":null}");
    assert_string_equal(shop_header(&shop, "Cache-Control"), "no-store");
    assert_int_equal(people_ask(&shop, nobody, PATCH, CURRENT, "{\"name\":\"Eve\"}"), 401);
    shop_close(&shop);
}

TEST(a_name_and_a_phone_are_changed_freely)
{
    struct shop shop;
    open_shop(&shop);
    str cookie = people_join(&shop, ALICE);
    assert_int_equal(people_ask(&shop, cookie, PATCH, CURRENT,
                                "{\"name\":\" Al \",\"phone\":\"+14155550123\",\"id\":\"x\"}"),
                     200);
    assert_int_equal(shop.work.kind, WORK_NONE);
    assert_true(says(&shop, "\"name\":\"Al\",\"phone\":\"+14155550123\""));
    const struct user_state *state = shop_news(&shop, EVENT_user_updated);
    assert_int_equal(state->version, 1);
    assert_true(str_is(state->name, "Al"));
    assert_true(str_is(state->email, ALICE));

    assert_int_equal(people_ask(&shop, cookie, PATCH, CURRENT, "{\"name\":null}"), 200);
    assert_false(says(&shop, "name"));
    assert_true(says(&shop, "\"phone\":\"+14155550123\""));
    state = shop_news(&shop, EVENT_user_updated);
    assert_int_equal(state->version, 2);
    assert_null(state->name.data);

    assert_int_equal(people_ask(&shop, cookie, PATCH, CURRENT, "{\"phone\":\"0123\"}"), 400);
    assert_true(says(&shop, "\"field\":\"phone\""));
    shop_close(&shop);
}

TEST(a_change_that_changes_nothing_is_not_told)
{
    struct shop shop;
    open_shop(&shop);
    str cookie = people_join(&shop, ALICE);
    assert_int_equal(people_ask(&shop, cookie, PATCH, CURRENT, NULL), 200);
    assert_int_equal(people_ask(&shop, cookie, PATCH, CURRENT, "{\"name\":\"\"}"), 200);
    assert_int_equal(shop_told(&shop, EVENT_user_updated), 0);
    assert_true(says(&shop, ALICE));
    shop_close(&shop);
}

TEST(an_address_changes_with_the_password_only)
{
    struct shop shop;
    open_shop(&shop);
    str cookie = people_join(&shop, ALICE);
    assert_int_equal(people_ask(&shop, cookie, PATCH, CURRENT, "{\"email\":\"al@example.com\"}"),
                     400);
    assert_true(says(&shop, "You must supply your current password"));
    assert_int_equal(people_ask(&shop, cookie, PATCH, CURRENT,
                                "{\"email\":\"al@example.com\",\"currentPassword\":\"wrong\"}"),
                     400);
    assert_true(says(&shop, "\"field\":\"currentPassword\""));
    assert_int_equal(shop_told(&shop, EVENT_user_updated), 0);

    assert_int_equal(people_ask(&shop, cookie, PATCH, CURRENT,
                                "{\"email\":\"Al@example.com\",\"currentPassword\":\"" SECRET
                                "\"}"),
                     200);
    assert_true(says(&shop, "Al@example.com"));
    assert_int_equal(shop_told(&shop, EVENT_user_updated), 1);
    assert_true(people_are_signed_in(&shop, cookie));
    assert_int_equal(people_sign_in(&shop, ALICE, SECRET), 401);
    assert_int_equal(people_sign_in(&shop, "al@example.com", SECRET), 200);
    shop_close(&shop);
}

TEST(F36_an_address_cannot_be_changed_to_that_of_another)
{
    struct shop shop;
    open_shop(&shop);
    (void)people_join(&shop, "bob@example.com");
    str cookie = people_join(&shop, ALICE);
    assert_int_equal(people_ask(&shop, cookie, PATCH, CURRENT,
                                "{\"email\":\"BOB@example.com\",\"currentPassword\":\"" SECRET
                                "\"}"),
                     409);
    assert_string_equal(shop_body(&shop),
                        "{\"errors\":[{\"message\":\"Email in use\",\"field\":\"email\"}]}");
    assert_int_equal(people_ask(&shop, cookie, PATCH, CURRENT,
                                "{\"email\":\"ALICE@example.com\",\"currentPassword\":\"" SECRET
                                "\"}"),
                     200);
    assert_true(says(&shop, "ALICE@example.com"));
    shop_close(&shop);
}

#define CHANGE_PASSWORD "{\"password\":\" another secret \",\"currentPassword\":\"" SECRET "\"}"

TEST(F38_a_new_password_ends_all_other_sessions)
{
    struct shop shop;
    open_shop(&shop);
    str bob = people_join(&shop, "bob@example.com");
    str first = people_join(&shop, ALICE);
    assert_int_equal(people_sign_in(&shop, ALICE, SECRET), 200);
    str mine = people_cookie(&shop);
    assert_int_equal(people_sign_in(&shop, ALICE, SECRET), 200);
    str third = people_cookie(&shop);

    assert_int_equal(people_ask(&shop, mine, PATCH, CURRENT, CHANGE_PASSWORD), 200);
    assert_int_equal(shop_told(&shop, EVENT_session_revoked), 2);
    assert_int_equal(shop_told(&shop, EVENT_user_updated), 1);
    assert_true(people_are_signed_in(&shop, mine));
    assert_false(people_are_signed_in(&shop, first));
    assert_false(people_are_signed_in(&shop, third));
    assert_true(people_are_signed_in(&shop, bob));

    assert_int_equal(people_sign_in(&shop, ALICE, SECRET), 401);
    assert_int_equal(people_sign_in(&shop, ALICE, " another secret "), 200);
    shop_close(&shop);
}

TEST(F39_a_new_password_keeps_the_rules)
{
    static const char *const bad[] = {
        "{\"password\":\"short\",\"currentPassword\":\"" SECRET "\"}",
        "{\"password\":\"Password123\",\"currentPassword\":\"" SECRET "\"}",
        "{\"password\":\"" ALICE "\",\"currentPassword\":\"" SECRET "\"}",
        "{\"email\":\"al@example.com\",\"password\":\"al@example.com\","
        "\"currentPassword\":\"" SECRET "\"}",
    };
    struct shop shop;
    open_shop(&shop);
    str cookie = people_join(&shop, ALICE);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_int_equal(people_ask(&shop, cookie, PATCH, CURRENT, bad[i]), 400);
        assert_true(says(&shop, "\"field\":\"password\""));
    }
    assert_int_equal(people_sign_in(&shop, ALICE, SECRET), 200);
    shop_close(&shop);
}

static void the_password_changes_meanwhile(struct shop *shop, struct work *work)
{
    shop->do_work = people_work;
    people_work(shop, work);
    assert_int_equal(people_sign_in(shop, ALICE, SECRET), 200);
    assert_int_equal(people_ask(shop, people_cookie(shop), PATCH, CURRENT, CHANGE_PASSWORD), 200);
}

/* What was verified is not the password any more. */
TEST(F38_no_session_begins_behind_the_back_of_a_new_password)
{
    struct shop shop;
    open_shop(&shop);
    (void)people_join(&shop, ALICE);
    shop.do_work = the_password_changes_meanwhile;
    assert_int_equal(people_sign_in(&shop, ALICE, SECRET), 401);
    shop_close(&shop);
}

TEST(of_two_changes_of_a_password_at_once_the_first_wins)
{
    struct shop shop;
    open_shop(&shop);
    str cookie = people_join(&shop, ALICE);
    shop.do_work = the_password_changes_meanwhile;
    assert_int_equal(people_ask(&shop, cookie, PATCH, CURRENT,
                                "{\"password\":\"the last secret\","
                                "\"currentPassword\":\"" SECRET "\"}"),
                     401); /* its own session has ended too */
    assert_int_equal(people_sign_in(&shop, ALICE, " another secret "), 200);
    shop_close(&shop);
}

struct shared {
    struct shop shop;
    str cookie;
};

static void the_same_session_changes_it(struct shop *shop, struct work *work)
{
    str cookie = ((struct shared *)shop)->cookie;
    shop->do_work = people_work;
    people_work(shop, work);
    assert_int_equal(people_ask(shop, cookie, PATCH, CURRENT, CHANGE_PASSWORD), 200);
}

TEST(a_password_that_was_changed_is_not_changed_by_the_old_one)
{
    struct shared shared;
    struct shop *shop = &shared.shop;
    open_shop(shop);
    shared.cookie = people_join(shop, ALICE);
    shop->do_work = the_same_session_changes_it;
    assert_int_equal(people_ask(shop, shared.cookie, PATCH, CURRENT,
                                "{\"password\":\"the last secret\","
                                "\"currentPassword\":\"" SECRET "\"}"),
                     400);
    assert_true(says(shop, "\"field\":\"currentPassword\""));
    assert_int_equal(people_sign_in(shop, ALICE, " another secret "), 200);
    shop_close(shop);
}

static void no_memory_for_the_new_hash(struct shop *shop, struct work *work)
{
    people_work(shop, work);
    work->new_hash = nobody;
}

TEST(a_new_password_that_cannot_be_hashed_changes_nothing)
{
    struct shop shop;
    open_shop(&shop);
    str cookie = people_join(&shop, ALICE);
    shop.do_work = no_memory_for_the_new_hash;
    assert_int_equal(people_ask(&shop, cookie, PATCH, CURRENT, CHANGE_PASSWORD), 503);
    shop.do_work = people_work;
    assert_int_equal(people_sign_in(&shop, ALICE, SECRET), 200);
    shop_close(&shop);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_who_is_signed_in_has_a_profile),
        cmocka_unit_test(a_name_and_a_phone_are_changed_freely),
        cmocka_unit_test(a_change_that_changes_nothing_is_not_told),
        cmocka_unit_test(an_address_changes_with_the_password_only),
        cmocka_unit_test(F36_an_address_cannot_be_changed_to_that_of_another),
        cmocka_unit_test(F38_a_new_password_ends_all_other_sessions),
        cmocka_unit_test(F39_a_new_password_keeps_the_rules),
        cmocka_unit_test(F38_no_session_begins_behind_the_back_of_a_new_password),
        cmocka_unit_test(of_two_changes_of_a_password_at_once_the_first_wins),
        cmocka_unit_test(a_password_that_was_changed_is_not_changed_by_the_old_one),
        cmocka_unit_test(a_new_password_that_cannot_be_hashed_changes_nothing),
    };
    return RUN_TESTS(tests);
}
