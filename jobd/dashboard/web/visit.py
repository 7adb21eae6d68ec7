"""One dashboard in one browser: a process, a WebSocket, and what goes between them."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Mapping
from contextlib import suppress

from aiohttp import WSCloseCode, WSMsgType, web

from jobd.dashboard.web.packets import DATA, META, heard, is_exit, meta, packets

GRACE_SECONDS = 3.0
"""For the process to end by itself; then it is told to, then killed."""
LEFT = "You left the dashboard."
FELL = "The dashboard ended by itself; the log of jobctl web has the reason."
_NOT_PASSED = ("NO_COLOR", "COLUMNS", "LINES", "JOBD_TOKEN", "NOTIFY_SOCKET")


class Visit:
    """`run` is its life; `close` ends it from outside."""

    def __init__(self, socket: web.WebSocketResponse, environment: Mapping[str, str]) -> None:
        self._socket, self._environment = socket, environment
        self.pid: int | None = None
        """Of the process, once there is one."""

    async def run(self) -> None:
        """Until the visitor leaves or is sent away; then the process is gone."""
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-P", "-m", "jobd.dashboard.web.visitor", str(os.getpid())),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            env=self._environment,
            start_new_session=True,  # an interrupt at the terminal of jobctl web is not theirs
        )
        self.pid = process.pid
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._show(process), name="visit: show")
            try:
                await self._listen(process)
            finally:
                await _ended(process)

    async def close(self, reason: str, code: int = WSCloseCode.POLICY_VIOLATION) -> None:
        """Send the visitor away; the page shows the reason."""
        await self._socket.close(code=code, message=reason.encode()[:123])

    async def _show(self, process: asyncio.subprocess.Process) -> None:
        """Reads on when nobody looks any more: a process that cannot write cannot end."""
        assert process.stdout is not None
        async for kind, content in packets(process.stdout):
            if kind == DATA and not self._socket.closed:
                with suppress(ConnectionError):
                    await self._socket.send_bytes(content)
            elif kind == META and is_exit(content):
                await self.close(LEFT, WSCloseCode.OK)
        await self.close(FELL, WSCloseCode.INTERNAL_ERROR)
        await process.stdout.read()

    async def _listen(self, process: asyncio.subprocess.Process) -> None:
        assert process.stdin is not None
        async for message in self._socket:
            packet = heard(message.data) if message.type is WSMsgType.TEXT else None
            if packet is not None:
                with suppress(ConnectionError):
                    process.stdin.write(packet)
                    await process.stdin.drain()


async def _ended(process: asyncio.subprocess.Process) -> None:
    assert process.stdin is not None
    with suppress(ConnectionError):
        process.stdin.write(meta("quit"))
        process.stdin.close()
    for harder in (process.terminate, process.kill):
        try:
            async with asyncio.timeout(GRACE_SECONDS):
                await process.wait()
                return
        except TimeoutError:
            harder()
    await process.wait()


def environment(socket: str, token: str | None, columns: int, rows: int) -> dict[str, str]:
    """Of the process: the token stands here and not on its command line, which every user of the machine sees."""
    ours = {name: value for name, value in os.environ.items() if name not in _NOT_PASSED}
    drawn = {
        "TEXTUAL_DRIVER": "textual.drivers.web_driver:WebDriver",
        "TEXTUAL_COLOR_SYSTEM": "truecolor",
        "TEXTUAL_ANIMATIONS": "none",
        "TERM_PROGRAM": "textual",
        "LC_ALL": "C.UTF-8",
        "COLUMNS": str(columns),
        "ROWS": str(rows),
    }
    return {**ours, **drawn, "JOBD_SOCKET": socket, **({"JOBD_TOKEN": token} if token is not None else {})}
