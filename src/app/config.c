#include "app/config.h"

#include <stdarg.h>

#include "app/config_inside.h"

const struct setting_info setting_infos[SETTINGS] = {
#define SETTING(name, flag, environment, value, kind, help) \
    { flag, environment, value, kind, help },
#define SWITCH(name, flag, environment, help) { flag, environment, NULL, NULL, help },
#define SECRET(name, environment, help)       { NULL, environment, NULL, NULL, help },
#include "app/config.def"
#undef SETTING
#undef SWITCH
#undef SECRET
};

static const char *const command_names[COMMANDS + 1] = {
    [COMMAND_SERVE] = "serve",     [COMMAND_STRIPE_SIM] = "stripe-sim",
    [COMMAND_MIGRATE] = "migrate", [COMMAND_EVENTS] = "events",
    [COMMAND_SEED] = "seed",       [COMMAND_CHECK] = "check",
    [COMMAND_VERSION] = "version", [COMMAND_HELP] = "help",
};

static const char *const served_names[SERVED_NAMES + 1] = {
    [SERVED_AUTH] = "auth",         [SERVED_TICKETS] = "tickets",
    [SERVED_ORDERS] = "orders",     [SERVED_EXPIRATION] = "expiration",
    [SERVED_PAYMENTS] = "payments", [SERVED_SITE] = "site",
};

bool complain(struct reading *reading, const char *format, ...)
{
    struct buf sentence = buf_in(reading->arena, 160);
    char text[1024];
    va_list arguments;
    va_start(arguments, format);
    int size = vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    assert(size >= 0);
    buf_add(&sentence, str_of(text));
    reading->complaint = str_terminated(reading->arena, buf_str(&sentence));
    return false;
}

const char *setting_name(const struct reading *reading, enum setting setting)
{
    const struct setting_info *info = &setting_infos[setting];
    bool by_variable = info->flag == NULL || reading->origins[setting] == FROM_ENVIRONMENT;
    return by_variable ? info->environment : info->flag;
}

const char *environment_text(char *const *environment, const char *name)
{
    size_t size = strlen(name);
    for (; *environment != NULL; environment++)
        if (strncmp(*environment, name, size) == 0 && (*environment)[size] == '=')
            return (*environment)[size + 1] == '\0' ? NULL : *environment + size + 1;
    return NULL;
}

/* ---- did you mean ---- */

#define WORD_MAX 40

/* The number of letters to add, drop or change (Levenshtein); WORD_MAX for long words. */
static size_t distance(const char *a, const char *b)
{
    size_t a_size = strlen(a), b_size = strlen(b);
    if (a_size >= WORD_MAX || b_size >= WORD_MAX)
        return WORD_MAX;
    size_t row[WORD_MAX];
    for (size_t j = 0; j <= b_size; j++)
        row[j] = j;
    for (size_t i = 1; i <= a_size; i++) {
        size_t diagonal = row[0];
        row[0] = i;
        for (size_t j = 1; j <= b_size; j++) {
            size_t change = diagonal + (a[i - 1] != b[j - 1]);
            size_t drop = row[j] + 1, insert = row[j - 1] + 1;
            diagonal = row[j];
            row[j] = change < drop ? change : drop;
            row[j] = insert < row[j] ? insert : row[j];
        }
    }
    return row[b_size];
}

struct nearest {
    const char *word;
    size_t distance;
};

static void consider(struct nearest *nearest, const char *given, const char *word)
{
    size_t apart = distance(given, word);
    if (apart < nearest->distance)
        *nearest = (struct nearest){ word, apart };
}

static bool complain_of_flag(struct reading *reading, const char *flag)
{
    struct nearest nearest = { NULL, strlen(flag) / 3 + 1 };
    consider(&nearest, flag, "--follow");
    for (size_t i = 0; i < SETTINGS; i++)
        if (setting_infos[i].flag != NULL)
            consider(&nearest, flag, setting_infos[i].flag);
    if (nearest.word != NULL)
        return complain(reading, "there is no flag %s: did you mean %s?", flag, nearest.word);
    return complain(reading, "there is no flag %s: `usher help` lists them all", flag);
}

static bool complain_of_word(struct reading *reading, const char *what, const char *given,
                             const char *const *words)
{
    struct nearest nearest = { NULL, strlen(given) / 3 + 2 };
    for (; *words != NULL; words++)
        consider(&nearest, given, *words);
    if (nearest.word != NULL)
        return complain(reading, "there is no %s \"%s\": did you mean %s?", what, given,
                        nearest.word);
    return complain(reading, "there is no %s \"%s\": `usher help` lists them all", what, given);
}

