"""A machine to boot: this system's files under a layer that is thrown away, with its own systemd as PID 1.

Everything lies in a mount namespace of its own and ends with the process that holds it: nothing of the host changes.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).parents[2]
PASSED_ON = ("PIP_", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "no_proxy", "SSL_CERT_")

# $1: a directory; $2: the commands that install jobd, run in /src before the machine boots.
_BOOT = """
set -eu
mount -t tmpfs -o mode=0755 tmpfs "$1"
mkdir "$1/upper" "$1/work" "$1/root"
mount -t overlay -o "lowerdir=/,upperdir=$1/upper,workdir=$1/work" overlay "$1/root"
[ -z "${2:-}" ] && exit
nspawn="systemd-nspawn --quiet --directory=$1/root --register=no --keep-unit"
env -u NOTIFY_SOCKET $nspawn --pipe --bind-ro="$3:/src" --chdir=/src $4 sh -euxc "$2"
exec $nspawn --private-network --machine=jobd-test --notify-ready=yes --boot -- --unit=basic.target
"""


def unavailable() -> str | None:
    """Why no machine can be booted here; None when one can."""
    if os.geteuid() != 0:
        return "booting a machine needs root"
    if missing := [name for name in ("systemd-nspawn", "nsenter", "unshare", "timeout") if shutil.which(name) is None]:
        return f"not installed: {', '.join(missing)} (apt-get install systemd-container)"
    asked = [*system_python(), "-c", "import sys, ensurepip; sys.exit(sys.version_info < (3, 11))"]
    if subprocess.run(asked, capture_output=True, check=False).returncode:
        return "the system's own python3 is missing, is older than 3.11 or has no venv"
    return None


def system_python() -> list[str]:
    """The interpreter that a service may use: not one in somebody's home."""
    return ["/usr/bin/python3"]


def layers_refused(directory: Path) -> str | None:
    """Why the kernel refuses the layers of files; None when it does not."""
    tried = subprocess.run(["unshare", "--mount", "sh", "-c", _BOOT, "sh", directory], capture_output=True, check=False)
    return f"no overlay of files here: {tried.stderr.decode().strip()}" if tried.returncode else None


class Machine:
    """A booted machine; `leader` is its PID 1 as seen from here."""

    def __init__(self, leader: int) -> None:
        self._leader = leader

    def run(self, script: str, *, seconds: float = 30) -> str:
        """What a shell script prints, run as root inside; it has to succeed."""
        enter = ["nsenter", f"--target={self._leader}", "--mount", "--uts", "--ipc", "--net", "--pid", "--cgroup"]
        done = subprocess.run(
            [*enter, "bash", "-euc", script],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=seconds,
            text=True,
            check=False,
        )
        assert done.returncode == 0, f"exit status {done.returncode} of:\n{script}\n{done.stdout}"
        return done.stdout.strip()

    def write(self, path: str, text: str) -> None:
        """A file inside."""
        self.run(f"mkdir -p {Path(path).parent}; cat > {path} <<'END OF FILE'\n{text}\nEND OF FILE")

    def property(self, name: str) -> str:
        """One property of jobd.service."""
        return self.run(f"systemctl show --property {name} --value jobd")

    def now(self) -> str:
        """A place in the journal, for `until` and `journal`."""
        return self.run("journalctl --sync; journalctl -n 0 --show-cursor").rpartition("cursor: ")[2]

    def until(self, text: str, *, after: str, seconds: float = 30) -> None:
        """Return when the journal of jobd.service says `text`, after that place."""
        follow = f"journalctl --unit jobd --follow --no-tail --output cat --after-cursor '{after}' 2>/dev/null"
        self.run(f'grep --max-count 1 --fixed-strings "{text}" < <({follow})', seconds=seconds)

    def journal(self, *, after: str) -> str:
        """What jobd.service and systemd said about it since that place."""
        return self.run(f"journalctl --sync; journalctl --unit jobd --output cat --after-cursor '{after}'")


@contextmanager
def booted(directory: Path, install: str) -> Iterator[Machine]:
    """A machine on which the commands `install` were run in a checkout of jobd; off when the block ends.

    Four minutes after its start it is off at the latest.
    """
    address, log = directory / "notify", directory / "console.log"
    (disk := directory / "machine").mkdir()
    passed = " ".join(f"--setenv={name}" for name in os.environ if name.startswith(PASSED_ON))
    command = ["timeout", "--kill-after=5", "240", "unshare", "--mount", "sh", "-c", _BOOT, "sh"]
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notify, log.open("wb") as console:
        notify.bind(str(address))
        process = subprocess.Popen(
            [*command, disk, install, ROOT, passed],
            env={**os.environ, "NOTIFY_SOCKET": str(address)},
            stdin=subprocess.DEVNULL,
            stdout=console,
            stderr=console,
            start_new_session=True,
        )
        try:
            yield Machine(_leader(notify, process, log))
        finally:
            process.terminate()
            process.wait(30)
            sys.stdout.write(log.read_text(errors="replace")[-4000:])


def _leader(notify: socket.socket, process: subprocess.Popen[bytes], log: Path) -> int:
    """PID 1 of the machine, once it has booted."""
    leader = 0
    notify.settimeout(1)
    while process.poll() is None:
        try:
            said = dict(line.partition("=")[::2] for line in notify.recv(4096).decode().splitlines())
        except TimeoutError:
            continue
        leader = int(said.get("X_NSPAWN_LEADER_PID", leader))
        if leader and said.get("READY") == "1":
            return leader
    raise AssertionError(f"the machine did not boot:\n{log.read_text(errors='replace')[-4000:]}")
