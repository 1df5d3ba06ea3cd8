/* A process: its operations on its store, its duties, who waits for its answers, and its end. */
#include "sim/sim.h"

/* ---- operations ---- */

instant node_now(const struct node *node)
{
    return from_now(node->world, node->ahead_ms);
}

static struct op new_op(struct node *node, str correlation)
{
    struct world *world = node->world;
    struct arena *arena = &world->arenas[world->depth];
    arena_reset(arena);
    return (struct op){
        .now = node_now(node),
        .arena = arena,
        .random = &world->chance.random,
        .settings = &world->settings,
        .correlation = correlation,
    };
}

/* Whoever waits for this looks again; calls and events that were written leave soon. */
static void pass_on(struct node *node, const struct emitted *emitted)
{
    struct world *world = node->world;
    for (size_t i = 0; emitted != NULL && i < emitted->count; i++) {
        const struct event_head *head = emitted->events[i].data;
        enum event_type type = emitted->events[i].type;
        for (size_t w = 0; w < node->waiting_count; w++) {
            if (uuid_equal(node->waiting[w]->wait.subject, head->subject))
                agenda_add(world, ASKED_AGAIN, node, node->waiting[w], world->now);
        }
        if (type == EVENT_charge_created || type == EVENT_charge_updated)
            agenda_add(world, CLAIM_IS_DUE, node, NULL, from_now(world, below(&world->chance, 30)));
    }
    if (emitted != NULL && emitted->count > 0 && world->luck.bus && !node->relay_is_due) {
        node->relay_is_due = true;
        agenda_add(world, RELAY_IS_DUE, node, NULL,
                   from_now(world, delay_ms(&world->chance, 2000)));
    }
}

/* Only a process that does one thing at a time can end in the middle of it. */
static bool ends_here(const struct node *node)
{
    struct world *world = node->world;
    return node->depth == 1 && !world->quiet &&
           below(&world->chance, 1000) < world->luck.crash_permille;
}

static enum ended settle(struct node *node, const char *what, const struct op *op, err said)
{
    struct world *world = node->world;
    if (said.problem == NULL && ends_here(node)) {
        sqlite_rollback(node->store);
        node_crash(node, "before a commit");
        return CRASHED;
    }
    if (said.problem != NULL) {
        sqlite_rollback(node->store);
        return REFUSED;
    }
    sqlite_tx(node->store)->lost = op->tx->lost;
    err kept = sqlite_commit(node->store);
    if (kept.problem != NULL) {
        broken(world, "%s at %s does not commit: %s", what, node->name, kept.problem->message);
        return FAILED;
    }
    ledger_learn(node, op->now, op->emitted);
    if (ends_here(node)) {
        node_crash(node, "after a commit");
        return CRASHED;
    }
    pass_on(node, op->emitted);
    return COMMITTED;
}

enum ended node_run(struct node *node, const char *what, str correlation, operation *run,
                    void *context)
{
    struct world *world = node->world;
    assert(!node->down);
    enum ended ended = FAILED;
    bool stale = true;
    for (int tries = 0; stale && tries <= STALE_RETRIES_MAX; tries++) {
        err begun = sqlite_begin(node->store);
        assert(begun.problem == NULL);
        struct op op = new_op(node, correlation);
        struct interleaved *each = ARENA_NEW(op.arena, struct interleaved);
        interleave(each, node);
        op.tx = &each->tx;
        node->depth++;
        world->depth++;
        int64_t interruptions = world->interruptions;
        err said = run(&op, context);
        world->depth--;
        if (err_is(said, STATUS_STALE) && interruptions == world->interruptions)
            broken(world, "%s at %s was overtaken by nobody", what, node->name);
        stale = err_is(said, STATUS_STALE);
        ended = settle(node, what, &op, said);
        node->depth--;
        world->operations++;
        world->stales += stale;
    }
    return stale ? FAILED : ended;
}

void node_read(struct node *node, operation *run, void *context)
{
    struct world *world = node->world;
    assert(!node->down);
    err begun = sqlite_read_begin(node->store);
    assert(begun.problem == NULL);
    struct op op = new_op(node, S("reading"));
    op.tx = sqlite_tx(node->store);
    node->depth++;
    world->depth++;
    err said = run(&op, context);
    world->depth--;
    (void)said.problem; /* a refusal is an answer too */
    node->depth--;
    sqlite_read_end(node->store);
}

/* ---- duties ---- */

struct duty_run {
    struct node *node;
    const struct duty *duty;
    bool more;
    bool found;
};

static err run_duty(struct op *op, void *context)
{
    struct duty_run *run = context;
    TRY(host_duty(&run->node->host, op, run->duty, &run->more));
    run->found = run->more || op->emitted != NULL;
    return OK;
}

/* Whether a payment told of itself lately: then there are calls to make, or soon will be. */
static bool money_moves(const struct world *world)
{
    return world->charged_at.ms + 120 * 1000 > world->now.ms;
}

/* A duty that finds nothing to do, again and again, is looked at less often: a story has no time
 * for all of them.  But never so rarely that somebody's deadline is missed. */
static instant next_time(struct node *node, duration every, int64_t idle)
{
    struct world *world = node->world;
    int64_t most = world->quiet ? 60 * 1000 : money_moves(world) ? 2000 : 20000;
    int64_t wait = every.ms << (idle < 10 ? idle : 10);
    if (wait > most)
        wait = every.ms > most ? every.ms : most;
    instant due = from_now(world, wait - below(&world->chance, wait / 4 + 1));
    instant deadline = instant_before(ledger_next_deadline(world), (duration){ node->ahead_ms });
    if (deadline.ms > world->began.ms && deadline.ms < due.ms) {
        instant soon = from_now(world, every.ms);
        due = instant_after(deadline, (duration){ below(&world->chance, every.ms + 1) });
        if (due.ms < soon.ms)
            due = soon;
    }
    return due;
}

