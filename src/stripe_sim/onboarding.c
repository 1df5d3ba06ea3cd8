/* Account links, and the page behind them where a seller tells Stripe who she is.
 *
 * A link works once: whoever opens it first (also a mail program that looks ahead) uses it up, and
 * the second comes to refresh_url.  The page that it shows proves itself with a token of its own.
 */
#include "stripe_sim/html.h"
#include "stripe_sim/money.h"

#define LINK_LASTS minutes(5)
#define PAGE_LASTS hours(1)

struct link {
    str token;
    str account;
    str type;
    str refresh_url;
    str return_url;
    str form; /* what the opened page has to show; absent until then */
    instant expires_at;
    instant created;
};

static const struct field link_fields[] = {
    FIELD(struct link, token),       FIELD(struct link, account),    FIELD(struct link, type),
    FIELD(struct link, refresh_url), FIELD(struct link, return_url), FIELD_OPT(struct link, form),
    FIELD(struct link, expires_at),  FIELD(struct link, created),    FIELDS_END,
};

#define COLUMNS "token, account, type, refresh_url, return_url, form, expires_at, created"

const struct query sim_link_insert = {
    "insert into sim_links (" COLUMNS ") values ($token, $account, $type, $refresh_url,"
    " $return_url, $form, $expires_at, $created)",
    .in = link_fields,
};

const struct query sim_link_find = {
    "select " COLUMNS " from sim_links where token = $id",
    .in = due_fields,
    .out = link_fields,
};

const struct query sim_link_open = {
    "update sim_links set form = $form, expires_at = $expires_at where token = $token",
    .in = link_fields,
};

const struct query sim_link_delete = {
    "delete from sim_links where token = $token",
    .in = link_fields,
};

/* ---- the call ---- */

static err read_url(struct sim *sim, const char *name, str *ret_url)
{
    TRY(param_required(sim, name, ret_url));
    if (sim_url_origin(sim, *ret_url).data != NULL)
        return OK;
    return refuse_param(sim, "url_invalid", str_of(name), "Not a valid URL");
}

/* POST /v1/account_links */
err create_account_link(struct sim *sim)
{
    static const char *const types[] = { "account_onboarding", "account_update", NULL };
    static const char *const fields[] = { "currently_due", "eventually_due", NULL };
    struct account account = { .balance = 0 };
    str collect = { NULL, 0 };
    struct link link = {
        .token = sim_id(sim->op, ""),
        .expires_at = instant_after(sim->now, LINK_LASTS),
        .created = sim->now,
    };
    TRY(param_required(sim, "account", &link.account));
    TRY(param_required(sim, "type", &link.type));
    TRY(param_choice(sim, "type", types, &link.type));
    TRY(param_choice(sim, "collect", fields, &collect));
    TRY(param_choice(sim, "collection_options[fields]", fields, &collect));
    TRY(read_url(sim, "refresh_url", &link.refresh_url));
    TRY(read_url(sim, "return_url", &link.return_url));
    TRY(param_expand(sim, NULL, NULL));
    TRY(params_end(sim));
    err found = sim_account_find(sim, link.account, &account);
    if (err_is(found, STATUS_NOT_FOUND))
        return refuse_missing(sim, 400, "account", link.account, "account");
    TRY(found);
    TRY(sql_run(sim->op, &sim_link_insert, &link));
    return answer_json(
        sim, sim_format(sim->op,
                        "{\"object\":\"account_link\",\"created\":%lld,\"expires_at\":%lld,"
                        "\"url\":\"%.*s/setup/%.*s\"}",
                        (long long)(link.created.ms / 1000), (long long)(link.expires_at.ms / 1000),
                        (int)sim->base_url.size, sim->base_url.data, (int)link.token.size,
                        link.token.data));
}

/* ---- the page ---- */

static err show(struct sim *sim, const struct link *link, const struct account *account,
                struct response *response)
{
    struct buf out = buf_in(sim->op->arena, 2048);
    buf_add(&out, S("<h1>Get paid for what you sell</h1>\n<p>The payment provider asks sellers who"
                    " they are and where their money is to go. This simulated one asks for"
                    " nothing.</p>\n<p>"));
    sim_html_add(&out, account->email.data ? account->email : account->id);
    buf_add(&out, S("</p>\n<form method=\"post\"><input type=\"hidden\" name=\"form\" value=\""));
    sim_html_add(&out, link->form);
    buf_add(&out, S("\"><button name=\"decision\" value=\"complete\">Agree and submit</button>"
                    "<button class=\"plain\" name=\"decision\" value=\"leave\">Continue later"
                    "</button></form>\n"));
    return sim_html_reply(sim, response, 200, "Get paid", buf_str(&out),
                          sim_url_origin(sim, link->return_url));
}

static err open_link(struct sim *sim, struct link *link, const struct account *account,
                     struct response *response)
{
    if (link->form.data != NULL || link->expires_at.ms <= sim->now.ms) {
        sim_html_redirect(response, link->refresh_url);
        return OK;
    }
    link->form = sim_id(sim->op, "");
    link->expires_at = instant_after(sim->now, PAGE_LASTS);
    TRY(sql_run(sim->op, &sim_link_open, link));
    return show(sim, link, account, response);
}

/* return_url is where one comes either way: it says nothing about what is done. */
static err decide(struct sim *sim, struct link *link, struct account *account,
                  struct response *response)
{
    err e = params_read(sim);
    bool mine = e.problem == NULL && link->form.data != NULL &&
                str_equal_secret(param(sim, "form"), link->form);
    if (!mine || link->expires_at.ms <= sim->now.ms) {
        sim_html_redirect(response, link->refresh_url);
        return OK;
    }
    TRY(sql_run(sim->op, &sim_link_delete, link));
    if (str_is(param(sim, "decision"), "complete"))
        TRY(sim_account_complete(sim, account));
    sim_html_redirect(response, link->return_url);
    return OK;
}

err onboarding_page(struct sim *sim, struct response *response)
{
    struct due key = { .id = sim->id };
    struct link link = { .form = { NULL, 0 } };
    struct account account = { .balance = 0 };
    err found = sql_one(sim->op, &sim_link_find, &key, &link);
    if (err_is(found, STATUS_NOT_FOUND))
        return sim_html_reply(
            sim, response, 404, "Not found",
            S("<h1>This link does not work any more</h1>\n<p>Ask the shop for another"
              " one.</p>\n"),
            (str){ NULL, 0 });
    TRY(found);
    TRY(sim_account_find(sim, link.account, &account));
    return sim->method == POST ? decide(sim, &link, &account, response)
                               : open_link(sim, &link, &account, response);
}
