/* The payments service: what buyers ask of it, and what it hears of their orders. */
#include "services/payments/payments.h"

#include "services/payments/settle.h"

/* ---- requests ---- */

/* A Stripe payment method or token: ^(pm|tok)_[A-Za-z0-9_]+$ */
static bool is_payment_token(str token)
{
    if (!str_starts(token, S("pm_")) && !str_starts(token, S("tok_")))
        return false;
    for (size_t i = 0; i < token.size; i++) {
        char c = token.data[i];
        bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        if (!letter && !(c >= '0' && c <= '9') && c != '_')
            return false;
    }
    return true;
}

/* Whatever is said here is too much. */
static bool is_nothing(str text)
{
    return text.size == 0;
}

struct payment_form {
    uuid order_id;
    str token;
    str number; /* card data, if somebody tries to send it */
    str cvc;
    str exp_month;
    str exp_year;
};

#define TOKEN_MESSAGE "must be a Stripe payment method (pm_...) or token (tok_...)"
#define NO_CARD_DATA  .check = is_nothing, .message = "card data is never sent here"

static const struct field payment_form_fields[] = {
    FORM(struct payment_form, order_id, .flags = RULE_REQUIRED),
    FORM(struct payment_form, token, .flags = RULE_REQUIRED, .min = 4, .max = PAYMENT_TOKEN_MAX,
         .check = is_payment_token, .message = TOKEN_MESSAGE),
    FORM(struct payment_form, number, NO_CARD_DATA),
    FORM(struct payment_form, cvc, NO_CARD_DATA),
    FORM(struct payment_form, exp_month, NO_CARD_DATA),
    FORM(struct payment_form, exp_year, NO_CARD_DATA),
    FIELDS_END,
};

static const struct problem no_such_order = { .status = STATUS_NOT_FOUND,
                                              .message = "No such order",
                                              .field = "orderId" };
static const struct problem order_on_its_way = { .status = STATUS_UNAVAILABLE,
                                                 .message = "This order is not known here yet",
                                                 .field = "orderId",
                                                 .retry_after_s = 1 };
static const struct problem order_cancelled = { .status = STATUS_CONFLICT,
                                                .message = "The order is cancelled",
                                                .field = "orderId" };
static const struct problem order_expired = { .status = STATUS_CONFLICT,
                                              .message = "The order has expired",
                                              .field = "orderId" };
static const struct problem order_paid = { .status = STATUS_CONFLICT,
                                           .message = "The order is already paid",
                                           .field = "orderId" };
static const struct problem order_being_paid = { .status = STATUS_CONFLICT,
                                                 .message = "The order is being paid",
                                                 .field = "orderId" };
static const struct problem too_many_payments = { .status = STATUS_TOO_MANY,
                                                  .message = "Too many payments, try again later",
                                                  .retry_after_s = 600 };
static const struct problem stripe_away = { .status = STATUS_UNAVAILABLE,
                                            .message = "Payments are not available at the moment",
                                            .retry_after_s = 5 };

/* Events take a moment over a bus: an order so young may not have arrived yet. */
static err order_unknown(struct op *op, uuid id)
{
    bool young = uuid_time(id).ms > instant_before(op->now, minutes(10)).ms;
    return op->settings->bus && young ? FAIL(order_on_its_way) : FAIL(no_such_order);
}

static err find_order(struct op *op, uuid id, struct order_copy *ret_order)
{
    err found = order_copy_find(op, id, ret_order);
    if (err_is(found, STATUS_NOT_FOUND))
        return order_unknown(op, id);
    TRY(found);
    return uuid_equal(ret_order->user_id, op->caller.user) ? OK : FAIL(problem_forbidden);
}

static err refuse_ended(const struct order_copy *order)
{
    return order->cancel_reason == CANCEL_EXPIRED ? FAIL(order_expired) : FAIL(order_cancelled);
}

static err check_payable(struct op *op, const struct order_copy *order)
{
    switch (order->status) {
    case ORDER_CREATED:
        return FAIL(order_on_its_way); /* the ticket's lock is not confirmed yet */
    case ORDER_AWAITING_PAYMENT:
        break;
    case ORDER_COMPLETED:
        return FAIL(order_paid);
    case ORDER_CANCELLED:
    case ORDER_STATUSES:
        return refuse_ended(order);
    }
    if (op->now.ms >= order->expires_at.ms)
        return FAIL(order_expired);

    int64_t lately;
    instant since = instant_before(op->now, hours(1));
    TRY(charge_count_since(op, op->caller.user, since, &lately));
    return lately < op->settings->payments_max ? OK : FAIL(too_many_payments);
}

