#include "app/desk_inside.h"

#include <stdlib.h>

#include "adapters/log.h"

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
    packer_close(&reader->packer);
    entropy_close(&reader->entropy);
    free(reader);
}

/* All reads of one turn share a snapshot, unless something was committed meanwhile: its maker may
 * have been told, and must then see it wherever he looks. */
void renew_snapshot(struct desk *desk, struct reader *reader)
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

void log_answer(struct log *log, const struct route *route, const struct op *op,
                const struct request *request, int status, int64_t began_us)
{
    bool is_read = route != NULL && route_is_read(route);
    enum log_level level = log_level_of(is_read, status);
    if (route == NULL || !log_wants(log, level))
        return;
    log_operation(log, &(const struct log_operation){
                           .level = level,
                           .kind = "request",
                           .method = method_names[request->method],
                           .route = str_of(route->path),
                           .status = status,
                           .took_us = stopwatch_us() - began_us,
                           .correlation = op->correlation,
                           .user = op->caller.user,
                       });
}

static void refuse(struct flight *flight, const struct problem *problem)
{
    *flight->response = (struct response){ .status = 0 };
    reply_problem(&flight->job.op, flight->response, problem);
    response_finish(&flight->job.op, flight->request, flight->response);
}

static void flush_replies(struct desk *desk)
{
    if (desk->reply_count > 0)
        http_reply_many(desk->replies, desk->reply_count);
    desk->reply_count = 0;
}

void send_answer(struct desk *desk, struct http_exchange *exchange, enum place place)
{
    if (place != ON_WRITER) {
        http_reply(exchange);
        return;
    }
    if (desk->reply_count == sizeof desk->replies / sizeof *desk->replies)
        flush_replies(desk);
    desk->replies[desk->reply_count++] = exchange;
}

void flight_land(struct flight *flight, enum place place)
{
    log_answer(flight->desk->log, flight->route, &flight->job.op, flight->request,
               flight->response->status, flight->began_us);
    if (flight->page != NULL)
        page_flight_go_on(flight->page, place);
    else
        send_answer(flight->desk, flight->exchange, place);
}

/* ---- waiting ---- */

static struct flight **bucket_of(struct desk *desk, uuid subject)
{
    return &desk->waiting[subject.bytes[15] % DESK_BUCKETS];
}

static void resume(struct flight *flight)
{
    flight->resumes = true;
    flight->wait = flight->response->wait;
    flight->job.urgent = true;
    if (writer_submit(flight->desk->writer, &flight->job))
        return;
    refuse(flight, &busy); /* the program is ending */
    flight_land(flight, ON_WRITER);
}

/* The simulator holds answers back for its own reasons: at the end there is none. */
static bool is_hopeless(const struct desk *desk)
{
    return desk->sim != NULL && atomic_load(&desk->patience_ends_ms) != 0;
}

static void keep_waiting(struct flight *flight)
{
    struct desk *desk = flight->desk;
    struct response *response = flight->response;
    if (is_hopeless(desk)) {
        response->drop = true;
        flight_land(flight, ON_WRITER);
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
    return uuid_equal(flight->response->wait.subject, *(const uuid *)subject);
}

void desk_told(struct desk *desk, const struct emitted *emitted)
{
    for (size_t i = 0; emitted != NULL && i < emitted->count; i++) {
        const struct event *event = &emitted->events[i];
        const struct event_head *head = event->data;
        if (event->type == EVENT_charge_created || event->type == EVENT_charge_updated)
            desk->charges_moved = true;
        if (desk->live != NULL && live_tell(desk->live, event, clock_now(desk->clock)))
            desk->has_news = true;
        if (desk->waiting_count > 0)
            resume_some(desk, bucket_of(desk, head->subject), waits_for, &head->subject);
    }
}

static bool is_late(struct flight *flight, const void *now)
{
    struct wait *wait = &flight->response->wait;
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
    int64_t patience_ends_ms = atomic_load(&desk->patience_ends_ms);
    if (patience_ends_ms != 0 && patience_ends_ms <= now.ms)
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
    *flight->response = (struct response){ .wait = flight->wait };
    if (desk->sim != NULL)
        return stripe_sim_serve(desk->sim, op, flight->request, flight->response);
    if (flight->resumes)
        return host_resume(desk->host, op, flight->route, flight->request, flight->response);
    return host_answer(desk->host, op, flight->route, flight->request, flight->response);
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
        flight->desk->charges_moved |= flight->desk->sim != NULL;
        break;
    case WRITER_REFUSED:
        if (flight->response->status == 0)
            refuse(flight, &problem_broken);
        break;
    }
    if (flight->response->status == 0 && !flight->response->drop)
        keep_waiting(flight);
    else
        flight_land(flight, ON_WRITER);
}

