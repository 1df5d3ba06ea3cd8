/* Opening and closing a connection. */
#include "adapters/sqlite_inside.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

/* Another process (a backup, a second start) may hold the file for a moment. */
#define BUSY_MS           5000
#define WRITER_CACHE_KIB  (8 * 1024)
#define READER_CACHE_KIB  (4 * 1024)
#define JOURNAL_BYTES_MAX (64 * 1024 * 1024)

static const char *const control_texts[CONTROLS] = {
    [CONTROL_READ] = "begin",
    [CONTROL_BEGIN] = "begin immediate",
    [CONTROL_COMMIT] = "commit",
    [CONTROL_ROLLBACK] = "rollback",
    [CONTROL_PART_BEGIN] = "savepoint part",
    [CONTROL_PART_KEEP] = "release part",
    [CONTROL_PART_UNDO] = "rollback to part",
    [CONTROL_MARK] = "savepoint mark",
    [CONTROL_MARK_KEEP] = "release mark",
    [CONTROL_MARK_UNDO] = "rollback to mark",
};

bool sqlite_refuse(const struct sqlite_why *why, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(why->text, why->size, format, arguments);
    va_end(arguments);
    return false;
}

/* Before the first connection, which settles it for all that follow: SQLite then refuses. */
static void count_no_memory(void)
{
    /* The counters, which nobody reads, take a mutex at every piece of memory (8 % of an order). */
    (void)sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
}

struct opening {
    const struct sqlite_options *options;
    struct sqlite_why why;
};

static bool refuse(const struct opening *opening, sqlite3 *db)
{
    return sqlite_refuse(&opening->why, "%s", sqlite3_errmsg(db));
}

static bool execute(const struct opening *opening, sqlite3 *db, const char *text)
{
    return sqlite3_exec(db, text, NULL, NULL, NULL) == SQLITE_OK || refuse(opening, db);
}

static bool set_number(const struct opening *opening, sqlite3 *db, const char *pragma, long value)
{
    char text[96];
    snprintf(text, sizeof text, "pragma %s = %ld", pragma, value);
    return execute(opening, db, text);
}

static int log_grew(void *context, sqlite3 *db, const char *name, int pages)
{
    (void)db, (void)name;
    struct sqlite *store = context;
    store->log_pages = pages;
    return SQLITE_OK;
}

static bool connect(const struct opening *opening, struct sqlite *store)
{
    const struct sqlite_options *options = opening->options;
    int flags = SQLITE_OPEN_NOMUTEX;
    flags |= options->read_only ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE;
    const char *path = options->path ? options->path : ":memory:";
    if (sqlite3_open_v2(path, &store->db, flags, NULL) != SQLITE_OK)
        return refuse(opening, store->db);
    sqlite3_extended_result_codes(store->db, 1);
    sqlite3_busy_timeout(store->db, BUSY_MS);
    sqlite3_wal_hook(store->db, log_grew, store); /* in the place of automatic checkpoints */
    /* Without the guarantee, a list is planned anew whenever the pattern that it is searched for
     * has been bound, even to nothing: half of what a list costs. */
    if (sqlite3_db_config(store->db, SQLITE_DBCONFIG_ENABLE_QPSG, 1, NULL) == SQLITE_OK &&
        sqlite3_db_config(store->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL) == SQLITE_OK)
        return true;
    return refuse(opening, store->db);
}

static bool configure(const struct opening *opening, sqlite3 *db)
{
    const struct sqlite_options *options = opening->options;
    long cache = (long)options->cache_kib;
    if (cache == 0)
        cache = options->read_only ? READER_CACHE_KIB : WRITER_CACHE_KIB;
    if (!set_number(opening, db, "cache_size", -cache) ||
        !set_number(opening, db, "mmap_size", 0) ||
        !execute(opening, db, "pragma temp_store = memory; pragma trusted_schema = off"))
        return false;
    if (options->read_only)
        return execute(opening, db, "pragma query_only = on");
    return (options->path == NULL || execute(opening, db, "pragma journal_mode = wal")) &&
           set_number(opening, db, "journal_size_limit", JOURNAL_BYTES_MAX) &&
           execute(opening, db, "pragma synchronous = full; pragma foreign_keys = off") &&
           sqlite_migrate(db, options, &opening->why) &&
           execute(opening, db, "pragma foreign_keys = on");
}

static bool prepare(const struct opening *opening, struct sqlite *store)
{
    for (int i = 0; i < CONTROLS; i++) {
        if (sqlite3_prepare_v3(store->db, control_texts[i], -1, SQLITE_PREPARE_PERSISTENT,
                               &store->controls[i], NULL) != SQLITE_OK)
            return refuse(opening, store->db);
    }
    return sqlite_plans_make(&store->plans, store->db, opening->options, &opening->why);
}

bool sqlite_open(const struct sqlite_options *options, struct sqlite **ret_store, char *message,
                 size_t message_size)
{
    assert(message_size > 0);
    assert(options->path != NULL || !options->read_only);

    struct sqlite *store = calloc(1, sizeof *store);
    assert(store != NULL);
    count_no_memory();
    store->read_only = options->read_only;
    store->hooks = options->hooks;
    store->report = options->report;
    store->report_context = options->report_context;
    store->scopes[0] = (struct sqlite_scope){
        .tx = { .driver = &sqlite_driver },
        .store = store,
        .reads = true,
    };

    char why[512] = "";
    const struct opening opening = { options, { why, sizeof why } };
    if (!connect(&opening, store) || !configure(&opening, store->db) || !prepare(&opening, store)) {
        snprintf(message, message_size, "%s: %s", options->path ? options->path : "memory", why);
        sqlite_close(store);
        return false;
    }
    *ret_store = store;
    return true;
}

void sqlite_limit_pages(struct sqlite *store, unsigned pages)
{
    char text[64];
    snprintf(text, sizeof text, "pragma max_page_count = %u", pages);
    int code = sqlite3_exec(store->db, text, NULL, NULL, NULL);
    assert(code == SQLITE_OK);
}

void sqlite_close(struct sqlite *store)
{
    assert(store->depth == 0 && !store->in_batch);
    sqlite_plans_free(&store->plans);
    for (int i = 0; i < CONTROLS; i++)
        sqlite3_finalize(store->controls[i]);
    int code = sqlite3_close(store->db);
    assert(code == SQLITE_OK);
    free(store);
}
