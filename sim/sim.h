/* The made-up world: a whole shop, its Stripe, its buyers and their bad luck, out of one seed.
 *
 * Everything that can happen is a happening on the agenda of a simulated clock; the one thread
 * takes the next, lets it happen, and asks whether every promise still holds.  The shop's code is
 * the real one: only clock, chance, network, bus and Stripe are made up.
 *
 *   chance.c   draws                     node.c     a process: operations, duties, crashes
 *   agenda.c   what happens next         network.c  the way to Stripe and back
 *   ledger.c   what the shop has told    bus.c      events between services, late and twice
 *   truths.c   what must always hold     asking.c   requests and their answers
 *   end.c      what must hold at rest    people.c   sellers and buyers
 *   tables.c   what the stores say       world.c    a seed's story from its first line to its last
 */
#ifndef SIM_SIM_H
#define SIM_SIM_H

#include <stdarg.h>

#include "adapters/sqlite.h"
#include "base/codec.h"
#include "host/host.h"
#include "stripe_sim/stripe_sim.h"

struct world;
struct node;
struct letter;

/* ---- chance.c ---- */

struct chance {
    struct random random; /* first: what operations draw from */
    uint64_t state;
};

void chance_open(struct chance *chance, uint64_t seed);
int64_t below(struct chance *chance, int64_t bound); /* 0 … bound - 1 */
bool one_in(struct chance *chance, int64_t n);
bool percent(struct chance *chance, int64_t chances);
int64_t between(struct chance *chance, int64_t low, int64_t high); /* both included */
/* Mostly a few milliseconds, sometimes seconds, rarely up to the longest. */
int64_t delay_ms(struct chance *chance, int64_t longest_ms);

/* ---- agenda.c ---- */

enum happening_kind {
    PERSON_ACTS,
    ERRAND_IS_RUN, /* once more: a double click, a retry */
    BANK_ASKS,     /* a buyer shows himself, or fails */
    ASKED_AGAIN,   /* a request that waits is looked at */
    ASKED_LATE,    /* … and answered, for its time is up */
    DUTY_IS_DUE,   /* a service does something by itself */
    CLAIM_IS_DUE,  /* calls are fetched from the store */
    CALL_ARRIVES,  /* at Stripe */
    ANSWER_COMES,  /* of Stripe, to the service */
    RELAY_IS_DUE,  /* events leave a store */
    LETTER_COMES,  /* and reach another */
    MISCHIEF,      /* outages, crashes, a hand in Stripe's dashboard */
    NODE_RESTARTS,
    HAPPENING_KINDS
};

struct happening {
    instant due;
    uint64_t order; /* of two that are due at once, the older comes first */
    enum happening_kind kind;
    struct node *node; /* NULL: not of one process */
    uint64_t life;     /* of the node; what only its memory knew dies with it */
    void *about;
};

struct agenda {
    struct happening *items;
    size_t count;
    size_t capacity;
    uint64_t next_order;
};

struct happening *agenda_add(struct world *world, enum happening_kind kind, struct node *node,
                             void *about, instant due);
/* False: nothing will ever happen again. */
bool agenda_take(struct world *world, struct happening *ret_next);
/* One that might as well happen right now, inside another operation of the same process. */
bool agenda_take_rival(struct world *world, const struct node *node, struct happening *ret_rival);
/* Forgets what only the memory of this life of the node knew. */
void agenda_forget(struct world *world, const struct node *node);

/* ---- node.c ---- */

enum part { PART_AUTH, PART_TICKETS, PART_ORDERS, PART_EXPIRATION, PART_PAYMENTS, PARTS };

#define NODE_DUTIES_MAX  16
#define NODE_WAITING_MAX 256

struct node_duty {
    struct node *node;
    const struct duty *duty;
    bool sweeps;  /* up overdue orders */
    int64_t idle; /* how often in a row it found nothing to do */
};

