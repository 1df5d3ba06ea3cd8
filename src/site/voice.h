/* How the site speaks: languages, money and dates for people, and the API's errors in their words.
 */
#ifndef SITE_VOICE_H
#define SITE_VOICE_H

#include "site/records.h"
#include "web/template.h"

extern const struct catalogue site_catalogues[]; /* then one without a language */

/* The voice of a language; of the first one if there is no such language. */
struct voice voice_of(str language, instant now);
/* The first language of an Accept-Language header that the site speaks, by weight; absent if none.
 */
str language_accepted(str header);
/* Whether the site speaks it. */
bool language_is_known(str language);

/* The complaints of an error body; none if it is none. */
struct rows read_complaints(struct arena *arena, str body);
/* In the visitor's language, if the catalogue knows it. */
str say_complaint(struct arena *arena, const struct voice *voice,
                  const struct complaint *complaint);

#endif
