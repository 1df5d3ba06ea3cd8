/* Requests that come twice: with an Idempotency-Key, the second gets the first one's answer. */
#include "base/codec.h"
#include "host/parts.h"

struct remembered_answer {
    uuid caller;
    str key;
    str fingerprint; /* of method, path, query and body */
    int64_t status;  /* 0: not answered yet */
    uuid subject;    /* what the answer waits for */
    str body;
    str location;
    str etag;
    uuid session_id; /* a sign-in: its cookie is signed anew, never stored */
    uuid session_user_id;
    instant session_expires_at;
    instant created_at;
    int64_t max;
};

static const struct field remembered_fields[] = {
    FIELD(struct remembered_answer, caller),
    FIELD(struct remembered_answer, key),
    FIELD(struct remembered_answer, fingerprint),
    FIELD(struct remembered_answer, status),
    FIELD_OPT(struct remembered_answer, subject),
    FIELD_OPT(struct remembered_answer, body),
    FIELD_OPT(struct remembered_answer, location),
    FIELD_OPT(struct remembered_answer, etag),
    FIELD_OPT(struct remembered_answer, session_id),
    FIELD_OPT(struct remembered_answer, session_user_id),
    FIELD_OPT(struct remembered_answer, session_expires_at),
    FIELD(struct remembered_answer, created_at),
    FIELD(struct remembered_answer, max),
    FIELDS_END,
};

#define COLUMNS                                                                    \
    "caller, key, fingerprint, status, subject, body, location, etag, session_id," \
    " session_user_id, session_expires_at, created_at"

const struct query idempotency_find = {
    "select " COLUMNS " from idempotency_keys where caller = $caller and key = $key",
    .in = remembered_fields,
    .out = remembered_fields,
};

const struct query idempotency_insert = {
    "insert into idempotency_keys (" COLUMNS ") values ($caller, $key, $fingerprint, $status,"
    " $subject, $body, $location, $etag, $session_id, $session_user_id, $session_expires_at,"
    " $created_at)",
    .in = remembered_fields,
};

const struct query idempotency_update = {
    "update idempotency_keys set status = $status, subject = $subject, body = $body,"
    " location = $location, etag = $etag, session_id = $session_id,"
    " session_user_id = $session_user_id, session_expires_at = $session_expires_at"
    " where caller = $caller and key = $key",
    .in = remembered_fields,
};

const struct query idempotency_delete = {
    "delete from idempotency_keys where caller = $caller and key = $key",
    .in = remembered_fields,
};

/* One of more than a day ago, and only such a one: somebody may have used the key this very moment.
 */
const struct query idempotency_delete_outdated = {
    "delete from idempotency_keys where caller = $caller and key = $key"
    " and created_at < $created_at",
    .in = remembered_fields,
};

const struct query idempotency_delete_old = {
    "delete from idempotency_keys where (caller, key) in (select caller, key from"
    " idempotency_keys where created_at < $created_at order by created_at limit $max)",
    .in = remembered_fields,
};

#define FORGET_BATCH 200

err idempotency_forget_old(struct op *op, bool *ret_more)
{
    struct remembered_answer row = {
        .created_at = instant_before(op->now, hours(24)),
        .max = FORGET_BATCH,
    };
    int64_t touched;
    TRY(sql_run_any(op, &idempotency_delete_old, &row, &touched));
    *ret_more = touched == FORGET_BATCH;
    return OK;
}

/* Callers have their keys to themselves; those who are not signed in, by their address. */
static str scoped_key(struct op *op, const struct request *request)
{
    str key = request->header[HEADER_idempotency_key];
    if (!uuid_is_absent(op->caller.user))
        return key;
    struct buf scoped = buf_in(op->arena, key.size + request->client.size + 1);
    buf_add(&scoped, request->client);
    buf_add_char(&scoped, ' ');
    buf_add(&scoped, key);
    return buf_str(&scoped);
}

