/* How events get to the endpoints: at least once, in no order, signed, tried again for three days;
 * and the ways in which that can be made to go wrong. */
#include "base/codec.h"
#include "stripe_sim/webhooks.h"

#define LEASE          seconds(60)
#define TRIED_FOR      hours(3 * 24)
#define KEPT_FOR       hours(1)
#define COPIES_MAX     1000
#define DELIVERIES_MAX 10000
#define HEADER_MAX     300

static const char *const delivery_state_names[] = { "ready",  "sent", "held", "dropped",
                                                    "failed", "done", NULL };

static const struct field delivery_fields[] = {
    FIELD(struct delivery, seq),
    FIELD(struct delivery, id),
    FIELD(struct delivery, event),
    FIELD(struct delivery, endpoint),
    FIELD_ENUM(struct delivery, state, delivery_state_names),
    FIELD(struct delivery, position),
    FIELD(struct delivery, attempts),
    FIELD(struct delivery, http_status),
    FIELD(struct delivery, bad_signature),
    FIELD(struct delivery, age_ms),
    FIELD(struct delivery, live),
    FIELD(struct delivery, next_at),
    FIELD(struct delivery, created),
    FIELD_OPT(struct delivery, type),
    FIELD(struct delivery, max),
    FIELDS_END,
};

#define COLUMNS                                                                           \
    "id, event, endpoint, state, position, attempts, http_status, bad_signature, age_ms," \
    " live, next_at, created"

const struct query sim_delivery_insert = {
    "insert into sim_deliveries (" COLUMNS ") values ($id, $event, $endpoint, $state, $position,"
    " $attempts, $http_status, $bad_signature, $age_ms, $live, $next_at, $created)",
    .in = delivery_fields,
};

const struct query sim_delivery_update = {
    "update sim_deliveries set state = $state, position = $position, attempts = $attempts,"
    " http_status = $http_status, next_at = $next_at where id = $id",
    .in = delivery_fields,
};

const struct query sim_delivery_find = {
    "select " COLUMNS " from sim_deliveries where id = $id",
    .in = delivery_fields,
    .out = delivery_fields,
};

/* Of those that have a position only the first, and none while it is on its way. */
const struct query sim_deliveries_due = {
    "select " COLUMNS " from sim_deliveries"
    " where state in ('ready', 'sent') and next_at <= $next_at and (position = 0 or position ="
    " (select min(position) from sim_deliveries where state in ('ready', 'sent')"
    " and position > 0)) order by next_at, position, seq limit $max",
    .in = delivery_fields,
    .out = delivery_fields,
};

const struct query sim_deliveries_held = {
    "select " COLUMNS " from sim_deliveries where state = 'held' order by seq",
    .in = delivery_fields,
    .out = delivery_fields,
};

const struct query sim_deliveries_hurry = {
    "update sim_deliveries set next_at = $next_at where state = 'ready'",
    .in = delivery_fields,
};

const struct query sim_deliveries_recover = {
    "update sim_deliveries set state = 'ready', next_at = 0 where state = 'sent'",
    .in = delivery_fields,
};

const struct query sim_deliveries_all = {
    "select d.seq as seq, d.id as id, d.event as event, d.endpoint as endpoint,"
    " d.state as state, d.position as position, d.attempts as attempts,"
    " d.http_status as http_status, d.bad_signature as bad_signature, d.age_ms as age_ms,"
    " d.live as live, d.next_at as next_at, d.created as created, e.type as type"
    " from sim_deliveries d join sim_events e on e.id = d.event order by d.seq",
    .out = delivery_fields,
};

const struct query sim_deliveries_prune = {
    "delete from sim_deliveries where state = 'done' and created < $created",
    .in = delivery_fields,
};

/* ---- how they may go wrong ---- */

enum webhook_mode {
    WEBHOOKS_SEND,
    WEBHOOKS_HOLD,
    WEBHOOKS_DROP,
    WEBHOOKS_DUPLICATE,
    WEBHOOKS_REVERSE, /* held, and let go in that order, one at a time */
    WEBHOOKS_SHUFFLE,
    WEBHOOKS_BAD_SIGNATURE,
    WEBHOOKS_AGE,
    WEBHOOKS_REISSUE, /* a second event, with another id, tells the same */
    WEBHOOKS_LIVE,    /* they claim to be of live mode */
};

