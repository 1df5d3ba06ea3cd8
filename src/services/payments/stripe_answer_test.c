/* What Stripe's answers mean: each row of its error handling guide, with bodies as it sends them.
 */
#include <stdio.h>

#include "services/payments/stripe_call.h"
#include "tests/test.h"

#define CHARGE_ID "01234567-89ab-7cde-8f01-23456789abcd"
#define NOW       ((instant){ INT64_C(1795176000000) })

struct
try {
    struct arena arena;
    struct charge charge;
    struct stripe_call call;
};

static void try_open(struct try *try, enum call_kind kind)
{
    *try = (struct try){
        .charge = { .amount = { 2005 }, .currency = S("usd"), .phase = CHARGE_NEW },
        .call = { .kind = kind, .attempts = 1, .first_sent_at = NOW },
    };
    assert_true(uuid_parse(S(CHARGE_ID), &try->charge.id));
}

static struct reading answer(struct try *try, int64_t status, const char *body)
{
    const struct outanswer answer = {
        .http_status = status,
        .body = str_of(body),
        .request_id = S("req_1"),
    };
    return stripe_read(&try->arena, &try->charge, &try->call, &answer, NOW);
}

static struct reading outcome(struct try *try, enum outcome outcome)
{
    return stripe_read(&try->arena, &try->charge, &try->call,
                       &(const struct outanswer){ .outcome = outcome }, NOW);
}

/* One answer to one call, by itself. */
static enum verdict meaning(enum call_kind kind, int64_t status, const char *body)
{
    struct try try;
    try_open(&try, kind);
    enum verdict verdict = answer(&try, status, body).verdict;
    arena_free(&try.arena);
    return verdict;
}

/* An intent as Stripe writes it; most of it is none of our business. */
static const char *intent(struct try *try, const char *status, const char *last_error)
{
    struct buf body = buf_in(&try->arena, 2048);
    buf_addf(&body,
             "{\"id\": \"pi_3Px\", \"object\": \"payment_intent\", \"amount\": 2005,"
             " \"amount_capturable\": 2005, \"amount_details\": {\"tip\": {}},"
             " \"automatic_payment_methods\": {\"allow_redirects\": \"never\", \"enabled\": true},"
             " \"canceled_at\": null, \"capture_method\": \"manual\","
             " \"client_secret\": \"pi_3Px_secret_x\", \"created\": 1795176000,"
             " \"currency\": \"usd\", \"last_payment_error\": %s, \"latest_charge\": \"ch_3Px\","
             " \"livemode\": false, \"metadata\": {\"charge_id\": \"" CHARGE_ID "\","
             " \"deployment\": \"usher\", \"order_id\": \"x\"}, \"next_action\": null,"
             " \"payment_method\": \"pm_1\", \"payment_method_types\": [\"card\"],"
             " \"status\": \"%s\", \"transfer_group\": null}",
             last_error, status);
    return str_terminated(&try->arena, buf_str(&body));
}

static const char *error(struct try *try, const char *type, const char *members)
{
    struct buf body = buf_in(&try->arena, 2048);
    buf_addf(&body,
             "{\"error\": {\"type\": \"%s\", \"doc_url\": \"https://stripe.com/docs\","
             " \"request_log_url\": \"https://dashboard.stripe.com/logs\"%s}}",
             type, members);
    return str_terminated(&try->arena, buf_str(&body));
}

/* ---- intents ---- */

static void assert_fact(enum call_kind kind, const char *status, enum charge_fact fact)
{
    struct try try;
    try_open(&try, kind);
    struct reading reading = answer(&try, 200, intent(&try, status, "null"));
    assert_int_equal(reading.verdict, VERDICT_FACT);
    assert_int_equal(reading.fact, fact);
    assert_true(str_is(reading.id, "pi_3Px"));
    arena_free(&try.arena);
}

