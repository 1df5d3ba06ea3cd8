/* Heads of requests: what is let through keeps the promises of http_server.h.  The input is lines:
 * the method, the target, then name:value for each header. */
#include "adapters/http_request.h"
#include "base/text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static str next_line(str *rest)
{
    str line = str_cut(*rest, '\n', rest);
    return line.data == NULL ? S("") : line;
}

static bool has_control(str s)
{
    for (size_t i = 0; i < s.size; i++)
        if (((unsigned char)s.data[i] < 0x20 && s.data[i] != '\t') || s.data[i] == 0x7f)
            return true;
    return false;
}

static void check_request(const struct http_head *head)
{
    const struct request *request = head->request;
    assert(request->method < METHODS);
    assert(str_starts(request->path, S("/")) && text_is_utf8(request->path));
    assert(!has_control(request->path) && !has_control(request->query));
    assert(request->path.size + request->query.size <= TARGET_BYTES_MAX);
    assert(head->http_1_0 || request->header[HEADER_host].size > 0);
    assert(!(head->has_length && head->chunked));
    assert(!head->has_length || head->length <= BODY_BYTES_MAX);
    for (unsigned i = 0; i < HEADERS; i++)
        assert(!has_control(request->header[i]));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena arena = { 0 };
    struct request request = { 0 };
    struct http_head head;
    str rest = { (const char *)data, size };
    str method = next_line(&rest);
    str target = next_line(&rest);
    http_head_begin(&head, &arena, &request, method, target, size % 2 == 1, false);
    while (rest.data != NULL) {
        str value;
        str name = str_cut(next_line(&rest), ':', &value);
        http_head_field(&head, name, value);
    }
    const struct refusal *refusal = http_head_end(&head);
    if (refusal == NULL)
        check_request(&head);
    else
        assert(refusal->status >= 400 && refusal->status <= 599 && refusal->body.size > 0);
    arena_free(&arena);
    return 0;
}