static const char *const webhook_mode_names[] = {
    "send",          "hold", "drop",    "duplicate", "reverse", "shuffle",
    "bad_signature", "age",  "reissue", "live",      NULL,
};

struct webhook_plan {
    enum webhook_mode mode;
    str types;
    int64_t copies;
    int64_t seed;
    int64_t age_ms;
};

static const struct field plan_fields[] = {
    FIELD_ENUM(struct webhook_plan, mode, webhook_mode_names),
    FIELD(struct webhook_plan, types),
    FIELD(struct webhook_plan, copies),
    FIELD(struct webhook_plan, seed),
    FIELD(struct webhook_plan, age_ms),
    FIELDS_END,
};

const struct query sim_plan_read = {
    "select mode, types, copies, seed, age_ms from sim_webhooks where id = 1",
    .out = plan_fields,
};

const struct query sim_plan_write = {
    "update sim_webhooks set mode = $mode, types = $types, copies = $copies, seed = $seed,"
    " age_ms = $age_ms where id = 1",
    .in = plan_fields,
};

static enum delivery_state first_state(enum webhook_mode mode)
{
    switch (mode) {
    case WEBHOOKS_HOLD:
    case WEBHOOKS_REVERSE:
    case WEBHOOKS_SHUFFLE:
        return DELIVERY_HELD;
    case WEBHOOKS_DROP:
        return DELIVERY_DROPPED;
    case WEBHOOKS_SEND:
    case WEBHOOKS_DUPLICATE:
    case WEBHOOKS_BAD_SIGNATURE:
    case WEBHOOKS_AGE:
    case WEBHOOKS_REISSUE:
    case WEBHOOKS_LIVE:
        break;
    }
    return DELIVERY_READY;
}

static err add(struct sim *sim, const struct sim_event *event, const struct endpoint *endpoint,
               const struct webhook_plan *plan)
{
    struct delivery delivery = {
        .event = event->id,
        .endpoint = endpoint->id,
        .state = first_state(plan->mode),
        .bad_signature = plan->mode == WEBHOOKS_BAD_SIGNATURE,
        .age_ms = plan->mode == WEBHOOKS_AGE ? plan->age_ms : 0,
        .live = plan->mode == WEBHOOKS_LIVE,
        .next_at = sim->now,
        .created = sim->now,
    };
    int64_t copies = plan->mode == WEBHOOKS_DUPLICATE ? plan->copies : 1;
    for (int64_t i = 0; i < copies; i++) {
        delivery.id = op_new_id(sim->op);
        TRY(sql_run(sim->op, &sim_delivery_insert, &delivery));
    }
    return OK;
}

static err add_to_all(struct sim *sim, const struct sim_event *event, const struct rows *endpoints,
                      const struct webhook_plan *plan)
{
    for (size_t i = 0; i < endpoints->count; i++)
        TRY(add(sim, event, (const struct endpoint *)endpoints->items + i, plan));
    return OK;
}

err sim_deliveries_add(struct sim *sim, const struct sim_event *event)
{
    struct rows endpoints;
    struct webhook_plan plan;
    TRY(sim_endpoints_for(sim, event->type, &endpoints));
    if (endpoints.count == 0)
        return OK;
    TRY(sql_one(sim->op, &sim_plan_read, NULL, &plan));
    if (!sim_matches(plan.types, event->type))
        plan.mode = WEBHOOKS_SEND;
    TRY(add_to_all(sim, event, &endpoints, &plan));
    if (plan.mode != WEBHOOKS_REISSUE)
        return OK;
    struct sim_event again = *event;
    again.id = sim_id(sim->op, "evt_");
    TRY(sql_run(sim->op, &sim_event_insert, &again));
    return add_to_all(sim, &again, &endpoints, &plan);
}

/* ---- sending ---- */

static void add_signature(struct buf *header, str secret, str payload)
{
    uint8_t mac[32];
    hmac_sha256(secret, payload, mac);
    buf_add(header, S(",v1="));
    buf_add(header, hex_encode(header->arena, (str){ (const char *)mac, sizeof mac }));
}

