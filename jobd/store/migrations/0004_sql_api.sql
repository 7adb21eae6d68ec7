-- What applications call inside their own transactions: a run that they add is there when they commit, and never was when
-- they roll back. Security definer, so that a role which may call these needs no right on any table.

-- Why these arguments cannot be a run's; null when they can. The rules of jobd/model/storable.py, as far as jsonb does
-- not keep them by itself: it knows no NUL, no half of a surrogate pair and no NaN.
create function jobd.args_problem(args jsonb) returns text
    language plpgsql immutable parallel safe as $$
declare
    size integer;
begin
    if jsonb_typeof(args) <> 'object' then
        return 'must be an object, and is ' || jsonb_typeof(args);
    end if;
    size := octet_length(args::text);
    if size <= 200 then
        return null;   -- too short for any of what follows
    end if;
    if size > 1048576 then
        return format('%s bytes as JSON, and 1048576 is the limit', size);
    end if;
    if jsonb_path_exists(args, '$.**{101}') then
        return 'nested deeper than 100';
    end if;
    -- Python reads no integer of more digits
    if size > 4300 and jsonb_path_exists(args, 'strict $.** ? (@.type() == "number" && (@ >= 1e4300 || @ <= -1e4300))')
    then
        return 'holds a number of more than 4300 digits';
    end if;
    return null;
end $$;

-- The job that takes a run now.
-- Raises: 42704 for a job or queue that is not there, 55000 for a job that takes none, 22023 for what is out of range.
create function jobd.admitted(job text, queue text, priority integer, run_at timestamptz) returns jobd.jobs
    language plpgsql stable as $$
#variable_conflict use_variable
declare
    found_job jobd.jobs;
begin
    select * into found_job from jobd.jobs j where j.name = job;
    if found_job.name is null then
        raise exception using errcode = 'undefined_object', message = format('there is no job "%s"', left(job, 200)),
            hint = 'jobctl jobs lists those that a daemon has loaded from its jobd.toml.';
    end if;
    if not found_job.enabled then
        raise exception using errcode = 'object_not_in_prerequisite_state',
            message = format('job "%s" takes no runs: %s', job, coalesce(found_job.disabled_reason, 'it is disabled')),
            hint = 'jobctl jobs shows when that has changed.';
    end if;
    if queue is not null and not exists (select from jobd.queues q where q.name = queue) then
        raise exception using errcode = 'undefined_object',
            message = format('there is no queue "%s"', left(queue, 200)),
            hint = 'jobctl queues lists them; leave it out for the job''s own, ' || found_job.queue || '.';
    end if;
    if priority not between -100 and 100 then
        raise exception using errcode = 'invalid_parameter_value',
            message = format('priority %s is not between -100 and 100', priority),
            hint = 'Smaller goes first; leave it out for the job''s own.';
    end if;
    if not isfinite(run_at) then
        raise exception using errcode = 'invalid_parameter_value',
            message = format('run_at %s never comes', run_at), hint = 'Leave it out for now.';
    end if;
    return found_job;
end $$;

-- A hint to the daemons that this queue has something new. The channel is one for the whole server: when others have let
-- it fill up, daemons find the run by polling instead, for a full one would fail the caller's commit.
create function jobd.tell(queue text, run_at timestamptz) returns void
    language plpgsql as $$
begin
    if pg_notification_queue_usage() <= 0.25 then
        perform pg_notify('jobd_queue', case when run_at > now() then '' else queue end);
    end if;
end $$;

-- Adds one run of `job` and returns its id, or that of the run which has its idempotency key or, for a job with a
-- `unique` rule, stands for the same thing. `args` are laid over the job's own. What is not given is as the job says.
create function jobd.enqueue(
    job text, args jsonb default '{}', queue text default null, priority integer default null,
    run_at timestamptz default null, idempotency_key text default null, notify boolean default true)
    returns bigint
    language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
#variable_conflict use_variable
declare
    it jobd.jobs := jobd.admitted(job, queue, priority, run_at);
    given jsonb := nullif(args, '{}');
    problem text := jobd.args_problem(args);
    added bigint;
    is_new boolean := true;
