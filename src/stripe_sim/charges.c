/* The calls on charges and events: they are only looked at. */
#include "stripe_sim/sim.h"

static err show_one_charge(struct sim *sim, const void *record, const bool *expanded, str *ret_json)
{
    (void)expanded;
    *ret_json = show_charge(sim, record);
    return OK;
}

static const struct list_kind charges = {
    .what = "charge",
    .url = "/v1/charges",
    .newest = &charges_newest,
    .after = &charges_after,
    .find = &sim_charge_find,
    .size = sizeof(struct charge),
    .show = show_one_charge,
};

/* GET /v1/charges/:id */
err retrieve_charge(struct sim *sim)
{
    return retrieve_answer(sim, &charges, "id");
}

/* GET /v1/charges */
err list_charges(struct sim *sim)
{
    struct list_filter filter = { .payment_intent = param(sim, "payment_intent") };
    return list_answer(sim, &charges, &filter);
}

/* ---- events ---- */

static err show_one_event(struct sim *sim, const void *record, const bool *expanded, str *ret_json)
{
    (void)expanded;
    *ret_json = show_event(sim, record);
    return OK;
}

static const struct list_kind events = {
    .what = "event",
    .url = "/v1/events",
    .newest = &sim_events_newest,
    .after = &sim_events_after,
    .find = &sim_event_find,
    .size = sizeof(struct sim_event),
    .show = show_one_event,
};

#define EVENT_TYPES_MAX 20

/* payment_intent.* as a pattern of like; % and _ are not in the names of types but are harmless. */
static str pattern_of(struct sim *sim, str type)
{
    if (type.data == NULL)
        return type;
    struct buf out = buf_in(sim->op->arena, type.size);
    for (size_t i = 0; i < type.size; i++)
        buf_add_char(&out, type.data[i] == '*' ? '%' : type.data[i]);
    return buf_str(&out);
}

/* GET /v1/events/:id */
err retrieve_event(struct sim *sim)
{
    return retrieve_answer(sim, &events, "id");
}

/* GET /v1/events */
err list_events(struct sim *sim)
{
    struct list_filter filter = { .type = pattern_of(sim, param(sim, "type")) };
    str types[EVENT_TYPES_MAX];
    size_t count;
    bool delivered = true;
    bool asked = param(sim, "delivery_success").data != NULL;

    TRY(param_list(sim, "types", types, EVENT_TYPES_MAX, &count));
    TRY(param_bool(sim, "delivery_success", &delivered));
    filter.delivered = asked && delivered;
    filter.undelivered = asked && !delivered;
    if (count > 0) {
        struct buf all = buf_in(sim->op->arena, 256);
        for (size_t i = 0; i < count; i++) {
            buf_add_char(&all, ',');
            buf_add(&all, types[i]);
        }
        buf_add_char(&all, ',');
        filter.types = buf_str(&all);
    }
    return list_answer(sim, &events, &filter);
}
