"""Completion knows every verb, action and option, and the shells can read it."""

from __future__ import annotations

import asyncio
import os
import shutil
import sys

import pytest
from jobctl_program import ROOT, Jobctl

from jobd.jobctl.cli import COMMANDS


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
async def test_every_verb_and_action_is_offered(jobctl: Jobctl, shell: str):
    ran = await jobctl("completion", shell)
    assert ran.code == 0
    for verb, _ in COMMANDS:
        assert verb in ran.out
    assert "weight" in ran.out and "dry-run" in ran.out
    if interpreter := shutil.which(shell):
        process = await asyncio.create_subprocess_exec(interpreter, "-n", stdin=asyncio.subprocess.PIPE)
        await process.communicate(ran.out.encode())
        assert process.returncode == 0


@pytest.mark.parametrize(
    ("words", "offered"),
    [
        ("sched", {"schedules"}),
        ("queues we", {"weight"}),
        ("reload --dr", {"--dry-run"}),
        ("queues pause l", {"low", "list"}),
        ("trigger ti", {"tidy"}),
    ],
)
async def test_bash_completes_words_and_names(jobctl: Jobctl, tmp_path, words: str, offered: set[str]):
    program = tmp_path / "jobctl"
    program.write_text(f'#!/bin/sh\ncd {ROOT} && exec {sys.executable} -m jobd.jobctl.cli "$@"\n')
    program.chmod(0o755)
    script = f"""
source /dev/stdin
COMP_WORDS=(jobctl {words}) COMP_CWORD={len(words.split())}
_jobctl
printf '%s\\n' "${{COMPREPLY[@]}}"
"""
    completion = (await jobctl("completion", "bash")).out
    process = await asyncio.create_subprocess_exec(
        "bash", "-c", script, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
        env={**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}", "JOBD_SOCKET": str(jobctl.socket)},
    )  # fmt: skip
    out, _ = await process.communicate(completion.encode())
    assert set(out.decode().split()) == offered
