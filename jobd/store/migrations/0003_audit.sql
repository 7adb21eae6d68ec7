-- Who changed what, who may come over TCP, and what is being done to many runs at once.

-- One row for each change that a person or a program asked for, written in the transaction of the change itself.
create table jobd.audit (
    id        bigint generated always as identity primary key,
    at        timestamptz not null default now(),
    actor     text not null,            -- 'uid:1000 (alice)' or 'token:ci'
    uid       bigint,                   -- on the Unix socket, as the kernel says
    pid       integer,
    token     text,                     -- on TCP: the token's name
    action    text not null,            -- 'queue.pause'
    target    text not null,            -- the queue's name, the run's id
    reason    text,
    before    jsonb,                    -- what the change replaced; null where nothing can be put back
    after     jsonb,
    undoes    bigint,                   -- this change put that one back
    undone_by bigint,
    constraint audit_names_its_actor check (uid is not null or token is not null)
);
create index audit_target on jobd.audit (target, id);
create index audit_at on jobd.audit (at);

-- Bearer tokens: only a SHA-256 of 32 random bytes is kept, which nobody can search backwards.
create table jobd.tokens (
    name       text primary key,
    hash       bytea not null unique,
    role       text not null constraint tokens_role check (role in ('viewer', 'operator', 'admin')),
    created_at timestamptz not null default now(),
    expires_at timestamptz,             -- null: until it is revoked
    revoked_at timestamptz,
    constraint tokens_hash check (length(hash) = 32)
);

-- One action on all runs that a filter finds. A node takes it with a lease and moves the cursor with each batch, in
-- one transaction with the batch: a node that dies half way loses nothing, and no run is retried twice.
create table jobd.bulk (
    id          bigint generated always as identity primary key,
    action      text not null constraint bulk_action check (action in ('retry', 'cancel', 'move')),
    filter      text not null,
    queue       text,                   -- of a move: where to
    reason      text,
    source      text not null,          -- who asked, as the runs remember it
    state       text not null default 'running'
        constraint bulk_state check (state in ('running', 'done', 'cancelled', 'failed')),
    error       text,
    expected    integer not null,
    matched     integer not null,       -- when it began; grows no more
    seen        integer not null default 0,
    changed     integer not null default 0,
    cursor      text,                   -- null: at the beginning
    created_at  timestamptz not null default now(), -- relative times of the filter count from here
    finished_at timestamptz,
    held_by     text,
    held_until  timestamptz,
    constraint bulk_finished_iff_over check ((state = 'running') = (finished_at is null)),
    constraint bulk_move_has_a_queue check ((action = 'move') = (queue is not null))
);
create index bulk_running on jobd.bulk (id) where state = 'running';
