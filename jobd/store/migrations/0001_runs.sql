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
create index runs_limited on jobd.runs (limit_key) where state = 'running' and limit_key is not null;
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
    old_expires timestamptz;
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
        select k.run_id, k.expires_at into old_id, old_expires from jobd.keys k where k.job = job_name and k.key = the_key;
        continue when not found;   -- its run ended between the two statements, and the key is free
        if old_expires is not null or exists (select from jobd.runs r where r.id = old_id) then
            id := old_id;
            fresh := false;
            return;
        end if;
        -- its run has ended and nobody released the key: the daemon died in between
        delete from jobd.keys k where k.job = job_name and k.key = the_key and k.run_id = old_id;
    end loop;
    insert into jobd.runs (id, job, args, queue, priority, due_at, state, retries_left, source, retried_from,
                           limit_key, unique_key)
    values (id, job_name, full_args, coalesce(queue_name, j.queue), coalesce(prio, j.priority), coalesce(run_at, now()),
            case when run_at > now() then 'scheduled' else 'queued' end, j.retries, asked_by, old_run,
            jobd.limit_key(j, args), case when expires is null then the_key end);
end $$;

-- The row of `limits` that guards a key: 64 rows a job, for a lock of its own for each of a thousand keys costs more
-- than the claim itself.
create function jobd.guard(job text, limit_key text) returns text language sql immutable parallel safe as $$
    select 'key:' || job || '#' || (hashtext(limit_key) & 63)::text
$$;

-- Claims runs under limits. A limit is guarded by a row of `limits`: whoever starts runs under it locks that row first
-- (skipping those that others hold) and counts running rows afterwards, in a statement of its own, so that it sees
-- every start that was committed before it got the lock. No counter can drift. Runs whose key is full are set aside as
-- `blocked`, so that they never fill the window behind which other keys wait; their keys come back in rows without an
-- id, for which the caller asks `unblock` once this is committed. With `lone_run`, that one alone is tried.
create function jobd.claim_limited(
    queue_name text, wanted integer, known text[], who bigint, starts boolean, queue_max integer,
    lone_run bigint default null)
    returns table (id bigint, job text, queue text, priority smallint, attempt integer, retries_left smallint,
        crashes smallint, args jsonb, due float8, waited float8, slot timestamptz, limit_key text, unique_key text)
    language plpgsql set enable_hashjoin = on as $$
#variable_conflict use_column
declare
    room integer := wanted;
    candidates bigint[];
    needed text[];
    held text[];
