-- What people with psql look at, and what a role that may only read may see. Columns are only ever added.

create view jobd.runs_all as
select r.id, r.job, r.queue,
    case when r.state = 'running' and r.started_at is null then 'queued' else r.state end as state,
    r.priority, r.attempt, r.retries_left, r.source, r.created_at, r.due_at, r.started_at,
    null::timestamptz as finished_at, now() - r.started_at as took, r.node, r.schedule, r.slot, r.retried_from,
    r.cancel_at is not null as cancel_requested, r.reason, null::text as error,
    null::integer as items_done, null::integer as items_skipped, null::integer as items_failed,
    r.progress, coalesce(r.args, '{}') as args, null::jsonb as result
from jobd.runs r
union all
select h.id, h.job, h.queue, h.state,
    h.priority, h.attempt, 0::smallint, h.source, h.created_at, h.due_at, h.started_at,
    h.finished_at, h.finished_at - h.started_at, h.node, h.schedule, h.slot, h.retried_from,
    false, h.reason, h.error, h.items_done, h.items_skipped, h.items_failed,
    null, coalesce(h.args, '{}'), h.result
from jobd.history h;

comment on view jobd.runs_all is 'Every run, waiting, running or ended, in one shape. Name a time: history is long.';
comment on column jobd.runs_all.state is
    'waiting, scheduled, queued, running; then for good: succeeded, failed, cancelled, skipped';
comment on column jobd.runs_all.priority is 'smaller goes first inside a queue';
comment on column jobd.runs_all.attempt is 'how often it was tried; 0 before the first time';
comment on column jobd.runs_all.retries_left is 'how often it may fail yet; 0 once it has ended';
comment on column jobd.runs_all.source is 'who asked for it: schedule NAME, api uid:1000, sql ROLE, run ID';
comment on column jobd.runs_all.due_at is 'not before; a retry moves it on';
comment on column jobd.runs_all.started_at is 'of the latest attempt; null before it';
comment on column jobd.runs_all.finished_at is 'null until it has ended; give it bounds and only those days are read';
comment on column jobd.runs_all.took is 'the latest attempt: its length, or how long it runs by now';
comment on column jobd.runs_all.node is 'who works on it, or did last; see jobctl nodes';
comment on column jobd.runs_all.slot is 'the instant of its schedule that it stands for; null when it was triggered';
comment on column jobd.runs_all.retried_from is 'the ended run of which it is another try by hand';
comment on column jobd.runs_all.cancel_requested is 'its node has been asked to end it';
comment on column jobd.runs_all.reason is 'why it was skipped, cancelled or given up';
comment on column jobd.runs_all.items_done is 'what the job counted; null when it counted nothing';
comment on column jobd.runs_all.progress is 'what it said of itself last, while it runs';
comment on column jobd.runs_all.args is 'the job''s own with the caller''s laid over them, unmasked';
comment on column jobd.runs_all.result is 'what the job returned, unmasked';

create view jobd.schedules_status as
select s.name, s.job, case when s.spec like '{%' then s.spec::jsonb end ->> 'cron' as cron,
    make_interval(secs => (case when s.spec like '{%' then s.spec::jsonb end ->> 'every')::float8) as every,
    (case when s.spec like '{%' then s.spec::jsonb end ->> 'at')::timestamptz as at,
    case when s.spec like '{%' then s.spec::jsonb end ->> 'timezone' as timezone,
    s.enabled, s.disabled_reason, s.next_slot, s.next_slot - now() as next_in, s.last_slot, s.last_run,
    coalesce(live.state, old.state) as last_state, old.finished_at as last_finished_at,
    s.paused_at, s.paused_until, s.paused_by, s.pause_reason, s.owner, s.place
from jobd.schedules s
left join lateral (
    select case when r.state = 'running' and r.started_at is null then 'queued' else r.state end as state
    from jobd.runs r where r.id = s.last_run
) live on true
left join lateral (
    select h.state, h.finished_at from jobd.history h where h.id = s.last_run limit 1
) old on true;

comment on view jobd.schedules_status is 'Every schedule: when it is due, and how its latest run stands.';
comment on column jobd.schedules_status.cron is 'one of cron, every and at is there';
comment on column jobd.schedules_status.next_slot is 'when it fires next; null: never again';
comment on column jobd.schedules_status.last_run is 'the run of its latest slot; null before the first';
comment on column jobd.schedules_status.last_state is 'of that run; null when history has forgotten it';
comment on column jobd.schedules_status.owner is 'the [daemon] name that loaded it';
comment on column jobd.schedules_status.place is 'where it stands: file:line';

create view jobd.queues_status as
select q.name, coalesce(q.weight_override, q.weight) as weight, q.node_max as max, q.global_max, q.reserve, q.strict,
    coalesce(r.queued, 0) as queued, coalesce(r.blocked, 0) as blocked, coalesce(r.scheduled, 0) as scheduled,
    coalesce(r.running, 0) as running, r.oldest_due_at, now() - r.oldest_due_at as oldest_waits,
    q.paused_at, q.paused_until, q.paused_by, q.pause_reason, q.owner
from jobd.queues q
left join (
    select queue, count(*) filter (where state = 'scheduled') as scheduled, count(*) filter (where blocked) as blocked,
        count(*) filter (where state = 'queued' or state = 'running' and started_at is null) as queued,
        count(*) filter (where state = 'running' and started_at is not null) as running,
        min(due_at) filter (where state = 'queued' or state = 'running' and started_at is null) as oldest_due_at
    from jobd.runs group by queue
) r on r.queue = q.name;

comment on view jobd.queues_status is
    'Every queue with what is in it, counted exactly: reads all waiting runs, unlike jobctl queues.';
comment on column jobd.queues_status.weight is 'as it counts now: what jobctl set, else what is configured';
comment on column jobd.queues_status.max is 'running at once on one node; null: all its workers';
comment on column jobd.queues_status.global_max is 'running at once over all nodes; null: no limit';
comment on column jobd.queues_status.queued is 'waiting for a worker now, blocked ones among them';
comment on column jobd.queues_status.blocked is 'of those, held back by a limit of their own';
comment on column jobd.queues_status.oldest_waits is 'for how long the one that is due longest has waited';
