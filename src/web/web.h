/* HTTP as values: a request comes in, a response goes out, and no socket is in sight. */
#ifndef WEB_WEB_H
#define WEB_WEB_H

#include "base/base.h"
#include "base/json.h"

/* ---- requests ---- */

enum method { GET, HEAD, POST, PUT, PATCH, DELETE, METHODS };
extern const char *const method_names[]; /* then NULL */

enum header {
#define HEADER(name, text) HEADER_##name,
#include "web/headers.def"
#undef HEADER
    HEADERS
};
extern const char *const header_names[HEADERS];

#define PATH_PARAMS_MAX 2

enum access {
    ANYONE,    /* nobody looks who asks */
    MAYBE,     /* op->caller is set if somebody is signed in */
    SIGNED_IN, /* 401 otherwise */
};

/* Slow work on a password, done between two operations on a thread of its own.
 *
 * HASH:   password is hashed into hash; ok if that worked (it may lack memory).
 * VERIFY: password is compared with hash; ok if it is the one.  Then new_password, unless it is
 *         absent, is hashed into new_hash, which stays absent if that did not work.
 * What is made lives in the request's arena. */
enum work_kind { WORK_NONE, WORK_HASH, WORK_VERIFY };

struct work {
    enum work_kind kind;
    str password;
    str hash;
    str new_password;
    str new_hash;
    bool ok;
    bool undone; /* there was no time for it, or no memory: it says nothing of the password */
};

struct asks;

struct request {
    enum method method;
    str path;  /* percent-decoded, valid UTF-8, no NUL; begins with / */
    str query; /* as sent, without ?; absent if there was none */
    str body;
    str header[HEADERS]; /* absent if not sent */
    str client;          /* the address that the request came from, as text */
    bool https;          /* as the client sees it */
    /* Filled by route_find(): */
    str params[PATH_PARAMS_MAX]; /* what stood at :names in the route's path */
    enum access access;          /* of the route; ANYONE if there is none */
    const struct work *work;     /* done before this operation, or NULL */
    /* For pages: */
    const struct asks *asks;       /* what plan() asked, and the answers */
    uuid fresh;                    /* an id that nobody has had: for the forms of this page */
    const struct problem *problem; /* show this instead of what was asked for; or NULL */
    /* Filled by host_route(), if the route looks who asks: */
    struct caller signer;  /* whose token came with it, or nobody: his session may be revoked */
    instant signed_until;  /* when that token expires */
    bool signed_by_cookie; /* the browser vouched by itself: another site may have made it do so */
};

/* ---- responses ---- */

struct response_header {
    const char *name;
    str value;
};

struct response;
/* Handlers fill the response and return OK, or return the problem and leave it untouched. */
typedef err route_handler(struct op *op, const struct request *request, struct response *response);

/* An answer that is not known yet: the route's `answer` runs again, in an operation of its own,
 * whenever an event of that aggregate commits, and once when `until` has passed (then late is true
 * and it must answer). */
struct wait {
    uuid subject;
    instant until;
    bool late;
};

/* A sign-in that goes with this response: becomes the session cookie. */
struct session {
    uuid id;
    uuid user;
    instant expires_at;
    /* Or one that the API has signed already, for so long: */
    str token;
    int64_t age_s;
};

/* An answer that goes on: changes of a ticket, or of any, as they commit (text/event-stream). */
struct watch {
    bool on;
    uuid ticket;   /* absent: all */
    int64_t after; /* the number of the last change that the client knows; 0: */
    instant since; /* what came since then; absent: what comes from now on */
};

enum session_change { SESSION_KEPT, SESSION_STARTED, SESSION_ENDED };

struct response {
    int status;       /* 0: not answered yet, see wait */
    str content_type; /* absent: application/json; charset=utf-8 */
    str body;
    struct response_header headers[RESPONSE_HEADERS_MAX];
    size_t header_count;
    enum session_change session_change;
    struct session session;
    struct wait wait;
    struct watch watch;
    /* Only the Stripe simulator misbehaves on purpose: */
    duration delay;     /* before the answer is sent */
    bool drop;          /* close the connection without an answer */
    size_t truncate_to; /* unless 0: send only so many bytes of the body, then close */
};

/* ---- pages: clients of the API ---- */

/* A request that a page makes of the API, in the name of who looks at it. */
struct ask {
    enum method method;
    str path;
    str query;                /* absent: none */
    str body;                 /* JSON; absent: none */
    str key;                  /* its Idempotency-Key; absent: none */
    str if_match;             /* absent: none */
    struct response response; /* once it is answered */
};

#define ASKS_MAX 8

struct asks {
    struct ask list[ASKS_MAX];
    size_t count;
};

void response_add(struct response *response, const char *name, str value);
str response_header(const struct response *response, const char *name); /* absent if none */

/* ---- routes ---- */

