/* Unicode texts of people: counted, normalised, searched. */
#ifndef BASE_TEXT_H
#define BASE_TEXT_H

#include "base/str.h"

struct arena;

/* Valid UTF-8 without surrogates, overlong forms or NUL (Unicode 15, table 3-7). */
bool text_is_utf8(str text);
/* Number of code points of a valid text. */
size_t text_length(str text);
/* No control characters (Unicode category Cc) and no bidi overrides; line breaks and tabs only if
 * lines. */
bool text_is_clean(str text, bool lines);
/* NFC, without white space at both ends; for valid UTF-8. */
str text_normalise(struct arena *arena, str text);
/* Folded for search: NFKC, case folded, so that "É" finds "é". */
str text_fold(struct arena *arena, str text);

/* The form in which e-mail addresses are compared: local part and domain folded, the domain in
 * ASCII (IDNA 2008).  Absent if the address has no acceptable form (one @, a dot in the domain, RFC
 * 5321 lengths). */
str email_key(struct arena *arena, str email);
bool email_is_valid(str email); /* the form alone, for rules; email_key() has the last word */
bool phone_is_e164(str phone);  /* + and 8 to 15 digits */

/* Whether it holds 13 to 19 digits, perhaps grouped by single spaces or dashes, that pass as a
 * payment card's number: an issuer's prefix and a right check digit (ISO/IEC 7812).  UUIDs do not
 * count. */
bool text_has_card_number(str text);

#endif
