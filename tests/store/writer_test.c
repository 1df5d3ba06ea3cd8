/* The writer: many threads submit, one writes; failures stay where they belong. */
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "adapters/thread.h"
#include "adapters/writer.h"
#include "tests/store/things.h"
#include "tests/support/world.h"
#include "tests/test.h"

/* ---- a writer on a file, and jobs that insert one thing each ---- */

struct bench {
    struct clock clock;
    struct seeded_random random;
    char directory[64];
    char path[96];
    struct sqlite *store;
    struct writer *writer;
    sem_t gate;     /* a job that is_gate waits for it */
    sem_t entered;  /* and says so here */
    sem_t done;     /* one for each job done */
    unsigned order; /* of jobs run so far */
    unsigned batches_done;
    unsigned jobs_done_at_batch;
    unsigned jobs_done;
    sem_t ticked;
};

struct insertion {
    struct writer_job job; /* first */
    struct bench *bench;
    struct arena arena;
    unsigned n;
    bool is_gate;
    bool fails_after_writing;
    int stale_times;
    int runs;
    unsigned ran_as;  /* the place in the order of all runs */
    bool caller_seen; /* op->caller was not as submitted */
    int outcome;      /* -1: not done */
    size_t emitted;
};

static instant fixed_now(struct clock *clock)
{
    (void)clock;
    return (instant){ 1795176000000 };
}

static err run_insertion(struct writer_job *job, struct op *op)
{
    struct insertion *insertion = (struct insertion *)job;
    struct bench *bench = insertion->bench;
    insertion->runs++;
    insertion->ran_as = bench->order++;
    insertion->caller_seen |= !uuid_is_absent(op->caller.user);
    op->caller.user.bytes[0] = 1;
    op->emitted = ARENA_NEW(op->arena, struct emitted);
    op->emitted->count = 1;
    if (insertion->is_gate) {
        sem_post(&bench->entered);
        sem_wait(&bench->gate);
    }
    struct thing thing = thing_sample(insertion->n % 20);
    thing.id.bytes[14] = (uint8_t)(insertion->n >> 8);
    thing.id.bytes[15] = (uint8_t)insertion->n;
    char name[16];
    snprintf(name, sizeof name, "%u", insertion->n);
    thing.name = str_of(name);
    TRY(sql_run(op, &thing_insert, &thing));
    if (insertion->fails_after_writing)
        return FAIL(problem_forbidden);
    if (insertion->runs <= insertion->stale_times)
        return FAIL(problem_stale);
    return OK;
}

static void insertion_done(struct writer_job *job, enum writer_outcome outcome)
{
    struct insertion *insertion = (struct insertion *)job;
    struct bench *bench = insertion->bench;
    insertion->outcome = (int)outcome;
    insertion->emitted = job->op.emitted ? job->op.emitted->count : 0;
    bench->jobs_done++;
    sem_post(&bench->done);
}

static void batch_done(void *context, bool committed)
{
    (void)committed;
    struct bench *bench = context;
    bench->batches_done++;
    bench->jobs_done_at_batch = bench->jobs_done;
}

static void tick(void *context)
{
    struct bench *bench = context;
    sem_post(&bench->ticked);
}

static void say(void *context, const char *message)
{
    (void)context;
    (void)message; /* the tests of the store look at what is said */
}

static void bench_open(struct bench *bench, size_t queue_max, duration tick_every)
{
    memset(bench, 0, sizeof *bench);
    bench->clock.now = fixed_now;
    seeded_random_open(&bench->random, 1);
    sem_t *const semaphores[] = { &bench->gate, &bench->entered, &bench->done, &bench->ticked };
    for (size_t i = 0; i < sizeof semaphores / sizeof semaphores[0]; i++)
        assert_int_equal(sem_init(semaphores[i], 0, 0), 0);
    snprintf(bench->directory, sizeof bench->directory, "/tmp/usher-writer-XXXXXX");
    assert_non_null(mkdtemp(bench->directory));
    snprintf(bench->path, sizeof bench->path, "%s/test.db", bench->directory);

    const struct service *const services[] = { &things_service };
    const struct sqlite_options options = {
        .path = bench->path,
        .services = services,
        .service_count = 1,
        .report = say,
    };
    char message[512];
    if (!sqlite_open(&options, &bench->store, message, sizeof message))
        fail_msg("%s", message);
    const struct writer_options writer_options = {
        .store = bench->store,
        .clock = &bench->clock,
        .random = &bench->random.random,
        .queue_max = queue_max,
        .batch_done = batch_done,
        .tick = tick_every.ms != 0 ? tick : NULL,
        .tick_every = tick_every,
        .context = bench,
    };
    bench->writer = writer_open(&writer_options);
    writer_start(bench->writer);
}

