"""The mouse does what the keys do: on a screen's name, a tab, a row, a key at the lower edge, a button."""

from __future__ import annotations

from pathlib import Path

from serving import SmallDaemon
from support.dashboards import Eyes, looking
from textual.widget import Widget

from jobd.dashboard.screens.run import RunPage
from jobd.dashboard.screens.runs import Runs
from jobd.dashboard.widgets.keys import Keys
from jobd.dashboard.widgets.screens import Screens
from jobd.dashboard.widgets.tabs import Choices
from jobd.model.run import NewRun


async def click(eyes: Eyes, word: str, on: type[Widget]) -> None:
    """On that word of a line."""
    line = eyes.page.query_one(on)
    await eyes.until(lambda: word in str(line.content))
    at = str(line.content).index(word)
    await eyes.pilot.click(line, offset=(at + 1, 0))


async def test_everything_that_has_a_key_can_be_clicked(daemon: SmallDaemon, socket: Path) -> None:
    first, second = await daemon.enqueue_many([NewRun(job="tidy")] * 2)
    async with looking(socket, size=(140, 45)) as eyes:
        await click(eyes, "Runs", Screens)
        await eyes.until(lambda: isinstance(eyes.page, Runs))
        page = eyes.page
        assert isinstance(page, Runs)
        await click(eyes, "queued", Choices)
        await eyes.until(lambda: page.query_one(Choices).chosen == "queued")
        await eyes.until(lambda: page.table.key == second and len(page.table.rows) == 2)
        await eyes.pilot.click(page.table, offset=(20, 2))
        await eyes.until(lambda: page.table.key == first)
        await click(eyes, "c Cancel", Keys)
        await eyes.until(f"jobctl cancel {first}")
        await eyes.until(lambda: len(page.table.rows) == 1)
        await eyes.pilot.click(page.table, offset=(20, 1), times=2)
        await eyes.until(lambda: isinstance(eyes.page, RunPage) and eyes.page.run_id == second)
        await click(eyes, "Esc Back", Keys)
        await eyes.until(lambda: eyes.page is page)