struct node {
    struct world *world;
    const char *name;
    const struct service *services[PARTS];
    size_t service_count;
    struct sqlite *store;
    struct sqlite_hooks hooks;
    struct host host;
    uint64_t life; /* how often it was started */
    bool down;
    instant paused_until;
    int64_t ahead_ms; /* its clock, of the world's */
    size_t depth;     /* operations inside operations' first writes */
    struct node_duty duties[NODE_DUTIES_MAX];
    size_t duty_count;
    bool sweeps;  /* one of them does */
    bool replays; /* what an operation wrote is written once more: nobody comes between */
    struct asked *waiting[NODE_WAITING_MAX];
    size_t waiting_count;
    int64_t claims_idle;
    bool relay_is_due;
    int64_t told_count; /* events that its store must hold */
};

enum ended {
    COMMITTED,
    REFUSED, /* rolled back, with a problem */
    FAILED,  /* overtaken too often */
    CRASHED, /* the process is gone, with or without the commit */
};

typedef err operation(struct op *op, void *context);

/* One operation from begin to commit: again if it was overtaken, and perhaps interrupted by others,
 * or by the end of the process. */
enum ended node_run(struct node *node, const char *what, str correlation, operation *run,
                    void *context);
/* Whether somebody else comes between two statements of an operation; who then does. */
bool rival_comes(struct node *node, struct happening *ret_rival);
void rival_goes_first(struct node *node, const struct happening *rival);
/* Reads that all see one state. */
void node_read(struct node *node, operation *run, void *context);
instant node_now(const struct node *node);
void node_start(struct node *node);
void node_crash(struct node *node, const char *when);
void node_duty(struct node *node, struct node_duty *duty);
/* again: and from then on every quarter of a second. */
void node_claim(struct node *node, bool again);
void node_wait(struct node *node, struct asked *asked);
void node_forget(struct node *node, const struct asked *asked);

/* ---- interleave.c ---- */

#define INTERLEAVED_MAX 128

struct written {
    const struct query *query;
    const void *in;
    int64_t touched;
};

/* The transaction of an operation that others may come between. */
struct interleaved {
    struct tx tx; /* first: what the operation sees */
    struct node *node;
    struct tx *inner; /* SQLite's */
    struct written writes[INTERLEAVED_MAX];
    size_t count;
    size_t mark; /* so much was written when it was marked */
    bool marked; /* and is not kept or undone yet */
    bool full;   /* too much is written to write it once more */
};

void interleave(struct interleaved *each, struct node *node);

/* ---- ledger.c: what the shop has told, which must be the truth ---- */

#define TOLD_MAX 512

struct told_ticket {
    uuid id;
    int64_t version;
    enum ticket_status status;
    money price;
    uint64_t title;
    instant starts_at; /* 0: who knows */
    uuid user_id;
    uuid order_id;
    bool sold_once;
};

struct told_order {
    uuid id;
    int64_t version;
    uuid ticket_id;
    uuid user_id;
    enum order_status status;
    enum cancel_reason reason;
    money price;
    instant expires_at;
    uuid charge_id;   /* from the decision on */
    money price_seen; /* in the answer that told the buyer of the lock; 0: none came */
    bool said_paid;   /* somebody was told that it is paid */
    bool said_cancelled;
    instant proved_at; /* when its buyer passed his bank's questions; 0: never */
    bool meddled;      /* somebody had a hand on its payment in Stripe's dashboard */
    str correlation;   /* of the request that made it */
};

struct told_charge {
    uuid id;
    int64_t version;
    uuid order_id;
    enum charge_status status;
    bool rejected;
    money amount;
};

struct ledger {
    struct told_ticket tickets[TOLD_MAX];
    size_t ticket_count;
    struct told_order orders[TOLD_MAX];
    size_t order_count;
    struct told_charge charges[TOLD_MAX];
    size_t charge_count;
    int64_t expiry_tellings[TOLD_MAX]; /* by order */
};

