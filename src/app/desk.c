#include "app/desk.h"

#include <stdlib.h>

#include "adapters/entropy.h"
#include "adapters/log.h"

/* One exchange on its way.  Lives in the exchange's arena. */
struct flight {
    struct writer_job job; /* first: the writer's pointer is ours */
    struct desk *desk;
    struct http_exchange *exchange;
    const struct route *route; /* NULL: the simulator's */
    struct work work;
    int64_t began_us;
    struct wait wait;    /* as it was before this operation, which may run more than once */
    bool resumes;        /* it has been answered "later" before */
    struct flight *next; /* among those that wait for the same bucket */
};

/* What a thread of the HTTP server has to itself. */
struct reader {
    struct sqlite *store; /* NULL: the simulator only writes */
    struct entropy entropy;
    bool in_snapshot;
    uint_fast64_t commits; /* as the snapshot began */
};

/* ---- readers ---- */

static void report(void *context, const char *message)
{
    struct desk *desk = context;
    log_say(desk->log, LOG_ERROR, "store", "%s", message);
}

static bool open_reader(struct desk *desk, struct reader *reader)
{
    const struct sqlite_options options = {
        .path = desk->store_path,
        .read_only = true,
        .services = desk->host->services,
        .service_count = desk->host->service_count,
        .report = report,
        .report_context = desk,
    };
    char message[256];
    if (sqlite_open(&options, &reader->store, message, sizeof message))
        return true;
    log_say(desk->log, LOG_ERROR, "store", "%s", message);
    return false;
}

static bool thread_began(void *context, void **ret_thread_context)
{
    struct desk *desk = context;
    struct reader *reader = calloc(1, sizeof *reader);
    assert(reader != NULL);
    entropy_open(&reader->entropy);
    if (desk->host != NULL && !open_reader(desk, reader)) {
        entropy_close(&reader->entropy);
        free(reader);
        return false;
    }
    *ret_thread_context = reader;
    return true;
}

static void end_snapshot(void *context, void *thread_context)
{
    (void)context;
    struct reader *reader = thread_context;
    if (reader->in_snapshot)
        sqlite_read_end(reader->store);
    reader->in_snapshot = false;
}

static void thread_ended(void *context, void *thread_context)
{
    struct reader *reader = thread_context;
    end_snapshot(context, reader);
    if (reader->store != NULL)
        sqlite_close(reader->store);
    entropy_close(&reader->entropy);
    free(reader);
}

/* All reads of one turn share a snapshot, unless something was committed meanwhile: its maker may
 * have been told, and must then see it wherever he looks. */
static void renew_snapshot(struct desk *desk, struct reader *reader)
{
    uint_fast64_t commits = atomic_load(&desk->commits);
    if (reader->in_snapshot && reader->commits == commits)
        return;
    end_snapshot(desk, reader);
    reader->commits = commits;
    err begun = sqlite_read_begin(reader->store);
    reader->in_snapshot = begun.problem == NULL;
}

/* ---- answers ---- */

static const struct problem busy = {
    .status = STATUS_UNAVAILABLE,
    .message = "Too much to do at the moment, please try again",
    .retry_after_s = 1,
};
static const struct problem not_saved = {
    .status = STATUS_UNAVAILABLE,
    .message = "This could not be saved, please try again",
    .retry_after_s = 1,
};

static void log_flight(const struct flight *flight)
{
    const struct desk *desk = flight->desk;
    const struct http_exchange *exchange = flight->exchange;
    bool is_read = flight->route != NULL && route_is_read(flight->route);
    enum log_level level = log_level_of(is_read, exchange->response.status);
    if (flight->route == NULL || !log_wants(desk->log, level))
        return;
    log_operation(desk->log, &(const struct log_operation){
                                 .level = level,
                                 .kind = "request",
                                 .method = method_names[exchange->request.method],
                                 .route = str_of(flight->route->path),
                                 .status = exchange->response.status,
                                 .took_us = stopwatch_us() - flight->began_us,
                                 .correlation = flight->job.op.correlation,
                                 .user = flight->job.op.caller.user,
                             });
}

static void refuse(struct flight *flight, const struct problem *problem)
{
    struct http_exchange *exchange = flight->exchange;
    exchange->response = (struct response){ .status = 0 };
    reply_problem(&flight->job.op, &exchange->response, problem);
    response_finish(&flight->job.op, &exchange->request, &exchange->response);
}

