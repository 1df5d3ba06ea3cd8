/* The parameters of a call.  Each is taken by name; one that nobody took is unknown. */
#include "stripe_sim/sim.h"

#define PARAMS_MAX 200
#define EXPAND_MAX 4

static bool is_form(const struct sim *sim)
{
    return sim->method == POST;
}

err params_read(struct sim *sim)
{
    str encoded = is_form(sim) ? sim->body : sim->query;
    err decoded = form_decode(sim->op->arena, encoded, PARAMS_MAX, &sim->texts, &sim->text_count);
    if (decoded.problem != NULL)
        return refuse_encoding(sim);
    sim->text_used = ARENA_ARRAY(sim->op->arena, bool, sim->text_count + 1);
    return OK;
}

bool param_given(struct sim *sim, str name, str *ret_text)
{
    bool found = false;
    for (size_t i = 0; i < sim->text_count; i++) {
        if (str_equal(sim->texts[i].name, name)) {
            sim->text_used[i] = true;
            *ret_text = sim->texts[i].text;
            found = true;
        }
    }
    return found;
}

str param(struct sim *sim, const char *name)
{
    str text = { NULL, 0 };
    (void)param_given(sim, str_of(name), &text);
    return text.size == 0 ? (str){ NULL, 0 } : text;
}

err param_required(struct sim *sim, const char *name, str *ret_text)
{
    str text;
    if (!param_given(sim, str_of(name), &text))
        return refuse_param(sim, "parameter_missing", str_of(name), "Missing required param: %s.",
                            name);
    if (text.size == 0)
        return refuse_param(sim, "parameter_invalid_empty", str_of(name),
                            "You passed an empty string for '%s'. We assume empty values are an"
                            " attempt to unset a field; however '%s' cannot be unset. You should"
                            " remove '%s' from your request or supply a non-empty value.",
                            name, name, name);
    *ret_text = text;
    return OK;
}

str param_at(struct sim *sim, const char *format, size_t at)
{
    str text = { NULL, 0 };
    struct buf name = buf_in(sim->op->arena, 64);
    str rest;
    buf_add(&name, str_cut(str_of(format), '#', &rest));
    buf_add_int(&name, (int64_t)at);
    buf_add(&name, rest);
    (void)param_given(sim, buf_str(&name), &text);
    return text.size == 0 ? (str){ NULL, 0 } : text;
}

err param_int(struct sim *sim, const char *name, int64_t *ret_value)
{
    str text = param(sim, name);
    if (text.data != NULL && !str_to_int(text, ret_value))
        return refuse_param(sim, "parameter_invalid_integer", str_of(name), "Invalid integer: %.*s",
                            (int)text.size, text.data);
    return OK;
}

err param_bool(struct sim *sim, const char *name, bool *ret_value)
{
    str text = param(sim, name);
    if (text.data == NULL)
        return OK;
    if (!str_is(text, "true") && !str_is(text, "false"))
        return refuse_param(sim, NULL, str_of(name), "Invalid boolean: %.*s", (int)text.size,
                            text.data);
    *ret_value = str_is(text, "true");
    return OK;
}

err param_choice(struct sim *sim, const char *name, const char *const *names, str *ret_text)
{
    str text = param(sim, name);
    if (text.data == NULL)
        return OK;

    struct buf known = buf_in(sim->op->arena, 128);
    for (size_t i = 0; names[i] != NULL; i++) {
        if (str_is(text, names[i])) {
            *ret_text = text;
            return OK;
        }
        buf_addf(&known, "%s%s", i == 0 ? "" : names[i + 1] ? ", " : ", or ", names[i]);
    }
    str list = buf_str(&known);
    return refuse_param(sim, NULL, str_of(name), "Invalid %s: must be one of %.*s", name,
                        (int)list.size, list.data);
}

bool param_is_inside(str text, str name, str *ret_inside)
{
    if (!str_starts(text, name) || text.size < name.size + 2 || text.data[name.size] != '[' ||
        text.data[text.size - 1] != ']')
        return false;
    *ret_inside = (str){ text.data + name.size + 1, text.size - name.size - 2 };
    return memchr(ret_inside->data, '[', ret_inside->size) == NULL &&
           memchr(ret_inside->data, ']', ret_inside->size) == NULL;
}

