/* Checkout sessions: how they are stored and shown. */
#include "stripe_sim/checkout.h"

static const char *const checkout_status_names[] = { "open", "complete", "expired", NULL };

const struct field sim_checkout_fields[] = {
    FIELD(struct checkout, id),
    FIELD_ENUM(struct checkout, status, checkout_status_names),
    FIELD(struct checkout, amount_total),
    FIELD(struct checkout, currency),
    FIELD_OPT(struct checkout, payment_intent),
    FIELD_OPT(struct checkout, client_reference_id),
    FIELD_OPT(struct checkout, customer_email),
    FIELD_OPT(struct checkout, paid_by_email),
    FIELD_OPT(struct checkout, paid_by_name),
    FIELD(struct checkout, metadata),
    FIELD(struct checkout, success_url),
    FIELD_OPT(struct checkout, cancel_url),
    FIELD_OPT(struct checkout, locale),
    FIELD_OPT(struct checkout, submit_type),
    FIELD(struct checkout, payment_method_types),
    FIELD(struct checkout, capture_method),
    FIELD_OPT(struct checkout, description),
    FIELD(struct checkout, intent_metadata),
    FIELD_OPT(struct checkout, order_id),
    FIELD_OPT(struct checkout, receipt_email),
    FIELD_OPT(struct checkout, statement_descriptor),
    FIELD_OPT(struct checkout, statement_descriptor_suffix),
    FIELD_OPT(struct checkout, transfer_group),
    FIELD(struct checkout, expires_at),
    FIELD(struct checkout, created),
    FIELD(struct checkout, payment_status),
    FIELD_OPT(struct checkout, payment_intent_shown),
    FIELD_OPT(struct checkout, customer_details),
    FIELD_OPT(struct checkout, line_items),
    FIELD_OPT(struct checkout, url),
    FIELDS_END,
};

#define COLUMNS                                                                                \
    "id, status, amount_total, currency, payment_intent, client_reference_id, customer_email," \
    " paid_by_email, paid_by_name, metadata, success_url, cancel_url, locale, submit_type,"    \
    " payment_method_types, capture_method, description, intent_metadata, order_id,"           \
    " receipt_email, statement_descriptor, statement_descriptor_suffix, transfer_group,"       \
    " expires_at, created"

const struct query sim_checkout_insert = {
    "insert into sim_checkouts (" COLUMNS ") values ($id, $status, $amount_total, $currency,"
    " $payment_intent, $client_reference_id, $customer_email, $paid_by_email, $paid_by_name,"
    " $metadata, $success_url, $cancel_url, $locale, $submit_type, $payment_method_types,"
    " $capture_method, $description, $intent_metadata, $order_id, $receipt_email,"
    " $statement_descriptor, $statement_descriptor_suffix, $transfer_group, $expires_at,"
    " $created)",
    .in = sim_checkout_fields,
};

const struct query sim_checkout_update = {
    "update sim_checkouts set status = $status, payment_intent = $payment_intent,"
    " paid_by_email = $paid_by_email, paid_by_name = $paid_by_name where id = $id",
    .in = sim_checkout_fields,
};

const struct query sim_checkout_by_id = {
    "select " COLUMNS " from sim_checkouts where id = $id",
    .in = due_fields,
    .out = sim_checkout_fields,
};

const struct query sim_checkouts_due = {
    "select " COLUMNS " from sim_checkouts where status = 'open' and expires_at <= $now"
    " order by expires_at, seq",
    .in = due_fields,
    .out = sim_checkout_fields,
};

#define FILTERED                                                         \
    " and ($payment_intent is null or payment_intent = $payment_intent)" \
    " and ($status is null or status = $status)"

const struct query sim_checkouts_newest = {
    LIST_NEWEST(COLUMNS, "sim_checkouts", FILTERED),
    .in = list_filter_fields,
    .out = sim_checkout_fields,
};

const struct query sim_checkouts_after = {
    LIST_AFTER(COLUMNS, "sim_checkouts", FILTERED),
    .in = list_filter_fields,
    .out = sim_checkout_fields,
};

static const struct field item_fields[] = {
    FIELD(struct line_item, id),
    FIELD(struct line_item, session),
    FIELD(struct line_item, quantity),
    FIELD(struct line_item, unit_amount),
    FIELD(struct line_item, currency),
    FIELD(struct line_item, name),
    FIELD_OPT(struct line_item, description),
    FIELD(struct line_item, price),
    FIELD(struct line_item, product),
    FIELD(struct line_item, created),
    FIELD(struct line_item, amount),
    FIELDS_END,
};

