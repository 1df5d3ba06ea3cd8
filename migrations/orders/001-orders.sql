-- Orders, and a copy of what the tickets service told of each ticket.
--
-- Statuses are compared one by one where an `in (…)` would have more than two: SQLite builds a table
-- for those at each row.

create table orders (
    id uuid primary key,
    version bigint not null check (version >= 0),
    user_id uuid not null,
    seller_id uuid not null,
    ticket_id uuid not null,
    ticket_title text not null,
    ticket_price bigint not null,
    ticket_version bigint not null,
    status text not null
        check (status = 'created' or status = 'awaitingPayment' or status = 'capturing' or
               status = 'completed' or status = 'cancelled'),
    cancel_reason text,
    price bigint not null check (price > 0),
    currency text not null,
    expires_at bigint not null,
    charge_id uuid,
    created_at bigint not null,
    updated_at bigint not null,
    check ((status = 'cancelled') = (cancel_reason is not null)),
    check ((status = 'created' or status = 'awaitingPayment') =
           (cancel_reason is null and charge_id is null))
);

-- A ticket never has two live orders and is never sold twice, whatever the code does.
-- The index, and orders_unpaid, are about other columns than the status because most changes of it
-- leave those alone, and then the database leaves the indexes alone too.
create unique index orders_one_live_per_ticket on orders (ticket_id) where cancel_reason is null;

create index orders_of_user on orders (user_id, id);

-- What the sweep of overdue orders reads.
create index orders_unpaid on orders (expires_at)
    where cancel_reason is null and charge_id is null;

create table ticket_copies (
    id uuid primary key,
    version bigint not null,
    user_id uuid not null,
    title text not null,
    price bigint not null,
    currency text not null,
    starts_at bigint,
    status text not null
);
