#include "adapters/packer.h"

#include "base/arena.h"
#include "tests/test.h"

static str unpack(struct arena *arena, str packed, size_t size)
{
    z_stream stream = { .next_in = (Bytef *)(uintptr_t)packed.data, .avail_in = (uInt)packed.size };
    char *text = arena_text(arena, size + 1);
    stream.next_out = (Bytef *)text;
    stream.avail_out = (uInt)size + 1;
    assert_int_equal(inflateInit2(&stream, 15 + 16), Z_OK);
    assert_int_equal(inflate(&stream, Z_FINISH), Z_STREAM_END);
    size_t total = stream.total_out;
    assert_int_equal(inflateEnd(&stream), Z_OK);
    return (str){ text, total };
}

static str page(struct arena *arena, int items)
{
    struct buf out = buf_in(arena, 4096);
    for (int i = 0; i < items; i++)
        buf_addf(&out, "<li class=\"card\">Row %d</li>\n", i);
    return buf_str(&out);
}

TEST(what_is_packed_comes_out_again_and_is_smaller)
{
    struct arena arena = { 0 };
    struct packer packer = { .open = false };
    for (int items = 0; items < 2000; items += 333) {
        str text = page(&arena, items);
        str packed = packer_gzip(&packer, &arena, text);
        str again = unpack(&arena, packed, text.size);
        assert_true(str_equal(again, text));
        assert_true(items == 0 || packed.size < text.size / 3);
    }
    packer_close(&packer);
    packer_close(&packer);
    arena_free(&arena);
}

TEST(what_does_not_pack_is_whole_all_the_same)
{
    struct arena arena = { 0 };
    struct packer packer = { .open = false };
    char noise[5000];
    uint32_t state = 1;
    for (size_t i = 0; i < sizeof noise; i++) {
        state = state * 1664525u + 1013904223u;
        noise[i] = (char)(state >> 24);
    }
    str text = { noise, sizeof noise };
    str packed = packer_gzip(&packer, &arena, text);
    assert_true(str_equal(unpack(&arena, packed, text.size), text));
    packer_close(&packer);
    arena_free(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_packed_comes_out_again_and_is_smaller),
        cmocka_unit_test(what_does_not_pack_is_whole_all_the_same),
    };
    return RUN_TESTS(tests);
}