#define ITEM_COLUMNS \
    "id, session, quantity, unit_amount, currency, name, description, price, product, created"

const struct query sim_item_insert = {
    "insert into sim_items (" ITEM_COLUMNS ") values ($id, $session, $quantity, $unit_amount,"
    " $currency, $name, $description, $price, $product, $created)",
    .in = item_fields,
};

const struct query sim_items_of = {
    "select " ITEM_COLUMNS " from sim_items where session = $id order by seq",
    .in = due_fields,
    .out = item_fields,
};

err sim_checkout_find(struct sim *sim, str id, struct checkout *ret_checkout)
{
    *ret_checkout = (struct checkout){ .amount_total = 0 }; /* also what is not stored */
    const struct due key = { .id = id };
    return sql_one(sim->op, &sim_checkout_by_id, &key, ret_checkout);
}

err sim_checkout_items(struct sim *sim, str session, struct rows *ret_items)
{
    const struct due key = { .id = session };
    return sql_all(sim->op, &sim_items_of, &key, sizeof(struct line_item), LINE_ITEMS_MAX,
                   ret_items);
}

/* ---- shapes ---- */

static const char item_shape[] =
    "{'id':$id,'object':'item','adjustable_quantity':null,'amount_discount':0,"
    "'amount_subtotal':$amount,'amount_tax':0,'amount_total':$amount,'currency':$currency,"
    "'description':$name,'metadata':{},'price':{'id':$price,'object':'price','active':false,"
    "'billing_scheme':'per_unit','created':$created,'currency':$currency,"
    "'custom_unit_amount':null,'livemode':false,'lookup_key':null,'metadata':{},"
    "'nickname':null,'product':$product,'recurring':null,'tax_behavior':'unspecified',"
    "'tiers_mode':null,'transform_quantity':null,'type':'one_time','unit_amount':$unit_amount,"
    "'unit_amount_decimal':'$unit_amount'},'quantity':$quantity}";

static err show_items(struct sim *sim, str session, str *ret_json)
{
    struct rows rows;
    struct buf out = buf_in(sim->op->arena, 1024);
    int size = (int)session.size;
    TRY(sim_checkout_items(sim, session, &rows));
    buf_add(&out, S("{\"object\":\"list\",\"data\":["));
    for (size_t i = 0; i < rows.count; i++) {
        struct line_item item = ((const struct line_item *)rows.items)[i];
        item.amount = item.quantity * item.unit_amount;
        if (i > 0)
            buf_add_char(&out, ',');
        buf_add(&out, shape_fill(sim->op->arena, item_shape, item_fields, &item));
    }
    buf_addf(&out, "],\"has_more\":false,\"url\":\"/v1/checkout/sessions/%.*s/line_items\"}", size,
             session.data);
    *ret_json = buf_str(&out);
    return OK;
}

static const char details_shape[] =
    "{'address':{'city':null,'country':null,'line1':null,'line2':null,'postal_code':null,"
    "'state':null},'business_name':null,'email':$paid_by_email,'individual_name':null,"
    "'name':$paid_by_name,'phone':null,'tax_exempt':'none','tax_ids':[]}";

static const char checkout_shape[] =
    "{'id':$id,'object':'checkout.session','adaptive_pricing':{'enabled':false},"
    "'after_expiration':null,'allow_promotion_codes':null,'allowed_payment_method_types':null,"
    "'amount_subtotal':$amount_total,'amount_total':$amount_total,"
    "'automatic_tax':{'enabled':false,'liability':null,'provider':null,'status':null},"
    "'billing_address_collection':null,'cancel_url':$cancel_url,"
    "'client_reference_id':$client_reference_id,'client_secret':null,"
    "'collected_information':null,'consent':null,'consent_collection':null,"
    "'created':$created,'currency':$currency,'currency_conversion':null,'custom_fields':[],"
    "'custom_text':{'after_submit':null,'shipping_address':null,'submit':null,"
    "'terms_of_service_acceptance':null},'customer':null,'customer_account':null,"
    "'customer_creation':'if_required','customer_details':@customer_details,"
    "'customer_email':$customer_email,'discounts':[],'expires_at':$expires_at,"
    "'integration_identifier':null,'invoice':null,'invoice_creation':{'enabled':false,"
    "'invoice_data':{'account_tax_ids':null,'custom_fields':null,'description':null,"
    "'footer':null,'issuer':null,'metadata':{},'rendering_options':null}},"
    "?'line_items':@line_items,'livemode':false,'locale':$locale,"
    "'managed_payments':{'enabled':false},'metadata':@metadata,'mode':'payment',"
    "'origin_context':null,'payment_intent':@payment_intent_shown,'payment_link':null,"
    "'payment_method_collection':'if_required','payment_method_configuration_details':null,"
    "'payment_method_options':{'card':{'request_three_d_secure':'automatic'}},"
    "'payment_method_types':@payment_method_types,'payment_status':$payment_status,"
    "'permissions':null,'phone_number_collection':{'enabled':false},'recovered_from':null,"
    "'saved_payment_method_options':null,'setup_intent':null,"
    "'shipping_address_collection':null,'shipping_cost':null,'shipping_options':[],"
    "'status':$status,'submit_type':$submit_type,'subscription':null,"
    "'success_url':$success_url,'total_details':{'amount_discount':0,'amount_shipping':0,"
    "'amount_tax':0},'ui_mode':'hosted_page','url':$url,'wallet_options':null}";

