#include "tests/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "adapters/entropy.h"
#include "app/config.h"

#define GIVEN(...) ((const char *const[]){ __VA_ARGS__, NULL })
#define NOTHING    ((const char *const[]){ NULL })

#define LIVE     "STRIPE_KEY=sk_live_abc"
#define WEBHOOK  "STRIPE_WEBHOOK_SECRET=whsec_abc"
#define BASE     "USHER_BASE_URL=https://tickets.example.com"
#define GOOD_KEY "0123456789abcdef0123456789abcdef"

#define WORDS_MAX 16

static char *copy_word(struct arena *arena, const char *word)
{
    return memcpy(arena_text(arena, strlen(word) + 1), word, strlen(word) + 1);
}

/* Copies, after the first word if there is one, then NULL.  Returns how many. */
static int copy_words(struct arena *arena, const char *first, const char *const *words,
                      char *ret_words[WORDS_MAX])
{
    int count = 0;
    if (first != NULL)
        ret_words[count++] = copy_word(arena, first);
    for (; *words != NULL; words++) {
        assert_true(count < WORDS_MAX - 1);
        ret_words[count++] = copy_word(arena, *words);
    }
    ret_words[count] = NULL;
    return count;
}

static bool reads(struct arena *arena, const char *const *arguments, const char *const *variables,
                  struct config *ret_config, const char **ret_complaint)
{
    char *argv[WORDS_MAX];
    char *environment[WORDS_MAX];
    int argc = copy_words(arena, "usher", arguments, argv);
    copy_words(arena, NULL, variables, environment);
    return config_read(arena, argc, argv, environment, ret_config, ret_complaint);
}

static struct config accepted(struct arena *arena, const char *const *arguments,
                              const char *const *variables)
{
    struct config config;
    const char *complaint = "";
    if (!reads(arena, arguments, variables, &config, &complaint))
        fail_msg("refused: %s", complaint);
    return config;
}

/* Each refusal is one sentence that holds these words. */
static void refused(const char *const *arguments, const char *const *variables, const char *words)
{
    struct arena arena = { 0 };
    struct config config;
    const char *complaint = NULL;
    assert_false(reads(&arena, arguments, variables, &config, &complaint));
    assert_non_null(complaint);
    if (strstr(complaint, words) == NULL || strchr(complaint, '\n') != NULL)
        fail_msg("expected \"%s\" in \"%s\"", words, complaint);
    arena_free(&arena);
}

/* ---- what is accepted ---- */

TEST(serve_alone_is_the_whole_shop_with_simulated_payments)
{
    struct arena arena = { 0 };
    struct config config = accepted(&arena, GIVEN("serve"), NOTHING);
    struct settings usual = settings_default();
    assert_int_equal(config.command, COMMAND_SERVE);
    for (int i = 0; i < SERVED_NAMES; i++)
        assert_true(config.serves[i]);
    assert_string_equal(config.listen.text, "127.0.0.1:8080");
    assert_string_equal(config.listen.host, "127.0.0.1");
    assert_int_equal(config.listen.port, 8080);
    assert_int_equal(config.admin_listen.port, 9090);
    assert_int_equal(config.stripe_sim_listen.port, 8081);
    assert_string_equal(config.store_path, "usher.db");
    assert_true(config.stripe_embedded);
    assert_null(config.stripe_key);
    assert_null(config.stripe_sim_control_token);
    assert_null(config.settings.jwt_key.data);
    assert_null(config.settings.base_url.data);
    assert_int_equal(config.log_level, LOG_INFO);
    assert_true(config.http_threads >= 1);
    assert_int_equal(config.connections_max, CONNECTIONS_MAX);
    assert_int_equal(config.connections_per_address_max, CONNECTIONS_PER_ADDRESS_MAX);
    assert_false(config.sample_data || config.fast_passwords || config.settings.bus);
    arena_free(&arena);

    /* The defaults of config.def are those of the services. */
    assert_true(str_equal(config.settings.currency, usual.currency));
    assert_true(str_equal(config.settings.deployment, usual.deployment));
    assert_int_equal(config.settings.reservation.ms, usual.reservation.ms);
    assert_int_equal(config.settings.session.ms, usual.session.ms);
    assert_int_equal(config.settings.answer_wait.ms, usual.answer_wait.ms);
    assert_int_equal(config.settings.live_orders_max, usual.live_orders_max);
    assert_int_equal(config.settings.relocks_max, usual.relocks_max);
    assert_int_equal(config.settings.payments_max, usual.payments_max);
    assert_int_equal(config.settings.signups_max, usual.signups_max);
    assert_int_equal(config.settings.signin_failures_max, usual.signin_failures_max);
}

