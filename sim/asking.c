/* Requests and their answers: what was acknowledged must be true, and stay so. */
#include "sim/sim.h"

/* ---- what answers say ---- */

struct said_ticket {
    uuid id;
    money price;
    int64_t version;
};

static const struct field said_ticket_fields[] = {
    FIELD(struct said_ticket, id),
    FIELD(struct said_ticket, price),
    FIELD(struct said_ticket, version),
    FIELDS_END,
};

struct said_order {
    uuid id;
    int64_t version;
    str status;
    money price;
    instant expires_at;
    struct said_ticket ticket;
};

static const struct field said_order_fields[] = {
    FIELD(struct said_order, id),
    FIELD(struct said_order, version),
    FIELD(struct said_order, status),
    FIELD(struct said_order, price),
    FIELD(struct said_order, expires_at),
    FIELD_RECORD(struct said_order, ticket, said_ticket_fields),
    FIELDS_END,
};

struct said_charge {
    uuid id;
    uuid order_id;
    str status;
    money amount;
};

static const struct field said_charge_fields[] = {
    FIELD(struct said_charge, id),
    FIELD(struct said_charge, order_id),
    FIELD(struct said_charge, status),
    FIELD(struct said_charge, amount),
    FIELDS_END,
};

static bool read_answer(struct world *world, const struct response *response,
                        const struct field *fields, void *record)
{
    err read = json_read_record(&world->arena, response->body, JSON_CAMEL, fields, record);
    if (read.problem != NULL)
        broken(world, "an answer that cannot be read: %.*s", (int)response->body.size,
               response->body.data);
    return read.problem == NULL;
}

/* POST /api/orders said 201: there is such an order, at that price and deadline. */
static void hear_of_lock(struct errand *errand, const struct response *response)
{
    struct world *world = errand->person->world;
    struct said_order said = { .price = { 0 } };
    if (!read_answer(world, response, said_order_fields, &said))
        return;
    struct told_order *order = ledger_order(world, said.id);
    if (order == NULL || !uuid_equal(order->user_id, errand->person->id))
        broken(world, "P4: an order was answered that never was");
    else if (order->price.minor != said.price.minor || order->expires_at.ms != said.expires_at.ms)
        broken(world, "P6: %s was answered with another price or deadline",
               name_of(world, said.id));
    else if (errand->max_price.minor != 0 && said.price.minor > errand->max_price.minor)
        broken(world, "P6: %s costs more than its buyer agreed to", name_of(world, said.id));
    else
        order->price_seen = said.price;
}

/* POST /api/payments said 201: paid, captured, and that is how it stays. */
static void hear_of_payment(struct errand *errand, const struct response *response)
{
    struct world *world = errand->person->world;
    struct said_charge said = { .amount = { 0 } };
    if (!read_answer(world, response, said_charge_fields, &said))
        return;
    const struct told_charge *charge = ledger_charge(world, said.id);
    struct told_order *order = ledger_order(world, said.order_id);
    if (charge == NULL || order == NULL || !str_is(said.status, "completed") ||
        charge->status != CHARGE_COMPLETED)
        broken(world, "P2: a payment was confirmed that is not completed");
    else if (!world->luck.bus && order->status != ORDER_COMPLETED)
        broken(world, "P2: %s is not completed by its payment", name_of(world, order->id));
    else
        order->said_paid = true;
}

static void hear_of_cancelling(struct errand *errand)
{
    struct world *world = errand->person->world;
    struct told_order *order = ledger_order(world, errand->about);
    if (order == NULL || order->status != ORDER_CANCELLED)
        broken(world, "P4: a cancelling was confirmed and did not happen");
    else
        order->said_cancelled = true;
}

static void hear_of_decline(struct errand *errand)
{
    struct world *world = errand->person->world;
    const struct told_order *order = ledger_order(world, errand->about);
    bool ended = order != NULL && order->status == ORDER_CANCELLED;
    if (!world->luck.bus && !ended)
        broken(world, "%s was declined and goes on", name_of(world, errand->about));
}

