/* Webhook endpoints: where events are sent, and the secrets that prove them to be ours. */
#include "stripe_sim/html.h"
#include "stripe_sim/webhooks.h"

#define TYPES_MAX 100

/* The one that the program was started with. */
#define CONFIGURED_ID "we_configured"

/* due.id is here also the type of an event. */

static const struct field endpoint_fields[] = {
    FIELD(struct endpoint, id),
    FIELD(struct endpoint, url),
    FIELD(struct endpoint, secret),
    FIELD_OPT(struct endpoint, old_secret),
    FIELD_OPT(struct endpoint, old_until),
    FIELD(struct endpoint, events),
    FIELD(struct endpoint, types),
    FIELD(struct endpoint, status),
    FIELD_OPT(struct endpoint, description),
    FIELD(struct endpoint, metadata),
    FIELD(struct endpoint, created),
    FIELDS_END,
};

#define COLUMNS                                                                              \
    "id, url, secret, old_secret, old_until, events, types, status, description, metadata, " \
    "created"

const struct query sim_endpoint_insert = {
    "insert into sim_endpoints (" COLUMNS ") values ($id, $url, $secret, $old_secret, $old_until,"
    " $events, $types, $status, $description, $metadata, $created)",
    .in = endpoint_fields,
};

const struct query sim_endpoint_update = {
    "update sim_endpoints set url = $url, secret = $secret, old_secret = $old_secret,"
    " old_until = $old_until, events = $events, types = $types, status = $status,"
    " description = $description, metadata = $metadata where id = $id",
    .in = endpoint_fields,
};

const struct query sim_endpoint_delete = {
    "delete from sim_endpoints where id = $id",
    .in = due_fields,
};

const struct query sim_endpoint_by_id = {
    "select " COLUMNS " from sim_endpoints where id = $id",
    .in = due_fields,
    .out = endpoint_fields,
};

const struct query sim_endpoints_of_type = {
    "select " COLUMNS " from sim_endpoints where status = 'enabled'"
    " and (types = ',*,' or types like '%,' || $id || ',%') order by seq",
    .in = due_fields,
    .out = endpoint_fields,
};

const struct query sim_endpoints_newest = {
    LIST_NEWEST(COLUMNS, "sim_endpoints", ""),
    .in = list_filter_fields,
    .out = endpoint_fields,
};

const struct query sim_endpoints_after = {
    LIST_AFTER(COLUMNS, "sim_endpoints", ""),
    .in = list_filter_fields,
    .out = endpoint_fields,
};

err sim_endpoints_for(struct sim *sim, str type, struct rows *ret_endpoints)
{
    const struct due key = { .id = type };
    return sql_all(sim->op, &sim_endpoints_of_type, &key, sizeof(struct endpoint), ENDPOINTS_MAX,
                   ret_endpoints);
}

err sim_endpoint_find(struct sim *sim, str id, struct endpoint *ret_endpoint)
{
    const struct due key = { .id = id };
    return sql_one(sim->op, &sim_endpoint_by_id, &key, ret_endpoint);
}

err stripe_sim_configure(struct op *op, str url, str secret)
{
    struct sim sim = { .op = op };
    struct endpoint endpoint = { .id = { NULL, 0 } };
    err found = sim_endpoint_find(&sim, S(CONFIGURED_ID), &endpoint);
    bool is_new = err_is(found, STATUS_NOT_FOUND);
    if (!is_new)
        TRY(found);
    endpoint.id = S(CONFIGURED_ID);
    endpoint.url = url;
    endpoint.secret = secret;
    endpoint.old_secret = (str){ NULL, 0 };
    endpoint.events = S("[\"*\"]");
    endpoint.types = S(",*,");
    endpoint.status = S("enabled");
    endpoint.metadata = S("{}");
    if (!is_new)
        return sql_run(op, &sim_endpoint_update, &endpoint);
    endpoint.created = op->now;
    return sql_run(op, &sim_endpoint_insert, &endpoint);
}

/* ---- shape ---- */

static const char endpoint_shape[] =
    "{'id':$id,'object':'webhook_endpoint','api_version':'" STRIPE_SIM_VERSION "',"
    "'application':null,'created':$created,'description':$description,"
    "'enabled_events':@events,'livemode':false,'metadata':@metadata,";
static const char endpoint_rest[] = "'status':$status,'url':$url}";

/* The secret is shown once, to who made it. */
static str show_endpoint(struct sim *sim, const struct endpoint *endpoint, bool secret)
{
    struct arena *arena = sim->op->arena;
    struct buf out = buf_in(arena, 512);
    buf_add(&out, shape_fill(arena, endpoint_shape, endpoint_fields, endpoint));
    if (secret)
        buf_add(&out, shape_fill(arena, "'secret':$secret,", endpoint_fields, endpoint));
    buf_add(&out, shape_fill(arena, endpoint_rest, endpoint_fields, endpoint));
    return buf_str(&out);
}

/* ---- calls ---- */

static err read_events(struct sim *sim, struct endpoint *endpoint)
{
    str types[TYPES_MAX];
    size_t count;
    TRY(param_list(sim, "enabled_events", types, TYPES_MAX, &count));
    if (count == 0)
        return OK;
    struct buf json = buf_in(sim->op->arena, 256);
    struct buf list = buf_in(sim->op->arena, 256);
    bool all = false;
    for (size_t i = 0; i < count; i++) {
        buf_add_char(&json, i == 0 ? '[' : ',');
        json_write_str(&json, types[i]);
        buf_add_char(&list, ',');
        buf_add(&list, types[i]);
        all |= str_is(types[i], "*");
    }
    buf_add_char(&json, ']');
    buf_add_char(&list, ',');
    endpoint->events = buf_str(&json);
    endpoint->types = all ? S(",*,") : buf_str(&list);
    return OK;
}

