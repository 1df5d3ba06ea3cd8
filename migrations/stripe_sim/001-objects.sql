-- The Stripe simulator: what Stripe would keep for one account in test mode.
-- Ids are Stripe's own (pi_…); instants are of the simulator's clock; JSON stands in text columns
-- as it is shown.  seq is the order of creation, which lists and cursors follow.

create table sim_payment_methods (
    id text primary key,
    card text not null,
    slow_ms bigint not null,
    used boolean not null,
    billing_details text not null,
    metadata text not null,
    created bigint not null
);

create table sim_intents (
    seq integer primary key,
    id text not null unique,
    status text not null,
    amount bigint not null check (amount > 0),
    amount_capturable bigint not null check (amount_capturable between 0 and amount),
    amount_received bigint not null check (amount_received between 0 and amount),
    currency text not null,
    capture_method text not null,
    confirmation_method text not null,
    client_secret text not null,
    description text,
    metadata text not null,
    order_id text,
    payment_method text,
    payment_method_types text not null,
    automatic_payment_methods text,
    latest_charge text,
    last_payment_error text,
    next_action text,
    return_url text,
    canceled_at bigint,
    cancellation_reason text,
    receipt_email text,
    setup_future_usage text,
    statement_descriptor text,
    statement_descriptor_suffix text,
    transfer_group text,
    hold_until bigint,
    created bigint not null
);

create index sim_intents_created on sim_intents (created);
create index sim_intents_held on sim_intents (hold_until) where status = 'requires_capture';

create table sim_charges (
    seq integer primary key,
    id text not null unique,
    status text not null,
    payment_intent text not null,
    payment_method text not null,
    card text not null,
    amount bigint not null check (amount > 0),
    amount_captured bigint not null check (amount_captured between 0 and amount),
    amount_refunded bigint not null check (amount_refunded between 0 and amount_captured),
    captured boolean not null,
    disputed boolean not null,
    authenticated boolean not null,
    currency text not null,
    description text,
    metadata text not null,
    failure_code text,
    failure_message text,
    outcome text not null,
    balance_transaction text,
    statement_descriptor text,
    statement_descriptor_suffix text,
    transfer_group text,
    capture_before bigint,
    created bigint not null
);

create index sim_charges_intent on sim_charges (payment_intent);

create table sim_refunds (
    seq integer primary key,
    id text not null unique,
    status text not null,
    amount bigint not null check (amount > 0),
    charge text not null,
    payment_intent text not null,
    payment_method text not null,
    currency text not null,
    reason text,
    metadata text not null,
    balance_transaction text,
    failure_balance_transaction text,
    failure_reason text,
    pending_reason text,
    settle_at bigint,
    created bigint not null
);

create index sim_refunds_intent on sim_refunds (payment_intent);
create index sim_refunds_unsettled on sim_refunds (settle_at) where settle_at is not null;

create table sim_events (
    seq integer primary key,
    id text not null unique,
    type text not null,
    object_id text not null,
    data text not null,
    request_id text,
    idempotency_key text,
    created bigint not null
);

-- Answers under an Idempotency-Key.  status 0: the first request with it is still running.
create table sim_keys (
    key text primary key,
    fingerprint text not null,
    method text not null,
    path text not null,
    status bigint not null,
    body text not null,
    request_id text not null,
    created bigint not null
);

create index sim_keys_created on sim_keys (created);

-- Misbehaviour that was asked for.  times_left 0: every time; skip: so many matches go by first.
create table sim_faults (
    seq integer primary key,
    id text not null unique,
    method text,
    path text not null,
    key_prefix text,
    occasion text not null,
    action text not null,
    ms bigint not null,
    status bigint not null,
    code text,
    times_left bigint not null,
    forever boolean not null,
    skip bigint not null
);

-- Requests that a fault holds back, and answers that it withholds.  due_at (of the real clock) is
-- null until the fault is released.
create table sim_parked (
    id uuid primary key,
    fault text not null,
    method text not null,
    path text not null,
    query text,
    body text not null,
    key text,
    base_url text not null,
    request_id text not null,
    answered boolean not null,
    status bigint not null,
    answer text not null,
    original_request text,
    dropped boolean not null,
    due_at bigint,
    parked_at bigint not null
);

create index sim_parked_due on sim_parked (due_at) where not answered;

-- The log of requests, without secrets.
create table sim_requests (
    seq integer primary key,
    at bigint not null,
    request_id text not null,
    method text not null,
    path text not null,
    query text,
    body text not null,
    key text,
    status bigint not null,
    replayed boolean not null,
    fault text
);

-- How far the simulator's clock is ahead of the real one.
create table sim_clock (
    id bigint primary key check (id = 1),
    ahead_ms bigint not null
);

insert into sim_clock (id, ahead_ms) values (1, 0);
