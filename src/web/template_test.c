/* Templates, from HTML with tags to a page. */
#include "web/template_compile.h"

#include <stdio.h>

#include "tests/test.h"

/* ---- a record with a bit of everything ---- */

enum mood { CALM, ANGRY };
static const char *const mood_names[] = { "calm", "angry", NULL };

struct thing {
    str name;
    int64_t count;
};

static const struct field thing_fields[] = {
    FIELD(struct thing, name),
    FIELD(struct thing, count),
    FIELDS_END,
};

struct record {
    str text;
    str url;
    str empty;
    money price;
    str currency;
    enum mood mood;
    struct thing thing;
    struct rows things;
    int64_t count;
};

static const struct field record_fields[] = {
    FIELD(struct record, text),
    FIELD(struct record, url),
    FIELD_OPT(struct record, empty),
    FIELD(struct record, price),
    FIELD(struct record, currency),
    FIELD_ENUM(struct record, mood, mood_names),
    FIELD_RECORD(struct record, thing, thing_fields),
    FIELD_LIST(struct record, things, struct thing, thing_fields),
    FIELD(struct record, count),
    FIELDS_END,
};

static const str keys[] = { STR_INIT("greeting"),   STR_INIT("items.one"), STR_INIT("items.other"),
                            STR_INIT("mood.angry"), STR_INIT("mood.calm"), STR_INIT("plain") };
static const str texts[] = {
    STR_INIT("Dear {text}!"), STR_INIT("one item"), STR_INIT("{count} items"),
    STR_INIT("grr"),          STR_INIT("mm"),       STR_INIT("a < b")
};
static const struct catalogue catalogue = { "en", keys, texts, 6 };

static void say(const struct voice *voice, struct buf *out, const struct spoken *spoken)
{
    (void)voice;
    if (spoken->field->kind == FIELD_KIND_INT) {
        buf_add_int(out, *(const int64_t *)spoken->value);
    } else if (spoken->field->kind == FIELD_KIND_MONEY) {
        buf_add(out, spoken->currency);
        buf_add_int(out, ((const money *)spoken->value)->minor);
        buf_add(out, spoken->format);
    } else if (spoken->field->kind == FIELD_KIND_STR) {
        buf_add(out, *(const str *)spoken->value);
    }
}

/* ---- compiling and rendering ---- */

struct workshop {
    struct arena arena;
    struct template_source files[4];
    size_t count;
    struct record record;
    char why[256];
};

static void workshop_open(struct workshop *shop)
{
    static const struct thing things[] = { { STR_INIT("one"), 1 }, { STR_INIT("t&o"), 2 } };
    *shop = (struct workshop){
        .record = { .text = S("<b>\"it's\" & more</b>"),
                    .url = S("/path?a=b&c=d"),
                    .price = { 1250 },
                    .currency = S("usd"),
                    .mood = ANGRY,
                    .thing = { S("inner"), 7 },
                    .count = 2 },
    };
    struct thing *list = ARENA_ARRAY(&shop->arena, struct thing, 2);
    memcpy(list, things, sizeof things);
    shop->record.things = (struct rows){ list, 2 };
}

static void add_file(struct workshop *shop, const char *name, const char *text)
{
    shop->files[shop->count++] = (struct template_source){ str_of(name), str_of(text) };
}

static bool compile(struct workshop *shop, const char *text, struct template *ret_page)
{
    static const struct template_source asset = { STR_INIT("app.css"), STR_INIT("/app.123.css") };
    struct template_source files[5];
    memcpy(files, shop->files, sizeof shop->files);
    files[shop->count] = (struct template_source){ S("page"), str_of(text) };
    const struct template_sources sources = {
        .files = files,
        .count = shop->count + 1,
        .assets = &asset,
        .asset_count = 1,
        .catalogue = &catalogue,
    };
    return template_compile(&shop->arena, &sources, S("page"), ret_page, shop->why,
                            sizeof shop->why);
}

static const char *rendered(struct workshop *shop, const char *text)
{
    struct template page;
    const struct voice voice = { .catalogue = &catalogue, .say = say };
    if (!compile(shop, text, &page))
        fail_msg("%s", shop->why);
    if (!template_check(&page, &catalogue, record_fields, shop->why, sizeof shop->why))
        fail_msg("%s", shop->why);
    return str_terminated(
        &shop->arena, template_render(&shop->arena, &page, &voice, record_fields, &shop->record));
}

