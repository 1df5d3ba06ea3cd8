/* Recognising payment cards' numbers, so that none ever enters the program (P8). */
#include "base/text.h"
#include "base/values.h"

#define CARD_DIGITS_MIN  13
#define CARD_DIGITS_MAX  19
#define PHONE_DIGITS_MAX 15 /* E.164 */

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* The issuers' ranges, by the first six digits, and the lengths of their numbers. */
static const struct issuer {
    unsigned first;
    unsigned last;
    unsigned digits_min;
    unsigned digits_max;
} issuers[] = {
    { 220000, 220499, 16, 19 }, /* Mir */
    { 222100, 272099, 16, 16 }, /* Mastercard */
    { 300000, 305999, 14, 19 }, /* Diners Club */
    { 309500, 309599, 14, 19 }, /* Diners Club */
    { 340000, 349999, 15, 15 }, /* American Express */
    { 352800, 358999, 16, 19 }, /* JCB */
    { 360000, 369999, 14, 19 }, /* Diners Club */
    { 370000, 379999, 15, 15 }, /* American Express */
    { 380000, 399999, 14, 19 }, /* Diners Club */
    { 400000, 499999, 13, 13 }, /* Visa */
    { 400000, 499999, 16, 16 }, /* Visa */
    { 400000, 499999, 19, 19 }, /* Visa */
    { 500000, 509999, 13, 19 }, /* Maestro, RuPay */
    { 510000, 559999, 16, 16 }, /* Mastercard */
    { 560000, 589999, 13, 19 }, /* Maestro */
    { 600000, 699999, 13, 19 }, /* Discover, UnionPay, Maestro, RuPay */
    { 810000, 829999, 16, 19 }, /* UnionPay, RuPay */
    { 979200, 979299, 16, 16 }, /* Troy */
};

static bool has_issuer(const char *digits, size_t count)
{
    unsigned prefix = 0;
    for (size_t i = 0; i < 6; i++)
        prefix = prefix * 10 + (unsigned)(digits[i] - '0');
    for (size_t i = 0; i < sizeof issuers / sizeof issuers[0]; i++) {
        const struct issuer *issuer = &issuers[i];
        if (prefix >= issuer->first && prefix <= issuer->last && count >= issuer->digits_min &&
            count <= issuer->digits_max)
            return true;
    }
    return false;
}

/* ISO/IEC 7812-1 annex B: every second digit from the right counts double. */
static bool has_check_digit(const char *digits, size_t count)
{
    unsigned sum = 0;
    for (size_t i = 0; i < count; i++) {
        unsigned digit = (unsigned)(digits[count - 1 - i] - '0');
        if (i % 2 == 1)
            digit = digit * 2 > 9 ? digit * 2 - 9 : digit * 2;
        sum += digit;
    }
    return sum % 10 == 0;
}

/* Whether whole groups of digits, from the one at `at` on, make a card's number. */
static bool card_begins_at(str text, size_t at)
{
    char digits[CARD_DIGITS_MAX];
    size_t count = 0;
    while (at < text.size && is_digit(text.data[at])) {
        if (count == CARD_DIGITS_MAX)
            return false;
        digits[count++] = text.data[at++];
        if (at < text.size && is_digit(text.data[at]))
            continue;
        if (count >= CARD_DIGITS_MIN && has_issuer(digits, count) && has_check_digit(digits, count))
            return true;
        if (at < text.size && (text.data[at] == ' ' || text.data[at] == '-'))
            at++;
    }
    return false;
}

/* How long the phone number is whose + is at `at`: 0 if what follows has too many digits. */
static size_t phone_size(str text, size_t at)
{
    size_t end = at + 1;
    size_t digits = 0;
    while (end < text.size) {
        bool separated = (text.data[end] == ' ' || text.data[end] == '-') && digits > 0;
        size_t next = end + (separated ? 1 : 0);
        if (next >= text.size || !is_digit(text.data[next]))
            break;
        digits++;
        end = next + 1;
    }
    return digits <= PHONE_DIGITS_MAX ? end - at : 0;
}

/* How much of the text from `at` on is a UUID or a phone number, and nothing to look into. */
static size_t skip_at(str text, size_t at)
{
    if (text.data[at] == '+')
        return phone_size(text, at);
    if (text.size - at < UUID_TEXT_SIZE || text.data[at + 8] != '-')
        return 0;
    uuid id;
    size_t end = at + UUID_TEXT_SIZE;
    bool ends = end == text.size ||
                (!is_digit(text.data[end]) && !is_letter(text.data[end]) && text.data[end] != '-');
    return ends && uuid_parse((str){ text.data + at, UUID_TEXT_SIZE }, &id) ? UUID_TEXT_SIZE : 0;
}

bool text_has_card_number(str text)
{
    char before = ' ';
    for (size_t at = 0; at < text.size; at++) {
        bool begins = !is_digit(before) && !is_letter(before) && before != '-';
        size_t skipped = begins ? skip_at(text, at) : 0;
        if (skipped > 0)
            at += skipped - 1;
        else if (is_digit(text.data[at]) && !is_digit(before) && card_begins_at(text, at))
            return true;
        before = text.data[at];
    }
    return false;
}
