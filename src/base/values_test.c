#include "base/base_test.h"

/* ---- uuid ---- */

TEST(an_id_is_read_in_either_case_and_written_in_lower_case)
{
    uuid id;
    char text[UUID_TEXT_SIZE];
    assert_true(uuid_parse(S("0193489F-ffff-7ABC-bdef-0123456789aB"), &id));
    uuid_write(id, text);
    assert_str(((str){ text, sizeof text }), "0193489f-ffff-7abc-bdef-0123456789ab");
}

TEST(every_byte_of_an_id_is_written_and_read_back)
{
    struct arena arena = { 0 };
    for (unsigned place = 0; place < 16; place++) {
        for (unsigned byte = 0; byte < 256; byte++) {
            uuid id = id_of(0x17);
            uuid again = id_of(0);
            id.bytes[place] = (uint8_t)byte;
            assert_true(uuid_parse(uuid_text(&arena, id), &again));
            assert_true(uuid_equal(id, again));
        }
    }
    arena_free(&arena);
}

/* F22: what cannot be an id never gets to a query. */
TEST(F22_what_has_not_the_form_of_an_id_is_none)
{
    static const char *const bad[] = {
        "",
        "0",
        "0193489f-ffff-7abc-bdef-0123456789a",
        "0193489f-ffff-7abc-bdef-0123456789abc",
        "0193489fffff7abcbdef0123456789ab",
        "{0193489f-ffff-7abc-bdef-0123456789ab}",
        "urn:uuid:0193489f-ffff-7abc-bdef-0123456789ab",
        "0193489f-ffff-7abc-bdef-0123456789ag",
        "0193489f-ffff-7abc-bdef-0123456789a ",
        "0193489f_ffff-7abc-bdef-0123456789ab",
        "0193489ff-fff-7abc-bdef-0123456789ab",
        "0193489f-ffff-7abc-bdef--123456789ab",
        "00000000-0000-0000-0000-000000000000",
        "0193489f-ffff-7abc-bdef-0123456789\xc3\xa4",
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        uuid id = id_of(7);
        assert_false(uuid_parse(str_of(bad[i]), &id));
        assert_true(uuid_equal(id, id_of(7)));
    }
}

TEST(no_character_but_a_digit_or_a_dash_has_a_place_in_an_id)
{
    const char good[] = "0193489f-ffff-7abc-bdef-0123456789ab";
    for (size_t place = 0; place < UUID_TEXT_SIZE; place++) {
        for (int c = 0; c < 256; c++) {
            char text[UUID_TEXT_SIZE];
            memcpy(text, good, sizeof text);
            text[place] = (char)c;
            bool fits = good[place] == '-' ? c == '-'
                                           : c != 0 && strchr("0123456789abcdefABCDEF", c) != NULL;
            uuid id;
            assert_int_equal(uuid_parse((str){ text, sizeof text }, &id), fits);
        }
    }
}

/* ---- instants ---- */

static const struct {
    const char *text;
    int64_t ms;
} instants[] = {
    { "1970-01-01T00:00:00.001Z", 1 },
    { "1970-01-02T00:00:00.000Z", 86400000 },
    { "1972-02-29T23:59:59.999Z", 68255999999 },
    { "2000-02-29T00:00:00.000Z", 951782400000 },
    { "2000-03-01T00:00:00.000Z", 951868800000 },
    { "2024-12-31T23:59:59.999Z", 1735689599999 },
    { "2026-11-20T17:26:08.123Z", 1795195568123 },
    { "2038-01-19T03:14:08.000Z", 2147483648000 },
    { "2100-02-28T23:59:59.000Z", 4107542399000 },
    { "2100-03-01T00:00:00.000Z", 4107542400000 },
    { "9999-12-31T23:59:59.999Z", 253402300799999 },
};

TEST(instants_are_read_and_written)
{
    for (size_t i = 0; i < sizeof instants / sizeof instants[0]; i++) {
        instant when = { 0 };
        char text[INSTANT_TEXT_SIZE];
        assert_true(instant_parse(str_of(instants[i].text), &when));
        assert_int_equal(when.ms, instants[i].ms);
        instant_write(when, text);
        assert_str(((str){ text, sizeof text }), instants[i].text);
    }
}

TEST(every_day_until_2500_follows_the_one_before)
{
    char text[INSTANT_TEXT_SIZE];
    int year = 1970;
    int month = 1;
    int day = 1;
    for (int64_t days = 0; year < 2500; days++) {
        char expected[64];
        (void)snprintf(expected, sizeof expected, "%04d-%02d-%02dT12:00:00.000Z", year, month, day);
        instant when = { days * 86400000 + 43200000 };
        instant again = { 0 };
        instant_write(when, text);
        assert_str(((str){ text, sizeof text }), expected);
        assert_true(instant_parse((str){ text, sizeof text }, &again));
        assert_true(again.ms == when.ms);

        bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
        int last = month == 2 ? (leap ? 29 : 28) : 30 + (month + month / 8) % 2;
        if (++day > last) {
            day = 1;
            month = month % 12 + 1;
            year += month == 1;
        }
    }
}

