-- name: page
-- Up to $4 messages in the states $1, newest first, from behind id $2; of one kind ($3) or of all. Without bodies.
select id, state, kind, sender, recipient, subject, message_id, job, run_id, created_at, due_at, finished_at, tries,
    doubts, node, reply, key
from jobd.outbox
where state = any($1::text[]) and ('sent' = any($1) or state <> 'sent') and id < $2 and ($3::text is null or kind = $3)
order by id desc
limit $4;

-- name: one
-- One message whole.
select id, state, kind, sender, recipient, subject, message_id, job, run_id, created_at, due_at, finished_at, tries,
    doubts, node, reply, key, text, html, headers::text as headers
from jobd.outbox where id = $1;
