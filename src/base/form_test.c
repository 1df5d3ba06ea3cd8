#include "base/json.h"

#include "base/base_test.h"
#include "base/text.h"

enum category { OTHER, CONCERT, CATEGORIES };
static const char *const category_names[] = { "other", "concert", NULL };

struct listing {
    str title;
    str description;
    str email;
    str password;
    money price;
    instant starts_at;
    uuid order_id;
    int64_t limit;
    bool is_public;
    enum category category;
};

static const struct field listing_form[] = {
    FORM(struct listing, title, .min = 1, .max = TITLE_MAX, .flags = RULE_REQUIRED),
    FORM(struct listing, description, .max = DESCRIPTION_MAX, .flags = RULE_LINES),
    FORM(struct listing, email, .max = EMAIL_MAX, .check = email_is_valid,
         .message = "Email must be valid"),
    FORM(struct listing, password, .min = PASSWORD_MIN, .max = PASSWORD_MAX, .flags = RULE_RAW),
    FORM(struct listing, price, .min = PRICE_MIN, .max = PRICE_MAX, .flags = RULE_REQUIRED),
    FORM(struct listing, starts_at, .flags = 0),
    FORM(struct listing, order_id, .flags = 0),
    FORM(struct listing, limit, .min = 1, .max = LIST_MAX),
    FORM(struct listing, is_public, .flags = 0),
    FORM_ENUM(struct listing, category, category_names, .flags = 0),
    FIELDS_END,
};
enum {
    TITLE,
    DESCRIPTION,
    EMAIL,
    PASSWORD,
    PRICE,
    STARTS_AT,
    ORDER_ID,
    LIMIT,
    IS_PUBLIC,
    CATEGORY
};

static uint64_t bit(unsigned field)
{
    return (uint64_t)1 << field;
}

/* Reads {"title":"T","price":1,<member>}. */
static err read_member(struct arena *arena, const char *member, struct listing *ret_listing,
                       uint64_t *ret_present)
{
    struct buf body = buf_in(arena, 0);
    buf_addf(&body, "{\"title\":\"T\",\"price\":1,%s}", member);
    return json_read_form(arena, buf_str(&body), listing_form, ret_listing, ret_present);
}

static err read_body(struct arena *arena, const char *body, struct listing *ret_listing)
{
    return json_read_form(arena, str_of(body), listing_form, ret_listing, NULL);
}

WITH_ARENA(a_form_is_read_and_says_what_it_was_given)
{
    struct listing listing;
    uint64_t present;
    memset(&listing, 0xaa, sizeof listing);
    err got = read_member(arena,
                          "\"startsAt\":\"2026-11-20T17:26:08Z\",\"category\":\"concert\","
                          "\"orderId\":\"0193489f-ffff-7abc-bdef-0123456789ab\",\"limit\":null,"
                          "\"isPublic\":true,\"unknown\":[{}],\"userId\":7",
                          &listing, &present);
    assert_null(got.problem);
    assert_str(listing.title, "T");
    assert_int_equal(listing.price.minor, 100);
    assert_int_equal(listing.starts_at.ms, 1795195568000);
    assert_int_equal(listing.category, CONCERT);
    assert_false(uuid_is_absent(listing.order_id));
    assert_true(listing.is_public);
    assert_int_equal(listing.limit, 0);
    assert_null(listing.description.data);
    assert_null(listing.email.data);
    assert_int_equal(present, bit(TITLE) | bit(PRICE) | bit(STARTS_AT) | bit(CATEGORY) |
                                  bit(ORDER_ID) | bit(LIMIT) | bit(IS_PUBLIC));
}

WITH_ARENA(what_is_missing_is_zero_and_not_present)
{
    struct listing listing;
    uint64_t present;
    memset(&listing, 0xaa, sizeof listing);
    assert_null(read_member(arena, "\"x\":1", &listing, &present).problem);
    assert_int_equal(present, bit(TITLE) | bit(PRICE));
    assert_int_equal(listing.category, OTHER);
    assert_int_equal(listing.starts_at.ms, 0);
    assert_true(uuid_is_absent(listing.order_id));
    assert_false(listing.is_public);
}

