/* Sellers and buyers.  They are impatient, forgetful and greedy, and all want the same tickets. */
#include "sim/sim.h"

static str text(struct world *world, const char *format, ...) __attribute__((format(printf, 2, 3)));

static str text(struct world *world, const char *format, ...)
{
    char line[512];
    va_list arguments;
    va_start(arguments, format);
    int size = vsnprintf(line, sizeof line, format, arguments);
    va_end(arguments);
    assert(size >= 0 && (size_t)size < sizeof line);
    return str_copy(&world->arena, (str){ line, (size_t)size });
}

static const char *path_of(struct world *world, const char *prefix, uuid id)
{
    str path = text(world, "%s%.*s", prefix, UUID_TEXT_SIZE, uuid_text(&world->arena, id).data);
    return str_terminated(&world->arena, path);
}

/* ---- errands ---- */

static struct errand *new_errand(struct person *person, enum purpose purpose, uuid about)
{
    struct world *world = person->world;
    if (world->errand_count == ERRANDS_MAX)
        return NULL;
    struct errand *errand = &world->errands[world->errand_count++];
    bool keyed = one_in(&world->chance, 2);
    *errand = (struct errand){ .person = person, .purpose = purpose, .about = about };
    errand->correlation =
        text(world, "%s-%s-%zu", keyed ? "key" : "ask", person->name, person->errand_count++);
    if (keyed && purpose != TO_LOOK)
        errand->key = errand->correlation;
    return errand;
}

/* Sometimes twice at once, as with a double click, or again when the answer is slow. */
static void run_errand(struct errand *errand)
{
    struct world *world = errand->person->world;
    if (errand->purpose != TO_LIST && one_in(&world->chance, 8))
        agenda_add(world, ERRAND_IS_RUN, NULL, errand,
                   from_now(world, one_in(&world->chance, 2) ? 0 : delay_ms(&world->chance, 3000)));
    ask(errand);
}

/* ---- sellers ---- */

static money some_price(struct world *world)
{
    static const int64_t prices[] = { 50, 999, 2000, 2005, 4250, 99999999 };
    return (money){ prices[below(&world->chance, 6)] };
}

/* Some events are about to begin. */
static str listing(struct world *world, money price)
{
    long long number = below(&world->chance, 1000);
    const char *shown = price_of(world, price);
    if (!one_in(&world->chance, 5))
        return text(world, "{\"title\":\"Concert %lld\",\"price\":%s}", number, shown);
    char begins[INSTANT_TEXT_SIZE];
    instant_write(
        from_now(world, between(&world->chance, 300, one_in(&world->chance, 2) ? 5000 : 600000)),
        begins);
    return text(world, "{\"title\":\"Concert %lld\",\"price\":%s,\"startsAt\":\"%.*s\"}", number,
                shown, INSTANT_TEXT_SIZE, begins);
}

static void sell(struct person *person)
{
    struct errand *errand = new_errand(person, TO_LIST, (uuid){ { 0 } });
    if (errand == NULL)
        return;
    errand->part = PART_TICKETS;
    errand->method = POST;
    errand->path = "/api/tickets";
    errand->body = listing(person->world, some_price(person->world));
    run_errand(errand);
}

/* One of the newest, for that is where everybody looks. */
static const struct told_ticket *some_ticket(struct world *world)
{
    size_t count = world->ledger->ticket_count;
    if (count == 0)
        return NULL;
    int64_t back = below(&world->chance, count < 4 ? (int64_t)count : 4);
    return &world->ledger->tickets[count - 1 - (size_t)back];
}

/* Mostly one's own. */
static const struct told_ticket *ticket_to_change(struct person *person)
{
    const struct told_ticket *ticket = some_ticket(person->world);
    for (int tries = 0; tries < 4 && ticket && !uuid_equal(ticket->user_id, person->id); tries++)
        ticket = some_ticket(person->world);
    return ticket;
}

static void edit(struct person *person)
{
    struct world *world = person->world;
    const struct told_ticket *ticket = ticket_to_change(person);
    struct errand *errand = ticket ? new_errand(person, TO_EDIT, ticket->id) : NULL;
    if (errand == NULL)
        return;
    errand->part = PART_TICKETS;
    errand->method = PUT;
    if (one_in(&world->chance, 2)) {
        errand->version = ticket->version;
        errand->if_match = text(world, "\"v%lld\"", (long long)ticket->version);
    }
    errand->path = path_of(world, "/api/tickets/", ticket->id);
    errand->body = listing(world, some_price(world));
    run_errand(errand);
}

