/* Form bodies and queries: what is accepted is UTF-8, and says the same when it is written again.
 */
#include "base/text.h"
#include "web/web.h"

#define PAIRS_MAX 32

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void write_again(struct arena *arena, const struct form_text *texts, size_t count)
{
    struct buf buf = buf_in(arena, 64);
    for (size_t i = 0; i < count; i++) {
        assert(text_is_utf8(texts[i].name) && text_is_utf8(texts[i].text));
        form_add(&buf, texts[i].name, texts[i].text);
    }
    struct form_text *again;
    size_t count_again;
    err e = form_decode(arena, buf_str(&buf), PAIRS_MAX, &again, &count_again);
    assert(e.problem == NULL && count_again == count);
    for (size_t i = 0; i < count; i++) {
        assert(str_equal(again[i].name, texts[i].name));
        assert(str_equal(again[i].text, texts[i].text));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena arena = { 0 };
    struct form_text *texts;
    size_t count;
    err e = form_decode(&arena, (str){ (const char *)data, size }, PAIRS_MAX, &texts, &count);
    if (e.problem == NULL) {
        assert(count <= PAIRS_MAX);
        write_again(&arena, texts, count);
    } else {
        assert(e.problem->status == STATUS_INVALID);
    }
    arena_free(&arena);
    return 0;
}
