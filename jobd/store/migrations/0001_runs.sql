-- Runs, their history, and who works on them.

create sequence jobd.run_ids as bigint;

-- What nodes know: one row says which copy of which database this is (a restored copy starts paused).
create table jobd.meta (
    only_row          boolean primary key default true,
    system_identifier bigint not null,
    database          text not null,
    environment       text not null,
    adopted_at        timestamptz not null default now(),
    changed           bigint not null default 1,   -- bumped when jobs, schedules or queues change
    constraint meta_has_one_row check (only_row)
);

create table jobd.nodes (
    id          bigint generated always as identity primary key,
    name        text not null,
    host        text not null,
    pid         integer not null,
    home        text not null,          -- host and state directory: who holds its lock succeeds earlier boots there
    version     text not null,
    workers     integer not null,
    started_at  timestamptz not null default now(),
    beat_at     timestamptz not null default now(),
    lease_until timestamptz not null,
    lost        boolean not null default false,
    direct      boolean not null,       -- holds an advisory lock for as long as it lives; not so behind a pooler
    left_at     timestamptz,            -- said goodbye; kept a while for people to see
    state       text not null default 'running' constraint nodes_state check (state in ('running', 'quiet', 'stopping')),
    info        jsonb not null default '{}'
);
create index nodes_alive on jobd.nodes (lease_until) where not lost;

-- The advisory lock of a node; the first half keeps clear of other users of advisory locks.
create function jobd.lock_key(node bigint) returns bigint language sql immutable parallel safe as $$
    select ('x6a6f6264'::bit(32)::bigint << 32) | (node & 4294967295)
$$;

-- What the last load of each daemon's jobd.toml said; enqueues take their defaults here.
create table jobd.jobs (
    name            text primary key,
    owner           text not null,      -- the [daemon] name that loaded it
    queue           text not null,
    priority        smallint not null,
    retries         smallint not null,
    args            jsonb,              -- defaults; null is none
    limit_path      text[],             -- path into args of the concurrency key; empty: the job itself is the key
    limit_max       integer,
    global_max      integer,
    unique_paths    text[],             -- paths as 'a.b'; empty: all arguments; null: not unique
    unique_within   interval,           -- null: until the run has ended
    enabled         boolean not null default true,
    disabled_reason text,
    spec            jsonb not null default '{}',
    loaded_at       timestamptz not null default now()
);

create table jobd.queues (
    name         text primary key,
    owner        text not null,
    weight       integer not null,
    node_max     integer,
    global_max   integer,
    reserve      integer not null default 0,
    strict       boolean not null default false,
    paused_at    timestamptz,
    paused_by    text,
    paused_until timestamptz,
    pause_reason text,
    loaded_at    timestamptz not null default now()
);

create table jobd.schedules (
    name            text primary key,
    owner           text not null,
    job             text not null,
    spec            text not null,      -- kind, expression and zone in one line; a change starts a new cursor
    version         integer not null default 1,
    args            jsonb,
    enabled         boolean not null default true,
    disabled_reason text,
    next_slot       timestamptz,        -- the cursor; null: never again
    last_slot       timestamptz,
    last_run        bigint,
    paused_at       timestamptz,
    paused_by       text,
    pause_reason    text,
    place           text not null default '',
    tzdata          text not null default '',
    loaded_at       timestamptz not null default now()
);
create index schedules_due on jobd.schedules (next_slot) where enabled and paused_at is null;

-- Waiting and running runs only. Narrow and churned: room for updates on the page, eager vacuum.
create table jobd.runs (
    id           bigint primary key default nextval('jobd.run_ids'),
    due_at       timestamptz not null default now(),
    created_at   timestamptz not null default now(),
    claimed_at   timestamptz,
    started_at   timestamptz,           -- null while claimed but unstarted, which is shown as queued
    slot         timestamptz,
    cancel_at    timestamptz,           -- somebody asked for its end
    node         bigint,
    retried_from bigint,
    attempt      integer not null default 0,
    priority     smallint not null default 0,
    retries_left smallint not null default 0,
    crashes      smallint not null default 0,   -- nodes that died under it; above 0 it is suspect
    blocked      boolean not null default false, -- its limit was full when a node looked; an ending of its key frees it
    state        text not null default 'queued',
    job          text not null,
    queue        text not null,
    source       text not null,
    schedule     text,
    limit_key    text,
    unique_key   text,
    reason       text,
    args         jsonb,                 -- null is {}
    progress     jsonb,
    constraint runs_state check (state in ('waiting', 'scheduled', 'queued', 'running')),
    constraint running_iff_node check ((state = 'running') = (node is not null))
) with (
    fillfactor = 70,
    autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 2000, autovacuum_vacuum_cost_delay = 0,
    autovacuum_vacuum_insert_scale_factor = 0.2,
    autovacuum_analyze_scale_factor = 0.1, autovacuum_analyze_threshold = 2000
);
create index runs_claimable on jobd.runs (queue, priority, due_at, id)
    where state = 'queued' and limit_key is null and crashes = 0;
