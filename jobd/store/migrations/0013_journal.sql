-- The journal also tells of what is changed in SQL, and of a configuration that changed while no daemon ran.

-- Who cancels in SQL is a role: 'sql shop'.
alter table jobd.audit
    drop constraint audit_names_its_actor,
    add constraint audit_names_its_actor
        check (uid is not null or token is not null or actor = 'signal' or actor like 'sql %');

-- What the files of each daemon name said when they were loaded last, key by key: a value, or a mark
-- of one that may be private.
create table jobd.loads (
    owner     text primary key,
    digest    text not null,
    shown     jsonb not null,
    loaded_at timestamptz not null default now()
);

-- As before, with a line in the journal for a run that had not ended: who asked is the role of the session.
create or replace function jobd.cancel(id bigint, reason text default null) returns text
    language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
#variable_conflict use_variable
declare
    target jobd.runs;
    why text := coalesce(left(reason, 500), 'cancelled by sql ' || session_user);
    now_is text;
begin
    select * into target from jobd.runs r where r.id = cancel.id for update;
    if target.id is null then
        return (select h.state from jobd.history h where h.id = cancel.id limit 1);
    end if;
    now_is := case target.state when 'running' then 'running' else 'cancelled' end;
    insert into jobd.audit (actor, action, target, reason, before, after)
    values ('sql ' || session_user, 'run.cancel', target.id::text, left(reason, 500),
        jsonb_build_object('state', target.state), jsonb_build_object('state', now_is));
    if now_is = 'running' then
        update jobd.runs r set cancel_at = coalesce(r.cancel_at, now()), reason = coalesce(r.reason, why)
        where r.id = target.id;
        perform pg_notify('jobd_control', 'cancel ' || target.node);
        return now_is;
    end if;
    delete from jobd.runs r where r.id = target.id;
    insert into jobd.history (id, finished_at, created_at, due_at, slot, retried_from, attempt, priority, crashes,
        state, job, queue, source, schedule, reason, args)
    values (target.id, now(), target.created_at, target.due_at, target.slot, target.retried_from, target.attempt,
        target.priority, target.crashes, now_is, target.job, target.queue, target.source, target.schedule, why,
        target.args);
    delete from jobd.keys k
    where target.unique_key is not null and k.job = target.job and k.key = target.unique_key
      and k.run_id = target.id and k.expires_at is null;
    return now_is;
end $$;
