/* Brings the tables of a data file up to date, or refuses the file. */
#include "adapters/sqlite_inside.h"

static const char make_table[] = "create table if not exists migrations ("
                                 " service text not null,"
                                 " number integer not null,"
                                 " name text not null,"
                                 " applied_at integer not null,"
                                 " primary key (service, number)) without rowid";

static const char select_last[] = "select coalesce(max(number), 0) from migrations"
                                  " where service = ?1";

static const char insert_applied[] = "insert into migrations (service, number, name, applied_at)"
                                     " values (?1, ?2, ?3, ?4)";

struct migrating {
    sqlite3 *db;
    const struct sqlite_options *options;
    const struct sqlite_why *why;
};

static bool execute(const struct migrating *migrating, const char *text)
{
    if (sqlite3_exec(migrating->db, text, NULL, NULL, NULL) != SQLITE_OK)
        return sqlite_refuse(migrating->why, "%s", sqlite3_errmsg(migrating->db));
    return true;
}

static void finalize(sqlite3_stmt **statement)
{
    sqlite3_finalize(*statement);
}

#define STATEMENT __attribute__((cleanup(finalize))) sqlite3_stmt *

static bool last_applied(const struct migrating *migrating, const char *service, int *ret_number)
{
    STATEMENT statement = NULL;
    if (sqlite3_prepare_v2(migrating->db, select_last, -1, &statement, NULL) != SQLITE_OK ||
        sqlite3_bind_text(statement, 1, service, -1, SQLITE_STATIC) != SQLITE_OK ||
        sqlite3_step(statement) != SQLITE_ROW)
        return sqlite_refuse(migrating->why, "%s", sqlite3_errmsg(migrating->db));
    *ret_number = sqlite3_column_int(statement, 0);
    return true;
}

static bool apply(const struct migrating *migrating, const char *service,
                  const struct migration *migration)
{
    if (sqlite3_exec(migrating->db, migration->text, NULL, NULL, NULL) != SQLITE_OK)
        return sqlite_refuse(migrating->why, "migration %s %d (%s): %s", service, migration->number,
                             migration->name, sqlite3_errmsg(migrating->db));

    STATEMENT statement = NULL;
    if (sqlite3_prepare_v2(migrating->db, insert_applied, -1, &statement, NULL) != SQLITE_OK ||
        sqlite3_bind_text(statement, 1, service, -1, SQLITE_STATIC) != SQLITE_OK ||
        sqlite3_bind_int(statement, 2, migration->number) != SQLITE_OK ||
        sqlite3_bind_text(statement, 3, migration->name, -1, SQLITE_STATIC) != SQLITE_OK ||
        sqlite3_bind_int64(statement, 4, migrating->options->now.ms) != SQLITE_OK ||
        sqlite3_step(statement) != SQLITE_DONE)
        return sqlite_refuse(migrating->why, "%s", sqlite3_errmsg(migrating->db));
    return true;
}

static bool migrate_service(const struct migrating *migrating, const struct service *service)
{
    int last = 0;
    if (!last_applied(migrating, service->name, &last))
        return false;

    int known = 0;
    const struct migration *migration = service->migrations;
    for (; migration != NULL && migration->text != NULL; migration++) {
        assert(migration->number > known);
        known = migration->number;
        if (known > last && !apply(migrating, service->name, migration))
            return false;
    }
    if (last > known)
        return sqlite_refuse(
            migrating->why,
            "it was written by a newer version of this program (its tables of %s have"
            " had %d changes, of which this version knows %d)",
            service->name, last, known);
    return true;
}

/* Migrations may rebuild tables, so foreign keys are not enforced meanwhile; but they must hold. */
static bool foreign_keys_hold(const struct migrating *migrating)
{
    STATEMENT statement = NULL;
    if (sqlite3_prepare_v2(migrating->db, "pragma foreign_key_check", -1, &statement, NULL) !=
        SQLITE_OK)
        return sqlite_refuse(migrating->why, "%s", sqlite3_errmsg(migrating->db));
    int code = sqlite3_step(statement);
    if (code == SQLITE_ROW)
        return sqlite_refuse(migrating->why, "a row of %s refers to one that is not there",
                             (const char *)sqlite3_column_text(statement, 0));
    return code == SQLITE_DONE ||
           sqlite_refuse(migrating->why, "%s", sqlite3_errmsg(migrating->db));
}

static bool migrate_all(const struct migrating *migrating)
{
    if (!execute(migrating, make_table))
        return false;
    for (size_t i = 0; i < migrating->options->service_count; i++) {
        if (!migrate_service(migrating, migrating->options->services[i]))
            return false;
    }
    return foreign_keys_hold(migrating);
}

bool sqlite_migrate(sqlite3 *db, const struct sqlite_options *options, const struct sqlite_why *why)
{
    const struct migrating migrating = { db, options, why };
    if (!execute(&migrating, "begin immediate"))
        return false;
    if (migrate_all(&migrating) && execute(&migrating, "commit"))
        return true;
    sqlite3_exec(db, "rollback", NULL, NULL, NULL);
    return false;
}
