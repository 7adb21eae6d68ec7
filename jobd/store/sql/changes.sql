-- What operators change. Each pair reads a row under its lock and writes the facts of it that changed: a JSON object of
-- some of those columns, the others stay. Reading and writing stand in one transaction with the line of the journal.

-- name: now
select now();

-- name: queue_read
-- The wishes about a queue; no row: there is none of that name.
select jsonb_build_object('paused_at', paused_at, 'paused_by', paused_by, 'paused_until', paused_until,
    'pause_reason', pause_reason, 'weight_override', weight_override, 'weight_by', weight_by, 'weight_at', weight_at,
    'weight_reason', weight_reason)::text as facts
from jobd.queues where name = $1 for update;

-- name: queue_write
update jobd.queues q
set (paused_at, paused_by, paused_until, pause_reason, weight_override, weight_by, weight_at, weight_reason) =
    (select n.paused_at, n.paused_by, n.paused_until, n.pause_reason, n.weight_override, n.weight_by, n.weight_at,
        n.weight_reason
     from jsonb_populate_record(q, $2::jsonb) n)
where q.name = $1;

-- name: schedule_read
-- The wishes about a schedule, and what its next slot is computed from.
select jsonb_build_object('paused_at', paused_at, 'paused_by', paused_by, 'paused_until', paused_until,
    'pause_reason', pause_reason)::text as facts, job, spec
from jobd.schedules where name = $1 for update;

-- name: schedule_write
update jobd.schedules s
set (paused_at, paused_by, paused_until, pause_reason) =
    (select n.paused_at, n.paused_by, n.paused_until, n.pause_reason from jsonb_populate_record(s, $2::jsonb) n)
where s.name = $1;

-- name: schedule_goes_on
-- A pause is no misfire: its schedule goes on with the first slot from now on ($2). One that can fire no more, keeps
-- the slot it has, and the rule for missed slots decides.
update jobd.schedules set next_slot = coalesce($2::timestamptz, next_slot) where name = $1;

-- name: node_read
-- The wishes about a node that is not gone.
select jsonb_build_object('desired', desired, 'desired_at', desired_at, 'desired_by', desired_by,
    'desired_reason', desired_reason)::text as facts
from jobd.nodes where id = $1::text::bigint and not lost for update;

-- name: node_write
update jobd.nodes m
set (desired, desired_at, desired_by, desired_reason) =
    (select n.desired, n.desired_at, n.desired_by, n.desired_reason from jsonb_populate_record(m, $2::jsonb) n)
where m.id = $1::text::bigint;

-- name: schedule_starts
-- What a run of this schedule is given, and whether its job takes one (no queue: there is no such job).
select s.job, s.args::text as args, j.queue, j.enabled, j.disabled_reason
from jobd.schedules s left join jobd.jobs j on j.name = s.job
where s.name = $1;
