/* Bytes as text, and digests, on libsodium. */
#include "base/codec.h"

#include <assert.h>
#include <sodium.h>

#include "base/arena.h"

/* What is decoded here came from outside, so nothing is given away by the time that it takes. */
static bool decode_digit(char c, unsigned *ret_digit)
{
    static const unsigned char digits[256] = {
        /* 1 + the digit, so that 0 is none */
        ['A'] = 1,  ['B'] = 2,  ['C'] = 3,  ['D'] = 4,  ['E'] = 5,  ['F'] = 6,  ['G'] = 7,
        ['H'] = 8,  ['I'] = 9,  ['J'] = 10, ['K'] = 11, ['L'] = 12, ['M'] = 13, ['N'] = 14,
        ['O'] = 15, ['P'] = 16, ['Q'] = 17, ['R'] = 18, ['S'] = 19, ['T'] = 20, ['U'] = 21,
        ['V'] = 22, ['W'] = 23, ['X'] = 24, ['Y'] = 25, ['Z'] = 26, ['a'] = 27, ['b'] = 28,
        ['c'] = 29, ['d'] = 30, ['e'] = 31, ['f'] = 32, ['g'] = 33, ['h'] = 34, ['i'] = 35,
        ['j'] = 36, ['k'] = 37, ['l'] = 38, ['m'] = 39, ['n'] = 40, ['o'] = 41, ['p'] = 42,
        ['q'] = 43, ['r'] = 44, ['s'] = 45, ['t'] = 46, ['u'] = 47, ['v'] = 48, ['w'] = 49,
        ['x'] = 50, ['y'] = 51, ['z'] = 52, ['0'] = 53, ['1'] = 54, ['2'] = 55, ['3'] = 56,
        ['4'] = 57, ['5'] = 58, ['6'] = 59, ['7'] = 60, ['8'] = 61, ['9'] = 62, ['-'] = 63,
        ['_'] = 64,
    };
    unsigned digit = digits[(unsigned char)c];
    *ret_digit = digit - 1;
    return digit != 0;
}

str base64url_encode(struct arena *arena, str bytes)
{
    size_t capacity =
        sodium_base64_encoded_len(bytes.size, sodium_base64_VARIANT_URLSAFE_NO_PADDING);
    char *text = arena_text(arena, capacity); /* with the NUL that it writes */
    sodium_bin2base64(text, capacity, (const unsigned char *)bytes.data, bytes.size,
                      sodium_base64_VARIANT_URLSAFE_NO_PADDING);
    return (str){ text, capacity - 1 };
}

bool base64url_decode(struct arena *arena, str text, str *ret_bytes)
{
    size_t capacity = text.size / 4 * 3 + 2;
    char *bytes = arena_text(arena, capacity);
    size_t size = 0;
    unsigned held = 0; /* the last `bits` bits of it are not written yet */
    unsigned bits = 0;
    for (size_t i = 0; i < text.size; i++) {
        unsigned digit;
        if (!decode_digit(text.data[i], &digit))
            return false;
        held = held << 6 | digit;
        bits += 6;
        if (bits >= 8) {
            bits -= 8;
            bytes[size++] = (char)(held >> bits);
        }
    }
    /* one digit over is none; and the bits that are left over must be 0, or a text has two
     * spellings */
    if (bits == 6 || (held & ((1U << bits) - 1)) != 0)
        return false;
    *ret_bytes = (str){ bytes, size };
    return true;
}

str hex_encode(struct arena *arena, str bytes)
{
    size_t capacity = bytes.size * 2 + 1;
    char *text = arena_text(arena, capacity);
    (void)sodium_bin2hex(text, capacity, (const unsigned char *)bytes.data, bytes.size);
    return (str){ text, bytes.size * 2 };
}

str digest(struct arena *arena, const str *parts, size_t count)
{
    static_assert(DIGEST_SIZE == crypto_hash_sha256_BYTES, "SHA-256");
    crypto_hash_sha256_state state;
    (void)crypto_hash_sha256_init(&state);
    for (size_t i = 0; i < count; i++) {
        unsigned char size[8];
        for (unsigned byte = 0; byte < sizeof size; byte++)
            size[byte] = (unsigned char)((uint64_t)parts[i].size >> (8 * byte));
        (void)crypto_hash_sha256_update(&state, size, sizeof size);
        (void)crypto_hash_sha256_update(&state, (const unsigned char *)parts[i].data,
                                        parts[i].size);
    }
    char *bytes = arena_text(arena, DIGEST_SIZE);
    (void)crypto_hash_sha256_final(&state, (unsigned char *)bytes);
    return (str){ bytes, DIGEST_SIZE };
}

void fingerprint(str text, uint8_t ret_bytes[FINGERPRINT_SIZE])
{
    uint8_t whole[crypto_generichash_BYTES_MIN];
    (void)crypto_generichash(whole, sizeof whole, (const unsigned char *)text.data, text.size, NULL,
                             0);
    memcpy(ret_bytes, whole, FINGERPRINT_SIZE);
}

void hmac_sha256(str key, str message, uint8_t ret_mac[32])
{
    static_assert(crypto_auth_hmacsha256_BYTES == 32, "HMAC-SHA256");
    crypto_auth_hmacsha256_state state;
    (void)crypto_auth_hmacsha256_init(&state, (const unsigned char *)key.data, key.size);
    (void)crypto_auth_hmacsha256_update(&state, (const unsigned char *)message.data, message.size);
    (void)crypto_auth_hmacsha256_final(&state, ret_mac);
    sodium_memzero(&state, sizeof state);
}
