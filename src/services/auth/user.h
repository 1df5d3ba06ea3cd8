/* A user: the rules, apart from where users are kept. */
#ifndef SERVICES_AUTH_USER_H
#define SERVICES_AUTH_USER_H

#include "events/payloads.h"

struct user {
    uuid id;
    int64_t version;
    str email;     /* as the user spells it */
    str email_key; /* as addresses are compared: email_key() */
    str name;      /* optional */
    str phone;     /* optional */
    str password_hash;
    instant created_at;
    instant updated_at;
};

extern const struct field user_fields[];
/* What the user may see of it. */
extern const struct field user_view_fields[];

/* What a user asks to change: those whose bit is set in `present`. */
enum profile_member {
    PROFILE_NAME = 1 << 0,
    PROFILE_PHONE = 1 << 1,
    PROFILE_EMAIL = 1 << 2,
    PROFILE_PASSWORD = 1 << 3,
};

struct profile {
    str name;
    str phone;
    str email;
    str password;
    str current_password;
};

/* The problem with a password, beyond its length; NULL if there is none. */
const struct problem *password_problem(str password, str email);
/* Whether it is among the passwords that everybody tries first, in either case. */
bool password_is_common(str password);

/* Whether the change needs the current password: it could lock the owner out. */
bool profile_is_sensitive(const struct profile *profile, uint64_t present);
/* Applies name, phone and e-mail (whose key the caller made).  False if nothing is different. */
bool user_apply(struct user *user, const struct profile *profile, uint64_t present, str email_key);

struct user_state user_state_of(const struct user *user);

#endif
