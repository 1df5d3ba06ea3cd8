#include "host/probe_test.h"

#include <stdio.h>

#include "base/codec.h"
#include "tests/test.h"

const uuid alice = { { 0xA1 } };
const uuid bob = { { 0xB0 } };
const uuid nobody = { { 0 } };
const uuid thing = { { 0x7B } };

/* ---- the diary ---- */

struct entry {
    str note;
    int64_t count;
};

static const struct field entry_fields[] = {
    FIELD(struct entry, note),
    FIELD(struct entry, count),
    FIELDS_END,
};

static const struct query insert_entry = {
    "insert into diary (note) values ($note)",
    .in = entry_fields,
};
static const struct query count_entries = {
    "select $note as note, count(*) as count from diary where note = $note",
    .in = entry_fields,
    .out = entry_fields,
};
static const struct query list_entries = {
    "select note, 0 as count from diary order by seq",
    .out = entry_fields,
};
static const struct query count_outbox = {
    "select '' as note, count(*) as count from outbox",
    .out = entry_fields,
};
static const struct query *const queries[] = {
    &insert_entry, &count_entries, &list_entries, &count_outbox, NULL,
};

static const struct migration migrations[] = {
    { 1, "diary", "create table diary (seq integer primary key, note text not null);" },
    { 0, NULL, NULL },
};

static err write_entry(struct op *op, str note)
{
    struct entry entry = { .note = note };
    return sql_run(op, &insert_entry, &entry);
}

static err has_entry(struct op *op, const char *note, bool *ret_has)
{
    struct entry entry = { .note = str_of(note) };
    TRY(sql_one(op, &count_entries, &entry, &entry));
    *ret_has = entry.count > 0;
    return OK;
}

/* ---- the probe ---- */

static err show_caller(struct op *op, const struct request *request, struct response *response)
{
    (void)request;
    if (uuid_is_absent(op->caller.user))
        return reply_text(response, STATUS_OK, S("nobody"));
    return reply_text(response, STATUS_OK, uuid_text(op->arena, op->caller.user));
}

static err sign_in(struct op *op, const struct request *request, struct response *response)
{
    (void)request;
    TRY(write_entry(op, S("in")));
    response->session_change = SESSION_STARTED;
    response->session = (struct session){
        .id = op_new_id(op),
        .user = bob,
        .expires_at = instant_after(op->now, hours(1)),
    };
    return reply_text(response, STATUS_CREATED, S("{}"));
}

struct note_form {
    str note;
    int64_t status;
};

static const struct field note_form_fields[] = {
    FORM(struct note_form, note, .flags = RULE_REQUIRED),
    FORM(struct note_form, status, .min = 0, .max = 999),
    FIELDS_END,
};

static err take_note(struct op *op, const struct request *request, struct response *response)
{
    struct note_form form;
    TRY(read_json(op, request, note_form_fields, &form, NULL));
    TRY(write_entry(op, form.note));
    struct user_state told = { .id = op_new_id(op), .email = S("x"), .name = form.note };
    TRY(emit_user_created(op, &told));
    if (form.status != 0)
        return op_fail(op, (enum status)form.status, "note", "no %s",
                       str_terminated(op->arena, form.note));

    struct entry entry = { .note = form.note };
    TRY(sql_one(op, &count_entries, &entry, &entry));
    reply_location(op, response, "/probe/notes/", thing);
    response_add(response, "ETag", S("\"v7\""));
    return reply_json(op, response, STATUS_CREATED, entry_fields, &entry);
}

static err wait_for_note(struct op *op, const struct request *request, struct response *response)
{
    (void)request;
    TRY(write_entry(op, S("waiting")));
    struct user_state told = { .id = thing, .email = S("x"), .name = S("wait") };
    TRY(emit_user_created(op, &told));
    return reply_later(op, response, thing);
}

static const struct problem away = { STATUS_UNAVAILABLE, "Away", NULL, NULL, 5 };

static err answer_note(struct op *op, const struct request *request, struct response *response)
{
    (void)request;
    bool ready;
    bool broken;
    TRY(has_entry(op, "ready", &ready));
    TRY(has_entry(op, "broken", &broken));
    if (ready)
        return reply_text(response, STATUS_CREATED, S("{\"ready\":true}"));
    if (broken)
        return FAIL(away);
    if (response->wait.late)
        return reply_text(response, STATUS_ACCEPTED, S("{\"ready\":false}"));
    return reply_later(op, response, thing);
}

