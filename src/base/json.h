/* JSON to records and back, driven by field tables.
 *
 * Reading stands on jansson and is strict: UTF-8, no NUL, no duplicate names, an object at the
 * top, depth JSON_DEPTH_MAX.  A number with more than 15 significant digits is refused, so that
 * money, which jansson holds as a double, is taken exactly or not at all: a decimal of at most 15
 * digits survives the way there and back.  Money may be a JSON number or a decimal string.  A
 * number may have an exponent if its value has at most two decimals (2e1 is 20, as JSON has only
 * one number 20); a string may not.  A nil UUID is no id. */
#ifndef BASE_JSON_H
#define BASE_JSON_H

#include "base/err.h"
#include "base/field.h"

struct arena;

enum json_names { JSON_CAMEL, JSON_SNAKE }; /* how members are named: ours, or Stripe's */

/* ---- writing ---- */

void json_write(struct buf *out, enum json_names names, const struct field *fields,
                const void *record);
/* A plain array of records. */
void json_write_rows(struct buf *out, enum json_names names, const struct field *fields,
                     size_t item_size, const struct rows *rows);
/* A quoted and escaped string; also escapes < > & so that it may stand inside HTML. */
void json_write_str(struct buf *out, str text);

/* ---- reading ---- */

/* Reads what a stranger sent, by the rules of the table (FORM, FORM_ENUM).  Unknown members are
 * ignored.  Texts are trimmed and normalised to NFC unless RULE_RAW, and live in the arena.
 * ret_present, if not NULL, gets a bit per field of the table that the body names (also as null).
 * INVALID with one problem per field that breaks its rule, in the order of the table; the form is
 * then undefined.  A blank text counts as given: it is refused where min is at least 1. */
err json_read_form(struct arena *arena, str body, const struct field *form_fields, void *form,
                   uint64_t *ret_present);

/* Reads what another program of ours, or Stripe, sent: a field that is not optional must be there
 * and of its kind, else INVALID; a null is an absent one. */
err json_read_record(struct arena *arena, str body, enum json_names names,
                     const struct field *fields, void *record);

/* The same rules for fields of a URL query or a form body (application/x-www-form-urlencoded),
 * whose names are camelCase too; used by web/form.  text is decoded.  Here a blank says the same as
 * null, since browsers send every input; numbers and ids are trimmed; a bool is true, on or false;
 * a name that the table knows may come once. */
struct form_text {
    str name;
    str text;
};
err form_read_texts(struct arena *arena, const struct form_text *texts, size_t count,
                    const struct field *form_fields, void *form, uint64_t *ret_present);

#endif
