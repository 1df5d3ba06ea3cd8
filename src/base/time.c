/* Instants and durations, in the proleptic Gregorian calendar and UTC alone. */
#include <assert.h>

#include "base/values.h"

#define MS_PER_DAY 86400000
#define MS_MAX     253402300799999LL /* the last of the year 9999 */

/* Days are counted from 0000-03-01, so that a leap day is the last of its year. */
#define DAYS_TO_1970  719468
#define DAYS_PER_400Y 146097

struct date {
    int year;
    int month; /* 1 to 12 */
    int day;   /* 1 to 31 */
};

static int days_since_1970(struct date date)
{
    int year = date.month <= 2 ? date.year - 1 : date.year;
    int month = date.month <= 2 ? date.month + 9 : date.month - 3; /* March is 0 */
    return year * 365 + year / 4 - year / 100 + year / 400 + (month * 153 + 2) / 5 + date.day - 1 -
           DAYS_TO_1970;
}

static struct date date_of(unsigned days_since_1970)
{
    unsigned days = days_since_1970 + DAYS_TO_1970;
    unsigned era = days / DAYS_PER_400Y;
    unsigned day = days % DAYS_PER_400Y;
    /* the leap days before this one taken out, every year has 365 days */
    unsigned year = (day - day / 1460 + day / 36524 - day / 146096) / 365;
    day -= year * 365 + year / 4 - year / 100;
    unsigned month = (day * 5 + 2) / 153;
    return (struct date){
        .year = (int)(era * 400 + year + (month >= 10 ? 1 : 0)),
        .month = (int)(month >= 10 ? month - 9 : month + 3),
        .day = (int)(day - (month * 153 + 2) / 5 + 1),
    };
}

/* ---- reading ---- */

static bool take(str *text, char c)
{
    if (text->size == 0 || text->data[0] != c)
        return false;
    text->data++;
    text->size--;
    return true;
}

static bool take_digit(str *text, int *ret_digit)
{
    if (text->size == 0 || text->data[0] < '0' || text->data[0] > '9')
        return false;
    *ret_digit = text->data[0] - '0';
    text->data++;
    text->size--;
    return true;
}

/* Exactly so many digits. */
static bool take_number(str *text, int digits, int *ret_number)
{
    int number = 0;
    for (int digit; digits > 0; digits--) {
        if (!take_digit(text, &digit))
            return false;
        number = number * 10 + digit;
    }
    *ret_number = number;
    return true;
}

