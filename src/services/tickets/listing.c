/* GET /api/tickets: one statement for each place to look and order to look in.
 *
 * Pages continue behind the last (key, id) seen, so no page costs more than the first and none
 * skips or repeats a ticket because others came or went. */
#include "services/tickets/listing.h"

#include "services/tickets/ticket.h"

/* ---- what is asked for ---- */

/* As ticket_status_names and ticket_category_names, and "any". */
static const char *const status_filter_names[] = { "available", "reserved", "sold",
                                                   "withdrawn", "any",      NULL };
static const char *const category_filter_names[] = {
    "any", "other", "concert", "sports", "theatre", "comedy", "festival", NULL,
};
static const char *const sort_names[] = { "newest", "price", "-price", "startsAt", NULL };

#define COUNT(names) (sizeof(names) / sizeof((names)[0]) - 1)
_Static_assert(COUNT(status_filter_names) == TICKET_STATUSES + 1, "every status, and any");
_Static_assert(COUNT(category_filter_names) == TICKET_CATEGORIES + 1, "every category, and any");
_Static_assert(COUNT(sort_names) == LIST_SORTS, "every sort");

enum status_filter { FILTER_ANY_STATUS = TICKET_STATUSES };
enum category_filter { FILTER_ANY_CATEGORY = 0 };

struct list_form {
    str q;
    enum category_filter category;
    uuid user_id;
    enum status_filter status;
    money min_price;
    money max_price;
    instant from;
    instant to;
    enum list_sort sort;
};

/* A bound of no money at all is taken for none, so the upper one must be something. */
static const struct field list_form_fields[] = {
    FORM(struct list_form, q, .max = SEARCH_CHARS_MAX),
    FORM_ENUM(struct list_form, category, category_filter_names, .flags = 0),
    FORM(struct list_form, user_id, .flags = 0),
    FORM_ENUM(struct list_form, status, status_filter_names, .flags = 0),
    FORM(struct list_form, min_price, .min = 0, .max = PRICE_MAX),
    FORM(struct list_form, max_price, .min = 1, .max = PRICE_MAX),
    FORM(struct list_form, from, .flags = 0),
    FORM(struct list_form, to, .flags = 0),
    FORM_ENUM(struct list_form, sort, sort_names, .flags = 0),
    FIELDS_END,
};

/* ---- storage ---- */

/* What is not asked for is null. */
struct list_filter {
    str pattern;
    str category;
    uuid user_id;
    str status;
    money min_price;
    money max_price;
    instant from;
    instant to;
    instant begun; /* leave out events that began until then */
    int64_t after_key;
    uuid after_id;
    int64_t count;
};

static const struct field list_filter_fields[] = {
    FIELD_OPT(struct list_filter, pattern),
    FIELD_OPT(struct list_filter, category),
    FIELD_OPT(struct list_filter, user_id),
    FIELD_OPT(struct list_filter, status),
    FIELD_OPT(struct list_filter, min_price),
    FIELD_OPT(struct list_filter, max_price),
    FIELD_OPT(struct list_filter, from),
    FIELD_OPT(struct list_filter, to),
    FIELD_OPT(struct list_filter, begun),
    FIELD(struct list_filter, after_key),
    FIELD(struct list_filter, after_id),
    FIELD(struct list_filter, count),
    FIELDS_END,
};

/* A ticket whose event has no date comes after all others.  As text, for SQL: LATEST_MS. */
#define LATEST_MS   INT64_MAX
#define LATEST_TEXT "9223372036854775807"

#define SORT_BY_START "coalesce(starts_at, " LATEST_TEXT ")"

/* The use of a parameter comes before its test for null: PostgreSQL learns its type from that. */
#define LIST(scope, key, behind, direction)                                                 \
    {                                                                                       \
        "select id, title, description, price, currency, category, venue, starts_at, seat," \
        " face_value, status, user_id, order_id, version, created_at, updated_at"           \
        " from tickets where " scope " (" key ", id) " behind " ($after_key, $after_id)"    \
        " and (status = $status or $status is null)"                                        \
        " and (category = $category or $category is null)"                                  \
        " and (price >= $min_price or $min_price is null)"                                  \
        " and (price <= $max_price or $max_price is null)"                                  \
        " and (starts_at >= $from or $from is null)"                                        \
        " and (starts_at <= $to or $to is null)"                                            \
        " and (starts_at > $begun or starts_at is null or $begun is null)"                  \
        " and (search like $pattern escape '\\' or $pattern is null)"                       \
        " order by " key " " direction ", id " direction " limit $count",                   \
            .in = list_filter_fields, .out = ticket_fields,                                 \
    }

