/* Inside base: how one value that came from outside becomes a field of a record. */
#ifndef BASE_FORM_H
#define BASE_FORM_H

#include "base/err.h"
#include "base/field.h"

struct arena;

enum input_kind {
    INPUT_NONE, /* not there */
    INPUT_NULL,
    INPUT_TEXT,
    INPUT_INT,
    INPUT_REAL,
    INPUT_BOOL,
    INPUT_OTHER, /* an object or a list */
};

struct input {
    enum input_kind kind;
    bool loose; /* out of a query or an HTML form, where everything is text and "" says nothing */
    str text;
    int64_t integer;
    double real; /* at most JSON_DIGITS_MAX significant digits */
    bool yes;
};

/* Takes the input as a value of the field's kind, or says that it is none.  A text is borrowed.
 * Not for RECORD, LIST and JSON. */
bool input_read(const struct field *field, const struct input *input, void *ret_value);

/* A form being read: its problems in the order of its fields. */
struct form_reader {
    struct arena *arena;
    const struct field *fields;
    void *form;
    const struct problem *first;
    struct problem *last;
    uint64_t present;
};

/* Makes the field's bytes all zero, then takes the input by the field's rule. */
void form_take(struct form_reader *reader, const struct field *field, const struct input *input);
/* OK, or what was wrong. */
err form_end(const struct form_reader *reader, uint64_t *ret_present);
/* Makes a field of a record absent. */
void field_clear(const struct field *field, void *record);

#endif
