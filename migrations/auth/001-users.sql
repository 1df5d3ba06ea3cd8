-- Who may sign in, where they are signed in, and how often somebody tried.

create table users (
    id uuid primary key,
    version bigint not null check (version >= 0),
    email text not null,
    email_key text not null,
    name text,
    phone text,
    password_hash text not null,
    created_at bigint not null,
    updated_at bigint not null
);

-- One account per address, however it is spelled.
create unique index users_email_key on users (email_key);

create table sessions (
    id uuid primary key,
    user_id uuid not null references users (id),
    created_at bigint not null,
    expires_at bigint not null,
    revoked_at bigint
);

create index sessions_live on sessions (user_id, created_at) where revoked_at is null;
create index sessions_expires_at on sessions (expires_at);

-- Counts what is limited, in windows that begin with the first attempt.
create table attempts (
    subject text primary key,
    began_at bigint not null,
    tries bigint not null check (tries > 0)
);

create index attempts_began_at on attempts (began_at);
