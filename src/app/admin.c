#include "app/admin.h"

static void add_metric(struct buf *out, const char *name, const char *kind, const char *help,
                       int64_t value)
{
    buf_addf(out, "# HELP usher_%s %s\n# TYPE usher_%s %s\nusher_%s %lld\n", name, help, name, kind,
             name, (long long)value);
}

static void add_engine(struct buf *out, struct admin *admin)
{
    struct writer_counts counts = engine_counts(admin->engine);
    add_metric(out, "operations_committed_total", "counter", "Operations that are durable.",
               (int64_t)counts.committed);
    add_metric(out, "operations_refused_total", "counter", "Operations that were refused.",
               (int64_t)counts.refused);
    add_metric(out, "operations_failed_total", "counter", "Operations that the store lost.",
               (int64_t)counts.failed);
    add_metric(out, "commits_total", "counter", "Transactions, each of many operations.",
               (int64_t)counts.batches);
    add_metric(out, "operations_waiting", "gauge", "Operations that wait for the writer.",
               (int64_t)counts.waiting);
    add_metric(out, "answers_waiting", "gauge", "Requests that wait for something to happen.",
               (int64_t)desk_waiting(engine_desk(admin->engine)));
    add_metric(out, "stripe_away", "gauge", "1 while Stripe does not answer.",
               outcalls_breaker_is_open(admin->outcalls));
}

static void add_api(struct buf *out, struct admin *admin)
{
    add_metric(out, "api_calls", "gauge", "Calls of pages to the API, under way.",
               (int64_t)api_client_calls(admin->api));
    add_metric(out, "api_away", "gauge", "1 while the API does not answer.",
               api_client_is_away(admin->api));
}

static str metrics(struct admin *admin, struct arena *arena)
{
    struct buf out = buf_in(arena, 4096);
    int64_t up_ms = clock_now(admin->clock).ms - admin->began.ms;
    add_metric(&out, "uptime_seconds", "gauge", "Since the program started.", up_ms / 1000);
    add_metric(&out, "http_requests_total", "counter", "Requests on the public listener.",
               (int64_t)http_server_requests(admin->shop));
    add_metric(&out, "http_connections", "gauge", "Connections on the public listener.",
               (int64_t)http_server_connections(admin->shop));
    if (admin->api != NULL)
        add_api(&out, admin);
    else
        add_engine(&out, admin);
    return buf_str(&out);
}

static void reply_json_text(struct response *response, int status, str body)
{
    response->status = status;
    response->body = body;
}

/* Without the API pages still say so, better than whoever stands in front would; and only being
 * asked for pages shows that it is back. */
static void reply_readiness_apart(struct admin *admin, struct http_exchange *exchange)
{
    bool stopping = atomic_load(&admin->stopping);
    struct buf out = buf_in(&exchange->arena, 128);
    buf_addf(&out, "{\"ready\":%s,\"parts\":{\"http\":\"%s\",\"api\":\"%s\"}}",
             stopping ? "false" : "true", stopping ? "stopping" : "ok",
             api_client_is_away(admin->api) ? "away" : "ok");
    reply_json_text(&exchange->response, stopping ? 503 : 200, buf_str(&out));
}

/* Ready to serve: true while Stripe is away, since everything but paying goes on; it says so. */
static void reply_readiness(struct admin *admin, struct http_exchange *exchange)
{
    bool stopping = atomic_load(&admin->stopping);
    bool full = engine_counts(admin->engine).waiting >= WRITER_QUEUE_MAX;
    bool writes = engine_can_write(admin->engine);
    bool ready = !stopping && !full && writes;
    struct buf out = buf_in(&exchange->arena, 128);
    buf_addf(&out, "{\"ready\":%s,\"parts\":{\"http\":\"%s\",\"store\":\"%s\",\"stripe\":\"%s\"}}",
             ready ? "true" : "false", stopping ? "stopping" : "ok",
             !writes ? "cannot write"
             : full  ? "busy"
                     : "ok",
             outcalls_breaker_is_open(admin->outcalls) ? "away" : "ok");
    reply_json_text(&exchange->response, ready ? 200 : 503, buf_str(&out));
}

static void arrived(void *context, void *thread_context, struct http_exchange *exchange)
{
    (void)thread_context;
    struct admin *admin = context;
    struct response *response = &exchange->response;
    bool reads = exchange->request.method == GET || exchange->request.method == HEAD;
    if (!reads) {
        reply_json_text(response, 405, S("{\"errors\":[{\"message\":\"Only GET here\"}]}"));
        response_add(response, "Allow", S("GET, HEAD"));
    } else if (str_is(exchange->request.path, "/healthz")) {
        reply_json_text(response, 200, S("{\"status\":\"ok\"}"));
    } else if (str_is(exchange->request.path, "/readyz")) {
        if (admin->api != NULL)
            reply_readiness_apart(admin, exchange);
        else
            reply_readiness(admin, exchange);
    } else if (str_is(exchange->request.path, "/metrics")) {
        response->content_type = S("text/plain; version=0.0.4; charset=utf-8");
        reply_json_text(response, 200, metrics(admin, &exchange->arena));
    } else {
        reply_json_text(response, 404, S("{\"errors\":[{\"message\":\"Not found\"}]}"));
    }
    http_reply(exchange);
}

const struct http_handler admin_handler = { .arrived = arrived };
