/* Where money could go wrong by configuration. */
#include <arpa/inet.h>
#include <curl/curl.h>
#include <stdlib.h>

#include "app/config_inside.h"

#define KEY_MAX      255
#define WEBHOOK_PATH "/api/payments/webhook"

/* ---- addresses on the network ---- */

bool host_is_loopback(const char *host)
{
    struct in_addr four;
    if (inet_pton(AF_INET, host, &four) == 1)
        return ntohl(four.s_addr) >> 24 == 127;
    return strcmp(host, "localhost") == 0 || strcmp(host, "::1") == 0 || strcmp(host, "[::1]") == 0;
}

/* A part of the address, in the arena; NULL if it has none. */
static const char *part(struct arena *arena, CURLU *parsed, CURLUPart which)
{
    char *text = NULL;
    if (curl_url_get(parsed, which, &text, 0) != CURLUE_OK)
        return NULL;
    const char *copy = str_terminated(arena, str_of(text));
    curl_free(text);
    return copy;
}

static bool take_parts(struct arena *arena, CURLU *parsed, struct url *ret_url)
{
    const char *scheme = part(arena, parsed, CURLUPART_SCHEME);
    const char *path = part(arena, parsed, CURLUPART_PATH);
    ret_url->host = part(arena, parsed, CURLUPART_HOST);
    ret_url->port = part(arena, parsed, CURLUPART_PORT);
    ret_url->has_path = path != NULL && strcmp(path, "/") != 0;
    if (scheme == NULL || ret_url->host == NULL)
        return false;
    ret_url->https = strcmp(scheme, "https") == 0;
    if (!ret_url->https && strcmp(scheme, "http") != 0)
        return false;
    static const CURLUPart unwanted[] = { CURLUPART_USER, CURLUPART_PASSWORD, CURLUPART_QUERY,
                                          CURLUPART_FRAGMENT, CURLUPART_ZONEID };
    for (size_t i = 0; i < sizeof unwanted / sizeof *unwanted; i++)
        if (part(arena, parsed, unwanted[i]) != NULL)
            return false;
    return true;
}

/* By libcurl, which will use the address: what is checked is what is called. */
bool url_parse(struct arena *arena, const char *text, struct url *ret_url)
{
    CURLU *parsed = curl_url();
    assert(parsed != NULL);
    struct url url = { .text = NULL };
    bool fine = curl_url_set(parsed, CURLUPART_URL, text, 0) == CURLUE_OK &&
                take_parts(arena, parsed, &url);
    curl_url_cleanup(parsed);
    if (!fine)
        return false;
    str trimmed = str_of(text);
    while (trimmed.size > 0 && trimmed.data[trimmed.size - 1] == '/')
        trimmed.size--;
    url.text = str_terminated(arena, trimmed);
    *ret_url = url;
    return true;
}

/* ---- keys ---- */

static bool is_live(const char *key)
{
    return key != NULL &&
           (str_starts(str_of(key), S("sk_live_")) || str_starts(str_of(key), S("rk_live_")));
}

