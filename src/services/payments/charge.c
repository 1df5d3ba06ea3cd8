/* The life of a charge, and its field tables. */
#include "services/payments/charge.h"

static const char *const phase_names[] = {
    "new",      "actionRequired", "authorized", "capturing", "completed", "failed",
    "rejected", "voiding",        "voided",     "refunding", "refunded",  NULL,
};

const struct field charge_fields[] = {
    FIELD(struct charge, id),
    FIELD(struct charge, version),
    FIELD(struct charge, order_id),
    FIELD(struct charge, user_id),
    FIELD(struct charge, amount),
    FIELD(struct charge, currency),
    FIELD_ENUM(struct charge, phase, phase_names),
    FIELD(struct charge, settled),
    FIELD(struct charge, token),
    FIELD_OPT(struct charge, stripe_id),
    FIELD_OPT(struct charge, stripe_refund_id),
    FIELD_OPT(struct charge, failure_code),
    FIELD_OPT(struct charge, failure_message),
    FIELD_OPT(struct charge, attention),
    FIELD(struct charge, check_at),
    FIELD(struct charge, created_at),
    FIELD(struct charge, updated_at),
    FIELDS_END,
};

const struct field charge_view_fields[] = {
    FIELD(struct charge_view, id),
    FIELD(struct charge_view, order_id),
    FIELD_ENUM(struct charge_view, status, charge_status_names),
    FIELD(struct charge_view, amount),
    FIELD(struct charge_view, currency),
    FIELD_OPT(struct charge_view, stripe_id),
    FIELD_OPT(struct charge_view, stripe_refund_id),
    FIELD_OPT(struct charge_view, failure_message),
    FIELD(struct charge_view, created_at),
    FIELDS_END,
};

/* The life of a charge.  Every cell is a decision; an empty one is a bug.
 *
 * Money that Stripe reports as captured before the order decided is treated as held: the order
 * decides, and the money is then ours, or refunded.  Whatever is captured for an order that has
 * ended goes back. */

/* clang-format off */
#define TO(phase) { CHARGE_MOVED, (phase) }
#define KEEP      { CHARGE_KEPT,  0 }

static const struct {
    enum charge_outcome outcome;
    enum charge_phase next;
} life[CHARGE_PHASES][CHARGE_FACTS] = {
    [CHARGE_NEW] = {
        [FACT_AUTHORIZED]      = TO(CHARGE_AUTHORIZED),
        [FACT_ACTION_REQUIRED] = TO(CHARGE_ACTION_REQUIRED),
        [FACT_DECLINED]        = TO(CHARGE_DECLINED),
        [FACT_CAPTURED]        = TO(CHARGE_AUTHORIZED),
        [FACT_CANCELED]        = TO(CHARGE_DECLINED),
        [FACT_NEVER]           = TO(CHARGE_REJECTED),
        [FACT_REFUNDED]        = KEEP,
        [FACT_CLAIMED]         = KEEP,
        [FACT_ENDED]           = TO(CHARGE_VOIDING),
    },
    [CHARGE_ACTION_REQUIRED] = {
        [FACT_AUTHORIZED]      = TO(CHARGE_AUTHORIZED),
        [FACT_ACTION_REQUIRED] = KEEP,
        [FACT_DECLINED]        = TO(CHARGE_DECLINED),
        [FACT_CAPTURED]        = TO(CHARGE_AUTHORIZED),
        [FACT_CANCELED]        = TO(CHARGE_DECLINED),
        [FACT_NEVER]           = KEEP,
        [FACT_REFUNDED]        = KEEP,
        [FACT_CLAIMED]         = KEEP,
        [FACT_ENDED]           = TO(CHARGE_VOIDING),
    },
    [CHARGE_AUTHORIZED] = {
        [FACT_AUTHORIZED]      = KEEP,
        [FACT_ACTION_REQUIRED] = KEEP,
        [FACT_DECLINED]        = TO(CHARGE_DECLINED),
        [FACT_CAPTURED]        = KEEP,
        [FACT_CANCELED]        = TO(CHARGE_DECLINED),
        [FACT_NEVER]           = KEEP,
        [FACT_REFUNDED]        = KEEP,
        [FACT_CLAIMED]         = TO(CHARGE_CAPTURING),
        [FACT_ENDED]           = TO(CHARGE_VOIDING),
    },
    [CHARGE_CAPTURING] = {
        [FACT_AUTHORIZED]      = KEEP,
        [FACT_ACTION_REQUIRED] = KEEP,
        [FACT_DECLINED]        = TO(CHARGE_DECLINED),
        [FACT_CAPTURED]        = TO(CHARGE_PAID),
        [FACT_CANCELED]        = TO(CHARGE_DECLINED),
        [FACT_NEVER]           = KEEP,
        [FACT_REFUNDED]        = KEEP,
        [FACT_CLAIMED]         = KEEP,
        [FACT_ENDED]           = KEEP,
    },
    [CHARGE_PAID] = {
        [FACT_AUTHORIZED]      = KEEP,
        [FACT_ACTION_REQUIRED] = KEEP,
        [FACT_DECLINED]        = KEEP,
        [FACT_CAPTURED]        = KEEP,
        [FACT_CANCELED]        = KEEP,
        [FACT_NEVER]           = KEEP,
        [FACT_REFUNDED]        = KEEP,
        [FACT_CLAIMED]         = KEEP,
        [FACT_ENDED]           = TO(CHARGE_REFUNDING),
    },
    [CHARGE_DECLINED] = {
        [FACT_AUTHORIZED]      = TO(CHARGE_VOIDING),
        [FACT_ACTION_REQUIRED] = KEEP,
        [FACT_DECLINED]        = KEEP,
        [FACT_CAPTURED]        = TO(CHARGE_REFUNDING),
        [FACT_CANCELED]        = KEEP,
        [FACT_NEVER]           = KEEP,
        [FACT_REFUNDED]        = KEEP,
        [FACT_CLAIMED]         = KEEP,
        [FACT_ENDED]           = KEEP,
    },
    [CHARGE_REJECTED] = {
        [FACT_AUTHORIZED]      = TO(CHARGE_VOIDING),
        [FACT_ACTION_REQUIRED] = KEEP,
        [FACT_DECLINED]        = KEEP,
        [FACT_CAPTURED]        = TO(CHARGE_REFUNDING),
        [FACT_CANCELED]        = KEEP,
        [FACT_NEVER]           = KEEP,
        [FACT_REFUNDED]        = KEEP,
        [FACT_CLAIMED]         = KEEP,
        [FACT_ENDED]           = KEEP,
    },
    [CHARGE_VOIDING] = {
        [FACT_AUTHORIZED]      = KEEP,
        [FACT_ACTION_REQUIRED] = KEEP,
        [FACT_DECLINED]        = KEEP,
        [FACT_CAPTURED]        = TO(CHARGE_REFUNDING),
        [FACT_CANCELED]        = TO(CHARGE_VOIDED),
        [FACT_NEVER]           = TO(CHARGE_VOIDED),
        [FACT_REFUNDED]        = KEEP,
        [FACT_CLAIMED]         = KEEP,
        [FACT_ENDED]           = KEEP,
    },
    [CHARGE_VOIDED] = {
        [FACT_AUTHORIZED]      = TO(CHARGE_VOIDING),
        [FACT_ACTION_REQUIRED] = KEEP,
        [FACT_DECLINED]        = KEEP,
        [FACT_CAPTURED]        = TO(CHARGE_REFUNDING),
        [FACT_CANCELED]        = KEEP,
        [FACT_NEVER]           = KEEP,
        [FACT_REFUNDED]        = KEEP,
        [FACT_CLAIMED]         = KEEP,
        [FACT_ENDED]           = KEEP,
    },
    [CHARGE_REFUNDING] = {
        [FACT_AUTHORIZED]      = KEEP,
        [FACT_ACTION_REQUIRED] = KEEP,
        [FACT_DECLINED]        = KEEP,
        [FACT_CAPTURED]        = KEEP,
        [FACT_CANCELED]        = KEEP,
        [FACT_NEVER]           = KEEP,
        [FACT_REFUNDED]        = TO(CHARGE_REFUNDED),
        [FACT_CLAIMED]         = KEEP,
        [FACT_ENDED]           = KEEP,
    },
    [CHARGE_REFUNDED] = {
        [FACT_AUTHORIZED]      = KEEP,
        [FACT_ACTION_REQUIRED] = KEEP,
        [FACT_DECLINED]        = KEEP,
        [FACT_CAPTURED]        = KEEP,
        [FACT_CANCELED]        = KEEP,
        [FACT_NEVER]           = KEEP,
        [FACT_REFUNDED]        = KEEP,
        [FACT_CLAIMED]         = KEEP,
        [FACT_ENDED]           = KEEP,
    },
};
/* clang-format on */

