-- Statements on the outbox. Verdicts are guarded by (id, tries): a message taken again is another taking.

-- name: add
-- One message, unless this (kind, key) was ever added before; then no row. Runs in the caller's transaction.
with occasion as (
    insert into jobd.outbox_keys (kind, key) select $5, $6 where $6::text is not null
    on conflict do nothing
    returning 1
)
insert into jobd.outbox (run_id, job, sender, recipient, kind, key, subject, text, html, headers, message_id)
select $1::bigint, $2::text, $3::text, $4::text, $5::text, $6::text, $7::text, $8::text, $9::text,
       $10::text::jsonb, $11::text
where $6::text is null or exists (select from occasion)
returning id

-- name: due
-- Whether anything waits to be sent now.
select exists (select from jobd.outbox where state in ('pending', 'deferred', 'in_doubt') and due_at <= now())

-- name: take
-- Up to $2 due messages for node $1, oldest due first; two nodes never get the same one.
with due as materialized (
    select id from jobd.outbox
    where state in ('pending', 'deferred', 'in_doubt') and due_at <= now()
    order by due_at, id
    limit $2
    for update skip locked
)
update jobd.outbox o
set state = 'sending', phase = 'before_dot', node = $1, claimed_at = now(), tries = o.tries + 1
from due
where o.id = due.id
returning o.id, o.tries, o.doubts, o.kind, o.sender, o.recipient, o.subject, o.text, o.html,
          o.headers::text as headers, o.message_id, o.created_at

-- name: dot_sent
-- Commits, before the final dot of each message is written, that it may be written. No row back for a message:
-- it was given to somebody else meanwhile, and its dot must not be written.
update jobd.outbox o
set phase = 'dot_sent'
from unnest($2::bigint[], $3::integer[]) as mine (id, tries)
where o.id = mine.id and o.tries = mine.tries and o.state = 'sending' and o.node = $1
returning o.id

-- name: settle
-- How sendings ended: id, tries, state, wait until the next try, doubt, and the server's words. A verdict also wins
-- over the doubt of a rescuer who saw the same taking. A deferral or doubt older than $7 is the end: dead.
update jobd.outbox o
set state = v.state,
    phase = null, node = null,
    due_at = now() + v.wait,
    doubts = o.doubts + v.doubt,
    reply = v.reply,
    finished_at = case when v.state in ('sent', 'bounced', 'dead') then now() end
from (
    select o.id, t.tries, t.wait, t.reply,
           case when o.state = 'sending' then t.doubt else 0 end as doubt,
           case when t.state in ('deferred', 'in_doubt') and o.queued_at + $7::interval < now()
                then 'dead' else t.state end as state
    from unnest($1::bigint[], $2::integer[], $3::text[], $4::interval[], $5::integer[], $6::text[])
         as t (id, tries, state, wait, doubt, reply)
    join jobd.outbox o using (id)
) v
where o.id = v.id and o.tries = v.tries and o.state in ('sending', 'in_doubt', 'held')
returning o.id, o.state

-- name: give_back
-- Messages $2 in the hand of node $1 that it will not finish: before the dot they are as good as new, after it they
-- are in doubt; kinds in $3, and those in doubt for the $4-th time, are then held for a person.
update jobd.outbox o
set state = case when o.phase = 'before_dot' then 'pending'
                 when o.kind = any($3::text[]) or o.doubts + 1 >= $4 then 'held'
                 else 'in_doubt' end,
    doubts = o.doubts + case when o.phase = 'dot_sent' then 1 else 0 end,
    reply = case when o.phase = 'dot_sent' then 'jobd was stopped after the final dot, before the answer' else o.reply end,
    phase = null, node = null, due_at = now()
where o.node = $1 and o.state = 'sending' and o.id = any($2::bigint[])
returning o.id, o.state

