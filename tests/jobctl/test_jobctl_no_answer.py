"""Requests without a whole answer: what changes something may have been done, and that is said."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from socket import AF_UNIX, socket

import pytest

from jobd.jobctl.failures import Failure
from jobd.jobctl.transport import Daemon

MAY_BE_DONE = "look with jobctl runs and jobctl audit before you repeat it; a trigger with --key can be repeated"
Answers = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


async def stuck(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read()  # until the asker gives up
    writer.close()


async def reset(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.transport.abort()  # before the request was read


async def ended(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readuntil(b"\r\n\r\n")
    writer.close()


async def broken(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readuntil(b"\r\n\r\n")
    writer.write(b'HTTP/1.1 200 OK\r\nContent-Length: 400\r\n\r\n{"id": 8')
    writer.close()


def failure_of(path: Path, method: str) -> Failure:
    daemon = Daemon(str(path))
    daemon.seconds = 0.2
    with pytest.raises(Failure) as raised:
        daemon.ask(method, "/v1/runs", "{}")
    return raised.value


@pytest.mark.parametrize("answers", [stuck, reset, ended, broken])
@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
async def test_a_change_without_an_answer_may_still_be_done(tmp_path: Path, answers: Answers, method: str):
    async with await asyncio.start_unix_server(answers, tmp_path / "jobd.sock"):
        failure = await asyncio.to_thread(failure_of, tmp_path / "jobd.sock", method)
        asked = await asyncio.to_thread(failure_of, tmp_path / "jobd.sock", "GET")
    assert failure.message.endswith("; it may still be done")
    assert failure.hint == MAY_BE_DONE
    assert "may still be done" not in asked.message
    assert asked.hint not in (MAY_BE_DONE, "try again", None)


async def test_a_daemon_where_too_many_wait_was_asked_for_nothing(tmp_path: Path):
    path = str(tmp_path / "jobd.sock")
    with socket(AF_UNIX) as listening, socket(AF_UNIX) as waiting:
        listening.bind(path)
        listening.listen(0)
        waiting.connect(path)
        failure = await asyncio.to_thread(failure_of, tmp_path / "jobd.sock", "POST")
    assert (failure.exit_code, failure.message.endswith("too many wait there, it is stuck")) == (5, True)
    assert "systemctl start" not in str(failure.hint)


async def test_a_change_that_nobody_heard_of_was_not_done(jobctl, tmp_path: Path):
    ran = await jobctl("--socket", str(tmp_path / "jobd.sock"), "trigger", "tidy")
    assert ran.code == 5
    assert "may still be done" not in ran.err
