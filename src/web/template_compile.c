#include "web/template_compile.h"

#include <stdio.h>

#include "web/html_state.h"

#define STEPS_MAX    4096
#define BLOCKS_MAX   16
#define INCLUDES_MAX 8
#define PARAMS_MAX   8

enum block_kind { BLOCK_IF, BLOCK_EACH, BLOCK_WITH };

/* An open {{#block}}. */
struct block {
    enum block_kind kind;
    unsigned begin;            /* its step */
    unsigned jumps;            /* the last of the jumps to its end, each naming the one before */
    bool otherwise;            /* {{else}} was there */
    bool ended;                /* some branch has, in the state `end` */
    struct html_state entered; /* where each branch begins */
    struct html_state end;     /* where each branch must end */
};

struct param {
    str name;
    str value;
};

/* A file being read, and what it was given: {{>_input form.title type=number}}. */
struct file {
    const struct template_source *source;
    const char *at;
    struct param params[PARAMS_MAX];
    size_t param_count;
    const struct template_source *content; /* a layout's: what {{>content}} stands for */
};

struct compiler {
    struct arena *arena;
    const struct template_sources *sources;
    struct template_step *steps;
    unsigned count;
    struct buf text; /* of the step under construction */
    struct html_state html;
    struct block blocks[BLOCKS_MAX];
    size_t block_count;
    const struct file *file; /* the innermost */
    size_t includes;
    char *why;
    size_t why_size;
};

#define NO_JUMP UINT32_MAX

static bool compile_file(struct compiler *compiler, struct file *file);

/* ---- complaints ---- */

static bool complain(const struct compiler *compiler, const char *what, str about)
{
    const struct file *file = compiler->file;
    int line = 1;
    for (const char *at = file->source->text.data; at < file->at; at++)
        line += *at == '\n';
    (void)snprintf(compiler->why, compiler->why_size, "%.*s.html:%d: %s%s%.*s",
                   (int)file->source->name.size, file->source->name.data, line, what,
                   about.size > 0 ? ": " : "", (int)about.size, about.data);
    return false;
}

/* ---- steps ---- */

static void flush(struct compiler *compiler)
{
    if (compiler->text.size == 0)
        return;
    assert(compiler->count < STEPS_MAX);
    compiler->steps[compiler->count++] = (struct template_step){
        .step = STEP_TEXT,
        .text = str_copy(compiler->arena, buf_str(&compiler->text)),
    };
    compiler->text.size = 0;
}

static struct template_step *add_step(struct compiler *compiler, struct template_step step)
{
    flush(compiler);
    assert(compiler->count + 1 < STEPS_MAX);
    compiler->steps[compiler->count] = step;
    return &compiler->steps[compiler->count++];
}

static bool is_space(char c)
{
    return c == ' ' || c == '\n' || c == '\t' || c == '\r';
}

/* Indentation is for those who edit; one blank says the same to a browser. */
static bool is_needless(const struct compiler *compiler, char c)
{
    const struct html_state *html = &compiler->html;
    bool squeezes =
        html->place == HTML_TAG || (html->place == HTML_TEXT && strcmp(html->tag, "pre") != 0 &&
                                    strcmp(html->tag, "textarea") != 0);
    const struct buf *text = &compiler->text;
    return squeezes && is_space(c) && text->size > 0 && is_space(text->data[text->size - 1]);
}

static bool add_text(struct compiler *compiler, str text)
{
    for (size_t i = 0; i < text.size; i++) {
        char c = text.data[i];
        if (!is_needless(compiler, c))
            buf_add_char(&compiler->text, c);
        const char *wrong = html_take(&compiler->html, c);
        if (wrong != NULL)
            return complain(compiler, wrong, (str){ NULL, 0 });
    }
    return true;
}

/* ---- words of a tag ---- */

static str next_word(str *rest)
{
    *rest = str_trim(*rest);
    for (size_t i = 0; i < rest->size; i++) {
        if (!is_space(rest->data[i]))
            continue;
        str word = { rest->data, i };
        *rest = str_trim((str){ rest->data + i, rest->size - i });
        return word;
    }
    str word = *rest;
    *rest = (str){ rest->data + rest->size, 0 };
    return word;
}

