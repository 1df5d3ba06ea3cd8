/* Cookie and Authorization headers: what is found lies within what was sent. */
#include "web/web.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void is_within(str part, str whole)
{
    if (part.data == NULL)
        return;
    assert(part.data >= whole.data && part.size <= whole.size);
    assert(part.data + part.size <= whole.data + whole.size);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    str header = { (const char *)data, size };
    struct request request = { .method = GET };
    request.header[HEADER_cookie] = header;

    str cookie = read_cookie(&request, "session");
    is_within(cookie, header);
    assert(cookie.data == NULL || memchr(cookie.data, ';', cookie.size) == NULL);

    bool by_cookie;
    str token = read_session_token(&request, &by_cookie);
    assert(by_cookie == (cookie.data != NULL) && str_equal(token, cookie));

    request.header[HEADER_authorization] = header;
    is_within(read_session_token(&request, &by_cookie), header);
    (void)request_is_same_origin(&request, header);
    request.header[HEADER_origin] = header;
    request.header[HEADER_host] = header;
    (void)request_is_same_origin(&request, header);
    return 0;
}
