-- Roles for jobd, for databases where not everybody may everything. Run it in jobd's database as a superuser, after
-- `jobd migrate`, and again after each upgrade; running it twice changes nothing:
--
--   jobd migrate && jobd migrate --roles | psql --single-transaction app
--
-- None of the four can log in. Grant them to the users that do (create role shop login; grant jobd_enqueue to shop),
-- or let one log in itself (alter role jobd_run login).
--
--   jobd_owner     owns the schema: who runs `jobd migrate` has to be it (alter role deployer set role = jobd_owner)
--   jobd_run       the daemon: reads and writes rows, makes and changes no table
--   jobd_enqueue   applications: may call jobd.enqueue and jobd.enqueue_many, and see nothing
--   jobd_read      people and dashboards: the views jobd.runs_all, jobd.schedules_status, jobd.queues_status

do $$
declare
    wanted text;
begin
    foreach wanted in array array['jobd_owner', 'jobd_run', 'jobd_enqueue', 'jobd_read'] loop
        if not exists (select from pg_roles where rolname = wanted) then
            execute format('create role %I nologin', wanted);
        end if;
    end loop;
end $$;

create schema if not exists jobd authorization jobd_owner;
alter schema jobd owner to jobd_owner;

-- Everything in the schema is the owner's, whoever migrated: security definer functions act as the owner of theirs.
do $$
declare
    it record;
begin
    for it in
        select format('alter table jobd.%I owner to jobd_owner', c.relname) as command
        from pg_class c
        where c.relnamespace = 'jobd'::regnamespace and c.relkind in ('r', 'p', 'v') and c.relowner <> 'jobd_owner'::regrole
        union all
        select format('alter sequence jobd.%I owner to jobd_owner', c.relname)
        from pg_class c
        where c.relnamespace = 'jobd'::regnamespace and c.relkind = 'S' and c.relowner <> 'jobd_owner'::regrole
          and not exists (select from pg_depend d where d.objid = c.oid and d.deptype in ('a', 'i'))
        union all
        select format('alter routine %s owner to jobd_owner', p.oid::regprocedure)
        from pg_proc p
        where p.pronamespace = 'jobd'::regnamespace and p.proowner <> 'jobd_owner'::regrole
    loop
        execute it.command;
    end loop;
end $$;

-- What stands here is all that they may: grants from before, and Postgres' own to everybody, go first.
revoke all on schema jobd from public, jobd_run, jobd_enqueue, jobd_read;
revoke all on all tables in schema jobd from public, jobd_run, jobd_enqueue, jobd_read;
revoke all on all sequences in schema jobd from public, jobd_run, jobd_enqueue, jobd_read;
revoke all on all routines in schema jobd from public, jobd_run, jobd_enqueue, jobd_read;

grant usage on schema jobd to jobd_run, jobd_enqueue, jobd_read;

grant select, insert, update, delete on all tables in schema jobd to jobd_run;
revoke insert, update, delete on jobd.migrations from jobd_run;
grant usage on all sequences in schema jobd to jobd_run;
grant execute on all routines in schema jobd to jobd_run;

grant execute on function
    jobd.enqueue(text, jsonb, text, integer, timestamptz, text, boolean),
    jobd.enqueue_many(text, jsonb[], text, integer, timestamptz, boolean)
    to jobd_enqueue;

grant select on jobd.runs_all, jobd.schedules_status, jobd.queues_status to jobd_read;
grant execute on function jobd.masked(jsonb, jsonb) to jobd_read;  -- which jobd.runs_all calls as who looks

-- A later migration's tables and functions are the daemon's at once, and nobody else's.
alter default privileges for role jobd_owner in schema jobd grant select, insert, update, delete on tables to jobd_run;
alter default privileges for role jobd_owner in schema jobd grant usage on sequences to jobd_run;
alter default privileges for role jobd_owner revoke execute on routines from public;
alter default privileges for role jobd_owner in schema jobd grant execute on routines to jobd_run;
