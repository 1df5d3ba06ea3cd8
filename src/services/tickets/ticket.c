/* The rules of a ticket's life, and the tables of its fields. */
#include "services/tickets/ticket.h"

#include "base/text.h"

/* ---- fields ---- */

/* The order of the members is that of the API. */
#define SHOWN_FIELDS                                                                           \
    FIELD(struct ticket, id), FIELD(struct ticket, title), FIELD(struct ticket, description),  \
        FIELD(struct ticket, price), FIELD(struct ticket, currency),                           \
        FIELD_ENUM(struct ticket, category, ticket_category_names),                            \
        FIELD_OPT(struct ticket, venue), FIELD_OPT(struct ticket, starts_at),                  \
        FIELD_OPT(struct ticket, seat), FIELD_OPT(struct ticket, face_value),                  \
        FIELD_ENUM(struct ticket, status, ticket_status_names), FIELD(struct ticket, user_id), \
        FIELD_OPT(struct ticket, order_id), FIELD(struct ticket, version),                     \
        FIELD(struct ticket, created_at), FIELD(struct ticket, updated_at)

const struct field ticket_json_fields[] = {
    SHOWN_FIELDS,
    FIELDS_END,
};

const struct field ticket_fields[] = {
    SHOWN_FIELDS,
    FIELD(struct ticket, listed),
    FIELD(struct ticket, search),
    FIELDS_END,
};

const struct field listing_fields[] = {
    FORM(struct listing, title, .flags = RULE_REQUIRED, .min = 1, .max = TITLE_MAX),
    FORM(struct listing, description, .flags = RULE_LINES, .max = DESCRIPTION_MAX),
    FORM(struct listing, price, .flags = RULE_REQUIRED, .min = PRICE_MIN, .max = PRICE_MAX),
    FORM_ENUM(struct listing, category, ticket_category_names, .flags = 0),
    FORM(struct listing, venue, .max = VENUE_MAX),
    FORM(struct listing, starts_at, .flags = 0),
    FORM(struct listing, seat, .max = SEAT_MAX),
    FORM(struct listing, face_value, .min = 1, .max = PRICE_MAX),
    FIELDS_END,
};

/* ---- what it is ---- */

/* An empty text is no text: left out of JSON, null in a row. */
static str text_or_none(str text)
{
    return text.size > 0 ? text : (str){ NULL, 0 };
}

/* A line each, so that no word runs into the next. */
static str searchable(struct arena *arena, const struct ticket *ticket)
{
    struct buf text = buf_in(arena, ticket->title.size + ticket->description.size + 64);
    buf_add(&text, ticket->title);
    buf_add_char(&text, '\n');
    buf_add(&text, ticket->venue);
    buf_add_char(&text, '\n');
    buf_add(&text, ticket->description);
    return text_fold(arena, buf_str(&text));
}

