-- What customers do while somebody looks. Each statement also writes down what has to become of it, so that both are
-- there or neither.

-- name: subscribe
-- One more of everything about person $1: a trial that ends in seconds, or a subscription that ends this week.
with person as (
    insert into users (id, full_name, email)
    values ($1::bigint, 'Newcomer ' || $1, 'newcomer' || $1 || '@example.com')
    returning id, email
), subscription as (
    insert into user_subscriptions (id, user_id, subscription_plan_id, status, start_date, end_date, trial_end_date)
    select id, id, 1 + id % 6, case when id % 3 > 0 then 'Trial' else 'Active' end, now() - interval '14 days',
        now() + case when id % 3 > 0 then make_interval(secs => 2 + id % 7)
                else make_interval(hours => (24 + id % 100)::integer) end,
        case when id % 3 > 0 then now() + make_interval(secs => 2 + id % 7) end
    from person
    returning *
), kept as (
    insert into demo.subscriptions select * from subscription
), fate as (
    insert into demo.fates
    select id, case when status = 'Trial' then 'expires soon' else 'reminded' end from subscription
)
insert into demo.mails (kind, recipient)
select case when s.status = 'Trial' then 'subscription-expired' else 'subscription-reminder' end, p.email
from subscription s join person p using (id)

-- name: pay
-- Payment $1 of person $2, who went to the gateway half an hour ago and never came back; $3 to $7 as in the script.
with paid as (
    insert into payments (id, user_id, amount, currency, status, payment_method, paymob_order_id, created_at)
    values ($1::bigint, $2::bigint, $3::numeric, $4::text, $5::text, 'card', $6::text, now() - $7::interval)
    returning *
)
insert into demo.payments select * from paid

-- name: bill
-- $2 invoices from number $1 on, asked for all at once, as at the end of a month.
with wanted as (
    insert into demo.invoices select generate_series($1::bigint, $1::bigint + $2::integer - 1) returning number
)
select count(*) from jobd.enqueue_many('write-invoice',
    array(select jsonb_build_object('number', number) from wanted order by number))

-- name: report
-- Somebody in the office wants the figures.
select jobd.enqueue('build-report')

-- name: import_audit_rows
-- $2 old rows from id $1 on: another system's trail was imported.
with imported as (
    insert into audit_trail (id, user_id, user_full_name, entity_name, action, timestamp)
    select i, 1 + i % 5000, 'imported', 'User', 'LoggedIn', now() - interval '200 days' + make_interval(secs => i % 100000)
    from generate_series($1::bigint, $1::bigint + $2::integer - 1) i
    returning id
)
insert into demo.imports select count(*) from imported

-- name: leave
-- Nobody looks any more: what takes its time on purpose does not from now on.
insert into demo.hurry default values