struct told_ticket *ledger_ticket(struct world *world, uuid id); /* NULL: never told of */
struct told_order *ledger_order(struct world *world, uuid id);
struct told_charge *ledger_charge(struct world *world, uuid id);
/* Events have committed: checks each against all that was told before, and believes it. */
void ledger_learn(struct node *node, instant now, const struct emitted *emitted);
bool order_is_live(const struct told_order *order);
/* When the next unpaid order's time is up; absent: there is none. */
instant ledger_next_deadline(const struct world *world);

/* ---- tables.c: what the stores say ---- */

struct row_ticket {
    uuid id;
    int64_t version;
    enum ticket_status status;
    money price;
    uuid order_id;
};
struct row_order {
    uuid id;
    int64_t version;
    str status;
    enum cancel_reason cancel_reason;
    money price;
    instant expires_at;
    uuid charge_id;
};
struct row_charge {
    uuid id;
    int64_t version;
    uuid order_id;
    str phase;
    bool settled;
    str attention;
    money amount;
};
struct row_call {
    uuid charge_id;
    str kind;
    str state;
    str path;
};
struct row_copy { /* of a ticket or an order */
    uuid id;
    int64_t version;
    str status;
    money price;
};
struct row_timer {
    uuid order_id;
};
struct row_count {
    int64_t count;
};
/* An intent of Stripe. */
struct row_intent {
    str id;
    str order_id;
    str status;
    int64_t amount;
    int64_t captured;
    int64_t refunded;
    bool declines;   /* its card, when asked */
    bool unreturned; /* a refund failed: its card takes no money back */
};

extern const struct query table_tickets, table_orders, table_charges, table_open_calls,
    table_ticket_copies, table_order_copies, table_timers, table_outbox, table_unpublished,
    table_intents;
/* Goes with the services of a store, for these statements alone. */
extern const struct service sim_tables[PARTS], sim_stripe_tables, sim_events_tables;
/* Every row of a query, in the operation's arena. */
#define ROWS(op, query, type, ret_rows) rows_of((op), (query), sizeof(type), (ret_rows))
void rows_of(struct op *op, const struct query *query, size_t size, struct rows *ret_rows);
/* Empties the store of a node. */
err wipe_node(struct op *op, void *context);

/* ---- network.c ---- */

struct stripe {
    struct sqlite *store;
    struct stripe_sim_options options;
    instant out_until;  /* no way there before */
    instant half_until; /* half of the calls are lost before */
};

bool stripe_run(struct world *world, operation *run, void *context);
void call_send(struct node *node, const struct service *service, const struct outcall *sent);
void call_arrives(struct world *world, void *context);
void answer_comes(struct world *world, struct node *node, void *context);
/* A request to the control API; the status. */
int stripe_control(struct world *world, enum method method, const char *path, const char *body);
void dashboard(struct world *world);                        /* somebody's hand on a payment */
void bank(struct world *world, uuid order_id, bool passes); /* the buyer shows himself, or fails */
void stripe_misbehaves(struct world *world);

/* ---- bus.c ---- */

void bus_relay(struct node *node);
void bus_deliver(struct world *world, void *context);
void bus_repeats_itself(struct world *world);

/* ---- asking.c ---- */

enum purpose { TO_LIST, TO_EDIT, TO_WITHDRAW, TO_ORDER, TO_PAY, TO_CANCEL, TO_LOOK, PURPOSES };

struct person {
    struct world *world;
    const char *name;
    uuid id;
    str token;
    bool sells;
    size_t errand_count;
};

/* What somebody wants, and may ask for again with the same key. */
struct errand {
    struct person *person;
    enum purpose purpose;
    enum part part;
    enum method method;
    const char *path;
    str body;
    str key; /* absent: none */
    str correlation;
    uuid about;      /* the ticket or order */
    money max_price; /* 0: none */
    str if_match;    /* absent: none */
    int64_t version; /* that it names */
    bool good_card;
    int status; /* of the first answer that was to be kept; 0: none yet */
    str answer; /* its body */
};

