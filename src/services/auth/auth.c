/* Accounts and sessions: what people ask of the auth service, and what it tells. */
#include "services/auth/auth.h"

#include "base/text.h"
#include "services/auth/attempts.h"
#include "services/auth/storage.h"

/* ---- problems ---- */

static const struct problem email_in_use = {
    .status = STATUS_CONFLICT,
    .message = "Email in use",
    .field = "email",
};
static const struct problem email_invalid = {
    .status = STATUS_INVALID,
    .message = "Email must be valid",
    .field = "email",
};
static const struct problem invalid_credentials = {
    .status = STATUS_UNAUTHORIZED,
    .message = "Invalid credentials",
};
static const struct problem password_missing = {
    .status = STATUS_INVALID,
    .message = "You must supply your current password to change this",
    .field = "currentPassword",
};
static const struct problem password_wrong = {
    .status = STATUS_INVALID,
    .message = "This is not your current password",
    .field = "currentPassword",
};
static const struct problem work_undone = {
    .status = STATUS_UNAVAILABLE,
    .message = "Passwords cannot be checked just now, please try again",
    .retry_after_s = 1,
};

/* ---- forms ---- */

static bool phone_is_acceptable(str phone)
{
    return phone.size == 0 || phone_is_e164(phone);
}

#define EMAIL_RULE    .max = EMAIL_MAX, .check = email_is_valid, .message = "Email must be valid"
#define NAME_RULE     .max = PERSON_NAME_MAX
#define PHONE_RULE    .check = phone_is_acceptable, .message = "Phone must be like +14155550123"
#define PASSWORD_RULE .min = PASSWORD_MIN, .max = PASSWORD_MAX
#define PASSWORD_SAYS .message = "Password must be between 8 and 128 characters"
_Static_assert(PASSWORD_MIN == 8 && PASSWORD_MAX == 128, "as the message says");

struct credentials {
    str email;
    str password;
    str name;
    str phone;
};

/* clang-format off */
static const struct field signup_fields[] = {
    FORM(struct credentials, email, EMAIL_RULE, .flags = RULE_REQUIRED),
    FORM(struct credentials, password, PASSWORD_RULE, PASSWORD_SAYS,
         .flags = RULE_REQUIRED | RULE_RAW),
    FORM(struct credentials, name, NAME_RULE),
    FORM(struct credentials, phone, PHONE_RULE),
    FIELDS_END,
};

/* What a password must be like is for those who choose one. */
static const struct field signin_fields[] = {
    FORM(struct credentials, email, EMAIL_RULE, .flags = RULE_REQUIRED),
    FORM(struct credentials, password, .max = PASSWORD_MAX, .flags = RULE_REQUIRED | RULE_RAW,
         .message = "You must supply a password"),
    FIELDS_END,
};

/* In the order of enum profile_member. */
static const struct field profile_fields[] = {
    FORM(struct profile, name, NAME_RULE),
    FORM(struct profile, phone, PHONE_RULE),
    FORM(struct profile, email, EMAIL_RULE),
    FORM(struct profile, password, PASSWORD_RULE, PASSWORD_SAYS, .flags = RULE_RAW),
    FORM(struct profile, current_password, .max = PASSWORD_MAX, .flags = RULE_RAW),
    FIELDS_END,
};
/* clang-format on */

static err key_of(struct op *op, str email, str *ret_key)
{
    *ret_key = email_key(op->arena, email);
    return ret_key->data != NULL ? OK : FAIL(email_invalid);
}

static err read_signup(struct op *op, const struct request *request, struct credentials *form,
                       str *ret_key)
{
    TRY(read_json(op, request, signup_fields, form, NULL));
    TRY(key_of(op, form->email, ret_key));
    return (err){ password_problem(form->password, form->email) };
}

static err read_signin(struct op *op, const struct request *request, struct credentials *form,
                       str *ret_key)
{
    TRY(read_json(op, request, signin_fields, form, NULL));
    return key_of(op, form->email, ret_key);
}

/* ---- limits ---- */

static str subject_of(struct op *op, str what, str whose)
{
    struct buf subject = buf_in(op->arena, what.size + whose.size);
    buf_add(&subject, what);
    buf_add(&subject, whose);
    return buf_str(&subject);
}

