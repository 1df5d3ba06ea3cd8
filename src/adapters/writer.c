#include "adapters/writer.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#include "adapters/thread.h"

struct queue {
    struct writer_job *first;
    struct writer_job *last;
    size_t count;
};

struct writer {
    struct writer_options options; /* never change */
    pthread_t thread;
    pthread_mutex_t mutex; /* guards what follows */
    pthread_cond_t changed;
    bool idle; /* waits for `changed` */
    bool stopping;
    struct queue urgent;
    struct queue waiting;
    struct writer_counts counts;
};

struct batch {
    struct writer_job *jobs[WRITER_BATCH_MAX];
    struct op submitted[WRITER_BATCH_MAX]; /* to run them again */
    size_t count;
};

/* ---- the queue ---- */

static void queue_push(struct queue *queue, struct writer_job *job)
{
    job->next = NULL;
    if (queue->first == NULL)
        queue->first = job;
    else
        queue->last->next = job;
    queue->last = job;
    queue->count++;
}

static void queue_move(struct queue *queue, struct batch *batch, size_t batch_max)
{
    while (queue->first != NULL && batch->count < batch_max) {
        struct writer_job *job = queue->first;
        queue->first = job->next;
        queue->count--;
        batch->submitted[batch->count] = job->op;
        batch->jobs[batch->count++] = job;
    }
}

bool writer_submit(struct writer *writer, struct writer_job *job)
{
    assert(job->run != NULL && job->done != NULL && job->op.arena != NULL);
    pthread_mutex_lock(&writer->mutex);
    bool full = !job->urgent && writer->waiting.count >= writer->options.queue_max;
    bool taken = !full && !writer->stopping;
    bool wake = taken && writer->idle;
    if (taken)
        queue_push(job->urgent ? &writer->urgent : &writer->waiting, job);
    if (wake)
        writer->idle = false;
    pthread_mutex_unlock(&writer->mutex);
    if (wake)
        pthread_cond_signal(&writer->changed);
    return taken;
}

static struct timespec time_of(int64_t ms)
{
    return (struct timespec){ .tv_sec = ms / 1000, .tv_nsec = (long)(ms % 1000) * 1000000 };
}

static int64_t steady_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Waits for jobs, or until the next tick.  False: there are none, and there will be no more. */
static bool take(struct writer *writer, struct batch *batch, int64_t tick_at)
{
    const struct timespec until = time_of(tick_at);
    batch->count = 0;
    pthread_mutex_lock(&writer->mutex);
    int waited = 0;
    while (writer->urgent.count + writer->waiting.count == 0 && !writer->stopping &&
           waited != ETIMEDOUT) {
        writer->idle = true;
        waited = pthread_cond_timedwait(&writer->changed, &writer->mutex, &until);
    }
    writer->idle = false;
    queue_move(&writer->urgent, batch, writer->options.batch_max);
    queue_move(&writer->waiting, batch, writer->options.batch_max);
    bool more = batch->count > 0 || !writer->stopping;
    pthread_mutex_unlock(&writer->mutex);
    return more;
}

/* ---- one job ---- */

/* One attempt: everything it did is a part of the batch, or undone. */
static enum writer_outcome attempt(struct writer *writer, struct writer_job *job, bool *ret_stale)
{
    struct sqlite *store = writer->options.store;
    err begun = sqlite_begin(store);
    if (begun.problem != NULL)
        return WRITER_FAILED;

    job->op.tx = sqlite_tx(store);
    err said = job->run(job, &job->op);
    job->op.tx = NULL;
    *ret_stale = err_is(said, STATUS_STALE);
    if (said.problem != NULL) {
        sqlite_rollback(store);
        return WRITER_REFUSED;
    }
    err kept = sqlite_commit(store);
    return kept.problem == NULL ? WRITER_COMMITTED : WRITER_FAILED;
}

static enum writer_outcome run_job(struct writer *writer, struct writer_job *job)
{
    job->op.now = clock_now(writer->options.clock);
    job->op.random = writer->options.random;
    const struct op submitted = job->op;
    for (int retries = 0; retries <= STALE_RETRIES_MAX; retries++) {
        if (!sqlite_batch_lives(writer->options.store))
            return WRITER_FAILED;
        bool stale = false;
        job->op = submitted;
        enum writer_outcome outcome = attempt(writer, job, &stale);
        if (!stale)
            return outcome;
    }
    return WRITER_FAILED;
}

/* ---- a batch ---- */

static bool run_jobs(struct writer *writer, struct batch *batch, enum sqlite_care care)
{
    err begun = sqlite_batch_begin(writer->options.store, care);
    if (begun.problem != NULL)
        return false;
    for (size_t i = 0; i < batch->count; i++) {
        struct writer_job *job = batch->jobs[i];
        job->op = batch->submitted[i];
        job->outcome = run_job(writer, job);
    }
    return true;
}

