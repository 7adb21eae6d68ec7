-- name: delete_ended
-- Ended runs of these states that are older than their age, one batch, oldest first; whole partitions go elsewhere.
with old as (
    select tableoid, ctid from jobd.history
    where finished_at < now() - $2::interval and state = $1
    order by finished_at limit $3
)
delete from jobd.history h using old where h.tableoid = old.tableoid and h.ctid = old.ctid;

-- name: make_partitions
select jobd.make_partitions($1);

-- name: drop_partitions
select jobd.drop_partitions(now() - $1::interval);

-- name: delete_keys
-- Expired idempotency keys, one batch.
with old as (select job, key from jobd.keys where expires_at < now() limit $1 for update skip locked)
delete from jobd.keys k using old where k.job = old.job and k.key = old.key;

-- name: delete_audit
-- Lines of the journal that are older than their age, one batch, oldest first.
delete from jobd.audit where id = any(array(
    select id from jobd.audit where at < now() - $1::interval order by at limit $2 for update skip locked));

-- name: delete_bulks
-- Bulks that ended longer ago than their age, one batch; those that go on stay, however old they are.
delete from jobd.bulk where id = any(array(
    select id from jobd.bulk where finished_at < now() - $1::interval order by id limit $2 for update skip locked));

-- name: delete_stats
delete from jobd.stats where minute < now() - $1::interval;
