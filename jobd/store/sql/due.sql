-- name: due
-- One look a second for every loop of this node: what waits, what is due next, who is gone, what was asked.
select
    array(select q from unnest($2::text[]) q where exists (
        select from jobd.runs r
        where r.queue = q and r.state = 'queued' and r.limit_key is null and r.crashes = 0)) as queued,
    array(select q from unnest($2::text[]) q where exists (
        select from jobd.runs r
        where r.queue = q and r.state = 'queued' and r.limit_key is not null and r.crashes = 0 and not r.blocked))
        as limited,
    exists (select from jobd.runs where state = 'queued' and crashes > 0) as suspects,
    exists (select from jobd.runs where blocked) as blocked,
    (select extract(epoch from min(due_at) - now())::float8 from jobd.runs where state = 'scheduled') as next_run,
    (select extract(epoch from min(next_slot) - now())::float8 from jobd.schedules
        where enabled and paused_at is null) as next_slot,
    (select extract(epoch from min(due_at) - now())::float8 from jobd.outbox
        where state in ('pending', 'deferred', 'in_doubt')) as next_mail,
    exists (select from jobd.nodes where not lost and lease_until <= now() and id <> $1) as expired,
    exists (select from jobd.runs r where r.state = 'running'
        and not exists (select from jobd.nodes n where n.id = r.node and not n.lost))
    or exists (select from jobd.outbox o where o.state = 'sending'
        and not exists (select from jobd.nodes n where n.id = o.node and not n.lost)) as orphans,
    exists (select from jobd.runs where node = $1 and cancel_at is not null) as cancels,
    (select count(*)::integer from jobd.nodes where not lost) as nodes,
    array(select name from jobd.queues where paused_at is not null
        and coalesce(paused_until > now(), true)) as paused,
    (select changed from jobd.meta) as changed,
    (select coalesce(jsonb_object_agg(name, weight_override), '{}') from jobd.queues
        where weight_override is not null) as weights,
    exists (select from jobd.queues where paused_until <= now())
    or exists (select from jobd.schedules where paused_until <= now()) as pauses_over,
    (select desired from jobd.nodes where id = $1) as desired,
    exists (select from jobd.outbox where state = 'sending' and node = $1) as sending;
