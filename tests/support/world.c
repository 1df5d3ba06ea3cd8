#include "tests/support/world.h"

#include "tests/test.h"

static uint64_t next(struct seeded_random *seeded)
{
    uint64_t z = seeded->state += UINT64_C(0x9E3779B97F4A7C15);
    z = (z ^ (z >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94D049BB133111EB);
    return z ^ (z >> 31);
}

static void fill(struct random *random, void *ret_bytes, size_t size)
{
    struct seeded_random *seeded = (struct seeded_random *)random;
    for (uint8_t *bytes = ret_bytes; size > 0;) {
        uint64_t value = next(seeded);
        size_t step = size < sizeof value ? size : sizeof value;
        memcpy(bytes, &value, step);
        bytes += step;
        size -= step;
    }
}

void seeded_random_open(struct seeded_random *seeded, uint64_t seed)
{
    *seeded = (struct seeded_random){ { fill }, seed };
}

static void report(void *context, const char *message)
{
    (void)context;
    print_error("store: %s\n", message);
}

void world_open(struct test_world *world, const struct service *const *services)
{
    memset(world, 0, sizeof *world);
    world->now = (instant){ INT64_C(1795176000000) };
    world->settings = settings_default();
    seeded_random_open(&world->random, 1);

    size_t count = 0;
    while (services[count] != NULL)
        count++;
    const struct sqlite_options options = {
        .services = services,
        .service_count = count,
        .now = world->now,
        .report = report,
    };
    char message[512];
    if (!sqlite_open(&options, &world->store, message, sizeof message))
        fail_msg("%s", message);
}

void world_close(struct test_world *world)
{
    sqlite_close(world->store);
    arena_free(&world->arena);
}

struct op *world_begin(struct test_world *world)
{
    assert_ok(sqlite_begin(world->store));
    world->op = (struct op){
        .now = world->now,
        .arena = &world->arena,
        .tx = sqlite_tx(world->store),
        .random = &world->random.random,
        .settings = &world->settings,
        .correlation = S("test"),
    };
    return &world->op;
}

void world_commit(struct test_world *world)
{
    assert_ok(sqlite_commit(world->store));
}

void world_rollback(struct test_world *world)
{
    sqlite_rollback(world->store);
}

void world_wait(struct test_world *world, duration wait)
{
    world->now = instant_after(world->now, wait);
}
