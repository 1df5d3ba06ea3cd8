/* Webhooks: who is told of events, and how each is on its way. */
#ifndef STRIPE_SIM_WEBHOOKS_H
#define STRIPE_SIM_WEBHOOKS_H

#include "stripe_sim/sim.h"

struct endpoint {
    str id;
    str url;
    str secret;
    str old_secret; /* signs too, until old_until: the secret is being rolled */
    instant old_until;
    str events; /* as shown: a list in JSON */
    str types;  /* ,a,b, or ,*, */
    str status; /* enabled or disabled */
    str description;
    str metadata;
    instant created;
};

#define ENDPOINTS_MAX 16

/* Those that want events of the type. */
err sim_endpoints_for(struct sim *sim, str type, struct rows *ret_endpoints);
err sim_endpoint_find(struct sim *sim, str id, struct endpoint *ret_endpoint);

enum delivery_state {
    DELIVERY_READY,
    DELIVERY_SENT,    /* an answer is waited for; ready again after its lease */
    DELIVERY_HELD,    /* until it is let go */
    DELIVERY_DROPPED, /* lost on purpose */
    DELIVERY_FAILED,  /* tried too often */
    DELIVERY_DONE,
};

struct delivery {
    int64_t seq;
    uuid id;
    str event;
    str endpoint;
    enum delivery_state state;
    int64_t position; /* unless 0: not before those of a lower one */
    int64_t attempts;
    int64_t http_status; /* of the last attempt; 0: no answer */
    bool bad_signature;
    int64_t age_ms; /* how old the signature pretends to be */
    bool live;
    instant next_at;
    instant created;
    /* Not stored. */
    str type;
    int64_t max;
};

extern const struct outbound sim_webhooks_outbound;
extern const struct query sim_endpoint_insert, sim_endpoint_update, sim_endpoint_delete,
    sim_endpoint_by_id, sim_endpoints_of_type, sim_endpoints_newest, sim_endpoints_after;
extern const struct query sim_delivery_insert, sim_delivery_update, sim_delivery_find,
    sim_deliveries_due, sim_deliveries_held, sim_deliveries_hurry, sim_deliveries_recover,
    sim_deliveries_all, sim_deliveries_prune, sim_plan_read, sim_plan_write;

#endif