static const struct route routes[] = {
    { GET, "/probe/anyone", ANYONE, .handle = show_caller },
    { GET, "/probe/maybe", MAYBE, .handle = show_caller },
    { GET, "/probe/mine", SIGNED_IN, .handle = show_caller },
    { POST, "/probe/anyone", ANYONE, .handle = sign_in },
    { POST, "/probe/note", SIGNED_IN, .handle = take_note },
    { PUT, "/probe/note", SIGNED_IN, .handle = take_note },
    { POST, "/probe/wait", SIGNED_IN, .handle = wait_for_note, .answer = answer_note },
    ROUTES_END,
};

const struct service probe_service = {
    .name = "probe",
    .migrations = migrations,
    .queries = queries,
    .routes = routes,
};

/* ---- the echo ---- */

static err note_user(struct op *op, const char *what, const struct user_state *user)
{
    struct buf note = buf_in(op->arena, 64);
    buf_addf(&note, "%s:", what);
    buf_add(&note, user->name);
    TRY(write_entry(op, buf_str(&note)));
    if (str_is(user->name, "later"))
        return FAIL(problem_not_yet);
    return str_is(user->name, "never") ? FAIL(problem_conflict) : OK;
}

static err hear_created(struct op *op, const struct user_state *user)
{
    TRY(note_user(op, "created", user));
    if (!str_is(user->name, "twice"))
        return OK;
    struct user_state updated = *user;
    updated.name = S("one");
    TRY(emit_user_updated(op, &updated));
    updated.name = S("two");
    return emit_user_updated(op, &updated);
}

static err hear_updated(struct op *op, const struct user_state *user)
{
    return note_user(op, "updated", user);
}

static const struct subscription subscriptions[] = {
    ON(user_created, hear_created),
    ON(user_updated, hear_updated),
    SUBSCRIPTIONS_END,
};

const struct service echo_service = { .name = "echo", .subscriptions = subscriptions };

/* ---- for tests ---- */

void probe_open(struct shop *shop)
{
    shop_open(shop, (const struct service *const[]){ &probe_service, &echo_service, NULL });
}

const char *diary(struct shop *shop)
{
    struct rows rows;
    struct op *op = world_begin(&shop->world);
    assert_ok(sql_all(op, &list_entries, NULL, sizeof(struct entry), 1000, &rows));
    world_rollback(&shop->world);
    const struct entry *entries = rows.items;
    struct buf text = buf_in(&shop->world.arena, 256);
    for (size_t i = 0; i < rows.count; i++) {
        buf_add(&text, entries[i].note);
        buf_add_char(&text, ' ');
    }
    return str_terminated(&shop->world.arena, buf_str(&text));
}

void write_diary(struct shop *shop, const char *note)
{
    assert_ok(write_entry(world_begin(&shop->world), str_of(note)));
    world_commit(&shop->world);
}

int64_t told_for_good(struct shop *shop)
{
    struct entry entry;
    assert_ok(sql_one(world_begin(&shop->world), &count_outbox, NULL, &entry));
    world_rollback(&shop->world);
    return entry.count;
}

str token_for(struct shop *shop, uuid user, instant expires_at)
{
    const struct token token = {
        .caller = { .user = user, .session = { { 1, 2, 3 } } },
        .expires_at = expires_at,
    };
    return token_sign(&shop->world.arena, shop->world.settings.jwt_key, &token);
}

str cookie_for(struct shop *shop, uuid user)
{
    struct buf cookie = buf_in(&shop->world.arena, 256);
    buf_add(&cookie, S("theme=dark; session="));
    buf_add(&cookie, token_for(shop, user, instant_after(shop->world.now, hours(1))));
    return buf_str(&cookie);
}

int post_note(struct shop *shop, uuid who, const char *note, int status)
{
    char body[128];
    (void)snprintf(body, sizeof body, "{\"note\":\"%s\",\"status\":%d}", note, status);
    return shop_ask(shop, who, POST, "/probe/note", body);
}
