#include "app/serve.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

#include "app/admin.h"
#include "app/sample.h"
#include "app/serve_inside.h"
#include "app/shop_services.h"
#include "app/simulator.h"

/* All of it must be over in 10 s, says the contract. */
#define PATIENCE       seconds(2) /* for payments under way */
#define GRACE_HTTP     seconds(4)
#define GRACE_OUTCALLS seconds(2)
#define GRACE_SIM      seconds(1)

#define SIM_KEY "sk_test_embedded"

struct shop {
    struct config *config;
    struct real_clock clock;
    struct log *log;
    struct simulator simulator;
    struct passwords *passwords;
    struct outcalls *outcalls;
    struct host host;
    struct engine *engine;
    struct http_server *server;
    struct http_server *admin_server;
    struct admin admin;
    char message[512];
};

/* ---- signals ---- */

void block_signals(sigset_t *ret_signals)
{
    sigemptyset(ret_signals);
    sigaddset(ret_signals, SIGINT);
    sigaddset(ret_signals, SIGTERM);
    pthread_sigmask(SIG_BLOCK, ret_signals, NULL);
    (void)signal(SIGPIPE, SIG_IGN);
}

/* Looks at the clock now and then: somebody may have set the machine's. */
void await_signal(const sigset_t *signals, struct real_clock *clock, struct log *log)
{
    const struct timespec minute = { .tv_sec = 60 };
    while (sigtimedwait(signals, NULL, &minute) < 0) {
        duration ahead = clock_check(clock);
        if (ahead.ms != 0)
            log_say(log, LOG_WARN, "clock",
                    "The machine's clock was set: it is %lld s ahead of the one that locks end by",
                    (long long)(ahead.ms / 1000));
    }
}

/* ---- starting ---- */

static const char *path_beside(struct arena *arena, const char *path, const char *suffix)
{
    struct buf out = buf_in(arena, 256);
    buf_add(&out, str_of(path));
    buf_add(&out, str_of(suffix));
    return str_terminated(arena, buf_str(&out));
}

static bool start_stripe(struct shop *shop, struct arena *arena)
{
    struct config *config = shop->config;
    if (config->stripe_embedded) {
        const char *path = path_beside(arena, config->store_path, ".stripe-sim");
        if (!simulator_start(&shop->simulator, config, path, &shop->clock.clock, shop->log,
                             shop->message, sizeof shop->message))
            return false;
        config->stripe_url = shop->simulator.base_url;
        config->stripe_key = SIM_KEY;
    }
    config->settings.test_cards = strstr(config->stripe_key, "_test_") != NULL;
    const struct outcalls_options options = {
        .base_url = config->stripe_url,
        .key = config->stripe_key,
        .agent = "usher/" USHER_VERSION,
        .log = shop->log,
    };
    shop->outcalls = outcalls_open(&options);
    if (shop->outcalls == NULL)
        (void)snprintf(shop->message, sizeof shop->message, "libcurl does not start");
    return shop->outcalls != NULL;
}

/* Calls that were under way when the program ended are nobody's now. */
static err recover(struct op *op, void *context)
{
    const struct host *host = context;
    for (size_t i = 0; i < host->service_count; i++) {
        if (host->services[i]->outbound != NULL)
            TRY(host->services[i]->outbound->recover(op));
    }
    return OK;
}

static bool start_engine(struct shop *shop)
{
    struct config *config = shop->config;
    enum password_cost cost = config->fast_passwords ? PASSWORD_COST_FAST : PASSWORD_COST_OWASP;
    shop->passwords = passwords_open(WORK_THREADS, WORK_QUEUE_MAX, cost);
    shop->host = host_of_config(config);
    const struct engine_options options = {
        .host = &shop->host,
        .settings = &config->settings,
        .proxies = &config->proxies,
        .store_path = config->store_path,
        .clock = &shop->clock.clock,
        .log = shop->log,
        .passwords = shop->passwords,
        .outcalls = shop->outcalls,
    };
    shop->engine = engine_start(&options, shop->message, sizeof shop->message);
    if (shop->engine == NULL)
        return false;
    err e = engine_run(shop->engine, recover, &shop->host);
    if (e.problem == NULL && config->sample_data)
        e = sample_fill(shop->engine, &shop->host, shop->passwords);
    if (e.problem != NULL)
        (void)snprintf(shop->message, sizeof shop->message, "%s", e.problem->message);
    return e.problem == NULL;
}

static bool start_listening(struct shop *shop)
{
    struct config *config = shop->config;
    const struct http_options options = {
        .listen = config->listen.text,
        .handler = &desk_handler,
        .context = engine_desk(shop->engine),
        .threads = (unsigned)config->http_threads,
        .connections_max = (unsigned)config->connections_max,
        .connections_per_address_max = (unsigned)config->connections_per_address_max,
    };
    engine_begin(shop->engine);
    shop->server = http_server_start(&options, shop->message, sizeof shop->message);
    if (shop->server == NULL)
        return false;
    atomic_store(&engine_desk(shop->engine)->server, shop->server);

    shop->admin.engine = shop->engine;
    shop->admin.outcalls = shop->outcalls;
    shop->admin.shop = shop->server;
    shop->admin.clock = &shop->clock.clock;
    shop->admin.began = clock_now(&shop->clock.clock);
    const struct http_options admin = {
        .listen = config->admin_listen.text,
        .handler = &admin_handler,
        .context = &shop->admin,
    };
    shop->admin_server = http_server_start(&admin, shop->message, sizeof shop->message);
    return shop->admin_server != NULL;
}