create index runs_claimable_limited on jobd.runs (queue, priority, due_at, id)
    where state = 'queued' and limit_key is not null and crashes = 0 and not blocked;
create index runs_blocked on jobd.runs (limit_key, priority, due_at, id) where blocked;
create index runs_suspect on jobd.runs (due_at, id) where state = 'queued' and crashes > 0;
create index runs_due on jobd.runs (due_at) where state = 'scheduled';
create index runs_held on jobd.runs (node) where state = 'running';
create index runs_limited on jobd.runs (job, limit_key) where state = 'running' and limit_key is not null;
create index runs_cancelled on jobd.runs (node) where cancel_at is not null;
create unique index runs_one_per_slot on jobd.runs (schedule, slot) where slot is not null;

-- Ended runs, one row each, a partition a day.
create table jobd.history (
    id            bigint not null,
    finished_at   timestamptz not null,
    created_at    timestamptz not null,
    due_at        timestamptz not null,
    started_at    timestamptz,
    slot          timestamptz,
    node          bigint,
    retried_from  bigint,
    attempt       integer not null,
    items_done    integer,
    items_skipped integer,
    items_failed  integer,
    priority      smallint not null,
    crashes       smallint not null default 0,
    state         text not null,
    job           text not null,
    queue         text not null,
    source        text not null,
    schedule      text,
    reason        text,
    error         text,
    args          jsonb,
    result        jsonb,
    constraint history_is_final check (state in ('succeeded', 'failed', 'cancelled', 'skipped'))
) partition by range (finished_at);
create index history_id on jobd.history (id);
create index history_finished on jobd.history (finished_at, id);
create index history_job on jobd.history (job, finished_at, id);
create index history_trouble on jobd.history (finished_at, id) where state <> 'succeeded';

-- Attempts that did not succeed; a success lives in its run's history row alone.
create table jobd.attempts (
    run_id      bigint not null,
    attempt     integer not null,
    node        bigint,
    started_at  timestamptz,
    finished_at timestamptz not null,
    outcome     text not null
        constraint attempts_outcome check (outcome in ('failed', 'timed_out', 'cancelled', 'interrupted', 'lost')),
    error       text,
    traceback   text
) partition by range (finished_at);
create index attempts_run on jobd.attempts (run_id, attempt);

