"""The last change: one for the whole dashboard, told in one line with its way back, and `u` goes it on every screen."""

from __future__ import annotations

from pathlib import Path

from serving import SmallDaemon
from support.dashboards import Eyes, looking

from jobd.dashboard.widgets.said import Said
from jobd.model.run import NewRun

WIDE = (140, 45)
PAUSED = "select array_agg(name order by name) from jobd.queues where paused_at is not null"


def said(eyes: Eyes) -> str:
    """The line above the keys."""
    return str(eyes.page.query_one(Said).content)


async def test_u_takes_back_on_home_what_was_changed_there(daemon: SmallDaemon, socket: Path) -> None:
    async with looking(socket, size=WIDE) as eyes:
        await eyes.until("p Pause/resume")
        await eyes.press("p")
        await eyes.until("undo: u, or jobctl queues resume default")
        await eyes.press("u")
        await eyes.until("the pause of queue default is undone")
        assert await daemon.database.fetchval(PAUSED) is None
        await eyes.press("u")
        await eyes.until("nothing was changed about queue default that could be undone")


async def test_u_takes_it_back_on_every_screen_whatever_is_chosen_there(daemon: SmallDaemon, socket: Path) -> None:
    async with looking(socket, screen="queues", size=WIDE) as eyes:
        for key, screen in (("2", "runs"), ("4", "queues"), ("8", "statistics")):
            await eyes.press("4")
            await eyes.until("p Pause/resume")
            await eyes.until(lambda: eyes.page.query_one("#queues").row is not None)
            await eyes.press("g", "p")
            await eyes.until(lambda: "undo: u, or jobctl queues resume default" in said(eyes))
            await eyes.press(key)
            await eyes.until(lambda: eyes.app.current_mode == screen)  # noqa: B023 - it is waited for here
            if screen == "queues":
                await eyes.press("j")
            await eyes.until(lambda: "undo: u, or jobctl queues resume default" in said(eyes))
            await eyes.press("u")
            await eyes.until(lambda: "jobctl undo" in said(eyes))
            assert await daemon.database.fetchval(PAUSED) is None


async def test_the_line_tells_of_the_latest_change_wherever_it_was_made(daemon: SmallDaemon, socket: Path) -> None:
    run, _ = await daemon.enqueue(NewRun(job="tidy"))
    async with looking(socket, size=WIDE) as eyes:
        await eyes.until("p Pause/resume")
        await eyes.press("p")
        await eyes.until("$ jobctl queues pause default")
        await eyes.press("2")
        await eyes.until("○ queued")
        await eyes.until("$ jobctl queues pause default")
        await eyes.press("c")
        await eyes.until(f"$ jobctl cancel {run}")
        await eyes.press("1")
        await eyes.until("Fires next")
        await eyes.until(lambda: f"$ jobctl cancel {run}" in said(eyes))


async def test_where_u_is_about_what_is_chosen_the_line_does_not_offer_it(daemon: SmallDaemon, socket: Path) -> None:
    async with looking(socket, size=WIDE) as eyes:
        await eyes.until("p Pause/resume")
        await eyes.press("p")
        await eyes.until("undo: u, or jobctl queues resume default")
        await eyes.press("9")
        await eyes.until(lambda: "undo: jobctl queues resume default" in said(eyes))


async def test_u_says_so_where_nothing_was_changed(daemon: SmallDaemon, socket: Path) -> None:
    async with looking(socket, size=WIDE) as eyes:
        await eyes.until("p Pause/resume")
        await eyes.press("u")
        await eyes.until("nothing was changed")
