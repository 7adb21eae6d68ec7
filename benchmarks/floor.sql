-- name: tables
-- The shape of jobd's tables: the same columns, the primary key, and the one index without which there is no claim.
drop schema if exists floor cascade;
create schema floor;
create table floor.runs (like jobd.runs including defaults, primary key (id)) with (
    fillfactor = 70,
    autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 2000, autovacuum_vacuum_cost_delay = 0,
    autovacuum_vacuum_insert_scale_factor = 0.2,
    autovacuum_analyze_scale_factor = 0.1, autovacuum_analyze_threshold = 2000
);
create index runs_claimable on floor.runs (queue, priority, due_at, id) where state = 'queued';
create table floor.history (like jobd.history including defaults);
create index history_id on floor.history (id);
create table floor.schedules (like jobd.schedules including defaults, primary key (name));

-- name: plans
-- Plans made while the tables are empty want the indexes, too.
set enable_seqscan = off; set enable_sort = off; set enable_bitmapscan = off;
set enable_hashjoin = off; set enable_mergejoin = off; set jit = off;

-- name: add_one
insert into floor.runs (job, queue, args, retries_left, source) values ('noop', 'default', $1::jsonb, 3, 'benchmark');

-- name: add
insert into floor.runs (job, queue, args, retries_left, source)
select t.job, t.queue, t.args::jsonb, 3, t.source
from unnest($1::text[], $2::text[], $3::text[], $4::text[]) as t(job, queue, args, source);

-- name: claim
update floor.runs r
set state = 'running', node = 1, attempt = attempt + 1, claimed_at = now(), started_at = now()
where r.id = any(array(
    select id from floor.runs where queue = 'default' and state = 'queued'
    order by priority, due_at, id limit $1 for update skip locked))
returning r.id, r.job, r.queue, r.priority, r.attempt, r.retries_left, r.args;

-- name: finish
with gone as (
    delete from floor.runs r using unnest($1::bigint[]) as g(id) where r.id = g.id and r.node = 1 returning r.*
)
insert into floor.history (id, finished_at, created_at, due_at, started_at, slot, node, retried_from, attempt, priority,
    crashes, state, job, queue, source, schedule, reason, args)
select id, now(), created_at, due_at, started_at, slot, node, retried_from, attempt, priority,
    crashes, 'succeeded', job, queue, source, schedule, reason, args
from gone;

-- name: add_schedules
insert into floor.schedules (name, owner, job, spec, next_slot)
select 'slot-' || i, 'benchmark', 'noop', '{"cron": "0 0 1 1 *"}', $2 from generate_series(1, $1::integer) i;

-- name: fire
-- Compare and swap of each cursor, and the insert of its run.
with won as (
    update floor.schedules s set next_slot = s.next_slot + interval '1 year', last_slot = s.next_slot
    from unnest($1::text[]) as g(name)
    where s.name = g.name and s.next_slot = $2 and s.enabled and s.paused_at is null
    returning s.name, s.job, s.last_slot
)
insert into floor.runs (job, queue, due_at, retries_left, source, schedule, slot)
select job, 'default', last_slot, 3, 'schedule ' || name, name, last_slot from won;

-- name: notify
select pg_notify('floor', '');
