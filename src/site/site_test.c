/* The pages as a browser without JavaScript sees them, over all services and a store in memory. */
#include "site/site.h"

#include <stdio.h>

#include "services/auth/auth.h"
#include "services/expiration/expiration.h"
#include "services/orders/orders.h"
#include "services/payments/payments.h"
#include "services/tickets/tickets.h"
#include "tests/support/people.h"
#include "tests/test.h"

static const struct service site = {
    .name = "site",
    .routes = site_routes,
    .lost = &site_lost,
};

static const struct service *const services[] = {
    &auth_service, &tickets_service, &orders_service, &expiration_service, &payments_service, &site,
    NULL,
};

static const str nobody = { NULL, 0 };

/* ---- a browser ---- */

static void open_shop(struct shop *shop)
{
    people_open(shop, services);
    shop->world.settings.test_cards = true;
}

static int see(struct shop *shop, str cookie, const char *path)
{
    shop->headers[HEADER_accept] = S("text/html,application/xhtml+xml;q=0.9,*/*;q=0.8");
    return people_ask(shop, cookie, GET, path, NULL);
}

static int submit(struct shop *shop, str cookie, const char *path, const char *form)
{
    return people_ask(shop, cookie, POST, path, form);
}

static const char *textf(struct shop *shop, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
static const char *textf(struct shop *shop, const char *format, ...)
{
    struct buf out = buf_in(&shop->world.arena, 128);
    va_list arguments;
    va_start(arguments, format);
    buf_addv(&out, format, arguments);
    va_end(arguments);
    return str_terminated(&shop->world.arena, buf_str(&out));
}

static bool shows(struct shop *shop, const char *text)
{
    return strstr(shop_body(shop), text) != NULL;
}

static void assert_shows(struct shop *shop, const char *text)
{
    if (!shows(shop, text))
        fail_msg("%s is not in %s", text, shop_body(shop));
}

static void assert_hides(struct shop *shop, const char *text)
{
    if (shows(shop, text))
        fail_msg("%s is in %s", text, shop_body(shop));
}

/* What an <input> of the page holds. */
static const char *held(struct shop *shop, const char *name)
{
    const char *tag = strstr(shop_body(shop), textf(shop, "name=\"%s\"", name));
    const char *value = tag == NULL ? NULL : strstr(tag, "value=\"");
    if (value == NULL || value > strchr(tag, '>'))
        fail_msg("no %s in %s", name, shop_body(shop));
    value += strlen("value=\"");
    return textf(shop, "%.*s", (int)strcspn(value, "\""), value);
}

static str cookie_set(const struct shop *shop, str name)
{
    for (size_t i = 0; i < shop->response.header_count; i++) {
        const struct response_header *header = &shop->response.headers[i];
        str rest;
        if (str_equal(str_of(header->name), S("Set-Cookie")) && str_starts(header->value, name))
            return str_cut(header->value, ';', &rest);
    }
    return nobody;
}

static void assert_goes_to(struct shop *shop, int status, const char *path)
{
    assert_int_equal(status, 303);
    assert_string_equal(shop_header(shop, "Location"), path);
}

static const char *list_ticket(struct shop *shop, str seller, const char *title, const char *price)
{
    assert_int_equal(see(shop, seller, "/tickets/new"), 200);
    const char *form = textf(shop, "key=%s&title=%s&price=%s", held(shop, "key"), title, price);
    assert_int_equal(submit(shop, seller, "/tickets/new", form), 303);
    return shop_header(shop, "Location");
}

/* ---- browsing ---- */

TEST(an_empty_shop_says_so)
{
    struct shop shop;
    open_shop(&shop);
    assert_int_equal(see(&shop, nobody, "/"), 200);
    assert_shows(&shop, "Nothing is for sale just now");
    assert_int_equal(see(&shop, nobody, "/?q=rovers"), 200);
    assert_shows(&shop, "No ticket fits");
    assert_shows(&shop, "value=\"rovers\"");
    shop_close(&shop);
}

TEST(what_is_for_sale_is_listed_searched_and_paged)
{
    struct shop shop;
    open_shop(&shop);
    str alice = people_join(&shop, "alice@example.com");
    for (int i = 0; i < 30; i++) {
        (void)list_ticket(&shop, alice, textf(&shop, "Match%%20%d", i), "20");
        world_wait(&shop.world, seconds(1));
    }
    (void)list_ticket(&shop, alice, "Opera", "120,50");
    assert_int_equal(see(&shop, nobody, "/"), 200);
    assert_shows(&shop, "Opera");
    assert_shows(&shop, "$120.50");
    assert_hides(&shop, "Match 1<");
    const char *next = strstr(shop_body(&shop), "href=\"/?cursor=");
    assert_non_null(next);
    assert_int_equal(
        see(&shop, nobody, textf(&shop, "%.*s", (int)strcspn(next + 6, "\""), next + 6)), 200);
    assert_shows(&shop, "Match 1<");
    assert_hides(&shop, "Opera");
    assert_int_equal(see(&shop, nobody, "/?q=opera&minPrice=100&maxPrice=130&sort=price"), 200);
    assert_shows(&shop, "Opera");
    assert_shows(&shop, "1 ticket");
    assert_hides(&shop, "Match");
    shop_close(&shop);
}

TEST(a_filter_that_makes_no_sense_is_named_beside_its_input)
{
    struct shop shop;
    open_shop(&shop);
    assert_int_equal(see(&shop, nobody, "/?minPrice=cheap"), 400);
    assert_shows(&shop, "value=\"cheap\"");
    assert_shows(&shop, "aria-invalid=\"true\"");
    assert_shows(&shop, "id=\"minPrice-error\"");
    shop_close(&shop);
}

TEST(strangers_may_keep_a_page_and_ask_whether_it_changed)
{
    struct shop shop;
    open_shop(&shop);
    str alice = people_join(&shop, "alice@example.com");
    const char *path = list_ticket(&shop, alice, "Opera", "20");
    assert_int_equal(see(&shop, nobody, path), 200);
    str tag = response_header(&shop.response, "ETag");
    assert_string_equal(shop_header(&shop, "Vary"), "Cookie, Accept-Language, Accept-Encoding");
    shop.headers[HEADER_if_none_match] = tag;
    assert_int_equal(see(&shop, nobody, path), 304);
    shop.headers[HEADER_if_none_match] = tag;
    assert_int_equal(see(&shop, alice, path), 200);
    assert_string_equal(shop_header(&shop, "Cache-Control"), "no-store");
    shop_close(&shop);
}

TEST(every_page_forbids_what_it_does_not_need)
{
    struct shop shop;
    open_shop(&shop);
    assert_int_equal(see(&shop, nobody, "/"), 200);
    const char *policy = shop_header(&shop, "Content-Security-Policy");
    assert_non_null(strstr(policy, "default-src 'none'"));
    assert_non_null(strstr(policy, "frame-ancestors 'none'"));
    assert_null(strstr(policy, "unsafe"));
    assert_string_equal(shop_header(&shop, "X-Content-Type-Options"), "nosniff");
    assert_string_equal(shop.response.content_type.data, "text/html; charset=utf-8");
    shop_close(&shop);
}

/* ---- signing in ---- */

TEST(F51_private_pages_send_strangers_to_sign_in_and_back)
{
    static const char *const pages[] = { "/orders", "/selling", "/account", "/tickets/new",
                                         "/orders/0198c0de-0000-7000-8000-000000000000" };
    struct shop shop;
    open_shop(&shop);
    (void)people_join(&shop, "alice@example.com");
    for (size_t i = 0; i < sizeof pages / sizeof *pages; i++) {
        assert_int_equal(see(&shop, nobody, pages[i]), 303);
        const char *sign_in = shop_header(&shop, "Location");
        assert_int_equal(strncmp(sign_in, "/auth/signin?next=", 18), 0);
        assert_int_equal(see(&shop, nobody, sign_in), 200);
        assert_string_equal(held(&shop, "next"), pages[i]);
        const char *form = textf(&shop, "email=alice%%40example.com&password=%s&next=%s",
                                 PEOPLE_PASSWORD, pages[i]);
        assert_goes_to(&shop, submit(&shop, nobody, "/auth/signin", form), pages[i]);
        assert_non_null(cookie_set(&shop, S("session=")).data);
    }
    shop_close(&shop);
}

TEST(nobody_is_sent_to_another_site)
{
    static const char *const places[] = {
        "https%3A%2F%2Fevil.example.com", "%2F%2Fevil.example.com", "%2F%5Cevil.example.com",
        "javascript%3Aalert(1)",          "%2F%09%2Fevil",          "",
    };
    struct shop shop;
    open_shop(&shop);
    (void)people_join(&shop, "alice@example.com");
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        const char *form = textf(&shop, "email=alice%%40example.com&password=%s&next=%s",
                                 PEOPLE_PASSWORD, places[i]);
        assert_goes_to(&shop, submit(&shop, nobody, "/auth/signin", form), "/");
        assert_goes_to(&shop, see(&shop, nobody, textf(&shop, "/language/de?next=%s", places[i])),
                       "/");
    }
    shop_close(&shop);
}

