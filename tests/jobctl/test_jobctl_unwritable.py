"""Results that cannot be written end in words and exit code 1, and leave no traceback."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

import pytest
from jobctl_program import ROOT
from serving import SmallDaemon


async def shell(script: str, socket: Path) -> tuple[int | None, str]:
    """Exit code and stderr of a line of sh; $PYTHON is this interpreter."""
    process = await asyncio.create_subprocess_exec(
        "sh", "-c", script, cwd=ROOT, stderr=asyncio.subprocess.PIPE,
        env={**os.environ, "JOBD_SOCKET": str(socket), "PYTHON": sys.executable},
    )  # fmt: skip
    async with asyncio.timeout(30):
        _, err = await process.communicate()
    return process.returncode, err.decode()


@pytest.mark.parametrize("words", ["status", "runs --json", "--help", "version"])
async def test_a_full_disk_is_said(jobctl, words: str):
    code, err = await shell(f"$PYTHON -m jobd.jobctl.cli {words} > /dev/full", jobctl.socket)
    assert (code, err.count("\n")) == (1, 1)
    assert "cannot write: No space left on device" in err


async def test_a_closed_output_is_said_before_anything_is_done(jobctl, daemon: SmallDaemon):
    code, err = await shell("$PYTHON -m jobd.jobctl.cli trigger tidy >&-", jobctl.socket)
    assert (code, err) == (1, "jobctl: cannot write: standard output is closed\n")
    assert await daemon.database.fetchval("select count(*) from jobd.runs") == 0


@pytest.mark.parametrize("words", ["check jobd.toml", "migrate", "--help"])
async def test_a_closed_output_is_said_by_jobd_before_anything_is_done(jobctl, words: str):
    code, err = await shell(f"$PYTHON -m jobd {words} >&-", jobctl.socket)
    assert (code, err) == (1, "jobd: cannot write: standard output is closed\n")


@pytest.mark.parametrize("words", ["check jobd.toml", "--help"])
async def test_a_full_disk_is_said_by_jobd(jobctl, words: str):
    code, err = await shell(f"$PYTHON -m jobd {words} > /dev/full", jobctl.socket)
    assert code == 1
    assert err.endswith("jobd: cannot write: No space left on device\n")
    assert "Traceback" not in err


async def test_what_is_opened_is_never_taken_for_a_stream_that_was_closed(jobctl):
    opened = "import os, jobd.pipes as p; p.outlive_readers(); raise SystemExit(os.open('/', 0) > 2 and 7)"
    assert await shell(f'$PYTHON -c "{opened}" <&- >&-', jobctl.socket) == (7, "")
