/* Forms: what was typed, what the API gets, and whose fault it was. */
#include "site/inputs.h"

#include "site/voice.h"
#include "tests/test.h"

struct form {
    struct input title;
    struct input face_value;
    struct input starts_at;
    struct input from;
    struct input to;
    bool other; /* no input */
};

static const struct field form_fields[] = {
    INPUT(struct form, title),
    INPUT(struct form, face_value),
    INPUT(struct form, starts_at),
    INPUT(struct form, from),
    INPUT(struct form, to),
    FIELD(struct form, other),
    FIELDS_END,
};

static struct form empty_form(void)
{
    return (struct form){
        .face_value = { .kind = INPUT_AMOUNT },
        .starts_at = { .kind = INPUT_TIME },
        .from = { .kind = INPUT_DAY },
        .to = { .kind = INPUT_LAST_DAY },
    };
}

static struct form taken(struct arena *arena, const struct form_text *texts, size_t count)
{
    struct form form = empty_form();
    inputs_take(arena, form_fields, &form, texts, count);
    return form;
}

static const char *json(struct arena *arena, const struct form *form, bool blanks)
{
    return str_terminated(arena, inputs_json(arena, form_fields, form, blanks));
}

TEST(what_was_typed_is_kept_as_it_is)
{
    struct arena arena = { 0 };
    const struct form_text texts[] = {
        { STR_INIT("faceValue"), STR_INIT(" 48,5 ") },
        { STR_INIT("title"), STR_INIT(" <b> ") },
        { STR_INIT("unknown"), STR_INIT("x") },
    };
    struct form form = taken(&arena, texts, 3);
    assert_true(str_is(form.title.value, " <b> "));
    assert_true(str_is(form.face_value.value, " 48,5 "));
    assert_true(str_is(form.face_value.name, "faceValue"));
    assert_true(str_is(form.starts_at.value, ""));
    arena_free(&arena);
}

TEST(the_API_gets_what_was_meant)
{
    struct arena arena = { 0 };
    const struct form_text texts[] = {
        { STR_INIT("title"), STR_INIT("a \"b\"") },
        { STR_INIT("faceValue"), STR_INIT("48,50") },
        { STR_INIT("startsAt"), STR_INIT("2026-11-20T19:00") },
        { STR_INIT("from"), STR_INIT("2026-11-20") },
        { STR_INIT("to"), STR_INIT("2026-11-21") },
    };
    struct form form = taken(&arena, texts, 5);
    assert_string_equal(json(&arena, &form, false),
                        "{\"title\":\"a \\\"b\\\"\",\"faceValue\":\"48.50\","
                        "\"startsAt\":\"2026-11-20T19:00:00Z\","
                        "\"from\":\"2026-11-20T00:00:00Z\",\"to\":\"2026-11-21T23:59:59Z\"}");
    str query = inputs_query(&arena, form_fields, &form, false);
    assert_true(str_is(query, "title=a%20%22b%22&faceValue=48%2C50&startsAt=2026-11-20T19%3A00"
                              "&from=2026-11-20&to=2026-11-21"));
    arena_free(&arena);
}

TEST(what_is_no_amount_or_time_goes_to_the_API_as_it_is)
{
    static const char *const amounts[] = { "1,234", "1,2,3", ",", "5,", "abc", "1.5" };
    struct arena arena = { 0 };
    for (size_t i = 0; i < sizeof amounts / sizeof *amounts; i++) {
        const struct form_text text = { S("faceValue"), str_of(amounts[i]) };
        struct form form = taken(&arena, &text, 1);
        str query = inputs_query(&arena, form_fields, &form, true);
        struct buf expected = buf_in(&arena, 32);
        form.face_value.kind = INPUT_TEXT;
        buf_add(&expected, inputs_query(&arena, form_fields, &form, true));
        assert_true(str_equal(query, buf_str(&expected)));
    }
    const struct form_text text = { S("startsAt"), S("tomorrow") };
    struct form form = taken(&arena, &text, 1);
    assert_string_equal(json(&arena, &form, false), "{\"startsAt\":\"tomorrow\"}");
    arena_free(&arena);
}

TEST(blanks_are_left_out_unless_they_mean_something)
{
    struct arena arena = { 0 };
    const struct form_text text = { S("title"), S("  ") };
    struct form form = taken(&arena, &text, 1);
    assert_string_equal(json(&arena, &form, false), "{}");
    assert_string_equal(json(&arena, &form, true),
                        "{\"title\":\"  \",\"faceValue\":\"\",\"startsAt\":\"\",\"from\":\"\","
                        "\"to\":\"\"}");
    arena_free(&arena);
}

TEST(each_error_stands_beside_its_input_and_the_rest_above)
{
    struct arena arena = { 0 };
    struct voice voice = voice_of(S("en"), (instant){ 1 });
    struct form form = taken(&arena, NULL, 0);
    str rest =
        inputs_blame(&arena, &voice, form_fields, &form,
                     S("{\"errors\":[{\"message\":\"title is required\",\"field\":\"title\"},"
                       "{\"message\":\"Twice\",\"field\":\"title\"},"
                       "{\"message\":\"Elsewhere\",\"field\":\"unknown\"},"
                       "{\"message\":\"In general\"}]}"));
    assert_true(str_is(form.title.error, "Please fill this in."));
    assert_null(form.face_value.error.data);
    assert_true(str_is(rest, "Elsewhere"));
    arena_free(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_typed_is_kept_as_it_is),
        cmocka_unit_test(the_API_gets_what_was_meant),
        cmocka_unit_test(what_is_no_amount_or_time_goes_to_the_API_as_it_is),
        cmocka_unit_test(blanks_are_left_out_unless_they_mean_something),
        cmocka_unit_test(each_error_stands_beside_its_input_and_the_rest_above),
    };
    return RUN_TESTS(tests);
}