err param_list(struct sim *sim, const char *name, str *ret_items, size_t max, size_t *ret_count)
{
    size_t count = 0;
    for (size_t i = 0; i < sim->text_count; i++) {
        str inside;
        int64_t at;
        if (!param_is_inside(sim->texts[i].name, str_of(name), &inside) ||
            (inside.size > 0 && !str_to_int(inside, &at)))
            continue;
        sim->text_used[i] = true;
        if (count == max)
            return refuse_param(sim, NULL, str_of(name), "Array %s is too long: at most %zu", name,
                                max);
        ret_items[count++] = sim->texts[i].text;
    }
    *ret_count = count;
    return OK;
}

/* ---- billing details ---- */

static void billing_member(struct sim *sim, struct buf *out, const char *prefix, const char *name,
                           const char *within)
{
    struct buf full = buf_in(sim->op->arena, 64);
    buf_addf(&full, "%s%s%s", prefix, *prefix ? "[billing_details]" : "billing_details", within);
    buf_addf(&full, "[%s]", name);

    str value = { NULL, 0 };
    (void)param_given(sim, buf_str(&full), &value);
    buf_addf(out, "\"%s\":", name);
    if (value.size == 0)
        buf_add(out, S("null"));
    else
        json_write_str(out, value);
}

str param_billing(struct sim *sim, const char *prefix)
{
    static const char *const address[] = { "city",  "country",     "line1",
                                           "line2", "postal_code", "state" };
    static const char *const person[] = { "email", "name", "phone", "tax_id" };

    struct buf out = buf_in(sim->op->arena, 256);
    buf_add(&out, S("{\"address\":{"));
    for (size_t i = 0; i < sizeof address / sizeof *address; i++) {
        if (i > 0)
            buf_add_char(&out, ',');
        billing_member(sim, &out, prefix, address[i], "[address]");
    }
    buf_add_char(&out, '}');
    for (size_t i = 0; i < sizeof person / sizeof *person; i++) {
        buf_add_char(&out, ',');
        billing_member(sim, &out, prefix, person[i], "");
    }
    buf_add_char(&out, '}');
    return buf_str(&out);
}

/* ---- the rest ---- */

static bool expand_one(const char *const *names, str name, bool *ret_expanded)
{
    for (size_t i = 0; names != NULL && names[i] != NULL; i++) {
        if (str_is(name, names[i])) {
            ret_expanded[i] = true;
            return true;
        }
    }
    return false;
}

err param_expand(struct sim *sim, const char *const *names, bool *ret_expanded)
{
    str items[EXPAND_MAX];
    size_t count;
    TRY(param_list(sim, "expand", items, EXPAND_MAX, &count));
    for (size_t i = 0; i < count; i++) {
        if (!expand_one(names, items[i], ret_expanded))
            return refuse_param(sim, NULL, S("expand"), "This property cannot be expanded (%.*s).",
                                (int)items[i].size, items[i].data);
    }
    return OK;
}

/* Real accounts refuse card numbers from a server; so does this one, and does not repeat them. */
static bool is_card_data(str name)
{
    static const char *const ends[] = { "card[number]", "[card][number]", "card[cvc]",
                                        "[card][cvc]" };
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
        str end = str_of(ends[i]);
        if (name.size >= end.size &&
            str_equal((str){ name.data + name.size - end.size, end.size }, end))
            return true;
    }
    return false;
}

static err refuse_card_data(struct sim *sim)
{
    const struct refusal refusal = {
        .status = 402,
        .type = "card_error",
        .message =
            S("Sending credit card numbers directly to the Stripe API is generally unsafe."
              " We suggest you use test tokens that map to the test card you are using, see"
              " https://stripe.com/docs/testing. To enable testing raw card data APIs, see"
              " https://support.stripe.com/questions/enabling-access-to-raw-card-data-apis."),
    };
    return refuse(sim, &refusal);
}

err params_end(struct sim *sim)
{
    for (size_t i = 0; i < sim->text_count; i++) {
        if (is_card_data(sim->texts[i].name))
            return refuse_card_data(sim);
    }
    for (size_t i = 0; i < sim->text_count; i++) {
        str name = sim->texts[i].name;
        if (!sim->text_used[i])
            return refuse_param(sim, "parameter_unknown", name, "Received unknown parameter: %.*s",
                                (int)name.size, name.data);
    }
    return OK;
}
