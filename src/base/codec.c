/* Bytes as text, and digests, on libsodium. */
#include "base/codec.h"

#include <assert.h>
#include <sodium.h>

#include "base/arena.h"

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
    size_t capacity = text.size / 4 * 3 + 3;
    char *bytes = arena_text(arena, capacity);
    size_t size = 0;
    const char *end = NULL;
    int failed = sodium_base642bin((unsigned char *)bytes, capacity, text.data, text.size, NULL,
                                   &size, &end, sodium_base64_VARIANT_URLSAFE_NO_PADDING);
    if (failed != 0 || end != text.data + text.size)
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

void hmac_sha256(str key, str message, uint8_t ret_mac[32])
{
    static_assert(crypto_auth_hmacsha256_BYTES == 32, "HMAC-SHA256");
    crypto_auth_hmacsha256_state state;
    (void)crypto_auth_hmacsha256_init(&state, (const unsigned char *)key.data, key.size);
    (void)crypto_auth_hmacsha256_update(&state, (const unsigned char *)message.data, message.size);
    (void)crypto_auth_hmacsha256_final(&state, ret_mac);
    sodium_memzero(&state, sizeof state);
}
