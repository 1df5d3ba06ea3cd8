/* The writer: the one thread that changes the store, many operations in each commit.
 *
 * It takes the jobs that wait, runs each as an operation of its own inside one transaction, commits
 * once, and only then tells each what became of it.  A job that fails undoes itself and nobody
 * else.  If the commit fails, nothing of any of them happened. */
#ifndef ADAPTERS_WRITER_H
#define ADAPTERS_WRITER_H

#include "adapters/clock.h"
#include "adapters/sqlite.h"

enum writer_outcome {
    WRITER_COMMITTED, /* it is durable */
    WRITER_REFUSED,   /* run() said no: nothing of it is left, and its answer stands */
    WRITER_FAILED,    /* the store could not, or others were faster too often: answer 503 */
};

/* One operation.  It belongs to the writer from writer_submit() until done() is called. */
struct writer_job {
    /* arena, settings, caller, correlation and causation are the submitter's to set; tx, now and
     * random are the writer's.  In done() it is as run() left it: op.emitted has the events that
     * are committed now, and none if nothing is. */
    struct op op;
    /* On the writer's thread: must neither wait nor do slow work.  It is run again, with op as it
     * was submitted, after STALE, and when another one of its batch has to be undone: what it does
     * outside of the store it must do the same way each time. */
    err (*run)(struct writer_job *job, struct op *op);
    /* On the writer's thread, exactly once; the job may be gone when it returns. */
    void (*done)(struct writer_job *job, enum writer_outcome outcome);
    /* The program's own work, such as ending locks: goes before all others, and a full queue does
     * not keep it out. */
    bool urgent;

    struct writer_job *next; /* the writer's */
    enum writer_outcome outcome;
};

/* clock, random and store must outlive the writer; random and store are its thread's alone. */
struct writer_options {
    struct sqlite *store;
    struct clock *clock;
    struct random *random;
    size_t queue_max; /* 0: WRITER_QUEUE_MAX */
    size_t batch_max; /* 0: WRITER_BATCH_MAX, which is also the most */

    /* All on the writer's thread, outside of any transaction; they may submit jobs.  NULL: none. */
    void (*batch_done)(void *context, bool committed); /* after the last done() of a batch */
    void (*tick)(void *context);                       /* every so often, also under load */
    duration tick_every;
    void *context;
};

struct writer;

/* The caller puts it where its jobs and ticks look for it, and then starts the thread. */
struct writer *writer_open(const struct writer_options *options);
void writer_start(struct writer *writer);

/* From any thread.  False, and no done(): the queue is full (answer 503), or the writer is
 * stopping. */
bool writer_submit(struct writer *writer, struct writer_job *job);

/* After writer_start(): takes no more jobs, finishes those that wait, and ends. */
void writer_stop(struct writer *writer);

/* For /metrics. */
struct writer_counts {
    uint64_t committed;
    uint64_t refused;
    uint64_t failed;
    uint64_t batches;
    uint64_t waiting; /* now */
};
struct writer_counts writer_counts(struct writer *writer);

#endif
