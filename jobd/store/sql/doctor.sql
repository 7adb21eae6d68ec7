-- name: server
-- Which Postgres answers, and by which clock.
select current_setting('server_version') as version, current_setting('server_version_num')::integer as number,
    extract(epoch from clock_timestamp())::float8 as now, pg_is_in_recovery() as in_recovery,
    current_setting('default_transaction_read_only') = 'on' as read_only;

-- name: migrations
-- The newest migration that was applied; no row when the schema is not there.
select max(version)::integer as version from jobd.migrations;

-- name: zones
-- Versions of the zone data by which schedules were computed, with how many each.
select tzdata, count(*)::integer as n from jobd.schedules where tzdata <> '' group by tzdata order by tzdata;

-- name: backend
select pg_backend_pid();

-- name: listen
listen jobd_doctor;

-- name: notify
select pg_notify('jobd_doctor', $1);

-- name: tables
-- Dead rows of the tables that are written all the time.
select c.relname as name, s.n_live_tup as live, s.n_dead_tup as dead,
    pg_total_relation_size(c.oid) as bytes, extract(epoch from now() - greatest(s.last_autovacuum, s.last_vacuum))::float8 as vacuumed
from pg_class c join pg_namespace n on n.oid = c.relnamespace join pg_stat_all_tables s on s.relid = c.oid
where n.nspname = 'jobd' and c.relname in ('runs', 'nodes', 'outbox', 'schedules') order by c.relname;

-- name: snapshots
-- Who keeps old rows alive: sessions, replication slots and prepared transactions, the oldest first.
select * from (
    select 'session ' || pid || ' (' || coalesce(nullif(application_name, ''), 'unnamed') || ', user ' ||
            coalesce(usename, '?') || ', ' || coalesce(state, '?') || ')' as holder,
        extract(epoch from now() - xact_start)::float8 as seconds, age(backend_xmin) as transactions,
        'select pg_terminate_backend(' || pid || ')' as mend
    from pg_stat_activity where backend_xmin is not null and pid <> pg_backend_pid() and xact_start is not null
    union all
    select 'replication slot ' || slot_name, null, greatest(age(xmin), age(catalog_xmin)),
        'select pg_drop_replication_slot(' || quote_literal(slot_name) || ')'
    from pg_replication_slots where xmin is not null or catalog_xmin is not null
    union all
    select 'prepared transaction ' || quote_literal(gid), extract(epoch from now() - prepared)::float8, age(transaction),
        'rollback prepared ' || quote_literal(gid)
    from pg_prepared_xacts
) held order by seconds desc nulls last limit 1;
