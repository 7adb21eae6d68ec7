-- name: has_function
select exists (select from pg_proc where pronamespace = 'jobd'::regnamespace and proname = 'enqueue');

-- name: enqueue
select jobd.enqueue($1, $2::jsonb);

-- name: forget
-- What was added to warm up.
truncate jobd.runs;

-- name: count
select count(*) from jobd.runs;
