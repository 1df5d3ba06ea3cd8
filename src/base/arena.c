/* Arenas: chunks of memory, each at least twice the one before, cut off piece by piece.
 *
 * With the address sanitizer every piece has a red zone behind it, and what is not taken, or was
 * given back by arena_reset(), may not be touched. */
#include "base/arena.h"

#include <assert.h>
#include <stdalign.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"

#if defined(__SANITIZE_ADDRESS__)
#define POISONED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define POISONED 1
#endif
#endif

#ifdef POISONED
/* of <sanitizer/asan_interface.h> */
void __asan_poison_memory_region(const volatile void *region, size_t size);
void __asan_unpoison_memory_region(const volatile void *region, size_t size);
#define FORBID(region, size) __asan_poison_memory_region((region), (size))
#define ALLOW(region, size)  __asan_unpoison_memory_region((region), (size))
#define TEXT_ALIGNMENT       8
#define RED_ZONE             8
#else
#define FORBID(region, size) ((void)(region), (void)(size))
#define ALLOW(region, size)  ((void)(region), (void)(size))
#define TEXT_ALIGNMENT       1
#define RED_ZONE             0
#endif

struct arena_chunk {
    struct arena_chunk *older;
    size_t size;
    alignas(max_align_t) char bytes[];
};

static void begin_chunk(struct arena *arena, struct arena_chunk *chunk)
{
    arena->next = chunk->bytes;
    arena->end = chunk->bytes + chunk->size;
    FORBID(chunk->bytes, chunk->size);
}

static void add_chunk(struct arena *arena, size_t needed)
{
    size_t size = arena->chunks == NULL ? ARENA_CHUNK_BYTES : 2 * arena->chunks->size;
    if (size > ARENA_KEEP_BYTES)
        size = ARENA_KEEP_BYTES;
    if (size < needed)
        size = needed;
    assert(arena->total + size <= ARENA_BYTES_MAX);

    struct arena_chunk *chunk = malloc(sizeof *chunk + size);
    if (chunk == NULL)
        abort();
    chunk->older = arena->chunks;
    chunk->size = size;
    arena->chunks = chunk;
    arena->total += size;
    begin_chunk(arena, chunk);
}

static char *cut(struct arena *arena, size_t size, size_t alignment)
{
    assert(size <= ARENA_BYTES_MAX);
    size_t skip = -(uintptr_t)arena->next & (alignment - 1);
    if ((size_t)(arena->end - arena->next) < skip + size + RED_ZONE) {
        add_chunk(arena, size + RED_ZONE);
        skip = 0; /* chunks are aligned for everything */
    }
    char *piece = arena->next + skip;
    arena->next = piece + size + RED_ZONE;
    ALLOW(piece, size);
    return piece;
}

void *arena_take(struct arena *arena, size_t size)
{
    return memset(cut(arena, size, alignof(max_align_t)), 0, size);
}

char *arena_text(struct arena *arena, size_t size)
{
    return cut(arena, size, TEXT_ALIGNMENT);
}

bool arena_extend(struct arena *arena, const char *text, size_t size, size_t larger)
{
    assert(larger >= size);
    if (text == NULL || text + size + RED_ZONE != arena->next)
        return false;
    if ((size_t)(arena->end - arena->next) < larger - size)
        return false;
    arena->next += larger - size;
    ALLOW(text, larger);
    return true;
}

/* Gives back a list of chunks but for one. */
static void free_chunks(struct arena_chunk *chunk, const struct arena_chunk *kept)
{
    while (chunk != NULL) {
        struct arena_chunk *older = chunk->older;
        if (chunk != kept)
            free(chunk);
        chunk = older;
    }
}

void arena_reset(struct arena *arena)
{
    struct arena_chunk *kept = NULL;
    for (struct arena_chunk *chunk = arena->chunks; chunk != NULL; chunk = chunk->older)
        if (chunk->size <= ARENA_KEEP_BYTES && (kept == NULL || chunk->size > kept->size))
            kept = chunk;
    free_chunks(arena->chunks, kept);
    *arena = (struct arena){ NULL, NULL, NULL, 0 };
    if (kept == NULL)
        return;

    kept->older = NULL;
    arena->chunks = kept;
    arena->total = kept->size;
    begin_chunk(arena, kept);
}

void arena_free(struct arena *arena)
{
    free_chunks(arena->chunks, NULL);
    *arena = (struct arena){ NULL, NULL, NULL, 0 };
}
