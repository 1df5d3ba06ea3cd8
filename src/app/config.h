/* The command line and the environment, read into one struct: see config.def for the settings.
 *
 * A flag beats its environment variable.  Secrets come by environment or file, never by flag.
 * What is wrong, missing or dangerous is refused here, with one clear sentence, before anything
 * is opened. */
#ifndef APP_CONFIG_H
#define APP_CONFIG_H

#include <stdio.h>

#include "adapters/log.h"
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
    const char *host; /* an IPv4 or IPv6 address, without brackets */
    uint16_t port;    /* 0: any that is free */
};

struct config {
    enum command command;
    bool serves[SERVED_NAMES];
    bool follow; /* events --follow */
    /* base_url is absent unless given: the runtime makes it from the address that it got.  jwt_key
     * is absent when the embedded store is to keep one: see config_keep_jwt_key(). */
    struct settings settings;
    struct address listen;
    struct address admin_listen;
    struct address stripe_sim_listen;
    const char *store_path; /* of the SQLite file */
    const char
        *trusted_proxy; /* addresses and networks, a.b.c.d or a.b.c.d/n, with commas; or "" */
    int64_t http_threads;
    enum log_level log_level;
    bool sample_data;
    bool stripe_embedded;   /* serve: no STRIPE_KEY was given, so the simulator runs inside */
    const char *stripe_url; /* unless embedded; no slash at the end */
    const char *stripe_key; /* unless embedded */
    const char *stripe_webhook_secret; /* "" if none was given */
    bool stripe_sim_control;
    const char *stripe_sim_control_token; /* with stripe_sim_control */
    bool fast_passwords;                  /* tests only; config_warnings() says so loudly */
};

/* Texts point into the arguments, the environment and the arena.  False: *ret_complaint is the
 * sentence for standard error, and the exit status is 2.  environment is NULL-terminated
 * NAME=value. */
bool config_read(struct arena *arena, int argc, char *const *argv, char *const *environment,
                 struct config *ret_config, const char **ret_complaint);

/* Sets settings.jwt_key if it is absent: reads <store_path>.jwt-key, or makes it (mode 0600). */
bool config_keep_jwt_key(struct config *config, struct arena *arena, struct random *random,
                         const char **ret_complaint);

/* What an operator must not overlook, one line each, to the log. */
void config_warnings(const struct config *config, struct log *log);

/* Commands, then every setting with its environment variable and default. */
void config_help(FILE *out);

#endif
