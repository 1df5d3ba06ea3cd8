/* The rules of forms: what strangers may send, and what they are told when it is not that. */
#include "base/form.h"

#include <assert.h>
#include <stdio.h>

#include "base/arena.h"
#include "base/json.h"
#include "base/limits.h"
#include "base/text.h"

#define NAME_BYTES_MAX 64

/* ---- values ---- */

/* A real of at most 15 significant digits is exactly the decimal that "%.15g" writes. */
static bool read_money(const struct input *input, money *ret_amount)
{
    char text[32];
    int size = 0;
    switch (input->kind) {
    case INPUT_TEXT:
        return money_parse(input->text, ret_amount);
    case INPUT_INT:
        size = snprintf(text, sizeof text, "%lld", (long long)input->integer);
        break;
    case INPUT_REAL:
        size = snprintf(text, sizeof text, "%.15g", input->real);
        break;
    case INPUT_NONE:
    case INPUT_NULL:
    case INPUT_BOOL:
    case INPUT_OTHER:
        return false;
    }
    return money_parse((str){ text, (size_t)size }, ret_amount);
}

static bool read_bool(const struct input *input, bool *ret_value)
{
    bool yes = input->yes;
    if (input->kind == INPUT_TEXT && input->loose) {
        yes = str_is(input->text, "true") || str_is(input->text, "on");
        if (!yes && !str_is(input->text, "false"))
            return false;
    } else if (input->kind != INPUT_BOOL) {
        return false;
    }
    *ret_value = yes;
    return true;
}

static bool read_int(const struct input *input, int64_t *ret_value)
{
    if (input->kind == INPUT_TEXT)
        return input->loose && str_to_int(input->text, ret_value);
    if (input->kind != INPUT_INT)
        return false;
    *ret_value = input->integer;
    return true;
}

/* The first name that may be seen: of an optional enum that is no input, 0 means absent. */
static unsigned first_name(const struct field *field)
{
    return field->rule == NULL && (field->flags & FIELD_OPTIONAL) != 0 ? 1 : 0;
}

static bool read_enum(const struct field *field, str text, unsigned *ret_value)
{
    for (unsigned i = first_name(field); field->names[i] != NULL; i++) {
        if (str_is(text, field->names[i])) {
            *ret_value = i;
            return true;
        }
    }
    return false;
}

bool input_read(const struct field *field, const struct input *input, void *ret_value)
{
    bool is_text = input->kind == INPUT_TEXT;
    switch (field->kind) {
    case FIELD_KIND_UUID:
        return is_text && uuid_parse(input->text, ret_value);
    case FIELD_KIND_STR:
        if (is_text)
            *(str *)ret_value = input->text;
        return is_text;
    case FIELD_KIND_MONEY:
        return read_money(input, ret_value);
    case FIELD_KIND_INSTANT:
        return is_text && instant_parse(input->text, ret_value);
    case FIELD_KIND_INT:
        return read_int(input, ret_value);
    case FIELD_KIND_BOOL:
        return read_bool(input, ret_value);
    case FIELD_KIND_ENUM:
        return is_text && read_enum(field, input->text, ret_value);
    case FIELD_KIND_RECORD:
    case FIELD_KIND_LIST:
    case FIELD_KIND_JSON:
        break;
    }
    assert(false && "no single value makes such a field");
    return false;
}

void field_clear(const struct field *field, void *record)
{
    char *value = (char *)record + field->offset;
    if (field->kind != FIELD_KIND_RECORD) {
        memset(value, 0, field_size(field));
        return;
    }
    for (const struct field *inner = field->fields; inner->name != NULL; inner++)
        field_clear(inner, value);
}

/* ---- problems ---- */

static const char *public_name(struct arena *arena, const struct field *field)
{
    char name[NAME_BYTES_MAX];
    return str_terminated(arena, (str){ name, field_camel(field->name, name, sizeof name) });
}

