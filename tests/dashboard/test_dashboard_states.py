"""States of runs that are named twice, by the tab and by the line: what is shown, and changed, is what is asked for."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from serving import SmallDaemon
from support.dashboards import looking
from support.failures import failing

from jobd.dashboard.changes.deeds import change_all
from jobd.dashboard.lists.run_tabs import TABS
from jobd.dashboard.screens.runs import Runs
from jobd.dashboard.widgets.filter_bar import FilterBar
from jobd.dashboard.widgets.tabs import Choices
from jobd.model.bulk import BulkAction
from jobd.model.run import NewRun


@pytest.mark.parametrize("tab", TABS)
async def test_a_line_that_names_a_state_leaves_the_tab_and_the_next_tab_takes_the_state_from_the_line(
    daemon: SmallDaemon, socket: Path, tab: str
) -> None:
    failed, waits = await daemon.enqueue_many([NewRun(job="tidy"), NewRun(job="tidy")])
    await daemon.ended(failed, "failed", error="boom")
    async with looking(socket, screen="runs") as eyes:
        page = eyes.page
        assert isinstance(page, Runs)
        page.query_one(Choices).choose(tab)
        await eyes.loaded()
        await eyes.press("slash")
        await eyes.type("job:tidy state:queued")
        await eyes.press("enter")
        await eyes.until(lambda: len(page.table.rows) == 1 and page.table.row.id == waits)
        assert page.query_one(Choices).chosen == "all"
        await eyes.press("asterisk")
        await eyes.until("All runs that this finds: job:tidy state:queued")
        await eyes.press("escape")
        await eyes.press("tab")
        await eyes.until(lambda: page.filter == "state:running job:tidy")
        assert page.query_one(FilterBar).used == "job:tidy"
        await eyes.loaded()
        assert page.refused is None


async def test_a_line_that_is_too_long_together_with_the_tab_is_not_taken(daemon: SmallDaemon, socket: Path) -> None:
    async with looking(socket, screen="runs") as eyes:
        eyes.page.query_one(Choices).choose("failed")
        await eyes.press("slash")
        eyes.page.query_one(FilterBar).value = " ".join(["tidy"] * 40)
        await eyes.press("enter")
        await eyes.until("at most 40 terms")
        assert eyes.page.query_one(FilterBar).used == ""


async def test_what_could_not_be_loaded_says_why_and_nothing_is_changed_until_it_is(
    daemon: SmallDaemon, socket: Path
) -> None:
    run, _ = await daemon.enqueue(NewRun(job="tidy"))
    await daemon.ended(run, "failed", error="boom")
    async with looking(socket, screen="runs") as eyes:
        page = eyes.page
        assert isinstance(page, Runs)
        await eyes.until("boom")
        page.find('job:"')  # no filter, as something that finds runs may hand over
        await eyes.until("NOT LOADED  filter, character 5: this quote is not closed")
        assert page.has_class("-stale")
        await eyes.press("r")
        await eyes.until(f"Retry run {run}: not done")
        await eyes.press("space", "c", "asterisk")
        await eyes.until("All matching: not done")
        assert [one.id for one in (await daemon.views.runs.page()).runs] == [run]
        page.find("job:tidy")
        await eyes.until_gone("NOT LOADED")
        assert not page.has_class("-stale")
        page.table.unmark()
        await eyes.press("r")
        await eyes.until(f"jobctl retry {run}")


async def test_to_start_what_waits_for_its_time_makes_no_new_runs_and_says_so(
    daemon: SmallDaemon, socket: Path
) -> None:
    for _ in range(2):
        await failing(daemon, error="ValueError: no rate")
    await daemon.enqueue(NewRun(job="tidy", due_at=datetime.now(UTC) + timedelta(hours=1)))
    async with looking(socket, screen="failed") as eyes:
        await eyes.until("2  ↻ mail")
        await eyes.press("r")
        await eyes.until("Run 2 runs now?")
        await eyes.until("cancel them: they keep their ids")
        assert "new runs" not in eyes.text


@pytest.mark.parametrize(
    ("states", "title", "undo"),
    [
        ("retrying", "Run 5 runs now", "cancel them: they keep their ids"),
        ("scheduled,waiting", "Run 5 runs now", "cancel them: they keep their ids"),
        ("failed", "Retry 5 runs", "cancel the new runs"),
        (
            "failed,retrying",
            "Retry 5 runs",
            "cancel the new runs, and those that were due later: they keep their ids",
        ),
    ],
)
def test_how_many_runs_are_taken_back_depends_on_their_states(states: str, title: str, undo: str) -> None:
    deed = change_all(BulkAction.RETRY, f"state:{states}", 5, False)
    assert (deed.title, deed.undo) == (title, undo)


async def test_of_a_filter_without_states_nothing_is_offered_or_counted_that_would_not_be_done(
    daemon: SmallDaemon, socket: Path
) -> None:
    run, _ = await daemon.enqueue(NewRun(job="tidy"))
    await daemon.ended(run, "failed", error="boom")
    await daemon.enqueue(NewRun(job="tidy"))
    async with looking(socket, screen="runs") as eyes:
        page = eyes.page
        assert isinstance(page, Runs)
        page.find("job:tidy")
        await eyes.until(lambda: len(page.table.rows) == 2)
        await eyes.press("asterisk")
        await eyes.until("Cancel them")
        assert "Retry them" not in eyes.text
        await eyes.press("c")
        await eyes.until("Cancel 1 run?")
        assert "job:tidy state:queued,running,scheduled,waiting" in eyes.flat
