/* What happens next. */
#include "sim/sim.h"

struct happening *agenda_add(struct world *world, enum happening_kind kind, struct node *node,
                             void *about, instant due)
{
    struct agenda *agenda = &world->agenda;
    if (agenda->count == agenda->capacity) {
        size_t capacity = agenda->capacity == 0 ? 256 : 2 * agenda->capacity;
        struct happening *items = ARENA_ARRAY(&world->arena, struct happening, capacity);
        if (agenda->count > 0)
            memcpy(items, agenda->items, agenda->count * sizeof *items);
        agenda->items = items;
        agenda->capacity = capacity;
    }
    struct happening *added = &agenda->items[agenda->count++];
    *added = (struct happening){
        .due = due.ms > world->now.ms ? due : world->now,
        .order = agenda->next_order++,
        .kind = kind,
        .node = node,
        .life = node != NULL ? node->life : 0,
        .about = about,
    };
    return added;
}

static bool comes_before(const struct happening *a, const struct happening *b)
{
    return a->due.ms != b->due.ms ? a->due.ms < b->due.ms : a->order < b->order;
}

static struct happening take_at(struct agenda *agenda, size_t at)
{
    struct happening taken = agenda->items[at];
    agenda->items[at] = agenda->items[--agenda->count];
    return taken;
}

/* A process that hangs does nothing, and later everything at once. */
static void put_off(struct happening *happening)
{
    if (happening->node != NULL && happening->due.ms < happening->node->paused_until.ms)
        happening->due = happening->node->paused_until;
}

bool agenda_take(struct world *world, struct happening *ret_next)
{
    struct agenda *agenda = &world->agenda;
    if (agenda->count == 0)
        return false;
    size_t first = 0;
    for (size_t i = 0; i < agenda->count; i++) {
        put_off(&agenda->items[i]);
        if (comes_before(&agenda->items[i], &agenda->items[first]))
            first = i;
    }
    *ret_next = take_at(agenda, first);
    return true;
}

#define RIVALS_WITHIN_MS 5000

/* Never earlier than a promise allows: a deadline is not an accident. */
static bool may_come_early(const struct happening *happening)
{
    return happening->kind == PERSON_ACTS || happening->kind == ERRAND_IS_RUN ||
           happening->kind == BANK_ASKS || happening->kind == ASKED_AGAIN ||
           happening->kind == DUTY_IS_DUE || happening->kind == CLAIM_IS_DUE ||
           happening->kind == ANSWER_COMES || happening->kind == LETTER_COMES;
}

bool agenda_take_rival(struct world *world, const struct node *node, struct happening *ret_rival)
{
    struct agenda *agenda = &world->agenda;
    size_t chosen = SIZE_MAX;
    int64_t candidates = 0;
    for (size_t i = 0; i < agenda->count; i++) {
        const struct happening *item = &agenda->items[i];
        bool here = item->node == node || item->node == NULL;
        if (!here || !may_come_early(item) || item->due.ms > world->now.ms + RIVALS_WITHIN_MS)
            continue;
        candidates++;
        if (one_in(&world->chance, candidates))
            chosen = i;
    }
    if (chosen == SIZE_MAX)
        return false;
    *ret_rival = take_at(agenda, chosen);
    return true;
}

static bool dies_with_its_process(const struct happening *item)
{
    return item->kind == ASKED_AGAIN || item->kind == ASKED_LATE || item->kind == DUTY_IS_DUE ||
           item->kind == CLAIM_IS_DUE || item->kind == ANSWER_COMES || item->kind == RELAY_IS_DUE;
}

void agenda_forget(struct world *world, const struct node *node)
{
    struct agenda *agenda = &world->agenda;
    for (size_t i = 0; i < agenda->count;) {
        if (agenda->items[i].node == node && dies_with_its_process(&agenda->items[i]))
            (void)take_at(agenda, i);
        else
            i++;
    }
}