TEST(a_flag_beats_its_variable_and_the_last_flag_wins)
{
    struct arena arena = { 0 };
    const char *const variables[] = { "USHER_RESERVATION=2m", "USHER_CURRENCY=eur",
                                      "USHER_LOG=", "USHER_LISTEN=[::1]:0", NULL };
    struct config config = accepted(
        &arena, GIVEN("serve", "--reservation", "3m", "--reservation=90s", "--sample-data"),
        variables);
    assert_int_equal(config.settings.reservation.ms, 90000);
    assert_true(str_is(config.settings.currency, "eur"));
    assert_int_equal(config.log_level, LOG_INFO);
    assert_string_equal(config.listen.host, "::1");
    assert_int_equal(config.listen.port, 0);
    assert_true(config.sample_data);
    arena_free(&arena);
}

TEST(F50_the_reservation_is_a_setting)
{
    struct arena arena = { 0 };
    struct config config = accepted(&arena, GIVEN("serve"), NOTHING);
    assert_int_equal(config.settings.reservation.ms, 15 * 60 * 1000);
    config = accepted(&arena, GIVEN("serve", "--reservation", "2s"), NOTHING);
    assert_int_equal(config.settings.reservation.ms, 2000);
    arena_free(&arena);
    refused(GIVEN("serve", "--reservation", "15"), NOTHING, "--reservation: \"15\" is no duration");
    refused(GIVEN("serve", "--reservation", "0s"), NOTHING, "out of its range");
    refused(GIVEN("serve"), GIVEN("USHER_RESERVATION=25h"), "USHER_RESERVATION: 25h is out of");
}

TEST(every_command_is_understood)
{
    struct arena arena = { 0 };
    const char *const names[] = { "serve", "stripe-sim", "migrate", "events",
                                  "seed",  "check",      "version", "help" };
    for (size_t i = 0; i < COMMANDS; i++)
        assert_int_equal(accepted(&arena, GIVEN(names[i]), NOTHING).command, i);
    assert_true(accepted(&arena, GIVEN("events", "--follow"), NOTHING).follow);
    assert_int_equal(accepted(&arena, GIVEN("serve", "--help"), NOTHING).command, COMMAND_HELP);
    assert_int_equal(accepted(&arena, GIVEN("--version"), NOTHING).command, COMMAND_VERSION);
    /* Help is there however wrong the environment is. */
    assert_int_equal(accepted(&arena, GIVEN("help"), GIVEN("USHER_STORE=x")).command, COMMAND_HELP);
    arena_free(&arena);
}

TEST(the_limits_are_settings)
{
    struct arena arena = { 0 };
    struct config config =
        accepted(&arena,
                 GIVEN("serve", "--live-orders", "50", "--relocks=4", "--payments=5", "--signups=6",
                       "--signin-failures=7", "--http-threads=2", "--log-level=debug",
                       "--connections=20000", "--connections-per-address=10000"),
                 GIVEN("USHER_TRUSTED_PROXY=10.0.0.0/8"));
    assert_int_equal(config.settings.live_orders_max, 50);
    assert_int_equal(config.settings.relocks_max, 4);
    assert_int_equal(config.settings.payments_max, 5);
    assert_int_equal(config.settings.signups_max, 6);
    assert_int_equal(config.settings.signin_failures_max, 7);
    assert_int_equal(config.http_threads, 2);
    assert_int_equal(config.connections_max, 20000);
    assert_int_equal(config.connections_per_address_max, 10000);
    assert_int_equal(config.log_level, LOG_DEBUG);
    assert_true(proxies_trust(&config.proxies, S("10.1.2.3")));
    arena_free(&arena);
    refused(GIVEN("serve", "--relocks", "0"), NOTHING, "--relocks: \"0\" is no whole number");
    refused(GIVEN("serve", "--http-threads", "65"), NOTHING, "from 0 to 64");
    refused(GIVEN("serve", "--connections", "1000001"), NOTHING, "from 64 to 1000000");
    refused(GIVEN("serve", "--connections-per-address", "0"), NOTHING, "from 64 to 1000000");
    refused(GIVEN("serve", "--payments", "many"), NOTHING, "--payments");
}