/* People who try it are told where to go; programs read the same line. */
static void announce(const struct shop *shop)
{
    if (shop->config->sample_data)
        (void)fprintf(stderr, "%s", sample_greeting);
    if (shop->config->sample_data && shop->config->stripe_embedded)
        (void)fprintf(stderr, "%s", sample_cards);
    (void)fprintf(stderr, "usher: ready on http://%s (admin http://%s",
                  http_server_address(shop->server), http_server_address(shop->admin_server));
    if (shop->config->stripe_embedded)
        (void)fprintf(stderr, ", stripe simulator %s", shop->simulator.base_url);
    (void)fprintf(stderr, ")\n");
}

/* ---- stopping ---- */

static void stop(struct shop *shop)
{
    atomic_store(&shop->admin.stopping, true);
    if (shop->engine != NULL)
        engine_hurry(shop->engine, PATIENCE);
    if (shop->server != NULL)
        http_server_stop(shop->server, GRACE_HTTP);
    if (shop->admin_server != NULL)
        http_server_stop(shop->admin_server, GRACE_SIM);
    if (shop->passwords != NULL)
        passwords_close(shop->passwords);
    if (shop->outcalls != NULL)
        outcalls_stop(shop->outcalls, GRACE_OUTCALLS); /* the engine takes in the answers */
    if (shop->engine != NULL)
        engine_stop(shop->engine);
    if (shop->outcalls != NULL)
        outcalls_close(shop->outcalls, (duration){ 0 }); /* and asks for room until its end */
    if (shop->server != NULL)
        http_server_free(shop->server);
    if (shop->admin_server != NULL)
        http_server_free(shop->admin_server);
    if (shop->simulator.server != NULL)
        simulator_stop(&shop->simulator, GRACE_SIM);
}

void set_base_url(struct config *config, struct arena *arena)
{
    if (config->settings.base_url.data != NULL || config->listen.port == 0)
        return; /* a free port is known too late; then the Host header says who we are */
    struct buf url = buf_in(arena, 128);
    buf_addf(&url, "http://%s", config->listen.text);
    config->settings.base_url = buf_str(&url);
}

static bool keep_key(struct config *config, struct arena *arena, const char **ret_complaint)
{
    struct entropy entropy;
    entropy_open(&entropy);
    bool kept = config_keep_jwt_key(config, arena, &entropy.random, ret_complaint);
    entropy_close(&entropy);
    return kept;
}

int complain_about(const char *complaint)
{
    (void)fprintf(stderr, "usher: %s\n", complaint);
    return 2;
}

/* Two programs on one store would undo each other's calls to Stripe.  The lock ends with the
 * program, however it ends.  0, or the exit status. */
static int lock_store(const struct config *config, struct arena *arena)
{
    const char *path = path_beside(arena, config->store_path, ".lock");
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0) {
        (void)fprintf(stderr, "usher: %s cannot be written: %s\n", path, strerror(errno));
        return 2;
    }
    if (flock(fd, LOCK_EX | LOCK_NB) == 0)
        return 0;
    close(fd);
    (void)fprintf(stderr, "usher: another usher is serving %s\n", config->store_path);
    return 1;
}

int serve_shop(struct config *config, struct arena *arena)
{
    const char *complaint = NULL;
    int locked = lock_store(config, arena);
    if (locked != 0)
        return locked;
    if (!keep_key(config, arena, &complaint))
        return complain_about(complaint);
    set_base_url(config, arena);

    sigset_t signals;
    block_signals(&signals);
    struct shop *shop = calloc(1, sizeof *shop);
    assert(shop != NULL);
    shop->config = config;
    real_clock_open(&shop->clock, clock_source_kernel(),
                    path_beside(arena, config->store_path, ".clock"));
    shop->log = log_open(STDERR_FILENO, config->log_level, &shop->clock.clock);
    config_warn(config, shop->log);

    bool started = start_stripe(shop, arena) && start_engine(shop) && start_listening(shop);
    if (started) {
        announce(shop);
        await_signal(&signals, &shop->clock, shop->log);
        log_say(shop->log, LOG_INFO, "usher", "Stopping");
    } else {
        (void)complain_about(shop->message);
    }
    stop(shop);
    log_close(shop->log);
    free(shop);
    return started ? 0 : 1;
}

int serve_stripe_sim(struct config *config, struct arena *arena)
{
    sigset_t signals;
    block_signals(&signals);
    struct real_clock clock;
    real_clock_open(&clock, clock_source_kernel(), NULL);
    struct log *log = log_open(STDERR_FILENO, config->log_level, &clock.clock);
    struct simulator *simulator = ARENA_NEW(arena, struct simulator);
    char message[512];
    bool started = simulator_start(simulator, config, config->store_path, &clock.clock, log,
                                   message, sizeof message);
    /* Without a secret nobody could believe its webhooks: then it sends none. */
    if (started && config->stripe_webhook_secret != NULL)
        (void)simulator_configure(simulator, config->stripe_sim_webhook_url,
                                  config->stripe_webhook_secret);
    if (started) {
        (void)fprintf(stderr, "usher: stripe simulator ready on %s\n", simulator->base_url);
        await_signal(&signals, &clock, log);
        simulator_stop(simulator, GRACE_HTTP);
    } else {
        (void)complain_about(message);
    }
    log_close(log);
    return started ? 0 : 1;
}
