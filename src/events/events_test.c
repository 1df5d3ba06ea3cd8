/* Events on the wire and in the outbox, and how each is heard once. */
#include "events/events.h"

#include "base/json.h"
#include "host/host.h"
#include "tests/support/world.h"
#include "tests/test.h"

/* ---- payloads with something in every member ---- */

static void fill(struct arena *arena, const struct field *fields, char *record, unsigned *seed);

static void fill_value(struct arena *arena, const struct field *field, void *value, unsigned *seed)
{
    unsigned number = ++*seed;
    switch (field->kind) {
    case FIELD_KIND_UUID:
        ((uuid *)value)->bytes[0] = (uint8_t)number;
        break;
    case FIELD_KIND_STR: {
        struct buf text = buf_in(arena, 32);
        buf_addf(&text, "%u \xE2\x82\xAC \"<&>\\\"", number);
        *(str *)value = buf_str(&text);
        break;
    }
    case FIELD_KIND_MONEY:
        ((money *)value)->minor = 2000 + (int64_t)number;
        break;
    case FIELD_KIND_INSTANT:
        ((instant *)value)->ms = INT64_C(1795176000000) + (int64_t)number;
        break;
    case FIELD_KIND_INT:
        *(int64_t *)value = (int64_t)number;
        break;
    case FIELD_KIND_BOOL:
        *(bool *)value = true;
        break;
    case FIELD_KIND_ENUM: {
        unsigned last = 0;
        while (field->names[last + 1] != NULL)
            last++;
        memcpy(value, &last, sizeof last);
        break;
    }
    case FIELD_KIND_RECORD:
        fill(arena, field->fields, value, seed);
        break;
    case FIELD_KIND_LIST:
    case FIELD_KIND_JSON:
        fail_msg("no payload has a %s", field->name);
    }
}

static void fill(struct arena *arena, const struct field *fields, char *record, unsigned *seed)
{
    for (const struct field *field = fields; field->name != NULL; field++)
        fill_value(arena, field, record + field->offset, seed);
}

static str payload_text(struct arena *arena, enum event_type type, const void *data)
{
    struct buf text = buf_in(arena, 512);
    json_write(&text, JSON_CAMEL, event_kinds[type].fields, data);
    return buf_str(&text);
}

static struct event full_event(struct arena *arena, enum event_type type)
{
    unsigned seed = 0;
    char *data = arena_take(arena, event_kinds[type].size);
    fill(arena, event_kinds[type].fields, data, &seed);
    return (struct event){
        .type = type,
        .id = { { 0xEE, (uint8_t)type } },
        .time = { INT64_C(1795176000001) },
        .correlation = S("trace"),
        .causation = { { 0xCA } },
        .data = data,
    };
}

/* ---- the wire ---- */

TEST(every_event_reads_as_it_was_written)
{
    struct arena arena = { 0 };
    for (unsigned type = 0; type < EVENT_TYPES; type++) {
        struct event event = full_event(&arena, (enum event_type)type);
        struct event read;
        assert_ok(event_read(&arena, event_write(&arena, &event), &read));
        assert_int_equal(read.type, type);
        assert_true(uuid_equal(read.id, event.id));
        assert_true(uuid_equal(read.causation, event.causation));
        assert_true(str_equal(read.correlation, event.correlation));
        assert_int_equal(read.time.ms, event.time.ms);
        assert_true(str_equal(payload_text(&arena, (enum event_type)type, read.data),
                              payload_text(&arena, (enum event_type)type, event.data)));
    }
    arena_free(&arena);
}

TEST(an_event_without_its_optional_members_reads_too)
{
    struct arena arena = { 0 };
    const struct user_state user = { .id = { { 1 } }, .email = S("bob@example.com") };
    const struct event event = {
        .type = EVENT_user_created,
        .id = { { 2 } },
        .time = { 1 },
        .data = &user,
    };
    str json = event_write(&arena, &event);
    assert_null(strstr(str_terminated(&arena, json), "causationid"));
    struct event read;
    assert_ok(event_read(&arena, json, &read));
    assert_true(uuid_is_absent(read.causation));
    assert_null(read.correlation.data);
    assert_null(((const struct user_state *)read.data)->name.data);
    arena_free(&arena);
}

