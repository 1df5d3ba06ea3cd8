/* `usher serve site`: the pages alone, in front of an API somewhere else. */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "app/admin.h"
#include "app/apart.h"
#include "app/serve_inside.h"
#include "app/shop_services.h"

#define GRACE_PAGES seconds(4)
#define GRACE_ADMIN seconds(1)

struct site_apart {
    struct config *config;
    struct real_clock clock;
    struct log *log;
    struct host host;
    struct apart apart;
    struct http_server *server;
    struct http_server *admin_server;
    struct admin admin;
    char message[512];
};

static bool start_client(struct site_apart *site)
{
    const struct api_client_options options = {
        .base_url = site->config->api_url,
        .agent = "usher/" USHER_VERSION,
        .log = site->log,
    };
    site->host = host_of_config(site->config);
    site->apart = (struct apart){
        .host = &site->host,
        .settings = &site->config->settings,
        .proxies = &site->config->proxies,
        .clock = &site->clock.clock,
        .log = site->log,
        .api = api_client_open(&options),
    };
    if (site->apart.api == NULL)
        (void)snprintf(site->message, sizeof site->message, "libcurl does not start");
    return site->apart.api != NULL;
}

static bool start_listening(struct site_apart *site)
{
    const struct config *config = site->config;
    const struct http_options options = {
        .listen = config->listen.text,
        .handler = &apart_handler,
        .context = &site->apart,
        .threads = (unsigned)config->http_threads,
        .connections_max = (unsigned)config->connections_max,
        .connections_per_address_max = (unsigned)config->connections_per_address_max,
    };
    site->server = http_server_start(&options, site->message, sizeof site->message);
    if (site->server == NULL)
        return false;
    site->admin.api = site->apart.api;
    site->admin.shop = site->server;
    site->admin.clock = &site->clock.clock;
    site->admin.began = clock_now(&site->clock.clock);
    const struct http_options admin = {
        .listen = config->admin_listen.text,
        .handler = &admin_handler,
        .context = &site->admin,
    };
    site->admin_server = http_server_start(&admin, site->message, sizeof site->message);
    return site->admin_server != NULL;
}

/* Pages under way have a while to end; those that the API leaves waiting are then given up. */
static void stop(struct site_apart *site)
{
    atomic_store(&site->admin.stopping, true);
    if (site->server != NULL)
        http_server_stop(site->server, GRACE_PAGES);
    if (site->admin_server != NULL)
        http_server_stop(site->admin_server, GRACE_ADMIN);
    if (site->apart.api != NULL)
        api_client_stop(site->apart.api);
    if (site->server != NULL)
        http_server_free(site->server);
    if (site->admin_server != NULL)
        http_server_free(site->admin_server);
    if (site->apart.api != NULL)
        api_client_free(site->apart.api);
    packer_close(&site->apart.packer);
}

int serve_site_apart(struct config *config, struct arena *arena)
{
    sigset_t signals;
    set_base_url(config, arena);
    block_signals(&signals);
    struct site_apart *site = calloc(1, sizeof *site);
    assert(site != NULL);
    site->config = config;
    real_clock_open(&site->clock, clock_source_kernel(), NULL);
    site->log = log_open(STDERR_FILENO, config->log_level, &site->clock.clock);

    bool started = start_client(site) && start_listening(site);
    if (started) {
        (void)fprintf(stderr, "usher: ready on http://%s (admin http://%s)\n",
                      http_server_address(site->server), http_server_address(site->admin_server));
        await_signal(&signals, &site->clock, site->log);
        log_say(site->log, LOG_INFO, "usher", "Stopping");
    } else {
        (void)complain_about(site->message);
    }
    stop(site);
    log_close(site->log);
    free(site);
    return started ? 0 : 1;
}
