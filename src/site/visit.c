#include "site/visit.h"

#include "base/codec.h"

#define FORM_PAIRS_MAX 64

/* What a page may load and do: its own files, and nothing that stands inside it. */
#define PAGE_POLICY                                                                               \
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'" \
    "; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

const struct field frame_fields[] = {
    FIELD(struct frame, language),
    FIELD(struct frame, other_language),
    FIELD(struct frame, signed_in),
    FIELD_RECORD(struct frame, user, shown_user_fields),
    FIELD(struct frame, here),
    FIELD(struct frame, key),
    FIELD_OPT(struct frame, said),
    FIELD(struct frame, now),
    FIELDS_END,
};

/* ---- who it is ---- */

struct whoami {
    struct user current_user;
};

static const struct field whoami_fields[] = {
    FIELD_RECORD_OPT(struct whoami, current_user, shown_user_fields),
    FIELDS_END,
};

static bool find_user(struct op *op, const struct asks *asks, struct user *ret_user)
{
    struct whoami whoami = { .current_user = { .id = { { 0 } } } };
    const struct response *answer = &asks->list[0].response;
    if (asks->count > 0 && answer->status == STATUS_OK)
        (void)read_record(op->arena, answer->body, whoami_fields, &whoami);
    *ret_user = whoami.current_user;
    return !uuid_is_absent(ret_user->id);
}

/* ---- planning ---- */

struct ask *plan_get(struct asks *asks, str path, str query)
{
    assert(asks->count < ASKS_MAX);
    struct ask *ask = &asks->list[asks->count++];
    *ask = (struct ask){ .method = GET, .path = path, .query = query };
    return ask;
}

bool plan_begin(struct op *op, const struct request *request, struct asks *asks,
                enum audience audience)
{
    struct user user;
    (void)request;
    if (asks->count == 0) {
        plan_get(asks, S("/api/users/currentuser"), (str){ NULL, 0 });
        return audience == EVERYBODY;
    }
    return audience == EVERYBODY || find_user(op, asks, &user);
}

static bool read_form(struct op *op, const struct request *request, struct form_text **ret_texts,
                      size_t *ret_count)
{
    *ret_count = 0;
    *ret_texts = NULL;
    return form_decode(op->arena, request->body, FORM_PAIRS_MAX, ret_texts, ret_count).problem ==
           NULL;
}

str sent_text(struct op *op, const struct request *request, const char *name)
{
    struct form_text *texts;
    size_t count;
    (void)read_form(op, request, &texts, &count);
    for (size_t i = 0; i < count; i++) {
        if (str_is(texts[i].name, name))
            return texts[i].text;
    }
    return (str){ NULL, 0 };
}

struct ask *plan_change(struct op *op, const struct request *request, struct asks *asks,
                        enum method method, str path, const char *purpose)
{
    struct ask *ask = plan_get(asks, path, (str){ NULL, 0 });
    ask->method = method;
    uuid id;
    str key = sent_text(op, request, "key");
    if (!uuid_parse(key, &id))
        return ask; /* no form of ours: no word that it is the same one */
    struct buf made = buf_in(op->arena, 64);
    buf_add(&made, uuid_text(op->arena, id));
    buf_addf(&made, ".%s", purpose);
    ask->key = buf_str(&made);
    return ask;
}

str path_with(struct op *op, const char *prefix, str id, const char *suffix)
{
    struct buf path = buf_in(op->arena, 80);
    buf_add(&path, str_of(prefix));
    buf_add(&path, id);
    buf_add(&path, str_of(suffix));
    return buf_str(&path);
}

/* What cannot be an id is asked for as one that nobody has: the API's 404 is as good as ours. */
str api_path(struct op *op, const char *prefix, const struct request *request, size_t param)
{
    uuid id;
    if (read_id(request, param, &id).problem != NULL)
        return path_with(op, prefix, S("none"), "");
    return path_with(op, prefix, uuid_text(op->arena, id), "");
}

/* ---- beginning ---- */

static str choose_language(const struct request *request)
{
    str chosen = read_cookie(request, "language");
    return language_is_known(chosen) ? chosen
                                     : language_accepted(request->header[HEADER_accept_language]);
}