/* ---- the command line ---- */

static bool find_word(const char *const *words, const char *given, size_t *ret_at)
{
    for (size_t i = 0; words[i] != NULL; i++) {
        if (strcmp(words[i], given) == 0) {
            *ret_at = i;
            return true;
        }
    }
    return false;
}

/* Whether the flag would give a secret: --stripe-key for STRIPE_KEY. */
static bool names_secret(const char *flag, const char *environment)
{
    if (strncmp(flag, "--", 2) != 0)
        return false;
    const char *at = flag + 2;
    for (; *environment != '\0'; environment++, at++) {
        char letter = *at == '-' ? '_' : *at;
        if (letter >= 'a' && letter <= 'z')
            letter = (char)(letter - 'a' + 'A');
        if (letter != *environment)
            return false;
    }
    return *at == '\0';
}

/* The setting of this flag; SETTINGS, after a complaint, if there is none. */
static enum setting find_flag(struct reading *reading, const char *flag)
{
    for (enum setting i = 0; i < SETTINGS; i++) {
        const struct setting_info *info = &setting_infos[i];
        if (info->flag != NULL && strcmp(info->flag, flag) == 0)
            return i;
        if (info->flag == NULL && names_secret(flag, info->environment)) {
            complain(reading,
                     "a secret is not given on the command line, where others can read it: "
                     "use the environment, %s or %s_FILE",
                     info->environment, info->environment);
            return SETTINGS;
        }
    }
    complain_of_flag(reading, flag);
    return SETTINGS;
}

static bool read_flag(struct reading *reading, char *const *arguments, int *at)
{
    str value;
    const char *flag = str_terminated(reading->arena, str_cut(str_of(arguments[*at]), '=', &value));
    enum setting setting = find_flag(reading, flag);
    if (setting == SETTINGS)
        return false;
    reading->origins[setting] = FROM_FLAG;
    const char *kind = setting_infos[setting].kind;
    if (kind == NULL) { /* a switch */
        reading->texts[setting] = "yes";
        return value.data == NULL || complain(reading, "%s takes no value", flag);
    }
    reading->texts[setting] = value.data != NULL ? value.data : arguments[++*at];
    return reading->texts[setting] != NULL || complain(reading, "%s needs a value: %s", flag, kind);
}

static bool read_name(struct reading *reading, const char *name)
{
    size_t at;
    if (reading->config->command != COMMAND_SERVE)
        return complain(reading, "`usher %s` takes no \"%s\"",
                        command_names[reading->config->command], name);
    if (!find_word(served_names, name, &at))
        return complain_of_word(reading, "service", name, served_names);
    reading->config->serves[at] = true;
    return true;
}

static bool read_command(struct reading *reading, const char *given)
{
    size_t at;
    if (strcmp(given, "--help") == 0 || strcmp(given, "-h") == 0)
        given = "help";
    if (strcmp(given, "--version") == 0)
        given = "version";
    if (!find_word(command_names, given, &at)) {
        if (given[0] == '-')
            return complain(reading, "the command comes first: usher serve %s ...", given);
        return complain_of_word(reading, "command", given, command_names);
    }
    reading->config->command = (enum command)at;
    return true;
}

static bool read_arguments(struct reading *reading, char *const *arguments)
{
    if (arguments[0] == NULL || arguments[1] == NULL)
        return complain(reading, "what shall it do?  `usher serve` runs a shop, `usher help` lists "
                                 "all that it can do");
    if (!read_command(reading, arguments[1]))
        return false;
    for (int at = 2; arguments[at] != NULL; at++) {
        const char *argument = arguments[at];
        if (strcmp(argument, "--help") == 0 || strcmp(argument, "-h") == 0) {
            reading->config->command = COMMAND_HELP;
            return true;
        }
        if (strcmp(argument, "--follow") == 0 && reading->config->command == COMMAND_EVENTS)
            reading->config->follow = true;
        else if (argument[0] == '-' ? !read_flag(reading, arguments, &at)
                                    : !read_name(reading, argument))
            return false;
    }
    return true;
}

/* ---- the environment ---- */

static bool read_secret(struct reading *reading, enum setting setting)
{
    const char *name = setting_infos[setting].environment;
    char file_name[64];
    snprintf(file_name, sizeof file_name, "%s_FILE", name);
    const char *path = environment_text(reading->environment, file_name);
    reading->texts[setting] = environment_text(reading->environment, name);
    reading->origins[setting] = FROM_ENVIRONMENT;
    if (path == NULL)
        return true;
    if (reading->texts[setting] != NULL)
        return complain(reading, "both %s and %s are set: which is it?", name, file_name);
    reading->origins[setting] = FROM_FILE;
    return secret_read_file(reading, path, &reading->texts[setting]);
}

