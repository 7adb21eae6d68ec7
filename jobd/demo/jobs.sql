-- name: note
-- Leaves a trace of one attempt in the application's own table.
insert into exchange_rate_imports (run_id, attempt, outcome) values ($1, $2, $3)
