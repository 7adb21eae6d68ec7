"""What the service manager is told, and when: who waited for READY may count on jobd."""

from __future__ import annotations

import signal
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import asyncpg
from support.daemons import Process, processes
from support.waiting import until


class Manager:
    """The socket on which systemd listens, and what came there."""

    def __init__(self, path: Path) -> None:
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(str(path))
        self._socket.setblocking(False)
        self._said: list[str] = []

    def said(self) -> list[str]:
        """Everything so far, line by line."""
        while True:
            try:
                self._said += self._socket.recv(4096).decode().splitlines()
            except BlockingIOError:
                return self._said

    def close(self) -> None:
        self._socket.close()


@asynccontextmanager
async def managed(one: Process, path: Path) -> AsyncIterator[Manager]:
    one.environment["NOTIFY_SOCKET"] = str(path)
    manager = Manager(path)
    try:
        yield manager
    finally:
        manager.close()


async def answers(one: Process) -> bool:
    try:
        await one.ask("status")
    except OSError:
        return False
    return True


async def test_ready_is_said_when_the_node_has_joined_and_not_before(life, tmp_path) -> None:
    async with processes(tmp_path, life.url) as (one,), managed(one, tmp_path / "notify") as manager:
        await one.start()
        await one.stop()
        manager.said().clear()
        other = await asyncpg.connect(life.url)
        try:
            async with other.transaction():
                await other.execute("lock table jobd.nodes in exclusive mode")
                await one.start(ready=False)
                await until(lambda: answers(one), 20, "the answer of the socket")
                for _ in range(3):
                    status = await one.ask("status")
                    assert [notice["code"] for notice in status["health"]["notices"]][:1] == ["not_joined"]
                assert "READY=1" not in manager.said()
        finally:
            await other.close()
        await until(lambda: "READY=1" in manager.said(), 20, "READY")
        assert (await one.ask("status"))["ready"]
        assert any(line.startswith("STATUS=life: ") for line in manager.said())


async def test_a_reload_and_a_stop_are_told(life, tmp_path) -> None:
    async with processes(tmp_path, life.url) as (one,), managed(one, tmp_path / "notify") as manager:
        await one.start()
        manager.said().clear()
        one.signal(signal.SIGHUP)
        await until(lambda: "READY=1" in manager.said(), 20, "the end of the reload")
        said = manager.said()
        assert said[0] == "RELOADING=1" and said[1].startswith("MONOTONIC_USEC=")
        said.clear()
        assert await one.stop() == 0
        assert "STOPPING=1" in manager.said()
