#include <arpa/inet.h>
#include <unistd.h>

#include "app/config_inside.h"

/* Currencies with two decimals that Stripe takes as such.  Not here: those without decimals (jpy,
 * krw, ...; isk and ugx only look as if they had two) and with three (kwd, ...). */
static const char currencies[] =
    " aed afn all amd ang aoa ars aud awg azn bam bbd bdt bgn bmd bnd bob brl bsd bwp byn bzd cad"
    " cdf chf cny cop crc cve czk dkk dop dzd egp etb eur fjd fkp gbp gel gip gmd gtq gyd hkd hnl"
    " htg huf idr ils inr jmd kes kgs khr kyd kzt lak lbp lkr lrd lsl mad mdl mkd mmk mnt mop mur"
    " mvr mwk mxn myr mzn nad ngn nio nok npr nzd pab pen pgk php pkr pln qar ron rsd rub sar sbd"
    " scr sek sgd shp sle sos srd std szl thb tjs top try ttd twd tzs uah usd uyu uzs wst xcd xcg"
    " yer zar zmw ";

#define HTTP_THREADS_MAX      64
#define CONNECTIONS_LIMIT_MAX 1000000
#define LIMIT_MAX             1000000000
#define DEPLOYMENT_MAX        32

/* ---- kinds of values ---- */

static bool check_address(struct reading *reading, enum setting setting,
                          struct address *ret_address)
{
    const char *text = reading->texts[setting];
    const char *colon = strrchr(text, ':');
    int64_t port = -1;
    if (colon == NULL || !str_to_int(str_of(colon + 1), &port) || port < 0 || port > 65535)
        return complain(reading,
                        "%s: \"%s\" is no address and port such as 127.0.0.1:8080 or [::1]:8080",
                        setting_name(reading, setting), text);
    str host = { text, (size_t)(colon - text) };
    bool bracketed = host.size > 2 && host.data[0] == '[' && host.data[host.size - 1] == ']';
    if (bracketed)
        host = (str){ host.data + 1, host.size - 2 };
    const char *name = str_terminated(reading->arena, host);
    uint8_t bytes[16];
    if (inet_pton(bracketed ? AF_INET6 : AF_INET, name, bytes) != 1 &&
        (bracketed || strcmp(name, "localhost") != 0))
        return complain(reading,
                        "%s: \"%s\" is no IPv4 address, IPv6 address in brackets, or localhost",
                        setting_name(reading, setting), name);
    *ret_address = (struct address){ text, name, (uint16_t)port };
    return true;
}

static bool check_int(struct reading *reading, enum setting setting, int64_t min, int64_t max,
                      int64_t *ret_value)
{
    const char *text = reading->texts[setting];
    int64_t value;
    if (!str_to_int(str_of(text), &value) || value < min || value > max)
        return complain(reading, "%s: \"%s\" is no whole number from %lld to %lld",
                        setting_name(reading, setting), text, (long long)min, (long long)max);
    *ret_value = value;
    return true;
}

static bool check_duration(struct reading *reading, enum setting setting, duration min,
                           duration max, duration *ret_value)
{
    const char *text = reading->texts[setting];
    duration value;
    if (!duration_parse(str_of(text), &value))
        return complain(reading, "%s: \"%s\" is no duration such as 90s, 15m, 1h or 7d",
                        setting_name(reading, setting), text);
    if (value.ms < min.ms || value.ms > max.ms)
        return complain(reading, "%s: %s is out of its range: `usher help` tells it",
                        setting_name(reading, setting), text);
    *ret_value = value;
    return true;
}

/* ---- one setting each ---- */

static bool check_log_level(struct reading *reading)
{
    const char *text = reading->texts[SETTING_log_level];
    for (int i = 0; log_level_names[i] != NULL; i++) {
        if (strcmp(text, log_level_names[i]) == 0) {
            reading->config->log_level = (enum log_level)i;
            return true;
        }
    }
    return complain(reading, "%s: \"%s\" is none of error, warn, info and debug",
                    setting_name(reading, SETTING_log_level), text);
}

static bool check_threads(struct reading *reading)
{
    int64_t *threads = &reading->config->http_threads;
    if (!check_int(reading, SETTING_http_threads, 0, HTTP_THREADS_MAX, threads))
        return false;
    long processors = sysconf(_SC_NPROCESSORS_ONLN);
    if (*threads == 0)
        *threads = processors < 1 ? 1 : processors;
    if (*threads > HTTP_THREADS_MAX)
        *threads = HTTP_THREADS_MAX;
    return true;
}

static bool check_connections(struct reading *reading)
{
    struct config *config = reading->config;
    return check_int(reading, SETTING_connections, HTTP_THREADS_MAX, CONNECTIONS_LIMIT_MAX,
                     &config->connections_max) &&
           check_int(reading, SETTING_connections_per_address, HTTP_THREADS_MAX,
                     CONNECTIONS_LIMIT_MAX, &config->connections_per_address_max);
}

