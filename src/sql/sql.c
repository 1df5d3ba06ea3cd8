/* The door to every driver: what holds for all of them is decided here, once. */
#include "sql/sql.h"

static struct tx *tx_of(const struct op *op)
{
    assert(op != NULL && op->tx != NULL && op->tx->driver != NULL);
    return op->tx;
}

/* After a failure nobody knows what the database kept, and PostgreSQL refuses everything: so does
 * this, with every driver, or tests on one would lie about the other. */
static err settle(struct tx *tx, err result)
{
    if (result.problem != NULL && !err_is(result, STATUS_NOT_FOUND))
        tx->lost = true;
    return result;
}

static err run_counted(struct op *op, const struct query *query, const void *in,
                       int64_t *ret_touched)
{
    struct tx *tx = tx_of(op);
    assert(query != NULL && query->text != NULL);
    assert(in != NULL || query->in == NULL);
    if (tx->lost)
        return FAIL(problem_broken);

    int64_t touched = 0;
    TRY(settle(tx, tx->driver->run(op, query, in, &touched)));
    assert(touched >= 0);
    *ret_touched = touched;
    return OK;
}

err sql_run(struct op *op, const struct query *query, const void *in)
{
    int64_t touched;
    TRY(run_counted(op, query, in, &touched));
    if (touched == 0)
        return FAIL(problem_stale);
    assert(touched == 1);
    return OK;
}

err sql_run_any(struct op *op, const struct query *query, const void *in, int64_t *ret_touched)
{
    int64_t touched;
    TRY(run_counted(op, query, in, &touched));
    if (ret_touched != NULL)
        *ret_touched = touched;
    return OK;
}

err sql_one(struct op *op, const struct query *query, const void *in, void *out)
{
    struct tx *tx = tx_of(op);
    assert(query != NULL && query->text != NULL && query->out != NULL && out != NULL);
    assert(in != NULL || query->in == NULL);
    if (tx->lost)
        return FAIL(problem_broken);
    return settle(tx, tx->driver->one(op, query, in, out));
}

err sql_all(struct op *op, const struct query *query, const void *in, size_t item_size, size_t max,
            struct rows *ret_rows)
{
    struct tx *tx = tx_of(op);
    assert(query != NULL && query->text != NULL && query->out != NULL);
    assert(in != NULL || query->in == NULL);
    assert(item_size > 0 && ret_rows != NULL);
    if (tx->lost)
        return FAIL(problem_broken);
    return settle(tx, tx->driver->all(op, query, in, item_size, max, ret_rows));
}

err sql_mark(struct op *op)
{
    struct tx *tx = tx_of(op);
    if (tx->lost)
        return FAIL(problem_broken);
    return settle(tx, tx->driver->mark(op));
}

err sql_undo(struct op *op)
{
    struct tx *tx = tx_of(op);
    err result = tx->driver->undo(op);
    tx->lost = result.problem != NULL;
    return result;
}

err sql_keep(struct op *op)
{
    struct tx *tx = tx_of(op);
    if (tx->lost)
        return FAIL(problem_broken);
    return settle(tx, tx->driver->keep(op));
}
