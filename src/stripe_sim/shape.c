/* Records as Stripe shows them: every member that the type of the official client names. */
#include "stripe_sim/cards.h"
#include "stripe_sim/sim.h"

/* ---- filling a shape ---- */

struct filling {
    struct buf out;
    const struct field *fields;
    const char *record;
};

static const struct field *field_of(const struct field *fields, str name)
{
    while (fields->name != NULL && !str_is(name, fields->name))
        fields++;
    assert(fields->name != NULL);
    return fields;
}

static void fill_value(struct filling *filling, const struct field *field, bool raw)
{
    const char *value = filling->record + field->offset;

    if (field_is_absent(field, filling->record) &&
        (field->flags & FIELD_OPTIONAL || field->kind == FIELD_KIND_STR)) {
        buf_add(&filling->out, S("null"));
    } else if (field->kind == FIELD_KIND_STR && raw) {
        buf_add(&filling->out, *(const str *)(const void *)value);
    } else if (field->kind == FIELD_KIND_STR) {
        json_write_str(&filling->out, *(const str *)(const void *)value);
    } else if (field->kind == FIELD_KIND_INT) {
        buf_add_int(&filling->out, *(const int64_t *)(const void *)value);
    } else if (field->kind == FIELD_KIND_INSTANT) {
        buf_add_int(&filling->out, ((const instant *)(const void *)value)->ms / 1000);
    } else if (field->kind == FIELD_KIND_BOOL) {
        buf_add(&filling->out, *(const bool *)(const void *)value ? S("true") : S("false"));
    } else {
        assert(field->kind == FIELD_KIND_ENUM);
        unsigned number;
        memcpy(&number, value, sizeof number);
        json_write_str(&filling->out, str_of(field->names[number]));
    }
}

static str name_at(const char *text)
{
    size_t size = 0;
    while ((text[size] >= 'a' && text[size] <= 'z') || (text[size] >= '0' && text[size] <= '9') ||
           text[size] == '_')
        size++;
    assert(size > 0);
    return (str){ text, size };
}

/* Where the shape goes on behind a member that begins with ?, if there is nothing to show. */
static const char *skip_absent(const struct filling *filling, const char *shape)
{
    const char *hole = shape + strcspn(shape, "$@");
    const struct field *field = field_of(filling->fields, name_at(hole + 1));
    if (!field_is_absent(field, filling->record))
        return shape;
    const char *end = shape + strcspn(shape, ",");
    assert(*end == ',' && hole < end);
    return end + 1;
}

str shape_fill(struct arena *arena, const char *shape, const struct field *fields,
               const void *record)
{
    struct filling filling = { .out = buf_in(arena, 1024), .fields = fields, .record = record };

    while (*shape != '\0') {
        char c = *shape++;
        if (c == '?') {
            shape = skip_absent(&filling, shape);
        } else if (c == '$' || c == '@') {
            str name = name_at(shape);
            fill_value(&filling, field_of(fields, name), c == '@');
            shape += name.size;
        } else {
            buf_add_char(&filling.out, c == '\'' ? '"' : c);
        }
    }
    return buf_str(&filling.out);
}

/* ---- cards ---- */

struct card_view {
    str brand;
    str last4;
    str funding;
    str country;
    str fingerprint;
    str cvc_check;
    int64_t amount;
    int64_t exp_year;
    str authentication;
    str indicator;
    int64_t authorized;
    instant capture_before;
};

static const struct field card_view_fields[] = {
    FIELD(struct card_view, brand),
    FIELD(struct card_view, last4),
    FIELD(struct card_view, funding),
    FIELD(struct card_view, country),
    FIELD(struct card_view, fingerprint),
    FIELD(struct card_view, cvc_check),
    FIELD(struct card_view, amount),
    FIELD(struct card_view, exp_year),
    FIELD_OPT(struct card_view, authentication),
    FIELD(struct card_view, indicator),
    FIELD_OPT(struct card_view, authorized),
    FIELD_OPT(struct card_view, capture_before),
    FIELDS_END,
};

