-- name: empty
-- As the migrations left them.
truncate jobd.runs, jobd.history, jobd.attempts, jobd.stats, jobd.keys, jobd.limits, jobd.nodes, jobd.jobs, jobd.queues,
    jobd.schedules;

-- name: add_runs
-- $3 queued runs of job $1 with `{"user_id": i}` for arguments, user ids below $4; in queue $2, or in the job's own.
insert into jobd.runs (job, queue, priority, args, retries_left, source, limit_key)
select j.name, coalesce($2::text, j.queue), j.priority, a.args, j.retries, 'benchmark', jobd.limit_key(j, a.args)
from jobd.jobs j
cross join generate_series(1, $3::integer) i
cross join lateral (select jsonb_build_object('user_id', i % $4::integer) as args) a
where j.name = $1
order by i;

-- name: add_history
-- $1 runs that ended since yesterday, evenly spread, as the four jobs of an application would leave them.
insert into jobd.history (id, finished_at, created_at, due_at, started_at, node, attempt, priority, state, job, queue,
    source, args)
select nextval('jobd.run_ids'), t.finished_at, t.finished_at - interval '3 s', t.finished_at - interval '3 s',
    t.finished_at - interval '1 s', 1, 1, 0, case when i % 50 = 0 then 'failed' else 'succeeded' end,
    'past-' || i % 4, 'default', 'benchmark', jsonb_build_object('user_id', i)
from generate_series(1, $1::integer) i
cross join lateral (select now() - (1 - i::float8 / $1) * interval '20 hours' as finished_at) t;

-- name: notify
-- To go with the commit of what was added.
select pg_notify('jobd_queue', queue) from unnest($1::text[]) as queue;

-- name: newest
-- The newest live run; null when every run has ended. Read from the end of the primary key, where the last run to
-- start is: looking for any live row would walk over all dead ones, ten times a second, beside what is measured.
select max(id) from jobd.runs;

-- name: latest
-- The run that ended last; nothing runs.
select id from jobd.history order by finished_at desc limit 1;

-- name: succeeded
-- Runs that were recorded as succeeded, by the counts that are written together with their endings.
select coalesce(sum(succeeded), 0)::bigint from jobd.stats;

-- name: statements
-- Statements that clients sent to database $1 so far, without those that only look on.
select coalesce(sum(calls), 0)::bigint from pg_stat_statements
where dbid = (select oid from pg_database where datname = $1) and query <> all($2::text[]);
