#include "base/arena.h"
#include "base/values.h"

static const char hex_digits[] = "0123456789abcdef";

/* The value of a hexadecimal digit, or more than 15. */
static unsigned hex_value(char c)
{
    if (c >= '0' && c <= '9')
        return (unsigned)(c - '0');
    unsigned letter = (unsigned)((unsigned char)c | 0x20) - 'a';
    return letter < 6 ? letter + 10 : 16;
}

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
        unsigned high = hex_value(*at++);
        unsigned low = hex_value(*at++);
        if ((high | low) > 15)
            return false;
        id.bytes[i] = (uint8_t)(high << 4 | low);
    }
    if (uuid_is_absent(id))
        return false;
    *ret_id = id;
    return true;
}

void uuid_write(uuid id, char *ret_text)
{
    for (size_t i = 0; i < sizeof id.bytes; i++) {
        if (dash_before(i))
            *ret_text++ = '-';
        *ret_text++ = hex_digits[id.bytes[i] >> 4];
        *ret_text++ = hex_digits[id.bytes[i] & 0x0f];
    }
}

str uuid_text(struct arena *arena, uuid id)
{
    char *text = arena_text(arena, UUID_TEXT_SIZE);
    uuid_write(id, text);
    return (str){ text, UUID_TEXT_SIZE };
}
