/* The command line and the environment, read into one struct: see config.def for the settings.
 *
 * A flag beats its environment variable; an empty variable counts as none.  Secrets come by
 * environment or file, never by flag.  What is wrong, missing or dangerous is refused here, with
 * one clear sentence, before anything is opened. */
#ifndef APP_CONFIG_H
#define APP_CONFIG_H

#include <stdio.h>

#include "adapters/log.h"
#include "app/proxies.h"
#include "base/base.h"

#define JWT_KEY_BYTES_MIN 32

enum command {
    COMMAND_SERVE,
    COMMAND_STRIPE_SIM,
    COMMAND_MIGRATE,
    COMMAND_EVENTS,
    COMMAND_SEED,
    COMMAND_CHECK,
    COMMAND_VERSION,
    COMMAND_HELP,
    COMMANDS
};

/* What `usher serve NAME...` may name. */
enum served {
    SERVED_AUTH,
    SERVED_TICKETS,
    SERVED_ORDERS,
    SERVED_EXPIRATION,
    SERVED_PAYMENTS,
    SERVED_SITE,
    SERVED_NAMES
};

struct address {
    const char *text; /* as the HTTP server takes it: 127.0.0.1:8080, [::1]:8080 */
    const char *host; /* without brackets */
    uint16_t port;    /* 0: any that is free */
};

struct config {
    enum command command;
    bool serves[SERVED_NAMES];
    bool follow; /* events --follow */

    /* base_url is absent unless given: the runtime makes it from the address that it got.
     * jwt_key is absent when the store is to keep one: see config_keep_jwt_key(). */
    struct settings settings;
    struct address listen;
    struct address admin_listen;
    const char *api_url;    /* of the shop whose site this is, apart; NULL: one process */
    const char *store_path; /* of the SQLite file */
    struct proxies proxies;
    int64_t http_threads; /* at least 1 */
    int64_t connections_max;
    int64_t connections_per_address_max;
    enum log_level log_level;
    bool sample_data;
    bool fast_passwords; /* USHER_TEST_FAST_PASSWORDS=yes; config_warn() is loud about it */

    /* Stripe: either embedded, with url, key and secret for the runtime to make up; or not. */
    bool stripe_embedded;
    const char *stripe_url; /* no slash at the end */
    const char *stripe_key;
    const char *stripe_webhook_secret; /* NULL if none was given */

    /* The simulator, embedded or as `usher stripe-sim`. */
    struct address stripe_sim_listen;
    const char *stripe_sim_base_url;      /* NULL: as it is asked for, by the Host header */
    const char *stripe_sim_webhook_url;   /* of `usher stripe-sim` */
    const char *stripe_sim_control_token; /* NULL: it cannot be told to misbehave */
};

/* Texts live in the arguments, the environment and the arena.  environment is NAME=value, then
 * NULL.  False: *ret_complaint is the sentence for standard error, and the exit status is 2. */
bool config_read(struct arena *arena, int argc, char *const *argv, char *const *environment,
                 struct config *ret_config, const char **ret_complaint);

/* Sets settings.jwt_key if it is absent: reads it from <store_path>.jwt-key, or makes it there
 * (64 characters, mode 0600, on disk before this returns). */
bool config_keep_jwt_key(struct config *config, struct arena *arena, struct random *random,
                         const char **ret_complaint);

/* What an operator must not overlook. */
void config_warn(const struct config *config, struct log *log);

/* Commands, then every setting with its environment variable and default. */
void config_help(FILE *out);

#endif
