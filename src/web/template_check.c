/* Whether a template fits the record that it will be filled from: every name, every key. */
#include "web/template.h"

#include <stdio.h>

#define SCOPES_MAX 8

struct check {
    const struct template *page;
    const struct catalogue *catalogue;
    const struct field *scopes[SCOPES_MAX];
    size_t depth;
    char *why;
    size_t why_size;
};

static bool complain(const struct check *check, const char *what, str about)
{
    (void)snprintf(check->why, check->why_size, "%s: %s: %.*s", check->page->name, what,
                   (int)about.size, about.data);
    return false;
}

static const struct field *field_named(const struct field *fields, str name)
{
    for (const struct field *field = fields; field->name != NULL; field++) {
        if (str_is(name, field->name))
            return field;
    }
    return NULL;
}

static const struct field *find(const struct check *check, str path)
{
    str rest;
    str first = str_cut(path, '.', &rest);
    const struct field *field = NULL;
    for (size_t i = check->depth; i > 0 && field == NULL; i--)
        field = field_named(check->scopes[i - 1], first);
    while (field != NULL && rest.data != NULL) {
        if (field->kind != FIELD_KIND_RECORD)
            return NULL;
        first = str_cut(rest, '.', &rest);
        field = field_named(field->fields, first);
    }
    return field;
}

static bool check_text(const struct check *check, str key)
{
    str text = catalogue_text(check->catalogue, key);
    if (text.data == NULL)
        return complain(check, "there is no such text", key);
    for (str rest = text; rest.data != NULL;) {
        str format;
        (void)str_cut(rest, '{', &rest);
        if (rest.data == NULL)
            break;
        str name = str_cut(str_cut(rest, '}', &rest), ':', &format);
        if (find(check, name) == NULL)
            return complain(check, "a text names what is not there", key);
    }
    return true;
}

static bool check_joined(const struct check *check, str key, const char *end)
{
    char joined[128];
    int size = snprintf(joined, sizeof joined, "%.*s.%s", (int)key.size, key.data, end);
    assert(size > 0 && (size_t)size < sizeof joined);
    return check_text(check, str_of(joined));
}

static bool check_named(const struct check *check, str key, const struct field *field)
{
    if (field->kind != FIELD_KIND_ENUM)
        return field->kind == FIELD_KIND_STR;
    unsigned first = field->flags & FIELD_OPTIONAL ? 1 : 0;
    for (unsigned i = first; field->names[i] != NULL; i++) {
        if (!check_joined(check, key, field->names[i]))
            return false;
    }
    return true;
}

static bool check_say(const struct check *check, const struct template_step *step)
{
    if (step->say == SAY_KEY)
        return check_text(check, step->text);
    const struct field *field = find(check, step->detail);
    if (field == NULL)
        return complain(check, "no such field", step->detail);
    if (step->say == SAY_NAMED)
        return check_named(check, step->text, field);
    return field->kind == FIELD_KIND_INT && check_joined(check, step->text, "one") &&
           check_joined(check, step->text, "other");
}

static bool check_if(const struct check *check, const struct template_step *step,
                     const struct field *field)
{
    if (step->detail.data == NULL || field->kind == FIELD_KIND_STR)
        return true;
    for (size_t i = 0; field->kind == FIELD_KIND_ENUM && field->names[i] != NULL; i++) {
        if (str_is(step->detail, field->names[i]))
            return true;
    }
    return complain(check, "never spelled so", step->detail);
}

static bool check_hole(const struct check *check, const struct template_step *step,
                       const struct field *field)
{
    bool has_text = field->kind != FIELD_KIND_RECORD && field->kind != FIELD_KIND_LIST;
    return has_text || complain(check, "has no text of its own", step->text);
}

static bool enter(struct check *check, const struct template_step *step, const struct field *field,
                  enum field_kind kind)
{
    if (field->kind != kind || check->depth == SCOPES_MAX)
        return complain(check, "cannot be entered", step->text);
    check->scopes[check->depth++] = field->fields;
    return true;
}

static bool check_step(struct check *check, const struct template_step *step)
{
    const struct field *field = NULL;
    bool names = step->step == STEP_HOLE || step->step == STEP_IF || step->step == STEP_EACH ||
                 step->step == STEP_WITH;
    if (names) {
        field = find(check, step->text);
        if (field == NULL)
            return complain(check, "no such field", step->text);
    }
    switch (step->step) {
    case STEP_HOLE:
        return check_hole(check, step, field);
    case STEP_IF:
        return check_if(check, step, field);
    case STEP_SAY:
        return check_say(check, step);
    case STEP_EACH:
        return enter(check, step, field, FIELD_KIND_LIST);
    case STEP_WITH:
        return enter(check, step, field, FIELD_KIND_RECORD);
    case STEP_AGAIN:
    case STEP_LEAVE:
        check->depth--;
        return true;
    case STEP_TEXT:
    case STEP_JUMP:
    case STEP_END:
        break;
    }
    return true;
}

bool template_check(const struct template *page, const struct catalogue *catalogue,
                    const struct field *fields, char *ret_why, size_t size)
{
    struct check check = {
        .page = page,
        .catalogue = catalogue,
        .scopes = { fields },
        .depth = 1,
        .why = ret_why,
        .why_size = size,
    };
    ret_why[0] = '\0';
    for (const struct template_step *step = page->steps; step->step != STEP_END; step++) {
        if (!check_step(&check, step))
            return false;
    }
    return true;
}