enum charge_outcome charge_apply(struct charge *charge, enum charge_fact fact)
{
    assert(charge->phase < CHARGE_PHASES);
    assert(fact < CHARGE_FACTS);

    enum charge_outcome outcome = life[charge->phase][fact].outcome;
    assert(outcome != CHARGE_UNDECIDED);

    if (outcome == CHARGE_MOVED)
        charge->phase = life[charge->phase][fact].next;
    return outcome;
}

enum charge_status charge_public_status(enum charge_phase phase)
{
    switch (phase) {
    case CHARGE_NEW:
    case CHARGE_ACTION_REQUIRED:
    case CHARGE_AUTHORIZED:
    case CHARGE_CAPTURING:
        return CHARGE_CREATED;
    case CHARGE_PAID:
        return CHARGE_COMPLETED;
    case CHARGE_DECLINED:
    case CHARGE_REJECTED:
    case CHARGE_VOIDING:
    case CHARGE_VOIDED:
    case CHARGE_REFUNDING:
    case CHARGE_REFUNDED:
    case CHARGE_PHASES:
        break;
    }
    return CHARGE_FAILED;
}

bool charge_phase_is_final(enum charge_phase phase)
{
    return phase == CHARGE_PAID || phase == CHARGE_REJECTED || phase == CHARGE_VOIDED ||
           phase == CHARGE_REFUNDED;
}

struct charge_state charge_state_of(const struct charge *charge)
{
    return (struct charge_state){
        .id = charge->id,
        .version = charge->version,
        .order_id = charge->order_id,
        .user_id = charge->user_id,
        .status = charge_public_status(charge->phase),
        .authorized = charge->phase == CHARGE_AUTHORIZED,
        .rejected = charge->phase == CHARGE_REJECTED,
        .amount = charge->amount,
        .currency = charge->currency,
        .stripe_id = charge->stripe_id,
        .stripe_refund_id = charge->stripe_refund_id,
        .failure_code = charge->failure_code,
        .failure_message = charge->failure_message,
        .created_at = charge->created_at,
    };
}

struct charge_view charge_view_of(const struct charge *charge)
{
    return (struct charge_view){
        .id = charge->id,
        .order_id = charge->order_id,
        .status = charge_public_status(charge->phase),
        .amount = charge->amount,
        .currency = charge->currency,
        .stripe_id = charge->stripe_id,
        .stripe_refund_id = charge->stripe_refund_id,
        .failure_message = charge->failure_message,
        .created_at = charge->created_at,
    };
}