#define YEAR_MS ((int64_t)1000 * 60 * 60 * 24 * 365)

/* Every test card expires next year. */
static struct card_view view_of(struct sim *sim, str card_name)
{
    const struct card *card = card_find(card_name);
    assert(card != NULL);
    return (struct card_view){
        .brand = str_of(card->brand),
        .last4 = str_of(card->last4),
        .funding = str_of(card->funding),
        .country = str_of(card->country),
        .fingerprint = sim_format(sim->op, "sim%s%s", card->brand, card->last4),
        .exp_year = 1970 + sim->now.ms / YEAR_MS + 1,
    };
}

static const char payment_method_shape[] =
    "{'id':$id,'object':'payment_method','allow_redisplay':'unspecified',"
    "'billing_details':@billing_details,'card':";
static const char payment_method_card_shape[] =
    "{'brand':$brand,'checks':{'address_line1_check':null,'address_postal_code_check':null,"
    "'cvc_check':'unchecked'},'country':$country,'display_brand':$brand,'exp_month':9,"
    "'exp_year':$exp_year,'fingerprint':$fingerprint,'funding':$funding,'generated_from':null,"
    "'last4':$last4,'networks':{'available':[$brand],'preferred':null},"
    "'regulated_status':'unregulated','three_d_secure_usage':{'supported':true},'wallet':null},";
static const char payment_method_rest_shape[] =
    "'created':$created,'customer':null,'customer_account':null,'livemode':false,"
    "'metadata':@metadata,'type':'card'}";

str show_payment_method(struct sim *sim, const struct payment_method *method)
{
    struct arena *arena = sim->op->arena;
    struct card_view card = view_of(sim, method->card);
    struct buf out = buf_in(arena, 1024);
    buf_add(&out, shape_fill(arena, payment_method_shape, payment_method_fields, method));
    buf_add(&out, shape_fill(arena, payment_method_card_shape, card_view_fields, &card));
    buf_add(&out, shape_fill(arena, payment_method_rest_shape, payment_method_fields, method));
    return buf_str(&out);
}

/* ---- charges ---- */

static const char charge_card_shape[] =
    "{'card':{'amount_authorized':$authorized,'authorization_code':null,'brand':$brand,"
    "?'capture_before':$capture_before,"
    "'checks':{'address_line1_check':null,'address_postal_code_check':null,'cvc_check':'pass'},"
    "'country':$country,'electronic_commerce_indicator':$indicator,'exp_month':9,"
    "'exp_year':$exp_year,'extended_authorization':{'status':'disabled'},"
    "'fingerprint':$fingerprint,'funding':$funding,"
    "'incremental_authorization':{'status':'unavailable'},'installments':null,'last4':$last4,"
    "'mandate':null,'multicapture':{'status':'unavailable'},'network':$brand,"
    "'network_token':{'used':false},'network_transaction_id':null,"
    "'overcapture':{'maximum_amount_capturable':$amount,'status':'unavailable'},"
    "'regulated_status':'unregulated','three_d_secure':@authentication,"
    "'transaction_link_id':null,'wallet':null},'type':'card'}";

static const char authentication_shape[] =
    "{\"authentication_flow\":\"challenge\",\"electronic_commerce_indicator\":\"05\","
    "\"exemption_indicator\":null,\"result\":\"authenticated\",\"result_reason\":null,"
    "\"transaction_id\":null,\"version\":\"2.2.0\"}";

