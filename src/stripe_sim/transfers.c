/* Transfers to connected accounts. */
#include <inttypes.h>

#include "stripe_sim/money.h"

const struct field sim_transfer_fields[] = {
    FIELD(struct transfer, id),
    FIELD(struct transfer, amount),
    FIELD(struct transfer, amount_reversed),
    FIELD(struct transfer, currency),
    FIELD(struct transfer, destination),
    FIELD(struct transfer, destination_payment),
    FIELD_OPT(struct transfer, source_transaction),
    FIELD_OPT(struct transfer, transfer_group),
    FIELD_OPT(struct transfer, description),
    FIELD(struct transfer, metadata),
    FIELD(struct transfer, balance_transaction),
    FIELD(struct transfer, created),
    FIELD(struct transfer, reversed),
    FIELD(struct transfer, reversals),
    FIELDS_END,
};

#define COLUMNS                                                                \
    "id, amount, amount_reversed, currency, destination, destination_payment," \
    " source_transaction, transfer_group, description, metadata, balance_transaction, created"

const struct query sim_transfer_insert = {
    "insert into sim_transfers (" COLUMNS ") values ($id, $amount, $amount_reversed, $currency,"
    " $destination, $destination_payment, $source_transaction, $transfer_group, $description,"
    " $metadata, $balance_transaction, $created)",
    .in = sim_transfer_fields,
};

const struct query sim_transfer_update = {
    "update sim_transfers set amount_reversed = $amount_reversed, description = $description,"
    " metadata = $metadata where id = $id",
    .in = sim_transfer_fields,
};

const struct query sim_transfer_find = {
    "select " COLUMNS " from sim_transfers where id = $id",
    .in = due_fields,
    .out = sim_transfer_fields,
};

const struct query sim_transfers_all = {
    "select " COLUMNS " from sim_transfers order by seq",
    .out = sim_transfer_fields,
};

#define FILTERED                                                \
    " and ($destination is null or destination = $destination)" \
    " and ($transfer_group is null or transfer_group = $transfer_group)"

const struct query sim_transfers_newest = {
    LIST_NEWEST(COLUMNS, "sim_transfers", FILTERED),
    .in = list_filter_fields,
    .out = sim_transfer_fields,
};

const struct query sim_transfers_after = {
    LIST_AFTER(COLUMNS, "sim_transfers", FILTERED),
    .in = list_filter_fields,
    .out = sim_transfer_fields,
};

/* How much of a charge has been transferred; what was reversed does not make room again. */
const struct query sim_transferred_of = {
    "select coalesce(sum(amount), 0) as amount from sim_transfers where source_transaction = $id",
    .in = due_fields,
    .out = sim_transfer_fields,
};

/* ---- shapes ---- */

static const char transfer_shape[] =
    "{'id':$id,'object':'transfer','amount':$amount,'amount_reversed':$amount_reversed,"
    "'balance_transaction':$balance_transaction,'created':$created,'currency':$currency,"
    "'description':$description,'destination':$destination,"
    "'destination_payment':$destination_payment,'livemode':false,'metadata':@metadata,"
    "'reversals':@reversals,'reversed':$reversed,'source_transaction':$source_transaction,"
    "'source_type':'card','transfer_group':$transfer_group}";

static err show_transfer(struct sim *sim, const struct transfer *transfer, str *ret_json)
{
    struct transfer shown = *transfer;
    shown.reversed = transfer->amount_reversed == transfer->amount;
    TRY(sim_show_reversals(sim, transfer->id, &shown.reversals));
    *ret_json = shape_fill(sim->op->arena, transfer_shape, sim_transfer_fields, &shown);
    return OK;
}

err sim_transfer_tell(struct sim *sim, const char *type, const struct transfer *transfer)
{
    str json;
    TRY(show_transfer(sim, transfer, &json));
    return event_tell(sim, type, transfer->id, json);
}

static err answer_transfer(struct sim *sim, const struct transfer *transfer)
{
    str json;
    TRY(show_transfer(sim, transfer, &json));
    return answer_json(sim, json);
}

