"""Home: what its rows open, and what can be done to them from there."""

from __future__ import annotations

from pathlib import Path

from serving import SmallDaemon
from support.dashboard_rows import scheduled
from support.dashboards import looking

from jobd.model.run import NewRun

WIDE = (140, 45)


async def test_enter_opens_the_run_or_the_screen_of_the_row(daemon: SmallDaemon, socket: Path) -> None:
    await scheduled(daemon, "nightly")
    run, _ = await daemon.enqueue(NewRun(job="tidy"))
    await daemon.ended(run, "failed", error="boom")
    async with looking(socket, size=WIDE) as eyes:
        await eyes.until("boom")
        await eyes.press("tab", "enter")
        await eyes.until(lambda: type(eyes.page).__name__ == "RunPage")
        await eyes.press("escape")
        await eyes.until("Fires next")
        await eyes.press("tab", "enter")
        await eyes.until(lambda: eyes.app.current_mode == "schedules")


async def test_queues_and_runs_have_the_keys_for_what_can_be_done_to_them(daemon: SmallDaemon, socket: Path) -> None:
    busy, _ = await daemon.enqueue(NewRun(job="tidy"))
    await daemon.running(busy)
    async with looking(socket, size=WIDE) as eyes:
        await eyes.until("▸ tidy")
        await eyes.until("p Pause/resume")
        assert "Retry" not in eyes.text
        await eyes.press("p")
        await eyes.until("jobctl queues pause default")
        await eyes.press("tab")
        await eyes.until("c Cancel")
        await eyes.press("r")
        await eyes.until("has not ended")
        await eyes.press("c")
        await eyes.until(f"jobctl cancel {busy}")


async def test_schedules_and_failures_have_theirs(daemon: SmallDaemon, socket: Path) -> None:
    await scheduled(daemon, "nightly")
    failed, _ = await daemon.enqueue(NewRun(job="tidy"))
    await daemon.ended(failed, "failed", error="boom")
    async with looking(socket, size=WIDE) as eyes:
        await eyes.until("nightly")
        await eyes.press("tab", "tab")
        await eyes.until("t Trigger now")
        await eyes.press("t")
        await eyes.until("jobctl schedules trigger nightly")
        await eyes.press("p")
        await eyes.until("none: all are paused or over")
        await eyes.press("tab", "r")
        await eyes.until(f"jobctl retry {failed}")


async def test_who_may_only_look_has_no_keys_for_changes(daemon: SmallDaemon, viewer_socket: Path) -> None:
    await scheduled(daemon, "nightly")
    async with looking(viewer_socket, size=WIDE) as eyes:
        await eyes.until("READ ONLY")
        await eyes.until("nightly")
        assert "Pause" not in eyes.text
        await eyes.press("p", "tab", "c", "r", "tab", "t", "p")
        await eyes.loaded()
        assert await daemon.database.fetchval("select count(*) from jobd.runs") == 0
        assert await daemon.database.fetchval("select count(*) from jobd.queues where paused_at is not null") == 0
        assert await daemon.database.fetchval("select count(*) from jobd.schedules where paused_at is not null") == 0


async def test_a_pause_with_a_reason_and_a_run_by_hand_begin_on_home_too(daemon: SmallDaemon, socket: Path) -> None:
    async with looking(socket, size=WIDE) as eyes:
        await eyes.until("p Pause/resume")
        await eyes.press("P")
        await eyes.until("Pause queue default")
        await eyes.type("30m deploy")
        await eyes.press("enter")
        await eyes.until("jobctl queues pause default --for 30m --reason deploy")
        await eyes.press("t")
        await eyes.until("Trigger a run")


async def test_a_key_that_has_nothing_to_change_in_a_pane_says_where_it_has(daemon: SmallDaemon, socket: Path) -> None:
    run, _ = await daemon.enqueue(NewRun(job="tidy"))
    await daemon.ended(run)
    async with looking(socket, size=WIDE) as eyes:
        await eyes.until("✓ tidy")
        await eyes.press("r")
        await eyes.until("r retries a run: Tab to the runs first")
        await eyes.press("tab", "p")
        await eyes.until("p pauses a queue or a schedule, and lets it go on: Tab to one of them first")
        assert await daemon.database.fetchval("select count(*) from jobd.queues where paused_at is not null") == 0


async def test_enter_on_a_queue_opens_that_one(daemon: SmallDaemon, socket: Path) -> None:
    async with looking(socket, size=WIDE) as eyes:
        await eyes.until(lambda: len(eyes.page.query_one("#queues").rows) == 2)
        for queue, key in (("low", "j"), ("default", "k")):
            await eyes.press(key, "enter")
            await eyes.until(lambda: eyes.app.current_mode == "queues")
            await eyes.until(lambda: eyes.page.chosen is not None and eyes.page.chosen.name == queue)  # noqa: B023
            await eyes.press("1")
            await eyes.until("Fires next")


async def test_a_notice_about_a_queue_leads_to_it(daemon: SmallDaemon, socket: Path) -> None:
    async with looking(socket, screen="queues", size=WIDE) as eyes:
        await eyes.until(lambda: eyes.page.chosen is not None and eyes.page.chosen.name == "default")
        await eyes.press("1")
        await eyes.until("Fires next")
        await daemon.enqueue(NewRun(job="mail", queue="low"))
        await daemon.database.execute("update jobd.queues set paused_at = now() where name = 'low'")
        eyes.app.feed.look()
        await eyes.until("queue low is paused: 1 waiting; 4 says why")
        await eyes.press("4")
        await eyes.until(lambda: eyes.page.chosen is not None and eyes.page.chosen.name == "low")


async def test_what_a_key_changes_is_in_sight_and_was_chosen(daemon: SmallDaemon, socket: Path) -> None:
    first, *others = await daemon.enqueue_many([NewRun(job="tidy")] * 22)
    await daemon.ended(first)
    async with looking(socket, size=WIDE) as eyes:
        await eyes.until("✓ tidy")
        await eyes.press("tab")
        table = eyes.page.query_one("#running")
        await eyes.until(lambda: table.has_focus)
        for run in others[:18]:
            await daemon.ended(run)
        await eyes.loaded()
        assert table.row.id == first
        await eyes.until(lambda: table.scroll_y <= table.at < table.scroll_y + table.size.height - 1)
        for run in others[18:]:
            await daemon.ended(run)
        await eyes.loaded()
        assert table.row.id != first, "it has gone from the pane"
        await eyes.press("r")
        await eyes.until(f"nothing was done: run {table.row.id} of tidy is chosen now")
        assert await daemon.database.fetchval("select count(*) from jobd.runs") == 0
        again = table.row.id
        await eyes.press("r")
        await eyes.until(f"jobctl retry {again}")
