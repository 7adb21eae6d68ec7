-- jobd.runs_all shows to nobody what [privacy] redact names: people with psql see what the API shows.

-- What daemons of each [daemon] name redact: {args.card,result.*.iban}. The view masks all of it, whoever ran the run.
create table jobd.redactions (
    owner text primary key,
    paths text[] not null
);

create or replace view jobd.runs_all as
select r.id, r.job, r.queue,
    case when r.state = 'running' and r.started_at is null then 'queued' else r.state end as state,
    r.priority, r.attempt, r.retries_left, r.source, r.created_at, r.due_at, r.started_at,
    null::timestamptz as finished_at, now() - r.started_at as took, r.node, r.schedule, r.slot, r.retried_from,
    r.cancel_at is not null as cancel_requested, r.reason, null::text as error,
    null::integer as items_done, null::integer as items_skipped, null::integer as items_failed,
    coalesce(jobd.masked(r.progress, (
        select jsonb_agg(to_jsonb((string_to_array(p.path, '.'))[2:])) from jobd.redactions d, unnest(d.paths) p(path)
        where split_part(p.path, '.', 1) = 'progress')), r.progress) as progress,
    coalesce(jobd.masked(r.args, (
        select jsonb_agg(to_jsonb((string_to_array(p.path, '.'))[2:])) from jobd.redactions d, unnest(d.paths) p(path)
        where split_part(p.path, '.', 1) = 'args')), r.args, '{}') as args,
    null::jsonb as result
from jobd.runs r
union all
select h.id, h.job, h.queue, h.state,
    h.priority, h.attempt, 0::smallint, h.source, h.created_at, h.due_at, h.started_at,
    h.finished_at, h.finished_at - h.started_at, h.node, h.schedule, h.slot, h.retried_from,
    false, h.reason, h.error, h.items_done, h.items_skipped, h.items_failed,
    null,
    coalesce(jobd.masked(h.args, (
        select jsonb_agg(to_jsonb((string_to_array(p.path, '.'))[2:])) from jobd.redactions d, unnest(d.paths) p(path)
        where split_part(p.path, '.', 1) = 'args')), h.args, '{}'),
    coalesce(jobd.masked(h.result, (
        select jsonb_agg(to_jsonb((string_to_array(p.path, '.'))[2:])) from jobd.redactions d, unnest(d.paths) p(path)
        where split_part(p.path, '.', 1) = 'result')), h.result)
from jobd.history h;

comment on column jobd.runs_all.args is
    'the job''s own with the caller''s laid over them; what [privacy] redact names is "********"';
comment on column jobd.runs_all.result is 'what the job returned; what [privacy] redact names is "********"';
