"""`jobd adopt`: what it says it adopted, and where a daemon is in its way, what to do instead."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

import asyncpg
import pytest

from jobd.config import load_text
from jobd.notices import paused_by
from jobd.store.database import open_database
from jobd.store.embedded.directory import locked
from jobd.store.jobs import Jobs
from jobd.store.migrate import migrate
from jobd.testing.postgres import fresh_database, open_directory

ROOT = Path(__file__).parents[2]
OTHER_USER = '[database.embedded]\nuser = "nobody"\n'
"""Postgres does not run as root."""


async def adopt(directory: Path, text: str = "") -> tuple[int | None, str, str]:
    config = directory / "jobd.toml"
    config.write_text(
        f'[daemon]\nenvironment = "production"\nstate_directory = "{directory}/state"\n'
        f'socket = "{directory}/jobd.sock"\n{text}'
    )
    config.chmod(0o600)
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "jobd", "adopt", "--config", str(config), cwd=ROOT, env={**os.environ},
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    async with asyncio.timeout(60):
        out, err = await process.communicate()
    return process.returncode, out.decode(), err.decode()


async def test_what_was_adopted_is_told_with_what_was_known_before(postgres_url: str, tmp_path: Path):
    async with fresh_database(postgres_url) as url:
        await migrate(url)
        text = f'[database]\nurl = "{url}"\n'
        code, out, _ = await adopt(tmp_path, text)
        assert (code, out.partition(":")[0]) == (0, "there is nothing to adopt")
        connection = await asyncpg.connect(url)
        name = await connection.fetchval("select current_database()")
        async with open_database(url, connections=1) as database:
            await Jobs(database).copy("development")
        await connection.execute("update jobd.meta set database = 'app', system_identifier = 7")
        code, out, err = await adopt(tmp_path, text)
        await connection.close()
    assert (code, err) == (0, "")
    assert out.startswith(f"adopted as production: database {name} of server ")
    assert ", production (it was database app of server 7, development); start the daemon again" in out


async def test_a_postgres_that_its_daemon_holds_is_adopted_while_that_stands_still():
    with open_directory() as below:
        (below / "state").mkdir()
        with locked(below / "state" / "postgres"):
            code, out, err = await adopt(below, OTHER_USER if os.geteuid() == 0 else "")
        assert not (below / "state" / "postgres").exists()
    assert (code, out) == (1, "")
    assert f"nothing was adopted: another jobd (pid {os.getpid()}) runs Postgres in " in err
    assert err.endswith(": systemctl stop jobd; jobd adopt; systemctl start jobd\n")
    assert "state_directory" not in err


@pytest.mark.parametrize(("text", "told"), [("", True), ('[database]\nurl = "postgresql:///app"\n', False)])
def test_a_copy_in_jobds_own_postgres_says_that_the_daemon_has_to_stop_for_it(text: str, told: bool):
    said = paused_by("the server is another one", load_text(text))
    assert said.startswith("the server is another one; nothing fires, runs, is mailed or deleted until `jobd adopt`")
    assert said.endswith("(stop the daemon, jobd adopt, start it: its Postgres runs only with it)") is told