TEST(an_offset_says_how_far_local_time_is_ahead)
{
    static const struct {
        const char *text;
        int64_t ms;
    } cases[] = {
        { "2026-11-20T17:26:08Z", 1795195568000 },
        { "2026-11-20T18:26:08+01:00", 1795195568000 },
        { "2026-11-20T08:56:08.000-08:30", 1795195568000 },
        { "2026-11-21T17:25:08+23:59", 1795195568000 },
        { "2026-11-20T17:26:08-00:00", 1795195568000 },
        { "1970-01-01T00:00:00-00:01", 60000 },
        { "9999-12-31T23:59:59+00:01", 253402300739000 },
        { "2026-11-20T17:26:08.1Z", 1795195568100 },
        { "2026-11-20T17:26:08.12Z", 1795195568120 },
        { "2026-11-20T17:26:08.1239Z", 1795195568123 },
        { "2026-11-20T17:26:08.123456789Z", 1795195568123 },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        instant when = { 0 };
        assert_true(instant_parse(str_of(cases[i].text), &when));
        assert_int_equal(when.ms, cases[i].ms);
    }
}

TEST(what_is_no_instant_is_refused)
{
    static const char *const bad[] = {
        "",
        "2026",
        "2026-11-20",
        "2026-11-20T17:26Z",
        "2026-11-20T17:26:08",
        "2026-11-20 17:26:08Z",
        "2026-11-20t17:26:08z",
        "2026-11-20T17:26:08.Z",
        "2026-11-20T17:26:08.1234567890Z",
        "2026-11-20T17:26:08,5Z",
        "2026-11-20T17:26:08Z ",
        " 2026-11-20T17:26:08Z",
        "2026-11-20T17:26:08+0100",
        "2026-11-20T17:26:08+01",
        "2026-11-20T17:26:08+24:00",
        "2026-11-20T17:26:08+01:60",
        "2026-11-20T17:26:08+-1:00",
        "2026-11-20T24:00:00Z",
        "2026-11-20T17:60:00Z",
        "2026-11-20T17:26:60Z",
        "2026-00-20T17:26:08Z",
        "2026-13-20T17:26:08Z",
        "2026-11-00T17:26:08Z",
        "2026-11-31T17:26:08Z",
        "2026-02-29T17:26:08Z",
        "2100-02-29T17:26:08Z",
        "2024-02-30T17:26:08Z",
        "2026-1-20T17:26:08Z",
        "1969-12-31T23:59:59Z",
        "1970-01-01T00:00:00Z",
        "1970-01-01T00:00:00.0009Z",
        "1970-01-01T00:00:00+00:01",
        "9999-12-31T23:59:59-00:01",
        "10000-01-01T00:00:00Z",
        "-2026-11-20T17:26:08Z",
        "20261120T172608Z",
        "1795195568123",
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        instant when = { 4711 };
        if (instant_parse(str_of(bad[i]), &when))
            fail_msg("%s was taken", bad[i]);
        assert_int_equal(when.ms, 4711);
    }
}

TEST(http_has_a_form_of_its_own)
{
    char text[INSTANT_HTTP_SIZE];
    instant_write_http((instant){ 1795195568123 }, text);
    assert_str(((str){ text, sizeof text }), "Fri, 20 Nov 2026 17:26:08 GMT");
    instant_write_http((instant){ 784111777000 }, text); /* the example of RFC 9110 */
    assert_str(((str){ text, sizeof text }), "Sun, 06 Nov 1994 08:49:37 GMT");
    instant_write_http((instant){ 0 }, text);
    assert_str(((str){ text, sizeof text }), "Thu, 01 Jan 1970 00:00:00 GMT");
}

TEST(durations_have_a_number_and_a_unit)
{
    static const struct {
        const char *text;
        int64_t ms;
    } good[] = {
        { "0s", 0 },
        { "250ms", 250 },
        { "900s", 900000 },
        { "15m", 900000 },
        { "1h", 3600000 },
        { "7d", 604800000 },
        { "3653d", 315619200000 },
        { "315619200000ms", 315619200000 },
    };
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        duration wait = { 4711 };
        assert_true(duration_parse(str_of(good[i].text), &wait));
        assert_int_equal(wait.ms, good[i].ms);
    }
    static const char *const bad[] = {
        "",
        "15",
        "m",
        "-1s",
        "+1s",
        "1.5h",
        "1 s",
        "1S",
        "1w",
        "3654d",
        "315619200001ms",
        "99999999999999999999ms",
        "1sm",
        " 1s",
        "1s ",
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        duration wait = { 4711 };
        assert_false(duration_parse(str_of(bad[i]), &wait));
        assert_int_equal(wait.ms, 4711);
    }
}

