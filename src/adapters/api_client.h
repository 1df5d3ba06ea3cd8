/* The client of the shop's public API: for the site, where it is hosted apart from the services.
 *
 * One thread makes every call, many at the same time, over connections that stay open; so a payment
 * that is waited for holds up nobody else.  It tries once: whoever reads the page tries again.
 * Neither tokens nor bodies are ever logged. */
#ifndef ADAPTERS_API_CLIENT_H
#define ADAPTERS_API_CLIENT_H

#include "adapters/log.h"
#include "web/web.h"

#define API_ANSWER_BYTES_MAX (1024 * 1024)
#define API_CONNECT_MS_MAX   2000
#define API_READ_MS_MAX      10000
#define API_CHANGE_MS_MAX    70000 /* more than the longest --answer-wait */

/* Whatever is zero has its value from above, or from base/limits.h. */
struct api_client_options {
    const char *base_url; /* without a slash at the end */
    const char *agent;    /* usher/1.0.0 */
    struct log *log;      /* or NULL */
    size_t calls_max;
    long connect_ms_max;
    long read_ms_max;
    long change_ms_max;
};

struct api_client;

/* NULL: libcurl does not start.  Copies the options. */
struct api_client *api_client_open(const struct api_client_options *options);

/* Makes the request of the API, then calls done on the client's thread, exactly once.  The response
 * has a status, a body and the headers that pages use; its session_change is what the API's cookie
 * said.  Its status is 0 if no whole answer came: the request may have been answered or not.
 *
 * Forwards the headers that the request has of Authorization, Content-Type, Idempotency-Key,
 * If-Match and X-Request-Id, and who asks: X-Forwarded-For and -Proto.  Until done, the request,
 * the arena and the response are the client's.  False, and no done: too many calls are under way,
 * or the client is closing. */
typedef void api_done(void *context);
bool api_client_submit(struct api_client *client, const struct request *request,
                       struct arena *arena, struct response *response, api_done *done,
                       void *context);

/* The last call got no answer. */
bool api_client_is_away(const struct api_client *client);
/* Calls under way, or that wait to be. */
size_t api_client_calls(struct api_client *client);

/* Gives up what is under way, which then is done without an answer; whoever still asks is told that
 * there is no room. */
void api_client_stop(struct api_client *client);
/* After api_client_stop(), when nobody asks any more. */
void api_client_free(struct api_client *client);

#endif