TEST(a_live_shop_needs_everything_to_be_right)
{
    struct arena arena = { 0 };
    struct config config = accepted(&arena, GIVEN("serve"), GIVEN(LIVE, WEBHOOK, BASE));
    assert_false(config.stripe_embedded);
    assert_string_equal(config.stripe_url, "https://api.stripe.com");
    assert_string_equal(config.stripe_key, "sk_live_abc");
    assert_string_equal(config.stripe_webhook_secret, "whsec_abc");
    assert_true(config.settings.secure_cookies);
    /* The other commands talk to nobody, and need none of it. */
    accepted(&arena, GIVEN("migrate"), GIVEN(LIVE));
    arena_free(&arena);
}

TEST(a_test_key_may_go_to_a_simulator_on_this_machine)
{
    struct arena arena = { 0 };
    struct config config =
        accepted(&arena, GIVEN("serve", "--stripe-url", "http://127.0.0.1:8081/"),
                 GIVEN("STRIPE_KEY=sk_test_sim"));
    assert_false(config.stripe_embedded);
    assert_string_equal(config.stripe_url, "http://127.0.0.1:8081");
    assert_null(config.stripe_webhook_secret);
    accepted(&arena, GIVEN("serve", "--stripe-url", "http://[::1]:8081"),
             GIVEN("STRIPE_KEY=rk_test_sim"));
    accepted(&arena, GIVEN("serve", "--stripe-url", "http://localhost:1"),
             GIVEN("STRIPE_KEY=sk_test_sim"));
    arena_free(&arena);
}

TEST(the_simulator_alone_has_its_own_settings)
{
    struct arena arena = { 0 };
    struct config config =
        accepted(&arena, GIVEN("stripe-sim", "--stripe-sim-control", "--stripe-sim-listen=[::1]:9"),
                 GIVEN("STRIPE_SIM_CONTROL_TOKEN=t", WEBHOOK, "STRIPE_KEY=sk_test_sim"));
    assert_string_equal(config.stripe_sim_control_token, "t");
    assert_string_equal(config.stripe_sim_webhook_url,
                        "http://127.0.0.1:8080/api/payments/webhook");
    assert_string_equal(config.stripe_webhook_secret, "whsec_abc");
    assert_int_equal(config.stripe_sim_listen.port, 9);
    assert_null(config.stripe_sim_base_url);
    config = accepted(&arena, GIVEN("stripe-sim", "--stripe-sim-base-url", "https://pay.shop/"),
                      NOTHING);
    assert_string_equal(config.stripe_sim_base_url, "https://pay.shop");
    arena_free(&arena);
    refused(GIVEN("stripe-sim", "--stripe-sim-base-url", "http://a/b"), NOTHING, "no address");
    refused(GIVEN("stripe-sim"), GIVEN(LIVE), "no use for it");
    refused(GIVEN("stripe-sim", "--stripe-sim-control"), NOTHING, "STRIPE_SIM_CONTROL_TOKEN");
    refused(GIVEN("stripe-sim", "--stripe-sim-webhook-url", "x y"), NOTHING, "is no address");
}

/* ---- what is refused ---- */

TEST(words_that_nobody_knows_are_refused_with_the_nearest)
{
    refused(NOTHING, NOTHING, "usher serve");
    refused(GIVEN("sevre"), NOTHING, "did you mean serve?");
    refused(GIVEN("frobnicate"), NOTHING, "`usher help` lists them all");
    refused(GIVEN("serve", "ordres"), NOTHING, "did you mean orders?");
    refused(GIVEN("serve", "--lisen", "x"), NOTHING, "did you mean --listen?");
    refused(GIVEN("serve", "--port=80"), NOTHING, "there is no flag --port");
    refused(GIVEN("serve", "-x"), NOTHING, "there is no flag -x");
    refused(GIVEN("serve", "--follow"), NOTHING, "there is no flag --follow");
    refused(GIVEN("--listen", "x"), NOTHING, "the command comes first");
    refused(GIVEN("migrate", "orders"), NOTHING, "`usher migrate` takes no \"orders\"");
    refused(GIVEN("serve", "--listen"), NOTHING, "--listen needs a value: ADDRESS:PORT");
    refused(GIVEN("serve", "--sample-data=yes"), NOTHING, "takes no value");
    refused(GIVEN("serve"), GIVEN("USHER_SAMPLE_DATA=maybe"), "neither yes nor no");
}

