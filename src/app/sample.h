/* A made-up shop to try things on: sellers, a buyer, and tickets for events to come. */
#ifndef APP_SAMPLE_H
#define APP_SAMPLE_H

#include "adapters/passwords.h"
#include "app/engine.h"

/* How to sign in, and how to pay while Stripe is simulated, for people. */
extern const char *const sample_greeting;
extern const char *const sample_cards;

/* Fills a shop without tickets, through the same requests that people make, all or nothing; does
 * nothing to any other. */
err sample_fill(struct engine *engine, const struct host *host, struct passwords *passwords);

#endif
