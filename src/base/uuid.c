#include "base/arena.h"
#include "base/values.h"

/* The value of each hexadecimal digit and one more; of any other byte 0. */
static const uint8_t hex_values[256] = {
    ['0'] = 1,  ['1'] = 2,  ['2'] = 3,  ['3'] = 4,  ['4'] = 5,  ['5'] = 6,  ['6'] = 7,  ['7'] = 8,
    ['8'] = 9,  ['9'] = 10, ['a'] = 11, ['b'] = 12, ['c'] = 13, ['d'] = 14, ['e'] = 15, ['f'] = 16,
    ['A'] = 11, ['B'] = 12, ['C'] = 13, ['D'] = 14, ['E'] = 15, ['F'] = 16,
};

/* Whether a dash stands before this byte of the 16. */
static bool dash_before(size_t byte)
{
    return byte == 4 || byte == 6 || byte == 8 || byte == 10;
}

bool uuid_parse(str text, uuid *ret_id)
{
    if (text.size != UUID_TEXT_SIZE)
        return false;
    uuid id;
    const char *at = text.data;
    for (size_t i = 0; i < sizeof id.bytes; i++) {
        if (dash_before(i) && *at++ != '-')
            return false;
        unsigned high = hex_values[(unsigned char)*at++];
        unsigned low = hex_values[(unsigned char)*at++];
        if (high == 0 || low == 0)
            return false;
        id.bytes[i] = (uint8_t)((high - 1) << 4 | (low - 1));
    }
    if (uuid_is_absent(id))
        return false;
    *ret_id = id;
    return true;
}

/* Two bytes as four hexadecimal digits, side by side in one word: ids are in every answer. */
static void put_hex(const uint8_t bytes[2], char *ret_text)
{
    const uint32_t each = 0x01010101;
    uint32_t word = (uint32_t)bytes[0] << 16 | bytes[1];
    word = (word | word << 4) & (each * 0x0f);
    uint32_t letters = ((word + each * 6) >> 4) & each; /* 1 where a digit is above 9 */
    word += each * '0' + letters * ('a' - '0' - 10);
    for (unsigned i = 0; i < 4; i++)
        ret_text[i] = (char)(word >> (24 - 8 * i));
}

void uuid_write(uuid id, char *ret_text)
{
    static const unsigned char places[8] = { 0, 4, 9, 14, 19, 24, 28, 32 };
    for (size_t i = 0; i < sizeof places; i++)
        put_hex(id.bytes + 2 * i, ret_text + places[i]);
    ret_text[8] = ret_text[13] = ret_text[18] = ret_text[23] = '-';
}

str uuid_text(struct arena *arena, uuid id)
{
    char *text = arena_text(arena, UUID_TEXT_SIZE);
    uuid_write(id, text);
    return (str){ text, UUID_TEXT_SIZE };
}
