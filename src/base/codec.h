/* Bytes as text and back, digests, and the signed tokens of sessions and cursors. */
#ifndef BASE_CODEC_H
#define BASE_CODEC_H

#include "base/op.h"

struct arena;

/* base64url without padding (RFC 4648 §5). */
str base64url_encode(struct arena *arena, str bytes);
bool base64url_decode(struct arena *arena, str text, str *ret_bytes);
/* Lower-case hex. */
str hex_encode(struct arena *arena, str bytes);

#define DIGEST_SIZE 32
/* SHA-256 of the parts one after the other, each preceded by its size, so that ("ab","c") differs
 * from ("a","bc").  Returns 32 bytes in the arena. */
str digest(struct arena *arena, const str *parts, size_t count);
/* BLAKE2b, 64 bits of it: tells texts apart at a third of the price. */
#define FINGERPRINT_SIZE 8
void fingerprint(str text, uint8_t ret_bytes[FINGERPRINT_SIZE]);
/* HMAC-SHA256. */
void hmac_sha256(str key, str message, uint8_t ret_mac[32]);

/* A session token: a JWT with the one header {"alg":"HS256","typ":"JWT"} (RFC 7519, RFC 8725 §3.1:
 * the algorithm is fixed here, never read from the token). */
struct token {
    struct caller caller;
    instant expires_at; /* told to the second, rounded down */
};

str token_sign(struct arena *arena, str key, const struct token *token);
/* False if anything at all is wrong with it, or it has expired at `now`. */
bool token_verify(struct arena *arena, str key, str text, instant now, struct token *ret_token);

#endif
