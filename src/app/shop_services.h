/* The services of the shop, as the command line names them. */
#ifndef APP_SHOP_SERVICES_H
#define APP_SHOP_SERVICES_H

#include "app/config.h"
#include "host/host.h"

/* A host of those that the configuration names. */
struct host host_of_config(const struct config *config);
/* A host of all of them: what looks at a store knows every table. */
struct host host_of_all(const struct settings *settings);

#endif
