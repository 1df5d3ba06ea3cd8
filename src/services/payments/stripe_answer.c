/* What Stripe's answers mean.  Unknown members and new words are read over, as Stripe asks. */
#include "base/json.h"
#include "services/payments/stripe_call.h"

struct intent_metadata {
    str charge_id;
};

static const struct field intent_metadata_fields[] = {
    FIELD_OPT(struct intent_metadata, charge_id),
    FIELDS_END,
};

struct stripe_error {
    str type;
    str code;
    str decline_code;
    str message;
};

#define ERROR_FIELDS(type_)                                                         \
    FIELD_OPT(type_, type), FIELD_OPT(type_, code), FIELD_OPT(type_, decline_code), \
        FIELD_OPT(type_, message)

static const struct field last_error_fields[] = { ERROR_FIELDS(struct stripe_error), FIELDS_END };

struct intent {
    str id;
    str status;
    int64_t amount;
    str currency;
    struct intent_metadata metadata;
    struct stripe_error last_payment_error;
};

static const struct field intent_fields[] = {
    FIELD(struct intent, id),
    FIELD(struct intent, status),
    FIELD(struct intent, amount),
    FIELD(struct intent, currency),
    FIELD_RECORD_OPT(struct intent, metadata, intent_metadata_fields),
    FIELD_RECORD_OPT(struct intent, last_payment_error, last_error_fields),
    FIELDS_END,
};

struct intent_list {
    struct rows data;
    bool has_more;
};

static const struct field intent_list_fields[] = {
    FIELD_LIST(struct intent_list, data, struct intent, intent_fields),
    FIELD(struct intent_list, has_more),
    FIELDS_END,
};

struct error_body {
    str type;
    str code;
    str decline_code;
    str message;
    struct intent payment_intent;
};

static const struct field error_body_fields[] = {
    ERROR_FIELDS(struct error_body),
    FIELD_RECORD_OPT(struct error_body, payment_intent, intent_fields),
    FIELDS_END,
};

struct error_answer {
    struct error_body error;
};

static const struct field error_answer_fields[] = {
    FIELD_RECORD(struct error_answer, error, error_body_fields),
    FIELDS_END,
};

/* A payment method or a refund: all that we want to know of it. */
struct named_answer {
    str id;
    str object;
    str status;
};

static const struct field named_answer_fields[] = {
    FIELD(struct named_answer, id),
    FIELD(struct named_answer, object),
    FIELD_OPT(struct named_answer, status),
    FIELDS_END,
};

static struct reading verdict(enum verdict verdict_)
{
    return (struct reading){ .verdict = verdict_ };
}

/* Codes that would tell a thief what the bank knows of the card: Stripe asks not to show them. */
static bool is_secretive(str decline_code)
{
    static const char *const codes[] = { "lost_card",  "stolen_card",        "pickup_card",
                                         "fraudulent", "merchant_blacklist", NULL };
    for (size_t i = 0; codes[i] != NULL; i++) {
        if (str_is(decline_code, codes[i]))
            return true;
    }
    return false;
}

static str decline_message(str decline_code, str message)
{
    if (message.data == NULL || is_secretive(decline_code))
        return S("Your card was declined.");
    return message;
}

/* ---- intents ---- */

static bool is_ours(struct arena *arena, const struct charge *charge, const struct intent *intent)
{
    return str_equal(intent->metadata.charge_id, uuid_text(arena, charge->id));
}

static struct reading read_intent(struct arena *arena, const struct charge *charge,
                                  const struct intent *intent)
{
    struct reading reading = { .verdict = VERDICT_FACT, .id = intent->id };
    if (!is_ours(arena, charge, intent) || intent->amount != charge->amount.minor ||
        !str_equal_nocase(intent->currency, charge->currency))
        return verdict(VERDICT_WRONG);

    const struct stripe_error *error = &intent->last_payment_error;
    if (str_is(intent->status, "requires_capture")) {
        reading.fact = FACT_AUTHORIZED;
    } else if (str_is(intent->status, "succeeded")) {
        reading.fact = FACT_CAPTURED;
    } else if (str_is(intent->status, "canceled")) {
        reading.fact = FACT_CANCELED;
    } else if (str_is(intent->status, "requires_action")) {
        reading.fact = FACT_ACTION_REQUIRED;
    } else if (str_is(intent->status, "requires_payment_method")) {
        reading.fact = FACT_DECLINED;
        reading.code = error->decline_code.data ? error->decline_code : error->code;
        reading.message = decline_message(error->decline_code, error->message);
    } else {
        reading.verdict = VERDICT_WAIT; /* processing, or a state that is not born yet */
    }
    return reading;
}

static struct reading read_list(struct arena *arena, const struct charge *charge, str body)
{
    struct intent_list list;
    memset(&list, 0, sizeof list);
    err e = json_read_record(arena, body, JSON_SNAKE, intent_list_fields, &list);
    if (e.problem != NULL)
        return verdict(VERDICT_RETRY);
    const struct intent *intents = list.data.items;
    for (size_t i = 0; i < list.data.count; i++) {
        if (is_ours(arena, charge, &intents[i]))
            return read_intent(arena, charge, &intents[i]);
    }
    if (!list.has_more || list.data.count == 0)
        return verdict(VERDICT_ABSENT);
    return (struct reading){ .verdict = VERDICT_PAGE, .id = intents[list.data.count - 1].id };
}

