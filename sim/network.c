/* The way to Stripe and back.  Calls are lost, late, refused on the way, or carried out without
 * anybody hearing of it; and somebody has a hand in Stripe's dashboard. */
#include "sim/sim.h"

/* As the real client: it gives up before the lease of a call runs out. */
#define GIVEN_UP_MS 25000

/* One call on its way. */
struct call {
    struct node *node;
    uint64_t life; /* of the process that made it */
    const struct service *service;
    struct request request;
    uuid id;
    uuid charge_id;     /* absent: a question */
    const char *charge; /* its name */
    struct wait wait;   /* at Stripe, when it holds it back */
    instant sent_at;
    bool given_up; /* nobody listens to its answer any more */
    struct outanswer answer;
};

/* ---- Stripe's own operations ---- */

bool stripe_run(struct world *world, operation *run, void *context)
{
    struct arena *arena = &world->arenas[world->depth];
    arena_reset(arena);
    err begun = sqlite_begin(world->stripe.store);
    assert(begun.problem == NULL);
    struct op op = {
        .now = world->now,
        .arena = arena,
        .tx = sqlite_tx(world->stripe.store),
        .random = &world->chance.random,
        .settings = &world->settings,
        .correlation = S("stripe"),
    };
    world->depth++;
    err said = run(&op, context);
    world->depth--;
    if (said.problem != NULL) {
        sqlite_rollback(world->stripe.store);
        broken(world, "Stripe itself failed: %s", said.problem->message);
        return false;
    }
    err kept = sqlite_commit(world->stripe.store);
    assert(kept.problem == NULL);
    return true;
}

struct serving {
    struct world *world;
    const struct request *request;
    struct response response;
};

static err run_serve(struct op *op, void *context)
{
    struct serving *serving = context;
    return stripe_sim_serve(&serving->world->stripe.options, op, serving->request,
                            &serving->response);
}

int stripe_control(struct world *world, enum method method, const char *path, const char *body)
{
    struct request request = {
        .method = method,
        .path = str_of(path),
        .body = str_of(body),
        .client = S("127.0.0.1"),
    };
    request.header[HEADER_authorization] = S("Bearer control");
    request.header[HEADER_content_type] = S("application/json");
    struct serving serving = { .world = world, .request = &request };
    return stripe_run(world, run_serve, &serving) ? serving.response.status : 0;
}

/* ---- what becomes of a call ---- */

static void answer_in(struct call *call, int64_t ms, enum outcome outcome, int64_t status, str body)
{
    struct world *world = call->node->world;
    if (call->given_up || call->node->down || call->node->life != call->life)
        return;
    instant due = from_now(world, ms);
    instant patience = instant_after(call->sent_at, (duration){ GIVEN_UP_MS });
    call->given_up = true; /* one answer is all that anybody waits for */
    if (due.ms > patience.ms) {
        due = patience;
        outcome = OUTCALL_UNKNOWN;
    }
    call->answer.outcome = outcome;
    call->answer.http_status = outcome == OUTCALL_ANSWERED ? status : 0;
    call->answer.body = str_copy(&world->arena, body);
    agenda_add(world, ANSWER_COMES, call->node, call, due);
}

static void lose(struct call *call)
{
    struct world *world = call->node->world;
    int64_t ms = one_in(&world->chance, 2) ? GIVEN_UP_MS : delay_ms(&world->chance, GIVEN_UP_MS);
    answer_in(call, ms, OUTCALL_UNKNOWN, 0, (str){ NULL, 0 });
}

static bool no_way_there(struct world *world)
{
    if (world->quiet)
        return false;
    return world->stripe.out_until.ms > world->now.ms ||
           (world->stripe.half_until.ms > world->now.ms && one_in(&world->chance, 2));
}

/* Keys are named after their charge. */
static uuid charge_of(str key)
{
    str rest;
    uuid id = { { 0 } };
    (void)str_cut(key, '-', &rest);
    bool named = rest.size > UUID_TEXT_SIZE && uuid_parse((str){ rest.data, UUID_TEXT_SIZE }, &id);
    return named ? id : (uuid){ { 0 } };
}