/* ---- transfers ---- */

str sim_cents(struct sim *sim, int64_t amount)
{
    return sim_format(sim->op, "$%" PRId64 ".%02" PRId64, amount / 100, amount % 100);
}

err sim_refuse_transfer(struct sim *sim, const char *code, const char *param_name, str message)
{
    const struct refusal refusal = {
        .executed = true,
        .code = code,
        .param = param_name,
        .message = message,
    };
    return refuse(sim, &refusal);
}

static err check_destination(struct sim *sim, str id, struct account *ret_account)
{
    err found = sim_account_find(sim, id, ret_account);
    if (err_is(found, STATUS_NOT_FOUND))
        return refuse_missing(sim, 400, "destination", id, "destination");
    TRY(found);
    if (sim_account_takes_transfers(ret_account))
        return OK;
    return sim_refuse_transfer(
        sim, "insufficient_capabilities_for_transfer", NULL,
        S("Your destination account needs to have at least one of the following"
          " capabilities enabled: transfers, crypto_transfers,"
          " legacy_payments"));
}

static err refuse_too_much(struct sim *sim, const struct charge *charge, int64_t before)
{
    str most = sim_cents(sim, charge->amount_captured);
    str there = sim_cents(sim, before);
    return sim_refuse_transfer(
        sim, NULL, NULL,
        before == 0
            ? sim_format(sim->op,
                         "Transfers using this transaction as a source must not exceed the source"
                         " amount of %.*s.",
                         (int)most.size, most.data)
            : sim_format(sim->op,
                         "Transfers using this transaction as a source must not exceed the source"
                         " amount of %.*s. (There is already a transfer using this source,"
                         " amounting to %.*s.)",
                         (int)most.size, most.data, (int)there.size, there.data));
}

/* The money comes from one charge, which may not have arrived yet. */
static err check_source(struct sim *sim, struct transfer *transfer)
{
    const struct due key = { .id = transfer->source_transaction };
    struct charge charge = { .amount = 0 };
    struct transfer sum = { .amount = 0 };
    err found = sql_one(sim->op, &sim_charge_find, &key, &charge);
    if (err_is(found, STATUS_NOT_FOUND))
        return refuse_missing(sim, 400, "charge", transfer->source_transaction,
                              "source_transaction");
    TRY(found);
    if (!charge.captured || !str_is(charge.status, "succeeded"))
        return sim_refuse_transfer(
            sim, NULL, "source_transaction",
            S("The charge that is the source of a transfer must have succeeded"
              " and been captured."));
    if (!str_equal(charge.currency, transfer->currency))
        return sim_refuse_transfer(
            sim, NULL, "currency",
            S("The currency of source_transaction's balance transaction must be"
              " the same as the transfer currency."));
    TRY(sql_one(sim->op, &sim_transferred_of, &key, &sum));
    if (transfer->amount > charge.amount_captured - sum.amount)
        return refuse_too_much(sim, &charge, sum.amount);
    if (transfer->transfer_group.data == NULL)
        transfer->transfer_group = charge.transfer_group;
    return OK;
}

static err check_balance(struct sim *sim, const struct transfer *transfer)
{
    int64_t available;
    TRY(sim_balance_available(sim, transfer->currency, &available));
    if (available >= transfer->amount)
        return OK;
    return sim_refuse_transfer(
        sim, "balance_insufficient", NULL,
        S("You have insufficient available funds in your Stripe account. Try"
          " adding funds directly to your available balance by creating Charges"
          " using the 4000000000000077 test card."));
}

err sim_transfer_move(struct sim *sim, const char *type, int64_t amount, str currency, str source,
                      str *ret_transaction)
{
    struct movement movement = {
        .type = str_of(type),
        .category = amount > 0 ? S("transfer_reversal") : S("transfer"),
        .amount = amount,
        .currency = currency,
        .source = source,
    };
    TRY(sim_balance_move(sim, &movement));
    *ret_transaction = movement.id;
    return OK;
}

