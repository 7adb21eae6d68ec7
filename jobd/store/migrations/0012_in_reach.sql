-- Instants that every program can show and numbers that a double can hold: Postgres takes more, and one row with more
-- would fail every answer that it stands in.

-- As before, and no number that a reader would make infinity of.
create or replace function jobd.args_problem(args jsonb) returns text
    language plpgsql immutable parallel safe as $$
declare
    shown text;
    size integer;
begin
    if jsonb_typeof(args) <> 'object' then
        return 'must be an object, and is ' || jsonb_typeof(args);
    end if;
    shown := args::text;
    size := octet_length(shown);
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
    -- what is written with a fraction is read as a double; a look at the text costs half of a walk, and mostly is all
    if size > 308 and shown ~ '[0-9]{255}[.]' and exists (
        select from jsonb_path_query(args, 'strict $.** ? (@.type() == "number"
            && (@ >= 1.7976931348623158e308 || @ <= -1.7976931348623158e308))') large(number)
        where large.number::text like '%.%')
    then
        return 'holds a number with a fraction that is larger than a double can be, about 1.8e308';
    end if;
    return null;
end $$;

-- As before; the errors say which table lacks the name, and `run_at` lies between 1970 and a century from now, as
-- jobd/model/instant.py has it.
create or replace function jobd.admitted(job text, queue text, priority integer, run_at timestamptz) returns jobd.jobs
    language plpgsql stable as $$
#variable_conflict use_variable
declare
    found_job jobd.jobs;
begin
    select * into found_job from jobd.jobs j where j.name = job;
    if found_job.name is null then
        raise exception using errcode = 'undefined_object', table = 'jobs',
            message = format('there is no job "%s"', left(job, 200)),
            hint = 'jobctl jobs lists those that a daemon has loaded from its jobd.toml.';
    end if;
    if not found_job.enabled then
        raise exception using errcode = 'object_not_in_prerequisite_state',
            message = format('job "%s" takes no runs: %s', job, coalesce(found_job.disabled_reason, 'it is disabled')),
            hint = 'jobctl jobs shows when that has changed.';
    end if;
    if queue is not null and not exists (select from jobd.queues q where q.name = queue) then
        raise exception using errcode = 'undefined_object', table = 'queues',
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
    if run_at not between 'epoch' and now() + interval '36525 days' then
        raise exception using errcode = 'invalid_parameter_value',
            message = format('run_at %s is not between 1970 and a century from now', run_at),
            hint = 'Leave it out for now.';
    end if;
    return found_job;
end $$;

-- What was taken before: who wanted a run long ago has it due at once, and what never comes stays at the end of time.
update jobd.runs
set due_at = case when due_at < now() then created_at else '9999-12-30 00:00+00' end
where due_at not between '0001-01-02 00:00+00' and '9999-12-30 00:00+00';
update jobd.history
set due_at = case when due_at < now() then created_at else '9999-12-30 00:00+00' end
where due_at not between '0001-01-02 00:00+00' and '9999-12-30 00:00+00';
update jobd.queues set paused_until = '9999-12-30 00:00+00' where paused_until > '9999-12-30 00:00+00';
update jobd.schedules set paused_until = '9999-12-30 00:00+00' where paused_until > '9999-12-30 00:00+00';

-- Within what a driver can read, and a day of room for each zone's clock; history has its rows from jobd.runs.
alter table jobd.runs add constraint due_at_is_readable
    check (due_at between '0001-01-02 00:00+00' and '9999-12-30 00:00+00');
alter table jobd.queues add constraint paused_until_is_readable
    check (paused_until between '0001-01-02 00:00+00' and '9999-12-30 00:00+00');
alter table jobd.schedules add constraint paused_until_is_readable
    check (paused_until between '0001-01-02 00:00+00' and '9999-12-30 00:00+00');
