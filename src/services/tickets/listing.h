/* The list of tickets: filters, orders and pages. */
#ifndef TICKETS_LISTING_H
#define TICKETS_LISTING_H

#include "sql/sql.h"
#include "web/web.h"

enum list_scope { SCOPE_MARKET, SCOPE_SELLER, SCOPE_ALL, LIST_SCOPES };
enum list_sort { SORT_NEWEST, SORT_PRICE, SORT_PRICE_DOWN, SORT_STARTS_AT, LIST_SORTS };

extern const struct query list_queries[LIST_SCOPES][LIST_SORTS];

route_handler list_tickets;

#endif
