#include "base/json.h"

#include "base/base_test.h"

enum colour { RED, DARK_BLUE };
static const char *const colour_names[] = { "red", "darkBlue", NULL };

enum reason { REASON_NONE, REASON_EXPIRED };
static const char *const reason_names[] = { "none", "expired", NULL };

struct seat {
    int64_t row_number;
    str name;
};
static const struct field seat_fields[] = {
    FIELD(struct seat, row_number),
    FIELD_OPT(struct seat, name),
    FIELDS_END,
};

struct ticket {
    uuid id;
    str title;
    money price;
    instant starts_at;
    int64_t version;
    bool is_sold;
    enum colour colour;
    enum reason reason;
    struct seat best_seat;
    struct seat other_seat;
    struct rows seats;
    str extra;
};
static const struct field ticket_fields[] = {
    FIELD(struct ticket, id),
    FIELD(struct ticket, title),
    FIELD(struct ticket, price),
    FIELD(struct ticket, starts_at),
    FIELD(struct ticket, version),
    FIELD(struct ticket, is_sold),
    FIELD_ENUM(struct ticket, colour, colour_names),
    FIELD_ENUM_OPT(struct ticket, reason, reason_names),
    FIELD_RECORD(struct ticket, best_seat, seat_fields),
    FIELD_RECORD_OPT(struct ticket, other_seat, seat_fields),
    FIELD_LIST(struct ticket, seats, struct seat, seat_fields),
    FIELD_JSON(struct ticket, extra),
    FIELDS_END,
};

#define WHOLE                                                                                 \
    "{\"id\":\"0193489f-ffff-7abc-bdef-0123456789ab\",\"title\":\"Concert\",\"price\":20.05," \
    "\"startsAt\":\"2026-11-20T17:26:08.123Z\",\"version\":-7,\"isSold\":true,"               \
    "\"colour\":\"darkBlue\",\"reason\":\"expired\","                                         \
    "\"bestSeat\":{\"rowNumber\":3},\"otherSeat\":{\"rowNumber\":4,\"name\":\"b\"},"          \
    "\"seats\":[{\"rowNumber\":1},{\"rowNumber\":2,\"name\":\"\"}],"                          \
    "\"extra\":{\"a\":[1,20.05,null,\"\xc3\xa9\"]}}"

static str write(struct arena *arena, const struct field *fields, const void *record)
{
    struct buf out = buf_in(arena, 0);
    json_write(&out, JSON_CAMEL, fields, record);
    return buf_str(&out);
}

static str write_str(struct arena *arena, str text)
{
    struct buf out = buf_in(arena, 0);
    json_write_str(&out, text);
    return buf_str(&out);
}

/* ---- writing ---- */

WITH_ARENA(a_record_is_read_and_written_alike)
{
    struct ticket ticket;
    memset(&ticket, 0xaa, sizeof ticket);
    assert_null(json_read_record(arena, S(WHOLE), JSON_CAMEL, ticket_fields, &ticket).problem);
    assert_int_equal(ticket.price.minor, 2005);
    assert_int_equal(ticket.starts_at.ms, 1795195568123);
    assert_int_equal(ticket.version, -7);
    assert_true(ticket.is_sold);
    assert_int_equal(ticket.colour, DARK_BLUE);
    assert_int_equal(ticket.reason, REASON_EXPIRED);
    assert_int_equal(ticket.best_seat.row_number, 3);
    assert_null(ticket.best_seat.name.data);
    assert_int_equal(ticket.seats.count, 2);
    assert_str(((struct seat *)ticket.seats.items)[1].name, "");
    assert_str(write(arena, ticket_fields, &ticket), WHOLE);
}

WITH_ARENA(what_is_absent_is_left_out_only_where_it_is_optional)
{
    struct ticket ticket = { 0 };
    assert_str(write(arena, ticket_fields, &ticket),
               "{\"id\":\"00000000-0000-0000-0000-000000000000\",\"title\":\"\",\"price\":0,"
               "\"startsAt\":\"1970-01-01T00:00:00.000Z\",\"version\":0,\"isSold\":false,"
               "\"colour\":\"red\",\"bestSeat\":{\"rowNumber\":0},\"seats\":[]}");
    static const struct field nothing[] = { FIELD_OPT(struct seat, name), FIELDS_END };
    struct seat seat = { 0 };
    assert_str(write(arena, nothing, &seat), "{}");
    static const struct field no_fields[] = { FIELDS_END };
    assert_str(write(arena, no_fields, &seat), "{}");
}