void desk_batch_done(struct desk *desk, bool committed)
{
    if (committed)
        atomic_fetch_add(&desk->commits, 1);
    flush_replies(desk);
    struct http_server *server = atomic_load(&desk->server);
    if (desk->has_news && server != NULL)
        http_server_news(server);
    desk->has_news = false;
}

/* ---- arrival ---- */

struct flight *flight_new(struct desk *desk, const struct op *op, const struct route *route)
{
    struct flight *flight = ARENA_NEW(op->arena, struct flight);
    *flight = (struct flight){
        .job = { .op = *op, .run = run, .done = done },
        .desk = desk,
        .route = route,
        .began_us = stopwatch_us(),
    };
    return flight;
}

void flight_submit(struct flight *flight, enum place place)
{
    if (writer_submit(flight->desk->writer, &flight->job))
        return;
    refuse(flight, &busy);
    flight_land(flight, place);
}

static void work_done(void *context)
{
    struct flight *flight = context;
    flight->request->work = &flight->work;
    flight_submit(flight, ON_POOL);
}

void flight_prepare(struct flight *flight, struct reader *reader)
{
    struct desk *desk = flight->desk;
    struct op *op = &flight->job.op;
    renew_snapshot(desk, reader);
    op->tx = sqlite_tx(reader->store);
    bool goes_on = host_prepare(desk->host, op, flight->route, flight->request, &flight->work,
                                flight->response);
    op->tx = NULL;
    if (!goes_on) {
        flight_land(flight, ON_READER);
    } else if (flight->work.kind == WORK_NONE) {
        flight_submit(flight, ON_READER);
    } else if (!passwords_submit(desk->passwords, &flight->work, op->arena, work_done, flight)) {
        refuse(flight, &busy);
        flight_land(flight, ON_READER);
    }
}

/* Only pages that are the same for everybody who has not signed in, which are those with an ETag:
 * how well a page packs that repeats what its visitor sent would tell of secrets beside it. */
void pack_answer(struct packer *packer, struct http_exchange *exchange)
{
    struct response *response = &exchange->response;
    if (response->body.size < PACKED_BYTES_MIN || exchange->request.method == HEAD ||
        !str_starts(response->content_type, S("text/html")) ||
        response_header(response, "ETag").data == NULL || !request_accepts_gzip(&exchange->request))
        return;
    response->body = packer_gzip(packer, &exchange->arena, response->body);
    response_add(response, "Content-Encoding", S("gzip"));
}

static void read_at_once(struct desk *desk, struct reader *reader, struct http_exchange *exchange,
                         struct op *op, const struct route *route)
{
    int64_t began_us = log_wants(desk->log, LOG_DEBUG) ? stopwatch_us() : 0;
    renew_snapshot(desk, reader);
    op->tx = sqlite_tx(reader->store);
    if (route_is_page(route)) {
        host_show(desk->host, op, route, &exchange->request, &exchange->response);
    } else {
        err e = host_answer(desk->host, op, route, &exchange->request, &exchange->response);
        assert(!err_is(e, STATUS_STALE));
    }
    op->tx = NULL;
    if (exchange->response.watch.on && !live_attach(desk->live, exchange)) {
        exchange->response = (struct response){ .status = 0 };
        reply_problem(op, &exchange->response, &busy);
        response_finish(op, &exchange->request, &exchange->response);
    }
    pack_answer(&reader->packer, exchange);
    log_answer(desk->log, route, op, &exchange->request, exchange->response.status, began_us);
    http_reply(exchange);
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
    const struct route *route = NULL;
    if (desk->sim == NULL) {
        proxies_apply(desk->proxies, &exchange->request);
        route = host_route(desk->host, &op, &exchange->request, &exchange->response);
        if (route == NULL) {
            http_reply(exchange);
            return;
        }
        if (route_is_read(route)) {
            read_at_once(desk, reader, exchange, &op, route);
            return;
        }
        if (route_is_page(route)) {
            page_flight_begin(desk, reader, exchange, &op, route);
            return;
        }
    }
    struct flight *flight = flight_new(desk, &op, route);
    flight->exchange = exchange;
    flight->request = &exchange->request;
    flight->response = &exchange->response;
    if (route != NULL && route->prepare != NULL)
        flight_prepare(flight, reader);
    else
        flight_submit(flight, ON_READER);
}

const struct http_handler desk_handler = {
    .arrived = arrived,
    .thread_began = thread_began,
    .thread_ended = thread_ended,
    .replying = end_snapshot,
    .turn_ended = end_snapshot,
};