static const char charge_shape[] =
    "{'id':$id,'object':'charge','amount':$amount,'amount_captured':$amount_captured,"
    "'amount_refunded':$amount_refunded,'application':null,'application_fee':null,"
    "'application_fee_amount':null,'balance_transaction':$balance_transaction,"
    "'billing_details':{'address':{'city':null,'country':null,'line1':null,'line2':null,"
    "'postal_code':null,'state':null},'email':null,'name':null,'phone':null,'tax_id':null},"
    "'calculated_statement_descriptor':'Stripe','captured':$captured,'created':$created,"
    "'currency':$currency,'customer':null,'description':$description,'disputed':$disputed,"
    "'failure_balance_transaction':null,'failure_code':$failure_code,"
    "'failure_message':$failure_message,'fraud_details':{},'livemode':false,"
    "'metadata':@metadata,'on_behalf_of':null,'outcome':@outcome,'paid':$paid,"
    "'payment_intent':$payment_intent,'payment_method':$payment_method,"
    "'payment_method_details':@card_shown,'radar_options':{},'receipt_email':null,"
    "'receipt_number':null,'receipt_url':$receipt_url,'refunded':$refunded,'review':null,"
    "'shipping':null,'source':null,'source_transfer':null,"
    "'statement_descriptor':$statement_descriptor,"
    "'statement_descriptor_suffix':$statement_descriptor_suffix,'status':$status,"
    "'transfer_data':null,'transfer_group':$transfer_group}";

str show_charge(struct sim *sim, const struct charge *charge)
{
    struct arena *arena = sim->op->arena;
    struct charge shown = *charge;
    struct card_view card = view_of(sim, charge->card);

    shown.paid = str_is(charge->status, "succeeded");
    shown.refunded = charge->captured && charge->amount_refunded == charge->amount_captured;
    card.amount = charge->amount;
    card.authorized = shown.paid ? charge->amount : 0;
    card.capture_before = charge->captured ? (instant){ 0 } : charge->capture_before;
    card.indicator = charge->authenticated ? S("05") : S("07");
    if (charge->authenticated)
        card.authentication = str_of(authentication_shape);
    shown.card_shown = shape_fill(arena, charge_card_shape, card_view_fields, &card);
    return shape_fill(arena, charge_shape, sim_charge_fields, &shown);
}

/* ---- payment intents ---- */

static const char intent_shape[] =
    "{'id':$id,'object':'payment_intent','allowed_payment_method_types':null,'amount':$amount,"
    "'amount_capturable':$amount_capturable,'amount_details':{'tip':{}},"
    "'amount_received':$amount_received,'application':null,'application_fee_amount':null,"
    "'automatic_payment_methods':@automatic_payment_methods,'canceled_at':$canceled_at,"
    "'cancellation_reason':$cancellation_reason,'capture_method':$capture_method,"
    "'client_secret':$client_secret,'confirmation_method':$confirmation_method,"
    "'created':$created,'currency':$currency,'customer':null,'customer_account':null,"
    "'description':$description,'excluded_payment_method_types':null,"
    "'last_payment_error':@last_payment_error,'latest_charge':@latest_charge_shown,"
    "'livemode':false,'managed_payments':{'enabled':false},'metadata':@metadata,"
    "'next_action':@next_action,'on_behalf_of':null,'payment_method':@payment_method_shown,"
    "'payment_method_configuration_details':@configuration,'payment_method_options':@options,"
    "'payment_method_types':@payment_method_types,'payment_record':null,'processing':null,"
    "'receipt_email':$receipt_email,'review':null,'setup_future_usage':$setup_future_usage,"
    "'shipping':null,'source':null,'statement_descriptor':$statement_descriptor,"
    "'statement_descriptor_suffix':$statement_descriptor_suffix,'status':$status,"
    "'transfer_data':null,'transfer_group':$transfer_group}";

#define CARD_OPTIONS                                            \
    "\"card\":{\"installments\":null,\"mandate_options\":null," \
    "\"network\":null,\"request_three_d_secure\":\"automatic\"}"
#define LINK_OPTIONS "\"link\":{\"persistent_token\":null}"

const char *const intent_expandable[] = { "latest_charge", "payment_method", NULL };

static str quoted(struct sim *sim, str text)
{
    if (text.data == NULL)
        return text;
    struct buf out = buf_in(sim->op->arena, text.size + 2);
    json_write_str(&out, text);
    return buf_str(&out);
}

