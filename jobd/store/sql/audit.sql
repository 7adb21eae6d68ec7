-- name: add
-- One line of the journal, in the transaction of the change that it tells of.
insert into jobd.audit (actor, uid, pid, token, action, target, reason, before, after, undoes)
values ($1, $2, $3, $4, $5, $6, $7, $8::text::jsonb, $9::text::jsonb, $10)
returning id, at;

-- name: page
-- Up to $5 lines, newest first, from behind id $1; of one target ($2), of actions ($3) and actors ($4) like a pattern.
select id, at, actor, uid, pid, token, action, target, reason, before::text as before, after::text as after, undoes,
    undone_by
from jobd.audit
where id < $1 and ($2::text is null or target = $2) and ($3::text is null or action like $3)
  and ($4::text is null or actor like $4)
order by id desc
limit $5;

-- name: one
select id, at, actor, uid, pid, token, action, target, reason, before::text as before, after::text as after, undoes,
    undone_by
from jobd.audit where id = $1 for update;

-- name: since
-- Lines after id $1, oldest first: what those who watch are told.
select id, at, actor, uid, pid, token, action, target, reason, before::text as before, after::text as after, undoes,
    undone_by
from jobd.audit where id > $1 order by id limit 500;

-- name: latest
select coalesce(max(id), 0) from jobd.audit;

-- name: changed_again
-- Whether a later line than $1 set one of the facts $4 of this target ($2), which is a queue, schedule or node ($3).
select exists (
    select from jobd.audit
    where id > $1 and target = $2 and after ?| $4::text[] and (action = 'undo' or split_part(action, '.', 1) = $3));

-- name: undone
update jobd.audit set undone_by = $2 where id = $1;
