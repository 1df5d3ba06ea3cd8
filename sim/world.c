/* A seed's story, from its first line to its last. */
#include "sim/sim.h"

#include <stdio.h>

#include "services/auth/auth.h"
#include "services/expiration/expiration.h"
#include "services/orders/orders.h"
#include "services/payments/payments.h"
#include "services/tickets/tickets.h"

/* ---- telling ---- */

void tell(struct world *world, const char *format, ...)
{
    char line[512];
    int64_t ms = world->now.ms - world->began.ms;
    int size = snprintf(line, sizeof line, "%3lld:%02lld.%03lld  ", (long long)(ms / 60000),
                        (long long)(ms / 1000 % 60), (long long)(ms % 1000));
    va_list arguments;
    va_start(arguments, format);
    int more = vsnprintf(line + size, sizeof line - (size_t)size, format, arguments);
    va_end(arguments);
    assert(more >= 0);
    for (const char *at = line; *at != '\0'; at++)
        world->hash = (world->hash ^ (uint8_t)*at) * UINT64_C(0x100000001b3);
    if (world->print != NULL)
        world->print(line);
}

void broken(struct world *world, const char *format, ...)
{
    if (world->broken[0] != '\0')
        return;
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(world->broken, sizeof world->broken, format, arguments);
    va_end(arguments);
    tell(world, "BROKEN: %s", world->broken);
}

static const char *scratch(struct world *world, const char *letter, size_t number)
{
    struct names *names = &world->names;
    char *text = names->texts[names->next++ % (sizeof names->texts / sizeof *names->texts)];
    (void)snprintf(text, sizeof *names->texts, "%s%zu", letter, number);
    return text;
}

const char *name_of(struct world *world, uuid id)
{
    const struct ledger *ledger = world->ledger;
    const struct told_ticket *ticket = ledger_ticket(world, id);
    if (ticket != NULL)
        return scratch(world, "t", (size_t)(ticket - ledger->tickets) + 1);
    const struct told_order *order = ledger_order(world, id);
    if (order != NULL)
        return scratch(world, "o", (size_t)(order - ledger->orders) + 1);
    const struct told_charge *charge = ledger_charge(world, id);
    if (charge != NULL)
        return scratch(world, "c", (size_t)(charge - ledger->charges) + 1);
    return "nothing known";
}

const char *price_of(struct world *world, money price)
{
    struct names *names = &world->names;
    char *text = names->texts[names->next++ % (sizeof names->texts / sizeof *names->texts)];
    (void)snprintf(text, sizeof *names->texts, "%lld.%02lld", (long long)(price.minor / 100),
                   (long long)(price.minor % 100));
    return text;
}

instant from_now(const struct world *world, int64_t ms)
{
    return instant_after(world->now, (duration){ ms });
}

/* ---- what happens ---- */

static void happen(struct world *world, const struct happening *happening);

/* Between an operation's statements, whatever else is due may run and commit. */
bool rival_comes(struct node *node, struct happening *ret_rival)
{
    struct world *world = node->world;
    return !world->quiet && !node->replays && world->depth < WORLD_DEPTH_MAX &&
           world->broken[0] == '\0' && percent(&world->chance, world->luck.rival_percent) &&
           agenda_take_rival(world, node, ret_rival);
}

void rival_goes_first(struct node *node, const struct happening *rival)
{
    struct world *world = node->world;
    world->interruptions++;
    tell(world, "  (meanwhile:");
    happen(world, rival);
    tell(world, "  )");
}

static void before_first_write(void *context)
{
    struct node *node = context;
    struct happening rival;
    if (rival_comes(node, &rival))
        rival_goes_first(node, &rival);
}

static void mischief(struct world *world)
{
    struct chance *chance = &world->chance;
    if (world->quiet)
        return;
    struct node *victim = &world->nodes[below(chance, (int64_t)world->node_count)];
    int64_t what = world->luck.meddles && one_in(chance, 2) ? 99 : below(chance, 100);
    if (what < 25) {
        stripe_misbehaves(world);
    } else if (what < 40) {
        world->stripe.out_until = from_now(world, delay_ms(chance, 300000));
        tell(world, "no way to Stripe for a while");
    } else if (what < 50) {
        world->stripe.half_until = from_now(world, delay_ms(chance, 300000));
    } else if (what < 60 && !victim->down) {
        victim->paused_until = from_now(world, delay_ms(chance, 240000));
        tell(world, "%s hangs for a while", victim->name);
    } else if (what < 75 && !victim->down && victim->depth == 0) {
        node_crash(victim, "between two steps");
    } else if (what < 80 && world->luck.bus) {
        bus_repeats_itself(world);
    } else if (world->luck.meddles) {
        dashboard(world);
    }
    agenda_add(world, MISCHIEF, NULL, NULL,
               from_now(world, below(chance, world->luck.mischief_every_ms + 1)));
}

