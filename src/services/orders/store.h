/* What the orders service stores, and how an order changes. */
#ifndef SERVICES_ORDERS_STORE_H
#define SERVICES_ORDERS_STORE_H

#include "services/orders/order.h"
#include "sql/sql.h"

/* What the tickets service last told of a ticket. */
struct ticket_copy {
    uuid id;
    int64_t version;
    uuid user_id; /* the seller */
    str title;
    money price;
    str currency;
    instant starts_at;
    enum ticket_status status;
};

/* What a buyer did lately. */
struct buyer_activity {
    uuid user_id;
    uuid ticket_id;
    uuid since; /* ids from here on are looked at: live orders are younger */
    instant relocks_since;
    int64_t live;    /* orders of his that are neither completed nor cancelled */
    int64_t relocks; /* orders of his for this ticket since then */
};

/* NOT_FOUND if there is none. */
err order_find(struct op *op, uuid id, struct order *ret_order);
/* The one order of this ticket that is not cancelled; NOT_FOUND if there is none. */
err order_find_live(struct op *op, uuid ticket_id, struct order *ret_order);
/* The caller's orders, newest first; `before` absent: from the newest. */
err order_list(struct op *op, uuid user_id, uuid before, size_t max, struct rows *ret_orders);
/* Unpaid orders whose time was up at `since` or before, the oldest first. */
err order_list_overdue(struct op *op, instant since, size_t max, struct rows *ret_orders);
/* CONFLICT if the ticket has a live order. */
err order_insert(struct op *op, const struct order *order);
err ticket_find(struct op *op, uuid id, struct ticket_copy *ret_ticket);
/* Keeps the newer of what is known and what is told. */
err ticket_keep(struct op *op, const struct ticket_copy *ticket);
err buyer_find(struct op *op, struct buyer_activity *activity);

/* Saves a moved order as its next version, and tells everybody.  STALE if another operation was
 * faster. */
err order_save(struct op *op, struct order *order);
/* Ends it for a reason. */
err order_save_cancelled(struct op *op, struct order *order, enum cancel_reason reason);

extern const struct query *const order_queries[];

#endif