TEST(the_status_of_an_intent_is_a_fact_whoever_asked)
{
    static const enum call_kind kinds[] = { CALL_CREATE, CALL_CAPTURE, CALL_CANCEL, CALL_RETRIEVE };
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        assert_fact(kinds[i], "requires_capture", FACT_AUTHORIZED);
        assert_fact(kinds[i], "succeeded", FACT_CAPTURED);
        assert_fact(kinds[i], "canceled", FACT_CANCELED);
        assert_fact(kinds[i], "requires_action", FACT_ACTION_REQUIRED);
        assert_fact(kinds[i], "requires_payment_method", FACT_DECLINED);
    }
}

TEST(a_status_that_is_not_settled_or_not_born_yet_is_waited_out)
{
    static const char *const statuses[] = { "processing", "requires_confirmation", "born_later" };
    for (size_t i = 0; i < sizeof statuses / sizeof statuses[0]; i++) {
        struct try try;
        try_open(&try, CALL_RETRIEVE);
        assert_int_equal(answer(&try, 200, intent(&try, statuses[i], "null")).verdict,
                         VERDICT_WAIT);
        arena_free(&try.arena);
    }
}

TEST(F17_a_declined_intent_says_why)
{
    struct try try;
    try_open(&try, CALL_RETRIEVE);
    struct reading reading = answer(&try, 200,
                                    intent(&try, "requires_payment_method",
                                           "{\"type\": \"card_error\", \"code\": \"card_declined\","
                                           " \"decline_code\": \"insufficient_funds\","
                                           " \"message\": \"Your card has insufficient funds.\"}"));
    assert_int_equal(reading.fact, FACT_DECLINED);
    assert_true(str_is(reading.code, "insufficient_funds"));
    assert_true(str_is(reading.message, "Your card has insufficient funds."));
    arena_free(&try.arena);
}

TEST(an_intent_of_another_charge_amount_or_currency_is_for_a_person_to_look_at)
{
    struct try try;
    try_open(&try, CALL_CREATE);
    const char *body = intent(&try, "requires_capture", "null");
    assert_int_equal(answer(&try, 200, body).verdict, VERDICT_FACT);
    try.charge.amount.minor = 2006;
    assert_int_equal(answer(&try, 200, body).verdict, VERDICT_WRONG);
    try.charge.amount.minor = 2005;
    try.charge.currency = S("eur");
    assert_int_equal(answer(&try, 200, body).verdict, VERDICT_WRONG);
    try.charge.currency = S("usd");
    try.charge.id.bytes[15]++;
    assert_int_equal(answer(&try, 200, body).verdict, VERDICT_WRONG);
    arena_free(&try.arena);
}

/* ---- lists ---- */

static const char *list(struct try *try, const char *first, const char *second, bool more)
{
    struct buf body = buf_in(&try->arena, 4096);
    buf_addf(&body,
             "{\"object\": \"list\", \"url\": \"/v1/payment_intents\", \"has_more\": %s,"
             " \"data\": [%s%s%s]}",
             more ? "true" : "false", first, *second != '\0' ? ", " : "", second);
    return str_terminated(&try->arena, buf_str(&body));
}

#define FOREIGN                                                                                 \
    "{\"id\": \"pi_other\", \"amount\": 100, \"currency\": \"eur\", \"status\": \"succeeded\"," \
    " \"metadata\": {}}"

TEST(a_list_is_searched_for_our_charge)
{
    struct try try;
    try_open(&try, CALL_LIST);
    const char *ours = intent(&try, "requires_capture", "null");
    struct reading reading = answer(&try, 200, list(&try, FOREIGN, ours, true));
    assert_int_equal(reading.verdict, VERDICT_FACT);
    assert_int_equal(reading.fact, FACT_AUTHORIZED);
    assert_true(str_is(reading.id, "pi_3Px"));
    arena_free(&try.arena);
}