static void happen(struct world *world, const struct happening *happening)
{
    struct node *node = happening->node;
    switch (happening->kind) {
    case PERSON_ACTS:
        person_acts(happening->about);
        break;
    case ERRAND_IS_RUN:
        ask(happening->about);
        break;
    case BANK_ASKS:
        bank(world, ((const struct errand *)happening->about)->about, !one_in(&world->chance, 4));
        break;
    case ASKED_AGAIN:
    case ASKED_LATE:
        asked_again(happening->about, happening->kind == ASKED_LATE);
        break;
    case DUTY_IS_DUE:
        node_duty(node, happening->about);
        break;
    case CLAIM_IS_DUE:
        node_claim(node, happening->about != NULL);
        break;
    case CALL_ARRIVES:
        call_arrives(world, happening->about);
        break;
    case ANSWER_COMES:
        answer_comes(world, node, happening->about);
        break;
    case RELAY_IS_DUE:
        bus_relay(node);
        break;
    case LETTER_COMES:
        bus_deliver(world, happening->about);
        break;
    case MISCHIEF:
        mischief(world);
        break;
    case NODE_RESTARTS:
        tell(world, "%s starts again", node->name);
        node_start(node);
        break;
    case HAPPENING_KINDS:
        assert(!"a happening");
        break;
    }
}

/* ---- the stores ---- */

static const struct service *const services[PARTS] = {
    [PART_AUTH] = &auth_service,         [PART_TICKETS] = &tickets_service,
    [PART_ORDERS] = &orders_service,     [PART_EXPIRATION] = &expiration_service,
    [PART_PAYMENTS] = &payments_service,
};

static void report(void *context, const char *message)
{
    struct world *world = context;
    broken(world, "the store: %s", message);
}

static struct sqlite *open_store(struct world *world, const struct service *const *hosted,
                                 size_t count, const struct sqlite_hooks *hooks)
{
    const struct sqlite_options options = {
        .services = hosted,
        .service_count = count,
        .now = { 1 },
        .hooks = hooks,
        .report = report,
        .report_context = world,
    };
    char message[512];
    struct sqlite *store = NULL;
    if (!sqlite_open(&options, &store, message, sizeof message))
        broken(world, "a store does not open: %s", message);
    return store;
}

static void open_node(struct world *world, struct node *node, enum part first, enum part last)
{
    const struct service *hosted[2 * PARTS + 3] = {
        &host_service,
        &events_service,
        &sim_events_tables,
    };
    size_t count = 3;
    *node = (struct node){ .world = world, .name = first == last ? services[first]->name : "shop" };
    for (unsigned part = first; part <= last; part++) {
        node->services[node->service_count++] = services[part];
        hosted[count++] = services[part];
        hosted[count++] = &sim_tables[part];
    }
    node->hooks =
        (struct sqlite_hooks){ .before_first_write = before_first_write, .context = node };
    node->store = open_store(world, hosted, count, &node->hooks);
}

struct world *world_open(void)
{
    struct world *world = calloc(1, sizeof *world);
    assert(world != NULL);
    world->ledger = calloc(1, sizeof *world->ledger);
    world->errands = calloc(ERRANDS_MAX, sizeof *world->errands);
    assert(world->ledger != NULL && world->errands != NULL);
    open_node(world, &world->whole, PART_AUTH, PART_PAYMENTS);
    for (unsigned part = 0; part < PARTS; part++)
        open_node(world, &world->apart[part], part, part);
    static const struct service *const stripe[] = { &stripe_sim_service, &sim_stripe_tables };
    world->stripe.store = open_store(world, stripe, 2, NULL);
    return world;
}

void world_close(struct world *world)
{
    sqlite_close(world->whole.store);
    for (unsigned part = 0; part < PARTS; part++)
        sqlite_close(world->apart[part].store);
    sqlite_close(world->stripe.store);
    for (size_t i = 0; i < sizeof world->arenas / sizeof *world->arenas; i++)
        arena_free(&world->arenas[i]);
    arena_free(&world->arena);
    free(world->ledger);
    free(world->errands);
    free(world);
}

/* ---- a story ---- */

static struct luck draw_luck(struct chance *chance)
{
    bool calm = one_in(chance, 6); /* sometimes nothing goes wrong but people */
    int64_t bad = calm ? 0 : 1;
    return (struct luck){
        .calm = calm,
        .bus = one_in(chance, 2),
        .crash_permille = bad * below(chance, 2) * below(chance, 15),
        .rival_percent = below(chance, 60),
        .lost_percent = bad * below(chance, 20),
        .slow_percent = bad * below(chance, 30),
        .refused_percent = bad * below(chance, 15),
        .letter_twice_percent = bad * below(chance, 30),
        .disorder_percent = bad * below(chance, 30),
        .mischief_every_ms = between(chance, 2000, 80000),
        .meddles = bad && one_in(chance, 3),
        .buyers = between(chance, 3, 6),
        .sellers = between(chance, 1, 2),
        .skew_ms = one_in(chance, 2)   ? 0
                   : one_in(chance, 2) ? 400
                                       : 6000,
        .hurry = between(chance, 1, 20),
    };
}

