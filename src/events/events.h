/* The language that the services speak to each other: how an event is told and heard.
 * The payloads are in payloads.h, the list in events.def. */
#ifndef EVENTS_EVENTS_H
#define EVENTS_EVENTS_H

#include "events/payloads.h"

enum event_type {
#define EVENT(name, payload, type, aggregate, source) EVENT_##name,
#include "events/events.def"
#undef EVENT
    EVENT_TYPES
};

/* What events.def says of each type. */
struct event_kind {
    const char *type;      /* OrderCreated */
    const char *aggregate; /* order */
    const char *source;    /* orders */
    const struct field *fields;
    size_t size;
};
extern const struct event_kind event_kinds[EVENT_TYPES];

/* One event, out of the outbox or off the wire. */
struct event {
    enum event_type type;
    uuid id;
    instant time;
    str correlation;
    uuid causation;   /* absent if no event caused it */
    const void *data; /* the payload named in events.def; begins with struct event_head */
};

/* The events of one operation, in the order in which they were told. */
struct emitted {
    struct event events[EVENTS_PER_OPERATION_MAX];
    size_t count;
    size_t delivered; /* how many of them, from the first on, were heard within the operation */
};

/* emit_order_created() and so on put an event into the outbox inside the operation's transaction:
 * it leaves if and only if the operation commits.  The payload is copied; its texts must live as
 * long as op->arena. */
#define EVENT(name, payload, type, aggregate, source) \
    err emit_##name(struct op *op, const struct payload *data);
#include "events/events.def"
#undef EVENT

/* An event that a service hears, and the function that hears it.  OK: done.  NOT_YET: deliver it
 * again later.  Anything else is rolled back, delivered again, and set aside after some tries. */
struct subscription {
    enum event_type type;
    union {
#define EVENT(name, payload, type, aggregate, source) \
    err (*name)(struct op * op, const struct payload *data);
#include "events/events.def"
#undef EVENT
    } handle;
};

/* clang-format off */
#define ON(event, function) { EVENT_##event, { .event = (function) } }
#define SUBSCRIPTIONS_END { EVENT_TYPES, { NULL } }
/* clang-format on */

/* Hands an event to its subscriber, if there is one. */
err event_deliver(struct op *op, const struct subscription *subscriptions,
                  const struct event *event);
/* Whether anybody in this table hears it. */
bool event_is_heard(const struct subscription *subscriptions, enum event_type type);

/* ---- on the wire: CloudEvents 1.0, structured JSON ---- */

str event_write(struct arena *arena, const struct event *event);
/* INVALID if it is no event of ours; unknown members are ignored. */
err event_read(struct arena *arena, str json, struct event *ret_event);
/* usher.order.order-created */
str event_subject(struct arena *arena, enum event_type type);

/* ---- the outbox: what was told, in order; kept as the log ---- */

struct outbox_row {
    int64_t seq;
    uuid id;
    str type;
    uuid subject;
    int64_t version;
    instant time;
    str correlation;
    uuid causation;
    str data;
    instant published_at; /* absent: not yet */
};

/* Not yet published, oldest first. */
err outbox_pending(struct op *op, size_t max, struct rows *ret_rows);
err outbox_mark_published(struct op *op, int64_t seq);
/* The log behind seq, oldest first. */
err outbox_after(struct op *op, int64_t seq, size_t max, struct rows *ret_rows);
/* Forgets published events told before `before`; at most max. */
err outbox_prune(struct op *op, instant before, int64_t max, int64_t *ret_touched);
/* A row as the event that it holds; INVALID if it cannot be read. */
err outbox_event(struct arena *arena, const struct outbox_row *row, struct event *ret_event);

/* ---- the inbox: what was heard ---- */

/* Records that `consumer` hears the event, in the operation that has its effect.  *ret_fresh is
 * false if it was heard before, or if something newer of the same aggregate was: then there is
 * nothing to do. */
err inbox_take(struct op *op, str consumer, const struct event *event, bool *ret_fresh);
err inbox_prune(struct op *op, instant before, int64_t max, int64_t *ret_touched);

/* The statements of outbox and inbox, NULL at the end; their tables are of migrations/host. */
extern const struct query *const event_queries[];

#endif
