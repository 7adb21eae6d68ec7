"""What jobs and people wrote cannot command a terminal: hostile texts through jobctl under a real pty."""

from __future__ import annotations

import asyncio
import os
import pty
import sys
import termios

import pytest
from jobctl_program import ROOT, Jobctl
from serving import SmallDaemon
from support.hostile import CORPUS, orders

from jobd.model.run import NewRun

COLUMNS = 100


async def seen(jobctl: Jobctl, *words: str) -> str:
    """Everything that a terminal of 100 columns was sent."""
    leader, follower = pty.openpty()
    termios.tcsetwinsize(follower, (25, COLUMNS))
    os.set_blocking(leader, False)
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "jobd.jobctl.cli", *words, cwd=ROOT,
        env={**os.environ, "JOBD_SOCKET": str(jobctl.socket)},
        stdin=follower, stdout=follower, stderr=follower,
    )  # fmt: skip
    os.close(follower)
    parts: list[bytes] = []
    ended = asyncio.Event()

    def read() -> None:
        try:
            if part := os.read(leader, 65_536):
                parts.append(part)
                return
        except OSError:  # the last one has closed its end
            pass
        asyncio.get_running_loop().remove_reader(leader)
        ended.set()

    asyncio.get_running_loop().add_reader(leader, read)
    async with asyncio.timeout(20):
        await process.wait()
        await ended.wait()
    os.close(leader)
    return b"".join(parts).decode()


@pytest.mark.parametrize("name", CORPUS)
async def test_no_order_reaches_the_terminal(jobctl: Jobctl, daemon: SmallDaemon, name: str):
    text = CORPUS[name]
    stored = text.replace("\x00", "")  # Postgres takes no NUL
    fails, waits = await daemon.store.enqueue([NewRun(job="mail"), NewRun(job="tidy", args={"note": stored})])
    await daemon.ended(fails, "failed", error=stored, reason=stored, result={stored: [stored]})
    await daemon.database.execute(
        "update jobd.queues set paused_at = now(), paused_by = $1, pause_reason = $1 where name = 'default'", stored
    )
    await daemon.database.execute(
        "update jobd.jobs set disabled_reason = $1, enabled = false where name = 'mail'", stored
    )
    for words in (
        ("runs",), ("runs", "-o", "csv"), ("runs", "-o", "json"), ("runs", stored), ("failed",),
        ("show", str(fails)), ("show", str(waits)), ("queues",), ("status",), ("jobs", "-o", "wide"),
        ("why", str(fails)), ("why", str(waits)), ("why", "queue", "default"), ("why", "queue", stored),
        ("why", "mail"), ("why", stored), ("runs", "logs", str(fails)), ("status", "--tmux"),
        ("api", "GET", "/v1/queues/default"),
    ):  # fmt: skip
        printed = await seen(jobctl, *words)
        assert printed
        assert orders(printed) == [], words


async def test_the_sentence_of_why_shows_what_was_there(jobctl: Jobctl, daemon: SmallDaemon):
    (run,) = await daemon.store.enqueue([NewRun(job="mail")])
    await daemon.ended(run, "cancelled", reason="\x1b[2Jgone")
    assert "␛[2Jgone" in await seen(jobctl, "why", str(run))


async def test_lines_end_at_the_edge_of_the_terminal(jobctl: Jobctl, daemon: SmallDaemon):
    (run,) = await daemon.store.enqueue([NewRun(job="mail")])
    await daemon.ended(run, "failed", error="x" * 2000)
    lines = (await seen(jobctl, "runs")).splitlines()
    assert max(map(len, lines)) == COLUMNS
    assert lines[1].endswith("…")
    whole = (await seen(jobctl, "runs", "-o", "wide")).splitlines()
    assert max(map(len, whole)) > COLUMNS


async def test_the_undo_of_a_change_is_offered_and_that_of_an_undo_is_not(jobctl: Jobctl, daemon: SmallDaemon):
    paused = await seen(jobctl, "queues", "pause", "low")
    entry = await daemon.database.fetchval("select max(id) from jobd.audit")
    assert f"jobctl undo {entry} takes it back" in paused
    assert (await seen(jobctl, "undo", str(entry))).splitlines() == [f"entry {entry} is undone, as entry {entry + 1}"]