static err read_endpoint(struct sim *sim, struct endpoint *endpoint)
{
    str url = param(sim, "url");
    str description;
    if (url.data != NULL && sim_url_origin(sim, url).data == NULL)
        return refuse_param(sim, "url_invalid", S("url"), "Not a valid URL");
    if (url.data != NULL)
        endpoint->url = url;
    if (param_given(sim, S("description"), &description))
        endpoint->description = description.size > 0 ? description : (str){ NULL, 0 };
    TRY(read_events(sim, endpoint));
    TRY(param_metadata_merge(sim, "metadata", &endpoint->metadata, NULL));
    TRY(param_expand(sim, NULL, NULL));
    return OK;
}

/* POST /v1/webhook_endpoints */
err create_endpoint(struct sim *sim)
{
    bool connect = false;
    struct endpoint endpoint = {
        .id = sim_id(sim->op, "we_"),
        .secret = sim_id(sim->op, "whsec_"),
        .status = S("enabled"),
        .metadata = S("{}"),
        .created = sim->now,
    };
    TRY(param_required(sim, "url", &endpoint.url));
    TRY(param_bool(sim, "connect", &connect));
    (void)param(sim, "api_version");
    TRY(read_endpoint(sim, &endpoint));
    TRY(params_end(sim));
    if (endpoint.types.data == NULL)
        return refuse_param(sim, "parameter_missing", S("enabled_events"),
                            "Missing required param: enabled_events.");
    TRY(sql_run(sim->op, &sim_endpoint_insert, &endpoint));
    return answer_json(sim, show_endpoint(sim, &endpoint, true));
}

static err get(struct sim *sim, struct endpoint *ret_endpoint)
{
    err found = sim_endpoint_find(sim, sim->id, ret_endpoint);
    if (err_is(found, STATUS_NOT_FOUND))
        return refuse_missing(sim, 404, "webhook endpoint", sim->id, "id");
    return found;
}

/* POST /v1/webhook_endpoints/:id */
err update_endpoint(struct sim *sim)
{
    struct endpoint endpoint = { .id = { NULL, 0 } };
    bool disabled;
    TRY(get(sim, &endpoint));
    disabled = str_is(endpoint.status, "disabled");
    TRY(param_bool(sim, "disabled", &disabled));
    TRY(read_endpoint(sim, &endpoint));
    TRY(params_end(sim));
    endpoint.status = disabled ? S("disabled") : S("enabled");
    TRY(sql_run(sim->op, &sim_endpoint_update, &endpoint));
    return answer_json(sim, show_endpoint(sim, &endpoint, false));
}

/* DELETE /v1/webhook_endpoints/:id */
err delete_endpoint(struct sim *sim)
{
    struct endpoint endpoint = { .id = { NULL, 0 } };
    TRY(get(sim, &endpoint));
    TRY(params_end(sim));
    const struct due key = { .id = endpoint.id };
    TRY(sql_run(sim->op, &sim_endpoint_delete, &key));
    return answer_json(sim, sim_format(sim->op,
                                       "{\"id\":\"%.*s\",\"object\":\"webhook_endpoint\","
                                       "\"deleted\":true}",
                                       (int)endpoint.id.size, endpoint.id.data));
}

static err show_one(struct sim *sim, const void *record, const bool *expanded, str *ret_json)
{
    (void)expanded;
    *ret_json = show_endpoint(sim, record, false);
    return OK;
}

static const struct list_kind endpoints = {
    .what = "webhook endpoint",
    .url = "/v1/webhook_endpoints",
    .newest = &sim_endpoints_newest,
    .after = &sim_endpoints_after,
    .find = &sim_endpoint_by_id,
    .size = sizeof(struct endpoint),
    .show = show_one,
};

/* GET /v1/webhook_endpoints/:id */
err retrieve_endpoint(struct sim *sim)
{
    return retrieve_answer(sim, &endpoints, "id");
}

/* GET /v1/webhook_endpoints */
err list_endpoints(struct sim *sim)
{
    struct list_filter filter = { .max = 0 };
    return list_answer(sim, &endpoints, &filter);
}

/* ---- control ---- */

struct roll_form {
    str secret;
    int64_t keep_ms;
};

static const struct field roll_fields[] = {
    FORM(struct roll_form, secret, .min = 10, .max = 200, .flags = RULE_REQUIRED),
    FORM(struct roll_form, keep_ms, .min = 0, .max = (int64_t)24 * 3600 * 1000),
    FIELDS_END,
};

/* A new secret; the old one signs beside it for a while. */
err control_endpoint_roll(struct sim *sim, struct response *response)
{
    struct roll_form form = { .keep_ms = 0 };
    struct endpoint endpoint = { .id = { NULL, 0 } };
    TRY(json_read_form(sim->op->arena, sim->body, roll_fields, &form, NULL));
    TRY(sim_endpoint_find(sim, sim->id, &endpoint));
    endpoint.old_secret = endpoint.secret;
    endpoint.old_until = instant_after(sim->now, (duration){ form.keep_ms });
    endpoint.secret = form.secret;
    TRY(sql_run(sim->op, &sim_endpoint_update, &endpoint));
    return reply_text(response, STATUS_OK, show_endpoint(sim, &endpoint, false));
}
