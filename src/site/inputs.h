/* Forms as people fill them: what they typed, kept as it is, and what was wrong with it. */
#ifndef SITE_INPUTS_H
#define SITE_INPUTS_H

#include "base/base.h"
#include "base/json.h"
#include "web/template.h"

enum input_kind { INPUT_TEXT, INPUT_AMOUNT, INPUT_TIME, INPUT_DAY, INPUT_LAST_DAY };

struct input {
    str name; /* as the API names it */
    str value;
    str error; /* absent: nothing is wrong */
    enum input_kind kind;
};
extern const struct field input_fields[]; /* without the kind */

/* Each of these goes through the inputs of a record: those fields of its table that are
 * INPUT(struct …, member). */
#define INPUT(type, member) FIELD_RECORD(type, member, input_fields)

/* Gives each its name, and the value that was sent. */
void inputs_take(struct arena *arena, const struct field *fields, void *form,
                 const struct form_text *texts, size_t count);
/* What the API is to be sent: {"title": "…"}.  What is blank is left out unless blanks says that it
 * means something. */
str inputs_json(struct arena *arena, const struct field *fields, const void *form, bool blanks);
/* As a query string: for the API, or else as it was typed. */
str inputs_query(struct arena *arena, const struct field *fields, const void *form, bool for_api);
/* Puts the API's errors beside the inputs that they name.  Returns what is wrong with none of them
 * in particular, absent if nothing. */
str inputs_blame(struct arena *arena, const struct voice *voice, const struct field *fields,
                 void *form, str errors);

#endif
