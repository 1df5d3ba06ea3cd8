/* Records to JSON: straight into the buffer, a name and a value at a time. */
#include <assert.h>

#include "base/json.h"

/* Room for a name with its quotes, colon and comma, and any value of fixed size behind it. */
#define NAME_MAX_BYTES 64
#define FIELD_ROOM     (2 * NAME_MAX_BYTES)

/* How a byte is written inside quotes: 0 as it stands, else the letter behind a backslash, where u
 * stands for \u00xx.  < > & are escaped for the sake of HTML. */
static const char escapes[256] = {
    ['\x00'] = 'u', ['\x01'] = 'u', ['\x02'] = 'u', ['\x03'] = 'u', ['\x04'] = 'u', ['\x05'] = 'u',
    ['\x06'] = 'u', ['\x07'] = 'u', ['\b'] = 'b',   ['\t'] = 't',   ['\n'] = 'n',   ['\x0b'] = 'u',
    ['\f'] = 'f',   ['\r'] = 'r',   ['\x0e'] = 'u', ['\x0f'] = 'u', ['\x10'] = 'u', ['\x11'] = 'u',
    ['\x12'] = 'u', ['\x13'] = 'u', ['\x14'] = 'u', ['\x15'] = 'u', ['\x16'] = 'u', ['\x17'] = 'u',
    ['\x18'] = 'u', ['\x19'] = 'u', ['\x1a'] = 'u', ['\x1b'] = 'u', ['\x1c'] = 'u', ['\x1d'] = 'u',
    ['\x1e'] = 'u', ['\x1f'] = 'u', ['"'] = '"',    ['\\'] = '\\',  ['<'] = 'u',    ['>'] = 'u',
    ['&'] = 'u',    ['\x7f'] = 'u',
};

static char *put_escape(char *at, unsigned char byte)
{
    static const char hex_digits[] = "0123456789abcdef";
    *at++ = '\\';
    *at++ = escapes[byte];
    if (escapes[byte] != 'u')
        return at;
    *at++ = '0';
    *at++ = '0';
    *at++ = hex_digits[byte >> 4];
    *at++ = hex_digits[byte & 0x0f];
    return at;
}

void json_write_str(struct buf *out, str text)
{
    enum { ESCAPE_BYTES_MAX = 6 };
    char *at = buf_room(out, text.size + 2);
    *at++ = '"';
    size_t done = 0;
    for (size_t i = 0; i < text.size; i++) {
        unsigned char byte = (unsigned char)text.data[i];
        if (escapes[byte] == 0)
            continue;
        memcpy(at, text.data + done, i - done);
        out->size = (size_t)(at - out->data) + i - done;
        at = buf_room(out, text.size - i + ESCAPE_BYTES_MAX + 2);
        at = put_escape(at, byte);
        done = i + 1;
    }
    if (text.size > done)
        memcpy(at, text.data + done, text.size - done);
    at += text.size - done;
    *at++ = '"';
    out->size = (size_t)(at - out->data);
}

static char *put_name(char *at, enum json_names names, const char *name)
{
    const char *limit = at + NAME_MAX_BYTES;
    *at++ = '"';
    for (; *name != '\0'; name++) {
        assert(at < limit);
        if (*name == '_' && names == JSON_CAMEL) {
            name++;
            assert((*name >= 'a' && *name <= 'z') || (*name >= '0' && *name <= '9'));
            *at++ = *name >= 'a' ? (char)(*name - 'a' + 'A') : *name;
        } else {
            *at++ = *name;
        }
    }
    *at++ = '"';
    *at++ = ':';
    return at;
}

static char *put_uuid(char *at, uuid id)
{
    *at++ = '"';
    uuid_write(id, at);
    at += UUID_TEXT_SIZE;
    *at++ = '"';
    return at;
}

static char *put_instant(char *at, instant when)
{
    *at++ = '"';
    instant_write(when, at);
    at += INSTANT_TEXT_SIZE;
    *at++ = '"';
    return at;
}

static char *put_bool(char *at, bool value)
{
    size_t size = value ? 4 : 5;
    memcpy(at, value ? "true" : "false", size);
    return at + size;
}

static void write_enum(struct buf *out, const struct field *field, unsigned value)
{
    for (unsigned i = 0; i <= value; i++)
        assert(field->names[i] != NULL);
    json_write_str(out, str_of(field->names[value]));
}

/* A value whose size is not known beforehand. */
static void write_value(struct buf *out, enum json_names names, const struct field *field,
                        const void *value)
{
    switch (field->kind) {
    case FIELD_KIND_STR:
        json_write_str(out, *(const str *)value);
        return;
    case FIELD_KIND_INT:
        buf_add_int(out, *(const int64_t *)value);
        return;
    case FIELD_KIND_ENUM:
        write_enum(out, field, *(const unsigned *)value);
        return;
    case FIELD_KIND_RECORD:
        json_write(out, names, field->fields, value);
        return;
    case FIELD_KIND_LIST:
        json_write_rows(out, names, field->fields, field->size, value);
        return;
    case FIELD_KIND_JSON:
        buf_add(out, *(const str *)value);
        return;
    case FIELD_KIND_UUID:
    case FIELD_KIND_MONEY:
    case FIELD_KIND_INSTANT:
    case FIELD_KIND_BOOL:
        break;
    }
    assert(false && "a field of no kind");
}

static void write_field(struct buf *out, enum json_names names, const struct field *field,
                        const void *value)
{
    char *at = buf_room(out, FIELD_ROOM);
    at = put_name(at, names, field->name);

    bool written = true;
    switch (field->kind) {
    case FIELD_KIND_UUID:
        at = put_uuid(at, *(const uuid *)value);
        break;
    case FIELD_KIND_MONEY:
        at += money_write(*(const money *)value, at);
        break;
    case FIELD_KIND_INSTANT:
        at = put_instant(at, *(const instant *)value);
        break;
    case FIELD_KIND_BOOL:
        at = put_bool(at, *(const bool *)value);
        break;
    case FIELD_KIND_STR:
    case FIELD_KIND_INT:
    case FIELD_KIND_ENUM:
    case FIELD_KIND_RECORD:
    case FIELD_KIND_LIST:
    case FIELD_KIND_JSON:
        written = false;
        break;
    }
    out->size = (size_t)(at - out->data);
    if (!written)
        write_value(out, names, field, value);
}

void json_write(struct buf *out, enum json_names names, const struct field *fields,
                const void *record)
{
    char before = '{';
    for (const struct field *field = fields; field->name != NULL; field++) {
        if ((field->flags & FIELD_OPTIONAL) != 0 && field_is_absent(field, record))
            continue;
        buf_add_char(out, before);
        write_field(out, names, field, (const char *)record + field->offset);
        before = ',';
    }
    if (before == '{')
        buf_add_char(out, '{');
    buf_add_char(out, '}');
}

void json_write_rows(struct buf *out, enum json_names names, const struct field *fields,
                     size_t item_size, const struct rows *rows)
{
    buf_add_char(out, '[');
    for (size_t i = 0; i < rows->count; i++) {
        if (i > 0)
            buf_add_char(out, ',');
        json_write(out, names, fields, (const char *)rows->items + i * item_size);
    }
    buf_add_char(out, ']');
}