struct asked {
    struct errand *errand;
    struct node *node;
    struct request request;
    const struct route *route;
    struct caller caller;
    instant since;
    struct wait wait;
    bool resumes;
};

#define ERRANDS_MAX 1024

void ask(struct errand *errand);
/* Looks at it again; late: and it must be answered now. */
void asked_again(struct asked *asked, bool late);

/* ---- people.c ---- */

#define PEOPLE_MAX 8

void people_arrive(struct world *world);
void person_acts(struct person *person);

/* ---- truths.c, end.c ---- */

void truths_of_money(struct world *world);  /* after each call that may move some */
void truths_of_tables(struct world *world); /* the stores say what was told */
void truths_of_recovery(struct node *node); /* no call is under way any more */
void truths_of_sweep(struct node *node);    /* nobody's time is up and still waits */
void truths_at_rest(struct world *world);
/* Whether everything has come to its end; else *ret_why names something that has not. */
bool world_is_at_rest(struct world *world, const char **ret_why);

/* ---- world.c ---- */

/* How bad the luck of this story is. */
struct luck {
    bool calm; /* nothing goes wrong but people */
    bool bus;
    int64_t crash_permille;  /* of operations */
    int64_t rival_percent;   /* of first writes */
    int64_t lost_percent;    /* of calls to Stripe, there or back */
    int64_t slow_percent;    /* of calls to Stripe */
    int64_t refused_percent; /* of calls to Stripe, by something between */
    int64_t letter_twice_percent;
    int64_t disorder_percent;
    int64_t mischief_every_ms;
    bool meddles; /* in the dashboard */
    int64_t buyers;
    int64_t sellers;
    int64_t skew_ms; /* how far clocks of processes are apart, at most */
    int64_t hurry;   /* people's pauses are so many times shorter */
};

struct names {
    char texts[16][32];
    size_t next;
};

#define WORLD_DEPTH_MAX 6

struct world {
    uint64_t seed;
    struct chance chance;
    instant now;
    instant began;
    struct settings settings;
    struct luck luck;
    struct arena arena;                       /* of the whole story */
    struct arena arenas[WORLD_DEPTH_MAX + 2]; /* of operations, one for each depth */
    size_t depth;                             /* operations inside operations */
    struct agenda agenda;
    struct node whole;        /* hosts everything */
    struct node apart[PARTS]; /* or each hosts one service */
    struct node *nodes;       /* those of this story */
    size_t node_count;
    struct node *at[PARTS]; /* who hosts each service */
    struct stripe stripe;
    struct letter *letters; /* all that were ever sent, the newest first */
    struct person people[PEOPLE_MAX];
    size_t person_count;
    struct errand *errands;
    size_t errand_count;
    struct ledger *ledger;
    size_t happenings;
    instant charged_at; /* when a payment last told of itself */
    bool quiet;         /* no more mischief: everything is to come to rest */
    char broken[512];   /* the first promise that was broken */
    uint64_t hash;
    struct names names;
    void (*print)(const char *line); /* NULL: nobody listens */
    /* Counts, for the curious. */
    int64_t operations, interruptions, stales, crashes, answers[6];
};

/* Opens the stores for both forms; they serve many stories, one after the other. */
struct world *world_open(void);
void world_close(struct world *world);
/* Tells the story of a seed.  False: a promise was broken, and world->broken says which. */
bool world_run(struct world *world, uint64_t seed, void (*print)(const char *line));

void tell(struct world *world, const char *format, ...) __attribute__((format(printf, 2, 3)));
void broken(struct world *world, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* t1, o2, c3; good for one line. */
const char *name_of(struct world *world, uuid id);
const char *price_of(struct world *world, money price);
instant from_now(const struct world *world, int64_t ms);

#endif
