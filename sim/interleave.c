/* Others commit between any two statements of an operation, as PostgreSQL's READ COMMITTED lets
 * them.
 *
 * SQLite has one writer, so this is how: what the operation has written is taken back, the others
 * run and commit, and it is written once more.  If that goes differently, they wanted the same
 * rows: PostgreSQL would have made one of the two wait and fail, so the operation is overtaken. */
#include "sim/sim.h"

static struct interleaved *interleaved_of(const struct op *op)
{
    return (struct interleaved *)op->tx;
}

/* ---- what was written ---- */

static size_t extent(const struct field *fields)
{
    size_t most = 0;
    for (const struct field *field = fields; field != NULL && field->name != NULL; field++) {
        size_t inside =
            field->kind == FIELD_KIND_RECORD ? extent(field->fields) : field_size(field);
        most = field->offset + inside > most ? field->offset + inside : most;
    }
    return most;
}

static void note(struct op *op, const struct query *query, const void *in, int64_t touched)
{
    struct interleaved *each = interleaved_of(op);
    if (each->count == INTERLEAVED_MAX) {
        each->full = true;
        return;
    }
    size_t size = extent(query->in);
    void *copy = arena_take(op->arena, size + 1);
    if (in != NULL)
        memcpy(copy, in, size);
    each->writes[each->count++] = (struct written){
        .query = query,
        .in = in != NULL ? copy : NULL,
        .touched = touched,
    };
}

static bool is_write(const struct query *query)
{
    return !str_starts(str_of(query->text), S("select"));
}

/* ---- once more ---- */

static err write_again(struct op *op)
{
    struct interleaved *each = interleaved_of(op);
    struct tx *outer = op->tx;
    err result = OK;
    for (size_t i = 0; i <= each->count && result.problem == NULL; i++) {
        op->tx = each->inner;
        bool marks = each->marked && each->mark == i;
        if (marks)
            result = each->inner->driver->mark(op);
        if (i == each->count || result.problem != NULL)
            break;
        const struct written *write = &each->writes[i];
        int64_t touched = 0;
        result = each->inner->driver->run(op, write->query, write->in, &touched);
        if (result.problem == NULL && touched != write->touched)
            result = FAIL(problem_stale);
    }
    op->tx = outer;
    return result.problem == NULL ? OK : FAIL(problem_stale);
}

/* Before a statement: perhaps somebody else first. */
static err give_way(struct op *op)
{
    struct interleaved *each = interleaved_of(op);
    struct node *node = each->node;
    struct world *world = node->world;
    struct happening rival;
    if (each->count == 0 || each->full || !one_in(&world->chance, 4) || !rival_comes(node, &rival))
        return OK;
    sqlite_rollback(node->store);
    rival_goes_first(node, &rival);
    err begun = sqlite_begin(node->store);
    assert(begun.problem == NULL);
    each->inner = sqlite_tx(node->store);
    node->replays = true;
    err written = write_again(op);
    node->replays = false;
    return written;
}

/* ---- the driver ---- */

static err run(struct op *op, const struct query *query, const void *in, int64_t *ret_touched)
{
    TRY(give_way(op));
    struct interleaved *each = interleaved_of(op);
    op->tx = each->inner;
    err result = each->inner->driver->run(op, query, in, ret_touched);
    op->tx = &each->tx;
    if (result.problem == NULL && is_write(query))
        note(op, query, in, *ret_touched);
    return result;
}

static err one(struct op *op, const struct query *query, const void *in, void *out)
{
    TRY(give_way(op));
    struct interleaved *each = interleaved_of(op);
    op->tx = each->inner;
    err result = each->inner->driver->one(op, query, in, out);
    op->tx = &each->tx;
    if (is_write(query))
        each->full = true; /* what it touched is not known: no more of this */
    return result;
}

static err all(struct op *op, const struct query *query, const void *in, size_t item_size,
               size_t max, struct rows *ret_rows)
{
    TRY(give_way(op));
    struct interleaved *each = interleaved_of(op);
    op->tx = each->inner;
    err result = each->inner->driver->all(op, query, in, item_size, max, ret_rows);
    op->tx = &each->tx;
    if (is_write(query))
        each->full = true;
    return result;
}

static err mark(struct op *op)
{
    struct interleaved *each = interleaved_of(op);
    each->marked = true;
    each->mark = each->count;
    op->tx = each->inner;
    err result = each->inner->driver->mark(op);
    op->tx = &each->tx;
    return result;
}

static err undo(struct op *op)
{
    struct interleaved *each = interleaved_of(op);
    each->count = each->mark;
    each->marked = false;
    op->tx = each->inner;
    err result = each->inner->driver->undo(op);
    op->tx = &each->tx;
    return result;
}

static err keep(struct op *op)
{
    struct interleaved *each = interleaved_of(op);
    each->marked = false;
    op->tx = each->inner;
    err result = each->inner->driver->keep(op);
    op->tx = &each->tx;
    return result;
}

static const struct tx_driver driver = {
    .run = run,
    .one = one,
    .all = all,
    .mark = mark,
    .undo = undo,
    .keep = keep,
};

void interleave(struct interleaved *each, struct node *node)
{
    each->tx = (struct tx){ .driver = &driver };
    each->node = node;
    each->inner = sqlite_tx(node->store);
    each->count = 0;
    each->marked = each->full = false;
}
