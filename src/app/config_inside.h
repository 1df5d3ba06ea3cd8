/* What the parts of the configuration share: config.c finds the texts, config_check.c judges them.
 */
#ifndef APP_CONFIG_INSIDE_H
#define APP_CONFIG_INSIDE_H

#include "app/config.h"

enum setting {
#define SETTING(name, flag, environment, value, kind, help) SETTING_##name,
#define SWITCH(name, flag, environment, help)               SETTING_##name,
#define SECRET(name, environment, help)                     SETTING_##name,
#include "app/config.def"
#undef SETTING
#undef SWITCH
#undef SECRET
    SETTINGS
};

struct setting_info {
    const char *flag; /* NULL for a secret */
    const char *environment;
    const char *value; /* the default, "" if none; NULL for switches and secrets */
    const char *kind;  /* of its value; NULL for switches and secrets */
    const char *help;
};
extern const struct setting_info setting_infos[SETTINGS];

enum origin { FROM_DEFAULT, FROM_ENVIRONMENT, FROM_FILE, FROM_FLAG };

/* The configuration while it is read. */
struct reading {
    struct arena *arena;
    char *const *environment;
    const char *texts[SETTINGS]; /* NULL: a switch that is off, a secret that is not there */
    enum origin origins[SETTINGS];
    struct config *config;
    const char *complaint;
};

/* Keeps the sentence and returns false. */
bool complain(struct reading *reading, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* How the operator knows the setting: its flag, or its variable if it came by that. */
const char *setting_name(const struct reading *reading, enum setting setting);

/* A variable of the environment; NULL if it is not there or empty. */
const char *environment_text(char *const *environment, const char *name);

/* Judges every text, and fills reading->config. */
bool config_check(struct reading *reading);
/* The part of it that is about Stripe. */
bool config_check_stripe(struct reading *reading);

/* A secret's file, without the newline at its end. */
bool secret_read_file(struct reading *reading, const char *path, const char **ret_text);

/* ---- addresses on the network ---- */

bool host_is_loopback(const char *host);

struct url {
    bool https;
    const char *host;
    const char *port; /* NULL: the usual one */
    bool has_path;    /* anything behind host and port but one slash */
    const char *text; /* without a slash at the end */
};
/* http or https, without user, query and fragment. */
bool url_parse(struct arena *arena, const char *text, struct url *ret_url);

#endif
