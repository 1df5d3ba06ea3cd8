/* Operations on a connection: their transactions, and the statements within. */
#include "adapters/sqlite_inside.h"

#include <stdio.h>

static const struct problem unavailable = {
    .status = STATUS_UNAVAILABLE,
    .message = "The store cannot write just now; please try again",
    .retry_after_s = 1,
};

/* ---- failures ---- */

static void report(const struct sqlite *store, const char *what, const char *why)
{
    if (store->report == NULL)
        return;
    char message[512];
    snprintf(message, sizeof message, "%s: %s", what, why);
    store->report(store->report_context, message);
}

static err report_query(const struct sqlite *store, const struct query *query, const char *why)
{
    char name[SQLITE_QUERY_NAME_SIZE];
    report(store, sqlite_query_name(query, name), why);
    return FAIL(problem_broken);
}

/* A unique index or a foreign key may refuse what people ask for.  A check or a null that may not
 * be is refused too, but somebody should hear of it. */
static bool is_expected(int code)
{
    return code == SQLITE_CONSTRAINT_UNIQUE || code == SQLITE_CONSTRAINT_PRIMARYKEY ||
           code == SQLITE_CONSTRAINT_ROWID || code == SQLITE_CONSTRAINT_FOREIGNKEY;
}

/* What an SQLite error means to a client; `what` names the statement in the report. */
static err failure(const struct sqlite *store, int code, const char *what)
{
    if (is_expected(code))
        return FAIL(problem_conflict);
    report(store, what, sqlite3_errmsg(store->db));
    switch (code & 0xff) {
    case SQLITE_CONSTRAINT:
        return FAIL(problem_conflict);
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
    case SQLITE_FULL:
    case SQLITE_IOERR:
    case SQLITE_CANTOPEN:
        return FAIL(unavailable);
    default:
        return FAIL(problem_broken);
    }
}

static err control(struct sqlite *store, enum sqlite_control what)
{
    sqlite3_stmt *statement = store->controls[what];
    int code = sqlite3_step(statement);
    err result = code == SQLITE_DONE ? OK : failure(store, code, sqlite3_sql(statement));
    sqlite3_reset(statement);
    return result;
}

/* After some errors SQLite has rolled everything back by itself. */
static bool is_rolled_back(const struct sqlite *store)
{
    return sqlite3_get_autocommit(store->db) != 0;
}

/* ---- operations ---- */

static struct sqlite_scope *top_of(struct sqlite *store)
{
    return &store->scopes[store->depth];
}

static struct sqlite_scope *push(struct sqlite *store, bool reads)
{
    /* Only a hook opens an operation inside another, which then has not written yet. */
    assert(!top_of(store)->begun);
    assert(store->depth + 1 < SQLITE_SCOPES_MAX);
    store->depth++;
    struct sqlite_scope *scope = top_of(store);
    *scope = (struct sqlite_scope){
        .tx = { .driver = &sqlite_driver },
        .store = store,
        .reads = reads,
    };
    return scope;
}

static void pop(struct sqlite *store)
{
    assert(store->depth > 0);
    store->depth--;
}

struct tx *sqlite_tx(struct sqlite *store)
{
    struct sqlite_scope *scope = top_of(store);
    if (store->depth == 0)
        scope->tx.lost = false; /* each operation starts anew, though nothing begins */
    return &scope->tx;
}

static err begin_now(struct sqlite_scope *scope)
{
    struct sqlite *store = scope->store;
    if (store->in_batch && !sqlite_batch_lives(store))
        return FAIL(unavailable);
    if (!store->in_batch)
        TRY(control(store, CONTROL_BEGIN));
    else if (store->batch_care == CAREFULLY)
        TRY(control(store, CONTROL_PART_BEGIN));
    scope->begun = true;
    return OK;
}

/* Before the first write of an operation that was to begin as late as possible. */
static err begin_late(struct sqlite_scope *scope)
{
    struct sqlite *store = scope->store;
    if (store->hooks != NULL && store->depth + 1 < SQLITE_SCOPES_MAX) {
        store->hooks->before_first_write(store->hooks->context);
        assert(scope == top_of(store));
    }
    return begin_now(scope);
}

err sqlite_begin(struct sqlite *store)
{
    assert(!store->read_only);
    struct sqlite_scope *scope = push(store, false);
    /* In a batch, most operations that fail do so before they write, and cost no savepoint. */
    if (store->in_batch || store->hooks != NULL)
        return OK;
    err begun = begin_now(scope);
    if (begun.problem != NULL)
        pop(store);
    return begun;
}

static void roll_back(struct sqlite_scope *scope)
{
    struct sqlite *store = scope->store;
    if (!scope->begun || is_rolled_back(store))
        return;
    if (!store->in_batch) {
        err undone = control(store, CONTROL_ROLLBACK);
        assert(undone.problem == NULL || is_rolled_back(store));
        return;
    }
    if (store->batch_care == BOLDLY) {
        store->batch_spoiled |= scope->wrote;
        return;
    }
    err undone = control(store, CONTROL_PART_UNDO);
    if (undone.problem == NULL)
        undone = control(store, CONTROL_PART_KEEP);
    if (undone.problem != NULL)
        store->batch_failed = true;
}

