#include "base/settings.h"

struct settings settings_default(void)
{
    return (struct settings){
        .currency = S("usd"),
        .reservation = minutes(15),
        .session = hours(7 * 24),
        .base_url = S("http://127.0.0.1:8080"),
        .live_orders_max = 5,
        .relocks_max = 3,
        .payments_max = 30,
        .signups_max = 100,
        .signin_failures_max = 10,
        .answer_wait = seconds(25),
        .deployment = S("usher"),
    };
}