/* On any thread but the writer's, which has a better way. */
static void reply_now(struct flight *flight)
{
    log_flight(flight);
    http_reply(flight->exchange);
}

static void flush_replies(struct desk *desk)
{
    if (desk->reply_count > 0)
        http_reply_many(desk->replies, desk->reply_count);
    desk->reply_count = 0;
}

static void reply_with_batch(struct flight *flight)
{
    struct desk *desk = flight->desk;
    log_flight(flight);
    if (desk->reply_count == sizeof desk->replies / sizeof *desk->replies)
        flush_replies(desk);
    desk->replies[desk->reply_count++] = flight->exchange;
}

/* ---- waiting ---- */

static struct flight **bucket_of(struct desk *desk, uuid subject)
{
    return &desk->waiting[subject.bytes[15] % DESK_BUCKETS];
}

static void resume(struct flight *flight)
{
    flight->resumes = true;
    flight->wait = flight->exchange->response.wait;
    flight->job.urgent = true;
    if (writer_submit(flight->desk->writer, &flight->job))
        return;
    refuse(flight, &busy); /* the program is ending */
    reply_with_batch(flight);
}

/* The simulator holds answers back for its own reasons: at the end there is none. */
static bool is_hopeless(const struct desk *desk)
{
    return desk->sim != NULL && atomic_load(&desk->stopping);
}

static void keep_waiting(struct flight *flight)
{
    struct desk *desk = flight->desk;
    struct response *response = &flight->exchange->response;
    if (is_hopeless(desk)) {
        response->drop = true;
        reply_with_batch(flight);
        return;
    }
    if (desk->waiting_count >= WAITING_MAX && desk->sim == NULL) {
        response->wait.late = true;
        resume(flight);
        return;
    }
    struct flight **bucket = bucket_of(desk, response->wait.subject);
    flight->next = *bucket;
    *bucket = flight;
    desk->waiting_count++;
}

/* Takes those out of a bucket that are ready, and lets them go on. */
static void resume_some(struct desk *desk, struct flight **bucket,
                        bool (*is_ready)(struct flight *flight, const void *context),
                        const void *context)
{
    for (struct flight **at = bucket; *at != NULL;) {
        struct flight *flight = *at;
        if (!is_ready(flight, context)) {
            at = &flight->next;
            continue;
        }
        *at = flight->next;
        desk->waiting_count--;
        resume(flight);
    }
}

static bool waits_for(struct flight *flight, const void *subject)
{
    return uuid_equal(flight->exchange->response.wait.subject, *(const uuid *)subject);
}

void desk_told(struct desk *desk, const struct emitted *emitted)
{
    for (size_t i = 0; emitted != NULL && i < emitted->count; i++) {
        const struct event *event = &emitted->events[i];
        const struct event_head *head = event->data;
        if (event->type == EVENT_charge_created || event->type == EVENT_charge_updated)
            desk->charges_moved = true;
        if (desk->waiting_count > 0)
            resume_some(desk, bucket_of(desk, head->subject), waits_for, &head->subject);
    }
}

static bool is_late(struct flight *flight, const void *now)
{
    struct wait *wait = &flight->exchange->response.wait;
    if (wait->until.ms > ((const instant *)now)->ms)
        return false;
    wait->late = true;
    return true;
}

void desk_tick(struct desk *desk)
{
    if (desk->waiting_count == 0)
        return;
    instant now = clock_now(desk->clock);
    if (atomic_load(&desk->stopping))
        now.ms = INT64_MAX;
    for (size_t i = 0; i < DESK_BUCKETS; i++)
        resume_some(desk, &desk->waiting[i], is_late, &now);
    flush_replies(desk);
}

size_t desk_waiting(const struct desk *desk)
{
    return desk->waiting_count;
}

/* ---- the writer's side ---- */

static err run(struct writer_job *job, struct op *op)
{
    struct flight *flight = (struct flight *)job;
    const struct desk *desk = flight->desk;
    struct http_exchange *exchange = flight->exchange;
    exchange->response = (struct response){ .wait = flight->wait };
    if (desk->sim != NULL)
        return stripe_sim_serve(desk->sim, op, &exchange->request, &exchange->response);
    if (flight->resumes)
        return host_resume(desk->host, op, flight->route, &exchange->request, &exchange->response);
    return host_answer(desk->host, op, flight->route, &exchange->request, &exchange->response);
}

