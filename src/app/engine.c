#include "app/engine.h"

#include <pthread.h>
#include <stdlib.h>

#define TICK_EVERY     ((duration){ 50 })
#define CLAIM_EVERY_MS 250

/* A duty of a service, again and again. */
struct duty_job {
    struct writer_job job; /* first */
    struct engine *engine;
    const struct duty *duty;
    struct arena arena;
    int64_t due_ms;
    bool running;
    bool more;
};

/* What calls are to be made: asked of one service. */
struct claim_job {
    struct writer_job job; /* first */
    struct engine *engine;
    const struct service *service;
    struct arena arena;
    int64_t due_ms;
    bool running;
    struct rows calls;
};

/* The answer to a call, brought back to its service. */
struct answer_job {
    struct writer_job job; /* first */
    struct engine *engine;
    const struct service *service;
    struct arena arena;
    struct outanswer answer;
};

/* Handed to the pool with a call. */
struct errand {
    struct engine *engine;
    const struct service *service;
    str correlation;
};

#define DUTIES_MAX 32

struct engine {
    struct engine_options options;
    struct sqlite *store;
    struct entropy entropy;
    struct writer *writer;
    struct desk desk;
    atomic_bool cannot_write; /* the latest commit failed; duties try several in a second */
    struct live live;         /* a shop's */
    struct duty_job duties[DUTIES_MAX];
    size_t duty_count;
    struct claim_job claims[HOST_SERVICES_MAX];
    size_t claim_count;
    struct errand errands[HOST_SERVICES_MAX];
};

static void report(void *context, const char *message)
{
    const struct engine *engine = context;
    log_say(engine->options.log, LOG_ERROR, "store", "%s", message);
}

static void log_failure(const struct engine *engine, const char *kind, const char *what)
{
    log_say(engine->options.log, LOG_ERROR, kind, "%s failed; it will be tried again", what);
}

/* ---- duties ---- */

static err run_duty(struct writer_job *job, struct op *op)
{
    struct duty_job *duty = (struct duty_job *)job;
    duty->more = false;
    return host_duty(duty->engine->options.host, op, duty->duty, &duty->more);
}

static void duty_done(struct writer_job *job, enum writer_outcome outcome)
{
    struct duty_job *duty = (struct duty_job *)job;
    struct engine *engine = duty->engine;
    if (outcome == WRITER_COMMITTED)
        desk_told(&engine->desk, job->op.emitted);
    else
        log_failure(engine, "duty", duty->duty->name);
    bool at_once = duty->more && outcome == WRITER_COMMITTED;
    duty->due_ms = clock_now(engine->options.clock).ms + (at_once ? 0 : duty->duty->every.ms);
    duty->running = false;
}

static void start_duty(struct duty_job *duty)
{
    arena_reset(&duty->arena);
    duty->job.op = (struct op){
        .arena = &duty->arena,
        .settings = duty->engine->options.settings,
    };
    duty->running = writer_submit(duty->engine->writer, &duty->job);
}

/* ---- calls to the outside ---- */

static err run_answer(struct writer_job *job, struct op *op)
{
    struct answer_job *answer = (struct answer_job *)job;
    return host_answered(answer->engine->options.host, op, answer->service, &answer->answer);
}

static void answer_free(struct answer_job *answer)
{
    arena_free(&answer->arena);
    free(answer);
}

static void claim_soon(struct engine *engine)
{
    for (size_t i = 0; i < engine->claim_count; i++)
        engine->claims[i].due_ms = 0;
}

static void answer_done(struct writer_job *job, enum writer_outcome outcome)
{
    struct answer_job *answer = (struct answer_job *)job;
    struct engine *engine = answer->engine;
    /* If it was not kept, the call's lease runs out and it is made again. */
    if (outcome == WRITER_COMMITTED)
        desk_told(&engine->desk, job->op.emitted);
    else
        log_failure(engine, "outcall", "Taking in an answer");
    claim_soon(engine);
    answer_free(answer);
}

/* On a thread of the pool. */
static void called(void *context, const struct outanswer *given)
{
    const struct errand *errand = context;
    struct answer_job *answer = calloc(1, sizeof *answer);
    assert(answer != NULL);
    answer->engine = errand->engine;
    answer->service = errand->service;
    answer->answer = *given;
    answer->answer.body = str_copy(&answer->arena, given->body);
    answer->answer.request_id = str_copy(&answer->arena, given->request_id);
    answer->answer.should_retry = str_copy(&answer->arena, given->should_retry);
    answer->job = (struct writer_job){
        .op = { .arena = &answer->arena, .settings = errand->engine->options.settings },
        .run = run_answer,
        .done = answer_done,
        .urgent = true,
    };
    if (!writer_submit(errand->engine->writer, &answer->job))
        answer_free(answer); /* ending: recovered at the next start */
}

