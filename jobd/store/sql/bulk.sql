-- name: add
insert into jobd.bulk (action, filter, queue, reason, source, expected, matched, created_at)
values ($1, $2, $3, $4, $5, $6, $7, $8)
returning id;

-- name: page
-- The latest $2 of all, or the one of id $1.
select id, action, filter, queue, reason, source, state, error, expected, matched, seen, changed, created_at,
    finished_at, cursor
from jobd.bulk where $1::bigint is null or id = $1
order by id desc
limit $2;

-- name: take
-- One that nobody works on, or whose worker has gone silent, for $1 who keeps it for $2; of the ids $3, null for any.
update jobd.bulk set held_by = $1, held_until = now() + $2::interval
where id = (
    select id from jobd.bulk
    where state = 'running' and (held_until is null or held_until < now() or held_by = $1)
      and ($3::bigint[] is null or id = any($3::bigint[]))
    order by id limit 1
    for update skip locked)
returning id, action, filter, queue, reason, source, state, error, expected, matched, seen, changed, created_at,
    finished_at, cursor;

-- name: hold
-- The lock of a batch: no row when it was cancelled, or another has gone on with it from another place.
update jobd.bulk set held_until = now() + $4::interval
where id = $1 and held_by = $2 and state = 'running' and cursor is not distinct from $3
returning id;

-- name: move_on
-- What a batch came to; the last one ($5) ends it.
update jobd.bulk set cursor = $2, seen = seen + $3, changed = changed + $4,
    state = case when $5 then 'done' else state end, finished_at = case when $5 then now() end
where id = $1;

-- name: stop
-- Ends it after the batch in hand.
update jobd.bulk set state = 'cancelled', finished_at = now() where id = $1 and state = 'running' returning id;

-- name: fail
update jobd.bulk set state = 'failed', error = $2, finished_at = now() where id = $1 and state = 'running';

-- name: cancel
-- As `request_cancel` for many: runs that nobody works on end at once, running ones are left to their nodes. Returns
-- the nodes to be asked (null: it has ended), one row for each run that is ending.
with target as materialized (
    select * from jobd.runs where id = any($1::bigint[]) order by id for update
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
)
select id, node from target;

-- name: retry
-- As `retry` for many ended runs ($1, $2: when they ended). Those whose job or arguments are gone yield no row.
insert into jobd.runs (job, args, queue, priority, state, retries_left, source, retried_from, limit_key)
select o.job, o.args, coalesce(q.name, j.queue), o.priority, 'queued', j.retries, $3, o.id, jobd.limit_key(j, o.args)
from unnest($1::bigint[], $2::timestamptz[]) as t(id, finished_at)
join jobd.history o on o.id = t.id and o.finished_at = t.finished_at and o.scrubbed_at is null
join jobd.jobs j on j.name = o.job left join jobd.queues q on q.name = o.queue
order by o.id
returning id, queue;

-- name: move
-- Runs that nobody works on go to queue $2.
with target as materialized (
    select id from jobd.runs
    where id = any($1::bigint[]) and state in ('waiting', 'scheduled', 'queued') and queue <> $2 order by id for update
)
update jobd.runs r set queue = $2 from target t where r.id = t.id
returning r.id, r.queue;
