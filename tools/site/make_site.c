/* Compiles templates, texts and static files into C.
 *
 * usage: make_site OUTPUT.c [--template FILE.html]... [--texts LANGUAGE.txt]...
 *                  [--asset FILE FILE.gz]...
 *
 * The first language is the one that the others are held against. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/arena.h"
#include "web/template_compile.h"

#define FILES_MAX     64
#define LANGUAGES_MAX 4
#define TEXTS_MAX     1024
#define FILE_MAX      (1024 * 1024)

struct entry {
    str key;
    str text;
};

struct language {
    str name;
    struct entry entries[TEXTS_MAX];
    size_t count;
};

struct static_file {
    str name;
    str url;
    str body;
    str gzip;
};

struct site {
    struct arena arena;
    struct template_source templates[FILES_MAX];
    size_t template_count;
    struct language languages[LANGUAGES_MAX];
    size_t language_count;
    struct static_file files[FILES_MAX];
    size_t file_count;
};

static _Noreturn void give_up(const char *what, str about)
{
    (void)fprintf(stderr, "%s%.*s\n", what, (int)about.size, about.data);
    exit(1); // NOLINT(concurrency-mt-unsafe): there is one thread
}

/* ---- input ---- */

static str read_file(struct site *site, const char *path)
{
    FILE *file = fopen(path, "rb");
    if (file == NULL)
        give_up("cannot read ", str_of(path));
    char *text = malloc(FILE_MAX);
    if (text == NULL)
        give_up("no memory for ", str_of(path));
    size_t size = fread(text, 1, FILE_MAX, file);
    (void)fclose(file);
    if (size == FILE_MAX)
        give_up("too large: ", str_of(path));
    str copy = str_copy(&site->arena, (str){ text, size });
    free(text);
    return copy;
}

/* The name of a file without its directory. */
static str base_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return str_of(slash == NULL ? path : slash + 1);
}

static str stem(const char *path)
{
    str rest;
    return str_cut(base_name(path), '.', &rest);
}

static str joined(struct site *site, str a, str b)
{
    struct buf buf = buf_in(&site->arena, a.size + b.size + 1);
    buf_add(&buf, a);
    buf_add_char(&buf, ' ');
    buf_add(&buf, b);
    return buf_str(&buf);
}

static int by_key(const void *a, const void *b)
{
    str left = ((const struct entry *)a)->key;
    str right = ((const struct entry *)b)->key;
    size_t size = left.size < right.size ? left.size : right.size;
    int order = memcmp(left.data, right.data, size);
    return order != 0 ? order : (left.size > right.size) - (left.size < right.size);
}

/* key = text; a line that begins with a blank goes on with the one before; # is a comment. */
static void read_texts(struct site *site, const char *path)
{
    struct language *language = &site->languages[site->language_count++];
    language->name = stem(path);
    for (str rest = read_file(site, path); rest.data != NULL;) {
        str line = str_cut(rest, '\n', &rest);
        str text;
        if (str_trim(line).size == 0 || line.data[0] == '#')
            continue;
        if (line.data[0] == ' ' && language->count > 0) {
            struct entry *last = &language->entries[language->count - 1];
            last->text = joined(site, last->text, str_trim(line));
            continue;
        }
        str key = str_trim(str_cut(line, '=', &text));
        if (text.data == NULL || language->count == TEXTS_MAX)
            give_up("this is no text: ", line);
        language->entries[language->count++] = (struct entry){ key, str_trim(text) };
    }
    qsort(language->entries, language->count, sizeof *language->entries, by_key);
    for (size_t i = 1; i < language->count; i++) {
        if (str_equal(language->entries[i - 1].key, language->entries[i].key))
            give_up("a key is there twice: ", language->entries[i].key);
    }
}

/* FNV-1a: it tells versions of a file apart, no more. */
static uint64_t digest_of(str body)
{
    uint64_t digest = 0xcbf29ce484222325u;
    for (size_t i = 0; i < body.size; i++)
        digest = (digest ^ (unsigned char)body.data[i]) * 0x100000001b3u;
    return digest;
}

static void read_asset(struct site *site, const char *path, const char *gzip_path)
{
    struct static_file *file = &site->files[site->file_count++];
    file->name = base_name(path);
    file->body = read_file(site, path);
    file->gzip = read_file(site, gzip_path);
    str extension;
    str name = str_cut(file->name, '.', &extension);
    struct buf url = buf_in(&site->arena, 64);
    buf_add(&url, S("/static/"));
    buf_add(&url, name);
    buf_addf(&url, ".%012" PRIx64 ".", digest_of(file->body) & 0xffffffffffff);
    buf_add(&url, extension);
    file->url = buf_str(&url);
}