TEST(F48_secrets_on_the_command_line_are_refused_and_not_repeated)
{
    refused(GIVEN("serve", "--stripe-key", "sk_test_x"), NOTHING, "STRIPE_KEY or STRIPE_KEY_FILE");
    refused(GIVEN("serve", "--jwt-key=" GOOD_KEY), NOTHING, "JWT_KEY or JWT_KEY_FILE");
    refused(GIVEN("serve", "--stripe_webhook_secret=x"), NOTHING, "STRIPE_WEBHOOK_SECRET_FILE");
    refused(GIVEN("serve", "--stripe-sim-control-token=x"), NOTHING, "where others can read it");

    struct arena arena = { 0 };
    struct config config;
    const char *complaint;
    assert_false(
        reads(&arena, GIVEN("serve", "--stripe-kye=sk_test_x"), NOTHING, &config, &complaint));
    assert_null(strstr(complaint, "sk_test_x"));
    assert_false(reads(&arena, GIVEN("serve"), GIVEN("STRIPE_KEY=sk_tset_x"), &config, &complaint));
    assert_null(strstr(complaint, "sk_tset_x"));
    arena_free(&arena);
}

TEST(addresses_must_be_whole_and_apart)
{
    const char *const wrong[] = { "8080",          ":8080",         "127.0.0.1",  "127.0.0.1:65536",
                                  "127.0.0.1:-1",  "127.0.0.1:8x",  "::1:8080",   "[::1]",
                                  "example.com:1", "[127.0.0.1]:1", "127.0.1:80", "" };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        refused(GIVEN("serve", "--listen", wrong[i]), NOTHING, "--listen: \"");
    refused(GIVEN("serve", "--admin-listen", "127.0.0.1:8080"), NOTHING,
            "--listen and --admin-listen are both 127.0.0.1:8080");
    refused(GIVEN("serve", "--stripe-sim-listen", "127.0.0.1:9090"), NOTHING,
            "each needs a port of its own");
    struct arena arena = { 0 };
    accepted(&arena,
             GIVEN("serve", "--listen=127.0.0.1:0", "--admin-listen=127.0.0.1:0",
                   "--stripe-sim-listen=localhost:0"),
             NOTHING);
    arena_free(&arena);
}

TEST(what_is_not_in_this_build_is_said_so)
{
    refused(GIVEN("serve", "--bus", "nats://127.0.0.1:4222"), NOTHING, "not in this build yet");
    refused(GIVEN("serve"), GIVEN("USHER_STORE=postgres://x"), "not in this build yet");
    refused(GIVEN("serve", "--timers=redis://x"), NOTHING, "not in this build yet");
    refused(GIVEN("serve", "orders", "payments"), NOTHING, "not in this build yet");
    refused(GIVEN("serve", "--bus", "rabbit"), NOTHING, "is no bus");
    refused(GIVEN("serve", "--timers", "sundial"), NOTHING, "no place for timers");
    refused(GIVEN("serve", "--store", "usher.db"), NOTHING, "is no store such as sqlite:usher.db");
    refused(GIVEN("serve", "--store", "sqlite:"), NOTHING, "is no store");

    struct arena arena = { 0 };
    struct config config = accepted(
        &arena, GIVEN("serve", "auth", "tickets", "orders", "expiration", "payments"), NOTHING);
    assert_false(config.serves[SERVED_SITE]);
    arena_free(&arena);
}

TEST(a_currency_must_have_the_two_decimals_that_prices_have)
{
    const char *const wrong[] = { "jpy",  "krw", "kwd", "isk", "ugx",    "USD",
                                  "usd ", "us",  "",    "xxx", "aed afn" };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        refused(GIVEN("serve", "--currency", wrong[i]), NOTHING, "--currency: \"");
}

