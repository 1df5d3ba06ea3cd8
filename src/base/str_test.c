#include "base/base_test.h"

TEST(an_absent_text_is_not_an_empty_one_but_equals_it)
{
    str absent = str_of(NULL);
    assert_null(absent.data);
    assert_non_null(S("").data);
    assert_true(str_equal(absent, S("")));
    struct arena arena = { 0 };
    assert_null(str_copy(&arena, absent).data);
    assert_non_null(str_copy(&arena, S("")).data);
    arena_free(&arena);
}

TEST(texts_are_compared_with_and_without_case)
{
    assert_true(str_is(S("abc"), "abc"));
    assert_false(str_is(S("abc"), "abd"));
    assert_false(str_is(S("abc"), "ab"));
    assert_true(str_equal_nocase(S("Content-TYPE"), S("content-type")));
    assert_false(str_equal_nocase(S("a@"), S("a`"))); /* differ in that bit alone, but no letters */
    assert_false(str_equal_nocase(S("a"), S("ab")));
    assert_true(str_equal_secret(S("secret"), S("secret")));
    assert_false(str_equal_secret(S("secret"), S("secreT")));
    assert_false(str_equal_secret(S("secret"), S("secre")));
    assert_true(str_equal_secret(S(""), str_of(NULL)));
}

TEST(a_prefix_is_no_longer_than_the_text)
{
    assert_true(str_starts(S("/api/x"), S("/api")));
    assert_true(str_starts(S("/api"), S("/api")));
    assert_true(str_starts(S(""), S("")));
    assert_false(str_starts(S("/ap"), S("/api")));
    assert_false(str_starts(S("/aqi"), S("/api")));
}

TEST(a_cut_tells_no_rest_from_an_empty_one)
{
    str rest;
    assert_str(str_cut(S("a=b=c"), '=', &rest), "a");
    assert_str(rest, "b=c");
    assert_str(str_cut(S("a="), '=', &rest), "a");
    assert_non_null(rest.data);
    assert_int_equal(rest.size, 0);
    assert_str(str_cut(S("a"), '=', &rest), "a");
    assert_null(rest.data);
    assert_str(str_cut(str_of(NULL), '=', &rest), "");
    assert_null(rest.data);
}

TEST(trimming_takes_ascii_white_space_off_both_ends)
{
    assert_str(str_trim(S(" \t\r\n\v\f a b \n")), "a b");
    assert_str(str_trim(S(" \n ")), "");
    assert_str(str_trim(S("")), "");
    assert_str(str_trim(S("\xc2\xa0x")), "\xc2\xa0x");
}

TEST(integers_are_read_whole_or_not_at_all)
{
    static const struct {
        const char *text;
        int64_t value;
    } good[] = {
        { "0", 0 },
        { "-0", 0 },
        { "007", 7 },
        { "-12", -12 },
        { "9223372036854775807", INT64_MAX },
        { "-9223372036854775808", INT64_MIN },
    };
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        int64_t value = 4711;
        assert_true(str_to_int(str_of(good[i].text), &value));
        assert_true(value == good[i].value);
    }
    static const char *const bad[] = {
        "",
        "-",
        "+1",
        " 1",
        "1 ",
        "1.0",
        "1e3",
        "0x1",
        "--1",
        "1-1",
        "१",
        "９",
        "9223372036854775808",
        "-9223372036854775809",
        "99999999999999999999",
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        int64_t value = 4711;
        assert_false(str_to_int(str_of(bad[i]), &value));
        assert_int_equal(value, 4711);
    }
}

TEST(a_buffer_grows_and_keeps_what_it_holds)
{
    struct arena arena = { 0 };
    struct buf buf = buf_in(&arena, 0);
    assert_str(buf_str(&buf), "");
    assert_non_null(buf_str(&buf).data);
    for (int i = 0; i < 3000; i++) {
        buf_add_char(&buf, (char)('a' + i % 26));
        if (i % 100 == 50)
            (void)arena_text(&arena, 3); /* in the way of growing where it stands */
    }
    assert_int_equal(buf.size, 3000);
    for (int i = 0; i < 3000; i++)
        assert_int_equal(buf.data[i], 'a' + i % 26);
    arena_free(&arena);
}

