-- name: totals
-- The minutes of the last $2, summed by job or by queue ($1). Buckets are summed one by one: taking the arrays apart
-- and putting them together again took eight times as long over a week. `minutes` is how many of them a rate is made
-- of: all, or where statistics began later those since then, at least one.
select case when $1 = 'queue' then queue else job end as name,
    sum(succeeded)::bigint as succeeded, sum(failed)::bigint as failed, sum(cancelled)::bigint as cancelled,
    sum(skipped)::bigint as skipped, sum(retried)::bigint as retried,
    greatest(1, least(extract(epoch from $2::interval),
        extract(epoch from now() - (select min(first.minute) from jobd.stats first))) / 60)::float8 as minutes,
    sum(run_ms) as run_ms, sum(wait_ms) as wait_ms,
    array[sum(run_hist[1]), sum(run_hist[2]), sum(run_hist[3]), sum(run_hist[4]), sum(run_hist[5]), sum(run_hist[6]),
        sum(run_hist[7]), sum(run_hist[8]), sum(run_hist[9]), sum(run_hist[10]), sum(run_hist[11]), sum(run_hist[12]),
        sum(run_hist[13]), sum(run_hist[14]), sum(run_hist[15]), sum(run_hist[16]), sum(run_hist[17]), sum(run_hist[18]),
        sum(run_hist[19]), sum(run_hist[20]), sum(run_hist[21]), sum(run_hist[22]), sum(run_hist[23]), sum(run_hist[24])]
        as run_hist,
    array[sum(wait_hist[1]), sum(wait_hist[2]), sum(wait_hist[3]), sum(wait_hist[4]), sum(wait_hist[5]),
        sum(wait_hist[6]), sum(wait_hist[7]), sum(wait_hist[8]), sum(wait_hist[9]), sum(wait_hist[10]),
        sum(wait_hist[11]), sum(wait_hist[12]), sum(wait_hist[13]), sum(wait_hist[14]), sum(wait_hist[15]),
        sum(wait_hist[16]), sum(wait_hist[17]), sum(wait_hist[18]), sum(wait_hist[19]), sum(wait_hist[20]),
        sum(wait_hist[21]), sum(wait_hist[22]), sum(wait_hist[23]), sum(wait_hist[24])] as wait_hist
from jobd.stats
where minute > now() - $2::interval
group by 1
order by 1
limit 1000;

-- name: minutes
-- What ended in each minute of the last $1, of one job ($2) or queue ($3) or of all.
select minute, sum(succeeded)::bigint as succeeded, sum(failed)::bigint as failed, sum(cancelled)::bigint as cancelled,
    sum(skipped)::bigint as skipped, sum(retried)::bigint as retried
from jobd.stats
where minute > now() - $1::interval and ($2::text is null or job = $2) and ($3::text is null or queue = $3)
group by minute
order by minute;

-- name: failed
-- What goes wrong, by fingerprint: job, class of the error, innermost frame. Runs that failed in the last $1, the latest
-- $2 of them (unless $3 is 'retrying'), and runs that wait for another attempt after one that failed, the $2 that are
-- due first (unless $3 is 'failed'). A text that begins with no class is one itself, its numbers taken out. The frame is
-- the last that the traceback names.
with recent as (
    select h.id, h.job, h.finished_at, h.attempt, h.error from jobd.history h
    where h.state = 'failed' and h.state <> 'succeeded' and h.finished_at >= now() - $1::interval
      and $3::text is distinct from 'retrying'
    order by h.finished_at desc, h.id desc limit $2
), waiting as (
    select r.id, r.job, r.attempt, r.due_at, r.created_at from jobd.runs r
    where r.attempt > 0 and r.state <> 'running' and $3 is distinct from 'failed'
    order by r.due_at limit $2
), told as (
    select r.id, r.job, r.finished_at, r.error, a.traceback,
        false as retrying, null::timestamptz as due_at, null::timestamptz as created_at
    from recent r left join lateral (
        select t.traceback from jobd.attempts t
        where t.run_id = r.id and t.attempt = r.attempt and t.finished_at = r.finished_at limit 1) a on true
    union all
    select w.id, w.job, a.finished_at, a.error, a.traceback, true, w.due_at, w.created_at
    from waiting w cross join lateral (
        select t.finished_at, t.error, t.traceback from jobd.attempts t
        where t.run_id = w.id and t.attempt = w.attempt and t.outcome in ('failed', 'timed_out')
          and t.finished_at >= w.created_at and t.finished_at <= now()  -- for the pruning of partitions
        limit 1) a
), framed as (
    select t.id, t.job, t.finished_at, left(t.error, 1000) as error, t.retrying, t.due_at, t.created_at,
        coalesce(substring(t.error from '^([A-Za-z_][A-Za-z0-9_.]*)(?::|$)'),
                 regexp_replace(left(t.error, 80), '[0-9]+', '#', 'g'), '') as class,
        regexp_match(right(t.traceback, 8000), '.*  File "([^"]+)", line ([0-9]+), in ([^\n]+)') as frame
    from told t
)
select job, class, frame[1] as file, frame[3] as function, retrying, count(*)::integer as count,
    min(finished_at) as first_at, max(finished_at) as last_at,
    min(due_at) as next_at, extract(epoch from now() - min(created_at))::float8 as oldest_seconds,
    (array_agg(id order by finished_at desc, id desc))[1] as last_id,
    (array_agg(error order by finished_at desc, id desc))[1] as error,
    (array_agg(frame[2]::integer order by finished_at desc, id desc))[1] as line
from framed
group by job, class, frame[1], frame[3], retrying
order by retrying desc, last_at desc
limit 1000;