WITH_ARENA(names_are_ours_or_stripes)
{
    struct seat seats[] = { { 1, { NULL, 0 } }, { INT64_MIN, S("x") } };
    struct rows rows = { seats, 2 };
    struct buf out = buf_in(arena, 0);
    json_write_rows(&out, JSON_SNAKE, seat_fields, sizeof seats[0], &rows);
    json_write_rows(&out, JSON_CAMEL, seat_fields, sizeof seats[0], &(struct rows){ NULL, 0 });
    assert_str(buf_str(&out), "[{\"row_number\":1},{\"row_number\":-9223372036854775808,"
                              "\"name\":\"x\"}][]");

    struct seat seat;
    assert_null(json_read_record(arena, S("{\"row_number\":5,\"rowNumber\":\"no\"}"), JSON_SNAKE,
                                 seat_fields, &seat)
                    .problem);
    assert_int_equal(seat.row_number, 5);
}

WITH_ARENA(every_character_that_could_end_a_string_or_a_script_is_escaped)
{
    assert_str(write_str(arena, S("a\"b\\c/d")), "\"a\\\"b\\\\c/d\"");
    assert_str(write_str(arena, S("\b\f\n\r\t")), "\"\\b\\f\\n\\r\\t\"");
    assert_str(write_str(arena, S("</script><!-- &amp;")),
               "\"\\u003c/script\\u003e\\u003c!-- \\u0026amp;\"");
    assert_str(write_str(arena, S("\xc3\xa9\xf0\x9f\x8e\xab")), "\"\xc3\xa9\xf0\x9f\x8e\xab\"");
    assert_str(write_str(arena, S("")), "\"\"");
    assert_str(write_str(arena, str_of(NULL)), "\"\"");
    for (int c = 0; c < 0x20; c++) {
        char byte = (char)c;
        str written = write_str(arena, (str){ &byte, 1 });
        assert_int_equal(written.data[1], '\\');
        for (size_t i = 0; i < written.size; i++)
            assert_true((unsigned char)written.data[i] >= 0x20);
    }
}

WITH_ARENA(every_text_comes_back_as_it_was)
{
    static const struct field fields[] = { FIELD(struct seat, name), FIELDS_END };
    char text[600];
    for (size_t size = 0; size < sizeof text; size++) {
        text[size] = (char)(1 + size * 7 % 127);
        struct seat seat = { .name = { text, size } };
        struct seat again;
        str json = write(arena, fields, &seat);
        assert_null(json_read_record(arena, json, JSON_CAMEL, fields, &again).problem);
        assert_true(str_equal(again.name, seat.name));
    }
}

/* F15: what a price is in JSON, it is inside, to the cent. */
WITH_ARENA(F15_every_amount_survives_json)
{
    static const struct field fields[] = { FIELD(struct ticket, price), FIELDS_END };
    for (int64_t minor = 0; minor <= PRICE_MAX; minor += minor < 20000 ? 1 : 3989) {
        struct ticket ticket = { .price = { minor } };
        struct ticket again = { .price = { -1 } };
        str json = write(arena, fields, &ticket);
        assert_null(json_read_record(arena, json, JSON_CAMEL, fields, &again).problem);
        assert_true(again.price.minor == minor);
        arena_reset(arena);
    }
}

/* ---- reading ---- */

static const struct problem *refusal(struct arena *arena, str body)
{
    static const struct field fields[] = { FIELD_OPT(struct seat, row_number), FIELDS_END };
    struct seat seat;
    return json_read_record(arena, body, JSON_CAMEL, fields, &seat).problem;
}

