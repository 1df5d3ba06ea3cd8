#include "app/commands.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "app/sample.h"
#include "app/shop_services.h"

static int complain_about(const char *complaint)
{
    (void)fprintf(stderr, "usher: %s\n", complaint);
    return 1;
}

static void report(void *context, const char *message)
{
    (void)context;
    (void)complain_about(message);
}

static bool open_store(const struct config *config, const struct host *host, bool read_only,
                       struct sqlite **ret_store)
{
    struct real_clock clock;
    real_clock_open(&clock, clock_source_kernel(), NULL);
    const struct sqlite_options options = {
        .path = config->store_path,
        .read_only = read_only,
        .services = host->services,
        .service_count = host->service_count,
        .now = clock_now(&clock.clock),
        .report = report,
    };
    char message[512];
    if (sqlite_open(&options, ret_store, message, sizeof message))
        return true;
    (void)complain_about(message);
    return false;
}

int command_migrate(struct config *config)
{
    struct host host = host_of_all(&config->settings);
    struct sqlite *store;
    if (!open_store(config, &host, false, &store))
        return 1;
    sqlite_close(store);
    (void)printf("%s is up to date\n", config->store_path);
    return 0;
}

/* ---- events ---- */

#define EVENTS_PAGE     200
#define FOLLOW_EVERY_NS 200000000L

/* Prints a page of the log behind *seq, and moves *seq to its end. */
static err print_page(struct sqlite *store, struct op *op, int64_t *seq, size_t *ret_count)
{
    struct rows rows;
    op->tx = sqlite_tx(store);
    TRY(outbox_after(op, *seq, EVENTS_PAGE, &rows));
    const struct outbox_row *row = rows.items;
    for (size_t i = 0; i < rows.count; i++) {
        struct event event;
        TRY(outbox_event(op->arena, &row[i], &event));
        str line = event_write(op->arena, &event);
        (void)printf("%.*s\n", (int)line.size, line.data);
        *seq = row[i].seq;
    }
    (void)fflush(stdout);
    *ret_count = rows.count;
    return OK;
}

static int print_events(struct sqlite *store, const struct config *config)
{
    struct arena arena = { 0 };
    struct op op = { .arena = &arena, .settings = &config->settings };
    int64_t seq = 0;
    size_t count = 0;
    err e = OK;
    do {
        arena_reset(&arena);
        e = print_page(store, &op, &seq, &count);
        if (config->follow && count == 0 && e.problem == NULL)
            (void)nanosleep(&(const struct timespec){ .tv_nsec = FOLLOW_EVERY_NS }, NULL);
    } while (e.problem == NULL && !ferror(stdout) && (count > 0 || config->follow));
    arena_free(&arena);
    return e.problem == NULL ? 0 : complain_about("The log of events cannot be read");
}

int command_events(struct config *config)
{
    struct host host = host_of_all(&config->settings);
    struct sqlite *store;
    if (!open_store(config, &host, true, &store))
        return 1;
    int status = print_events(store, config);
    sqlite_close(store);
    return status;
}

/* ---- seed ---- */

static int seed(struct config *config, struct clock *clock, struct log *log)
{
    struct host host = host_of_all(&config->settings);
    struct passwords *passwords = passwords_open(1, 0, PASSWORD_COST_OWASP);
    const struct engine_options options = {
        .host = &host,
        .settings = &config->settings,
        .store_path = config->store_path,
        .clock = clock,
        .log = log,
        .passwords = passwords,
    };
    char message[512];
    struct engine *engine = engine_start(&options, message, sizeof message);
    int status = engine == NULL ? complain_about(message) : 0;
    if (engine != NULL) {
        err e = sample_fill(engine, &host, passwords);
        status = e.problem == NULL ? 0 : complain_about(e.problem->message);
        engine_stop(engine);
    }
    passwords_close(passwords);
    return status;
}

int command_seed(struct config *config)
{
    /* Signs nothing that leaves this command. */
    config->settings.jwt_key = S("for the requests of this command alone");
    struct real_clock clock;
    real_clock_open(&clock, clock_source_kernel(), NULL);
    struct log *log = log_open(2, LOG_WARN, &clock.clock);
    int status = seed(config, &clock.clock, log);
    log_close(log);
    if (status == 0)
        (void)printf("%s", sample_greeting);
    return status;
}

/* ---- check ---- */

/* What must never be in a store: each question counts the cases. */
struct count {
    int64_t count;
};

static const struct field count_fields[] = { FIELD(struct count, count), FIELDS_END };

#define QUESTION(sql)                                                         \
    {                                                                         \
        "select count(*) as count from " sql, .in = NULL, .out = count_fields \
    }

static const struct query two_live_orders = QUESTION(
    "(select 1 from orders where status <> 'cancelled' group by ticket_id having count(*) > 1) x");
static const struct query completed_unpaid =
    QUESTION("orders where status = 'completed' and not exists (select 1 from charges"
             " where charges.id = orders.charge_id and phase = 'completed'"
             " and amount = orders.price)");
static const struct query paid_uncompleted =
    QUESTION("charges where phase = 'completed' and not exists (select 1 from orders"
             " where orders.id = charges.order_id and status = 'completed')");
static const struct query sold_without_order =
    QUESTION("tickets where status = 'sold' and not exists (select 1 from orders"
             " where orders.id = tickets.order_id and status = 'completed')");
static const struct query order_without_ticket =
    QUESTION("orders where status in ('awaitingPayment', 'capturing', 'completed') and not exists"
             " (select 1 from tickets where tickets.id = orders.ticket_id"
             " and tickets.order_id = orders.id and tickets.status in ('reserved', 'sold'))");
static const struct query lock_without_order =
    QUESTION("tickets where status = 'reserved' and not exists (select 1 from orders"
             " where orders.id = tickets.order_id and status in ('awaitingPayment', 'capturing'))");
static const struct query needs_attention = QUESTION("charges where attention is not null");

static const struct query *const check_queries[] = {
    &two_live_orders,      &completed_unpaid,   &paid_uncompleted, &sold_without_order,
    &order_without_ticket, &lock_without_order, &needs_attention,  NULL,
};

static const char *const check_names[] = {
    "tickets with two live orders",
    "completed orders without their payment",
    "payments without their completed order",
    "sold tickets without their completed order",
    "live orders that do not hold their ticket",
    "reserved tickets without their live order",
    "charges that a person must look at",
};

static const struct service check_service = { .name = "check", .queries = check_queries };

static err ask_all(struct op *op, int64_t *ret_found)
{
    int64_t found = 0;
    for (size_t i = 0; check_queries[i] != NULL; i++) {
        struct count answer;
        TRY(sql_one(op, check_queries[i], NULL, &answer));
        if (answer.count > 0)
            (void)printf("%lld %s\n", (long long)answer.count, check_names[i]);
        found += answer.count;
    }
    *ret_found = found;
    return OK;
}

int command_check(struct config *config)
{
    struct host host = host_of_all(&config->settings);
    host.services[host.service_count++] = &check_service;
    struct sqlite *store;
    if (!open_store(config, &host, true, &store))
        return 1;

    struct arena arena = { 0 };
    struct op op = { .arena = &arena, .settings = &config->settings };
    int64_t found = 0;
    err e = sqlite_read_begin(store);
    op.tx = sqlite_tx(store);
    if (e.problem == NULL)
        e = ask_all(&op, &found);
    sqlite_read_end(store);
    arena_free(&arena);
    sqlite_close(store);
    if (e.problem != NULL)
        return complain_about("The store cannot be read");
    if (found == 0)
        (void)printf("nothing is wrong\n");
    return found == 0 ? 0 : 1;
}