TEST(names_addresses_and_levels_must_be_such)
{
    refused(GIVEN("serve", "--deployment", "My Shop"), NOTHING, "--deployment");
    refused(GIVEN("serve", "--deployment", ""), NOTHING, "--deployment");
    refused(GIVEN("serve", "--deployment", "a23456789-a23456789-a23456789-xyz"), NOTHING,
            "at most 32");
    refused(GIVEN("serve", "--log-level", "loud"), NOTHING, "none of error, warn");
    refused(GIVEN("serve", "--base-url", "tickets.example.com/x"), NOTHING, "--base-url");
    refused(GIVEN("serve", "--base-url", "https://tickets.example.com/shop"), NOTHING,
            "without a path");
    refused(GIVEN("serve", "--base-url", "https://alice@tickets.example.com"), NOTHING,
            "--base-url");
    refused(GIVEN("serve", "--base-url", "ftp://tickets.example.com"), NOTHING, "--base-url");
    refused(GIVEN("serve", "--trusted-proxy", "nginx"), NOTHING, "10.0.0.0/8");
}

TEST(keys_must_look_like_keys)
{
    refused(GIVEN("serve"), GIVEN("JWT_KEY=short"), "JWT_KEY has 5 bytes and needs at least 32");
    refused(GIVEN("serve"), GIVEN("STRIPE_KEY=pk_test_abc"), "publishable");
    refused(GIVEN("serve"), GIVEN("STRIPE_KEY=hunter2"), "no secret key of Stripe");
    refused(GIVEN("serve"), GIVEN("STRIPE_KEY=sk_test_a\r\nHost: x"), "no secret key of Stripe");
    refused(GIVEN("serve"), GIVEN("STRIPE_KEY=sk_test_a", "STRIPE_WEBHOOK_SECRET=abc"), "whsec_");
    refused(GIVEN("serve", "--stripe-url=https://api.stripe.com"), NOTHING, "needs STRIPE_KEY");
}

TEST(a_live_key_goes_nowhere_but_to_stripe)
{
    const char *const urls[] = {
        "http://127.0.0.1:8081", "http://api.stripe.com",      "https://api.stripe.com.example.com",
        "https://example.com",   "https://api.stripe.com:444", "https://api.stripe.com/x",
        "https://127.0.0.1"
    };
    for (size_t i = 0; i < sizeof urls / sizeof *urls; i++)
        refused(GIVEN("serve", "--stripe-url", urls[i]), GIVEN(LIVE, WEBHOOK, BASE),
                "only ever sent to https://api.stripe.com");
    refused(GIVEN("serve", "--stripe-url=http://127.0.0.1:1"),
            GIVEN("STRIPE_KEY=rk_live_abc", WEBHOOK, BASE), "only ever sent");
    refused(GIVEN("serve", "--stripe-url=https://api.stripe.com@example.com"),
            GIVEN(LIVE, WEBHOOK, BASE), "is no address");
}

TEST(a_live_key_and_make_believe_do_not_mix)
{
    refused(GIVEN("serve", "--stripe-sim-listen=127.0.0.1:1"), GIVEN(LIVE, WEBHOOK, BASE),
            "one or the other");
    refused(GIVEN("serve", "--stripe-sim-control"),
            GIVEN(LIVE, WEBHOOK, BASE, "STRIPE_SIM_CONTROL_TOKEN=t"), "--stripe-sim-control");
    refused(GIVEN("serve", "--sample-data"), GIVEN(LIVE, WEBHOOK, BASE), "made-up tickets");
    refused(GIVEN("seed"), GIVEN(LIVE), "made-up tickets");
    refused(GIVEN("serve"), GIVEN(LIVE, WEBHOOK, BASE, "USHER_TEST_FAST_PASSWORDS=yes"),
            "for tests");
    refused(GIVEN("serve"), GIVEN(LIVE, BASE), "needs STRIPE_WEBHOOK_SECRET");
    refused(GIVEN("serve"), GIVEN(LIVE, WEBHOOK), "needs --base-url https://");
    refused(GIVEN("serve", "--base-url=http://tickets.example.com"), GIVEN(LIVE, WEBHOOK),
            "needs --base-url https://");
}

TEST(no_key_travels_in_the_clear)
{
    refused(GIVEN("serve", "--stripe-url=http://192.0.2.1:8081"), GIVEN("STRIPE_KEY=sk_test_a"),
            "use https://");
    refused(GIVEN("serve", "--stripe-url=http://127.0.0.1.example.com"),
            GIVEN("STRIPE_KEY=sk_test_a"), "use https://");
    refused(GIVEN("serve", "--stripe-url=http://127.0.0.1@example.com"),
            GIVEN("STRIPE_KEY=sk_test_a"), "is no address");
}