TEST(a_list_without_it_goes_on_to_the_next_page_or_ends)
{
    struct try try;
    try_open(&try, CALL_LIST);
    struct reading reading = answer(&try, 200, list(&try, FOREIGN, "", true));
    assert_int_equal(reading.verdict, VERDICT_PAGE);
    assert_true(str_is(reading.id, "pi_other"));
    assert_int_equal(answer(&try, 200, list(&try, FOREIGN, "", false)).verdict, VERDICT_ABSENT);
    assert_int_equal(answer(&try, 200, list(&try, "", "", false)).verdict, VERDICT_ABSENT);
    arena_free(&try.arena);
}

/* ---- payment methods and refunds ---- */

TEST(a_payment_method_is_known_by_its_id)
{
    struct try try;
    try_open(&try, CALL_METHOD);
    struct reading reading =
        answer(&try, 200,
               "{\"id\": \"pm_9\", \"object\": \"payment_method\", \"type\": \"card\","
               " \"card\": {\"brand\": \"visa\", \"last4\": \"4242\"}}");
    assert_int_equal(reading.verdict, VERDICT_METHOD);
    assert_true(str_is(reading.id, "pm_9"));
    arena_free(&try.arena);
}

static struct reading refund(struct try *try, const char *status)
{
    struct buf body = buf_in(&try->arena, 256);
    buf_addf(&body,
             "{\"id\": \"re_1\", \"object\": \"refund\", \"amount\": 2005, \"status\": \"%s\"}",
             status);
    return answer(try, 200, str_terminated(&try->arena, buf_str(&body)));
}

TEST(F18_a_refund_is_done_when_it_is_on_its_way_and_a_failed_one_needs_a_person)
{
    struct try try;
    try_open(&try, CALL_REFUND);
    static const char *const done[] = { "succeeded", "pending", "requires_action" };
    for (size_t i = 0; i < sizeof done / sizeof done[0]; i++) {
        struct reading reading = refund(&try, done[i]);
        assert_int_equal(reading.verdict, VERDICT_FACT);
        assert_int_equal(reading.fact, FACT_REFUNDED);
        assert_true(str_is(reading.id, "re_1"));
    }
    assert_int_equal(refund(&try, "failed").verdict, VERDICT_WRONG);
    assert_int_equal(refund(&try, "canceled").verdict, VERDICT_WRONG);
    arena_free(&try.arena);
}

TEST(money_given_back_before_is_given_back)
{
    struct try try;
    try_open(&try, CALL_REFUND);
    struct reading reading =
        answer(&try, 400,
               error(&try, "invalid_request_error",
                     ", \"code\": \"charge_already_refunded\","
                     " \"message\": \"Charge ch_1 has already been refunded.\""));
    assert_int_equal(reading.verdict, VERDICT_FACT);
    assert_int_equal(reading.fact, FACT_REFUNDED);
    arena_free(&try.arena);
}

/* ---- the table of errors ---- */

TEST(what_was_never_sent_means_that_stripe_is_away)
{
    struct try try;
    try_open(&try, CALL_CREATE);
    assert_int_equal(outcome(&try, OUTCALL_NOT_SENT).verdict, VERDICT_AWAY);
    arena_free(&try.arena);
}

TEST(F14_an_unknown_outcome_is_asked_again_byte_for_byte)
{
    static const enum call_kind kinds[] = { CALL_METHOD, CALL_CREATE, CALL_CAPTURE,
                                            CALL_CANCEL, CALL_REFUND, CALL_LIST };
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        struct try try;
        try_open(&try, kinds[i]);
        try.call.attempts = 7;
        assert_int_equal(outcome(&try, OUTCALL_UNKNOWN).verdict, VERDICT_RETRY);
        assert_int_equal(answer(&try, 200, "{\"id\": \"pi_3Px\", \"sta").verdict, VERDICT_RETRY);
        assert_int_equal(answer(&try, 200, "<html>").verdict, VERDICT_RETRY);
        assert_int_equal(answer(&try, 200, "").verdict, VERDICT_RETRY);
        arena_free(&try.arena);
    }
}