static void read_arguments(struct site *site, int count, char **arguments)
{
    for (int i = 2; i < count; i++) {
        str option = str_of(arguments[i]);
        if (str_is(option, "--template") && i + 1 < count) {
            const char *path = arguments[++i];
            site->templates[site->template_count++] =
                (struct template_source){ stem(path), read_file(site, path) };
        } else if (str_is(option, "--texts") && i + 1 < count) {
            read_texts(site, arguments[++i]);
        } else if (str_is(option, "--asset") && i + 2 < count) {
            read_asset(site, arguments[i + 1], arguments[i + 2]);
            i += 2;
        } else {
            give_up("what is this? ", option);
        }
        if (site->template_count == FILES_MAX || site->file_count == FILES_MAX ||
            site->language_count == LANGUAGES_MAX)
            give_up("too many files", S(""));
    }
}

/* ---- checks ---- */

/* Whether every {hole} of one text is in the other. */
static bool has_holes_of(str text, str other)
{
    while (text.data != NULL) {
        (void)str_cut(text, '{', &text);
        if (text.data == NULL)
            return true;
        str name = str_cut(text, '}', &text);
        bool found = false;
        for (size_t i = 0; i + name.size + 1 < other.size && !found; i++)
            found = other.data[i] == '{' && memcmp(other.data + i + 1, name.data, name.size) == 0;
        if (!found)
            return false;
    }
    return true;
}

static void compare_languages(const struct language *first, const struct language *other)
{
    for (size_t i = 0; i < first->count || i < other->count; i++) {
        if (i == other->count ||
            (i < first->count && by_key(&first->entries[i], &other->entries[i]) < 0))
            give_up("a translation is missing: ", first->entries[i].key);
        if (i == first->count || by_key(&first->entries[i], &other->entries[i]) > 0)
            give_up("only a translation has this text: ", other->entries[i].key);
        if (!has_holes_of(first->entries[i].text, other->entries[i].text) ||
            !has_holes_of(other->entries[i].text, first->entries[i].text))
            give_up("a translation has other holes: ", other->entries[i].key);
    }
}

/* ---- output ---- */

static void write_literal(FILE *out, str text)
{
    (void)fputc('"', out);
    for (size_t i = 0; i < text.size; i++) {
        unsigned char byte = (unsigned char)text.data[i];
        if (byte == '"' || byte == '\\')
            (void)fprintf(out, "\\%c", byte);
        else if (byte >= ' ' && byte < 0x7f && byte != '?')
            (void)fputc(byte, out);
        else
            (void)fprintf(out, "\\%03o", byte);
        if (byte == '\n' && i + 1 < text.size)
            (void)fputs("\"\n        \"", out);
    }
    (void)fputc('"', out);
}

static void write_str(FILE *out, const char *member, str text)
{
    if (text.data == NULL)
        return;
    (void)fprintf(out, "%s STR_INIT(", member);
    write_literal(out, text);
    (void)fputs("), ", out);
}

static void write_step(FILE *out, const struct template_step *step)
{
    static const char *const steps[] = {
        [STEP_TEXT] = "STEP_TEXT",   [STEP_HOLE] = "STEP_HOLE", [STEP_SAY] = "STEP_SAY",
        [STEP_IF] = "STEP_IF",       [STEP_JUMP] = "STEP_JUMP", [STEP_EACH] = "STEP_EACH",
        [STEP_AGAIN] = "STEP_AGAIN", [STEP_WITH] = "STEP_WITH", [STEP_LEAVE] = "STEP_LEAVE",
        [STEP_END] = "STEP_END",
    };
    static const char *const escapes[] = {
        [ESCAPE_HTML] = "ESCAPE_HTML",
        [ESCAPE_URL] = "ESCAPE_URL",
        [ESCAPE_URL_PART] = "ESCAPE_URL_PART",
    };
    static const char *const says[] = {
        [SAY_KEY] = "SAY_KEY",
        [SAY_NAMED] = "SAY_NAMED",
        [SAY_COUNT] = "SAY_COUNT",
    };
    (void)fprintf(out, "    { .step = %s, .escape = %s, .say = %s, .negated = %d, .next = %u, ",
                  steps[step->step], escapes[step->escape], says[step->say], step->negated,
                  step->next);
    write_str(out, ".text =", step->text);
    write_str(out, ".detail =", step->detail);
    (void)fputs("},\n", out);
}

static void write_template(FILE *out, const struct template *page)
{
    (void)fprintf(out, "\nstatic const struct template_step %s_steps[] = {\n", page->name);
    const struct template_step *step = page->steps;
    for (; step->step != STEP_END; step++)
        write_step(out, step);
    write_step(out, step);
    (void)fprintf(out, "};\n\nextern const struct template %s_template;\n", page->name);
    (void)fprintf(out, "const struct template %s_template = { \"%s\", %s_steps };\n", page->name,
                  page->name, page->name);
}

