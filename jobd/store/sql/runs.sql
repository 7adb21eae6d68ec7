-- name: enqueue
-- Adds one run for each of $1 elements in one statement: their ids in the order given, and how many were added (fewer
-- where Postgres does not know a job). Short arrays mean null for the rest; $8 and $9 are the job and the source of
-- elements that name none, so that a batch of one job carries neither. Defaults of the job are filled in here, for
-- Python, SQL and clock alike.
with given as materialized (
    select n, coalesce(t.job, $8) as job, t.args::jsonb as args, t.queue, t.priority, t.due_at,
           coalesce(t.source, $9) as source, t.retried_from, nextval('jobd.run_ids') as id
    from rows from (generate_series(1, $1::integer), unnest($2::text[]), unnest($3::text[]), unnest($4::text[]),
                    unnest($5::smallint[]), unnest($6::timestamptz[]), unnest($7::text[]), unnest($10::bigint[]))
         as t(n, job, args, queue, priority, due_at, source, retried_from)
), added as (
    insert into jobd.runs
        (id, job, args, queue, priority, due_at, state, retries_left, source, retried_from, limit_key)
    select g.id, j.name,
           case when j.args is null then g.args else j.args || coalesce(g.args, '{}') end,
           coalesce(g.queue, j.queue), coalesce(g.priority, j.priority), coalesce(g.due_at, now()),
           case when g.due_at > now() then 'scheduled' else 'queued' end,
           j.retries, g.source, g.retried_from,
           case when j.limit_max is null and j.global_max is null then null else jobd.limit_key(j, g.args) end
    from given g join jobd.jobs j on j.name = g.job
    returning id
)
select array(select id from given order by n) as ids, (select count(*) from added)::integer as added;

-- name: enqueue_one
-- Adds one run; no row where Postgres does not know the job.
insert into jobd.runs (job, args, queue, priority, due_at, state, retries_left, source, retried_from, limit_key)
select j.name, case when j.args is null then $2::text::jsonb else j.args || coalesce($2::text::jsonb, '{}') end,
    coalesce($3, j.queue), coalesce($4::smallint, j.priority), coalesce($5::timestamptz, now()),
    case when $5::timestamptz > now() then 'scheduled' else 'queued' end, j.retries, $6, $7,
    case when j.limit_max is null and j.global_max is null then null else jobd.limit_key(j, $2::text::jsonb) end
from jobd.jobs j where j.name = $1
returning id;

-- name: known
-- Which of these jobs Postgres knows.
select name from jobd.jobs where name = any($1::text[]);

-- name: enqueue_keyed
-- Adds one run unless its key is taken; then answers the id of the run that has it.
-- `key` is an idempotency key kept for `keep`; without one the job's own `unique` rule decides.
select id, fresh from jobd.enqueue_keyed($1, $2::jsonb, $3, $4::smallint, $5, $6, $7, $8, $9);

-- name: claim
-- Starts an attempt of up to counts[i] runs of queues[i], most urgent first; nobody else gets the same run.
-- A node that is lost, or whose lease has ended, gets nothing.
with picked as materialized (
    select p.id
    from unnest($1::text[], $2::integer[]) as q(queue, n)
    cross join lateral (
        select r.id from jobd.runs r
        where r.queue = q.queue and r.state = 'queued' and r.limit_key is null and r.crashes = 0
          and r.job = any($3::text[])
        order by r.priority, r.due_at, r.id
        limit q.n
        for update skip locked
    ) p
    where exists (select from jobd.nodes where id = $4 and not lost and lease_until > now())
)
update jobd.runs r
set state = 'running', node = $4, attempt = attempt + 1, claimed_at = now(),
    started_at = case when $5 then now() end
where r.id = any(array(select id from picked))
returning r.id, r.job, r.queue, r.priority, r.attempt, r.retries_left, r.crashes, r.args,
    date_part('epoch', r.due_at) as due, date_part('epoch', now() - r.due_at) as waited,
    r.slot, r.limit_key, r.unique_key;

