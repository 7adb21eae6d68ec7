-- name: echo
select pg_notify('jobd_control', $1);

-- name: announce
-- Notifications are hints: sent after the commit they speak of, on a connection of their own.
select count(pg_notify(channel, payload)) from unnest($1::text[], $2::text[]) as t(channel, payload);