TEST(the_site_apart_knows_whose_site_it_is)
{
    struct arena arena = { 0 };
    struct config config = accepted(
        &arena, GIVEN("serve", "site", "--api-url", "http://127.0.0.1:8080/", "--listen=[::1]:80"),
        GIVEN("STRIPE_KEY=hunter2"));
    assert_string_equal(config.api_url, "http://127.0.0.1:8080");
    assert_true(config.serves[SERVED_SITE] && !config.serves[SERVED_AUTH]);
    assert_false(config.stripe_embedded || config.settings.test_cards);
    assert_null(config.stripe_key);
    config = accepted(&arena, GIVEN("serve", "site", "--api-test-cards"),
                      GIVEN("USHER_API_URL=https://shop.example.com"));
    assert_string_equal(config.api_url, "https://shop.example.com");
    assert_true(config.settings.test_cards);
    config = accepted(&arena, GIVEN("serve"), NOTHING);
    assert_null(config.api_url);
    arena_free(&arena);

    refused(GIVEN("serve", "site"), NOTHING, "needs --api-url");
    refused(GIVEN("serve"), GIVEN("USHER_API_URL=https://shop.example.com"),
            "USHER_API_URL is for `usher serve site`");
    refused(GIVEN("serve", "site", "auth", "--api-url=https://shop.example.com"), NOTHING,
            "is for `usher serve site`");
    refused(GIVEN("serve", "site", "--api-url=shop.example.com/x"), NOTHING, "is no address");
    refused(GIVEN("serve", "site", "--api-url=ftp://shop.example.com"), NOTHING, "is no address");
    refused(GIVEN("serve", "site", "--api-url=https://a@shop.example.com"), NOTHING,
            "is no address");
    refused(GIVEN("serve", "site", "--api-url=https://shop.example.com", "--sample-data"), NOTHING,
            "--sample-data fills a store");
}

TEST(F48_sessions_travel_in_the_clear_only_where_somebody_says_so)
{
    const char *const urls[] = { "http://192.0.2.1:8080", "http://127.0.0.1.example.com" };
    for (size_t i = 0; i < sizeof urls / sizeof *urls; i++) {
        struct arena arena = { 0 };
        refused(GIVEN("serve", "site", "--api-url", urls[i]), NOTHING, "passwords and sessions");
        struct config config = accepted(
            &arena, GIVEN("serve", "site", "--api-url", urls[i], "--api-in-the-clear"), NOTHING);
        assert_string_equal(config.api_url, urls[i]);
        arena_free(&arena);
    }
}

/* ---- files ---- */

struct directory {
    char path[64];
};

static struct directory make_directory(void)
{
    struct directory directory = { "/tmp/usher-config-XXXXXX" };
    assert_non_null(mkdtemp(directory.path));
    return directory;
}

static const char *in(struct arena *arena, const struct directory *directory, const char *name)
{
    struct buf path = buf_in(arena, 100);
    buf_addf(&path, "%s/%s", directory->path, name);
    return str_terminated(arena, buf_str(&path));
}

static void write_file(const char *path, const char *text, size_t size)
{
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_int_equal(fwrite(text, 1, size, file), size);
    assert_int_equal(fclose(file), 0);
}

static const char *variable(struct arena *arena, const char *name, const char *value)
{
    struct buf text = buf_in(arena, 100);
    buf_addf(&text, "%s=%s", name, value);
    return str_terminated(arena, buf_str(&text));
}

TEST(a_secret_may_come_from_a_file)
{
    struct arena arena = { 0 };
    struct directory directory = make_directory();
    const char *path = in(&arena, &directory, "key");
    const char *by_file = variable(&arena, "JWT_KEY_FILE", path);
    write_file(path, GOOD_KEY "\n", 33);
    struct config config = accepted(&arena, GIVEN("serve"), GIVEN(by_file));
    assert_true(str_is(config.settings.jwt_key, GOOD_KEY));

    refused(GIVEN("serve"), GIVEN(by_file, "JWT_KEY=" GOOD_KEY), "which is it?");
    write_file(path, "\n", 1);
    refused(GIVEN("serve"), GIVEN(by_file), "cannot be read: it is empty");
    write_file(path, "a\0b", 3);
    refused(GIVEN("serve"), GIVEN(by_file), "cannot be read");
    unlink(path);
    refused(GIVEN("serve"), GIVEN(by_file), "No such file");
    rmdir(directory.path);
    arena_free(&arena);
}