static int64_t count(struct bench *bench)
{
    struct arena arena = { 0 };
    struct op op = { .arena = &arena, .tx = sqlite_tx(bench->store) };
    struct thing_count answer = { -1 };
    assert_ok(sql_one(&op, &thing_count_all, NULL, &answer));
    arena_free(&arena);
    return answer.count;
}

/* Stops the writer, so that its connection is ours, and counts what it wrote. */
static int64_t bench_close(struct bench *bench)
{
    if (bench->writer != NULL)
        writer_stop(bench->writer);
    int64_t things = count(bench);
    sqlite_close(bench->store);
    unlink(bench->path);
    assert_int_equal(rmdir(bench->directory), 0);
    return things;
}

static void insertion_open(struct insertion *insertion, struct bench *bench, unsigned n)
{
    *insertion = (struct insertion){
        .job = { .run = run_insertion, .done = insertion_done },
        .bench = bench,
        .n = n,
        .outcome = -1,
    };
    insertion->job.op.arena = &insertion->arena;
}

static bool submit(struct bench *bench, struct insertion *insertion, unsigned n)
{
    insertion_open(insertion, bench, n);
    return writer_submit(bench->writer, &insertion->job);
}

static void wait_done(struct bench *bench, unsigned jobs)
{
    for (unsigned i = 0; i < jobs; i++)
        sem_wait(&bench->done);
}

/* Keeps the writer busy until open_gate(), so that what is submitted meanwhile waits together. */
static void close_gate(struct bench *bench, struct insertion *insertion, unsigned n)
{
    insertion_open(insertion, bench, n);
    insertion->is_gate = true;
    assert_true(writer_submit(bench->writer, &insertion->job));
    sem_wait(&bench->entered);
}

static void open_gate(struct bench *bench)
{
    sem_post(&bench->gate);
}

/* ---- the tests ---- */

enum { SUBMITTERS = 4, JOBS_EACH = 200 };

struct submitter {
    struct bench *bench;
    unsigned number;
    struct insertion insertions[JOBS_EACH];
};

static void *submit_all(void *context)
{
    struct submitter *submitter = context;
    for (unsigned i = 0; i < JOBS_EACH; i++) {
        bool taken =
            submit(submitter->bench, &submitter->insertions[i], submitter->number * JOBS_EACH + i);
        assert(taken);
    }
    return NULL;
}

TEST(what_many_threads_submit_is_all_written)
{
    struct bench bench;
    bench_open(&bench, 0, (duration){ 0 });
    struct submitter *submitters = calloc(SUBMITTERS, sizeof *submitters);
    pthread_t threads[SUBMITTERS];
    for (unsigned i = 0; i < SUBMITTERS; i++) {
        submitters[i].bench = &bench;
        submitters[i].number = i;
        threads[i] = thread_start(submit_all, &submitters[i]);
    }
    for (unsigned i = 0; i < SUBMITTERS; i++)
        pthread_join(threads[i], NULL);
    wait_done(&bench, SUBMITTERS * JOBS_EACH);
    assert_int_equal(writer_counts(bench.writer).committed, SUBMITTERS * JOBS_EACH);
    assert_int_equal(bench_close(&bench), SUBMITTERS * JOBS_EACH);
    for (unsigned i = 0; i < SUBMITTERS * JOBS_EACH; i++) {
        struct insertion *insertion = &submitters[i / JOBS_EACH].insertions[i % JOBS_EACH];
        assert_int_equal(insertion->outcome, WRITER_COMMITTED);
        assert_int_equal(insertion->runs, 1);
        arena_free(&insertion->arena);
    }
    free(submitters);
}