static void withdraw(struct person *person)
{
    struct world *world = person->world;
    const struct told_ticket *ticket = ticket_to_change(person);
    struct errand *errand = ticket ? new_errand(person, TO_WITHDRAW, ticket->id) : NULL;
    if (errand == NULL)
        return;
    errand->part = PART_TICKETS;
    errand->method = DELETE;
    errand->path = path_of(world, "/api/tickets/", ticket->id);
    run_errand(errand);
}

static size_t tickets_for_sale(const struct world *world)
{
    size_t count = 0;
    for (size_t i = 0; i < world->ledger->ticket_count; i++) {
        enum ticket_status status = world->ledger->tickets[i].status;
        count += status == TICKET_AVAILABLE;
    }
    return count;
}

static void seller_acts(struct person *person)
{
    struct world *world = person->world;
    if (tickets_for_sale(world) < 2 || one_in(&world->chance, 4))
        sell(person);
    else if (one_in(&world->chance, 12))
        withdraw(person);
    else
        edit(person);
}

/* ---- buyers ---- */

static void order(struct person *person)
{
    struct world *world = person->world;
    const struct told_ticket *ticket = some_ticket(world);
    struct errand *errand = ticket ? new_errand(person, TO_ORDER, ticket->id) : NULL;
    if (errand == NULL)
        return;
    errand->part = PART_ORDERS;
    errand->method = POST;
    errand->path = "/api/orders";
    const char *id = uuid_text(&world->arena, ticket->id).data;
    if (one_in(&world->chance, 2)) {
        errand->max_price = ticket->price;
        errand->body = text(world, "{\"ticketId\":\"%.*s\",\"maxPrice\":%s}", UUID_TEXT_SIZE, id,
                            price_of(world, ticket->price));
    } else {
        errand->body = text(world, "{\"ticketId\":\"%.*s\"}", UUID_TEXT_SIZE, id);
    }
    run_errand(errand);
}

/* Mostly a live one of his own, sometimes an old one, rarely somebody else's. */
static const struct told_order *some_order(struct person *person)
{
    struct world *world = person->world;
    const struct ledger *ledger = world->ledger;
    const struct told_order *chosen = NULL;
    bool any = one_in(&world->chance, 6);
    bool anybodys = one_in(&world->chance, 20);
    int64_t candidates = 0;
    for (size_t i = 0; i < ledger->order_count; i++) {
        const struct told_order *each = &ledger->orders[i];
        bool own = anybodys || uuid_equal(each->user_id, person->id);
        if (!own || !(any || order_is_live(each)))
            continue;
        candidates++;
        if (one_in(&world->chance, candidates))
            chosen = each;
    }
    return chosen;
}

static const char *some_token(struct world *world)
{
    static const char *const tokens[] = {
        "tok_visa",
        "tok_visa",
        "pm_card_visa",
        "pm_card_visa",
        "pm_card_mastercard",
        "tok_amex",
        "pm_card_visa_chargeDeclined",
        "tok_visa_chargeDeclinedInsufficientFunds",
        "pm_card_threeDSecure2Required",
        "pm_card_threeDSecureRequiredChargeDeclined",
        "pm_sim_slow_20000",
        "pm_sim_timeout_after",
        "pm_nonsense",
        "tok_nonsense",
        "pm_sim_hold_lapses",
        "pm_sim_capture_fails",
        "pm_card_pendingRefund",
        "pm_card_refundFail",
    };
    return tokens[below(&world->chance, sizeof tokens / sizeof *tokens)];
}

static bool is_good(const char *token)
{
    str name = str_of(token);
    return str_is(name, "tok_visa") || str_is(name, "pm_card_visa") ||
           str_is(name, "pm_card_mastercard") || str_is(name, "tok_amex");
}

static void pay(struct person *person, const struct told_order *order_)
{
    struct world *world = person->world;
    struct errand *errand = new_errand(person, TO_PAY, order_->id);
    if (errand == NULL)
        return;
    errand->part = PART_PAYMENTS;
    errand->method = POST;
    errand->path = "/api/payments";
    const char *token = some_token(world);
    errand->body = text(world, "{\"orderId\":\"%.*s\",\"token\":\"%s\"}", UUID_TEXT_SIZE,
                        uuid_text(&world->arena, order_->id).data, token);
    errand->good_card = is_good(token);
    run_errand(errand);
}

