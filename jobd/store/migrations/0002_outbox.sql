-- What waits to leave the house: one row for one message to one recipient.

create table jobd.outbox (
    id          bigint generated always as identity primary key,
    run_id      bigint,                 -- null: no run asked for it
    created_at  timestamptz not null default now(),
    queued_at   timestamptz not null default now(),  -- giving up counts from here; sending again by hand resets it
    due_at      timestamptz not null default now(),
    claimed_at  timestamptz,
    finished_at timestamptz,
    node        bigint,
    tries       integer not null default 0,     -- grows with each taking: (id, tries) names one taking for ever
    doubts      integer not null default 0,     -- answers lost after the final dot; only such a message can arrive twice
    state       text not null default 'pending',
    phase       text,
    job         text not null,
    kind        text not null,
    key         text,
    sender      text not null,
    recipient   text not null,
    subject     text not null,
    message_id  text not null,                  -- the same at every try, so that a receiver can drop the second copy
    reply       text,                           -- what the server said last, or what kept us from hearing it
    headers     jsonb,                          -- null is {}
    text        text,
    html        text,
    constraint outbox_state check (
        state in ('pending', 'sending', 'sent', 'deferred', 'bounced', 'in_doubt', 'held', 'dead')),
    constraint outbox_phase check (phase in ('before_dot', 'dot_sent')),
    constraint outbox_sending_iff_node check ((state = 'sending') = (node is not null)),
    constraint outbox_sending_iff_phase check ((state = 'sending') = (phase is not null)),
    constraint outbox_finished_iff_final check ((state in ('sent', 'bounced', 'dead')) = (finished_at is not null)),
    constraint outbox_has_body check (text is not null or html is not null),
    constraint outbox_header_lines check (recipient !~ '[\r\n]' and subject !~ '[\r\n]' and sender !~ '[\r\n]')
) with (
    fillfactor = 80,
    autovacuum_vacuum_scale_factor = 0.05, autovacuum_vacuum_threshold = 1000, autovacuum_vacuum_cost_delay = 0
);
create index outbox_due on jobd.outbox (due_at, id) where state in ('pending', 'deferred', 'in_doubt');
create index outbox_sending on jobd.outbox (node) where state = 'sending';
create index outbox_state_id on jobd.outbox (state, id) where state <> 'sent';
create index outbox_finished on jobd.outbox (finished_at) where state in ('sent', 'bounced', 'dead');
create index outbox_run on jobd.outbox (run_id) where run_id is not null;

-- Occasions that were mailed once and never again. A table of its own, because "once for ever" must outlive the
-- message: delivered messages with their bodies go after a month, a key of some 100 bytes stays.
create table jobd.outbox_keys (
    kind       text not null,
    key        text not null,
    created_at timestamptz not null default now(),
    primary key (kind, key)
);
