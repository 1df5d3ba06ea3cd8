#include "app/live.h"

#include <stdio.h>

#include "base/limits.h"
#include "events/payloads.h"

#define RESERVED_NUMBERS 1024 /* for each millisecond of a program's life */

static struct live_event *event_at(struct live *live, uint64_t number)
{
    return &live->ring[number % LIVE_RING];
}

static uint64_t oldest(const struct live *live)
{
    return live->next - live->first > LIVE_RING ? live->next - LIVE_RING : live->first;
}

/* ---- listening ---- */

static bool concerns(const struct live_event *event, const struct http_cursor *cursor)
{
    return uuid_is_absent(cursor->subject) || uuid_equal(cursor->subject, event->ticket);
}

/* Over what is about other tickets. */
static bool find_next(struct live *live, struct http_cursor *cursor)
{
    while (cursor->next >= oldest(live) && cursor->next < live->next &&
           !concerns(event_at(live, cursor->next), cursor))
        cursor->next++;
    return cursor->next < live->next;
}

static bool ready(void *context, struct http_cursor *cursor)
{
    struct live *live = context;
    (void)pthread_mutex_lock(&live->lock);
    bool found = !cursor->begun || find_next(live, cursor);
    (void)pthread_mutex_unlock(&live->lock);
    return found;
}

/* More has happened since than is kept: the page must be read again. */
static size_t write_missed(struct live *live, struct http_cursor *cursor, char *text, size_t size)
{
    cursor->next = live->next;
    int written = snprintf(text, size, "id: %llu\nevent: missed\ndata: {}\n\n",
                           (unsigned long long)(live->next - 1));
    assert(written > 0 && (size_t)written < size);
    return (size_t)written;
}

static size_t write_events(struct live *live, struct http_cursor *cursor, char *text, size_t size)
{
    size_t written = 0;
    if (cursor->next < oldest(live))
        return write_missed(live, cursor, text, size);
    while (find_next(live, cursor)) {
        const struct live_event *event = event_at(live, cursor->next);
        if (event->size > size - written)
            break;
        memcpy(text + written, event->text, event->size);
        written += event->size;
        cursor->next++;
    }
    return written;
}

static size_t read_events(void *context, struct http_cursor *cursor, char *text, size_t size)
{
    struct live *live = context;
    if (!cursor->begun) {
        cursor->begun = true;
        int written = snprintf(text, size, "retry: %d\n\n", LIVE_RETRY_MS);
        assert(written > 0 && (size_t)written < size);
        return (size_t)written;
    }
    (void)pthread_mutex_lock(&live->lock);
    size_t written = write_events(live, cursor, text, size);
    (void)pthread_mutex_unlock(&live->lock);
    if (written == 0 && cursor->quiet) {
        static const char comment[] = { ':', '\n', '\n' };
        memcpy(text, comment, sizeof comment);
        written = sizeof comment;
    }
    cursor->quiet = false;
    return written;
}

/* ---- who listens ---- */

static atomic_uint *count_of(struct live *live, str client)
{
    uint32_t hash = 2166136261u;
    for (size_t i = 0; i < client.size; i++)
        hash = (hash ^ (unsigned char)client.data[i]) * 16777619u;
    return &live->listening_at[hash % LIVE_BUCKETS];
}

static void leave(struct live *live, str client)
{
    atomic_fetch_sub(count_of(live, client), 1);
    atomic_fetch_sub(&live->listening, 1);
}

static void closed(void *context, const struct http_cursor *cursor, str client)
{
    (void)cursor;
    leave(context, client);
}

static bool enter(struct live *live, str client)
{
    unsigned all = atomic_fetch_add(&live->listening, 1);
    unsigned here = atomic_fetch_add(count_of(live, client), 1);
    if (all < LISTENERS_MAX && here < live->listeners_per_address_max)
        return true;
    leave(live, client);
    return false;
}

/* The first change that a client who knows so much does not know. */
static uint64_t begin_at(struct live *live, const struct watch *watch)
{
    if (watch->after > 0)
        return (uint64_t)watch->after < live->next ? (uint64_t)watch->after + 1 : live->next;
    uint64_t number = live->next;
    while (watch->since.ms > 0 && number > oldest(live) &&
           event_at(live, number - 1)->at.ms >= watch->since.ms)
        number--;
    bool all_kept =
        oldest(live) == live->first && watch->since.ms >= (int64_t)(live->first / RESERVED_NUMBERS);
    if (watch->since.ms > 0 && number == oldest(live) && !all_kept)
        number--; /* which is gone */
    return number;
}

bool live_attach(struct live *live, struct http_exchange *exchange)
{
    const struct watch *watch = &exchange->response.watch;
    assert(watch->on);
    if (!enter(live, exchange->request.client))
        return false;
    (void)pthread_mutex_lock(&live->lock);
    exchange->cursor = (struct http_cursor){
        .next = begin_at(live, watch),
        .subject = watch->ticket,
    };
    (void)pthread_mutex_unlock(&live->lock);
    exchange->stream = &live->stream;
    return true;
}

/* ---- telling ---- */

/* Nothing here is anybody's to choose freely, so there is nothing to escape. */
static size_t write_event(char text[LIVE_TEXT_MAX], uint64_t number,
                          const struct ticket_state *ticket)
{
    char id[UUID_TEXT_SIZE];
    char price[MONEY_TEXT_MAX];
    uuid_write(ticket->id, id);
    int price_size = (int)money_write(ticket->price, price);
    int size =
        snprintf(text, LIVE_TEXT_MAX,
                 "id: %llu\nevent: ticket\ndata: {\"id\":\"%.*s\",\"status\":\"%s\","
                 "\"price\":%.*s,\"currency\":\"%.*s\",\"version\":%lld}\n\n",
                 (unsigned long long)number, UUID_TEXT_SIZE, id,
                 ticket_status_names[ticket->status], price_size, price, (int)ticket->currency.size,
                 ticket->currency.data, (long long)ticket->version);
    assert(size > 0 && size < LIVE_TEXT_MAX);
    return (size_t)size;
}

bool live_tell(struct live *live, const struct event *event, instant now)
{
    if (event->type != EVENT_ticket_updated && event->type != EVENT_ticket_created)
        return false;
    const struct ticket_state *ticket = event->data;
    (void)pthread_mutex_lock(&live->lock);
    struct live_event *entry = event_at(live, live->next);
    entry->ticket = ticket->id;
    entry->at = now;
    entry->size = write_event(entry->text, live->next, ticket);
    live->next++;
    (void)pthread_mutex_unlock(&live->lock);
    return true;
}

/* ---- beginning and end ---- */

void live_open(struct live *live, instant now)
{
    memset(live, 0, sizeof *live);
    live->stream = (struct http_stream){
        .ready = ready,
        .read = read_events,
        .closed = closed,
        .context = live,
    };
    (void)pthread_mutex_init(&live->lock, NULL);
    live->first = (uint64_t)now.ms * RESERVED_NUMBERS;
    live->next = live->first;
    live->listeners_per_address_max = LISTENERS_PER_ADDRESS_MAX;
}

void live_close(struct live *live)
{
    (void)pthread_mutex_destroy(&live->lock);
}
