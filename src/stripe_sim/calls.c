/* Which call a method and a path name. */
#include "stripe_sim/sim.h"

static const struct call {
    enum method method;
    const char *before;
    const char *after; /* behind an id; NULL: there is none */
    sim_handler *handle;
} calls[] = {
    { POST, "/v1/payment_methods", NULL, create_payment_method },
    { GET, "/v1/payment_methods/", "", retrieve_payment_method },
    { POST, "/v1/payment_intents", NULL, create_intent },
    { GET, "/v1/payment_intents", NULL, list_intents },
    { GET, "/v1/payment_intents/", "", retrieve_intent },
    { POST, "/v1/payment_intents/", "", update_intent },
    { POST, "/v1/payment_intents/", "/confirm", confirm_intent },
    { POST, "/v1/payment_intents/", "/capture", capture_intent },
    { POST, "/v1/payment_intents/", "/cancel", cancel_intent },
    { GET, "/v1/charges", NULL, list_charges },
    { GET, "/v1/charges/", "", retrieve_charge },
    { POST, "/v1/refunds", NULL, create_refund },
    { GET, "/v1/refunds", NULL, list_refunds },
    { GET, "/v1/refunds/", "", retrieve_refund },
    { GET, "/v1/events", NULL, list_events },
    { GET, "/v1/events/", "", retrieve_event },
    { POST, "/v1/checkout/sessions", NULL, create_checkout },
    { GET, "/v1/checkout/sessions", NULL, list_checkouts },
    { GET, "/v1/checkout/sessions/", "", retrieve_checkout },
    { GET, "/v1/checkout/sessions/", "/line_items", list_checkout_items },
    { POST, "/v1/checkout/sessions/", "/expire", expire_checkout },
    { GET, "/v1/disputes", NULL, list_disputes },
    { GET, "/v1/disputes/", "", retrieve_dispute },
    { POST, "/v1/disputes/", "", update_dispute },
    { POST, "/v1/disputes/", "/close", close_dispute },
    { GET, "/v1/balance", NULL, retrieve_balance },
    { GET, "/v1/balance_transactions", NULL, list_movements },
    { GET, "/v1/balance_transactions/", "", retrieve_movement },
    { POST, "/v1/accounts", NULL, create_account },
    { GET, "/v1/accounts", NULL, list_accounts },
    { GET, "/v1/accounts/", "", retrieve_account },
    { POST, "/v1/accounts/", "", update_account },
    { POST, "/v1/account_links", NULL, create_account_link },
    { POST, "/v1/transfers", NULL, create_transfer },
    { GET, "/v1/transfers", NULL, list_transfers },
    { GET, "/v1/transfers/", "", retrieve_transfer },
    { POST, "/v1/transfers/", "", update_transfer },
    { POST, "/v1/transfers/", "/reversals", create_reversal },
    { GET, "/v1/transfers/", "/reversals", list_reversals },
    { GET, "/v1/transfers/", "/reversals/", retrieve_reversal },
    { POST, "/v1/webhook_endpoints", NULL, create_endpoint },
    { GET, "/v1/webhook_endpoints", NULL, list_endpoints },
    { GET, "/v1/webhook_endpoints/", "", retrieve_endpoint },
    { POST, "/v1/webhook_endpoints/", "", update_endpoint },
    { DELETE, "/v1/webhook_endpoints/", "", delete_endpoint },
};

static bool is_id(str text)
{
    return text.size > 0 && memchr(text.data, '/', text.size) == NULL;
}

/* Cuts the text's end off, if it is that. */
static bool cut_end(str *text, str end)
{
    bool fits = text->size >= end.size &&
                str_equal((str){ text->data + text->size - end.size, end.size }, end);
    if (fits)
        text->size -= end.size;
    return fits;
}

static bool cut_inner_id(str *text, str *ret_id)
{
    size_t size = 0;
    while (size < text->size && text->data[text->size - size - 1] != '/')
        size++;
    *ret_id = (str){ text->data + text->size - size, size };
    text->size -= size;
    return size > 0;
}

bool sim_path_fits(struct sim *sim, const char *before_text, const char *after_text)
{
    str before = str_of(before_text);
    if (after_text == NULL)
        return str_equal(sim->path, before);

    str after = str_of(after_text);
    str id = sim->path;
    if (!str_starts(id, before))
        return false;
    if (after.size > 0 && after.data[after.size - 1] == '/' && !cut_inner_id(&id, &sim->inner_id))
        return false;
    if (!cut_end(&id, after) || id.size <= before.size)
        return false;
    sim->id = (str){ id.data + before.size, id.size - before.size };
    return is_id(sim->id);
}

static err refuse_unknown(struct sim *sim)
{
    const struct refusal refusal = {
        .status = 404,
        .message = sim_format(sim->op,
                              "Unrecognized request URL (%s: %.*s). If you are trying to list"
                              " objects, remove the trailing slash. If you are trying to retrieve"
                              " an object, make sure you passed a valid (non-empty) identifier in"
                              " your code. Please see https://stripe.com/docs or we can help at"
                              " https://support.stripe.com/.",
                              method_names[sim->method], (int)sim->path.size, sim->path.data),
    };
    return refuse(sim, &refusal);
}

err sim_dispatch(struct sim *sim)
{
    for (size_t i = 0; i < sizeof calls / sizeof *calls; i++) {
        if (calls[i].method == sim->method && sim_path_fits(sim, calls[i].before, calls[i].after))
            return calls[i].handle(sim);
    }
    return refuse_unknown(sim);
}
