/* The engine: one store, its writer, the duties of its services, and their calls to the outside.
 *
 * A shop has one, the simulator of Stripe another. */
#ifndef APP_ENGINE_H
#define APP_ENGINE_H

#include "adapters/entropy.h"
#include "adapters/log.h"
#include "adapters/outcalls.h"
#include "app/desk.h"

struct engine_options {
    const struct host *host;
    const struct settings *settings;
    const struct stripe_sim_options *sim; /* NULL: a shop */
    const struct proxies *proxies;
    const char *store_path;
    struct clock *clock;
    struct log *log;
    struct passwords *passwords;
    struct outcalls *outcalls; /* NULL: no service calls out */
};

struct engine;

/* Opens the store (migrating it), recovers what a crash left, and starts.  NULL: message says why
 * not. */
struct engine *engine_start(const struct engine_options *options, char *message,
                            size_t message_size);

/* Runs one operation and commits if it says OK: recovery, sample data.  After engine_begin() it is
 * the writer's thread that runs it, and another one that waits here for it. */
err engine_run(struct engine *engine, err (*run)(struct op *op, void *context), void *context);

/* From now on operations run on the writer's thread. */
void engine_begin(struct engine *engine);

/* For http_server_start(), with desk_handler. */
struct desk *engine_desk(struct engine *engine);
struct writer_counts engine_counts(struct engine *engine);

/* The program is ending: answers that wait are waited for so long, and then given as they are. */
void engine_hurry(struct engine *engine, duration patience);
/* Whether the store takes what is written. */
bool engine_can_write(struct engine *engine);
/* After the HTTP server has stopped, and nobody submits any more: finishes what waits, closes the
 * store. */
void engine_stop(struct engine *engine);

#endif
