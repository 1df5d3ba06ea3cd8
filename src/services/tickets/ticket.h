/* A ticket: what a seller offers, and who holds it.  Pure rules: no storage, no HTTP. */
#ifndef TICKETS_TICKET_H
#define TICKETS_TICKET_H

#include "base/base.h"
#include "events/payloads.h"

struct ticket {
    uuid id;
    int64_t version; /* 0 when listed, one more with every change */
    uuid user_id;    /* the seller */
    str title;
    str description; /* may be empty */
    money price;
    str currency;
    enum ticket_category category;
    str venue;         /* optional */
    instant starts_at; /* optional */
    str seat;          /* optional */
    money face_value;  /* optional */
    enum ticket_status status;
    uuid order_id; /* reserved and sold: by which order; else absent */
    instant created_at;
    instant updated_at;
    /* Never shown: */
    bool listed; /* available or reserved: it may yet be sold */
    str search;  /* title, venue and description, folded: see ticket_pattern() */
};

extern const struct field ticket_fields[];      /* a row */
extern const struct field ticket_json_fields[]; /* what the world sees */

/* What a seller says of a ticket. */
struct listing {
    str title;
    str description;
    money price;
    enum ticket_category category;
    str venue;
    instant starts_at;
    str seat;
    money face_value;
};

extern const struct field listing_fields[];

/* Takes over everything that the seller says. */
void ticket_describe(struct arena *arena, struct ticket *ticket, const struct listing *listing);

/* A search text as a pattern for `like … escape '\'` on ticket.search: its words in their order,
 * with anything between.  Absent if there is nothing to look for. */
str ticket_pattern(struct arena *arena, str text);

/* ---- its life ---- */

enum ticket_command {
    /* by the seller */
    TICKET_EDIT,
    TICKET_WITHDRAW,
    /* by an order */
    TICKET_RESERVE,
    TICKET_RELEASE, /* the order ended without a sale */
    TICKET_SELL,    /* the order was paid */
    TICKET_REFUND,  /* the order was paid, and the money given back */
    TICKET_COMMANDS
};

enum ticket_outcome {
    TICKET_UNDECIDED, /* never returned */
    TICKET_MOVED,
    TICKET_KEPT,    /* nothing to do: it is so already, or is none of this order's business */
    TICKET_REFUSED, /* the state forbids it */
};

/* Moves the ticket, or not.  order_id is the order that commands; absent for the seller's commands.
 * The version is the store's to count. */
enum ticket_outcome ticket_apply(struct ticket *ticket, enum ticket_command command, uuid order_id);

/* Whether that order has it: reserved or sold. */
bool ticket_is_held_by(const struct ticket *ticket, uuid order_id);

/* Why an order at that price may not have the ticket now; CANCEL_NONE if it may. */
enum cancel_reason ticket_refuses(const struct ticket *ticket, money price, instant now);

/* The ticket as the other services hear of it. */
struct ticket_state ticket_told(const struct ticket *ticket);

#endif
