-- The demo's application data, in bulk, and what has to become of each row. `demo.*` is the demo's own notebook.

-- name: notebook
-- Where the demo writes down what it planted; the jobs know nothing of it.
create schema demo;
create table demo.fates (id bigint primary key, fate text not null);
create table demo.mails (kind text not null, recipient text not null);
create table exchange_rate_imports (
    run_id  bigint not null,
    attempt integer not null,
    outcome text not null,
    at      timestamptz not null default now()
);
create table bank_statements (run_id bigint not null, outcome text not null, at timestamptz not null default now());
create table invoices (number bigint primary key, at timestamptz not null default now());
create table demo.invoices (number bigint primary key);
create table demo.imports (rows bigint not null);
create table demo.hurry (since timestamptz not null default now());

-- name: plans
insert into subscription_plans (id, name, price, currency, billing_cycle) values
    (1, 'Basic', 150.00, 'EGP', 'Monthly'),
    (2, 'Plus', 390.00, 'EGP', 'Monthly'),
    (3, 'Professional', 3900.00, 'EGP', 'Yearly'),
    (4, 'الباقة العائلية', 590.00, 'EGP', 'Monthly'),
    (5, 'Teams & Friends', 49.99, 'USD', 'Monthly'),
    (6, 'Atelier «Été»', 12.500, 'OMR', 'Monthly')

-- name: users
-- $1 people, each with an address of their own; half of them write their names in Arabic.
with given (n, name, slug) as (values
    (0, 'أحمد', 'ahmed'), (1, 'فاطمة', 'fatma'), (2, 'محمود', 'mahmoud'), (3, 'مريم', 'mariam'),
    (4, 'يوسف', 'youssef'), (5, 'نور', 'nour'), (6, 'عمر', 'omar'), (7, 'سلمى', 'salma'),
    (8, 'كريم', 'karim'), (9, 'هدى', 'hoda'), (10, 'طارق', 'tarek'), (11, 'ليلى', 'laila'),
    (12, 'Anna', 'anna'), (13, 'Björn', 'bjorn'), (14, 'Chloé', 'chloe'), (15, 'David', 'david'),
    (16, 'Elif', 'elif'), (17, 'Łukasz', 'lukasz'), (18, 'Grace', 'grace'), (19, 'Hanna', 'hanna'),
    (20, 'İbrahim', 'ibrahim'), (21, 'José', 'jose'), (22, 'Katarína', 'katarina'), (23, 'Seán', 'sean')
), family (n, name, slug) as (values
    (0, 'حسن', 'hassan'), (1, 'إبراهيم', 'ibrahim'), (2, 'عبد الله', 'abdallah'), (3, 'السيد', 'elsayed'),
    (4, 'منصور', 'mansour'), (5, 'الشناوي', 'elshenawy'), (6, 'فؤاد', 'fouad'), (7, 'صبري', 'sabry'),
    (8, 'زكي', 'zaki'), (9, 'الجندي', 'elgendy'), (10, 'رشدي', 'roshdy'), (11, 'غالي', 'ghali'),
    (12, 'O''Brien', 'obrien'), (13, 'Müller', 'mueller'), (14, 'Dubois', 'dubois'), (15, 'Nowak', 'nowak'),
    (16, 'Yılmaz', 'yilmaz'), (17, 'Smith & Sons', 'smith'), (18, 'Åkesson', 'akesson'), (19, 'García', 'garcia'),
    (20, 'Novotná', 'novotna'), (21, 'van den Berg', 'vandenberg'), (22, 'Okafor', 'okafor'), (23, 'Ødegård', 'odegard')
)
insert into users (id, full_name, email, created_at)
select i, g.name || ' ' || f.name,
    g.slug || '.' || f.slug || i || '@' || (array['example.com', 'example.org', 'example.net'])[1 + i % 3],
    now() - make_interval(days => 30 + i % 900)
from generate_series(1, $1::integer) i
join given g on g.n = i % 24
join family f on f.n = (i / 24) % 12 + case when i % 24 < 12 then 0 else 12 end

-- name: fates
-- What has to become of the $1 subscriptions. The last $2 of them are trials that end while the demo runs.
insert into demo.fates (id, fate)
select i, case
    when i > $1::integer - $2::integer then 'expires soon'
    else (array['expires', 'expires', 'expires', 'expires', 'expires', 'reminded', 'reminded',
                'ended and cancelled', 'ended and expired', 'ended and suspended', 'ended and deleted',
                'ends this week, not active', 'ends next week'])[1 + i % 50]
    end
from generate_series(1, $1::integer) i
where i > $1 - $2 or i % 50 < 13