static err show_latest_charge(struct sim *sim, struct intent *shown)
{
    struct due key = { .id = shown->latest_charge };
    struct charge charge = { 0 };
    TRY(sql_one(sim->op, &sim_charge_find, &key, &charge));
    shown->latest_charge_shown = show_charge(sim, &charge);
    return OK;
}

static err show_method_of(struct sim *sim, struct intent *shown)
{
    struct due key = { .id = shown->payment_method };
    struct payment_method method = { 0 };
    TRY(sql_one(sim->op, &payment_method_find, &key, &method));
    shown->payment_method_shown = show_payment_method(sim, &method);
    return OK;
}

err show_intent(struct sim *sim, const struct intent *intent, const bool expanded[2], str *ret_json)
{
    struct intent shown = *intent;
    bool automatic = intent->automatic_payment_methods.data != NULL;

    shown.latest_charge_shown = quoted(sim, intent->latest_charge);
    shown.payment_method_shown = quoted(sim, intent->payment_method);
    if (expanded != NULL && expanded[0] && intent->latest_charge.data != NULL)
        TRY(show_latest_charge(sim, &shown));
    if (expanded != NULL && expanded[1] && intent->payment_method.data != NULL)
        TRY(show_method_of(sim, &shown));
    if (automatic)
        shown.configuration = S("{\"id\":\"pmc_sim\",\"parent\":null}");
    shown.options = automatic ? S("{" CARD_OPTIONS "," LINK_OPTIONS "}") : S("{" CARD_OPTIONS "}");
    *ret_json = shape_fill(sim->op->arena, intent_shape, intent_fields, &shown);
    return OK;
}

/* ---- refunds, events ---- */

static const char refund_shape[] =
    "{'id':$id,'object':'refund','amount':$amount,'balance_transaction':$balance_transaction,"
    "'charge':$charge,'created':$created,'currency':$currency,'customer':null,"
    "'customer_account':null,'destination_details':{'card':{'reference_status':'pending',"
    "'reference_type':'acquirer_reference_number','type':'refund'},'type':'card'},"
    "?'failure_balance_transaction':$failure_balance_transaction,"
    "?'failure_reason':$failure_reason,'metadata':@metadata,"
    "'payment_intent':$payment_intent,'payment_method':$payment_method,"
    "?'pending_reason':$pending_reason,'reason':$reason,'receipt_number':null,"
    "'source_transfer_reversal':null,'status':$status,'transfer_reversal':null}";

str show_refund(struct sim *sim, const struct refund *refund)
{
    return shape_fill(sim->op->arena, refund_shape, sim_refund_fields, refund);
}

static const char event_shape[] =
    "{'id':$id,'object':'event',?'account':$account,'api_version':'" STRIPE_SIM_VERSION "',"
    "'created':$created,'data':{'object':@data},'livemode':$live,'pending_webhooks':$pending,"
    "'request':{'id':$request_id,'idempotency_key':$idempotency_key},'type':$type}";

str show_event(struct sim *sim, const struct sim_event *event)
{
    return shape_fill(sim->op->arena, event_shape, sim_event_fields, event);
}

/* ---- ids ---- */

#define ID_CHARACTERS 24

str sim_id(struct op *op, const char *prefix)
{
    static const char alphabet[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    struct buf out = buf_in(op->arena, 32);
    buf_add(&out, str_of(prefix));
    size_t full = out.size + ID_CHARACTERS;
    while (out.size < full) {
        uint8_t bytes[ID_CHARACTERS];
        op->random->fill(op->random, bytes, sizeof bytes);
        for (size_t i = 0; i < sizeof bytes && out.size < full; i++) {
            if (bytes[i] < 248) /* of 256, the largest multiple of 62: each as likely */
                buf_add_char(&out, alphabet[bytes[i] % 62]);
        }
    }
    return buf_str(&out);
}

err answer_json(struct sim *sim, str json)
{
    sim->answer.status = 200;
    sim->answer.executed = true;
    sim->answer.body = json;
    return OK;
}
