#include "adapters/api_client.h"

#include <assert.h>
#include <curl/curl.h>
#include <pthread.h>
#include <sodium.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "adapters/thread.h"

#define KEPT_CONNECTIONS_MAX 64L
#define HEADER_VALUE_MAX     4096
#define POLL_MS_MAX          1000

/* Lives in the arena that came with it. */
struct call {
    struct call *next;
    const struct request *request;
    struct arena *arena;
    struct response *response;
    api_done *done;
    void *context;
    CURL *curl;
    struct curl_slist *headers;
    struct buf body;
};

struct api_client {
    char *base_url;
    char *agent;
    struct log *log;
    size_t calls_max;
    long connect_ms_max;
    long read_ms_max;
    long change_ms_max;
    atomic_bool away;
    CURLM *multi;
    struct call *under_way; /* the thread's alone */

    pthread_mutex_t mutex; /* guards what follows */
    bool closing;
    struct call *first;
    struct call **last;
    size_t count; /* that wait or are under way */

    pthread_t thread;
};

#define SET(curl, option, value)                                    \
    do {                                                            \
        CURLcode code_ = curl_easy_setopt((curl), option, (value)); \
        assert(code_ == CURLE_OK);                                  \
    } while (0)

/* ---- the request ---- */

/* What could become a header of its own is not sent at all. */
static bool is_header_value(str text)
{
    for (size_t i = 0; i < text.size; i++)
        if (text.data[i] < ' ' || text.data[i] > '~')
            return false;
    return text.size > 0 && text.size <= HEADER_VALUE_MAX;
}

static void add_line(struct call *call, const char *line)
{
    struct curl_slist *longer = curl_slist_append(call->headers, line);
    assert(longer != NULL);
    call->headers = longer;
}

static void add_header(struct call *call, const char *name, str value)
{
    char line[HEADER_VALUE_MAX + 64];
    if (!is_header_value(value))
        return;
    snprintf(line, sizeof line, "%s: %.*s", name, (int)value.size, value.data);
    add_line(call, line);
    sodium_memzero(line, sizeof line);
}

static void add_headers(struct call *call)
{
    static const enum header forwarded[] = { HEADER_authorization, HEADER_idempotency_key,
                                             HEADER_if_match, HEADER_x_request_id };
    const struct request *request = call->request;
    for (size_t i = 0; i < sizeof forwarded / sizeof *forwarded; i++)
        add_header(call, header_names[forwarded[i]], request->header[forwarded[i]]);
    if (request->header[HEADER_content_type].size > 0)
        add_header(call, "Content-Type", request->header[HEADER_content_type]);
    else
        add_line(call, "Content-Type:"); /* libcurl would make one up */
    add_header(call, "X-Forwarded-For", request->client);
    add_line(call, request->https ? "X-Forwarded-Proto: https" : "X-Forwarded-Proto: http");
    add_line(call, "Accept: application/json");
    add_line(call, "Expect:");
}

/* Whatever stands for itself in a path or query stays; the rest cannot end the request's line. */
static void add_escaped(struct buf *url, str text, const char *also)
{
    static const char digits[] = "0123456789ABCDEF";
    for (size_t i = 0; i < text.size; i++) {
        unsigned char c = (unsigned char)text.data[i];
        bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                     (c != '\0' && strchr(also, c) != NULL);
        if (!plain)
            buf_add_char(url, '%');
        if (!plain)
            buf_add_char(url, digits[c >> 4]);
        buf_add_char(url, plain ? (char)c : digits[c & 15]);
    }
}

static const char *url_of(const struct api_client *client, const struct call *call)
{
    const struct request *request = call->request;
    struct buf url = buf_in(call->arena, 128);
    buf_add(&url, str_of(client->base_url));
    add_escaped(&url, request->path, "/-._~");
    if (request->query.size > 0) {
        buf_add_char(&url, '?');
        add_escaped(&url, request->query, "/-._~%&=+?!$'()*,;:@");
    }
    return str_terminated(call->arena, buf_str(&url));
}

static size_t on_bytes(char *bytes, size_t one, size_t count, void *context)
{
    struct call *call = context;
    size_t size = one * count;
    if (size > API_ANSWER_BYTES_MAX - call->body.size)
        return 0;
    buf_add(&call->body, (str){ bytes, size });
    return size;
}

static void set_method(CURL *curl, const struct request *request)
{
    if (request->method == GET) {
        SET(curl, CURLOPT_HTTPGET, 1L);
        return;
    }
    SET(curl, CURLOPT_POST, 1L);
    SET(curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)request->body.size);
    SET(curl, CURLOPT_POSTFIELDS, request->body.size > 0 ? request->body.data : "");
    SET(curl, CURLOPT_CUSTOMREQUEST, method_names[request->method]);
}

