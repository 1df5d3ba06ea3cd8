/* SQL statements and transactions as values.  The drivers live in adapters. */
#ifndef SQL_SQL_H
#define SQL_SQL_H

#include "base/base.h"

/* A $name in the text is a member of the record `in` (a nested record's members are prefixed by its
 * name: $ticket_id); a column of the answer is a member of `out`.  One text serves SQLite and
 * PostgreSQL.  Every query of every service is prepared at start, so a wrong name never ships. */
struct query {
    const char *text;
    const struct field *in;
    const struct field *out;
};

/* Numbered changes of a schema, in order; the last has no text. */
struct migration {
    int number;
    const char *name;
    const char *text;
};

/* Writes one row: exactly one must be touched.  CONFLICT if a constraint refuses it; STALE if no
 * row was touched, which for "… where id = $id and version = $version" means that another operation
 * was faster.  After CONFLICT the operation must end: its transaction is lost (as PostgreSQL has
 * it). */
err sql_run(struct op *op, const struct query *query, const void *in);

/* Writes any number of rows; *ret_touched, unless NULL, says how many.  For "on conflict do
 * nothing", sweeps and deletes. */
err sql_run_any(struct op *op, const struct query *query, const void *in, int64_t *ret_touched);

/* Reads one row.  NOT_FOUND if there is none; more than one is a bug. `out` is untouched on
 * failure. Texts live in the operation's arena.  An "insert/update … returning" may be run with it
 * too. */
err sql_one(struct op *op, const struct query *query, const void *in, void *out);

/* Reads at most `max` rows of item_size bytes each into an array in the arena. */
err sql_all(struct op *op, const struct query *query, const void *in, size_t item_size, size_t max,
            struct rows *ret_rows);

/* A point in the operation's transaction to which everything can be undone, also after CONFLICT.
 * They do not nest.  Each sql_mark() is followed by one sql_undo() or sql_keep(). */
err sql_mark(struct op *op);
err sql_undo(struct op *op);
err sql_keep(struct op *op);

/* ---- for drivers ---- */

struct tx_driver {
    /* Each as the functions above.  The driver counts on the query having been prepared. */
    err (*run)(struct op *op, const struct query *query, const void *in, int64_t *ret_touched);
    err (*one)(struct op *op, const struct query *query, const void *in, void *out);
    err (*all)(struct op *op, const struct query *query, const void *in, size_t item_size,
               size_t max, struct rows *ret_rows);
    err (*mark)(struct op *op);
    err (*undo)(struct op *op);
    err (*keep)(struct op *op);
};

/* A driver's transaction begins with this. */
struct tx {
    const struct tx_driver *driver;
    bool lost; /* a CONFLICT happened: every further statement is refused (a bug of the caller) */
};

#endif
