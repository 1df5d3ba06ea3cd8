/* Session tokens: JSON Web Tokens of one shape, which is all that is ever read. */
#include <assert.h>

#include "base/arena.h"
#include "base/codec.h"

/* {"alg":"HS256","typ":"JWT"} */
static const str header = STR_INIT("eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.");

#define MAC_SIZE       32
#define MAC_TEXT_SIZE  43
#define TOKEN_SIZE_MAX 512

static str payload_of(struct arena *arena, const struct token *token)
{
    struct buf payload = buf_in(arena, 128);
    buf_add(&payload, S("{\"sub\":\""));
    uuid_write(token->caller.user, buf_room(&payload, UUID_TEXT_SIZE));
    payload.size += UUID_TEXT_SIZE;
    buf_add(&payload, S("\",\"sid\":\""));
    uuid_write(token->caller.session, buf_room(&payload, UUID_TEXT_SIZE));
    payload.size += UUID_TEXT_SIZE;
    buf_add(&payload, S("\",\"exp\":"));
    buf_add_int(&payload, token->expires_at.ms / 1000);
    buf_add_char(&payload, '}');
    return buf_str(&payload);
}

str token_sign(struct arena *arena, str key, const struct token *token)
{
    assert(!uuid_is_absent(token->caller.user) && !uuid_is_absent(token->caller.session));
    assert(token->expires_at.ms > 0);

    struct buf text = buf_in(arena, 256);
    buf_add(&text, header);
    buf_add(&text, base64url_encode(arena, payload_of(arena, token)));
    uint8_t mac[MAC_SIZE];
    hmac_sha256(key, buf_str(&text), mac);
    buf_add_char(&text, '.');
    buf_add(&text, base64url_encode(arena, (str){ (const char *)mac, sizeof mac }));
    return buf_str(&text);
}

static bool take(str *text, str expected)
{
    if (!str_starts(*text, expected))
        return false;
    text->data += expected.size;
    text->size -= expected.size;
    return true;
}

static bool take_uuid(str *text, uuid *ret_id)
{
    if (text->size < UUID_TEXT_SIZE || !uuid_parse((str){ text->data, UUID_TEXT_SIZE }, ret_id))
        return false;
    text->data += UUID_TEXT_SIZE;
    text->size -= UUID_TEXT_SIZE;
    return true;
}

/* Only what payload_of() writes: our key may also have signed tokens of another kind. */
static bool read_payload(str payload, struct token *ret_token)
{
    int64_t seconds_since_1970;
    if (!take(&payload, S("{\"sub\":\"")) || !take_uuid(&payload, &ret_token->caller.user) ||
        !take(&payload, S("\",\"sid\":\"")) || !take_uuid(&payload, &ret_token->caller.session) ||
        !take(&payload, S("\",\"exp\":")) || payload.size == 0)
        return false;
    if (payload.data[payload.size - 1] != '}' ||
        !str_to_int((str){ payload.data, payload.size - 1 }, &seconds_since_1970))
        return false;
    ret_token->expires_at.ms = seconds_since_1970;
    return !__builtin_mul_overflow(seconds_since_1970, 1000, &ret_token->expires_at.ms);
}

/* Whether the text ends in the code of what stands before it; *ret_payload is what was signed. */
static bool check_mac(struct arena *arena, str key, str text, str *ret_payload)
{
    size_t signed_size = text.size - 1 - MAC_TEXT_SIZE;
    str mac;
    uint8_t expected[MAC_SIZE];
    if (text.data[signed_size] != '.' ||
        !base64url_decode(arena, (str){ text.data + signed_size + 1, MAC_TEXT_SIZE }, &mac))
        return false;
    hmac_sha256(key, (str){ text.data, signed_size }, expected);
    *ret_payload = (str){ text.data + header.size, signed_size - header.size };
    return str_equal_secret(mac, (str){ (const char *)expected, sizeof expected });
}

bool token_verify(struct arena *arena, str key, str text, instant now, struct token *ret_token)
{
    /* the shape first: it costs nothing */
    if (text.size > TOKEN_SIZE_MAX || text.size <= header.size + 1 + MAC_TEXT_SIZE ||
        !str_starts(text, header))
        return false;

    str payload;
    struct token token;
    if (!check_mac(arena, key, text, &payload) || !base64url_decode(arena, payload, &payload) ||
        !read_payload(payload, &token) || token.expires_at.ms <= now.ms)
        return false;
    *ret_token = token;
    return true;
}
