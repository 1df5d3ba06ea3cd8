/* Which page; and the bank's page of 3-D Secure: GET /3ds/:id shows it, POST decides. */
#include "stripe_sim/checkout.h"
#include "stripe_sim/html.h"

bool sim_page_is(str path)
{
    return str_starts(path, S("/3ds/")) || str_starts(path, S("/c/")) ||
           str_starts(path, S("/setup/"));
}

static const char buttons[] =
    "<form method=\"post\">"
    "<button name=\"decision\" value=\"ok\">Confirm the payment</button>"
    "<button class=\"plain\" name=\"decision\" value=\"fail\">Refuse</button></form>\n";

/* Where the buyer goes from here, also by way of the checkout page. */
static err find_next(struct sim *sim, const struct intent *intent, str *ret_next)
{
    struct checkout checkout;
    *ret_next = sim_url_origin(sim, intent->return_url);
    if (intent->session.data == NULL)
        return OK;
    TRY(sim_checkout_find(sim, intent->session, &checkout));
    *ret_next = sim_url_origin(sim, checkout.success_url);
    return OK;
}

static err show(struct sim *sim, struct response *response, int status, str text,
                const struct intent *asks)
{
    struct buf out = buf_in(sim->op->arena, 1024);
    str next = { NULL, 0 };
    buf_add(&out, S("<h1>Simulated bank</h1>\n<p>"));
    buf_add(&out, text);
    buf_add(&out, S("</p>\n"));
    if (asks != NULL) {
        buf_add(&out, str_of(buttons));
        TRY(find_next(sim, asks, &next));
    }
    return sim_html_reply(sim, response, status, "Simulated bank", buf_str(&out), next);
}

/* Back to the shop, with what Stripe adds to return_url; or to the checkout page, which knows. */
static void redirect(struct sim *sim, const struct intent *intent, bool passed,
                     struct response *response)
{
    if (intent->session.data != NULL) {
        sim_html_redirect(response, sim_format(sim->op, "/c/pay/%.*s", (int)intent->session.size,
                                               intent->session.data));
        return;
    }
    struct buf out = buf_in(sim->op->arena, 512);
    struct buf query = buf_in(sim->op->arena, 256);
    str url = intent->return_url;
    buf_add(&out, url);
    buf_add_char(&out, memchr(url.data, '?', url.size) ? '&' : '?');
    form_add(&query, S("payment_intent"), intent->id);
    form_add(&query, S("payment_intent_client_secret"), intent->client_secret);
    form_add(&query, S("redirect_status"), passed ? S("succeeded") : S("failed"));
    buf_add(&out, buf_str(&query));
    sim_html_redirect(response, buf_str(&out));
}

static err decide(struct sim *sim, struct intent *intent, struct response *response)
{
    str decision = param(sim, "decision");
    if (!str_is(decision, "ok") && !str_is(decision, "fail"))
        return show(sim, response, 400, S("Confirm or refuse?"), intent);

    bool passed = str_is(decision, "ok");
    err e = intent_authenticated(sim, intent, passed);
    if (e.problem != NULL && e.problem != &answered)
        return e;
    passed = passed && e.problem == NULL;
    if (intent->return_url.data != NULL) {
        redirect(sim, intent, passed, response);
        return OK;
    }
    return show(sim, response, 200,
                passed ? S("Thank you.  You can close this page.")
                       : S("The payment was refused.  You can close this page."),
                NULL);
}

static err bank_page(struct sim *sim, struct response *response)
{
    struct due key = { .id = sim->id };
    struct intent intent = { .amount = 0 };
    err found = sql_one(sim->op, &intent_find, &key, &intent);
    if (err_is(found, STATUS_NOT_FOUND))
        return show(sim, response, 404, S("There is no such payment."), NULL);
    TRY(found);
    if (intent.status != INTENT_REQUIRES_ACTION)
        return show(sim, response, 200, S("There is nothing to confirm here any more."), NULL);
    if (sim->method == POST) {
        err e = params_read(sim);
        return e.problem ? show(sim, response, 400, S("Confirm or refuse?"), &intent)
                         : decide(sim, &intent, response);
    }
    struct buf text = buf_in(sim->op->arena, 128);
    buf_add(&text, S("A shop asks for "));
    sim_html_add_amount(&text, intent.amount, intent.currency);
    buf_add(&text, S(" from your card."));
    return show(sim, response, 200, buf_str(&text), &intent);
}

err sim_page_serve(struct sim *sim, struct response *response)
{
    sim->request_id = sim_id(sim->op, "req_");
    bool known = sim->method == GET || sim->method == HEAD || sim->method == POST;
    if (known && sim_path_fits(sim, "/3ds/", ""))
        return bank_page(sim, response);
    if (known && sim_path_fits(sim, "/c/pay/", ""))
        return sim_checkout_page(sim, response);
    if (known && sim_path_fits(sim, "/setup/", ""))
        return onboarding_page(sim, response);
    if (sim->method == GET && sim_path_fits(sim, STYLE_PATH, NULL))
        return sim_style_reply(response);
    return sim_html_reply(sim, response, 404, "Not found", S("<h1>There is no such page</h1>\n"),
                          (str){ NULL, 0 });
}
