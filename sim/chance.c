/* Draws: the same for the same seed (splitmix64). */
#include "sim/sim.h"

static uint64_t next(struct chance *chance)
{
    uint64_t z = chance->state += UINT64_C(0x9E3779B97F4A7C15);
    z = (z ^ (z >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94D049BB133111EB);
    return z ^ (z >> 31);
}

static void fill(struct random *random, void *ret_bytes, size_t size)
{
    struct chance *chance = (struct chance *)random;
    for (uint8_t *bytes = ret_bytes; size > 0;) {
        uint64_t value = next(chance);
        size_t step = size < sizeof value ? size : sizeof value;
        memcpy(bytes, &value, step);
        bytes += step;
        size -= step;
    }
}

void chance_open(struct chance *chance, uint64_t seed)
{
    *chance = (struct chance){ { fill }, seed };
}

int64_t below(struct chance *chance, int64_t bound)
{
    assert(bound > 0);
    return (int64_t)(next(chance) % (uint64_t)bound);
}

bool one_in(struct chance *chance, int64_t n)
{
    return below(chance, n) == 0;
}

bool percent(struct chance *chance, int64_t chances)
{
    return below(chance, 100) < chances;
}

int64_t between(struct chance *chance, int64_t low, int64_t high)
{
    return low + below(chance, high - low + 1);
}

int64_t delay_ms(struct chance *chance, int64_t longest_ms)
{
    int64_t kind = below(chance, 100);
    int64_t bound = kind < 60 ? 20 : kind < 85 ? 400 : kind < 97 ? 8000 : longest_ms;
    return below(chance, bound < longest_ms ? bound + 1 : longest_ms + 1);
}
