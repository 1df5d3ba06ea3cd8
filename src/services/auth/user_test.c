#include "services/auth/user.h"

#include "tests/test.h"

TEST(common_passwords_are_known_in_either_case)
{
    static const char *const common[] = {
        "password",
        "PassWord",
        "12345678",
        "qwertyuiop",
        "!@#$%^&*",
        "zzzzzzzz",
        "iloveyou",
        "LETMEIN1",
        "zxczxczxc",
        "00000000",
        "aaaaaaaaaaaaaaaaaaaaaaaa",
        "--------------",
    };
    for (size_t i = 0; i < sizeof common / sizeof common[0]; i++) {
        if (!password_is_common(str_of(common[i])))
            fail_msg("%s is common", common[i]);
    }
}

TEST(other_passwords_are_not_common)
{
    static const char *const fine[] = {
        "",          "passwor",   "passwordx",        "xpassword", "correct horse battery",
        "password ", " password", "12345678\xc3\xa9", "zzzzzzzza", "mellon-and-friend",
        "!",         "~~~~~~~a",  "aaaaaaab",
    };
    for (size_t i = 0; i < sizeof fine / sizeof fine[0]; i++) {
        if (password_is_common(str_of(fine[i])))
            fail_msg("%s is not common", fine[i]);
    }
}

TEST(a_password_is_neither_common_nor_the_address)
{
    str email = S("alice@example.com");
    assert_null(password_problem(S("mellon-and-friend"), email));
    assert_string_equal(password_problem(S("Alice@Example.COM"), email)->field, "password");
    assert_string_equal(password_problem(S("Password123"), email)->field, "password");
}

static struct user alice(void)
{
    return (struct user){
        .id = { { 1 } },
        .version = 3,
        .email = S("alice@example.com"),
        .email_key = S("alice@example.com"),
        .name = S("Alice"),
        .password_hash = S("hash"),
    };
}

TEST(only_what_is_named_changes)
{
    struct user user = alice();
    const struct profile profile = { .name = S("Al"), .phone = S("+14155550123") };
    assert_true(user_apply(&user, &profile, PROFILE_PHONE, user.email_key));
    assert_true(str_is(user.name, "Alice"));
    assert_true(str_is(user.phone, "+14155550123"));
    assert_false(user_apply(&user, &profile, PROFILE_PHONE, user.email_key));
    assert_false(user_apply(&user, &profile, 0, user.email_key));
}

TEST(a_blank_takes_away)
{
    struct user user = alice();
    const struct profile profile = { .name = S("") };
    assert_true(user_apply(&user, &profile, PROFILE_NAME, user.email_key));
    assert_null(user.name.data);
    assert_false(user_apply(&user, &profile, PROFILE_NAME, user.email_key));
}

TEST(an_address_is_never_taken_away)
{
    struct user user = alice();
    const struct profile none = { .name = { NULL, 0 } };
    assert_false(user_apply(&user, &none, PROFILE_EMAIL, user.email_key));
    assert_true(str_is(user.email, "alice@example.com"));

    const struct profile other = { .email = S("Alice@example.org") };
    assert_true(user_apply(&user, &other, PROFILE_EMAIL, S("alice@example.org")));
    assert_true(str_is(user.email, "Alice@example.org"));
    assert_true(str_is(user.email_key, "alice@example.org"));
}

TEST(what_could_lock_the_owner_out_is_sensitive)
{
    const struct profile profile = { .name = S("Al"), .email = S("a@b.example") };
    assert_false(profile_is_sensitive(&profile, PROFILE_NAME | PROFILE_PHONE));
    assert_true(profile_is_sensitive(&profile, PROFILE_NAME | PROFILE_EMAIL));
    assert_false(profile_is_sensitive(&profile, PROFILE_PASSWORD));
    const struct profile password = { .password = S("mellon-and-friend") };
    assert_true(profile_is_sensitive(&password, PROFILE_PASSWORD));
}

TEST(others_hear_nothing_of_phones_and_passwords)
{
    struct user user = alice();
    struct user_state state = user_state_of(&user);
    assert_true(uuid_equal(state.id, user.id));
    assert_int_equal(state.version, 3);
    assert_true(str_is(state.email, "alice@example.com"));
    assert_true(str_is(state.name, "Alice"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(common_passwords_are_known_in_either_case),
        cmocka_unit_test(other_passwords_are_not_common),
        cmocka_unit_test(a_password_is_neither_common_nor_the_address),
        cmocka_unit_test(only_what_is_named_changes),
        cmocka_unit_test(a_blank_takes_away),
        cmocka_unit_test(an_address_is_never_taken_away),
        cmocka_unit_test(what_could_lock_the_owner_out_is_sensitive),
        cmocka_unit_test(others_hear_nothing_of_phones_and_passwords),
    };
    return RUN_TESTS(tests);
}