const char *const sim_checkout_expandable[] = { "line_items", "payment_intent", NULL };

/* With manual capture nothing is paid until the money was captured. */
static err show_payment(struct sim *sim, struct checkout *shown, bool expanded)
{
    struct intent intent = { .amount = 0 };
    shown->payment_status = S("unpaid");
    if (shown->payment_intent.data == NULL)
        return OK;
    const struct due key = { .id = shown->payment_intent };
    TRY(sql_one(sim->op, &intent_find, &key, &intent));
    if (intent.status == INTENT_SUCCEEDED)
        shown->payment_status = S("paid");
    if (expanded)
        return show_intent(sim, &intent, NULL, &shown->payment_intent_shown);
    struct buf out = buf_in(sim->op->arena, intent.id.size + 2);
    json_write_str(&out, intent.id);
    shown->payment_intent_shown = buf_str(&out);
    return OK;
}

err show_checkout(struct sim *sim, const struct checkout *checkout, const bool expanded[2],
                  str *ret_json)
{
    struct checkout shown = *checkout;
    TRY(show_payment(sim, &shown, expanded != NULL && expanded[1]));
    if (expanded != NULL && expanded[0])
        TRY(show_items(sim, checkout->id, &shown.line_items));
    if (shown.paid_by_email.data == NULL)
        shown.paid_by_email = shown.customer_email;
    if (shown.paid_by_email.data != NULL)
        shown.customer_details =
            shape_fill(sim->op->arena, details_shape, sim_checkout_fields, &shown);
    if (checkout->status == CHECKOUT_OPEN)
        shown.url = sim_format(sim->op, "%.*s/c/pay/%.*s", (int)sim->base_url.size,
                               sim->base_url.data, (int)checkout->id.size, checkout->id.data);
    *ret_json = shape_fill(sim->op->arena, checkout_shape, sim_checkout_fields, &shown);
    return OK;
}

err sim_checkout_tell(struct sim *sim, const char *type, const struct checkout *checkout)
{
    str json;
    TRY(show_checkout(sim, checkout, NULL, &json));
    return event_tell(sim, type, checkout->id, json);
}

/* ---- lists ---- */

static err show_one(struct sim *sim, const void *record, const bool *expanded, str *ret_json)
{
    return show_checkout(sim, record, expanded, ret_json);
}

static const struct list_kind checkouts = {
    .what = "checkout.session",
    .url = "/v1/checkout/sessions",
    .newest = &sim_checkouts_newest,
    .after = &sim_checkouts_after,
    .find = &sim_checkout_by_id,
    .size = sizeof(struct checkout),
    .show = show_one,
    .expandable = sim_checkout_expandable,
};

/* GET /v1/checkout/sessions/:id */
err retrieve_checkout(struct sim *sim)
{
    return retrieve_answer(sim, &checkouts, "session");
}

/* GET /v1/checkout/sessions */
err list_checkouts(struct sim *sim)
{
    struct list_filter filter = {
        .payment_intent = param(sim, "payment_intent"),
        .status = param(sim, "status"),
    };
    return list_answer(sim, &checkouts, &filter);
}

/* GET /v1/checkout/sessions/:id/line_items */
err list_checkout_items(struct sim *sim)
{
    struct checkout checkout;
    int64_t limit = 0;
    str json;
    TRY(param_int(sim, "limit", &limit));
    TRY(param_expand(sim, NULL, NULL));
    TRY(params_end(sim));
    err found = sim_checkout_find(sim, sim->id, &checkout);
    if (err_is(found, STATUS_NOT_FOUND))
        return refuse_missing(sim, 404, "checkout.session", sim->id, "session");
    TRY(found);
    TRY(show_items(sim, sim->id, &json));
    return answer_json(sim, json);
}
