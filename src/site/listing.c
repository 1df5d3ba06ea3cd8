/* /tickets/new, /tickets/:id/edit: what a seller says of a ticket; and taking it off the market. */
#include "site/pages.h"

struct listing {
    struct input title;
    struct input price;
    struct input face_value;
    struct input category;
    struct input starts_at;
    struct input venue;
    struct input seat;
    struct input description;
};

static const struct field listing_fields[] = {
    INPUT(struct listing, title),
    INPUT(struct listing, price),
    INPUT(struct listing, face_value),
    INPUT(struct listing, category),
    INPUT(struct listing, starts_at),
    INPUT(struct listing, venue),
    INPUT(struct listing, seat),
    INPUT(struct listing, description),
    FIELDS_END,
};

struct listing_page {
    struct frame frame;
    struct listing form;
    struct rows categories;
    str problem;  /* with none of the inputs in particular */
    bool invalid; /* something is wrong somewhere */
    bool editing;
    uuid id;     /* of the ticket, if editing */
    str version; /* that was read */
    str action;  /* where the form goes */
    str currency;
};

const struct field listing_page_fields[] = {
    FIELD_RECORD(struct listing_page, frame, frame_fields),
    FIELD_RECORD(struct listing_page, form, listing_fields),
    FIELD_LIST(struct listing_page, categories, struct option, option_fields),
    FIELD_OPT(struct listing_page, problem),
    FIELD(struct listing_page, invalid),
    FIELD(struct listing_page, editing),
    FIELD_OPT(struct listing_page, id),
    FIELD_OPT(struct listing_page, version),
    FIELD(struct listing_page, action),
    FIELD(struct listing_page, currency),
    FIELDS_END,
};

static struct listing empty_listing(void)
{
    return (struct listing){
        .price = { .kind = INPUT_AMOUNT },
        .face_value = { .kind = INPUT_AMOUNT },
        .starts_at = { .kind = INPUT_TIME },
    };
}

static void take_form(struct op *op, const struct request *request, struct listing *ret_form)
{
    struct form_text *texts = NULL;
    size_t count = 0;
    (void)form_decode(op->arena, request->body, 64, &texts, &count);
    *ret_form = empty_listing();
    inputs_take(op->arena, listing_fields, ret_form, texts, count);
}

static err show_form(struct visit *visit, struct listing_page *page, int status)
{
    static const char *const choices[] = { "concert",  "sports", "theatre", "comedy",
                                           "festival", "other",  NULL };
    page->categories = options_of(visit->op->arena, choices, page->form.category.value);
    page->currency = visit->op->settings->currency;
    page->action = visit->request->path;
    return visit_show(visit, &listing_template, listing_page_fields, page, status);
}

/* What was typed comes back, with what is wrong beside it. */
static err show_again(struct visit *visit, struct listing_page *page, const struct response *answer)
{
    page->problem =
        inputs_blame(visit->op->arena, &visit->voice, listing_fields, &page->form, answer->body);
    page->invalid = true;
    return show_form(visit, page, answer->status);
}

/* ---- a new one ---- */

void plan_new(struct op *op, const struct request *request, struct asks *asks)
{
    (void)plan_begin(op, request, asks, SIGNED_IN_ONLY);
}

err show_new(struct op *op, const struct request *request, struct response *response)
{
    struct visit visit;
    struct listing_page page = { .form = empty_listing() };
    if (!visit_begin(&visit, op, request, response, SIGNED_IN_ONLY, (str){ NULL, 0 }))
        return OK;
    inputs_take(op->arena, listing_fields, &page.form, NULL, 0);
    return show_form(&visit, &page, STATUS_OK);
}

void plan_create(struct op *op, const struct request *request, struct asks *asks)
{
    struct listing form;
    if (!plan_begin(op, request, asks, SIGNED_IN_ONLY) || asks->count > 1)
        return;
    take_form(op, request, &form);
    plan_change(op, request, asks, POST, S("/api/tickets"), "list")->body =
        inputs_json(op->arena, listing_fields, &form, false);
}

err do_create(struct op *op, const struct request *request, struct response *response)
{
    struct visit visit;
    struct listing_page page = { .editing = false };
    if (!visit_begin(&visit, op, request, response, SIGNED_IN_ONLY, (str){ NULL, 0 }))
        return OK;
    const struct response *answer = visit_answer(&visit, 1);
    if (visit_got(&visit, 1))
        return visit_redirect(&visit, path_with(op, "/tickets/", located_id(answer), ""), "listed");
    take_form(op, request, &page.form);
    return show_again(&visit, &page, answer);
}

/* ---- an old one ---- */

static str text_of(struct visit *visit, const struct field *field, const void *value,
                   const char *format)
{
    struct buf out = buf_in(visit->op->arena, 32);
    const struct spoken spoken = { .field = field, .value = value, .format = str_of(format) };
    visit->voice.say(&visit->voice, &out, &spoken);
    return buf_str(&out);
}

