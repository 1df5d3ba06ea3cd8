/* What the files of the SQLite store share, and nobody else sees. */
#ifndef ADAPTERS_SQLITE_INSIDE_H
#define ADAPTERS_SQLITE_INSIDE_H

#include <sqlite3.h>

#include "adapters/sqlite.h"

/* ---- sqlite_open.c: why a store does not open ---- */

struct sqlite_why {
    char *text;
    size_t size;
};

/* Says why, and returns false. */
bool sqlite_refuse(const struct sqlite_why *why, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* ---- sqlite_plan.c: which bytes of a record are which parameter or column ---- */

struct sqlite_slot {
    const struct field *field;  /* never a record: one of its leaves */
    size_t offset;              /* from the start of the outermost record */
    const struct field *inside; /* the optional record that it is part of, or NULL */
    size_t inside_offset;       /* where the record that has `inside` starts */
};

struct sqlite_plan {
    const struct query *query;
    sqlite3_stmt *statement;
    struct sqlite_slot *in;
    int in_count;
    struct sqlite_slot *out;
    int out_count;
    size_t out_size; /* bytes of a record up to its last slot */
    bool writes;
};

/* The plans, found by the address of their query. */
struct sqlite_plans {
    struct sqlite_plan *slots;
    size_t capacity; /* a power of two, at least twice what is in it */
};

/* Prepares every query of the services. */
bool sqlite_plans_make(struct sqlite_plans *plans, sqlite3 *db,
                       const struct sqlite_options *options, const struct sqlite_why *why);
void sqlite_plans_free(struct sqlite_plans *plans);
const struct sqlite_plan *sqlite_plans_find(const struct sqlite_plans *plans,
                                            const struct query *query);
/* The beginning of a statement, to name it in a message. */
#define SQLITE_QUERY_NAME_SIZE 64
const char *sqlite_query_name(const struct query *query, char ret_name[SQLITE_QUERY_NAME_SIZE]);

/* ---- sqlite_bind.c ---- */

/* An SQLite code.  The texts must live until the statement is reset. */
int sqlite_bind(const struct sqlite_plan *plan, const void *record);
/* Texts are copied into the arena.  NULL, or the name of the column that cannot be what its field
 * says. */
const char *sqlite_scan(const struct sqlite_plan *plan, struct arena *arena, void *record);
void sqlite_copy(const struct sqlite_plan *plan, const void *from, void *to);

/* ---- sqlite_migrate.c ---- */

bool sqlite_migrate(sqlite3 *db, const struct sqlite_options *options,
                    const struct sqlite_why *why);

/* ---- sqlite_open.c, sqlite_store.c: the connection ---- */

enum sqlite_control {
    CONTROL_READ,
    CONTROL_BEGIN,
    CONTROL_COMMIT,
    CONTROL_ROLLBACK,
    CONTROL_PART_BEGIN,
    CONTROL_PART_KEEP,
    CONTROL_PART_UNDO,
    CONTROL_MARK,
    CONTROL_MARK_KEEP,
    CONTROL_MARK_UNDO,
    CONTROLS,
};

enum sqlite_mark { MARK_NONE, MARK_ASKED, MARK_SET };

/* One operation's transaction. */
struct sqlite_scope {
    struct tx tx;
    struct sqlite *store;
    bool reads; /* and must not write */
    bool begun; /* it may write, and perhaps has a transaction or savepoint of its own */
    bool wrote; /* there is something to undo */
    enum sqlite_mark mark;
};

/* Operations inside operations' hooks; at the last one the hook is not called. */
#define SQLITE_SCOPES_MAX 8

struct sqlite {
    sqlite3 *db;
    struct sqlite_plans plans;
    sqlite3_stmt *controls[CONTROLS];
    struct sqlite_scope scopes[SQLITE_SCOPES_MAX]; /* the first is no transaction */
    size_t depth;
    bool read_only;
    bool in_batch;
    bool batch_failed;
    bool batch_spoiled;
    enum sqlite_care batch_care;
    int log_pages; /* when it was last committed */
    const struct sqlite_hooks *hooks;
    void (*report)(void *context, const char *message);
    void *report_context;
};

extern const struct tx_driver sqlite_driver;

#endif
