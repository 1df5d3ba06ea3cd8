/* Limits on trying: one row per subject, so that a flood of attempts fills no table. */
#include "services/auth/attempts.h"

struct attempts {
    str subject;
    instant began_at;
    int64_t tries;
    instant oldest; /* a window that began at or before it is over */
    int64_t max;
};

static const struct field attempts_fields[] = {
    FIELD(struct attempts, subject), FIELD(struct attempts, began_at),
    FIELD(struct attempts, tries),   FIELD(struct attempts, oldest),
    FIELD(struct attempts, max),     FIELDS_END,
};

const struct query attempts_find_query = {
    "select subject, began_at, tries from attempts"
    " where subject = $subject and began_at > $oldest",
    .in = attempts_fields,
    .out = attempts_fields,
};

const struct query attempts_count_query = {
    "insert into attempts (subject, began_at, tries) values ($subject, $began_at, 1)"
    " on conflict (subject) do update set"
    " tries = case when attempts.began_at > $oldest then attempts.tries + 1 else 1 end,"
    " began_at = case when attempts.began_at > $oldest then attempts.began_at"
    " else excluded.began_at end",
    .in = attempts_fields,
};

const struct query attempts_forget_query = {
    "delete from attempts where subject = $subject",
    .in = attempts_fields,
};

const struct query attempts_prune_query = {
    "delete from attempts where subject in"
    " (select subject from attempts where began_at < $oldest limit $max)",
    .in = attempts_fields,
};

static struct attempts attempts_of(const struct op *op, const struct attempts_limit *limit)
{
    assert(limit->subject.size > 0 && limit->window.ms > 0);
    return (struct attempts){
        .subject = limit->subject,
        .began_at = op->now,
        .oldest = instant_before(op->now, limit->window),
    };
}

err attempts_check(struct op *op, const struct attempts_limit *limit)
{
    struct attempts attempts = attempts_of(op, limit);
    err found = sql_one(op, &attempts_find_query, &attempts, &attempts);
    if (err_is(found, STATUS_NOT_FOUND))
        return OK;
    TRY(found);
    if (attempts.tries < limit->max)
        return OK;

    struct problem *problem = ARENA_NEW(op->arena, struct problem);
    int64_t wait_ms = instant_after(attempts.began_at, limit->window).ms - op->now.ms;
    *problem = (struct problem){
        .status = STATUS_TOO_MANY,
        .message = "Too many attempts, please try again later",
        .retry_after_s = (int)((wait_ms + 999) / 1000),
    };
    return (err){ problem };
}

err attempts_count(struct op *op, const struct attempts_limit *limit)
{
    struct attempts attempts = attempts_of(op, limit);
    return sql_run(op, &attempts_count_query, &attempts);
}

err attempts_forget(struct op *op, const struct attempts_limit *limit)
{
    struct attempts attempts = attempts_of(op, limit);
    return sql_run_any(op, &attempts_forget_query, &attempts, NULL);
}

err attempts_prune(struct op *op, instant before, int64_t max, int64_t *ret_touched)
{
    struct attempts attempts = { .oldest = before, .max = max };
    return sql_run_any(op, &attempts_prune_query, &attempts, ret_touched);
}