TEST(without_a_key_one_is_made_and_kept_beside_the_data_file)
{
    struct arena arena = { 0 };
    struct entropy entropy;
    struct directory directory = make_directory();
    const char *path = in(&arena, &directory, "usher.db.jwt-key");
    const char *complaint;
    entropy_open(&entropy);

    struct config config = { .store_path = in(&arena, &directory, "usher.db") };
    assert_true(config_keep_jwt_key(&config, &arena, &entropy.random, &complaint));
    assert_int_equal(config.settings.jwt_key.size, 64);
    struct stat info;
    assert_int_equal(stat(path, &info), 0);
    assert_int_equal(info.st_mode & 0777, 0600);
    assert_int_equal(info.st_nlink, 1);

    struct config later = { .store_path = config.store_path };
    assert_true(config_keep_jwt_key(&later, &arena, &entropy.random, &complaint));
    assert_true(str_equal(later.settings.jwt_key, config.settings.jwt_key));

    struct config given = { .settings.jwt_key = S(GOOD_KEY), .store_path = config.store_path };
    assert_true(config_keep_jwt_key(&given, &arena, &entropy.random, &complaint));
    assert_true(str_is(given.settings.jwt_key, GOOD_KEY));

    write_file(path, "", 0);
    later.settings.jwt_key.data = NULL;
    assert_false(config_keep_jwt_key(&later, &arena, &entropy.random, &complaint));
    assert_non_null(strstr(complaint, "is damaged"));
    write_file(path, "short\n", 6);
    assert_false(config_keep_jwt_key(&later, &arena, &entropy.random, &complaint));
    assert_non_null(strstr(complaint, "is damaged"));
    unlink(path);
    assert_int_equal(rmdir(directory.path), 0); /* nothing else was left behind */
    assert_false(config_keep_jwt_key(&later, &arena, &entropy.random, &complaint));
    assert_non_null(strstr(complaint, "No such file"));
    entropy_close(&entropy);
    arena_free(&arena);
}

TEST(help_lists_every_setting)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    assert_non_null(out);
    config_help(out);
    assert_int_equal(fclose(out), 0);
    static const char *const names[] = {
#define SETTING(name, flag, environment, value, kind, help) flag, environment, value, kind,
#define SWITCH(name, flag, environment, help)               flag, environment,
#define SECRET(name, environment, help)                     environment,
#include "app/config.def"
#undef SETTING
#undef SWITCH
#undef SECRET
    };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        assert_non_null(strstr(text, names[i]));
    for (const char *line = text; *line != '\0'; line += strcspn(line, "\n") + 1)
        assert_true(strcspn(line, "\n") <= 100);
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(serve_alone_is_the_whole_shop_with_simulated_payments),
        cmocka_unit_test(a_flag_beats_its_variable_and_the_last_flag_wins),
        cmocka_unit_test(F50_the_reservation_is_a_setting),
        cmocka_unit_test(every_command_is_understood),
        cmocka_unit_test(the_limits_are_settings),
        cmocka_unit_test(a_live_shop_needs_everything_to_be_right),
        cmocka_unit_test(a_test_key_may_go_to_a_simulator_on_this_machine),
        cmocka_unit_test(the_simulator_alone_has_its_own_settings),
        cmocka_unit_test(words_that_nobody_knows_are_refused_with_the_nearest),
        cmocka_unit_test(F48_secrets_on_the_command_line_are_refused_and_not_repeated),
        cmocka_unit_test(addresses_must_be_whole_and_apart),
        cmocka_unit_test(what_is_not_in_this_build_is_said_so),
        cmocka_unit_test(a_currency_must_have_the_two_decimals_that_prices_have),
        cmocka_unit_test(names_addresses_and_levels_must_be_such),
        cmocka_unit_test(keys_must_look_like_keys),
        cmocka_unit_test(a_live_key_goes_nowhere_but_to_stripe),
        cmocka_unit_test(a_live_key_and_make_believe_do_not_mix),
        cmocka_unit_test(no_key_travels_in_the_clear),
        cmocka_unit_test(the_site_apart_knows_whose_site_it_is),
        cmocka_unit_test(F48_sessions_travel_in_the_clear_only_where_somebody_says_so),
        cmocka_unit_test(a_secret_may_come_from_a_file),
        cmocka_unit_test(without_a_key_one_is_made_and_kept_beside_the_data_file),
        cmocka_unit_test(help_lists_every_setting),
    };
    return RUN_TESTS(tests);
}
