/* Accounts and sessions, as clients see them. */
#include "services/auth/auth.h"
#include "services/auth/storage.h"

#include "tests/support/people.h"
#include "tests/test.h"

#define ALICE  "alice@example.com"
#define SECRET PEOPLE_PASSWORD

static const str nobody = { NULL, 0 };

/* What only a fault, or another program, does to the tables. */
struct meddling {
    uuid id;
    str email_key;
};

static const struct field meddling_fields[] = {
    FIELD(struct meddling, id),
    FIELD(struct meddling, email_key),
    FIELDS_END,
};

static const struct query add_user = {
    "insert into users (id, version, email, email_key, password_hash, created_at, updated_at)"
    " values ($id, 0, $email_key, $email_key, 'hash', 1, 1)",
    .in = meddling_fields,
};
static const struct query end_session = {
    "update sessions set revoked_at = 1 where id = $id",
    .in = meddling_fields,
};
static const struct query expire_session = {
    "update sessions set expires_at = 1 where id = $id",
    .in = meddling_fields,
};
static const struct query delete_session = {
    "delete from sessions where id = $id",
    .in = meddling_fields,
};
static const struct query delete_user = {
    "delete from users where email_key = $email_key",
    .in = meddling_fields,
};

static const struct query *const meddling_queries[] = {
    &add_user, &end_session, &expire_session, &delete_session, &delete_user, NULL,
};
static const struct service meddling_service = { .name = "meddling", .queries = meddling_queries };

static err meddle(struct shop *shop, const struct query *query, uuid id, str email_key)
{
    const struct meddling meddling = { .id = id, .email_key = email_key };
    err result = sql_run(world_begin(&shop->world), query, &meddling);
    if (result.problem == NULL)
        world_commit(&shop->world);
    else
        world_rollback(&shop->world);
    return result;
}

static struct shop *open_shop(struct shop *shop)
{
    people_open(shop, (const struct service *const[]){ &auth_service, &meddling_service, NULL });
    return shop;
}

static bool says(struct shop *shop, const char *text)
{
    return strstr(shop_body(shop), text) != NULL;
}

/* ---- signing up ---- */

TEST(signing_up_makes_an_account_and_signs_in)
{
    struct shop shop;
    open_shop(&shop);
    assert_int_equal(people_ask(&shop, nobody, POST, "/api/users/signup",
                                "{\"email\":\" Alice@example.com \",\"password\":\"" SECRET "\","
                                "\"name\":\"Alice\",\"phone\":\"+14155550123\","
                                "\"id\":\"7\",\"version\":9}"),
                     201);
    uuid id = shop.response.session.user;
    const char *id_text = str_terminated(&shop.world.arena, uuid_text(&shop.world.arena, id));
    const char *user = shop_body(&shop);
    assert_non_null(strstr(user, id_text));
    assert_true(says(&shop, "\"email\":\"Alice@example.com\",\"name\":\"Alice\","
                            "\"phone\":\"+14155550123\"}"));
    assert_int_equal(shop_told(&shop, EVENT_user_created), 1);
    const struct user_state *state = shop_news(&shop, EVENT_user_created);
    assert_true(uuid_equal(state->id, id));
    assert_int_equal(state->version, 0);
    assert_true(str_is(state->email, "Alice@example.com"));
    assert_true(str_is(state->name, "Alice"));

    str cookie = people_cookie(&shop);
    assert_int_equal(people_ask(&shop, cookie, GET, "/api/users/currentuser", NULL), 200);
    struct buf expected = buf_in(&shop.world.arena, 256);
    buf_addf(&expected, "{\"currentUser\":%s}", user);
    assert_string_equal(shop_body(&shop), str_terminated(&shop.world.arena, buf_str(&expected)));
    shop_close(&shop);
}