static void done(struct writer_job *job, enum writer_outcome outcome)
{
    struct flight *flight = (struct flight *)job;
    switch (outcome) {
    case WRITER_FAILED:
        refuse(flight, &not_saved);
        break;
    case WRITER_COMMITTED:
        desk_told(flight->desk, job->op.emitted);
        job->op.emitted = NULL;
        break;
    case WRITER_REFUSED:
        if (flight->exchange->response.status == 0)
            refuse(flight, &problem_broken);
        break;
    }
    if (flight->exchange->response.status == 0 && !flight->exchange->response.drop)
        keep_waiting(flight);
    else
        reply_with_batch(flight);
}

void desk_batch_done(struct desk *desk, bool committed)
{
    if (committed)
        atomic_fetch_add(&desk->commits, 1);
    flush_replies(desk);
}

/* ---- arrival ---- */

static struct flight *new_flight(struct desk *desk, struct http_exchange *exchange,
                                 const struct op *op, const struct route *route)
{
    struct flight *flight = ARENA_NEW(&exchange->arena, struct flight);
    *flight = (struct flight){
        .job = { .op = *op, .run = run, .done = done },
        .desk = desk,
        .exchange = exchange,
        .route = route,
        .began_us = stopwatch_us(),
    };
    return flight;
}

static void submit(struct flight *flight)
{
    if (writer_submit(flight->desk->writer, &flight->job))
        return;
    refuse(flight, &busy);
    reply_now(flight);
}

static void work_done(void *context)
{
    struct flight *flight = context;
    flight->exchange->request.work = &flight->work;
    submit(flight);
}

static void prepare(struct flight *flight, struct reader *reader)
{
    struct http_exchange *exchange = flight->exchange;
    struct desk *desk = flight->desk;
    struct op *op = &flight->job.op;
    op->tx = sqlite_tx(reader->store);
    bool goes_on = host_prepare(desk->host, op, flight->route, &exchange->request, &flight->work,
                                &exchange->response);
    op->tx = NULL;
    if (!goes_on) {
        reply_now(flight);
    } else if (flight->work.kind == WORK_NONE) {
        submit(flight);
    } else if (!passwords_submit(desk->passwords, &flight->work, &exchange->arena, work_done,
                                 flight)) {
        refuse(flight, &busy);
        reply_now(flight);
    }
}

static void read_at_once(struct desk *desk, struct reader *reader, struct http_exchange *exchange,
                         struct op *op, const struct route *route)
{
    int64_t began_us = log_wants(desk->log, LOG_DEBUG) ? stopwatch_us() : 0;
    renew_snapshot(desk, reader);
    op->tx = sqlite_tx(reader->store);
    err e = host_answer(desk->host, op, route, &exchange->request, &exchange->response);
    assert(!err_is(e, STATUS_STALE));
    op->tx = NULL;
    struct flight flight = {
        .job = { .op = *op },
        .desk = desk,
        .exchange = exchange,
        .route = route,
        .began_us = began_us,
    };
    reply_now(&flight);
}

static void arrived(void *context, void *thread_context, struct http_exchange *exchange)
{
    struct desk *desk = context;
    struct reader *reader = thread_context;
    struct op op = {
        .now = clock_now(desk->clock),
        .arena = &exchange->arena,
        .random = &reader->entropy.random,
        .settings = desk->settings,
    };
    if (desk->sim != NULL) {
        submit(new_flight(desk, exchange, &op, NULL));
        return;
    }

    proxies_apply(desk->proxies, &exchange->request);
    const struct route *route =
        host_route(desk->host, &op, &exchange->request, &exchange->response);
    if (route == NULL) {
        http_reply(exchange);
        return;
    }
    if (route_is_read(route)) {
        read_at_once(desk, reader, exchange, &op, route);
        return;
    }
    struct flight *flight = new_flight(desk, exchange, &op, route);
    if (route->prepare != NULL)
        prepare(flight, reader);
    else
        submit(flight);
}

const struct http_handler desk_handler = {
    .arrived = arrived,
    .thread_began = thread_began,
    .thread_ended = thread_ended,
    .replying = end_snapshot,
    .turn_ended = end_snapshot,
};
