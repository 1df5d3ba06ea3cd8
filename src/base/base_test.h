/* What the tests of the values share. */
#ifndef BASE_BASE_TEST_H
#define BASE_BASE_TEST_H

#include <stdio.h>
#include <stdlib.h>

#include "base/base.h"
#include "tests/test.h"

static inline void check_str(str actual, str expected, const char *file, int line)
{
    if (str_equal(actual, expected))
        return;
    print_error("\"%.*s\" is not \"%.*s\"\n", (int)actual.size, actual.data, (int)expected.size,
                expected.data);
    _fail(file, line);
}

/* A str against the text that it must be. */
#define assert_str(actual, expected) check_str((actual), str_of(expected), __FILE__, __LINE__)

static inline int open_arena(void **state)
{
    *state = calloc(1, sizeof(struct arena));
    return *state == NULL ? -1 : 0;
}

static inline int close_arena(void **state)
{
    arena_free(*state);
    free(*state);
    return 0;
}

/* A test that has an arena: WITH_ARENA(name) { … arena … }, listed as TEST_WITH_ARENA(name). */
#define WITH_ARENA(name)                      \
    static void name##_(struct arena *arena); \
    static void name(void **state)            \
    {                                         \
        name##_(*state);                      \
    }                                         \
    static void name##_(struct arena *arena)
#define TEST_WITH_ARENA(name) cmocka_unit_test_setup_teardown(name, open_arena, close_arena)

static inline uuid id_of(uint8_t byte)
{
    uuid id;
    memset(id.bytes, byte, sizeof id.bytes);
    return id;
}

#endif
