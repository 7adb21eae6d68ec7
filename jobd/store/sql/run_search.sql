-- Runs by the conditions of a filter: first their keys, then what is to be shown of them.

-- name: now
-- What lengths of time in a filter are counted back from.
select now();

-- name: found
-- What `in_order` and `counted` go on from: up to $20 keys of live and as many of ended runs, in one order: (finished_at or infinity, id), descending, after the cursor
-- ($1, $2). Conditions that are null hold for every run, and the planner folds them away. $3 states as shown, and
-- `retrying`; $4 the one exact job, $5 patterns of jobs, $6 of queues, $7 of schedules, $8 of sources, $9 nodes;
-- $10 and $11 when it ended or, alive, was added; $12 and $13 attempt; $14 and $15 seconds; $16 paths and $17
-- what the arguments there must match, each a JSON array of patterns of which one is enough; $18 the same for the error;
-- $19 patterns that must all match what can be read of a run.
-- $21: whether arguments are part of that; $22 ids. Each branch reads its own index backwards and stops at the limit.
with live as (
    (select r.id from jobd.runs r
     where r.state = 'running'
       and ((r.started_at is not null and 'running' = any($3::text[]))
            or (r.started_at is null and ('queued' = any($3) or 'retrying' = any($3) and r.attempt > 1)))
       and $1::timestamptz = 'infinity' and r.id < $2::bigint and ($22::bigint[] is null or r.id = any($22))
       and ($4::text is null or r.job = $4) and ($5::text[] is null or r.job like any($5))
       and ($6::text[] is null or r.queue like any($6)) and ($7::text[] is null or r.schedule like any($7))
       and ($8::text[] is null or r.source like any($8)) and ($9::bigint[] is null or r.node = any($9))
       and ($10::timestamptz is null or r.created_at >= $10) and ($11::timestamptz is null or r.created_at <= $11)
       and ($12::integer is null or r.attempt >= $12) and ($13::integer is null or r.attempt <= $13)
       and ($14::float8 is null or extract(epoch from now() - r.started_at) >= $14)
       and ($15::float8 is null or extract(epoch from now() - r.started_at) <= $15)
       and ($16::text[] is null or not exists (
            select from unnest($16, $17::text[]) a(path, patterns)
            where r.args #>> string_to_array(a.path, '.') like any(array(
                select jsonb_array_elements_text(a.patterns::jsonb))) is not true))
       and ($18::text[] is null or exists (
            select from jobd.attempts t where t.run_id = r.id and not exists (
                select from unnest($18) e(patterns) where t.error ilike any(array(
                    select jsonb_array_elements_text(e.patterns::jsonb))) is not true)))
       and ($19::text[] is null
            or concat_ws(E'\n', r.job, r.reason, case when $21::boolean then r.args::text end, case when r.attempt > 0 then (
                select string_agg(a.error, E'\n') from jobd.attempts a where a.run_id = r.id) end) ilike all($19))
     order by r.id desc limit $20::integer)
    union all
    (select r.id from jobd.runs r
     where r.state = 'scheduled' and ('scheduled' = any($3) or 'retrying' = any($3) and r.attempt > 0)
       and $1 = 'infinity' and r.id < $2 and ($22 is null or r.id = any($22))
       and ($4::text is null or r.job = $4) and ($5::text[] is null or r.job like any($5))
       and ($6::text[] is null or r.queue like any($6)) and ($7::text[] is null or r.schedule like any($7))
       and ($8::text[] is null or r.source like any($8)) and $9::bigint[] is null
       and ($10::timestamptz is null or r.created_at >= $10) and ($11::timestamptz is null or r.created_at <= $11)
       and ($12::integer is null or r.attempt >= $12) and ($13::integer is null or r.attempt <= $13)
       and $14::float8 is null and $15::float8 is null
       and ($16::text[] is null or not exists (
            select from unnest($16, $17::text[]) a(path, patterns)
            where r.args #>> string_to_array(a.path, '.') like any(array(
                select jsonb_array_elements_text(a.patterns::jsonb))) is not true))
       and ($18::text[] is null or exists (
            select from jobd.attempts t where t.run_id = r.id and not exists (
                select from unnest($18) e(patterns) where t.error ilike any(array(
                    select jsonb_array_elements_text(e.patterns::jsonb))) is not true)))
       and ($19::text[] is null
            or concat_ws(E'\n', r.job, r.reason, case when $21 then r.args::text end, case when r.attempt > 0 then (
                select string_agg(a.error, E'\n') from jobd.attempts a where a.run_id = r.id) end) ilike all($19))
     order by r.id desc limit $20)
    union all
    (select r.id from jobd.runs r
     where r.state in ('queued', 'waiting')
       and (r.state = any($3) or 'retrying' = any($3) and r.attempt > 0) and $3 && array['queued', 'waiting', 'retrying']
       and $1 = 'infinity' and r.id < $2 and ($22 is null or r.id = any($22))
       and ($4::text is null or r.job = $4) and ($5::text[] is null or r.job like any($5))
       and ($6::text[] is null or r.queue like any($6)) and ($7::text[] is null or r.schedule like any($7))
       and ($8::text[] is null or r.source like any($8)) and $9::bigint[] is null
       and ($10::timestamptz is null or r.created_at >= $10) and ($11::timestamptz is null or r.created_at <= $11)
       and ($12::integer is null or r.attempt >= $12) and ($13::integer is null or r.attempt <= $13)
       and $14::float8 is null and $15::float8 is null
       and ($16::text[] is null or not exists (
            select from unnest($16, $17::text[]) a(path, patterns)
            where r.args #>> string_to_array(a.path, '.') like any(array(
                select jsonb_array_elements_text(a.patterns::jsonb))) is not true))
       and ($18::text[] is null or exists (
            select from jobd.attempts t where t.run_id = r.id and not exists (
                select from unnest($18) e(patterns) where t.error ilike any(array(
                    select jsonb_array_elements_text(e.patterns::jsonb))) is not true)))
       and ($19::text[] is null
            or concat_ws(E'\n', r.job, r.reason, case when $21 then r.args::text end, case when r.attempt > 0 then (
                select string_agg(a.error, E'\n') from jobd.attempts a where a.run_id = r.id) end) ilike all($19))
     order by r.id desc limit $20)
), ended as (
    select h.id, h.finished_at from jobd.history h
    where (h.finished_at, h.id) < ($1, $2) and h.finished_at <= $1  -- once more for the pruning of partitions
      and ($22 is null or h.id = any($22))
      and (array['succeeded', 'failed', 'cancelled', 'skipped'] <@ $3 or h.state = any($3))
      and $3 && array['succeeded', 'failed', 'cancelled', 'skipped']
      -- said once more in words that the index of trouble is made of
      and ('succeeded' = any($3) or h.state <> 'succeeded')
      and ($4::text is null or h.job = $4) and ($5::text[] is null or h.job like any($5))
      and ($6::text[] is null or h.queue like any($6)) and ($7::text[] is null or h.schedule like any($7))
      and ($8::text[] is null or h.source like any($8)) and ($9::bigint[] is null or h.node = any($9))
      and ($10::timestamptz is null or h.finished_at >= $10) and ($11::timestamptz is null or h.finished_at <= $11)
      and ($12::integer is null or h.attempt >= $12) and ($13::integer is null or h.attempt <= $13)
      and ($14::float8 is null or extract(epoch from h.finished_at - h.started_at) >= $14)
      and ($15::float8 is null or extract(epoch from h.finished_at - h.started_at) <= $15)
      and ($16::text[] is null or not exists (
           select from unnest($16, $17::text[]) a(path, patterns)
           where h.args #>> string_to_array(a.path, '.') like any(array(
                select jsonb_array_elements_text(a.patterns::jsonb))) is not true))
      and ($18::text[] is null or not exists (
           select from unnest($18) e(patterns) where h.error ilike any(array(
                select jsonb_array_elements_text(e.patterns::jsonb))) is not true))
      and ($19::text[] is null
           or concat_ws(E'\n', h.job, h.error, h.reason, case when $21 then h.args::text end) ilike all($19))
    order by h.finished_at desc, h.id desc limit $20
)

