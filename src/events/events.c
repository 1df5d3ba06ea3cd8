/* Telling and hearing events, and their form on the wire (CloudEvents 1.0, structured JSON). */
#include "events/events.h"

#include "base/json.h"
#include "sql/sql.h"

/* ---- telling ---- */

static const struct field outbox_fields[] = {
    FIELD(struct outbox_row, seq),
    FIELD(struct outbox_row, id),
    FIELD(struct outbox_row, type),
    FIELD(struct outbox_row, subject),
    FIELD(struct outbox_row, version),
    FIELD(struct outbox_row, time),
    FIELD(struct outbox_row, correlation),
    FIELD_OPT(struct outbox_row, causation),
    FIELD(struct outbox_row, data),
    FIELD_OPT(struct outbox_row, published_at),
    FIELDS_END,
};

static const struct query outbox_insert = {
    "insert into outbox (id, type, subject, version, time, correlation, causation, data,"
    " published_at) values ($id, $type, $subject, $version, $time, $correlation, $causation,"
    " $data, $published_at)",
    .in = outbox_fields,
};

/* Told together over one database, an event has reached its listeners when it commits. */
static instant published_when_told(const struct op *op)
{
    return op->settings->bus ? (instant){ 0 } : op->now;
}

static struct event *next_emitted(struct op *op)
{
    if (op->emitted == NULL)
        op->emitted = ARENA_NEW(op->arena, struct emitted);
    assert(op->emitted->count < EVENTS_PER_OPERATION_MAX);
    return &op->emitted->events[op->emitted->count];
}

static err emit(struct op *op, enum event_type type, const void *data)
{
    const struct event_kind *kind = &event_kinds[type];
    const struct event_head *head = data;
    assert(!uuid_is_absent(head->subject));

    void *copy = arena_take(op->arena, kind->size);
    memcpy(copy, data, kind->size);
    struct event *event = next_emitted(op);
    *event = (struct event){
        .type = type,
        .id = op_new_id(op),
        .time = op->now,
        .correlation = op->correlation,
        .causation = op->causation,
        .data = copy,
    };

    struct buf json = buf_in(op->arena, 512);
    json_write(&json, JSON_CAMEL, kind->fields, data);
    struct outbox_row row = {
        .id = event->id,
        .type = str_of(kind->type),
        .subject = head->subject,
        .version = head->version,
        .time = op->now,
        .correlation = op->correlation,
        .causation = op->causation,
        .data = buf_str(&json),
        .published_at = published_when_told(op),
    };
    TRY(sql_run(op, &outbox_insert, &row));
    op->emitted->count++;
    return OK;
}