static str other_than(const struct catalogue *catalogue)
{
    const struct catalogue *other = catalogue + 1;
    return str_of(other->language != NULL ? other->language : site_catalogues[0].language);
}

static str address_of(struct op *op, const struct request *request)
{
    struct buf here = buf_in(op->arena, request->path.size + request->query.size + 1);
    buf_add(&here, request->path);
    if (request->query.size > 0) {
        buf_add_char(&here, '?');
        buf_add(&here, request->query);
    }
    return buf_str(&here);
}

/* Only what the texts know is ever shown, so the cookie needs no seal. */
static str just_said(const struct visit *visit)
{
    str key = read_cookie(visit->request, "said");
    if (key.size == 0 || key.size > 40)
        return (str){ NULL, 0 };
    str full = path_with(visit->op, "said.", key, "");
    return catalogue_text(visit->voice.catalogue, full).data != NULL ? key : (str){ NULL, 0 };
}

static err send_to_sign_in(struct visit *visit, str back)
{
    struct buf to = buf_in(visit->op->arena, 128);
    struct buf query = buf_in(visit->op->arena, 128);
    form_add(&query, S("next"), back);
    buf_add(&to, S("/auth/signin?"));
    buf_add(&to, buf_str(&query));
    return visit_redirect(visit, buf_str(&to), "sign_in_first");
}

bool visit_begin(struct visit *visit, struct op *op, const struct request *request,
                 struct response *response, enum audience audience, str back)
{
    str language = choose_language(request);
    *visit = (struct visit){
        .op = op,
        .request = request,
        .response = response,
        .voice = voice_of(language, op->now),
    };
    struct frame *frame = &visit->frame;
    frame->language = str_of(visit->voice.catalogue->language);
    frame->other_language = other_than(visit->voice.catalogue);
    frame->signed_in = find_user(op, request->asks, &frame->user);
    frame->here = address_of(op, request);
    frame->key = uuid_text(op->arena, request->fresh);
    frame->said = just_said(visit);
    frame->now = op->now;
    if (!read_form(op, request, &visit->texts, &visit->text_count)) {
        (void)visit_refuse_status(visit, STATUS_INVALID);
        return false;
    }
    if (audience == EVERYBODY || frame->signed_in)
        return true;
    const struct response *who = &request->asks->list[0].response;
    if (who->status != STATUS_OK)
        (void)visit_refuse(visit, who);
    else
        (void)send_to_sign_in(visit, back.data != NULL ? back : frame->here);
    return false;
}

const struct response *visit_answer(const struct visit *visit, size_t ask)
{
    assert(ask < visit->request->asks->count);
    return &visit->request->asks->list[ask].response;
}

bool visit_got(const struct visit *visit, size_t ask)
{
    if (ask >= visit->request->asks->count)
        return false;
    int status = visit_answer(visit, ask)->status;
    return status >= 200 && status < 300;
}

/* ---- ends ---- */

void visit_cookie(struct visit *visit, const char *name, str value, int64_t age_s)
{
    struct buf cookie = buf_in(visit->op->arena, 96);
    buf_addf(&cookie, "%s=", name);
    buf_add(&cookie, value);
    buf_addf(&cookie, "; Path=/; HttpOnly; SameSite=Lax; Max-Age=%lld", (long long)age_s);
    if (visit->request->https || visit->op->settings->secure_cookies)
        buf_add(&cookie, S("; Secure"));
    response_add(visit->response, "Set-Cookie", buf_str(&cookie));
}

err visit_show(struct visit *visit, const struct template *page, const struct field *fields,
               void *record, int status)
{
    struct response *response = visit->response;
    *(struct frame *)record = visit->frame;
    response->status = status;
    response->content_type = S("text/html; charset=utf-8");
    response->body = template_render(visit->op->arena, page, &visit->voice, fields, record);
    response_add(response, "Content-Security-Policy", S(PAGE_POLICY));
    response_add(response, "Content-Language", visit->frame.language);
    if (visit->frame.said.data != NULL)
        visit_cookie(visit, "said", S(""), 0);
    return OK;
}