TEST(a_bad_token_is_refused_which_is_no_decline)
{
    struct try try;
    try_open(&try, CALL_METHOD);
    struct reading reading =
        answer(&try, 400,
               error(&try, "invalid_request_error",
                     ", \"code\": \"resource_missing\", \"message\": \"No such token: 'tok_x'\","
                     " \"param\": \"card[token]\""));
    assert_int_equal(reading.verdict, VERDICT_REFUSED);
    assert_true(str_is(reading.code, "resource_missing"));
    try.call.kind = CALL_CREATE;
    reading = answer(&try, 400, error(&try, "invalid_request_error", ""));
    assert_int_equal(reading.verdict, VERDICT_REFUSED);
    arena_free(&try.arena);
}

TEST(a_key_used_with_other_parameters_is_looked_into_and_never_changed)
{
    struct try try;
    try_open(&try, CALL_CREATE);
    const char *body = error(&try, "idempotency_error",
                             ", \"message\": \"Keys for idempotent requests can only be used with"
                             " the same parameters they were first used with.\"");
    assert_int_equal(answer(&try, 400, body).verdict, VERDICT_LOOK);
    arena_free(&try.arena);
}

TEST(F12_a_race_that_stripe_lost_or_won_is_information)
{
    struct try try;
    try_open(&try, CALL_CAPTURE);
    struct buf members = buf_in(&try.arena, 2048);
    buf_addf(&members,
             ", \"code\": \"payment_intent_unexpected_state\", \"message\": \"This PaymentIntent"
             " could not be captured\", \"payment_intent\": %s",
             intent(&try, "canceled", "null"));
    const char *body =
        error(&try, "invalid_request_error", str_terminated(&try.arena, buf_str(&members)));
    struct reading reading = answer(&try, 400, body);
    assert_int_equal(reading.verdict, VERDICT_FACT);
    assert_int_equal(reading.fact, FACT_CANCELED);

    reading = answer(
        &try, 400,
        error(&try, "invalid_request_error", ", \"code\": \"payment_intent_unexpected_state\""));
    assert_int_equal(reading.verdict, VERDICT_LOOK);
    arena_free(&try.arena);
}

TEST(a_wrong_key_means_that_stripe_is_away)
{
    static const char *const body =
        "{\"error\": {\"message\": \"Invalid API Key provided: sk_test_***\","
        " \"type\": \"invalid_request_error\"}}";
    assert_int_equal(meaning(CALL_CREATE, 401, body), VERDICT_AWAY);
    assert_int_equal(meaning(CALL_CREATE, 403, body), VERDICT_AWAY);
    assert_int_equal(meaning(CALL_CAPTURE, 401, ""), VERDICT_AWAY);
}

TEST(F17_a_decline_is_final_and_its_reason_is_for_the_buyer)
{
    struct try try;
    try_open(&try, CALL_CREATE);
    struct buf members = buf_in(&try.arena, 2048);
    buf_addf(&members,
             ", \"advice_code\": \"try_again_later\", \"charge\": \"ch_3Px\","
             " \"code\": \"expired_card\", \"message\": \"Your card has expired.\","
             " \"param\": \"exp_month\", \"payment_method\": {\"id\": \"pm_1\"},"
             " \"payment_intent\": %s",
             intent(&try, "requires_payment_method", "null"));
    struct reading reading =
        answer(&try, 402, error(&try, "card_error", str_terminated(&try.arena, buf_str(&members))));
    assert_int_equal(reading.verdict, VERDICT_FACT);
    assert_int_equal(reading.fact, FACT_DECLINED);
    assert_true(str_is(reading.id, "pi_3Px"));
    assert_true(str_is(reading.code, "expired_card"));
    assert_true(str_is(reading.message, "Your card has expired."));
    assert_int_equal(answer(&try, 402, "<html>").verdict, VERDICT_RETRY);
    arena_free(&try.arena);
}

