/* Queries of lists: a cursor that is accepted is one that we make ourselves; and entity tags. */
#include "web/web.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void is_ours(struct op *op, const struct page *page)
{
    const struct request request = { .path = S("/api/tickets") };
    struct response response = { .status = 0 };
    page_next(op, &request, &response, S("tickets newest"), page->key, page->id);

    struct request next = { .path = request.path };
    str link = response_header(&response, "Link");
    str rest;
    (void)str_cut(link, '?', &rest);
    next.query = str_cut(rest, '>', &rest);
    struct page again;
    err e = read_page(op, &next, S("tickets newest"), &again);
    assert(e.problem == NULL && again.after);
    assert(again.key == page->key && uuid_equal(again.id, page->id));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena arena = { 0 };
    struct settings settings = settings_default();
    settings.jwt_key = S("a key of 32 bytes, and for tests");
    struct op op = { .arena = &arena, .settings = &settings };
    struct request request = { .query = { (const char *)data, size } };

    struct page page;
    if (read_page(&op, &request, S("tickets newest"), &page).problem == NULL) {
        assert(page.limit >= 1 && page.limit <= LIST_MAX);
        if (page.after)
            is_ours(&op, &page);
    }
    request.header[HEADER_if_match] = request.query;
    request.header[HEADER_if_none_match] = request.query;
    struct response response = { .status = 0 };
    (void)reply_etag(&op, &request, &response, 3);
    err e = check_if_match(&request, 3);
    assert(e.problem == NULL || e.problem->status >= STATUS_INVALID);
    arena_free(&arena);
    return 0;
}
