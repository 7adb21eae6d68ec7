"""What cannot be taken back is asked about at a terminal, and a wrong answer changes nothing."""

from __future__ import annotations

import asyncio
import json
import os
import pty
import sys

import pytest
from jobctl_program import ROOT, Jobctl
from serving import SmallDaemon

from jobd.model.run import NewRun


async def answered(jobctl: Jobctl, reply: str, *words: str) -> tuple[int, str]:
    """Exit code and everything that was shown, when the question is answered so."""
    leader, follower = pty.openpty()
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "jobd.jobctl.cli", *words, cwd=ROOT,
        env={**os.environ, "JOBD_SOCKET": str(jobctl.socket)}, stdin=follower, stdout=follower, stderr=follower,
    )  # fmt: skip
    os.close(follower)
    os.write(leader, f"{reply}\n".encode())
    async with asyncio.timeout(20):
        code = await process.wait()
    shown = await asyncio.to_thread(_rest, leader)
    os.close(leader)
    return code, shown


def _rest(leader: int) -> str:
    parts = []
    while True:
        try:
            parts.append(os.read(leader, 65_536))
        except OSError:
            return b"".join(parts).decode()


async def waiting(daemon: SmallDaemon) -> int:
    return await daemon.database.fetchval("select count(*) from jobd.runs where queue = 'low'")


@pytest.mark.parametrize(
    ("count", "question", "wrong", "right"),
    [(3, "cancel 3 runs (queue:low)? [y/N]", "n", "y"), (120, "type 120 to go on:", "y", "120")],
)
async def test_many_runs_want_a_yes_and_very_many_their_number(
    jobctl: Jobctl, daemon: SmallDaemon, count: int, question: str, wrong: str, right: str
):
    await daemon.store.enqueue([NewRun(job="mail")] * count)
    code, shown = await answered(jobctl, wrong, "runs", "cancel", "--filter", "queue:low")
    assert (code, await waiting(daemon)) == (1, count)
    assert question in shown and "nothing was changed" in shown
    code, shown = await answered(jobctl, right, "runs", "cancel", "--filter", "queue:low")
    assert (code, await waiting(daemon)) == (0, 0), shown
    assert f"cancel done: {count} of {count} runs" in shown


async def test_a_purge_wants_the_queues_name(jobctl: Jobctl, daemon: SmallDaemon):
    await daemon.store.enqueue([NewRun(job="mail")])
    code, shown = await answered(jobctl, "default", "queues", "purge", "low")
    assert (code, await waiting(daemon)) == (1, 1), shown
    code, shown = await answered(jobctl, "low", "queues", "purge", "low")
    assert (code, await waiting(daemon)) == (0, 0), shown


async def test_nothing_that_is_found_needs_no_question(jobctl: Jobctl):
    ran = await jobctl("runs", "cancel", "--filter", "queue:low", "--json")
    bulk = json.loads(ran.out)
    assert (ran.code, bulk["state"], bulk["matched"], bulk["id"]) == (0, "done", 0, None)
