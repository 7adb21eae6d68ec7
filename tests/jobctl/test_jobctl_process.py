"""jobctl as a program: how it starts, how it finds the daemon, and how it ends when something is missing."""

from __future__ import annotations

import asyncio
import os
import re
import resource
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from support.strangers import as_root, stranger

from jobd.jobctl.cli import COMMANDS

ROOT = Path(__file__).parents[2]
HEAVY = ("asyncio", "aiohttp", "pydantic", "textual", "asyncpg", "ssl", "http.client", "dataclasses", "logging")


@pytest.mark.parametrize("words", ["status", "runs", "version", "--help"])
async def test_the_usual_path_imports_nothing_heavy(jobctl, words: str):
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-X", "importtime", "-m", "jobd.jobctl.cli", words, cwd=ROOT,
        env={**os.environ, "JOBD_SOCKET": str(jobctl.socket)},
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    _, err = await process.communicate()
    assert process.returncode == 0, err
    loaded = {line.rpartition("|")[2].strip() for line in err.decode().splitlines()}
    assert "jobd.jobctl.transport" in loaded
    assert not loaded & set(HEAVY)


@pytest.mark.parametrize("verb", [name for name, _ in COMMANDS])
async def test_every_verb_has_help_with_four_examples(jobctl, verb: str):
    ran = await jobctl(verb, "--help")
    assert ran.code == 0
    examples = ran.out.partition("examples:\n")[2].splitlines()
    assert len(examples) == 4
    assert all("jobctl" in line for line in examples)
    assert any(re.search(rf"jobctl .*\b{verb}\b", line) for line in examples)


async def test_help_lists_every_verb_and_every_exit_code(jobctl):
    ran = await jobctl("--help")
    assert ran.code == 0
    for name, words in COMMANDS:
        assert f"  {name}" in ran.out and words in ran.out
    for code in (0, 1, 2, 3, 4, 5, 6, 7, 8, 130):
        assert re.search(rf"\b{code} [a-z]", ran.out)
    bare = await jobctl()
    assert (bare.code, bare.out) == (2, "")
    assert "usage: jobctl" in bare.err


async def test_options_may_stand_before_the_verb_or_after_it(jobctl):
    for words in (("--json", "runs"), ("runs", "--json"), ("-o", "json", "runs"), ("runs", "-o", "json")):
        assert (await jobctl(*words)).out == "[]\n"
    elsewhere = {"JOBD_SOCKET": "/nowhere/jobd.sock"}
    assert (await jobctl("--socket", str(jobctl.socket), "runs", "--json", env=elsewhere)).code == 0
    assert (await jobctl("runs", "--socket", str(jobctl.socket), "--json", env=elsewhere)).code == 0


async def test_no_socket_is_diagnosed(jobctl, tmp_path: Path):
    ran = await jobctl("status", env={"JOBD_SOCKET": str(tmp_path / "jobd.sock")})
    assert (ran.code, ran.out) == (5, "")
    assert ran.err.startswith(f"jobctl: jobd is not running: no socket at {tmp_path}/jobd.sock (")
    assert "systemctl start jobd" in ran.err
    error = (await jobctl("status", "--json", env={"JOBD_SOCKET": str(tmp_path / "jobd.sock")})).error
    assert error["code"] == "no_daemon"


async def test_a_dead_socket_is_diagnosed(jobctl, tmp_path: Path):
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(tmp_path / "jobd.sock"))
    ran = await jobctl("--socket", str(tmp_path / "jobd.sock"), "status")
    assert ran.code == 5
    assert "nobody listens at" in ran.err


async def test_something_else_at_the_socket_is_diagnosed(jobctl, tmp_path: Path):
    async def rude(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"220 mail.example.org ESMTP\r\n")
        writer.close()

    async with await asyncio.start_unix_server(rude, tmp_path / "jobd.sock"):
        ran = await jobctl("--socket", str(tmp_path / "jobd.sock"), "status")
    assert (ran.code, ran.out) == (1, "")
    assert "what answers there is no jobd" in ran.err


async def test_an_answer_that_breaks_off_is_no_answer(jobctl, tmp_path: Path):
    async def broken(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b'HTTP/1.1 200 OK\r\nContent-Length: 400\r\n\r\n{"runs": []}')
        writer.close()

    async with await asyncio.start_unix_server(broken, tmp_path / "jobd.sock"):
        ran = await jobctl("--socket", str(tmp_path / "jobd.sock"), "runs", "--json")
    assert (ran.code, ran.out, ran.error["code"]) == (1, "", "broken_answer")


AS_NOBODY = (
    # what python itself loads late lies where nobody may not read
    "import locale, shutil, jobd.jobctl.status\n"
    "import os, sys; from jobd.jobctl.cli import main; os.setgid(65534); os.setuid(65534); sys.exit(main(sys.argv[1:]))"
)


@as_root
async def test_a_socket_out_of_reach_says_who_may(jobctl):
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", AS_NOBODY, "--socket", str(jobctl.socket), "status",
        cwd=ROOT, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    _, err = await process.communicate()
    assert process.returncode == 4
    assert b"you may not use" in err


@as_root
async def test_a_socket_served_by_a_stranger_is_not_spoken_to(jobctl, tmp_path: Path):
    async with stranger(tmp_path / "jobd.sock") as other:
        ran = await jobctl("--socket", str(tmp_path / "jobd.sock"), "status")
        assert ran.code == 4
        assert "served by uid 65534" in ran.err
        assert await other.heard() == b""


def test_a_closed_pipe_ends_quietly(jobctl):
    script = f"{sys.executable} -m jobd.jobctl.cli --help | true; exit ${{PIPESTATUS[0]}}"
    ended = subprocess.run(["bash", "-c", script], cwd=ROOT, capture_output=True, timeout=30)
    assert (ended.returncode, ended.stderr) == (0, b"")


BUDGET = 4.5
"""Times a bare interpreter, which is 60 ms on a quiet machine."""


async def seconds(jobctl, *words: str) -> float:
    """What a whole process takes of the processor: the wall also tells what else the machine was doing."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    process = await asyncio.create_subprocess_exec(
        sys.executable, *words, cwd=ROOT, env={**os.environ, "JOBD_SOCKET": str(jobctl.socket)},
        stdout=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    assert await process.wait() == 0
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


async def test_status_answers_within_its_budget(jobctl):
    bare, whole = [], []
    for _ in range(15):  # turn about, so that both meet the same load
        bare.append(await seconds(jobctl, "-c", "pass"))
        whole.append(await seconds(jobctl, "-m", "jobd.jobctl.cli", "status"))
    assert min(whole) <= BUDGET * min(bare)  # other load only adds: the least of each is the nearest to what it takes
