/* Requests, from the door to the answer: route, who asks, idempotency, handler, delivery. */
#include "base/text.h"
#include "host/parts.h"

static const struct problem card_number = {
    .status = STATUS_INVALID,
    .message = "This looks like a payment card number; card data is never sent here",
};
static const struct problem other_site = {
    .status = STATUS_FORBIDDEN,
    .message = "This request came from another site",
};
static const struct problem bad_key = {
    .status = STATUS_INVALID,
    .message = "Idempotency-Key must be 1 to 255 printable ASCII characters",
};
static const struct problem key_reused = {
    .status = STATUS_UNPROCESSABLE,
    .message = "This Idempotency-Key was used for another request",
};
static const struct problem no_such_path = {
    .status = STATUS_NOT_FOUND,
    .message = "Not found",
};
static const struct problem no_such_method = {
    .status = STATUS_METHOD_NOT_ALLOWED,
    .message = "This method is not allowed here",
};
static const struct problem try_again = {
    .status = STATUS_UNAVAILABLE,
    .message = "Not ready yet, please try again",
    .retry_after_s = 1,
};

/* ---- the door ---- */

static bool is_request_id(str id)
{
    if (id.size == 0 || id.size > REQUEST_ID_MAX)
        return false;
    for (size_t i = 0; i < id.size; i++) {
        char c = id.data[i];
        bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        if (!letter && !(c >= '0' && c <= '9') && c != '-' && c != '_' && c != '.')
            return false;
    }
    return true;
}

/* Fills the response with a problem, and everything that goes with a response. */
static void refuse(struct op *op, const struct request *request, struct response *response,
                   const struct problem *problem)
{
    if (problem->status == STATUS_NOT_YET)
        problem = &try_again;
    *response = (struct response){ .wait = response->wait };
    reply_problem(op, response, problem);
    response_finish(op, request, response);
}

bool route_is_read(const struct route *route)
{
    return route->method == GET;
}

/* People lose their way too; programs, which do not ask for HTML, get the envelope. */
static bool wants_page(const struct host *host, const struct request *request)
{
    bool reads = request->method == GET || request->method == HEAD;
    str accept = request->header[HEADER_accept];
    return host->lost != NULL && reads && !str_starts(request->path, S("/api/")) &&
           accept.data != NULL && memmem(accept.data, accept.size, "text/html", 9) != NULL;
}

static const struct route *instead(const struct host *host, struct request *request,
                                   const struct problem *problem)
{
    request->problem = problem;
    request->access = host->lost->access;
    return host->lost;
}

/* Forms come from our own pages, signed in or not: nobody is signed in as another by a stranger's
 * page.  What a form says is the API's to judge, card numbers too. */
static const struct route *admit_to_page(const struct host *host, const struct route *route,
                                         struct request *request)
{
    if (!route_is_read(route) && !request_is_same_origin(request, host->settings->base_url))
        return instead(host, request, &other_site);
    return route;
}

/* What changes something looks whether another site is behind it, whoever asks. */
static bool looks_who_asks(const struct route *route)
{
    return route->access != ANYONE || !route_is_read(route);
}

const struct route *host_route(const struct host *host, struct op *op, struct request *request,
                               struct response *response)
{
    op->settings = host->settings;
    str id = request->header[HEADER_x_request_id];
    bool is_fine = is_request_id(id) && !text_has_card_number(id); /* it will be logged */
    op->correlation = is_fine ? id : uuid_text(op->arena, op_new_id(op));

    str allow = { NULL, 0 };
    const struct route *route =
        route_find(op->arena, host->routes, host->route_table_count, request, &allow);
    if (route == NULL && allow.data == NULL && wants_page(host, request))
        return instead(host, request, &no_such_path);
    if (route != NULL && route_is_page(route))
        return admit_to_page(host, route, request);
    if (route == NULL) {
        refuse(op, request, response, allow.data ? &no_such_method : &no_such_path);
        if (allow.data != NULL)
            response_add(response, "Allow", allow);
        return NULL;
    }
    if (request_has_card_number(op->arena, request)) {
        refuse(op, request, response, &card_number);
        return NULL;
    }
    if (looks_who_asks(route))
        session_read_signer(op, request);
    return route;
}

static err admit(struct op *op, const struct route *route, const struct request *request)
{
    if (looks_who_asks(route))
        TRY(session_caller(op, request, &op->caller));
    if (!route_is_read(route) && request->signed_by_cookie &&
        !request_is_same_origin(request, op->settings->base_url))
        return FAIL(other_site);
    if (route->access == SIGNED_IN && uuid_is_absent(op->caller.user))
        return FAIL(problem_unauthorized);
    if (route->access == ANYONE)
        op->caller = (struct caller){ .user = { { 0 } } };
    return OK;
}

/* ---- the handler ---- */