static bool check_currency(struct reading *reading)
{
    const char *text = reading->texts[SETTING_currency];
    char code[8];
    int size = snprintf(code, sizeof code, " %s ", text);
    if (size != 5 || strstr(currencies, code) == NULL)
        return complain(reading,
                        "%s: \"%s\" is no currency with two decimals that Stripe takes, in small "
                        "letters such as usd or eur (one with none or three, such as jpy or kwd, "
                        "cannot be used)",
                        setting_name(reading, SETTING_currency), text);
    reading->config->settings.currency = str_of(text);
    return true;
}

static bool check_deployment(struct reading *reading)
{
    const char *text = reading->texts[SETTING_deployment];
    size_t size = strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789-");
    if (size == 0 || text[size] != '\0' || size > DEPLOYMENT_MAX)
        return complain(reading, "%s: \"%s\" is no name of small letters, digits and -, at most %d",
                        setting_name(reading, SETTING_deployment), text, DEPLOYMENT_MAX);
    reading->config->settings.deployment = str_of(text);
    return true;
}

static bool check_base_url(struct reading *reading)
{
    const char *text = reading->texts[SETTING_base_url];
    struct settings *settings = &reading->config->settings;
    struct url url;
    settings->base_url = (str){ NULL, 0 };
    if (text[0] == '\0')
        return true;
    if (!url_parse(reading->arena, text, &url) || url.has_path)
        return complain(reading,
                        "%s: \"%s\" is no address of a site such as https://tickets.example.com, "
                        "without a path",
                        setting_name(reading, SETTING_base_url), text);
    settings->base_url = str_of(url.text);
    settings->secure_cookies = url.https;
    return true;
}

static bool check_store(struct reading *reading)
{
    const char *text = reading->texts[SETTING_store];
    const char *name = setting_name(reading, SETTING_store);
    if (str_starts(str_of(text), S("postgres")))
        return complain(reading, "%s: PostgreSQL is not in this build yet: use sqlite:FILE", name);
    if (!str_starts(str_of(text), S("sqlite:")) || text[strlen("sqlite:")] == '\0')
        return complain(reading, "%s: \"%s\" is no store such as sqlite:usher.db", name, text);
    reading->config->store_path = text + strlen("sqlite:");
    return true;
}

static bool check_bus(struct reading *reading)
{
    const char *bus = reading->texts[SETTING_bus];
    const char *timers = reading->texts[SETTING_timers];
    if (str_starts(str_of(bus), S("nats://")) || str_starts(str_of(bus), S("tls://")))
        return complain(reading, "%s: NATS is not in this build yet: use local",
                        setting_name(reading, SETTING_bus));
    if (strcmp(bus, "local") != 0)
        return complain(reading, "%s: \"%s\" is no bus: use local",
                        setting_name(reading, SETTING_bus), bus);
    if (str_starts(str_of(timers), S("redis")))
        return complain(reading, "%s: Redis is not in this build yet: use store",
                        setting_name(reading, SETTING_timers));
    if (strcmp(timers, "store") != 0)
        return complain(reading, "%s: \"%s\" is no place for timers: use store",
                        setting_name(reading, SETTING_timers), timers);
    return true;
}

/* Whose site this is, when it stands apart. */
static bool check_api(struct reading *reading)
{
    struct config *config = reading->config;
    const char *text = reading->texts[SETTING_api_url];
    const char *name = setting_name(reading, SETTING_api_url);
    struct url url;
    if (!url_parse(reading->arena, text, &url) || url.has_path)
        return complain(reading,
                        "%s: \"%s\" is no address of a shop such as https://shop.example.com, "
                        "without a path",
                        name, text);
    if (!url.https && !host_is_loopback(url.host) &&
        reading->texts[SETTING_api_in_the_clear] == NULL)
        return complain(reading,
                        "%s: http:// would show passwords and sessions to everybody on the way to "
                        "%s: use https://, or --api-in-the-clear on a network of your own",
                        name, url.host);
    if (config->sample_data)
        return complain(reading, "%s fills a store, and `usher serve site` has none",
                        setting_name(reading, SETTING_sample_data));
    config->api_url = url.text;
    config->settings.test_cards = reading->texts[SETTING_api_test_cards] != NULL;
    return true;
}