WITH_ARENA(what_is_no_json_object_is_refused)
{
    static const str bad[] = {
        STR_INIT(""),
        STR_INIT(" "),
        STR_INIT("null"),
        STR_INIT("1"),
        STR_INIT("\"a\""),
        STR_INIT("[]"),
        STR_INIT("[{}]"),
        STR_INIT("{"),
        STR_INIT("}"),
        STR_INIT("{}}"),
        STR_INIT("{}{}"),
        STR_INIT("{} x"),
        STR_INIT("{\"a\":1,}"),
        STR_INIT("{\"a\"}"),
        STR_INIT("{\"a\":}"),
        STR_INIT("{a:1}"),
        STR_INIT("{'a':1}"),
        STR_INIT("{\"a\":01}"),
        STR_INIT("{\"a\":+1}"),
        STR_INIT("{\"a\":.5}"),
        STR_INIT("{\"a\":5.}"),
        STR_INIT("{\"a\":1e}"),
        STR_INIT("{\"a\":-}"),
        STR_INIT("{\"a\":NaN}"),
        STR_INIT("{\"a\":Infinity}"),
        STR_INIT("{\"a\":-Infinity}"),
        STR_INIT("{\"a\":0x1}"),
        STR_INIT("{\"a\":1e999}"),
        STR_INIT("{\"a\":\"\n\"}"),
        STR_INIT("{\"a\":\"\\x41\"}"),
        STR_INIT("{\"a\":\"\\ud800\"}"),
        STR_INIT("{\"a\":\"\\udc00\\ud800\"}"),
        STR_INIT("{\"a\":\"\\u0000\"}"),
        STR_INIT("{\"a\\u0000b\":1}"),
        STR_INIT("{\"a\":\"\0\"}"),
        STR_INIT("{}\0"),
        STR_INIT("\0{}"),
        STR_INIT("\xef\xbb\xbf{}"),
        STR_INIT("{\"a\":\"\xff\"}"),
        STR_INIT("{\"a\":\"\xc0\x80\"}"),
        STR_INIT("{\"a\":\"\xed\xa0\x80\"}"),
        STR_INIT("{\"a\":\"\xf4\x90\x80\x80\"}"),
        STR_INIT("{\"\xff\":1}"),
        STR_INIT("// a\n{}"),
        STR_INIT("{\"a\":1,\"a\":1}"),
        STR_INIT("{\"a\":1,\"\\u0061\":2}"),
        STR_INIT("{\"b\":{\"a\":1,\"a\":2}}"),
        STR_INIT("{\"a\":TRUE}"),
        STR_INIT("{\"a\":\"unfinished"),
        STR_INIT("{\"a\":\"\\"),
        STR_INIT("{\"a\":9223372036854775808}"),
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        const struct problem *problem = refusal(arena, bad[i]);
        if (problem == NULL || problem->field != NULL || problem->status != STATUS_INVALID)
            fail_msg("%.*s was taken", (int)bad[i].size, bad[i].data);
    }
    assert_non_null(refusal(arena, str_of(NULL)));
    assert_null(refusal(arena, S(" \r\n\t{ \"a\" : [ ] } \n")));
}

WITH_ARENA(a_body_may_be_so_deep_and_no_deeper)
{
    struct buf body = buf_in(arena, 0);
    buf_add(&body, S("{\"a\":"));
    for (int i = 1; i < JSON_DEPTH_MAX; i++)
        buf_add_char(&body, '[');
    for (int i = 1; i < JSON_DEPTH_MAX; i++)
        buf_add_char(&body, ']');
    buf_add_char(&body, '}');
    assert_null(refusal(arena, buf_str(&body)));

    str deeper = buf_str(&body);
    body = buf_in(arena, 0);
    buf_add(&body, S("{\"b\":"));
    buf_add(&body, deeper);
    buf_add_char(&body, '}');
    assert_string_equal(refusal(arena, buf_str(&body))->message, "The body is nested too deeply");

    body = buf_in(arena, 0);
    for (int i = 0; i < BODY_BYTES_MAX; i++)
        buf_add(&body, S("["));
    assert_non_null(refusal(arena, buf_str(&body)));
}

WITH_ARENA(brackets_and_digits_inside_of_strings_are_text)
{
    struct buf body = buf_in(arena, 0);
    buf_add(&body, S("{\"a\":\"\\\"\\\\ 12345678901234567890 "));
    for (int i = 0; i < 100; i++)
        buf_add_char(&body, '[');
    buf_add(&body, S("\",\"12345678901234567890\":0}"));
    assert_null(refusal(arena, buf_str(&body)));
}

