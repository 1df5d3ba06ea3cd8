/* Renders templates: one pass over the steps, with a stack of the records that they entered. */
#include "web/template.h"

#include <stdio.h>

#define SCOPES_MAX 8

/* A record whose fields the template may name, and those around it. */
struct scope {
    const struct field *fields;
    const void *record;
    const struct rows *rows; /* of STEP_EACH, or NULL */
    size_t at;
    size_t item_size;
};

struct found {
    const struct field *field; /* NULL: there is no such name */
    const void *value;
};

/* Steps that name something find it in the same table nearly every time. */
struct memory {
    const struct field *fields;
    const struct field *field;
};

struct rendering {
    struct buf out;
    struct buf spoken;
    const struct voice *voice;
    struct memory *memory; /* for each step */
    struct scope scopes[SCOPES_MAX];
    size_t depth;
};

/* ---- catalogue ---- */

static int compare(str a, str b)
{
    size_t size = a.size < b.size ? a.size : b.size;
    int order = size > 0 ? memcmp(a.data, b.data, size) : 0;
    return order != 0 ? order : (a.size > b.size) - (a.size < b.size);
}

str catalogue_text(const struct catalogue *catalogue, str key)
{
    size_t low = 0;
    size_t high = catalogue->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = compare(key, catalogue->keys[middle]);
        if (order == 0)
            return catalogue->texts[middle];
        if (order < 0)
            high = middle;
        else
            low = middle + 1;
    }
    return (str){ NULL, 0 };
}

/* ---- names ---- */

static const struct field *field_named(const struct field *fields, str name)
{
    for (const struct field *field = fields; field->name != NULL; field++) {
        if (strncmp(field->name, name.data, name.size) == 0 && field->name[name.size] == '\0')
            return field;
    }
    return NULL;
}

/* Follows the dots from a record inwards. */
static struct found inside(struct found found, str path)
{
    while (found.field != NULL && path.data != NULL) {
        if (found.field->kind != FIELD_KIND_RECORD)
            return (struct found){ NULL, NULL };
        str first = str_cut(path, '.', &path);
        const struct field *field = field_named(found.field->fields, first);
        found.value =
            field != NULL && found.value != NULL ? (const char *)found.value + field->offset : NULL;
        found.field = field;
    }
    return found;
}

/* A name means the field of the innermost record that has one. */
static struct found find(const struct scope *scopes, size_t depth, str path)
{
    str rest;
    str first = str_cut(path, '.', &rest);
    for (size_t i = depth; i > 0; i--) {
        const struct scope *scope = &scopes[i - 1];
        const struct field *field = field_named(scope->fields, first);
        if (field == NULL)
            continue;
        return inside((struct found){ field, (const char *)scope->record + field->offset }, rest);
    }
    return (struct found){ NULL, NULL };
}

/* template_check() has found it. */
static struct found find_known(const struct rendering *rendering, str path)
{
    struct found found = find(rendering->scopes, rendering->depth, path);
    assert(found.field != NULL && found.value != NULL);
    return found;
}

static struct found recall(struct rendering *rendering, size_t at, str path)
{
    const struct scope *scope = &rendering->scopes[rendering->depth - 1];
    struct memory *memory = &rendering->memory[at];
    if (memory->field != NULL && memory->fields == scope->fields)
        return (struct found){ memory->field, (const char *)scope->record + memory->field->offset };
    if (memchr(path.data, '.', path.size) == NULL) {
        const struct field *field = field_named(scope->fields, path);
        if (field != NULL) {
            *memory = (struct memory){ scope->fields, field };
            return (struct found){ field, (const char *)scope->record + field->offset };
        }
    }
    return find_known(rendering, path);
}

/* ---- values ---- */

static str spelled(const struct found *found)
{
    if (found->field->kind == FIELD_KIND_ENUM)
        return str_of(found->field->names[*(const unsigned *)found->value]);
    if (found->field->kind == FIELD_KIND_STR)
        return *(const str *)found->value;
    return (str){ NULL, 0 };
}

static bool holds(const struct found *found, str expected)
{
    if (expected.data != NULL)
        return str_equal(spelled(found), expected);
    if (found->field->kind == FIELD_KIND_STR)
        return ((const str *)found->value)->size > 0;
    if (found->field->kind == FIELD_KIND_LIST)
        return ((const struct rows *)found->value)->count > 0;
    const struct field alone = { .kind = found->field->kind, .fields = found->field->fields };
    return !field_is_absent(&alone, found->value);
}

static str currency_of(const struct rendering *rendering)
{
    struct found found = find(rendering->scopes, rendering->depth, S("currency"));
    return found.field != NULL && found.field->kind == FIELD_KIND_STR ? *(const str *)found.value
                                                                      : (str){ NULL, 0 };
}

