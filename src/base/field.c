#include "base/field.h"

#include <assert.h>

static bool rows_are_absent(const void *value)
{
    const struct rows *rows = value;
    return rows->items == NULL && rows->count == 0;
}

static bool record_is_absent(const struct field *fields, const void *record)
{
    for (const struct field *field = fields; field->name != NULL; field++)
        if (!field_is_absent(field, record))
            return false;
    return true;
}

bool field_is_absent(const struct field *field, const void *record)
{
    const void *value = (const char *)record + field->offset;
    switch (field->kind) {
    case FIELD_KIND_UUID:
        return uuid_is_absent(*(const uuid *)value);
    case FIELD_KIND_STR:
    case FIELD_KIND_JSON:
        return ((const str *)value)->data == NULL;
    case FIELD_KIND_MONEY:
        return ((const money *)value)->minor == 0;
    case FIELD_KIND_INSTANT:
        return ((const instant *)value)->ms == 0;
    case FIELD_KIND_INT:
        return *(const int64_t *)value == 0;
    case FIELD_KIND_BOOL:
        return !*(const bool *)value;
    case FIELD_KIND_ENUM:
        return *(const unsigned *)value == 0;
    case FIELD_KIND_RECORD:
        return record_is_absent(field->fields, value);
    case FIELD_KIND_LIST:
        return rows_are_absent(value);
    }
    assert(false && "a field of no kind");
    return true;
}

size_t field_size(const struct field *field)
{
    static const size_t sizes[] = {
        [FIELD_KIND_UUID] = sizeof(uuid),        [FIELD_KIND_STR] = sizeof(str),
        [FIELD_KIND_MONEY] = sizeof(money),      [FIELD_KIND_INSTANT] = sizeof(instant),
        [FIELD_KIND_INT] = sizeof(int64_t),      [FIELD_KIND_BOOL] = sizeof(bool),
        [FIELD_KIND_ENUM] = sizeof(unsigned),    [FIELD_KIND_RECORD] = 0,
        [FIELD_KIND_LIST] = sizeof(struct rows), [FIELD_KIND_JSON] = sizeof(str),
    };
    assert(field->kind < sizeof sizes / sizeof sizes[0]);
    return sizes[field->kind];
}

size_t field_camel(const char *name, char *ret_text, size_t capacity)
{
    size_t size = 0;
    bool raise = false;
    for (; *name != '\0'; name++) {
        if (*name == '_') {
            raise = true;
            continue;
        }
        assert(size < capacity);
        ret_text[size++] =
            raise && *name >= 'a' && *name <= 'z' ? (char)(*name - 'a' + 'A') : *name;
        raise = false;
    }
    return size;
}
