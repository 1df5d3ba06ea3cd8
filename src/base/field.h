/* A record is described once, by a table of its fields.  The table turns it into a row, a JSON
 * object, an event or a form, and back.
 *
 * A field is named as its struct member, in snake_case: that is its column, and its $parameter;
 * in JSON it is the same name in camelCase.  The kind follows from the member's C type, so a
 * price held in a double does not compile.
 *
 * An optional field whose bytes are all zero is absent: left out of JSON, null in a row. */
#ifndef BASE_FIELD_H
#define BASE_FIELD_H

#include <stdbool.h>

#include "base/values.h"

enum field_kind {
    FIELD_KIND_UUID,
    FIELD_KIND_STR,
    FIELD_KIND_MONEY,
    FIELD_KIND_INSTANT,
    FIELD_KIND_INT,
    FIELD_KIND_BOOL,
    FIELD_KIND_ENUM,   /* an enum; spelled by .names, 0 is the first */
    FIELD_KIND_RECORD, /* a struct inside; JSON nests it, columns are prefixed: ticket_id */
    FIELD_KIND_LIST,   /* struct rows; JSON only */
    FIELD_KIND_JSON,   /* a str that is JSON of any shape: written as it stands, read compact */
};

enum { FIELD_OPTIONAL = 1 };

/* Rows, or the items of a list: count records of one size, in an arena. */
struct rows {
    void *items;
    size_t count;
};

/* What a stranger's input must be like.  A broken rule becomes a problem with .message (or a
 * sentence made from the bounds), and the field's name. */
struct rule {
    unsigned flags;
    int64_t min; /* characters of a text, minor units of money, value of an integer */
    int64_t max;
    bool (*check)(str text); /* a form that bounds cannot say; NULL: none */
    const char *message;     /* NULL: made from the bounds */
};

enum {
    RULE_REQUIRED = 1, /* absent, null or blank is a problem */
    RULE_RAW = 2,      /* a password: neither trimmed nor normalised */
    RULE_LINES = 4,    /* line breaks and tabs allowed; other control characters never are */
};

struct field {
    const char *name;
    enum field_kind kind;
    unsigned flags;
    size_t offset;
    const char *const *names;   /* ENUM: how each value is spelled, then NULL */
    const struct field *fields; /* RECORD, LIST: the table of what is inside */
    size_t size;                /* LIST: of one item */
    const struct rule *rule;    /* forms only */
};

/* clang-format off */
#define FIELD_KIND(lvalue) _Generic((lvalue), \
    uuid:    FIELD_KIND_UUID,                 \
    str:     FIELD_KIND_STR,                  \
    money:   FIELD_KIND_MONEY,                \
    instant: FIELD_KIND_INSTANT,              \
    int64_t: FIELD_KIND_INT,                  \
    bool:    FIELD_KIND_BOOL)

#define FIELD_ROW_(type, member, kind_, ...) \
    { .name = #member, .kind = (kind_), .offset = offsetof(type, member), __VA_ARGS__ }

#define FIELD(type, member) \
    FIELD_ROW_(type, member, FIELD_KIND(((type *)0)->member), .flags = 0)
#define FIELD_OPT(type, member) \
    FIELD_ROW_(type, member, FIELD_KIND(((type *)0)->member), .flags = FIELD_OPTIONAL)
#define FIELD_ENUM(type, member, names_) \
    FIELD_ROW_(type, member, FIELD_KIND_ENUM, .names = (names_))
/* The value 0 means absent; names_[0] is then never seen. */
#define FIELD_ENUM_OPT(type, member, names_) \
    FIELD_ROW_(type, member, FIELD_KIND_ENUM, .names = (names_), .flags = FIELD_OPTIONAL)
#define FIELD_RECORD(type, member, fields_) \
    FIELD_ROW_(type, member, FIELD_KIND_RECORD, .fields = (fields_))
#define FIELD_RECORD_OPT(type, member, fields_) \
    FIELD_ROW_(type, member, FIELD_KIND_RECORD, .fields = (fields_), .flags = FIELD_OPTIONAL)
#define FIELD_LIST(type, member, item, fields_) \
    FIELD_ROW_(type, member, FIELD_KIND_LIST, .fields = (fields_), .size = sizeof(item))
#define FIELD_JSON(type, member) \
    FIELD_ROW_(type, member, FIELD_KIND_JSON, .flags = FIELD_OPTIONAL)

/* An input field with its rule:
 * FORM(struct listing, title, .min = 1, .max = 200, .flags = RULE_REQUIRED) */
#define FORM(type, member, ...) \
    FIELD_ROW_(type, member, FIELD_KIND(((type *)0)->member), .flags = FIELD_OPTIONAL, \
               .rule = &(const struct rule){ __VA_ARGS__ })
#define FORM_ENUM(type, member, names_, ...) \
    FIELD_ROW_(type, member, FIELD_KIND_ENUM, .flags = FIELD_OPTIONAL, .names = (names_), \
               .rule = &(const struct rule){ __VA_ARGS__ })

#define FIELDS_END { .name = NULL }
/* clang-format on */

/* Whether all bytes of the field's value in this record are zero. */
bool field_is_absent(const struct field *field, const void *record);
/* Size in bytes of a value of this field's kind in its struct (RECORD: 0). */
size_t field_size(const struct field *field);
/* Writes the camelCase of a snake_case name; returns its length. */
size_t field_camel(const char *name, char *ret_text, size_t capacity);

#endif