/* Says what is wrong: in the rule's own words, or else the field's name followed by these. */
static void refuse(struct form_reader *reader, const struct field *field, str words)
{
    struct problem *problem = ARENA_NEW(reader->arena, struct problem);
    problem->status = STATUS_INVALID;
    problem->field = public_name(reader->arena, field);
    if (field->rule != NULL && field->rule->message != NULL) {
        problem->message = field->rule->message;
    } else {
        struct buf message = buf_in(reader->arena, 64);
        buf_add(&message, str_of(problem->field));
        buf_add_char(&message, ' ');
        buf_add(&message, words);
        buf_add_char(&message, '\0');
        problem->message = message.data;
    }
    if (reader->last == NULL)
        reader->first = problem;
    else
        reader->last->next = problem;
    reader->last = problem;
}

static str names_of(struct arena *arena, const struct field *field)
{
    struct buf words = buf_in(arena, 64);
    const char *before = "must be one of ";
    for (unsigned i = first_name(field); field->names[i] != NULL; i++) {
        if (field->names[i][0] == '\0')
            continue;
        buf_addf(&words, "%s%s", before, field->names[i]);
        before = ", ";
    }
    return buf_str(&words);
}

static str words_for_kind(struct arena *arena, const struct field *field)
{
    switch (field->kind) {
    case FIELD_KIND_UUID:
        return S("must be an id");
    case FIELD_KIND_STR:
        return S("must be a text");
    case FIELD_KIND_MONEY:
        return S("must be an amount with at most two decimals, such as 20.05");
    case FIELD_KIND_INSTANT:
        return S("must be a time such as 2030-12-31T20:00:00Z");
    case FIELD_KIND_INT:
        return S("must be a whole number");
    case FIELD_KIND_BOOL:
        return S("must be true or false");
    case FIELD_KIND_ENUM:
        return names_of(arena, field);
    case FIELD_KIND_RECORD:
    case FIELD_KIND_LIST:
    case FIELD_KIND_JSON:
        break;
    }
    return S("is not valid");
}

static void add_bound(struct buf *words, const struct field *field, int64_t bound)
{
    if (field->kind == FIELD_KIND_MONEY)
        buf_addf(words, "%lld.%02lld", (long long)(bound / 100), (long long)(bound % 100));
    else
        buf_add_int(words, bound);
}

/* Without max there is only a lower bound; without either, none at all. */
static bool is_bounded_above(const struct rule *rule)
{
    return rule->max != 0 || rule->min < 0;
}

static str words_for_bounds(struct arena *arena, const struct field *field)
{
    const struct rule *rule = field->rule;
    bool is_text = field->kind == FIELD_KIND_STR;
    struct buf words = buf_in(arena, 64);
    if (!is_bounded_above(rule)) {
        buf_add(&words, S("must be at least "));
        add_bound(&words, field, rule->min);
    } else if (is_text && rule->min == 0) {
        buf_add(&words, S("must be at most "));
        add_bound(&words, field, rule->max);
    } else {
        buf_add(&words, S("must be between "));
        add_bound(&words, field, rule->min);
        buf_add(&words, S(" and "));
        add_bound(&words, field, rule->max);
    }
    if (is_text)
        buf_add(&words, S(" characters"));
    return buf_str(&words);
}

/* ---- rules ---- */

static int64_t measure(const struct field *field, const void *value)
{
    switch (field->kind) {
    case FIELD_KIND_STR:
        return (int64_t)text_length(*(const str *)value);
    case FIELD_KIND_MONEY:
        return ((const money *)value)->minor;
    case FIELD_KIND_INT:
        return *(const int64_t *)value;
    case FIELD_KIND_INSTANT:
        return ((const instant *)value)->ms;
    case FIELD_KIND_UUID:
    case FIELD_KIND_BOOL:
    case FIELD_KIND_ENUM:
    case FIELD_KIND_RECORD:
    case FIELD_KIND_LIST:
    case FIELD_KIND_JSON:
        break;
    }
    assert(false && "bounds on a field that has no size");
    return 0;
}

static bool is_within_bounds(const struct field *field, const void *value)
{
    const struct rule *rule = field->rule;
    if (rule == NULL || (rule->min == 0 && rule->max == 0))
        return true;
    int64_t size = measure(field, value);
    return size >= rule->min && (size <= rule->max || !is_bounded_above(rule));
}

static unsigned rule_flags(const struct field *field)
{
    return field->rule == NULL ? 0 : field->rule->flags;
}