TEST(an_account_needs_an_address_and_a_password_only)
{
    struct shop shop;
    open_shop(&shop);
    (void)people_join(&shop, ALICE);
    assert_false(says(&shop, "name"));
    assert_false(says(&shop, "phone"));
    assert_false(says(&shop, "hash"));
    shop_close(&shop);
}

TEST(every_broken_rule_is_told_in_order)
{
    struct shop shop;
    open_shop(&shop);
    assert_int_equal(people_ask(&shop, nobody, POST, "/api/users/signup",
                                "{\"phone\":\"12\",\"password\":\"short\",\"email\":\"alice\"}"),
                     400);
    assert_string_equal(
        shop_body(&shop),
        "{\"errors\":[{\"message\":\"Email must be valid\",\"field\":\"email\"},"
        "{\"message\":\"Password must be between 8 and 128 characters\",\"field\":\"password\"},"
        "{\"message\":\"Phone must be like +14155550123\",\"field\":\"phone\"}]}");
    assert_int_equal(people_ask(&shop, nobody, POST, "/api/users/signup", NULL), 400);
    assert_true(says(&shop, "\"field\":\"email\"") && says(&shop, "\"field\":\"password\""));
    assert_int_equal(people_sign_up(&shop, ALICE, ALICE), 400);
    assert_true(says(&shop, "\"field\":\"password\""));
    assert_int_equal(people_sign_up(&shop, ALICE, "Password123"), 400);
    assert_true(says(&shop, "too common"));
    assert_int_equal(shop_told(&shop, EVENT_user_created), 0);
    shop_close(&shop);
}

TEST(F36_one_address_is_one_account_however_it_is_spelled)
{
    static const char *const spellings[] = { ALICE, "ALICE@EXAMPLE.COM", " Alice@Example.com" };
    struct shop shop;
    open_shop(&shop);
    (void)people_join(&shop, "Alice@example.com");
    for (size_t i = 0; i < sizeof spellings / sizeof spellings[0]; i++) {
        assert_int_equal(people_sign_up(&shop, spellings[i], "another-secret"), 409);
        assert_string_equal(shop_body(&shop),
                            "{\"errors\":[{\"message\":\"Email in use\",\"field\":\"email\"}]}");
        assert_null(people_cookie(&shop).data);
        assert_int_equal(shop_told(&shop, EVENT_user_created), 0);
        assert_int_equal(people_sign_in(&shop, spellings[i], SECRET), 200);
        assert_true(says(&shop, "Alice@example.com"));
    }
    shop_close(&shop);
}

TEST(F36_the_database_itself_keeps_addresses_apart)
{
    struct shop shop;
    open_shop(&shop);
    (void)people_join(&shop, ALICE);
    assert_status(meddle(&shop, &add_user, (uuid){ { 9 } }, S(ALICE)), STATUS_CONFLICT);
    assert_ok(meddle(&shop, &add_user, (uuid){ { 9 } }, S("bob@example.com")));
    shop_close(&shop);
}

static void somebody_signs_up_meanwhile(struct shop *shop, struct work *work)
{
    shop->do_work = people_work;
    assert_int_equal(people_sign_up(shop, "ALICE@example.com", "the-first-secret"), 201);
    people_work(shop, work);
}

TEST(F36_of_two_who_sign_up_at_once_one_gets_the_address)
{
    struct shop shop;
    open_shop(&shop);
    shop.do_work = somebody_signs_up_meanwhile;
    assert_int_equal(people_sign_up(&shop, ALICE, SECRET), 409);
    assert_int_equal(people_sign_in(&shop, ALICE, "the-first-secret"), 200);
    assert_int_equal(people_sign_in(&shop, ALICE, SECRET), 401);
    shop_close(&shop);
}

