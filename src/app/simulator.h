/* The simulator of Stripe with a port, a store and threads of its own: beside a shop, or alone. */
#ifndef APP_SIMULATOR_H
#define APP_SIMULATOR_H

#include "app/config.h"
#include "app/engine.h"

struct simulator {
    struct stripe_sim_options options;
    struct settings settings;
    struct host host;
    struct outcalls *webhooks;
    struct engine *engine;
    struct http_server *server;
    char base_url[128];
};

/* False: message says why not. */
bool simulator_start(struct simulator *simulator, const struct config *config,
                     const char *store_path, struct clock *clock, struct log *log, char *message,
                     size_t message_size);
/* Where it tells of events, and the whsec_... that proves them to be its own.  Not from the
 * simulator's own threads. */
bool simulator_configure(struct simulator *simulator, const char *webhook_url, const char *secret);
void simulator_stop(struct simulator *simulator, duration grace);

#endif
