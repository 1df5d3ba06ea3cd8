/* usher-sim: tells the stories of seeds, and stops at the first broken promise.
 *
 *   usher-sim SEED        one story, line by line
 *   usher-sim FIRST LAST  many, quietly */
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#include "sim/sim.h"

/* What a failed assert is about, for its handler, which can be told nothing. */
static char under_way[64];

static void died(int signal_number)
{
    size_t size = strnlen(under_way, sizeof under_way);
    ssize_t written = write(STDOUT_FILENO, under_way, size);
    (void)written;
    (void)signal(signal_number, SIG_DFL);
}

static void print(const char *line)
{
    (void)puts(line);
}

static bool parse(const char *text, uint64_t *ret_number)
{
    int64_t number;
    if (!str_to_int(str_of(text), &number) || number < 0)
        return false;
    *ret_number = (uint64_t)number;
    return true;
}

static bool run(struct world *world, uint64_t seed, bool aloud)
{
    (void)snprintf(under_way, sizeof under_way, "seed %" PRIu64 " died\n", seed);
    bool kept = world_run(world, seed, aloud ? print : NULL);
    if (aloud)
        printf("%s: %zu happenings, %lld operations, %lld interruptions, %lld overtaken, %lld"
               " crashes; story %016" PRIx64 "\n",
               kept ? "all promises kept" : "a promise was broken", world->happenings,
               (long long)world->operations, (long long)world->interruptions,
               (long long)world->stales, (long long)world->crashes, world->hash);
    else if (!kept)
        printf("seed %" PRIu64 ": %s\n", seed, world->broken);
    return kept;
}

/* The same seed tells the same story, whatever was told before. */
static bool tells_the_same_again(struct world *world, uint64_t seed)
{
    uint64_t hash = world->hash;
    bool same = run(world, seed, false) && world->hash == hash;
    if (!same)
        printf("seed %" PRIu64 " does not tell the same story twice\n", seed);
    return same;
}

#define SAMPLE 25

static int run_many(struct world *world, uint64_t first, uint64_t last)
{
    uint64_t bad = 0;
    for (uint64_t seed = first; seed <= last; seed++) {
        bool kept = run(world, seed, false);
        if (kept && seed % SAMPLE == 0)
            kept = tells_the_same_again(world, seed);
        bad += !kept;
    }
    printf("%" PRIu64 " stories, %" PRIu64 " with a broken promise\n", last - first + 1, bad);
    return bad > 0;
}

int main(int argc, char **argv)
{
    uint64_t first = 1;
    uint64_t last = 1000;
    bool sound = argc <= 3 && (argc < 2 || parse(argv[1], &first)) &&
                 (argc < 3 || parse(argv[2], &last)) && (argc == 2 || first <= last);
    if (!sound) {
        fprintf(stderr, "usage: usher-sim SEED | FIRST LAST\n");
        return 2;
    }
    (void)signal(SIGABRT, died);
    struct world *world = world_open();
    int failed = argc == 2 ? !run(world, first, true) : run_many(world, first, last);
    world_close(world);
    return failed;
}