static struct attempts_limit account_limit(struct op *op, str email_key)
{
    return (struct attempts_limit){
        .subject = subject_of(op, S("signin account "), email_key),
        .max = op->settings->signin_failures_max,
        .window = minutes(15),
    };
}

/* Many people may share an address, so it may fail more often than an account. */
static struct attempts_limit address_limit(struct op *op, const struct request *request)
{
    return (struct attempts_limit){
        .subject = subject_of(op, S("signin address "), request->client),
        .max = 10 * op->settings->signin_failures_max,
        .window = minutes(15),
    };
}

static struct attempts_limit signup_limit(struct op *op, const struct request *request)
{
    return (struct attempts_limit){
        .subject = subject_of(op, S("signup address "), request->client),
        .max = op->settings->signups_max,
        .window = hours(1),
    };
}

static err check_failures(struct op *op, const struct request *request, str email_key)
{
    struct attempts_limit account = account_limit(op, email_key);
    struct attempts_limit address = address_limit(op, request);
    TRY(attempts_check(op, &account));
    return attempts_check(op, &address);
}

/* Refuses, and yet commits: a failure that is rolled back would not count. */
static err refuse_failure(struct op *op, const struct request *request, struct response *response,
                          str email_key, const struct problem *problem)
{
    struct attempts_limit account = account_limit(op, email_key);
    struct attempts_limit address = address_limit(op, request);
    TRY(attempts_count(op, &account));
    TRY(attempts_count(op, &address));
    reply_problem(op, response, problem);
    return OK;
}

/* ---- sessions ---- */

static err end_session(struct op *op, uuid id, uuid user_id)
{
    struct stored_session session;
    TRY(sessions_revoke(op, id, user_id, &session));

    struct session_end event = {
        .session_id = session.id,
        .version = 1,
        .user_id = session.user_id,
        .expires_at = session.expires_at,
    };
    return emit_session_revoked(op, &event);
}

/* Ends the oldest live sessions beyond `keep`, except one. */
static err end_sessions(struct op *op, uuid user_id, uuid except, size_t keep)
{
    struct rows rows;
    TRY(sessions_live(op, user_id, &rows));
    const struct stored_session *sessions = rows.items;
    for (size_t i = 0; i + keep < rows.count; i++) {
        if (!uuid_equal(sessions[i].id, except))
            TRY(end_session(op, sessions[i].id, user_id));
    }
    return OK;
}

static err start_session(struct op *op, struct response *response, uuid user_id)
{
    TRY(end_sessions(op, user_id, (uuid){ { 0 } }, SESSIONS_PER_USER_MAX - 1));

    struct stored_session session = {
        .id = op_new_id(op),
        .user_id = user_id,
        .created_at = op->now,
        .expires_at = instant_after(op->now, op->settings->session),
    };
    TRY(sessions_add(op, &session));
    response->session_change = SESSION_STARTED;
    response->session = (struct session){
        .id = session.id,
        .user = user_id,
        .expires_at = session.expires_at,
    };
    return OK;
}

/* ---- requests: signing up ---- */

/* An address in use is found out by handle_signup(), after the same work: then trying out addresses
 * is neither cheap nor uncounted. */
static err prepare_signup(struct op *op, const struct request *request, struct work *work)
{
    struct credentials form;
    str key;
    TRY(read_signup(op, request, &form, &key));
    struct attempts_limit limit = signup_limit(op, request);
    TRY(attempts_check(op, &limit));

    work->kind = WORK_HASH;
    work->password = form.password;
    return OK;
}

/* POST /api/users/signup */
static err handle_signup(struct op *op, const struct request *request, struct response *response)
{
    const struct work *work = request->work;
    if (work == NULL || work->kind != WORK_HASH || !work->ok)
        return FAIL(work_undone);

    struct credentials form;
    str key;
    TRY(read_signup(op, request, &form, &key));
    struct attempts_limit limit = signup_limit(op, request);
    TRY(attempts_check(op, &limit));
    TRY(attempts_count(op, &limit));

    struct profile profile = { .name = form.name, .phone = form.phone };
    struct user user = {
        .id = op_new_id(op),
        .email = form.email,
        .email_key = key,
        .password_hash = work->hash,
        .created_at = op->now,
        .updated_at = op->now,
    };
    (void)user_apply(&user, &profile, PROFILE_NAME | PROFILE_PHONE, key);

    bool added;
    TRY(users_add(op, &user, &added));
    if (!added) {
        reply_problem(op, response, &email_in_use);
        return OK;
    }
    TRY(start_session(op, response, user.id));
    struct user_state event = user_state_of(&user);
    TRY(emit_user_created(op, &event));
    return reply_json(op, response, STATUS_CREATED, user_view_fields, &user);
}

