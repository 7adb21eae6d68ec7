"""The examples, run by a real daemon and asked for by jobctl, as their first lines say."""

from __future__ import annotations

import asyncio
import json
import os
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from jobd.testing.postgres import fresh_database

HELLO = Path(__file__).parents[2] / "examples" / "hello"
BIN = Path(sys.executable).parent

Ask = Callable[..., Awaitable[Any]]


async def ended(*command: str | Path, env: dict[str, str]) -> str:
    process = await asyncio.create_subprocess_exec(*command, env=env, stdout=asyncio.subprocess.PIPE, cwd=HELLO)
    async with asyncio.timeout(60):
        out, _ = await process.communicate()
    return out.decode()


@pytest.fixture(scope="module")
async def jobctl(postgres_url: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Ask]:
    """Asks a daemon that runs the example's own file; what differs from a user's terminal is the database."""
    place = tmp_path_factory.mktemp("hello", numbered=True)
    place.chmod(0o700)
    async with fresh_database(postgres_url) as url:
        ours = {
            "PYTHONPATH": ".",
            "JOBD_DATABASE__URL": url,
            "JOBD_DAEMON__STATE_DIRECTORY": str(place),
            "JOBD_SOCKET": str(place / "jobd.sock"),
        }
        env = {**os.environ, **ours}
        daemon = await asyncio.create_subprocess_exec(
            BIN / "jobd", "run", env=env, cwd=HELLO, stderr=asyncio.subprocess.PIPE
        )
        assert daemon.stderr is not None
        try:
            async with asyncio.timeout(60):
                while b"node joined" not in (line := await daemon.stderr.readline()):
                    assert line, "the daemon ended"

            async def ask(*words: str) -> Any:
                return json.loads(await ended(BIN / "jobctl", *words, "--json", env=env))

            yield ask
        finally:
            daemon.terminate()
            await daemon.stderr.read()
            assert await daemon.wait() == 0


async def test_the_async_example_greets_whom_it_is_told_to(jobctl: Ask) -> None:
    run = await jobctl("trigger", "greet", "--arg", "name=Ada", "--wait")
    assert (run["state"], run["result"]) == ("succeeded", "Hello, Ada!")


async def test_the_plain_example_deletes_what_is_old_and_counts(jobctl: Ask, tmp_path: Path) -> None:
    for name, days in (("old.log", 30), ("older.log", 90), ("new.log", 0)):
        (tmp_path / name).touch()
        modified = time.time() - days * 86_400
        os.utime(tmp_path / name, (modified, modified))
    run = await jobctl("trigger", "tidy", "--arg", f"directory={tmp_path}", "--wait")
    assert run["result"] == {"deleted": 2, "refused": 0, "kept": 1}
    assert [path.name for path in tmp_path.iterdir()] == ["new.log"]


async def test_the_plain_example_has_nothing_to_do_without_its_directory(jobctl: Ask, tmp_path: Path) -> None:
    run = await jobctl("trigger", "tidy", "--arg", f"directory={tmp_path / 'gone'}", "--wait")
    assert run["state"] == "cancelled" and "there is no directory" in run["reason"]


async def test_both_examples_have_the_schedules_of_their_file(jobctl: Ask) -> None:
    schedules = await jobctl("schedules")
    assert {schedule["name"]: schedule["job"] for schedule in schedules} == {"greet": "greet", "tidy": "tidy"}
