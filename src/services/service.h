/* A service is a value: what it stores, serves, hears, does by itself, and asks of the outside.
 *
 * main() gives it sockets and a database, the simulator gives it a seed; it cannot tell which. */
#ifndef SERVICES_SERVICE_H
#define SERVICES_SERVICE_H

#include "events/events.h"
#include "sql/sql.h"
#include "web/web.h"

/* Something a service does by itself, in an operation of its own, at least so often.  *ret_more:
 * there is more to do at once. */
struct duty {
    const char *name;
    duration every;
    err (*run)(struct op *op, bool *ret_more);
};

/* A call to Stripe.  It was committed, byte for byte, before it is sent; and it is sent again, byte
 * for byte and with the same idempotency key, until its outcome is known. */
struct outcall {
    uuid id;
    str method;          /* GET or POST */
    str path;            /* /v1/payment_intents, for GET with its query */
    str body;            /* application/x-www-form-urlencoded */
    str idempotency_key; /* absent for GET */
    str signature;       /* Stripe-Signature of the simulator's webhooks, whose path is a whole URL,
                            and whose body is JSON; else absent */
};

enum outcome {
    OUTCALL_ANSWERED, /* http_status and body are what Stripe said */
    OUTCALL_NOT_SENT, /* the connection failed before anything was sent */
    OUTCALL_UNKNOWN,  /* sent, but no whole answer came: it may have happened or not */
};

struct outanswer {
    uuid call_id;
    enum outcome outcome;
    int64_t http_status;
    str body;
    str request_id;   /* Stripe's Request-Id, absent if none */
    str should_retry; /* Stripe-Should-Retry: true, false or absent */
};

/* How a service's calls get out: claim() marks at most max calls as sent and returns them (rows of
 * struct outcall); each is then made, and answered() hears the outcome in an operation of its own.
 * If the program ends in between, claim() returns the call again after its lease. */
struct outbound {
    /* Once at start, if no other process shares the store: calls under way then are nobody's now.
     */
    err (*recover)(struct op *op);
    err (*claim)(struct op *op, size_t max, struct rows *ret_calls);
    err (*answered)(struct op *op, const struct outanswer *answer);
};

/* Each list ends with NULL, ROUTES_END, SUBSCRIPTIONS_END, or an entry without a name or text; a
 * service that has none leaves the pointer NULL. */
struct service {
    const char *name;
    const struct migration *migrations;
    const struct query *const *queries;
    const struct route *routes;
    const struct subscription *subscriptions;
    const struct duty *duties;
    const struct outbound *outbound;
    /* The page that is shown where there is none, and instead of one that is refused at the door;
     * its path does not matter. */
    const struct route *lost;
};

#endif
