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