/* Of a body that may hold a password: without our key nobody can try passwords against it. */
static str fingerprint_of(struct op *op, const struct request *request)
{
    const str parts[] = {
        str_of(method_names[request->method]),
        request->path,
        request->query,
        request->body,
    };
    uint8_t mac[DIGEST_SIZE];
    hmac_sha256(op->settings->jwt_key, digest(op->arena, parts, 4), mac);
    return base64url_encode(op->arena, (str){ (const char *)mac, sizeof mac });
}

static struct remembered_answer identify(struct op *op, const struct request *request)
{
    return (struct remembered_answer){
        .caller = op->caller.user,
        .key = scoped_key(op, request),
        .fingerprint = fingerprint_of(op, request),
        .created_at = op->now,
    };
}

static void replay(struct response *response, const struct remembered_answer *row)
{
    response->status = (int)row->status;
    response->body = row->body;
    if (row->location.data != NULL)
        response_add(response, "Location", row->location);
    if (row->etag.data != NULL)
        response_add(response, "ETag", row->etag);
    if (!uuid_is_absent(row->session_id)) {
        response->session_change = SESSION_STARTED;
        response->session = (struct session){
            .id = row->session_id,
            .user = row->session_user_id,
            .expires_at = row->session_expires_at,
        };
    }
    response_add(response, "Idempotency-Replayed", S("true"));
}

err idempotency_recall(struct op *op, const struct request *request, struct response *response,
                       enum remembered *ret_remembered)
{
    struct remembered_answer asked = identify(op, request);
    struct remembered_answer row = asked;
    err found = sql_one(op, &idempotency_find, &asked, &row);
    if (err_is(found, STATUS_NOT_FOUND) ||
        (found.problem == NULL && row.created_at.ms < instant_before(op->now, hours(24)).ms)) {
        *ret_remembered = REMEMBERED_NOTHING;
        return OK;
    }
    TRY(found);

    if (!str_equal(row.fingerprint, asked.fingerprint)) {
        *ret_remembered = REMEMBERED_OTHER;
    } else if (row.status == 0) {
        *ret_remembered = REMEMBERED_WAITING;
        response->wait.subject = row.subject;
    } else {
        *ret_remembered = REMEMBERED_ANSWER;
        replay(response, &row);
    }
    return OK;
}

/* Still in progress, whether or not its client was told so: a retry asks for what came of it. */
static bool is_waiting(const struct response *response)
{
    return response->status == 0 ||
           (response->status == STATUS_ACCEPTED && !uuid_is_absent(response->wait.subject));
}

/* What a retry may better is not kept: not signed in, still in progress, too many, our fault. */
static bool is_kept(const struct response *response)
{
    int status = response->status;
    return is_waiting(response) || (status != STATUS_UNAUTHORIZED && status != STATUS_ACCEPTED &&
                                    status != STATUS_TOO_MANY && status < 500);
}

static struct remembered_answer describe(struct op *op, const struct request *request,
                                         const struct response *response)
{
    struct remembered_answer row = identify(op, request);
    if (is_waiting(response)) {
        row.subject = response->wait.subject;
        return row;
    }
    row.status = response->status;
    row.body = response->body;
    row.location = response_header(response, "Location");
    row.etag = response_header(response, "ETag");
    if (response->session_change == SESSION_STARTED) {
        row.session_id = response->session.id;
        row.session_user_id = response->session.user;
        row.session_expires_at = response->session.expires_at;
    }
    return row;
}

err idempotency_remember(struct op *op, const struct request *request,
                         const struct response *response)
{
    if (!is_kept(response))
        return OK;
    struct remembered_answer row = describe(op, request, response);
    struct remembered_answer outdated = row;
    outdated.created_at = instant_before(op->now, hours(24));
    TRY(sql_run_any(op, &idempotency_delete_outdated, &outdated, NULL));
    /* The same key at the same moment: the other one's answer will be found next time. */
    TRY_OR(sql_run(op, &idempotency_insert, &row), STATUS_CONFLICT, problem_stale);
    return OK;
}

err idempotency_settle(struct op *op, const struct request *request,
                       const struct response *response)
{
    struct remembered_answer row = describe(op, request, response);
    if (!is_kept(response))
        return sql_run_any(op, &idempotency_delete, &row, NULL);
    return sql_run_any(op, &idempotency_update, &row, NULL);
}
