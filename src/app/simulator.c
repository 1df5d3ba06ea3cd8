#include "app/simulator.h"

#include <stdio.h>

bool simulator_start(struct simulator *simulator, const struct config *config,
                     const char *store_path, struct clock *clock, struct log *log, char *message,
                     size_t message_size)
{
    static const struct service *const services[] = { &stripe_sim_service };
    simulator->settings = config->settings;
    simulator->host = host_of(services, 1, &simulator->settings);
    simulator->options = (struct stripe_sim_options){
        .control_token = str_of(config->stripe_sim_control_token),
    };
    const struct engine_options options = {
        .host = &simulator->host,
        .settings = &simulator->settings,
        .sim = &simulator->options,
        .store_path = store_path,
        .clock = clock,
        .log = log,
    };
    simulator->engine = engine_start(&options, message, message_size);
    if (simulator->engine == NULL)
        return false;
    engine_begin(simulator->engine);

    const struct http_options http = {
        .listen = config->stripe_sim_listen.text,
        .handler = &desk_handler,
        .context = engine_desk(simulator->engine),
        .raw_path = true,
    };
    simulator->server = http_server_start(&http, message, message_size);
    if (simulator->server == NULL) {
        engine_stop(simulator->engine);
        return false;
    }
    (void)snprintf(simulator->base_url, sizeof simulator->base_url, "http://%s",
                   http_server_address(simulator->server));
    return true;
}

void simulator_stop(struct simulator *simulator, duration grace)
{
    engine_hurry(simulator->engine, (duration){ 0 });
    http_server_stop(simulator->server, grace);
    engine_stop(simulator->engine);
    http_server_free(simulator->server);
}
