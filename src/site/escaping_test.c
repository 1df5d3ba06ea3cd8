/* Every template against its table, in every language; and with markup in every field. */
#include "site/pages.h"

#include <stdio.h>

#include "tests/test.h"

static const char evil[] = "\"'><script>alert(1)</script><img src=x onerror=alert(2)>&lt;{{x}}";

TEST(every_template_names_only_what_is_there_in_every_language)
{
    for (const struct page_kind *kind = site_pages; kind->page != NULL; kind++) {
        for (size_t i = 0; site_catalogues[i].language != NULL; i++) {
            char why[256];
            if (!template_check(kind->page, &site_catalogues[i], kind->fields, why, sizeof why))
                fail_msg("%s: %s", site_catalogues[i].language, why);
        }
    }
}

/* ---- records full of something ---- */

static size_t size_of_fields(const struct field *fields)
{
    size_t end = 0;
    for (const struct field *field = fields; field->name != NULL; field++) {
        size_t size =
            field->kind == FIELD_KIND_RECORD ? size_of_fields(field->fields) : field_size(field);
        if (field->offset + size > end)
            end = field->offset + size;
    }
    return (end + 15) / 16 * 16;
}

struct filling {
    struct arena *arena;
    const char *text;
    unsigned choice; /* of each enum, modulo its names */
    bool yes;        /* of each bool */
    bool empty;      /* optional texts, times and lists are left out */
};

static void fill(const struct filling *filling, const struct field *fields, void *record);

static void fill_list(const struct filling *filling, const struct field *field, struct rows *rows)
{
    enum { ITEMS = 2 };
    if (filling->empty)
        return;
    rows->items = arena_take(filling->arena, field->size * ITEMS);
    rows->count = ITEMS;
    for (size_t i = 0; i < ITEMS; i++)
        fill(filling, field->fields, (char *)rows->items + i * field->size);
}

static unsigned pick(const struct filling *filling, const struct field *field)
{
    unsigned count = 0;
    while (field->names[count] != NULL)
        count++;
    return filling->choice % count;
}

static void fill_value(const struct filling *filling, const struct field *field, void *value)
{
    switch (field->kind) {
    case FIELD_KIND_UUID:
        memset(value, 0xA5, sizeof(uuid));
        break;
    case FIELD_KIND_STR:
    case FIELD_KIND_JSON:
        *(str *)value = str_of(filling->text);
        break;
    case FIELD_KIND_MONEY:
        ((money *)value)->minor = 123456;
        break;
    case FIELD_KIND_INSTANT:
        ((instant *)value)->ms = 1795200624560;
        break;
    case FIELD_KIND_INT:
        *(int64_t *)value = 1 + filling->choice;
        break;
    case FIELD_KIND_BOOL:
        *(bool *)value = filling->yes;
        break;
    case FIELD_KIND_ENUM:
        *(unsigned *)value = pick(filling, field);
        break;
    case FIELD_KIND_RECORD:
        fill(filling, field->fields, value);
        break;
    case FIELD_KIND_LIST:
        fill_list(filling, field, value);
        break;
    }
}

static void fill(const struct filling *filling, const struct field *fields, void *record)
{
    for (const struct field *field = fields; field->name != NULL; field++) {
        bool left_out = filling->empty && field->flags & FIELD_OPTIONAL;
        if (!left_out)
            fill_value(filling, field, (char *)record + field->offset);
    }
}

static str page_of(const struct page_kind *kind, const struct filling *filling, size_t language)
{
    const struct catalogue *catalogue = &site_catalogues[language];
    struct voice voice = voice_of(str_of(catalogue->language), (instant){ 1795200624560 });
    void *record = arena_take(filling->arena, size_of_fields(kind->fields));
    fill(filling, kind->fields, record);
    return template_render(filling->arena, kind->page, &voice, kind->fields, record);
}

static size_t count_of(str text, char c)
{
    size_t count = 0;
    for (size_t i = 0; i < text.size; i++)
        count += text.data[i] == c;
    return count;
}

/* As many tags and attributes as with harmless texts, and no event handler or script of theirs. */
static void assert_same_markup(const struct page_kind *kind, str harmless, str page)
{
    static const char marks[] = "<>\"'";
    for (size_t i = 0; i + 1 < sizeof marks; i++) {
        if (count_of(harmless, marks[i]) != count_of(page, marks[i]))
            fail_msg("%s has another number of %c", kind->page->name, marks[i]);
    }
    assert_null(memmem(page.data, page.size, "<script>", 8));
    assert_null(memmem(page.data, page.size, "<img", 4));
}

TEST(markup_in_every_field_of_every_page_arrives_as_text)
{
    enum { CHOICES = 8 };
    for (const struct page_kind *kind = site_pages; kind->page != NULL; kind++) {
        for (unsigned i = 0; i < CHOICES * 4; i++) {
            struct arena arena = { 0 };
            struct filling filling = {
                .arena = &arena,
                .text = "harmless",
                .choice = i / 4,
                .yes = (i & 1) != 0,
                .empty = (i & 2) != 0,
            };
            str harmless = page_of(kind, &filling, i % 2);
            filling.text = evil;
            str page = page_of(kind, &filling, i % 2);
            assert_same_markup(kind, harmless, page);
            arena_free(&arena);
        }
    }
}

static bool text_holds(str text, str words)
{
    return text.size > 0 && memmem(text.data, text.size, words.data, words.size) != NULL;
}

TEST(no_page_has_a_script_or_a_style_of_its_own)
{
    for (const struct page_kind *kind = site_pages; kind->page != NULL; kind++) {
        for (const struct template_step *step = kind->page->steps; step->step != STEP_END; step++) {
            assert_false(text_holds(step->text, S(" style=")));
            assert_false(text_holds(step->text, S("<style")));
            assert_false(text_holds(step->text, S("javascript:")));
            assert_false(text_holds(step->text, S("//")));
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_template_names_only_what_is_there_in_every_language),
        cmocka_unit_test(markup_in_every_field_of_every_page_arrives_as_text),
        cmocka_unit_test(no_page_has_a_script_or_a_style_of_its_own),
    };
    return RUN_TESTS(tests);
}
