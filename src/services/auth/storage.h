/* Where users and their sessions are kept. */
#ifndef SERVICES_AUTH_STORAGE_H
#define SERVICES_AUTH_STORAGE_H

#include "services/auth/user.h"
#include "sql/sql.h"

struct stored_session {
    uuid id;
    uuid user_id;
    instant created_at;
    instant expires_at;
    instant revoked_at; /* absent: it has not been */
};

/* *ret_added is false if the address has an account; the operation may go on. */
err users_add(struct op *op, const struct user *user, bool *ret_added);
/* NOT_FOUND if nobody has that address. */
err users_find(struct op *op, str email_key, struct user *ret_user);
/* The signed-in user; UNAUTHORIZED if there is none any more, or the session has ended. */
err users_current(struct op *op, struct user *ret_user);
/* Nobody changes the password before this operation has committed; STALE if somebody has. */
err users_hold(struct op *op, const struct user *user);
/* Keeps a changed user, whose version becomes the next; CONFLICT if the address is another's. */
err users_update(struct op *op, struct user *user);

err sessions_add(struct op *op, const struct stored_session *session);
/* The live sessions of a user, oldest first; at most SESSIONS_PER_USER_MAX. */
err sessions_live(struct op *op, uuid user_id, struct rows *ret_sessions);
/* Ends a session of the user; NOT_FOUND if it has ended already. */
err sessions_revoke(struct op *op, uuid id, uuid user_id, struct stored_session *ret_session);
/* Forgets sessions that expired before. */
err sessions_prune(struct op *op, instant before, int64_t max, int64_t *ret_touched);

extern const struct query users_add_query, users_find_query, users_current_query, users_hold_query,
    users_update_query, sessions_add_query, sessions_live_query, sessions_revoke_query,
    sessions_prune_query;

#endif