TEST(a_wrong_password_leaves_the_address_and_says_no_more_than_that)
{
    struct shop shop;
    open_shop(&shop);
    (void)people_join(&shop, "alice@example.com");
    assert_int_equal(
        submit(&shop, nobody, "/auth/signin", "email=alice%40example.com&password=wrong-one"), 401);
    assert_shows(&shop, "do not fit together");
    assert_shows(&shop, "value=\"alice@example.com\"");
    assert_hides(&shop, "wrong-one");
    shop_close(&shop);
}

TEST(a_new_account_is_made_once_and_its_errors_stand_beside_the_inputs)
{
    struct shop shop;
    open_shop(&shop);
    assert_int_equal(see(&shop, nobody, "/auth/signup?next=%2Forders"), 200);
    const char *key = held(&shop, "key");
    const char *bad = textf(&shop, "key=%s&email=alice&password=short&name=Al", key);
    assert_int_equal(submit(&shop, nobody, "/auth/signup", bad), 400);
    assert_shows(&shop, "id=\"email-error\"");
    assert_shows(&shop, "id=\"password-error\"");
    assert_shows(&shop, "value=\"alice\"");
    assert_hides(&shop, "short\"");
    assert_string_not_equal(held(&shop, "key"), key);

    const char *form = textf(&shop, "key=%s&next=%%2Forders&email=alice%%40example.com&password=%s",
                             held(&shop, "key"), PEOPLE_PASSWORD);
    assert_goes_to(&shop, submit(&shop, nobody, "/auth/signup", form), "/orders");
    assert_goes_to(&shop, submit(&shop, nobody, "/auth/signup", form), "/orders");
    str alice = cookie_set(&shop, S("session="));
    assert_int_equal(see(&shop, alice, "/orders"), 200);
    assert_goes_to(&shop, submit(&shop, alice, "/auth/signout", ""), "/");
    assert_int_equal(see(&shop, alice, "/orders"), 303);
    shop_close(&shop);
}

