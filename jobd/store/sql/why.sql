-- name: run
-- What a live run waits for, as far as its own row and its job's row say it.
select r.claimed_at, r.crashes, r.blocked, r.limit_key, r.priority, r.due_at, now() as now,
    j.name as known, j.enabled, j.disabled_reason, j.limit_max, j.global_max, j.limit_path
from jobd.runs r left join jobd.jobs j on j.name = r.job where r.id = $1;

-- name: job
-- A job with its limits, how many of its runs run, wait and come later, which of those that wait has been due the
-- longest, and three of its schedules, those that fire next first.
select j.name, j.queue, j.enabled, j.disabled_reason, j.limit_path, j.limit_max, j.global_max, now() as now,
    n.running, n.queued, n.scheduled, oldest.id as oldest, s.schedules, s.schedule_count
from jobd.jobs j
cross join lateral (
    select count(*) filter (where r.state = 'running' and r.started_at is not null)::integer as running,
        count(*) filter (where r.state = 'queued' or r.state = 'running' and r.started_at is null)::integer as queued,
        count(*) filter (where r.state = 'scheduled')::integer as scheduled
    from jobd.runs r where r.job = j.name
) n
left join lateral (
    select r.id from jobd.runs r
    where n.queued > 0 and r.job = j.name and (r.state = 'queued' or r.state = 'running' and r.started_at is null)
    order by r.due_at, r.id limit 1
) oldest on true
cross join lateral (
    select coalesce(jsonb_agg(to_jsonb(f) - 'n' order by f.stands, f.next_slot, f.name), '[]') as schedules,
        coalesce(max(f.n), 0)::integer as schedule_count
    from (select c.name, c.enabled, c.next_slot,
            c.paused_at is not null and coalesce(c.paused_until > now(), true) as paused,
            not c.enabled or c.paused_at is not null as stands, count(*) over () as n
          from jobd.schedules c where c.job = j.name
          order by not c.enabled or c.paused_at is not null, c.next_slot, c.name limit 3) f
) s
where j.name = $1;

-- name: ended
-- The latest five runs of a job that are over, newest first, with how they failed.
select h.id, h.state, h.finished_at, left(h.error, 1000) as error
from jobd.history h where h.job = $1
order by h.finished_at desc, h.id desc limit 5;

-- name: queue
-- A queue with its limits, its pause while that holds, and what nodes keep for other queues.
select q.name, q.node_max, q.global_max, now() as now,
    case when coalesce(q.paused_until > now(), true) then q.paused_at end as paused_at,
    q.paused_by, q.paused_until, q.pause_reason,
    (select coalesce(jsonb_object_agg(o.name, o.reserve), '{}') from jobd.queues o
        where o.reserve > 0 and o.name <> q.name) as reserves,
    (select count(*)::integer from jobd.runs r where r.state = 'running' and r.queue = q.name) as running
from jobd.queues q where q.name = $1;

-- name: elsewhere
-- Another queue than $1 for runs of job $2: not paused, served by a node that knows the job, and with room under its
-- own limits; the default one, else the one that is served most often.
select q.name from jobd.queues q
cross join lateral (
    select count(*) as n from jobd.runs r where r.state = 'running' and r.queue = q.name
) held
where q.name <> $1 and (q.paused_at is null or q.paused_until <= now())
  and held.n < least(q.node_max, q.global_max, 2147483647)
  and exists (
    select from jobd.nodes n where not n.lost and n.lease_until > now() and n.desired = 'running'
      and coalesce(n.info -> 'queues' ? q.name, true) and coalesce(n.info -> 'jobs' ? $2, true))
order by q.name <> 'default', q.weight desc, q.name limit 1;

-- name: nodes
-- Nodes that are alive: whether they serve queue $1 and can run job $2 (null: any), and what they hold by queue. One
-- that has not said anything of itself yet is taken for one that does.
select n.id, n.host, n.workers, n.desired, n.desired_by, n.desired_reason,
    coalesce(n.info -> 'queues' ? $1, true) as serves,
    coalesce($2::text is null or n.info -> 'jobs' ? $2, true) as knows,
    coalesce(n.info -> 'queues' <> '[]', true) as fires,
    (select coalesce(jsonb_object_agg(l.queue, l.n), '{}') from (
        select r.queue, count(*) as n from jobd.runs r where r.node = n.id and r.state = 'running' group by r.queue
    ) l) as load
from jobd.nodes n where not n.lost and n.lease_until > now() order by n.id;

-- name: holders
-- Running runs under a limit key, of a job, of a queue, suspect ones, or on nodes: whichever is not null. The longest
-- first, three of them, each with the count of all.
select r.id, r.job, r.node, coalesce(r.started_at, r.claimed_at, now()) as since, count(*) over () as n
from jobd.runs r
where r.state = 'running' and r.id <> $6
  and ($1::text is null or r.limit_key = $1) and ($2::text is null or r.job = $2)
  and ($3::text is null or r.queue = $3) and ($4::bigint[] is null or r.node = any($4))
  and ($5::boolean is null or (r.crashes > 0) = $5)
order by coalesce(r.started_at, r.claimed_at), r.id limit 3;

-- name: busy
-- Which jobs run on these nodes, the most first.
select r.job, count(*)::integer as n from jobd.runs r
where r.state = 'running' and r.node = any($1::bigint[]) group by r.job order by 2 desc, 1 limit 3;

-- name: ahead
-- Of the runs of a queue that are chosen before one with this priority, due time, id and limit key (or null), the next,
-- with the count of all; no row without any. At most 10,001 of each kind are looked at, each kind by its index: free
-- ones, those under limits with room, and those that wait for the same key. Nobody takes runs of a job that is disabled
-- or gone.
with candidates as materialized (
    (select r.id, r.job, r.queue, r.priority, r.due_at, r.blocked from jobd.runs r
     where r.queue = $1 and r.state = 'queued' and r.limit_key is null and r.crashes = 0
       and (r.priority, r.due_at, r.id) < ($2::smallint, $3::timestamptz, $4::bigint)
     order by r.priority, r.due_at, r.id limit 10001)
    union all
    (select r.id, r.job, r.queue, r.priority, r.due_at, r.blocked from jobd.runs r
     where r.queue = $1 and r.state = 'queued' and r.limit_key is not null and r.crashes = 0 and not r.blocked
       and (r.priority, r.due_at, r.id) < ($2::smallint, $3::timestamptz, $4::bigint)
     order by r.priority, r.due_at, r.id limit 10001)
    union all
    (select r.id, r.job, r.queue, r.priority, r.due_at, r.blocked from jobd.runs r
     where r.blocked and r.limit_key = $5::text and r.crashes = 0
       and (r.priority, r.due_at, r.id) < ($2::smallint, $3::timestamptz, $4::bigint)
     order by r.priority, r.due_at, r.id limit 10001)
)
select c.id, c.job, (count(*) over ())::integer as count from candidates c
where c.queue = $1 and exists (select from jobd.jobs j where j.name = c.job and j.enabled)
order by c.blocked, c.priority, c.due_at, c.id limit 1;

-- name: missed
-- The latest slots of a schedule that were written down as missed, when no later one has fired.
select h.finished_at, h.reason from jobd.history h join jobd.schedules s on s.name = h.schedule
where h.schedule = $1 and h.job = s.job and h.state = 'skipped' and h.attempt = 0
  and h.slot > coalesce(s.last_slot, '-infinity')
order by h.finished_at desc, h.id desc limit 1;

-- name: last_error
-- How the latest run of a schedule failed.
select h.error from jobd.history h where h.id = $1 and h.state = 'failed' limit 1;