WITH_ARENA(there_is_one_problem_for_each_field_in_the_order_of_the_table)
{
    static const char *const expected[][2] = {
        { "title", "title is required" },
        { "email", "Email must be valid" },
        { "password", "password must be between 8 and 128 characters" },
        { "price", "price must be between 0.50 and 999999.99" },
        { "startsAt", "startsAt must be a time such as 2030-12-31T20:00:00Z" },
        { "orderId", "orderId must be an id" },
        { "limit", "limit must be between 1 and 100" },
        { "isPublic", "isPublic must be true or false" },
        { "category", "category must be one of other, concert" },
    };
    struct listing listing;
    err got = read_body(arena,
                        "{\"category\":\"x\",\"isPublic\":1,\"limit\":0,\"orderId\":\"x\","
                        "\"startsAt\":\"x\",\"price\":0,\"password\":\"short\",\"email\":\"x\"}",
                        &listing);
    const struct problem *problem = got.problem;
    for (size_t i = 0; i < sizeof expected / sizeof expected[0]; i++) {
        assert_non_null(problem);
        assert_int_equal(problem->status, STATUS_INVALID);
        assert_string_equal(problem->field, expected[i][0]);
        assert_string_equal(problem->message, expected[i][1]);
        problem = problem->next;
    }
    assert_null(problem);
}

struct one {
    const char *member;
    const char *message; /* NULL: fine */
};

static void check_members(struct arena *arena, const struct one *cases, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct listing listing;
        err got = read_member(arena, cases[i].member, &listing, NULL);
        const char *message = got.problem == NULL ? "fine" : got.problem->message;
        const char *expected = cases[i].message == NULL ? "fine" : cases[i].message;
        if (strcmp(message, expected) != 0)
            fail_msg("%s: %s, not %s", cases[i].member, message, expected);
        if (got.problem != NULL)
            assert_null(got.problem->next);
    }
}

#define CHECK_MEMBERS(arena, cases) \
    check_members((arena), (cases), sizeof(cases) / sizeof((cases)[0]))

WITH_ARENA(values_of_another_kind_are_refused)
{
    static const struct one cases[] = {
        { "\"description\":5", "description must be a text" },
        { "\"description\":[]", "description must be a text" },
        { "\"description\":{\"$gt\":\"\"}", "description must be a text" },
        { "\"description\":false", "description must be a text" },
        { "\"email\":5", "Email must be valid" },
        { "\"startsAt\":5", "startsAt must be a time such as 2030-12-31T20:00:00Z" },
        { "\"orderId\":{\"$ne\":1}", "orderId must be an id" },
        { "\"orderId\":\"\"", "orderId must be an id" },
        { "\"orderId\":\"00000000-0000-0000-0000-000000000000\"", "orderId must be an id" },
        { "\"limit\":\"5\"", "limit must be a whole number" },
        { "\"limit\":5.0", "limit must be a whole number" },
        { "\"limit\":1e1", "limit must be a whole number" },
        { "\"limit\":true", "limit must be a whole number" },
        { "\"isPublic\":\"true\"", "isPublic must be true or false" },
        { "\"category\":0", "category must be one of other, concert" },
        { "\"category\":\"\"", "category must be one of other, concert" },
        { "\"category\":\"Concert\"", "category must be one of other, concert" },
        { "\"category\":\"other\"", NULL },
        { "\"isPublic\":false", NULL },
        { "\"limit\":100", NULL },
        { "\"limit\":101", "limit must be between 1 and 100" },
        { "\"limit\":-1", "limit must be between 1 and 100" },
    };
    CHECK_MEMBERS(arena, cases);
}