/* ---- requests: signing in and out ---- */

/* Of a password that nobody knows, at the cost of the real ones: whoever tries an address without
 * an account waits as long as with one. */
static const str dummy_hash = STR_INIT("$argon2id$v=19$m=19456,t=2,p=1$gosWyhyZh7HuOurFhe1f2w$"
                                       "V4YA4RJUjkjieFuJFfyyaGMymTdmtOmY4eRjBGE/Ixw");

static err prepare_signin(struct op *op, const struct request *request, struct work *work)
{
    struct credentials form;
    str key;
    TRY(read_signin(op, request, &form, &key));
    TRY(check_failures(op, request, key));

    struct user user = { .password_hash = dummy_hash };
    err found = users_find(op, key, &user);
    if (!err_is(found, STATUS_NOT_FOUND))
        TRY(found);
    work->kind = WORK_VERIFY;
    work->password = form.password;
    work->hash = user.password_hash;
    return OK;
}

/* POST /api/users/signin */
static err handle_signin(struct op *op, const struct request *request, struct response *response)
{
    const struct work *work = request->work;
    if (work == NULL || work->kind != WORK_VERIFY || work->undone)
        return FAIL(work_undone);

    struct credentials form;
    str key;
    TRY(read_signin(op, request, &form, &key));
    /* Others may have failed while this one was being verified; then the answer is not told. */
    TRY(check_failures(op, request, key));

    struct user user;
    err found = users_find(op, key, &user);
    if (found.problem != NULL && found.problem->status != STATUS_NOT_FOUND)
        return found;
    if (found.problem != NULL || !work->ok || !str_equal(user.password_hash, work->hash))
        return refuse_failure(op, request, response, key, &invalid_credentials);

    struct attempts_limit account = account_limit(op, key);
    TRY(attempts_forget(op, &account));
    /* A change of password ends the sessions that it sees: none may begin behind its back. */
    TRY(users_hold(op, &user));
    TRY(start_session(op, response, user.id));
    return reply_json(op, response, STATUS_OK, user_view_fields, &user);
}

/* POST /api/users/signout */
static err handle_signout(struct op *op, const struct request *request, struct response *response)
{
    (void)request;
    if (!uuid_is_absent(op->caller.user)) {
        err ended = end_session(op, op->caller.session, op->caller.user);
        if (!err_is(ended, STATUS_NOT_FOUND))
            TRY(ended);
    }
    response->session_change = SESSION_ENDED;
    return reply_text(response, STATUS_OK, S("{}"));
}

/* ---- requests: the current user ---- */

struct current {
    struct user current_user;
};

static const struct field current_fields[] = {
    FIELD_RECORD(struct current, current_user, user_view_fields),
    FIELDS_END,
};

/* GET /api/users/currentuser */
static err handle_current(struct op *op, const struct request *request, struct response *response)
{
    (void)request;
    struct current current;
    err found = uuid_is_absent(op->caller.user) ? FAIL(problem_unauthorized)
                                                : users_current(op, &current.current_user);
    if (err_is(found, STATUS_UNAUTHORIZED))
        return reply_text(response, STATUS_OK, S("{\"currentUser\":null}"));
    TRY(found);
    return reply_json(op, response, STATUS_OK, current_fields, &current);
}

/* The form and the user whom it is about; the limits and rules of what needs the password. */
static err read_profile(struct op *op, const struct request *request, struct profile *form,
                        uint64_t *ret_present, struct user *user)
{
    TRY(users_current(op, user));
    TRY(read_json(op, request, profile_fields, form, ret_present));
    if (!profile_is_sensitive(form, *ret_present))
        return OK;
    if (form->current_password.size == 0)
        return FAIL(password_missing);
    if (form->password.size > 0) {
        str email = form->email.size > 0 ? form->email : user->email;
        TRY((err){ password_problem(form->password, email) });
    }
    return check_failures(op, request, user->email_key);
}