void call_send(struct node *node, const struct service *service, const struct outcall *sent)
{
    struct world *world = node->world;
    struct chance *chance = &world->chance;
    struct call *call = ARENA_NEW(&world->arena, struct call);
    *call = (struct call){
        .node = node,
        .life = node->life,
        .service = service,
        .id = sent->id,
        .sent_at = world->now,
        .answer = { .call_id = sent->id },
        .request = {
            .method = str_is(sent->method, "GET") ? GET : POST,
            .body = str_copy(&world->arena, sent->body),
            .client = S("127.0.0.1"),
        },
    };
    str query;
    str path = str_cut(str_copy(&world->arena, sent->path), '?', &query);
    call->request.path = path;
    call->request.query = query;
    call->request.header[HEADER_authorization] = S("Bearer sk_test_sim");
    call->request.header[HEADER_content_type] = S("application/x-www-form-urlencoded");
    call->request.header[HEADER_idempotency_key] = str_copy(&world->arena, sent->idempotency_key);
    call->charge_id = charge_of(sent->idempotency_key);
    call->charge = "";
    if (!uuid_is_absent(call->charge_id))
        call->charge = str_terminated(&world->arena, str_of(name_of(world, call->charge_id)));
    tell(world, "%s -> Stripe: %.*s %.*s %s", node->name, (int)sent->method.size, sent->method.data,
         (int)path.size, path.data, call->charge);

    if (no_way_there(world)) {
        bool surely = !one_in(chance, 4);
        answer_in(call, surely ? delay_ms(chance, 3000) : GIVEN_UP_MS,
                  surely ? OUTCALL_NOT_SENT : OUTCALL_UNKNOWN, 0, (str){ NULL, 0 });
    } else if (!world->quiet && percent(chance, world->luck.lost_percent)) {
        lose(call);
    } else {
        bool slow = !world->quiet && percent(chance, world->luck.slow_percent);
        agenda_add(world, CALL_ARRIVES, NULL, call,
                   from_now(world, slow ? delay_ms(chance, 180000) : between(chance, 5, 150)));
    }
}

/* Something between answers in Stripe's place; what it answers for may have happened or not. */
static bool is_refused_between(struct call *call, bool executed)
{
    static const int statuses[] = { 500, 502, 503, 504, 409, 429 };
    struct world *world = call->node->world;
    if (world->quiet || !percent(&world->chance, world->luck.refused_percent))
        return false;
    /* What refuses to begin says so before it has begun. */
    int status = statuses[below(&world->chance, executed ? 4 : 6)];
    answer_in(call, delay_ms(&world->chance, 2000), OUTCALL_ANSWERED, status,
              S("<html>a proxy, and no JSON</html>"));
    tell(world, "    something between answers %d", status);
    return true;
}

static bool may_move_money(const struct request *request)
{
    return request->method == POST && memmem(request->path.data, request->path.size, "cap", 3);
}

static void send_answer(struct call *call, const struct response *response)
{
    struct world *world = call->node->world;
    struct chance *chance = &world->chance;
    call->answer.request_id = str_copy(&world->arena, response_header(response, "Request-Id"));
    if (response->drop || response->truncate_to != 0 ||
        (!world->quiet && percent(chance, world->luck.lost_percent))) {
        tell(world, "    the answer is lost");
        lose(call);
        return;
    }
    if (!world->quiet && !call->node->down && call->node->depth == 0 &&
        world->luck.crash_permille > 0 && one_in(chance, 25)) {
        node_crash(call->node, "before it hears of Stripe's answer");
        return;
    }
    bool slow = !world->quiet && percent(chance, world->luck.slow_percent);
    int64_t ms = response->delay.ms + (slow ? delay_ms(chance, 120000) : between(chance, 5, 400));
    answer_in(call, ms, OUTCALL_ANSWERED, response->status, response->body);
}

void call_arrives(struct world *world, void *context)
{
    struct call *call = context;
    if (uuid_is_absent(call->wait.subject) && is_refused_between(call, false))
        return;
    struct serving serving = {
        .world = world,
        .request = &call->request,
        .response = { .wait = call->wait },
    };
    if (!stripe_run(world, run_serve, &serving))
        return;
    if (serving.response.status == 0) {
        tell(world, "    Stripe holds %.*s back", (int)call->request.path.size,
             call->request.path.data);
        call->wait = serving.response.wait;
        int64_t again = between(&world->chance, 50, 3000);
        instant due = from_now(world, again);
        agenda_add(world, CALL_ARRIVES, NULL, call,
                   call->wait.until.ms > due.ms ? call->wait.until : due);
        return;
    }
    tell(world, "    Stripe: %.*s %s %d%s", (int)call->request.path.size, call->request.path.data,
         call->charge, serving.response.status, serving.response.drop ? ", says nothing" : "");
    bool moved = may_move_money(&call->request);
    if (!is_refused_between(call, true))
        send_answer(call, &serving.response);
    if (moved)
        truths_of_money(world);
}

struct answering {
    struct call *call;
};

static err run_answer(struct op *op, void *context)
{
    const struct answering *answering = context;
    const struct call *call = answering->call;
    return host_answered(&call->node->host, op, call->service, &call->answer);
}

void answer_comes(struct world *world, struct node *node, void *context)
{
    static const char *const outcomes[] = { "answered", "not sent", "unknown" };
    struct call *call = context;
    struct answering answering = { .call = call };
    tell(world, "Stripe -> %s: %.*s %s %s %lld", node->name, (int)call->request.path.size,
         call->request.path.data, call->charge, outcomes[call->answer.outcome],
         (long long)call->answer.http_status);
    enum ended ended = node_run(node, "answer of Stripe", (str){ NULL, 0 }, run_answer, &answering);
    if (ended == REFUSED)
        broken(world, "%s does not take in an answer of Stripe", node->name);
    if (ended != CRASHED)
        agenda_add(world, CLAIM_IS_DUE, node, NULL, world->now);
}

/* ---- hands in the dashboard, and at the bank ---- */

struct seen {
    struct rows intents;
};

static err see_intents(struct op *op, void *context)
{
    struct seen *seen = context;
    ROWS(op, &table_intents, struct row_intent, &seen->intents);
    return OK;
}