static bool is_path(str word)
{
    for (size_t i = 0; i < word.size; i++) {
        char c = word.data[i];
        if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '.'))
            return false;
    }
    return word.size > 0 && word.data[0] != '.';
}

/* What a $name stands for in this file; empty if it was not given. */
static str param_value(const struct compiler *compiler, str name)
{
    for (size_t i = 0; i < compiler->file->param_count; i++) {
        if (str_equal(compiler->file->params[i].name, name))
            return compiler->file->params[i].value;
    }
    return S("");
}

static bool is_param(str word)
{
    return word.size > 1 && word.data[0] == '$';
}

static str resolve(const struct compiler *compiler, str word)
{
    return is_param(word) ? param_value(compiler, (str){ word.data + 1, word.size - 1 }) : word;
}

/* ---- holes ---- */

static bool find_escape(struct compiler *compiler, enum escape *ret_escape)
{
    struct html_state *html = &compiler->html;
    if (html->place == HTML_TEXT) {
        *ret_escape = ESCAPE_HTML;
        return true;
    }
    if (html->place != HTML_VALUE)
        return complain(compiler, "nothing may be written here", (str){ NULL, 0 });
    *ret_escape = !html_is_url(html) ? ESCAPE_HTML : html->begun ? ESCAPE_URL_PART : ESCAPE_URL;
    html->begun = true;
    return true;
}

static bool add_hole(struct compiler *compiler, str word)
{
    str format;
    str path = str_cut(word, ':', &format);
    enum escape escape;
    if (!is_path(path) || (format.data != NULL && !is_path(format)))
        return complain(compiler, "this is no name", word);
    if (!find_escape(compiler, &escape))
        return false;
    add_step(compiler, (struct template_step){
                           .step = STEP_HOLE, .escape = escape, .text = path, .detail = format });
    return true;
}

/* {{$name}}: as it was given, which the template's author wrote himself. */
static bool add_param(struct compiler *compiler, str word)
{
    enum escape escape;
    if (!find_escape(compiler, &escape))
        return false;
    escape_add(&compiler->text, escape, resolve(compiler, word));
    return true;
}

/* Whether there is a text whose key begins with this and a dot. */
static bool has_family(const struct catalogue *catalogue, str key)
{
    for (size_t i = 0; i < catalogue->count; i++) {
        str other = catalogue->keys[i];
        if (str_starts(other, key) && other.size > key.size && other.data[key.size] == '.')
            return true;
    }
    return false;
}

/* {{t key}}, {{t key@field}}, {{t key#field}} */
static bool add_say(struct compiler *compiler, str word)
{
    const struct catalogue *catalogue = compiler->sources->catalogue;
    struct template_step step = { .step = STEP_SAY, .say = SAY_KEY };
    step.text = resolve(compiler, str_cut(word, '@', &step.detail));
    if (step.detail.data != NULL)
        step.say = SAY_NAMED;
    else if (memchr(word.data, '#', word.size) != NULL) {
        step.say = SAY_COUNT;
        step.text = str_cut(word, '#', &step.detail);
    }
    if (is_param(word) && step.text.size == 0)
        return true; /* not given, and so in a branch that is never taken */
    bool known = step.say == SAY_KEY ? catalogue_text(catalogue, step.text).data != NULL
                                     : has_family(catalogue, step.text) && is_path(step.detail);
    if (!known)
        return complain(compiler, "there is no such text", step.text);
    if (!find_escape(compiler, &step.escape))
        return false;
    if (step.escape != ESCAPE_HTML)
        return complain(compiler, "a text is no URL", word);
    add_step(compiler, step);
    return true;
}

static bool add_asset(struct compiler *compiler, str name)
{
    for (size_t i = 0; i < compiler->sources->asset_count; i++) {
        const struct template_source *asset = &compiler->sources->assets[i];
        if (str_equal(asset->name, name))
            return add_text(compiler, asset->text);
    }
    return complain(compiler, "there is no such asset", name);
}

