-- The peer's tables: as lean as they can be and still forbid a second live order for a ticket.
create table orders (
    id uuid primary key,
    user_id uuid not null,
    ticket_id uuid not null,
    status text not null,
    price bigint not null,
    expires_at timestamptz not null,
    version integer not null
);

create unique index orders_one_live_per_ticket on orders (ticket_id) where status <> 'cancelled';

create table outbox (
    seq bigint generated always as identity primary key,
    id uuid not null,
    type text not null,
    subject uuid not null,
    data jsonb not null
);
