/* What strangers send as JSON, read as a form and as a record; what was read can be written, and
 * reads the same again. */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>

#include "base/base.h"
#include "base/json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum colour { RED, BLUE };
static const char *const colour_names[] = { "red", "blue", NULL };

struct part {
    int64_t count;
    str name;
};

struct thing {
    uuid id;
    str title;
    str secret;
    money price;
    instant at;
    int64_t count;
    bool yes;
    enum colour colour;
    struct part part;
    struct rows parts;
    str extra;
};

static const struct field part_fields[] = {
    FIELD_OPT(struct part, count),
    FIELD_OPT(struct part, name),
    FIELDS_END,
};

static const struct field thing_fields[] = {
    FIELD_OPT(struct thing, id),
    FIELD_OPT(struct thing, title),
    FIELD_OPT(struct thing, price),
    FIELD_OPT(struct thing, at),
    FIELD_OPT(struct thing, count),
    FIELD_OPT(struct thing, yes),
    FIELD_ENUM_OPT(struct thing, colour, colour_names),
    FIELD_RECORD_OPT(struct thing, part, part_fields),
    { .name = "parts",
      .kind = FIELD_KIND_LIST,
      .flags = FIELD_OPTIONAL,
      .offset = offsetof(struct thing, parts),
      .fields = part_fields,
      .size = sizeof(struct part) },
    FIELD_JSON(struct thing, extra),
    FIELDS_END,
};

static const struct field thing_form[] = {
    FORM(struct thing, id, .flags = RULE_REQUIRED),
    FORM(struct thing, title, .min = 1, .max = 20, .flags = RULE_REQUIRED | RULE_LINES),
    FORM(struct thing, secret, .min = 8, .max = 20, .flags = RULE_RAW),
    FORM(struct thing, price, .min = PRICE_MIN, .max = PRICE_MAX),
    FORM(struct thing, at, .flags = 0),
    FORM(struct thing, count, .min = -3, .max = 3),
    FORM(struct thing, yes, .flags = 0),
    FORM_ENUM(struct thing, colour, colour_names, .flags = 0),
    FIELDS_END,
};

static str write_thing(struct arena *arena, const struct thing *thing)
{
    struct buf out = buf_in(arena, 0);
    json_write(&out, JSON_CAMEL, thing_fields, thing);
    return buf_str(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena arena = { 0 };
    str body = { (const char *)data, size };
    struct thing thing;
    if (json_read_form(&arena, body, thing_form, &thing, NULL).problem == NULL) {
        assert(!uuid_is_absent(thing.id) && thing.title.size > 0);
        assert(thing.price.minor == 0 ||
               (thing.price.minor >= PRICE_MIN && thing.price.minor <= PRICE_MAX));
        assert(thing.count >= -3 && thing.count <= 3);
    }
    if (json_read_record(&arena, body, JSON_CAMEL, thing_fields, &thing).problem == NULL) {
        struct thing again;
        str json = write_thing(&arena, &thing);
        err read = json_read_record(&arena, json, JSON_CAMEL, thing_fields, &again);
        /* amounts may have more digits in JSON than numbers there may have */
        if (read.problem == NULL)
            assert(str_equal(json, write_thing(&arena, &again)));
        else
            assert(thing.price.minor / 100000000000000 != 0);
    }
    arena_free(&arena);
    return 0;
}
