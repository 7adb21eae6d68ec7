"""roles.sql: what each role may, tried as that role, and a daemon that may change no table."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import asyncpg
import pytest
from support.schemas import migrated_before
from support.served import serving
from support.waiting import until

from jobd.cli import main
from jobd.errors import StoreRefused
from jobd.store.migrate import migrate, migrations, roles
from jobd.testing.postgres import fresh_database

ROLES = ("jobd_owner", "jobd_run", "jobd_enqueue", "jobd_read")
EVERYBODY = (*ROLES, "jobd_nobody")
NEW_RUN = "insert into jobd.runs (job, queue, source) values ('job', 'default', 'x')"

# statement → who may
MATRIX = {
    "select jobd.enqueue('job')": "owner run enqueue",
    "select jobd.enqueue_many('job', array['{}']::jsonb[])": "owner run enqueue",
    "select jobd.cancel(1)": "owner run",
    "select * from jobd.runs_all": "owner run read",
    "select * from jobd.queues_status": "owner run read",
    "select * from jobd.schedules_status": "owner run read",
    "select * from jobd.runs": "owner run",
    "select * from jobd.history": "owner run",
    "select * from jobd.outbox": "owner run",
    "select * from jobd.jobs": "owner run",
    "select * from jobd.migrations": "owner run",
    NEW_RUN: "owner run",
    "update jobd.queues set weight = 2": "owner run",
    "delete from jobd.history": "owner run",
    "select nextval('jobd.run_ids')": "owner run",
    "select jobd.make_partitions(20)": "owner run",
    "select jobd.drop_partitions(now() - interval '400 days')": "owner run",
    "select jobd.lock_key(1)": "owner run",
    "delete from jobd.migrations": "owner",
    "update jobd.migrations set checksum = 'x'": "owner",
    "truncate jobd.runs": "owner",
    "alter table jobd.runs add column mine text": "owner",
    "drop table jobd.stats": "owner",
    "create table jobd.mine (id int)": "owner",
    "create function jobd.mine() returns int language sql as 'select 1'": "owner",
    "alter view jobd.queues_status rename to mine": "owner",
    "alter function jobd.cancel(bigint, text) security invoker": "owner",
    "drop schema jobd cascade": "owner",
    "create role jobd_more": "",
}


@pytest.fixture(scope="module")
async def owned_url(postgres_url: str) -> AsyncIterator[str]:
    """A database that a superuser migrated, given to its roles as the file says, twice."""
    async with login(postgres_url) as admin:
        there = {row["rolname"] for row in await admin.fetch("select rolname from pg_roles")}
    async with fresh_database(postgres_url) as url:
        await migrate(url)
        async with login(url) as admin:
            for _ in range(2):
                await admin.execute(roles())
            if "jobd_nobody" not in there:
                await admin.execute("create role jobd_nobody")
            await admin.execute(
                "insert into jobd.jobs (name, owner, queue, priority, retries) values ('job', 'test', 'default', 0, 0);"
                "insert into jobd.queues (name, owner, weight) values ('default', 'test', 1);" + NEW_RUN
            )
        yield url
    async with login(postgres_url) as admin:
        for role in set(EVERYBODY) - there:
            with suppress(asyncpg.DependentObjectsStillExistError):  # another database of this server uses it by now
                await admin.execute(f"drop role {role}")


@asynccontextmanager
async def login(url: str, role: str | None = None) -> AsyncIterator[asyncpg.Connection]:
    """A connection of the superuser, or of this role as if it had logged in."""
    connection = await asyncpg.connect(url)
    try:
        if role is not None:
            await connection.execute(f"set session authorization {role}")
        yield connection
    finally:
        await connection.close()


@pytest.mark.parametrize("role", EVERYBODY)
@pytest.mark.parametrize("statement", MATRIX)
async def test_each_role_may_what_it_is_for_and_nothing_else(owned_url, role, statement):
    allowed = f"{role.removeprefix('jobd_')}" in MATRIX[statement].split()
    async with login(owned_url, role) as connection:
        attempt = connection.transaction()
        await attempt.start()
        try:
            if allowed:
                await connection.execute(statement)
            else:
                with pytest.raises(asyncpg.InsufficientPrivilegeError):
                    await connection.execute(statement)
        finally:
            await attempt.rollback()


async def test_a_run_remembers_the_role_that_asked_although_the_function_acts_as_the_owner(owned_url):
    async with login(owned_url, "jobd_enqueue") as application:
        run = await application.fetchval("select jobd.enqueue('job')")
    async with login(owned_url) as admin:
        assert await admin.fetchval("select source from jobd.runs where id = $1", run) == "sql jobd_enqueue"


async def test_tables_and_functions_of_a_later_migration_are_the_daemons_and_nobody_elses(owned_url):
    async with login(owned_url, "jobd_owner") as owner:
        await owner.execute("create table jobd.later (id int); create sequence jobd.later_ids")
        await owner.execute("create function jobd.later_one() returns int language sql as 'select 1'")
    try:
        async with login(owned_url, "jobd_run") as daemon:
            await daemon.execute("insert into jobd.later values (nextval('jobd.later_ids'))")
            assert await daemon.fetchval("select jobd.later_one()") == 1
        for role in ("jobd_enqueue", "jobd_read"):
            async with login(owned_url, role) as other:
                for statement in ("select * from jobd.later", "select jobd.later_one()"):
                    with pytest.raises(asyncpg.InsufficientPrivilegeError):
                        await other.execute(statement)
    finally:
        async with login(owned_url) as admin:
            await admin.execute("drop table jobd.later; drop sequence jobd.later_ids; drop function jobd.later_one()")


async def test_nothing_in_the_schema_belongs_to_anybody_but_the_owner(owned_url):
    async with login(owned_url) as admin:
        others = await admin.fetch(
            "select relname as name from pg_class where relnamespace = 'jobd'::regnamespace "
            "and relowner <> 'jobd_owner'::regrole and relkind not in ('i', 'I') "
            "union all select proname from pg_proc where pronamespace = 'jobd'::regnamespace "
            "and proowner <> 'jobd_owner'::regrole"
        )
    assert [row["name"] for row in others] == []


async def test_the_owner_makes_the_schema_and_the_daemon_needs_only_to_read_it(postgres_url, owned_url):
    """`owned_url` is there for the roles."""
    async with fresh_database(postgres_url) as url:
        async with login(url) as admin:
            await admin.execute("create schema jobd authorization jobd_owner")
        with pytest.raises(StoreRefused, match=r"lacks 0001_runs\.sql.*`jobd migrate` as the owner"):
            await migrate(as_role(url, "jobd_run"))
        assert await migrate(as_role(url, "jobd_owner")) == [migration.name for migration in migrations()]
        async with login(url) as admin:
            await admin.execute(roles())
        assert await migrate(as_role(url, "jobd_run")) == []
        with pytest.raises(StoreRefused, match="permission denied"):
            await migrate(as_role(url, "jobd_read"))


async def test_after_an_upgrade_by_a_superuser_the_roles_are_granted_anew(postgres_url, owned_url):
    """`owned_url` is there for the roles."""
    what = "select args ->> 'card' from jobd.runs_all"
    async with fresh_database(postgres_url) as url, login(url) as admin:
        await migrated_before(url, 12)
        await admin.execute(roles())
        await admin.execute(
            "insert into jobd.redactions values ('test', '{args.card}');"
            "insert into jobd.runs (job, queue, source, args) values ('job', 'default', 'x', '{\"card\": \"4111\"}')"
        )
        await migrate(url)
        async with login(url, "jobd_run") as daemon, login(url, "jobd_read") as reader:
            with pytest.raises(asyncpg.InsufficientPrivilegeError, match="loads"):
                await daemon.execute("delete from jobd.loads")
            await admin.execute(roles())
            await daemon.execute("delete from jobd.loads")
            assert await reader.fetchval(what) == "********"


async def test_an_older_schema_names_what_it_lacks_to_a_daemon_that_may_not_make_it(owned_url):
    last = migrations()[-1]
    async with login(owned_url) as admin:
        row = await admin.fetchrow("delete from jobd.migrations where version = $1 returning *", last.version)
        try:
            with pytest.raises(StoreRefused, match=last.name):
                await migrate(as_role(owned_url, "jobd_run"))
        finally:
            await admin.execute("insert into jobd.migrations values ($1, $2, $3, $4)", *row.values())


DAEMON = """
[daemon]
name = "test"
state_directory = "{place}"
socket = "{place}/jobd.sock"
poll = "200ms"
[database]
url = "{url}"
[queues]
default = {{}}
[jobs.nothing]
command = ["true"]
every = "1h"
"""


async def test_a_daemon_that_may_change_no_table_does_its_work(owned_url, tmp_path):
    tmp_path.chmod(0o700)
    async with login(owned_url) as admin:
        await admin.execute("delete from jobd.runs; delete from jobd.jobs; delete from jobd.meta")
        parts = "select count(*) from pg_inherits where inhparent = 'jobd.history'::regclass"
        before = await admin.fetchval(parts)
        newest = await admin.fetchval(parts.replace("count(*)", "max(inhrelid::regclass::text)"))
        await admin.execute(f"drop table {newest}")
        async with serving(DAEMON.format(place=tmp_path, url=as_role(owned_url, "jobd_run"))):
            await until(lambda: admin.fetchval("select 1 from jobd.nodes where not lost"), what="a node that joined")
            async with login(owned_url, "jobd_enqueue") as application:
                run = await application.fetchval("select jobd.enqueue('nothing')")
            state = "select state from jobd.runs_all where id = $1 and finished_at is not null"
            assert await until(lambda: admin.fetchval(state, run), what="the end of the run") == "succeeded"
            await until(lambda: is_equal(admin, parts, before), what="the partition that was missing")
        assert await admin.fetchval("select bool_and(left_at is not null) from jobd.nodes")


async def is_equal(connection: asyncpg.Connection, question: str, value: object) -> bool:
    return bool(await connection.fetchval(question) == value)


def as_role(url: str, role: str) -> str:
    """`url` with the rights of this role and no other."""
    return f"{url}{'&' if '?' in url else '?'}role={role}"


def test_the_command_prints_the_file_and_nothing_else(capsys):
    assert main(["migrate", "--roles"]) == 0
    assert capsys.readouterr().out == roles()