static struct reading read_named(struct arena *arena, enum call_kind kind, str body)
{
    struct named_answer named;
    memset(&named, 0, sizeof named);
    err e = json_read_record(arena, body, JSON_SNAKE, named_answer_fields, &named);
    if (e.problem != NULL)
        return verdict(VERDICT_RETRY);
    if (kind == CALL_METHOD)
        return (struct reading){ .verdict = VERDICT_METHOD, .id = named.id };
    if (str_is(named.status, "failed") || str_is(named.status, "canceled"))
        return (struct reading){ .verdict = VERDICT_WRONG, .id = named.id };
    return (struct reading){ .verdict = VERDICT_FACT, .fact = FACT_REFUNDED, .id = named.id };
}

static struct reading read_success(struct arena *arena, const struct charge *charge,
                                   const struct stripe_call *call, str body)
{
    if (call->kind == CALL_LIST)
        return read_list(arena, charge, body);
    if (call->kind == CALL_METHOD || call->kind == CALL_REFUND)
        return read_named(arena, call->kind, body);
    struct intent intent;
    memset(&intent, 0, sizeof intent);
    err e = json_read_record(arena, body, JSON_SNAKE, intent_fields, &intent);
    return e.problem ? verdict(VERDICT_RETRY) : read_intent(arena, charge, &intent);
}

/* ---- errors ---- */

static struct reading read_decline(struct arena *arena, const struct charge *charge,
                                   const struct error_body *error)
{
    (void)arena;
    (void)charge;
    bool coded = error->decline_code.data != NULL;
    return (struct reading){
        .verdict = VERDICT_FACT,
        .fact = FACT_DECLINED,
        .id = error->payment_intent.id,
        .code = coded ? error->decline_code : error->code,
        .message = decline_message(error->decline_code, error->message),
    };
}

/* Stripe refuses the request, not the card. */
static struct reading read_refusal(struct arena *arena, const struct charge *charge,
                                   const struct stripe_call *call, const struct error_body *error)
{
    if (str_is(error->code, "payment_intent_unexpected_state") &&
        error->payment_intent.id.data != NULL)
        return read_intent(arena, charge, &error->payment_intent);
    if (call->kind == CALL_REFUND && str_is(error->code, "charge_already_refunded"))
        return (struct reading){ .verdict = VERDICT_FACT, .fact = FACT_REFUNDED };
    if (call->kind == CALL_METHOD || call->kind == CALL_CREATE) {
        if (!str_is(error->type, "idempotency_error"))
            return (struct reading){ .verdict = VERDICT_REFUSED, .code = error->code };
    }
    return verdict(VERDICT_LOOK);
}

/* Stripe names each of its answers.  What something on the way says in its place is kept under no
 * key, and our call may still be travelling: only with the same key can it not be done twice. */
static bool is_stripes_own(const struct outanswer *answer)
{
    return answer->request_id.size > 0;
}

/* A failure that Stripe keeps under the key: once more with the same key, then the truth is looked
 * up. */
static struct reading read_breakdown(const struct stripe_call *call, const struct outanswer *answer)
{
    if (str_is(answer->should_retry, "false"))
        return verdict(VERDICT_LOOK);
    if (str_is(answer->should_retry, "true") || answer->http_status != 500 ||
        !is_stripes_own(answer))
        return verdict(VERDICT_RETRY);
    return verdict(call->attempts < 2 ? VERDICT_RETRY : VERDICT_LOOK);
}

static struct reading read_error(struct arena *arena, const struct charge *charge,
                                 const struct stripe_call *call, const struct outanswer *answer)
{
    struct error_answer body;
    memset(&body, 0, sizeof body);
    err e = json_read_record(arena, answer->body, JSON_SNAKE, error_answer_fields, &body);
    bool readable = e.problem == NULL;

    switch (answer->http_status) {
    case 401:
    case 403:
        return verdict(VERDICT_AWAY);
    case 402:
        return readable ? read_decline(arena, charge, &body.error) : verdict(VERDICT_RETRY);
    case 409:
    case 424:
    case 429:
        return verdict(VERDICT_RETRY);
    default:
        break;
    }
    if (answer->http_status >= 500)
        return read_breakdown(call, answer);
    if (!readable)
        return verdict(is_stripes_own(answer) ? VERDICT_LOOK : VERDICT_RETRY);
    return read_refusal(arena, charge, call, &body.error);
}

static bool is_lookup(enum call_kind kind)
{
    return kind == CALL_RETRIEVE || kind == CALL_LIST;
}

/* Stripe forgets keys after a day: then the same key would make a second intent. */
bool stripe_key_may_be_forgotten(const struct stripe_call *call, instant now)
{
    return !is_lookup(call->kind) && call->first_sent_at.ms != 0 &&
           call->first_sent_at.ms < instant_before(now, hours(20)).ms;
}

struct reading stripe_read(struct arena *arena, const struct charge *charge,
                           const struct stripe_call *call, const struct outanswer *answer,
                           instant now)
{
    struct reading reading = verdict(VERDICT_RETRY);
    if (answer->outcome == OUTCALL_NOT_SENT)
        reading = verdict(VERDICT_AWAY);
    else if (answer->outcome == OUTCALL_ANSWERED && answer->http_status / 100 == 2)
        reading = read_success(arena, charge, call, answer->body);
    else if (answer->outcome == OUTCALL_ANSWERED)
        reading = read_error(arena, charge, call, answer);

    bool fails = reading.verdict == VERDICT_LOOK || reading.verdict == VERDICT_AWAY ||
                 reading.verdict == VERDICT_REFUSED;
    if (is_lookup(call->kind))
        return fails ? verdict(VERDICT_RETRY) : reading;
    if (reading.verdict == VERDICT_RETRY && stripe_key_may_be_forgotten(call, now))
        return verdict(VERDICT_LOOK);
    return reading;
}
