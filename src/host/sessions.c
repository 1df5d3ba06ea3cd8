/* Who asks: the session token of a request, unless its session was revoked. */
#include "base/codec.h"
#include "host/parts.h"

struct revoked_session {
    uuid session_id;
    instant expires_at;
    int64_t max;
};

static const struct field revoked_session_fields[] = {
    FIELD(struct revoked_session, session_id),
    FIELD(struct revoked_session, expires_at),
    FIELD(struct revoked_session, max),
    FIELDS_END,
};

const struct query session_insert_revoked = {
    "insert into revoked_sessions (session_id, expires_at) values ($session_id, $expires_at)"
    " on conflict (session_id) do nothing",
    .in = revoked_session_fields,
};

const struct query session_find_revoked = {
    "select session_id, expires_at from revoked_sessions where session_id = $session_id",
    .in = revoked_session_fields,
    .out = revoked_session_fields,
};

/* A token that has expired is refused for that alone. */
const struct query session_delete_old = {
    "delete from revoked_sessions where session_id in"
    " (select session_id from revoked_sessions where expires_at < $expires_at limit $max)",
    .in = revoked_session_fields,
};

#define FORGET_BATCH 200

err session_revoke(struct op *op, const struct session_end *end)
{
    struct revoked_session row = {
        .session_id = end->session_id,
        .expires_at = end->expires_at,
    };
    return sql_run_any(op, &session_insert_revoked, &row, NULL);
}

err session_forget_old(struct op *op, bool *ret_more)
{
    struct revoked_session row = { .expires_at = op->now, .max = FORGET_BATCH };
    int64_t touched;
    TRY(sql_run_any(op, &session_delete_old, &row, &touched));
    *ret_more = touched == FORGET_BATCH;
    return OK;
}

void session_read_signer(struct op *op, struct request *request)
{
    request->signer = (struct caller){ .user = { { 0 } } };
    str text = read_session_token(request, &request->signed_by_cookie);
    struct token token;
    if (text.data == NULL || !token_verify(op->arena, op->settings->jwt_key, text, op->now, &token))
        return;
    request->signer = token.caller;
    request->signed_until = token.expires_at;
}

err session_caller(struct op *op, const struct request *request, struct caller *ret_caller)
{
    *ret_caller = (struct caller){ .user = { { 0 } } };
    if (uuid_is_absent(request->signer.user) || request->signed_until.ms <= op->now.ms)
        return OK;

    struct revoked_session row = { .session_id = request->signer.session };
    err found = sql_one(op, &session_find_revoked, &row, &row);
    if (err_is(found, STATUS_NOT_FOUND)) {
        *ret_caller = request->signer;
        return OK;
    }
    return found;
}
