"""What is chosen and marked while lists move: the keys are named for it as it is now, and change nothing else."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from serving import SmallDaemon
from support.dashboard_rows import scheduled
from support.dashboards import Eyes, looking
from test_dashboard_outbox import added, state

from jobd.dashboard.changes.marked import change_marked
from jobd.dashboard.screens.runs import Runs
from jobd.dashboard.widgets.table import Table
from jobd.dashboard.widgets.tabs import Choices
from jobd.model.bulk import BulkAction
from jobd.model.run import NewRun

WIDE = (140, 45)


def keys(eyes: Eyes) -> str:
    """The line at the lower edge."""
    return eyes.text.rstrip().rsplit("\n", 1)[-1]


async def test_the_keys_are_those_for_the_state_of_the_chosen_run(daemon: SmallDaemon, socket: Path) -> None:
    ended, busy = await daemon.enqueue_many([NewRun(job="tidy")] * 2)
    await daemon.ended(ended)
    await daemon.running(busy)
    later, _ = await daemon.enqueue(NewRun(job="tidy", due_at=datetime.now(UTC) + timedelta(hours=1)))
    waits, _ = await daemon.enqueue(NewRun(job="tidy"))
    told = {
        ended: (True, False, False, f"c: run {ended} has ended already"),
        busy: (False, False, True, f"r: run {busy} is running and has not ended"),
        later: (False, True, True, ""),
        waits: (False, False, True, f"r: run {waits} is queued and has not ended"),
    }
    async with looking(socket, screen="runs", size=WIDE) as eyes:
        page = eyes.page
        assert isinstance(page, Runs)
        await eyes.until(lambda: len(page.table.rows) == 4)
        for run, (retry, now, cancel, why) in told.items():
            page.table.seek(run)
            wanted = [retry, now, cancel]
            await eyes.until(
                lambda: [word in keys(eyes) for word in ("r Retry", "r Run now", "c Cancel")] == wanted  # noqa: B023
            )
            if why:
                await eyes.press(why[0])
                await eyes.until(lambda: why[3:] in eyes.told)  # noqa: B023
        await eyes.press("question_mark")
        await eyes.until("Keys of runs")
        assert " r  " not in eyes.text, "the help lists what can be done, as the keys below do"


async def test_marked_runs_are_changed_as_they_are_by_now(daemon: SmallDaemon, socket: Path) -> None:
    runs = await daemon.enqueue_many([NewRun(job="tidy")] * 3)
    async with looking(socket, screen="runs", size=WIDE) as eyes:
        page = eyes.page
        assert isinstance(page, Runs)
        await eyes.until(lambda: len(page.table.rows) == 3)
        await eyes.press("space", "space", "space")
        await eyes.until(lambda: len(page.table.marked) == 3)
        await eyes.until("r Retry")
        for run in runs:
            await daemon.ended(run, "failed", error="boom")
        await eyes.until(lambda: eyes.text.count("✗ failed") == 3)
        await eyes.press("r")
        await eyes.until("Retry 3 marked runs?")
        await eyes.press("right", "enter")
        await eyes.until("3 done")
    assert await daemon.database.fetchval("select count(*) from jobd.runs") == 3


async def test_what_is_done_to_marked_runs_names_all_of_them_and_where(daemon: SmallDaemon, socket: Path) -> None:
    first, second = await daemon.enqueue_many([NewRun(job="tidy")] * 2)
    ended, _ = await daemon.enqueue(NewRun(job="tidy"))
    await daemon.ended(ended)
    async with looking(socket, screen="runs", size=WIDE) as eyes:
        await eyes.until("✓ succeeded")
        await eyes.press("space", "space", "space", "c")
        await eyes.until("Cancel 2 marked runs?")
        assert "test on here, development" in eyes.text
        assert "Of the others that are marked, 1, none is in a state for it." in eyes.flat
        assert f"Undo: jobctl retry {second} {first}" in eyes.text
        await eyes.press("right", "enter")
        await eyes.until(f"$ jobctl cancel {second} {first}   undo: jobctl retry {second} {first}")


@pytest.mark.parametrize(
    ("ended", "later", "undo"),
    [(2, 0, "cancel the new runs"), (0, 2, "jobctl cancel 1 2"), (1, 1, "cancel the new runs and jobctl cancel 2")],
)
async def test_how_marked_runs_are_taken_back_depends_on_their_states(
    daemon: SmallDaemon, ended: int, later: int, undo: str
) -> None:
    for _ in range(ended):
        run, _ = await daemon.enqueue(NewRun(job="tidy"))
        await daemon.ended(run)
    due = datetime.now(UTC) + timedelta(hours=1)
    await daemon.enqueue_many([NewRun(job="tidy", due_at=due)] * later)
    runs = sorted((await daemon.views.runs.page()).runs, key=lambda run: run.id)
    change = change_marked(BulkAction.RETRY, runs)
    assert change is not None
    assert change[0].undo == undo


async def test_a_question_about_hundreds_still_has_its_buttons(daemon: SmallDaemon, socket: Path) -> None:
    await daemon.store.enqueue([NewRun(job="tidy")] * 150)
    async with looking(socket, screen="runs", size=(80, 24)) as eyes:
        page = eyes.page
        assert isinstance(page, Runs)
        await eyes.until(lambda: len(page.table.rows) == 100)
        await eyes.press("G")
        await eyes.until(lambda: len(page.table.rows) == 150)
        await eyes.press("g", *["space"] * 120)
        await eyes.until(lambda: len(page.table.marked) == 120)
        await eyes.press("c")
        await eyes.until("Type 120 to go on")
        assert "Leave it" in eyes.text


async def test_of_two_thousand_runs_the_chosen_and_the_marked_stay_while_others_come(
    daemon: SmallDaemon, socket: Path
) -> None:
    await daemon.store.enqueue([NewRun(job="tidy")] * 2_000)
    async with looking(socket, screen="runs", size=WIDE) as eyes:
        page = eyes.page
        assert isinstance(page, Runs)
        await eyes.until(lambda: len(page.table.rows) >= 100)
        while page.table.at < 500:
            await eyes.press("pagedown")
            await eyes.until(lambda: page.table.row is not None)
        marked = page.table.key
        await eyes.press("space")
        chosen = page.table.key
        await daemon.store.enqueue([NewRun(job="mail")] * 30)
        await eyes.loaded()
        assert page.table.key == chosen
        assert isinstance(chosen, int)
        await daemon.ended(chosen, "failed", error="boom")
        daemon.feed.publish("run.ended", id=chosen, state="failed", job="tidy", queue="default")
        await eyes.until("✗ failed")
        await eyes.press("g")
        await eyes.until("mail")
        assert [run.id for run in page.table.marked] == [marked]


async def test_a_message_that_came_where_another_was_is_held_by_nobody(daemon: SmallDaemon, socket: Path) -> None:
    other, first = await added(daemon), await added(daemon)
    async with looking(socket, screen="outbox", size=WIDE) as eyes:
        eyes.page.query_one(Choices).choose("pending")
        await eyes.until(lambda: eyes.page.query_one(Table).key == first)
        await daemon.database.execute("update jobd.outbox set state = 'sent', finished_at = now() where id = $1", first)
        eyes.page.old(at_once=True)
        await eyes.until(lambda: eyes.page.query_one(Table).key == other)
        await eyes.press("h")
        await eyes.until(f"nothing was done: message {other} is chosen now")
        assert await state(daemon, other) == "pending"
        await eyes.press("h")
        await eyes.until(f"message {other} is held")


async def test_what_is_left_of_a_list_when_a_word_is_typed_was_chosen_by_that(
    daemon: SmallDaemon, socket: Path
) -> None:
    for name in ("nightly", "weekly"):
        await scheduled(daemon, name)
    async with looking(socket, screen="schedules", size=WIDE) as eyes:
        await eyes.until("weekly")
        await eyes.press("g", "slash")
        await eyes.type("weekly")
        await eyes.press("enter", "p")
        await eyes.until("jobctl schedules pause weekly")