/* Runs a handler and delivers what it told; if the answer waits for that, looks again at once. */
static err run_handler(const struct host *host, struct op *op, const struct route *route,
                       route_handler *handler, const struct request *request,
                       struct response *response)
{
    TRY(handler(op, request, response));
    if (route_is_read(route))
        return OK;
    size_t told = op->emitted ? op->emitted->count : 0;
    TRY(host_deliver(host, op));
    if (response->status != 0 || told == 0)
        return OK;
    TRY(route->answer(op, request, response));
    return host_deliver(host, op);
}

static bool has_key(const struct route *route, const struct request *request)
{
    return !route_is_read(route) && request->header[HEADER_idempotency_key].data != NULL;
}

static bool is_key(str key)
{
    for (size_t i = 0; i < key.size; i++) {
        if (key.data[i] < ' ' || key.data[i] > '~')
            return false;
    }
    return key.size >= 1 && key.size <= IDEMPOTENCY_KEY_MAX;
}

/* Runs the handler; a refusal becomes the response, and undoes what the handler wrote.  Only what
 * must be run again, or is our own fault, comes back as an error. */
static err run_undoable(const struct host *host, struct op *op, const struct route *route,
                        route_handler *handler, const struct request *request,
                        struct response *response)
{
    TRY(sql_mark(op));
    err e = run_handler(host, op, route, handler, request, response);
    if (e.problem == NULL)
        return sql_keep(op);
    if (e.problem->status == STATUS_STALE || e.problem->status == STATUS_BROKEN)
        return e;
    TRY(sql_undo(op));
    op->emitted = NULL;
    *response = (struct response){ .wait = response->wait };
    reply_problem(op, response, e.problem->status == STATUS_NOT_YET ? &try_again : e.problem);
    return OK;
}

static err answer_once(const struct host *host, struct op *op, const struct route *route,
                       const struct request *request, struct response *response)
{
    if (!is_key(request->header[HEADER_idempotency_key]))
        return FAIL(bad_key);

    enum remembered remembered;
    TRY(idempotency_recall(op, request, response, &remembered));
    switch (remembered) {
    case REMEMBERED_ANSWER:
        return OK;
    case REMEMBERED_OTHER:
        return FAIL(key_reused);
    case REMEMBERED_WAITING:
        TRY(run_undoable(host, op, route, route->answer, request, response));
        return idempotency_settle(op, request, response);
    case REMEMBERED_NOTHING:
        break;
    }
    TRY(run_undoable(host, op, route, route->handle, request, response));
    return idempotency_remember(op, request, response);
}

/* An error that leaves the program, or STALE, which does not. */
static err finish(struct op *op, const struct request *request, struct response *response, err e)
{
    if (err_is(e, STATUS_STALE))
        return e;
    if (e.problem != NULL)
        refuse(op, request, response, e.problem);
    else if (response->status != 0)
        response_finish(op, request, response);
    return e;
}

static err answer(const struct host *host, struct op *op, const struct route *route,
                  const struct request *request, struct response *response)
{
    TRY(admit(op, route, request));
    if (has_key(route, request))
        return answer_once(host, op, route, request, response);
    return run_handler(host, op, route, route->handle, request, response);
}

err host_answer(const struct host *host, struct op *op, const struct route *route,
                const struct request *request, struct response *response)
{
    *response = (struct response){ .status = 0 };
    return finish(op, request, response, answer(host, op, route, request, response));
}

static err resume(const struct host *host, struct op *op, const struct route *route,
                  const struct request *request, struct response *response)
{
    if (!has_key(route, request))
        return run_handler(host, op, route, route->answer, request, response);

    enum remembered remembered;
    TRY(idempotency_recall(op, request, response, &remembered));
    if (remembered == REMEMBERED_ANSWER)
        return OK;
    TRY(run_undoable(host, op, route, route->answer, request, response));
    return idempotency_settle(op, request, response);
}

err host_resume(const struct host *host, struct op *op, const struct route *route,
                const struct request *request, struct response *response)
{
    assert(route->answer != NULL);
    *response = (struct response){ .wait = response->wait };
    err e = finish(op, request, response, resume(host, op, route, request, response));
    assert(response->status != 0 || !response->wait.late || err_is(e, STATUS_STALE));
    return e;
}

static err prepare(const struct host *host, struct op *op, const struct route *route,
                   const struct request *request, struct work *work)
{
    (void)host;
    TRY(admit(op, route, request));
    if (has_key(route, request)) {
        /* Answered before: host_answer() will say so, whatever it takes to do it again. */
        struct response ignored = { .status = 0 };
        enum remembered remembered;
        TRY(idempotency_recall(op, request, &ignored, &remembered));
        if (remembered != REMEMBERED_NOTHING)
            return OK;
    }
    return route->prepare(op, request, work);
}

bool host_prepare(const struct host *host, struct op *op, const struct route *route,
                  const struct request *request, struct work *work, struct response *response)
{
    assert(route->prepare != NULL);
    *work = (struct work){ .kind = WORK_NONE };
    *response = (struct response){ .status = 0 };
    err e = prepare(host, op, route, request, work);
    if (e.problem == NULL)
        return true;
    refuse(op, request, response, e.problem);
    return false;
}
