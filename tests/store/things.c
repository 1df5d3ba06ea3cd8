#include "tests/store/things.h"

static const char *const color_names[] = { "red", "green", NULL };
static const char *const mood_names[] = { "", "glad", "sad", NULL };

static const struct field place_fields[] = {
    FIELD(struct thing_place, id),
    FIELD(struct thing_place, name),
    FIELD_OPT(struct thing_place, seats),
    FIELDS_END,
};

static const struct field fields[] = {
    FIELD(struct thing, id),
    FIELD(struct thing, name),
    FIELD(struct thing, price),
    FIELD(struct thing, made_at),
    FIELD(struct thing, version),
    FIELD(struct thing, ripe),
    FIELD_ENUM(struct thing, color, color_names),
    FIELD_OPT(struct thing, owner),
    FIELD_OPT(struct thing, note),
    FIELD_OPT(struct thing, tip),
    FIELD_OPT(struct thing, sold_at),
    FIELD_ENUM_OPT(struct thing, mood, mood_names),
    FIELD_RECORD(struct thing, place, place_fields),
    FIELD_RECORD_OPT(struct thing, former, place_fields),
    FIELDS_END,
};

static const struct field range_fields[] = {
    FIELD(struct thing_range, skip),
    FIELD(struct thing_range, max),
    FIELDS_END,
};

static const struct field count_fields[] = {
    FIELD(struct thing_count, count),
    FIELDS_END,
};

#define COLUMNS                                                                  \
    "id, name, price, made_at, version, ripe, color, owner, note, tip, sold_at," \
    " mood, place_id, place_name, place_seats, former_id, former_name, former_seats"

#define INSERT                                                                         \
    "insert into things (" COLUMNS ") values ($id, $name, $price, $made_at, $version," \
    " $ripe, $color, $owner, $note, $tip, $sold_at, $mood, $place_id, $place_name,"    \
    " $place_seats, $former_id, $former_name, $former_seats)"

const struct query thing_insert = { INSERT, .in = fields };
const struct query thing_insert_returning = { INSERT " returning id, version", fields, fields };
const struct query thing_insert_or_ignore = { INSERT " on conflict do nothing", .in = fields };
const struct query thing_select = {
    "select " COLUMNS " from things where id = $id",
    .in = fields,
    .out = fields,
};
const struct query thing_select_all = {
    "select " COLUMNS " from things order by id limit $max offset $skip",
    .in = range_fields,
    .out = fields,
};
const struct query thing_update = {
    "update things set name = $name, version = version + 1 where id = $id and version = $version",
    .in = fields,
};
const struct query thing_delete_all = { "delete from things", .in = fields };
const struct query thing_count_all = { "select count(*) as count from things",
                                       .out = count_fields };

const struct query thing_count_bare = {
    "select count(*) as count from things where owner is null and note is null and tip is null"
    " and sold_at is null and mood is null and place_seats is null and former_id is null"
    " and former_name is null and former_seats is null",
    .out = count_fields,
};

const struct migration things_migrations[] = {
    {
        1,
        "things",
        "create table things (id uuid primary key, name text not null unique,"
        " price bigint not null check (price > 0), made_at bigint not null,"
        " version bigint not null, ripe boolean not null, color text not null);"
        "alter table things add column owner uuid;"
        "alter table things add column note text;"
        "alter table things add column tip bigint;"
        "alter table things add column sold_at bigint;",
    },
    {
        2,
        "places",
        "alter table things add column mood text;"
        "alter table things add column place_id uuid;"
        "alter table things add column place_name text;"
        "alter table things add column place_seats bigint;"
        "alter table things add column former_id uuid;"
        "alter table things add column former_name text;"
        "alter table things add column former_seats bigint;",
    },
    { .text = NULL },
};

const struct query *const things_queries[] = {
    &thing_insert,           &thing_insert_returning,
    &thing_insert_or_ignore, &thing_select,
    &thing_select_all,       &thing_update,
    &thing_delete_all,       &thing_count_all,
    &thing_count_bare,       NULL,
};

const struct service things_service = {
    .name = "things",
    .migrations = things_migrations,
    .queries = things_queries,
};

static uuid number(unsigned kind, unsigned n)
{
    return (uuid){ { 1, (uint8_t)kind, (uint8_t)(n >> 8), (uint8_t)n } };
}

static str name_of(unsigned n)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyz";
    assert(n + 5 < sizeof letters);
    return (str){ &letters[n], 5 };
}

struct thing thing_bare(unsigned n)
{
    return (struct thing){
        .id = number(1, n),
        .name = name_of(n),
        .price = { 2005 + (int64_t)n },
        .made_at = { 1795176000123 },
        .version = 0,
        .color = THING_RED,
        .place = { number(2, n), S("Hall \"A\", \xc3\xa9tage 1"), 0 },
    };
}

struct thing thing_sample(unsigned n)
{
    struct thing thing = thing_bare(n);
    thing.ripe = true;
    thing.color = THING_GREEN;
    thing.owner = number(3, n);
    thing.note = S("");
    thing.tip = (money){ 1 };
    thing.sold_at = (instant){ 1 };
    thing.mood = THING_SAD;
    thing.place.seats = INT64_MAX;
    thing.former = (struct thing_place){ number(4, n), S("Barn"), -1 };
    return thing;
}

static bool place_equal(const struct thing_place *a, const struct thing_place *b)
{
    return uuid_equal(a->id, b->id) && str_equal(a->name, b->name) &&
           (a->name.data == NULL) == (b->name.data == NULL) && a->seats == b->seats;
}

bool thing_equal(const struct thing *a, const struct thing *b)
{
    return uuid_equal(a->id, b->id) && str_equal(a->name, b->name) &&
           a->price.minor == b->price.minor && a->made_at.ms == b->made_at.ms &&
           a->version == b->version && a->ripe == b->ripe && a->color == b->color &&
           uuid_equal(a->owner, b->owner) && str_equal(a->note, b->note) &&
           (a->note.data == NULL) == (b->note.data == NULL) && a->tip.minor == b->tip.minor &&
           a->sold_at.ms == b->sold_at.ms && a->mood == b->mood &&
           place_equal(&a->place, &b->place) && place_equal(&a->former, &b->former);
}
