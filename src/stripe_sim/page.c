/* The bank's page of 3-D Secure, as a buyer sees it: GET /3ds/:id shows it, POST decides. */
#include "stripe_sim/sim.h"

static const str prefix = STR_INIT("/3ds/");

bool page_is(str path)
{
    return str_starts(path, prefix);
}

static const char top[] =
    "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\">"
    "<meta name=\"viewport\" content=\"width=device-width\"><title>Simulated bank</title></head>"
    "<body><h1>Simulated bank</h1>";
static const char buttons[] = "<form method=\"post\">"
                              "<button name=\"decision\" value=\"ok\">Confirm the payment</button> "
                              "<button name=\"decision\" value=\"fail\">Refuse</button></form>";

static err show(struct sim *sim, struct response *response, int status, str text, bool asks)
{
    struct buf out = buf_in(sim->op->arena, 1024);
    buf_add(&out, str_of(top));
    buf_add(&out, S("<p>"));
    buf_add(&out, text);
    buf_add(&out, S("</p>"));
    if (asks)
        buf_add(&out, str_of(buttons));
    buf_add(&out, S("</body></html>\n"));
    response->status = status;
    response->content_type = S("text/html; charset=utf-8");
    response->body = buf_str(&out);
    return OK;
}

/* Back to the shop, with what Stripe adds to return_url. */
static void redirect(struct sim *sim, const struct intent *intent, bool passed,
                     struct response *response)
{
    struct buf out = buf_in(sim->op->arena, 512);
    str url = intent->return_url;
    buf_add(&out, url);
    buf_add_char(&out, memchr(url.data, '?', url.size) ? '&' : '?');
    struct buf query = buf_in(sim->op->arena, 256);
    form_add(&query, S("payment_intent"), intent->id);
    form_add(&query, S("payment_intent_client_secret"), intent->client_secret);
    form_add(&query, S("redirect_status"), passed ? S("succeeded") : S("failed"));
    buf_add(&out, buf_str(&query));
    response->status = 303;
    response_add(response, "Location", buf_str(&out));
}

static err decide(struct sim *sim, struct intent *intent, struct response *response)
{
    str decision = param(sim, "decision");
    if (!str_is(decision, "ok") && !str_is(decision, "fail"))
        return show(sim, response, 400, S("Confirm or refuse?"), true);

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
                false);
}

err page_serve(struct sim *sim, struct response *response)
{
    struct due key = { .id = { sim->path.data + prefix.size, sim->path.size - prefix.size } };
    struct intent intent = { .amount = 0 };
    err found = sql_one(sim->op, &intent_find, &key, &intent);
    if (err_is(found, STATUS_NOT_FOUND))
        return show(sim, response, 404, S("There is no such payment."), false);
    TRY(found);
    if (intent.status != INTENT_REQUIRES_ACTION)
        return show(sim, response, 200, S("There is nothing to confirm here any more."), false);
    if (sim->method == POST) {
        err e = params_read(sim);
        return e.problem ? show(sim, response, 400, S("Confirm or refuse?"), true)
                         : decide(sim, &intent, response);
    }
    return show(sim, response, 200,
                sim_format(sim->op, "A shop asks for %lld.%02lld %.*s from your card.",
                           (long long)(intent.amount / 100), (long long)(intent.amount % 100),
                           (int)intent.currency.size, intent.currency.data),
                true);
}