TEST(what_a_thief_should_not_learn_is_not_told)
{
    static const char *const codes[] = { "lost_card", "stolen_card", "pickup_card", "fraudulent",
                                         "merchant_blacklist" };
    for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++) {
        struct try try;
        try_open(&try, CALL_CREATE);
        char members[256];
        (void)snprintf(members, sizeof members,
                       ", \"code\": \"card_declined\", \"decline_code\": \"%s\","
                       " \"message\": \"This card was reported stolen.\"",
                       codes[i]);
        struct reading reading = answer(&try, 402, error(&try, "card_error", members));
        assert_int_equal(reading.fact, FACT_DECLINED);
        assert_true(str_is(reading.code, codes[i]));
        assert_true(str_is(reading.message, "Your card was declined."));
        arena_free(&try.arena);
    }
}

TEST(a_call_that_stripe_does_not_know_the_object_of_is_looked_into)
{
    static const char *const body = "{\"error\": {\"type\": \"invalid_request_error\","
                                    " \"code\": \"resource_missing\"}}";
    assert_int_equal(meaning(CALL_CAPTURE, 404, body), VERDICT_LOOK);
    assert_int_equal(meaning(CALL_CANCEL, 404, body), VERDICT_LOOK);
    assert_int_equal(meaning(CALL_REFUND, 404, "<html>"), VERDICT_LOOK);
}

TEST(what_is_busy_is_asked_again_with_the_same_key)
{
    static const char *const in_use = "{\"error\": {\"type\": \"idempotency_error\","
                                      " \"code\": \"idempotency_key_in_use\"}}";
    assert_int_equal(meaning(CALL_CREATE, 409, in_use), VERDICT_RETRY);
    assert_int_equal(meaning(CALL_CREATE, 424, ""), VERDICT_RETRY);
    assert_int_equal(meaning(CALL_CREATE, 429, "{\"error\": {\"code\": \"lock_timeout\"}}"),
                     VERDICT_RETRY);
    assert_int_equal(meaning(CALL_CAPTURE, 429, "{\"error\": {\"code\": \"rate_limit\"}}"),
                     VERDICT_RETRY);
}

TEST(F14_a_500_is_kept_by_stripe_so_once_more_and_then_the_truth_is_looked_up)
{
    struct try try;
    try_open(&try, CALL_CREATE);
    const char *body = error(&try, "api_error", "");
    assert_int_equal(answer(&try, 500, body).verdict, VERDICT_RETRY);
    try.call.attempts = 2;
    assert_int_equal(answer(&try, 500, body).verdict, VERDICT_LOOK);
    for (int64_t status = 502; status <= 504; status++)
        assert_int_equal(answer(&try, status, "<html>").verdict, VERDICT_RETRY);
    arena_free(&try.arena);
}

/* Else a second intent is made under a new key, while the call that made the first still travels.
 */
TEST(F14_what_something_on_the_way_answers_is_asked_again_with_the_same_key)
{
    static const int64_t statuses[] = { 400, 404, 409, 418, 429, 500, 502, 503, 504 };
    for (size_t i = 0; i < sizeof statuses / sizeof statuses[0]; i++) {
        struct try try;
        try_open(&try, CALL_CREATE);
        try.call.attempts = 9;
        const struct outanswer answer = {
            .http_status = statuses[i],
            .body = S("<html>a proxy, and no JSON</html>"),
        };
        assert_int_equal(stripe_read(&try.arena, &try.charge, &try.call, &answer, NOW).verdict,
                         VERDICT_RETRY);
        arena_free(&try.arena);
    }
}

TEST(stripe_itself_knows_best_whether_to_ask_again)
{
    struct try try;
    try_open(&try, CALL_CREATE);
    struct outanswer answer = { .http_status = 500, .should_retry = S("true") };
    try.call.attempts = 9;
    assert_int_equal(stripe_read(&try.arena, &try.charge, &try.call, &answer, NOW).verdict,
                     VERDICT_RETRY);
    answer = (struct outanswer){ .http_status = 503, .should_retry = S("false") };
    assert_int_equal(stripe_read(&try.arena, &try.charge, &try.call, &answer, NOW).verdict,
                     VERDICT_LOOK);
    arena_free(&try.arena);
}