/* F15, F16, F44: a price is exact and within what can be paid, or it is refused. */
WITH_ARENA(F15_a_price_is_taken_exactly_or_not_at_all)
{
    static const struct {
        const char *price;
        int64_t minor; /* -1: refused */
    } cases[] = {
        { "20", 2000 },        { "20.0", 2000 },       { "20.05", 2005 },
        { "0.29", -1 },        { "0.5", 50 },          { "0.50", 50 },
        { "0.57", 57 },        { "1.15", 115 },        { "4.35", 435 },
        { "8.41", 841 },       { "1.005", -1 },        { "19.99", 1999 },
        { "64.1", 6410 },      { "1001.1", 100110 },   { "999999.99", 99999999 },
        { "1000000", -1 },     { "0.49", -1 },         { "0", -1 },
        { "-0", -1 },          { "-20", -1 },          { "20.001", -1 },
        { "20.0499", -1 },     { "2e1", 2000 },        { "2.005e1", 2005 },
        { "2.0055e1", -1 },    { "1e2", 10000 },       { "1e15", -1 },
        { "1e99", -1 },        { "1e-1", -1 },         { "true", -1 },
        { "[20]", -1 },        { "\"20\"", 2000 },     { "\"20.00\"", 2000 },
        { "\"20.05\"", 2005 }, { "\"20.055\"", -1 },   { "\"2e1\"", -1 },
        { "\"NaN\"", -1 },     { "\"Infinity\"", -1 }, { "\"\"", -1 },
        { "\" \"", -1 },       { "\"20 USD\"", -1 },   { "\"0x14\"", -1 },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct listing listing;
        struct buf body = buf_in(arena, 0);
        buf_addf(&body, "{\"title\":\"T\",\"price\":%s}", cases[i].price);
        err got = json_read_form(arena, buf_str(&body), listing_form, &listing, NULL);
        if (cases[i].minor < 0 ? got.problem == NULL : got.problem != NULL)
            fail_msg("%s", cases[i].price);
        if (got.problem == NULL)
            assert_int_equal(listing.price.minor, cases[i].minor);
        else
            assert_string_equal(got.problem->field, "price");
    }
}

WITH_ARENA(F15_every_price_that_javascript_writes_is_the_one_that_was_meant)
{
    for (int64_t minor = PRICE_MIN; minor <= PRICE_MAX; minor += minor < 20000 ? 1 : 4999) {
        char body[64];
        struct listing listing;
        (void)snprintf(body, sizeof body, "{\"title\":\"T\",\"price\":%.15g}", (double)minor / 100);
        assert_null(read_body(arena, body, &listing).problem);
        assert_true(listing.price.minor == minor);
        arena_reset(arena);
    }
}

/* F44: no title is blank or endless. */
WITH_ARENA(F44_a_required_text_says_something)
{
    static const char *const blank[] = {
        "{\"price\":1}",
        "{\"price\":1,\"title\":null}",
        "{\"price\":1,\"title\":\"\"}",
        "{\"price\":1,\"title\":\" \\t\\n \"}",
        "{\"price\":1,\"title\":\"\\u00a0\\u2003\\u3000\"}",
        "{\"price\":1,\"title\":\"\\u200b\\ufeff\"}",
    };
    struct listing listing;
    for (size_t i = 0; i < sizeof blank / sizeof blank[0]; i++) {
        err got = read_body(arena, blank[i], &listing);
        assert_non_null(got.problem);
        assert_string_equal(got.problem->message, "title is required");
        assert_null(got.problem->next);
    }
}

WITH_ARENA(F44_texts_are_measured_in_characters)
{
    struct listing listing;
    for (unsigned size = TITLE_MAX - 1; size <= TITLE_MAX + 1; size++) {
        struct buf body = buf_in(arena, 0);
        buf_add(&body, S("{\"price\":1,\"title\":\""));
        for (unsigned i = 0; i < size; i++)
            buf_add(&body, S("\xf0\x9f\x8e\xab"));
        buf_add(&body, S("\"}"));
        err got = json_read_form(arena, buf_str(&body), listing_form, &listing, NULL);
        if (size <= TITLE_MAX) {
            assert_null(got.problem);
            assert_int_equal(listing.title.size, 4 * size);
        } else {
            assert_string_equal(got.problem->message, "title must be between 1 and 200 characters");
        }
    }
    struct buf body = buf_in(arena, 0);
    buf_add(&body, S("{\"price\":1,\"title\":\"T\",\"description\":\""));
    for (unsigned i = 0; i <= DESCRIPTION_MAX; i++)
        buf_add_char(&body, 'x');
    buf_add(&body, S("\"}"));
    err got = json_read_form(arena, buf_str(&body), listing_form, &listing, NULL);
    assert_string_equal(got.problem->message, "description must be at most 5000 characters");
}

