/* The commands that look at a store, or change it, without serving. Each returns the exit status.
 */
#ifndef APP_COMMANDS_H
#define APP_COMMANDS_H

#include "app/config.h"

/* Brings the store's schema up to this program's. */
int command_migrate(struct config *config);
/* Prints the events told so far, one CloudEvent per line; with --follow, also those to come. */
int command_events(struct config *config);
/* Fills an empty shop with sample data. */
int command_seed(struct config *config);
/* Looks for what must never be; prints each, and exits with 1 if there is any. */
int command_check(struct config *config);

#endif