static err reply_charge(struct op *op, struct response *response, enum status status,
                        const struct charge *charge)
{
    struct charge_view view = charge_view_of(charge);
    reply_location(op, response, "/api/payments/", charge->id);
    return reply_json(op, response, status, charge_view_fields, &view);
}

/* The order has a charge already.  The same payment once more, as by a double click, gets the first
 * one's result; any other is refused. */
static err join(struct op *op, const struct charge *charge, const struct order_copy *order,
                str token, struct response *response)
{
    if (charge->phase == CHARGE_ACTION_REQUIRED && str_equal(charge->token, token)) {
        response->wait.subject = charge->id; /* for those who ask again by their key */
        return reply_charge(op, response, STATUS_ACCEPTED, charge);
    }
    switch (charge_public_status(charge->phase)) {
    case CHARGE_CREATED:
        return str_equal(charge->token, token) ? reply_later(op, response, charge->id)
                                               : FAIL(order_being_paid);
    case CHARGE_COMPLETED:
        return FAIL(order_paid);
    case CHARGE_FAILED:
    case CHARGE_STATUSES:
        break;
    }
    return refuse_ended(order);
}

static struct charge new_charge(struct op *op, const struct order_copy *order, str token)
{
    return (struct charge){
        .id = op_new_id(op),
        .order_id = order->id,
        .user_id = order->user_id,
        .amount = order->price,
        .currency = order->currency,
        .phase = CHARGE_NEW,
        .token = token,
        .check_at = instant_after(op->now, seconds(30)),
        .created_at = op->now,
        .updated_at = op->now,
    };
}

/* POST /api/payments: pays an order. */
static err create_payment(struct op *op, const struct request *request, struct response *response)
{
    struct payment_form form;
    TRY(read_json(op, request, payment_form_fields, &form, NULL));
    struct order_copy order;
    TRY(find_order(op, form.order_id, &order));

    struct charge charge;
    err found = charge_find_of_order(op, order.id, &charge);
    if (found.problem == NULL)
        return join(op, &charge, &order, form.token, response);
    if (!err_is(found, STATUS_NOT_FOUND))
        return found;
    TRY(check_payable(op, &order));

    charge = new_charge(op, &order, form.token);
    /* Somebody pays it at this very moment: run again, and join. */
    TRY_OR(charge_begin(op, &charge), STATUS_CONFLICT, problem_stale);
    return reply_later(op, response, charge.id);
}

static err answer_rejected(struct op *op, const struct charge *charge)
{
    if (str_is(charge->failure_code, "stripe_away"))
        return FAIL(stripe_away);
    return op_fail(op, STATUS_INVALID, "token", "%s",
                   str_terminated(op->arena, charge->failure_message));
}

static err answer_declined(struct op *op, const struct charge *charge)
{
    str message = charge->failure_message;
    return op_fail(op, STATUS_PAYMENT_REQUIRED, NULL, "%s",
                   message.data ? str_terminated(op->arena, message) : "The payment failed.");
}

static err answer_ended(struct op *op, const struct charge *charge)
{
    struct order_copy order;
    TRY(order_copy_find(op, charge->order_id, &order));
    return refuse_ended(&order);
}

/* The answer to POST /api/payments, as far as it is known. */
static err answer_payment(struct op *op, const struct request *request, struct response *response)
{
    (void)request;
    struct charge charge;
    TRY(charge_find(op, response->wait.subject, &charge));
    switch (charge.phase) {
    case CHARGE_NEW:
    case CHARGE_AUTHORIZED:
    case CHARGE_CAPTURING:
        return response->wait.late ? reply_charge(op, response, STATUS_ACCEPTED, &charge)
                                   : reply_later(op, response, charge.id);
    case CHARGE_ACTION_REQUIRED:
        return reply_charge(op, response, STATUS_ACCEPTED, &charge);
    case CHARGE_PAID:
        return reply_charge(op, response, STATUS_CREATED, &charge);
    case CHARGE_REJECTED:
        return answer_rejected(op, &charge);
    case CHARGE_DECLINED:
        return answer_declined(op, &charge);
    case CHARGE_VOIDING:
    case CHARGE_VOIDED:
    case CHARGE_REFUNDING:
    case CHARGE_REFUNDED:
    case CHARGE_PHASES:
        break;
    }
    return answer_ended(op, &charge);
}

