-- name: load
-- Takes over one schedule of jobd.toml. An unchanged spec keeps its cursor, so that a deploy over the slot loses
-- nothing; a changed one starts at `next_slot` with a new version, so that no node fires the old one any more.
insert into jobd.schedules as s
    (name, owner, job, spec, args, enabled, disabled_reason, next_slot, place, tzdata)
values ($1, $2, $3, $4, $5::jsonb, $6, $7, $8, $9, $10)
on conflict (name) do update set
    owner = excluded.owner, job = excluded.job, args = excluded.args, enabled = excluded.enabled,
    disabled_reason = excluded.disabled_reason, place = excluded.place, loaded_at = now(),
    version = s.version + case
        when (s.spec, s.job, s.args, s.enabled, s.tzdata)
            is distinct from (excluded.spec, excluded.job, excluded.args, excluded.enabled, excluded.tzdata) then 1
        else 0 end,
    next_slot = case
        when s.spec = excluded.spec and excluded.next_slot <= s.last_slot then s.next_slot  -- `at`: it has fired
        when s.spec is distinct from excluded.spec or (excluded.enabled and not s.enabled) then excluded.next_slot
        when s.tzdata is distinct from excluded.tzdata and s.next_slot > now() then excluded.next_slot
        else s.next_slot end,
    spec = excluded.spec, tzdata = excluded.tzdata;

-- name: forget
-- Schedules of this owner that its jobd.toml no longer has.
delete from jobd.schedules where owner = $1 and name <> all($2::text[]);

-- name: due
-- Schedules whose slot has come, with Postgres' now; by name, so that nodes lock rows in one order.
select name, job, spec, version, next_slot, last_slot, now() as now
from jobd.schedules
where next_slot <= now() and enabled and paused_at is null and name > $1
order by name limit $2;

-- name: ahead
-- Schedules that will be due within $2, by name: to be read before their instant.
select name, job, spec, version, next_slot from jobd.schedules
where next_slot between now() and now() + $2::interval and enabled and paused_at is null and name > $1
order by name limit $3;

-- name: fire
-- Moves each cursor and adds its run, together or not at all. A row that another node moved first yields nothing;
-- so does one whose version changed or that was paused meanwhile. Element i: the slot to fire (null: only move on),
-- the cursor seen, the cursor to set. Rows come sorted by name: unsorted batches deadlock. (`is not distinct from`
-- keeps the planner from the index on `next_slot`, in which all that are due at one instant are equal.)
with given as materialized (
    select * from unnest($1::text[], $2::integer[], $3::timestamptz[], $4::timestamptz[], $5::timestamptz[])
        as t(name, version, seen, slot, next)
    order by name
), won as (
    update jobd.schedules s
    set next_slot = g.next, last_slot = coalesce(g.slot, s.last_slot),
        last_run = case when g.slot is null then s.last_run else nextval('jobd.run_ids') end
    from given g
    where s.name = g.name and s.next_slot is not distinct from g.seen and s.version = g.version
      and s.enabled and s.paused_at is null and g.seen <= now() and coalesce(g.slot <= now(), true)
    returning s.name, s.job, s.args, g.slot, s.last_run as run
), added as (
    insert into jobd.runs (id, job, args, queue, priority, due_at, state, retries_left, source, schedule, slot, limit_key)
    select w.run, j.name, case when j.args is null then w.args else j.args || coalesce(w.args, '{}') end,
           j.queue, j.priority, w.slot, 'queued', j.retries, 'schedule ' || w.name, w.name, w.slot,
           jobd.limit_key(j, w.args)
    from won w join jobd.jobs j on j.name = w.job
    where w.slot is not null and j.enabled
    on conflict (schedule, slot) where slot is not null do nothing
    returning schedule, queue
)
-- first every row that was won, then those that got a run: a join of the two sets was planned as a nested loop
select name, null as queue from won
union all
select schedule, queue from added;

-- name: missed
-- Writes down slots that were not fired, one history row for a stretch of them, with the reason.
insert into jobd.history (id, finished_at, created_at, due_at, slot, attempt, priority, state, job, queue, source,
    schedule, reason, args)
select nextval('jobd.run_ids'), now(), now(), t.slot, t.slot, 0, j.priority, 'skipped', j.name, j.queue,
    'schedule ' || s.name, s.name, t.reason, s.args
from unnest($1::text[], $2::timestamptz[], $3::text[]) as t(name, slot, reason)
join jobd.schedules s on s.name = t.name join jobd.jobs j on j.name = s.job;

-- name: disable
-- Takes one schedule out of service with the reason, unless it was changed meanwhile.
update jobd.schedules set enabled = false, disabled_reason = $3 where name = $1 and version = $2;
