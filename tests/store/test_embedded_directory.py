"""A data directory is whole or not there, ours, of our version, and never deleted."""

from __future__ import annotations

import asyncio
import os
import shutil
import sys
from pathlib import Path

import asyncpg
import pytest

import jobd
from jobd.errors import EmbeddedPostgresError
from jobd.model.settings import EmbeddedSettings
from jobd.store.embedded import binaries, directory, embedded_postgres, occupied
from jobd.store.embedded.account import account_for
from jobd.testing.postgres import open_directory

SETTINGS = EmbeddedSettings()
ACCOUNT = account_for(SETTINGS, demo=True)
DEBIAN_15 = Path("/usr/lib/postgresql/15/bin")

PARENT = """
import asyncio, sys
from pathlib import Path
from jobd.model.settings import EmbeddedSettings
from jobd.store.embedded import embedded_postgres

async def main():
    settings = EmbeddedSettings(binaries=Path(sys.argv[2]))
    async with embedded_postgres(settings, Path(sys.argv[1]), demo=True):
        pass

asyncio.run(main())
"""


@pytest.fixture
def state():
    with open_directory() as made:
        yield made


async def opened(state: Path, settings: EmbeddedSettings = SETTINGS) -> Path:
    async with embedded_postgres(settings, state, demo=True, durable=False) as postgres:
        connection = await asyncpg.connect(postgres.url)
        assert await connection.fetchval("select true")
        await connection.close()
        return postgres.data


async def halting_binaries(state: Path) -> tuple[Path, Path]:
    """The real programs, but `initdb` reports to a pipe when it is nearly done and then never ends."""
    real = (await binaries.found(SETTINGS, ACCOUNT, state / "copies")).directory
    programs, pipe = state / "programs", state / "pipe"
    programs.mkdir(mode=0o755)
    (programs / "postgres").symlink_to(real / "postgres")
    os.mkfifo(pipe)
    pipe.chmod(0o666)
    script = programs / "initdb"
    script.write_text(f'#!/bin/sh\n{real}/initdb --no-sync "$@" && echo done >{pipe} && exec sleep 600\n')
    script.chmod(0o755)
    programs.chmod(0o755)
    return programs, pipe


async def test_an_initdb_that_was_killed_with_jobd_is_redone_and_cleaned_up(state):
    programs, pipe = await halting_binaries(state)
    parent = await asyncio.create_subprocess_exec(
        sys.executable, "-c", PARENT, str(state), str(programs),
        env={**os.environ, "PYTHONPATH": str(Path(jobd.__file__).parents[1])},
    )  # fmt: skip
    async with asyncio.timeout(60):
        assert await asyncio.to_thread(pipe.read_text) == "done\n"
        parent.kill()
        await parent.wait()
        left = list(state.glob(".postgres.new-*"))
        assert len(left) == 1
        assert (left[0] / "PG_VERSION").exists()
        assert not (state / "postgres").exists()
        await opened(state)
    assert list(state.glob(".postgres.new-*")) == []


async def test_an_initdb_that_was_cancelled_leaves_nothing(state):
    programs, pipe = await halting_binaries(state)
    opening = asyncio.create_task(opened(state, EmbeddedSettings(binaries=programs)))
    async with asyncio.timeout(60):
        await asyncio.to_thread(pipe.read_text)
        opening.cancel()
        with pytest.raises(asyncio.CancelledError):
            await opening
    assert list(state.glob(".postgres.new-*")) == []
    assert not (state / "postgres").exists()


async def test_an_empty_directory_made_by_the_operator_is_used(state):
    (state / "mine").mkdir()
    data = await opened(state, EmbeddedSettings(directory=state / "mine"))
    assert data == state / "mine"
    assert (data / "PG_VERSION").exists()


async def test_a_directory_that_holds_something_else_is_refused_and_left_alone(state):
    (state / "postgres").mkdir()
    (state / "postgres" / "thesis.txt").write_text("years of work")
    with pytest.raises(EmbeddedPostgresError, match=r"is not empty and not a data directory.*directory"):
        await opened(state)
    assert (state / "postgres" / "thesis.txt").read_text() == "years of work"


async def test_a_data_directory_with_parts_missing_is_refused_and_left_alone(state):
    data = await opened(state)
    (data / "global" / "pg_control").unlink()
    with pytest.raises(EmbeddedPostgresError, match=r"pg_control.*backup"):
        await opened(state)
    assert (data / "base").is_dir()


async def test_a_link_to_another_disk_is_followed(state):
    (state / "disk").mkdir()
    (state / "disk").chmod(0o711)
    (state / "postgres").symlink_to(state / "disk" / "data")
    assert await opened(state) == state / "disk" / "data"


@pytest.mark.skipif(not DEBIAN_15.exists(), reason="needs Debian's postgresql-15")
async def test_data_of_another_major_version_is_refused_with_the_way_to_move_it(state):
    old = EmbeddedSettings(binaries=DEBIAN_15)
    data = await opened(state, old)
    with pytest.raises(EmbeddedPostgresError) as refused:
        await opened(state)
    assert f"{data} is of Postgres 15" in str(refused.value)
    assert f'binaries = "{DEBIAN_15}"' in str(refused.value)
    assert f"{DEBIAN_15}/pg_dump -h {data}" in str(refused.value)
    assert await opened(state, old) == data  # nothing was touched


async def test_the_lock_is_free_again_after_the_block_and_after_an_error(state):
    data = state / "postgres"
    for _ in range(2):
        with pytest.raises(LookupError), directory.locked(data):
            raise LookupError
    with (
        directory.locked(data),
        pytest.raises(EmbeddedPostgresError, match=f"pid {os.getpid()}"),
        directory.locked(data),
    ):
        pass


async def test_a_shell_that_stands_in_the_data_directory_is_no_server(tmp_path):
    visitor = await asyncio.create_subprocess_exec("/bin/cat", stdin=asyncio.subprocess.PIPE, cwd=tmp_path)
    try:
        assert occupied.residents(tmp_path) == []
    finally:
        visitor.kill()
        await visitor.wait()


@pytest.mark.parametrize("text", ["", "nonsense\n", "\n\n"])
def test_a_lock_file_that_makes_no_sense_counts_as_none(tmp_path, text):
    (tmp_path / "postmaster.pid").write_text(text)
    assert occupied.lock_file(tmp_path) is None
    occupied.forget_stale(tmp_path / "postmaster.pid")
    assert (tmp_path / "postmaster.pid").exists()


@pytest.mark.skipif(not shutil.which("mount") or os.geteuid() != 0, reason="needs root, to mount")
async def test_a_mount_point_is_refused_with_the_advice_to_go_below_it(state):
    data = state / "postgres"
    data.mkdir()
    mount = await asyncio.create_subprocess_exec("mount", "-t", "tmpfs", "jobd-test", data)
    if await mount.wait() != 0:
        pytest.skip("mounting is not allowed here")
    try:
        with pytest.raises(EmbeddedPostgresError, match=r"mount point.*below it"):
            await opened(state)
    finally:
        await (await asyncio.create_subprocess_exec("umount", data)).wait()