static err run_claim(struct writer_job *job, struct op *op)
{
    struct claim_job *claim = (struct claim_job *)job;
    claim->calls = (struct rows){ NULL, 0 };
    size_t room = outcalls_room(claim->engine->options.outcalls); /* none at the end */
    if (room == 0)
        return OK;
    return host_claim(claim->engine->options.host, op, claim->service, room, &claim->calls);
}

static void claim_done(struct writer_job *job, enum writer_outcome outcome)
{
    struct claim_job *claim = (struct claim_job *)job;
    struct engine *engine = claim->engine;
    const struct outcall *calls = claim->calls.items;
    struct errand *errand = &engine->errands[claim - engine->claims];
    for (size_t i = 0; outcome == WRITER_COMMITTED && i < claim->calls.count; i++) {
        if (!outcalls_submit(engine->options.outcalls, &calls[i], called, errand))
            log_failure(engine, "outcall", "Sending a call");
    }
    claim->due_ms = clock_now(engine->options.clock).ms + CLAIM_EVERY_MS;
    claim->running = false;
}

static void start_claim(struct claim_job *claim)
{
    arena_reset(&claim->arena);
    claim->job.op = (struct op){
        .arena = &claim->arena,
        .settings = claim->engine->options.settings,
    };
    claim->running = writer_submit(claim->engine->writer, &claim->job);
}

/* ---- the writer's thread ---- */

static void start_what_is_due(struct engine *engine)
{
    int64_t now_ms = clock_now(engine->options.clock).ms;
    for (size_t i = 0; i < engine->duty_count; i++) {
        if (!engine->duties[i].running && engine->duties[i].due_ms <= now_ms)
            start_duty(&engine->duties[i]);
    }
    for (size_t i = 0; i < engine->claim_count; i++) {
        if (!engine->claims[i].running && engine->claims[i].due_ms <= now_ms)
            start_claim(&engine->claims[i]);
    }
}

static void batch_done(void *context, bool committed)
{
    struct engine *engine = context;
    if (engine->desk.charges_moved)
        claim_soon(engine);
    engine->desk.charges_moved = false;
    atomic_store(&engine->cannot_write, !committed);
    desk_batch_done(&engine->desk, committed);
    start_what_is_due(engine);
}

static void tick(void *context)
{
    struct engine *engine = context;
    desk_tick(&engine->desk);
    start_what_is_due(engine);
}

/* ---- start and stop ---- */

static void add_duties(struct engine *engine, const struct service *service)
{
    for (const struct duty *duty = service->duties; duty && duty->name; duty++) {
        assert(engine->duty_count < DUTIES_MAX);
        engine->duties[engine->duty_count++] = (struct duty_job){
            .job = { .run = run_duty, .done = duty_done, .urgent = true },
            .engine = engine,
            .duty = duty,
        };
    }
}

static void add_claims(struct engine *engine, const struct service *service)
{
    if (service->outbound == NULL || engine->options.outcalls == NULL)
        return;
    size_t at = engine->claim_count++;
    engine->errands[at] = (struct errand){ .engine = engine, .service = service };
    engine->claims[at] = (struct claim_job){
        .job = { .run = run_claim, .done = claim_done, .urgent = true },
        .engine = engine,
        .service = service,
    };
}

static bool open_store(struct engine *engine, char *message, size_t message_size)
{
    const struct sqlite_options options = {
        .path = engine->options.store_path,
        .services = engine->options.host->services,
        .service_count = engine->options.host->service_count,
        .now = clock_now(engine->options.clock),
        .report = report,
        .report_context = engine,
    };
    return sqlite_open(&options, &engine->store, message, message_size);
}

static struct desk new_desk(const struct engine_options *options)
{
    return (struct desk){
        .host = options->sim == NULL ? options->host : NULL,
        .sim = options->sim,
        .settings = options->settings,
        .proxies = options->proxies,
        .store_path = options->store_path,
        .clock = options->clock,
        .log = options->log,
        .passwords = options->passwords,
    };
}

