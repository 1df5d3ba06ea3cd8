/* How often somebody tried: counted per subject, in windows that begin with the first attempt. */
#ifndef SERVICES_AUTH_ATTEMPTS_H
#define SERVICES_AUTH_ATTEMPTS_H

#include "sql/sql.h"

/* What is limited: so many tries of a subject ("signin account alice@example.com") in a window. */
struct attempts_limit {
    str subject;
    int64_t max;
    duration window;
};

/* TOO_MANY, with the time until the window ends, if the limit is reached. */
err attempts_check(struct op *op, const struct attempts_limit *limit);
/* Counts one. */
err attempts_count(struct op *op, const struct attempts_limit *limit);
/* Forgets those of a subject. */
err attempts_forget(struct op *op, const struct attempts_limit *limit);
/* Forgets windows that are long over. */
err attempts_prune(struct op *op, instant before, int64_t max, int64_t *ret_touched);

extern const struct query attempts_find_query, attempts_count_query, attempts_forget_query,
    attempts_prune_query;

#endif
