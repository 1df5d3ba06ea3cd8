/* Session tokens: nothing that we did not sign is taken, and whatever was signed reads as it was.
 * The input is a token, or the payload of one. */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>

#include "base/base.h"
#include "base/codec.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static str sign_payload(struct arena *arena, str key, str payload)
{
    struct buf text = buf_in(arena, 0);
    uint8_t mac[32];
    buf_add(&text, S("eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9."));
    buf_add(&text, base64url_encode(arena, payload));
    hmac_sha256(key, buf_str(&text), mac);
    buf_add_char(&text, '.');
    buf_add(&text, base64url_encode(arena, (str){ (const char *)mac, sizeof mac }));
    return buf_str(&text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena arena = { 0 };
    const str key = S("0123456789abcdef0123456789abcdef");
    const instant now = { 1795195568000 };
    str input = { (const char *)data, size };
    struct token token;

    (void)token_verify(&arena, key, input, now, &token);

    str bytes;
    if (base64url_decode(&arena, input, &bytes))
        assert(str_equal(base64url_encode(&arena, bytes), input));

    str text = sign_payload(&arena, key, input);
    if (token_verify(&arena, key, text, now, &token)) {
        struct token again;
        assert(token.expires_at.ms > now.ms);
        assert(token_verify(&arena, key, token_sign(&arena, key, &token), now, &again));
        assert(uuid_equal(token.caller.session, again.caller.session));
    }
    arena_free(&arena);
    return 0;
}
