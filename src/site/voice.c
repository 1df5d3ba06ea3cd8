#include "site/voice.h"

/* ---- languages ---- */

bool language_is_known(str language)
{
    for (size_t i = 0; site_catalogues[i].language != NULL; i++) {
        if (str_is(language, site_catalogues[i].language))
            return true;
    }
    return false;
}

static const struct catalogue *catalogue_of(str language)
{
    for (size_t i = 0; site_catalogues[i].language != NULL; i++) {
        if (str_is(language, site_catalogues[i].language))
            return &site_catalogues[i];
    }
    return &site_catalogues[0];
}

/* q=0.8 in thousandths; 1000 if there is none. */
static int weight_of(str parameters)
{
    str value;
    str name = str_trim(str_cut(parameters, '=', &value));
    if (!str_is(name, "q") || value.data == NULL)
        return 1000;
    int weight = 0;
    int unit = 1000;
    for (size_t i = 0; i < value.size && unit > 0; i++) {
        if (value.data[i] == '.')
            continue;
        if (value.data[i] < '0' || value.data[i] > '9')
            break;
        weight += (value.data[i] - '0') * unit;
        unit /= 10;
    }
    return weight;
}

str language_accepted(str header)
{
    str best = { NULL, 0 };
    int best_weight = 0;
    for (str rest = header; rest.data != NULL;) {
        str parameters, region;
        str range = str_cut(str_cut(rest, ',', &rest), ';', &parameters);
        str language = str_cut(str_trim(range), '-', &region);
        int weight = weight_of(parameters);
        if (weight > best_weight && language_is_known(language)) {
            best = language;
            best_weight = weight;
        }
    }
    return best;
}

static str text_of(const struct voice *voice, const char *key)
{
    str text = catalogue_text(voice->catalogue, str_of(key));
    assert(text.data != NULL);
    return text;
}

/* ---- numbers and money ---- */

static void add_grouped(struct buf *out, int64_t number, str separator)
{
    char digits[24];
    struct buf plain = { .data = digits, .capacity = sizeof digits };
    buf_add_int(&plain, number);
    for (size_t i = 0; i < plain.size; i++) {
        size_t left = plain.size - i;
        if (i > 0 && left % 3 == 0 && digits[i - 1] != '-')
            buf_add(out, separator);
        buf_add_char(out, digits[i]);
    }
}

static str symbol_of(str currency)
{
    static const struct {
        const char *code;
        const char *symbol;
    } symbols[] = {
        { "usd", "$" },  { "eur", "€" },   { "gbp", "£" }, { "cad", "CA$" },
        { "aud", "A$" }, { "nzd", "NZ$" }, { "inr", "₹" },
    };
    for (size_t i = 0; i < sizeof symbols / sizeof *symbols; i++) {
        if (str_is(currency, symbols[i].code))
            return str_of(symbols[i].symbol);
    }
    return (str){ NULL, 0 };
}

static void add_currency(struct buf *out, str currency)
{
    str symbol = symbol_of(currency);
    if (symbol.data != NULL) {
        buf_add(out, symbol);
        return;
    }
    for (size_t i = 0; i < currency.size; i++) {
        char c = currency.data[i];
        buf_add_char(out, c >= 'a' && c <= 'z' ? (char)(c - 'a' + 'A') : c);
    }
}

static void add_amount(const struct voice *voice, struct buf *out, money amount)
{
    int64_t minor = amount.minor < 0 ? -amount.minor : amount.minor;
    if (amount.minor < 0)
        buf_add_char(out, '-');
    add_grouped(out, minor / 100, text_of(voice, "pattern.thousands"));
    buf_add(out, text_of(voice, "pattern.decimal"));
    buf_add_char(out, (char)('0' + minor / 10 % 10));
    buf_add_char(out, (char)('0' + minor % 10));
}

