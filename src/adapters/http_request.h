/* The head of a request as a client sent it, made a struct request or refused (RFC 9110, RFC 9112).
 *
 * Strict where leniency lets two programs read one request differently: bodies with two lengths,
 * two hosts, folded lines, control characters. */
#ifndef ADAPTERS_HTTP_REQUEST_H
#define ADAPTERS_HTTP_REQUEST_H

#include "web/web.h"

/* An answer of the server's own, whole. */
struct refusal {
    int status;
    str body;
    const char *allow; /* the Allow header, or NULL */
};

extern const struct refusal refusal_malformed;
extern const struct refusal refusal_target_too_long;
extern const struct refusal refusal_head_too_large;
extern const struct refusal refusal_body_too_large;
extern const struct refusal refusal_timeout;
extern const struct refusal refusal_stopping;
extern const struct refusal refusal_broken;

struct http_head {
    struct arena *arena;
    struct request *request;
    const struct refusal *refusal; /* the first thing wrong, or NULL */
    uint64_t length;               /* of the body, if has_length */
    bool has_length;
    bool chunked;
    bool expects_continue;
    bool http_1_0;
    bool absolute; /* the target named the host */
    bool has_host;
};

/* Starts with the first line, without its version.  Everything is copied: nothing of the request
 * points into what the client sent. */
void http_head_begin(struct http_head *head, struct arena *arena, struct request *request,
                     str method, str target, bool http_1_0, bool raw_path);
/* One header line, name and value as sent. */
void http_head_field(struct http_head *head, str name, str value);
/* What can be told only at the end.  NULL: the request is fine. */
const struct refusal *http_head_end(struct http_head *head);

#endif
