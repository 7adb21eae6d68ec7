-- name: watch
insert into jobd.runs (job, queue, source) values ('watch', 'default', 'benchmark');

-- name: watching
select exists (select from jobd.runs where job = 'watch' and state = 'running');

-- name: add_schedules
-- $1 schedules of another owner, whom no load removes; due $2 from now, and then once a day at one of 1,200 minutes,
-- none of which comes in the next two hours. Returns the instant.
with instant as (
    select date_trunc('milliseconds', now() + $2::interval) as due,
        extract(hour from now() at time zone 'UTC')::integer as hour
), added as (
    insert into jobd.schedules (name, owner, job, spec, args, next_slot)
    select 'slot-' || i, 'somebody', 'noop',
        json_build_object('cron', format('%s %s * * *', i % 60, (hour + 3 + i / 60 % 20) % 24),
            'timezone', 'UTC', 'catch_up_window', 3600),
        jsonb_build_object('user_id', i), due
    from generate_series(1, $1::integer) i, instant
)
select due from instant;

-- name: fired
-- Runs that were made of slots.
select count(*) from jobd.history where slot is not null;

-- name: times
-- From the instant $1 on, in seconds: when 99 of 100 slots were committed, when the last one was, and when 99 of 100
-- runs started. A schedule's row is written by the statement that adds its run, so its commit is the slot's.
select
    (select extract(epoch from percentile_disc(0.99) within group (order by pg_xact_commit_timestamp(xmin)) - $1)::float8
        from jobd.schedules where last_slot = $1) as committed_p99,
    (select extract(epoch from max(pg_xact_commit_timestamp(xmin)) - $1)::float8
        from jobd.schedules where last_slot = $1) as committed_last,
    (select extract(epoch from percentile_disc(0.99) within group (order by started_at) - $1)::float8
        from jobd.history where slot = $1) as started_p99;