WITH_ARENA(texts_are_trimmed_and_normalised)
{
    struct listing listing;
    err got = read_body(arena, "{\"title\":\"\\u00a0 e\\u0301 \\n\",\"price\":1}", &listing);
    assert_null(got.problem);
    assert_str(listing.title, "\xc3\xa9");
    got = read_body(arena, "{\"title\":\"T\",\"price\":1,\"description\":\" \"}", &listing);
    assert_null(got.problem);
    assert_str(listing.description, "");
    assert_non_null(listing.description.data);
}

/* F39 */
WITH_ARENA(F39_passwords_are_taken_as_they_are)
{
    struct listing listing;
    err got = read_member(arena, "\"password\":\"  e\\u0301 spaces  \"", &listing, NULL);
    assert_null(got.problem);
    assert_str(listing.password, "  e\xcc\x81 spaces  ");
    got = read_member(arena, "\"password\":\"        \"", &listing, NULL);
    assert_null(got.problem);
    assert_int_equal(listing.password.size, 8);
}

WITH_ARENA(control_characters_have_no_place_in_texts)
{
    static const struct one cases[] = {
        { "\"description\":\"a\\nb\\tc\\r\\nd\"", NULL },
        { "\"description\":\"a\\u0001b\"", "description must not contain control characters" },
        { "\"description\":\"a\\u007fb\"", "description must not contain control characters" },
        { "\"description\":\"a\\u0085b\"", "description must not contain control characters" },
        { "\"description\":\"a\\u202eb\"", "description must not contain control characters" },
        { "\"email\":\"a\\n@example.com\"", "Email must be valid" },
        { "\"password\":\"a\\nbbbbbbbbbb\"", "password must not contain control characters" },
    };
    CHECK_MEMBERS(arena, cases);
    struct listing listing;
    err got = read_body(arena, "{\"title\":\"a\\nb\",\"price\":1}", &listing);
    assert_string_equal(got.problem->message, "title must not contain control characters");
}

WITH_ARENA(a_body_that_is_no_json_has_one_problem_of_its_own)
{
    struct listing listing;
    err got = read_body(arena, "{", &listing);
    assert_string_equal(got.problem->message, "The body is not valid JSON");
    assert_null(got.problem->next);
}

static const struct field at_least[] = {
    FORM(struct listing, title, .min = 3),
    FORM(struct listing, limit, .min = 2),
    FORM(struct listing, price, .min = 5),
    FIELDS_END,
};

static const struct field around_zero[] = {
    FORM(struct listing, limit, .min = -5, .max = 0),
    FIELDS_END,
};

WITH_ARENA(a_bound_may_be_on_one_side_only)
{
    struct listing listing;
    err got = json_read_form(arena, S("{\"title\":\"ab\",\"limit\":1,\"price\":0.04}"), at_least,
                             &listing, NULL);
    assert_string_equal(got.problem->message, "title must be at least 3 characters");
    assert_string_equal(got.problem->next->message, "limit must be at least 2");
    assert_string_equal(got.problem->next->next->message, "price must be at least 0.05");
    got = json_read_form(arena, S("{\"title\":\"abc\",\"limit\":2,\"price\":123456789}"), at_least,
                         &listing, NULL);
    assert_null(got.problem);
    got = json_read_form(arena, S("{\"limit\":1}"), around_zero, &listing, NULL);
    assert_string_equal(got.problem->message, "limit must be between -5 and 0");
}

/* ---- texts ---- */

#define TEXT(a_name, a_text)               \
    {                                      \
        STR_INIT(a_name), STR_INIT(a_text) \
    }

WITH_ARENA(a_query_is_read_by_the_same_rules)
{
    static const struct form_text texts[] = {
        TEXT("title", " T "),
        TEXT("price", "20.05"),
        TEXT("startsAt", "2026-11-20T17:26:08Z"),
        TEXT("orderId", "0193489f-ffff-7abc-bdef-0123456789ab"),
        TEXT("limit", " 5 "),
        TEXT("isPublic", "on"),
        TEXT("category", "concert"),
        TEXT("unknown", "1"),
        TEXT("unknown", "2"),
        TEXT("password", "  spaces  "),
    };
    struct listing listing;
    uint64_t present;
    err got = form_read_texts(arena, texts, sizeof texts / sizeof texts[0], listing_form, &listing,
                              &present);
    assert_null(got.problem);
    assert_str(listing.title, "T");
    assert_str(listing.password, "  spaces  ");
    assert_int_equal(listing.price.minor, 2005);
    assert_int_equal(listing.starts_at.ms, 1795195568000);
    assert_int_equal(listing.limit, 5);
    assert_true(listing.is_public);
    assert_int_equal(listing.category, CONCERT);
    assert_int_equal(present, bit(TITLE) | bit(PRICE) | bit(STARTS_AT) | bit(CATEGORY) |
                                  bit(ORDER_ID) | bit(LIMIT) | bit(IS_PUBLIC) | bit(PASSWORD));
}

