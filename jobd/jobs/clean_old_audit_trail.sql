-- name: cutoff
-- What is older than this is deleted; fixed for a run, so that the run ends.
select now() - make_interval(days => $1)

-- name: count_old
-- How many rows are older, counting no further than $2.
select count(*) from (select from audit_trail a where a.timestamp < $1 limit $2) few

-- name: delete_batch
-- Deletes up to $4 rows older than $1, oldest first, after the place ($2, $3) where the batch before ended (null for
-- the first). Rows that somebody else has locked are passed by. `seen` is 0 when there are no more.
with page as materialized (
    select a.id, a.timestamp
    from audit_trail a
    where a.timestamp < $1
        and (a.timestamp, a.id) > (coalesce($2::timestamptz, '-infinity'), coalesce($3::bigint, 0))
    order by a.timestamp, a.id
    limit $4
), free as materialized (
    -- as arrays: then the primary key finds the rows, where a join would read the whole table for each batch
    select a.id from audit_trail a where a.id = any(array(select id from page)) for update skip locked
), gone as (
    delete from audit_trail a where a.id = any(array(select id from free)) returning a.id
), edge as (
    select timestamp, id from page order by timestamp desc, id desc limit 1
)
select (select count(*) from page) as seen,
       (select count(*) from gone) as deleted,
       (select timestamp from edge) as last_timestamp,
       (select id from edge) as last_id
