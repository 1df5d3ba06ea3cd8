/* /account: who one is here.  Three forms: the profile, the e-mail address, the password. */
#include "site/pages.h"

struct profile_form {
    struct input name;
    struct input phone;
};

static const struct field profile_fields[] = {
    INPUT(struct profile_form, name),
    INPUT(struct profile_form, phone),
    FIELDS_END,
};

struct email_form {
    struct input email;
    struct input current_password;
};

static const struct field email_fields[] = {
    INPUT(struct email_form, email),
    INPUT(struct email_form, current_password),
    FIELDS_END,
};

struct password_form {
    struct input password;
    struct input current_password;
};

static const struct field password_fields[] = {
    INPUT(struct password_form, password),
    INPUT(struct password_form, current_password),
    FIELDS_END,
};

struct account_page {
    struct frame frame;
    struct profile_form profile;
    struct email_form email;
    struct password_form password;
    str problem; /* with none of the inputs in particular */
    bool invalid;
};

const struct field account_page_fields[] = {
    FIELD_RECORD(struct account_page, frame, frame_fields),
    FIELD_RECORD(struct account_page, profile, profile_fields),
    FIELD_RECORD(struct account_page, email, email_fields),
    FIELD_RECORD(struct account_page, password, password_fields),
    FIELD_OPT(struct account_page, problem),
    FIELD(struct account_page, invalid),
    FIELDS_END,
};

void plan_account(struct op *op, const struct request *request, struct asks *asks)
{
    (void)plan_begin(op, request, asks, SIGNED_IN_ONLY);
}

static str given(str text)
{
    return text.data == NULL ? S("") : text;
}

/* All three forms as the account is now. */
static void fill_forms(const struct visit *visit, struct account_page *page)
{
    struct arena *arena = visit->op->arena;
    inputs_take(arena, profile_fields, &page->profile, NULL, 0);
    inputs_take(arena, email_fields, &page->email, NULL, 0);
    inputs_take(arena, password_fields, &page->password, NULL, 0);
    page->profile.name.value = given(visit->frame.user.name);
    page->profile.phone.value = given(visit->frame.user.phone);
    page->email.email.value = visit->frame.user.email;
}

err show_account(struct op *op, const struct request *request, struct response *response)
{
    struct visit visit;
    struct account_page page = { .invalid = false };
    if (!visit_begin(&visit, op, request, response, SIGNED_IN_ONLY, (str){ NULL, 0 }))
        return OK;
    fill_forms(&visit, &page);
    return visit_show(&visit, &account_template, account_page_fields, &page, STATUS_OK);
}

/* ---- changes ---- */

/* One of the forms: where it is in the page, and what it is for. */
struct part {
    const struct field *fields;
    size_t offset;
    size_t size;
    const char *purpose;
    const char *said;
    bool blanks; /* mean: take it away */
};

static const struct part profile_part = {
    .fields = profile_fields,
    .offset = offsetof(struct account_page, profile),
    .size = sizeof(struct profile_form),
    .purpose = "profile",
    .said = "profile_saved",
    .blanks = true,
};
static const struct part email_part = {
    .fields = email_fields,
    .offset = offsetof(struct account_page, email),
    .size = sizeof(struct email_form),
    .purpose = "email",
    .said = "email_saved",
};
static const struct part password_part = {
    .fields = password_fields,
    .offset = offsetof(struct account_page, password),
    .size = sizeof(struct password_form),
    .purpose = "password",
    .said = "password_saved",
};

static void take_part(struct op *op, const struct request *request, const struct part *part,
                      void *form)
{
    struct form_text *texts = NULL;
    size_t count = 0;
    (void)form_decode(op->arena, request->body, 64, &texts, &count);
    memset(form, 0, part->size);
    inputs_take(op->arena, part->fields, form, texts, count);
}

static void plan_part(struct op *op, const struct request *request, struct asks *asks,
                      const struct part *part)
{
    struct account_page page = { .invalid = false };
    void *form = (char *)&page + part->offset;
    if (!plan_begin(op, request, asks, SIGNED_IN_ONLY) || asks->count > 1)
        return;
    take_part(op, request, part, form);
    plan_change(op, request, asks, PATCH, S("/api/users/currentuser"), part->purpose)->body =
        inputs_json(op->arena, part->fields, form, part->blanks);
}

static err do_part(struct op *op, const struct request *request, struct response *response,
                   const struct part *part)
{
    struct visit visit;
    struct account_page page = { .invalid = true };
    if (!visit_begin(&visit, op, request, response, SIGNED_IN_ONLY, S("/account")))
        return OK;
    if (visit_got(&visit, 1))
        return visit_redirect(&visit, S("/account"), part->said);
    const struct response *answer = visit_answer(&visit, 1);
    void *form = (char *)&page + part->offset;
    fill_forms(&visit, &page);
    take_part(op, request, part, form);
    page.problem = inputs_blame(op->arena, &visit.voice, part->fields, form, answer->body);
    return visit_show(&visit, &account_template, account_page_fields, &page, answer->status);
}

void plan_profile(struct op *op, const struct request *request, struct asks *asks)
{
    plan_part(op, request, asks, &profile_part);
}

err do_profile(struct op *op, const struct request *request, struct response *response)
{
    return do_part(op, request, response, &profile_part);
}

void plan_email(struct op *op, const struct request *request, struct asks *asks)
{
    plan_part(op, request, asks, &email_part);
}

err do_email(struct op *op, const struct request *request, struct response *response)
{
    return do_part(op, request, response, &email_part);
}

void plan_password(struct op *op, const struct request *request, struct asks *asks)
{
    plan_part(op, request, asks, &password_part);
}

err do_password(struct op *op, const struct request *request, struct response *response)
{
    return do_part(op, request, response, &password_part);
}