static bool check_key(struct reading *reading, const char *key)
{
    if (str_starts(str_of(key), S("pk_")))
        return complain(reading, "STRIPE_KEY is a publishable key (pk_...), and must be a secret "
                                 "one (sk_... or rk_...)");
    bool known = is_live(key) || str_starts(str_of(key), S("sk_test_")) ||
                 str_starts(str_of(key), S("rk_test_"));
    size_t size = strspn(key, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_");
    if (!known || key[size] != '\0' || size > KEY_MAX)
        return complain(reading, "STRIPE_KEY is no secret key of Stripe (sk_test_..., sk_live_..., "
                                 "rk_test_... or rk_live_...)");
    return true;
}

static bool check_webhook_secret(struct reading *reading, const char *secret)
{
    if (secret != NULL && !str_starts(str_of(secret), S("whsec_")))
        return complain(reading,
                        "STRIPE_WEBHOOK_SECRET is no signing secret of Stripe (whsec_...)");
    reading->config->stripe_webhook_secret = secret;
    return true;
}

/* What must not meet real money. */
static bool check_live(struct reading *reading, const struct url *url)
{
    struct config *config = reading->config;
    if (!url->https || strcmp(url->host, "api.stripe.com") != 0 || url->port != NULL ||
        url->has_path)
        return complain(reading, "%s: a live key is only ever sent to https://api.stripe.com",
                        setting_name(reading, SETTING_stripe_url));
    if (reading->origins[SETTING_stripe_sim_listen] != FROM_DEFAULT ||
        reading->texts[SETTING_stripe_sim_control] != NULL)
        return complain(reading,
                        "STRIPE_KEY is live, and the simulator of Stripe is asked for (%s)"
                        ": it is one or the other",
                        setting_name(reading, reading->texts[SETTING_stripe_sim_control] != NULL
                                                  ? SETTING_stripe_sim_control
                                                  : SETTING_stripe_sim_listen));
    if (config->stripe_webhook_secret == NULL)
        return complain(reading, "a live key needs STRIPE_WEBHOOK_SECRET too: without it nothing "
                                 "that Stripe tells us can be believed");
    if (!config->settings.secure_cookies)
        return complain(reading,
                        "a live key needs --base-url https://...: nobody should pay over a "
                        "connection that others can read");
    if (config->sample_data)
        return complain(reading, "%s with a live key would sell made-up tickets for real money",
                        setting_name(reading, SETTING_sample_data));
    if (config->fast_passwords)
        return complain(reading, "USHER_TEST_FAST_PASSWORDS is for tests, and STRIPE_KEY is live");
    return true;
}

static bool check_real(struct reading *reading, const char *key)
{
    const char *text = reading->texts[SETTING_stripe_url];
    struct url url;
    if (!check_key(reading, key))
        return false;
    if (!url_parse(reading->arena, text, &url))
        return complain(reading, "%s: \"%s\" is no address such as https://api.stripe.com",
                        setting_name(reading, SETTING_stripe_url), text);
    if (is_live(key) && !check_live(reading, &url))
        return false;
    if (!url.https && !host_is_loopback(url.host))
        return complain(reading,
                        "%s: http:// would show STRIPE_KEY to everybody on the way to %s: "
                        "use https://",
                        setting_name(reading, SETTING_stripe_url), url.host);
    reading->config->stripe_key = key;
    reading->config->stripe_url = url.text;
    return true;
}

/* ---- the simulator ---- */

static bool check_simulator(struct reading *reading)
{
    struct config *config = reading->config;
    const char *token = reading->texts[SETTING_stripe_sim_control_token];
    if (reading->texts[SETTING_stripe_sim_control] != NULL) {
        if (token == NULL)
            return complain(reading, "%s needs STRIPE_SIM_CONTROL_TOKEN",
                            setting_name(reading, SETTING_stripe_sim_control));
        config->stripe_sim_control_token = token;
    }
    const char *webhook = reading->texts[SETTING_stripe_sim_webhook_url];
    const char *base = reading->texts[SETTING_stripe_sim_base_url];
    struct url url;
    if (base[0] != '\0' && (!url_parse(reading->arena, base, &url) || url.has_path))
        return complain(reading, "%s: \"%s\" is no address such as https://pay.example.com",
                        setting_name(reading, SETTING_stripe_sim_base_url), base);
    config->stripe_sim_base_url = base[0] != '\0' ? url.text : NULL;
    if (webhook[0] == '\0')
        webhook = "http://127.0.0.1:8080" WEBHOOK_PATH;
    if (!url_parse(reading->arena, webhook, &url))
        return complain(reading, "%s: \"%s\" is no address such as http://127.0.0.1:8080%s",
                        setting_name(reading, SETTING_stripe_sim_webhook_url), webhook,
                        WEBHOOK_PATH);
    config->stripe_sim_webhook_url = url.text;
    return true;
}

/* The other commands talk to nobody. */
static bool check_idle(struct reading *reading, const char *key)
{
    if (reading->config->command == COMMAND_SEED && is_live(key))
        return complain(reading, "`usher seed` with a live key would sell made-up tickets for real "
                                 "money");
    return true;
}

bool config_check_stripe(struct reading *reading)
{
    struct config *config = reading->config;
    const char *key = reading->texts[SETTING_stripe_key];
    bool simulator = config->command == COMMAND_STRIPE_SIM;
    if (!simulator && config->command != COMMAND_SERVE)
        return check_idle(reading, key);
    if (!check_webhook_secret(reading, reading->texts[SETTING_stripe_webhook_secret]) ||
        !check_simulator(reading))
        return false;
    if (simulator && is_live(key))
        return complain(reading, "STRIPE_KEY is live: the simulator of Stripe has no use for it");
    if (simulator) {
        config->stripe_key = key;
        return key == NULL || check_key(reading, key);
    }
    if (key != NULL)
        return check_real(reading, key);
    if (reading->origins[SETTING_stripe_url] != FROM_DEFAULT)
        return complain(reading, "%s needs STRIPE_KEY", setting_name(reading, SETTING_stripe_url));
    config->stripe_embedded = true;
    return true;
}
