/* A small world for tests of services: a store in memory, a clock that the test sets, and chance
 * that a seed decides.
 *
 *     struct test_world world;
 *     world_open(&world, (const struct service *const[]){ &tickets_service, NULL });
 *     struct op *op = world_begin(&world);
 *     ... op->caller.user = alice; assert_ok(ticket_list(op, ...)); ...
 *     world_commit(&world);
 *     world_close(&world);
 */
#ifndef TESTS_SUPPORT_WORLD_H
#define TESTS_SUPPORT_WORLD_H

#include "adapters/sqlite.h"
#include "base/base.h"

/* The same bytes for the same seed (splitmix64). */
struct seeded_random {
    struct random random; /* first: hand out &seeded.random */
    uint64_t state;
};
void seeded_random_open(struct seeded_random *seeded, uint64_t seed);

struct test_world {
    struct sqlite *store;
    instant now; /* 2026-11-20T12:00:00Z at first; the test moves it */
    struct settings settings;
    struct seeded_random random;
    struct arena arena; /* of all operations, so that a test may compare what they read */
    struct op op;       /* the one under way */
};

/* The services end with NULL.  Fails the test if the store does not open. */
void world_open(struct test_world *world, const struct service *const *services);
void world_close(struct test_world *world);

/* An operation of nobody, in a transaction.  Set op->caller if somebody asks. */
struct op *world_begin(struct test_world *world);
void world_commit(struct test_world *world); /* fails the test if the store refuses */
void world_rollback(struct test_world *world);

/* Lets time pass, between operations. */
void world_wait(struct test_world *world, duration wait);

#define assert_ok(call)                                                  \
    do {                                                                 \
        err asserted_ = (call);                                          \
        if (asserted_.problem != NULL)                                   \
            fail_msg("%s: %d %s", #call, (int)asserted_.problem->status, \
                     asserted_.problem->message);                        \
    } while (0)

#define assert_status(call, expected)                                                    \
    do {                                                                                 \
        err asserted_ = (call);                                                          \
        if (!err_is(asserted_, (expected)))                                              \
            fail_msg("%s: %d instead of %s", #call,                                      \
                     asserted_.problem ? (int)asserted_.problem->status : 0, #expected); \
    } while (0)

#endif