TEST(F39_a_password_is_kept_as_it_is)
{
    char longest[PASSWORD_MAX + 2];
    memset(longest, 'x', sizeof longest);
    longest[0] = ' ';
    longest[PASSWORD_MAX] = '\0';

    struct shop shop;
    open_shop(&shop);
    assert_int_equal(people_sign_up(&shop, ALICE, "  two blanks each side  "), 201);
    assert_int_equal(people_sign_in(&shop, ALICE, "two blanks each side"), 401);
    assert_int_equal(people_sign_in(&shop, ALICE, "  two blanks each side  "), 200);

    assert_int_equal(people_sign_up(&shop, "bob@example.com", longest), 201);
    assert_true(str_is(shop.work.password, longest));
    assert_int_equal(people_sign_in(&shop, "bob@example.com", longest + 1), 401);
    assert_int_equal(people_sign_in(&shop, "bob@example.com", longest), 200);

    longest[PASSWORD_MAX] = 'x';
    longest[PASSWORD_MAX + 1] = '\0';
    assert_int_equal(people_sign_up(&shop, "carol@example.com", longest), 400);
    assert_int_equal(people_sign_up(&shop, "carol@example.com", "7 chars"), 400);
    assert_int_equal(people_sign_up(&shop, "carol@example.com",
                                    "8 \xc3\xa9"
                                    "chars"),
                     201);
    shop_close(&shop);
}

static void work_fails(struct shop *shop, struct work *work)
{
    (void)shop;
    (void)work;
}

TEST(a_password_that_cannot_be_hashed_is_our_fault)
{
    struct shop shop;
    open_shop(&shop);
    shop.do_work = work_fails;
    assert_int_equal(people_sign_up(&shop, ALICE, SECRET), 503);
    assert_string_equal(shop_header(&shop, "Retry-After"), "1");
    shop_close(&shop);
}

/* ---- signing in ---- */

TEST(F37_nobody_learns_which_addresses_have_an_account)
{
    struct shop shop;
    open_shop(&shop);
    (void)people_join(&shop, ALICE);

    assert_int_equal(people_sign_in(&shop, ALICE, "not-my-secret"), 401);
    const char *known = shop_body(&shop);
    size_t headers = shop.response.header_count;
    assert_string_equal(known, "{\"errors\":[{\"message\":\"Invalid credentials\"}]}");

    assert_int_equal(people_sign_in(&shop, "bob@example.com", "not-my-secret"), 401);
    assert_string_equal(shop_body(&shop), known);
    assert_int_equal(shop.response.header_count, headers);
    shop_close(&shop);
}

/* What takes the time is the work: the same kind, at the cost of OWASP's minimum. */
TEST(F37_an_unknown_address_takes_the_same_work)
{
    struct shop shop;
    open_shop(&shop);
    (void)people_join(&shop, ALICE);
    assert_int_equal(people_sign_in(&shop, ALICE, "not-my-secret"), 401);
    assert_int_equal(shop.work.kind, WORK_VERIFY);

    assert_int_equal(people_sign_in(&shop, "bob@example.com", "not-my-secret"), 401);
    assert_int_equal(shop.work.kind, WORK_VERIFY);
    assert_true(str_is(shop.work.password, "not-my-secret"));
    assert_true(str_starts(shop.work.hash, S("$argon2id$v=19$m=19456,t=2,p=1$")));
    assert_int_equal(shop.work.hash.size, 97);
    shop_close(&shop);
}

static void everything_matches(struct shop *shop, struct work *work)
{
    (void)shop;
    work->ok = true;
}

TEST(F37_the_password_of_nobody_opens_nothing)
{
    struct shop shop;
    open_shop(&shop);
    shop.do_work = everything_matches;
    assert_int_equal(people_sign_in(&shop, "bob@example.com", "whatever-it-is"), 401);
    shop_close(&shop);
}

TEST(signing_in_asks_for_an_address_and_a_password)
{
    struct shop shop;
    open_shop(&shop);
    assert_int_equal(people_ask(&shop, nobody, POST, "/api/users/signin", "{}"), 400);
    assert_true(says(&shop, "\"field\":\"email\"") && says(&shop, "You must supply a password"));
    assert_int_equal(people_sign_in(&shop, "alice", "x"), 400);
    assert_int_equal(people_sign_in(&shop, ALICE, "x"), 401);
    shop_close(&shop);
}