-- name: subscriptions
-- One subscription a person, $1 of them; those without a fate run for months. The trials that end soon do so
-- one after the other within $2 seconds. No other end lies within an hour of an edge of some job's rule.
insert into user_subscriptions (id, user_id, subscription_plan_id, status, start_date, end_date, trial_end_date,
                                next_billing_date, auto_renewal, is_deleted)
select i, i, 1 + i % 6, status, now() - interval '400 days', end_date,
    case when status = 'Trial' then end_date end, case when renews then end_date end, renews,
    coalesce(fate = 'ended and deleted', false)
from generate_series(1, $1::integer) i
left join demo.fates on id = i
cross join lateral (select make_interval(hours => 1 + i % 480) as past, i % 2 = 0 as even) x
cross join lateral (select
    case fate
        when 'expires' then (array['Active', 'Trial', 'GracePeriod'])[1 + i % 3]
        when 'expires soon' then 'Trial'
        when 'ended and cancelled' then 'Cancelled'
        when 'ended and expired' then 'Expired'
        when 'ended and suspended' then case when even then 'Suspended' else 'PendingPayment' end
        when 'ends this week, not active' then (array['Trial', 'GracePeriod', 'Cancelled'])[1 + i % 3]
        else 'Active'
    end as status,
    case
        when fate = 'expires soon' then now() + $2::float8 * (i % 40) / 40 * interval '1 second'
        when fate in ('expires', 'ended and cancelled', 'ended and expired', 'ended and suspended', 'ended and deleted')
            then now() - past
        when fate in ('reminded', 'ends this week, not active') then now() + make_interval(hours => 2 + i % 160)
        when fate = 'ends next week' then now() + make_interval(hours => 7 * 24 + 2 + i % 48)
        else now() + make_interval(days => 10 + i % 350)
    end as end_date,
    coalesce(fate, '') not like 'ended and %' and i % 4 <> 0 as renews) y

-- name: mails
-- Who has to get which mail, once.
insert into demo.mails (kind, recipient)
select case when fate = 'reminded' then 'subscription-reminder' else 'subscription-expired' end, u.email
from demo.fates f join users u on u.id = f.id
where fate in ('expires', 'expires soon', 'reminded')

-- name: mails_on_demand
insert into demo.mails (kind, recipient) select $1, r from unnest($2::text[]) r

-- name: payments
-- The payments that stand in the gateway's script, and those that nobody may touch.
insert into payments (id, user_id, subscription_plan_id, amount, currency, status, payment_method, paymob_order_id,
                      created_at, is_deleted)
select n, n, 1 + n % 6, amount, currency, status, method, nullif(order_id, ''), now() - age, deleted
from unnest($1::bigint[], $2::numeric[], $3::text[], $4::text[], $5::text[], $6::text[], $7::interval[], $8::boolean[])
    as p (n, amount, currency, status, method, order_id, age, deleted)

-- name: settled_payments
-- $2 payments of the past that are settled, from id $1 on.
insert into payments (id, user_id, subscription_plan_id, amount, currency, status, payment_method, paymob_order_id,
                      paymob_transaction_id, paid_at, created_at)
select $1::bigint + i, 1 + i, 1 + i % 6, 390.00, 'EGP', 'Completed', 'card', (50000000 + i)::text,
    (50000000 + i)::text || '001', now() - make_interval(days => 1 + i % 300), now() - make_interval(days => 1 + i % 300)
from generate_series(0, $2::integer - 1) i

-- name: audit_trail
-- $1 rows that are old (100 days and more) and $2 that are young, in the order of their ids.
insert into audit_trail (id, user_id, user_full_name, entity_name, entity_id, action, old_values, new_values,
                         timestamp, ip_address)
select i, u, 'user ' || u, (array['User', 'Payment', 'UserSubscription', 'SubscriptionPlan'])[1 + i % 4], (i % 7919)::text,
    (array['Created', 'Updated', 'Deleted', 'LoggedIn'])[1 + i % 4],
    case when i % 4 = 1 then jsonb_build_object('status', 'Pending') end,
    case when i % 4 < 2 then jsonb_build_object('status', 'Active', 'by', u) end,
    case when i <= $1::integer then now() - interval '100 days' - make_interval(mins => 20 * ($1 - i))
         else now() - interval '80 days' + make_interval(mins => (i - $1) % 100000) end,
    '198.51.100.' || i % 250
from generate_series(1, $1::integer + $2::integer) i
cross join lateral (select 1 + i % 5000 as u) x

-- name: before
-- All as it is before the daemon starts, to compare with.
create table demo.subscriptions as select * from user_subscriptions;
create table demo.payments as select * from payments;
alter table demo.subscriptions add primary key (id);
alter table demo.payments add primary key (id);
analyze;

-- name: end_trials
-- What was to end while somebody looks ends now.
update user_subscriptions s set end_date = now(), trial_end_date = now()
from demo.fates f where f.id = s.id and f.fate = 'expires soon' and s.end_date > now()
