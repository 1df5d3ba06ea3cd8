#include "base/text.h"

#include "base/base_test.h"

/* ---- UTF-8 ---- */

TEST(well_formed_utf8_is_taken_up_to_its_bounds)
{
    static const str good[] = {
        STR_INIT(""),
        STR_INIT("a\x7f"),
        STR_INIT("\xc2\x80"),
        STR_INIT("\xdf\xbf"),
        STR_INIT("\xe0\xa0\x80"),
        STR_INIT("\xec\xbf\xbf"),
        STR_INIT("\xed\x80\x80"),
        STR_INIT("\xed\x9f\xbf"),
        STR_INIT("\xee\x80\x80"),
        STR_INIT("\xef\xbf\xbd"),
        STR_INIT("\xef\xbf\xbf"),
        STR_INIT("\xf0\x90\x80\x80"),
        STR_INIT("\xf3\xbf\xbf\xbf"),
        STR_INIT("\xf4\x80\x80\x80"),
        STR_INIT("\xf4\x8f\xbf\xbf"),
        STR_INIT("\xf0\x9f\x8e\xab x \xc3\xa9"),
    };
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++)
        assert_true(text_is_utf8(good[i]));
}

TEST(malformed_utf8_is_refused)
{
    static const str bad[] = {
        STR_INIT("\0"),
        STR_INIT("a\0b"),
        STR_INIT("\x80"),
        STR_INIT("\xbf"),
        STR_INIT("a\x80"),
        STR_INIT("\xc0\x80"),
        STR_INIT("\xc0\xaf"),
        STR_INIT("\xc1\xbf"),
        STR_INIT("\xc2"),
        STR_INIT("\xc2\xc2"),
        STR_INIT("\xc2\x7f"),
        STR_INIT("\xdf\xc0"),
        STR_INIT("\xe0\x80\xaf"),
        STR_INIT("\xe0\x9f\xbf"),
        STR_INIT("\xe1"),
        STR_INIT("\xe1\x80"),
        STR_INIT("\xe1\x80\xc0"),
        STR_INIT("\xe1\x7f\x80"),
        STR_INIT("\xed\xa0\x80"),
        STR_INIT("\xed\xbf\xbf"),
        STR_INIT("\xed\xa0\xbd\xed\xb8\x80"),
        STR_INIT("\xf0\x80\x80\xaf"),
        STR_INIT("\xf0\x8f\xbf\xbf"),
        STR_INIT("\xf0\x90\x80"),
        STR_INIT("\xf0\x90\x80\xc0"),
        STR_INIT("\xf0\x90\xc0\x80"),
        STR_INIT("\xf4\x90\x80\x80"),
        STR_INIT("\xf5\x80\x80\x80"),
        STR_INIT("\xf8\x88\x80\x80\x80"),
        STR_INIT("\xfc\x84\x80\x80\x80\x80"),
        STR_INIT("\xfe"),
        STR_INIT("\xff"),
        STR_INIT("\xf0\x9f\x8e\xab\xf0\x9f\x8e"),
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_false(text_is_utf8(bad[i]));
    /* what would complete it is there, but no part of the text */
    assert_false(text_is_utf8((str){ "\xc3\xa9", 1 }));
    assert_false(text_is_utf8((str){ "a\xf0\x9f\x8e\xab", 4 }));
}

static size_t encode(uint32_t c, char *ret_bytes)
{
    if (c < 0x80) {
        ret_bytes[0] = (char)c;
        return 1;
    }
    size_t size = c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
    for (size_t i = size - 1; i > 0; i--, c >>= 6)
        ret_bytes[i] = (char)(0x80 | (c & 0x3f));
    ret_bytes[0] = (char)((size == 2 ? 0xc0 : size == 3 ? 0xe0 : 0xf0) | c);
    return size;
}

TEST(every_code_point_but_nul_and_surrogates_is_taken)
{
    for (uint32_t c = 0; c < 0x120000; c++) {
        char bytes[4];
        size_t size = encode(c, bytes);
        bool good = c != 0 && c < 0x110000 && (c < 0xd800 || c > 0xdfff);
        assert_true(text_is_utf8((str){ bytes, size }) == good);
        if (good)
            assert_int_equal(text_length((str){ bytes, size }), 1);
    }
}

TEST(a_length_counts_code_points)
{
    assert_int_equal(text_length(S("")), 0);
    assert_int_equal(text_length(S("abc")), 3);
    assert_int_equal(text_length(S("\xc3\xa9\xe2\x82\xac\xf0\x9f\x8e\xab")), 3);
    assert_int_equal(text_length(S("e\xcc\x81")), 2);
}

/* ---- clean, normal, folded ---- */

/* NOLINTBEGIN(misc-misleading-bidirectional): that is what they are about */
TEST(control_characters_and_bidi_overrides_are_not_clean)
{
    static const struct {
        str text;
        bool clean;
        bool clean_with_lines;
    } cases[] = {
        { STR_INIT("plain \xc3\xa9\xf0\x9f\x8e\xab"), true, true },
        { STR_INIT("\xd7\xa9\xd7\x9c\xd7\x95\xd7\x9d"), true, true },
        { STR_INIT("\xe2\x80\x8f"), true, true }, /* a right-to-left mark overrides nothing */
        { STR_INIT("a\nb"), false, true },
        { STR_INIT("a\r\nb"), false, true },
        { STR_INIT("a\tb"), false, true },
        { STR_INIT("a\xe2\x80\xa8"
                   "b"),
          false, true },
        { STR_INIT("a\vb"), false, false },
        { STR_INIT("a\x1b[31m"), false, false },
        { STR_INIT("a\x7f"), false, false },
        { STR_INIT("a\xc2\x80"), false, false },
        { STR_INIT("a\xc2\x9f"), false, false },
        { STR_INIT("a\xc2\xa0"), true, true },
        { STR_INIT("a\xe2\x80\xaa"), false, false },
        { STR_INIT("a\xe2\x80\xae"), false, false },
        { STR_INIT("a\xe2\x81\xa6"), false, false },
        { STR_INIT("a\xe2\x81\xa9"), false, false },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_int_equal(text_is_clean(cases[i].text, false), cases[i].clean);
        assert_int_equal(text_is_clean(cases[i].text, true), cases[i].clean_with_lines);
    }
}
/* NOLINTEND(misc-misleading-bidirectional) */

WITH_ARENA(texts_are_composed_and_trimmed)
{
    assert_str(text_normalise(arena, S("  a b \n")), "a b");
    assert_str(text_normalise(arena, S("\xc2\xa0\xe3\x80\x80 a\xe2\x80\x8b\xef\xbb\xbf")), "a");
    assert_str(text_normalise(arena, S("e\xcc\x81")), "\xc3\xa9");
    assert_str(text_normalise(arena, S("\xe2\x84\xab")), "\xc3\x85");     /* Ångström sign */
    assert_str(text_normalise(arena, S("\xef\xac\x81")), "\xef\xac\x81"); /* fi stays one */
    assert_str(text_normalise(arena, S("a\xcc\xa3\xcc\x87")), "\xe1\xba\xa1\xcc\x87");
    assert_str(text_normalise(arena, S("a\xcc\x87\xcc\xa3")), "\xe1\xba\xa1\xcc\x87");
    assert_str(text_normalise(arena, S("\xea\xb0\x80")), "\xea\xb0\x80");
    assert_str(text_normalise(arena, S("\xe1\x84\x80\xe1\x85\xa1")), "\xea\xb0\x80");
    assert_non_null(text_normalise(arena, S(" ")).data);
    assert_int_equal(text_normalise(arena, S("\xe2\x80\x83")).size, 0);
}

WITH_ARENA(what_is_normal_stays_as_it_is)
{
    for (uint32_t c = 1; c < 0x30000; c += c < 0x3000 ? 1 : 37) {
        char bytes[4];
        if (c >= 0xd800 && c <= 0xdfff)
            continue;
        str once = text_normalise(arena, (str){ bytes, encode(c, bytes) });
        assert_true(text_is_utf8(once));
        assert_true(str_equal(text_normalise(arena, once), once));
        str folded = text_fold(arena, once);
        assert_true(str_equal(text_fold(arena, folded), folded));
        arena_reset(arena);
    }
}

WITH_ARENA(folded_texts_find_each_other)
{
    static const struct {
        str one;
        str other;
    } same[] = {
        { STR_INIT("ABC xyz"), STR_INIT("abc XYZ") },
        { STR_INIT("\xc3\x89"), STR_INIT("\xc3\xa9") },
        { STR_INIT("E\xcc\x81"), STR_INIT("\xc3\xa9") },
        { STR_INIT("STRASSE"), STR_INIT("stra\xc3\x9f"
                                        "e") },
        { STR_INIT("\xef\xbc\xa1\xef\xbc\xa2"), STR_INIT("ab") },
        { STR_INIT("\xef\xac\x81n"), STR_INIT("FIN") },
        { STR_INIT("\xce\xa3\xce\xa3"), STR_INIT("\xcf\x83\xcf\x82") },
    };
    for (size_t i = 0; i < sizeof same / sizeof same[0]; i++)
        assert_true(str_equal(text_fold(arena, same[i].one), text_fold(arena, same[i].other)));
    assert_false(str_equal(text_fold(arena, S("e")), text_fold(arena, S("\xc3\xa9"))));
    assert_non_null(text_fold(arena, S("")).data);
}

TEST(phones_are_e164)
{
    static const char *const good[] = { "+12025550", "+12025550123", "+491512345678901" };
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++)
        assert_true(phone_is_e164(str_of(good[i])));
    static const char *const bad[] = {
        "",
        "+",
        "12025550123",
        "+02025550123",
        "+1202555",
        "+1234567890123456",
        "+1 202 555",
        "+1-202-5550",
        "++1202555012",
        "+1202555012a",
        "+1202555012\xd9\xa3",
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_false(phone_is_e164(str_of(bad[i])));
}

/* ---- e-mail ---- */

/* F36: spellings of one address are one user. */
WITH_ARENA(F36_an_address_has_one_key)
{
    static const struct {
        const char *email;
        const char *key;
    } cases[] = {
        { "alice@example.com", "alice@example.com" },
        { "Alice@Example.COM", "alice@example.com" },
        { "ALICE+tickets@example.com", "alice+tickets@example.com" },
        { "a@b.co", "a@b.co" },
        { "first.last@sub.example.org", "first.last@sub.example.org" },
        { "o'neil!#$%&*/=?^_`{|}~-@example.com", "o'neil!#$%&*/=?^_`{|}~-@example.com" },
        { "alice@B\xc3\x9c"
          "CHER.example",
          "alice@xn--bcher-kva.example" },
        { "alice@b\xc3\xbc"
          "cher.example",
          "alice@xn--bcher-kva.example" },
        { "alice@bu\xcc\x88"
          "cher.example",
          "alice@xn--bcher-kva.example" },
        { "alice@XN--BCHER-KVA.example", "alice@xn--bcher-kva.example" },
        { "alice@stra\xc3\x9f"
          "e.example",
          "alice@xn--strae-oqa.example" },
        { "\xc3\x89lise@example.com", "\xc3\xa9lise@example.com" },
        { "E\xcc\x81lise@example.com", "\xc3\xa9lise@example.com" },
        { "\xef\xbd\x81lice@example.com", "alice@example.com" },
        { "alice@1.2.example", "alice@1.2.example" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        str email = str_of(cases[i].email);
        assert_true(email_is_valid(email));
        assert_str(email_key(arena, email), cases[i].key);
        assert_str(email_key(arena, str_of(cases[i].key)), cases[i].key);
    }
}

/* NOLINTBEGIN(misc-misleading-bidirectional): one address is */
WITH_ARENA(what_is_no_address_has_no_key)
{
    static const char *const bad[] = {
        "",
        "@",
        "alice",
        "alice@",
        "@example.com",
        "alice@example",
        "alice@localhost",
        "alice@@example.com",
        "alice@example.com@example.com",
        "alice@example..com",
        "alice@.example.com",
        "alice@example.com.",
        "alice@-example.com",
        "alice@example-.com",
        "alice@exa_mple.com",
        "alice@exam ple.com",
        "alice@127.0.0.1",
        "alice@[127.0.0.1]",
        "alice@example.123",
        ".alice@example.com",
        "alice.@example.com",
        "al..ice@example.com",
        "al ice@example.com",
        "\"al ice\"@example.com",
        "alice(x)@example.com",
        "<alice@example.com>",
        "alice@example.com,bob@example.com",
        "alice@example.com\nBcc: bob@example.com",
        "al\x01ice@example.com",
        "al\xe2\x80\xaeice@example.com",
        "al\xffice@example.com",
        "alice@exam\xe2\x80\x8dple.com\xff",
        "mailto:alice@example.com",
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        str email = str_of(bad[i]);
        if (email_is_valid(email))
            fail_msg("%s was taken", bad[i]);
        assert_null(email_key(arena, email).data);
    }
}
/* NOLINTEND(misc-misleading-bidirectional) */

/* Only folding or IDNA shows these. */
WITH_ARENA(an_address_that_turns_into_another_form_has_no_key)
{
    static const char *const bad[] = {
        "a\xef\xbc\xa0"
        "b@example.com", /* a wide @ */
        "a\xef\xbc\x8c"
        "b@example.com", /* a wide comma */
        "a\xe2\x80\xa4"
        "@example.com",                           /* a one dot leader becomes a dot at the end */
        "alice@exa\xe2\x82\xa8mple.\xef\xbc\x91", /* a wide 1 for a top domain */
        "alice@xn--a.example",                    /* no such punycode */
        "alice@xn--\xc3\xa4.example",
        "alice@a\xef\xbc\xbf"
        "b.example",               /* a wide underscore */
        "alice@\xcc\x81x.example", /* a label that begins with a combining mark */
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        if (email_key(arena, str_of(bad[i])).data != NULL)
            fail_msg("case %zu was taken", i);
}

static str long_address(struct arena *arena, size_t local, size_t label, size_t labels)
{
    struct buf email = buf_in(arena, 0);
    for (size_t i = 0; i < local; i++)
        buf_add_char(&email, 'a');
    buf_add_char(&email, '@');
    for (size_t k = 0; k < labels; k++) {
        for (size_t i = 0; i < label; i++)
            buf_add_char(&email, 'b');
        buf_add_char(&email, '.');
    }
    buf_add(&email, S("com"));
    return buf_str(&email);
}

WITH_ARENA(an_address_is_no_longer_than_mail_can_be_sent_to)
{
    assert_true(email_is_valid(long_address(arena, 64, 61, 3)));
    assert_int_equal(long_address(arena, 64, 61, 3).size, 254);
    assert_non_null(email_key(arena, long_address(arena, 64, 61, 3)).data);
    assert_false(email_is_valid(long_address(arena, 64, 62, 3)));
    assert_false(email_is_valid(long_address(arena, 65, 10, 1)));
    assert_true(email_is_valid(long_address(arena, 10, 63, 1)));
    assert_false(email_is_valid(long_address(arena, 10, 64, 1)));
}

/* ---- cards ---- */

/* The numbers that Stripe lists for tests. */
static const char *const cards[] = {
    "4242424242424242", "4000056655665556",    "5555555555554444", "2223003122003222",
    "5200828282828210", "5105105105105100",    "378282246310005",  "371449635398431",
    "6011111111111117", "6011000990139424",    "6011981111111113", "3056930009020004",
    "36227206271667",   "6555900000604105",    "3566002020360505", "6200000000000005",
    "6200000000000047", "6205500000000000004", "4000002500001001", "5555552500001001",
    "4000000000000002", "4000000000009995",    "4000002760003184", "4000000000000341",
};

/* "my card: " with a separator after every so many digits of the number. */
static str group(const char *card, int every, char separator, char ret_text[100])
{
    size_t size = (size_t)snprintf(ret_text, 100, "my card: ");
    for (int i = 0; card[i] != '\0'; i++) {
        if (i > 0 && i % every == 0)
            ret_text[size++] = separator;
        ret_text[size++] = card[i];
    }
    size += (size_t)snprintf(ret_text + size, 100 - size, ", thanks");
    return (str){ ret_text, size };
}

TEST(card_numbers_are_seen_however_they_are_grouped)
{
    char text[100];
    for (size_t i = 0; i < sizeof cards / sizeof cards[0]; i++) {
        for (int every = 1; every <= 6; every++) {
            assert_true(text_has_card_number(group(cards[i], every, ' ', text)));
            assert_true(text_has_card_number(group(cards[i], every, '-', text)));
        }
        assert_true(text_has_card_number(str_of(cards[i])));
    }
}

TEST(card_numbers_are_seen_amid_other_digits)
{
    static const char *const texts[] = {
        "4242424242424242",
        "3782 822463 10005",
        "4242-4242-4242-4242",
        "4242 4242 4242 4242 12 34 567",
        "12 4242 4242 4242 4242",
        "2x 4242424242424242 4242424242424242",
        "card4242424242424242",
        "{\"number\":\"4242424242424242\"}",
        "number=4242424242424242&cvc=123",
        "+4242 4242 4242 4242", /* one digit too many for a phone */
        "4222222222222",
        "0193489f-ffff-7abc-bdef-0123456789ab 4242424242424242",
        "-4242424242424242-",
    };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        if (!text_has_card_number(str_of(texts[i])))
            fail_msg("%s was not seen", texts[i]);
}

TEST(one_wrong_digit_makes_it_no_card)
{
    for (size_t i = 0; i < sizeof cards / sizeof cards[0]; i++) {
        char text[20];
        size_t size = strlen(cards[i]);
        memcpy(text, cards[i], size);
        text[size - 1] = (char)(text[size - 1] == '9' ? '0' : text[size - 1] + 1);
        assert_false(text_has_card_number((str){ text, size }));
    }
}

TEST(other_numbers_are_no_cards)
{
    static const char *const texts[] = {
        "",
        "no digits",
        "424242424242",
        "1234567890123456",
        "0000000000000000",
        "9999999999999999",
        "4242  4242 4242 4242",
        "4242--4242-4242-4242",
        "4242.4242.4242.4242",
        "4242x4242x4242x4242",
        "42424242424242424242424242424242",
        "+49 151 2345 6789",
        "+4222222222222",      /* would be a card without the + */
        "+42 22-222 222-2222", /* so would this */
        "2026-11-20T17:26:08.123Z",
        "2026-11-20 17:26",
        "12345678-1234-1234-1234-123456789012",
        "42424242-4242-4242-4242-424242424242",
        "id 42424242-4242-4242-4242-424242424242, 42424242-4242-4242-4242-424242424242.",
        "0193489f-ffff-7abc-bdef-0123456789ab",
        "1795195568123",
        "20.05",
        "tok_visa pm_card_visa",
        "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9",
    };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        if (text_has_card_number(str_of(texts[i])))
            fail_msg("%s was taken for a card", texts[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(well_formed_utf8_is_taken_up_to_its_bounds),
        cmocka_unit_test(malformed_utf8_is_refused),
        cmocka_unit_test(every_code_point_but_nul_and_surrogates_is_taken),
        cmocka_unit_test(a_length_counts_code_points),
        cmocka_unit_test(control_characters_and_bidi_overrides_are_not_clean),
        TEST_WITH_ARENA(texts_are_composed_and_trimmed),
        TEST_WITH_ARENA(what_is_normal_stays_as_it_is),
        TEST_WITH_ARENA(folded_texts_find_each_other),
        cmocka_unit_test(phones_are_e164),
        TEST_WITH_ARENA(F36_an_address_has_one_key),
        TEST_WITH_ARENA(what_is_no_address_has_no_key),
        TEST_WITH_ARENA(an_address_that_turns_into_another_form_has_no_key),
        TEST_WITH_ARENA(an_address_is_no_longer_than_mail_can_be_sent_to),
        cmocka_unit_test(card_numbers_are_seen_however_they_are_grouped),
        cmocka_unit_test(card_numbers_are_seen_amid_other_digits),
        cmocka_unit_test(one_wrong_digit_makes_it_no_card),
        cmocka_unit_test(other_numbers_are_no_cards),
    };
    return RUN_TESTS(tests);
}
