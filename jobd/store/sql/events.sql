-- What happened since the last look, for those who follow events. A row can become visible a moment after its time, so
-- each look goes back some seconds and the reader drops what it has told already.

-- name: now
select now() as now, (select last_value from jobd.run_ids) as last_run;

-- name: added
-- Live runs with an id behind $1, up to $2.
select id, job, queue, case when state = 'running' and started_at is null then 'queued' else state end as state,
    attempt, schedule, source
from jobd.runs where id > $1 order by id limit $2;

-- name: started
-- Runs that began after $1, up to $2: those that are still under way when somebody looks.
select id, job, queue, attempt, schedule, node, started_at
from jobd.runs where state = 'running' and started_at > $1 order by started_at limit $2;

-- name: ended
-- Runs that ended after $1 and not on the nodes $2, who tell of their own; up to $3.
select id, job, queue, state, attempt, schedule, node, finished_at,
    extract(epoch from finished_at - started_at)::float8 as took, left(error, 300) as error
from jobd.history
where finished_at > $1 and (node is null or node <> all($2::bigint[]))
order by finished_at, id limit $3;

-- name: nodes
select id, name, lost, left_at is not null as departed from jobd.nodes
where not lost or beat_at > now() - interval '10 minutes' order by id desc limit 1000;