static str amount_text(struct visit *visit, money amount)
{
    static const struct field kind = { .kind = FIELD_KIND_MONEY };
    return amount.minor == 0 ? S("") : text_of(visit, &kind, &amount, "fixed");
}

static str time_text(struct visit *visit, instant when)
{
    static const struct field kind = { .kind = FIELD_KIND_INSTANT };
    return when.ms == 0 ? S("") : text_of(visit, &kind, &when, "input");
}

static str given(str text)
{
    return text.data == NULL ? S("") : text;
}

static void describe(struct visit *visit, const struct ticket *ticket, struct listing *form)
{
    form->title.value = ticket->title;
    form->price.value = amount_text(visit, ticket->price);
    form->face_value.value = amount_text(visit, ticket->face_value);
    form->category.value = str_of(category_names[ticket->category]);
    form->starts_at.value = time_text(visit, ticket->starts_at);
    form->venue.value = given(ticket->venue);
    form->seat.value = given(ticket->seat);
    form->description.value = given(ticket->description);
}

void plan_edit(struct op *op, const struct request *request, struct asks *asks)
{
    if (plan_begin(op, request, asks, SIGNED_IN_ONLY) && asks->count == 1)
        plan_get(asks, api_path(op, "/api/tickets/", request, 0), (str){ NULL, 0 });
}

static str version_tag(struct op *op, int64_t version)
{
    struct buf tag = buf_in(op->arena, 24);
    buf_addf(&tag, "v%lld", (long long)version);
    return buf_str(&tag);
}

err show_edit(struct op *op, const struct request *request, struct response *response)
{
    struct visit visit;
    struct ticket ticket;
    struct listing_page page = { .form = empty_listing(), .editing = true };
    if (!visit_begin(&visit, op, request, response, SIGNED_IN_ONLY, (str){ NULL, 0 }))
        return OK;
    const struct response *answer = visit_answer(&visit, 1);
    if (!visit_got(&visit, 1) ||
        !read_record(op->arena, answer->body, shown_ticket_fields, &ticket))
        return visit_refuse(&visit, answer);
    if (!uuid_equal(ticket.user_id, visit.frame.user.id))
        return visit_refuse_status(&visit, STATUS_FORBIDDEN);
    if (ticket.status != TICKET_AVAILABLE)
        return visit_redirect(&visit, path_with(op, "/tickets/", request->params[0], ""),
                              "cannot_edit");
    inputs_take(op->arena, listing_fields, &page.form, NULL, 0);
    describe(&visit, &ticket, &page.form);
    page.id = ticket.id;
    page.version = version_tag(op, ticket.version);
    return show_form(&visit, &page, STATUS_OK);
}

static str if_match(struct op *op, const struct request *request)
{
    int64_t number;
    str version = sent_text(op, request, "version");
    if (!str_starts(version, S("v")) ||
        !str_to_int((str){ version.data + 1, version.size - 1 }, &number))
        return (str){ NULL, 0 };
    return path_with(op, "\"", version, "\"");
}

void plan_change_listing(struct op *op, const struct request *request, struct asks *asks)
{
    struct listing form;
    if (!plan_begin(op, request, asks, SIGNED_IN_ONLY) || asks->count > 1)
        return;
    take_form(op, request, &form);
    str path = api_path(op, "/api/tickets/", request, 0);
    struct ask *ask = plan_change(op, request, asks, PUT, path, "edit");
    ask->body = inputs_json(op->arena, listing_fields, &form, false);
    ask->if_match = if_match(op, request);
}

err do_change_listing(struct op *op, const struct request *request, struct response *response)
{
    struct visit visit;
    struct listing_page page = { .editing = true };
    if (!visit_begin(&visit, op, request, response, SIGNED_IN_ONLY, (str){ NULL, 0 }))
        return OK;
    const struct response *answer = visit_answer(&visit, 1);
    if (visit_got(&visit, 1))
        return visit_redirect(&visit, path_with(op, "/tickets/", request->params[0], ""), "saved");
    if (answer->status == STATUS_NOT_FOUND || answer->status == STATUS_FORBIDDEN)
        return visit_refuse(&visit, answer);
    take_form(op, request, &page.form);
    (void)uuid_parse(request->params[0], &page.id);
    page.version = sent_text(op, request, "version");
    return show_again(&visit, &page, answer);
}

/* ---- taking it off the market ---- */

void plan_withdraw(struct op *op, const struct request *request, struct asks *asks)
{
    if (plan_begin(op, request, asks, SIGNED_IN_ONLY) && asks->count == 1)
        plan_change(op, request, asks, DELETE, api_path(op, "/api/tickets/", request, 0),
                    "withdraw");
}

err do_withdraw(struct op *op, const struct request *request, struct response *response)
{
    struct visit visit;
    str back = path_with(op, "/tickets/", request->params[0], "");
    if (!visit_begin(&visit, op, request, response, SIGNED_IN_ONLY, back))
        return OK;
    return visit_got(&visit, 1) ? visit_redirect(&visit, S("/selling"), "withdrawn")
                                : visit_refuse(&visit, visit_answer(&visit, 1));
}
