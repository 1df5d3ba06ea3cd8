/* Compresses answers.  One for each thread: what zlib needs for it is kept. */
#ifndef ADAPTERS_PACKER_H
#define ADAPTERS_PACKER_H

#include <zlib.h>

#include "base/base.h"

#define PACKED_BYTES_MIN 1024 /* less is not worth it */

struct packer {
    bool open;
    z_stream stream;
};

/* In the form of gzip, in the arena.  A packer that is all zeros opens itself. */
str packer_gzip(struct packer *packer, struct arena *arena, str text);
void packer_close(struct packer *packer);

#endif
