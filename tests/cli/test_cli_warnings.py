"""What deserves a warning in a configuration: every command that reads one tells it whole."""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
WARNING = "mail.password: stands in a file that every user may read; chmod o-r it, or use a `_file`"


def open_to_all(directory: Path) -> Path:
    config = directory / "jobd.toml"
    config.write_text(
        f'[daemon]\nstate_directory = "{directory}"\nsocket = "{directory}/jobd.sock"\nlog_format = "json"\n'
        '[database]\nurl = "postgresql://127.0.0.1:1/nowhere"\n[mail]\nuser = "me"\npassword = "hunter22"\n'
    )
    config.chmod(0o644)
    return config


async def started(*words: str) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        sys.executable, "-m", "jobd", *words, cwd=ROOT, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )


@pytest.mark.parametrize("words", [("doctor",), ("adopt",), ("migrate",), ("token", "list")], ids=" ".join)
async def test_a_command_tells_it_on_stderr_with_its_place(tmp_path: Path, words: tuple[str, ...]):
    config = open_to_all(tmp_path)
    process = await started(*words, "--config", str(config))
    async with asyncio.timeout(60):
        out, err = await process.communicate()
    assert err.decode().startswith(f"warning: {config}:9:1: {WARNING}\n")
    assert b"hunter22" not in out + err


async def test_the_daemon_writes_it_into_its_log_in_the_form_of_the_log(tmp_path: Path):
    config = open_to_all(tmp_path)
    process = await started("run", "--config", str(config))
    assert process.stderr is not None
    async with asyncio.timeout(60):
        line = json.loads(await process.stderr.readline())
        process.terminate()
        await process.communicate()
    assert (line["level"], line["message"], line["problem"]) == (
        "warning", "configuration warning", f"{config}:9:1: {WARNING}",
    )  # fmt: skip
