-- Charges, the calls to Stripe that they need, and a copy of what the orders service told of each order.

create table charges (
    id uuid primary key,
    version bigint not null check (version >= 0),
    order_id uuid not null,
    user_id uuid not null,
    amount bigint not null check (amount > 0),
    currency text not null,
    phase text not null check (phase in ('new', 'actionRequired', 'authorized', 'capturing',
        'completed', 'failed', 'rejected', 'voiding', 'voided', 'refunding', 'refunded')),
    settled boolean not null,
    token text not null,
    stripe_id text,
    stripe_refund_id text,
    failure_code text,
    failure_message text,
    attention text,
    check_at bigint not null,
    created_at bigint not null,
    updated_at bigint not null
);

-- An order has one charge.  Only one whose token was refused may be followed by another.
create unique index charges_one_per_order on charges (order_id) where phase <> 'rejected';

create unique index charges_of_intent on charges (stripe_id) where stripe_id is not null;

create index charges_of_user on charges (user_id, id);

create index charges_unsettled on charges (check_at) where not settled;

-- The outbox of calls to Stripe: exact bytes and key, committed before they are sent.
create table stripe_calls (
    id uuid primary key,
    version bigint not null,
    charge_id uuid not null references charges (id),
    kind text not null
        check (kind in ('method', 'create', 'capture', 'cancel', 'refund', 'retrieve', 'list')),
    idempotency_key text unique,
    method text not null,
    path text not null,
    body text not null,
    state text not null check (state in ('ready', 'sent', 'done')),
    attempts bigint not null,
    maybe_done boolean not null,
    next_at bigint not null,
    first_sent_at bigint,
    http_status bigint,
    request_id text,
    created_at bigint not null
);

-- One call of a charge at a time: a capture never crosses a cancel.
create unique index stripe_calls_one_open on stripe_calls (charge_id) where state <> 'done';

create index stripe_calls_due on stripe_calls (next_at) where state <> 'done';

create index stripe_calls_of_charge on stripe_calls (charge_id);

create table order_copies (
    id uuid primary key,
    version bigint not null,
    user_id uuid not null,
    ticket_id uuid not null,
    status text not null,
    cancel_reason text,
    price bigint not null,
    currency text not null,
    expires_at bigint not null,
    charge_id uuid
);