TEST(an_event_is_a_cloudevent)
{
    struct arena arena = { 0 };
    const struct session_end end = {
        .session_id = { { 1 } },
        .version = 2,
        .user_id = { { 3 } },
        .expires_at = { INT64_C(1795176000000) },
    };
    const struct event event = {
        .type = EVENT_session_revoked,
        .id = { { 4 } },
        .time = { INT64_C(1795176000123) },
        .correlation = S("trace"),
        .causation = { { 5 } },
        .data = &end,
    };
    assert_string_equal(
        str_terminated(&arena, event_write(&arena, &event)),
        "{\"specversion\":\"1.0\",\"id\":\"04000000-0000-0000-0000-000000000000\","
        "\"source\":\"/usher/auth\",\"type\":\"SessionRevoked\","
        "\"subject\":\"01000000-0000-0000-0000-000000000000\","
        "\"time\":\"2026-11-20T12:00:00.123Z\",\"datacontenttype\":\"application/json\","
        "\"correlationid\":\"trace\",\"causationid\":\"05000000-0000-0000-0000-000000000000\","
        "\"data\":{\"sessionId\":\"01000000-0000-0000-0000-000000000000\",\"version\":2,"
        "\"userId\":\"03000000-0000-0000-0000-000000000000\","
        "\"expiresAt\":\"2026-11-20T12:00:00.000Z\"}}");
    arena_free(&arena);
}

#define ENVELOPE(type, data)                                                                  \
    "{\"specversion\":\"1.0\",\"id\":\"04000000-0000-0000-0000-000000000000\",\"type\":" type \
    ",\"time\":\"2026-11-20T12:00:00.123Z\",\"data\":" data "}"
#define USER "{\"id\":\"01000000-0000-0000-0000-000000000000\",\"version\":7,\"email\":\"b@c.d\"}"

TEST(what_others_add_to_an_event_is_read_over)
{
    struct arena arena = { 0 };
    struct event read;
    assert_ok(
        event_read(&arena,
                   S(ENVELOPE("\"UserCreated\",\"traceparent\":\"00-x\",\"extra\":[1]",
                              "{\"id\":\"01000000-0000-0000-0000-000000000000\",\"version\":7,"
                              "\"email\":\"b@c.d\",\"born\":{\"later\":true}}")),
                   &read));
    const struct event_head *head = read.data;
    assert_int_equal(head->version, 7);
    assert_int_equal(head->subject.bytes[0], 1);
    arena_free(&arena);
}

TEST(F28_what_is_no_event_of_ours_is_refused)
{
    static const char *const odd[] = {
        "",
        "null",
        "[]",
        "{}",
        "not json",
        ENVELOPE("\"UserDeleted\"", USER), /* no such type */
        ENVELOPE("\"usercreated\"", USER),
        ENVELOPE("\"\"", USER),
        ENVELOPE("7", USER),
        ENVELOPE("\"UserCreated\"", "null"),
        ENVELOPE("\"UserCreated\"", "{}"),
        ENVELOPE("\"UserCreated\"", "[]"),
        ENVELOPE("\"UserCreated\"", "\"text\""),
        ENVELOPE("\"OrderCreated\"", USER), /* another one's data */
        ENVELOPE("\"UserCreated\"", "{\"id\":\"1\",\"version\":7,\"email\":\"b@c.d\"}"),
        "{\"type\":\"UserCreated\",\"time\":\"2026-11-20T12:00:00.123Z\",\"data\":" USER "}",
        "{\"id\":\"04000000-0000-0000-0000-000000000000\",\"type\":\"UserCreated\","
        "\"time\":\"today\",\"data\":" USER "}",
    };
    struct arena arena = { 0 };
    for (size_t i = 0; i < sizeof odd / sizeof odd[0]; i++) {
        struct event read = { .type = EVENT_TYPES };
        err e = event_read(&arena, str_of(odd[i]), &read);
        if (!err_is(e, STATUS_INVALID))
            fail_msg("%s", odd[i]);
        assert_int_equal(read.type, EVENT_TYPES);
    }
    arena_free(&arena);
}

TEST(every_event_has_a_subject_of_its_own)
{
    struct arena arena = { 0 };
    assert_true(str_is(event_subject(&arena, EVENT_order_created), "usher.order.order-created"));
    assert_true(
        str_is(event_subject(&arena, EVENT_order_expired), "usher.expiration.order-expired"));
    for (unsigned a = 0; a < EVENT_TYPES; a++) {
        for (unsigned b = 0; b < a; b++)
            assert_false(str_equal(event_subject(&arena, (enum event_type)a),
                                   event_subject(&arena, (enum event_type)b)));
    }
    arena_free(&arena);
}