static void write_texts(FILE *out, const struct site *site)
{
    const struct language *first = &site->languages[0];
    (void)fprintf(out, "\nstatic const str keys[] = {\n");
    for (size_t i = 0; i < first->count; i++) {
        write_str(out, "   ", first->entries[i].key);
        (void)fputc('\n', out);
    }
    (void)fputs("};\n", out);
    for (size_t l = 0; l < site->language_count; l++) {
        (void)fprintf(out, "\nstatic const str texts_%zu[] = {\n", l);
        for (size_t i = 0; i < first->count; i++) {
            write_str(out, "   ", site->languages[l].entries[i].text);
            (void)fputc('\n', out);
        }
        (void)fputs("};\n", out);
    }
    (void)fputs("\nextern const struct catalogue site_catalogues[];\n"
                "const struct catalogue site_catalogues[] = {\n",
                out);
    for (size_t l = 0; l < site->language_count; l++)
        (void)fprintf(out, "    { \"%.*s\", keys, texts_%zu, %zu },\n",
                      (int)site->languages[l].name.size, site->languages[l].name.data, l,
                      first->count);
    (void)fputs("    { .language = NULL },\n};\n", out);
}

static str type_of(str name)
{
    str extension;
    (void)str_cut(name, '.', &extension);
    if (str_is(extension, "css"))
        return S("text/css; charset=utf-8");
    if (str_is(extension, "js"))
        return S("text/javascript; charset=utf-8");
    if (str_is(extension, "svg"))
        return S("image/svg+xml");
    give_up("a static file of no known type: ", name);
}

static void write_assets(FILE *out, const struct site *site)
{
    (void)fputs("\nextern const struct asset site_assets[];\n"
                "const struct asset site_assets[] = {\n",
                out);
    for (size_t i = 0; i < site->file_count; i++) {
        const struct static_file *file = &site->files[i];
        (void)fputs("    { ", out);
        write_str(out, ".path =", file->url);
        write_str(out, ".type =", type_of(file->name));
        write_str(out, ".body =", file->body);
        write_str(out, ".gzip =", file->gzip);
        (void)fputs("},\n", out);
    }
    (void)fputs("    { .path = { NULL, 0 } },\n};\n", out);
}

/* ---- all of it ---- */

static struct catalogue catalogue_of(struct site *site)
{
    const struct language *first = &site->languages[0];
    str *keys = ARENA_ARRAY(&site->arena, str, first->count);
    str *texts = ARENA_ARRAY(&site->arena, str, first->count);
    for (size_t i = 0; i < first->count; i++) {
        keys[i] = first->entries[i].key;
        texts[i] = first->entries[i].text;
    }
    return (struct catalogue){ "", keys, texts, first->count };
}

static void write_templates(FILE *out, struct site *site)
{
    struct template_source assets[FILES_MAX];
    for (size_t i = 0; i < site->file_count; i++)
        assets[i] = (struct template_source){ site->files[i].name, site->files[i].url };
    struct catalogue catalogue = catalogue_of(site);
    const struct template_sources sources = {
        .files = site->templates,
        .count = site->template_count,
        .assets = assets,
        .asset_count = site->file_count,
        .catalogue = &catalogue,
    };
    for (size_t i = 0; i < site->template_count; i++) {
        char why[256];
        struct template page;
        if (site->templates[i].name.data[0] == '_')
            continue;
        if (!template_compile(&site->arena, &sources, site->templates[i].name, &page, why,
                              sizeof why))
            give_up("src/site/templates/", str_of(why));
        write_template(out, &page);
    }
}

int main(int count, char **arguments)
{
    struct site *site = count < 2 ? NULL : calloc(1, sizeof *site);
    if (site == NULL)
        return 2;
    read_arguments(site, count, arguments);
    if (site->language_count == 0)
        give_up("there are no texts", S(""));
    for (size_t l = 1; l < site->language_count; l++)
        compare_languages(&site->languages[0], &site->languages[l]);

    FILE *out = fopen(arguments[1], "w");
    if (out == NULL)
        give_up("cannot write ", str_of(arguments[1]));
    (void)fputs("/* Made by tools/site/make_site.c from src/site/. */\n"
                "#include \"web/asset.h\"\n#include \"web/template.h\"\n",
                out);
    write_texts(out, site);
    write_assets(out, site);
    write_templates(out, site);
    if (fclose(out) != 0)
        give_up("cannot write ", str_of(arguments[1]));
    arena_free(&site->arena);
    free(site);
    return 0;
}
