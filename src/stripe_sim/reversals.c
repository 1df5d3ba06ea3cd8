/* Reversals: what a transfer moved comes back, all of it or a part. */
#include "stripe_sim/money.h"

struct reversal {
    str id;
    str transfer;
    int64_t amount;
    str currency;
    str metadata;
    str balance_transaction;
    instant created;
};

static const struct field reversal_fields[] = {
    FIELD(struct reversal, id),       FIELD(struct reversal, transfer),
    FIELD(struct reversal, amount),   FIELD(struct reversal, currency),
    FIELD(struct reversal, metadata), FIELD(struct reversal, balance_transaction),
    FIELD(struct reversal, created),  FIELDS_END,
};

#define REVERSAL_COLUMNS "id, transfer, amount, currency, metadata, balance_transaction, created"

const struct query sim_reversal_insert = {
    "insert into sim_reversals (" REVERSAL_COLUMNS ") values ($id, $transfer, $amount, $currency,"
    " $metadata, $balance_transaction, $created)",
    .in = reversal_fields,
};

const struct query sim_reversal_find = {
    "select " REVERSAL_COLUMNS " from sim_reversals where id = $id",
    .in = due_fields,
    .out = reversal_fields,
};

#define OF_TRANSFER " and transfer = $transfer"

const struct query sim_reversals_newest = {
    LIST_NEWEST(REVERSAL_COLUMNS, "sim_reversals", OF_TRANSFER),
    .in = list_filter_fields,
    .out = reversal_fields,
};

const struct query sim_reversals_after = {
    LIST_AFTER(REVERSAL_COLUMNS, "sim_reversals", OF_TRANSFER),
    .in = list_filter_fields,
    .out = reversal_fields,
};

/* ---- shapes ---- */

static const char reversal_shape[] =
    "{'id':$id,'object':'transfer_reversal','amount':$amount,"
    "'balance_transaction':$balance_transaction,'created':$created,'currency':$currency,"
    "'destination_payment_refund':null,'metadata':@metadata,'source_refund':null,"
    "'transfer':$transfer}";

static str show_reversal(struct sim *sim, const struct reversal *reversal)
{
    return shape_fill(sim->op->arena, reversal_shape, reversal_fields, reversal);
}

#define SHOWN_MAX 10

err sim_show_reversals(struct sim *sim, str transfer, str *ret_json)
{
    const struct list_filter filter = {
        .transfer = transfer,
        .created_before = INT64_MAX,
        .max = SHOWN_MAX + 1,
    };
    struct rows rows;
    struct buf out = buf_in(sim->op->arena, 256);
    TRY(sql_all(sim->op, &sim_reversals_newest, &filter, sizeof(struct reversal), SHOWN_MAX + 1,
                &rows));
    buf_add(&out, S("{\"object\":\"list\",\"data\":["));
    for (size_t i = 0; i < rows.count && i < SHOWN_MAX; i++) {
        if (i > 0)
            buf_add_char(&out, ',');
        buf_add(&out, show_reversal(sim, (const struct reversal *)rows.items + i));
    }
    buf_addf(&out, "],\"has_more\":%s,\"url\":\"/v1/transfers/%.*s/reversals\"}",
             rows.count > SHOWN_MAX ? "true" : "false", (int)transfer.size, transfer.data);
    *ret_json = buf_str(&out);
    return OK;
}

/* ---- calls ---- */