static void assert_page(struct workshop *shop, const char *text, const char *expected)
{
    assert_string_equal(rendered(shop, text), expected);
}

/* ---- escaping ---- */

TEST(what_people_wrote_never_becomes_markup)
{
    struct workshop shop;
    workshop_open(&shop);
    const char *escaped = "&lt;b&gt;&quot;it&#39;s&quot; &amp; more&lt;/b&gt;";
    char expected[256];
    assert_page(&shop, "{{text}}", escaped);
    (void)snprintf(expected, sizeof expected, "<p title=\"%s\">x</p>", escaped);
    assert_page(&shop, "<p title=\"{{text}}\">x</p>", expected);
    (void)snprintf(expected, sizeof expected, "<textarea>%s</textarea>", escaped);
    assert_page(&shop, "<textarea>{{text}}</textarea>", expected);
    (void)snprintf(expected, sizeof expected, "Dear %s!", escaped);
    assert_page(&shop, "{{t greeting}}", expected);
    assert_page(&shop, "{{t plain}}", "a &lt; b");
    arena_free(&shop.arena);
}

TEST(a_hole_inside_a_URL_is_one_part_of_it)
{
    struct workshop shop;
    workshop_open(&shop);
    shop.record.text = S("a/b?c=\"d&e é");
    assert_page(&shop, "<a href=\"/x?q={{text}}&amp;y\">x</a>",
                "<a href=\"/x?q=a%2Fb%3Fc%3D%22d%26e%20%C3%A9&amp;y\">x</a>");
    assert_page(&shop, "<a href=\"{{url}}{{text}}\">x</a>",
                "<a href=\"/path?a=b&amp;c=da%2Fb%3Fc%3D%22d%26e%20%C3%A9\">x</a>");
    arena_free(&shop.arena);
}

TEST(a_whole_URL_leads_to_this_site_or_to_the_web)
{
    static const struct {
        const char *url;
        const char *expected;
    } cases[] = {
        { "/orders?x=1", "/orders?x=1" },
        { "?page=2", "?page=2" },
        { "#top", "#top" },
        { "https://example.com/", "https://example.com/" },
        { "javascript:alert(1)", "#" },
        { "JaVaScRiPt:alert(1)", "#" },
        { " javascript:alert(1)", "#" },
        { "java\tscript:alert(1)", "#" },
        { "data:text/html,x", "#" },
        { "//evil.example.com", "#" },
        { "/\\evil.example.com", "#" },
        { "/\t/evil.example.com", "#" },
        { "\\\\evil.example.com", "#" },
        { "orders", "#" },
        { "", "#" },
    };
    struct workshop shop;
    workshop_open(&shop);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char expected[128];
        shop.record.url = str_of(cases[i].url);
        (void)snprintf(expected, sizeof expected, "<a href=\"%s\">x</a>", cases[i].expected);
        assert_page(&shop, "<a href=\"{{url}}\">x</a>", expected);
    }
    arena_free(&shop.arena);
}

TEST(what_has_no_safe_place_does_not_compile)
{
    static const char *const templates[] = {
        "<script>{{text}}</script>",
        "<script>var x</script>",
        "<style>p { color: red }</style>",
        "<STYLE></STYLE>",
        "<p style=\"color: {{text}}\">",
        "<p STYLE=\"x\">",
        "<p onclick=\"{{text}}\">",
        "<p onclick=\"x()\">",
        "<iframe srcdoc=\"{{text}}\">",
        "<p title={{text}}>",
        "<p title='{{text}}'>",
        "<p {{text}}>",
        "<p {{text}}=\"x\">",
        "<{{text}}>",
        "<p title{{text}}>",
        "<!-- {{text}} -->",
        "<a href=\"{{t plain}}\">",
        "a < b",
    };
    struct workshop shop;
    workshop_open(&shop);
    for (size_t i = 0; i < sizeof templates / sizeof *templates; i++) {
        struct template page;
        if (compile(&shop, templates[i], &page))
            fail_msg("compiles: %s", templates[i]);
        assert_int_equal(strncmp(shop.why, "page.html:1: ", 13), 0);
    }
    arena_free(&shop.arena);
}

