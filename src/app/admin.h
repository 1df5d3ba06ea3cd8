/* For operators and their machines, on a listener of its own: /healthz, /readyz, /metrics. */
#ifndef APP_ADMIN_H
#define APP_ADMIN_H

#include "adapters/api_client.h"
#include "adapters/http_server.h"
#include "app/engine.h"

struct admin {
    struct engine *engine;     /* a shop, with */
    struct outcalls *outcalls; /* its calls to Stripe; or else */
    struct api_client *api;    /* a site apart */
    struct http_server *shop;  /* the public listener */
    struct clock *clock;
    instant began;
    atomic_bool stopping; /* not ready any more */
};

extern const struct http_handler admin_handler;

#endif
