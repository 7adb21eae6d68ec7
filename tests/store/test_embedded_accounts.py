"""Who Postgres runs as: ourselves, or as root the named user; nobody is created and nothing is opened."""

from __future__ import annotations

import os
import pwd
import tempfile
from pathlib import Path

import asyncpg
import pytest

from jobd.errors import EmbeddedPostgresError
from jobd.model.settings import EmbeddedSettings
from jobd.store.embedded import embedded_postgres, process
from jobd.store.embedded.account import account_for, peers
from jobd.testing.postgres import open_directory

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="needs root")
as_plain_user = pytest.mark.skipif(os.geteuid() == 0, reason="needs a plain user")


@pytest.fixture
def state():
    with open_directory() as made:
        yield made


@pytest.fixture
def extra_group():
    """A group of root's that Postgres must not inherit."""
    groups = os.getgroups()
    os.setgroups([*groups, 54321])
    yield 54321
    os.setgroups(groups)


@as_root
def test_root_is_told_which_key_to_set_and_nobody_is_picked_only_by_the_demo():
    with pytest.raises(EmbeddedPostgresError, match=r"\[database\.embedded\] user"):
        account_for(EmbeddedSettings(), demo=False)
    assert account_for(EmbeddedSettings(), demo=True).name == "nobody"


@as_root
@pytest.mark.parametrize(
    ("user", "words"), [("no-such-user", "no user 'no-such-user'"), ("root", "refuses to run as root")]
)
def test_a_user_that_will_not_do_is_refused_by_its_key(user, words):
    users = len(pwd.getpwall())
    with pytest.raises(EmbeddedPostgresError, match=rf"\[database\.embedded\] user.*{words}"):
        account_for(EmbeddedSettings(user=user), demo=True)
    assert len(pwd.getpwall()) == users


@as_plain_user
def test_a_plain_user_runs_it_as_itself_and_cannot_be_another():
    own = pwd.getpwuid(os.geteuid()).pw_name
    assert account_for(EmbeddedSettings(), demo=False).name == own
    assert not account_for(EmbeddedSettings(user=own), demo=False).foreign
    with pytest.raises(EmbeddedPostgresError, match=rf"jobd runs as {own} and cannot run Postgres as daemon"):
        account_for(EmbeddedSettings(user="daemon"), demo=False)


def test_ourselves_and_root_get_in_and_nobody_else():
    assert set(peers()) == {pwd.getpwuid(os.geteuid()).pw_name, "root"}


@as_root
async def test_the_named_user_owns_the_server_and_its_data(state, extra_group):
    settings = EmbeddedSettings(user="nobody")
    uid = pwd.getpwnam("nobody").pw_uid
    async with embedded_postgres(settings, state / "new", durable=False) as postgres:
        status = Path(f"/proc/{postgres.pid}/status").read_text()
        assert f"Uid:\t{uid}\t{uid}\t{uid}\t{uid}" in status
        groups = next(line for line in status.splitlines() if line.startswith("Groups:"))
        assert str(extra_group) not in groups.split()
        assert {path.stat().st_uid for path in postgres.data.rglob("*")} == {uid}


@as_root
async def test_a_state_directory_that_the_user_cannot_reach_is_refused_by_the_parent_that_blocks(state):
    closed = state / "closed"
    closed.mkdir(mode=0o700)
    with pytest.raises(EmbeddedPostgresError, match=rf"nobody cannot enter {closed}, .*directory"):
        async with embedded_postgres(EmbeddedSettings(user="nobody"), closed / "state"):
            pass
    assert closed.stat().st_mode & 0o777 == 0o700
    assert not (closed / "state" / "postgres").exists()


@as_root
async def test_the_demo_goes_elsewhere_when_its_directory_is_closed_and_cleans_up(state, monkeypatch):
    closed = state / "closed"
    closed.mkdir(mode=0o700)
    monkeypatch.setattr(tempfile, "tempdir", str(closed))  # as TMPDIR=/root/tmp would
    async with embedded_postgres(EmbeddedSettings(), closed, demo=True, durable=False) as postgres:
        assert not postgres.data.is_relative_to(closed)
        connection = await asyncpg.connect(postgres.url)
        assert await connection.fetchval("select true")
        await connection.close()
    assert not postgres.data.parent.exists()
    assert closed.stat().st_mode & 0o777 == 0o700


@as_root
async def test_data_of_another_owner_is_refused_with_both_ways_out(state):
    async with embedded_postgres(EmbeddedSettings(user="nobody"), state, durable=False) as postgres:
        pass
    with pytest.raises(EmbeddedPostgresError, match=rf"{postgres.data} belongs to uid .*user.*chown -R daemon"):
        async with embedded_postgres(EmbeddedSettings(user="daemon"), state):
            pass


@as_root
async def test_what_blocks_is_found_by_trying_and_not_by_reading_modes(state):
    nobody = account_for(EmbeddedSettings(user="nobody"), demo=False)
    inner = state / "a" / "b"
    inner.mkdir(parents=True)
    (state / "a").chmod(0o755)
    inner.chmod(0o700)
    (inner / "file").touch()
    assert await process.blocked(nobody, state / "a") is None
    assert await process.blocked(nobody, state / "a", inner / "file") == inner