TEST(what_has_happened_is_said_once)
{
    struct shop shop;
    open_shop(&shop);
    assert_int_equal(see(&shop, S("said=signed_out"), "/"), 200);
    assert_shows(&shop, "You are signed out.");
    assert_true(str_equal(cookie_set(&shop, S("said=")), S("said=")));
    assert_int_equal(see(&shop, S("said=<b>anything</b>"), "/"), 200);
    assert_hides(&shop, "anything");
    shop_close(&shop);
}

TEST(a_form_from_another_site_does_nothing_signed_in_or_not)
{
    struct shop shop;
    open_shop(&shop);
    str alice = people_join(&shop, "alice@example.com");
    shop.headers[HEADER_sec_fetch_site] = S("cross-site");
    assert_int_equal(submit(&shop, alice, "/tickets/new", "title=Opera&price=20"), 403);
    assert_shows(&shop, "<!doctype html>");
    shop.headers[HEADER_origin] = S("https://evil.example.com");
    assert_int_equal(submit(&shop, nobody, "/auth/signin",
                            "email=alice%40example.com&password=" PEOPLE_PASSWORD),
                     403);
    assert_null(cookie_set(&shop, S("session=")).data);
    assert_int_equal(see(&shop, alice, "/selling"), 200);
    assert_hides(&shop, "Opera");
    shop_close(&shop);
}

