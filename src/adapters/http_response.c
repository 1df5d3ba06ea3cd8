/* From an answer to the library. */
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "adapters/http_inside.h"

static const char json_type[] = "application/json; charset=utf-8";

static bool add_header(struct MHD_Response *made, struct arena *arena, const char *name, str value)
{
    return MHD_add_response_header(made, name, str_terminated(arena, value)) == MHD_YES;
}

/* ---- a body that breaks off ---- */

struct fragment {
    str body;
    size_t end;
};

static ssize_t read_fragment(void *context, uint64_t position, char *buffer, size_t size)
{
    const struct fragment *fragment = context;
    if (position >= fragment->end)
        return MHD_CONTENT_READER_END_WITH_ERROR;
    size_t left = fragment->end - (size_t)position;
    size_t count = left < size ? left : size;
    memcpy(buffer, fragment->body.data + position, count);
    return (ssize_t)count;
}

static struct MHD_Response *make_fragment(struct exchange *exchange)
{
    struct response *response = &exchange->shown.response;
    struct fragment *fragment = ARENA_NEW(&exchange->shown.arena, struct fragment);
    *fragment = (struct fragment){ response->body, response->truncate_to };
    return MHD_create_response_from_callback(response->body.size, 4096, read_fragment, fragment,
                                             NULL);
}

/* ---- answers ---- */

/* The body stays where it is: in the arena, which outlives the sending. */
static struct MHD_Response *make_whole(str body)
{
    void *data = NULL;
    if (body.size > 0)
        memcpy(&data, &body.data, sizeof data); /* the library only reads it */
    return MHD_create_response_from_buffer(body.size, data, MHD_RESPMEM_PERSISTENT);
}

struct MHD_Response *http_add_head(struct exchange *exchange, struct MHD_Response *made)
{
    struct response *response = &exchange->shown.response;
    struct arena *arena = &exchange->shown.arena;
    if (made == NULL)
        return NULL;

    bool good = true;
    if (response->content_type.size > 0)
        good = add_header(made, arena, "Content-Type", response->content_type);
    else if (response->body.size > 0)
        good = MHD_add_response_header(made, "Content-Type", json_type) == MHD_YES;
    for (size_t i = 0; i < response->header_count && good; i++)
        good = response->headers[i].value.size == 0 ||
               add_header(made, arena, response->headers[i].name, response->headers[i].value);
    if (exchange->thread->stopping && good)
        good = MHD_add_response_header(made, "Connection", "close") == MHD_YES;
    if (good)
        return made;
    MHD_destroy_response(made);
    return NULL;
}

static struct MHD_Response *make_response(struct exchange *exchange)
{
    struct response *response = &exchange->shown.response;
    bool breaks_off = response->truncate_to > 0 && response->truncate_to < response->body.size;
    return http_add_head(exchange,
                         breaks_off ? make_fragment(exchange) : make_whole(response->body));
}

static enum MHD_Result queue(struct connection *connection, int status, struct MHD_Response *made)
{
    connection_enter(connection, PHASE_SENDING);
    enum MHD_Result result = MHD_queue_response(connection->library, (unsigned)status, made);
    MHD_destroy_response(made);
    return result;
}

enum MHD_Result http_send_refusal(struct connection *connection, const struct refusal *refusal)
{
    struct MHD_Response *made = make_whole(refusal->body);
    if (made == NULL)
        return MHD_NO;
    bool good = MHD_add_response_header(made, "Content-Type", json_type) == MHD_YES &&
                MHD_add_response_header(made, "Connection", "close") == MHD_YES &&
                (refusal->allow == NULL ||
                 MHD_add_response_header(made, "Allow", refusal->allow) == MHD_YES) &&
                (refusal->status != STATUS_UNAVAILABLE ||
                 MHD_add_response_header(made, "Retry-After", "1") == MHD_YES);
    if (good)
        return queue(connection, refusal->status, made);
    MHD_destroy_response(made);
    return MHD_NO;
}

enum MHD_Result http_send_response(struct connection *connection, struct exchange *exchange)
{
    const struct response *response = &exchange->shown.response;
    if (response->drop)
        return MHD_NO;
    assert(response->status >= 200 && response->status <= 599);
    if (exchange->shown.stream != NULL)
        return http_send_stream(connection, exchange);
    struct MHD_Response *made = make_response(exchange);
    if (made == NULL) /* a header that cannot be sent: better no answer of ours than a wrong one */
        return http_send_refusal(connection, &refusal_broken);
    return queue(connection, response->status, made);
}

void http_blurt(int fd, const struct refusal *refusal)
{
    char text[512];
    const char *phrase = MHD_get_reason_phrase_for((unsigned)refusal->status);
    int size = snprintf(text, sizeof text,
                        "HTTP/1.1 %d %s\r\nConnection: close\r\nContent-Type: %s\r\n"
                        "Content-Length: %zu\r\n\r\n%.*s",
                        refusal->status, phrase, json_type, refusal->body.size,
                        (int)refusal->body.size, refusal->body.data);
    if (size > 0 && (size_t)size < sizeof text)
        (void)send(fd, text, (size_t)size, MSG_DONTWAIT | MSG_NOSIGNAL);
}
