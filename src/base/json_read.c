/* JSON to records: a guard over the raw text, jansson's strict reader, then the field tables. */
#include <assert.h>
#include <jansson.h>

#include "base/arena.h"
#include "base/form.h"
#include "base/json.h"
#include "base/limits.h"

#define NAME_BYTES_MAX 64

#define INVALID_JSON(name, text) \
    static const struct problem name = { STATUS_INVALID, text, NULL, NULL, 0 }

INVALID_JSON(not_json, "The body is not valid JSON");
INVALID_JSON(not_an_object, "The body must be a JSON object");
INVALID_JSON(too_deep, "The body is nested too deeply");
INVALID_JSON(too_many_digits, "A number in the body has more than 15 digits");
INVALID_JSON(out_of_range, "A number in the body is out of range");
INVALID_JSON(duplicate_name, "The body names a member twice");

/* ---- the guard ---- */

/* Skips a string whose opening quote is at `at`; returns where it ends. */
static size_t skip_string(str text, size_t at)
{
    for (at++; at < text.size && text.data[at] != '"'; at++)
        if (text.data[at] == '\\')
            at++;
    return at;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* Skips digits and points, and counts the digits from the first that is not 0. */
static size_t skip_digits(str text, size_t at, unsigned *ret_digits)
{
    *ret_digits = 0;
    for (; at < text.size && (is_digit(text.data[at]) || text.data[at] == '.'); at++)
        if (text.data[at] != '.' && (text.data[at] != '0' || *ret_digits > 0))
            ++*ret_digits;
    return at;
}

/* Skips a number whose first digit is at *at, so that *at is its last character. */
static err guard_number(str text, size_t *at)
{
    unsigned digits;
    size_t end = skip_digits(text, *at, &digits);
    if (digits > JSON_DIGITS_MAX)
        return FAIL(too_many_digits);
    if (end < text.size && (text.data[end] == 'e' || text.data[end] == 'E')) {
        end++;
        if (end < text.size && (text.data[end] == '+' || text.data[end] == '-'))
            end++;
        end = skip_digits(text, end, &digits);
        if (digits > 2) /* a double would make 0 of 1e-400 */
            return FAIL(out_of_range);
    }
    *at = end - 1;
    return OK;
}

/* What jansson does not look at: how deep it goes, and whether a double can hold each number. */
static err guard(str text)
{
    unsigned depth = 0;
    for (size_t at = 0; at < text.size; at++) {
        char c = text.data[at];
        if (c == '"') {
            at = skip_string(text, at);
        } else if (c == '{' || c == '[') {
            if (++depth > JSON_DEPTH_MAX)
                return FAIL(too_deep);
        } else if (c == '}' || c == ']') {
            depth -= depth > 0;
        } else if (is_digit(c)) {
            TRY(guard_number(text, &at));
        }
    }
    return OK;
}

static err parse(str body, json_t **ret_root)
{
    TRY(guard(body));
    json_error_t error;
    json_t *root =
        json_loadb(body.size == 0 ? "" : body.data, body.size, JSON_REJECT_DUPLICATES, &error);
    if (root == NULL)
        return json_error_code(&error) == json_error_duplicate_key ? FAIL(duplicate_name)
                                                                   : FAIL(not_json);
    if (!json_is_object(root)) {
        json_decref(root);
        return FAIL(not_an_object);
    }
    *ret_root = root;
    return OK;
}

/* ---- values ---- */

static const json_t *member(const json_t *object, enum json_names names, const struct field *field)
{
    if (names == JSON_SNAKE)
        return json_object_get(object, field->name);
    char name[NAME_BYTES_MAX];
    return json_object_getn(object, name, field_camel(field->name, name, sizeof name));
}

static struct input input_of(const json_t *value)
{
    if (value == NULL)
        return (struct input){ .kind = INPUT_NONE };
    switch (json_typeof(value)) {
    case JSON_OBJECT:
    case JSON_ARRAY:
        break;
    case JSON_STRING:
        return (struct input){
            .kind = INPUT_TEXT,
            .text = { json_string_value(value), json_string_length(value) },
        };
    case JSON_INTEGER:
        return (struct input){ .kind = INPUT_INT, .integer = json_integer_value(value) };
    case JSON_REAL:
        return (struct input){ .kind = INPUT_REAL, .real = json_real_value(value) };
    case JSON_TRUE:
    case JSON_FALSE:
        return (struct input){ .kind = INPUT_BOOL, .yes = json_is_true(value) };
    case JSON_NULL:
        return (struct input){ .kind = INPUT_NULL };
    }
    return (struct input){ .kind = INPUT_OTHER };
}

/* ---- forms ---- */

err json_read_form(struct arena *arena, str body, const struct field *form_fields, void *form,
                   uint64_t *ret_present)
{
    json_t *root;
    TRY(parse(body, &root));
    struct form_reader reader = { .arena = arena, .fields = form_fields, .form = form };
    for (const struct field *field = form_fields; field->name != NULL; field++) {
        struct input input = input_of(member(root, JSON_CAMEL, field));
        form_take(&reader, field, &input);
    }
    json_decref(root);
    return form_end(&reader, ret_present);
}

/* ---- records ---- */

struct record_reader {
    struct arena *arena;
    enum json_names names;
};

static err read_record(const struct record_reader *reader, const json_t *object,
                       const struct field *fields, void *record);

static err wrong_field(const struct record_reader *reader, const struct field *field,
                       const char *what)
{
    struct buf message = buf_in(reader->arena, 64);
    buf_addf(&message, "%s %s", field->name, what);
    buf_add_char(&message, '\0');
    struct problem *problem = ARENA_NEW(reader->arena, struct problem);
    problem->status = STATUS_INVALID;
    problem->message = message.data;
    problem->field = field->name;
    return FAIL(*problem);
}

static err read_list(const struct record_reader *reader, const json_t *list,
                     const struct field *field, struct rows *ret_rows)
{
    if (!json_is_array(list))
        return wrong_field(reader, field, "must be a list");
    size_t count = json_array_size(list);
    char *items = arena_take(reader->arena, count * field->size);
    for (size_t i = 0; i < count; i++) {
        const json_t *item = json_array_get(list, i);
        if (!json_is_object(item))
            return wrong_field(reader, field, "must be a list of objects");
        TRY(read_record(reader, item, field->fields, items + i * field->size));
    }
    *ret_rows = (struct rows){ items, count };
    return OK;
}

/* Any JSON as text again; its reals have at most 15 digits, and so come back as they were. */
static str write_again(struct arena *arena, const json_t *value)
{
    const size_t flags = JSON_COMPACT | JSON_ENCODE_ANY | JSON_REAL_PRECISION(JSON_DIGITS_MAX);
    size_t size = json_dumpb(value, NULL, 0, flags);
    assert(size > 0);
    char *text = arena_text(arena, size);
    size_t written = json_dumpb(value, text, size, flags);
    assert(written == size);
    return (str){ text, size };
}

static err read_value(const struct record_reader *reader, const json_t *json,
                      const struct field *field, void *value)
{
    if (field->kind == FIELD_KIND_LIST)
        return read_list(reader, json, field, value);
    if (field->kind == FIELD_KIND_JSON) {
        *(str *)value = write_again(reader->arena, json);
        return OK;
    }
    if (field->kind == FIELD_KIND_RECORD) {
        if (!json_is_object(json))
            return wrong_field(reader, field, "must be an object");
        return read_record(reader, json, field->fields, value);
    }
    struct input input = input_of(json);
    if (!input_read(field, &input, value))
        return wrong_field(reader, field, "is not what it must be");
    if (field->kind == FIELD_KIND_STR)
        *(str *)value = str_copy(reader->arena, *(str *)value);
    return OK;
}

static err read_record(const struct record_reader *reader, const json_t *object,
                       const struct field *fields, void *record)
{
    for (const struct field *field = fields; field->name != NULL; field++) {
        field_clear(field, record);
        const json_t *json = member(object, reader->names, field);
        if (json == NULL || json_is_null(json)) {
            if ((field->flags & FIELD_OPTIONAL) == 0)
                return wrong_field(reader, field, "is missing");
            continue;
        }
        TRY(read_value(reader, json, field, (char *)record + field->offset));
    }
    return OK;
}

err json_read_record(struct arena *arena, str body, enum json_names names,
                     const struct field *fields, void *record)
{
    json_t *root;
    TRY(parse(body, &root));
    const struct record_reader reader = { arena, names };
    err result = read_record(&reader, root, fields, record);
    json_decref(root);
    return result;
}
