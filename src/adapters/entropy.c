#include "adapters/entropy.h"

#include <assert.h>
#include <sodium.h>

static void fill(struct random *random, void *ret_bytes, size_t size)
{
    struct entropy *entropy = (struct entropy *)random;
    if (size > sizeof entropy->bytes) {
        randombytes_buf(ret_bytes, size);
        return;
    }
    if (size > entropy->left) {
        randombytes_buf(entropy->bytes, sizeof entropy->bytes);
        entropy->left = sizeof entropy->bytes;
    }
    uint8_t *from = entropy->bytes + sizeof entropy->bytes - entropy->left;
    memcpy(ret_bytes, from, size);
    sodium_memzero(from, size); /* a later look at this memory must not tell earlier secrets */
    entropy->left -= size;
}

void entropy_open(struct entropy *entropy)
{
    int failed = sodium_init();
    assert(failed >= 0);
    *entropy = (struct entropy){ .random.fill = fill };
}

void entropy_close(struct entropy *entropy)
{
    sodium_memzero(entropy, sizeof *entropy);
}