/* ---- the outbox ---- */

static const struct service *const services[] = { &host_service, &events_service, NULL };

static void tell(struct test_world *world, const char *name)
{
    struct op *op = world_begin(world);
    struct user_state user = { .id = op_new_id(op), .version = 3, .email = S("b@c.d") };
    user.name = str_of(name);
    op->causation = (uuid){ { 0xCA } };
    assert_ok(emit_user_updated(op, &user));
    assert_int_equal(op->emitted->count, 1);
}

static struct rows pending(struct test_world *world, size_t max)
{
    struct rows rows;
    assert_ok(outbox_pending(world_begin(world), max, &rows));
    world_rollback(world);
    return rows;
}

TEST(F23_an_event_is_told_if_and_only_if_its_operation_commits)
{
    struct test_world world;
    world_open(&world, services);
    world.settings.bus = true;
    tell(&world, "undone");
    world_rollback(&world);
    assert_int_equal(pending(&world, 10).count, 0);
    tell(&world, "first");
    world_commit(&world);
    world_wait(&world, seconds(1));
    tell(&world, "second");
    world_commit(&world);

    struct rows rows = pending(&world, 10);
    assert_int_equal(rows.count, 2);
    const struct outbox_row *outbox = rows.items;
    static const char *const names[] = { "first", "second" };
    for (int i = 0; i < 2; i++) {
        struct event event;
        assert_ok(outbox_event(&world.arena, &outbox[i], &event));
        const struct user_state *user = event.data;
        assert_int_equal(event.type, EVENT_user_updated);
        assert_true(str_is(user->name, names[i]));
        assert_int_equal(user->version, 3);
        assert_true(uuid_equal(outbox[i].subject, user->id));
        assert_int_equal(outbox[i].version, 3);
        assert_true(str_is(event.correlation, "test"));
        assert_int_equal(event.causation.bytes[0], 0xCA);
        assert_int_equal(event.time.ms, world.now.ms - 1000 * (1 - i));
    }
    assert_int_equal(pending(&world, 1).count, 1);
    world_close(&world);
}

TEST(F23_an_event_is_pending_until_it_was_published)
{
    struct test_world world;
    world_open(&world, services);
    world.settings.bus = true;
    tell(&world, "first");
    world_commit(&world);
    tell(&world, "second");
    world_commit(&world);
    const struct outbox_row *outbox = pending(&world, 10).items;
    assert_ok(outbox_mark_published(world_begin(&world), outbox[0].seq));
    world_commit(&world);
    struct rows rest = pending(&world, 10);
    assert_int_equal(rest.count, 1);
    assert_int_equal(((const struct outbox_row *)rest.items)->seq, outbox[1].seq);

    struct rows log; /* what was published stays in the log */
    assert_ok(outbox_after(world_begin(&world), 0, 10, &log));
    assert_int_equal(log.count, 2);
    assert_ok(outbox_after(&world.op, outbox[0].seq, 10, &log));
    assert_int_equal(log.count, 1);
    world_rollback(&world);
    world_close(&world);
}

TEST(told_together_an_event_has_arrived_when_it_commits)
{
    struct test_world world;
    world_open(&world, services);
    tell(&world, "here");
    world_commit(&world);
    assert_int_equal(pending(&world, 10).count, 0);
    struct rows log;
    assert_ok(outbox_after(world_begin(&world), 0, 10, &log));
    assert_int_equal(log.count, 1);
    assert_int_equal(((const struct outbox_row *)log.items)->published_at.ms, world.now.ms);
    world_rollback(&world);
    world_close(&world);
}

TEST(F23_what_was_not_published_is_never_forgotten)
{
    struct test_world world;
    world_open(&world, services);
    tell(&world, "published");
    world_commit(&world);
    world.settings.bus = true;
    tell(&world, "pending");
    world_commit(&world);
    instant told = world.now;
    world_wait(&world, hours(1000));
    int64_t touched;
    assert_ok(outbox_prune(world_begin(&world), told, 10, &touched));
    assert_int_equal(touched, 0);
    assert_ok(outbox_prune(&world.op, world.now, 10, &touched));
    assert_int_equal(touched, 1);
    world_commit(&world);
    assert_int_equal(pending(&world, 10).count, 1);
    world_close(&world);
}

