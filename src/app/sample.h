/* A made-up shop to try things on: sellers, a buyer, and tickets for events to come. */
#ifndef APP_SAMPLE_H
#define APP_SAMPLE_H

#include "adapters/passwords.h"
#include "app/engine.h"

/* How to sign in, for people. */
extern const char *const sample_greeting;

/* Fills a shop that has no users, through the same requests that people make; does nothing to any
 * other. */
err sample_fill(struct engine *engine, const struct host *host, struct passwords *passwords);

#endif
