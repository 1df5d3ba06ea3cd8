#include "web/web.h"

#include "tests/test.h"

#define PAIRS_MAX 4

/* A form as one text: name=value|name=value, or the reason why not. */
static const char *decoded(struct arena *arena, const char *encoded)
{
    struct form_text *texts;
    size_t count;
    err e = form_decode(arena, str_of(encoded), PAIRS_MAX, &texts, &count);
    if (e.problem != NULL)
        return err_is(e, STATUS_INVALID) ? "invalid" : "another problem";

    struct buf buf = buf_in(arena, 64);
    for (size_t i = 0; i < count; i++) {
        if (i > 0)
            buf_add_char(&buf, '|');
        buf_add(&buf, texts[i].name);
        buf_add_char(&buf, '=');
        buf_add(&buf, texts[i].text);
    }
    return str_terminated(arena, buf_str(&buf));
}

TEST(a_form_is_names_and_texts)
{
    struct arena arena = { 0 };
    assert_string_equal(decoded(&arena, "a=1&b=2"), "a=1|b=2");
    assert_string_equal(decoded(&arena, "title=A+night%20out&price=20.05"),
                        "title=A night out|price=20.05");
    assert_string_equal(decoded(&arena, "q=caf%C3%A9&plus=1%2B1"), "q=caf\xc3\xa9|plus=1+1");
    assert_string_equal(decoded(&arena, "a%3Db=c=d"), "a=b=c=d");
    arena_free(&arena);
}

TEST(a_form_may_have_gaps_and_blanks)
{
    struct arena arena = { 0 };
    assert_string_equal(decoded(&arena, ""), "");
    assert_string_equal(decoded(&arena, NULL), "");
    assert_string_equal(decoded(&arena, "&&"), "");
    assert_string_equal(decoded(&arena, "a=1&&b="), "a=1|b=");
    assert_string_equal(decoded(&arena, "a"), "a=");
    assert_string_equal(decoded(&arena, "=a"), "=a");
    arena_free(&arena);
}

TEST(what_is_not_well_encoded_is_refused)
{
    static const char *const encoded[] = {
        "a=%",     "a=%4",  "%",        "a=%zz",       "a=%4g",  "a=%g4&b=1",      "a=%00",
        "%00=a",   "a=%C3", "a=%C3%28", "a=%ED%A0%80", "a=\xff", "a=%F4%90%80%80", "a=%C0%80",
        "a=1&b=%",
    };
    struct arena arena = { 0 };
    for (size_t i = 0; i < sizeof encoded / sizeof encoded[0]; i++)
        assert_string_equal(decoded(&arena, encoded[i]), "invalid");
    arena_free(&arena);
}

TEST(an_escape_ends_where_the_form_ends)
{
    struct arena arena = { 0 };
    struct form_text *texts;
    size_t count;
    const str cut = { "a=%41", strlen("a=%4") };
    assert_true(err_is(form_decode(&arena, cut, 1, &texts, &count), STATUS_INVALID));
    arena_free(&arena);
}

TEST(a_form_has_at_most_so_many_pairs)
{
    struct arena arena = { 0 };
    assert_string_equal(decoded(&arena, "a=1&b=2&c=3&d=4"), "a=1|b=2|c=3|d=4");
    assert_string_equal(decoded(&arena, "a=1&b=2&c=3&d=4&e=5"), "invalid");
    assert_string_equal(decoded(&arena, "&&&&&&&&"), "invalid");
    arena_free(&arena);
}

TEST(what_form_add_writes_is_read_back)
{
    struct arena arena = { 0 };
    struct buf buf = buf_in(&arena, 16);
    form_add(&buf, S("metadata[order_id]"), S("a&b=c+d %\xc3\xa9"));
    form_add(&buf, S("safe"), S("AZaz09-._~"));

    const char *encoded = str_terminated(&arena, buf_str(&buf));
    assert_string_equal(encoded,
                        "metadata%5Border_id%5D=a%26b%3Dc%2Bd%20%25%C3%A9&safe=AZaz09-._~");
    assert_string_equal(decoded(&arena, encoded),
                        "metadata[order_id]=a&b=c+d %\xc3\xa9|safe=AZaz09-._~");
    arena_free(&arena);
}

struct search {
    str q;
    int64_t limit;
};

static const struct field search_fields[] = {
    FORM(struct search, q, .max = 5),
    FORM(struct search, limit, .min = 1, .max = 9),
    FIELDS_END,
};

TEST(a_query_is_read_by_the_rules_of_its_form)
{
    struct arena arena = { 0 };
    struct op op = { .arena = &arena };
    struct request request = { .query = S("q=a+b&limit=7&other=1") };
    struct search search;
    uint64_t present;
    assert_null(read_query(&op, &request, search_fields, &search, &present).problem);
    assert_true(str_is(search.q, "a b"));
    assert_int_equal(search.limit, 7);
    assert_int_equal(present, 3);

    request.query = S("q=toolong&limit=0");
    const struct problem *problem = read_query(&op, &request, search_fields, &search, NULL).problem;
    assert_string_equal(problem->field, "q");
    assert_string_equal(problem->next->field, "limit");
    arena_free(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_form_is_names_and_texts),
        cmocka_unit_test(a_form_may_have_gaps_and_blanks),
        cmocka_unit_test(what_is_not_well_encoded_is_refused),
        cmocka_unit_test(an_escape_ends_where_the_form_ends),
        cmocka_unit_test(a_form_has_at_most_so_many_pairs),
        cmocka_unit_test(what_form_add_writes_is_read_back),
        cmocka_unit_test(a_query_is_read_by_the_rules_of_its_form),
    };
    return RUN_TESTS(tests);
}
