/* A Stripe that is not there: the part of Stripe's API that a ticket shop needs, as values.
 *
 * It answers as api.stripe.com does in test mode (version STRIPE_SIM_VERSION): same paths, forms,
 * objects, errors, test cards and idempotency, and refuses every parameter that it does not know.
 * It keeps its state in the tables of migrations/stripe_sim, so that it survives a restart, and it
 * can be told to misbehave (the control API under /_sim, see control.c). */
#ifndef STRIPE_SIM_STRIPE_SIM_H
#define STRIPE_SIM_STRIPE_SIM_H

#include "services/service.h"

#define STRIPE_SIM_VERSION "2026-10-28.endive"

struct stripe_sim_options {
    str control_token; /* bearer of /_sim; absent: there is no /_sim */
    str base_url;      /* where it is reached, for links: http://127.0.0.1:8081 */
};

/* Tables, statements, and the duty that lets time pass: holds lapse, refunds settle, sessions and
 * keys end.  It has no routes: its host hands it whole requests.  Its outbound calls are webhooks:
 * their path is the whole URL of the endpoint, and they have a signature. */
extern const struct service stripe_sim_service;

/* Where events are sent, whatever the API says of other endpoints, and the whsec_… that signs them:
 * in an operation of its own, before the first request or at any time. */
err stripe_sim_configure(struct op *op, str webhook_url, str webhook_secret);

/* Answers one request inside one writing operation, which the caller commits if OK and rolls back
 * otherwise (GET also writes: it is logged).
 *
 * response->status 0: a fault holds the answer back.  Call again, in an operation of its own and
 * with the same request and response->wait, when response->wait.until has passed, as often as it
 * answers so; wait.late plays no part.  If the client goes away meanwhile, forget it: a request
 * that was held back is executed all the same when its time comes, as a far server would.
 *
 * The answer may ask for response->delay, drop or truncate_to. */
err stripe_sim_serve(const struct stripe_sim_options *options, struct op *op,
                     const struct request *request, struct response *response);

#endif