/* The text as it will be stored, or the words for what is wrong with it. */
static str take_text(struct form_reader *reader, const struct field *field, str *text)
{
    if (!text_is_utf8(*text))
        return S("must be valid UTF-8");
    if ((rule_flags(field) & RULE_RAW) != 0)
        *text = str_copy(reader->arena, *text);
    else
        *text = text_normalise(reader->arena, *text);
    if (!text_is_clean(*text, (rule_flags(field) & RULE_LINES) != 0))
        return S("must not contain control characters");
    return (str){ NULL, 0 };
}

static str check_text(const struct field *field, str text)
{
    bool (*check)(str) = field->rule == NULL ? NULL : field->rule->check;
    return check == NULL || check(text) ? (str){ NULL, 0 } : S("is not valid");
}

/* Takes an input that says something; returns the words for what is wrong with it, or absent. */
static str take_value(struct form_reader *reader, const struct field *field,
                      const struct input *input)
{
    void *value = (char *)reader->form + field->offset;
    if (!input_read(field, input, value))
        return words_for_kind(reader->arena, field);
    str wrong = { NULL, 0 };
    bool is_text = field->kind == FIELD_KIND_STR;
    if (is_text)
        wrong = take_text(reader, field, value);
    if (is_text && wrong.data == NULL && ((str *)value)->size == 0 &&
        (rule_flags(field) & RULE_REQUIRED) != 0)
        wrong = S("is required");
    if (wrong.data == NULL && !is_within_bounds(field, value))
        wrong = words_for_bounds(reader->arena, field);
    if (wrong.data == NULL && is_text)
        wrong = check_text(field, *(str *)value);
    return wrong;
}

void form_take(struct form_reader *reader, const struct field *field, const struct input *input)
{
    assert(field->kind != FIELD_KIND_RECORD && field->kind != FIELD_KIND_LIST);
    assert(field->kind != FIELD_KIND_JSON);
    field_clear(field, reader->form);

    size_t at = (size_t)(field - reader->fields);
    assert(at < 64);
    if (input->kind != INPUT_NONE)
        reader->present |= (uint64_t)1 << at;

    str wrong = { NULL, 0 };
    if (input->kind != INPUT_NONE && input->kind != INPUT_NULL)
        wrong = take_value(reader, field, input);
    else if ((rule_flags(field) & RULE_REQUIRED) != 0)
        wrong = S("is required");
    if (wrong.data != NULL)
        refuse(reader, field, wrong);
}

err form_end(const struct form_reader *reader, uint64_t *ret_present)
{
    if (reader->first != NULL)
        return (err){ reader->first };
    if (ret_present != NULL)
        *ret_present = reader->present;
    return OK;
}

/* ---- forms of texts ---- */

/* The text of that name; "" says nothing, unless blanks are what the rule is about. */
static size_t find_text(const struct form_text *texts, size_t count, const struct field *field,
                        struct input *ret_input)
{
    char name[NAME_BYTES_MAX];
    str wanted = { name, field_camel(field->name, name, sizeof name) };
    size_t found = 0;
    for (size_t i = 0; i < count; i++) {
        if (!str_equal(texts[i].name, wanted))
            continue;
        bool raw = (rule_flags(field) & RULE_RAW) != 0;
        str text = raw || field->kind == FIELD_KIND_STR ? texts[i].text : str_trim(texts[i].text);
        ret_input->text = text;
        ret_input->kind = (raw ? text : str_trim(text)).size == 0 ? INPUT_NULL : INPUT_TEXT;
        found++;
    }
    return found;
}

err form_read_texts(struct arena *arena, const struct form_text *texts, size_t count,
                    const struct field *form_fields, void *form, uint64_t *ret_present)
{
    struct form_reader reader = { .arena = arena, .fields = form_fields, .form = form };
    for (const struct field *field = form_fields; field->name != NULL; field++) {
        struct input input = { .kind = INPUT_NONE, .loose = true };
        size_t found = find_text(texts, count, field, &input);
        if (found > 1)
            refuse(&reader, field, S("is given more than once"));
        else
            form_take(&reader, field, &input);
    }
    return form_end(&reader, ret_present);
}
