/* usher: one program, hosting as many of the services as it is told to. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "app/commands.h"
#include "app/serve.h"

static int run(struct config *config, struct arena *arena)
{
    switch (config->command) {
    case COMMAND_SERVE:
        return config->api_url != NULL ? serve_site_apart(config, arena)
                                       : serve_shop(config, arena);
    case COMMAND_STRIPE_SIM:
        return serve_stripe_sim(config, arena);
    case COMMAND_MIGRATE:
        return command_migrate(config);
    case COMMAND_EVENTS:
        return command_events(config);
    case COMMAND_SEED:
        return command_seed(config);
    case COMMAND_CHECK:
        return command_check(config);
    case COMMAND_VERSION:
        (void)printf("usher %s\n", USHER_VERSION);
        return 0;
    case COMMAND_HELP:
        config_help(stdout);
        return 0;
    case COMMANDS:
        break;
    }
    return 2;
}

int main(int argc, char **argv)
{
    extern char **environ;
    struct arena arena = { 0 };
    struct config config;
    const char *complaint = NULL;
    int status = 2;
    (void)umask(077); /* what is kept here is people's addresses and password hashes */
    if (config_read(&arena, argc, argv, environ, &config, &complaint))
        status = run(&config, &arena);
    else
        (void)fprintf(stderr, "usher: %s\n", complaint);
    arena_free(&arena);
    return status;
}
