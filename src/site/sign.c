/* /auth/signin, signup, signout.  Whoever came from another page goes back there. */
#include "site/pages.h"

struct sign_in_form {
    struct input email;
    struct input password;
};

static const struct field sign_in_fields[] = {
    INPUT(struct sign_in_form, email),
    INPUT(struct sign_in_form, password),
    FIELDS_END,
};

struct sign_in_page {
    struct frame frame;
    struct sign_in_form form;
    str problem;
    str next; /* where to go then */
};

const struct field sign_in_page_fields[] = {
    FIELD_RECORD(struct sign_in_page, frame, frame_fields),
    FIELD_RECORD(struct sign_in_page, form, sign_in_fields),
    FIELD_OPT(struct sign_in_page, problem),
    FIELD(struct sign_in_page, next),
    FIELDS_END,
};

struct sign_up_form {
    struct input name;
    struct input email;
    struct input password;
};

static const struct field sign_up_fields[] = {
    INPUT(struct sign_up_form, name),
    INPUT(struct sign_up_form, email),
    INPUT(struct sign_up_form, password),
    FIELDS_END,
};

struct sign_up_page {
    struct frame frame;
    struct sign_up_form form;
    str problem;
    str next;
};

const struct field sign_up_page_fields[] = {
    FIELD_RECORD(struct sign_up_page, frame, frame_fields),
    FIELD_RECORD(struct sign_up_page, form, sign_up_fields),
    FIELD_OPT(struct sign_up_page, problem),
    FIELD(struct sign_up_page, next),
    FIELDS_END,
};

struct sign_out_page {
    struct frame frame;
};

const struct field sign_out_page_fields[] = {
    FIELD_RECORD(struct sign_out_page, frame, frame_fields),
    FIELDS_END,
};

#define NEXT_MAX 1024

/* Only to a page of this site, whoever made the link. */
static str safe_next(str next)
{
    return url_is_local(next) && next.size <= NEXT_MAX ? next : S("/");
}

static str next_in(struct op *op, str encoded)
{
    struct form_text *texts = NULL;
    size_t count = 0;
    if (encoded.data != NULL)
        (void)form_decode(op->arena, encoded, 64, &texts, &count);
    for (size_t i = 0; i < count; i++) {
        if (str_is(texts[i].name, "next"))
            return safe_next(texts[i].text);
    }
    return S("/");
}

static void take_form(struct op *op, const struct request *request, const struct field *fields,
                      void *form)
{
    struct form_text *texts = NULL;
    size_t count = 0;
    (void)form_decode(op->arena, request->body, 64, &texts, &count);
    inputs_take(op->arena, fields, form, texts, count);
}

void plan_visitor(struct op *op, const struct request *request, struct asks *asks)
{
    (void)plan_begin(op, request, asks, EVERYBODY);
}

/* ---- signing in ---- */

err show_sign_in(struct op *op, const struct request *request, struct response *response)
{
    struct visit visit;
    struct sign_in_page page = { .next = next_in(op, request->query) };
    if (!visit_begin(&visit, op, request, response, EVERYBODY, (str){ NULL, 0 }))
        return OK;
    if (visit.frame.signed_in)
        return visit_redirect(&visit, page.next, NULL);
    inputs_take(op->arena, sign_in_fields, &page.form, NULL, 0);
    return visit_show(&visit, &sign_in_template, sign_in_page_fields, &page, STATUS_OK);
}

/* Without a key: to sign in twice does no harm, and another password is another try. */
void plan_sign_in(struct op *op, const struct request *request, struct asks *asks)
{
    struct sign_in_form form = { .email = { .name = { NULL, 0 } } };
    if (!plan_begin(op, request, asks, EVERYBODY) || asks->count > 1)
        return;
    take_form(op, request, sign_in_fields, &form);
    struct ask *ask = plan_get(asks, S("/api/users/signin"), (str){ NULL, 0 });
    ask->method = POST;
    ask->body = inputs_json(op->arena, sign_in_fields, &form, false);
}

err do_sign_in(struct op *op, const struct request *request, struct response *response)
{
    struct visit visit;
    struct sign_in_page page = { .next = next_in(op, request->body) };
    if (!visit_begin(&visit, op, request, response, EVERYBODY, (str){ NULL, 0 }))
        return OK;
    if (visit_got(&visit, 1))
        return visit_redirect(&visit, page.next, "signed_in");
    const struct response *answer = visit_answer(&visit, 1);
    take_form(op, request, sign_in_fields, &page.form);
    page.problem = inputs_blame(op->arena, &visit.voice, sign_in_fields, &page.form, answer->body);
    return visit_show(&visit, &sign_in_template, sign_in_page_fields, &page, answer->status);
}

/* ---- signing up ---- */

err show_sign_up(struct op *op, const struct request *request, struct response *response)
{
    struct visit visit;
    struct sign_up_page page = { .next = next_in(op, request->query) };
    if (!visit_begin(&visit, op, request, response, EVERYBODY, (str){ NULL, 0 }))
        return OK;
    if (visit.frame.signed_in)
        return visit_redirect(&visit, page.next, NULL);
    inputs_take(op->arena, sign_up_fields, &page.form, NULL, 0);
    return visit_show(&visit, &sign_up_template, sign_up_page_fields, &page, STATUS_OK);
}

void plan_sign_up(struct op *op, const struct request *request, struct asks *asks)
{
    struct sign_up_form form = { .name = { .name = { NULL, 0 } } };
    if (!plan_begin(op, request, asks, EVERYBODY) || asks->count > 1)
        return;
    take_form(op, request, sign_up_fields, &form);
    plan_change(op, request, asks, POST, S("/api/users/signup"), "signup")->body =
        inputs_json(op->arena, sign_up_fields, &form, false);
}

err do_sign_up(struct op *op, const struct request *request, struct response *response)
{
    struct visit visit;
    struct sign_up_page page = { .next = next_in(op, request->body) };
    if (!visit_begin(&visit, op, request, response, EVERYBODY, (str){ NULL, 0 }))
        return OK;
    if (visit_got(&visit, 1))
        return visit_redirect(&visit, page.next, "signed_up");
    const struct response *answer = visit_answer(&visit, 1);
    take_form(op, request, sign_up_fields, &page.form);
    page.problem = inputs_blame(op->arena, &visit.voice, sign_up_fields, &page.form, answer->body);
    return visit_show(&visit, &sign_up_template, sign_up_page_fields, &page, answer->status);
}

/* ---- signing out ---- */

err show_sign_out(struct op *op, const struct request *request, struct response *response)
{
    struct visit visit;
    struct sign_out_page page;
    if (!visit_begin(&visit, op, request, response, EVERYBODY, (str){ NULL, 0 }))
        return OK;
    if (!visit.frame.signed_in)
        return visit_redirect(&visit, S("/"), NULL);
    return visit_show(&visit, &sign_out_template, sign_out_page_fields, &page, STATUS_OK);
}

void plan_sign_out(struct op *op, const struct request *request, struct asks *asks)
{
    if (plan_begin(op, request, asks, EVERYBODY) && asks->count == 1)
        plan_get(asks, S("/api/users/signout"), (str){ NULL, 0 })->method = POST;
}

err do_sign_out(struct op *op, const struct request *request, struct response *response)
{
    struct visit visit;
    if (!visit_begin(&visit, op, request, response, EVERYBODY, (str){ NULL, 0 }))
        return OK;
    return visit_got(&visit, 1) ? visit_redirect(&visit, S("/"), "signed_out")
                                : visit_refuse(&visit, visit_answer(&visit, 1));
}
