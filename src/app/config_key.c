/* Secrets that live in files. */
#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <unistd.h>

#include "app/config_inside.h"

#define SECRET_BYTES_MAX 4096
#define KEY_BYTES        32

/* The file's text without its last newline; false with errno set, or errno 0: it is too long, has a
 * NUL or is empty. */
static bool read_text(struct arena *arena, const char *path, const char **ret_text)
{
    int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0)
        return false;
    char *text = arena_text(arena, SECRET_BYTES_MAX + 1);
    size_t size = 0;
    ssize_t count;
    while ((count = read(file, text + size, SECRET_BYTES_MAX + 1 - size)) > 0)
        size += (size_t)count;
    int failed = count < 0 ? errno : 0;
    close(file);
    errno = failed;
    if (failed != 0 || size > SECRET_BYTES_MAX)
        return false;
    if (size > 0 && text[size - 1] == '\n')
        size--;
    if (size > 0 && text[size - 1] == '\r')
        size--;
    text[size] = '\0';
    *ret_text = text;
    return size > 0 && strlen(text) == size;
}

bool secret_read_file(struct reading *reading, const char *path, const char **ret_text)
{
    if (read_text(reading->arena, path, ret_text))
        return true;
    return complain(reading, "the secret in %s cannot be read: %s", path,
                    errno != 0 ? strerrordesc_np(errno) : "it is empty, too long, or holds a NUL");
}

/* ---- the key beside the data file ---- */

static const char *beside(const struct config *config, struct arena *arena, const char *ending)
{
    struct buf path = buf_in(arena, strlen(config->store_path) + 32);
    buf_add(&path, str_of(config->store_path));
    buf_add(&path, str_of(ending));
    return str_terminated(arena, buf_str(&path));
}

/* The directory's entry must be on disk too. */
static bool sync_directory_of(struct arena *arena, const char *path)
{
    const char *slash = strrchr(path, '/');
    size_t size = slash == NULL ? 0 : (size_t)(slash - path) + 1;
    const char *directory = size == 0 ? "." : str_terminated(arena, (str){ path, size });
    int file = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (file < 0)
        return false;
    bool synced = fsync(file) == 0;
    close(file);
    return synced;
}

/* Writes a new file under another name, then gives it its own by link(), which never replaces one:
 * of two programs that start at once, the second finds the first one's key, and whole. */
static bool write_key(struct arena *arena, const char *new_path, const char *path, const char *text)
{
    int file = open(new_path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (file < 0)
        return false;
    ssize_t size = (ssize_t)strlen(text);
    bool whole = write(file, text, (size_t)size) == size && fsync(file) == 0;
    close(file);
    bool kept = whole && (link(new_path, path) == 0 || errno == EEXIST);
    int failed = errno;
    unlink(new_path);
    errno = failed;
    return kept && sync_directory_of(arena, path);
}

static bool make_key(const struct config *config, struct arena *arena, struct random *random,
                     const char *path)
{
    uint8_t bytes[KEY_BYTES];
    char text[2 * KEY_BYTES + 2];
    random->fill(random, bytes, sizeof bytes);
    sodium_bin2hex(text, sizeof text, bytes, sizeof bytes);
    text[sizeof text - 2] = '\n';
    text[sizeof text - 1] = '\0';
    char ending[32];
    random->fill(random, bytes, 4);
    snprintf(ending, sizeof ending, ".jwt-key.%02x%02x%02x%02x", bytes[0], bytes[1], bytes[2],
             bytes[3]);
    bool kept = write_key(arena, beside(config, arena, ending), path, text);
    int failed = errno;
    sodium_memzero(bytes, sizeof bytes);
    sodium_memzero(text, sizeof text);
    errno = failed;
    return kept;
}

bool config_keep_jwt_key(struct config *config, struct arena *arena, struct random *random,
                         const char **ret_complaint)
{
    if (config->settings.jwt_key.data != NULL)
        return true;
    const char *path = beside(config, arena, ".jwt-key");
    struct reading reading = { .arena = arena };
    const char *text = NULL;
    bool found = read_text(arena, path, &text);
    if (!found && errno == ENOENT)
        found = make_key(config, arena, random, path) && read_text(arena, path, &text);
    if (found && strlen(text) >= JWT_KEY_BYTES_MIN) {
        config->settings.jwt_key = str_of(text);
        return true;
    }
    if (errno != 0 && !found)
        complain(&reading, "the key for sessions cannot be kept in %s: %s; or set JWT_KEY", path,
                 strerrordesc_np(errno));
    else
        complain(&reading,
                 "the key for sessions in %s is damaged: remove it (everybody must sign "
                 "in again), or set JWT_KEY",
                 path);
    *ret_complaint = reading.complaint;
    return false;
}

/* ---- warnings ---- */

void config_warn(const struct config *config, struct log *log)
{
    if (config->fast_passwords)
        log_say(log, LOG_WARN, "config",
                "USHER_TEST_FAST_PASSWORDS IS SET: EVERY PASSWORD STORED NOW IS EASY TO GUESS. "
                "THIS IS FOR TESTS ONLY");
    if (config->stripe_embedded)
        log_say(log, LOG_WARN, "config",
                "payments are simulated: nobody is charged, and any test card buys; set STRIPE_KEY "
                "to sell in earnest");
    if (config->stripe_sim_control_token != NULL)
        log_say(log, LOG_WARN, "config", "the simulator can be told to misbehave, at /_sim");
    if (config->stripe_key != NULL && config->stripe_webhook_secret == NULL)
        log_say(log, LOG_WARN, "config",
                "STRIPE_WEBHOOK_SECRET is not set: webhooks are refused, and payments on Stripe's "
                "page take longer to be seen");
    bool public = !host_is_loopback(config->listen.host);
    if (public && !config->settings.secure_cookies)
        log_say(log, LOG_WARN, "config",
                "the shop is open to other machines without TLS: put a proxy before it, and set "
                "--base-url https://... and --trusted-proxy");
}