-- The key under which a run is limited; null when its job has no limit. One place for Python, SQL and clock.
create function jobd.limit_key(job jobd.jobs, args jsonb) returns text
    language sql immutable parallel safe as $$
    select case when job.limit_max is null and job.global_max is null then null
                when job.limit_path is null then job.name
                else job.name || ':' || coalesce(coalesce(job.args, '{}') || coalesce(args, '{}') #>> job.limit_path, '')
           end
$$;

-- Uniqueness that must outlive a run: idempotency keys and `unique within`.
create table jobd.keys (
    job        text not null,
    key        text not null,
    run_id     bigint not null,
    expires_at timestamptz,             -- null: until the run has ended
    primary key (job, key)
);
create index keys_expired on jobd.keys (expires_at) where expires_at is not null;

-- One row a limit; who may start runs under it holds the row's lock.
create table jobd.limits (
    key text primary key
);

-- Counts and times by minute; each row is written by one node's recorder alone, so endings share no row.
create table jobd.stats (
    minute     timestamptz not null,
    node       bigint not null,
    job        text not null,
    queue      text not null,
    succeeded  integer not null default 0,
    failed     integer not null default 0,
    cancelled  integer not null default 0,
    skipped    integer not null default 0,
    retried    integer not null default 0,
    run_ms     double precision not null default 0,
    wait_ms    double precision not null default 0,
    run_hist   integer[] not null,      -- bucket i counts values below 2^(i-1) ms (1 based); the last takes the rest
    wait_hist  integer[] not null,
    primary key (minute, job, queue, node)
);

-- Adds one run unless its key is taken. The row of `keys` is what two callers race for; the loser gets the winner's run.
create function jobd.enqueue_keyed(
    job_name text, args jsonb, queue_name text, prio smallint, run_at timestamptz, asked_by text, old_run bigint,
    idempotency_key text, keep interval, out id bigint, out fresh boolean)
    language plpgsql as $$
declare
    j jobd.jobs;
    full_args jsonb;
    the_key text;
    expires timestamptz;
    old_id bigint;
begin
    select * into j from jobd.jobs where name = job_name;
    if not found then
        return;
    end if;
    full_args := case when j.args is null then args else j.args || coalesce(args, '{}') end;
    if idempotency_key is not null then
        the_key := 'key:' || idempotency_key;
        expires := now() + keep;
    elsif j.unique_paths is not null then
        the_key := 'unique:' || md5(case when j.unique_paths = '{}' then coalesce(full_args, '{}')::text
            else (select string_agg(coalesce(full_args #> string_to_array(p, '.'), 'null')::text, ',' order by n)
                  from unnest(j.unique_paths) with ordinality u(p, n)) end);
        expires := now() + j.unique_within;
    end if;
    id := nextval('jobd.run_ids');
    fresh := true;
    while the_key is not null loop
        insert into jobd.keys as k (job, key, run_id, expires_at) values (job_name, the_key, id, expires)
        on conflict (job, key) do update set run_id = excluded.run_id, expires_at = excluded.expires_at
            where k.expires_at <= now();
        exit when found;
        select k.run_id into old_id from jobd.keys k where k.job = job_name and k.key = the_key;
        if found then   -- else its run ended between the two statements, and the key is free
            id := old_id;
            fresh := false;
            return;
        end if;
    end loop;
    insert into jobd.runs (id, job, args, queue, priority, due_at, state, retries_left, source, retried_from,
                           limit_key, unique_key)
    values (id, job_name, full_args, coalesce(queue_name, j.queue), coalesce(prio, j.priority), coalesce(run_at, now()),
            case when run_at > now() then 'scheduled' else 'queued' end, j.retries, asked_by, old_run,
            jobd.limit_key(j, args), case when expires is null then the_key end);
end $$;

-- Tomorrow's partitions are made today. Security definer: the daemon's role needs no DDL of its own.
create function jobd.make_partitions(days_ahead integer) returns integer
    language plpgsql security definer set search_path = jobd, pg_temp set lock_timeout = '100ms' as $$
declare
    parent text;
    day date;
    made integer := 0;
begin
    foreach parent in array array['history', 'attempts'] loop
        for day in select d::date from generate_series(
            (now() at time zone 'UTC')::date - 1, (now() at time zone 'UTC')::date + days_ahead, interval '1 day') d
        loop
            if to_regclass(format('jobd.%I', parent || to_char(day, '_YYYYMMDD'))) is null then
                execute format(
                    'create table jobd.%I partition of jobd.%I for values from (%L) to (%L)',
                    parent || to_char(day, '_YYYYMMDD'), parent,
                    (day::timestamp at time zone 'UTC'), ((day + 1)::timestamp at time zone 'UTC'));
                made := made + 1;
            end if;
        end loop;
    end loop;
    return made;
end $$;

-- Partitions that ended before `before` are dropped whole.
create function jobd.drop_partitions(before timestamptz) returns integer
    language plpgsql security definer set search_path = jobd, pg_temp set lock_timeout = '100ms' as $$
declare
    part record;
    dropped integer := 0;
begin
    for part in
        select c.relname from pg_inherits i join pg_class c on c.oid = i.inhrelid
        where i.inhparent in ('jobd.history'::regclass, 'jobd.attempts'::regclass)
          and to_date(right(c.relname, 8), 'YYYYMMDD') + 1 <= (before at time zone 'UTC')::date
    loop
        execute format('drop table jobd.%I', part.relname);
        dropped := dropped + 1;
    end loop;
    return dropped;
end $$;

-- Waits until nobody holds the advisory lock, at most `seconds`. Commits between looks, so that the wait pins no
-- snapshot: a plain pg_advisory_lock() would hold back vacuum of the hot table for as long as the other node lives.
create procedure jobd.await_release(lock_key bigint, seconds double precision, inout released boolean)
    language plpgsql as $$
declare
    until timestamptz := clock_timestamp() + make_interval(secs => seconds);
begin
    loop
        released := pg_try_advisory_xact_lock_shared(lock_key);
        commit;
        exit when released or clock_timestamp() > until;
        perform pg_sleep(0.05);
    end loop;
end $$;

select jobd.make_partitions(14);