TEST(a_buffer_alone_in_its_chunk_grows_where_it_stands)
{
    struct arena arena = { 0 };
    struct buf buf = buf_in(&arena, 16);
    const char *data = buf.data;
    for (int i = 0; i < 4096; i++)
        buf_add_char(&buf, 'x');
    assert_ptr_equal(buf.data, data);
    arena_free(&arena);
}

TEST(a_buffer_takes_numbers_and_formats)
{
    struct arena arena = { 0 };
    struct buf buf = buf_in(&arena, 1);
    buf_add_int(&buf, 0);
    buf_add_char(&buf, ' ');
    buf_add_int(&buf, INT64_MIN);
    buf_add_char(&buf, ' ');
    buf_add_int(&buf, INT64_MAX);
    buf_addf(&buf, " %s/%03d", "a", 7);
    buf_add(&buf, str_of(NULL));
    assert_str(buf_str(&buf), "0 -9223372036854775808 9223372036854775807 a/007");
    arena_free(&arena);
}

TEST(what_an_arena_gives_is_zeroed_and_aligned_after_every_reset)
{
    struct arena arena = { 0 };
    for (int round = 0; round < 3; round++) {
        for (size_t size = 1; size < 2000; size += 7) {
            memset(arena_text(&arena, 3), 0xff, 3);
            unsigned char *bytes = arena_take(&arena, size);
            assert_int_equal((uintptr_t)bytes % _Alignof(max_align_t), 0);
            for (size_t i = 0; i < size; i++)
                assert_int_equal(bytes[i], 0);
            memset(bytes, 0xff, size);
        }
        arena_reset(&arena);
    }
    arena_free(&arena);
}

TEST(an_arena_keeps_one_ordinary_chunk_and_no_large_one)
{
    struct arena arena = { 0 };
    (void)arena_take(&arena, 100);
    assert_int_equal(arena.total, ARENA_CHUNK_BYTES);
    (void)arena_take(&arena, 2000000);
    arena_reset(&arena);
    assert_int_equal(arena.total, ARENA_CHUNK_BYTES);

    (void)arena_take(&arena, 2000000); /* alone: nothing to keep */
    (void)arena_take(&arena, ARENA_CHUNK_BYTES);
    arena_reset(&arena);
    assert_in_range(arena.total, ARENA_CHUNK_BYTES, ARENA_KEEP_BYTES);

    arena_free(&arena);
    assert_int_equal(arena.total, 0);
    arena_reset(&arena);
    arena_free(&arena);
    (void)arena_take(&arena, 1); /* and is good for use again */
    arena_free(&arena);
}

TEST(pieces_of_an_arena_do_not_overlap)
{
    enum { PIECES = 500 };
    struct arena arena = { 0 };
    char *pieces[PIECES];
    for (size_t i = 0; i < PIECES; i++)
        pieces[i] = memset(arena_text(&arena, i + 1), (int)(i % 251), i + 1);
    for (size_t i = 0; i < PIECES; i++)
        for (size_t k = 0; k <= i; k++)
            assert_int_equal((unsigned char)pieces[i][k], i % 251);
    arena_free(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_absent_text_is_not_an_empty_one_but_equals_it),
        cmocka_unit_test(texts_are_compared_with_and_without_case),
        cmocka_unit_test(a_prefix_is_no_longer_than_the_text),
        cmocka_unit_test(a_cut_tells_no_rest_from_an_empty_one),
        cmocka_unit_test(trimming_takes_ascii_white_space_off_both_ends),
        cmocka_unit_test(integers_are_read_whole_or_not_at_all),
        cmocka_unit_test(a_buffer_grows_and_keeps_what_it_holds),
        cmocka_unit_test(a_buffer_alone_in_its_chunk_grows_where_it_stands),
        cmocka_unit_test(a_buffer_takes_numbers_and_formats),
        cmocka_unit_test(what_an_arena_gives_is_zeroed_and_aligned_after_every_reset),
        cmocka_unit_test(an_arena_keeps_one_ordinary_chunk_and_no_large_one),
        cmocka_unit_test(pieces_of_an_arena_do_not_overlap),
    };
    return RUN_TESTS(tests);
}