static err prepare_profile(struct op *op, const struct request *request, struct work *work)
{
    struct profile form;
    uint64_t present;
    struct user user;
    TRY(read_profile(op, request, &form, &present, &user));
    if (!profile_is_sensitive(&form, present))
        return OK;

    work->kind = WORK_VERIFY;
    work->password = form.current_password;
    work->hash = user.password_hash;
    if (form.password.size > 0)
        work->new_password = form.password;
    return OK;
}

/* Stores what is different, and tells of it. */
static err change_profile(struct op *op, struct user *user, const struct profile *form,
                          uint64_t present, const struct work *work)
{
    str key = user->email_key;
    if (form->email.size > 0)
        TRY(key_of(op, form->email, &key));
    bool changed = user_apply(user, form, present, key);
    if (form->password.size > 0) {
        user->password_hash = work->new_hash;
        changed = true;
    }
    if (!changed)
        return OK;

    TRY_OR(users_update(op, user), STATUS_CONFLICT, email_in_use);
    struct user_state event = user_state_of(user);
    TRY(emit_user_updated(op, &event));
    if (form->password.size == 0)
        return OK;
    return end_sessions(op, user->id, op->caller.session, 0);
}

/* PATCH /api/users/currentuser */
static err handle_profile(struct op *op, const struct request *request, struct response *response)
{
    struct profile form;
    uint64_t present;
    struct user user;
    TRY(read_profile(op, request, &form, &present, &user));

    const struct work *work = request->work;
    if (profile_is_sensitive(&form, present)) {
        if (work == NULL || work->kind != WORK_VERIFY || work->undone)
            return FAIL(work_undone);
        if (!work->ok || !str_equal(user.password_hash, work->hash))
            return refuse_failure(op, request, response, user.email_key, &password_wrong);
        if (form.password.size > 0 && work->new_hash.size == 0)
            return FAIL(work_undone);
        struct attempts_limit account = account_limit(op, user.email_key);
        TRY(attempts_forget(op, &account));
    }
    TRY(change_profile(op, &user, &form, present, work));
    return reply_json(op, response, STATUS_OK, user_view_fields, &user);
}

/* ---- the service ---- */

#define PRUNE_BATCH 500

/* What nobody can ask for any more goes away. */
static err prune(struct op *op, bool *ret_more)
{
    int64_t sessions;
    int64_t attempts;
    TRY(sessions_prune(op, instant_before(op->now, hours(24)), PRUNE_BATCH, &sessions));
    TRY(attempts_prune(op, instant_before(op->now, hours(1)), PRUNE_BATCH, &attempts));
    *ret_more = sessions == PRUNE_BATCH || attempts == PRUNE_BATCH;
    return OK;
}

static const struct route routes[] = {
    { POST, "/api/users/signup", ANYONE, handle_signup, .prepare = prepare_signup },
    { POST, "/api/users/signin", ANYONE, handle_signin, .prepare = prepare_signin },
    { POST, "/api/users/signout", MAYBE, .handle = handle_signout },
    { GET, "/api/users/currentuser", MAYBE, .handle = handle_current },
    { PATCH, "/api/users/currentuser", SIGNED_IN, handle_profile, .prepare = prepare_profile },
    ROUTES_END,
};

static const struct duty duties[] = {
    { .name = "auth prune", .every = { 10 * 60 * 1000 }, .run = prune },
    { .name = NULL },
};

static const struct query *const queries[] = {
    &users_add_query,      &users_find_query,
    &users_current_query,  &users_update_query,
    &users_hold_query,     &sessions_add_query,
    &sessions_live_query,  &sessions_revoke_query,
    &sessions_prune_query, &attempts_find_query,
    &attempts_count_query, &attempts_forget_query,
    &attempts_prune_query, NULL,
};

extern const struct migration auth_migrations[];

const struct service auth_service = {
    .name = "auth",
    .migrations = auth_migrations,
    .queries = queries,
    .routes = routes,
    .duties = duties,
};
