/* SQLite as a store: the database of one machine, or of one simulated shop.
 *
 * A connection belongs to one thread at a time.  One of them writes; any number more, opened
 * read_only, read beside it from the same file.  Opening prepares every statement of the
 * services, and fails if one does not fit its record: a wrong name never ships. */
#ifndef ADAPTERS_SQLITE_H
#define ADAPTERS_SQLITE_H

#include "services/service.h"
#include "sql/sql.h"

struct sqlite;

/* For the simulator, which has a single thread.  With it a transaction of sqlite_begin() starts
 * only at its first write, right after this was called, which may run another operation from begin
 * to commit on the same connection: what PostgreSQL's READ COMMITTED lets happen between two
 * statements. */
struct sqlite_hooks {
    void (*before_first_write)(void *context);
    void *context;
};

struct sqlite_options {
    const char *path; /* NULL: in memory */
    bool read_only;   /* of a file that a writer has opened before */
    const struct service *const *services;
    size_t service_count;
    instant now;                      /* kept with the migrations that are applied */
    size_t cache_kib;                 /* 0: 8 MiB to write, 4 MiB to read */
    const struct sqlite_hooks *hooks; /* NULL: none */
    /* Hears, in one line, why the store fails; NULL: nobody does. */
    void (*report)(void *context, const char *message);
    void *report_context;
};

/* Opens, migrates (a writer) and prepares.  False: message says in a sentence why not. */
bool sqlite_open(const struct sqlite_options *options, struct sqlite **ret_store, char *message,
                 size_t message_size);
void sqlite_close(struct sqlite *store);

/* How many pages the file may have; beyond, it is as if the disk were full. */
void sqlite_limit_pages(struct sqlite *store, unsigned pages);

/* What to put into op->tx: the transaction that is open, or else reads that each see the newest
 * state. */
struct tx *sqlite_tx(struct sqlite *store);

/* One operation.  After a failed commit nothing of it happened; both calls end it in any case. */
err sqlite_begin(struct sqlite *store);
err sqlite_commit(struct sqlite *store);
void sqlite_rollback(struct sqlite *store);

/* Reads that all see one state. */
err sqlite_read_begin(struct sqlite *store);
void sqlite_read_end(struct sqlite *store);

/* An operation that is rolled back after it wrote: CAREFULLY it leaves the others of its batch as
 * they are, BOLDLY it spoils the batch.  Care costs every operation a savepoint, and with it a copy
 * of each page that it changes: a tenth of an order. */
enum sqlite_care { BOLDLY, CAREFULLY };

/* Many operations in one commit: between these, each sqlite_begin() … commit() or rollback() is a
 * part of the batch, and nothing is durable before sqlite_batch_commit() says OK. */
err sqlite_batch_begin(struct sqlite *store, enum sqlite_care care);
/* False: it is spoiled, or the database gave it up (a full disk); no operation can be added. */
bool sqlite_batch_lives(const struct sqlite *store);
/* It cannot be committed, but its operations may be run again in a careful one. */
bool sqlite_batch_is_spoiled(const struct sqlite *store);
/* After a failure nothing of the batch happened. */
err sqlite_batch_commit(struct sqlite *store);
void sqlite_batch_rollback(struct sqlite *store);

/* Moves the log into the file if it has become long.  Operations outside of batches see to it by
 * themselves; a batch leaves it to its caller, who has answers to send first: it takes
 * milliseconds. */
void sqlite_checkpoint(struct sqlite *store);

#endif
