-- name: load
-- Takes over one job of jobd.toml.
insert into jobd.jobs as j (name, owner, queue, priority, retries, args, limit_path, limit_max, global_max,
    unique_paths, unique_within, enabled, disabled_reason, spec)
values ($1, $2, $3, $4, $5, $6::jsonb, $7, $8, $9, $10, $11, $12, $13, $14::jsonb)
on conflict (name) do update set
    owner = excluded.owner, queue = excluded.queue, priority = excluded.priority, retries = excluded.retries,
    args = excluded.args, limit_path = excluded.limit_path, limit_max = excluded.limit_max,
    global_max = excluded.global_max, unique_paths = excluded.unique_paths, unique_within = excluded.unique_within,
    enabled = excluded.enabled, disabled_reason = excluded.disabled_reason, spec = excluded.spec, loaded_at = now();

-- name: forget
-- Jobs of this owner that its jobd.toml no longer has; their waiting runs stay until a node knows the job again.
delete from jobd.jobs where owner = $1 and name <> all($2::text[]);

-- name: queue_load
insert into jobd.queues as q (name, owner, weight, node_max, global_max, reserve, strict)
values ($1, $2, $3, $4, $5, $6, $7)
on conflict (name) do update set owner = excluded.owner, weight = excluded.weight, node_max = excluded.node_max,
    global_max = excluded.global_max, reserve = excluded.reserve, strict = excluded.strict, loaded_at = now();

-- name: queue_forget
delete from jobd.queues where owner = $1 and name <> all($2::text[]);

-- name: missing_tables
-- Which of these application tables or views do not exist in the schema $1.
select t.name from unnest($2::text[]) as t(name)
where to_regclass(quote_ident($1) || '.' || quote_ident(t.name)) is null;

-- name: meta
-- Which copy of which database this is, beside what jobd remembers; the first to ask writes it down.
-- (`do nothing` would hide the row from whoever asks at the same instant as the first.)
with here as (
    select (select system_identifier from pg_control_system()) as system_identifier, current_database()::text as database
), known as (
    insert into jobd.meta as m (system_identifier, database, environment)
    select system_identifier, database, $1 from here
    on conflict (only_row) do update set only_row = m.only_row
    returning *
)
select h.system_identifier as system_now, h.database as database_now,
    k.system_identifier as system_known, k.database as database_known, k.environment as environment_known
from here h cross join known k;

-- name: adopt
-- The operator says that this copy is the one to work on. Returns what was known before, and what is now.
with known as materialized (select system_identifier, database, environment from jobd.meta for update)
update jobd.meta m set (system_identifier, database, environment, adopted_at) =
    (select system_identifier, current_database()::text, $1, now() from pg_control_system())
from known k
returning k.system_identifier as system_was, k.database as database_was, k.environment as environment_was,
    m.system_identifier as system, m.database, m.environment;

-- name: known
-- What the files of this owner said at their last load; whoever asks goes on alone until its transaction ends.
select digest, shown::text as shown from jobd.loads where owner = $1 for update;

-- name: remember
insert into jobd.loads (owner, digest, shown) values ($1, $2, $3::text::jsonb)
on conflict (owner) do update set digest = excluded.digest, shown = excluded.shown, loaded_at = now();

-- name: redact
-- What daemons of this name show to nobody; the view for people with psql does not either.
insert into jobd.redactions (owner, paths) values ($1, $2::text[])
on conflict (owner) do update set paths = excluded.paths;

-- name: changed
-- Tells every node at its next look that jobs, schedules or queues are not what they were.
update jobd.meta set changed = changed + 1;
