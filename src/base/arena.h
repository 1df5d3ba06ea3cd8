/* The memory of one operation: taken piece by piece, given back all at once.
 *
 * Taking cannot fail.  Inputs are bounded before they are stored (limits.h), so an arena that
 * passes ARENA_BYTES_MAX is a bug and stops the program, as does a machine without memory. */
#ifndef BASE_ARENA_H
#define BASE_ARENA_H

#include <stdbool.h>
#include <stddef.h>

struct arena_chunk;

struct arena {
    char *next;
    char *end;
    struct arena_chunk *chunks; /* newest first */
    size_t total;               /* bytes in all chunks */
};

/* An empty arena is all zero bytes: struct arena arena = { 0 }. */

/* Zeroed memory, aligned for any type. */
void *arena_take(struct arena *arena, size_t size);
/* Not zeroed, not aligned: for text. */
char *arena_text(struct arena *arena, size_t size);
/* Makes text that was just taken longer where it stands; false if something was taken since, or
 * its chunk is full. */
bool arena_extend(struct arena *arena, const char *text, size_t size, size_t larger);
/* Forgets everything and keeps one chunk for the next operation: the largest of ordinary size. */
void arena_reset(struct arena *arena);
/* Gives all memory back. */
void arena_free(struct arena *arena);

#define ARENA_NEW(arena, type)          ((type *)arena_take((arena), sizeof(type)))
#define ARENA_ARRAY(arena, type, count) ((type *)arena_take((arena), sizeof(type) * (count)))

#endif
