"""The socket's file: never stolen, never left in the way, never in reach of others."""

from __future__ import annotations

import os
import socket
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from jobd.api.socket import bound_socket
from jobd.errors import SocketRefused


def test_the_socket_is_for_owner_and_group_and_gone_afterwards(tmp_path: Path):
    path = tmp_path / "new" / "jobd.sock"
    with bound_socket(path) as bound:
        bound.listen()
        assert stat.S_IMODE(path.stat().st_mode) == 0o660
        assert stat.S_IMODE(path.parent.stat().st_mode) == 0o750
    assert not path.exists()


def test_a_second_daemon_is_refused_and_the_first_goes_on(tmp_path: Path):
    path = tmp_path / "jobd.sock"
    with bound_socket(path) as bound:
        bound.listen()
        with pytest.raises(SocketRefused, match=f"another jobd \\(pid {os.getpid()}\\) serves"), bound_socket(path):
            pass
        with socket.socket(socket.AF_UNIX) as client:
            client.connect(str(path))


def test_the_socket_of_a_killed_daemon_is_taken_over(tmp_path: Path):
    path = tmp_path / "jobd.sock"
    killed = (
        "import os, pathlib, signal, sys; from jobd.api.socket import bound_socket\n"
        "with bound_socket(pathlib.Path(sys.argv[1])) as s: s.listen(); os.kill(os.getpid(), signal.SIGKILL)"
    )
    root = Path(__file__).parents[2]
    assert subprocess.run([sys.executable, "-c", killed, str(path)], cwd=root).returncode == -9
    assert path.is_socket()
    with bound_socket(path) as bound:
        bound.listen()
        with socket.socket(socket.AF_UNIX) as client:
            client.connect(str(path))


def test_a_socket_that_somebody_else_serves_is_left_alone(tmp_path: Path):
    path = tmp_path / "jobd.sock"
    with socket.socket(socket.AF_UNIX) as other:
        other.bind(str(path))
        other.listen()
        with pytest.raises(SocketRefused, match="another program listens there"), bound_socket(path):
            pass
        assert path.is_socket()


@pytest.mark.parametrize("kind", ["file", "directory", "symlink"])
def test_what_is_no_socket_is_never_removed(tmp_path: Path, kind: str):
    path, target = tmp_path / "jobd.sock", tmp_path / "precious"
    target.write_text("precious")
    match kind:
        case "file":
            path.write_text("precious")
        case "directory":
            path.mkdir()
        case _:
            path.symlink_to(target)
    with pytest.raises(SocketRefused, match="is no socket"), bound_socket(path):
        pass
    assert path.is_symlink() or path.exists()
    assert target.read_text() == "precious"


def test_a_socket_that_was_replaced_meanwhile_is_not_removed(tmp_path: Path):
    path = tmp_path / "jobd.sock"
    with bound_socket(path):
        path.unlink()
        path.write_text("somebody else's")
    assert path.read_text() == "somebody else's"


def test_a_path_too_long_is_named_with_its_length(tmp_path: Path):
    path = tmp_path / ("x" * 100) / "jobd.sock"
    words = f"at most 107 bytes and this one {len(os.fsencode(path))}"
    with pytest.raises(SocketRefused, match=words), bound_socket(path):
        pass


def test_a_directory_that_others_may_write_is_refused(tmp_path: Path):
    tmp_path.chmod(0o777)
    with pytest.raises(SocketRefused, match="chmod 0750"), bound_socket(tmp_path / "jobd.sock"):
        pass


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a directory away")
def test_a_directory_of_somebody_else_is_refused(tmp_path: Path):
    (tmp_path / "theirs").mkdir()
    os.chown(tmp_path / "theirs", 65534, 65534)
    with pytest.raises(SocketRefused, match="belongs to uid 65534"), bound_socket(tmp_path / "theirs" / "jobd.sock"):
        pass


def test_a_lock_file_that_is_a_symlink_is_refused(tmp_path: Path):
    (tmp_path / "victim").write_text("precious")
    (tmp_path / "jobd.sock.lock").symlink_to(tmp_path / "victim")
    with pytest.raises(SocketRefused, match=r"jobd\.sock\.lock"), bound_socket(tmp_path / "jobd.sock"):
        pass
    assert (tmp_path / "victim").read_text() == "precious"