static err commit(struct sqlite_scope *scope)
{
    struct sqlite *store = scope->store;
    if (scope->tx.lost)
        return FAIL(problem_broken);
    if (!scope->begun || (store->in_batch && store->batch_care == BOLDLY))
        return OK;
    return control(store, store->in_batch ? CONTROL_PART_KEEP : CONTROL_COMMIT);
}

err sqlite_commit(struct sqlite *store)
{
    struct sqlite_scope *scope = top_of(store);
    assert(store->depth > 0 && !scope->reads);
    assert(scope->mark == MARK_NONE || scope->tx.lost);
    err committed = commit(scope);
    if (committed.problem != NULL)
        roll_back(scope);
    pop(store);
    if (store->depth == 0 && !store->in_batch)
        sqlite_checkpoint(store);
    return committed;
}

void sqlite_rollback(struct sqlite *store)
{
    assert(store->depth > 0 && !top_of(store)->reads);
    roll_back(top_of(store));
    pop(store);
}

err sqlite_read_begin(struct sqlite *store)
{
    struct sqlite_scope *scope = push(store, true);
    err begun = store->in_batch ? OK : control(store, CONTROL_READ);
    scope->begun = begun.problem == NULL && !store->in_batch;
    if (begun.problem != NULL)
        pop(store);
    return begun;
}

void sqlite_read_end(struct sqlite *store)
{
    struct sqlite_scope *scope = top_of(store);
    assert(store->depth > 0 && scope->reads);
    if (scope->begun && !is_rolled_back(store)) {
        err ended = control(store, CONTROL_ROLLBACK);
        assert(ended.problem == NULL);
    }
    pop(store);
}

/* ---- batches ---- */

err sqlite_batch_begin(struct sqlite *store, enum sqlite_care care)
{
    assert(store->depth == 0 && !store->in_batch);
    TRY(control(store, CONTROL_BEGIN));
    store->in_batch = true;
    store->batch_failed = false;
    store->batch_spoiled = false;
    store->batch_care = care;
    return OK;
}

bool sqlite_batch_lives(const struct sqlite *store)
{
    return store->in_batch && !store->batch_failed && !store->batch_spoiled &&
           !is_rolled_back(store);
}

bool sqlite_batch_is_spoiled(const struct sqlite *store)
{
    return store->in_batch && store->batch_spoiled && !is_rolled_back(store);
}

err sqlite_batch_commit(struct sqlite *store)
{
    assert(store->depth == 0 && store->in_batch);
    err committed = sqlite_batch_lives(store) ? control(store, CONTROL_COMMIT) : FAIL(unavailable);
    if (committed.problem != NULL)
        sqlite_batch_rollback(store);
    store->in_batch = false;
    return committed;
}

void sqlite_batch_rollback(struct sqlite *store)
{
    assert(store->depth == 0 && store->in_batch);
    if (!is_rolled_back(store)) {
        err undone = control(store, CONTROL_ROLLBACK);
        assert(undone.problem == NULL || is_rolled_back(store));
    }
    store->in_batch = false;
}

/* Half of SQLite's own choice: shorter pauses for a little more work (measured: p99 of orders 6.5
 * ms, not 8.5). */
#define LOG_PAGES_MAX 500

