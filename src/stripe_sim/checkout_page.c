/* The page of a checkout session, where a buyer types a card: GET /c/pay/:id shows it, POST pays.
 *
 * Who knows the session's id may pay for it, and that is all that one can do here: there is no
 * cookie, so another site's form could only pay somebody else's bill with a card of its own. */
#include "base/text.h"
#include "stripe_sim/checkout.h"
#include "stripe_sim/html.h"

#define NAME_MAX_CHARS 100

/* What was typed, without number and code: those are never shown again. */
struct typed {
    str email;
    str name;
    str number;
    str wrong_email; /* why not; absent if it is right */
    str wrong_number;
    str wrong_expiry;
    str wrong_cvc;
    str wrong_name;
    str alert;
};

/* ---- what is typed ---- */

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* The digits alone; absent if there is anything else but blanks and dashes. */
static str digits_of(struct sim *sim, str text)
{
    struct buf out = buf_in(sim->op->arena, text.size + 1);
    for (size_t i = 0; i < text.size; i++) {
        if (is_digit(text.data[i]))
            buf_add_char(&out, text.data[i]);
        else if (text.data[i] != ' ' && text.data[i] != '-')
            return (str){ NULL, 0 };
    }
    return buf_str(&out);
}

/* ISO/IEC 7812: the last digit proves the others. */
static bool check_digit_is_right(str digits)
{
    int sum = 0;
    for (size_t i = 0; i < digits.size; i++) {
        int digit = digits.data[digits.size - 1 - i] - '0';
        digit = i % 2 == 1 ? 2 * digit : digit;
        sum += digit > 9 ? digit - 9 : digit;
    }
    return sum % 10 == 0;
}

static void read_number(struct sim *sim, struct typed *typed)
{
    typed->number = digits_of(sim, param(sim, "number"));
    if (typed->number.size == 0 || typed->number.size < 13)
        typed->wrong_number = S("Your card number is incomplete.");
    else if (typed->number.size > 19 || !check_digit_is_right(typed->number))
        typed->wrong_number = S("Your card number is invalid.");
}

/* 12/34, 12 / 34, 1234 or 12/2034. */
static void read_expiry(struct sim *sim, struct typed *typed)
{
    struct buf out = buf_in(sim->op->arena, 16);
    str text = param(sim, "expiry");
    for (size_t i = 0; i < text.size && out.size < 8; i++) {
        if (text.data[i] != ' ' && text.data[i] != '/' && text.data[i] != '-')
            buf_add_char(&out, text.data[i]);
    }
    str digits = digits_of(sim, buf_str(&out));
    int64_t value = 0;
    if ((digits.size != 4 && digits.size != 6) || !str_to_int(digits, &value)) {
        typed->wrong_expiry = S("Your card's expiration date is incomplete.");
        return;
    }
    int64_t month = digits.size == 4 ? value / 100 : value / 10000;
    int64_t year = digits.size == 4 ? 2000 + value % 100 : value % 10000;
    char now[INSTANT_TEXT_SIZE];
    int64_t this_year = 0, this_month = 0;
    instant_write(sim->now, now);
    bool sound =
        str_to_int((str){ now, 4 }, &this_year) && str_to_int((str){ now + 5, 2 }, &this_month);
    assert(sound);
    if (month < 1 || month > 12)
        typed->wrong_expiry = S("Your card's expiration date is invalid.");
    else if (year * 12 + month < this_year * 12 + this_month)
        typed->wrong_expiry = S("Your card's expiration date is in the past.");
}

static void read_people(struct sim *sim, const struct checkout *checkout, struct typed *typed)
{
    typed->name = str_trim(param(sim, "name"));
    typed->email =
        checkout->customer_email.data ? checkout->customer_email : str_trim(param(sim, "email"));
    if (typed->name.size == 0)
        typed->wrong_name = S("Enter the name on the card.");
    else if (text_length(typed->name) > NAME_MAX_CHARS || !text_is_clean(typed->name, false))
        typed->wrong_name = S("This is no name.");
    if (!email_is_valid(typed->email))
        typed->wrong_email = S("Your email is incomplete.");
    /* Whoever mixes up the fields does not have the number kept. */
    if (text_has_card_number(typed->name)) {
        typed->wrong_name = S("This is a card's number, not a name.");
        typed->name = S("");
    }
    if (text_has_card_number(typed->email)) {
        typed->wrong_email = S("This is a card's number, not an email.");
        typed->email = S("");
    }
}

/* Whether all of it can be used. */
static bool read_typed(struct sim *sim, const struct checkout *checkout, struct typed *typed)
{
    read_people(sim, checkout, typed);
    read_number(sim, typed);
    read_expiry(sim, typed);
    str cvc = param(sim, "cvc");
    str digits = digits_of(sim, cvc);
    if (digits.size != cvc.size || cvc.size < 3 || cvc.size > 4)
        typed->wrong_cvc = S("Your card's security code is incomplete.");
    bool wrong = typed->wrong_name.data || typed->wrong_email.data || typed->wrong_number.data ||
                 typed->wrong_expiry.data || typed->wrong_cvc.data;
    if (wrong)
        typed->alert = S("Please correct what is marked below. Type the card's number and security"
                         " code again: they are not kept.");
    return !wrong;
}