static str tag_of(struct op *op, str body)
{
    uint8_t bytes[FINGERPRINT_SIZE];
    fingerprint(body, bytes);
    struct buf tag = buf_in(op->arena, 24);
    buf_add(&tag, S("W/\""));
    buf_add(&tag, hex_encode(op->arena, (str){ (const char *)bytes, sizeof bytes }));
    buf_add_char(&tag, '"');
    return buf_str(&tag);
}

err visit_show_cacheable(struct visit *visit, const struct template *page,
                         const struct field *fields, void *record)
{
    TRY(visit_show(visit, page, fields, record, STATUS_OK));
    if (visit->frame.signed_in || visit->frame.said.data != NULL)
        return OK;
    struct response *response = visit->response;
    str tag = tag_of(visit->op, response->body);
    response_add(response, "ETag", tag);
    response_add(response, "Cache-Control", S("private, no-cache"));
    response_add(response, "Vary", S("Cookie, Accept-Language, Accept-Encoding"));
    if (str_equal(str_trim(visit->request->header[HEADER_if_none_match]), tag)) {
        response->status = STATUS_NOT_MODIFIED;
        response->body = (str){ NULL, 0 };
    }
    return OK;
}

#define STATUS_SEE_OTHER 303

err visit_redirect(struct visit *visit, str to, const char *said)
{
    visit->response->status = STATUS_SEE_OTHER;
    response_add(visit->response, "Location", url_is_local(to) ? to : S("/"));
    if (said != NULL)
        visit_cookie(visit, "said", str_of(said), 60);
    return OK;
}

/* ---- what went wrong ---- */

struct problem_page {
    struct frame frame;
    str kind; /* of the texts problem.title.… */
    str message;
    int64_t status;
    str request_id;
};

const struct field problem_page_fields[] = {
    FIELD_RECORD(struct problem_page, frame, frame_fields),
    FIELD(struct problem_page, kind),
    FIELD_OPT(struct problem_page, message),
    FIELD(struct problem_page, status),
    FIELD(struct problem_page, request_id),
    FIELDS_END,
};

extern const struct template problem_template;
extern const struct field problem_page_fields[];

static str kind_of(int status)
{
    switch (status) {
    case STATUS_NOT_FOUND:
        return S("missing");
    case STATUS_FORBIDDEN:
        return S("forbidden");
    case STATUS_INVALID:
    case STATUS_UNPROCESSABLE:
        return S("invalid");
    case STATUS_CONFLICT:
    case STATUS_PAYMENT_REQUIRED:
        return S("conflict");
    case STATUS_TOO_MANY:
        return S("too_many");
    case STATUS_UNAVAILABLE:
        return S("away");
    default:
        return S("broken");
    }
}

static err show_problem(struct visit *visit, int status, str message)
{
    struct problem_page page = {
        .kind = kind_of(status),
        .message = message,
        .status = status,
        .request_id = visit->op->correlation,
    };
    return visit_show(visit, &problem_template, problem_page_fields, &page, status);
}

err visit_refuse_status(struct visit *visit, int status)
{
    return show_problem(visit, status, (str){ NULL, 0 });
}

err visit_refuse(struct visit *visit, const struct response *answer)
{
    struct rows complaints = read_complaints(visit->op->arena, answer->body);
    str message = { NULL, 0 };
    if (complaints.count > 0 && answer->status != STATUS_NOT_FOUND && answer->status < 500)
        message = say_complaint(visit->op->arena, &visit->voice, complaints.items);
    str wait = response_header(answer, "Retry-After");
    if (wait.data != NULL)
        response_add(visit->response, "Retry-After", wait);
    bool is_error = answer->status >= 400 && answer->status <= 599;
    return show_problem(visit, is_error ? answer->status : STATUS_BROKEN, message);
}

str located_id(const struct response *answer)
{
    str location = response_header(answer, "Location");
    uuid id;
    if (location.size < UUID_TEXT_SIZE)
        return (str){ NULL, 0 };
    str last = { location.data + location.size - UUID_TEXT_SIZE, UUID_TEXT_SIZE };
    return uuid_parse(last, &id) ? last : (str){ NULL, 0 };
}
