#include "web/web.h"

#include "tests/test.h"

#define LIST "tickets newest"

static const uuid an_id = { { 1, 2, 3, [15] = 7 } };

struct bench {
    struct arena arena;
    struct settings settings;
    struct op op;
};

static void open_bench(struct bench *bench)
{
    memset(bench, 0, sizeof *bench);
    bench->settings = settings_default();
    bench->settings.jwt_key = S("a key of 32 bytes, and for tests");
    bench->op = (struct op){ .arena = &bench->arena, .settings = &bench->settings };
}

static const struct problem *read(struct bench *bench, str query, struct page *page)
{
    struct request request = { .path = S("/api/tickets"), .query = query };
    return read_page(&bench->op, &request, S(LIST), page).problem;
}

/* The target of Link: rel="next" for a list that ends at a key. */
static str next_of(struct bench *bench, str path, str query, int64_t key)
{
    struct request request = { .path = path, .query = query };
    struct response response = { 0 };
    page_next(&bench->op, &request, &response, S(LIST), key, an_id);

    str link = response_header(&response, "Link");
    str rest;
    str target = str_cut(link, '>', &rest);
    assert_true(str_is(rest, "; rel=\"next\""));
    assert_true(str_starts(target, S("<")));
    return (str){ target.data + 1, target.size - 1 };
}

static str cursor_query(struct bench *bench, int64_t key)
{
    str query;
    (void)str_cut(next_of(bench, S("/api/tickets"), (str){ NULL, 0 }, key), '?', &query);
    return query;
}

TEST(a_list_has_a_default_size)
{
    struct bench bench;
    open_bench(&bench);
    struct page page;
    assert_null(read(&bench, (str){ NULL, 0 }, &page));
    assert_int_equal(page.limit, 20);
    assert_false(page.after);
    assert_null(read(&bench, S("limit=100&cursor="), &page));
    assert_int_equal(page.limit, 100);
    assert_false(page.after);
    arena_free(&bench.arena);
}

TEST(F43_a_list_has_a_limit)
{
    static const char *const bad[] = { "limit=0", "limit=101", "limit=-1",
                                       "limit=x", "limit=1.5", "limit=99999999999999999999" };
    struct bench bench;
    open_bench(&bench);
    struct page page;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        const struct problem *problem = read(&bench, str_of(bad[i]), &page);
        assert_non_null(problem);
        assert_int_equal(problem->status, 400);
        assert_string_equal(problem->field, "limit");
    }
    arena_free(&bench.arena);
}

TEST(F43_a_cursor_says_where_a_list_goes_on)
{
    static const int64_t keys[] = { 0, 1, -1, 2005, 1795000000000, INT64_MAX, INT64_MIN };
    struct bench bench;
    open_bench(&bench);
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        struct page page;
        assert_null(read(&bench, cursor_query(&bench, keys[i]), &page));
        assert_true(page.after);
        assert_true(page.key == keys[i]);
        assert_true(uuid_equal(page.id, an_id));
    }
    arena_free(&bench.arena);
}

TEST(a_cursor_that_was_changed_is_refused)
{
    struct bench bench;
    open_bench(&bench);
    str query = cursor_query(&bench, 2005);
    char *changed = arena_text(&bench.arena, query.size);
    struct page page;

    for (size_t i = strlen("cursor="); i < query.size; i++) {
        memcpy(changed, query.data, query.size);
        changed[i] = changed[i] == 'A' ? 'B' : 'A';
        const struct problem *problem = read(&bench, (str){ changed, query.size }, &page);
        assert_non_null(problem);
        assert_int_equal(problem->status, 400);
        assert_string_equal(problem->field, "cursor");
    }
    assert_non_null(read(&bench, (str){ query.data, query.size - 1 }, &page));
    assert_non_null(read(&bench, S("cursor=AAAA"), &page));
    assert_non_null(read(&bench, S("cursor=%21"), &page));
    arena_free(&bench.arena);
}

TEST(a_cursor_belongs_to_its_list_and_its_shop)
{
    struct bench bench;
    open_bench(&bench);
    struct request request = { .query = cursor_query(&bench, 2005) };
    struct page page;
    assert_null(read_page(&bench.op, &request, S(LIST), &page).problem);
    assert_true(err_is(read_page(&bench.op, &request, S("tickets price"), &page), STATUS_INVALID));

    bench.settings.jwt_key = S("another key, as long as it must be");
    assert_true(err_is(read_page(&bench.op, &request, S(LIST), &page), STATUS_INVALID));
    arena_free(&bench.arena);
}

TEST(the_next_page_has_the_same_query)
{
    struct bench bench;
    open_bench(&bench);
    str next =
        next_of(&bench, S("/api/tickets"), S("q=rock%20%26+roll&cursor=old&limit=2&x=%3E%22"), 7);
    assert_true(str_starts(next, S("/api/tickets?q=rock%20%26%20roll&limit=2&x=%3E%22&cursor=")));

    str last = next_of(&bench, S("/a b>\r\n%/\xc3\xa9"), (str){ NULL, 0 }, 7);
    assert_true(str_starts(last, S("/a%20b%3E%0D%0A%25/%C3%A9?cursor=")));
    arena_free(&bench.arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_list_has_a_default_size),
        cmocka_unit_test(F43_a_list_has_a_limit),
        cmocka_unit_test(F43_a_cursor_says_where_a_list_goes_on),
        cmocka_unit_test(a_cursor_that_was_changed_is_refused),
        cmocka_unit_test(a_cursor_belongs_to_its_list_and_its_shop),
        cmocka_unit_test(the_next_page_has_the_same_query),
    };
    return RUN_TESTS(tests);
}