-- name: claim_oldest
-- As `claim` for one run of one queue, but the one that is due longest whatever its priority:
-- a loose scan looks at the head of each priority, so it costs as many steps as there are priorities.
with recursive heads as (
    (select r.id, r.priority, r.due_at from jobd.runs r
     where r.queue = $1 and r.state = 'queued' and r.limit_key is null and r.crashes = 0
     order by r.priority, r.due_at, r.id limit 1)
    union all
    select n.id, n.priority, n.due_at from heads h cross join lateral (
        select r.id, r.priority, r.due_at from jobd.runs r
        where r.queue = $1 and r.state = 'queued' and r.limit_key is null and r.crashes = 0 and r.priority > h.priority
        order by r.priority, r.due_at, r.id limit 1) n
), picked as materialized (
    select r.id from jobd.runs r
    where r.id = (select id from heads order by due_at, id limit 1)
      and r.state = 'queued' and r.job = any($2::text[])
      and exists (select from jobd.nodes where id = $3 and not lost and lease_until > now())
    for update skip locked
)
update jobd.runs r
set state = 'running', node = $3, attempt = attempt + 1, claimed_at = now(), started_at = now()
where r.id = any(array(select id from picked))
returning r.id, r.job, r.queue, r.priority, r.attempt, r.retries_left, r.crashes, r.args,
    date_part('epoch', r.due_at) as due, date_part('epoch', now() - r.due_at) as waited,
    r.slot, r.limit_key, r.unique_key;

-- name: suspect
-- The run that waits longest of those whose node died under them.
select r.id, r.queue from jobd.runs r
where r.state = 'queued' and r.crashes > 0 and r.queue = any($1::text[]) and r.job = any($2::text[])
order by r.due_at, r.id
limit 1;

-- name: finish
-- Ends runs for good: each row leaves the live table and enters history in this one statement, with its minute's counts.
-- Only this node's own attempts of that number are ended; an id that does not come back had been taken away.
-- (`is not distinct from` leaves the planner the primary key alone: by the index on `node` it joined each row with each.
-- A row has a node exactly while it is running.)
-- Numbers (lengths in microseconds) come as array literals, which the driver writes ten times faster than arrays; a short array means null for the
-- rest, and a null outcome is a success, so that a batch of plain successes carries four columns.
with given as (
    select * from unnest($2::text::bigint[], $3::text::integer[], $4::text[], $5::text::bigint[], $6::text::bigint[],
                         $7::text[], $8::text[], $9::text[], $10::text[],
                         $11::integer[], $12::integer[], $13::integer[])
        as t(id, attempt, outcome, ago, took, result, reason, error, traceback, done, skipped, failed)
), gone as (
    delete from jobd.runs r using given g
    where r.id = g.id and r.node is not distinct from $1 and r.attempt = g.attempt
    returning r.id, r.created_at, r.due_at, r.slot, r.node, r.retried_from, r.attempt, r.priority, r.crashes, r.job,
        r.queue, r.source, r.schedule, r.args, r.limit_key,
        now() - g.ago * interval '1 microsecond' as finished_at,
        now() - (g.ago + g.took) * interval '1 microsecond' as started_at,
        g.outcome, g.result, coalesce(g.reason, r.reason) as reason, g.error, g.traceback, g.done, g.skipped, g.failed
), kept as (
    insert into jobd.history (id, finished_at, created_at, due_at, started_at, slot, node, retried_from, attempt,
        items_done, items_skipped, items_failed, priority, crashes, state, job, queue, source, schedule, reason, error,
        args, result)
    select id, finished_at, created_at, due_at, started_at, slot, node, retried_from, attempt,
        done, skipped, failed, priority, crashes,
        case coalesce(outcome, 'succeeded') when 'succeeded' then 'succeeded' when 'cancelled' then 'cancelled'
            else 'failed' end,
        job, queue, source, schedule, reason, error, args, result::jsonb
    from gone
), tried as (
    insert into jobd.attempts (run_id, attempt, node, started_at, finished_at, outcome, error, traceback)
    select id, attempt, node, started_at, finished_at, outcome, error, traceback
    from gone where outcome <> 'succeeded'
), counted as (
    insert into jobd.stats as s
        (minute, node, job, queue, succeeded, failed, cancelled, retried, run_ms, wait_ms, run_hist, wait_hist)
    select date_trunc('minute', now()), $1, t.job, t.queue, t.succeeded, t.failed, t.cancelled, t.retried,
        t.run_ms, t.wait_ms, t.run_hist::integer[], t.wait_hist::integer[]
    from unnest($14::text[], $15::text[], $16::integer[], $17::integer[], $18::integer[], $19::integer[],
                $20::float8[], $21::float8[], $22::text[], $23::text[])
        as t(job, queue, succeeded, failed, cancelled, retried, run_ms, wait_ms, run_hist, wait_hist)
    on conflict (minute, job, queue, node) do update set
        succeeded = s.succeeded + excluded.succeeded,
        failed = s.failed + excluded.failed,
        cancelled = s.cancelled + excluded.cancelled,
        retried = s.retried + excluded.retried,
        run_ms = s.run_ms + excluded.run_ms,
        wait_ms = s.wait_ms + excluded.wait_ms,
        run_hist = array(select a + b from unnest(s.run_hist, excluded.run_hist) as h(a, b)),
        wait_hist = array(select a + b from unnest(s.wait_hist, excluded.wait_hist) as h(a, b))
)
-- null: all of them; else the ids that were really ours
select case when count(*) <> $24 then coalesce(array_agg(id), '{}') end from gone;

