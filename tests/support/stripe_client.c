#include "tests/support/stripe_client.h"

#include <stdarg.h>
#include <stdio.h>

#include "tests/test.h"

void client_open(struct client *client)
{
    memset(client, 0, sizeof *client);
    world_open(&client->world, (const struct service *const[]){ &stripe_sim_service, NULL });
    client->options.control_token = S("control");
    client->options.base_url = S("http://127.0.0.1:8081");
    client->authorization = "Bearer sk_test_123";
}

void client_close(struct client *client)
{
    world_close(&client->world);
}

const char *client_text(struct client *client, const char *format, ...)
{
    struct buf out = buf_in(&client->world.arena, 256);
    va_list arguments;
    va_start(arguments, format);
    char text[4096];
    int size = vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    assert_in_range(size, 0, sizeof text - 1);
    buf_add(&out, (str){ text, (size_t)size });
    return str_terminated(&client->world.arena, buf_str(&out));
}

static int run(struct client *client)
{
    struct wait wait = client->response.wait;
    client->response = (struct response){ .wait = wait };
    struct op *op = world_begin(&client->world);
    assert_ok(stripe_sim_serve(&client->options, op, &client->request, &client->response));
    world_commit(&client->world);
    return client->response.drop ? 0 : client->response.status;
}

static int call(struct client *client, enum method method, const char *target, const char *body)
{
    str query;
    str path = str_cut(str_of(target), '?', &query);
    client->request = (struct request){
        .method = method,
        .path = path,
        .query = query,
        .body = str_of(body),
        .header[HEADER_authorization] = str_of(client->authorization),
        .header[HEADER_idempotency_key] = str_of(client->key),
        .header[HEADER_content_type] = client->content_type
                                           ? str_of(client->content_type)
                                           : S("application/x-www-form-urlencoded"),
    };
    client->response = (struct response){ .status = 0 };
    return run(client);
}

int client_get(struct client *client, const char *target)
{
    return call(client, GET, target, NULL);
}

int client_post(struct client *client, const char *path, const char *form)
{
    return call(client, POST, path, form);
}

int client_control(struct client *client, enum method method, const char *path, const char *json)
{
    const char *authorization = client->authorization;
    client->authorization = "Bearer control";
    int status = call(client, method, path, json);
    client->authorization = authorization;
    return status;
}

int client_again(struct client *client)
{
    return run(client);
}

const char *client_body(struct client *client)
{
    return str_terminated(&client->world.arena, client->response.body);
}

const char *client_member(struct client *client, const char *name)
{
    str pattern = str_of(client_text(client, "\"%s\":", name));
    str body = client->response.body;
    const char *at = body.size ? memmem(body.data, body.size, pattern.data, pattern.size) : NULL;
    if (at == NULL)
        fail_msg("no member %s in %s", name, client_body(client));
    at += pattern.size;
    size_t size = 0;
    if (*at == '"') {
        at++;
        while (at[size] != '"')
            size++;
    } else {
        while (strchr(",}]", at[size]) == NULL)
            size++;
    }
    return str_terminated(&client->world.arena, (str){ at, size });
}

const char *client_header(struct client *client, const char *name)
{
    str value = response_header(&client->response, name);
    return value.data ? str_terminated(&client->world.arena, value) : "";
}

/* Of each event of a list: its type is the last member, so that "type" of what is inside is not
 * meant. */
const char *client_events(struct client *client)
{
    assert_int_equal(client_get(client, "/v1/events?limit=100"), 200);
    const char *marker = "\"idempotency_key\":";
    const char *types[100];
    size_t count = 0;
    for (const char *at = strstr(client_body(client), marker); at; at = strstr(at, marker)) {
        at = strstr(at, "\"type\":\"") + strlen("\"type\":\"");
        assert_in_range(count, 0, 99);
        types[count++] = client_text(client, "%.*s", (int)strcspn(at, "\""), at);
    }
    struct buf out = buf_in(&client->world.arena, 256);
    for (size_t i = count; i-- > 0;)
        buf_addf(&out, "%s%s", types[i], i > 0 ? " " : "");
    return str_terminated(&client->world.arena, buf_str(&out));
}

void client_wait(struct client *client, duration wait)
{
    world_wait(&client->world, wait);
}

static const char *intent_of(struct client *client)
{
    const char *at = strstr(client_body(client), "\"id\":\"pi_");
    if (at == NULL)
        fail_msg("no payment intent in %s", client_body(client));
    return client_text(client, "%.*s", (int)strcspn(at + 6, "\""), at + 6);
}

const char *client_pay(struct client *client, const char *payment_method)
{
    (void)client_post(client, "/v1/payment_intents",
                      client_text(client, CARD_FORM "&payment_method=%s", payment_method));
    return intent_of(client);
}

const char *client_hold(struct client *client, const char *payment_method)
{
    (void)client_post(client, "/v1/payment_intents",
                      client_text(client, HOLD_FORM "&payment_method=%s", payment_method));
    return intent_of(client);
}
