/* Connected accounts: whom the shop pays out to. */
#include "base/text.h"
#include "stripe_sim/money.h"

static const struct field account_fields[] = {
    FIELD(struct account, id),
    FIELD(struct account, type),
    FIELD(struct account, country),
    FIELD(struct account, currency),
    FIELD_OPT(struct account, email),
    FIELD_OPT(struct account, business_type),
    FIELD_OPT(struct account, business_name),
    FIELD_OPT(struct account, business_url),
    FIELD_OPT(struct account, product_description),
    FIELD(struct account, metadata),
    FIELD(struct account, wants_transfers),
    FIELD(struct account, wants_payments),
    FIELD(struct account, submitted),
    FIELD(struct account, enabled),
    FIELD_OPT(struct account, disabled_reason),
    FIELD(struct account, balance),
    FIELD(struct account, created),
    FIELD(struct account, capabilities),
    FIELD(struct account, requirements),
    FIELD(struct account, controller),
    FIELDS_END,
};

#define COLUMNS                                                                            \
    "id, type, country, currency, email, business_type, business_name, business_url,"      \
    " product_description, metadata, wants_transfers, wants_payments, submitted, enabled," \
    " disabled_reason, balance, created"

const struct query sim_account_insert = {
    "insert into sim_accounts (" COLUMNS ") values ($id, $type, $country, $currency, $email,"
    " $business_type, $business_name, $business_url, $product_description, $metadata,"
    " $wants_transfers, $wants_payments, $submitted, $enabled, $disabled_reason, $balance,"
    " $created)",
    .in = account_fields,
};

const struct query sim_account_update = {
    "update sim_accounts set email = $email, business_type = $business_type,"
    " business_name = $business_name, business_url = $business_url,"
    " product_description = $product_description, metadata = $metadata,"
    " wants_transfers = $wants_transfers, wants_payments = $wants_payments,"
    " submitted = $submitted, enabled = $enabled, disabled_reason = $disabled_reason,"
    " balance = $balance where id = $id",
    .in = account_fields,
};

const struct query sim_account_by_id = {
    "select " COLUMNS " from sim_accounts where id = $id",
    .in = due_fields,
    .out = account_fields,
};

const struct query sim_accounts_newest = {
    LIST_NEWEST(COLUMNS, "sim_accounts", ""),
    .in = list_filter_fields,
    .out = account_fields,
};

const struct query sim_accounts_after = {
    LIST_AFTER(COLUMNS, "sim_accounts", ""),
    .in = list_filter_fields,
    .out = account_fields,
};

err sim_account_find(struct sim *sim, str id, struct account *ret_account)
{
    const struct due key = { .id = id };
    return sql_one(sim->op, &sim_account_by_id, &key, ret_account);
}

bool sim_account_takes_transfers(const struct account *account)
{
    return account->submitted && account->enabled && account->wants_transfers;
}

err sim_account_save(struct sim *sim, struct account *account)
{
    return sql_run(sim->op, &sim_account_update, account);
}

/* ---- shape ---- */

#define DUE                                                              \
    "[\"business_type\",\"external_account\",\"individual.first_name\"," \
    "\"individual.last_name\",\"tos_acceptance.date\",\"tos_acceptance.ip\"]"

static const char account_shape[] =
    "{'id':$id,'object':'account','business_profile':{'annual_revenue':null,"
    "'estimated_worker_count':null,'mcc':null,'minority_owned_business_designation':null,"
    "'name':$business_name,'product_description':$product_description,"
    "'specified_commercial_transactions_act_url':null,'support_address':null,"
    "'support_email':null,'support_phone':null,'support_url':null,'url':$business_url},"
    "'business_type':$business_type,'capabilities':@capabilities,'charges_enabled':$enabled,"
    "'controller':@controller,'country':$country,'created':$created,"
    "'default_currency':$currency,'details_submitted':$submitted,'email':$email,"
    "'external_accounts':{'object':'list','data':[],'has_more':false,"
    "'url':'/v1/accounts/external_accounts'},"
    "'future_requirements':{'alternatives':[],'current_deadline':null,'currently_due':[],"
    "'disabled_reason':null,'errors':[],'eventually_due':[],'past_due':[],"
    "'pending_verification':[]},'metadata':@metadata,'payouts_enabled':$enabled,"
    "'requirements':@requirements,'settings':{'branding':{'icon':null,'logo':null,"
    "'primary_color':null,'secondary_color':null},'card_payments':{'decline_on':{"
    "'avs_failure':false,'cvc_failure':false},'statement_descriptor_prefix':null,"
    "'statement_descriptor_prefix_kana':null,'statement_descriptor_prefix_kanji':null},"
    "'dashboard':{'display_name':null,'timezone':'Etc/UTC'},'payments':{"
    "'statement_descriptor':null,'statement_descriptor_kana':null,"
    "'statement_descriptor_kanji':null,'statement_descriptor_prefix_kana':null,"
    "'statement_descriptor_prefix_kanji':null},'payouts':{'debit_negative_balances':true,"
    "'schedule':{'delay_days':2,'interval':'daily'},'statement_descriptor':null}},"
    "'tos_acceptance':{'date':null,'ip':null,'user_agent':null},'type':$type}";