/* ---- selling ---- */

TEST(a_listing_keeps_what_was_typed_until_it_is_right)
{
    struct shop shop;
    open_shop(&shop);
    str alice = people_join(&shop, "alice@example.com");
    assert_int_equal(
        submit(&shop, alice, "/tickets/new",
               "title=&price=free&venue=Old+Hall&category=comedy&startsAt=2020-01-01T10:00"),
        400);
    assert_shows(&shop, "id=\"title-error\"");
    assert_shows(&shop, "id=\"price-error\"");
    assert_shows(&shop, "value=\"free\"");
    assert_shows(&shop, "value=\"Old Hall\"");
    assert_shows(&shop, "<option value=\"comedy\" selected>");
    assert_shows(&shop, "value=\"2020-01-01T10:00\"");
    shop_close(&shop);
}

TEST(a_listing_sent_twice_is_listed_once)
{
    struct shop shop;
    open_shop(&shop);
    str alice = people_join(&shop, "alice@example.com");
    assert_int_equal(see(&shop, alice, "/tickets/new"), 200);
    const char *form = textf(&shop, "key=%s&title=Opera&price=20", held(&shop, "key"));
    assert_int_equal(submit(&shop, alice, "/tickets/new", form), 303);
    const char *first = shop_header(&shop, "Location");
    assert_goes_to(&shop, submit(&shop, alice, "/tickets/new", form), first);
    /* Back, another title, and sent again with the old key. */
    const char *other = textf(&shop, "key=%.36s&title=Ballet&price=20", form + 4);
    assert_int_equal(submit(&shop, alice, "/tickets/new", other), 422);
    assert_shows(&shop, "value=\"Ballet\"");
    shop_close(&shop);
}

TEST(a_seller_edits_and_withdraws_and_nobody_else_does)
{
    struct shop shop;
    open_shop(&shop);
    str alice = people_join(&shop, "alice@example.com");
    str bob = people_join(&shop, "bob@example.com");
    const char *path = list_ticket(&shop, alice, "Opera", "20");
    const char *edit = textf(&shop, "%s/edit", path);
    assert_int_equal(see(&shop, bob, edit), 403);
    assert_int_equal(see(&shop, alice, edit), 200);
    assert_string_equal(held(&shop, "version"), "v0");
    assert_shows(&shop, "value=\"20.00\"");
    const char *form = textf(&shop, "key=%s&version=v0&title=Ballet&price=25", held(&shop, "key"));
    assert_int_equal(submit(&shop, bob, edit, form), 403);
    assert_goes_to(&shop, submit(&shop, alice, edit, form), path);
    assert_int_equal(submit(&shop, alice, edit, "version=v0&title=Circus&price=25"), 409);
    assert_shows(&shop, "It has changed since you opened this page");
    assert_shows(&shop, "value=\"Circus\"");
    assert_int_equal(submit(&shop, bob, textf(&shop, "%s/withdraw", path), ""), 403);
    assert_goes_to(&shop, submit(&shop, alice, textf(&shop, "%s/withdraw", path), ""), "/selling");
    assert_int_equal(see(&shop, alice, "/selling"), 200);
    assert_shows(&shop, "status-withdrawn");
    assert_int_equal(see(&shop, bob, path), 200);
    assert_shows(&shop, "The seller took it off the market.");
    shop_close(&shop);
}

/* ---- buying ---- */