begin
    if problem is not null then
        raise exception using errcode = 'invalid_parameter_value', message = 'args: ' || problem,
            hint = 'One JSON object of at most 1 MiB; store what is large elsewhere and pass its name.';
    end if;
    if length(idempotency_key) not between 1 and 200 then
        raise exception using errcode = 'invalid_parameter_value',
            message = format('idempotency_key has %s characters', length(idempotency_key)),
            hint = 'Write 1 to 200; a hash where the real key is longer.';
    end if;
    if idempotency_key is not null or it.unique_paths is not null then
        select k.id, k.fresh into added, is_new
        from jobd.enqueue_keyed(job, given, queue, priority::smallint, run_at, 'sql ' || session_user, null,
            idempotency_key, interval '1 day') k;
    else
        insert into jobd.runs as r (job, args, queue, priority, due_at, state, retries_left, source, limit_key)
        values (job, case when it.args is null then given else it.args || coalesce(given, '{}') end,
            coalesce(queue, it.queue), coalesce(priority, it.priority), coalesce(run_at, now()),
            case when run_at > now() then 'scheduled' else 'queued' end, it.retries, 'sql ' || session_user,
            jobd.limit_key(it, given))
        returning r.id into added;
    end if;
    if notify and is_new then
        perform jobd.tell(coalesce(queue, it.queue), run_at);
    end if;
    return added;
end $$;

-- Adds a run of `job` for each element of `args`, all or none; the ids come in its order. One notification for all.
create function jobd.enqueue_many(
    job text, args jsonb[], queue text default null, priority integer default null,
    run_at timestamptz default null, notify boolean default true)
    returns setof bigint
    language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
#variable_conflict use_variable
declare
    it jobd.jobs := jobd.admitted(job, queue, priority, run_at);
    wrong record;
begin
    if cardinality(args) = 0 or args is null then
        return;
    end if;
    select u.n, jobd.args_problem(u.given) as problem into wrong from unnest(args) with ordinality u(given, n)
    where jobd.args_problem(u.given) is not null limit 1;
    if found then
        raise exception using errcode = 'invalid_parameter_value',
            message = format('args[%s]: %s', wrong.n, wrong.problem),
            hint = 'One JSON object of at most 1 MiB a run; store what is large elsewhere. No run was added.';
    end if;
    if it.unique_paths is not null then
        return query
        select k.id from unnest(args) with ordinality u(given, n) cross join lateral jobd.enqueue_keyed(
            job, nullif(u.given, '{}'), queue, priority::smallint, run_at, 'sql ' || session_user, null, null, null) k
        order by u.n;
    else
        return query
        with given as materialized (
            select u.n, nullif(u.given, '{}') as args, nextval('jobd.run_ids') as id
            from unnest(args) with ordinality u(given, n)
        ), added as (
            insert into jobd.runs (id, job, args, queue, priority, due_at, state, retries_left, source, limit_key)
            select g.id, it.name, case when it.args is null then g.args else it.args || coalesce(g.args, '{}') end,
                coalesce(queue, it.queue), coalesce(priority, it.priority), coalesce(run_at, now()),
                case when run_at > now() then 'scheduled' else 'queued' end, it.retries, 'sql ' || session_user,
                jobd.limit_key(it, g.args)
            from given g
        )
        select g.id from given g order by g.n;
    end if;
    if notify then
        perform jobd.tell(coalesce(queue, it.queue), run_at);
    end if;
end $$;

-- Asks for the end of a run and returns the state that it is in then: `cancelled` when nobody worked on it, `running`
-- when its node was asked and ends it soon, another final state when it had ended before, null when there is no such run.
-- A transaction of its own is best: until the commit the row is locked, and its node cannot write down how it ended.
create function jobd.cancel(id bigint, reason text default null) returns text
    language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
#variable_conflict use_variable
declare
    target jobd.runs;
    why text := coalesce(left(reason, 500), 'cancelled by sql ' || session_user);
begin
    select * into target from jobd.runs r where r.id = cancel.id for update;
    if target.id is null then
        return (select h.state from jobd.history h where h.id = cancel.id limit 1);
    end if;
    if target.state = 'running' then
        update jobd.runs r set cancel_at = coalesce(r.cancel_at, now()), reason = coalesce(r.reason, why)
        where r.id = target.id;
        perform pg_notify('jobd_control', 'cancel ' || target.node);
        return 'running';
    end if;
    delete from jobd.runs r where r.id = target.id;
    insert into jobd.history (id, finished_at, created_at, due_at, slot, retried_from, attempt, priority, crashes,
        state, job, queue, source, schedule, reason, args)
    values (target.id, now(), target.created_at, target.due_at, target.slot, target.retried_from, target.attempt,
        target.priority, target.crashes, 'cancelled', target.job, target.queue, target.source, target.schedule, why,
        target.args);
    delete from jobd.keys k
    where target.unique_key is not null and k.job = target.job and k.key = target.unique_key
      and k.run_id = target.id and k.expires_at is null;
    return 'cancelled';
end $$;

-- Nobody but the owner, until roles.sql says who: functions are for everybody by default, and some of these drop tables.
revoke execute on all routines in schema jobd from public;