/* t=…,v1=…: over t, a dot and the body.  By the real clock, as the receiver's. */
static str sign(struct sim *sim, const struct delivery *delivery, const struct endpoint *endpoint,
                str body)
{
    struct buf header = buf_in(sim->op->arena, HEADER_MAX);
    struct buf payload = buf_in(sim->op->arena, body.size + 32);
    int64_t when = (sim->op->now.ms - delivery->age_ms) / 1000;
    buf_add_int(&payload, when);
    buf_add_char(&payload, '.');
    buf_add(&payload, body);
    buf_add(&header, S("t="));
    buf_add_int(&header, when);
    str secret = delivery->bad_signature ? S("whsec_of_somebody_else") : endpoint->secret;
    add_signature(&header, secret, buf_str(&payload));
    if (endpoint->old_secret.data != NULL && endpoint->old_until.ms > sim->now.ms &&
        !delivery->bad_signature)
        add_signature(&header, endpoint->old_secret, buf_str(&payload));
    return buf_str(&header);
}

/* *ret_call.path stays absent if its endpoint or event is gone. */
static err prepare(struct sim *sim, const struct delivery *delivery, struct outcall *ret_call)
{
    struct endpoint endpoint = { .id = { NULL, 0 } };
    struct sim_event event = { .id = { NULL, 0 } };
    const struct due key = { .id = delivery->event };
    err found = sim_endpoint_find(sim, delivery->endpoint, &endpoint);
    if (err_is(found, STATUS_NOT_FOUND))
        return OK;
    TRY(found);
    found = sql_one(sim->op, &sim_event_find, &key, &event);
    if (err_is(found, STATUS_NOT_FOUND))
        return OK;
    TRY(found);
    event.live = delivery->live;
    str body = show_event(sim, &event);
    *ret_call = (struct outcall){
        .id = delivery->id,
        .method = S("POST"),
        .path = endpoint.url,
        .body = body,
        .signature = sign(sim, delivery, &endpoint, body),
    };
    return OK;
}

static err claim(struct op *op, size_t max, struct rows *ret_calls)
{
    struct sim sim = { .op = op };
    struct rows rows;
    TRY(sim_begin(&sim));
    const struct delivery asked = { .next_at = sim.now, .max = (int64_t)max };
    TRY(sql_all(op, &sim_deliveries_due, &asked, sizeof(struct delivery), max, &rows));
    struct outcall *calls = ARENA_ARRAY(op->arena, struct outcall, rows.count + 1);
    size_t count = 0;
    for (size_t i = 0; i < rows.count; i++) {
        struct delivery *delivery = (struct delivery *)rows.items + i;
        TRY(prepare(&sim, delivery, &calls[count]));
        bool gone = calls[count].path.data == NULL;
        delivery->state = gone ? DELIVERY_FAILED : DELIVERY_SENT;
        delivery->attempts++;
        delivery->next_at = instant_after(sim.now, LEASE);
        TRY(sql_run(op, &sim_delivery_update, delivery));
        count += gone ? 0 : 1;
    }
    *ret_calls = (struct rows){ calls, count };
    return OK;
}

/* 5 s, 30 s, 3 min, 18 min, 108 min, then every 12 hours. */
static duration backoff(int64_t attempts)
{
    int64_t ms = 5000;
    for (int64_t i = 1; i < attempts && ms < hours(12).ms; i++)
        ms *= 6;
    return (duration){ ms < hours(12).ms ? ms : hours(12).ms };
}

static err answered_by_endpoint(struct op *op, const struct outanswer *answer)
{
    struct sim sim = { .op = op };
    struct delivery delivery = { .id = answer->call_id };
    TRY(sim_begin(&sim));
    err found = sql_one(op, &sim_delivery_find, &delivery, &delivery);
    if (err_is(found, STATUS_NOT_FOUND)) /* after a reset */
        return OK;
    TRY(found);
    if (delivery.state != DELIVERY_SENT)
        return OK;
    bool arrived = answer->outcome == OUTCALL_ANSWERED && answer->http_status >= 200 &&
                   answer->http_status < 300;
    delivery.http_status = answer->http_status;
    delivery.next_at = instant_after(sim.now, backoff(delivery.attempts));
    delivery.position = 0; /* it had its turn */
    delivery.state = arrived ? DELIVERY_DONE
                     : delivery.next_at.ms > instant_after(delivery.created, TRIED_FOR).ms
                         ? DELIVERY_FAILED
                         : DELIVERY_READY;
    return sql_run(op, &sim_delivery_update, &delivery);
}