static const char *order_form(struct shop *shop, str buyer, const char *ticket)
{
    assert_int_equal(see(shop, buyer, ticket), 200);
    return textf(shop, "key=%s&price=%s", held(shop, "key"), held(shop, "price"));
}

static const char *buy(struct shop *shop, str buyer, const char *ticket)
{
    const char *form = order_form(shop, buyer, ticket);
    assert_int_equal(submit(shop, buyer, textf(shop, "%s/order", ticket), form), 303);
    return shop_header(shop, "Location");
}

TEST(a_stranger_who_wants_a_ticket_signs_in_and_comes_back_to_it)
{
    struct shop shop;
    open_shop(&shop);
    str alice = people_join(&shop, "alice@example.com");
    const char *ticket = list_ticket(&shop, alice, "Opera", "20");
    assert_int_equal(see(&shop, nobody, ticket), 200);
    assert_shows(&shop, "Sign in to buy");
    assert_int_equal(submit(&shop, nobody, textf(&shop, "%s/order", ticket), "price=20"), 303);
    assert_non_null(strstr(shop_header(&shop, "Location"), "/auth/signin?next=%2Ftickets%2F"));
    assert_null(strstr(shop_header(&shop, "Location"), "order"));
    shop_close(&shop);
}

TEST(a_double_click_orders_once)
{
    struct shop shop;
    open_shop(&shop);
    str alice = people_join(&shop, "alice@example.com");
    str bob = people_join(&shop, "bob@example.com");
    const char *ticket = list_ticket(&shop, alice, "Opera", "20");
    const char *form = order_form(&shop, bob, ticket);
    const char *path = textf(&shop, "%s/order", ticket);
    assert_int_equal(submit(&shop, bob, path, form), 303);
    const char *order = shop_header(&shop, "Location");
    assert_goes_to(&shop, submit(&shop, bob, path, form), order);
    assert_int_equal(see(&shop, bob, order), 200);
    assert_shows(&shop, "15 minutes left");
    assert_shows(&shop, "$20.00");
    shop_close(&shop);
}

TEST(of_two_buyers_one_gets_the_ticket_and_the_other_is_told)
{
    struct shop shop;
    open_shop(&shop);
    str alice = people_join(&shop, "alice@example.com");
    str bob = people_join(&shop, "bob@example.com");
    str carol = people_join(&shop, "carol@example.com");
    const char *ticket = list_ticket(&shop, alice, "Opera", "20");
    const char *carols = order_form(&shop, carol, ticket);
    const char *order = buy(&shop, bob, ticket);
    assert_int_equal(submit(&shop, carol, textf(&shop, "%s/order", ticket), carols), 409);
    assert_shows(&shop, "Somebody else was faster");
    assert_shows(&shop, "status-reserved");
    assert_int_equal(see(&shop, bob, ticket), 200);
    assert_shows(&shop, textf(&shop, "href=\"%s\"", order));
    assert_int_equal(see(&shop, carol, ticket), 200);
    assert_hides(&shop, order);
    assert_int_equal(see(&shop, carol, order), 403);
    assert_int_equal(see(&shop, alice, ticket), 200);
    assert_hides(&shop, "/edit\"");
    shop_close(&shop);
}

TEST(a_price_raised_while_somebody_looked_is_shown_before_it_is_paid)
{
    struct shop shop;
    open_shop(&shop);
    str alice = people_join(&shop, "alice@example.com");
    str bob = people_join(&shop, "bob@example.com");
    const char *ticket = list_ticket(&shop, alice, "Opera", "20");
    const char *form = order_form(&shop, bob, ticket);
    assert_int_equal(submit(&shop, alice, textf(&shop, "%s/edit", ticket), "title=Opera&price=25"),
                     303);
    assert_int_equal(submit(&shop, bob, textf(&shop, "%s/order", ticket), form), 409);
    assert_shows(&shop, "The price has changed to 25");
    assert_string_equal(held(&shop, "price"), "25");
    const char *again = textf(&shop, "key=%s&price=25", held(&shop, "key"));
    assert_int_equal(submit(&shop, bob, textf(&shop, "%s/order", ticket), again), 303);
    shop_close(&shop);
}

