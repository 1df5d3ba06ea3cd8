/* Templates: a page made of what strangers wrote has as many tags and attributes as one made of
 * nothing; and whatever a template says, compiling and rendering it ends well. */
#include "web/template_compile.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct record {
    str text;
    struct rows items;
};

struct item {
    str text;
};

static const struct field item_fields[] = {
    FIELD(struct item, text),
    FIELDS_END,
};

static const struct field record_fields[] = {
    FIELD(struct record, text),
    FIELD_LIST(struct record, items, struct item, item_fields),
    FIELDS_END,
};

static const str keys[] = { STR_INIT("hello") };
static const str texts[] = { STR_INIT("Hello {text}") };
static const struct catalogue catalogue = { "en", keys, texts, 1 };

static void say(const struct voice *voice, struct buf *out, const struct spoken *spoken)
{
    (void)voice;
    if (spoken->field->kind == FIELD_KIND_STR)
        buf_add(out, *(const str *)spoken->value);
}

static bool compile(struct arena *arena, str text, struct template *ret_page)
{
    const struct template_source file = { S("page"), text };
    const struct template_sources sources = { .files = &file, .count = 1, .catalogue = &catalogue };
    char why[256];
    return template_compile(arena, &sources, S("page"), ret_page, why, sizeof why) &&
           template_check(ret_page, &catalogue, record_fields, why, sizeof why);
}

static str render(struct arena *arena, const struct template *page, str text)
{
    const struct voice voice = { .catalogue = &catalogue, .say = say };
    struct item *items = ARENA_ARRAY(arena, struct item, 2);
    items[0].text = text;
    items[1].text = text;
    const struct record record = { .text = text, .items = { items, 2 } };
    return template_render(arena, page, &voice, record_fields, &record);
}

static size_t count_of(str text, char c)
{
    size_t count = 0;
    for (size_t i = 0; i < text.size; i++)
        count += text.data[i] == c;
    return count;
}

static void no_text_becomes_markup(struct arena *arena, str text)
{
    struct template page;
    bool compiled = compile(arena,
                            S("<p title=\"{{text}}\">{{text}}{{t hello}}</p><a href=\"{{text}}\">"
                              "x</a><a href=\"/?q={{text}}\">{{#each items}}{{text}}{{/each}}</a>"),
                            &page);
    assert(compiled);
    str empty = render(arena, &page, S("x"));
    str full = render(arena, &page, text);
    static const char marks[] = "<>\"'";
    for (size_t i = 0; i + 1 < sizeof marks; i++)
        assert(count_of(full, marks[i]) == count_of(empty, marks[i]));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena arena = { 0 };
    struct template page;
    str text = { (const char *)data, size };
    if (size > 2048)
        return 0;
    no_text_becomes_markup(&arena, text);
    if (compile(&arena, text, &page))
        (void)render(&arena, &page, S("<'\"&>"));
    arena_free(&arena);
    return 0;
}
