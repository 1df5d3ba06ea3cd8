#include "web/web.h"

#include "tests/test.h"

static err nothing(struct op *op, const struct request *request, struct response *response)
{
    (void)op;
    (void)request;
    return reply_nothing(response, STATUS_NO_CONTENT);
}

static const struct route things[] = {
    { GET, "/api/things", ANYONE, .handle = nothing },
    { POST, "/api/things", SIGNED_IN, .handle = nothing },
    { GET, "/api/things/new", ANYONE, .handle = nothing },
    { GET, "/api/things/:id", MAYBE, .handle = nothing },
    { DELETE, "/api/things/:id", SIGNED_IN, .handle = nothing },
    ROUTES_END,
};

static const struct route parts[] = {
    { PUT, "/api/things/:id/parts/:part", SIGNED_IN, .handle = nothing },
    { POST, "/api/things/:id/refund", SIGNED_IN, .handle = nothing },
    ROUTES_END,
};

static const struct route *const tables[] = { things, parts };

struct found {
    const struct route *route;
    struct request request;
    char allow[64];
};

static struct found find(enum method method, const char *path)
{
    struct arena arena = { 0 };
    struct found found = { .request = { .method = method, .path = str_of(path) } };
    str allow;
    found.route = route_find(&arena, tables, 2, &found.request, &allow);
    assert_true(allow.size < sizeof found.allow);
    if (allow.data != NULL)
        memcpy(found.allow, allow.data, allow.size);
    arena_free(&arena);
    return found;
}

TEST(a_path_and_a_method_find_their_route)
{
    assert_ptr_equal(find(GET, "/api/things").route, &things[0]);
    assert_ptr_equal(find(POST, "/api/things").route, &things[1]);
    assert_ptr_equal(find(PUT, "/api/things/7/parts/8").route, &parts[0]);
    assert_ptr_equal(find(POST, "/api/things/7/refund").route, &parts[1]);
}

TEST(what_stands_at_a_name_becomes_a_parameter)
{
    struct found one = find(DELETE, "/api/things/7a");
    assert_ptr_equal(one.route, &things[4]);
    assert_true(str_is(one.request.params[0], "7a"));

    struct found two = find(PUT, "/api/things/7/parts/8");
    assert_true(str_is(two.request.params[0], "7"));
    assert_true(str_is(two.request.params[1], "8"));
}

TEST(the_first_route_that_fits_is_taken)
{
    assert_ptr_equal(find(GET, "/api/things/new").route, &things[2]);
    assert_ptr_equal(find(GET, "/api/things/newer").route, &things[3]);
    assert_ptr_equal(find(GET, "/api/things/ne").route, &things[3]);
}

TEST(a_request_learns_who_may_ask)
{
    assert_int_equal(find(GET, "/api/things").request.access, ANYONE);
    assert_int_equal(find(GET, "/api/things/7").request.access, MAYBE);
    assert_int_equal(find(DELETE, "/api/things/7").request.access, SIGNED_IN);
    assert_int_equal(find(DELETE, "/nowhere").request.access, ANYONE);
}

TEST(HEAD_finds_the_route_of_GET)
{
    assert_ptr_equal(find(HEAD, "/api/things").route, &things[0]);
    assert_ptr_equal(find(HEAD, "/api/things/7").route, &things[3]);
    assert_null(find(HEAD, "/api/things/7/refund").route);
}

TEST(a_known_path_says_which_methods_it_takes)
{
    struct found found = find(PATCH, "/api/things");
    assert_null(found.route);
    assert_string_equal(found.allow, "GET, HEAD, POST");
    assert_string_equal(find(POST, "/api/things/7").allow, "GET, HEAD, DELETE");
    assert_string_equal(find(HEAD, "/api/things/7/refund").allow, "POST");
    assert_string_equal(find(GET, "/api/things").allow, "");
}

TEST(an_unknown_path_allows_nothing)
{
    static const char *const paths[] = {
        "/",
        "/api",
        "/api/thing",
        "/api/things/",
        "/api/thingsy",
        "/api/things//refund",
        "/api/things/7/refund/",
        "/api/things/7/parts",
        "/api/things/7/parts/",
        "/API/things",
        "//api/things",
    };
    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
        struct found found = find(POST, paths[i]);
        assert_null(found.route);
        assert_string_equal(found.allow, "");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_path_and_a_method_find_their_route),
        cmocka_unit_test(what_stands_at_a_name_becomes_a_parameter),
        cmocka_unit_test(the_first_route_that_fits_is_taken),
        cmocka_unit_test(a_request_learns_who_may_ask),
        cmocka_unit_test(HEAD_finds_the_route_of_GET),
        cmocka_unit_test(a_known_path_says_which_methods_it_takes),
        cmocka_unit_test(an_unknown_path_allows_nothing),
    };
    return RUN_TESTS(tests);
}
