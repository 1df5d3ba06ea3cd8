/* The account's balance: every movement is a balance transaction, and their sum is what it has. */
#include "stripe_sim/money.h"
#include "stripe_sim/sim.h"

/* When what a card paid can be paid out. */
#define CARDS_SETTLE_AFTER hours(2 * 24)

static const struct field movement_fields[] = {
    FIELD(struct movement, id),           FIELD(struct movement, type),
    FIELD(struct movement, category),     FIELD(struct movement, amount),
    FIELD(struct movement, fee),          FIELD(struct movement, currency),
    FIELD(struct movement, source),       FIELD_OPT(struct movement, description),
    FIELD(struct movement, available_on), FIELD(struct movement, created),
    FIELD(struct movement, net),          FIELD(struct movement, status),
    FIELD(struct movement, fee_details),  FIELDS_END,
};

#define COLUMNS \
    "id, type, category, amount, fee, currency, source, description, available_on, created"

const struct query sim_movement_insert = {
    "insert into sim_balance (" COLUMNS ") values ($id, $type, $category, $amount, $fee,"
    " $currency, $source, $description, $available_on, $created)",
    .in = movement_fields,
};

const struct query sim_movement_find = {
    "select " COLUMNS " from sim_balance where id = $id",
    .in = due_fields,
    .out = movement_fields,
};

#define OF_SOURCE                                \
    " and ($source is null or source = $source)" \
    " and ($type is null or type = $type)"

const struct query sim_movements_newest = {
    LIST_NEWEST(COLUMNS, "sim_balance", OF_SOURCE),
    .in = list_filter_fields,
    .out = movement_fields,
};

const struct query sim_movements_after = {
    LIST_AFTER(COLUMNS, "sim_balance", OF_SOURCE),
    .in = list_filter_fields,
    .out = movement_fields,
};

const struct query sim_movements_of = {
    "select " COLUMNS " from sim_balance where source = $source order by seq",
    .in = list_filter_fields,
    .out = movement_fields,
};

/* What there is of each currency. */
struct purse {
    str currency;
    int64_t available;
    int64_t pending;
};

static const struct field purse_fields[] = {
    FIELD(struct purse, currency),
    FIELD(struct purse, available),
    FIELD(struct purse, pending),
    FIELDS_END,
};

const struct query sim_purses_all = {
    "select currency,"
    " sum(case when available_on <= $now then amount - fee else 0 end) as available,"
    " sum(case when available_on > $now then amount - fee else 0 end) as pending"
    " from sim_balance group by currency order by currency",
    .in = due_fields,
    .out = purse_fields,
};

#define CURRENCIES_MAX 200

/* ---- moves ---- */

err sim_balance_move(struct sim *sim, struct movement *movement)
{
    movement->id = sim_id(sim->op, "txn_");
    movement->created = sim->now;
    if (movement->available_on.ms == 0)
        movement->available_on = sim->now;
    return sql_run(sim->op, &sim_movement_insert, movement);
}

/* As Stripe charges for a card of its own country. */
static int64_t fee_of(int64_t amount)
{
    return (amount * 29 + 500) / 1000 + 30;
}

err sim_balance_charge(struct sim *sim, struct charge *charge)
{
    bool at_once = str_is(charge->card, "bypassPending");
    struct movement movement = {
        .type = S("charge"),
        .category = S("charge"),
        .amount = charge->amount_captured,
        .fee = fee_of(charge->amount_captured),
        .currency = charge->currency,
        .source = charge->id,
        .description = charge->description,
        .available_on = at_once ? sim->now : instant_after(sim->now, CARDS_SETTLE_AFTER),
    };
    TRY(sim_balance_move(sim, &movement));
    charge->balance_transaction = movement.id;
    return OK;
}

err sim_balance_available(struct sim *sim, str currency, int64_t *ret_amount)
{
    const struct due due = { .now = sim->now };
    struct rows rows;
    TRY(sql_all(sim->op, &sim_purses_all, &due, sizeof(struct purse), CURRENCIES_MAX, &rows));
    const struct purse *purses = rows.items;
    *ret_amount = 0;
    for (size_t i = 0; i < rows.count; i++) {
        if (str_equal(purses[i].currency, currency))
            *ret_amount = purses[i].available;
    }
    return OK;
}

