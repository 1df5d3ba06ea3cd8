-- What every database has: the events told and heard, and what requests must remember.

-- The log of all events, in the order in which they were told.
create table outbox (
    seq integer primary key,
    id uuid not null,
    type text not null,
    subject uuid not null,
    version bigint not null,
    time bigint not null,
    correlation text not null,
    causation uuid,
    data text not null,
    published_at bigint
);

create index outbox_unpublished on outbox (seq) where published_at is null;

-- Which events each consumer has heard: a second delivery does nothing.
create table inbox (
    consumer text not null,
    id uuid not null,
    heard_at bigint not null,
    primary key (consumer, id)
);

create index inbox_heard_at on inbox (heard_at);

-- The newest version of each aggregate that each consumer has heard of: older news does nothing.
create table heard (
    consumer text not null,
    aggregate text not null,
    subject uuid not null,
    version bigint not null,
    primary key (consumer, aggregate, subject)
);

-- Sessions that ended before their tokens expire.
create table revoked_sessions (
    session_id uuid primary key,
    expires_at bigint not null
);

-- Answers to requests that came with an Idempotency-Key.  status 0: not answered yet; the request waits
-- for news of the aggregate named by subject.
create table idempotency_keys (
    caller uuid not null,
    key text not null,
    fingerprint text not null,
    status bigint not null,
    subject uuid,
    body text,
    location text,
    etag text,
    session_id uuid,
    session_user_id uuid,
    session_expires_at bigint,
    created_at bigint not null,
    primary key (caller, key)
);

create index idempotency_keys_created_at on idempotency_keys (created_at);
