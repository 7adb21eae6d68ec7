"""A daemon of another machine through ssh: a socket here that ends at its socket there, made again when it breaks."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from jobd.client import NotRunning
from jobd.client.client import Client
from jobd.client.place import Place
from jobd.errors import JobdError

OPEN_SECONDS = 30.0
"""For a connection, the question of an agent among it."""
AGAIN_SECONDS = 2.0


class NoTunnel(JobdError):
    """ssh did not come through; the message ends in what it said."""


class Tunnel:
    """One `ssh` process after the other."""

    def __init__(self, host: str, socket: str, here: Path, config: str | None) -> None:
        self.host, self.socket, self.here, self._config = host, socket, here, config
        self._process: asyncio.subprocess.Process | None = None
        self._hearing: asyncio.Task[None] | None = None
        self._said: deque[str] = deque(maxlen=5)

    @property
    def said(self) -> str:
        """The last that ssh had to say."""
        return " · ".join(self._said)

    async def open(self) -> None:
        """Until the socket is there. Raises NoTunnel."""
        if (ssh := shutil.which("ssh")) is None:
            raise NoTunnel("there is no ssh on this machine; install it (Debian: openssh-client)")
        self._said.clear()
        self._process = process = await asyncio.create_subprocess_exec(
            *(ssh, *(("-F", self._config) if self._config else ()), "-N", "-T", "-o", "BatchMode=yes"),
            *("-o", "ExitOnForwardFailure=yes", "-o", "ServerAliveInterval=5"),
            *("-L", f"{self.here}:{self.socket}", "--", self.host),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.PIPE,
            start_new_session=True,  # an interrupt at the terminal is for the dashboard
        )
        self._hearing = asyncio.create_task(self._hear(process), name="ssh: hear")
        await self._up(process, self._hearing)

    async def keep(self) -> None:
        """Open it again whenever it has broken."""
        while True:
            if self._process is not None:
                await self._process.wait()
            self.here.unlink(missing_ok=True)  # ssh that was killed leaves it
            await asyncio.sleep(AGAIN_SECONDS)
            with suppress(NoTunnel):
                await self.open()

    async def close(self) -> None:
        """The process is gone."""
        if self._process is not None:
            with suppress(ProcessLookupError):
                self._process.terminate()
            await self._process.wait()
        if self._hearing is not None:
            await self._hearing

    async def _hear(self, process: asyncio.subprocess.Process) -> None:
        """All of it: ssh says a line for each connection that fails, and stands still when nobody reads."""
        assert process.stderr is not None
        async for line in process.stderr:
            self._said.append(line.decode(errors="replace").strip())

    async def _up(self, process: asyncio.subprocess.Process, ended: asyncio.Task[None]) -> None:
        hint = f"try: ssh {self.host} true"
        try:
            async with asyncio.timeout(OPEN_SECONDS):
                while not self.here.is_socket():
                    await asyncio.wait({ended}, timeout=0.05)  # nothing else tells that the socket is there
                    if ended.done():
                        code = await process.wait()
                        raise NoTunnel(f"ssh {self.host} ended with {code}: {self.said}; {hint}")
        except TimeoutError:
            process.kill()
            raise NoTunnel(f"ssh {self.host} made no connection within {OPEN_SECONDS:g} s; {hint}") from None


@dataclass(frozen=True, slots=True, kw_only=True)
class Through(Place):
    """A socket that ssh leads away."""

    tunnel: Tunnel

    def __str__(self) -> str:
        return f"{self.tunnel.host}:{self.tunnel.socket}"

    def not_running(self, error: OSError) -> NotRunning:
        """The tunnel broke: whether a daemon is there, nobody knows."""
        said = f": {self.tunnel.said}" if self.tunnel.said else ""
        return NotRunning(f"the ssh connection to {self.tunnel.host} is lost{said}")


class FarClient(Client):
    """A client whose errors speak of the other machine."""

    def __init__(self, tunnel: Tunnel, token: str | None) -> None:
        super().__init__(tunnel.here, token=token)
        self._place = Through(socket=str(tunnel.here), token=token, tunnel=tunnel)


@asynccontextmanager
async def far_client(host: str, socket: str, *, config: str | None, token: str | None) -> AsyncIterator[Client]:
    """A client of the daemon behind `socket` on `host`, as ssh and its configuration file know it.

    Raises:
        NoTunnel: there was no first connection; later ones are made again in silence.
    """
    with tempfile.TemporaryDirectory(prefix="jobd-ssh-") as directory:
        tunnel = Tunnel(host, socket, Path(directory, "jobd.sock"), config)
        try:
            await tunnel.open()
            keeping = asyncio.create_task(tunnel.keep(), name="ssh: keep")
            try:
                async with FarClient(tunnel, token) as client:
                    yield client
            finally:
                keeping.cancel()
                await asyncio.wait({keeping})
        finally:
            await tunnel.close()
