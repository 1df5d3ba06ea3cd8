/* The test cards: what Stripe's documentation lists, and a few that only this simulator has. */
#ifndef STRIPE_SIM_CARDS_H
#define STRIPE_SIM_CARDS_H

#include "base/base.h"

/* What happens to a payment with it. */
enum card_habit {
    CARD_PAYS,
    CARD_DECLINES,
    CARD_BLOCKED,
    CARD_AUTHENTICATES,
    CARD_AUTHENTICATES_THEN_DECLINES,
    CARD_IS_DISPUTED,
    CARD_IS_DISPUTED_NOT_RECEIVED,
    CARD_IS_INQUIRED,
    CARD_REFUND_PENDING,
    CARD_REFUND_FAILS,
    CARD_HOLD_LAPSES,
    CARD_CAPTURE_FAILS,
    CARD_ANSWER_IS_LOST,
};

struct card {
    const char *name; /* as in pm_card_<name> and tok_<name> */
    const char *brand;
    const char *last4;
    const char *funding;
    const char *country;
    enum card_habit habit;
    const char *code; /* declines */
    const char *decline_code;
    const char *message;
    const char *network_decline_code;
    const char *risk_level; /* NULL: normal */
};

/* NULL if there is no such card. */
const struct card *card_find(str name);
/* Of pm_card_<name>, tok_<name>, pm_sim_<name>; *ret_slow_ms of pm_sim_slow_<ms>.  NULL: no test
 * card. */
const struct card *card_by_method(str id, int64_t *ret_slow_ms);
const struct card *card_by_token(str token);
/* Of its number, digits alone. */
const struct card *card_by_number(str digits);

#endif