static err recover(struct op *op)
{
    const struct delivery none = { .seq = 0 };
    return sql_run_any(op, &sim_deliveries_recover, &none, NULL);
}

const struct outbound sim_webhooks_outbound = {
    .recover = recover,
    .claim = claim,
    .answered = answered_by_endpoint,
};

err sim_deliveries_forget_old(struct sim *sim)
{
    const struct delivery before = { .created = instant_before(sim->now, KEPT_FOR) };
    return sql_run_any(sim->op, &sim_deliveries_prune, &before, NULL);
}

/* ---- control ---- */

struct plan_form {
    enum webhook_mode mode;
    str types;
    int64_t copies;
    int64_t seed;
    int64_t age_ms;
};

static const struct field plan_form_fields[] = {
    FORM_ENUM(struct plan_form, mode, webhook_mode_names, .flags = RULE_REQUIRED),
    FORM(struct plan_form, types, .max = 100),
    FORM(struct plan_form, copies, .min = 1, .max = COPIES_MAX),
    FORM(struct plan_form, seed, .min = 0, .max = INT64_C(1) << 48),
    FORM(struct plan_form, age_ms, .min = -(int64_t)366 * 24 * 3600 * 1000,
         .max = (int64_t)366 * 24 * 3600 * 1000),
    FIELDS_END,
};

err control_webhooks_plan(struct sim *sim, struct response *response)
{
    struct plan_form form = { .copies = 0 };
    TRY(json_read_form(sim->op->arena, sim->body, plan_form_fields, &form, NULL));
    const struct webhook_plan plan = {
        .mode = form.mode,
        .types = form.types.size > 0 ? form.types : S("*"),
        .copies = form.copies > 0 ? form.copies : 2,
        .seed = form.seed,
        .age_ms = form.age_ms,
    };
    TRY(sql_run(sim->op, &sim_plan_write, &plan));
    return reply_json(sim->op, response, STATUS_OK, plan_fields, &plan);
}

err control_webhooks_list(struct sim *sim, struct response *response)
{
    struct rows rows;
    TRY(sql_all(sim->op, &sim_deliveries_all, NULL, sizeof(struct delivery), DELIVERIES_MAX,
                &rows));
    return reply_rows(sim->op, response, delivery_fields, sizeof(struct delivery), &rows);
}

/* SplitMix64: the same order for the same seed. */
static uint64_t next_random(uint64_t *state)
{
    uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

static void order(struct delivery *deliveries, size_t count, const struct webhook_plan *plan)
{
    uint64_t state = (uint64_t)plan->seed;
    for (size_t i = 0; i < count; i++)
        deliveries[i].position = (int64_t)(plan->mode == WEBHOOKS_REVERSE ? count - i : i + 1);
    for (size_t i = count; plan->mode == WEBHOOKS_SHUFFLE && i > 1; i--) {
        size_t other = (size_t)(next_random(&state) % i);
        int64_t position = deliveries[i - 1].position;
        deliveries[i - 1].position = deliveries[other].position;
        deliveries[other].position = position;
    }
}

/* Lets go of what is held, in the order of the mode; and what waits to be tried again is tried. */
err control_webhooks_flush(struct sim *sim, struct response *response)
{
    const struct delivery now = { .next_at = sim->now };
    struct webhook_plan plan;
    struct rows rows;
    TRY(sql_run_any(sim->op, &sim_deliveries_hurry, &now, NULL));
    TRY(sql_one(sim->op, &sim_plan_read, NULL, &plan));
    TRY(sql_all(sim->op, &sim_deliveries_held, &now, sizeof(struct delivery), DELIVERIES_MAX,
                &rows));
    struct delivery *held = rows.items;
    order(held, rows.count, &plan);
    for (size_t i = 0; i < rows.count; i++) {
        held[i].state = DELIVERY_READY;
        held[i].next_at = sim->now;
        TRY(sql_run(sim->op, &sim_delivery_update, &held[i]));
    }
    return reply_text(response, STATUS_OK, sim_format(sim->op, "{\"released\":%zu}", rows.count));
}