-- name: put_back
-- Ends attempts but not their runs: to be tried again `wait` seconds from now, or at once where `wait` is null.
-- `spend` retries are paid. Writes the attempt's row where there is an outcome; a claim that never started has none.
-- A run that somebody asked to cancel is not put back: its id comes back with `cancel` true and it stays as it is.
with given as (
    select * from unnest($2::bigint[], $3::integer[], $4::text[], $5::float8[], $6::float8[], $7::float8[],
                         $8::smallint[], $9::text[], $10::text[])
        as t(id, attempt, outcome, wait, ago, took, spend, error, traceback)
), back as (
    update jobd.runs r
    set state = case when g.wait > 0 then 'scheduled' else 'queued' end,
        due_at = case when g.wait is null then r.due_at else now() + g.wait * interval '1 second' end,
        retries_left = r.retries_left - g.spend,
        crashes = case when g.outcome in ('failed', 'timed_out') then 0 else r.crashes end,
        node = null, claimed_at = null, started_at = null, progress = null
    from given g
    where r.id = g.id and r.node is not distinct from $1 and r.attempt = g.attempt and r.cancel_at is null
    returning r.id, r.attempt, r.queue, g.outcome, g.error, g.traceback,
        now() - g.ago * interval '1 second' as finished_at,
        now() - (g.ago + g.took) * interval '1 second' as started_at
), tried as (
    insert into jobd.attempts (run_id, attempt, node, started_at, finished_at, outcome, error, traceback)
    select id, attempt, $1, started_at, finished_at, outcome, error, traceback from back where outcome is not null
)
select id, false as cancel from back
union all
select r.id, true from jobd.runs r join given g using (id)
where r.node is not distinct from $1 and r.attempt = g.attempt and r.cancel_at is not null;

-- name: ended
-- Which of these attempts of this node are recorded already: a COMMIT whose answer was lost.
select id from unnest($2::bigint[], $3::integer[]) as t(id, attempt)
where exists (
    select from jobd.history h
    where h.id = t.id and h.node = $1 and h.attempt = t.attempt and h.finished_at > now() - interval '1 day')
   or exists (
    select from jobd.attempts a
    where a.run_id = t.id and a.node = $1 and a.attempt = t.attempt and a.outcome <> 'lost'
      and a.finished_at > now() - interval '1 day');

-- name: hand_back
-- Gives back what this node still holds but no longer has in memory: rows claimed before `older` seconds ago and not
-- among the held ids. Also the last word of a node that leaves. Spends nothing; returns the queues. Those whose end
-- was asked for meanwhile end as cancelled.
with unheld as materialized (
    select r.id, r.cancel_at is not null as ends from jobd.runs r
    where r.node = $1 and r.state = 'running' and r.id <> all($2::bigint[])
      and r.claimed_at < now() - $3::float8 * interval '1 second'
    order by r.id for update
), back as (
    update jobd.runs r
    set state = 'queued', node = null, claimed_at = null, started_at = null, progress = null
    where r.id = any(array(select id from unheld where not ends))
    returning r.id, r.queue
), gone as (
    delete from jobd.runs r where r.id = any(array(select id from unheld where ends)) returning r.*
), kept as (
    insert into jobd.history (id, finished_at, created_at, due_at, started_at, slot, node, retried_from, attempt,
        priority, crashes, state, job, queue, source, schedule, reason, args)
    select id, now(), created_at, due_at, started_at, slot, node, retried_from, attempt,
        priority, crashes, 'cancelled', job, queue, source, schedule, reason, args
    from gone
), keys as (
    delete from jobd.keys k using gone g
    where g.unique_key is not null and k.job = g.job and k.key = g.unique_key and k.run_id = g.id and k.expires_at is null
)
select id, queue from back;

-- name: mark_started
-- Long runs become visible as running: those that were claimed ahead of a free worker and have begun since.
update jobd.runs r set started_at = now() - t.ago * interval '1 second'
from unnest($2::bigint[], $3::integer[], $4::float8[]) as t(id, attempt, ago)
where r.id = t.id and r.node is not distinct from $1 and r.attempt = t.attempt and r.started_at is null;

-- name: progress
-- The latest progress of running attempts, at most twice a second each.
update jobd.runs r set progress = t.progress::jsonb
from unnest($2::bigint[], $3::integer[], $4::text[]) as t(id, attempt, progress)
where r.id = t.id and r.node is not distinct from $1 and r.attempt = t.attempt;

