-- What [privacy] redact names is overwritten in the rows themselves once it is older than [privacy] keep.

-- When values in its arguments were overwritten: it cannot be started again. Null for nearly all, and then no byte.
alter table jobd.history add column scrubbed_at timestamptz;
-- When values of it were overwritten: it cannot be sent again.
alter table jobd.outbox add column scrubbed_at timestamptz;

-- How far history and outbox have been gone through, so that each row is looked at once; one row for each set of paths,
-- because daemons of other configurations may share this database.
create table jobd.scrubs (
    relation    text not null constraint scrubs_relation check (relation in ('history', 'outbox')),
    paths       text not null,
    finished_at timestamptz not null default 'epoch',
    id          bigint not null default 0,
    primary key (relation, paths)
);

-- `value` with a mask at each of `paths`, an array of arrays of names: '[["user", "iban"], ["*", "card"]]'. '*' stands
-- for any name, an array is passed through to its elements, and the empty path is all of it: as jobd/model/privacy.py.
create function jobd.masked(value jsonb, paths jsonb) returns jsonb
    language plpgsql immutable strict parallel safe as $$
begin
    if exists (select from jsonb_array_elements(paths) p(path) where p.path = '[]') then
        return '"********"';
    end if;
    if jsonb_typeof(value) = 'array' then
        return (select coalesce(jsonb_agg(jobd.masked(e.inner_value, paths) order by e.n), '[]')
                from jsonb_array_elements(value) with ordinality e(inner_value, n));
    end if;
    if jsonb_typeof(value) = 'object' then
        return (select coalesce(jsonb_object_agg(e.name, coalesce(jobd.masked(e.inner_value, b.below), e.inner_value)), '{}')
                from jsonb_each(value) e(name, inner_value)
                cross join lateral (
                    select jsonb_agg(p.path - 0) as below from jsonb_array_elements(paths) p(path)
                    where p.path ->> 0 in (e.name, '*')) b);
    end if;
    return value;
end $$;

-- A signal comes from nobody by name: the kernel lets only root and the daemon's own user send one.
alter table jobd.audit
    drop constraint audit_names_its_actor,
    add constraint audit_names_its_actor check (uid is not null or token is not null or actor = 'signal');