-- name: in_order
-- Behind `found`: the first $20 of both.
select l.id, null::timestamptz as finished_at from live l
union all
select e.id, e.finished_at from ended e
order by finished_at desc nulls first, id desc
limit $20;

-- name: counted
-- Behind `found`: how many there are, counted up to $20; no key leaves Postgres.
select least((select count(*) from live) + (select count(*) from ended), $20) as count;

-- name: rows
-- What a page shows of live runs $1 and of the ended runs ($2, $3). Long args and results stay behind.
select r.id, r.job, r.queue,
    case when r.state = 'running' and r.started_at is null then 'queued' else r.state end as state,
    r.priority, r.attempt, r.retries_left, r.source, r.created_at, r.due_at,
    r.started_at, null::timestamptz as finished_at, r.node, r.schedule, r.slot, r.retried_from,
    r.cancel_at is not null as cancel_requested, r.reason, null::text as error,
    null::integer as items_done, null::integer as items_skipped, null::integer as items_failed, r.progress,
    case when pg_column_size(r.args) > 2000 then null when length(r.args::text) <= 4000 then r.args end as args,
    r.args is not null as args_stored, null::jsonb as result, false as result_stored
from jobd.runs r where r.id = any($1::bigint[])
union all
select h.id, h.job, h.queue, h.state, h.priority, h.attempt, 0, h.source, h.created_at, h.due_at,
    h.started_at, h.finished_at, h.node, h.schedule, h.slot, h.retried_from,
    false, h.reason, left(h.error, 1000),
    h.items_done, h.items_skipped, h.items_failed, null,
    case when pg_column_size(h.args) > 2000 then null when length(h.args::text) <= 4000 then h.args end,
    h.args is not null,
    case when pg_column_size(h.result) > 2000 then null when length(h.result::text) <= 4000 then h.result end,
    h.result is not null
from unnest($2::bigint[], $3::timestamptz[]) as k(id, finished_at)
join jobd.history h on h.id = k.id and h.finished_at = k.finished_at
order by finished_at desc nulls first, id desc;
