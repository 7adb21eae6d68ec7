-- Names cannot be parameters of these statements, so the server quotes them.

-- name: creation
-- Promises a statement that creates the database of this name and fails when it exists.
select format('create database %I', $1::text)

-- name: removal
-- Promises a statement that drops the database of this name, also with people in it, and does nothing without one.
select format('drop database if exists %I with (force)', $1::text)