/* Without a bus the services hear of each other only inside one process. */
static bool check_served(struct reading *reading)
{
    struct config *config = reading->config;
    size_t count = 0;
    for (size_t i = 0; i < SERVED_NAMES; i++)
        count += config->serves[i];
    for (size_t i = 0; i < SERVED_NAMES && count == 0; i++)
        config->serves[i] = true;
    bool site_alone = config->serves[SERVED_SITE] && count == 1;
    if (reading->texts[SETTING_api_url][0] != '\0' && config->command == COMMAND_SERVE) {
        if (site_alone)
            return check_api(reading);
        return complain(reading, "%s is for `usher serve site`, the pages apart from the services",
                        setting_name(reading, SETTING_api_url));
    }
    if (site_alone)
        return complain(reading, "`usher serve site` needs --api-url: the shop that it shows");
    for (size_t i = 0; i < SERVED_SITE; i++)
        if (!config->serves[i])
            return complain(reading,
                            "the five services can be run apart only with a bus between them, "
                            "which is not in this build yet: name all five of them, or none");
    return true;
}

static bool check_limits(struct reading *reading)
{
    struct settings *settings = &reading->config->settings;
    return check_int(reading, SETTING_live_orders, 1, LIMIT_MAX, &settings->live_orders_max) &&
           check_int(reading, SETTING_relocks, 1, LIMIT_MAX, &settings->relocks_max) &&
           check_int(reading, SETTING_payments, 1, LIMIT_MAX, &settings->payments_max) &&
           check_int(reading, SETTING_signups, 1, LIMIT_MAX, &settings->signups_max) &&
           check_int(reading, SETTING_signin_failures, 1, LIMIT_MAX,
                     &settings->signin_failures_max);
}

static bool check_durations(struct reading *reading)
{
    struct settings *settings = &reading->config->settings;
    return check_duration(reading, SETTING_reservation, seconds(1), hours(24),
                          &settings->reservation) &&
           check_duration(reading, SETTING_session, minutes(1), hours(365 * 24),
                          &settings->session) &&
           check_duration(reading, SETTING_answer_wait, seconds(0), seconds(60),
                          &settings->answer_wait);
}

static bool check_jwt_key(struct reading *reading)
{
    const char *key = reading->texts[SETTING_jwt_key];
    if (key != NULL && strlen(key) < JWT_KEY_BYTES_MIN)
        return complain(reading,
                        "JWT_KEY has %zu bytes and needs at least %d: `openssl rand -hex 32` makes "
                        "a good one",
                        strlen(key), JWT_KEY_BYTES_MIN);
    reading->config->settings.jwt_key = str_of(key);
    return true;
}

static bool check_proxies(struct reading *reading)
{
    const char *text = reading->texts[SETTING_trusted_proxy];
    if (!proxies_parse(str_of(text), &reading->config->proxies))
        return complain(reading,
                        "%s: \"%s\" is no list of at most %d addresses and networks such as "
                        "10.0.0.0/8,::1",
                        setting_name(reading, SETTING_trusted_proxy), text, PROXIES_MAX);
    return true;
}

static bool check_apart(struct reading *reading, enum setting a, const struct address *a_address,
                        enum setting b, const struct address *b_address)
{
    if (a_address->port == 0 || a_address->port != b_address->port ||
        strcmp(a_address->host, b_address->host) != 0)
        return true;
    return complain(reading, "%s and %s are both %s: each needs a port of its own",
                    setting_name(reading, a), setting_name(reading, b), a_address->text);
}

static bool check_addresses(struct reading *reading)
{
    struct config *config = reading->config;
    if (!check_address(reading, SETTING_listen, &config->listen) ||
        !check_address(reading, SETTING_admin_listen, &config->admin_listen) ||
        !check_address(reading, SETTING_stripe_sim_listen, &config->stripe_sim_listen))
        return false;
    if (config->command != COMMAND_SERVE)
        return true;
    bool apart = check_apart(reading, SETTING_listen, &config->listen, SETTING_admin_listen,
                             &config->admin_listen);
    if (config->stripe_embedded)
        apart = apart &&
                check_apart(reading, SETTING_listen, &config->listen, SETTING_stripe_sim_listen,
                            &config->stripe_sim_listen) &&
                check_apart(reading, SETTING_admin_listen, &config->admin_listen,
                            SETTING_stripe_sim_listen, &config->stripe_sim_listen);
    return apart;
}

bool config_check(struct reading *reading)
{
    struct config *config = reading->config;
    const char *fast = environment_text(reading->environment, "USHER_TEST_FAST_PASSWORDS");
    config->fast_passwords = fast != NULL && strcmp(fast, "yes") == 0;
    config->sample_data = reading->texts[SETTING_sample_data] != NULL;
    return check_base_url(reading) && check_proxies(reading) && check_threads(reading) &&
           check_connections(reading) && check_log_level(reading) && check_store(reading) &&
           check_bus(reading) && check_served(reading) && check_deployment(reading) &&
           check_currency(reading) && check_durations(reading) && check_limits(reading) &&
           check_jwt_key(reading) && (config->api_url != NULL || config_check_stripe(reading)) &&
           check_addresses(reading);
}