WITH_ARENA(a_blank_in_a_query_says_nothing)
{
    static const struct form_text texts[] = {
        TEXT("title", "T"),   TEXT("price", "1"),   TEXT("limit", ""),         TEXT("orderId", " "),
        TEXT("startsAt", ""), TEXT("category", ""), TEXT("description", "  "),
    };
    struct listing listing;
    uint64_t present;
    err got = form_read_texts(arena, texts, sizeof texts / sizeof texts[0], listing_form, &listing,
                              &present);
    assert_null(got.problem);
    assert_null(listing.description.data);
    assert_int_equal(present & bit(LIMIT), bit(LIMIT));
}

WITH_ARENA(what_is_wrong_in_a_query_is_said_in_the_order_of_the_table)
{
    static const struct form_text texts[] = {
        TEXT("limit", "5x"), TEXT("isPublic", "yes"),      TEXT("price", "2e1"),
        TEXT("title", " "),  TEXT("category", "sport"),    TEXT("orderId", "1"),
        TEXT("email", "x"),  TEXT("description", "a\xff"),
    };
    static const char *const expected[] = {
        "title is required",
        "description must be valid UTF-8",
        "Email must be valid",
        "price must be an amount with at most two decimals, such as 20.05",
        "orderId must be an id",
        "limit must be a whole number",
        "isPublic must be true or false",
        "category must be one of other, concert",
    };
    struct listing listing;
    err got =
        form_read_texts(arena, texts, sizeof texts / sizeof texts[0], listing_form, &listing, NULL);
    const struct problem *problem = got.problem;
    for (size_t i = 0; i < sizeof expected / sizeof expected[0]; i++, problem = problem->next) {
        assert_non_null(problem);
        assert_string_equal(problem->message, expected[i]);
    }
    assert_null(problem);
}

WITH_ARENA(a_known_name_may_come_once)
{
    static const struct form_text texts[] = {
        TEXT("title", "T"),
        TEXT("price", "1"),
        TEXT("limit", "5"),
        TEXT("limit", "6"),
    };
    struct listing listing;
    err got =
        form_read_texts(arena, texts, sizeof texts / sizeof texts[0], listing_form, &listing, NULL);
    assert_string_equal(got.problem->message, "limit is given more than once");
    assert_string_equal(got.problem->field, "limit");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST_WITH_ARENA(a_form_is_read_and_says_what_it_was_given),
        TEST_WITH_ARENA(what_is_missing_is_zero_and_not_present),
        TEST_WITH_ARENA(there_is_one_problem_for_each_field_in_the_order_of_the_table),
        TEST_WITH_ARENA(values_of_another_kind_are_refused),
        TEST_WITH_ARENA(F15_a_price_is_taken_exactly_or_not_at_all),
        TEST_WITH_ARENA(F15_every_price_that_javascript_writes_is_the_one_that_was_meant),
        TEST_WITH_ARENA(F44_a_required_text_says_something),
        TEST_WITH_ARENA(F44_texts_are_measured_in_characters),
        TEST_WITH_ARENA(texts_are_trimmed_and_normalised),
        TEST_WITH_ARENA(F39_passwords_are_taken_as_they_are),
        TEST_WITH_ARENA(control_characters_have_no_place_in_texts),
        TEST_WITH_ARENA(a_body_that_is_no_json_has_one_problem_of_its_own),
        TEST_WITH_ARENA(a_bound_may_be_on_one_side_only),
        TEST_WITH_ARENA(a_query_is_read_by_the_same_rules),
        TEST_WITH_ARENA(a_blank_in_a_query_says_nothing),
        TEST_WITH_ARENA(what_is_wrong_in_a_query_is_said_in_the_order_of_the_table),
        TEST_WITH_ARENA(a_known_name_may_come_once),
    };
    return RUN_TESTS(tests);
}
