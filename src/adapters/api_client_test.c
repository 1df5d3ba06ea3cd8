#include "tests/test.h"

#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>

#include "adapters/api_client.h"
#include "adapters/http_server.h"

/* ---- an API that behaves as its path says ---- */

struct api {
    struct http_server *server;
    char url[64];
    struct request seen; /* the last one */
    struct arena arena;  /* of its texts */
    struct http_exchange *kept;
    sem_t arrived; /* once for each request, when it can be looked at */
};

static void remember(struct api *api, const struct request *request)
{
    api->seen = (struct request){ .method = request->method };
    api->seen.path = str_of(str_terminated(&api->arena, request->path));
    api->seen.query = str_of(str_terminated(&api->arena, request->query));
    api->seen.body = str_of(str_terminated(&api->arena, request->body));
    for (size_t i = 0; i < HEADERS; i++)
        if (request->header[i].data != NULL)
            api->seen.header[i] = str_of(str_terminated(&api->arena, request->header[i]));
}

static void misbehave(struct http_exchange *exchange)
{
    struct response *response = &exchange->response;
    str path = exchange->request.path;
    response->drop = str_is(path, "/drop");
    if (str_is(path, "/cut"))
        response->truncate_to = 3;
    if (str_is(path, "/large"))
        response->body = (str){ arena_take(&exchange->arena, 2 << 20), 2 << 20 };
    if (str_is(path, "/out"))
        response_add(response, "Set-Cookie", S("session=; Path=/; HttpOnly; Max-Age=0"));
    if (str_is(path, "/in"))
        response_add(response, "Set-Cookie", S("session=a.b-c_d; Path=/; Max-Age=60; Secure"));
    if (str_is(path, "/other"))
        response_add(response, "Set-Cookie", S("colour=blue; Max-Age=60"));
}

static void arrived(void *context, void *thread_context, struct http_exchange *exchange)
{
    (void)thread_context;
    struct api *api = context;
    struct response *response = &exchange->response;
    bool keeps = str_is(exchange->request.path, "/keep");
    if (keeps)
        api->kept = exchange;
    remember(api, &exchange->request);
    sem_post(&api->arrived);
    if (keeps)
        return;
    response->status = STATUS_CREATED;
    response->body = S("{\"id\":1}");
    response_add(response, "Location", S("/api/tickets/1"));
    response_add(response, "ETag", S("\"7\""));
    response_add(response, "Link", S("</api/tickets?cursor=x>; rel=\"next\""));
    response_add(response, "Retry-After", S("3"));
    misbehave(exchange);
    http_reply(exchange);
}

static const struct http_handler api_handler = { .arrived = arrived };

static struct api *api_start(void)
{
    struct api *api = calloc(1, sizeof *api);
    assert_non_null(api);
    sem_init(&api->arrived, 0, 0);
    const struct http_options options = { .listen = "127.0.0.1:0",
                                          .handler = &api_handler,
                                          .context = api };
    char why[200];
    api->server = http_server_start(&options, why, sizeof why);
    assert_non_null(api->server);
    snprintf(api->url, sizeof api->url, "http://%s", http_server_address(api->server));
    return api;
}

static void api_end(struct api *api)
{
    if (api->kept != NULL) {
        api->kept->response.status = STATUS_OK;
        http_reply(api->kept);
    }
    http_server_stop(api->server, seconds(5));
    http_server_free(api->server);
    arena_free(&api->arena);
    sem_destroy(&api->arrived);
    free(api);
}

/* ---- one call ---- */

struct made {
    struct arena arena;
    struct request request;
    struct response response;
    sem_t done;
};

static void done(void *context)
{
    sem_post(context);
}

static bool submit(struct api_client *client, struct made *made)
{
    sem_init(&made->done, 0, 0);
    return api_client_submit(client, &made->request, &made->arena, &made->response, done,
                             &made->done);
}

static void make(struct api_client *client, struct made *made)
{
    assert_true(submit(client, made));
    sem_wait(&made->done);
}

