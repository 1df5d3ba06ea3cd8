#include "adapters/breaker.h"

static bool is_closed(const struct breaker *breaker)
{
    return breaker->wait_ms == 0;
}

bool breaker_is_open(const struct breaker *breaker, int64_t now_ms)
{
    return !is_closed(breaker) && (breaker->probing || now_ms < breaker->until_ms);
}

bool breaker_passes(struct breaker *breaker, int64_t now_ms)
{
    if (is_closed(breaker))
        return true;
    if (breaker_is_open(breaker, now_ms))
        return false;
    breaker->probing = true;
    return true;
}

/* A call that began before the breaker opened and fails after it says nothing new. */
static void open_for_longer(struct breaker *breaker, int64_t now_ms)
{
    if (!is_closed(breaker) && !breaker->probing)
        return;
    int64_t wait_ms = is_closed(breaker) ? BREAKER_WAIT_MS_MIN : breaker->wait_ms * 2;
    breaker->wait_ms = wait_ms < BREAKER_WAIT_MS_MAX ? wait_ms : BREAKER_WAIT_MS_MAX;
    breaker->until_ms = now_ms + breaker->wait_ms;
    breaker->probing = false;
}

void breaker_note(struct breaker *breaker, int64_t now_ms, enum breaker_fact fact)
{
    switch (fact) {
    case BREAKER_SUCCESS:
        *breaker = (struct breaker){ 0 };
        break;
    case BREAKER_FAILURE:
        breaker->failures++;
        if (breaker->failures >= BREAKER_FAILURES)
            open_for_longer(breaker, now_ms);
        break;
    case BREAKER_REFUSED:
        breaker->failures = BREAKER_FAILURES;
        open_for_longer(breaker, now_ms);
        break;
    case BREAKER_NOTHING:
        breaker->probing = false;
        break;
    }
}