/* ---- signing out, and sessions that end ---- */

TEST(F38_signing_out_ends_the_session_everywhere)
{
    struct shop shop;
    open_shop(&shop);
    str cookie = people_join(&shop, ALICE);
    struct session session = shop.response.session;
    assert_int_equal(people_sign_in(&shop, ALICE, SECRET), 200);
    str other = people_cookie(&shop);

    assert_int_equal(people_ask(&shop, cookie, POST, "/api/users/signout", NULL), 200);
    assert_string_equal(shop_body(&shop), "{}");
    assert_non_null(strstr(shop_header(&shop, "Set-Cookie"), "Max-Age=0"));
    const struct session_end *end = shop_news(&shop, EVENT_session_revoked);
    assert_true(uuid_equal(end->session_id, session.id));
    assert_true(uuid_equal(end->user_id, session.user));
    assert_int_equal(end->expires_at.ms, session.expires_at.ms);

    assert_false(people_are_signed_in(&shop, cookie));
    assert_true(people_are_signed_in(&shop, other));
    assert_int_equal(people_ask(&shop, cookie, POST, "/api/users/signout", NULL), 200);
    assert_int_equal(shop_told(&shop, EVENT_session_revoked), 0);
    shop_close(&shop);
}

TEST(signing_out_is_fine_without_a_session)
{
    struct shop shop;
    open_shop(&shop);
    assert_int_equal(people_ask(&shop, nobody, POST, "/api/users/signout", "{}"), 200);
    assert_string_equal(shop_body(&shop), "{}");
    assert_int_equal(people_ask(&shop, S("session=garbage"), POST, "/api/users/signout", ""), 200);
    assert_non_null(strstr(shop_header(&shop, "Set-Cookie"), "session=;"));
    shop_close(&shop);
}

TEST(F38_a_session_expires)
{
    struct shop shop;
    open_shop(&shop);
    str cookie = people_join(&shop, ALICE);
    world_wait(&shop.world, (duration){ shop.world.settings.session.ms - 1000 });
    assert_true(people_are_signed_in(&shop, cookie));
    world_wait(&shop.world, seconds(1));
    assert_false(people_are_signed_in(&shop, cookie));
    shop_close(&shop);
}

TEST(F38_another_site_can_sign_nobody_out)
{
    struct shop shop;
    open_shop(&shop);
    str cookie = people_join(&shop, ALICE);
    shop.headers[HEADER_sec_fetch_site] = S("cross-site");
    assert_int_equal(people_ask(&shop, cookie, POST, "/api/users/signout", NULL), 403);
    assert_true(people_are_signed_in(&shop, cookie));
    shop_close(&shop);
}

TEST(F46_an_account_that_is_gone_has_no_access)
{
    struct shop shop;
    open_shop(&shop);
    str cookie = people_join(&shop, ALICE);
    assert_ok(meddle(&shop, &delete_session, shop.response.session.id, nobody));
    assert_ok(meddle(&shop, &delete_user, (uuid){ { 0 } }, S(ALICE)));
    assert_false(people_are_signed_in(&shop, cookie));
    assert_int_equal(people_ask(&shop, cookie, PATCH, "/api/users/currentuser", "{}"), 401);
    shop_close(&shop);
}