/* Nearly all that is refused is refused before it writes: so without care at first. */
static bool run_batch(struct writer *writer, struct batch *batch)
{
    struct sqlite *store = writer->options.store;
    bool ran = run_jobs(writer, batch, BOLDLY);
    if (ran && sqlite_batch_is_spoiled(store)) {
        sqlite_batch_rollback(store);
        ran = run_jobs(writer, batch, CAREFULLY);
    }
    if (!ran)
        return false;
    err committed = sqlite_batch_commit(store);
    return committed.problem == NULL;
}

static void count_outcomes(struct writer *writer, const struct batch *batch)
{
    pthread_mutex_lock(&writer->mutex);
    writer->counts.batches++;
    for (size_t i = 0; i < batch->count; i++) {
        enum writer_outcome outcome = batch->jobs[i]->outcome;
        writer->counts.committed += outcome == WRITER_COMMITTED;
        writer->counts.refused += outcome == WRITER_REFUSED;
        writer->counts.failed += outcome == WRITER_FAILED;
    }
    pthread_mutex_unlock(&writer->mutex);
}

static void do_batch(struct writer *writer, struct batch *batch)
{
    if (batch->count == 0)
        return;
    bool committed = run_batch(writer, batch);
    /* Also those that were refused: perhaps because of what others did, which did not happen. */
    for (size_t i = 0; i < batch->count && !committed; i++)
        batch->jobs[i]->outcome = WRITER_FAILED;
    count_outcomes(writer, batch);
    for (size_t i = 0; i < batch->count; i++) {
        struct writer_job *job = batch->jobs[i];
        if (job->outcome != WRITER_COMMITTED)
            job->op.emitted = NULL; /* what is undone was not told */
        job->done(job, job->outcome);
    }
    if (writer->options.batch_done != NULL)
        writer->options.batch_done(writer->options.context, committed);
    sqlite_checkpoint(writer->options.store); /* while the answers travel */
}

/* ---- the thread ---- */

static void *run(void *context)
{
    struct writer *writer = context;
    const int64_t every = writer->options.tick_every.ms;
    int64_t tick_at = steady_ms() + every;
    struct batch batch;
    while (take(writer, &batch, tick_at)) {
        do_batch(writer, &batch);
        int64_t now = steady_ms();
        if (now < tick_at)
            continue;
        if (writer->options.tick != NULL)
            writer->options.tick(writer->options.context);
        tick_at = now + every;
    }
    return NULL;
}

static void condition_open(pthread_cond_t *condition)
{
    pthread_condattr_t attributes;
    int failed = pthread_condattr_init(&attributes);
    assert(failed == 0);
    failed = pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    assert(failed == 0);
    failed = pthread_cond_init(condition, &attributes);
    assert(failed == 0);
    pthread_condattr_destroy(&attributes);
}

struct writer *writer_open(const struct writer_options *options)
{
    assert(options->store != NULL && options->clock != NULL && options->random != NULL);
    assert(options->tick == NULL || options->tick_every.ms > 0);
    assert(options->batch_max <= WRITER_BATCH_MAX);

    struct writer *writer = calloc(1, sizeof *writer);
    assert(writer != NULL);
    writer->options = *options;
    if (options->queue_max == 0)
        writer->options.queue_max = WRITER_QUEUE_MAX;
    if (options->batch_max == 0)
        writer->options.batch_max = WRITER_BATCH_MAX;
    if (options->tick == NULL)
        writer->options.tick_every = hours(1);
    int failed = pthread_mutex_init(&writer->mutex, NULL);
    assert(failed == 0);
    condition_open(&writer->changed);
    return writer;
}

void writer_start(struct writer *writer)
{
    writer->thread = thread_start(run, writer);
}

void writer_stop(struct writer *writer)
{
    pthread_mutex_lock(&writer->mutex);
    writer->stopping = true;
    pthread_mutex_unlock(&writer->mutex);
    pthread_cond_signal(&writer->changed);
    pthread_join(writer->thread, NULL);
    assert(writer->urgent.count + writer->waiting.count == 0);
    pthread_cond_destroy(&writer->changed);
    pthread_mutex_destroy(&writer->mutex);
    free(writer);
}

struct writer_counts writer_counts(struct writer *writer)
{
    pthread_mutex_lock(&writer->mutex);
    struct writer_counts counts = writer->counts;
    counts.waiting = writer->urgent.count + writer->waiting.count;
    pthread_mutex_unlock(&writer->mutex);
    return counts;
}
