/* A user: what is kept, what is shown, and what makes a password acceptable. */
#include "services/auth/user.h"

const struct field user_fields[] = {
    FIELD(struct user, id),
    FIELD(struct user, version),
    FIELD(struct user, email),
    FIELD(struct user, email_key),
    FIELD_OPT(struct user, name),
    FIELD_OPT(struct user, phone),
    FIELD(struct user, password_hash),
    FIELD(struct user, created_at),
    FIELD(struct user, updated_at),
    FIELDS_END,
};

const struct field user_view_fields[] = {
    FIELD(struct user, id),
    FIELD(struct user, email),
    FIELD_OPT(struct user, name),
    FIELD_OPT(struct user, phone),
    FIELDS_END,
};

static const struct problem is_email = {
    .status = STATUS_INVALID,
    .message = "The password must not be the e-mail address",
    .field = "password",
};

static const struct problem is_common = {
    .status = STATUS_INVALID,
    .message = "This password is too common: others would guess it",
    .field = "password",
};

const struct problem *password_problem(str password, str email)
{
    if (str_equal_nocase(password, email))
        return &is_email;
    return password_is_common(password) ? &is_common : NULL;
}

bool profile_is_sensitive(const struct profile *profile, uint64_t present)
{
    return ((present & PROFILE_EMAIL) && profile->email.size > 0) ||
           ((present & PROFILE_PASSWORD) && profile->password.size > 0);
}

static bool replace(str *old, str new)
{
    if (new.size == 0)
        new.data = NULL; /* blank takes it away */
    if (str_equal(*old, new))
        return false;
    *old = new;
    return true;
}

bool user_apply(struct user *user, const struct profile *profile, uint64_t present, str email_key)
{
    bool changed = false;
    if (present & PROFILE_NAME)
        changed |= replace(&user->name, profile->name);
    if (present & PROFILE_PHONE)
        changed |= replace(&user->phone, profile->phone);
    if ((present & PROFILE_EMAIL) && profile->email.size > 0) {
        assert(email_key.size > 0);
        changed |= replace(&user->email, profile->email);
        changed |= replace(&user->email_key, email_key);
    }
    return changed;
}

struct user_state user_state_of(const struct user *user)
{
    assert(!uuid_is_absent(user->id) && user->version >= 0);
    return (struct user_state){
        .id = user->id,
        .version = user->version,
        .email = user->email,
        .name = user->name,
    };
}