/* ---- the form ---- */

struct input {
    const char *name;
    const char *label;
    const char *attributes;
    str value;
    str wrong;
};

static void add_input(struct buf *out, const struct input *input)
{
    buf_addf(out, "<div><label for=\"%s\">%s</label><input id=\"%s\" name=\"%s\" required %s",
             input->name, input->label, input->name, input->name, input->attributes);
    if (input->value.size > 0) {
        buf_add(out, S(" value=\""));
        sim_html_add(out, input->value);
        buf_add_char(out, '"');
    }
    if (input->wrong.data == NULL) {
        buf_add(out, S("></div>\n"));
        return;
    }
    buf_addf(out, " aria-invalid=\"true\" aria-describedby=\"%s-wrong\">", input->name);
    buf_addf(out, "<p class=\"wrong\" id=\"%s-wrong\">", input->name);
    sim_html_add(out, input->wrong);
    buf_add(out, S("</p></div>\n"));
}

static void add_form(struct buf *out, const struct checkout *checkout, const struct typed *typed)
{
    const struct input email = { "email", "Email", "type=\"email\" autocomplete=\"email\"",
                                 typed->email, typed->wrong_email };
    const struct input number = {
        "number",
        "Card number",
        "inputmode=\"numeric\" autocomplete=\"cc-number\" maxlength=\"30\""
        " placeholder=\"1234 1234 1234 1234\"",
        { NULL, 0 },
        typed->wrong_number,
    };
    const struct input expiry = { "expiry",
                                  "Expiry (MM / YY)",
                                  "inputmode=\"numeric\" autocomplete=\"cc-exp\" maxlength=\"9\""
                                  " placeholder=\"MM / YY\"",
                                  { NULL, 0 },
                                  typed->wrong_expiry };
    const struct input cvc = { "cvc",
                               "Security code",
                               "inputmode=\"numeric\" autocomplete=\"cc-csc\" maxlength=\"4\""
                               " placeholder=\"CVC\"",
                               { NULL, 0 },
                               typed->wrong_cvc };
    const struct input name = { "name", "Name on the card", "autocomplete=\"cc-name\"", typed->name,
                                typed->wrong_name };

    buf_add(out, S("<form method=\"post\" novalidate autocomplete=\"on\">\n"));
    if (checkout->customer_email.data == NULL)
        add_input(out, &email);
    add_input(out, &number);
    buf_add(out, S("<div class=\"pair\">\n"));
    add_input(out, &expiry);
    add_input(out, &cvc);
    buf_add(out, S("</div>\n"));
    add_input(out, &name);
    buf_add(out, S("<button>Pay "));
    sim_html_add_amount(out, checkout->amount_total, checkout->currency);
    buf_add(out, S("</button>\n</form>\n"));
}

static const char test_cards[] =
    "<details><summary>Cards that work here</summary><table>"
    "<tr><td>4242 4242 4242 4242</td><td>pays</td></tr>"
    "<tr><td>4000 0000 0000 3220</td><td>asks the bank first (3-D Secure)</td></tr>"
    "<tr><td>4000 0000 0000 0002</td><td>is declined</td></tr>"
    "<tr><td>4000 0000 0000 9995</td><td>has insufficient funds</td></tr>"
    "<tr><td>4000 0000 0000 0259</td><td>pays, and is disputed later</td></tr>"
    "<tr><td>4000 0000 0000 5126</td><td>pays; a refund fails</td></tr>"
    "</table><p>Any expiry date to come, any security code.</p></details>\n";

static err add_items(struct sim *sim, struct buf *out, const struct checkout *checkout)
{
    struct rows rows;
    TRY(sim_checkout_items(sim, checkout->id, &rows));
    buf_add(out, S("<ul class=\"items\">\n"));
    for (size_t i = 0; i < rows.count; i++) {
        const struct line_item *item = (const struct line_item *)rows.items + i;
        buf_add(out, S("<li><span>"));
        sim_html_add(out, item->name);
        if (item->quantity > 1)
            buf_addf(out, " × %lld", (long long)item->quantity);
        if (item->description.data != NULL) {
            buf_add(out, S("<small>"));
            sim_html_add(out, item->description);
            buf_add(out, S("</small>"));
        }
        buf_add(out, S("</span><span>"));
        sim_html_add_amount(out, item->quantity * item->unit_amount, item->currency);
        buf_add(out, S("</span></li>\n"));
    }
    buf_add(out, S("</ul>\n"));
    return OK;
}

static void add_back(struct buf *out, const struct checkout *checkout, const char *words)
{
    if (checkout->cancel_url.data == NULL)
        return;
    buf_add(out, S("<p class=\"back\"><a href=\""));
    sim_html_add(out, checkout->cancel_url);
    buf_addf(out, "\">%s</a></p>\n", words);
}