TEST(an_order_let_go_is_for_sale_again)
{
    struct shop shop;
    open_shop(&shop);
    str alice = people_join(&shop, "alice@example.com");
    str bob = people_join(&shop, "bob@example.com");
    const char *ticket = list_ticket(&shop, alice, "Opera", "20");
    const char *order = buy(&shop, bob, ticket);
    assert_goes_to(&shop, submit(&shop, bob, textf(&shop, "%s/cancel", order), ""), order);
    assert_int_equal(see(&shop, bob, order), 200);
    assert_shows(&shop, "You let it go. Nothing was charged.");
    assert_int_equal(see(&shop, nobody, "/"), 200);
    assert_shows(&shop, "Opera");
    assert_int_equal(see(&shop, bob, "/orders"), 200);
    assert_shows(&shop, "status-cancelled");
    shop_close(&shop);
}

TEST(paying_leads_to_an_order_that_waits_for_it_and_looks_again)
{
    struct shop shop;
    open_shop(&shop);
    str alice = people_join(&shop, "alice@example.com");
    str bob = people_join(&shop, "bob@example.com");
    const char *order = buy(&shop, bob, list_ticket(&shop, alice, "Opera", "20"));
    const char *pay = textf(&shop, "%s/pay", order);
    assert_int_equal(see(&shop, bob, pay), 200);
    assert_shows(&shop, "Pay $20.00");
    assert_int_equal(submit(&shop, bob, pay, "token="), 400);
    const char *form = textf(&shop, "key=%s&token=pm_card_visa", held(&shop, "key"));
    assert_goes_to(&shop, submit(&shop, bob, pay, form), order);
    assert_goes_to(&shop, submit(&shop, bob, pay, form), order);
    assert_int_equal(see(&shop, bob, order), 200);
    assert_shows(&shop, "Payment under way");
    assert_string_equal(shop_header(&shop, "Refresh"), "3");
    assert_int_equal(see(&shop, bob, "/orders"), 200);
    shop_close(&shop);
}

TEST(an_order_whose_time_is_up_says_so)
{
    struct shop shop;
    open_shop(&shop);
    str alice = people_join(&shop, "alice@example.com");
    str bob = people_join(&shop, "bob@example.com");
    const char *order = buy(&shop, bob, list_ticket(&shop, alice, "Opera", "20"));
    world_wait(&shop.world, minutes(15));
    assert_int_equal(see(&shop, bob, order), 200);
    assert_shows(&shop, "Time is up");
    bool more;
    assert_ok(shop_duty(&shop, &expiration_service.duties[0], &more));
    assert_int_equal(see(&shop, bob, order), 200);
    assert_shows(&shop, "The time to pay was over. Nothing was charged.");
    assert_goes_to(&shop, see(&shop, bob, textf(&shop, "%s/pay", order)), order);
    shop_close(&shop);
}

/* ---- the account ---- */

TEST(an_account_is_changed_in_parts)
{
    struct shop shop;
    open_shop(&shop);
    str alice = people_join(&shop, "alice@example.com");
    assert_goes_to(&shop, submit(&shop, alice, "/account", "name=Alice&phone=%2B14155550123"),
                   "/account");
    assert_int_equal(see(&shop, alice, "/account"), 200);
    assert_string_equal(held(&shop, "phone"), "+14155550123");
    assert_string_equal(held(&shop, "name"), "Alice");
    assert_goes_to(&shop, submit(&shop, alice, "/account", "name=&phone="), "/account");
    assert_int_equal(see(&shop, alice, "/account"), 200);
    assert_string_equal(held(&shop, "phone"), "");
    shop_close(&shop);
}

TEST(a_new_password_needs_the_old_one)
{
    struct shop shop;
    open_shop(&shop);
    str alice = people_join(&shop, "alice@example.com");
    assert_int_equal(submit(&shop, alice, "/account/password",
                            "password=another-good-one&currentPassword=not-mine"),
                     400);
    assert_shows(&shop, "This is not your current password.");
    assert_hides(&shop, "another-good-one");
    assert_goes_to(&shop,
                   submit(&shop, alice, "/account/password",
                          "password=another-good-one&currentPassword=" PEOPLE_PASSWORD),
                   "/account");
    shop_close(&shop);
}