static struct told_order *order_of(struct world *world, const struct row_intent *intent)
{
    uuid id;
    return uuid_parse(intent->order_id, &id) ? ledger_order(world, id) : NULL;
}

static void touch(struct world *world, const struct row_intent *intent, const char *what,
                  const char *body)
{
    char path[160];
    (void)snprintf(path, sizeof path, "/_sim/payment_intents/%.*s/%s", (int)intent->id.size,
                   intent->id.data, what);
    const struct told_order *order = order_of(world, intent);
    const char *name = order ? name_of(world, order->id) : "?";
    int status = stripe_control(world, POST, path, body);
    tell(world, "somebody at Stripe: %s the payment of %s: %d", what, name, status);
}

static bool is_open(const struct row_intent *intent)
{
    return !str_is(intent->status, "succeeded") && !str_is(intent->status, "canceled");
}

void dashboard(struct world *world)
{
    static const char *const hands[] = { "capture", "capture", "cancel", "lapse" };
    struct seen seen = { .intents = { NULL, 0 } };
    if (!stripe_run(world, see_intents, &seen) || seen.intents.count == 0)
        return;
    const struct row_intent *intents = seen.intents.items;
    struct row_intent intent = { .amount = 0 };
    int64_t candidates = 0;
    for (size_t i = 0; i < seen.intents.count; i++) {
        candidates += is_open(&intents[i]);
        if (is_open(&intents[i]) && one_in(&world->chance, candidates))
            intent = intents[i];
    }
    if (candidates == 0)
        return;
    intent.id = str_copy(&world->arena, intent.id);
    intent.order_id = str_copy(&world->arena, intent.order_id);
    struct told_order *order = order_of(world, &intent);
    if (order == NULL)
        return;
    order->meddled = true;
    touch(world, &intent, hands[below(&world->chance, 4)], NULL);
}

void bank(struct world *world, uuid order_id, bool passes)
{
    struct seen seen = { .intents = { NULL, 0 } };
    if (!stripe_run(world, see_intents, &seen))
        return;
    const struct row_intent *intents = seen.intents.items;
    for (size_t i = 0; i < seen.intents.count; i++) {
        const struct told_order *order = order_of(world, &intents[i]);
        if (order == NULL || !uuid_equal(order->id, order_id) ||
            !str_is(intents[i].status, "requires_action"))
            continue;
        struct row_intent intent = intents[i];
        intent.id = str_copy(&world->arena, intent.id);
        intent.order_id = str_copy(&world->arena, intent.order_id);
        if (passes && !intent.declines)
            ledger_order(world, order_id)->proved_at = world->now;
        touch(world, &intent, "authenticate",
              passes ? "{\"result\":\"ok\"}" : "{\"result\":\"fail\"}");
        return;
    }
}

/* ---- faults of Stripe's own ---- */

void stripe_misbehaves(struct world *world)
{
    static const char *const faults[] = {
        "{\"do\":\"status\",\"status\":500,\"when\":\"before\",\"times\":2}",
        "{\"do\":\"status\",\"status\":500,\"when\":\"after\",\"times\":1}",
        "{\"do\":\"status\",\"status\":500,\"when\":\"after\",\"times\":3}",
        "{\"do\":\"status\",\"status\":503,\"when\":\"before\",\"times\":3}",
        "{\"do\":\"status\",\"status\":409,\"when\":\"before\",\"times\":2}",
        "{\"do\":\"status\",\"status\":429,\"when\":\"before\",\"times\":4}",
        "{\"do\":\"status\",\"status\":401,\"when\":\"before\",\"times\":2}",
        "{\"do\":\"drop\",\"when\":\"after\",\"times\":2}",
        "{\"do\":\"drop\",\"when\":\"before\",\"times\":2}",
        "{\"do\":\"bad_json\",\"when\":\"after\",\"times\":1}",
        "{\"do\":\"truncate\",\"when\":\"after\",\"times\":1}",
        "{\"do\":\"wrong_amount\",\"when\":\"after\",\"times\":1}",
        "{\"do\":\"hang\",\"when\":\"before\",\"times\":1}",
        "{\"do\":\"hang\",\"when\":\"after\",\"times\":1}",
        "{\"do\":\"delay\",\"ms\":40000,\"when\":\"before\",\"times\":2}",
        "{\"do\":\"delay\",\"ms\":90000,\"when\":\"after\",\"times\":1}",
        "{\"do\":\"status\",\"status\":500,\"when\":\"before\",\"path\":\"*/capture\",\"times\":5}",
        "{\"do\":\"status\",\"status\":500,\"when\":\"after\",\"path\":\"*/cancel\",\"times\":3}",
    };
    const char *fault = faults[below(&world->chance, sizeof faults / sizeof *faults)];
    if (one_in(&world->chance, 5))
        (void)stripe_control(world, POST, "/_sim/release", NULL);
    tell(world, "Stripe is told to fail: %s", fault);
    if (stripe_control(world, POST, "/_sim/faults", fault) != STATUS_CREATED)
        broken(world, "Stripe knows no such fault: %s", fault);
}
