#include "app/simulator.h"

#include <stdio.h>

#define AGENT "Stripe/1.0 (+https://stripe.com/docs/webhooks)"

static err recover(struct op *op, void *context)
{
    (void)context;
    return stripe_sim_service.outbound->recover(op);
}

static bool start_engine(struct simulator *simulator, const struct engine_options *options,
                         char *message, size_t message_size)
{
    simulator->engine = engine_start(options, message, message_size);
    if (simulator->engine == NULL)
        return false;
    err e = engine_run(simulator->engine, recover, NULL);
    if (e.problem == NULL) {
        engine_begin(simulator->engine);
        return true;
    }
    (void)snprintf(message, message_size, "%s", e.problem->message);
    engine_stop(simulator->engine);
    return false;
}

static bool open_webhooks(struct simulator *simulator, struct log *log, char *message,
                          size_t message_size)
{
    simulator->webhooks = outcalls_open(&(const struct outcalls_options){
        .agent = AGENT,
        .log = log,
    });
    if (simulator->webhooks == NULL)
        (void)snprintf(message, message_size, "libcurl does not start");
    return simulator->webhooks != NULL;
}

bool simulator_start(struct simulator *simulator, const struct config *config,
                     const char *store_path, struct clock *clock, struct log *log, char *message,
                     size_t message_size)
{
    static const struct service *const services[] = { &stripe_sim_service };
    simulator->settings = config->settings;
    simulator->host = host_of(services, 1, &simulator->settings);
    simulator->options = (struct stripe_sim_options){
        .control_token = str_of(config->stripe_sim_control_token),
        .base_url = str_of(config->stripe_sim_base_url),
    };
    if (!open_webhooks(simulator, log, message, message_size))
        return false;
    const struct engine_options options = {
        .host = &simulator->host,
        .settings = &simulator->settings,
        .sim = &simulator->options,
        .store_path = store_path,
        .clock = clock,
        .log = log,
        .outcalls = simulator->webhooks,
    };
    if (!start_engine(simulator, &options, message, message_size)) {
        outcalls_close(simulator->webhooks, seconds(0));
        return false;
    }

    const struct http_options http = {
        .listen = config->stripe_sim_listen.text,
        .handler = &desk_handler,
        .context = engine_desk(simulator->engine),
        .raw_path = true,
    };
    simulator->server = http_server_start(&http, message, message_size);
    if (simulator->server == NULL) {
        outcalls_close(simulator->webhooks, seconds(0));
        engine_stop(simulator->engine);
        return false;
    }
    (void)snprintf(simulator->base_url, sizeof simulator->base_url, "http://%s",
                   http_server_address(simulator->server));
    return true;
}

struct webhook_target {
    str url;
    str secret;
};

static err configure(struct op *op, void *context)
{
    const struct webhook_target *target = context;
    return stripe_sim_configure(op, target->url, target->secret);
}

bool simulator_configure(struct simulator *simulator, const char *webhook_url, const char *secret)
{
    struct webhook_target target = { str_of(webhook_url), str_of(secret) };
    err e = engine_run(simulator->engine, configure, &target);
    return e.problem == NULL;
}

void simulator_stop(struct simulator *simulator, duration grace)
{
    engine_hurry(simulator->engine, (duration){ 0 });
    http_server_stop(simulator->server, grace);
    outcalls_stop(simulator->webhooks, seconds(1));
    engine_stop(simulator->engine);
    outcalls_close(simulator->webhooks, (duration){ 0 });
    http_server_free(simulator->server);
}
