-- name: ending
-- One page of active subscriptions that end within $2 days, by id; $1 is the last id of the page before.
select s.id, s.end_date, s.auto_renewal, u.email, u.full_name, p.name as plan
from user_subscriptions s
left join users u on u.id = s.user_id and not u.is_deleted
left join subscription_plans p on p.id = s.subscription_plan_id
where s.status = 'Active'
    and s.end_date > now()
    and s.end_date <= now() + make_interval(days => $2)
    and not s.is_deleted
    and s.id > $1
order by s.id
limit $3
