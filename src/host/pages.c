/* Pages: what they ask of the API is asked in the visitor's name, as if it had come from outside.
 */
#include "host/host.h"

bool route_is_page(const struct route *route)
{
    return route->plan != NULL;
}

void page_begin(struct page_visit *visit, const struct host *host, struct op *op,
                const struct route *route, struct request *request, struct response *response)
{
    *visit = (struct page_visit){
        .host = host,
        .route = route,
        .request = request,
        .response = response,
    };
    request->fresh = op_new_id(op);
}

/* The cookie is the visitor's word to us; to the API we give it as a token, so that nothing but the
 * page itself was vouched for by a browser. */
static str authorization(struct op *op, const struct request *request)
{
    bool by_cookie;
    str token = read_session_token(request, &by_cookie);
    if (token.data == NULL)
        return (str){ NULL, 0 };
    struct buf header = buf_in(op->arena, token.size + 8);
    buf_add(&header, S("Bearer "));
    buf_add(&header, token);
    return buf_str(&header);
}

static struct request request_of(struct op *op, const struct page_visit *visit,
                                 const struct ask *ask)
{
    struct request request = {
        .method = ask->method,
        .path = ask->path,
        .query = ask->query,
        .body = ask->body.data != NULL ? ask->body : S(""),
        .client = visit->request->client,
        .https = visit->request->https,
    };
    if (ask->body.data != NULL)
        request.header[HEADER_content_type] = S("application/json");
    request.header[HEADER_idempotency_key] = ask->key;
    request.header[HEADER_if_match] = ask->if_match;
    request.header[HEADER_authorization] = authorization(op, visit->request);
    request.header[HEADER_x_request_id] = op->correlation;
    return request;
}

static void finish(struct page_visit *visit, struct op *op)
{
    struct response *response = visit->response;
    *response = (struct response){ .status = 0 };
    err shown = visit->route->handle(op, visit->request, response);
    if (shown.problem != NULL)
        reply_problem(op, response, shown.problem);
    /* Whoever signed in, or out, did it here. */
    for (size_t i = 0; i < visit->asks.count; i++) {
        const struct response *answer = &visit->asks.list[i].response;
        if (answer->session_change == SESSION_KEPT)
            continue;
        response->session_change = answer->session_change;
        response->session = answer->session;
    }
    response_finish(op, visit->request, response);
}

struct ask *page_go_on(struct page_visit *visit, struct op *op)
{
    op->caller = (struct caller){ .user = { { 0 } } };
    op->random = NULL;
    op->emitted = NULL;
    visit->request->asks = &visit->asks;
    if (visit->answered == visit->asks.count)
        visit->route->plan(op, visit->request, &visit->asks);
    assert(visit->asks.count <= ASKS_MAX);
    if (visit->answered == visit->asks.count) {
        finish(visit, op);
        return NULL;
    }
    struct ask *ask = &visit->asks.list[visit->answered++];
    assert(ask->method == GET || !route_is_read(visit->route));
    visit->asked = request_of(op, visit, ask);
    return ask;
}

/* One request of a page, on the page's own snapshot. */
static void read_for_page(struct page_visit *visit, struct op op, struct ask *ask)
{
    const struct route *route = host_route(visit->host, &op, &visit->asked, &ask->response);
    if (route == NULL)
        return;
    assert(route_is_read(route) && !route_is_page(route));
    err answered = host_answer(visit->host, &op, route, &visit->asked, &ask->response);
    assert(!err_is(answered, STATUS_STALE));
}

void host_show(const struct host *host, struct op *op, const struct route *route,
               struct request *request, struct response *response)
{
    struct page_visit *visit = ARENA_NEW(op->arena, struct page_visit);
    struct random *random = op->random;
    page_begin(visit, host, op, route, request, response);
    for (struct ask *ask; (ask = page_go_on(visit, op)) != NULL;) {
        struct op inner = *op;
        inner.random = random;
        read_for_page(visit, inner, ask);
    }
    op->random = random;
}