void sqlite_checkpoint(struct sqlite *store)
{
    assert(store->depth == 0 && !store->in_batch);
    if (store->log_pages < LOG_PAGES_MAX)
        return;
    store->log_pages = 0; /* if it fails or readers hold it up: again after the next commit */
    int code = sqlite3_wal_checkpoint_v2(store->db, NULL, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
    if (code != SQLITE_OK && (code & 0xff) != SQLITE_BUSY)
        report(store, "checkpoint", sqlite3_errmsg(store->db));
}

/* ---- statements ---- */

static struct sqlite_scope *scope_of(const struct op *op)
{
    struct sqlite_scope *scope = (struct sqlite_scope *)op->tx;
    assert(scope->tx.driver == &sqlite_driver);
    assert(scope == top_of(scope->store));
    return scope;
}

static err allow_write(struct sqlite_scope *scope, const struct query *query)
{
    if (scope->reads)
        return report_query(scope->store, query, "it writes, and there is no transaction");
    if (!scope->begun)
        TRY(begin_late(scope));
    if (scope->mark == MARK_ASKED) {
        TRY(control(scope->store, CONTROL_MARK));
        scope->mark = MARK_SET;
    }
    return OK;
}

/* Everything up to the first step. */
static err start(struct op *op, const struct query *query, const void *in,
                 const struct sqlite_plan **ret_plan)
{
    struct sqlite_scope *scope = scope_of(op);
    const struct sqlite_plan *plan = sqlite_plans_find(&scope->store->plans, query);
    if (plan == NULL)
        return report_query(scope->store, query,
                            scope->store->read_only ? "it is not one that a reader may run"
                                                    : "no service lists it");
    if (plan->writes)
        TRY(allow_write(scope, query));
    int code = sqlite_bind(plan, in);
    if (code != SQLITE_OK)
        return failure(scope->store, code, query->text);
    *ret_plan = plan;
    return OK;
}

/* Ends a statement: no statement is ever open between two calls. */
static err finish(struct op *op, const struct sqlite_plan *plan, int code, err result)
{
    struct sqlite_scope *scope = scope_of(op);
    const struct sqlite *store = scope->store;
    bool ran = code == SQLITE_DONE || code == SQLITE_ROW;
    scope->wrote |= ran && plan->writes && sqlite3_changes64(store->db) > 0;
    if (result.problem == NULL && code != SQLITE_DONE && code != SQLITE_ROW) {
        char name[SQLITE_QUERY_NAME_SIZE];
        result = failure(store, code, sqlite_query_name(plan->query, name));
    }
    sqlite3_reset(plan->statement);
    return result;
}

static err scan(struct op *op, const struct sqlite_plan *plan, void *record)
{
    const char *column = sqlite_scan(plan, op->arena, record);
    if (column == NULL)
        return OK;
    char why[96];
    snprintf(why, sizeof why, "column %s cannot be what its field says", column);
    return report_query(scope_of(op)->store, plan->query, why);
}

static err run(struct op *op, const struct query *query, const void *in, int64_t *ret_touched)
{
    const struct sqlite_plan *plan;
    TRY(start(op, query, in, &plan));
    int code = sqlite3_step(plan->statement);
    while (code == SQLITE_ROW)
        code = sqlite3_step(plan->statement);
    if (code == SQLITE_DONE)
        *ret_touched = plan->writes ? sqlite3_changes64(scope_of(op)->store->db) : 0;
    return finish(op, plan, code, OK);
}

static err one(struct op *op, const struct query *query, const void *in, void *out)
{
    const struct sqlite_plan *plan;
    TRY(start(op, query, in, &plan));

    int code = sqlite3_step(plan->statement);
    if (code == SQLITE_DONE)
        return finish(op, plan, code, FAIL(problem_not_found));
    if (code != SQLITE_ROW)
        return finish(op, plan, code, OK);

    /* Into a copy first: `out` stays untouched if a column or the second step fails. */
    void *record = arena_take(op->arena, plan->out_size);
    err result = scan(op, plan, record);
    if (result.problem == NULL) {
        code = sqlite3_step(plan->statement);
        if (code == SQLITE_ROW)
            result = report_query(scope_of(op)->store, query, "more than one row, of one");
    }
    result = finish(op, plan, code, result);
    if (result.problem == NULL)
        sqlite_copy(plan, record, out);
    return result;
}

/* Room for one more item; the old array stays in the arena until the operation ends. */
static void grow(struct arena *arena, struct rows *rows, size_t item_size, size_t *capacity)
{
    if (rows->count < *capacity)
        return;
    *capacity = *capacity == 0 ? 16 : *capacity * 2;
    void *items = arena_take(arena, item_size * *capacity);
    if (rows->count > 0)
        memcpy(items, rows->items, item_size * rows->count);
    rows->items = items;
}

static err all(struct op *op, const struct query *query, const void *in, size_t item_size,
               size_t max, struct rows *ret_rows)
{
    const struct sqlite_plan *plan;
    TRY(start(op, query, in, &plan));
    assert(item_size >= plan->out_size);

    struct rows rows = { NULL, 0 };
    size_t capacity = 0;
    int code = SQLITE_DONE;
    err result = OK;
    while (result.problem == NULL && rows.count < max) {
        code = sqlite3_step(plan->statement);
        if (code != SQLITE_ROW)
            break;
        grow(op->arena, &rows, item_size, &capacity);
        result = scan(op, plan, (char *)rows.items + item_size * rows.count);
        rows.count++;
    }
    result = finish(op, plan, code, result);
    if (result.problem == NULL)
        *ret_rows = rows;
    return result;
}

/* ---- marks ---- */

static err mark(struct op *op)
{
    struct sqlite_scope *scope = scope_of(op);
    assert(scope->mark == MARK_NONE);
    /* The database hears of it with the first write behind it. */
    scope->mark = MARK_ASKED;
    return OK;
}

static err undo(struct op *op)
{
    struct sqlite_scope *scope = scope_of(op);
    assert(scope->mark != MARK_NONE);
    bool is_set = scope->mark == MARK_SET;
    scope->mark = MARK_NONE;
    if (scope->begun && is_rolled_back(scope->store))
        return FAIL(unavailable);
    if (!is_set)
        return OK;
    TRY(control(scope->store, CONTROL_MARK_UNDO));
    return control(scope->store, CONTROL_MARK_KEEP);
}

static err keep(struct op *op)
{
    struct sqlite_scope *scope = scope_of(op);
    assert(scope->mark != MARK_NONE);
    bool is_set = scope->mark == MARK_SET;
    scope->mark = MARK_NONE;
    return is_set ? control(scope->store, CONTROL_MARK_KEEP) : OK;
}

const struct tx_driver sqlite_driver = {
    .run = run,
    .one = one,
    .all = all,
    .mark = mark,
    .undo = undo,
    .keep = keep,
};