WITH_ARENA(a_number_has_at_most_15_digits)
{
    static const str good[] = {
        STR_INIT("{\"a\":123456789012345}"),
        STR_INIT("{\"a\":-123456789012345}"),
        STR_INIT("{\"a\":1234567890123.45}"),
        STR_INIT("{\"a\":0.000000123456789012345}"),
        STR_INIT("{\"a\":123456789012345e-7}"),
        STR_INIT("{\"a\":1e0000000000000000000001}"),
        STR_INIT("{\"a\":[12345678901234,12345678901234]}"),
    };
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++)
        assert_null(refusal(arena, good[i]));
    static const str bad[] = {
        STR_INIT("{\"a\":1234567890123456}"),
        STR_INIT("{\"a\":-1234567890123456}"),
        STR_INIT("{\"a\":20.049999999999999}"),
        STR_INIT("{\"a\":[{\"b\":0.1000000000000000055511151231257827}]}"),
        STR_INIT("{\"a\":4242424242424242}"), /* nor does a card's number get in that way */
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_string_equal(refusal(arena, bad[i])->message,
                            "A number in the body has more than 15 digits");
}

WITH_ARENA(a_number_that_a_double_would_make_0_is_refused)
{
    assert_string_equal(refusal(arena, S("{\"a\":1e-400}"))->message,
                        "A number in the body is out of range");
    assert_non_null(refusal(arena, S("{\"a\":1E+100}")));
    assert_null(refusal(arena, S("{\"a\":1e-99}")));
}

WITH_ARENA(a_name_given_twice_is_called_that)
{
    assert_string_equal(refusal(arena, S("{\"a\":1,\"a\":1}"))->message,
                        "The body names a member twice");
}

WITH_ARENA(a_record_wants_what_is_not_optional)
{
    static const struct {
        str body;
        const char *field; /* NULL: taken */
    } cases[] = {
        { STR_INIT("{\"rowNumber\":1}"), NULL },
        { STR_INIT("{\"rowNumber\":1,\"name\":null}"), NULL },
        { STR_INIT("{\"rowNumber\":1,\"unknown\":{\"rowNumber\":[]}}"), NULL },
        { STR_INIT("{}"), "row_number" },
        { STR_INIT("{\"rowNumber\":null}"), "row_number" },
        { STR_INIT("{\"rowNumber\":\"1\"}"), "row_number" },
        { STR_INIT("{\"rowNumber\":1.0}"), "row_number" },
        { STR_INIT("{\"rowNumber\":true}"), "row_number" },
        { STR_INIT("{\"rowNumber\":[]}"), "row_number" },
        { STR_INIT("{\"rowNumber\":1,\"name\":2}"), "name" },
        { STR_INIT("{\"rowNumber\":1,\"name\":{}}"), "name" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct seat seat;
        err got = json_read_record(arena, cases[i].body, JSON_CAMEL, seat_fields, &seat);
        if (cases[i].field == NULL) {
            assert_null(got.problem);
            assert_null(seat.name.data);
        } else {
            assert_true(err_is(got, STATUS_INVALID));
            assert_string_equal(got.problem->field, cases[i].field);
        }
    }
}

/* The whole record with one member spelled otherwise. */
static err read_with(struct arena *arena, const char *member, const char *instead)
{
    const char *whole = WHOLE;
    const char *found = strstr(whole, member);
    assert_non_null(found);
    struct buf body = buf_in(arena, 0);
    buf_add(&body, (str){ whole, (size_t)(found - whole) });
    buf_add(&body, str_of(instead));
    buf_add(&body, str_of(found + strlen(member)));
    struct ticket ticket;
    return json_read_record(arena, buf_str(&body), JSON_CAMEL, ticket_fields, &ticket);
}

WITH_ARENA(a_record_wants_values_of_the_right_kind)
{
    static const struct {
        const char *member;
        const char *instead;
    } bad[] = {
        { "\"0193489f-ffff-7abc-bdef-0123456789ab\"", "\"1\"" },
        { "\"0193489f-ffff-7abc-bdef-0123456789ab\"", "1" },
        { "\"Concert\"", "[]" },
        { "20.05", "20.055" },
        { "20.05", "1e20" },
        { "20.05", "true" },
        { "20.05", "\"2e1\"" },
        { "\"2026-11-20T17:26:08.123Z\"", "\"tomorrow\"" },
        { "\"2026-11-20T17:26:08.123Z\"", "1795195568123" },
        { ":true", ":\"true\"" },
        { ":true", ":1" },
        { "\"darkBlue\"", "\"dark_blue\"" },
        { "\"darkBlue\"", "1" },
        { "\"expired\"", "\"none\"" }, /* 0 means absent */
        { "{\"rowNumber\":3}", "[]" },
        { "{\"rowNumber\":3}", "{}" },
        { "{\"rowNumber\":4", "{\"number\":4" },
        { "[{\"rowNumber\":1}", "[1" },
        { "[{\"rowNumber\":1}", "[null" },
        { "[{\"rowNumber\":1}", "[{}" },
        { "[{\"rowNumber\":1},{\"rowNumber\":2,\"name\":\"\"}]", "{}" },
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        if (!err_is(read_with(arena, bad[i].member, bad[i].instead), STATUS_INVALID))
            fail_msg("%s was taken for %s", bad[i].instead, bad[i].member);
    }
    static const struct {
        const char *member;
        const char *instead;
    } good[] = {
        { "20.05", "20" },        { "20.05", "2e1" },       { "20.05", "2.5e-1" },
        { "20.05", "\"20\"" },    { "20.05", "-0" },        { "20.05", "-0.0" },
        { "20.05", "1e2" },       { "20.05", "\"20.00\"" }, { "\"expired\"", "null" },
        { "\"extra\"", "\"e\"" },
    };
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        if (read_with(arena, good[i].member, good[i].instead).problem != NULL)
            fail_msg("%s was not taken for %s", good[i].instead, good[i].member);
    }
}

