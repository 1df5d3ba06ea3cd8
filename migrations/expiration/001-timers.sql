-- One timer for each order that may expire.
create table timers (
    order_id uuid primary key not null,
    expires_at bigint not null,
    next_at bigint not null, -- when to tell of it: at first expires_at, then again until the order has ended
    tellings bigint not null check (tellings >= 0)
);

create index timers_next_at on timers (next_at);
