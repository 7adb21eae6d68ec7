-- Arguments go as text and become jsonb here, whatever codec the caller has set for jsonb on its connection.

-- name: enqueue
-- Promises a run when the caller's transaction commits, and none when it does not.
select jobd.enqueue($1::text, $2::text::jsonb, $3::text, $4::integer, coalesce($5::timestamptz, now() + $6::interval),
    $7::text, $8::boolean)

-- name: enqueue_many
-- As `enqueue` for many runs of one job; a row for each, in the order given.
select jobd.enqueue_many($1::text, $2::text[]::jsonb[], notify => $3::boolean)
