#include "adapters/outcalls.h"

#include <assert.h>
#include <curl/curl.h>
#include <jansson.h>
#include <pthread.h>
#include <sodium.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "adapters/breaker.h"
#include "adapters/thread.h"

#define SIGNATURE_MAX 400

/* A call in the queue, with all its texts in one piece. */
struct job {
    struct job *next;
    struct outcall call;
    outcall_done *done;
    void *context;
    char texts[];
};

struct outcalls {
    bool webhooks; /* to any URL, in Stripe's place: no key, no breaker, any 2xx will do */
    char *base_url;
    char *authorization; /* the header's line: holds the key */
    char *agent;
    struct log *log;
    size_t queue_max;
    long connect_ms_max;
    long ms_max;
    atomic_bool giving_up;

    pthread_mutex_t mutex; /* guards what follows */
    pthread_cond_t changed;
    bool closing;
    struct job *first;
    struct job **last;
    size_t waiting;
    size_t busy;
    struct breaker breaker;

    size_t thread_count;
    size_t running; /* of them; the owner's alone */
    pthread_t threads[];
};

/* What one thread has: a connection, and the call that it makes. */
struct worker {
    struct outcalls *outcalls;
    CURL *curl;
    struct curl_slist *headers; /* those of every call */
    bool sent;                  /* the request began to leave */
    char *body;
    size_t size;
    size_t capacity;
};

/* ---- what libcurl calls ---- */

/* The connection stands and the request is about to leave: from here on it may have happened.
 * NOLINTNEXTLINE(readability-non-const-parameter): the type is libcurl's. */
static int on_sending(void *context, char *their_ip, char *our_ip, int their_port, int our_port)
{
    (void)their_ip, (void)our_ip, (void)their_port, (void)our_port;
    ((struct worker *)context)->sent = true;
    return CURL_PREREQFUNC_OK;
}

static size_t on_bytes(char *bytes, size_t one, size_t count, void *context)
{
    struct worker *worker = context;
    size_t size = one * count;
    if (size > OUTCALL_ANSWER_BYTES_MAX - worker->size)
        return 0;
    if (worker->size + size > worker->capacity) {
        size_t capacity = 2 * (worker->size + size);
        char *body = realloc(worker->body, capacity);
        if (body == NULL)
            return 0;
        worker->body = body;
        worker->capacity = capacity;
    }
    memcpy(worker->body + worker->size, bytes, size);
    worker->size += size;
    return size;
}

static int on_progress(void *context, curl_off_t a, curl_off_t b, curl_off_t c, curl_off_t d)
{
    (void)a, (void)b, (void)c, (void)d;
    return atomic_load(&((struct worker *)context)->outcalls->giving_up);
}

/* ---- one call ---- */

#define SET(curl, option, value)                                    \
    do {                                                            \
        CURLcode code_ = curl_easy_setopt((curl), option, (value)); \
        assert(code_ == CURLE_OK);                                  \
    } while (0)