/* ---- the language ---- */

TEST(conditions_ask_whether_something_is_there_or_how_it_is_spelled)
{
    struct workshop shop;
    workshop_open(&shop);
    assert_page(&shop, "{{#if text}}a{{/if}}{{#if empty}}b{{/if}}{{#if not empty}}c{{/if}}", "ac");
    assert_page(&shop, "{{#if things}}a{{/if}}{{#if count}}b{{/if}}{{#if price}}c{{/if}}", "abc");
    const char *chain =
        "{{#if mood=calm}}a{{else if empty}}b{{else if mood=angry}}c{{else}}d{{/if}}";
    assert_page(&shop, chain, "c");
    shop.record.mood = CALM;
    assert_page(&shop, chain, "a");
    assert_page(&shop, "{{#if empty}}a{{else if mood=angry}}b{{else}}c{{/if}}d", "cd");
    assert_page(&shop, "<input{{#if text}} checked{{/if}}>", "<input checked>");
    arena_free(&shop.arena);
}

TEST(lists_and_records_are_entered_and_names_are_found_outwards)
{
    struct workshop shop;
    workshop_open(&shop);
    assert_page(&shop, "{{#each things}}<li>{{name}} of {{currency}}</li>{{else}}none{{/each}}",
                "<li>one of usd</li><li>t&amp;o of usd</li>");
    assert_page(&shop, "{{#with thing}}{{name}} {{count}} {{currency}}{{/with}} {{count}}",
                "inner 7 usd 2");
    assert_page(&shop,
                "{{thing.name}} {{#each things}}{{#if name=one}}{{thing.name}}{{/if}}{{/each}}",
                "inner inner");
    shop.record.things.count = 0;
    assert_page(&shop, "{{#each things}}x{{else}}none{{/each}}{{#each things}}y{{/each}}", "none");
    arena_free(&shop.arena);
}

TEST(texts_are_counted_named_and_filled)
{
    struct workshop shop;
    workshop_open(&shop);
    assert_page(&shop, "{{t items#count}} {{t mood@mood}}", "2 items grr");
    shop.record.count = 1;
    assert_page(&shop, "{{t items#count}}", "one item");
    arena_free(&shop.arena);
}

TEST(values_are_said_with_their_format_and_the_currency_around_them)
{
    struct workshop shop;
    workshop_open(&shop);
    assert_page(&shop, "{{price}} {{price:plain}}", "usd1250 usd1250plain");
    assert_page(&shop, "{{#with thing}}{{price}}{{/with}}", "usd1250");
    arena_free(&shop.arena);
}

TEST(parts_are_included_with_a_record_and_parameters)
{
    struct workshop shop;
    workshop_open(&shop);
    add_file(&shop, "_part",
             "<i class=\"{{$class}}\">{{name}}{{#if $loud}}!{{/if}}"
             "{{#if not $loud}}.{{/if}}{{#if $label}}{{t $label}}{{/if}}</i>");
    add_file(&shop, "_outer", "{{>_part thing class=$kind}}");
    assert_page(&shop, "{{>_part thing class=big loud=yes}}", "<i class=\"big\">inner!</i>");
    assert_page(&shop, "{{>_outer kind=small}}", "<i class=\"small\">inner.</i>");
    assert_page(&shop, "{{>_part thing class=x label=plain}}", "<i class=\"x\">inner.a &lt; b</i>");
    arena_free(&shop.arena);
}

TEST(a_page_stands_in_its_layout)
{
    struct workshop shop;
    workshop_open(&shop);
    add_file(&shop, "_page",
             "<title>{{t $title}}</title><link href=\"{{asset app.css}}\">{{>content}}!");
    assert_page(&shop, "{{<_page title=plain}}<p>{{count}}</p>",
                "<title>a &lt; b</title><link href=\"/app.123.css\"><p>2</p>!");
    arena_free(&shop.arena);
}

TEST(indentation_does_not_travel)
{
    struct workshop shop;
    workshop_open(&shop);
    assert_page(&shop, "<ul>\n    <li>\n  x  y</li>\n\n</ul>\n", "<ul>\n<li>\nx y</li>\n</ul>\n");
    assert_page(&shop, "<pre>a\n  b</pre>", "<pre>a\n  b</pre>");
    assert_page(&shop, "a{{! of no\n interest }}b", "ab");
    arena_free(&shop.arena);
}

