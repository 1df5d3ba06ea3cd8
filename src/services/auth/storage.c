/* The statements about users and sessions. */
#include "services/auth/storage.h"

/* A session, and what statements ask about it. */
struct session_query {
    uuid id;
    uuid user_id;
    instant now;
    int64_t max;
};

static const struct field session_query_fields[] = {
    FIELD(struct session_query, id),
    FIELD(struct session_query, user_id),
    FIELD(struct session_query, now),
    FIELD(struct session_query, max),
    FIELDS_END,
};

static const struct field stored_session_fields[] = {
    FIELD(struct stored_session, id),
    FIELD(struct stored_session, user_id),
    FIELD(struct stored_session, created_at),
    FIELD(struct stored_session, expires_at),
    FIELD_OPT(struct stored_session, revoked_at),
    FIELDS_END,
};

/* ---- users ---- */

#define USER_COLUMNS \
    "id, version, email, email_key, name, phone, password_hash, created_at, updated_at"

/* The index users_email_key decides who was first; no conflict, so that the attempt still counts.
 */
const struct query users_add_query = {
    "insert into users (" USER_COLUMNS ") values ($id, $version, $email, $email_key, $name, $phone,"
    " $password_hash, $created_at, $updated_at) on conflict (email_key) do nothing",
    .in = user_fields,
};

const struct query users_find_query = {
    "select " USER_COLUMNS " from users where email_key = $email_key",
    .in = user_fields,
    .out = user_fields,
};

const struct query users_current_query = {
    "select " USER_COLUMNS " from users where id = $user_id and exists"
    " (select 1 from sessions where sessions.id = $id and sessions.user_id = $user_id"
    " and sessions.revoked_at is null and sessions.expires_at > $now)",
    .in = session_query_fields,
    .out = user_fields,
};

const struct query users_hold_query = {
    "update users set password_hash = $password_hash"
    " where id = $id and password_hash = $password_hash",
    .in = user_fields,
};

const struct query users_update_query = {
    "update users set version = version + 1, email = $email, email_key = $email_key, name = $name,"
    " phone = $phone, password_hash = $password_hash, updated_at = $updated_at"
    " where id = $id and version = $version",
    .in = user_fields,
};

err users_add(struct op *op, const struct user *user, bool *ret_added)
{
    assert(user->version == 0 && user->email_key.size > 0 && user->password_hash.size > 0);
    int64_t touched;
    TRY(sql_run_any(op, &users_add_query, user, &touched));
    *ret_added = touched == 1;
    return OK;
}

err users_find(struct op *op, str email_key, struct user *ret_user)
{
    struct user user = { .email_key = email_key };
    return sql_one(op, &users_find_query, &user, ret_user);
}

err users_current(struct op *op, struct user *ret_user)
{
    struct session_query query = {
        .id = op->caller.session,
        .user_id = op->caller.user,
        .now = op->now,
    };
    TRY_OR(sql_one(op, &users_current_query, &query, ret_user), STATUS_NOT_FOUND,
           problem_unauthorized);
    return OK;
}

err users_hold(struct op *op, const struct user *user)
{
    return sql_run(op, &users_hold_query, user);
}

err users_update(struct op *op, struct user *user)
{
    user->updated_at = op->now;
    TRY(sql_run(op, &users_update_query, user));
    user->version++;
    return OK;
}

/* ---- sessions ---- */

const struct query sessions_add_query = {
    "insert into sessions (id, user_id, created_at, expires_at)"
    " values ($id, $user_id, $created_at, $expires_at)",
    .in = stored_session_fields,
};

const struct query sessions_live_query = {
    "select id, user_id, created_at, expires_at, revoked_at from sessions"
    " where user_id = $user_id and revoked_at is null and expires_at > $now"
    " order by created_at, id limit $max",
    .in = session_query_fields,
    .out = stored_session_fields,
};

const struct query sessions_revoke_query = {
    "update sessions set revoked_at = $now"
    " where id = $id and user_id = $user_id and revoked_at is null"
    " returning id, user_id, created_at, expires_at, revoked_at",
    .in = session_query_fields,
    .out = stored_session_fields,
};

const struct query sessions_prune_query = {
    "delete from sessions where id in"
    " (select id from sessions where expires_at < $now limit $max)",
    .in = session_query_fields,
};

err sessions_add(struct op *op, const struct stored_session *session)
{
    assert(session->expires_at.ms > op->now.ms);
    return sql_run(op, &sessions_add_query, session);
}

err sessions_live(struct op *op, uuid user_id, struct rows *ret_sessions)
{
    struct session_query query = {
        .user_id = user_id,
        .now = op->now,
        .max = SESSIONS_PER_USER_MAX,
    };
    return sql_all(op, &sessions_live_query, &query, sizeof(struct stored_session),
                   SESSIONS_PER_USER_MAX, ret_sessions);
}

err sessions_revoke(struct op *op, uuid id, uuid user_id, struct stored_session *ret_session)
{
    struct session_query query = { .id = id, .user_id = user_id, .now = op->now };
    return sql_one(op, &sessions_revoke_query, &query, ret_session);
}

err sessions_prune(struct op *op, instant before, int64_t max, int64_t *ret_touched)
{
    struct session_query query = { .now = before, .max = max };
    return sql_run_any(op, &sessions_prune_query, &query, ret_touched);
}