/* ---- blocks ---- */

static bool open_block(struct compiler *compiler, enum block_kind kind, unsigned begin)
{
    if (compiler->block_count == BLOCKS_MAX)
        return complain(compiler, "too many blocks inside each other", (str){ NULL, 0 });
    compiler->blocks[compiler->block_count++] = (struct block){
        .kind = kind,
        .begin = begin,
        .jumps = NO_JUMP,
        .entered = compiler->html,
    };
    return true;
}

/* name, not name, name=value; or $name, which is known here and now. */
static bool add_condition(struct compiler *compiler, str rest)
{
    str word = next_word(&rest);
    bool negated = str_is(word, "not");
    if (negated)
        word = next_word(&rest);
    if (is_param(word)) {
        bool given = resolve(compiler, word).size > 0;
        /* In either case a step whose `next` can be mended: one that never jumps is put aside. */
        add_step(compiler, (struct template_step){ .step = STEP_JUMP });
        if (given != negated)
            compiler->steps[compiler->count - 1].next = compiler->count;
        return true;
    }
    str value;
    str path = str_cut(word, '=', &value);
    if (!is_path(path) || rest.size > 0)
        return complain(compiler, "this is no condition", word);
    add_step(compiler, (struct template_step){
                           .step = STEP_IF, .negated = negated, .text = path, .detail = value });
    return true;
}

static bool begin_if(struct compiler *compiler, str rest)
{
    flush(compiler);
    unsigned begin = compiler->count;
    return add_condition(compiler, rest) && open_block(compiler, BLOCK_IF, begin);
}

static bool begin_inside(struct compiler *compiler, enum block_kind kind, str rest)
{
    str path = next_word(&rest);
    if (!is_path(path))
        return complain(compiler, "this is no name", path);
    flush(compiler);
    unsigned begin = compiler->count;
    add_step(compiler, (struct template_step){ .step = kind == BLOCK_EACH ? STEP_EACH : STEP_WITH,
                                               .text = path });
    return open_block(compiler, kind, begin);
}

/* Where the condition of the last branch leads if it does not hold, unless that is settled. */
static void mend(struct compiler *compiler, const struct block *block)
{
    struct template_step *begin = &compiler->steps[block->begin];
    if (begin->next == 0)
        begin->next = compiler->count;
}

static bool end_branch(struct compiler *compiler, struct block *block)
{
    html_pause(&compiler->html);
    if (block->ended && !html_same(&compiler->html, &block->end))
        return complain(compiler, "the branches end in different places", (str){ NULL, 0 });
    if (block->kind == BLOCK_EACH && !html_same(&compiler->html, &block->entered))
        return complain(compiler, "a list's items begin and end in different places",
                        (str){ NULL, 0 });
    block->end = compiler->html;
    block->ended = true;
    flush(compiler);
    return true;
}

static void jump_to_end(struct compiler *compiler, struct block *block)
{
    add_step(compiler, (struct template_step){ .step = STEP_JUMP, .next = block->jumps });
    block->jumps = compiler->count - 1;
}

static bool otherwise(struct compiler *compiler, str rest)
{
    if (compiler->block_count == 0)
        return complain(compiler, "else of what?", (str){ NULL, 0 });
    struct block *block = &compiler->blocks[compiler->block_count - 1];
    if (block->otherwise || block->kind == BLOCK_WITH)
        return complain(compiler, "no else may be here", (str){ NULL, 0 });
    if (!end_branch(compiler, block))
        return false;
    if (block->kind == BLOCK_EACH)
        add_step(compiler, (struct template_step){ .step = STEP_AGAIN, .next = block->begin + 1 });
    jump_to_end(compiler, block);
    mend(compiler, block);
    compiler->html = block->entered;
    str word = next_word(&rest);
    if (str_is(word, "if") && block->kind == BLOCK_IF) {
        block->begin = compiler->count;
        return add_condition(compiler, rest);
    }
    block->otherwise = true;
    return word.size == 0 || complain(compiler, "else what?", word);
}