TEST(jobs_that_wait_together_are_committed_together_and_told_after)
{
    struct bench bench;
    bench_open(&bench, 0, (duration){ 0 });
    struct insertion gate;
    struct insertion insertions[10];
    close_gate(&bench, &gate, 0);
    for (unsigned i = 0; i < 10; i++)
        assert_true(submit(&bench, &insertions[i], i + 1));
    open_gate(&bench);
    wait_done(&bench, 11);
    struct writer *writer = bench.writer;
    writer_stop(writer);
    bench.writer = NULL;
    assert_int_equal(bench.batches_done, 2);
    assert_int_equal(bench.jobs_done_at_batch, 11);
    assert_int_equal(bench_close(&bench), 11);
    arena_free(&gate.arena);
    for (unsigned i = 0; i < 10; i++)
        arena_free(&insertions[i].arena);
}

TEST(a_job_that_fails_undoes_itself_and_nobody_else)
{
    struct bench bench;
    bench_open(&bench, 0, (duration){ 0 });
    struct insertion gate, before, failing, conflicting, after;
    close_gate(&bench, &gate, 0);
    assert_true(submit(&bench, &before, 1));
    insertion_open(&failing, &bench, 2);
    failing.fails_after_writing = true;
    assert_true(writer_submit(bench.writer, &failing.job));
    assert_true(submit(&bench, &conflicting, 1));
    assert_true(submit(&bench, &after, 3));
    open_gate(&bench);
    wait_done(&bench, 5);

    assert_int_equal(before.outcome, WRITER_COMMITTED);
    assert_int_equal(before.emitted, 1);
    assert_int_equal(before.runs, 2); /* its batch was run again, with care, as it was submitted */
    assert_false(before.caller_seen);
    assert_int_equal(failing.outcome, WRITER_REFUSED);
    assert_int_equal(failing.emitted, 0);
    assert_int_equal(conflicting.outcome, WRITER_REFUSED);
    assert_int_equal(after.outcome, WRITER_COMMITTED);
    assert_int_equal(bench_close(&bench), 3);
    struct insertion *const all[] = { &gate, &before, &failing, &conflicting, &after };
    for (size_t i = 0; i < 5; i++)
        arena_free(&all[i]->arena);
}

TEST(F10_a_stale_job_runs_again_as_it_was_submitted_but_not_for_ever)
{
    struct bench bench;
    bench_open(&bench, 0, (duration){ 0 });
    struct insertion lucky, unlucky;
    insertion_open(&lucky, &bench, 1);
    lucky.stale_times = STALE_RETRIES_MAX;
    assert_true(writer_submit(bench.writer, &lucky.job));
    wait_done(&bench, 1);
    insertion_open(&unlucky, &bench, 2);
    unlucky.stale_times = STALE_RETRIES_MAX + 2;
    assert_true(writer_submit(bench.writer, &unlucky.job));
    wait_done(&bench, 1);

    assert_int_equal(lucky.outcome, WRITER_COMMITTED);
    assert_int_equal(lucky.runs, STALE_RETRIES_MAX + 1);
    assert_false(lucky.caller_seen);
    assert_int_equal(unlucky.outcome, WRITER_FAILED);
    assert_int_equal(unlucky.runs, 1 + STALE_RETRIES_MAX + 1); /* the first spoiled its batch */
    assert_int_equal(bench_close(&bench), 1);
    arena_free(&lucky.arena);
    arena_free(&unlucky.arena);
}

