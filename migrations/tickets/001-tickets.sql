-- Tickets: what sellers offer, and which order holds each.
--
-- The small columns that change come first, the long texts last.  The check on the status is spelled
-- out because SQLite builds a table for a long `in (…)` at each lock, which costs more than the lock.
create table tickets (
    id uuid primary key not null,
    status text not null check (
        status = 'available' or status = 'reserved' or status = 'sold' or status = 'withdrawn'),
    order_id uuid,
    listed boolean not null,
    version bigint not null check (version >= 0),
    updated_at bigint not null,
    created_at bigint not null,
    user_id uuid not null,
    price bigint not null check (price between 50 and 99999999),
    currency text not null,
    category text not null
        check (category in ('other', 'concert', 'sports', 'theatre', 'comedy', 'festival')),
    starts_at bigint,
    face_value bigint check (face_value >= 1),
    title text not null check (title <> ''),
    venue text,
    seat text,
    description text not null,
    search text not null,
    check ((order_id is not null) = (status in ('reserved', 'sold'))),
    check (listed = (status in ('available', 'reserved')))
);

-- A ticket is locked and unlocked more often than it is listed or sold, and an index that holds its
-- status would be rewritten each time.  So none does: they hold the tickets that may yet be sold
-- (`listed`: available or reserved), which a lock does not change.  Lists skip the few that are
-- reserved, and never walk through the sold ones of all the years.  Entries written besides the
-- key's: 4 when listed, 0 when locked or unlocked, 3 when sold or withdrawn.
create index tickets_by_age on tickets (created_at, id) where listed;
create index tickets_by_price on tickets (price, id) where listed;
-- The largest bigint puts a ticket without a date behind all others.
create index tickets_by_start on tickets (coalesce(starts_at, 9223372036854775807), id) where listed;
-- A seller has few enough to be sorted as they are found.
create index tickets_of_seller on tickets (user_id);