TEST(F46_a_session_that_the_store_ended_has_no_access)
{
    struct shop shop;
    open_shop(&shop);
    str cookie = people_join(&shop, ALICE);
    struct session session = shop.response.session;
    assert_ok(meddle(&shop, &end_session, session.id, nobody));
    assert_false(people_are_signed_in(&shop, cookie));
    assert_int_equal(people_ask(&shop, cookie, PATCH, "/api/users/currentuser", "{}"), 401);
    assert_int_equal(people_ask(&shop, cookie, POST, "/api/users/signout", "{}"), 200);
    assert_int_equal(shop_told(&shop, EVENT_session_revoked), 0);

    cookie = people_join(&shop, "bob@example.com");
    assert_ok(meddle(&shop, &expire_session, shop.response.session.id, nobody));
    assert_false(people_are_signed_in(&shop, cookie));
    shop_close(&shop);
}

/* What another transaction did between our reading and our writing, as PostgreSQL lets it. */
TEST(an_account_that_changed_meanwhile_is_read_again)
{
    struct shop shop;
    open_shop(&shop);
    (void)people_join(&shop, ALICE);
    struct op *op = world_begin(&shop.world);
    struct user user;
    assert_ok(users_find(op, S(ALICE), &user));
    struct user old = user;
    user.password_hash = S("hash of another secret");
    assert_ok(users_hold(op, &old));
    assert_ok(users_update(op, &user));
    assert_int_equal(user.version, old.version + 1);

    assert_status(users_update(op, &old), STATUS_STALE);
    assert_status(users_hold(op, &old), STATUS_STALE);
    assert_ok(users_hold(op, &user));
    world_rollback(&shop.world);
    shop_close(&shop);
}

TEST(the_oldest_session_makes_room_for_a_new_one)
{
    struct shop shop;
    open_shop(&shop);
    str first = people_join(&shop, ALICE);
    str second = nobody;
    for (int i = 1; i < SESSIONS_PER_USER_MAX; i++) {
        world_wait(&shop.world, seconds(1));
        assert_int_equal(people_sign_in(&shop, ALICE, SECRET), 200);
        assert_int_equal(shop_told(&shop, EVENT_session_revoked), 0);
        second = i == 1 ? people_cookie(&shop) : second;
    }
    assert_true(people_are_signed_in(&shop, first));
    assert_int_equal(people_sign_in(&shop, ALICE, SECRET), 200);
    assert_int_equal(shop_told(&shop, EVENT_session_revoked), 1);
    assert_false(people_are_signed_in(&shop, first));
    assert_true(people_are_signed_in(&shop, second));
    shop_close(&shop);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(signing_up_makes_an_account_and_signs_in),
        cmocka_unit_test(an_account_needs_an_address_and_a_password_only),
        cmocka_unit_test(every_broken_rule_is_told_in_order),
        cmocka_unit_test(F36_one_address_is_one_account_however_it_is_spelled),
        cmocka_unit_test(F36_the_database_itself_keeps_addresses_apart),
        cmocka_unit_test(F36_of_two_who_sign_up_at_once_one_gets_the_address),
        cmocka_unit_test(F39_a_password_is_kept_as_it_is),
        cmocka_unit_test(a_password_that_cannot_be_hashed_is_our_fault),
        cmocka_unit_test(F37_nobody_learns_which_addresses_have_an_account),
        cmocka_unit_test(F37_an_unknown_address_takes_the_same_work),
        cmocka_unit_test(F37_the_password_of_nobody_opens_nothing),
        cmocka_unit_test(signing_in_asks_for_an_address_and_a_password),
        cmocka_unit_test(F38_signing_out_ends_the_session_everywhere),
        cmocka_unit_test(signing_out_is_fine_without_a_session),
        cmocka_unit_test(F38_a_session_expires),
        cmocka_unit_test(F38_another_site_can_sign_nobody_out),
        cmocka_unit_test(F46_an_account_that_is_gone_has_no_access),
        cmocka_unit_test(F46_a_session_that_the_store_ended_has_no_access),
        cmocka_unit_test(an_account_that_changed_meanwhile_is_read_again),
        cmocka_unit_test(the_oldest_session_makes_room_for_a_new_one),
    };
    return RUN_TESTS(tests);
}