static void say_money(const struct voice *voice, struct buf *out, const struct spoken *spoken)
{
    money amount = *(const money *)spoken->value;
    if (str_is(spoken->format, "plain")) {
        char text[MONEY_TEXT_MAX];
        buf_add(out, (str){ text, money_write(amount, text) });
        return;
    }
    if (str_is(spoken->format, "fixed")) {
        buf_addf(out, "%lld.%02lld", (long long)(amount.minor / 100),
                 (long long)(amount.minor % 100));
        return;
    }
    /* %s is the symbol, %n the number */
    str pattern = text_of(voice, "pattern.money");
    for (size_t i = 0; i < pattern.size; i++) {
        bool is_place = pattern.data[i] == '%' && i + 1 < pattern.size;
        if (!is_place)
            buf_add_char(out, pattern.data[i]);
        else if (pattern.data[++i] == 's')
            add_currency(out, spoken->currency);
        else
            add_amount(voice, out, amount);
    }
}

/* ---- dates ---- */

static int number_at(const char *text, int digits)
{
    int number = 0;
    for (int i = 0; i < digits; i++)
        number = number * 10 + (text[i] - '0');
    return number;
}

static void add_name(const struct voice *voice, struct buf *out, const char *family, int number)
{
    char key[32];
    int size = snprintf(key, sizeof key, "%s.%d", family, number);
    assert(size > 0 && (size_t)size < sizeof key);
    buf_add(out, text_of(voice, key));
}

#define DAY_MS (24 * 60 * 60 * 1000LL)

/* %w weekday, %d day, %m month, %y year, %t time */
static void add_pattern(const struct voice *voice, struct buf *out, str pattern, instant when)
{
    char iso[INSTANT_TEXT_SIZE]; /* 2026-11-20T19:00:00.000Z */
    instant_write(when, iso);
    for (size_t i = 0; i < pattern.size; i++) {
        if (pattern.data[i] != '%' || i + 1 == pattern.size) {
            buf_add_char(out, pattern.data[i]);
            continue;
        }
        switch (pattern.data[++i]) {
        case 'w': /* 1970 began on a Thursday */
            add_name(voice, out, "weekday", (int)((when.ms / DAY_MS + 4) % 7));
            break;
        case 'd':
            buf_add_int(out, number_at(iso + 8, 2));
            break;
        case 'm':
            add_name(voice, out, "month", number_at(iso + 5, 2));
            break;
        case 'y':
            buf_add(out, (str){ iso, 4 });
            break;
        default:
            buf_add(out, (str){ iso + 11, 5 });
            break;
        }
    }
}

static void say_instant(const struct voice *voice, struct buf *out, const struct spoken *spoken)
{
    instant when = *(const instant *)spoken->value;
    str format = spoken->format;
    char iso[INSTANT_TEXT_SIZE];
    instant_write(when, iso);
    if (str_is(format, "iso"))
        buf_add(out, (str){ iso, sizeof iso });
    else if (str_is(format, "input"))
        buf_add(out, (str){ iso, strlen("2026-11-20T19:00") });
    else if (str_is(format, "ms"))
        buf_add_int(out, when.ms);
    else if (str_is(format, "day"))
        add_pattern(voice, out, text_of(voice, "pattern.day"), when);
    else if (str_is(format, "time"))
        add_pattern(voice, out, text_of(voice, "pattern.time"), when);
    else if (str_is(format, "month"))
        add_pattern(voice, out, S("%m"), when);
    else if (str_is(format, "date"))
        add_pattern(voice, out, S("%d"), when);
    else if (str_is(format, "weekday"))
        add_pattern(voice, out, S("%w"), when);
    else
        add_pattern(voice, out, text_of(voice, "pattern.moment"), when);
}

/* ---- all kinds of values ---- */

static void say_uuid(struct buf *out, const struct spoken *spoken)
{
    char text[UUID_TEXT_SIZE];
    uuid_write(*(const uuid *)spoken->value, text);
    bool is_short = str_is(spoken->format, "short"); /* what is random of it */
    buf_add(out, is_short ? (str){ text + UUID_TEXT_SIZE - 8, 8 } : (str){ text, sizeof text });
}