TEST(a_row_that_cannot_be_read_is_no_event)
{
    struct arena arena = { 0 };
    struct event event;
    struct outbox_row row = { .type = S("UserDeleted"), .data = S(USER) };
    assert_status(outbox_event(&arena, &row, &event), STATUS_INVALID);
    row = (struct outbox_row){ .type = S("UserCreated"), .data = S("{}") };
    assert_status(outbox_event(&arena, &row, &event), STATUS_INVALID);
    row.data = S(USER);
    assert_ok(outbox_event(&arena, &row, &event));
    arena_free(&arena);
}

/* ---- the inbox ---- */

static bool take(struct test_world *world, const char *consumer, enum event_type type, uuid id,
                 struct event_head head)
{
    const struct event event = { .type = type, .id = id, .data = &head };
    bool fresh;
    assert_ok(inbox_take(world_begin(world), str_of(consumer), &event, &fresh));
    world_commit(world);
    return fresh;
}

#define ID(number) ((uuid){ { 0x1D, (number) } })

TEST(F26_each_consumer_takes_an_event_once)
{
    struct test_world world;
    world_open(&world, services);
    const struct event_head head = { { { 1 } }, 5 };
    assert_true(take(&world, "orders", EVENT_ticket_updated, ID(1), head));
    assert_false(take(&world, "orders", EVENT_ticket_updated, ID(1), head));
    assert_true(take(&world, "site", EVENT_ticket_updated, ID(1), head));
    world_close(&world);
}

TEST(F25_of_an_aggregate_the_newer_wins_whatever_its_type)
{
    struct test_world world;
    world_open(&world, services);
    const uuid subject = { { 1 } };
    assert_true(take(&world, "x", EVENT_order_cancelled, ID(1), (struct event_head){ subject, 5 }));
    assert_false(take(&world, "x", EVENT_order_created, ID(2), (struct event_head){ subject, 0 }));
    assert_false(take(&world, "x", EVENT_order_updated, ID(3), (struct event_head){ subject, 5 }));
    assert_true(take(&world, "x", EVENT_order_updated, ID(4), (struct event_head){ subject, 9 }));
    /* Another aggregate may have the same id: a reservation that of its order. */
    assert_true(
        take(&world, "x", EVENT_reservation_refused, ID(5), (struct event_head){ subject, 0 }));
    assert_true(take(&world, "x", EVENT_order_created, ID(6), (struct event_head){ { { 2 } }, 0 }));
    world_close(&world);
}

TEST(F26_forgetting_who_heard_what_does_not_make_old_news_new)
{
    struct test_world world;
    world_open(&world, services);
    const struct event_head head = { { { 1 } }, 5 };
    assert_true(take(&world, "x", EVENT_order_updated, ID(1), head));
    int64_t touched;
    assert_ok(inbox_prune(world_begin(&world), world.now, 10, &touched));
    assert_int_equal(touched, 0);
    assert_ok(inbox_prune(&world.op, instant_after(world.now, seconds(1)), 10, &touched));
    assert_int_equal(touched, 1);
    world_commit(&world);
    assert_false(take(&world, "x", EVENT_order_updated, ID(1), head));
    world_close(&world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_event_reads_as_it_was_written),
        cmocka_unit_test(an_event_without_its_optional_members_reads_too),
        cmocka_unit_test(an_event_is_a_cloudevent),
        cmocka_unit_test(what_others_add_to_an_event_is_read_over),
        cmocka_unit_test(F28_what_is_no_event_of_ours_is_refused),
        cmocka_unit_test(every_event_has_a_subject_of_its_own),
        cmocka_unit_test(F23_an_event_is_told_if_and_only_if_its_operation_commits),
        cmocka_unit_test(F23_an_event_is_pending_until_it_was_published),
        cmocka_unit_test(told_together_an_event_has_arrived_when_it_commits),
        cmocka_unit_test(F23_what_was_not_published_is_never_forgotten),
        cmocka_unit_test(a_row_that_cannot_be_read_is_no_event),
        cmocka_unit_test(F26_each_consumer_takes_an_event_once),
        cmocka_unit_test(F25_of_an_aggregate_the_newer_wins_whatever_its_type),
        cmocka_unit_test(F26_forgetting_who_heard_what_does_not_make_old_news_new),
    };
    return RUN_TESTS(tests);
}