static struct settings draw_settings(struct chance *chance, const struct luck *luck)
{
    static const int64_t reservations[] = { 20, 60, 300, 900, 900 };
    struct settings settings = settings_default();
    settings.jwt_key = S("a key of 32 bytes, and for tests");
    settings.bus = luck->bus;
    settings.reservation = seconds(reservations[below(chance, 5)]);
    if (!one_in(chance, 4)) {
        settings.relocks_max = 1000;
        settings.live_orders_max = 1000;
        settings.payments_max = 1000;
    }
    return settings;
}

static void seat_services(struct world *world)
{
    world->node_count = world->luck.bus ? PARTS : 1;
    world->nodes = world->luck.bus ? world->apart : &world->whole;
    for (unsigned part = 0; part < PARTS; part++)
        world->at[part] = world->luck.bus ? &world->nodes[part] : &world->nodes[0];
}

static void begin(struct world *world, uint64_t seed, void (*print)(const char *line))
{
    memset(world->ledger, 0, sizeof *world->ledger);
    arena_reset(&world->arena);
    world->agenda = (struct agenda){ .items = NULL };
    world->seed = seed;
    world->now = world->began = (instant){ INT64_C(1795176000000) };
    world->errand_count = world->happenings = world->depth = 0;
    world->operations = world->interruptions = world->stales = world->crashes = 0;
    memset(world->answers, 0, sizeof world->answers);
    world->charged_at = (instant){ 0 };
    world->letters = NULL;
    world->quiet = true; /* while it is set up */
    world->broken[0] = '\0';
    world->hash = UINT64_C(0xcbf29ce484222325);
    world->print = print;
    chance_open(&world->chance, seed);
    world->luck = draw_luck(&world->chance);
    world->settings = draw_settings(&world->chance, &world->luck);
    world->stripe.options = (struct stripe_sim_options){ .control_token = S("control") };
    world->stripe.out_until = world->stripe.half_until = (instant){ 0 };
    seat_services(world);
}

/* Clocks of machines are never quite the same; one process has but one. */
static int64_t draw_skew(struct world *world)
{
    int64_t most = world->luck.bus ? world->luck.skew_ms : 0;
    return between(&world->chance, -most, most);
}

static void set_up(struct world *world)
{
    if (stripe_control(world, POST, "/_sim/reset", NULL) != STATUS_NO_CONTENT)
        broken(world, "Stripe is not reset");
    for (size_t i = 0; i < world->node_count; i++) {
        struct node *node = &world->nodes[i];
        node->down = false;
        node->paused_until = (instant){ 0 };
        node->ahead_ms = draw_skew(world);
        node->told_count = 0;
        node->life = node->depth = 0;
        node->host = host_of(node->services, node->service_count, &world->settings);
        if (node_run(node, "wipe", S("wipe"), wipe_node, node) != COMMITTED)
            broken(world, "%s is not wiped", node->name);
        node_start(node);
    }
    people_arrive(world);
    world->quiet = false;
    if (world->luck.crash_permille + world->luck.lost_percent > 0)
        agenda_add(world, MISCHIEF, NULL, NULL,
                   from_now(world, below(&world->chance, world->luck.mischief_every_ms + 1)));
}

static bool step(struct world *world)
{
    struct happening next;
    if (world->broken[0] != '\0' || !agenda_take(world, &next))
        return false;
    if (next.due.ms > world->now.ms)
        world->now = next.due;
    world->happenings++;
    happen(world, &next);
    if (world->happenings % 64 == 0)
        truths_of_tables(world);
    return true;
}

/* From here on nothing goes wrong any more: everything is to come to its end. */
static void calm_down(struct world *world)
{
    tell(world, "the storm is over");
    world->quiet = true;
    world->stripe.out_until = world->stripe.half_until = (instant){ 0 };
    for (size_t i = 0; i < world->node_count; i++)
        world->nodes[i].paused_until = (instant){ 0 };
    if (stripe_control(world, DELETE, "/_sim/faults", NULL) != STATUS_NO_CONTENT)
        broken(world, "Stripe does not stop failing");
}

static void come_to_rest(struct world *world)
{
    instant patience = from_now(world, hours(30).ms);
    const char *why = NULL;
    while (!world_is_at_rest(world, &why)) {
        for (int i = 0; i < 16; i++) {
            if (!step(world))
                return;
        }
        if (world->now.ms > patience.ms) {
            broken(world, "it never comes to rest: %s", why);
            return;
        }
    }
}

bool world_run(struct world *world, uint64_t seed, void (*print)(const char *line))
{
    begin(world, seed, print);
    tell(world, "seed %llu: services %s, crashes %lld, rivals %lld, reservation %lld s",
         (unsigned long long)seed, world->luck.bus ? "apart" : "together",
         (long long)world->luck.crash_permille, (long long)world->luck.rival_percent,
         (long long)world->settings.reservation.ms / 1000);
    set_up(world);
    int64_t length = between(&world->chance, 200, 1500);
    while ((int64_t)world->happenings < length && step(world))
        continue;
    if (world->broken[0] == '\0') {
        calm_down(world);
        come_to_rest(world);
    }
    if (world->broken[0] == '\0')
        truths_at_rest(world);
    return world->broken[0] == '\0';
}
