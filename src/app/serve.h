/* `usher serve` and `usher stripe-sim`: builds the world once, and lives in it until a signal. */
#ifndef APP_SERVE_H
#define APP_SERVE_H

#include "app/config.h"

/* Each returns the exit status. */
int serve_shop(struct config *config, struct arena *arena);
int serve_site_apart(struct config *config, struct arena *arena);
int serve_stripe_sim(struct config *config, struct arena *arena);

#endif
