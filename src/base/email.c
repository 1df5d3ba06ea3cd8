/* E-mail addresses as people type them, and the one form in which two are the same. */
#include <idn2.h>

#include "base/arena.h"
#include "base/text.h"

#define ADDRESS_BYTES_MAX 254 /* RFC 5321 §4.5.3.1, less the brackets */
#define LOCAL_BYTES_MAX   64
#define LABEL_BYTES_MAX   63

/* atext of RFC 5322 §3.2.3, and everything beyond ASCII (RFC 6532); `-` and digits too. */
static bool is_atom_character(char c)
{
    if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'))
        return true;
    return (unsigned char)c >= 0x80 || (c != '\0' && strchr("!#$%&'*+-/=?^_`{|}~", c) != NULL);
}

/* Atoms with single dots between them: no quotes, comments or spaces. */
static bool is_local_part(str local)
{
    if (local.size == 0 || local.size > LOCAL_BYTES_MAX)
        return false;
    char before = '.';
    for (size_t i = 0; i < local.size; i++) {
        char c = local.data[i];
        if (c == '.' ? before == '.' : !is_atom_character(c))
            return false;
        before = c;
    }
    return before != '.';
}

static bool is_host_character(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           (unsigned char)c >= 0x80;
}

static bool is_label(str label)
{
    if (label.size == 0 || label.size > LABEL_BYTES_MAX)
        return false;
    for (size_t i = 0; i < label.size; i++)
        if (!is_host_character(label.data[i]))
            return false;
    return label.data[0] != '-' && label.data[label.size - 1] != '-';
}

static bool is_number(str label)
{
    int64_t number;
    return str_to_int(label, &number);
}

/* At least two labels, the last of which is no number: addresses of machines are no domains. */
static bool is_domain(str domain)
{
    unsigned labels = 0;
    str label;
    str rest = domain;
    do {
        label = str_cut(rest, '.', &rest);
        if (!is_label(label))
            return false;
        labels++;
    } while (rest.data != NULL);
    return labels >= 2 && !is_number(label);
}

/* Splits at the one @; false if there is none, or another. */
static bool split(str email, str *ret_local, str *ret_domain)
{
    str rest;
    *ret_local = str_cut(email, '@', ret_domain);
    if (ret_domain->data == NULL)
        return false;
    (void)str_cut(*ret_domain, '@', &rest);
    return rest.data == NULL;
}

bool email_is_valid(str email)
{
    str local;
    str domain;
    if (email.size > ADDRESS_BYTES_MAX || !text_is_utf8(email) || !text_is_clean(email, false))
        return false;
    return split(email, &local, &domain) && is_local_part(local) && is_domain(domain);
}

/* The domain as DNS has it; absent if IDNA 2008 does not allow it. */
static str domain_key(struct arena *arena, str domain)
{
    const uint8_t *text = (const uint8_t *)str_terminated(arena, domain);
    uint8_t *ascii = NULL;
    if (idn2_lookup_u8(text, &ascii, IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL) != IDN2_OK)
        return (str){ NULL, 0 };
    str key = text_fold(arena, str_of((const char *)ascii));
    idn2_free(ascii);
    return key;
}

str email_key(struct arena *arena, str email)
{
    const str absent = { NULL, 0 };
    str local;
    str domain;
    if (!email_is_valid(email) || !split(email, &local, &domain))
        return absent;

    /* folding may have brought forth what was not there before: a wide @ becomes an @ */
    local = text_fold(arena, local);
    domain = domain_key(arena, domain);
    if (domain.data == NULL || !is_local_part(local) || !is_domain(domain))
        return absent;
    if (local.size + 1 + domain.size > ADDRESS_BYTES_MAX)
        return absent;

    struct buf key = buf_in(arena, local.size + 1 + domain.size);
    buf_add(&key, local);
    buf_add_char(&key, '@');
    buf_add(&key, domain);
    return buf_str(&key);
}
