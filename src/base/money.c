#include "base/values.h"

#define DIGITS_MAX 15

/* Reads digits up to the end or a point; false if there is none, or something else. */
static bool take_digits(str *text, int *count, int64_t *number)
{
    int before = *count;
    while (text->size > 0 && text->data[0] >= '0' && text->data[0] <= '9') {
        if (++*count > DIGITS_MAX)
            return false;
        *number = *number * 10 + (text->data[0] - '0');
        text->data++;
        text->size--;
    }
    return *count > before;
}

/* The decimals after the point, as hundredths: ".5" is 50, ".050" is 5, ".051" is none. */
static bool take_hundredths(str text, int count, int64_t *ret_hundredths)
{
    int64_t number = 0;
    int before = count;
    if (!take_digits(&text, &count, &number) || text.size > 0)
        return false;
    int decimals = count - before;
    if (decimals == 1)
        number *= 10;
    for (; decimals > 2; decimals--) {
        if (number % 10 != 0)
            return false;
        number /= 10;
    }
    *ret_hundredths = number;
    return true;
}

bool money_parse(str text, money *ret_amount)
{
    bool negative = text.size > 0 && text.data[0] == '-';
    if (negative) {
        text.data++;
        text.size--;
    }
    int count = 0;
    int64_t whole = 0;
    int64_t hundredths = 0;
    if (!take_digits(&text, &count, &whole))
        return false;
    if (text.size > 0) {
        if (text.data[0] != '.')
            return false;
        text.data++;
        text.size--;
        if (!take_hundredths(text, count, &hundredths))
            return false;
    }
    int64_t minor = whole * 100 + hundredths;
    ret_amount->minor = negative ? -minor : minor;
    return true;
}

size_t money_write(money amount, char *ret_text)
{
    uint64_t minor = amount.minor < 0 ? -(uint64_t)amount.minor : (uint64_t)amount.minor;
    unsigned decimals = (unsigned)(minor % 100);
    uint64_t whole = minor / 100;

    char *at = ret_text;
    if (amount.minor < 0)
        *at++ = '-';
    char digits[MONEY_TEXT_MAX];
    size_t count = 0;
    do {
        digits[count++] = (char)('0' + whole % 10);
        whole /= 10;
    } while (whole > 0);
    while (count > 0)
        *at++ = digits[--count];
    if (decimals > 0) {
        *at++ = '.';
        *at++ = (char)('0' + decimals / 10);
        if (decimals % 10 > 0)
            *at++ = (char)('0' + decimals % 10);
    }
    return (size_t)(at - ret_text);
}