begin
    if not exists (select from jobd.nodes n where n.id = who and not n.lost and n.lease_until > now()) then
        return;
    end if;
    if queue_max is not null then
        insert into jobd.limits (key) values ('queue:' || queue_name) on conflict do nothing;
        perform from jobd.limits l where l.key = 'queue:' || queue_name for no key update skip locked;
        if not found then
            return;
        end if;
        select least(wanted, queue_max - count(*))::integer into room
        from jobd.runs r where r.state = 'running' and r.queue = queue_name;
        if room <= 0 then
            return;
        end if;
    end if;
    candidates := case when lone_run is not null then array[lone_run] else array(
        select r.id from jobd.runs r
        where r.queue = queue_name and r.state = 'queued' and r.limit_key is not null and r.crashes = 0
          and not r.blocked and r.job = any(known)
        order by r.priority, r.due_at, r.id limit greatest(2 * room, 100)) end;
    if queue_max is not null and lone_run is null then
        candidates := candidates || array(
            select r.id from jobd.runs r
            where r.queue = queue_name and r.state = 'queued' and r.limit_key is null and r.crashes = 0
              and r.job = any(known)
            order by r.priority, r.due_at, r.id limit room);
    end if;
    needed := array(
        select distinct k.key from jobd.runs r join jobd.jobs j on j.name = r.job
        cross join lateral (values (jobd.guard(r.job, r.limit_key)), (case when j.global_max is not null then 'job:' || j.name end)) k(key)
        where r.id = any(candidates) and k.key is not null);
    insert into jobd.limits (key) select u.key from unnest(needed) u(key)
        where not exists (select from jobd.limits l where l.key = u.key) order by u.key on conflict do nothing;
    held := array(select l.key from jobd.limits l where l.key = any(needed) order by l.key
        for no key update skip locked);
    return query
    with mine as (
        select r.id, r.job, r.limit_key, r.priority, r.due_at, j.global_max,
            case when r.limit_key is not null then coalesce(j.limit_max, j.global_max) end as key_max
        from jobd.runs r join jobd.jobs j on j.name = r.job
        where r.id = any(candidates) and r.state = 'queued'
          and (r.limit_key is null or jobd.guard(r.job, r.limit_key) = any(held))
          and (j.global_max is null or 'job:' || j.name = any(held))
    ), running_jobs as (
        select r.job, count(*) as n from jobd.runs r
        where r.state = 'running' and r.limit_key is not null
          and r.job in (select m.job from mine m where m.global_max is not null)
        group by r.job
    ), by_key as (
        -- a probe of the index a row: a join of two sets whose sizes the planner cannot know took seconds
        select m.*, m.key_max is not null and row_number()
                over (partition by m.limit_key order by m.priority, m.due_at, m.id)
            + (select count(*) from jobd.runs r where r.state = 'running' and r.limit_key = m.limit_key)
            > m.key_max as key_full
        from mine m
    ), by_job as (
        select b.*, b.global_max is not null and coalesce(j.n, 0) + row_number()
            over (partition by b.job order by b.priority, b.due_at, b.id) > b.global_max as job_full
        from by_key b left join running_jobs j on j.job = b.job
        where not b.key_full
    ), chosen as (
        select b.id from by_job b where not b.job_full order by b.priority, b.due_at, b.id limit room
    ), aside as (
        -- only where they fill most of the window: what can start soon is not written twice more
        update jobd.runs r set blocked = true from by_key b
        where r.id = b.id and b.key_full and 4 * (select count(*) from chosen) < cardinality(candidates)
          and (select count(*) from chosen) < room
        returning r.limit_key
    ), taken as (
        update jobd.runs r
        set state = 'running', node = who, attempt = r.attempt + 1, claimed_at = now(),
            started_at = case when starts then now() end
        where r.id = any(array(select c.id from chosen c)) and r.state = 'queued'
        returning r.*
    )
    select t.id, t.job, t.queue, t.priority, t.attempt, t.retries_left, t.crashes, t.args,
        date_part('epoch', t.due_at), date_part('epoch', now() - t.due_at),
        t.slot, t.limit_key, t.unique_key
    from taken t
    union all
    select null::bigint, null::text, null::text, null::smallint, null::integer, null::smallint, null::smallint,
        null::jsonb, null::float8, null::float8, null::timestamptz, a.limit_key, null::text
    from (select distinct limit_key from aside) a;
end $$;

-- Brings back runs that were set aside, as many of each key as its limit admits now. Called after runs under these keys
-- have ended, and by a claim that set some aside, both after their commit: whoever commits last sees the other, so no run
-- is forgotten, without a lock. Returns the queues.
create function jobd.unblock(keys text[]) returns setof text
    language sql set enable_hashjoin = on set enable_seqscan = off set enable_bitmapscan = off as $$
    with freed as (
        select b.id
        from unnest(keys) as k(key)
        cross join lateral (
            select r.id, row_number() over (order by r.priority, r.due_at, r.id) as nth,
                coalesce(j.limit_max, j.global_max, 1) as most
            from (select * from jobd.runs r where r.blocked and r.limit_key = k.key
                  order by r.priority, r.due_at, r.id limit 100) r
            left join jobd.jobs j on j.name = r.job) b
        where b.nth <= b.most - (
            select count(*) from jobd.runs r where r.state = 'running' and r.limit_key = k.key)
    ), moved as (
        update jobd.runs r set blocked = false where r.id = any(array(select f.id from freed f)) and r.blocked
        returning r.queue
    )
    select distinct m.queue from moved m
$$;

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
        with children as materialized (
            select c.relname from pg_inherits i join pg_class c on c.oid = i.inhrelid
            where i.inhparent in ('jobd.history'::regclass, 'jobd.attempts'::regclass)
        )
        select relname from children
        where to_date(right(relname, 8), 'YYYYMMDD') + 1 <= (before at time zone 'UTC')::date
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
