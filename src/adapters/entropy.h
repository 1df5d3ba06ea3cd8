/* Bytes that nobody can guess, from the kernel, a few hundred at a time. */
#ifndef ADAPTERS_ENTROPY_H
#define ADAPTERS_ENTROPY_H

#include "base/op.h"

/* Belongs to one thread. */
struct entropy {
    struct random random; /* first: hand out &entropy.random */
    uint8_t bytes[480];
    size_t left; /* of bytes, at their end; what was handed out is wiped */
};

/* Stops the program if the machine has no randomness. */
void entropy_open(struct entropy *entropy);
void entropy_close(struct entropy *entropy);

#endif