static void set_limits(const struct api_client *client, CURL *curl, bool reads)
{
    bool plain = strncmp(client->base_url, "http://", 7) == 0;
    SET(curl, CURLOPT_PROTOCOLS_STR, plain ? "http" : "https");
    if (plain)
        SET(curl, CURLOPT_PROXY, ""); /* sessions in the clear go nowhere else */
    SET(curl, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    SET(curl, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    SET(curl, CURLOPT_NOSIGNAL, 1L);
    SET(curl, CURLOPT_FOLLOWLOCATION, 0L);
    SET(curl, CURLOPT_PATH_AS_IS, 1L);
    SET(curl, CURLOPT_CONNECTTIMEOUT_MS, client->connect_ms_max);
    SET(curl, CURLOPT_TIMEOUT_MS, reads ? client->read_ms_max : client->change_ms_max);
    SET(curl, CURLOPT_TCP_KEEPALIVE, 1L);
    SET(curl, CURLOPT_USERAGENT, client->agent);
}

/* Connections outlive the handle: they are the multi handle's. */
static CURLcode begin(struct api_client *client, struct call *call)
{
    call->curl = curl_easy_init();
    if (call->curl == NULL)
        return CURLE_OUT_OF_MEMORY;
    call->body = buf_in(call->arena, 1024);
    add_headers(call);
    set_limits(client, call->curl, call->request->method == GET);
    set_method(call->curl, call->request);
    SET(call->curl, CURLOPT_HTTPHEADER, call->headers);
    SET(call->curl, CURLOPT_WRITEFUNCTION, on_bytes);
    SET(call->curl, CURLOPT_WRITEDATA, call);
    SET(call->curl, CURLOPT_PRIVATE, call);
    CURLcode code = curl_easy_setopt(call->curl, CURLOPT_URL, url_of(client, call));
    if (code == CURLE_OK && curl_multi_add_handle(client->multi, call->curl) != CURLM_OK)
        code = CURLE_OUT_OF_MEMORY;
    return code;
}

/* ---- the answer ---- */

/* Max-Age of a cookie's attributes; -1 if it has none. */
static int64_t age_of(str attributes)
{
    while (attributes.size > 0) {
        str value;
        str rest;
        str name = str_trim(str_cut(str_cut(attributes, ';', &rest), '=', &value));
        int64_t age_s;
        if (str_equal_nocase(name, S("max-age")) && str_to_int(str_trim(value), &age_s))
            return age_s;
        attributes = rest;
    }
    return -1;
}

/* The API began or ended a session: so does the page, with a cookie of its own. */
static void take_cookie(const struct call *call, str cookie)
{
    str attributes;
    str value;
    str name = str_cut(str_cut(cookie, ';', &attributes), '=', &value);
    struct response *response = call->response;
    if (!str_is(name, "session"))
        return;
    int64_t age_s = age_of(attributes);
    if (value.size == 0 || age_s <= 0) {
        response->session_change = SESSION_ENDED;
    } else if (is_header_value(value)) {
        response->session_change = SESSION_STARTED;
        response->session.token = str_of(str_terminated(call->arena, value));
        response->session.age_s = age_s;
    }
}

static void take_headers(const struct call *call)
{
    static const char *const wanted[] = { "Location", "ETag", "Link", "Retry-After", NULL };
    struct curl_header *found;
    for (size_t i = 0; wanted[i] != NULL; i++) {
        if (curl_easy_header(call->curl, wanted[i], 0, CURLH_HEADER, -1, &found) == CURLHE_OK)
            response_add(call->response, wanted[i],
                         str_of(str_terminated(call->arena, str_of(found->value))));
    }
    for (size_t i = 0;
         curl_easy_header(call->curl, "Set-Cookie", i, CURLH_HEADER, -1, &found) == CURLHE_OK; i++)
        take_cookie(call, str_of(found->value));
    char *type = NULL;
    if (curl_easy_getinfo(call->curl, CURLINFO_CONTENT_TYPE, &type) == CURLE_OK && type != NULL)
        call->response->content_type = str_of(str_terminated(call->arena, str_of(type)));
}

static void take_answer(struct call *call)
{
    long status = 0;
    curl_easy_getinfo(call->curl, CURLINFO_RESPONSE_CODE, &status);
    *call->response = (struct response){ .status = (int)status, .body = buf_str(&call->body) };
    take_headers(call);
}

static void note(struct api_client *client, CURLcode code)
{
    bool away = code != CURLE_OK;
    if (atomic_exchange(&client->away, away) == away)
        return;
    if (away)
        log_say(client->log, LOG_ERROR, "api", "The API does not answer: %s",
                curl_easy_strerror(code));
    else
        log_say(client->log, LOG_INFO, "api", "The API answers again");
}

static void let_go(struct call *call)
{
    if (call->curl != NULL)
        curl_easy_cleanup(call->curl);
    for (struct curl_slist *line = call->headers; line != NULL; line = line->next)
        sodium_memzero(line->data, strlen(line->data));
    curl_slist_free_all(call->headers);
}

/* The place is free before done hears of it, so that done may make the next call. */
static void finish(struct api_client *client, struct call *call)
{
    let_go(call);
    pthread_mutex_lock(&client->mutex);
    client->count--;
    pthread_mutex_unlock(&client->mutex);
    call->done(call->context);
}

static void forget(struct api_client *client, const struct call *call)
{
    struct call **at = &client->under_way;
    while (*at != call)
        at = &(*at)->next;
    *at = call->next;
}

static void collect(struct api_client *client)
{
    int more;
    for (CURLMsg *message; (message = curl_multi_info_read(client->multi, &more)) != NULL;) {
        if (message->msg != CURLMSG_DONE)
            continue;
        CURLcode code = message->data.result; /* ends with the handle */
        char *private = NULL;
        curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &private);
        struct call *call = (struct call *)(void *)private;
        if (code == CURLE_OK)
            take_answer(call);
        note(client, code);
        forget(client, call);
        curl_multi_remove_handle(client->multi, call->curl);
        finish(client, call);
    }
}

/* ---- the thread ---- */

static struct call *take_all(struct api_client *client, bool *ret_closing)
{
    pthread_mutex_lock(&client->mutex);
    struct call *calls = client->first;
    client->first = NULL;
    client->last = &client->first;
    *ret_closing = client->closing;
    pthread_mutex_unlock(&client->mutex);
    return calls;
}

static void begin_all(struct api_client *client, struct call *calls)
{
    while (calls != NULL) {
        struct call *call = calls;
        calls = call->next;
        if (begin(client, call) != CURLE_OK) {
            finish(client, call);
            continue;
        }
        call->next = client->under_way;
        client->under_way = call;
    }
}

static void give_up_all(struct api_client *client)
{
    while (client->under_way != NULL) {
        struct call *call = client->under_way;
        client->under_way = call->next;
        curl_multi_remove_handle(client->multi, call->curl);
        finish(client, call);
    }
}

static void *run(void *context)
{
    struct api_client *client = context;
    while (true) {
        bool closing;
        int running;
        begin_all(client, take_all(client, &closing));
        if (closing)
            break;
        curl_multi_perform(client->multi, &running);
        collect(client);
        curl_multi_poll(client->multi, NULL, 0, POLL_MS_MAX, NULL); /* or until somebody submits */
    }
    give_up_all(client);
    return NULL;
}

/* ---- for others ---- */

static char *copy_text(const char *text)
{
    char *copy = strdup(text);
    assert(copy != NULL);
    return copy;
}

static long or_else(long given, long usual)
{
    return given > 0 ? given : usual;
}

struct api_client *api_client_open(const struct api_client_options *options)
{
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
        return NULL;
    CURLM *multi = curl_multi_init();
    if (multi == NULL)
        return NULL;
    (void)curl_multi_setopt(multi, CURLMOPT_MAXCONNECTS, KEPT_CONNECTIONS_MAX);
    struct api_client *client = calloc(1, sizeof *client);
    assert(client != NULL);
    client->base_url = copy_text(options->base_url);
    client->agent = copy_text(options->agent);
    client->log = options->log;
    client->calls_max = options->calls_max > 0 ? options->calls_max : API_CALLS_MAX;
    client->connect_ms_max = or_else(options->connect_ms_max, API_CONNECT_MS_MAX);
    client->read_ms_max = or_else(options->read_ms_max, API_READ_MS_MAX);
    client->change_ms_max = or_else(options->change_ms_max, API_CHANGE_MS_MAX);
    client->multi = multi;
    client->last = &client->first;
    int failed = pthread_mutex_init(&client->mutex, NULL);
    assert(failed == 0);
    client->thread = thread_start(run, client);
    return client;
}

bool api_client_submit(struct api_client *client, const struct request *request,
                       struct arena *arena, struct response *response, api_done *done,
                       void *context)
{
    struct call *call = ARENA_NEW(arena, struct call);
    *call = (struct call){
        .request = request, .arena = arena, .response = response, .done = done, .context = context
    };
    *response = (struct response){ .status = 0 };
    pthread_mutex_lock(&client->mutex);
    bool taken = !client->closing && client->count < client->calls_max;
    if (taken) {
        *client->last = call;
        client->last = &call->next;
        client->count++;
    }
    pthread_mutex_unlock(&client->mutex);
    if (taken)
        (void)curl_multi_wakeup(client->multi);
    return taken;
}

bool api_client_is_away(const struct api_client *client)
{
    return atomic_load(&client->away);
}

size_t api_client_calls(struct api_client *client)
{
    pthread_mutex_lock(&client->mutex);
    size_t count = client->count;
    pthread_mutex_unlock(&client->mutex);
    return count;
}

void api_client_stop(struct api_client *client)
{
    pthread_mutex_lock(&client->mutex);
    client->closing = true;
    pthread_mutex_unlock(&client->mutex);
    (void)curl_multi_wakeup(client->multi);
    pthread_join(client->thread, NULL);
}

void api_client_free(struct api_client *client)
{
    curl_multi_cleanup(client->multi);
    pthread_mutex_destroy(&client->mutex);
    free(client->base_url);
    free(client->agent);
    free(client);
    curl_global_cleanup();
}