WITH_ARENA(what_was_absent_leaves_nothing_behind)
{
    struct ticket ticket;
    memset(&ticket, 0xaa, sizeof ticket);
    static const struct field fields[] = {
        FIELD_RECORD_OPT(struct ticket, other_seat, seat_fields),
        FIELD_OPT(struct ticket, id),
        FIELD_ENUM_OPT(struct ticket, reason, reason_names),
        FIELD_JSON(struct ticket, extra),
        FIELDS_END,
    };
    assert_null(json_read_record(arena, S("{}"), JSON_CAMEL, fields, &ticket).problem);
    assert_str(write(arena, fields, &ticket), "{}");
    for (const struct field *field = fields; field->name != NULL; field++)
        assert_true(field_is_absent(field, &ticket));
}

TEST(names_in_json_are_camel_case)
{
    static const struct {
        const char *name;
        const char *camel;
    } cases[] = {
        { "id", "id" },
        { "starts_at", "startsAt" },
        { "signin_failures_max", "signinFailuresMax" },
        { "line_1", "line1" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char text[64];
        size_t size = field_camel(cases[i].name, text, sizeof text);
        assert_str(((str){ text, size }), cases[i].camel);
    }
}

TEST(a_value_is_as_large_as_its_member)
{
    assert_int_equal(field_size(&(struct field){ .kind = FIELD_KIND_UUID }), 16);
    assert_int_equal(field_size(&(struct field){ .kind = FIELD_KIND_BOOL }), sizeof(bool));
    assert_int_equal(field_size(&(struct field){ .kind = FIELD_KIND_ENUM }), sizeof(enum colour));
    assert_int_equal(field_size(&(struct field){ .kind = FIELD_KIND_LIST }), sizeof(struct rows));
    assert_int_equal(field_size(&(struct field){ .kind = FIELD_KIND_RECORD }), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST_WITH_ARENA(a_record_is_read_and_written_alike),
        TEST_WITH_ARENA(what_is_absent_is_left_out_only_where_it_is_optional),
        TEST_WITH_ARENA(names_are_ours_or_stripes),
        TEST_WITH_ARENA(every_character_that_could_end_a_string_or_a_script_is_escaped),
        TEST_WITH_ARENA(every_text_comes_back_as_it_was),
        TEST_WITH_ARENA(F15_every_amount_survives_json),
        TEST_WITH_ARENA(what_is_no_json_object_is_refused),
        TEST_WITH_ARENA(a_body_may_be_so_deep_and_no_deeper),
        TEST_WITH_ARENA(brackets_and_digits_inside_of_strings_are_text),
        TEST_WITH_ARENA(a_number_has_at_most_15_digits),
        TEST_WITH_ARENA(a_number_that_a_double_would_make_0_is_refused),
        TEST_WITH_ARENA(a_name_given_twice_is_called_that),
        TEST_WITH_ARENA(a_record_wants_what_is_not_optional),
        TEST_WITH_ARENA(a_record_wants_values_of_the_right_kind),
        TEST_WITH_ARENA(what_was_absent_leaves_nothing_behind),
        cmocka_unit_test(names_in_json_are_camel_case),
        cmocka_unit_test(a_value_is_as_large_as_its_member),
        TEST_WITH_ARENA(a_name_given_twice_is_called_that),
    };
    return RUN_TESTS(tests);
}
