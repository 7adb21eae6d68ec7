-- name: begin
-- A place to begin for these paths, unless there is one.
insert into jobd.scrubs (relation, paths) values ($1, $2) on conflict do nothing;

-- name: take
-- How far relation $1 has been gone through with paths $2; no row while another node is at it.
select finished_at, id from jobd.scrubs where relation = $1 and paths = $2 for update skip locked;

-- name: move_on
-- All rows of $1 up to ($3, $4) are done.
update jobd.scrubs set finished_at = $3, id = $4 where relation = $1 and paths = $2;

-- name: history_end
-- The last of the next $4 ended runs after ($1, $2) that are older than $3, and how many they are; no row: none is.
-- Nothing enters history behind this place: a run is written down within seconds of its end, and $3 is an hour at least.
select batch.finished_at, batch.id, count(*) over () as rows
from (
    select finished_at, id from jobd.history
    where (finished_at, id) > ($1, $2) and finished_at >= $1 and finished_at < now() - $3::interval
    order by finished_at, id limit $4) batch
order by batch.finished_at desc, batch.id desc limit 1;

-- name: history
-- Overwrites in runs after ($1, $2) up to ($3, $4) what the paths $5 name in arguments and $6 in results.
update jobd.history h
set args = jobd.masked(h.args, $5::text::jsonb), result = jobd.masked(h.result, $6::text::jsonb),
    scrubbed_at = case when h.args is distinct from jobd.masked(h.args, $5::text::jsonb) then now() else h.scrubbed_at end
where (h.finished_at, h.id) > ($1, $2) and (h.finished_at, h.id) <= ($3, $4)
  and h.finished_at >= $1 and h.finished_at <= $3  -- once more for the pruning of partitions
  and (h.args is distinct from jobd.masked(h.args, $5::text::jsonb)
       or h.result is distinct from jobd.masked(h.result, $6::text::jsonb));

-- name: outbox_end
-- As `history_end`, of messages that were sent, refused or given up.
select batch.finished_at, batch.id, count(*) over () as rows
from (
    select finished_at, id from jobd.outbox
    where (finished_at, id) > ($1, $2) and finished_at >= $1 and finished_at < now() - $3::interval
      and state in ('sent', 'bounced', 'dead')
    order by finished_at, id limit $4) batch
order by batch.finished_at desc, batch.id desc limit 1;

-- name: outbox
-- Overwrites in messages after ($1, $2) up to ($3, $4) what the paths $5 name; their keys stay, for they keep an occasion
-- from being mailed twice.
update jobd.outbox o
set sender = m.facts ->> 'sender', recipient = m.facts ->> 'recipient', subject = m.facts ->> 'subject',
    reply = m.facts ->> 'reply', headers = m.facts -> 'headers', text = m.facts ->> 'text', html = m.facts ->> 'html',
    scrubbed_at = now()
from (
    select f.id, f.facts as old, jobd.masked(f.facts, $5::text::jsonb) as facts
    from (
        select id, jsonb_strip_nulls(jsonb_build_object('sender', sender, 'recipient', recipient, 'subject', subject,
            'reply', reply, 'headers', headers, 'text', text, 'html', html)) as facts
        from jobd.outbox
        where state in ('sent', 'bounced', 'dead') and (finished_at, id) > ($1, $2) and (finished_at, id) <= ($3, $4)
          and finished_at >= $1 and finished_at <= $3
        for update) f
) m
where o.id = m.id and m.facts <> m.old;
