"""The nodes: how each stands, what it runs, what became of those that are gone, and what can be wanted of them."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from serving import HOSTILE, SmallDaemon
from support.dashboards import looking

from jobd.model.run import NewRun

HOUR = timedelta(hours=1)


async def joined(daemon: SmallDaemon, node: int, **facts: Any) -> None:
    """A node that beat two seconds ago and holds a lease of fifteen, but for what `facts` say."""
    told = {"name": "billing", "host": "app-1", "version": "0.1.0", "state": "running", "desired": "running"} | facts
    beat = told.pop("beat", timedelta(seconds=2))
    left, lost = told.pop("left", None), told.pop("lost", False)
    await daemon.database.execute(
        "insert into jobd.nodes (id, name, host, pid, home, version, workers, state, desired, desired_by, "
        "desired_reason, lag_ms, direct, started_at, beat_at, lease_until, lost, left_at) "
        "overriding system value values ($1, $2, $3, 4711, md5($2), $4, $5, $6, $7, $8, $9, $10, false, "
        "now() - interval '3 days', now() - $11::interval, now() - $11::interval + interval '15 s', $12, "
        "now() - $13::interval)",
        node, told["name"], told["host"], told["version"], told.get("workers", 10), told["state"], told["desired"],
        told.get("desired_by"), told.get("desired_reason"), told.get("lag_ms"), beat, lost or left is not None, left,
    )  # fmt: skip


async def wanted(daemon: SmallDaemon, node: int) -> str:
    return str(await daemon.database.fetchval("select desired from jobd.nodes where id = $1", node))


async def test_a_node_is_told_with_its_work_lease_and_lag(daemon: SmallDaemon, socket: Path) -> None:
    await joined(daemon, 11, lag_ms=12.0, workers=4)
    for run in await daemon.enqueue_many([NewRun(job="tidy"), NewRun(job="tidy")]):
        await daemon.running(run, node=11)
    await daemon.running((await daemon.enqueue(NewRun(job="mail")))[0], node=11, started=False)
    async with looking(socket, screen="nodes", size=(140, 40)) as eyes:
        await eyes.until("billing")
        (line,) = (line for line in eyes.text.split("\n") if "app-1 " in line and "●" in line)
        for fact in ("● running", "0.1.0", "██░░░ 2/4", " 1 ", "12ms", "3d"):
            assert fact in line, fact
        assert re.search(r" 1[0-4]s +[1-5]s ago ", line), "what is left of the lease, and the age of the beat"
        await eyes.until("pid 4711")


async def test_what_the_chosen_node_runs_is_shown_and_opened(daemon: SmallDaemon, socket: Path) -> None:
    await joined(daemon, 12)
    await joined(daemon, 11)
    tidy, mail = await daemon.enqueue_many([NewRun(job="tidy"), NewRun(job="mail")])
    await daemon.running(tidy, node=12)
    await daemon.running(mail, node=11)
    async with looking(socket, screen="nodes") as eyes:
        await eyes.until("Runs now:")
        await eyes.until("tidy")
        assert "mail" not in eyes.text
        await eyes.press("j")
        await eyes.until(lambda: "mail" in eyes.text and "tidy" not in eyes.text)
        await eyes.press("enter", "enter")
        await eyes.until(f"Run {mail}")
        await eyes.press("escape")
        await eyes.until("Runs now:")
        await eyes.press("escape", "k")
        await eyes.until("tidy")


async def test_a_node_without_work_shows_what_ended_there_lately(daemon: SmallDaemon, socket: Path) -> None:
    await joined(daemon, 7)
    run, _ = await daemon.enqueue(NewRun(job="tidy"))
    await daemon.ended(run, "failed", error="boom")
    async with looking(socket, screen="nodes") as eyes:
        await eyes.until("Runs nothing now")
        await eyes.until("boom")


async def test_a_wish_is_made_said_and_undone(daemon: SmallDaemon, socket: Path) -> None:
    await joined(daemon, 11)
    async with looking(socket, screen="nodes", size=(140, 40)) as eyes:
        await eyes.until("billing")
        await eyes.press("i")
        await eyes.until("jobctl nodes quiet 11")
        await eyes.until("it begins nothing new, nothing is left on it")
        assert await wanted(daemon, 11) == "quiet"
        await eyes.press("d")
        await eyes.until("jobctl nodes drain 11")
        assert await wanted(daemon, 11) == "drain"
        await eyes.press("R")
        await eyes.until_gone("it begins nothing new, nothing")
        assert await wanted(daemon, 11) == "running"
        await eyes.press("R")
        await eyes.until("wanted of it already")


async def test_who_wanted_it_and_why_is_told(daemon: SmallDaemon, socket: Path) -> None:
    await joined(
        daemon, 11, state="draining", desired="drain", desired_by="uid:1000 (ada)", desired_reason="new kernel"
    )
    await daemon.running((await daemon.enqueue(NewRun(job="tidy")))[0], node=11)
    async with looking(socket, screen="nodes", size=(140, 40)) as eyes:
        await eyes.until("drain by uid:1000 (ada): new kernel: it begins nothing new, 1 run to go")
        await eyes.until("◐ draining")


async def test_a_node_that_misses_its_beats_or_lags_says_what_to_look_at(daemon: SmallDaemon, socket: Path) -> None:
    await joined(daemon, 11, beat=timedelta(seconds=12), lag_ms=830.0)
    async with looking(socket, screen="nodes", size=(140, 40)) as eyes:
        await eyes.until("It misses its beats")
        await eyes.until("asyncio.to_thread")
        await eyes.until("830ms")


async def test_a_node_whose_lease_ended_unnoticed_is_silent(daemon: SmallDaemon, socket: Path) -> None:
    await joined(daemon, 11, beat=timedelta(minutes=2))
    async with looking(socket, screen="nodes") as eyes:
        await eyes.until("✗ silent")
        await eyes.until("Its lease has ended")


async def test_a_lost_node_says_what_became_of_its_runs(daemon: SmallDaemon, socket: Path) -> None:
    await joined(daemon, 10, beat=5 * HOUR, lost=True)
    async with looking(socket, screen="nodes", size=(140, 40)) as eyes:
        await eyes.until("Possibly aborted: last heard of 5h ago")
        await eyes.until("✗ lost")
        await eyes.until("What it ran went back to the queues")
        await eyes.press("i")
        await eyes.until("node 10 is gone")
        assert await wanted(daemon, 10) == "running"


async def test_a_lost_node_that_is_not_rescued_yet_says_how_much_it_holds(daemon: SmallDaemon, socket: Path) -> None:
    await joined(daemon, 10, beat=timedelta(minutes=1), lost=True)
    await daemon.running((await daemon.enqueue(NewRun(job="tidy")))[0], node=10)
    async with looking(socket, screen="nodes", size=(140, 40)) as eyes:
        await eyes.until("1 run is still its own")


async def test_a_node_that_left_said_goodbye(daemon: SmallDaemon, socket: Path) -> None:
    await joined(daemon, 9, beat=4 * HOUR, left=4 * HOUR)
    async with looking(socket, screen="nodes") as eyes:
        await eyes.until("It said goodbye 4h ago")
        await eyes.until("○ left")


async def test_who_may_only_look_cannot_quiet_a_node(daemon: SmallDaemon, viewer_socket: Path) -> None:
    await joined(daemon, 11)
    async with looking(viewer_socket, screen="nodes") as eyes:
        await eyes.until("READ ONLY")
        await eyes.until("billing")
        for word in ("Quiet", "Drain", "Resume"):
            assert word not in eyes.text
        await eyes.press("i", "d")
        await eyes.loaded()
        assert await wanted(daemon, 11) == "running"


async def test_without_nodes_it_says_how_to_start_one(daemon: SmallDaemon, socket: Path) -> None:
    async with looking(socket, screen="nodes") as eyes:
        await eyes.until("systemctl start jobd")


async def test_the_id_and_the_json_of_what_has_the_focus_are_copied(daemon: SmallDaemon, socket: Path) -> None:
    await joined(daemon, 11)
    run, _ = await daemon.enqueue(NewRun(job="tidy"))
    await daemon.running(run, node=11)
    async with looking(socket, screen="nodes") as eyes:
        await eyes.until("Runs now:")
        await eyes.press("y")
        assert eyes.app.clipboard == "11"
        await eyes.press("tab", "Y")
        assert '"job": "tidy"' in eyes.app.clipboard


async def test_hostile_words_of_a_node_do_nothing(daemon: SmallDaemon, socket: Path) -> None:
    words = dict.fromkeys(("name", "host", "version", "desired_by", "desired_reason"), f"{HOSTILE}[b]x[/b]")
    await joined(daemon, 11, desired="quiet", **words)
    async with looking(socket, screen="nodes", size=(140, 40)) as eyes:
        await eyes.until("[b]x[/b]")
        assert all(character == "\n" or character.isprintable() for character in eyes.text)


@pytest.mark.parametrize("size", [(60, 20), (80, 24)])
async def test_a_small_terminal_shows_state_work_and_lease(
    daemon: SmallDaemon, socket: Path, size: tuple[int, int]
) -> None:
    await joined(daemon, 11)
    await daemon.running((await daemon.enqueue(NewRun(job="tidy")))[0], node=11)
    async with looking(socket, screen="nodes", size=size, ascii=True) as eyes:
        await eyes.until("tidy")
        for fact in ("* running", "billing", "#.... 1/10", "3d"):
            await eyes.until(fact)
        assert re.search(r" 1[0-4]s ", eyes.text), "what is left of the lease"
        assert eyes.text.isascii()