static str show_capabilities(struct sim *sim, const struct account *account)
{
    const char *state = account->submitted && account->enabled ? "active" : "inactive";
    return sim_format(sim->op, "{%s%s%s%s%s%s%s}",
                      account->wants_payments ? "\"card_payments\":\"" : "",
                      account->wants_payments ? state : "", account->wants_payments ? "\"" : "",
                      account->wants_payments && account->wants_transfers ? "," : "",
                      account->wants_transfers ? "\"transfers\":\"" : "",
                      account->wants_transfers ? state : "", account->wants_transfers ? "\"" : "");
}

static str show_requirements(struct sim *sim, const struct account *account)
{
    const char *due = account->submitted ? "[]" : DUE;
    struct buf reason = buf_in(sim->op->arena, 64);
    if (account->disabled_reason.data != NULL)
        json_write_str(&reason, account->disabled_reason);
    else
        buf_add(&reason, account->submitted ? S("null") : S("\"requirements.past_due\""));
    return sim_format(sim->op,
                      "{\"alternatives\":[],\"current_deadline\":null,\"currently_due\":%s,"
                      "\"disabled_reason\":%.*s,\"errors\":[],\"eventually_due\":%s,"
                      "\"past_due\":%s,\"pending_verification\":[]}",
                      due, (int)reason.size, reason.data, due, due);
}

static str show_controller(struct sim *sim, const struct account *account)
{
    bool express = str_is(account->type, "express");
    bool custom = str_is(account->type, "custom") || str_is(account->type, "none");
    const char *payer = express || custom ? "application" : "account";
    return sim_format(sim->op,
                      "{\"fees\":{\"payer\":\"%s\"},\"is_controller\":true,\"losses\":{"
                      "\"payments\":\"%s\"},\"requirement_collection\":\"%s\","
                      "\"stripe_dashboard\":{\"type\":\"%s\"},\"type\":\"application\"}",
                      payer, express || custom ? "application" : "stripe",
                      custom ? "application" : "stripe",
                      express  ? "express"
                      : custom ? "none"
                               : "full");
}

static str show_account(struct sim *sim, const struct account *account)
{
    struct account shown = *account;
    shown.capabilities = show_capabilities(sim, account);
    shown.requirements = show_requirements(sim, account);
    shown.controller = show_controller(sim, account);
    shown.enabled = account->submitted && account->enabled;
    return shape_fill(sim->op->arena, account_shape, account_fields, &shown);
}

err sim_account_tell(struct sim *sim, const struct account *account)
{
    return event_tell_account(sim, "account.updated", account->id, show_account(sim, account));
}

err sim_account_complete(struct sim *sim, struct account *account)
{
    account->submitted = true;
    account->enabled = true;
    account->disabled_reason = (str){ NULL, 0 };
    if (account->business_type.data == NULL)
        account->business_type = S("individual");
    TRY(sim_account_save(sim, account));
    return sim_account_tell(sim, account);
}

/* ---- calls ---- */

static err show_one(struct sim *sim, const void *record, const bool *expanded, str *ret_json)
{
    (void)expanded;
    *ret_json = show_account(sim, record);
    return OK;
}

static const struct list_kind accounts = {
    .what = "account",
    .url = "/v1/accounts",
    .newest = &sim_accounts_newest,
    .after = &sim_accounts_after,
    .find = &sim_account_by_id,
    .size = sizeof(struct account),
    .show = show_one,
};

/* GET /v1/accounts/:id */
err retrieve_account(struct sim *sim)
{
    return retrieve_answer(sim, &accounts, "account");
}

/* GET /v1/accounts */
err list_accounts(struct sim *sim)
{
    struct list_filter filter = { .max = 0 };
    return list_answer(sim, &accounts, &filter);
}