struct engine *engine_start(const struct engine_options *options, char *message,
                            size_t message_size)
{
    struct engine *engine = calloc(1, sizeof *engine);
    assert(engine != NULL);
    engine->options = *options;
    if (!open_store(engine, message, message_size)) {
        free(engine);
        return NULL;
    }
    entropy_open(&engine->entropy);
    engine->desk = new_desk(options);
    if (options->sim == NULL) {
        live_open(&engine->live, clock_now(options->clock));
        engine->desk.live = &engine->live;
    }
    for (size_t i = 0; i < options->host->service_count; i++) {
        add_duties(engine, options->host->services[i]);
        add_claims(engine, options->host->services[i]);
    }
    return engine;
}

/* One operation that another thread waits for. */
struct awaited_job {
    struct writer_job job; /* first */
    err (*run)(struct op *op, void *context);
    void *context;
    struct arena arena;
    err said;
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    bool done;
};

static err run_awaited(struct writer_job *job, struct op *op)
{
    struct awaited_job *awaited = (struct awaited_job *)job;
    awaited->said = awaited->run(op, awaited->context);
    return awaited->said;
}

static void awaited_done(struct writer_job *job, enum writer_outcome outcome)
{
    struct awaited_job *awaited = (struct awaited_job *)job;
    pthread_mutex_lock(&awaited->mutex);
    if (outcome == WRITER_FAILED)
        awaited->said = FAIL(problem_broken);
    awaited->done = true;
    pthread_cond_signal(&awaited->changed);
    pthread_mutex_unlock(&awaited->mutex);
}

static err run_and_wait(struct engine *engine, err (*run)(struct op *op, void *context),
                        void *context)
{
    struct awaited_job awaited = {
        .run = run,
        .context = context,
        .mutex = PTHREAD_MUTEX_INITIALIZER,
        .changed = PTHREAD_COND_INITIALIZER,
    };
    awaited.job = (struct writer_job){
        .op = { .arena = &awaited.arena, .settings = engine->options.settings },
        .run = run_awaited,
        .done = awaited_done,
        .urgent = true,
    };
    if (!writer_submit(engine->writer, &awaited.job))
        return FAIL(problem_broken);
    pthread_mutex_lock(&awaited.mutex);
    while (!awaited.done)
        pthread_cond_wait(&awaited.changed, &awaited.mutex);
    pthread_mutex_unlock(&awaited.mutex);
    arena_free(&awaited.arena);
    return awaited.said;
}

err engine_run(struct engine *engine, err (*run)(struct op *op, void *context), void *context)
{
    if (engine->writer != NULL)
        return run_and_wait(engine, run, context);
    struct arena arena = { 0 };
    TRY(sqlite_begin(engine->store));
    struct op op = {
        .now = clock_now(engine->options.clock),
        .arena = &arena,
        .tx = sqlite_tx(engine->store),
        .random = &engine->entropy.random,
        .settings = engine->options.settings,
        .correlation = S("start"),
    };
    err e = run(&op, context);
    if (e.problem == NULL)
        e = sqlite_commit(engine->store);
    else
        sqlite_rollback(engine->store);
    arena_free(&arena);
    return e;
}

void engine_begin(struct engine *engine)
{
    const struct writer_options options = {
        .store = engine->store,
        .clock = engine->options.clock,
        .random = &engine->entropy.random,
        .batch_done = batch_done,
        .tick = tick,
        .tick_every = TICK_EVERY,
        .context = engine,
    };
    engine->writer = writer_open(&options);
    engine->desk.writer = engine->writer;
    writer_start(engine->writer); /* its ticks look for both */
}

struct desk *engine_desk(struct engine *engine)
{
    return &engine->desk;
}

struct writer_counts engine_counts(struct engine *engine)
{
    return writer_counts(engine->writer);
}

void engine_hurry(struct engine *engine, duration patience)
{
    int64_t ends_ms = clock_now(engine->options.clock).ms + patience.ms;
    atomic_store(&engine->desk.patience_ends_ms, ends_ms);
}

bool engine_can_write(struct engine *engine)
{
    return !atomic_load(&engine->cannot_write);
}

void engine_stop(struct engine *engine)
{
    if (engine->writer != NULL)
        writer_stop(engine->writer);
    for (size_t i = 0; i < engine->duty_count; i++)
        arena_free(&engine->duties[i].arena);
    for (size_t i = 0; i < engine->claim_count; i++)
        arena_free(&engine->claims[i].arena);
    if (engine->desk.live != NULL)
        live_close(&engine->live);
    sqlite_close(engine->store);
    entropy_close(&engine->entropy);
    free(engine);
}
