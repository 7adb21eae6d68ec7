"""A daemon of another machine: through a real sshd on loopback, with keys of its own."""

from __future__ import annotations

import asyncio
import os
import pwd
import shutil
import signal
import socket as sockets
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from serving import SmallDaemon, served
from support.dashboards import looking
from support.visitors import gone

from jobd.dashboard.live.link import Link
from jobd.model.roles import Role
from jobd.model.run import NewRun

SSHD = shutil.which("sshd", path=f"{os.environ['PATH']}:/usr/sbin")
pytestmark = pytest.mark.skipif(
    SSHD is None or shutil.which("ssh") is None, reason="no ssh or no sshd (Debian: openssh-client, openssh-server)"
)
USER = pwd.getpwuid(os.geteuid()).pw_name

SERVER = """
ListenAddress 127.0.0.1
Port {port}
HostKey {directory}/host
AuthorizedKeysFile {directory}/user.pub
PidFile none
StrictModes no
UsePAM no
PasswordAuthentication no
KbdInteractiveAuthentication no
PermitRootLogin prohibit-password
AllowStreamLocalForwarding yes
LogLevel VERBOSE
"""
CLIENT = """
Host worker1
    HostName 127.0.0.1
    Port {port}
    User {user}
    IdentityFile {directory}/user
    IdentitiesOnly yes
    UserKnownHostsFile {directory}/known
    StrictHostKeyChecking yes
Host closed
    HostName 127.0.0.1
    Port 1
"""


class Machine:
    """What answers to the name worker1."""

    def __init__(self, directory: Path, port: int) -> None:
        self.directory, self.port = directory, port
        self.config = directory / "config"

    def link(self, socket: Path, host: str = "worker1") -> Link:
        return Link(ssh=host, ssh_config=str(self.config), socket=str(socket))

    def client_pid(self) -> int:
        """Of the ssh that leads to it."""
        for place in Path("/proc").glob("[0-9]*"):
            try:
                words = (place / "cmdline").read_bytes().split(b"\0")
            except OSError:
                continue
            if str(self.config).encode() in words and b"-N" in words:
                return int(place.name)
        raise AssertionError("no ssh runs")


@asynccontextmanager
async def machine(directory: Path) -> AsyncIterator[Machine]:
    for name in ("host", "user"):
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", directory / name], check=True, timeout=20)
    with sockets.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    found = Machine(directory, port)
    kind, key, *_ = (directory / "host.pub").read_text().split()
    (directory / "known").write_text(f"[127.0.0.1]:{port} {kind} {key}\n")
    (directory / "sshd").write_text(SERVER.format(directory=directory, port=port))
    found.config.write_text(CLIENT.format(directory=directory, port=port, user=USER))
    if os.geteuid() == 0:
        Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)  # where sshd locks itself in; its service makes it
    assert SSHD is not None
    process = await asyncio.create_subprocess_exec(
        SSHD, "-D", "-e", "-f", str(directory / "sshd"), stderr=asyncio.subprocess.PIPE, start_new_session=True
    )
    assert process.stderr is not None
    try:
        async with asyncio.timeout(20):
            while b"Server listening" not in (line := await process.stderr.readline()):
                assert line, f"sshd ended with {await process.wait()}"
        hearing = asyncio.create_task(process.stderr.read())
        yield found
        hearing.cancel()
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        await process.wait()


@pytest.fixture
async def worker1(tmp_path: Path) -> AsyncIterator[Machine]:
    async with machine(tmp_path) as found:
        yield found


async def test_the_role_is_that_of_the_user_over_there(daemon: SmallDaemon, worker1: Machine, tmp_path: Path):
    asked: set[int] = set()

    def role_of(uid: int, gid: int) -> Role:
        asked.add(uid)
        return Role.OPERATOR

    run, _ = await daemon.enqueue(NewRun(job="tidy"))
    await daemon.ended(run, "failed", error="boom")
    async with (
        served(daemon, tmp_path / "far.sock", role_of=role_of),
        looking(worker1.link(tmp_path / "far.sock"), screen="runs") as eyes,
    ):
        await eyes.until("boom")
        await eyes.until("Retry")  # the key is there once the role is known
        await eyes.press("r")
        await eyes.until(f"jobctl retry {run}")
        pid = worker1.client_pid()
    assert asked == {os.geteuid()}
    await gone(pid)


async def test_a_connection_that_breaks_is_named_and_made_again(daemon: SmallDaemon, worker1: Machine, tmp_path: Path):
    await daemon.enqueue(NewRun(job="tidy"))
    async with (
        served(daemon, tmp_path / "far.sock"),
        looking(worker1.link(tmp_path / "far.sock"), screen="runs") as eyes,
    ):
        await eyes.until("tidy")
        os.kill(worker1.client_pid(), signal.SIGKILL)
        await eyes.until("the ssh connection to worker1 is lost")
        await eyes.until("tidy")
        await eyes.until_gone("LOST")
        await daemon.enqueue(NewRun(job="backup"))
        await eyes.until("backup")


async def test_a_socket_that_is_not_there_is_named_with_its_machine(worker1: Machine):
    async with looking(worker1.link(Path("/nowhere/jobd.sock")), size=(140, 40)) as eyes:
        await eyes.until("worker1:/nowhere/jobd.sock")


async def test_what_ssh_says_is_shown(daemon: SmallDaemon, worker1: Machine, tmp_path: Path):
    async with looking(worker1.link(tmp_path / "far.sock", host="closed"), size=(140, 40)) as eyes:
        await eyes.until("Connection refused")
        await eyes.until("ssh closed true")
    (tmp_path / "user.pub").write_text("")
    async with looking(worker1.link(tmp_path / "far.sock"), size=(140, 40)) as eyes:
        await eyes.until("Permission denied")


async def test_a_host_is_never_an_option(daemon: SmallDaemon, worker1: Machine, tmp_path: Path):
    async with looking(worker1.link(tmp_path / "far.sock", host=f"-oProxyCommand=touch {tmp_path}/owned")) as eyes:
        await eyes.until("LOST")
    assert not (tmp_path / "owned").exists()