static err check_reversal(struct sim *sim, const struct transfer *transfer, int64_t amount,
                          struct account *ret_account)
{
    int64_t left = transfer->amount - transfer->amount_reversed;
    if (left == 0)
        return sim_refuse_transfer(sim, NULL, NULL,
                                   sim_format(sim->op, "Transfer %.*s is already fully reversed.",
                                              (int)transfer->id.size, transfer->id.data));
    if (amount < 1)
        return refuse_param(sim, "parameter_invalid_integer", S("amount"),
                            "This value must be greater than or equal to 1.");
    if (amount > left) {
        str asked = sim_cents(sim, amount);
        str there = sim_cents(sim, left);
        return sim_refuse_transfer(sim, NULL, "amount",
                                   sim_format(sim->op,
                                              "Transfer reversal amount (%.*s) is greater than"
                                              " unreversed amount on transfer (%.*s)",
                                              (int)asked.size, asked.data, (int)there.size,
                                              there.data));
    }
    TRY(sim_account_find(sim, transfer->destination, ret_account));
    if (ret_account->balance >= amount)
        return OK;
    return sim_refuse_transfer(sim, "balance_insufficient", NULL,
                               S("The connected account does not have enough funds in its Stripe"
                                 " balance to reverse this transfer."));
}

/* POST /v1/transfers/:id/reversals */
err create_reversal(struct sim *sim)
{
    struct transfer transfer = { .amount = 0 };
    struct account account = { .balance = 0 };
    struct reversal reversal = { .id = sim_id(sim->op, "trr_"), .created = sim->now };
    bool fee = false;

    TRY(sim_transfer_get(sim, &transfer));
    reversal.amount = transfer.amount - transfer.amount_reversed;
    reversal.transfer = transfer.id;
    reversal.currency = transfer.currency;
    TRY(param_int(sim, "amount", &reversal.amount));
    TRY(param_bool(sim, "refund_application_fee", &fee));
    (void)param(sim, "description");
    TRY(param_metadata(sim, "metadata", &reversal.metadata, NULL));
    TRY(param_expand(sim, NULL, NULL));
    TRY(params_end(sim));
    TRY(check_reversal(sim, &transfer, reversal.amount, &account));

    TRY(sim_transfer_move(sim, "transfer_refund", reversal.amount, reversal.currency, reversal.id,
                          &reversal.balance_transaction));
    TRY(sql_run(sim->op, &sim_reversal_insert, &reversal));
    transfer.amount_reversed += reversal.amount;
    TRY(sql_run(sim->op, &sim_transfer_update, &transfer));
    account.balance -= reversal.amount;
    TRY(sim_account_save(sim, &account));
    TRY(sim_transfer_tell(sim, "transfer.reversed", &transfer));
    return answer_json(sim, show_reversal(sim, &reversal));
}

static err show_one_reversal(struct sim *sim, const void *record, const bool *expanded,
                             str *ret_json)
{
    (void)expanded;
    *ret_json = show_reversal(sim, record);
    return OK;
}

static const struct list_kind reversals = {
    .what = "transfer reversal",
    .url = "/v1/transfers/reversals",
    .newest = &sim_reversals_newest,
    .after = &sim_reversals_after,
    .find = &sim_reversal_find,
    .size = sizeof(struct reversal),
    .show = show_one_reversal,
};

/* GET /v1/transfers/:id/reversals */
err list_reversals(struct sim *sim)
{
    struct transfer transfer = { .amount = 0 };
    TRY(sim_transfer_get(sim, &transfer));
    struct list_filter filter = { .transfer = transfer.id };
    return list_answer(sim, &reversals, &filter);
}

/* GET /v1/transfers/:id/reversals/:id */
err retrieve_reversal(struct sim *sim)
{
    struct transfer transfer = { .amount = 0 };
    struct reversal reversal = { .amount = 0 };
    TRY(sim_transfer_get(sim, &transfer));
    const struct due key = { .id = sim->inner_id };
    TRY(param_expand(sim, NULL, NULL));
    TRY(params_end(sim));
    err found = sql_one(sim->op, &sim_reversal_find, &key, &reversal);
    if (err_is(found, STATUS_NOT_FOUND) || !str_equal(reversal.transfer, transfer.id))
        return refuse_missing(sim, 404, "transfer reversal", sim->inner_id, "id");
    TRY(found);
    return answer_json(sim, show_reversal(sim, &reversal));
}