TEST(time_goes_forth_and_back)
{
    instant when = { 1000000 };
    assert_int_equal(instant_after(when, minutes(15)).ms, 1900000);
    assert_int_equal(instant_before(when, seconds(1)).ms, 999000);
    assert_int_equal(hours(24).ms, 86400000);
}

/* ---- money ---- */

TEST(amounts_are_read_to_the_cent)
{
    static const struct {
        const char *text;
        int64_t minor;
    } good[] = {
        { "0", 0 },
        { "-0", 0 },
        { "20", 2000 },
        { "20.0", 2000 },
        { "20.00", 2000 },
        { "20.5", 2050 },
        { "20.05", 2005 },
        { "20.050", 2005 },
        { "20.0500000000000", 2005 },
        { "0.01", 1 },
        { "0.1", 10 },
        { "-20.05", -2005 },
        { "-0.01", -1 },
        { "007.50", 750 },
        { "999999.99", 99999999 },
        { "9999999999999.99", 999999999999999 },
        { "999999999999999", 99999999999999900 },
    };
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        money amount = { 4711 };
        assert_true(money_parse(str_of(good[i].text), &amount));
        assert_int_equal(amount.minor, good[i].minor);
    }
}

TEST(what_is_no_amount_is_refused)
{
    static const char *const bad[] = {
        "",
        "-",
        ".",
        ".5",
        "20.",
        "20.001",
        "20.0001",
        "20.005",
        "+20",
        " 20",
        "20 ",
        "20,05",
        "1,000",
        "2e1",
        "2E1",
        "1e400",
        "NaN",
        "nan",
        "inf",
        "-inf",
        "0x14",
        "20.0.0",
        "--20",
        "20-",
        "$20",
        "٢٠",
        "２０",
        "1000000000000000",
        "20.05000000000000000",
        "0000000000000020",
        "20\xc2\xa0",
        "20.0a",
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        money amount = { 4711 };
        if (money_parse(str_of(bad[i]), &amount))
            fail_msg("%s was taken", bad[i]);
        assert_int_equal(amount.minor, 4711);
    }
}

TEST(amounts_are_written_in_their_shortest_form)
{
    static const struct {
        int64_t minor;
        const char *text;
    } cases[] = {
        { 0, "0" },
        { 1, "0.01" },
        { 10, "0.1" },
        { 100, "1" },
        { 2000, "20" },
        { 2050, "20.5" },
        { 2005, "20.05" },
        { -5, "-0.05" },
        { -2050, "-20.5" },
        { 99999999, "999999.99" },
        { INT64_MAX, "92233720368547758.07" },
        { INT64_MIN, "-92233720368547758.08" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char text[MONEY_TEXT_MAX];
        size_t size = money_write((money){ cases[i].minor }, text);
        assert_str(((str){ text, size }), cases[i].text);
    }
}

/* F15: no price is ever off by a cent, whichever way it goes. */
TEST(F15_every_amount_survives_being_written_and_read)
{
    char text[MONEY_TEXT_MAX];
    for (int64_t minor = 0; minor <= PRICE_MAX; minor += minor < 300000 ? 1 : 997) {
        money again = { -1 };
        size_t size = money_write((money){ minor }, text);
        assert_true(money_parse((str){ text, size }, &again));
        assert_true(again.minor == minor);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_id_is_read_in_either_case_and_written_in_lower_case),
        cmocka_unit_test(every_byte_of_an_id_is_written_and_read_back),
        cmocka_unit_test(F22_what_has_not_the_form_of_an_id_is_none),
        cmocka_unit_test(no_character_but_a_digit_or_a_dash_has_a_place_in_an_id),
        cmocka_unit_test(instants_are_read_and_written),
        cmocka_unit_test(every_day_until_2500_follows_the_one_before),
        cmocka_unit_test(an_offset_says_how_far_local_time_is_ahead),
        cmocka_unit_test(what_is_no_instant_is_refused),
        cmocka_unit_test(http_has_a_form_of_its_own),
        cmocka_unit_test(durations_have_a_number_and_a_unit),
        cmocka_unit_test(time_goes_forth_and_back),
        cmocka_unit_test(amounts_are_read_to_the_cent),
        cmocka_unit_test(what_is_no_amount_is_refused),
        cmocka_unit_test(amounts_are_written_in_their_shortest_form),
        cmocka_unit_test(F15_every_amount_survives_being_written_and_read),
    };
    return RUN_TESTS(tests);
}