static int status_of(struct api_client *client, const char *path)
{
    struct made made = { .request = { .path = str_of(path) } };
    make(client, &made);
    int status = made.response.status;
    arena_free(&made.arena);
    return status;
}

static struct api_client *open_to(const char *url)
{
    const struct api_client_options options = { .base_url = url, .agent = "usher/test" };
    struct api_client *client = api_client_open(&options);
    assert_non_null(client);
    return client;
}

static void close_both(struct api_client *client, struct api *api)
{
    api_client_stop(client);
    api_client_free(client);
    api_end(api);
}

static void assert_text(str text, const char *expected)
{
    if (!str_is(text, expected))
        fail_msg("\"%.*s\", expected \"%s\"", (int)text.size, text.data ? text.data : "", expected);
}

TEST(a_request_goes_out_as_the_page_asked_it_and_says_who_asks)
{
    struct api *api = api_start();
    struct api_client *client = open_to(api->url);
    struct made made = { .request = { .method = PATCH,
                                      .path = S("/api/tickets/a b?é%"),
                                      .query = S("q=%C3%A9+x&y=a b\n"),
                                      .body = S("{\"title\":\"x\"}"),
                                      .client = S("192.0.2.7"),
                                      .https = true } };
    made.request.header[HEADER_authorization] = S("Bearer a.b.c");
    made.request.header[HEADER_content_type] = S("application/json");
    made.request.header[HEADER_idempotency_key] = S("key-1");
    made.request.header[HEADER_if_match] = S("\"3\"");
    made.request.header[HEADER_x_request_id] = S("request-1");
    made.request.header[HEADER_cookie] = S("session=a.b.c");
    make(client, &made);
    sem_wait(&api->arrived);
    assert_int_equal(api->seen.method, PATCH);
    assert_text(api->seen.path, "/api/tickets/a b?é%");
    assert_text(api->seen.query, "q=%C3%A9+x&y=a%20b%0A");
    assert_text(api->seen.body, "{\"title\":\"x\"}");
    assert_text(api->seen.header[HEADER_authorization], "Bearer a.b.c");
    assert_text(api->seen.header[HEADER_content_type], "application/json");
    assert_text(api->seen.header[HEADER_idempotency_key], "key-1");
    assert_text(api->seen.header[HEADER_if_match], "\"3\"");
    assert_text(api->seen.header[HEADER_x_request_id], "request-1");
    assert_text(api->seen.header[HEADER_x_forwarded_for], "192.0.2.7");
    assert_text(api->seen.header[HEADER_x_forwarded_proto], "https");
    assert_text(api->seen.header[HEADER_accept], "application/json");
    assert_null(api->seen.header[HEADER_cookie].data);
    arena_free(&made.arena);
    close_both(client, api);
}

TEST(what_could_become_a_header_of_its_own_is_not_sent)
{
    struct api *api = api_start();
    struct api_client *client = open_to(api->url);
    struct made made = { .request = { .method = POST, .path = S("/x"), .body = S("") } };
    made.request.header[HEADER_authorization] = S("Bearer a\r\nIf-Match: \"1\"");
    make(client, &made);
    sem_wait(&api->arrived);
    assert_int_equal(api->seen.method, POST);
    assert_null(api->seen.header[HEADER_authorization].data);
    assert_null(api->seen.header[HEADER_if_match].data);
    assert_null(api->seen.header[HEADER_content_type].data);
    arena_free(&made.arena);
    close_both(client, api);
}

TEST(an_answer_has_what_pages_read)
{
    struct api *api = api_start();
    struct api_client *client = open_to(api->url);
    struct made made = { .request = { .path = S("/x") } };
    make(client, &made);
    const struct response *response = &made.response;
    assert_int_equal(response->status, STATUS_CREATED);
    assert_text(response->body, "{\"id\":1}");
    assert_text(response->content_type, "application/json; charset=utf-8");
    assert_text(response_header(response, "Location"), "/api/tickets/1");
    assert_text(response_header(response, "ETag"), "\"7\"");
    assert_text(response_header(response, "Link"), "</api/tickets?cursor=x>; rel=\"next\"");
    assert_text(response_header(response, "Retry-After"), "3");
    assert_int_equal(response->session_change, SESSION_KEPT);
    arena_free(&made.arena);
    close_both(client, api);
}

