"""The list of runs: states, filters, marks, and what can be done to one or to all."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from serving import SmallDaemon
from support.dashboards import looking
from support.failures import failing

from jobd.model.run import NewRun


async def test_runs_are_listed_with_state_and_job(daemon: SmallDaemon, socket: Path) -> None:
    run = await daemon.enqueue_many([NewRun(job="tidy"), NewRun(job="mail", args={"to": "ada@example.com"})])
    await daemon.ended(run[0], "failed", error="TimeoutError: too slow")
    async with looking(socket, screen="runs") as eyes:
        await eyes.until("too slow")
        await eyes.until("✗ failed")
        await eyes.until("○ queued")


async def test_a_filter_leaves_what_it_finds(daemon: SmallDaemon, socket: Path) -> None:
    await daemon.enqueue_many([NewRun(job="tidy"), NewRun(job="mail")])
    async with looking(socket, screen="runs") as eyes:
        await eyes.until("tidy")
        await eyes.press("slash")
        await eyes.type("job:mail")
        await eyes.press("enter")
        await eyes.until_gone("tidy")
        await eyes.until("mail")
        await eyes.press("escape")
        await eyes.until("tidy")


async def test_what_is_chosen_stays_chosen_when_runs_come(daemon: SmallDaemon, socket: Path) -> None:
    first, _ = await daemon.enqueue_many([NewRun(job="tidy"), NewRun(job="mail")])
    async with looking(socket, screen="runs") as eyes:
        await eyes.until("tidy")
        await eyes.press("j")
        table = eyes.page.query_one("#runs")
        assert table.row.id == first
        await daemon.enqueue_many([NewRun(job="mail")] * 5)
        await eyes.loaded()
        assert len(table.rows) == 7
        assert table.row.id == first


async def test_a_retry_makes_a_new_run_and_says_the_command(daemon: SmallDaemon, socket: Path) -> None:
    run, _ = await daemon.enqueue(NewRun(job="tidy"))
    await daemon.ended(run, "failed", error="boom")
    async with looking(socket, screen="runs") as eyes:
        await eyes.until("boom")
        await eyes.press("r")
        await eyes.until(f"jobctl retry {run}")
        await eyes.until("queued")


async def test_what_is_due_later_is_run_now_and_its_key_says_so(daemon: SmallDaemon, socket: Path) -> None:
    later = datetime.now(UTC) + timedelta(hours=1)
    run, _ = await daemon.enqueue(NewRun(job="tidy", due_at=later))
    async with looking(socket, screen="runs") as eyes:
        await eyes.until("Run now")
        await eyes.press("r")
        await eyes.until(f"jobctl retry {run}")
        await eyes.until("○ queued")
        await eyes.until_gone("Run now")
    assert [found.id for found in (await daemon.views.runs.page()).runs] == [run]


async def test_who_may_only_look_has_no_keys_for_changes(daemon: SmallDaemon, viewer_socket: Path) -> None:
    run, _ = await daemon.enqueue(NewRun(job="tidy"))
    async with looking(viewer_socket, screen="runs") as eyes:
        await eyes.until("READ ONLY")
        await eyes.until("tidy")
        assert "Retry" not in eyes.text
        await eyes.press("c")
        await eyes.loaded()
        assert (await daemon.views.runs.one(run)).state == "queued"


async def test_all_that_a_filter_finds_is_moved(daemon: SmallDaemon, socket: Path) -> None:
    runs = await daemon.enqueue_many([NewRun(job="tidy")] * 3)
    async with looking(socket, screen="runs") as eyes:
        eyes.page.find("state:queued")
        await eyes.until("tidy")
        await eyes.loaded()
        await eyes.press("asterisk")
        await eyes.until("Move them")
        await eyes.press("m")
        await eyes.until("which queue")
        await eyes.type("low")
        await eyes.press("enter")
        await eyes.until("Move 3 runs to low?")
        await eyes.press("right", "enter")
        await eyes.until("3 of 3 changed")
    assert {(await daemon.views.runs.one(run)).queue for run in runs} == {"low"}


async def test_a_set_that_grew_meanwhile_is_asked_about_again(daemon: SmallDaemon, socket: Path) -> None:
    await daemon.enqueue_many([NewRun(job="tidy")] * 3)
    async with looking(socket, screen="runs") as eyes:
        eyes.page.find("state:queued")
        await eyes.until("tidy")
        await eyes.loaded()
        await eyes.press("asterisk")
        await eyes.until("Cancel them")
        await eyes.press("c")
        await eyes.until("Cancel 3 runs?")
        await daemon.enqueue_many([NewRun(job="tidy")] * 3)
        await eyes.press("right", "enter")
        await eyes.until("Cancel 6 runs?")
        await eyes.press("right", "enter")
        await eyes.until("6 of 6 changed")


async def test_every_tab_has_its_number(daemon: SmallDaemon, socket: Path) -> None:
    ended = await daemon.enqueue_many([NewRun(job="tidy")] * 3)
    for run, state in zip(ended, ("cancelled", "skipped", "skipped"), strict=True):
        await daemon.ended(run, state, reason="somebody said so")
    await failing(daemon, "tidy")
    async with looking(socket, screen="runs", size=(140, 45)) as eyes:
        await eyes.until(" scheduled 1  retrying 1  succeeded 0/h  failed 0/h  cancelled 1/h  skipped 2/h")