/* GET /api/payments: the caller's, newest first. */
static err list_payments(struct op *op, const struct request *request, struct response *response)
{
    struct page page;
    TRY(read_page(op, request, S("payments"), &page));
    struct rows rows;
    uuid before = page.after ? page.id : (uuid){ { 0 } };
    TRY(charge_list(op, op->caller.user, before, (size_t)page.limit + 1, &rows));
    const struct charge *charges = rows.items;
    if (rows.count > (size_t)page.limit) {
        rows.count = (size_t)page.limit;
        page_next(op, request, response, S("payments"), 0, charges[rows.count - 1].id);
    }
    struct charge_view *views = ARENA_ARRAY(op->arena, struct charge_view, rows.count);
    for (size_t i = 0; i < rows.count; i++)
        views[i] = charge_view_of(&charges[i]);
    rows.items = views;
    return reply_rows(op, response, charge_view_fields, sizeof(struct charge_view), &rows);
}

/* GET /api/payments/:id */
static err show_payment(struct op *op, const struct request *request, struct response *response)
{
    uuid id;
    struct charge charge;
    TRY(read_id(request, 0, &id));
    TRY(charge_find(op, id, &charge));
    if (!uuid_equal(charge.user_id, op->caller.user))
        return FAIL(problem_forbidden);
    struct charge_view view = charge_view_of(&charge);
    return reply_json(op, response, STATUS_OK, charge_view_fields, &view);
}

static const struct route routes[] = {
    { POST, "/api/payments", SIGNED_IN, .handle = create_payment, .answer = answer_payment },
    { GET, "/api/payments", SIGNED_IN, .handle = list_payments },
    { GET, "/api/payments/:id", SIGNED_IN, .handle = show_payment },
    ROUTES_END,
};

/* ---- events ---- */

/* OrderUpdated, -Completed, -Cancelled: our copy; and what it means for the order's charge.
 * OrderCreated is not heard: nobody can pay an order before its lock is confirmed. */
static err hear_order(struct op *op, const struct order_state *state)
{
    struct order_copy copy = {
        .id = state->id,
        .version = state->version,
        .user_id = state->user_id,
        .ticket_id = state->ticket.id,
        .status = state->status,
        .cancel_reason = state->cancel_reason,
        .price = state->price,
        .currency = state->currency,
        .expires_at = state->expires_at,
        .charge_id = state->charge_id,
    };
    TRY(order_copy_keep(op, &copy));
    bool concerns_charge = state->status == ORDER_CANCELLED || !uuid_is_absent(state->charge_id);
    if (!concerns_charge)
        return OK;

    struct charge charge;
    err found = charge_find_of_order(op, state->id, &charge);
    if (err_is(found, STATUS_NOT_FOUND))
        return OK;
    TRY(found);
    if (state->status == ORDER_CANCELLED)
        return charge_learn(op, &charge, FACT_ENDED);
    if (uuid_equal(state->charge_id, charge.id))
        return charge_learn(op, &charge, FACT_CLAIMED);
    return OK;
}

static const struct subscription subscriptions[] = {
    ON(order_updated, hear_order),
    ON(order_completed, hear_order),
    ON(order_cancelled, hear_order),
    SUBSCRIPTIONS_END,
};

/* ---- the service ---- */

static const struct duty duties[] = {
    { "look after charges", { 1000 }, settle_sweep },
    { .name = NULL },
};

static const struct outbound outbound = {
    .recover = call_abandon_all,
    .claim = settle_claim,
    .answered = settle_answer,
};

extern const struct migration payments_migrations[];

const struct service payments_service = {
    .name = "payments",
    .migrations = payments_migrations,
    .queries = payment_queries,
    .routes = routes,
    .subscriptions = subscriptions,
    .duties = duties,
    .outbound = &outbound,
};