static bool read_switch(struct reading *reading, enum setting setting)
{
    static const char *const words[] = { "yes", "true", "1", "no", "false", "0", NULL };
    const char *name = setting_infos[setting].environment;
    const char *text = environment_text(reading->environment, name);
    size_t at;
    if (text == NULL)
        return true;
    if (!find_word(words, text, &at))
        return complain(reading, "%s: \"%s\" is neither yes nor no", name, text);
    reading->texts[setting] = at < 3 ? "yes" : NULL;
    reading->origins[setting] = FROM_ENVIRONMENT;
    return true;
}

static bool read_variable(struct reading *reading, enum setting setting)
{
    const struct setting_info *info = &setting_infos[setting];
    if (info->flag == NULL)
        return read_secret(reading, setting);
    if (info->kind == NULL)
        return read_switch(reading, setting);
    const char *text = environment_text(reading->environment, info->environment);
    reading->texts[setting] = text != NULL ? text : info->value;
    reading->origins[setting] = text != NULL ? FROM_ENVIRONMENT : FROM_DEFAULT;
    return true;
}

static bool read_environment(struct reading *reading)
{
    for (enum setting i = 0; i < SETTINGS; i++)
        if (reading->origins[i] != FROM_FLAG && !read_variable(reading, i))
            return false;
    return true;
}

bool config_read(struct arena *arena, int argc, char *const *argv, char *const *environment,
                 struct config *ret_config, const char **ret_complaint)
{
    assert(argv[argc] == NULL);
    struct config config = { .settings = settings_default() };
    struct reading reading = { .arena = arena, .environment = environment, .config = &config };
    bool fine = read_arguments(&reading, argv);
    bool needs_settings = config.command != COMMAND_HELP && config.command != COMMAND_VERSION;
    if (fine && needs_settings)
        fine = read_environment(&reading) && config_check(&reading);
    if (fine)
        *ret_config = config;
    else
        *ret_complaint = reading.complaint;
    return fine;
}

/* ---- help ---- */

static const char help_begin[] =
    "usher: a marketplace for tickets\n"
    "\n"
    "  usher serve [auth|tickets|orders|expiration|payments|site]...\n"
    "                            run the shop: all of it, or the named services\n"
    "  usher serve site --api-url URL\n"
    "                            run its pages alone, in front of a shop somewhere else\n"
    "  usher stripe-sim          run the simulator of Stripe alone\n"
    "  usher migrate             bring the store to the form that this version needs\n"
    "  usher events [--follow]   print what happened, one JSON object per line\n"
    "  usher seed                fill an empty store with made-up tickets\n"
    "  usher check               look for anything in the store that cannot be\n"
    "  usher version\n"
    "  usher help\n"
    "\n"
    "Settings, by flag or by environment variable (the flag wins):\n"
    "\n";

static const char help_secrets[] =
    "\nSecrets, by environment variable NAME or from a file named by NAME_FILE:\n\n";

static const char help_end[] =
    "\nThe log is JSON on standard error, one line per operation.  For tests only:\n"
    "USHER_TEST_FAST_PASSWORDS=yes makes passwords cheap to hash, and cheap to guess.\n";

/* Text in lines of at most 72 characters after an indent of six. */
static void print_wrapped(FILE *out, const char *text)
{
    while (*text != '\0') {
        size_t size = strlen(text);
        if (size > 72)
            for (size = 72; text[size] != ' '; size--)
                assert(size > 1);
        fprintf(out, "      %.*s\n", (int)size, text);
        text += size;
        text += strspn(text, " ");
    }
}

static void print_setting(FILE *out, const struct setting_info *info)
{
    if (info->flag == NULL) {
        fprintf(out, "  %s\n", info->environment);
    } else if (info->kind == NULL) {
        fprintf(out, "  %s   %s=yes\n", info->flag, info->environment);
    } else {
        fprintf(out, "  %s %s   %s", info->flag, info->kind, info->environment);
        fprintf(out, info->value[0] == '\0' ? "\n" : " = %s\n", info->value);
    }
    print_wrapped(out, info->help);
}

void config_help(FILE *out)
{
    fputs(help_begin, out);
    bool secrets = false;
    for (size_t i = 0; i < SETTINGS; i++) {
        if (setting_infos[i].flag == NULL && !secrets)
            fputs(help_secrets, out);
        secrets = setting_infos[i].flag == NULL;
        print_setting(out, &setting_infos[i]);
    }
    fputs(help_end, out);
}
