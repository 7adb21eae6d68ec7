-- name: end_of_queues
-- Pauses of queues that have come to their end are over.
update jobd.queues set paused_at = null, paused_by = null, paused_until = null, pause_reason = null
where paused_until <= now() returning name;

-- name: over
-- Schedules whose pause has come to its end, one batch in the order in which every node locks rows.
select name, job, spec, paused_until from jobd.schedules where paused_until <= now()
order by name limit 500 for update skip locked;

-- name: end_of_schedule
-- A pause is no misfire: its schedule goes on with the first slot after it ($2), or keeps the one it has.
update jobd.schedules set paused_at = null, paused_by = null, paused_until = null, pause_reason = null,
    next_slot = coalesce($2::timestamptz, next_slot)
where name = $1;