/* SQLite finds its way into an index on an expression by a plain comparison only. */
#define FROM_START SORT_BY_START " >= $after_key and"

/* clang-format off */
#define LISTS(scope)                                                          \
    {                                                                         \
        [SORT_NEWEST]     = LIST(scope, "created_at", "<", "desc"),           \
        [SORT_PRICE]      = LIST(scope, "price", ">", "asc"),                 \
        [SORT_PRICE_DOWN] = LIST(scope, "price", "<", "desc"),                \
        [SORT_STARTS_AT]  = LIST(scope FROM_START, SORT_BY_START, ">", "asc"), \
    }
/* clang-format on */

/* The scope is what an index can find: see the migration. */
const struct query list_queries[LIST_SCOPES][LIST_SORTS] = {
    [SCOPE_MARKET] = LISTS("listed and "),
    [SCOPE_SELLER] = LISTS("user_id = $user_id and "),
    [SCOPE_ALL] = LISTS(""),
};

/* ---- requests ---- */

static enum list_scope scope_of(const struct list_form *form)
{
    if (!uuid_is_absent(form->user_id))
        return SCOPE_SELLER;
    bool may_be_sold =
        (unsigned)form->status == TICKET_AVAILABLE || (unsigned)form->status == TICKET_RESERVED;
    return may_be_sold ? SCOPE_MARKET : SCOPE_ALL;
}

static int64_t key_of(const struct ticket *ticket, enum list_sort sort)
{
    assert(sort < LIST_SORTS);
    switch (sort) {
    case SORT_NEWEST:
        return ticket->created_at.ms;
    case SORT_PRICE:
    case SORT_PRICE_DOWN:
        return ticket->price.minor;
    case SORT_STARTS_AT:
        return ticket->starts_at.ms != 0 ? ticket->starts_at.ms : LATEST_MS;
    case LIST_SORTS:
        break;
    }
    return 0;
}

/* Behind the cursor, or before everything. */
static void continue_behind(struct list_filter *filter, const struct page *page,
                            enum list_sort sort)
{
    bool down = sort == SORT_NEWEST || sort == SORT_PRICE_DOWN;

    filter->count = page->limit + 1; /* one more, to know whether there is more */
    if (page->after) {
        filter->after_key = page->key;
        filter->after_id = page->id;
    } else {
        filter->after_key = down ? INT64_MAX : INT64_MIN;
    }
    /* What has begun is left out anyway, so a list by start need not walk through the past. */
    if (sort == SORT_STARTS_AT && filter->begun.ms > filter->after_key)
        filter->after_key = filter->begun.ms;
}

static struct list_filter filter_of(const struct op *op, const struct list_form *form)
{
    struct list_filter filter = {
        .pattern = ticket_pattern(op->arena, form->q),
        .user_id = form->user_id,
        .min_price = form->min_price,
        .max_price = form->max_price,
        .from = form->from,
        .to = form->to,
    };
    if ((unsigned)form->category != FILTER_ANY_CATEGORY)
        filter.category = str_of(category_filter_names[form->category]);
    if ((unsigned)form->status != FILTER_ANY_STATUS)
        filter.status = str_of(status_filter_names[form->status]);
    /* What is available can be bought, and what has begun cannot. */
    if ((unsigned)form->status == TICKET_AVAILABLE)
        filter.begun = op->now;
    return filter;
}

/* GET /api/tickets: available ones, the newest first, unless the query says otherwise. */
err list_tickets(struct op *op, const struct request *request, struct response *response)
{
    struct list_form form = { 0 };
    TRY(read_query(op, request, list_form_fields, &form, NULL));
    str kind = str_of(sort_names[form.sort]);
    struct page page;
    TRY(read_page(op, request, kind, &page));

    struct list_filter filter = filter_of(op, &form);
    continue_behind(&filter, &page, form.sort);
    struct rows rows;
    TRY(sql_all(op, &list_queries[scope_of(&form)][form.sort], &filter, sizeof(struct ticket),
                (size_t)filter.count, &rows));

    if (rows.count > (size_t)page.limit) {
        rows.count = (size_t)page.limit;
        const struct ticket *last = (const struct ticket *)rows.items + (rows.count - 1);
        page_next(op, request, response, kind, key_of(last, form.sort), last->id);
    }
    return reply_rows(op, response, ticket_json_fields, sizeof(struct ticket), &rows);
}