-- name: reclaim
-- The same for messages of node $1 that it does not know of ($2 are those it knows), claimed more than $3 ago:
-- the answer to its `take` was lost.
update jobd.outbox o
set state = 'pending', phase = null, node = null, due_at = now()
where o.node = $1 and o.state = 'sending' and o.phase = 'before_dot'
  and o.id <> all($2::bigint[]) and o.claimed_at < now() - $3::interval
returning o.id

-- name: recover
-- Up to $3 messages whose node is lost or gone: before the dot they are as good as new, after it they are in doubt;
-- kinds in $1, and those in doubt for the $2-th time, are held for a person.
with orphans as materialized (
    select o.id from jobd.outbox o
    where o.state = 'sending'
      and not exists (select from jobd.nodes n where n.id = o.node and not n.lost)
    order by o.id
    limit $3
    for update of o skip locked
)
update jobd.outbox o
set state = case when o.phase = 'before_dot' then 'pending'
                 when o.kind = any($1::text[]) or o.doubts + 1 >= $2 then 'held'
                 else 'in_doubt' end,
    doubts = o.doubts + case when o.phase = 'dot_sent' then 1 else 0 end,
    reply = case when o.phase = 'dot_sent' then 'its node died after the final dot, before the answer' else o.reply end,
    phase = null, node = null, due_at = now()
from orphans
where o.id = orphans.id
returning o.id, o.state

-- name: hold_due
-- Everything due becomes held, $2 rows at a time, with the reason $1.
with due as materialized (
    select id from jobd.outbox
    where state in ('pending', 'deferred', 'in_doubt') and due_at <= now()
    order by due_at, id
    limit $2
    for update skip locked
)
update jobd.outbox o set state = 'held', reply = $1 from due where o.id = due.id
returning o.id

-- name: hold
-- Messages $1 that wait become held, with the reason $2; those in a node's hand or ended are left alone. `was` is what
-- each was before.
with wanted as materialized (
    select id, state from jobd.outbox
    where id = any($1::bigint[]) and state in ('pending', 'deferred', 'in_doubt') order by id for update
)
update jobd.outbox o set state = 'held', reply = $2 from wanted w where o.id = w.id
returning o.id, w.state as was, o.state

-- name: release
-- Held messages $1 wait again, due now.
with wanted as materialized (
    select id, state from jobd.outbox where id = any($1::bigint[]) and state = 'held' order by id for update
)
update jobd.outbox o set state = 'pending', due_at = now(), queued_at = now() from wanted w where o.id = w.id
returning o.id, w.state as was, o.state

-- name: resend
-- Messages $1 that ended, are held or in doubt are due now, with the Message-ID they had; not those that say asterisks
-- where they said something ([privacy] keep).
with wanted as materialized (
    select id, state from jobd.outbox
    where id = any($1::bigint[]) and state in ('sent', 'bounced', 'dead', 'held', 'in_doubt', 'deferred')
      and scrubbed_at is null
    order by id for update
)
update jobd.outbox o set state = 'pending', due_at = now(), queued_at = now(), finished_at = null
from wanted w where o.id = w.id
returning o.id, w.state as was, o.state

-- name: counts_of_run
-- How many messages of run $1 are in each state.
select state, count(*) as messages from jobd.outbox where run_id = $1 group by state

-- name: counts
-- How many messages are in each state, looking at no more than $1 of each.
select s.state,
       (select count(*) from (select from jobd.outbox o where o.state = s.state and o.state <> 'sent' limit $1) few)
       as messages
from unnest(array['pending', 'sending', 'deferred', 'bounced', 'in_doubt', 'held', 'dead']) as s (state)
union all
select 'sent', (select count(*) from (
    select from jobd.outbox where state = 'sent' and state in ('sent', 'bounced', 'dead')
    order by finished_at limit $1) few)

-- name: delete_old
-- Up to $2 messages that ended more than $1 ago; their keys stay.
delete from jobd.outbox
where id = any(array(
    select id from jobd.outbox
    where state in ('sent', 'bounced', 'dead') and finished_at < now() - $1::interval
    order by finished_at
    limit $2
    for update skip locked
))
returning id
