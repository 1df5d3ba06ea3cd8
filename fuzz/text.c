/* Texts, addresses, ids, times and amounts as strangers type them. */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>

#include "base/base.h"
#include "base/text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_text(struct arena *arena, str text)
{
    str normal = text_normalise(arena, text);
    assert(text_is_utf8(normal));
    assert(str_equal(text_normalise(arena, normal), normal));
    assert(text_length(normal) <= normal.size);
    (void)text_is_clean(text, true);
    assert(!text_is_clean(text, false) || text_is_clean(text, true));
    assert(text_is_utf8(text_fold(arena, text)));
}

static void check_email(struct arena *arena, str text)
{
    str key = email_key(arena, text);
    if (key.data == NULL)
        return;
    assert(email_is_valid(text));
    assert(key.size <= EMAIL_MAX);
    assert(str_equal(email_key(arena, key), key));
}

static void check_values(str text)
{
    char written[64];
    uuid id;
    if (uuid_parse(text, &id)) {
        uuid_write(id, written);
        assert(str_equal_nocase((str){ written, UUID_TEXT_SIZE }, text));
    }
    instant when;
    if (instant_parse(text, &when)) {
        instant again;
        instant_write(when, written);
        assert(instant_parse((str){ written, INSTANT_TEXT_SIZE }, &again) && again.ms == when.ms);
        instant_write_http(when, written);
    }
    money amount;
    if (money_parse(text, &amount)) {
        money again = { 0 };
        str short_form = { written, money_write(amount, written) };
        assert(money_parse(short_form, &again) && again.minor == amount.minor);
    }
    duration wait;
    if (duration_parse(text, &wait))
        assert(wait.ms >= 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena arena = { 0 };
    str text = { (const char *)data, size };
    check_values(text);
    (void)text_has_card_number(text);
    (void)phone_is_e164(text);
    if (text_is_utf8(text))
        check_text(&arena, text);
    check_email(&arena, text);
    arena_free(&arena);
    return 0;
}
