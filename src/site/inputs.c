#include "site/inputs.h"

#include "site/voice.h"
#include "web/web.h"

const struct field input_fields[] = {
    FIELD(struct input, name),
    FIELD(struct input, value),
    FIELD_OPT(struct input, error),
    FIELDS_END,
};

static bool is_input(const struct field *field)
{
    return field->kind == FIELD_KIND_RECORD && field->fields == input_fields;
}

static struct input *input_at(const struct field *field, void *form)
{
    return (struct input *)(void *)((char *)form + field->offset);
}

static str camel(struct arena *arena, const char *name)
{
    size_t capacity = strlen(name);
    char *text = arena_text(arena, capacity);
    return (str){ text, field_camel(name, text, capacity) };
}

void inputs_take(struct arena *arena, const struct field *fields, void *form,
                 const struct form_text *texts, size_t count)
{
    for (const struct field *field = fields; field->name != NULL; field++) {
        if (!is_input(field))
            continue;
        struct input *input = input_at(field, form);
        input->name = camel(arena, field->name);
        for (size_t i = 0; i < count; i++) {
            if (str_equal(texts[i].name, input->name))
                input->value = texts[i].text;
        }
        if (input->value.data == NULL)
            input->value = S("");
    }
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* 48,50 as half of Europe writes it. */
static str with_point(struct arena *arena, str amount)
{
    str trimmed = str_trim(amount);
    const char *comma = trimmed.size > 0 ? memchr(trimmed.data, ',', trimmed.size) : NULL;
    size_t behind = comma == NULL ? 0 : (size_t)(trimmed.data + trimmed.size - comma) - 1;
    if (behind < 1 || behind > 2 || !is_digit(comma[1]))
        return trimmed;
    size_t before = (size_t)(comma - trimmed.data);
    char *text = arena_text(arena, trimmed.size);
    memcpy(text, trimmed.data, trimmed.size);
    text[before] = '.';
    return (str){ text, trimmed.size };
}

/* Browsers send 2026-11-20T19:00, without a zone and mostly without seconds. */
static str with_zone(struct arena *arena, str time)
{
    const size_t minutes = strlen("2026-11-20T19:00");
    str trimmed = str_trim(time);
    if (trimmed.size != minutes && trimmed.size != minutes + 3)
        return trimmed;
    struct buf zoned = buf_in(arena, 24);
    buf_add(&zoned, trimmed);
    buf_add(&zoned, trimmed.size == minutes ? S(":00Z") : S("Z"));
    return buf_str(&zoned);
}

static str with_time(struct arena *arena, str day, str time)
{
    struct buf moment = buf_in(arena, 24);
    buf_add(&moment, str_trim(day));
    if (str_trim(day).size == strlen("2026-11-20"))
        buf_add(&moment, time);
    return buf_str(&moment);
}

/* As the API wants it. */
static str meant(struct arena *arena, const struct input *input)
{
    switch (input->kind) {
    case INPUT_AMOUNT:
        return with_point(arena, input->value);
    case INPUT_TIME:
        return with_zone(arena, input->value);
    case INPUT_DAY:
        return with_time(arena, input->value, S("T00:00:00Z"));
    case INPUT_LAST_DAY:
        return with_time(arena, input->value, S("T23:59:59Z"));
    case INPUT_TEXT:
        break;
    }
    return input->value;
}

static const struct input *input_of(const struct field *field, const void *form)
{
    return (const struct input *)(const void *)((const char *)form + field->offset);
}

str inputs_json(struct arena *arena, const struct field *fields, const void *form, bool blanks)
{
    struct buf json = buf_in(arena, 512);
    buf_add_char(&json, '{');
    for (const struct field *field = fields; field->name != NULL; field++) {
        const struct input *input = is_input(field) ? input_of(field, form) : NULL;
        if (input == NULL || (!blanks && str_trim(input->value).size == 0))
            continue;
        if (json.size > 1)
            buf_add_char(&json, ',');
        json_write_str(&json, input->name);
        buf_add_char(&json, ':');
        json_write_str(&json, meant(arena, input));
    }
    buf_add_char(&json, '}');
    return buf_str(&json);
}

str inputs_query(struct arena *arena, const struct field *fields, const void *form, bool for_api)
{
    struct buf query = buf_in(arena, 128);
    for (const struct field *field = fields; field->name != NULL; field++) {
        const struct input *input = is_input(field) ? input_of(field, form) : NULL;
        if (input != NULL && str_trim(input->value).size > 0)
            form_add(&query, input->name, for_api ? meant(arena, input) : input->value);
    }
    return buf_str(&query);
}

static bool blame(const struct field *fields, void *form, str name, str message)
{
    for (const struct field *field = fields; field->name != NULL; field++) {
        struct input *input = is_input(field) ? input_at(field, form) : NULL;
        if (input == NULL || !str_equal(input->name, name))
            continue;
        if (input->error.data == NULL)
            input->error = message;
        return true;
    }
    return false;
}

str inputs_blame(struct arena *arena, const struct voice *voice, const struct field *fields,
                 void *form, str errors)
{
    struct rows complaints = read_complaints(arena, errors);
    str rest = { NULL, 0 };
    const struct complaint *list = complaints.items;
    for (size_t i = 0; i < complaints.count; i++) {
        str message = say_complaint(arena, voice, &list[i]);
        if (!blame(fields, form, list[i].field, message) && rest.data == NULL)
            rest = message;
    }
    return rest;
}
