/* The bus: what commits here is heard there; sometimes late, twice, or behind what came later. */
#include "sim/sim.h"

#define RELAY_BATCH 20

/* An event on its way to one service. */
struct letter {
    struct letter *older;
    struct node *to;
    uuid subject;
    str text;
    int64_t tries;
};

/* ---- out of a store ---- */

static bool hears(const struct node *node, enum event_type type)
{
    for (size_t i = 0; i < node->service_count; i++) {
        if (event_is_heard(node->services[i]->subscriptions, type))
            return true;
    }
    return false;
}

/* Not before what was sent of the same aggregate, unless things go wrong. */
static instant arrival(struct world *world, const struct node *to, uuid subject)
{
    struct chance *chance = &world->chance;
    instant due = from_now(world, 1 + delay_ms(chance, 30000));
    if (!world->quiet && percent(chance, world->luck.disorder_percent))
        return due;
    for (size_t i = 0; i < world->agenda.count; i++) {
        const struct happening *item = &world->agenda.items[i];
        const struct letter *other = item->about;
        if (item->kind == LETTER_COMES && item->node == to && uuid_equal(other->subject, subject) &&
            item->due.ms > due.ms)
            due = item->due;
    }
    return due;
}

static void publish(struct node *from, str text, const struct event *event)
{
    struct world *world = from->world;
    const struct event_head *head = event->data;
    for (size_t i = 0; i < world->node_count; i++) {
        struct node *to = &world->nodes[i];
        if (to == from || !hears(to, event->type))
            continue;
        struct letter *letter = ARENA_NEW(&world->arena, struct letter);
        *letter = (struct letter){
            .older = world->letters,
            .to = to,
            .subject = head->subject,
            .text = text,
        };
        world->letters = letter;
        agenda_add(world, LETTER_COMES, to, letter, arrival(world, to, head->subject));
    }
}

struct relaying {
    struct node *node;
    struct rows rows;
    size_t published;
};

static err see_pending(struct op *op, void *context)
{
    struct relaying *relaying = context;
    TRY(outbox_pending(op, RELAY_BATCH, &relaying->rows));
    struct world *world = relaying->node->world;
    const struct outbox_row *rows = relaying->rows.items;
    for (size_t i = 0; i < relaying->rows.count; i++) {
        struct event event;
        err read = outbox_event(op->arena, &rows[i], &event);
        if (read.problem != NULL) {
            broken(world, "P5: the outbox of %s holds what is no event", relaying->node->name);
            return OK;
        }
        publish(relaying->node, str_copy(&world->arena, event_write(op->arena, &event)), &event);
    }
    return OK;
}

static err mark_published(struct op *op, void *context)
{
    struct relaying *relaying = context;
    struct rows rows;
    TRY(outbox_pending(op, relaying->published, &rows));
    const struct outbox_row *row = rows.items;
    for (size_t i = 0; i < rows.count; i++)
        TRY(outbox_mark_published(op, row[i].seq));
    return OK;
}

void bus_relay(struct node *node)
{
    struct world *world = node->world;
    struct relaying relaying = { .node = node };
    node_read(node, see_pending, &relaying);
    relaying.published = relaying.rows.count;
    if (relaying.published == 0) {
        node->relay_is_due = false;
        return;
    }
    tell(world, "%s publishes %zu", node->name, relaying.published);
    if (!world->quiet && one_in(&world->chance, 50)) {
        node_crash(node, "between publishing and noting it");
        return;
    }
    if (node_run(node, "relay", S("relay"), mark_published, &relaying) != CRASHED)
        agenda_add(world, RELAY_IS_DUE, node, NULL, from_now(world, delay_ms(&world->chance, 500)));
}

/* ---- into another ---- */

static err run_hear(struct op *op, void *context)
{
    const struct letter *letter = context;
    struct node *node = letter->to;
    struct event event;
    err read = event_read(op->arena, letter->text, &event);
    if (read.problem != NULL) {
        broken(node->world, "P5: an event off the bus cannot be read: %.*s", (int)letter->text.size,
               letter->text.data);
        return OK;
    }
    for (size_t i = 0; i < node->service_count; i++)
        TRY(host_hear(&node->host, op, node->services[i], &event));
    return OK;
}

static void again(struct letter *letter, int64_t ms)
{
    struct world *world = letter->to->world;
    agenda_add(world, LETTER_COMES, letter->to, letter, from_now(world, ms));
}

void bus_deliver(struct world *world, void *context)
{
    struct letter *letter = context;
    struct chance *chance = &world->chance;
    if (letter->to->down) {
        again(letter, between(chance, 100, 5000));
        return;
    }
    letter->tries++;
    enum ended ended = node_run(letter->to, "letter", (str){ NULL, 0 }, run_hear, letter);
    tell(world, "%s hears of %s%s", letter->to->name, name_of(world, letter->subject),
         ended == COMMITTED ? "" : ", in vain");
    if (ended != COMMITTED) {
        int64_t backoff = letter->tries < 8 ? (int64_t)100 << letter->tries : 30000;
        again(letter, between(chance, backoff / 2, backoff));
    } else if (!world->quiet && percent(chance, world->luck.letter_twice_percent)) {
        again(letter, delay_ms(chance, 120000)); /* its acknowledgement was lost */
    }
}

/* Old news once more, as for a consumer that starts from the beginning. */
void bus_repeats_itself(struct world *world)
{
    int64_t many = between(&world->chance, 1, 20);
    for (struct letter *letter = world->letters; letter != NULL; letter = letter->older) {
        if (one_in(&world->chance, many))
            again(letter, delay_ms(&world->chance, 60000));
    }
    tell(world, "the bus repeats itself");
}