static void say(const struct voice *voice, struct buf *out, const struct spoken *spoken)
{
    switch (spoken->field->kind) {
    case FIELD_KIND_UUID:
        say_uuid(out, spoken);
        break;
    case FIELD_KIND_STR:
    case FIELD_KIND_JSON:
        buf_add(out, *(const str *)spoken->value);
        break;
    case FIELD_KIND_MONEY:
        say_money(voice, out, spoken);
        break;
    case FIELD_KIND_INSTANT:
        say_instant(voice, out, spoken);
        break;
    case FIELD_KIND_INT:
        add_grouped(out, *(const int64_t *)spoken->value,
                    str_is(spoken->format, "plain") ? S("") : text_of(voice, "pattern.thousands"));
        break;
    case FIELD_KIND_BOOL:
        buf_add(out, *(const bool *)spoken->value ? S("true") : S("false"));
        break;
    case FIELD_KIND_ENUM:
        buf_add(out, str_of(spoken->field->names[*(const unsigned *)spoken->value]));
        break;
    case FIELD_KIND_RECORD:
    case FIELD_KIND_LIST:
        break;
    }
}

struct voice voice_of(str language, instant now)
{
    return (struct voice){ .catalogue = catalogue_of(language), .say = say, .now = now };
}

/* ---- what the API complains about ---- */

struct complaints {
    struct rows errors;
};

static const struct field complaints_fields[] = {
    FIELD_LIST(struct complaints, errors, struct complaint, shown_complaint_fields),
    FIELDS_END,
};

struct rows read_complaints(struct arena *arena, str body)
{
    struct complaints complaints;
    if (!read_record(arena, body, complaints_fields, &complaints))
        return (struct rows){ NULL, 0 };
    return complaints.errors;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_number(char c)
{
    return is_digit(c) || c == '.';
}

#define KEY_MAX     80
#define NUMBERS_MAX 2

/* What stands for a character in a key; digits are numbers, and seen to elsewhere. */
static char plain(char c)
{
    if (c >= 'A' && c <= 'Z')
        return (char)(c - 'A' + 'a');
    return c >= 'a' && c <= 'z' ? c : '_';
}

static size_t number_size(str message, size_t at)
{
    size_t end = at + 1;
    while (end < message.size && is_number(message.data[end]))
        end++;
    return end - at;
}

/* A message as a key: lower case, _ for everything else, n for a number; and the numbers. */
static str key_of(char key[KEY_MAX], str message, str numbers[NUMBERS_MAX])
{
    size_t size = (size_t)snprintf(key, KEY_MAX, "api.");
    size_t found = 0;
    for (size_t i = 0; i < message.size && size < KEY_MAX; i++) {
        char c = plain(message.data[i]);
        if (is_digit(message.data[i])) {
            str number = { message.data + i, number_size(message, i) };
            if (found < NUMBERS_MAX)
                numbers[found++] = number;
            i += number.size - 1;
            c = 'n';
        }
        if (c != '_' || key[size - 1] != '_')
            key[size++] = c;
    }
    return (str){ key, size };
}

/* {n} and {m} are the first and the second number of the message. */
static str filled(struct arena *arena, str text, const str numbers[NUMBERS_MAX])
{
    struct buf out = buf_in(arena, text.size + 32);
    while (text.data != NULL) {
        str rest;
        buf_add(&out, str_cut(text, '{', &rest));
        if (rest.data == NULL)
            break;
        str name = str_cut(rest, '}', &text);
        buf_add(&out, numbers[str_is(name, "m") ? 1 : 0]);
    }
    return buf_str(&out);
}

/* "title is required" is about the field that it stands beside. */
static str without_field(const struct complaint *complaint)
{
    str message = complaint->message;
    size_t size = complaint->field.size;
    bool named = size > 0 && message.size > size + 1 && str_starts(message, complaint->field) &&
                 message.data[size] == ' ';
    return named ? (str){ message.data + size + 1, message.size - size - 1 } : message;
}

str say_complaint(struct arena *arena, const struct voice *voice, const struct complaint *complaint)
{
    char key[KEY_MAX];
    str numbers[NUMBERS_MAX] = { STR_INIT(""), STR_INIT("") };
    str text = catalogue_text(voice->catalogue, key_of(key, without_field(complaint), numbers));
    return text.data != NULL ? filled(arena, text, numbers) : complaint->message;
}