static err show_form(struct sim *sim, const struct checkout *checkout, const struct typed *typed,
                     int status, struct response *response)
{
    struct buf out = buf_in(sim->op->arena, 4096);
    if (typed->alert.data != NULL) {
        buf_add(&out, S("<p class=\"alert\" role=\"alert\">"));
        sim_html_add(&out, typed->alert);
        buf_add(&out, S("</p>\n"));
    }
    buf_add(&out, S("<h1>Pay by card</h1>\n<p class=\"amount\">"));
    sim_html_add_amount(&out, checkout->amount_total, checkout->currency);
    buf_add(&out, S("</p>\n"));
    TRY(add_items(sim, &out, checkout));
    add_form(&out, checkout, typed);
    add_back(&out, checkout, "Cancel and go back");
    buf_add(&out, str_of(test_cards));
    return sim_html_reply(sim, response, status, typed->alert.data ? "Not paid yet" : "Pay by card",
                          buf_str(&out), sim_url_origin(sim, checkout->success_url));
}

static err show_end(struct sim *sim, const struct checkout *checkout, struct response *response)
{
    struct buf out = buf_in(sim->op->arena, 512);
    buf_add(&out, S("<h1>This page has expired</h1>\n<p>Nothing was charged here. Go back to the"
                    " shop to begin again.</p>\n"));
    add_back(&out, checkout, "Back to the shop");
    return sim_html_reply(sim, response, 410, "Expired", buf_str(&out), (str){ NULL, 0 });
}

/* ---- why the last card did not do ---- */

struct decline {
    str message;
};

static const struct field decline_fields[] = {
    FIELD(struct decline, message),
    FIELDS_END,
};

static str why(struct sim *sim, const struct intent *intent)
{
    struct decline decline = { .message = { NULL, 0 } };
    if (intent->last_payment_error.data == NULL)
        return (str){ NULL, 0 };
    err e = json_read_record(sim->op->arena, intent->last_payment_error, JSON_SNAKE, decline_fields,
                             &decline);
    assert(e.problem == NULL); /* we wrote it */
    return sim_format(sim->op, "%.*s You can try another card.", (int)decline.message.size,
                      decline.message.data);
}

static err show_open(struct sim *sim, const struct checkout *checkout, struct response *response)
{
    struct typed typed = { .email = checkout->paid_by_email, .name = checkout->paid_by_name };
    struct intent intent = { .amount = 0 };
    if (checkout->payment_intent.data != NULL) {
        const struct due key = { .id = checkout->payment_intent };
        TRY(sql_one(sim->op, &intent_find, &key, &intent));
        typed.alert = why(sim, &intent);
    }
    return show_form(sim, checkout, &typed, 200, response);
}

/* ---- paying ---- */

static err pay(struct sim *sim, struct checkout *checkout, struct response *response)
{
    struct typed typed = { .alert = { NULL, 0 } };
    struct intent intent = { .amount = 0 };
    err e = params_read(sim);
    if (e.problem != NULL)
        return sim_html_reply(sim, response, 400, "Not understood",
                              S("<h1>This form was not understood</h1>\n"), (str){ NULL, 0 });
    if (!read_typed(sim, checkout, &typed))
        return show_form(sim, checkout, &typed, 400, response);

    const struct typed_card card = { typed.email, typed.name, typed.number };
    e = sim_checkout_pay(sim, checkout, &card, &intent);
    if (e.problem != NULL && e.problem != &answered)
        return e;
    response->delay = sim->answer.delay;
    response->drop = sim->answer.drop;
    if (e.problem != NULL) {
        typed.alert = intent.id.data != NULL ? why(sim, &intent) : S(NOT_A_TEST_CARD);
        return show_form(sim, checkout, &typed, 402, response);
    }
    if (intent.status == INTENT_REQUIRES_ACTION)
        sim_html_redirect(response,
                          sim_format(sim->op, "/3ds/%.*s", (int)intent.id.size, intent.id.data));
    else
        sim_html_redirect(response, sim_checkout_success_url(sim, checkout));
    return OK;
}

err sim_checkout_page(struct sim *sim, struct response *response)
{
    struct checkout checkout;
    err found = sim_checkout_find(sim, sim->id, &checkout);
    if (err_is(found, STATUS_NOT_FOUND))
        return sim_html_reply(sim, response, 404, "Not found",
                              S("<h1>There is nothing to pay here</h1>\n"), (str){ NULL, 0 });
    TRY(found);
    switch (checkout.status) {
    case CHECKOUT_COMPLETE:
        sim_html_redirect(response, sim_checkout_success_url(sim, &checkout));
        return OK;
    case CHECKOUT_EXPIRED:
        return show_end(sim, &checkout, response);
    case CHECKOUT_OPEN:
        break;
    }
    return sim->method == POST ? pay(sim, &checkout, response)
                               : show_open(sim, &checkout, response);
}
