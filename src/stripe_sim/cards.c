#include "stripe_sim/cards.h"

#define CARD(name_, brand_, last4_, funding_)                                         \
    {                                                                                 \
        .name = (name_), .brand = (brand_), .last4 = (last4_), .funding = (funding_), \
        .country = "US"                                                               \
    }
#define VISA(name_, last4_, ...)                                                                   \
    {                                                                                              \
        .name = (name_), .brand = "visa", .last4 = (last4_), .funding = "credit", .country = "US", \
        __VA_ARGS__                                                                                \
    }
/* Its last four arguments may come as one: GENERIC and so on. */
#define DECLINED(name_, last4_, ...) DECLINED_AS(name_, last4_, __VA_ARGS__)
#define DECLINED_AS(name_, last4_, code_, decline_code_, network_, message_)                      \
    VISA(name_, last4_, .habit = CARD_DECLINES, .code = (code_), .decline_code = (decline_code_), \
         .network_decline_code = (network_), .message = (message_))

#define DECLINE_MESSAGE  "Your card was declined."
#define NO_FUNDS_MESSAGE "Your card has insufficient funds."
#define GENERIC          "card_declined", "generic_decline", "01", DECLINE_MESSAGE
#define NO_FUNDS         "card_declined", "insufficient_funds", "51", NO_FUNDS_MESSAGE
#define EXPIRED          "expired_card", NULL, "54", "Your card has expired."
#define BAD_CVC          "incorrect_cvc", NULL, "N7", "Your card's security code is incorrect."
#define PROCESSING                  \
    "processing_error", NULL, "96", \
        "An error occurred while processing your card. Try again in a little bit."

/* clang-format off */
static const struct card cards[] = {
    CARD("visa",               "visa",       "4242", "credit"),
    CARD("visa_debit",         "visa",       "5556", "debit"),
    CARD("mastercard",         "mastercard", "4444", "credit"),
    CARD("mastercard_debit",   "mastercard", "8210", "debit"),
    CARD("mastercard_prepaid", "mastercard", "5100", "prepaid"),
    CARD("amex",               "amex",       "0005", "credit"),
    CARD("discover",           "discover",   "1117", "credit"),
    CARD("diners",             "diners",     "3237", "credit"),
    CARD("jcb",                "jcb",        "4505", "credit"),
    CARD("unionpay",           "unionpay",   "0005", "credit"),
    VISA("bypassPending", "0077", .habit = CARD_PAYS),
    VISA("threeDSecureOptional", "3055", .habit = CARD_PAYS),
    VISA("riskLevelElevated", "9235", .habit = CARD_PAYS, .risk_level = "elevated"),

    DECLINED("visa_chargeDeclined",                  "0002", GENERIC),
    DECLINED("chargeDeclined",                       "0002", GENERIC),
    DECLINED("chargeCustomerFail",                   "0341", GENERIC),
    DECLINED("visa_chargeDeclinedInsufficientFunds", "9995", NO_FUNDS),
    DECLINED("chargeDeclinedInsufficientFunds",      "9995", NO_FUNDS),
    DECLINED("visa_chargeDeclinedLostCard",          "9987",
             "card_declined", "lost_card", "41", DECLINE_MESSAGE),
    DECLINED("visa_chargeDeclinedStolenCard",        "9979",
             "card_declined", "stolen_card", "43", DECLINE_MESSAGE),
    DECLINED("visa_chargeDeclinedVelocityLimitExceeded", "6975",
             "card_declined", "card_velocity_exceeded", "65",
             "Your card was declined for making repeated attempts too frequently or exceeding its"
             " amount limit."),
    DECLINED("chargeDeclinedFraudulent",             "0019",
             "card_declined", "fraudulent", "59", DECLINE_MESSAGE),
    DECLINED("visa_chargeDeclinedFraudulent",        "0019",
             "card_declined", "fraudulent", "59", DECLINE_MESSAGE),
    DECLINED("chargeDeclinedExpiredCard",            "0069", EXPIRED),
    DECLINED("visa_chargeDeclinedExpiredCard",       "0069", EXPIRED),
    DECLINED("chargeDeclinedIncorrectCvc",           "0127", BAD_CVC),
    DECLINED("visa_chargeDeclinedIncorrectCvc",      "0127", BAD_CVC),
    DECLINED("chargeDeclinedProcessingError",        "0119", PROCESSING),
    DECLINED("visa_chargeDeclinedProcessingError",   "0119", PROCESSING),

    VISA("radarBlock", "0019", .habit = CARD_BLOCKED, .code = "card_declined",
         .decline_code = "generic_decline", .message = DECLINE_MESSAGE, .risk_level = "highest"),

    VISA("threeDSecure2Required",       "3220", .habit = CARD_AUTHENTICATES),
    VISA("threeDSecureRequired",        "3063", .habit = CARD_AUTHENTICATES),
    VISA("authenticationRequired",      "3184", .habit = CARD_AUTHENTICATES),
    VISA("authenticationRequiredOnSetup", "3155", .habit = CARD_AUTHENTICATES),
    VISA("threeDSecureRequiredChargeDeclined", "1629", .habit = CARD_AUTHENTICATES_THEN_DECLINES,
         .code = "card_declined", .decline_code = "generic_decline", .message = DECLINE_MESSAGE,
         .network_decline_code = "01"),

    VISA("createDispute",                   "0259", .habit = CARD_IS_DISPUTED),
    VISA("createDisputeProductNotReceived", "2685", .habit = CARD_IS_DISPUTED_NOT_RECEIVED),
    VISA("createDisputeInquiry",            "1976", .habit = CARD_IS_INQUIRED),
    VISA("pendingRefund",                   "7726", .habit = CARD_REFUND_PENDING),
    VISA("refundFail",                      "5126", .habit = CARD_REFUND_FAILS),

    /* Only here: pm_sim_… */
    VISA("sim_slow",          "4242", .habit = CARD_PAYS),
    VISA("sim_hold_lapses",   "4242", .habit = CARD_HOLD_LAPSES),
    VISA("sim_capture_fails", "4242", .habit = CARD_CAPTURE_FAILS, .code = "card_declined",
         .decline_code = "generic_decline", .message = DECLINE_MESSAGE,
         .network_decline_code = "01"),
    VISA("sim_timeout_after", "4242", .habit = CARD_ANSWER_IS_LOST),
};
/* clang-format on */

