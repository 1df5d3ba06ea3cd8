/* usher-sim: tells the stories of seeds; each must keep every promise.
 *
 *   usher-sim SEED                 one story, line by line
 *   usher-sim FIRST LAST [SEEDS]   many, quietly; before them those that the file SEEDS lists */
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
    (void)raise(signal_number);
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

static bool run(struct world *world, uint64_t seed, void (*listener)(const char *line))
{
    (void)snprintf(under_way, sizeof under_way, "seed %" PRIu64 " died\n", seed);
    return world_run(world, seed, listener);
}

static int run_one(struct world *world, uint64_t seed)
{
    bool kept = run(world, seed, print);
    printf("%s: %zu happenings, %lld operations, %lld interruptions, %lld overtaken, %lld crashes;"
           " story %016" PRIx64 "\n",
           kept ? "all promises kept" : "a promise was broken", world->happenings,
           (long long)world->operations, (long long)world->interruptions, (long long)world->stales,
           (long long)world->crashes, world->hash);
    return !kept;
}

static bool run_quietly(struct world *world, uint64_t seed)
{
    bool kept = run(world, seed, NULL);
    if (!kept) {
        printf("seed %" PRIu64 ": %s\n", seed, world->broken);
        (void)fflush(stdout);
    }
    return kept;
}

/* The same seed tells the same story, whatever was told before. */
static bool tells_the_same_again(struct world *world, uint64_t seed)
{
    uint64_t hash = world->hash;
    (void)run(world, seed, NULL);
    if (world->hash != hash)
        printf("seed %" PRIu64 " does not tell the same story twice\n", seed);
    return world->hash == hash;
}

#define SAMPLE 25

static bool run_and_compare(struct world *world, uint64_t seed)
{
    bool kept = run_quietly(world, seed);
    return kept && (seed % SAMPLE != 0 || tells_the_same_again(world, seed));
}

/* Those that the file lists, one at the beginning of a line. */
static bool run_listed(struct world *world, const char *path, uint64_t *told, uint64_t *bad)
{
    FILE *file = fopen(path, "r");
    if (file == NULL) {
        fprintf(stderr, "usher-sim: %s cannot be read\n", path);
        return false;
    }
    char line[256];
    while (fgets(line, sizeof line, file) != NULL) {
        uint64_t seed;
        line[strcspn(line, " \t\n")] = '\0';
        if (!parse(line, &seed))
            continue;
        (*told)++;
        *bad += !run_quietly(world, seed);
    }
    fclose(file);
    return true;
}

static int run_many(struct world *world, uint64_t first, uint64_t last, const char *listed)
{
    uint64_t bad = 0;
    uint64_t told = last - first + 1;
    if (listed != NULL && !run_listed(world, listed, &told, &bad))
        return 2;
    for (uint64_t seed = first; seed <= last; seed++)
        bad += !run_and_compare(world, seed);
    printf("%" PRIu64 " stories, %" PRIu64 " with a broken promise\n", told, bad);
    return bad > 0;
}

#define SEEDS_BY_DEFAULT 1000

int main(int argc, char **argv)
{
    uint64_t first = 1;
    uint64_t last = SEEDS_BY_DEFAULT;
    bool sound = argc <= 4 && (argc < 2 || parse(argv[1], &first)) &&
                 (argc < 3 || parse(argv[2], &last)) && (argc == 2 || first <= last);
    if (!sound) {
        fprintf(stderr, "usage: usher-sim [SEED | FIRST LAST [FILE OF SEEDS]]\n");
        return 2;
    }
    (void)signal(SIGABRT, died);
    struct world *world = world_open();
    int failed = argc == 2 ? run_one(world, first)
                           : run_many(world, first, last, argc == 4 ? argv[3] : NULL);
    world_close(world);
    return failed;
}