static bool end_block(struct compiler *compiler, str name)
{
    static const char *const names[] = {
        [BLOCK_IF] = "if",
        [BLOCK_EACH] = "each",
        [BLOCK_WITH] = "with",
    };
    if (compiler->block_count == 0)
        return complain(compiler, "nothing ends here", name);
    struct block *block = &compiler->blocks[compiler->block_count - 1];
    if (!str_is(name, names[block->kind]))
        return complain(compiler, "something else ends here", str_of(names[block->kind]));
    if (!end_branch(compiler, block))
        return false;
    if (block->kind == BLOCK_WITH)
        add_step(compiler, (struct template_step){ .step = STEP_LEAVE });
    else if (block->kind == BLOCK_EACH && !block->otherwise)
        add_step(compiler, (struct template_step){ .step = STEP_AGAIN, .next = block->begin + 1 });
    if (!block->otherwise && block->kind != BLOCK_WITH) {
        mend(compiler, block);
        if (!html_same(&compiler->html, &block->entered))
            return complain(compiler, "it begins and ends in different places", name);
    }
    for (unsigned jump = block->jumps; jump != NO_JUMP;) {
        unsigned next = compiler->steps[jump].next;
        compiler->steps[jump].next = compiler->count;
        jump = next;
    }
    compiler->block_count--;
    return true;
}

static bool begin_block(struct compiler *compiler, str name, str rest)
{
    html_pause(&compiler->html);
    if (str_is(name, "if"))
        return begin_if(compiler, rest);
    if (str_is(name, "each"))
        return begin_inside(compiler, BLOCK_EACH, rest);
    if (str_is(name, "with"))
        return begin_inside(compiler, BLOCK_WITH, rest);
    return complain(compiler, "there is no such block", name);
}

/* ---- files ---- */

static const struct template_source *find_source(const struct template_sources *sources, str name)
{
    for (size_t i = 0; i < sources->count; i++) {
        if (str_equal(sources->files[i].name, name))
            return &sources->files[i];
    }
    return NULL;
}

/* The words behind the name: a record to enter, and name=value pairs. */
static bool read_params(struct compiler *compiler, str rest, struct file *file, str *ret_record)
{
    *ret_record = (str){ NULL, 0 };
    while (rest.size > 0) {
        str value;
        str word = next_word(&rest);
        str name = str_cut(word, '=', &value);
        if (!is_path(name) || file->param_count == PARAMS_MAX)
            return complain(compiler, "this is no parameter", word);
        if (value.data == NULL)
            *ret_record = name;
        else
            file->params[file->param_count++] =
                (struct param){ .name = name, .value = resolve(compiler, value) };
    }
    return true;
}

static bool include(struct compiler *compiler, str rest)
{
    str name = next_word(&rest);
    struct file file = { .source = find_source(compiler->sources, name) };
    if (str_is(name, "content"))
        file.source = compiler->file->content;
    if (file.source == NULL)
        return complain(compiler, "there is no such file", name);
    str record;
    if (!read_params(compiler, rest, &file, &record))
        return false;
    if (record.data != NULL)
        add_step(compiler, (struct template_step){ .step = STEP_WITH, .text = record });
    if (!compile_file(compiler, &file))
        return false;
    if (record.data != NULL)
        add_step(compiler, (struct template_step){ .step = STEP_LEAVE });
    return true;
}

static bool compile_tag(struct compiler *compiler, str tag)
{
    tag = str_trim(tag);
    if (tag.size == 0)
        return complain(compiler, "an empty tag", tag);
    str rest = { tag.data + 1, tag.size - 1 };
    switch (tag.data[0]) {
    case '!':
        return true;
    case '#': {
        str name = next_word(&rest);
        return begin_block(compiler, name, rest);
    }
    case '/':
        return end_block(compiler, str_trim(rest));
    case '>':
        return include(compiler, rest);
    case '$':
        return add_param(compiler, tag);
    default:
        break;
    }
    rest = tag;
    str word = next_word(&rest);
    if (str_is(word, "else"))
        return otherwise(compiler, rest);
    if (str_is(word, "t"))
        return add_say(compiler, str_trim(rest));
    if (str_is(word, "asset"))
        return add_asset(compiler, str_trim(rest));
    return rest.size == 0 ? add_hole(compiler, word) : complain(compiler, "what is this?", tag);
}