/* PUT /api/tickets/:id said 200: nobody else's edit was lost. */
static void hear_of_edit(struct errand *errand, const struct response *response)
{
    struct world *world = errand->person->world;
    struct said_ticket said = { .price = { 0 } };
    if (!read_answer(world, response, said_ticket_fields, &said))
        return;
    if (errand->if_match.data != NULL && said.version != errand->version + 1)
        broken(world, "F10: %s is edited over version %lld by one who saw %lld",
               name_of(world, said.id), (long long)said.version - 1, (long long)errand->version);
}

/* GET /api/orders/:id said 200: as it is at this moment, for orders knows best. */
static void hear_of_order(struct errand *errand, const struct response *response)
{
    struct world *world = errand->person->world;
    struct said_order said = { .price = { 0 } };
    if (!read_answer(world, response, said_order_fields, &said))
        return;
    const struct told_order *order = ledger_order(world, said.id);
    if (order == NULL || order->version != said.version || order->price.minor != said.price.minor ||
        !str_is(said.status, order_status_names[order->status]))
        broken(world, "%s is shown as it is not", name_of(world, said.id));
    else if (!uuid_equal(order->user_id, errand->person->id))
        broken(world, "P8: %s sees somebody else's order", errand->person->name);
}

static void believe(struct errand *errand, const struct response *response)
{
    struct world *world = errand->person->world;
    if (errand->purpose == TO_ORDER && response->status == STATUS_CREATED)
        hear_of_lock(errand, response);
    if (errand->purpose == TO_PAY && response->status == STATUS_CREATED)
        hear_of_payment(errand, response);
    if (errand->purpose == TO_PAY && response->status == STATUS_ACCEPTED)
        agenda_add(world, BANK_ASKS, NULL, errand,
                   from_now(world, delay_ms(&world->chance, 60000)));
    if (errand->purpose == TO_PAY && response->status == STATUS_PAYMENT_REQUIRED)
        hear_of_decline(errand);
    if (errand->purpose == TO_EDIT && response->status == STATUS_OK)
        hear_of_edit(errand, response);
    if (errand->purpose == TO_LOOK && response->status == STATUS_OK)
        hear_of_order(errand, response);
    if (errand->purpose == TO_CANCEL && response->status == STATUS_NO_CONTENT)
        hear_of_cancelling(errand);
}

/* ---- the same request twice ---- */

/* What a retry may better is not kept. */
static bool is_kept(int status)
{
    return status != STATUS_UNAUTHORIZED && status != STATUS_ACCEPTED &&
           status != STATUS_TOO_MANY && status < 500;
}

static void compare_with_first(struct errand *errand, const struct response *response)
{
    struct world *world = errand->person->world;
    if (errand->key.data == NULL || !is_kept(response->status))
        return;
    if (errand->status == 0) {
        errand->status = response->status;
        errand->answer = str_copy(&world->arena, response->body);
        return;
    }
    assert(errand->answer.size == 0 || errand->answer.data != NULL);
    assert(response->body.size == 0 || response->body.data != NULL);
    if (errand->status != response->status || !str_equal(errand->answer, response->body)) {
        broken(world, "%s asked once more and was told %d after %d: %.*s", errand->person->name,
               response->status, errand->status, (int)response->body.size, response->body.data);
    }
}

/* ---- when nothing else goes wrong ---- */

#define PATIENCE_MS 200

/* Hosted together, with Stripe well and near, nobody is put off, and good cards pay. */
static void check_calm(const struct asked *asked, const struct response *response)
{
    const struct errand *errand = asked->errand;
    struct world *world = errand->person->world;
    if (!world->luck.calm || world->luck.bus)
        return;
    int64_t waited = world->now.ms - asked->since.ms;
    bool good_card = errand->purpose == TO_PAY && errand->good_card;
    if (response->status >= 500)
        broken(world, "%s is put off for no reason", errand->person->name);
    if (waited > world->settings.answer_wait.ms + PATIENCE_MS)
        broken(world, "%s waits for %lld ms", errand->person->name, (long long)waited);
    if (good_card &&
        (response->status == STATUS_ACCEPTED || response->status == STATUS_PAYMENT_REQUIRED))
        broken(world, "%s pays with a good card in vain", errand->person->name);
}