static void set_limits(CURL *curl, const struct outcalls *outcalls)
{
    bool plain = strncmp(outcalls->base_url, "http://", 7) == 0;
    SET(curl, CURLOPT_PROTOCOLS_STR, outcalls->webhooks ? "http,https" : plain ? "http" : "https");
    if (plain || outcalls->webhooks)
        SET(curl, CURLOPT_PROXY, ""); /* it is on this machine, whatever the environment says */
    SET(curl, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    SET(curl, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    SET(curl, CURLOPT_NOSIGNAL, 1L);
    SET(curl, CURLOPT_FOLLOWLOCATION, 0L);
    SET(curl, CURLOPT_CONNECTTIMEOUT_MS, outcalls->connect_ms_max);
    SET(curl, CURLOPT_TIMEOUT_MS, outcalls->ms_max);
    SET(curl, CURLOPT_LOW_SPEED_LIMIT, 1L);
    SET(curl, CURLOPT_LOW_SPEED_TIME, 20L);
    SET(curl, CURLOPT_TCP_KEEPALIVE, 1L);
    SET(curl, CURLOPT_USERAGENT, outcalls->agent);
}

static struct curl_slist *list_headers(const struct outcalls *outcalls)
{
    const char *const stripe[] = { outcalls->authorization, "Stripe-Version: " STRIPE_VERSION,
                                   "Accept: application/json", "Expect:", NULL };
    const char *const webhook[] = { "Content-Type: application/json; charset=utf-8",
                                    "Accept: */*; q=0.5, application/xml", "Expect:", NULL };
    const char *const *lines = outcalls->webhooks ? webhook : stripe;
    struct curl_slist *list = NULL;
    for (size_t i = 0; lines[i] != NULL; i++) {
        struct curl_slist *longer = curl_slist_append(list, lines[i]);
        assert(longer != NULL);
        list = longer;
    }
    return list;
}

static struct worker worker_open(struct outcalls *outcalls)
{
    return (struct worker){ .outcalls = outcalls,
                            .curl = curl_easy_init(),
                            .headers = list_headers(outcalls) };
}

static void worker_close(struct worker *worker)
{
    curl_easy_cleanup(worker->curl);
    for (struct curl_slist *line = worker->headers; line != NULL; line = line->next)
        sodium_memzero(line->data, strlen(line->data));
    curl_slist_free_all(worker->headers);
    free(worker->body);
}

/* Options are set anew for each call; connections outlive curl_easy_reset(). */
static void prepare(struct worker *worker, const struct outcall *call)
{
    CURL *curl = worker->curl;
    curl_easy_reset(curl);
    set_limits(curl, worker->outcalls);
    SET(curl, CURLOPT_PREREQFUNCTION, on_sending);
    SET(curl, CURLOPT_PREREQDATA, worker);
    SET(curl, CURLOPT_WRITEFUNCTION, on_bytes);
    SET(curl, CURLOPT_WRITEDATA, worker);
    SET(curl, CURLOPT_XFERINFOFUNCTION, on_progress);
    SET(curl, CURLOPT_XFERINFODATA, worker);
    SET(curl, CURLOPT_NOPROGRESS, 0L);
    if (str_is(call->method, "GET")) {
        SET(curl, CURLOPT_HTTPGET, 1L);
    } else {
        SET(curl, CURLOPT_POST, 1L);
        SET(curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)call->body.size);
        SET(curl, CURLOPT_POSTFIELDS, call->body.size > 0 ? call->body.data : "");
    }
    worker->sent = false;
    worker->size = 0;
    if (worker->capacity > OUTCALL_ANSWER_BYTES_MAX / 8) {
        free(worker->body);
        worker->body = NULL;
        worker->capacity = 0;
    }
}

static str header(CURL *curl, const char *name)
{
    struct curl_header *found;
    if (curl_easy_header(curl, name, 0, CURLH_HEADER, -1, &found) != CURLHE_OK)
        return (str){ NULL, 0 };
    return str_of(found->value);
}

static bool is_json_object(const char *bytes, size_t size)
{
    json_t *json = json_loadb(bytes, size, JSON_ALLOW_NUL | JSON_DECODE_INT_AS_REAL, NULL);
    bool is_object = json_is_object(json);
    json_decref(json);
    return is_object;
}

/* What to believe of an attempt: docs in services/service.h. */
static enum outcome classify(const struct worker *worker, CURLcode code, int64_t status)
{
    if (!worker->sent)
        return OUTCALL_NOT_SENT;
    if (code != CURLE_OK)
        return OUTCALL_UNKNOWN;
    /* A success must be whole; what an error says on the way here (a proxy's page) is no matter. */
    if (200 <= status && status < 300 && !worker->outcalls->webhooks &&
        !is_json_object(worker->body, worker->size))
        return OUTCALL_UNKNOWN;
    return OUTCALL_ANSWERED;
}

/* An idempotency key or a signature is a header line of its own: it must not be able to become two.
 */
static bool is_header_text(str text, size_t max)
{
    for (size_t i = 0; i < text.size; i++)
        if (text.data[i] <= ' ' || text.data[i] > '~')
            return false;
    return text.size <= max;
}

/* The header of this call alone; false if it can be none. */
static bool write_header(const struct outcall *call, char *ret_line, size_t size)
{
    bool signs = call->signature.size > 0;
    str text = signs ? call->signature : call->idempotency_key;
    if (!is_header_text(text, signs ? SIGNATURE_MAX : IDEMPOTENCY_KEY_MAX))
        return false;
    snprintf(ret_line, size, "%s: %.*s", signs ? "Stripe-Signature" : "Idempotency-Key",
             (int)text.size, text.data ? text.data : "");
    return true;
}

static CURLcode perform(struct worker *worker, const struct outcall *call)
{
    char line[SIGNATURE_MAX + 32];
    struct curl_slist header = { .data = line, .next = worker->headers };
    if (!write_header(call, line, sizeof line))
        return CURLE_BAD_FUNCTION_ARGUMENT;
    bool has_header = call->idempotency_key.size > 0 || call->signature.size > 0;
    SET(worker->curl, CURLOPT_HTTPHEADER, has_header ? &header : worker->headers);

    size_t size = strlen(worker->outcalls->base_url) + call->path.size + 1;
    char *url = malloc(size);
    if (url == NULL)
        return CURLE_OUT_OF_MEMORY;
    snprintf(url, size, "%s%.*s", worker->outcalls->base_url, (int)call->path.size,
             call->path.data);
    CURLcode code = curl_easy_setopt(worker->curl, CURLOPT_URL, url);
    if (code == CURLE_OK)
        code = curl_easy_perform(worker->curl);
    SET(worker->curl, CURLOPT_HTTPHEADER, NULL);
    free(url);
    return code;
}

/* ---- what it means for the breaker and the log ---- */

static enum breaker_fact fact_of(const struct outcalls *outcalls, const struct outanswer *answer,
                                 bool given_up)
{
    if (given_up || outcalls->webhooks)
        return BREAKER_NOTHING;
    if (answer->outcome != OUTCALL_ANSWERED || answer->http_status >= 500)
        return BREAKER_FAILURE;
    /* The key is wrong.  (403 is about one endpoint: others may well be allowed.) */
    return answer->http_status == 401 ? BREAKER_REFUSED : BREAKER_SUCCESS;
}

static enum log_level level_of(const struct outcall *call, const struct outanswer *answer)
{
    bool webhook = call->signature.size > 0;
    int64_t status = answer->http_status;
    if (answer->outcome == OUTCALL_ANSWERED && (status == 401 || status == 403) && !webhook)
        return LOG_ERROR;
    if (answer->outcome != OUTCALL_ANSWERED || status >= 500 || (status >= 400 && status != 402))
        return LOG_WARN;
    return webhook || str_is(call->method, "GET") ? LOG_DEBUG : LOG_INFO;
}

static const char *const notes[] = {
    [OUTCALL_ANSWERED] = NULL,
    [OUTCALL_NOT_SENT] = "not sent",
    [OUTCALL_UNKNOWN] = "outcome unknown",
};

static void log_call(const struct outcalls *outcalls, const struct outcall *call,
                     const struct outanswer *answer, CURLcode code, int64_t took_us)
{
    char note[160];
    const char *reason = code == CURLE_OK ? "no whole answer" : curl_easy_strerror(code);
    bool noted = notes[answer->outcome] != NULL;
    if (noted)
        snprintf(note, sizeof note, "%s: %s", notes[answer->outcome], reason);
    str query;
    struct log_operation operation = {
        .level = level_of(call, answer),
        .kind = "outcall",
        .service = outcalls->webhooks ? "webhook" : "stripe",
        .method = str_is(call->method, "GET") ? "GET" : "POST",
        .route = str_cut(call->path, '?', &query),
        .status = answer->http_status,
        .took_us = took_us,
        .id = call->id,
        .subject = answer->request_id,
        .note = noted ? str_of(note) : (str){ NULL, 0 },
    };
    log_operation(outcalls->log, &operation);
}

static void note_fact(struct outcalls *outcalls, enum breaker_fact fact)
{
    int64_t now_ms = stopwatch_us() / 1000;
    pthread_mutex_lock(&outcalls->mutex);
    struct breaker before = outcalls->breaker;
    breaker_note(&outcalls->breaker, now_ms, fact);
    struct breaker after = outcalls->breaker;
    pthread_mutex_unlock(&outcalls->mutex);
    if (after.until_ms > before.until_ms)
        log_say(outcalls->log, LOG_ERROR, "stripe",
                "Stripe %s: it is not asked again for %d seconds",
                fact == BREAKER_REFUSED ? "refuses our key" : "does not answer",
                (int)(after.wait_ms / 1000));
    if (before.wait_ms > 0 && after.wait_ms == 0)
        log_say(outcalls->log, LOG_INFO, "stripe", "Stripe answers again");
}

/* The thread counts as free before done hears of it, so that done may ask for more calls. */
static void finish(struct outcalls *outcalls, const struct job *job, const struct outanswer *answer)
{
    pthread_mutex_lock(&outcalls->mutex);
    outcalls->busy--;
    pthread_cond_broadcast(&outcalls->changed);
    pthread_mutex_unlock(&outcalls->mutex);
    job->done(job->context, answer);
}

static void make_call(struct worker *worker, const struct job *job)
{
    struct outcalls *outcalls = worker->outcalls;
    int64_t begun_us = stopwatch_us();
    prepare(worker, &job->call);
    CURLcode code = perform(worker, &job->call);
    long status = 0;
    curl_easy_getinfo(worker->curl, CURLINFO_RESPONSE_CODE, &status);
    struct outanswer answer = { .call_id = job->call.id };
    answer.outcome = classify(worker, code, status);
    if (answer.outcome == OUTCALL_ANSWERED) {
        answer.http_status = status;
        answer.body = (str){ worker->size > 0 ? worker->body : "", worker->size };
        answer.should_retry = header(worker->curl, "Stripe-Should-Retry");
    }
    if (worker->sent)
        answer.request_id = header(worker->curl, "Request-Id");
    note_fact(outcalls, fact_of(outcalls, &answer, code == CURLE_ABORTED_BY_CALLBACK));
    log_call(outcalls, &job->call, &answer, code, stopwatch_us() - begun_us);
    finish(outcalls, job, &answer);
}

static void turn_away(struct outcalls *outcalls, const struct job *job)
{
    struct outanswer answer = { .call_id = job->call.id, .outcome = OUTCALL_NOT_SENT };
    finish(outcalls, job, &answer);
}

/* ---- the pool ---- */

/* The next job, NULL when the pool closes; and whether the breaker lets it pass. */
static struct job *take(struct outcalls *outcalls, bool *ret_passes)
{
    pthread_mutex_lock(&outcalls->mutex);
    while (outcalls->first == NULL && !outcalls->closing)
        pthread_cond_wait(&outcalls->changed, &outcalls->mutex);
    struct job *job = outcalls->first;
    if (job != NULL) {
        outcalls->first = job->next;
        if (outcalls->first == NULL)
            outcalls->last = &outcalls->first;
        outcalls->waiting--;
        outcalls->busy++;
        *ret_passes =
            !outcalls->closing && breaker_passes(&outcalls->breaker, stopwatch_us() / 1000);
    }
    pthread_mutex_unlock(&outcalls->mutex);
    return job;
}

static void *run(void *context)
{
    struct outcalls *outcalls = context;
    struct worker worker = worker_open(outcalls);
    assert(worker.curl != NULL);
    struct job *job;
    bool passes;
    while ((job = take(outcalls, &passes)) != NULL) {
        if (passes)
            make_call(&worker, job);
        else
            turn_away(outcalls, job);
        free(job);
    }
    worker_close(&worker);
    return NULL;
}

static char *copy_text(const char *text)
{
    char *copy = strdup(text);
    assert(copy != NULL);
    return copy;
}

#define BEARER "Authorization: Bearer "

static char *authorization_line(const char *key)
{
    size_t size = sizeof BEARER + strlen(key);
    char *line = malloc(size);
    assert(line != NULL);
    snprintf(line, size, BEARER "%s", key);
    return line;
}

/* Waiting in outcalls_close() is by the steady clock. */
static void open_lock(struct outcalls *outcalls)
{
    pthread_condattr_t steady;
    int failed = pthread_condattr_init(&steady);
    failed |= pthread_condattr_setclock(&steady, CLOCK_MONOTONIC);
    failed |= pthread_cond_init(&outcalls->changed, &steady);
    failed |= pthread_condattr_destroy(&steady);
    failed |= pthread_mutex_init(&outcalls->mutex, NULL);
    assert(failed == 0);
}

struct outcalls *outcalls_open(const struct outcalls_options *options)
{
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
        return NULL;
    size_t threads = options->threads > 0 ? options->threads : OUTCALL_THREADS;
    struct outcalls *outcalls = calloc(1, sizeof *outcalls + threads * sizeof(pthread_t));
    assert(outcalls != NULL);
    assert((options->base_url == NULL) == (options->key == NULL));
    outcalls->webhooks = options->base_url == NULL;
    outcalls->base_url = copy_text(options->base_url ? options->base_url : "");
    outcalls->authorization = authorization_line(options->key ? options->key : "");
    outcalls->agent = copy_text(options->agent);
    outcalls->log = options->log;
    outcalls->queue_max = options->queue_max > 0 ? options->queue_max : OUTCALL_QUEUE_MAX;
    outcalls->connect_ms_max =
        options->connect_ms_max > 0 ? options->connect_ms_max : OUTCALL_CONNECT_MS_MAX;
    outcalls->ms_max = options->ms_max > 0 ? options->ms_max : OUTCALL_MS_MAX;
    outcalls->last = &outcalls->first;
    outcalls->thread_count = threads;
    open_lock(outcalls);
    for (size_t i = 0; i < threads; i++)
        outcalls->threads[i] = thread_start(run, outcalls);
    outcalls->running = threads;
    return outcalls;
}

static str place(char **at, str text)
{
    if (text.data == NULL)
        return text;
    char *begin = *at;
    memcpy(begin, text.data, text.size);
    *at += text.size;
    return (str){ begin, text.size };
}

static struct job *copy_job(const struct outcall *call)
{
    size_t size = call->method.size + call->path.size + call->body.size +
                  call->idempotency_key.size + call->signature.size;
    struct job *job = malloc(sizeof *job + size);
    assert(job != NULL);
    char *at = job->texts;
    job->next = NULL;
    job->call.id = call->id;
    job->call.method = place(&at, call->method);
    job->call.path = place(&at, call->path);
    job->call.body = place(&at, call->body);
    job->call.idempotency_key = place(&at, call->idempotency_key);
    job->call.signature = place(&at, call->signature);
    return job;
}

bool outcalls_submit(struct outcalls *outcalls, const struct outcall *call, outcall_done *done,
                     void *context)
{
    assert(str_is(call->method, "GET") || str_is(call->method, "POST"));
    assert(str_starts(call->path, outcalls->webhooks ? S("http") : S("/")));
    assert(outcalls->webhooks == (call->signature.size > 0));
    struct job *job = copy_job(call);
    job->done = done;
    job->context = context;
    pthread_mutex_lock(&outcalls->mutex);
    bool taken = !outcalls->closing && outcalls->waiting < outcalls->queue_max;
    if (taken) {
        *outcalls->last = job;
        outcalls->last = &job->next;
        outcalls->waiting++;
        pthread_cond_broadcast(&outcalls->changed);
    }
    pthread_mutex_unlock(&outcalls->mutex);
    if (!taken)
        free(job);
    return taken;
}

size_t outcalls_room(struct outcalls *outcalls)
{
    pthread_mutex_lock(&outcalls->mutex);
    size_t taken = outcalls->busy + outcalls->waiting;
    bool closing = outcalls->closing;
    pthread_mutex_unlock(&outcalls->mutex);
    return !closing && taken < outcalls->thread_count ? outcalls->thread_count - taken : 0;
}

bool outcalls_breaker_is_open(struct outcalls *outcalls)
{
    pthread_mutex_lock(&outcalls->mutex);
    bool open = breaker_is_open(&outcalls->breaker, stopwatch_us() / 1000);
    pthread_mutex_unlock(&outcalls->mutex);
    return open;
}

/* Until nothing waits and nothing is under way, or the grace is over. */
static void wait_for_calls(struct outcalls *outcalls, duration grace)
{
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    int64_t ns = until.tv_nsec + grace.ms % 1000 * 1000000;
    until.tv_sec += grace.ms / 1000 + ns / 1000000000;
    until.tv_nsec = ns % 1000000000;
    int timed_out = 0;
    while (outcalls->busy + outcalls->waiting > 0 && timed_out == 0)
        timed_out = pthread_cond_timedwait(&outcalls->changed, &outcalls->mutex, &until);
}

void outcalls_stop(struct outcalls *outcalls, duration grace)
{
    pthread_mutex_lock(&outcalls->mutex);
    outcalls->closing = true;
    pthread_cond_broadcast(&outcalls->changed);
    wait_for_calls(outcalls, grace);
    pthread_mutex_unlock(&outcalls->mutex);
    atomic_store(&outcalls->giving_up, true);
    for (size_t i = 0; i < outcalls->running; i++)
        pthread_join(outcalls->threads[i], NULL);
    outcalls->running = 0;
}

void outcalls_close(struct outcalls *outcalls, duration grace)
{
    outcalls_stop(outcalls, grace);
    pthread_cond_destroy(&outcalls->changed);
    pthread_mutex_destroy(&outcalls->mutex);
    sodium_memzero(outcalls->authorization, strlen(outcalls->authorization));
    free(outcalls->authorization);
    free(outcalls->base_url);
    free(outcalls->agent);
    free(outcalls);
    curl_global_cleanup();
}