/* ---- strange requests ---- */

TEST(what_is_not_there_has_a_friendly_page_and_the_API_its_envelope)
{
    static const char *const lost[] = { "/nothing", "/tickets/nothing", "/tickets/a/b/c",
                                        "/tickets/0198c0de-0000-7000-8000-000000000000" };
    struct shop shop;
    open_shop(&shop);
    for (size_t i = 0; i < sizeof lost / sizeof *lost; i++) {
        assert_int_equal(see(&shop, nobody, lost[i]), 404);
        assert_shows(&shop, "There is nothing here");
    }
    assert_int_equal(see(&shop, nobody, "/api/nothing"), 404);
    assert_string_equal(shop_body(&shop), "{\"errors\":[{\"message\":\"Not found\"}]}");
    assert_int_equal(people_ask(&shop, nobody, GET, "/nothing", NULL), 404);
    assert_string_equal(shop_body(&shop), "{\"errors\":[{\"message\":\"Not found\"}]}");
    assert_int_equal(see(&shop, nobody, "/static/none.css"), 404);
    shop_close(&shop);
}

TEST(a_card_number_is_refused_wherever_it_is_typed)
{
    struct shop shop;
    open_shop(&shop);
    str alice = people_join(&shop, "alice@example.com");
    assert_int_equal(submit(&shop, alice, "/tickets/new", "title=4242+4242+4242+4242&price=20"),
                     400);
    assert_shows(&shop, "This looks like a card number");
    assert_int_equal(see(&shop, nobody, "/?q=4242424242424242"), 400);
    shop_close(&shop);
}

TEST(a_body_that_is_no_form_is_refused)
{
    static const char *const bodies[] = { "%", "title=%ff", "{\"title\":\"x\"}", "=&=&=" };
    struct shop shop;
    open_shop(&shop);
    str alice = people_join(&shop, "alice@example.com");
    for (size_t i = 0; i < sizeof bodies / sizeof *bodies; i++) {
        int status = submit(&shop, alice, "/tickets/new", bodies[i]);
        assert_int_equal(status, 400);
        assert_shows(&shop, "<!doctype html>");
    }
    shop_close(&shop);
}

TEST(the_site_speaks_the_visitors_language)
{
    struct shop shop;
    open_shop(&shop);
    shop.headers[HEADER_accept_language] = S("de-DE,de;q=0.9");
    assert_int_equal(see(&shop, nobody, "/"), 200);
    assert_shows(&shop, "<html lang=\"de\">");
    shop.headers[HEADER_accept_language] = S("de");
    assert_int_equal(see(&shop, S("language=en"), "/"), 200);
    assert_shows(&shop, "<html lang=\"en\">");
    assert_goes_to(&shop, see(&shop, nobody, "/language/de?next=%2F%3Fq%3Dx"), "/?q=x");
    assert_true(str_equal(cookie_set(&shop, S("language=")), S("language=de")));
    assert_int_equal(see(&shop, nobody, "/language/tlh"), 404);
    shop_close(&shop);
}

TEST(static_files_are_compressed_and_never_asked_for_again)
{
    struct shop shop;
    open_shop(&shop);
    assert_int_equal(see(&shop, nobody, "/"), 200);
    const char *path = strstr(shop_body(&shop), "/static/app.");
    path = textf(&shop, "%.*s", (int)strcspn(path, "\""), path);
    assert_int_equal(see(&shop, nobody, path), 200);
    size_t plain = shop.response.body.size;
    assert_string_equal(shop_header(&shop, "Content-Encoding"), "");
    shop.headers[HEADER_accept_encoding] = S("br, gzip");
    assert_int_equal(see(&shop, nobody, path), 200);
    assert_string_equal(shop_header(&shop, "Content-Encoding"), "gzip");
    assert_string_equal(shop_header(&shop, "Cache-Control"), "public, max-age=31536000, immutable");
    assert_true(plain < 500 || shop.response.body.size < plain);
    shop_close(&shop);
}