/* ---- the way there and back ---- */

static void answered(struct asked *asked, const struct response *response)
{
    struct errand *errand = asked->errand;
    struct world *world = errand->person->world;
    world->answers[response->status / 100]++;
    tell(world, "%s <- %d %.*s", errand->person->name, response->status,
         (int)(response->body.size < 160 ? response->body.size : 160),
         response->body.data ? response->body.data : "");
    if (response->status == STATUS_BROKEN) {
        broken(world, "%s asked and was told of an inner fault", errand->person->name);
        return;
    }
    check_calm(asked, response);
    compare_with_first(errand, response);
    believe(errand, response);
}

struct asking {
    struct asked *asked;
    struct response response;
};

static err run_request(struct op *op, void *context)
{
    struct asking *asking = context;
    struct asked *asked = asking->asked;
    asking->response = (struct response){ .wait = asked->wait };
    const struct host *host = &asked->node->host;
    op->caller = asked->caller;
    if (asked->resumes)
        return host_resume(host, op, asked->route, &asked->request, &asking->response);
    err said = host_answer(host, op, asked->route, &asked->request, &asking->response);
    asked->caller = op->caller;
    return said;
}

static void go_on(struct asked *asked)
{
    struct node *node = asked->node;
    struct world *world = node->world;
    struct asking asking = { .asked = asked };
    if (route_is_read(asked->route)) {
        node_read(node, run_request, &asking);
        answered(asked, &asking.response);
        return;
    }
    enum ended ended = node_run(node, "request", asked->errand->correlation, run_request, &asking);
    if (ended == CRASHED) {
        tell(world, "%s never hears of it", asked->errand->person->name);
    } else if (ended == FAILED) {
        tell(world, "%s was overtaken too often", asked->errand->person->name);
    } else if (asking.response.status == 0) {
        asked->wait = asking.response.wait;
        node_wait(node, asked);
    } else {
        answered(asked, &asking.response);
    }
}

/* The door: which route, and what is refused before anything else. */
static bool find_route(struct asked *asked)
{
    struct world *world = asked->node->world;
    struct op op = {
        .now = world->now,
        .arena = &world->arena,
        .random = &world->chance.random,
        .settings = &world->settings,
    };
    struct response response = { .status = 0 };
    asked->route = host_route(&asked->node->host, &op, &asked->request, &response);
    if (asked->route == NULL)
        broken(world, "%s was sent away at the door: %d", asked->errand->person->name,
               response.status);
    return asked->route != NULL;
}

void ask(struct errand *errand)
{
    struct world *world = errand->person->world;
    struct node *node = world->at[errand->part];
    tell(world, "%s: %s %s %.*s", errand->person->name, method_names[errand->method], errand->path,
         (int)errand->body.size, errand->body.data ? errand->body.data : "");
    if (node->down || node->paused_until.ms > world->now.ms) {
        tell(world, "%s reaches nobody", errand->person->name);
        return;
    }
    struct asked *asked = ARENA_NEW(&world->arena, struct asked);
    *asked = (struct asked){
        .errand = errand,
        .node = node,
        .since = world->now,
        .request = {
            .method = errand->method,
            .path = str_of(errand->path),
            .body = errand->body,
            .client = S("127.0.0.1"),
        },
    };
    asked->request.header[HEADER_authorization] = errand->person->token;
    asked->request.header[HEADER_content_type] = S("application/json");
    asked->request.header[HEADER_x_request_id] = errand->correlation;
    asked->request.header[HEADER_idempotency_key] = errand->key;
    asked->request.header[HEADER_if_match] = errand->if_match;
    if (find_route(asked))
        go_on(asked);
}

static bool still_waits(const struct asked *asked)
{
    for (size_t i = 0; i < asked->node->waiting_count; i++) {
        if (asked->node->waiting[i] == asked)
            return true;
    }
    return false;
}

void asked_again(struct asked *asked, bool late)
{
    if (!still_waits(asked) || (late && asked->wait.until.ms > node_now(asked->node).ms))
        return;
    node_forget(asked->node, asked);
    asked->resumes = true;
    asked->wait.late = late;
    go_on(asked);
}