static bool is_leap(int year)
{
    return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

static bool take_date(str *text, int *ret_days)
{
    static const int days_of_month[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
    struct date date;
    if (!take_number(text, 4, &date.year) || !take(text, '-') ||
        !take_number(text, 2, &date.month) || !take(text, '-') || !take_number(text, 2, &date.day))
        return false;
    if (date.year < 1970 || date.month < 1 || date.month > 12 || date.day < 1)
        return false;
    int last = days_of_month[date.month - 1];
    if (date.month == 2 && is_leap(date.year))
        last = 29;
    if (date.day > last)
        return false;
    *ret_days = days_since_1970(date);
    return true;
}

/* Up to nine decimals after a point, if there is one; what is below a millisecond is dropped. */
static bool take_fraction(str *text, int *ret_ms)
{
    *ret_ms = 0;
    if (!take(text, '.'))
        return true;
    int weight = 100;
    int count = 0;
    for (int digit; take_digit(text, &digit); count++) {
        *ret_ms += digit * weight;
        weight /= 10;
    }
    return count >= 1 && count <= 9;
}

static bool take_offset(str *text, int *ret_minutes)
{
    *ret_minutes = 0;
    if (take(text, 'Z'))
        return true;
    int sign = take(text, '-') ? -1 : 1;
    if (sign == 1 && !take(text, '+'))
        return false;
    int hour;
    int minute;
    if (!take_number(text, 2, &hour) || !take(text, ':') || !take_number(text, 2, &minute))
        return false;
    *ret_minutes = sign * (hour * 60 + minute);
    return hour <= 23 && minute <= 59;
}

bool instant_parse(str text, instant *ret_when)
{
    int days;
    int hour;
    int minute;
    int second;
    int ms;
    int offset;
    if (!take_date(&text, &days) || !take(&text, 'T') || !take_number(&text, 2, &hour) ||
        !take(&text, ':') || !take_number(&text, 2, &minute) || !take(&text, ':') ||
        !take_number(&text, 2, &second) || !take_fraction(&text, &ms) ||
        !take_offset(&text, &offset) || text.size > 0)
        return false;
    if (hour > 23 || minute > 59 || second > 59)
        return false;

    int64_t of_day = ((hour * 60 + minute - offset) * 60LL + second) * 1000 + ms;
    int64_t when = (int64_t)days * MS_PER_DAY + of_day;
    if (when <= 0 || when > MS_MAX)
        return false;
    *ret_when = (instant){ when };
    return true;
}

bool duration_parse(str text, duration *ret_wait)
{
    static const struct {
        str name;
        int64_t ms;
    } units[] = {
        { STR_INIT("ms"), 1 },         { STR_INIT("s"), 1000 },
        { STR_INIT("m"), 60 * 1000 },  { STR_INIT("h"), 60 * 60 * 1000 },
        { STR_INIT("d"), MS_PER_DAY },
    };
    const int64_t ms_max = (int64_t)3653 * MS_PER_DAY;

    int64_t number = 0;
    int digits = 0;
    for (int digit; take_digit(&text, &digit); digits++) {
        number = number * 10 + digit;
        if (number > ms_max)
            return false;
    }
    if (digits == 0)
        return false;
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
        if (!str_equal(text, units[i].name))
            continue;
        if (number > ms_max / units[i].ms)
            return false;
        *ret_wait = (duration){ number * units[i].ms };
        return true;
    }
    return false;
}

/* ---- writing ---- */

static char *put_two(char *at, unsigned number)
{
    at[0] = (char)('0' + number / 10);
    at[1] = (char)('0' + number % 10);
    return at + 2;
}

static char *put_year(char *at, int year)
{
    return put_two(put_two(at, (unsigned)year / 100), (unsigned)year % 100);
}

static char *put_clock(char *at, unsigned second_of_day)
{
    at = put_two(at, second_of_day / 3600);
    *at++ = ':';
    at = put_two(at, second_of_day / 60 % 60);
    *at++ = ':';
    return put_two(at, second_of_day % 60);
}

void instant_write(instant when, char *ret_text)
{
    assert(when.ms >= 0 && when.ms <= MS_MAX);
    struct date date = date_of((unsigned)((uint64_t)when.ms / MS_PER_DAY));
    unsigned of_day = (unsigned)((uint64_t)when.ms % MS_PER_DAY);

    char *at = put_year(ret_text, date.year);
    *at++ = '-';
    at = put_two(at, (unsigned)date.month);
    *at++ = '-';
    at = put_two(at, (unsigned)date.day);
    *at++ = 'T';
    at = put_clock(at, of_day / 1000);
    *at++ = '.';
    *at++ = (char)('0' + of_day % 1000 / 100);
    at = put_two(at, of_day % 100);
    *at++ = 'Z';
    assert(at == ret_text + INSTANT_TEXT_SIZE);
}

static char *put_text(char *at, const char *text)
{
    while (*text != '\0')
        *at++ = *text++;
    return at;
}

void instant_write_http(instant when, char *ret_text)
{
    static const char days[7][6] = {
        "Thu, ", "Fri, ", "Sat, ", "Sun, ", "Mon, ", "Tue, ", "Wed, "
    };
    static const char months[12][6] = { " Jan ", " Feb ", " Mar ", " Apr ", " May ", " Jun ",
                                        " Jul ", " Aug ", " Sep ", " Oct ", " Nov ", " Dec " };
    assert(when.ms >= 0 && when.ms <= MS_MAX);
    unsigned day = (unsigned)((uint64_t)when.ms / MS_PER_DAY);
    struct date date = date_of(day);

    char *at = put_text(ret_text, days[day % 7]);
    at = put_two(at, (unsigned)date.day);
    at = put_text(at, months[date.month - 1]);
    at = put_year(at, date.year);
    *at++ = ' ';
    at = put_clock(at, (unsigned)((uint64_t)when.ms % MS_PER_DAY / 1000));
    at = put_text(at, " GMT");
    assert(at == ret_text + INSTANT_HTTP_SIZE);
}
