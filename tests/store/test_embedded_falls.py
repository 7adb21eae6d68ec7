"""What happens to jobd's own Postgres when it, or jobd, or an earlier one dies without ceremony."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import sys
from asyncio.subprocess import PIPE
from pathlib import Path

import asyncpg
import pytest

import jobd
from jobd.errors import EmbeddedPostgresError
from jobd.model.settings import EmbeddedSettings
from jobd.store.embedded import binaries, embedded_postgres, files, occupied
from jobd.store.embedded.account import account_for
from jobd.testing.postgres import open_directory

SETTINGS = EmbeddedSettings()
ACCOUNT = account_for(SETTINGS, demo=True)
AS_POSTGRES = {"user": ACCOUNT.uid, "group": ACCOUNT.gid, "extra_groups": []} if ACCOUNT.foreign else {}

PARENT = """
import asyncio, sys
from pathlib import Path
from jobd.model.settings import EmbeddedSettings
from jobd.store.embedded import embedded_postgres

async def main():
    async with embedded_postgres(EmbeddedSettings(), Path(sys.argv[1]), demo=True) as postgres:
        print(postgres.pid, flush=True)
        await asyncio.Event().wait()

asyncio.run(main())
"""


@pytest.fixture(scope="module")
def state():
    with open_directory() as directory:
        yield directory


@pytest.fixture
async def other_jobd(state):
    """Another process that holds a running Postgres in `state`, and the pid of that Postgres."""
    parent = await asyncio.create_subprocess_exec(
        sys.executable, "-c", PARENT, str(state), stdout=PIPE,
        env={**os.environ, "PYTHONPATH": str(Path(jobd.__file__).parents[1])},
    )  # fmt: skip
    assert parent.stdout
    async with asyncio.timeout(30):
        pid = int(await parent.stdout.readline())
    yield parent, pid
    if parent.returncode is None:
        parent.kill()
    await parent.wait()


class Heard(logging.Handler):
    """Tells when a line of the log has been written."""

    def __init__(self, sentence: str) -> None:
        super().__init__()
        self.sentence, self.event = sentence, asyncio.Event()

    def emit(self, record: logging.LogRecord) -> None:
        if self.sentence in record.getMessage():
            self.event.set()


async def gone(pid: int) -> None:
    """Return when the process has ended; the kernel tells."""
    try:
        descriptor = os.pidfd_open(pid)
    except ProcessLookupError:
        return
    ended = asyncio.Event()
    loop = asyncio.get_running_loop()
    loop.add_reader(descriptor, ended.set)
    try:
        async with asyncio.timeout(30):
            await ended.wait()
    finally:
        loop.remove_reader(descriptor)
        os.close(descriptor)


async def count(url: str) -> int:
    connection = await asyncpg.connect(url)
    try:
        await connection.execute("create table if not exists marks ()")
        await connection.execute("insert into marks default values")
        return await connection.fetchval("select count(*) from marks")
    finally:
        await connection.close()


async def test_a_postmaster_that_was_killed_is_started_again_with_all_that_was_committed(state):
    async with embedded_postgres(SETTINGS, state, demo=True) as postgres, asyncio.timeout(60):
        before, killed = await count(postgres.url), postgres.pid
        os.kill(killed, signal.SIGKILL)
        assert await postgres.wait() == -signal.SIGKILL
        assert postgres.pid is None
        await postgres.ready.wait()
        assert await count(postgres.url) == before + 1
        assert postgres.pid not in (None, killed)
        assert postgres.restarts == 1


async def test_a_second_fall_is_answered_like_the_first(state):
    async with embedded_postgres(SETTINGS, state, demo=True) as postgres, asyncio.timeout(60):
        for fall in (1, 2):
            os.kill(postgres.pid, signal.SIGKILL)
            await postgres.wait()
            await postgres.ready.wait()
            assert postgres.restarts == fall


async def test_a_start_that_fails_is_tried_again_until_the_trouble_is_over(state):
    heard = Heard("Postgres does not start")
    logging.getLogger("jobd.store.embedded.supervisor").addHandler(heard)
    try:
        async with embedded_postgres(SETTINGS, state, demo=True) as postgres, asyncio.timeout(60):
            obstacle = postgres.data / "postgresql.auto.conf"
            good = obstacle.read_text()
            obstacle.write_text("nonsense\n")
            os.kill(postgres.pid, signal.SIGKILL)
            await postgres.wait()
            await heard.event.wait()
            assert not postgres.ready.is_set()
            obstacle.write_text(good)
            await postgres.ready.wait()
            assert await count(postgres.url) > 0
    finally:
        logging.getLogger("jobd.store.embedded.supervisor").removeHandler(heard)


async def test_leaving_while_it_is_down_leaves_nothing(state):
    async with embedded_postgres(SETTINGS, state, demo=True) as postgres, asyncio.timeout(60):
        os.kill(postgres.pid, signal.SIGKILL)
        await postgres.wait()
    await occupied.vacated(postgres.data)


async def test_postgres_ends_in_order_when_jobd_is_killed(state, other_jobd):
    parent, pid = other_jobd
    parent.kill()
    await gone(pid)
    assert "database system is shut down" in files.tail(state / "postgres" / "postgres.log", 300)


async def test_the_next_jobd_waits_for_the_postgres_of_one_that_was_killed(state, other_jobd):
    parent, pid = other_jobd
    os.kill(pid, signal.SIGSTOP)  # slow to leave: it does not even see the signal
    parent.kill()
    await parent.wait()
    starting = asyncio.create_task(_started_once(state))
    try:
        done, _ = await asyncio.wait({starting}, timeout=0.5)
        assert not done
    finally:
        os.kill(pid, signal.SIGCONT)
    async with asyncio.timeout(30):
        assert await starting != pid


async def _started_once(state: Path) -> int | None:
    async with embedded_postgres(SETTINGS, state, demo=True) as postgres:
        return postgres.pid


async def test_a_second_jobd_on_the_same_data_is_refused_by_name(state, other_jobd):
    parent, pid = other_jobd
    with pytest.raises(EmbeddedPostgresError, match=rf"another jobd \(pid {parent.pid}\).*{state}.*state_directory"):
        await _started_once(state)
    assert pid in occupied.residents(state / "postgres")


async def test_a_lock_file_whose_pid_is_somebody_elses_by_now_does_not_stop_the_start(state):
    await _started_once(state)
    bystander = await asyncio.create_subprocess_exec("/bin/cat", stdin=PIPE, **AS_POSTGRES)
    try:
        data = state / "postgres"
        files.write(data, "postmaster.pid", f"{bystander.pid}\n{data}\n1\n5432\n{data}\n\n 1 1\nready   \n", ACCOUNT)
        files.write(data, ".s.PGSQL.5432.lock", f"{bystander.pid}\n{data}\n1\n5432\n", ACCOUNT)
        assert await _started_once(state) is not None
        assert bystander.returncode is None
    finally:
        bystander.kill()
        await bystander.wait()


async def test_a_server_that_somebody_started_by_hand_is_left_alone(state, monkeypatch):
    monkeypatch.setattr(occupied, "_PATIENCE", 0.1)
    await _started_once(state)
    data = state / "postgres"
    program = (await binaries.found(SETTINGS, ACCOUNT, state / "copies")).directory / "postgres"
    by_hand = await asyncio.create_subprocess_exec(
        program, "-D", data, "-k", data, "-c", "listen_addresses=", stderr=PIPE, cwd="/", **AS_POSTGRES
    )
    try:
        assert by_hand.stderr
        async with asyncio.timeout(30):
            while b"ready to accept" not in (line := await by_hand.stderr.readline()):
                assert line
        with pytest.raises(EmbeddedPostgresError, match=rf"another Postgres \(pid {by_hand.pid}\) already runs"):
            await _started_once(state)
        assert by_hand.returncode is None
    finally:
        os.kill(by_hand.pid, signal.SIGINT)
        await by_hand.wait()
