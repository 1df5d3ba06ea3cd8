#include "tests/test.h"

#include "app/proxies.h"

static struct proxies proxies_of(const char *text)
{
    struct proxies proxies;
    assert_true(proxies_parse(str_of(text), &proxies));
    return proxies;
}

static bool parses(const char *text)
{
    struct proxies proxies;
    return proxies_parse(str_of(text), &proxies);
}

TEST(networks_of_both_families_are_read)
{
    struct proxies proxies = proxies_of("10.0.0.0/8, 192.0.2.7,fd00::/8");
    assert_true(proxies_trust(&proxies, S("10.255.1.2")));
    assert_true(proxies_trust(&proxies, S("::ffff:10.1.1.1")));
    assert_true(proxies_trust(&proxies, S("192.0.2.7")));
    assert_true(proxies_trust(&proxies, S("fd12::1")));
    assert_false(proxies_trust(&proxies, S("11.0.0.1")));
    assert_false(proxies_trust(&proxies, S("192.0.2.6")));
    assert_false(proxies_trust(&proxies, S("fe00::1")));
    assert_false(proxies_trust(&proxies, S("unix")));
}

TEST(a_prefix_may_end_within_a_byte)
{
    struct proxies proxies = proxies_of("172.16.0.0/12");
    assert_true(proxies_trust(&proxies, S("172.31.255.255")));
    assert_false(proxies_trust(&proxies, S("172.32.0.0")));
    proxies = proxies_of("0.0.0.0/0");
    assert_true(proxies_trust(&proxies, S("203.0.113.9")));
    assert_false(proxies_trust(&proxies, S("2001:db8::1")));
}

TEST(what_is_no_network_is_refused)
{
    assert_true(parses(""));
    assert_false(parses("10.0.0.0/33"));
    assert_false(parses("10.0.0/8"));
    assert_false(parses("fd00::/129"));
    assert_false(parses("10.0.0.1/-1"));
    assert_false(parses("proxy.example.com"));
    assert_false(parses("10.0.0.1,,10.0.0.2"));
    assert_false(parses("1.1.1.1,1.1.1.1,1.1.1.1,1.1.1.1,1.1.1.1,1.1.1.1,1.1.1.1,1.1.1.1,1.1.1.1,"
                        "1.1.1.1,1.1.1.1,1.1.1.1,1.1.1.1,1.1.1.1,1.1.1.1,1.1.1.1,1.1.1.1"));
}

/* The client that a request from `from` with this chain is taken to come from. */
static str client(const char *from, const char *chain)
{
    struct proxies proxies = proxies_of("10.0.0.0/8");
    struct request request = { .client = str_of(from) };
    request.header[HEADER_x_forwarded_for] = str_of(chain);
    proxies_apply(&proxies, &request);
    return request.client;
}

TEST(the_client_is_the_last_address_that_no_trusted_proxy_vouches_away)
{
    assert_true(str_is(client("10.0.0.1", "203.0.113.9"), "203.0.113.9"));
    assert_true(str_is(client("10.0.0.1", "198.51.100.1, 203.0.113.9, 10.0.0.2"), "203.0.113.9"));
    assert_true(str_is(client("10.0.0.1", "10.0.0.3,10.0.0.2"), "10.0.0.3"));
    assert_true(str_is(client("10.0.0.1", NULL), "10.0.0.1"));
    assert_true(str_is(client("10.0.0.1", "unknown"), "10.0.0.1"));
}

TEST(nobody_else_can_say_who_they_are)
{
    assert_true(str_is(client("203.0.113.9", "198.51.100.1"), "203.0.113.9"));

    struct proxies proxies = proxies_of("10.0.0.0/8");
    struct request request = { .client = S("203.0.113.9") };
    request.header[HEADER_x_forwarded_proto] = S("https");
    proxies_apply(&proxies, &request);
    assert_false(request.https);
    request.client = S("10.0.0.1");
    proxies_apply(&proxies, &request);
    assert_true(request.https);
    request.header[HEADER_x_forwarded_proto] = S("https, http");
    proxies_apply(&proxies, &request);
    assert_false(request.https);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(networks_of_both_families_are_read),
        cmocka_unit_test(a_prefix_may_end_within_a_byte),
        cmocka_unit_test(what_is_no_network_is_refused),
        cmocka_unit_test(the_client_is_the_last_address_that_no_trusted_proxy_vouches_away),
        cmocka_unit_test(nobody_else_can_say_who_they_are),
    };
    return RUN_TESTS(tests);
}
