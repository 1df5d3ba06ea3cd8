#include "app/proxies.h"

#include <arpa/inet.h>

static bool parse_address(str text, uint8_t ret_bytes[16], int *ret_bits_before)
{
    char name[INET6_ADDRSTRLEN];
    if (text.size == 0 || text.size >= sizeof name)
        return false;
    memcpy(name, text.data, text.size);
    name[text.size] = '\0';
    static_assert(sizeof(struct in6_addr) == 16, "an IPv6 address");
    if (inet_pton(AF_INET6, name, ret_bytes) == 1) {
        *ret_bits_before = 0;
        return true;
    }
    memset(ret_bytes, 0, 10);
    memset(ret_bytes + 10, 0xff, 2);
    *ret_bits_before = 96;
    return inet_pton(AF_INET, name, ret_bytes + 12) == 1;
}

static bool parse_network(str text, struct network *ret_network)
{
    str bits_text;
    str address = str_cut(text, '/', &bits_text);
    int before;
    if (!parse_address(address, ret_network->bytes, &before))
        return false;
    int64_t bits = 128 - before;
    if (bits_text.data != NULL &&
        (!str_to_int(bits_text, &bits) || bits < 0 || bits > 128 - before))
        return false;
    ret_network->bits = before + (int)bits;
    return true;
}

bool proxies_parse(str text, struct proxies *ret_proxies)
{
    struct proxies proxies = { .count = 0 };
    while (text.size > 0) {
        str rest;
        str one = str_trim(str_cut(text, ',', &rest));
        if (proxies.count == PROXIES_MAX || !parse_network(one, &proxies.networks[proxies.count++]))
            return false;
        text = rest;
    }
    *ret_proxies = proxies;
    return true;
}

static bool has(const struct network *network, const uint8_t address[16])
{
    int whole = network->bits / 8;
    int rest = network->bits % 8;
    if (memcmp(network->bytes, address, (size_t)whole) != 0)
        return false;
    return rest == 0 || (network->bytes[whole] ^ address[whole]) >> (8 - rest) == 0;
}

bool proxies_trust(const struct proxies *proxies, str address)
{
    uint8_t bytes[16];
    int before;
    if (!parse_address(address, bytes, &before))
        return false;
    for (size_t i = 0; i < proxies->count; i++)
        if (has(&proxies->networks[i], bytes))
            return true;
    return false;
}

/* The part behind the last comma; *rest is what stands before, absent if nothing does. */
static str cut_last(str text, str *rest)
{
    for (size_t at = text.size; at > 0; at--) {
        if (text.data[at - 1] != ',')
            continue;
        *rest = (str){ text.data, at - 1 };
        return (str){ text.data + at, text.size - at };
    }
    *rest = (str){ NULL, 0 };
    return text;
}

void proxies_apply(const struct proxies *proxies, struct request *request)
{
    if (!proxies_trust(proxies, request->client))
        return;
    str unused;
    str protocol = str_trim(cut_last(request->header[HEADER_x_forwarded_proto], &unused));
    if (protocol.size > 0)
        request->https = str_equal_nocase(protocol, S("https"));

    str chain = request->header[HEADER_x_forwarded_for];
    while (chain.size > 0 && proxies_trust(proxies, request->client)) {
        uint8_t bytes[16];
        int before;
        str hop = str_trim(cut_last(chain, &chain));
        if (!parse_address(hop, bytes, &before))
            return; /* not an address: the proxy that we know is the best we have */
        request->client = hop;
    }
}