TEST(markup_in_a_listing_is_text_on_every_page_that_shows_it)
{
    struct shop shop;
    open_shop(&shop);
    str alice = people_join(&shop, "alice@example.com");
    str bob = people_join(&shop, "bob@example.com");
    const char *evil = "%22%3E%3Cscript%3Ealert(1)%3C%2Fscript%3E";
    const char *form =
        textf(&shop, "title=%s&price=20&venue=%s&seat=%s&description=%s", evil, evil, evil, evil);
    assert_int_equal(submit(&shop, alice, "/tickets/new", form), 303);
    const char *ticket = shop_header(&shop, "Location");
    const char *order = buy(&shop, bob, ticket);
    const char *const pages[] = { "/",
                                  ticket,
                                  "/selling",
                                  order,
                                  "/orders",
                                  textf(&shop, "%s/pay", order),
                                  "/?q=%22%3E%3Cscript%3Ealert(1)%3C%2Fscript%3E",
                                  "/auth/signup?next=%2F%22%3E%3Cscript%3E" };
    for (size_t i = 0; i < sizeof pages / sizeof *pages; i++) {
        (void)see(&shop, i == 2 ? alice : bob, pages[i]);
        assert_hides(&shop, "<script>");
    }
    shop_close(&shop);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_empty_shop_says_so),
        cmocka_unit_test(what_is_for_sale_is_listed_searched_and_paged),
        cmocka_unit_test(a_filter_that_makes_no_sense_is_named_beside_its_input),
        cmocka_unit_test(strangers_may_keep_a_page_and_ask_whether_it_changed),
        cmocka_unit_test(every_page_forbids_what_it_does_not_need),
        cmocka_unit_test(F51_private_pages_send_strangers_to_sign_in_and_back),
        cmocka_unit_test(nobody_is_sent_to_another_site),
        cmocka_unit_test(a_wrong_password_leaves_the_address_and_says_no_more_than_that),
        cmocka_unit_test(a_new_account_is_made_once_and_its_errors_stand_beside_the_inputs),
        cmocka_unit_test(what_has_happened_is_said_once),
        cmocka_unit_test(a_form_from_another_site_does_nothing_signed_in_or_not),
        cmocka_unit_test(a_listing_keeps_what_was_typed_until_it_is_right),
        cmocka_unit_test(a_listing_sent_twice_is_listed_once),
        cmocka_unit_test(a_seller_edits_and_withdraws_and_nobody_else_does),
        cmocka_unit_test(a_stranger_who_wants_a_ticket_signs_in_and_comes_back_to_it),
        cmocka_unit_test(a_double_click_orders_once),
        cmocka_unit_test(of_two_buyers_one_gets_the_ticket_and_the_other_is_told),
        cmocka_unit_test(a_price_raised_while_somebody_looked_is_shown_before_it_is_paid),
        cmocka_unit_test(an_order_let_go_is_for_sale_again),
        cmocka_unit_test(paying_leads_to_an_order_that_waits_for_it_and_looks_again),
        cmocka_unit_test(an_order_whose_time_is_up_says_so),
        cmocka_unit_test(an_account_is_changed_in_parts),
        cmocka_unit_test(a_new_password_needs_the_old_one),
        cmocka_unit_test(what_is_not_there_has_a_friendly_page_and_the_API_its_envelope),
        cmocka_unit_test(a_card_number_is_refused_wherever_it_is_typed),
        cmocka_unit_test(a_body_that_is_no_form_is_refused),
        cmocka_unit_test(the_site_speaks_the_visitors_language),
        cmocka_unit_test(static_files_are_compressed_and_never_asked_for_again),
        cmocka_unit_test(markup_in_a_listing_is_text_on_every_page_that_shows_it),
    };
    return RUN_TESTS(tests);
}