/* The first of these two characters, or NULL. */
static const char *find_pair(const char *from, const char *end, char c)
{
    for (const char *at = from; end - at >= 2; at++) {
        if (at[0] == c && at[1] == c)
            return at;
    }
    return NULL;
}

static bool compile_text(struct compiler *compiler, struct file *file)
{
    const char *end = file->source->text.data + file->source->text.size;
    while (file->at < end) {
        const char *open = find_pair(file->at, end, '{');
        if (open == NULL)
            open = end;
        if (!add_text(compiler, (str){ file->at, (size_t)(open - file->at) }))
            return false;
        file->at = open;
        if (open == end)
            break;
        const char *close = find_pair(open, end, '}');
        if (close == NULL)
            return complain(compiler, "this tag does not end", (str){ NULL, 0 });
        if (!compile_tag(compiler, (str){ open + 2, (size_t)(close - open - 2) }))
            return false;
        file->at = close + 2;
    }
    return true;
}

static bool compile_file(struct compiler *compiler, struct file *file)
{
    const struct file *outer = compiler->file;
    size_t blocks = compiler->block_count;
    if (compiler->includes == INCLUDES_MAX)
        return complain(compiler, "files include each other without end", file->source->name);
    compiler->includes++;
    compiler->file = file;
    file->at = file->source->text.data;
    if (!compile_text(compiler, file))
        return false;
    if (compiler->block_count != blocks)
        return complain(compiler, "a block does not end", (str){ NULL, 0 });
    compiler->includes--;
    compiler->file = outer;
    return true;
}

/* A page may begin with {{<layout name=value}}: it stands where the layout says {{>content}}. */
static bool find_layout(struct compiler *compiler, struct file *file,
                        struct template_source *content)
{
    str text = file->source->text;
    if (!str_starts(text, S("{{<")))
        return true;
    const char *end = find_pair(text.data, text.data + text.size, '}');
    size_t skip = end == NULL ? 0 : (size_t)(end + 2 - text.data);
    str rest = end == NULL ? S("") : (str){ text.data + 3, skip - 5 };
    str name = next_word(&rest);
    const struct template_source *layout = find_source(compiler->sources, name);
    if (layout == NULL)
        return complain(compiler, "there is no such layout", name);
    *content =
        (struct template_source){ file->source->name, { text.data + skip, text.size - skip } };
    struct file outer = { .source = layout, .content = content };
    str record;
    if (!read_params(compiler, rest, &outer, &record))
        return false;
    *file = outer;
    return record.data == NULL || complain(compiler, "a layout takes no record", record);
}

/* NOLINTBEGIN(readability-non-const-parameter): it is written through the compiler */
bool template_compile(struct arena *arena, const struct template_sources *sources, str name,
                      struct template *ret_page, char *ret_why, size_t size)
{
    struct compiler compiler = {
        .arena = arena,
        .sources = sources,
        .steps = ARENA_ARRAY(arena, struct template_step, STEPS_MAX),
        .text = buf_in(arena, 4096),
        .why = ret_why,
        .why_size = size,
    };
    struct file file = { .source = find_source(sources, name) };
    assert(file.source != NULL);
    file.at = file.source->text.data;
    compiler.file = &file;
    struct template_source content;
    if (!find_layout(&compiler, &file, &content) || !compile_file(&compiler, &file))
        return false;
    if (compiler.html.place != HTML_TEXT)
        return complain(&compiler, "a tag does not end", (str){ NULL, 0 });
    add_step(&compiler, (struct template_step){ .step = STEP_END });
    *ret_page = (struct template){ str_terminated(arena, name), compiler.steps };
    return true;
}
/* NOLINTEND(readability-non-const-parameter) */