TEST(a_session_that_the_api_begins_or_ends_goes_with_the_answer)
{
    struct api *api = api_start();
    struct api_client *client = open_to(api->url);
    struct made in = { .request = { .method = POST, .path = S("/in") } };
    struct made out = { .request = { .method = POST, .path = S("/out") } };
    struct made other = { .request = { .method = POST, .path = S("/other") } };
    make(client, &in);
    make(client, &out);
    make(client, &other);
    assert_int_equal(in.response.session_change, SESSION_STARTED);
    assert_text(in.response.session.token, "a.b-c_d");
    assert_int_equal(in.response.session.age_s, 60);
    assert_int_equal(out.response.session_change, SESSION_ENDED);
    assert_int_equal(other.response.session_change, SESSION_KEPT);
    arena_free(&in.arena);
    arena_free(&out.arena);
    arena_free(&other.arena);
    close_both(client, api);
}

TEST(without_a_whole_answer_there_is_no_status)
{
    struct api *api = api_start();
    struct api_client *client = open_to(api->url);
    const char *const paths[] = { "/drop", "/cut", "/large" };
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
        assert_int_equal(status_of(client, paths[i]), 0);
        assert_true(api_client_is_away(client));
        assert_int_equal(status_of(client, "/x"), STATUS_CREATED);
        assert_false(api_client_is_away(client));
    }
    struct api_client *nowhere = open_to("http://127.0.0.1:1");
    assert_int_equal(status_of(nowhere, "/x"), 0);
    api_client_stop(nowhere);
    api_client_free(nowhere);
    close_both(client, api);
}

TEST(an_api_that_takes_too_long_is_not_waited_for)
{
    struct api *api = api_start();
    const struct api_client_options options = { .base_url = api->url,
                                                .agent = "usher/test",
                                                .read_ms_max = 50 };
    struct api_client *client = api_client_open(&options);
    assert_non_null(client);
    assert_int_equal(status_of(client, "/keep"), 0);
    sem_wait(&api->arrived);
    assert_int_equal(status_of(client, "/x"), STATUS_CREATED);
    close_both(client, api);
}

TEST(too_many_calls_are_refused_and_the_end_gives_up_each_once)
{
    struct api *api = api_start();
    const struct api_client_options options = { .base_url = api->url,
                                                .agent = "usher/test",
                                                .calls_max = 1 };
    struct api_client *client = api_client_open(&options);
    assert_non_null(client);
    struct made first = { .request = { .path = S("/keep") } };
    struct made second = { .request = { .path = S("/x") } };
    assert_true(submit(client, &first));
    sem_wait(&api->arrived);
    assert_int_equal(api_client_calls(client), 1);
    assert_false(submit(client, &second));
    assert_int_equal(sem_trywait(&first.done), -1);
    api_client_stop(client);
    assert_int_equal(sem_trywait(&first.done), 0);
    assert_int_equal(sem_trywait(&first.done), -1);
    assert_int_equal(first.response.status, 0);
    assert_int_equal(api_client_calls(client), 0);
    assert_false(submit(client, &second));
    arena_free(&first.arena);
    arena_free(&second.arena);
    api_client_free(client);
    api_end(api);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_request_goes_out_as_the_page_asked_it_and_says_who_asks),
        cmocka_unit_test(what_could_become_a_header_of_its_own_is_not_sent),
        cmocka_unit_test(an_answer_has_what_pages_read),
        cmocka_unit_test(a_session_that_the_api_begins_or_ends_goes_with_the_answer),
        cmocka_unit_test(without_a_whole_answer_there_is_no_status),
        cmocka_unit_test(an_api_that_takes_too_long_is_not_waited_for),
        cmocka_unit_test(too_many_calls_are_refused_and_the_end_gives_up_each_once),
    };
    return RUN_TESTS(tests);
}