/* A path such as /api/tickets/:id.  GET runs on a read-only snapshot, everything else in the
 * writer's transaction.
 *
 * prepare, unless NULL, runs first, as a read: it may ask for slow work by filling *work (its kind
 * is WORK_NONE otherwise) and handle then runs with request->work; or fail, and handle never runs.
 * What prepare saw may have changed when handle runs: handle checks again. */
struct route {
    enum method method;
    const char *path;
    enum access access;
    route_handler *handle;
    err (*prepare)(struct op *op, const struct request *request, struct work *work);
    /* For handlers that use reply_later(): response->wait.subject says about what.  It answers, or
     * calls reply_later() again. */
    route_handler *answer;
    /* A page: plan adds what it must ask of the API, and is called again when that is answered,
     * until it adds nothing.  Then handle runs with request->asks.  Both have neither transaction
     * nor caller nor entropy: the API decides what may be seen and done, page by page.  GET may
     * only ask with GET. */
    void (*plan)(struct op *op, const struct request *request, struct asks *asks);
};

/* clang-format off */
#define ROUTES_END { .path = NULL }
/* clang-format on */

/* Finds the route, the first that fits, and fills request->params and access.  When the path is
 * known but not with this method, *ret_allow is the Allow header's value (HEAD is allowed where GET
 * is, and finds GET's route).  NULL if none. */
const struct route *route_find(struct arena *arena, const struct route *const *tables, size_t count,
                               struct request *request, str *ret_allow);

/* ---- reading requests ---- */

/* The body as JSON by a form's rules.  UNSUPPORTED unless Content-Type is application/json (or
 * +json); an empty body reads as {}. */
err read_json(struct op *op, const struct request *request, const struct field *form_fields,
              void *form, uint64_t *ret_present);
/* The query string by a form's rules. */
err read_query(struct op *op, const struct request *request, const struct field *form_fields,
               void *form, uint64_t *ret_present);
/* application/x-www-form-urlencoded into name and text pairs, decoded; INVALID if it is not (bad
 * percent escapes, invalid UTF-8, NUL, more than max pairs). */
err form_decode(struct arena *arena, str encoded, size_t max, struct form_text **ret_texts,
                size_t *ret_count);
/* Adds name=value to a form body or query under construction, percent-encoded, with & between. */
void form_add(struct buf *buf, str name, str value);
/* The path parameter at `at` as an id; NOT_FOUND if it cannot be one. */
err read_id(const struct request *request, size_t at, uuid *ret_id);
/* A cookie by name, absent if there is none. */
str read_cookie(const struct request *request, const char *name);
/* The session token of the Authorization: Bearer header or else of the cookie; *ret_by_cookie says
 * which. */
str read_session_token(const struct request *request, bool *ret_by_cookie);

/* limit and cursor of a list, as every list takes them; INVALID beyond their bounds.  The cursor is
 * an opaque text that page_next() made for the same `kind` of list (its sort and filters, in a few
 * words). */
struct page {
    int64_t limit;
    bool after; /* there is a cursor: continue behind (key, id) */
    int64_t key;
    uuid id;
};
err read_page(struct op *op, const struct request *request, str kind, struct page *ret_page);
/* Adds Link: <…>; rel="next" with the request's own query and a new cursor. */
void page_next(struct op *op, const struct request *request, struct response *response, str kind,
               int64_t key, uuid id);

/* ---- writing responses ---- */

err reply_json(struct op *op, struct response *response, enum status status,
               const struct field *fields, const void *record);
err reply_rows(struct op *op, struct response *response, const struct field *fields,
               size_t item_size, const struct rows *rows);
err reply_text(struct response *response, enum status status, str json); /* JSON as it stands */
err reply_nothing(struct response *response, enum status status);
/* Location: path followed by the id. */
void reply_location(struct op *op, struct response *response, const char *path, uuid id);
/* Not known yet: see struct wait.  Keeps a deadline that is already set; else it is
 * settings->answer_wait. */
err reply_later(struct op *op, struct response *response, uuid subject);
/* {"errors":[{message, field}]} with the status of the first, and Retry-After if it says so. */
void reply_problem(struct op *op, struct response *response, const struct problem *problem);
/* ETag from a version, and 304 if the request's If-None-Match has it: then true and the reply is
 * done. */
bool reply_etag(struct op *op, const struct request *request, struct response *response,
                int64_t version);
/* If-Match against a version: CONFLICT if it names another; INVALID if it is no ETag of ours. */
err check_if_match(const struct request *request, int64_t version);

/* Whether a request that changes something and is signed by the cookie came from this site's own
 * pages: Sec-Fetch-Site, else Origin against base_url and Host; neither is sent by non-browsers
 * (OWASP CSRF). */
bool request_is_same_origin(const struct request *request, str base_url);
/* Whether the answer may be compressed. */
bool request_accepts_gzip(const struct request *request);

/* Set-Cookie, caching and security headers, X-Request-Id: what goes with every response; call it
 * once.  Keeps a Cache-Control, Referrer-Policy or Content-Security-Policy that is there. */
void response_finish(struct op *op, const struct request *request, struct response *response);

#endif
