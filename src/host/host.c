/* Hosting: which services there are, and how events, duties and Stripe's answers reach them. */
#include "host/host.h"

#include "host/parts.h"

struct host host_of(const struct service *const *services, size_t count,
                    const struct settings *settings)
{
    assert(count + 2 <= HOST_SERVICES_MAX);
    struct host host = {
        .services = { &host_service, &events_service },
        .service_count = 2,
        .routes = { host_service.routes },
        .route_table_count = 1,
        .settings = settings,
    };
    for (size_t i = 0; i < count; i++) {
        host.services[host.service_count++] = services[i];
        if (services[i]->routes != NULL)
            host.routes[host.route_table_count++] = services[i]->routes;
        if (services[i]->lost != NULL)
            host.lost = services[i]->lost;
    }
    return host;
}

/* Whether a service hears the events of this operation inside it.  Over a bus only the host itself
 * does: a session that was signed out here is refused here from that moment on. */
static bool hears_at_once(const struct host *host, size_t service)
{
    return service == 0 || !host->settings->bus;
}

err host_deliver(const struct host *host, struct op *op)
{
    /* Listeners tell events of their own, which are delivered in turn. */
    while (op->emitted != NULL && op->emitted->delivered < op->emitted->count) {
        const struct event *event = &op->emitted->events[op->emitted->delivered++];
        op->causation = event->id;
        for (size_t s = 0; s < host->service_count; s++) {
            if (hears_at_once(host, s))
                TRY(event_deliver(op, host->services[s]->subscriptions, event));
        }
    }
    return OK;
}

/* What nobody asked for is named after itself. */
static void name_operation(struct op *op)
{
    if (op->correlation.data == NULL)
        op->correlation = uuid_text(op->arena, op_new_id(op));
}

err host_hear(const struct host *host, struct op *op, const struct service *service,
              const struct event *event)
{
    if (!event_is_heard(service->subscriptions, event->type))
        return OK;
    op->correlation = event->correlation;
    name_operation(op);
    op->causation = event->id;

    bool fresh;
    TRY(inbox_take(op, str_of(service->name), event, &fresh));
    if (!fresh)
        return OK;
    TRY(event_deliver(op, service->subscriptions, event));
    return host_deliver(host, op);
}

err host_duty(const struct host *host, struct op *op, const struct duty *duty, bool *ret_more)
{
    name_operation(op);
    bool more = false;
    TRY(duty->run(op, &more));
    TRY(host_deliver(host, op));
    *ret_more = more;
    return OK;
}

err host_claim(const struct host *host, struct op *op, const struct service *service, size_t max,
               struct rows *ret_calls)
{
    assert(service->outbound != NULL);
    name_operation(op);
    TRY(service->outbound->claim(op, max, ret_calls));
    return host_deliver(host, op);
}

err host_answered(const struct host *host, struct op *op, const struct service *service,
                  const struct outanswer *answer)
{
    assert(service->outbound != NULL);
    name_operation(op);
    TRY(service->outbound->answered(op, answer));
    return host_deliver(host, op);
}

/* ---- the host's own services ---- */

/* GET /healthz: alive, and no more than that. */
static err show_health(struct op *op, const struct request *request, struct response *response)
{
    (void)op;
    (void)request;
    return reply_text(response, STATUS_OK, S("{\"status\":\"ok\"}"));
}

static const struct route routes[] = {
    { GET, "/healthz", ANYONE, .handle = show_health },
    ROUTES_END,
};

const struct service events_service = {
    .name = "events",
    .queries = event_queries,
};

/* SessionRevoked: from now on its token is refused here. */
static err note_revoked_session(struct op *op, const struct session_end *end)
{
    return session_revoke(op, end);
}

static const struct subscription subscriptions[] = {
    ON(session_revoked, note_revoked_session),
    SUBSCRIPTIONS_END,
};

#define UPKEEP_BATCH 200

static err forget_old_inbox(struct op *op, bool *ret_more)
{
    int64_t touched;
    TRY(inbox_prune(op, instant_before(op->now, hours(24 * 7)), UPKEEP_BATCH, &touched));
    *ret_more = touched == UPKEEP_BATCH;
    return OK;
}

static const struct duty duties[] = {
    { "forget old answers", { 60 * 1000 }, idempotency_forget_old },
    { "forget ended sessions", { 60 * 1000 }, session_forget_old },
    { "forget old inbox entries", { 60 * 1000 }, forget_old_inbox },
    { .name = NULL },
};

static const struct query *const queries[] = {
    &session_insert_revoked, &session_find_revoked,
    &session_delete_old,     &idempotency_find,
    &idempotency_insert,     &idempotency_update,
    &idempotency_delete,     &idempotency_delete_outdated,
    &idempotency_delete_old, NULL,
};

extern const struct migration host_migrations[];

const struct service host_service = {
    .name = "host",
    .migrations = host_migrations,
    .queries = queries,
    .routes = routes,
    .subscriptions = subscriptions,
    .duties = duties,
};
