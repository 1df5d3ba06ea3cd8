-- The rest of what a marketplace asks of Stripe: hosted checkout, disputes, the balance, connected
-- accounts with their transfers, and webhooks.

-- The checkout session that an intent belongs to.
alter table sim_intents add column session text;

create table sim_checkouts (
    seq integer primary key,
    id text not null unique,
    status text not null check (status in ('open', 'complete', 'expired')),
    amount_total bigint not null check (amount_total > 0),
    currency text not null,
    payment_intent text unique,
    client_reference_id text,
    customer_email text,
    paid_by_email text,
    paid_by_name text,
    metadata text not null,
    success_url text not null,
    cancel_url text,
    locale text,
    submit_type text,
    payment_method_types text not null,
    capture_method text not null,
    description text,
    intent_metadata text not null,
    order_id text,
    receipt_email text,
    statement_descriptor text,
    statement_descriptor_suffix text,
    transfer_group text,
    expires_at bigint not null,
    created bigint not null
);

create index sim_checkouts_open on sim_checkouts (expires_at) where status = 'open';

create table sim_items (
    seq integer primary key,
    id text not null unique,
    session text not null,
    quantity bigint not null check (quantity > 0),
    unit_amount bigint not null check (unit_amount >= 0),
    currency text not null,
    name text not null,
    description text,
    price text not null,
    product text not null,
    created bigint not null
);

create index sim_items_session on sim_items (session);

-- withdrawn: the money is with the bank meanwhile, which it is not during an inquiry.
create table sim_disputes (
    seq integer primary key,
    id text not null unique,
    charge text not null,
    payment_intent text not null,
    amount bigint not null check (amount > 0),
    currency text not null,
    reason text not null,
    status text not null,
    withdrawn boolean not null,
    evidence text,
    submissions bigint not null,
    metadata text not null,
    due_by bigint not null,
    created bigint not null
);

create index sim_disputes_charge on sim_disputes (charge);

-- Every movement of the balance: its sum is what the account has.
create table sim_balance (
    seq integer primary key,
    id text not null unique,
    type text not null,
    category text not null,
    amount bigint not null,
    fee bigint not null,
    currency text not null,
    source text not null,
    description text,
    available_on bigint not null,
    created bigint not null
);

create index sim_balance_source on sim_balance (source);

-- balance: what was transferred to it and is still there.
create table sim_accounts (
    seq integer primary key,
    id text not null unique,
    type text not null,
    country text not null,
    currency text not null,
    email text,
    business_type text,
    business_name text,
    business_url text,
    product_description text,
    metadata text not null,
    wants_transfers boolean not null,
    wants_payments boolean not null,
    submitted boolean not null,
    enabled boolean not null,
    disabled_reason text,
    balance bigint not null check (balance >= 0),
    created bigint not null
);

-- A link that was opened is used up; form is what its page then proves itself with.
create table sim_links (
    token text primary key,
    account text not null,
    type text not null,
    refresh_url text not null,
    return_url text not null,
    form text,
    expires_at bigint not null,
    created bigint not null
);

create table sim_transfers (
    seq integer primary key,
    id text not null unique,
    amount bigint not null check (amount > 0),
    amount_reversed bigint not null check (amount_reversed between 0 and amount),
    currency text not null,
    destination text not null,
    destination_payment text not null,
    source_transaction text,
    transfer_group text,
    description text,
    metadata text not null,
    balance_transaction text not null,
    created bigint not null
);

create index sim_transfers_source on sim_transfers (source_transaction);

create table sim_reversals (
    seq integer primary key,
    id text not null unique,
    transfer text not null,
    amount bigint not null check (amount > 0),
    currency text not null,
    metadata text not null,
    balance_transaction text not null,
    created bigint not null
);

create index sim_reversals_transfer on sim_reversals (transfer);

-- The account that an event is about, if not our own.
alter table sim_events add column account text;

-- events: as shown, a JSON list; types: the same as ,a,b, for a search.
create table sim_endpoints (
    seq integer primary key,
    id text not null unique,
    url text not null,
    secret text not null,
    old_secret text,
    old_until bigint,
    events text not null,
    types text not null,
    status text not null,
    description text,
    metadata text not null,
    created bigint not null
);

-- One event on its way to one endpoint.  position: of those that are to arrive in a certain order;
-- 0: whenever.  next_at is by the simulator's clock.
create table sim_deliveries (
    seq integer primary key,
    id uuid not null unique,
    event text not null,
    endpoint text not null,
    state text not null,
    position bigint not null,
    attempts bigint not null,
    http_status bigint not null,
    bad_signature boolean not null,
    age_ms bigint not null,
    live boolean not null,
    next_at bigint not null,
    created bigint not null
);

create index sim_deliveries_due on sim_deliveries (next_at) where state in ('ready', 'sent');
create index sim_deliveries_event on sim_deliveries (event);

-- What is to happen to webhooks of the types (* stands for any text).
create table sim_webhooks (
    id bigint primary key check (id = 1),
    mode text not null,
    types text not null,
    copies bigint not null,
    seed bigint not null,
    age_ms bigint not null
);

insert into sim_webhooks (id, mode, types, copies, seed, age_ms)
values (1, 'send', '*', 1, 0, 0);