#define EVENT(name, payload, type, aggregate, source)          \
    err emit_##name(struct op *op, const struct payload *data) \
    {                                                          \
        return emit(op, EVENT_##name, data);                   \
    }
#include "events/events.def"
#undef EVENT

/* ---- hearing ---- */

static const struct subscription *find_subscription(const struct subscription *subscriptions,
                                                    enum event_type type)
{
    for (const struct subscription *s = subscriptions; s && s->type != EVENT_TYPES; s++) {
        if (s->type == type)
            return s;
    }
    return NULL;
}

bool event_is_heard(const struct subscription *subscriptions, enum event_type type)
{
    return find_subscription(subscriptions, type) != NULL;
}

err event_deliver(struct op *op, const struct subscription *subscriptions,
                  const struct event *event)
{
    const struct subscription *heard = find_subscription(subscriptions, event->type);
    if (heard == NULL)
        return OK;

    switch (event->type) {
#define EVENT(name, payload, type, aggregate, source) \
    case EVENT_##name:                                \
        return heard->handle.name(op, event->data);
#include "events/events.def"
#undef EVENT
    case EVENT_TYPES:
        break;
    }
    assert(!"an event has a type");
    return FAIL(problem_broken);
}

/* ---- the wire ---- */

struct envelope {
    str specversion;
    uuid id;
    str source;
    str type;
    uuid subject;
    instant time;
    str datacontenttype;
    str correlationid;
    uuid causationid;
    str data; /* JSON as it stands */
};

static const struct field envelope_fields[] = {
    FIELD(struct envelope, specversion),
    FIELD(struct envelope, id),
    FIELD(struct envelope, source),
    FIELD(struct envelope, type),
    FIELD(struct envelope, subject),
    FIELD(struct envelope, time),
    FIELD(struct envelope, datacontenttype),
    FIELD_OPT(struct envelope, correlationid),
    FIELD_OPT(struct envelope, causationid),
    FIELD_JSON(struct envelope, data),
    FIELDS_END,
};

/* Reading, the payload is a record inside, and which one is known from the type alone. */
static const struct field envelope_head_fields[] = {
    FIELD(struct envelope, id),
    FIELD(struct envelope, type),
    FIELD(struct envelope, time),
    FIELD_OPT(struct envelope, correlationid),
    FIELD_OPT(struct envelope, causationid),
    FIELDS_END,
};

str event_write(struct arena *arena, const struct event *event)
{
    const struct event_kind *kind = &event_kinds[event->type];
    const struct event_head *head = event->data;

    struct buf source = buf_in(arena, 32);
    buf_add(&source, S("/usher/"));
    buf_add(&source, str_of(kind->source));
    struct buf data = buf_in(arena, 512);
    json_write(&data, JSON_CAMEL, kind->fields, event->data);

    struct envelope envelope = {
        .specversion = S("1.0"),
        .id = event->id,
        .source = buf_str(&source),
        .type = str_of(kind->type),
        .subject = head->subject,
        .time = event->time,
        .datacontenttype = S("application/json"),
        .correlationid = event->correlation,
        .causationid = event->causation,
        .data = buf_str(&data),
    };
    struct buf out = buf_in(arena, 1024);
    json_write(&out, JSON_CAMEL, envelope_fields, &envelope);
    return buf_str(&out);
}

static bool find_type(str name, enum event_type *ret_type)
{
    for (unsigned type = 0; type < EVENT_TYPES; type++) {
        if (str_is(name, event_kinds[type].type)) {
            *ret_type = (enum event_type)type;
            return true;
        }
    }
    return false;
}

static const struct problem unknown_type = { STATUS_INVALID, "is no event of ours", "type", NULL,
                                             0 };

err event_read(struct arena *arena, str json, struct event *ret_event)
{
    struct envelope head;
    memset(&head, 0, sizeof head);
    TRY(json_read_record(arena, json, JSON_CAMEL, envelope_head_fields, &head));

    enum event_type type;
    if (!find_type(head.type, &type))
        return FAIL(unknown_type);

    /* The table of an envelope whose only member is this payload. */
    const struct event_kind *kind = &event_kinds[type];
    const struct field data_fields[] = {
        { .name = "data", .kind = FIELD_KIND_RECORD, .fields = kind->fields },
        FIELDS_END,
    };
    void *data = arena_take(arena, kind->size);
    TRY(json_read_record(arena, json, JSON_CAMEL, data_fields, data));

    *ret_event = (struct event){
        .type = type,
        .id = head.id,
        .time = head.time,
        .correlation = head.correlationid,
        .causation = head.causationid,
        .data = data,
    };
    return OK;
}

str event_subject(struct arena *arena, enum event_type type)
{
    const struct event_kind *kind = &event_kinds[type];
    struct buf out = buf_in(arena, 64);
    buf_addf(&out, "usher.%s.", kind->aggregate);
    for (const char *at = kind->type; *at; at++) {
        bool upper = *at >= 'A' && *at <= 'Z';
        if (upper && at != kind->type)
            buf_add_char(&out, '-');
        buf_add_char(&out, upper ? (char)(*at - 'A' + 'a') : *at);
    }
    return buf_str(&out);
}

/* ---- the outbox ---- */

struct outbox_range {
    int64_t seq;
    int64_t max;
    instant now;
    instant before;
};

static const struct field outbox_range_fields[] = {
    FIELD(struct outbox_range, seq),
    FIELD(struct outbox_range, max),
    FIELD(struct outbox_range, now),
    FIELD(struct outbox_range, before),
    FIELDS_END,
};

#define OUTBOX_COLUMNS \
    "seq, id, type, subject, version, time, correlation, causation, data, published_at"

static const struct query outbox_select_pending = {
    "select " OUTBOX_COLUMNS " from outbox where published_at is null order by seq limit $max",
    .in = outbox_range_fields,
    .out = outbox_fields,
};

static const struct query outbox_select_after = {
    "select " OUTBOX_COLUMNS " from outbox where seq > $seq order by seq limit $max",
    .in = outbox_range_fields,
    .out = outbox_fields,
};

static const struct query outbox_update_published = {
    "update outbox set published_at = $now where seq = $seq",
    .in = outbox_range_fields,
};

static const struct query outbox_delete_before = {
    "delete from outbox where seq in (select seq from outbox where time < $before"
    " and published_at is not null order by seq limit $max)",
    .in = outbox_range_fields,
};

err outbox_pending(struct op *op, size_t max, struct rows *ret_rows)
{
    struct outbox_range range = { .max = (int64_t)max };
    return sql_all(op, &outbox_select_pending, &range, sizeof(struct outbox_row), max, ret_rows);
}

err outbox_after(struct op *op, int64_t seq, size_t max, struct rows *ret_rows)
{
    struct outbox_range range = { .seq = seq, .max = (int64_t)max };
    return sql_all(op, &outbox_select_after, &range, sizeof(struct outbox_row), max, ret_rows);
}

err outbox_mark_published(struct op *op, int64_t seq)
{
    struct outbox_range range = { .seq = seq, .now = op->now };
    return sql_run(op, &outbox_update_published, &range);
}

err outbox_prune(struct op *op, instant before, int64_t max, int64_t *ret_touched)
{
    struct outbox_range range = { .before = before, .max = max };
    return sql_run_any(op, &outbox_delete_before, &range, ret_touched);
}

err outbox_event(struct arena *arena, const struct outbox_row *row, struct event *ret_event)
{
    enum event_type type;
    if (!find_type(row->type, &type))
        return FAIL(unknown_type);
    void *data = arena_take(arena, event_kinds[type].size);
    TRY(json_read_record(arena, row->data, JSON_CAMEL, event_kinds[type].fields, data));
    *ret_event = (struct event){
        .type = type,
        .id = row->id,
        .time = row->time,
        .correlation = row->correlation,
        .causation = row->causation,
        .data = data,
    };
    return OK;
}

/* ---- the inbox ---- */

struct inbox_row {
    str consumer;
    uuid id;
    str aggregate;
    uuid subject;
    int64_t version;
    instant heard_at;
    int64_t max;
};

static const struct field inbox_fields[] = {
    FIELD(struct inbox_row, consumer),  FIELD(struct inbox_row, id),
    FIELD(struct inbox_row, aggregate), FIELD(struct inbox_row, subject),
    FIELD(struct inbox_row, version),   FIELD(struct inbox_row, heard_at),
    FIELD(struct inbox_row, max),       FIELDS_END,
};

static const struct query inbox_insert = {
    "insert into inbox (consumer, id, heard_at) values ($consumer, $id, $heard_at)"
    " on conflict (consumer, id) do nothing",
    .in = inbox_fields,
};

/* Touches no row if the same version or a newer one was heard. */
static const struct query heard_upsert = {
    "insert into heard (consumer, aggregate, subject, version)"
    " values ($consumer, $aggregate, $subject, $version)"
    " on conflict (consumer, aggregate, subject) do update set version = excluded.version"
    " where heard.version < excluded.version",
    .in = inbox_fields,
};

static const struct query inbox_delete_before = {
    "delete from inbox where (consumer, id) in (select consumer, id from inbox"
    " where heard_at < $heard_at limit $max)",
    .in = inbox_fields,
};

err inbox_take(struct op *op, str consumer, const struct event *event, bool *ret_fresh)
{
    const struct event_head *head = event->data;
    struct inbox_row row = {
        .consumer = consumer,
        .id = event->id,
        .aggregate = str_of(event_kinds[event->type].aggregate),
        .subject = head->subject,
        .version = head->version,
        .heard_at = op->now,
    };
    int64_t touched;
    TRY(sql_run_any(op, &inbox_insert, &row, &touched));
    if (touched != 0)
        TRY(sql_run_any(op, &heard_upsert, &row, &touched));
    *ret_fresh = touched != 0;
    return OK;
}

err inbox_prune(struct op *op, instant before, int64_t max, int64_t *ret_touched)
{
    struct inbox_row row = { .heard_at = before, .max = max };
    return sql_run_any(op, &inbox_delete_before, &row, ret_touched);
}

const struct query *const event_queries[] = {
    &outbox_insert,
    &outbox_select_pending,
    &outbox_select_after,
    &outbox_update_published,
    &outbox_delete_before,
    &inbox_insert,
    &heard_upsert,
    &inbox_delete_before,
    NULL,
};
