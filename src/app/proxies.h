/* Which proxies are believed when they say for whom they ask, and how. */
#ifndef APP_PROXIES_H
#define APP_PROXIES_H

#include "web/web.h"

#define PROXIES_MAX 16

struct network {
    uint8_t bytes[16]; /* IPv4 as ::ffff:a.b.c.d */
    int bits;
};

struct proxies {
    struct network networks[PROXIES_MAX];
    size_t count;
};

/* Addresses and networks with commas between: 10.0.0.0/8,192.0.2.7,fd00::/8.  False if it is none.
 */
bool proxies_parse(str text, struct proxies *ret_proxies);

bool proxies_trust(const struct proxies *proxies, str address);

/* Corrects request->client and request->https by X-Forwarded-For and X-Forwarded-Proto, if the
 * request comes from a proxy that is trusted.  The client is the last address of the chain that is
 * no such proxy: whatever stands before it, anybody may have written. */
void proxies_apply(const struct proxies *proxies, struct request *request);

#endif
