/* The site hosted apart: pages that ask the API over HTTP, in the visitor's name.
 *
 * There is no store here, no session is believed or refused, and nothing is decided: a visitor's
 * token goes on to the API, and its answer becomes the page.  Exchanges are kept meanwhile; no
 * thread waits. */
#ifndef APP_APART_H
#define APP_APART_H

#include "adapters/api_client.h"
#include "adapters/http_server.h"
#include "adapters/packer.h"
#include "app/proxies.h"
#include "host/host.h"

struct apart {
    const struct host *host; /* of the site alone */
    const struct settings *settings;
    const struct proxies *proxies;
    struct clock *clock;
    struct log *log;
    struct api_client *api;
    struct packer packer; /* of the client's thread */
};

/* For http_server_start(), with the above as context. */
extern const struct http_handler apart_handler;

#endif
