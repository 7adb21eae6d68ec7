-- What has become of the planted data, read from the tables themselves. Nothing here reads what jobd counted.

-- name: subscriptions
-- How many had to expire, how many did, and how many others are not what they were.
select
    count(*) filter (where f.fate like 'expires%') as ended,
    count(*) filter (where f.fate like 'expires%' and s.status = 'Expired' and not s.auto_renewal) as expired,
    count(*) filter (where coalesce(f.fate, '') not like 'expires%' and row(s.*) is distinct from row(b.*)) as spoiled
from demo.subscriptions b
left join demo.fates f using (id)
left join user_subscriptions s using (id)

-- name: mails
-- Which mail has to reach whom.
select kind, recipient from demo.mails

-- name: payments
-- Every payment up to id $1 and from $2 on, as it was and as it is; `whole` says that what belongs to its status is filled in.
select b.paymob_order_id as order_id, b.status as was, b.payment_method as method,
    p.status, extract(epoch from now() - b.created_at)::float8 as age_seconds,
    row(p.*) is not distinct from row(b.*) as untouched,
    p.amount = b.amount and p.currency = b.currency and case p.status
        when 'Completed' then p.paid_at is not null and p.paymob_transaction_id is not null
        when 'Failed' then p.failed_at is not null and p.failure_reason is not null
        when 'Expired' then p.failed_at is not null
        when 'Refunded' then p.refunded_at is not null and p.refund_amount = p.amount
        when 'PartiallyRefunded' then p.refunded_at is not null and p.refund_amount > 0 and p.refund_amount < p.amount
        else true
    end as whole
from demo.payments b
left join payments p using (id)
where b.id <= $1 or b.id >= $2
order by b.id

-- name: other_payments
-- How many payments behind id $1 and before $2 are not what they were.
select count(*)
from demo.payments b
left join payments p using (id)
where b.id > $1 and b.id < $2 and row(p.*) is distinct from row(b.*)

-- name: audit_rows
-- How many rows are left of those up to id $1 and from $2 on, which are old, and of the others; how many came to them.
select count(*) filter (where id <= $1 or id >= $2) as old, count(*) filter (where id > $1 and id < $2) as young,
    (select coalesce(sum(rows), 0)::bigint from demo.imports) as imported
from audit_trail

-- name: invoices
-- How many were asked for, how many of them are written, and how many others.
select (select count(*) from demo.invoices) as wanted,
    count(*) filter (where d.number is not null) as written,
    count(*) filter (where d.number is null) as others
from invoices i left join demo.invoices d using (number)

-- name: runs
-- All runs by job and state, live and ended.
select job, state, count(*) as n
from (select job, state from jobd.history union all select job, state from jobd.runs) r
group by job, state
order by job, state

-- name: retries
-- The attempts of the job that fails on purpose, from its own table: how many came after a failed one, how many of
-- its runs failed $1 times before they worked, and how many worked in any other way.
select coalesce(sum(tries - 1), 0)::bigint as retries,
    count(*) filter (where imported = 1 and tries = $1 + 1) as as_meant,
    count(*) filter (where imported > 1 or tries > $1 + 1 or (imported = 1 and tries <= $1)) as otherwise
from (select run_id, count(*) as tries, count(*) filter (where outcome = 'imported') as imported
      from exchange_rate_imports group by run_id) r

-- name: staged
-- How often the bank was away for the job that is not tried again.
select count(*) from bank_statements where outcome = 'unreachable'

-- name: by_hand
-- Runs by job that somebody asked for over the API; $1 are those of the demo itself.
select job, count(*) as n
from (select id, job, source from jobd.history union all select id, job, source from jobd.runs) r
where source like 'api %' and id <> all($1::bigint[])
group by job

-- name: journal
-- What somebody changed, and which job that is about; null where it is about more than one.
select a.action, coalesce(
    (select r.job from jobd.runs_all r where a.action like 'run.%' and r.id::text = a.target),
    (select s.job from jobd.schedules s where a.action like 'schedule.%' and s.name = a.target)) as job
from jobd.audit a

-- name: first_run
-- When the first run ended; null while none has.
select min(finished_at) from jobd.history