-- name: promote
-- Scheduled runs that are due become queued, oldest first; safe on every node at once. Returns their queues.
with due as materialized (
    select id from jobd.runs where state = 'scheduled' and due_at <= now()
    order by due_at limit $1 for update skip locked
), moved as (
    update jobd.runs r set state = 'queued' where r.id = any(array(select id from due)) returning r.queue
)
select queue, count(*)::integer as n from moved group by queue;

-- name: due_now
-- Scheduled runs of these ids wait no longer: queued as of now, as `promote` leaves those whose time has come, with the
-- attempts they have used. `was` is when they were due. Those that are not scheduled (any more) yield no row.
with later as materialized (
    select id, due_at from jobd.runs where id = any($1::bigint[]) and state = 'scheduled' order by id for update
)
update jobd.runs r set state = 'queued', due_at = least(r.due_at, now())
from later l where r.id = l.id
returning r.id, r.queue, l.due_at as was, r.due_at;

-- name: request_cancel
-- Asks for a run's end. A run that nobody works on ends at once; a running one is left to its node (`node` tells which).
with target as materialized (
    select * from jobd.runs where id = $1 for update
), gone as (
    delete from jobd.runs r using target t
    where r.id = t.id and t.state in ('waiting', 'scheduled', 'queued')
    returning r.*
), kept as (
    insert into jobd.history (id, finished_at, created_at, due_at, started_at, slot, node, retried_from, attempt,
        priority, crashes, state, job, queue, source, schedule, reason, args)
    select id, now(), created_at, due_at, null, slot, null, retried_from, attempt,
        priority, crashes, 'cancelled', job, queue, source, schedule, $2, args
    from gone
), keys as (
    delete from jobd.keys k using gone g
    where g.unique_key is not null and k.job = g.job and k.key = g.unique_key and k.run_id = g.id and k.expires_at is null
), asked as (
    update jobd.runs r set cancel_at = coalesce(r.cancel_at, now()), reason = coalesce(r.reason, $2)
    from target t where r.id = t.id and t.state = 'running'
    returning r.id
)
select t.id, t.state as was, case when t.state = 'running' then 'running' else 'cancelled' end as state, t.node,
    t.limit_key
from target t;

-- name: cancelled_here
-- Runs of this node that somebody asked to end.
select id, attempt, reason from jobd.runs where node = $1 and cancel_at is not null and state = 'running';

-- name: retry
-- Starts an ended run again as a new run of the same job, queue and arguments, linked to the old one.
-- `was` is how the old one ended. No row: it is not among the ended runs, or its arguments are not what they were
-- (`scrubbed`).
with old as materialized (
    select * from jobd.history where id = $1 and scrubbed_at is null order by finished_at desc limit 1
), new as (
    insert into jobd.runs (job, args, queue, priority, state, retries_left, source, retried_from, limit_key)
    select o.job, o.args, coalesce(q.name, j.queue), o.priority, 'queued', j.retries, $2, o.id, jobd.limit_key(j, o.args)
    from old o join jobd.jobs j on j.name = o.job left join jobd.queues q on q.name = o.queue
    returning id, queue
)
select n.id, n.queue, o.state as was from new n cross join old o;

-- name: scrubbed
-- Whether arguments of this ended run were overwritten ([privacy] keep).
select exists (select from jobd.history where id = $1 and scrubbed_at is not null);

-- name: release_keys
-- Uniqueness "until the run has ended" ends with these runs.
delete from jobd.keys k using unnest($1::bigint[], $2::text[], $3::text[]) as t(run_id, job, key)
where k.job = t.job and k.key = t.key and k.run_id = t.run_id and k.expires_at is null;

-- name: claim_limited
-- As `claim` for one queue, for runs under limits by key, job or queue; one round trip, one transaction.
select * from jobd.claim_limited($1, $2, $3, $4, $5, $6, $7);

-- name: unblock
-- After runs under these keys have ended: others of the same keys may start. Returns their queues.
select jobd.unblock($1::text[]) as queue;

-- name: blocked_keys
-- Keys under which runs are set aside, up to $1 of them by a loose scan: what a crash between an ending and its
-- `unblock` left behind.
with recursive keys as (
    (select limit_key from jobd.runs where blocked order by limit_key limit 1)
    union all
    select n.limit_key from keys k cross join lateral (
        select r.limit_key from jobd.runs r where r.blocked and r.limit_key > k.limit_key
        order by r.limit_key limit 1) n
)
select limit_key from keys limit $1;
