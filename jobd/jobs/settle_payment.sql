-- name: lock_transaction
-- Makes all who book this gateway transaction wait for each other until their own transactions end.
select pg_advisory_xact_lock(hashtextextended('jobd.paymob_transaction ' || $1::text, 0))

-- name: booked_elsewhere
-- Whether another payment already stands on this gateway transaction; certain while `lock_transaction` is held.
select exists (select from payments where paymob_transaction_id = $1 and id <> $2)

-- name: settle
-- Settles one payment, once: no row back means that the webhook or somebody else was faster, or that the payment
-- is no longer the one that was compared with the gateway's answer.
update payments
set status = $6,
    paymob_transaction_id = coalesce($7, paymob_transaction_id),
    paid_at = case when $8::boolean then coalesce($9, now()) else paid_at end,
    failed_at = case when $10::boolean then now() else failed_at end,
    failure_reason = coalesce($11, failure_reason),
    refunded_at = case when $12::boolean then coalesce($13, now()) else refunded_at end,
    refund_amount = coalesce($14, refund_amount)
where id = $1 and status = $2 and status in ('Pending', 'Processing')
    and amount = $3 and currency = $4 and paymob_order_id = $5
returning id
