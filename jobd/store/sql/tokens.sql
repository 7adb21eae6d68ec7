-- name: add
-- A token by the hash of its secret; no row: the name is taken by one that was not revoked.
insert into jobd.tokens as t (name, hash, role, expires_at) values ($1, $2, $3, now() + $4::interval)
on conflict (name) do update
    set hash = excluded.hash, role = excluded.role, expires_at = excluded.expires_at, created_at = now(), revoked_at = null
    where t.revoked_at is not null
returning role, expires_at;

-- name: revoke
update jobd.tokens set revoked_at = now() where name = $1 and revoked_at is null returning role, expires_at;

-- name: valid
-- All that open a door now.
select name, hash, role from jobd.tokens
where revoked_at is null and coalesce(expires_at > now(), true) order by name limit 1000;

-- name: page
-- All there are, without their hashes.
select name, role, created_at, expires_at, revoked_at from jobd.tokens order by name limit 1000;