static err read_transfer(struct sim *sim, struct transfer *transfer)
{
    static const char *const types[] = { "bank_account", "card", "fpx", NULL };
    str amount, currency, type;
    TRY(param_required(sim, "amount", &amount));
    TRY(param_int(sim, "amount", &transfer->amount));
    TRY(param_required(sim, "currency", &currency));
    TRY(sim_currency_known(sim, currency, &transfer->currency));
    TRY(param_required(sim, "destination", &transfer->destination));
    transfer->source_transaction = param(sim, "source_transaction");
    transfer->transfer_group = param(sim, "transfer_group");
    transfer->description = param(sim, "description");
    TRY(param_choice(sim, "source_type", types, &type));
    TRY(param_metadata(sim, "metadata", &transfer->metadata, NULL));
    TRY(param_expand(sim, NULL, NULL));
    TRY(params_end(sim));
    if (transfer->amount >= 1)
        return OK;
    return refuse_param(sim, "parameter_invalid_integer", S("amount"),
                        "This value must be greater than or equal to 1.");
}

/* POST /v1/transfers */
err create_transfer(struct sim *sim)
{
    struct account account = { .balance = 0 };
    struct transfer transfer = {
        .id = sim_id(sim->op, "tr_"),
        .destination_payment = sim_id(sim->op, "py_"),
        .created = sim->now,
    };
    TRY(read_transfer(sim, &transfer));
    TRY(check_destination(sim, transfer.destination, &account));
    TRY(transfer.source_transaction.data != NULL ? check_source(sim, &transfer)
                                                 : check_balance(sim, &transfer));
    TRY(sim_transfer_move(sim, "transfer", -transfer.amount, transfer.currency, transfer.id,
                          &transfer.balance_transaction));
    TRY(sql_run(sim->op, &sim_transfer_insert, &transfer));
    account.balance += transfer.amount;
    TRY(sim_account_save(sim, &account));
    TRY(sim_transfer_tell(sim, "transfer.created", &transfer));
    return answer_transfer(sim, &transfer);
}

static err show_one(struct sim *sim, const void *record, const bool *expanded, str *ret_json)
{
    (void)expanded;
    return show_transfer(sim, record, ret_json);
}

static const struct list_kind transfers = {
    .what = "transfer",
    .url = "/v1/transfers",
    .newest = &sim_transfers_newest,
    .after = &sim_transfers_after,
    .find = &sim_transfer_find,
    .size = sizeof(struct transfer),
    .show = show_one,
};

/* GET /v1/transfers/:id */
err retrieve_transfer(struct sim *sim)
{
    return retrieve_answer(sim, &transfers, "transfer");
}

/* GET /v1/transfers */
err list_transfers(struct sim *sim)
{
    struct list_filter filter = {
        .destination = param(sim, "destination"),
        .transfer_group = param(sim, "transfer_group"),
    };
    return list_answer(sim, &transfers, &filter);
}

err sim_transfer_get(struct sim *sim, struct transfer *ret_transfer)
{
    const struct due key = { .id = sim->id };
    err found = sql_one(sim->op, &sim_transfer_find, &key, ret_transfer);
    if (err_is(found, STATUS_NOT_FOUND))
        return refuse_missing(sim, 404, "transfer", sim->id, "transfer");
    return found;
}

/* POST /v1/transfers/:id */
err update_transfer(struct sim *sim)
{
    struct transfer transfer = { .amount = 0 };
    str description;
    TRY(sim_transfer_get(sim, &transfer));
    if (param_given(sim, S("description"), &description))
        transfer.description = description.size > 0 ? description : (str){ NULL, 0 };
    TRY(param_metadata_merge(sim, "metadata", &transfer.metadata, NULL));
    TRY(param_expand(sim, NULL, NULL));
    TRY(params_end(sim));
    TRY(sql_run(sim->op, &sim_transfer_update, &transfer));
    TRY(sim_transfer_tell(sim, "transfer.updated", &transfer));
    return answer_transfer(sim, &transfer);
}
