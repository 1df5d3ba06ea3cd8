/* What pages with lists and choices share. */
#ifndef SITE_LISTS_H
#define SITE_LISTS_H

#include "site/visit.h"

/* One of a <select> or of a row of radio buttons. */
struct option {
    str value;
    bool selected;
};
extern const struct field option_fields[];

/* names end with NULL; the first is selected if `chosen` is none of them. */
struct rows options_of(struct arena *arena, const char *const *names, str chosen);

/* The cursor of the request, and that of the answer's next page; absent if there is none. */
str cursor_asked(struct op *op, const struct request *request);
str cursor_next(struct op *op, const struct response *answer);
/* path?query&cursor=… */
str page_url(struct op *op, const char *path, str query, str cursor);
/* limit=…&cursor=… behind the query */
str paged_query(struct op *op, str query, const char *limit, str cursor);

#endif
