/* A directory for a file of the SQLite store, and what a test needs to use it. */
#ifndef TESTS_STORE_PLACE_H
#define TESTS_STORE_PLACE_H

#include "tests/store/things.h"
#include "tests/support/world.h"

struct place {
    char directory[64];
    char path[96];
    char message[512];  /* why the store did not open */
    char reported[512]; /* what it said last */
    struct arena arena;
    struct op op;
};

void place_open(struct place *place);
void place_close(struct place *place); /* the stores are closed before */

bool try_open(struct place *place, const struct service *service, bool read_only,
              const struct sqlite_hooks *hooks, struct sqlite **ret_store);
struct sqlite *open_things(struct place *place, bool read_only);
/* A store of parts_service, which has statements that no service should. */
struct sqlite *open_parts(struct place *place);

struct op *op_on(struct place *place, struct sqlite *store);
err insert(struct place *place, struct sqlite *store, unsigned n);
int64_t count(struct place *place, struct sqlite *store);

extern const struct query select_synchronous;
extern const struct query insert_part;
extern const struct query insert_whole;
extern const struct query rollback_all;
extern const struct migration parts_migrations[];
extern const struct service parts_service;

#endif