/* By type, or by what type stands for. */
static err read_type(struct sim *sim, struct account *account)
{
    static const char *const types[] = { "custom", "express", "standard", NULL };
    static const char *const dashboards[] = { "express", "full", "none", NULL };
    str dashboard = { NULL, 0 };
    str type = { NULL, 0 };
    TRY(param_choice(sim, "type", types, &type));
    TRY(param_choice(sim, "controller[stripe_dashboard][type]", dashboards, &dashboard));
    (void)param(sim, "controller[fees][payer]");
    (void)param(sim, "controller[losses][payments]");
    (void)param(sim, "controller[requirement_collection]");
    if (type.data != NULL && dashboard.data != NULL)
        return refuse_param(sim, NULL, S("type"),
                            "You may only specify one of these parameters: type, controller.");
    account->type = type.data != NULL              ? type
                    : str_is(dashboard, "express") ? S("express")
                    : str_is(dashboard, "none")    ? S("none")
                                                   : S("standard");
    return OK;
}

static err read_account(struct sim *sim, struct account *account)
{
    static const char *const kinds[] = { "company", "government_entity", "individual", "non_profit",
                                         NULL };
    struct {
        const char *name;
        str *value;
    } texts[] = {
        { "email", &account->email },
        { "business_profile[name]", &account->business_name },
        { "business_profile[url]", &account->business_url },
        { "business_profile[product_description]", &account->product_description },
    };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        str text = param(sim, texts[i].name);
        if (text.data != NULL)
            *texts[i].value = text;
    }
    if (account->email.data != NULL && !email_is_valid(account->email))
        return refuse_param(sim, "email_invalid", S("email"), "Invalid email address: %.*s",
                            (int)account->email.size, account->email.data);
    (void)param(sim, "business_profile[mcc]");
    TRY(param_choice(sim, "business_type", kinds, &account->business_type));
    TRY(param_bool(sim, "capabilities[transfers][requested]", &account->wants_transfers));
    TRY(param_bool(sim, "capabilities[card_payments][requested]", &account->wants_payments));
    return param_metadata_merge(sim, "metadata", &account->metadata, NULL);
}

static bool is_country(str text)
{
    return text.size == 2 && text.data[0] >= 'A' && text.data[0] <= 'Z' && text.data[1] >= 'A' &&
           text.data[1] <= 'Z';
}

/* POST /v1/accounts */
err create_account(struct sim *sim)
{
    struct account account = {
        .id = sim_id(sim->op, "acct_"),
        .country = S("US"),
        .currency = S("usd"),
        .metadata = S("{}"),
        .created = sim->now,
    };
    str country = param(sim, "country");
    str currency = param(sim, "default_currency");
    TRY(read_type(sim, &account));
    TRY(read_account(sim, &account));
    TRY(param_expand(sim, NULL, NULL));
    TRY(params_end(sim));
    if (country.data != NULL && !is_country(country))
        return refuse_param(sim, NULL, S("country"), "Country '%.*s' is unknown.",
                            (int)country.size, country.data);
    if (country.data != NULL)
        account.country = country;
    if (currency.data != NULL)
        TRY(sim_currency_known(sim, currency, &account.currency));
    TRY(sql_run(sim->op, &sim_account_insert, &account));
    return answer_json(sim, show_account(sim, &account));
}

/* POST /v1/accounts/:id */
err update_account(struct sim *sim)
{
    struct account account = { .balance = 0 };
    err found = sim_account_find(sim, sim->id, &account);
    if (err_is(found, STATUS_NOT_FOUND))
        return refuse_missing(sim, 404, "account", sim->id, "account");
    TRY(found);
    TRY(read_account(sim, &account));
    TRY(param_expand(sim, NULL, NULL));
    TRY(params_end(sim));
    TRY(sim_account_save(sim, &account));
    TRY(sim_account_tell(sim, &account));
    return answer_json(sim, show_account(sim, &account));
}

/* ---- what happens to an account elsewhere ---- */

static err reply_account(struct sim *sim, const struct account *account, struct response *response)
{
    return reply_text(response, STATUS_OK, show_account(sim, account));
}

err control_account_onboard(struct sim *sim, struct response *response)
{
    struct account account = { .balance = 0 };
    TRY(sim_account_find(sim, sim->id, &account));
    TRY(sim_account_complete(sim, &account));
    return reply_account(sim, &account, response);
}

err control_account_restrict(struct sim *sim, struct response *response)
{
    struct account account = { .balance = 0 };
    TRY(sim_account_find(sim, sim->id, &account));
    account.enabled = false;
    account.disabled_reason = S("rejected.other");
    TRY(sim_account_save(sim, &account));
    TRY(sim_account_tell(sim, &account));
    return reply_account(sim, &account, response);
}

/* What was transferred goes on to the seller's bank: it cannot be reversed any more. */
err control_account_payout(struct sim *sim, struct response *response)
{
    struct account account = { .balance = 0 };
    TRY(sim_account_find(sim, sim->id, &account));
    account.balance = 0;
    TRY(sim_account_save(sim, &account));
    return reply_account(sim, &account, response);
}