#define SLOW_MS_MAX 600000

const struct card *card_find(str name)
{
    for (size_t i = 0; i < sizeof cards / sizeof *cards; i++) {
        if (str_is(name, cards[i].name))
            return &cards[i];
    }
    return NULL;
}

static str behind(str s, size_t size)
{
    return (str){ s.data + size, s.size - size };
}

static const struct card *find_of_stripe(str name)
{
    return str_starts(name, S("sim_")) ? NULL : card_find(name);
}

const struct card *card_by_method(str id, int64_t *ret_slow_ms)
{
    const str card = S("pm_card_");
    const str slow = S("pm_sim_slow_");

    *ret_slow_ms = 0;
    if (str_starts(id, card))
        return find_of_stripe(behind(id, card.size));
    if (str_starts(id, slow)) {
        bool sound = str_to_int(behind(id, slow.size), ret_slow_ms) && *ret_slow_ms >= 0 &&
                     *ret_slow_ms <= SLOW_MS_MAX;
        return sound ? card_find(S("sim_slow")) : NULL;
    }
    if (str_starts(id, S("pm_sim_")) && !str_is(id, "pm_sim_slow"))
        return card_find(behind(id, 3));
    return NULL;
}

const struct card *card_by_token(str token)
{
    return str_starts(token, S("tok_")) ? find_of_stripe(behind(token, 4)) : NULL;
}

/* As typed on a page; the rest is known by name. */
static const struct {
    const char *number;
    const char *name;
} numbers[] = {
    { "4242424242424242", "visa" },
    { "4000056655665556", "visa_debit" },
    { "5555555555554444", "mastercard" },
    { "5200828282828210", "mastercard_debit" },
    { "5105105105105100", "mastercard_prepaid" },
    { "378282246310005", "amex" },
    { "6011111111111117", "discover" },
    { "38520000023237", "diners" },
    { "6200000000000005", "unionpay" },
    { "4000000000000077", "bypassPending" },
    { "4000000000003055", "threeDSecureOptional" },
    { "4000000000009235", "riskLevelElevated" },
    { "4000000000000002", "visa_chargeDeclined" },
    { "4000000000000341", "chargeCustomerFail" },
    { "4000000000009995", "visa_chargeDeclinedInsufficientFunds" },
    { "4000000000009987", "visa_chargeDeclinedLostCard" },
    { "4000000000009979", "visa_chargeDeclinedStolenCard" },
    { "4000000000006975", "visa_chargeDeclinedVelocityLimitExceeded" },
    { "4000000000000069", "chargeDeclinedExpiredCard" },
    { "4000000000000127", "chargeDeclinedIncorrectCvc" },
    { "4000000000000119", "chargeDeclinedProcessingError" },
    { "4100000000000019", "radarBlock" },
    { "4000000000003220", "threeDSecure2Required" },
    { "4000000000003063", "threeDSecureRequired" },
    { "4000002760003184", "authenticationRequired" },
    { "4000002500003155", "authenticationRequiredOnSetup" },
    { "4000008400001629", "threeDSecureRequiredChargeDeclined" },
    { "4000000000000259", "createDispute" },
    { "4000000000002685", "createDisputeProductNotReceived" },
    { "4000000000001976", "createDisputeInquiry" },
    { "4000000000007726", "pendingRefund" },
    { "4000000000005126", "refundFail" },
};

const struct card *card_by_number(str digits)
{
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        if (str_is(digits, numbers[i].number))
            return card_find(str_of(numbers[i].name));
    }
    return NULL;
}
