#include "app/shop_services.h"

#include "services/auth/auth.h"
#include "services/expiration/expiration.h"
#include "services/orders/orders.h"
#include "services/payments/payments.h"
#include "services/tickets/tickets.h"
#include "site/site.h"

/* The site stores nothing and hears nothing: it has pages, and asks the API. */
static const struct service site_service = {
    .name = "site",
    .routes = site_routes,
    .lost = &site_lost,
};

static const struct service *const services[SERVED_NAMES] = {
    [SERVED_AUTH] = &auth_service,         [SERVED_TICKETS] = &tickets_service,
    [SERVED_ORDERS] = &orders_service,     [SERVED_EXPIRATION] = &expiration_service,
    [SERVED_PAYMENTS] = &payments_service, [SERVED_SITE] = &site_service,
};

static struct host host_of_named(const bool *named, const struct settings *settings)
{
    const struct service *hosted[SERVED_NAMES];
    size_t count = 0;
    for (size_t i = 0; i < SERVED_NAMES; i++) {
        if ((named == NULL || named[i]) && services[i] != NULL)
            hosted[count++] = services[i];
    }
    return host_of(hosted, count, settings);
}

struct host host_of_config(const struct config *config)
{
    return host_of_named(config->serves, &config->settings);
}

struct host host_of_all(const struct settings *settings)
{
    return host_of_named(NULL, settings);
}
