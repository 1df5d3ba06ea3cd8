/* The ledger: what the account did with everybody's money, as the oracle of a test wants it. */
#include "stripe_sim/money.h"

#define LEDGER_MAX 100000

static const char intent_shape[] =
    "{'id':$id,'status':$status,'amount':$amount,'currency':$currency,'order_id':$order_id,"
    "'captured':$amount_received,'refunded':$refunded,'held':$held,'disputed':$disputed,"
    "'transferred':$transferred,'charge':$latest_charge,'metadata':@metadata}";

static const char refund_shape[] =
    "{'id':$id,'payment_intent':$payment_intent,'amount':$amount,'status':$status,"
    "'metadata':@metadata}";

static const char dispute_shape[] =
    "{'id':$id,'payment_intent':$payment_intent,'charge':$charge,'amount':$amount,"
    "'reason':$reason,'status':$status,'withdrawn':$withdrawn}";

static const char transfer_shape[] =
    "{'id':$id,'amount':$amount,'reversed':$amount_reversed,'destination':$destination,"
    "'source_transaction':$source_transaction,'transfer_group':$transfer_group,"
    "'metadata':@metadata}";

struct section {
    const char *name;
    const struct query *query;
    size_t size;
    const char *shape;
    const struct field *fields;
};

static const struct section sections[] = {
    { "payment_intents", &sim_ledger_rows, sizeof(struct intent), intent_shape, intent_fields },
    { "refunds", &sim_refunds_all, sizeof(struct refund), refund_shape, sim_refund_fields },
    { "disputes", &sim_disputes_all, sizeof(struct dispute), dispute_shape, sim_dispute_fields },
    { "transfers", &sim_transfers_all, sizeof(struct transfer), transfer_shape,
      sim_transfer_fields },
};

static err add_section(struct sim *sim, const struct section *section, struct buf *out,
                       struct rows *ret_rows)
{
    TRY(sql_all(sim->op, section->query, NULL, section->size, LEDGER_MAX, ret_rows));
    buf_addf(out, ",\"%s\":[", section->name);
    for (size_t i = 0; i < ret_rows->count; i++) {
        const char *record = (const char *)ret_rows->items + i * section->size;
        if (i > 0)
            buf_add_char(out, ',');
        buf_add(out, shape_fill(sim->op->arena, section->shape, section->fields, record));
    }
    buf_add_char(out, ']');
    return OK;
}

static void add_sums(struct buf *out, const struct rows *rows)
{
    int64_t captured = 0, refunded = 0, held = 0, disputed = 0, transferred = 0;
    const struct intent *intents = rows->items;
    for (size_t i = 0; i < rows->count; i++) {
        captured += intents[i].amount_received;
        refunded += intents[i].refunded;
        held += intents[i].held;
        disputed += intents[i].disputed;
        transferred += intents[i].transferred;
    }
    buf_addf(out,
             "{\"captured\":%lld,\"refunded\":%lld,\"held\":%lld,\"disputed\":%lld,"
             "\"transferred\":%lld",
             (long long)captured, (long long)refunded, (long long)held, (long long)disputed,
             (long long)transferred);
}

err control_ledger(struct sim *sim, struct response *response)
{
    struct buf lists = buf_in(sim->op->arena, 4096);
    struct buf out = buf_in(sim->op->arena, 4096);
    struct rows rows, intents;
    TRY(add_section(sim, &sections[0], &lists, &intents));
    for (size_t i = 1; i < sizeof sections / sizeof *sections; i++)
        TRY(add_section(sim, &sections[i], &lists, &rows));
    add_sums(&out, &intents);
    buf_add(&out, buf_str(&lists));
    buf_add_char(&out, '}');
    return reply_text(response, STATUS_OK, buf_str(&out));
}