TEST(mistakes_are_named_with_their_file_and_line)
{
    static const struct {
        const char *text;
        const char *why;
    } cases[] = {
        { "\n{{#if text}}", "page.html:2: a block does not end" },
        { "{{/if}}", "page.html:1: nothing ends here: if" },
        { "{{#if text}}{{/each}}", "page.html:1: something else ends here: if" },
        { "{{else}}", "page.html:1: else of what?" },
        { "{{#each things}}{{else}}{{else}}{{/each}}", "page.html:1: no else may be here" },
        { "{{#if text}}<p{{/if}}>", "page.html:1: it begins and ends in different places: if" },
        { "<p{{#if text}}x{{/if}}>", "page.html:1: a name goes on behind a block" },
        { "{{#if text}}<p title=\"{{else}}<p{{/if}}x\">",
          "page.html:1: the branches end in different places" },
        { "{{#each things}}<p title=\"{{/each}}\">",
          "page.html:1: a list's items begin and end in different places" },
        { "{{#while x}}", "page.html:1: there is no such block: while" },
        { "{{t nothing}}", "page.html:1: there is no such text: nothing" },
        { "{{t nothing@mood}}", "page.html:1: there is no such text: nothing" },
        { "{{>_none}}", "page.html:1: there is no such file: _none" },
        { "{{>page}}", "page.html:1: files include each other without end: page" },
        { "{{<_none}}", "page.html:1: there is no such layout: _none" },
        { "{{asset none.css}}", "page.html:1: there is no such asset: none.css" },
        { "{{text", "page.html:1: this tag does not end" },
        { "{{}}", "page.html:1: an empty tag" },
        { "{{Text}}", "page.html:1: this is no name: Text" },
        { "{{text more}}", "page.html:1: what is this?: text more" },
        { "<p", "page.html:1: a tag does not end" },
    };
    struct workshop shop;
    workshop_open(&shop);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct template page;
        if (compile(&shop, cases[i].text, &page))
            fail_msg("compiles: %s", cases[i].text);
        assert_string_equal(shop.why, cases[i].why);
    }
    arena_free(&shop.arena);
}

TEST(a_template_that_names_what_is_not_there_is_found)
{
    static const char *const templates[] = {
        "{{nothing}}",
        "{{thing.nothing}}",
        "{{text.name}}",
        "{{thing}}",
        "{{#each text}}{{/each}}",
        "{{#with things}}{{/with}}",
        "{{#each things}}{{nothing}}{{/each}}",
        "{{name}}",
        "{{#if mood=sad}}{{/if}}",
        "{{#if count=2}}{{/if}}",
        "{{t items#text}}",
        "{{t mood@count}}",
        "{{t items@mood}}",
    };
    struct workshop shop;
    workshop_open(&shop);
    for (size_t i = 0; i < sizeof templates / sizeof *templates; i++) {
        struct template page;
        if (!compile(&shop, templates[i], &page))
            fail_msg("%s", shop.why);
        if (template_check(&page, &catalogue, record_fields, shop.why, sizeof shop.why))
            fail_msg("fits: %s", templates[i]);
    }
    arena_free(&shop.arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_people_wrote_never_becomes_markup),
        cmocka_unit_test(a_hole_inside_a_URL_is_one_part_of_it),
        cmocka_unit_test(a_whole_URL_leads_to_this_site_or_to_the_web),
        cmocka_unit_test(what_has_no_safe_place_does_not_compile),
        cmocka_unit_test(conditions_ask_whether_something_is_there_or_how_it_is_spelled),
        cmocka_unit_test(lists_and_records_are_entered_and_names_are_found_outwards),
        cmocka_unit_test(texts_are_counted_named_and_filled),
        cmocka_unit_test(values_are_said_with_their_format_and_the_currency_around_them),
        cmocka_unit_test(parts_are_included_with_a_record_and_parameters),
        cmocka_unit_test(a_page_stands_in_its_layout),
        cmocka_unit_test(indentation_does_not_travel),
        cmocka_unit_test(mistakes_are_named_with_their_file_and_line),
        cmocka_unit_test(a_template_that_names_what_is_not_there_is_found),
    };
    return RUN_TESTS(tests);
}
