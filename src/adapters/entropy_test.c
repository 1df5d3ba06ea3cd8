#include "tests/test.h"

#include "adapters/entropy.h"

static void fill(struct entropy *entropy, void *bytes, size_t size)
{
    entropy->random.fill(&entropy->random, bytes, size);
}

TEST(no_bytes_come_twice)
{
    struct entropy entropy;
    uint8_t pieces[200][10];
    entropy_open(&entropy);
    for (size_t i = 0; i < 200; i++)
        fill(&entropy, pieces[i], sizeof pieces[i]);
    for (size_t i = 0; i < 200; i++)
        for (size_t j = 0; j < i; j++)
            assert_memory_not_equal(pieces[i], pieces[j], sizeof pieces[i]);
    entropy_close(&entropy);
}

TEST(what_was_handed_out_is_no_longer_in_memory)
{
    struct entropy entropy;
    uint8_t bytes[16];
    entropy_open(&entropy);
    for (int i = 0; i < 50; i++) {
        fill(&entropy, bytes, sizeof bytes);
        for (size_t at = 0; at + sizeof bytes <= sizeof entropy.bytes; at++)
            assert_memory_not_equal(entropy.bytes + at, bytes, sizeof bytes);
    }
    entropy_close(&entropy);
}

TEST(any_size_is_filled_and_no_more)
{
    struct entropy entropy;
    uint8_t bytes[2002] = { 0 };
    entropy_open(&entropy);
    for (size_t size = 0; size <= 2000; size += 250) {
        memset(bytes, 0, sizeof bytes);
        fill(&entropy, bytes + 1, size);
        assert_int_equal(bytes[0], 0);
        assert_int_equal(bytes[size + 1], 0);
        size_t zeros = 0;
        for (size_t i = 1; i <= size; i++)
            zeros += bytes[i] == 0;
        assert_true(zeros < 50);
    }
    entropy_close(&entropy);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_bytes_come_twice),
        cmocka_unit_test(what_was_handed_out_is_no_longer_in_memory),
        cmocka_unit_test(any_size_is_filled_and_no_more),
    };
    return RUN_TESTS(tests);
}