TEST(a_full_queue_takes_no_more_but_what_is_urgent_and_that_goes_first)
{
    struct bench bench;
    bench_open(&bench, 2, (duration){ 0 });
    struct insertion gate, first, second, third, urgent;
    close_gate(&bench, &gate, 0);
    assert_true(submit(&bench, &first, 1));
    assert_true(submit(&bench, &second, 2));
    assert_false(submit(&bench, &third, 3));
    insertion_open(&urgent, &bench, 4);
    urgent.job.urgent = true;
    assert_true(writer_submit(bench.writer, &urgent.job));
    assert_int_equal(writer_counts(bench.writer).waiting, 3);
    open_gate(&bench);
    wait_done(&bench, 4);

    assert_true(urgent.ran_as < first.ran_as && first.ran_as < second.ran_as);
    assert_int_equal(third.outcome, -1);
    assert_int_equal(bench_close(&bench), 4);
    struct insertion *const all[] = { &gate, &first, &second, &urgent };
    for (size_t i = 0; i < 4; i++)
        arena_free(&all[i]->arena);
}

TEST(stopping_finishes_what_waits)
{
    struct bench bench;
    bench_open(&bench, 0, (duration){ 0 });
    struct insertion gate;
    struct insertion insertions[20];
    close_gate(&bench, &gate, 0);
    for (unsigned i = 0; i < 20; i++)
        assert_true(submit(&bench, &insertions[i], i + 1));
    open_gate(&bench);
    assert_int_equal(bench_close(&bench), 21);
    for (unsigned i = 0; i < 20; i++) {
        assert_int_equal(insertions[i].outcome, WRITER_COMMITTED);
        arena_free(&insertions[i].arena);
    }
    arena_free(&gate.arena);
}

TEST(a_tick_comes_again_and_again_without_any_job)
{
    struct bench bench;
    bench_open(&bench, 0, (duration){ 2 });
    for (int i = 0; i < 3; i++)
        sem_wait(&bench.ticked);
    assert_int_equal(bench_close(&bench), 0);
}

/* No file may grow beyond the log as it is: a commit cannot be written. */
static void fill_disk(struct bench *bench, struct rlimit *ret_before)
{
    char path[128];
    snprintf(path, sizeof path, "%s-wal", bench->path);
    struct stat log;
    assert_int_equal(stat(path, &log), 0);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, ret_before), 0);
    const struct rlimit full = { (rlim_t)log.st_size, ret_before->rlim_max };
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &full), 0);
}

TEST(when_the_commit_fails_everyone_learns_it_and_the_writer_goes_on)
{
    struct bench bench;
    bench_open(&bench, 0, (duration){ 0 });
    signal(SIGXFSZ, SIG_IGN);
    struct insertion first, gate, good, refused, later;
    assert_true(submit(&bench, &first, 0));
    wait_done(&bench, 1);

    struct rlimit before;
    close_gate(&bench, &gate, 1);
    fill_disk(&bench, &before);
    assert_true(submit(&bench, &good, 2));
    assert_true(submit(&bench, &refused, 0));
    open_gate(&bench);
    wait_done(&bench, 3);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    assert_true(submit(&bench, &later, 4));
    wait_done(&bench, 1);

    assert_int_equal(gate.outcome, WRITER_FAILED);
    assert_int_equal(gate.emitted, 0);
    assert_int_equal(good.outcome, WRITER_FAILED);
    assert_int_equal(refused.outcome, WRITER_FAILED);
    assert_int_equal(later.outcome, WRITER_COMMITTED);
    assert_int_equal(bench_close(&bench), 2);
    struct insertion *const all[] = { &first, &gate, &good, &refused, &later };
    for (size_t i = 0; i < 5; i++)
        arena_free(&all[i]->arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_many_threads_submit_is_all_written),
        cmocka_unit_test(jobs_that_wait_together_are_committed_together_and_told_after),
        cmocka_unit_test(a_job_that_fails_undoes_itself_and_nobody_else),
        cmocka_unit_test(F10_a_stale_job_runs_again_as_it_was_submitted_but_not_for_ever),
        cmocka_unit_test(a_full_queue_takes_no_more_but_what_is_urgent_and_that_goes_first),
        cmocka_unit_test(stopping_finishes_what_waits),
        cmocka_unit_test(a_tick_comes_again_and_again_without_any_job),
        cmocka_unit_test(when_the_commit_fails_everyone_learns_it_and_the_writer_goes_on),
    };
    return RUN_TESTS(tests);
}
