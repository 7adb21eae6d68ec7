-- name: tables
-- Size and estimated rows of each table, partitions with their parent, the largest first. Counts nothing itself: the
-- numbers are those that the statistics collector has.
select coalesce(parent.relname, c.relname) as name, sum(pg_total_relation_size(c.oid))::bigint as bytes,
    sum(pg_stat_get_live_tuples(c.oid))::bigint as live_rows, sum(pg_stat_get_dead_tuples(c.oid))::bigint as dead_rows,
    max(greatest(pg_stat_get_last_autovacuum_time(c.oid), pg_stat_get_last_vacuum_time(c.oid))) as vacuumed_at,
    count(parent.oid)::integer as partitions
from pg_class c
join pg_namespace n on n.oid = c.relnamespace
left join pg_inherits i on i.inhrelid = c.oid
left join pg_class parent on parent.oid = i.inhparent
where n.nspname = 'jobd' and c.relkind = 'r'
group by 1
having sum(pg_total_relation_size(c.oid)) is not null  -- dropped while this looked
order by 2 desc, 1;

-- name: server
-- The database as a whole and how near it is to its limits.
select d.datname as name, current_setting('server_version') as version, pg_database_size(d.oid) as bytes,
    (select sum(numbackends) from pg_stat_database)::integer as connections,
    current_setting('max_connections')::integer as max_connections,
    pg_notification_queue_usage() as notify_usage, age(d.datfrozenxid) as transaction_age
from pg_database d where d.datname = current_database();

-- name: oldest_snapshot
-- The session that keeps the most dead rows alive here. A vacuum's own snapshot holds nobody up; those of other
-- databases do not count, but those of replicas do. What this role may not see is null.
select pid, extract(epoch from now() - xact_start)::float8 as seconds, age(backend_xmin) as transactions,
    usename as "user", nullif(application_name, '') as application, state, host(client_addr) as client
from pg_stat_activity
where backend_xmin is not null and pid <> pg_backend_pid() and backend_type is distinct from 'autovacuum worker'
  and (datname = current_database() or datid is null)
order by age(backend_xmin) desc, xact_start limit 1;
