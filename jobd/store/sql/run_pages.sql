-- name: page
-- Up to $9 runs of live and history in one order: (finished_at or infinity, id), descending, after the cursor
-- ($1, $2). Each branch reads its own index backwards and stops at the limit; a branch whose states are not asked
-- for is folded away by the planner. $3 states as shown, $4 job, $5 queue, $6 schedule, $7 retried_from; null is any.
-- $8: a `like` pattern for the job where it holds a wildcard. Long args and results stay behind:
-- the stored size is looked at first, so that a long value is not even unpacked.
with live as (
    (select r.id, 'running' as shown from jobd.runs r
     where r.state = 'running' and r.started_at is not null and 'running' = any($3::text[])
       and $1::timestamptz = 'infinity' and r.id < $2::bigint
       and ($4::text is null or r.job = $4) and ($8::text is null or r.job like $8) and ($5::text is null or r.queue = $5)
       and ($6::text is null or r.schedule = $6) and ($7::bigint is null or r.retried_from = $7)
     order by r.id desc limit $9::integer)
    union all
    (select r.id, 'queued' from jobd.runs r
     where r.state = 'running' and r.started_at is null and 'queued' = any($3)
       and $1 = 'infinity' and r.id < $2
       and ($4::text is null or r.job = $4) and ($8::text is null or r.job like $8) and ($5::text is null or r.queue = $5)
       and ($6::text is null or r.schedule = $6) and ($7::bigint is null or r.retried_from = $7)
     order by r.id desc limit $9)
    union all
    (select r.id, r.state from jobd.runs r
     where r.state = 'scheduled' and 'scheduled' = any($3)
       and $1 = 'infinity' and r.id < $2
       and ($4::text is null or r.job = $4) and ($8::text is null or r.job like $8) and ($5::text is null or r.queue = $5)
       and ($6::text is null or r.schedule = $6) and ($7::bigint is null or r.retried_from = $7)
     order by r.id desc limit $9)
    union all
    (select r.id, r.state from jobd.runs r
     where r.state in ('queued', 'waiting') and r.state = any($3) and $3 && array['queued', 'waiting']
       and $1 = 'infinity' and r.id < $2
       and ($4::text is null or r.job = $4) and ($8::text is null or r.job like $8) and ($5::text is null or r.queue = $5)
       and ($6::text is null or r.schedule = $6) and ($7::bigint is null or r.retried_from = $7)
     order by r.id desc limit $9)
), ended as (
    select h.* from jobd.history h
    where (h.finished_at, h.id) < ($1, $2) and h.finished_at <= $1  -- once more for the pruning of partitions
      and (array['succeeded', 'failed', 'cancelled', 'skipped'] <@ $3 or h.state = any($3))
      and $3 && array['succeeded', 'failed', 'cancelled', 'skipped']
      -- said once more in words that the index of trouble is made of
      and ('succeeded' = any($3) or h.state <> 'succeeded')
      and ($4::text is null or h.job = $4) and ($8::text is null or h.job like $8) and ($5::text is null or h.queue = $5)
      and ($6::text is null or h.schedule = $6) and ($7::bigint is null or h.retried_from = $7)
    order by h.finished_at desc, h.id desc limit $9
)
select r.id, r.job, r.queue, l.shown as state, r.priority, r.attempt, r.retries_left, r.source, r.created_at, r.due_at,
    r.started_at, null::timestamptz as finished_at, r.node, r.schedule, r.slot, r.retried_from,
    r.cancel_at is not null as cancel_requested, r.reason, null::text as error,
    null::integer as items_done, null::integer as items_skipped, null::integer as items_failed, r.progress,
    case when pg_column_size(r.args) > 2000 then null when length(r.args::text) <= 4000 then r.args end as args,
    r.args is not null as args_stored, null::jsonb as result, false as result_stored
from live l join jobd.runs r using (id)
union all
select h.id, h.job, h.queue, h.state, h.priority, h.attempt, 0, h.source, h.created_at, h.due_at,
    h.started_at, h.finished_at, h.node, h.schedule, h.slot, h.retried_from,
    false, h.reason, left(h.error, 1000),
    h.items_done, h.items_skipped, h.items_failed, null,
    case when pg_column_size(h.args) > 2000 then null when length(h.args::text) <= 4000 then h.args end,
    h.args is not null,
    case when pg_column_size(h.result) > 2000 then null when length(h.result::text) <= 4000 then h.result end,
    h.result is not null
from ended h
order by finished_at desc nulls first, id desc
limit $9;

-- name: one
-- One run whole, live or ended.
select r.id, r.job, r.queue,
    case when r.state = 'running' and r.started_at is null then 'queued' else r.state end as state,
    r.priority, r.attempt, r.retries_left, r.source, r.created_at, r.due_at,
    r.started_at, null::timestamptz as finished_at, r.node, r.schedule, r.slot, r.retried_from,
    r.cancel_at is not null as cancel_requested, r.reason, null::text as error,
    null::integer as items_done, null::integer as items_skipped, null::integer as items_failed, r.progress,
    r.args, r.args is not null as args_stored, null::jsonb as result, false as result_stored
from jobd.runs r where r.id = $1
union all
select h.id, h.job, h.queue, h.state, h.priority, h.attempt, 0, h.source, h.created_at, h.due_at,
    h.started_at, h.finished_at, h.node, h.schedule, h.slot, h.retried_from,
    false, h.reason, h.error, h.items_done, h.items_skipped, h.items_failed, null,
    h.args, h.args is not null, h.result, h.result is not null
from jobd.history h where h.id = $1
limit 1;

-- name: attempts
-- The attempts of one run that did not succeed, oldest first; a run that fails for ever has at most its last hundred.
select * from (
    select attempt, node, outcome, started_at, finished_at, error, traceback
    from jobd.attempts where run_id = $1 order by attempt desc limit 100
) latest order by attempt;

-- name: ended
-- Which of these runs are over: in history, or gone from the live table altogether.
select t.id from unnest($1::bigint[]) as t(id)
where not exists (select from jobd.runs r where r.id = t.id);

-- name: mails
-- The messages that a run put in the outbox, by state.
select state, count(*)::integer as n from jobd.outbox where run_id = $1 group by state order by state;
