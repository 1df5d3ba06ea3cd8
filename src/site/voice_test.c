/* Money, dates, languages and complaints, as people hear them. */
#include "site/voice.h"

#include "tests/test.h"

static const char *said(struct arena *arena, const char *language, enum field_kind kind,
                        const void *value, const char *format)
{
    const struct field field = { .name = "x", .kind = kind };
    struct voice voice = voice_of(str_of(language), (instant){ 1 });
    struct buf out = buf_in(arena, 32);
    const struct spoken spoken = {
        .field = &field, .value = value, .format = str_of(format), .currency = S("usd")
    };
    voice.say(&voice, &out, &spoken);
    return str_terminated(arena, buf_str(&out));
}

static const char *said_money(struct arena *arena, const char *language, int64_t minor,
                              const char *format)
{
    const money amount = { minor };
    return said(arena, language, FIELD_KIND_MONEY, &amount, format);
}

TEST(money_is_said_as_in_the_language)
{
    struct arena arena = { 0 };
    assert_string_equal(said_money(&arena, "en", 4850, NULL), "$48.50");
    assert_string_equal(said_money(&arena, "en", 99999999, NULL), "$999,999.99");
    assert_string_equal(said_money(&arena, "en", 100000, NULL), "$1,000.00");
    assert_string_equal(said_money(&arena, "en", 5, NULL), "$0.05");
    assert_string_equal(said_money(&arena, "de", 123456, NULL), "1.234,56 $");
    assert_string_equal(said_money(&arena, "de", -50, NULL), "-0,50 $");
    assert_string_equal(said_money(&arena, "en", 4850, "plain"), "48.5");
    assert_string_equal(said_money(&arena, "en", 4850, "fixed"), "48.50");
    assert_string_equal(said_money(&arena, "de", 123450, "fixed"), "1234.50");
    arena_free(&arena);
}

static const char *said_time(struct arena *arena, const char *language, const char *time,
                             const char *format)
{
    instant when;
    assert_true(instant_parse(str_of(time), &when));
    return said(arena, language, FIELD_KIND_INSTANT, &when, format);
}

TEST(dates_are_said_as_in_the_language)
{
    struct arena arena = { 0 };
    const char *evening = "2026-11-20T19:05:00Z";
    assert_string_equal(said_time(&arena, "en", evening, NULL), "Fri 20 Nov 2026, 19:05");
    assert_string_equal(said_time(&arena, "de", evening, NULL), "Fr 20. Nov 2026, 19:05");
    assert_string_equal(said_time(&arena, "en", evening, "day"), "Fri 20 Nov 2026");
    assert_string_equal(said_time(&arena, "en", evening, "time"), "19:05");
    assert_string_equal(said_time(&arena, "en", evening, "date"), "20");
    assert_string_equal(said_time(&arena, "de", "2027-03-01T00:00:00Z", "month"), "März");
    assert_string_equal(said_time(&arena, "en", "2000-02-29T00:00:00Z", "weekday"), "Tue");
    assert_string_equal(said_time(&arena, "en", evening, "iso"), "2026-11-20T19:05:00.000Z");
    assert_string_equal(said_time(&arena, "en", evening, "input"), "2026-11-20T19:05");
    assert_string_equal(said_time(&arena, "en", "1970-01-01T00:00:01.5Z", "ms"), "1500");
    arena_free(&arena);
}

TEST(the_language_is_the_first_that_a_browser_likes_and_the_site_speaks)
{
    static const struct {
        const char *header;
        const char *language;
    } cases[] = {
        { "de", "de" },
        { "de-AT,de;q=0.9,en;q=0.5", "de" },
        { "fr,en;q=0.5,de;q=0.7", "de" },
        { "fr, de;q=0, en;q=0.1", "en" },
        { "en;q=0.8, de;q=0.80", "en" },
        { "fr", NULL },
        { "*", NULL },
        { "", NULL },
        { ";;;,,,q=1", NULL },
        { "de;q=x", NULL },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        str language = language_accepted(str_of(cases[i].header));
        if (!str_equal(language, str_of(cases[i].language)))
            fail_msg("%s: %.*s", cases[i].header, (int)language.size, language.data);
    }
    assert_string_equal(voice_of(S("xx"), (instant){ 1 }).catalogue->language, "en");
}

static const char *heard(struct arena *arena, const char *language, const char *field,
                         const char *message)
{
    struct voice voice = voice_of(str_of(language), (instant){ 1 });
    const struct complaint complaint = { .message = str_of(message), .field = str_of(field) };
    return str_terminated(arena, say_complaint(arena, &voice, &complaint));
}

TEST(the_complaints_of_the_API_are_said_in_the_visitors_language)
{
    struct arena arena = { 0 };
    assert_string_equal(heard(&arena, "en", "title", "title is required"), "Please fill this in.");
    assert_string_equal(heard(&arena, "de", "title", "title is required"), "Bitte ausfüllen.");
    assert_string_equal(heard(&arena, "en", "price", "price must be between 0.50 and 999999.99"),
                        "Between 0.50 and 999999.99, please.");
    assert_string_equal(heard(&arena, "en", "title", "title must be at most 200 characters"),
                        "At most 200 characters, please.");
    assert_string_equal(heard(&arena, "de", "maxPrice", "The price is now 25.5"),
                        "Der Preis ist inzwischen 25.5. Sehen Sie nach, und kaufen Sie es, wenn "
                        "Sie noch möchten.");
    assert_string_equal(heard(&arena, "en", NULL, "Something new"), "Something new");
    assert_string_equal(heard(&arena, "en", NULL, ""), "");
    arena_free(&arena);
}

TEST(an_error_body_is_read_and_anything_else_is_no_complaint)
{
    struct arena arena = { 0 };
    struct rows found = read_complaints(
        &arena, S("{\"errors\":[{\"message\":\"a\"},{\"message\":\"b\",\"field\":\"c\"}]}"));
    const struct complaint *list = found.items;
    assert_int_equal(found.count, 2);
    assert_null(list[0].field.data);
    assert_true(str_is(list[1].field, "c"));
    assert_int_equal(read_complaints(&arena, S("")).count, 0);
    assert_int_equal(read_complaints(&arena, S("{\"errors\":5}")).count, 0);
    assert_int_equal(read_complaints(&arena, S("<html>")).count, 0);
    arena_free(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(money_is_said_as_in_the_language),
        cmocka_unit_test(dates_are_said_as_in_the_language),
        cmocka_unit_test(the_language_is_the_first_that_a_browser_likes_and_the_site_speaks),
        cmocka_unit_test(the_complaints_of_the_API_are_said_in_the_visitors_language),
        cmocka_unit_test(an_error_body_is_read_and_anything_else_is_no_complaint),
    };
    return RUN_TESTS(tests);
}
