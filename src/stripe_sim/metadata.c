/* Metadata: names and texts that the shop hangs on an object, kept as the JSON that is shown. */
#include "base/text.h"
#include "stripe_sim/sim.h"

#define KEYS_MAX  50
#define KEY_MAX   40
#define VALUE_MAX 500

static err check(struct sim *sim, str key, str value)
{
    if (text_length(key) > KEY_MAX)
        return refuse_param(sim, NULL, S("metadata"),
                            "Metadata keys must be 40 characters or less. Key '%.*s' is longer.",
                            (int)key.size, key.data);
    if (text_length(value) > VALUE_MAX)
        return refuse_param(sim, NULL,
                            sim_format(sim->op, "metadata[%.*s]", (int)key.size, key.data),
                            "Metadata values must be 500 characters or less.");
    return OK;
}

static str literal(struct sim *sim, str text)
{
    struct buf out = buf_in(sim->op->arena, text.size + 2);
    json_write_str(&out, text);
    return buf_str(&out);
}

struct merging {
    struct buf out;
    size_t count;
};

static void add(struct merging *merging, str key, str value)
{
    if (merging->count++ > 0)
        buf_add_char(&merging->out, ',');
    buf_add(&merging->out, key);
    buf_add_char(&merging->out, ':');
    buf_add(&merging->out, value);
}

/* Takes a quoted text off the front of JSON that we wrote. */
static str take_literal(str *json)
{
    assert(json->size >= 2 && json->data[0] == '"');
    size_t size = 1;
    while (json->data[size] != '"')
        size += json->data[size] == '\\' ? 2 : 1;
    str text = { json->data, size + 1 };
    *json = (str){ json->data + size + 2, json->size - size - 2 }; /* and what stands behind it */
    return text;
}

static bool is_given(struct sim *sim, const char *name, str key)
{
    for (size_t i = 0; i < sim->text_count; i++) {
        str inside;
        if (param_is_inside(sim->texts[i].name, str_of(name), &inside) &&
            str_equal(literal(sim, inside), key))
            return true;
    }
    return false;
}

/* What was there before and stays. */
static void keep(struct sim *sim, const char *name, str json, struct merging *merging)
{
    str rest = { json.data + 1, json.size - 1 };
    while (rest.size > 1) {
        str key = take_literal(&rest);
        str value = take_literal(&rest);
        if (!is_given(sim, name, key))
            add(merging, key, value);
    }
}

static err merge(struct sim *sim, const char *name, struct merging *merging, str *ret_order_id)
{
    for (size_t i = 0; i < sim->text_count; i++) {
        str key;
        if (!param_is_inside(sim->texts[i].name, str_of(name), &key) || key.size == 0)
            continue;
        str value = sim->texts[i].text;
        sim->text_used[i] = true;
        TRY(check(sim, key, value));
        if (value.size > 0)
            add(merging, literal(sim, key), literal(sim, value));
        if (ret_order_id != NULL && str_is(key, "order_id"))
            *ret_order_id = value.size > 0 ? value : (str){ NULL, 0 };
    }
    if (merging->count > KEYS_MAX)
        return refuse_param(sim, NULL, S("metadata"), "You can specify up to 50 metadata keys.");
    return OK;
}

err param_metadata_merge(struct sim *sim, const char *name, str *json, str *ret_order_id)
{
    struct merging merging = { .out = buf_in(sim->op->arena, 256) };
    str text;
    bool unset = param_given(sim, str_of(name), &text); /* metadata= takes away all of it */

    if (unset && text.size > 0)
        return refuse_param(sim, "parameter_unknown", str_of(name),
                            "Received unknown parameter: %s", name);
    buf_add_char(&merging.out, '{');
    if (!unset)
        keep(sim, name, *json, &merging);
    TRY(merge(sim, name, &merging, ret_order_id));
    buf_add_char(&merging.out, '}');
    *json = buf_str(&merging.out);
    return OK;
}

err param_metadata(struct sim *sim, const char *name, str *ret_json, str *ret_order_id)
{
    *ret_json = S("{}");
    return param_metadata_merge(sim, name, ret_json, ret_order_id);
}
