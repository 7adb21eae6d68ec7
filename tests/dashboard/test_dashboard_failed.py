"""Failures in groups: what they say, the way to their runs, and starting all of them again."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from serving import HOSTILE, SmallDaemon
from support.dashboards import looking
from support.failures import TRACEBACK, failed, failing

from jobd.dashboard.screens.run import RunPage
from jobd.dashboard.screens.runs import Runs
from jobd.model.run import NewRun


async def test_failures_of_a_kind_are_one_line_with_the_latest_error_below(daemon: SmallDaemon, socket: Path) -> None:
    for number in range(3):
        last = await failed(daemon, error=f"TimeoutError: no reply to {number}")
    await failed(daemon, "backup", error="exit status 1", traceback=None, args={"full": True}, ago=timedelta(minutes=5))
    async with looking(socket, screen="failed", size=(160, 45)) as eyes:
        await eyes.until(TRACEBACK.splitlines()[1].strip())
        line = next(line for line in eyes.text.splitlines() if "TimeoutError" in line)
        for fact in (" 3  ✗ mail", "/srv/shop/smtp.py:77 in reply", "no reply to 2"):
            assert fact in line
        await eyes.until("failed 3 times")
        await eyes.until(f"as run {last}")
        await eyes.until("jobctl runs list 'state:failed job:mail")
        await eyes.until("no reply to 0")  # among the latest runs of the group
        await eyes.press("j")
        await eyes.until("failed once, last 5m")
        await eyes.until('{"full": true}')
        assert TRACEBACK.splitlines()[1].strip() not in eyes.text


async def test_nothing_failed_is_good_news(daemon: SmallDaemon, socket: Path) -> None:
    await daemon.enqueue(NewRun(job="tidy"))
    async with looking(socket, screen="failed") as eyes:
        await eyes.until("nothing has failed in the last 24h")
        assert "TIMES" not in eyes.text


async def test_what_is_tried_again_stands_first_with_its_cause_and_when(daemon: SmallDaemon, socket: Path) -> None:
    await failed(daemon, "backup", error="exit status 1")
    runs = [await failing(daemon, error="ValueError: no rate") for _ in range(2)]
    async with looking(socket, screen="failed", size=(120, 40)) as eyes:
        await eyes.until("2  ↻ mail")
        await eyes.until("failing, tried again in 4m   2 runs, first")
        line = next(line for line in eyes.text.splitlines() if "↻ mail" in line)
        assert "ValueError" in line and " in 4m " in line
        assert eyes.text.index("↻ mail") < eyes.text.index("✗ backup")
        await eyes.press("enter")
        await eyes.until(lambda: isinstance(eyes.page, Runs) and len(eyes.page.table.rows) == 2)
        await eyes.until("state:retrying job:mail")
        for run in runs:
            await eyes.until(f" {run}  due in 4m")


async def test_what_is_due_again_waits_for_a_worker_and_no_time_is_cut(daemon: SmallDaemon, socket: Path) -> None:
    due, later = [await failing(daemon, error="ValueError: no rate") for _ in range(2)]
    await daemon.database.execute("update jobd.runs set due_at = now() - interval '3 min' where id = $1", due)
    await daemon.database.execute("update jobd.runs set due_at = now() + interval '3h59m30s' where id = $1", later)
    async with looking(socket, screen="failed", size=(120, 40)) as eyes:
        await eyes.until("failing, waits for a worker")
        assert "tried again now" not in eyes.text
        assert "when free" in next(line for line in eyes.text.splitlines() if "↻ mail" in line)
        await eyes.until(f" {later}  due in 3h59m ")


async def test_what_is_tried_again_can_be_tried_now(daemon: SmallDaemon, socket: Path) -> None:
    await failing(daemon, error="ValueError: no rate")
    async with looking(socket, screen="failed") as eyes:
        await eyes.until("ValueError")
        await eyes.press("r")
        await eyes.until("Run 1 run now?")
        await eyes.press("right", "enter")
        await eyes.until("1 of 1 changed")
        assert await daemon.database.fetchval("select state from jobd.runs") == "queued"


async def test_another_window_of_time_shows_other_failures(daemon: SmallDaemon, socket: Path) -> None:
    await failed(daemon, ago=timedelta(hours=2))
    async with looking(socket, screen="failed") as eyes:
        await eyes.until("TimeoutError")
        await eyes.press("left_square_bracket")
        await eyes.until("nothing has failed in the last 1h")
        await eyes.press("right_square_bracket", "right_square_bracket")
        await eyes.until("since:7d")


async def test_every_window_has_its_count(daemon: SmallDaemon, socket: Path) -> None:
    for ago in (timedelta(minutes=5), timedelta(hours=2), timedelta(hours=3)):
        await failed(daemon, ago=ago)
    async with looking(socket, screen="failed") as eyes:
        await eyes.until(" 1h 1  24h 3  7d 3")
        await eyes.press("right_square_bracket")
        await eyes.until("since:7d")
        await eyes.until(" 1h 1  24h 3  7d 3")


async def test_how_many_runs_of_a_group_are_not_listed_is_said(daemon: SmallDaemon, socket: Path) -> None:
    for _ in range(13):
        await failed(daemon, traceback=None)
    async with looking(socket, screen="failed", size=(140, 45)) as eyes:
        await eyes.until("and 3 more (Enter shows all)")
        await eyes.press("enter")
        await eyes.until(lambda: isinstance(eyes.page, Runs) and len(eyes.page.table.rows) == 13)


async def test_enter_shows_the_runs_of_the_group(daemon: SmallDaemon, socket: Path) -> None:
    await failed(daemon)
    await failed(daemon, "tidy", error="ValueError: no owner")
    async with looking(socket, screen="failed") as eyes:
        await eyes.until("ValueError")
        await eyes.press("j", "enter")
        await eyes.until(lambda: isinstance(eyes.page, Runs) and len(eyes.page.table.rows) == 1)
        await eyes.until("job:mail")
        assert "no owner" not in eyes.text


async def test_the_latest_run_of_a_group_is_a_key_away(daemon: SmallDaemon, socket: Path) -> None:
    run = await failed(daemon)
    async with looking(socket, screen="failed") as eyes:
        await eyes.until("TimeoutError")
        await eyes.press("o")
        await eyes.until(f"$ jobctl show {run}")
        assert isinstance(eyes.page, RunPage)


async def test_all_of_a_group_goes_again_once_it_is_confirmed(daemon: SmallDaemon, socket: Path) -> None:
    runs = [await failed(daemon) for _ in range(3)]
    await failed(daemon, "tidy", error="ValueError: no owner", ago=timedelta(minutes=1))
    async with looking(socket, screen="failed") as eyes:
        await eyes.until("ValueError")
        await eyes.press("r")
        await eyes.until("Retry 3 runs?")
        await eyes.press("enter")  # Cancel has the focus
        await eyes.until_gone("Retry 3 runs?")
        assert not await daemon.database.fetchval("select count(*) from jobd.runs")
        await eyes.press("r")
        await eyes.until("Retry 3 runs?")
        await eyes.press("right", "enter")
        await eyes.until("3 of 3 changed")
        again = await daemon.database.fetch("select retried_from from jobd.runs order by 1")
        assert [row["retried_from"] for row in again] == runs  # and not the failure of the other kind


async def test_a_group_that_grew_meanwhile_is_asked_about_again(daemon: SmallDaemon, socket: Path) -> None:
    await failed(daemon)
    async with looking(socket, screen="failed") as eyes:
        await eyes.until("TimeoutError")
        await eyes.press("r")
        await eyes.until("Retry 1 run?")
        for _ in range(4):
            await failed(daemon)
        await eyes.press("right", "enter")
        await eyes.until("Retry 5 runs?")
        assert not await daemon.database.fetchval("select count(*) from jobd.runs")
        await eyes.press("right", "enter")
        await eyes.until("5 of 5 changed")


async def test_the_filter_of_a_group_can_be_copied(daemon: SmallDaemon, socket: Path) -> None:
    await failed(daemon)
    async with looking(socket, screen="failed") as eyes:
        await eyes.until("TimeoutError")
        await eyes.press("y")
        assert eyes.app.clipboard == 'state:failed job:mail error:"TimeoutError" since:1d'
        await eyes.press("Y")
        assert '"fingerprint"' in eyes.app.clipboard


async def test_who_may_only_look_has_no_key_for_a_retry(daemon: SmallDaemon, viewer_socket: Path) -> None:
    await failed(daemon)
    async with looking(viewer_socket, screen="failed") as eyes:
        await eyes.until("READ ONLY")
        await eyes.until("TimeoutError")
        assert "Retry" not in eyes.text
        await eyes.press("r")
        await eyes.loaded()
        assert "Retry" not in eyes.text


async def test_hostile_data_is_shown_and_does_nothing(daemon: SmallDaemon, socket: Path) -> None:
    markup = "[bold]x[/]" + HOSTILE
    trace = f'Traceback:\n  File "{markup}", line 7, in {markup}\n{markup}'
    for _ in range(2):
        await failed(daemon, error=f"ValueError: {markup}\n{markup}", traceback=trace, source=markup)
    async with looking(socket, screen="failed", size=(160, 45)) as eyes:
        await eyes.until("Traceback:")
        await eyes.until("[bold]x[/]")
        assert not {"\x1b", "\x07", "\u202e", "\x9b", "\ufeff"} & set(eyes.text)


async def test_a_small_terminal_shows_group_and_error(daemon: SmallDaemon, socket: Path) -> None:
    for _ in range(12):
        await failed(daemon)
    async with looking(socket, screen="failed", size=(60, 20)) as eyes:
        await eyes.until("TimeoutError: no reply")
        line = next(line for line in eyes.text.splitlines() if "TimeoutError" in line)
        assert "12  ✗ mail" in line
        await eyes.until("Retry")
