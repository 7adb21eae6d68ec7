-- name: note
-- Leaves a trace of one attempt in the application's own table, and says how it ends: the first $3 of a run fail. They
-- are counted here: a number of an attempt may be passed over, where a node took a run and gave it back unstarted.
insert into exchange_rate_imports (run_id, attempt, outcome)
select $1, $2, case when (select count(*) from exchange_rate_imports where run_id = $1) < $3::integer
    then 'unreachable' else 'imported' end
returning outcome

-- name: fetch
-- Whether the bank answers this time: of every $2 times it does not, the first.
insert into bank_statements (run_id, outcome)
select $1, case when (select count(*) from bank_statements) % $2::integer = 0 then 'unreachable' else 'fetched' end
returning outcome

-- name: write_invoice
-- An invoice that stands already stays as it is.
insert into invoices (number) values ($1) on conflict do nothing

-- name: figures
-- What one plan brought in, for one day of the past; the same work each time.
select coalesce(sum(amount), 0) from payments
where status = 'Completed' and paid_at::date = current_date - $1::integer

-- name: in_a_hurry
-- Whether nobody looks any more.
select exists (select from demo.hurry)
