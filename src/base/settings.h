/* What an operator sets, as the services see it (the command line and environment are app's). */
#ifndef BASE_SETTINGS_H
#define BASE_SETTINGS_H

#include "base/values.h"

struct settings {
    str currency;            /* ISO 4217, lower case, two decimals: usd */
    duration reservation;    /* how long a buyer has to pay: 15 minutes */
    duration session;        /* how long a sign-in lasts: 7 days */
    str jwt_key;             /* secret, at least 32 bytes */
    str base_url;            /* as people see this shop: http://127.0.0.1:8080 */
    bool secure_cookies;     /* people reach this shop by https */
    bool bus;                /* events travel over a bus: copies of other services' data may lag */
    int64_t live_orders_max; /* of one buyer: 5 */
    int64_t relocks_max;     /* of one ticket by one buyer in an hour: 3 */
    int64_t payments_max;    /* attempts of one buyer in an hour: 30 */
    int64_t signups_max;     /* of one address in an hour: 100 */
    int64_t
        signin_failures_max; /* of one account in 15 minutes: 10; of one address: 10 times that */
    duration
        answer_wait; /* how long a request waits for something to happen before its 202: 25 s */
    bool test_cards; /* payments are simulated, or in Stripe's test mode */
    str deployment;  /* names this shop in idempotency keys and Stripe metadata */
};

/* The values named above. */
struct settings settings_default(void);

#endif