TEST(F14_a_key_that_stripe_may_have_forgotten_is_not_used_again)
{
    struct try try;
    try_open(&try, CALL_CREATE);
    try.call.first_sent_at = instant_before(NOW, hours(20));
    assert_int_equal(outcome(&try, OUTCALL_UNKNOWN).verdict, VERDICT_RETRY);
    try.call.first_sent_at.ms--;
    assert_int_equal(outcome(&try, OUTCALL_UNKNOWN).verdict, VERDICT_LOOK);
    arena_free(&try.arena);
}

TEST(a_lookup_is_repeated_until_it_succeeds)
{
    static const enum call_kind kinds[] = { CALL_RETRIEVE, CALL_LIST };
    for (size_t i = 0; i < 2; i++) {
        struct try try;
        try_open(&try, kinds[i]);
        try.call.attempts = 9;
        try.call.first_sent_at.ms = 1;
        assert_int_equal(outcome(&try, OUTCALL_NOT_SENT).verdict, VERDICT_RETRY);
        assert_int_equal(outcome(&try, OUTCALL_UNKNOWN).verdict, VERDICT_RETRY);
        assert_int_equal(answer(&try, 500, "").verdict, VERDICT_RETRY);
        assert_int_equal(answer(&try, 401, "").verdict, VERDICT_RETRY);
        assert_int_equal(answer(&try, 404, "{\"error\": {}}").verdict, VERDICT_RETRY);
        arena_free(&try.arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_status_of_an_intent_is_a_fact_whoever_asked),
        cmocka_unit_test(a_status_that_is_not_settled_or_not_born_yet_is_waited_out),
        cmocka_unit_test(F17_a_declined_intent_says_why),
        cmocka_unit_test(an_intent_of_another_charge_amount_or_currency_is_for_a_person_to_look_at),
        cmocka_unit_test(a_list_is_searched_for_our_charge),
        cmocka_unit_test(a_list_without_it_goes_on_to_the_next_page_or_ends),
        cmocka_unit_test(a_payment_method_is_known_by_its_id),
        cmocka_unit_test(
            F18_a_refund_is_done_when_it_is_on_its_way_and_a_failed_one_needs_a_person),
        cmocka_unit_test(money_given_back_before_is_given_back),
        cmocka_unit_test(what_was_never_sent_means_that_stripe_is_away),
        cmocka_unit_test(F14_an_unknown_outcome_is_asked_again_byte_for_byte),
        cmocka_unit_test(a_bad_token_is_refused_which_is_no_decline),
        cmocka_unit_test(a_key_used_with_other_parameters_is_looked_into_and_never_changed),
        cmocka_unit_test(F12_a_race_that_stripe_lost_or_won_is_information),
        cmocka_unit_test(a_wrong_key_means_that_stripe_is_away),
        cmocka_unit_test(F17_a_decline_is_final_and_its_reason_is_for_the_buyer),
        cmocka_unit_test(what_a_thief_should_not_learn_is_not_told),
        cmocka_unit_test(a_call_that_stripe_does_not_know_the_object_of_is_looked_into),
        cmocka_unit_test(what_is_busy_is_asked_again_with_the_same_key),
        cmocka_unit_test(F14_a_500_is_kept_by_stripe_so_once_more_and_then_the_truth_is_looked_up),
        cmocka_unit_test(F14_what_something_on_the_way_answers_is_asked_again_with_the_same_key),
        cmocka_unit_test(stripe_itself_knows_best_whether_to_ask_again),
        cmocka_unit_test(F14_a_key_that_stripe_may_have_forgotten_is_not_used_again),
        cmocka_unit_test(a_lookup_is_repeated_until_it_succeeds),
    };
    return RUN_TESTS(tests);
}