void node_duty(struct node *node, struct node_duty *duty)
{
    struct world *world = node->world;
    struct duty_run run = { .node = node, .duty = duty->duty };
    enum ended ended = node_run(node, duty->duty->name, (str){ NULL, 0 }, run_duty, &run);
    if (ended == CRASHED)
        return;
    if (ended == REFUSED)
        broken(world, "the duty %s at %s failed", duty->duty->name, node->name);
    if (run.found)
        tell(world, "%s: %s", node->name, duty->duty->name);
    duty->idle = run.found ? 0 : duty->idle + 1;
    if (ended == COMMITTED && !run.more && duty->sweeps)
        truths_of_sweep(node);
    instant due = run.more ? world->now : next_time(node, duty->duty->every, duty->idle);
    agenda_add(world, DUTY_IS_DUE, node, duty, due);
}

/* ---- calls ---- */

struct claim_run {
    struct node *node;
    const struct service *service;
    struct rows calls;
};

static err run_claim(struct op *op, void *context)
{
    struct claim_run *run = context;
    size_t room = (size_t)between(&run->node->world->chance, 1, OUTCALL_THREADS);
    return host_claim(&run->node->host, op, run->service, room, &run->calls);
}

#define CLAIM_EVERY ((duration){ 250 })

void node_claim(struct node *node, bool again)
{
    struct world *world = node->world;
    for (size_t i = 0; i < node->service_count; i++) {
        if (node->services[i]->outbound == NULL)
            continue;
        struct claim_run run = { .node = node, .service = node->services[i] };
        enum ended ended = node_run(node, "claim", (str){ NULL, 0 }, run_claim, &run);
        if (ended == CRASHED)
            return;
        if (ended == REFUSED)
            broken(world, "claiming calls at %s failed", node->name);
        const struct outcall *calls = run.calls.items;
        for (size_t c = 0; ended == COMMITTED && c < run.calls.count; c++)
            call_send(node, node->services[i], &calls[c]);
        node->claims_idle = run.calls.count > 0 ? 0 : node->claims_idle + 1;
    }
    if (again)
        agenda_add(world, CLAIM_IS_DUE, node, node,
                   next_time(node, CLAIM_EVERY, node->claims_idle));
}

/* ---- who waits ---- */

void node_wait(struct node *node, struct asked *asked)
{
    assert(node->waiting_count < NODE_WAITING_MAX);
    node->waiting[node->waiting_count++] = asked;
    instant until = instant_before(asked->wait.until, (duration){ node->ahead_ms });
    agenda_add(node->world, ASKED_LATE, node, asked, until);
}

void node_forget(struct node *node, const struct asked *asked)
{
    for (size_t i = 0; i < node->waiting_count; i++) {
        if (node->waiting[i] == asked) {
            node->waiting[i] = node->waiting[--node->waiting_count];
            return;
        }
    }
}

/* ---- beginning and end ---- */

static void add_duties(struct node *node, const struct service *service)
{
    for (const struct duty *duty = service->duties; duty && duty->name; duty++) {
        assert(node->duty_count < NODE_DUTIES_MAX);
        struct node_duty *added = &node->duties[node->duty_count++];
        bool sweeps = str_is(str_of(duty->name), "expire overdue orders");
        *added = (struct node_duty){ .node = node, .duty = duty, .sweeps = sweeps };
        node->sweeps = node->sweeps || sweeps;
        agenda_add(node->world, DUTY_IS_DUE, node, added,
                   from_now(node->world, below(&node->world->chance, duty->every.ms + 1)));
    }
}

static err run_recover(struct op *op, void *context)
{
    const struct outbound *const *outbound = context;
    return (*outbound)->recover(op);
}

static bool recover(struct node *node)
{
    for (size_t i = 0; i < node->service_count; i++) {
        const struct outbound *outbound = node->services[i]->outbound;
        if (outbound == NULL)
            continue;
        enum ended ended = node_run(node, "recover", S("start"), run_recover, &outbound);
        if (ended == CRASHED)
            return false;
        if (ended != COMMITTED)
            broken(node->world, "%s does not recover", node->name);
        truths_of_recovery(node);
        agenda_add(node->world, CLAIM_IS_DUE, node, node, node->world->now);
    }
    return true;
}

void node_start(struct node *node)
{
    node->down = false;
    node->life++;
    node->depth = 0;
    node->duty_count = 0;
    node->waiting_count = 0;
    node->claims_idle = 0;
    node->relay_is_due = false;
    node->replays = false;
    if (!recover(node))
        return;
    for (size_t i = 0; i < node->host.service_count; i++)
        add_duties(node, node->host.services[i]);
    if (node == node->world->at[PART_ORDERS] && !node->sweeps)
        broken(node->world, "P3: nothing sweeps up overdue orders any more");
    if (node->world->luck.bus) {
        node->relay_is_due = true;
        agenda_add(node->world, RELAY_IS_DUE, node, NULL, node->world->now);
    }
}

void node_crash(struct node *node, const char *when)
{
    struct world *world = node->world;
    tell(world, "%s dies %s; %zu answers are never given", node->name, when, node->waiting_count);
    world->crashes++;
    node->down = true;
    node->waiting_count = 0;
    node->paused_until = (instant){ 0 };
    agenda_forget(world, node);
    agenda_add(world, NODE_RESTARTS, node, NULL,
               from_now(world, one_in(&world->chance, 10) ? between(&world->chance, 1000, 120000)
                                                          : between(&world->chance, 1, 1500)));
}
