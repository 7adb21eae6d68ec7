-- name: now
-- The clock that everything is due by.
select now();

-- name: jobs
-- Every job with what runs of it, when it is next due, how the run that ended last did, and how many of its runs wait
-- for another attempt.
with retrying as (
    select r.job, count(*)::integer as n from jobd.runs r where r.attempt > 0 and r.state <> 'running' group by r.job
)
select j.name, j.queue, j.priority, j.retries, j.enabled, j.disabled_reason,
    (select count(*) from jobd.runs r where r.state = 'running' and r.started_at is not null and r.job = j.name)::integer
        as running,
    (select min(s.next_slot) from jobd.schedules s where s.job = j.name and s.enabled and s.paused_at is null)
        as next_due,
    last.id as last_id, last.state as last_state, last.finished_at as last_finished_at,
    coalesce(again.n, 0) as retrying
from jobd.jobs j
left join retrying again on again.job = j.name
left join lateral (
    select h.id, h.state, h.finished_at from jobd.history h
    where h.job = j.name order by h.finished_at desc, h.id desc limit 1
) last on true
where $1::text is null or j.name = $1
order by j.name;

-- name: schedules
-- Every schedule with its cursor and how its latest run stands; one that history has forgotten has no state.
select s.name, s.job, s.spec, s.enabled, s.disabled_reason, s.next_slot, s.last_slot, s.last_run as last_id,
    coalesce(live.state, old.state) as last_state, old.finished_at as last_finished_at,
    s.paused_at, s.paused_by, s.paused_until, s.pause_reason, s.place, s.args::text as args
from jobd.schedules s
left join lateral (
    select case when r.state = 'running' and r.started_at is null then 'queued' else r.state end as state
    from jobd.runs r where r.id = s.last_run
) live on true
left join lateral (
    select h.state, h.finished_at from jobd.history h where h.id = s.last_run limit 1
) old on true
where $1::text is null or s.name = $1
order by s.name;

-- name: outcomes
-- The last $2 ended runs of each schedule, newest first. Of many schedules those that fired last, $3 of them: each
-- walks its own part of the index backwards, a partition at a time, and stops at the limit.
select s.name, h.id, h.state, h.finished_at
from (select name from jobd.schedules where last_run is not null and ($1::text is null or name = $1)
      order by last_slot desc nulls last limit $3::integer) s
cross join lateral (
    select h.id, h.state, h.finished_at from jobd.history h
    where h.schedule = s.name order by h.finished_at desc, h.id desc limit $2::integer
) h
order by h.finished_at desc, h.id desc;

-- name: queues
-- Every queue with how much waits and for how long. Each count stops at 10,001 entries of the index that the claim
-- uses; the oldest is found by a loose scan, one step for each priority in use.
with recursive heads as (
    select q.name as queue, h.priority, h.due_at
    from jobd.queues q cross join lateral (
        select r.priority, r.due_at from jobd.runs r
        where r.queue = q.name and r.state = 'queued' and r.limit_key is null and r.crashes = 0
        order by r.priority, r.due_at, r.id limit 1) h
    union all
    select p.queue, h.priority, h.due_at
    from heads p cross join lateral (
        select r.priority, r.due_at from jobd.runs r
        where r.queue = p.queue and r.state = 'queued' and r.limit_key is null and r.crashes = 0
          and r.priority > p.priority
        order by r.priority, r.due_at, r.id limit 1) h
), limited as (
    select q.name as queue, h.priority, h.due_at
    from jobd.queues q cross join lateral (
        select r.priority, r.due_at from jobd.runs r
        where r.queue = q.name and r.state = 'queued' and r.limit_key is not null and r.crashes = 0 and not r.blocked
        order by r.priority, r.due_at, r.id limit 1) h
    union all
    select p.queue, h.priority, h.due_at
    from limited p cross join lateral (
        select r.priority, r.due_at from jobd.runs r
        where r.queue = p.queue and r.state = 'queued' and r.limit_key is not null and r.crashes = 0 and not r.blocked
          and r.priority > p.priority
        order by r.priority, r.due_at, r.id limit 1) h
), held as (
    -- blocked and suspect ones stand in indexes of their own, not sorted by queue: counted once for all queues
    select queue, count(*) as n, count(*) filter (where blocked) as blocked, min(due_at) as due_at
    from ((select queue, blocked, due_at from jobd.runs where blocked limit 10001)
          union all
          (select queue, false, due_at from jobd.runs where state = 'queued' and crashes > 0 and not blocked limit 10001)) b
    group by queue
), claimed as (
    select queue, count(*) filter (where started_at is not null)::integer as running,
        sum(extract(epoch from least(now() - started_at, interval '1 hour')))
            filter (where started_at is not null) as busy_seconds,
        count(*) filter (where started_at is null) as unstarted,
        min(due_at) filter (where started_at is null) as due_at
    from jobd.runs where state = 'running' group by queue
), later as (
    select queue, count(*) as n from (select queue from jobd.runs where state = 'scheduled' limit 10001) s group by queue
), oldest as (
    select queue, min(due_at) as due_at from (
        select queue, due_at from heads union all select queue, due_at from limited
        union all select queue, due_at from held union all select queue, due_at from claimed
    ) every group by queue
)
select q.name, coalesce(q.weight_override, q.weight) as weight, q.weight as configured_weight,
    q.weight_by, q.weight_reason, q.node_max, q.global_max, q.reserve, q.strict,
    (select count(*) from (select from jobd.runs r
        where r.queue = q.name and r.state = 'queued' and r.limit_key is null and r.crashes = 0 limit 10001) f)
    + (select count(*) from (select from jobd.runs r
        where r.queue = q.name and r.state = 'queued' and r.limit_key is not null and r.crashes = 0 and not r.blocked
        limit 10001) l)
    + coalesce(h.n, 0) + coalesce(c.unstarted, 0) as queued,
    coalesce(h.blocked, 0) as blocked, coalesce(s.n, 0) as scheduled, coalesce(c.running, 0) as running,
    coalesce(c.busy_seconds, 0)::float8 as busy_seconds,
    o.due_at as oldest_due_at, extract(epoch from now() - o.due_at)::float8 as oldest_seconds,
    q.paused_at, q.paused_by, q.paused_until, q.pause_reason
