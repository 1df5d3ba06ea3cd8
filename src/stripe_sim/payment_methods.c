/* The calls on payment methods. */
#include "stripe_sim/sim.h"

/* POST /v1/payment_methods: a card, by its token. */
err create_payment_method(struct sim *sim)
{
    static const char *const types[] = { "card", NULL };
    struct attempt attempt = { .fresh = true };
    str type, token, metadata;

    TRY(param_required(sim, "type", &type));
    TRY(param_choice(sim, "type", types, &type));
    token = param(sim, "card[token]");
    str billing = param_billing(sim, "");
    TRY(param_metadata(sim, "metadata", &metadata, NULL));
    TRY(param_expand(sim, NULL, NULL));
    TRY(params_end(sim));
    if (token.data == NULL)
        return refuse_param(sim, "parameter_missing", S("card"), "Missing required param: card.");
    TRY(attempt_token(sim, token, "card[token]", billing, &attempt));
    attempt.method.metadata = metadata;
    TRY(attempt_save(sim, &attempt));
    return answer_json(sim, show_payment_method(sim, &attempt.method));
}

/* GET /v1/payment_methods/:id */
err retrieve_payment_method(struct sim *sim)
{
    struct due key = { .id = sim->id };
    struct payment_method method = { 0 };
    TRY(param_expand(sim, NULL, NULL));
    TRY(params_end(sim));
    err found = sql_one(sim->op, &payment_method_find, &key, &method);
    if (err_is(found, STATUS_NOT_FOUND))
        return refuse_missing(sim, 404, "PaymentMethod", sim->id, "payment_method");
    TRY(found);
    return answer_json(sim, show_payment_method(sim, &method));
}
