#include "base/codec.h"

#include "base/base_test.h"

static str bytes_of(const void *data, size_t size)
{
    return (str){ data, size };
}

WITH_ARENA(base64url_is_that_of_the_rfc)
{
    static const struct {
        str bytes;
        const char *text;
    } cases[] = {
        { STR_INIT(""), "" },
        { STR_INIT("f"), "Zg" },
        { STR_INIT("fo"), "Zm8" },
        { STR_INIT("foo"), "Zm9v" },
        { STR_INIT("foob"), "Zm9vYg" },
        { STR_INIT("fooba"), "Zm9vYmE" },
        { STR_INIT("foobar"), "Zm9vYmFy" },
        { STR_INIT("\xfb\xff\xbf"), "-_-_" },
        { STR_INIT("\0\0\0"), "AAAA" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        str bytes;
        assert_str(base64url_encode(arena, cases[i].bytes), cases[i].text);
        assert_true(base64url_decode(arena, str_of(cases[i].text), &bytes));
        assert_true(str_equal(bytes, cases[i].bytes));
    }
}

WITH_ARENA(base64url_has_one_spelling)
{
    static const char *const bad[] = {
        "A",     "AAAAA", "Zh",   "Zm9",  "Zg==",  "Zg=",        "Zm9v\n",
        " Zm9v", "Zm 9v", "+_-_", "-/-_", "Zm9v.", "Z\xc3\xa9g",
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        str bytes;
        if (base64url_decode(arena, str_of(bad[i]), &bytes))
            fail_msg("%s was taken", bad[i]);
    }
    str bytes;
    assert_false(base64url_decode(arena, S("AA\0A"), &bytes));
}

WITH_ARENA(all_bytes_survive_base64url)
{
    uint8_t data[300];
    for (size_t size = 0; size < sizeof data; size++) {
        data[size] = (uint8_t)(size * 37 + size / 7);
        str bytes;
        str text = base64url_encode(arena, bytes_of(data, size));
        assert_true(base64url_decode(arena, text, &bytes));
        assert_true(str_equal(bytes, bytes_of(data, size)));
    }
}

WITH_ARENA(hex_is_lower_case)
{
    assert_str(hex_encode(arena, S("\x00\x9a\xff")), "009aff");
    assert_str(hex_encode(arena, S("")), "");
}

WITH_ARENA(a_fingerprint_tells_texts_apart)
{
    (void)arena;
    uint8_t first[FINGERPRINT_SIZE], again[FINGERPRINT_SIZE], other[FINGERPRINT_SIZE];
    fingerprint(S("a page"), first);
    fingerprint(S("a page"), again);
    fingerprint(S("a Page"), other);
    assert_memory_equal(first, again, sizeof first);
    assert_memory_not_equal(first, other, sizeof first);
}

WITH_ARENA(a_digest_depends_on_where_parts_end)
{
    const str two[] = { STR_INIT("ab"), STR_INIT("c") };
    const str other[] = { STR_INIT("a"), STR_INIT("bc") };
    const str one[] = { STR_INIT("abc") };
    str first = digest(arena, two, 2);
    assert_int_equal(first.size, DIGEST_SIZE);
    assert_true(str_equal(first, digest(arena, two, 2)));
    assert_false(str_equal(first, digest(arena, other, 2)));
    assert_false(str_equal(first, digest(arena, one, 1)));
    const str with_empty[] = { STR_INIT("ab"), STR_INIT("c"), STR_INIT("") };
    assert_false(str_equal(first, digest(arena, with_empty, 3)));
    /* of no parts: SHA-256 of nothing */
    assert_str(hex_encode(arena, digest(arena, NULL, 0)),
               "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    /* of "abc": SHA-256 of 03 00 00 00 00 00 00 00 61 62 63 */
    assert_str(hex_encode(arena, digest(arena, one, 1)),
               "ce91dc5eec0139adf091900d225971d6ad246a845bad791b5693a9d0d55dd391");
}

/* RFC 4231, test cases 1, 2 and 6. */
WITH_ARENA(the_code_is_hmac_sha256)
{
    uint8_t mac[32];
    char key[131];
    memset(key, 0x0b, 20);
    hmac_sha256(bytes_of(key, 20), S("Hi There"), mac);
    assert_str(hex_encode(arena, bytes_of(mac, 32)),
               "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
    hmac_sha256(S("Jefe"), S("what do ya want for nothing?"), mac);
    assert_str(hex_encode(arena, bytes_of(mac, 32)),
               "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    memset(key, 0xaa, 131);
    hmac_sha256(bytes_of(key, 131), S("Test Using Larger Than Block-Size Key - Hash Key First"),
                mac);
    assert_str(hex_encode(arena, bytes_of(mac, 32)),
               "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
}

/* ---- tokens ---- */

static const str key = STR_INIT("0123456789abcdef0123456789abcdef");

static struct token some_token(void)
{
    return (struct token){ { id_of(0x11), id_of(0x22) }, { 1795195568000 } };
}

static const instant before = { 1795195567999 };

WITH_ARENA(a_token_says_who_asks_until_it_expires)
{
    struct token token = some_token();
    struct token got = { 0 };
    str text = token_sign(arena, key, &token);
    assert_true(token_verify(arena, key, text, before, &got));
    assert_true(uuid_equal(got.caller.user, token.caller.user));
    assert_true(uuid_equal(got.caller.session, token.caller.session));
    assert_true(got.expires_at.ms == token.expires_at.ms);
    /* F38: tokens end */
    assert_false(token_verify(arena, key, text, token.expires_at, &got));
    assert_false(token_verify(arena, key, text, instant_after(before, hours(1)), &got));
}

/* So that any JWT library can check our tokens: this one was made by another program. */
WITH_ARENA(a_token_is_a_json_web_token)
{
    struct token token = some_token();
    assert_str(token_sign(arena, key, &token),
               "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiIxMTExMTExMS0xMTExLTExM"
               "TEtMTExMS0xMTExMTExMTExMTEiLCJzaWQiOiIyMjIyMjIyMi0yMjIyLTIyMjItMjIyMi0"
               "yMjIyMjIyMjIyMjIiLCJleHAiOjE3OTUxOTU1Njh9.OPx7pIG4JaHEb1tJtB-aCK_8odIP"
               "PYcSkCq4PXpWDMg");
}

WITH_ARENA(a_change_of_any_byte_is_noticed)
{
    struct token token = some_token();
    struct token got = { 0 };
    str text = token_sign(arena, key, &token);
    char copy[512];
    assert_true(text.size < sizeof copy);
    for (size_t at = 0; at < text.size; at++) {
        for (int c = 0; c < 256; c++) {
            if ((char)c == text.data[at])
                continue;
            memcpy(copy, text.data, text.size);
            copy[at] = (char)c;
            assert_false(token_verify(arena, key, bytes_of(copy, text.size), before, &got));
        }
    }
}

WITH_ARENA(a_token_is_whole)
{
    struct token token = some_token();
    struct token got = { 0 };
    str text = token_sign(arena, key, &token);
    for (size_t size = 0; size < text.size; size++) {
        assert_false(token_verify(arena, key, bytes_of(text.data, size), before, &got));
        assert_false(
            token_verify(arena, key, bytes_of(text.data + text.size - size, size), before, &got));
    }
    char longer[600];
    memset(longer, 'A', sizeof longer);
    memcpy(longer, text.data, text.size);
    for (size_t size = text.size + 1; size <= sizeof longer; size++)
        assert_false(token_verify(arena, key, bytes_of(longer, size), before, &got));
    assert_false(token_verify(arena, key, str_of(NULL), before, &got));
}

WITH_ARENA(a_token_of_another_key_is_none)
{
    struct token token = some_token();
    struct token got = { 0 };
    str text = token_sign(arena, S("0123456789abcdef0123456789abcdeF"), &token);
    assert_false(token_verify(arena, key, text, before, &got));
}

/* Signs whatever header and payload with our key. */
static str forge(struct arena *arena, str header, str payload)
{
    struct buf text = buf_in(arena, 0);
    uint8_t mac[32];
    buf_add(&text, base64url_encode(arena, header));
    buf_add_char(&text, '.');
    buf_add(&text, base64url_encode(arena, payload));
    hmac_sha256(key, buf_str(&text), mac);
    buf_add_char(&text, '.');
    buf_add(&text, base64url_encode(arena, bytes_of(mac, sizeof mac)));
    return buf_str(&text);
}

#define HEADER  "{\"alg\":\"HS256\",\"typ\":\"JWT\"}"
#define SUBJECT "\"sub\":\"11111111-1111-1111-1111-111111111111\""
#define SESSION "\"sid\":\"22222222-2222-2222-2222-222222222222\""

WITH_ARENA(no_other_header_is_read_even_if_signed)
{
    static const str headers[] = {
        STR_INIT("{\"alg\":\"none\",\"typ\":\"JWT\"}"),
        STR_INIT("{\"alg\":\"None\",\"typ\":\"JWT\"}"),
        STR_INIT("{\"alg\":\"HS384\",\"typ\":\"JWT\"}"),
        STR_INIT("{\"alg\":\"RS256\",\"typ\":\"JWT\"}"),
        STR_INIT("{\"typ\":\"JWT\",\"alg\":\"HS256\"}"),
        STR_INIT("{\"alg\":\"HS256\"}"),
        STR_INIT("{}"),
        STR_INIT(""),
    };
    const str payload = S("{" SUBJECT "," SESSION ",\"exp\":1795195568}");
    struct token got = { 0 };
    assert_true(token_verify(arena, key, forge(arena, S(HEADER), payload), before, &got));
    for (size_t i = 0; i < sizeof headers / sizeof headers[0]; i++)
        assert_false(token_verify(arena, key, forge(arena, headers[i], payload), before, &got));
}

WITH_ARENA(a_token_without_a_signature_is_none)
{
    struct buf text = buf_in(arena, 0);
    struct token got = { 0 };
    buf_add(&text, base64url_encode(arena, S("{\"alg\":\"none\",\"typ\":\"JWT\"}")));
    buf_add_char(&text, '.');
    buf_add(&text, base64url_encode(arena, S("{" SUBJECT "," SESSION ",\"exp\":1795195568}")));
    buf_add_char(&text, '.');
    assert_false(token_verify(arena, key, buf_str(&text), before, &got));
}

/* Our key may have signed tokens of other programs, or of older versions of this one. */
WITH_ARENA(no_other_payload_is_read_even_if_signed)
{
    static const str payloads[] = {
        STR_INIT(""),
        STR_INIT("{}"),
        STR_INIT("{\"id\":\"5f\",\"email\":\"alice@example.com\",\"iat\":1795195000}"),
        STR_INIT("{" SUBJECT "," SESSION "}"),
        STR_INIT("{" SUBJECT "," SESSION ",\"exp\":}"),
        STR_INIT("{" SUBJECT "," SESSION ",\"exp\":-1}"),
        STR_INIT("{" SUBJECT "," SESSION ",\"exp\":1795195568"),
        STR_INIT("{" SUBJECT "," SESSION ",\"exp\":1795195568}}"),
        STR_INIT("{" SUBJECT "," SESSION ",\"exp\":17951955680"),
        STR_INIT("{" SUBJECT "," SESSION ",\"exp\":18446745868906119}"), /* × 1000 > 2⁶⁴ */
        STR_INIT("{" SUBJECT "," SESSION ",\"exp\":1795195568 }"),
        STR_INIT("{" SUBJECT "," SESSION ",\"exp\":1795195568.5}"),
        STR_INIT("{" SUBJECT "," SESSION ",\"exp\":9223372036854775807}"),
        STR_INIT("{" SUBJECT "," SESSION ",\"exp\":9223372036854775808}"),
        STR_INIT("{" SUBJECT "," SESSION ",\"exp\":\"1795195568\"}"),
        STR_INIT("{" SESSION "," SUBJECT ",\"exp\":1795195568}"),
        STR_INIT("{" SUBJECT ",\"sid\":\"\",\"exp\":1795195568}"),
        STR_INIT("{\"sub\":\"00000000-0000-0000-0000-000000000000\"," SESSION
                 ",\"exp\":1795195568}"),
    };
    struct token got = { 0 };
    for (size_t i = 0; i < sizeof payloads / sizeof payloads[0]; i++) {
        str text = forge(arena, S(HEADER), payloads[i]);
        if (token_verify(arena, key, text, before, &got))
            fail_msg("%.*s was taken", (int)payloads[i].size, payloads[i].data);
    }
    assert_true(uuid_is_absent(got.caller.user));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST_WITH_ARENA(base64url_is_that_of_the_rfc),
        TEST_WITH_ARENA(base64url_has_one_spelling),
        TEST_WITH_ARENA(all_bytes_survive_base64url),
        TEST_WITH_ARENA(hex_is_lower_case),
        TEST_WITH_ARENA(a_fingerprint_tells_texts_apart),
        TEST_WITH_ARENA(a_digest_depends_on_where_parts_end),
        TEST_WITH_ARENA(the_code_is_hmac_sha256),
        TEST_WITH_ARENA(a_token_says_who_asks_until_it_expires),
        TEST_WITH_ARENA(a_token_is_a_json_web_token),
        TEST_WITH_ARENA(a_change_of_any_byte_is_noticed),
        TEST_WITH_ARENA(a_token_is_whole),
        TEST_WITH_ARENA(a_token_of_another_key_is_none),
        TEST_WITH_ARENA(no_other_header_is_read_even_if_signed),
        TEST_WITH_ARENA(a_token_without_a_signature_is_none),
        TEST_WITH_ARENA(no_other_payload_is_read_even_if_signed),
    };
    return RUN_TESTS(tests);
}
