-- name: join
-- A node enters with a fresh id and a lease.
insert into jobd.nodes (name, host, pid, home, version, workers, lease_until, direct, desired)
values ($1, $2, $3, $4, $5, $6, now() + $7::float8 * interval '1 second', $8, $9)
returning id;

-- name: hold
-- The lock that tells the others that this node lives; held by this session until it ends.
select pg_advisory_lock(jobd.lock_key($1));

-- name: try_hold
-- As `hold` for a node that has a new session; its old one may still have the lock until the server sees its end.
select pg_try_advisory_lock(jobd.lock_key($1));

-- name: beat
-- Renews the lease, unless it has ended or somebody has declared the node lost: then no row, for ever.
update jobd.nodes set beat_at = now(), lease_until = now() + $2::float8 * interval '1 second', state = $3, direct = $4,
    lag_ms = $5
where id = $1 and not lost and lease_until > now()
returning extract(epoch from clock_timestamp())::float8 as now;

-- name: describe
-- What a node serves and knows, for whoever asks why a run does not start.
update jobd.nodes set info = $2::jsonb where id = $1;

-- name: leave
-- Says goodbye: nothing is held any more, so nobody needs to look after this node.
update jobd.nodes set lost = true, left_at = now(), lease_until = now() where id = $1;

-- name: succeed
-- Earlier boots of the same state directory are over: the caller holds its lock, so nobody else can be alive there.
-- The second belt: a node whose advisory lock is still held lives after all (a copied state directory).
update jobd.nodes set lost = true where home = $1 and id <> $2 and not lost
  and (not direct or pg_try_advisory_xact_lock_shared(jobd.lock_key(id)))
returning id;

-- name: mark_expired
-- Nodes whose lease has ended are lost.
update jobd.nodes set lost = true where not lost and lease_until <= now() and id <> $1 returning id;

-- name: await_release
-- Waits at most $2 seconds for the end of the session that holds this lock; pins no snapshot meanwhile.
call jobd.await_release($1, $2, null);

-- name: last_beat
-- When a node beat last; no row when it is gone, or when its lock says nothing about it.
select beat_at from jobd.nodes where id = $1 and not lost and direct;

-- name: mark_silent
-- A node whose lock was released and that has not beaten since is lost before its lease ends.
update jobd.nodes set lost = true where id = $1 and not lost and direct and beat_at <= $2 returning id;

-- name: neighbour
-- Whom this node watches: the alive node with the next lower id, or the highest (a ring, so each is watched by one).
select id, beat_at, jobd.lock_key(id) as lock_key from jobd.nodes where not lost and direct and id <> $1
order by (id < $1) desc, id desc limit 1;

-- name: rescue
-- Runs held by lost or absent nodes go back to their queue, counted as crashed; after the third crash while suspect
-- they end as failed, `poison`; those whose cancel was asked for end as cancelled. One batch; repeat until none.
with held as materialized (
    select r.id from jobd.runs r
    where r.state = 'running' and not exists (select from jobd.nodes n where n.id = r.node and not n.lost)
    order by r.id limit $1
    for update skip locked
), judged as (
    select r.*, (n.left_at is not null) as left_politely,
        case when r.cancel_at is not null then 'cancelled'
             when r.crashes + 1 > 3 and n.left_at is null then 'failed'
             else 'queued' end as verdict
    from jobd.runs r left join jobd.nodes n on n.id = r.node
    where r.id = any(array(select id from held))
), tried as (
    insert into jobd.attempts (run_id, attempt, node, started_at, finished_at, outcome, error)
    select id, attempt, node, started_at, now(), case when left_politely then 'interrupted' else 'lost' end,
        case when left_politely then 'its node stopped' else 'its node died or lost its lease' end
    from judged where started_at is not null or not coalesce(left_politely, false)
), back as (
    update jobd.runs r
    set state = 'queued', node = null, claimed_at = null, started_at = null, progress = null,
        crashes = r.crashes + case when j.left_politely then 0 else 1 end
    from judged j where r.id = j.id and j.verdict = 'queued'
    returning r.id
), gone as (
    delete from jobd.runs r using judged j where r.id = j.id and j.verdict <> 'queued' returning r.id
), kept as (
    insert into jobd.history (id, finished_at, created_at, due_at, started_at, slot, node, retried_from, attempt,
        priority, crashes, state, job, queue, source, schedule, reason, error, args)
    select id, now(), created_at, due_at, started_at, slot, node, retried_from, attempt, priority,
        crashes + 1, verdict, job, queue, source, schedule,
        case verdict when 'failed' then 'poison' else reason end,
        case verdict when 'failed' then 'its node died under it ' || crashes + 1 || ' times' end, args
    from judged where verdict <> 'queued'
), keys as (
    delete from jobd.keys k using judged j
    where j.verdict <> 'queued' and j.unique_key is not null
      and k.job = j.job and k.key = j.unique_key and k.run_id = j.id and k.expires_at is null
)
select id, job, queue, node, attempt, verdict, limit_key from judged;

-- name: forget
-- Nodes that left or died long ago and hold nothing are dropped, one batch.
delete from jobd.nodes n where lost and beat_at < now() - interval '7 days'
  and not exists (select from jobd.runs r where r.node = n.id);