void ticket_describe(struct arena *arena, struct ticket *ticket, const struct listing *listing)
{
    assert(listing->title.size > 0);
    assert(listing->price.minor >= PRICE_MIN && listing->price.minor <= PRICE_MAX);

    ticket->title = listing->title;
    ticket->description = listing->description.size > 0 ? listing->description : S("");
    ticket->price = listing->price;
    ticket->category = listing->category;
    ticket->venue = text_or_none(listing->venue);
    ticket->starts_at = listing->starts_at;
    ticket->seat = text_or_none(listing->seat);
    ticket->face_value = listing->face_value;
    ticket->search = searchable(arena, ticket);
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

str ticket_pattern(struct arena *arena, str text)
{
    str folded = str_trim(text_fold(arena, text));
    if (folded.size == 0)
        return (str){ NULL, 0 };

    struct buf pattern = buf_in(arena, folded.size + 16);
    buf_add_char(&pattern, '%');
    for (size_t i = 0; i < folded.size; i++) {
        char c = folded.data[i];
        if (is_blank(c)) {
            if (!is_blank(folded.data[i - 1]))
                buf_add_char(&pattern, '%');
            continue;
        }
        if (c == '%' || c == '_' || c == '\\')
            buf_add_char(&pattern, '\\');
        buf_add_char(&pattern, c);
    }
    buf_add_char(&pattern, '%');
    return buf_str(&pattern);
}

struct ticket_state ticket_told(const struct ticket *ticket)
{
    return (struct ticket_state){
        .id = ticket->id,
        .version = ticket->version,
        .user_id = ticket->user_id,
        .title = ticket->title,
        .description = ticket->description,
        .price = ticket->price,
        .currency = ticket->currency,
        .category = ticket->category,
        .venue = ticket->venue,
        .starts_at = ticket->starts_at,
        .seat = ticket->seat,
        .face_value = ticket->face_value,
        .status = ticket->status,
        .order_id = ticket->order_id,
        .created_at = ticket->created_at,
        .updated_at = ticket->updated_at,
    };
}

/* ---- its life ---- */

struct decision {
    enum ticket_outcome outcome;
    enum ticket_status next;
};

/* clang-format off */
#define TO(status) { TICKET_MOVED, (status) }
#define KEEP       { TICKET_KEPT, 0 }
#define REFUSE     { TICKET_REFUSED, 0 }

/* Every cell is a decision; an empty one is a bug. */

/* The seller's commands. */
static const struct decision sellers[TICKET_STATUSES][TICKET_RESERVE] = {
    /*                       EDIT                  WITHDRAW                */
    [TICKET_AVAILABLE] = { TO(TICKET_AVAILABLE), TO(TICKET_WITHDRAWN) },
    [TICKET_RESERVED]  = { REFUSE,               REFUSE               },
    [TICKET_SOLD]      = { REFUSE,               REFUSE               },
    [TICKET_WITHDRAWN] = { REFUSE,               KEEP                 },
};

/* Commands of the order that holds the ticket.  RELEASE of a sold one is refused, for the money is
 * taken: only REFUND undoes a sale, and what becomes of the ticket then is between seller and
 * buyer, so it is not for sale again.  REFUND of a reserved one: the news of the sale was overtaken
 * by that of the refund. */
static const struct decision holders[TICKET_STATUSES][TICKET_COMMANDS] = {
    [TICKET_RESERVED] = {
        [TICKET_RESERVE] = KEEP,
        [TICKET_RELEASE] = TO(TICKET_AVAILABLE),
        [TICKET_SELL]    = TO(TICKET_SOLD),
        [TICKET_REFUND]  = TO(TICKET_WITHDRAWN),
    },
    [TICKET_SOLD] = {
        [TICKET_RESERVE] = KEEP,
        [TICKET_RELEASE] = REFUSE,
        [TICKET_SELL]    = KEEP,
        [TICKET_REFUND]  = TO(TICKET_WITHDRAWN),
    },
};

/* Commands of any other order.  The end of an order that has nothing is no news; a sale to one is
 * refused, for an order is paid only after its lock was confirmed: somebody must look at it. */
static const struct decision others[TICKET_STATUSES][TICKET_COMMANDS] = {
    [TICKET_AVAILABLE] = {
        [TICKET_RESERVE] = TO(TICKET_RESERVED),
        [TICKET_RELEASE] = KEEP,
        [TICKET_SELL]    = REFUSE,
        [TICKET_REFUND]  = KEEP,
    },
    [TICKET_RESERVED] = {
        [TICKET_RESERVE] = REFUSE,
        [TICKET_RELEASE] = KEEP,
        [TICKET_SELL]    = REFUSE,
        [TICKET_REFUND]  = KEEP,
    },
    [TICKET_SOLD] = {
        [TICKET_RESERVE] = REFUSE,
        [TICKET_RELEASE] = KEEP,
        [TICKET_SELL]    = REFUSE,
        [TICKET_REFUND]  = KEEP,
    },
    [TICKET_WITHDRAWN] = {
        [TICKET_RESERVE] = REFUSE,
        [TICKET_RELEASE] = KEEP,
        [TICKET_SELL]    = REFUSE,
        [TICKET_REFUND]  = KEEP,
    },
};
/* clang-format on */

static bool is_held(enum ticket_status status)
{
    return status == TICKET_RESERVED || status == TICKET_SOLD;
}

bool ticket_is_held_by(const struct ticket *ticket, uuid order_id)
{
    assert(!uuid_is_absent(order_id));
    return uuid_equal(ticket->order_id, order_id);
}

static struct decision decide(const struct ticket *ticket, enum ticket_command command,
                              uuid order_id)
{
    if (command == TICKET_EDIT || command == TICKET_WITHDRAW)
        return sellers[ticket->status][command];
    if (ticket_is_held_by(ticket, order_id))
        return holders[ticket->status][command];
    return others[ticket->status][command];
}

enum ticket_outcome ticket_apply(struct ticket *ticket, enum ticket_command command, uuid order_id)
{
    assert(ticket->status < TICKET_STATUSES && command < TICKET_COMMANDS);
    assert(is_held(ticket->status) == !uuid_is_absent(ticket->order_id));
    assert((command < TICKET_RESERVE) == uuid_is_absent(order_id));

    struct decision decision = decide(ticket, command, order_id);
    assert(decision.outcome != TICKET_UNDECIDED);

    if (decision.outcome == TICKET_MOVED) {
        ticket->status = decision.next;
        ticket->order_id = is_held(decision.next) ? order_id : (uuid){ { 0 } };
        ticket->listed = decision.next == TICKET_AVAILABLE || decision.next == TICKET_RESERVED;
    }
    return decision.outcome;
}

enum cancel_reason ticket_refuses(const struct ticket *ticket, money price, instant now)
{
    if (ticket->status != TICKET_AVAILABLE)
        return CANCEL_TICKET_UNAVAILABLE;
    if (ticket->starts_at.ms != 0 && ticket->starts_at.ms <= now.ms)
        return CANCEL_TICKET_UNAVAILABLE;
    if (ticket->price.minor != price.minor)
        return CANCEL_PRICE_CHANGED;
    return CANCEL_NONE;
}