/* ---- shapes ---- */

static const char movement_shape[] =
    "{'id':$id,'object':'balance_transaction','amount':$amount,'available_on':$available_on,"
    "'balance_type':'payments','created':$created,'currency':$currency,"
    "'description':$description,'exchange_rate':null,'fee':$fee,'fee_details':@fee_details,"
    "'net':$net,'reporting_category':$category,'source':$source,'status':$status,'type':$type}";

static str show_movement(struct sim *sim, const struct movement *movement)
{
    struct movement shown = *movement;
    int size = (int)movement->currency.size;
    shown.net = movement->amount - movement->fee;
    shown.status = movement->available_on.ms <= sim->now.ms ? S("available") : S("pending");
    shown.fee_details =
        movement->fee == 0
            ? S("[]")
            : sim_format(sim->op,
                         "[{\"amount\":%lld,\"application\":null,\"currency\":\"%.*s\","
                         "\"description\":\"Stripe processing fees\",\"type\":\"stripe_fee\"}]",
                         (long long)movement->fee, size, movement->currency.data);
    return shape_fill(sim->op->arena, movement_shape, movement_fields, &shown);
}

err show_movements_of(struct sim *sim, str source, str *ret_json)
{
    const struct list_filter filter = { .source = source };
    struct rows rows;
    TRY(sql_all(sim->op, &sim_movements_of, &filter, sizeof(struct movement), 100, &rows));
    struct buf out = buf_in(sim->op->arena, 512);
    buf_add_char(&out, '[');
    for (size_t i = 0; i < rows.count; i++) {
        if (i > 0)
            buf_add_char(&out, ',');
        buf_add(&out, show_movement(sim, (const struct movement *)rows.items + i));
    }
    buf_add_char(&out, ']');
    *ret_json = buf_str(&out);
    return OK;
}

/* ---- calls ---- */

static err show_one(struct sim *sim, const void *record, const bool *expanded, str *ret_json)
{
    (void)expanded;
    *ret_json = show_movement(sim, record);
    return OK;
}

static const struct list_kind movements = {
    .what = "balance transaction",
    .url = "/v1/balance_transactions",
    .newest = &sim_movements_newest,
    .after = &sim_movements_after,
    .find = &sim_movement_find,
    .size = sizeof(struct movement),
    .show = show_one,
};

/* GET /v1/balance_transactions/:id */
err retrieve_movement(struct sim *sim)
{
    return retrieve_answer(sim, &movements, "id");
}

/* GET /v1/balance_transactions */
err list_movements(struct sim *sim)
{
    struct list_filter filter = { .source = param(sim, "source"), .type = param(sim, "type") };
    return list_answer(sim, &movements, &filter);
}

static void show_purses(struct buf *out, const char *name, const struct rows *rows, bool pending)
{
    const struct purse *purses = rows->items;
    buf_addf(out, "\"%s\":[", name);
    for (size_t i = 0; i < rows->count; i++) {
        int64_t amount = pending ? purses[i].pending : purses[i].available;
        buf_addf(out, "%s{\"amount\":%lld,\"currency\":\"%.*s\",\"source_types\":{\"card\":%lld}}",
                 i == 0 ? "" : ",", (long long)amount, (int)purses[i].currency.size,
                 purses[i].currency.data, (long long)amount);
    }
    buf_add_char(out, ']');
}

/* GET /v1/balance */
err retrieve_balance(struct sim *sim)
{
    const struct due due = { .now = sim->now };
    struct rows rows;
    TRY(param_expand(sim, NULL, NULL));
    TRY(params_end(sim));
    TRY(sql_all(sim->op, &sim_purses_all, &due, sizeof(struct purse), CURRENCIES_MAX, &rows));
    struct buf out = buf_in(sim->op->arena, 512);
    buf_add(&out, S("{\"object\":\"balance\","));
    show_purses(&out, "available", &rows, false);
    buf_add(&out, S(",\"livemode\":false,"));
    show_purses(&out, "pending", &rows, true);
    buf_add_char(&out, '}');
    return answer_json(sim, buf_str(&out));
}
