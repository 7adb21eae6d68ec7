-- name: ended
-- One page of subscriptions that are past their end, by id; $1 is the last id of the page before. Locks nothing.
select id
from user_subscriptions
where status in ('Active', 'Trial', 'GracePeriod')
    and end_date < now()
    and not is_deleted
    and id > $1
order by id
limit $2

-- name: expire
-- Expires those of $1 that still are past their end and that nobody else has locked, with whom to tell.
with ended as materialized (
    select id
    from user_subscriptions
    where id = any($1)
        and status in ('Active', 'Trial', 'GracePeriod')
        and end_date < now()
        and not is_deleted
    order by id
    for update skip locked
), expired as (
    update user_subscriptions s
    set status = 'Expired', auto_renewal = false
    from ended
    where s.id = ended.id
    returning s.id, s.user_id, s.subscription_plan_id, s.end_date
)
select e.id, e.end_date, u.email, u.full_name, p.name as plan
from expired e
left join users u on u.id = e.user_id and not u.is_deleted
left join subscription_plans p on p.id = e.subscription_plan_id
order by e.id