static void add_value(struct rendering *rendering, const struct found *found, str format,
                      enum escape escape)
{
    if (found->field->kind == FIELD_KIND_STR && format.data == NULL) {
        escape_add(&rendering->out, escape, *(const str *)found->value);
        return;
    }
    const struct spoken spoken = {
        .field = found->field,
        .value = found->value,
        .format = format,
        .currency =
            found->field->kind == FIELD_KIND_MONEY ? currency_of(rendering) : (str){ NULL, 0 },
    };
    rendering->spoken.size = 0;
    rendering->voice->say(rendering->voice, &rendering->spoken, &spoken);
    escape_add(&rendering->out, escape, buf_str(&rendering->spoken));
}

/* ---- texts of the catalogue ---- */

static void add_said(struct rendering *rendering, str text, enum escape escape)
{
    while (text.data != NULL) {
        str rest;
        escape_add(&rendering->out, escape, str_cut(text, '{', &rest));
        if (rest.data == NULL)
            return;
        str format;
        str name = str_cut(str_cut(rest, '}', &text), ':', &format);
        struct found found = find_known(rendering, name);
        add_value(rendering, &found, format, escape);
    }
}

static str key_of(struct rendering *rendering, const struct template_step *step)
{
    if (step->say == SAY_KEY)
        return step->text;
    struct found found = find_known(rendering, step->detail);
    struct buf key = buf_in(rendering->out.arena, step->text.size + 16);
    buf_add(&key, step->text);
    buf_add_char(&key, '.');
    if (step->say == SAY_NAMED)
        buf_add(&key, spelled(&found));
    else
        buf_add(&key, *(const int64_t *)found.value == 1 ? S("one") : S("other"));
    return buf_str(&key);
}

static void say(struct rendering *rendering, const struct template_step *step)
{
    str key = key_of(rendering, step);
    str text = catalogue_text(rendering->voice->catalogue, key);
    if (text.data != NULL) {
        add_said(rendering, text, step->escape);
        return;
    }
    assert(step->say == SAY_NAMED); /* else it would not have been compiled */
    struct found found = find_known(rendering, step->detail);
    escape_add(&rendering->out, step->escape, spelled(&found));
}

/* ---- steps ---- */

static void enter(struct rendering *rendering, struct scope scope)
{
    assert(rendering->depth < SCOPES_MAX);
    rendering->scopes[rendering->depth++] = scope;
}

static size_t enter_list(struct rendering *rendering, const struct template_step *step, size_t at)
{
    struct found found = recall(rendering, at, step->text);
    assert(found.field->kind == FIELD_KIND_LIST);
    const struct rows *rows = found.value;
    if (rows->count == 0)
        return step->next;
    enter(rendering, (struct scope){ .fields = found.field->fields,
                                     .record = rows->items,
                                     .rows = rows,
                                     .item_size = found.field->size });
    return at + 1;
}

static size_t enter_next(struct rendering *rendering, const struct template_step *step, size_t at)
{
    struct scope *scope = &rendering->scopes[rendering->depth - 1];
    assert(scope->rows != NULL);
    scope->at++;
    if (scope->at == scope->rows->count) {
        rendering->depth--;
        return at + 1;
    }
    scope->record = (const char *)scope->rows->items + scope->at * scope->item_size;
    return step->next;
}

static void enter_record(struct rendering *rendering, const struct template_step *step, size_t at)
{
    struct found found = recall(rendering, at, step->text);
    assert(found.field->kind == FIELD_KIND_RECORD);
    enter(rendering, (struct scope){ .fields = found.field->fields, .record = found.value });
}

static size_t take_step(struct rendering *rendering, const struct template_step *step, size_t at)
{
    struct found found;
    switch (step->step) {
    case STEP_TEXT:
        buf_add(&rendering->out, step->text);
        return at + 1;
    case STEP_HOLE:
        found = recall(rendering, at, step->text);
        add_value(rendering, &found, step->detail, step->escape);
        return at + 1;
    case STEP_SAY:
        say(rendering, step);
        return at + 1;
    case STEP_IF:
        found = recall(rendering, at, step->text);
        return holds(&found, step->detail) != step->negated ? at + 1 : step->next;
    case STEP_JUMP:
        return step->next;
    case STEP_EACH:
        return enter_list(rendering, step, at);
    case STEP_AGAIN:
        return enter_next(rendering, step, at);
    case STEP_WITH:
        enter_record(rendering, step, at);
        return at + 1;
    case STEP_LEAVE:
        rendering->depth--;
        return at + 1;
    case STEP_END:
        break;
    }
    return at;
}

static size_t count_steps(const struct template *page)
{
    size_t count = 0;
    while (page->steps[count].step != STEP_END)
        count++;
    return count;
}

str template_render(struct arena *arena, const struct template *page, const struct voice *voice,
                    const struct field *fields, const void *record)
{
    struct rendering rendering = {
        .out = buf_in(arena, 8 * 1024),
        .spoken = buf_in(arena, 64),
        .voice = voice,
        .memory = ARENA_ARRAY(arena, struct memory, count_steps(page)),
        .scopes = { { .fields = fields, .record = record } },
        .depth = 1,
    };
    for (size_t at = 0; page->steps[at].step != STEP_END;)
        at = take_step(&rendering, &page->steps[at], at);
    assert(rendering.depth == 1);
    return buf_str(&rendering.out);
}