static void cancel(struct person *person, const struct told_order *order_)
{
    struct world *world = person->world;
    struct errand *errand = new_errand(person, TO_CANCEL, order_->id);
    if (errand == NULL)
        return;
    errand->part = PART_ORDERS;
    errand->method = DELETE;
    errand->path = path_of(world, "/api/orders/", order_->id);
    run_errand(errand);
}

static void look(struct person *person, const struct told_order *order_)
{
    struct world *world = person->world;
    struct errand *errand = new_errand(person, TO_LOOK, order_->id);
    if (errand == NULL)
        return;
    errand->part = PART_ORDERS;
    errand->method = GET;
    errand->path = path_of(world, "/api/orders/", order_->id);
    ask(errand);
}

/* An old request with its key, as by a client that never heard the answer. */
static void repeat(struct person *person)
{
    struct world *world = person->world;
    struct errand *chosen = NULL;
    int64_t candidates = 0;
    for (size_t i = 0; i < world->errand_count; i++) {
        struct errand *each = &world->errands[i];
        if (each->person != person || each->key.data == NULL)
            continue;
        candidates++;
        if (one_in(&world->chance, candidates))
            chosen = each;
    }
    if (chosen != NULL)
        ask(chosen);
}

static bool is_nearly_over(const struct world *world, const struct told_order *own)
{
    return order_is_live(own) && from_now(world, 1000).ms > own->expires_at.ms;
}

#define PAYING_MOOD 69

static void buyer_acts(struct person *person)
{
    struct world *world = person->world;
    const struct told_order *own = some_order(person);
    int64_t mood = below(&world->chance, 100);
    if (own != NULL && is_nearly_over(world, own) && one_in(&world->chance, 2))
        mood = PAYING_MOOD;
    if (mood < 8)
        repeat(person);
    else if (own == NULL || mood < 25)
        order(person);
    else if (mood <= PAYING_MOOD)
        pay(person, own);
    else if (mood < 80)
        cancel(person, own);
    else if (mood < 92)
        look(person, own);
    /* or does nothing */
}

/* ---- their time ---- */

/* At the last moment, or a moment too late. */
static instant around_deadline(struct person *person)
{
    struct world *world = person->world;
    instant deadline = ledger_next_deadline(world);
    if (deadline.ms <= world->now.ms)
        return from_now(world, 1);
    return (instant){ deadline.ms + between(&world->chance, -400, 60) };
}

static instant next_act(struct person *person)
{
    struct world *world = person->world;
    int64_t kind = below(&world->chance, 100);
    if (person->sells && kind < 60)
        return from_now(world, between(&world->chance, 500, 20000 / world->luck.hurry + 500));
    if (kind < 15)
        return around_deadline(person);
    if (kind < 45)
        return from_now(world, below(&world->chance, 40));
    if (kind < 80)
        return from_now(world, below(&world->chance, 10000 / world->luck.hurry + 1));
    return from_now(world,
                    below(&world->chance, world->settings.reservation.ms / world->luck.hurry + 1));
}

void person_acts(struct person *person)
{
    struct world *world = person->world;
    if (world->quiet)
        return;
    if (person->sells)
        seller_acts(person);
    else
        buyer_acts(person);
    agenda_add(world, PERSON_ACTS, NULL, person, next_act(person));
}

void people_arrive(struct world *world)
{
    static const char *const names[PEOPLE_MAX] = { "alice", "bob",  "carol", "dave",
                                                   "erin",  "fred", "grace", "heidi" };
    world->person_count = (size_t)(world->luck.sellers + world->luck.buyers);
    assert(world->person_count <= PEOPLE_MAX);
    for (size_t i = 0; i < world->person_count; i++) {
        struct person *person = &world->people[i];
        *person = (struct person){
            .world = world,
            .name = names[i],
            .id = { { 0xA0, (uint8_t)(i + 1) } },
            .sells = i < (size_t)world->luck.sellers,
        };
        const struct token token = {
            .caller = { .user = person->id, .session = { { 0x5E, (uint8_t)(i + 1) } } },
            .expires_at = from_now(world, hours(24 * 30).ms),
        };
        person->token =
            text(world, "Bearer %s",
                 str_terminated(&world->arena,
                                token_sign(&world->arena, world->settings.jwt_key, &token)));
        agenda_add(world, PERSON_ACTS, NULL, person,
                   from_now(world, below(&world->chance, person->sells ? 20 : 2000)));
    }
}