from jobd.queues q
left join held h on h.queue = q.name
left join claimed c on c.queue = q.name
left join later s on s.queue = q.name
left join oldest o on o.queue = q.name
where $1::text is null or q.name = $1
order by coalesce(q.weight_override, q.weight) desc, q.name;

-- name: nodes
-- Nodes that are alive, and those that left or were lost in the last day.
select n.id, n.name, n.host, n.pid, n.version, n.workers, n.state, n.lost,
    not n.lost and n.lease_until > now() as alive,
    count(r.id) filter (where r.started_at is not null)::integer as running,
    count(r.id) filter (where r.started_at is null)::integer as claimed,
    n.started_at, n.beat_at, n.lease_until, extract(epoch from now() - n.beat_at)::float8 as beat_age_seconds, n.left_at,
    n.desired, n.desired_by, n.desired_reason, n.lag_ms
from jobd.nodes n left join jobd.runs r on r.node = n.id and r.state = 'running'
where not n.lost or n.beat_at > now() - interval '1 day'
group by n.id
order by n.lost, n.id desc
limit 1000;

-- name: counts
-- Live runs by shown state; each kind is counted from its own partial index up to 10,001.
select
    (select count(*) from (select from jobd.runs where state = 'queued' and limit_key is null and crashes = 0 limit 10001) a)
    + (select count(*) from (select from jobd.runs
        where state = 'queued' and limit_key is not null and crashes = 0 and not blocked limit 10001) b)
    + (select count(*) from (select from jobd.runs where blocked limit 10001) c)
    + (select count(*) from (select from jobd.runs where state = 'queued' and crashes > 0 and not blocked limit 10001) d)
    + (select count(*) from jobd.runs where state = 'running' and started_at is null) as queued,
    (select count(*) from (select from jobd.runs where state = 'scheduled' limit 10001) e) as scheduled,
    (select count(*) from (select from jobd.runs where attempt > 0 and state <> 'running' limit 10001) f)
    + (select count(*) from jobd.runs where state = 'running' and started_at is null and attempt > 1) as retrying,
    (select count(*) from jobd.runs where state = 'running' and started_at is not null)::integer as running;

-- name: hour
-- Outcomes of the last sixty minutes, summed from the minutes that the recorders wrote.
select coalesce(sum(succeeded), 0)::integer as succeeded, coalesce(sum(failed), 0)::integer as failed,
    coalesce(sum(cancelled), 0)::integer as cancelled, coalesce(sum(skipped), 0)::integer as skipped,
    coalesce(sum(retried), 0)::integer as retried
from jobd.stats where minute > now() - interval '1 hour';

-- name: drift
-- What operators have laid over the configuration, one row for each deviation.
select 'queues.' || name || '.weight' as key, weight::text as configured, weight_override::text as value,
    weight_by as by, weight_at as since, weight_reason as reason
from jobd.queues where weight_override is not null
union all
select 'queues.' || name || '.paused', 'false', 'true', paused_by, paused_at, pause_reason
from jobd.queues where paused_at is not null and coalesce(paused_until > now(), true)
union all
select 'schedules.' || name || '.paused', 'false', 'true', paused_by, paused_at, pause_reason
from jobd.schedules where paused_at is not null and coalesce(paused_until > now(), true)
order by 1;
