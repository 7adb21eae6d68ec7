-- name: count_due
-- How many payments wait for an answer of the gateway.
select count(*)
from payments
where status in ('Pending', 'Processing')
    and created_at < now() - make_interval(mins => $1)
    and paymob_order_id <> ''
    and not is_deleted

-- name: due_payments
-- One page of them, oldest first; $2 and $3 are the last row of the page before, null for the first. A payment
-- that is settled meanwhile moves no other one past the page's edge.
select id, amount, currency, status, payment_method, paymob_order_id, created_at, now() - created_at as age
from payments
where status in ('Pending', 'Processing')
    and created_at < now() - make_interval(mins => $1)
    and paymob_order_id <> ''
    and not is_deleted
    and ($2::timestamptz is null or (created_at, id) > ($2, $3))
order by created_at, id
limit $4
