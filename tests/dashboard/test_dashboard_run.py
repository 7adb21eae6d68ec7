"""One run: what is known of it, why it waits, how it comes on, and what can be done to it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from serving import HOSTILE, SmallDaemon
from support.dashboards import Eyes, looking
from support.failures import TRACEBACK, failed, tried

from jobd.dashboard.page import Page
from jobd.dashboard.screens.run import RunPage
from jobd.model.run import NewRun


@asynccontextmanager
async def opened(
    socket: Path, run: int, *, size: tuple[int, int] = (120, 50), ascii: bool = False
) -> AsyncIterator[Eyes]:
    """The run over the list of runs, once it has loaded."""
    async with looking(socket, screen="runs", size=size, ascii=ascii) as eyes:
        await eyes.until(lambda: eyes.app.snapshot.me is not None)
        eyes.app.push_screen(RunPage(run))
        await eyes.until(lambda: isinstance(eyes.page, RunPage) and eyes.page.loads > 0)
        yield eyes


def run_of(eyes: Eyes) -> int:
    assert isinstance(eyes.page, RunPage)
    return eyes.page.run_id


async def test_enter_opens_the_chosen_run_and_escape_goes_back(daemon: SmallDaemon, socket: Path) -> None:
    run, _ = await daemon.enqueue(NewRun(job="tidy", args={"batch": 5}, source="schedule nightly"))
    async with looking(socket, screen="runs") as eyes:
        await eyes.until("tidy")
        await eyes.press("enter")
        await eyes.until(f"$ jobctl show {run}")
        await eyes.until("schedule nightly")
        await eyes.until('"batch": 5')
        await eyes.until(f"jobctl runs logs {run}")
        await eyes.press("escape")
        await eyes.until("NOTE")


async def test_a_run_that_ended_well_shows_its_times_and_its_result(daemon: SmallDaemon, socket: Path) -> None:
    run, _ = await daemon.enqueue(NewRun(job="tidy"))
    await daemon.ended(run, result={"deleted": [1, 2]})
    await daemon.database.execute(
        "update jobd.history set created_at = finished_at - interval '70 s', due_at = finished_at - interval '65 s',"
        " started_at = finished_at - interval '60 s', items_done = 1234, items_failed = 2"
    )
    async with opened(socket, run) as eyes:
        await eyes.until("✓ succeeded")
        times = ("waited", "5.0s", "took", "1m", "in all", "1m10s")
        items = ("2 items failed, 1,234 done", "its log lines say which")
        for fact in (*times, *items, '"deleted": ['):
            await eyes.until(fact)


async def test_a_failed_run_shows_each_attempt_and_the_latest_error_whole(daemon: SmallDaemon, socket: Path) -> None:
    run = await failed(daemon, error="TimeoutError: no reply", args={"to": "a", "subject": "b"})
    await daemon.database.execute("update jobd.attempts set attempt = 3")
    await daemon.database.execute("update jobd.history set attempt = 3")
    await tried(daemon, run, 1, error="ConnectionResetError: reset by peer", traceback="Traceback of the first\n")
    await tried(daemon, run, 2, "interrupted", error=None)
    async with opened(socket, run) as eyes:
        lines = eyes.text.splitlines()
        assert any("1  ✗ failed" in line and "12s" in line and "reset by peer" in line for line in lines)
        assert any("2  ⊘ interrupted" in line for line in lines)
        assert any("3  ✗ failed" in line and "no reply" in line for line in lines)
        await eyes.until("Error of attempt 3")
        await eyes.until(TRACEBACK.splitlines()[1].strip())
        await eyes.press("left_square_bracket")
        await eyes.until("Traceback of the first")
        await eyes.until("Error of attempt 1")
        await eyes.press("right_square_bracket")
        await eyes.until("Error of attempt 3")


async def test_a_run_that_waits_says_why_and_what_would_change_it(daemon: SmallDaemon, socket: Path) -> None:
    run, _ = await daemon.enqueue(NewRun(job="mail", args={"to": "a", "subject": "b"}))
    await daemon.database.execute(
        "update jobd.queues set paused_at = now(), pause_reason = 'month end' where name = 'low'"
    )
    async with opened(socket, run) as eyes:
        await eyes.until("queue low was paused")
        await eyes.until("month end")
        await eyes.until("$ jobctl queues resume low")


async def test_why_it_ended_is_told_when_asked(daemon: SmallDaemon, socket: Path) -> None:
    run, _ = await daemon.enqueue(NewRun(job="tidy"))
    await daemon.ended(run, "cancelled", reason="already paid")
    async with opened(socket, run) as eyes:
        assert "was cancelled" not in eyes.text
        await eyes.press("w")
        await eyes.until("was cancelled")
        await eyes.until(f"$ jobctl retry {run}")
        await eyes.press("w")
        await eyes.until_gone("was cancelled")


async def test_how_far_a_running_run_has_come_is_drawn(daemon: SmallDaemon, socket: Path) -> None:
    run, _ = await daemon.enqueue(NewRun(job="tidy"))
    await daemon.running(run)
    await daemon.database.execute(
        "update jobd.runs set started_at = now() - interval '100 s',"
        """ progress = '{"done": 1000, "total": 5000, "note": "users m-p"}'"""
    )
    async with opened(socket, run) as eyes:
        await eyes.until("▸ running")
        await eyes.until("1,000 of 5,000, 6m4")  # four times 100 s, and a little more by now
        await eyes.until("users m-p")
        await eyes.until("20%")


async def test_its_end_is_seen_without_a_key(daemon: SmallDaemon, socket: Path) -> None:
    await daemon.database.execute("alter sequence jobd.run_ids restart with 7001")  # nothing was told of these ids yet
    run, _ = await daemon.enqueue(NewRun(job="tidy"))
    await daemon.running(run)
    async with opened(socket, run) as eyes:
        await eyes.until("▸ running")
        await daemon.ended(run, result="all done")
        await eyes.until("✓ succeeded")
        await eyes.until('"all done"')


async def test_a_retry_is_opened_and_knows_where_it_comes_from(daemon: SmallDaemon, socket: Path) -> None:
    run = await failed(daemon, args={"to": "a", "subject": "b"})
    async with opened(socket, run) as eyes:
        await eyes.press("r")
        await eyes.until(f"retry of  run {run}")
        assert run_of(eyes) != run
        await eyes.press("o")
        await eyes.until("✗ failed")
        assert run_of(eyes) == run


async def test_a_run_that_waits_can_be_cancelled_and_then_not_again(daemon: SmallDaemon, socket: Path) -> None:
    run, _ = await daemon.enqueue(NewRun(job="tidy"))
    async with opened(socket, run) as eyes:
        await eyes.until("c Cancel")
        assert "r Retry" not in eyes.text
        await eyes.press("r")
        await eyes.until(f"run {run} is queued and has not ended")
        await eyes.press("c")
        await eyes.until("⊘ cancelled")
        await eyes.until(f"jobctl cancel {run}")
        await eyes.until("r Retry")
        assert "c Cancel" not in eyes.text
        await eyes.press("c")
        await eyes.until(f"run {run} has ended already")
        assert (await daemon.views.runs.one(run)).state == "cancelled"
        assert not await daemon.database.fetchval("select count(*) from jobd.runs")


async def test_a_run_that_is_due_later_is_run_now(daemon: SmallDaemon, socket: Path) -> None:
    run, _ = await daemon.enqueue(NewRun(job="tidy", due_at=datetime.now(UTC) + timedelta(hours=1)))
    async with opened(socket, run) as eyes:
        await eyes.until("Run now")
        assert "Retry" not in eyes.text
        await eyes.press("r")
        await eyes.until(f"run {run} goes on now")
        await eyes.until("○ queued")
        assert run_of(eyes) == run
        await eyes.until_gone("Run now")
    assert (await daemon.views.runs.one(run)).state == "queued"


async def test_it_can_be_triggered_again_with_other_arguments(daemon: SmallDaemon, socket: Path) -> None:
    run = await failed(daemon, args={"to": "ada@example.com", "subject": "Hi"})
    async with opened(socket, run) as eyes:
        await eyes.press("t")
        await eyes.until("ada@example.com")
        await eyes.press("home", "B")
        await eyes.press("enter")
        await eyes.until(lambda: isinstance(eyes.page, RunPage) and run_of(eyes) != run and eyes.page.loads > 0)
        new = await daemon.views.runs.one(run_of(eyes))
        assert new.args == {"to": "Bada@example.com", "subject": "Hi"}


async def test_a_run_that_is_not_there_says_so(daemon: SmallDaemon, socket: Path) -> None:
    async with opened(socket, 4711) as eyes:
        await eyes.until("run 4711 is not there any more")
        assert "Arguments" not in eyes.text


async def test_what_is_known_stays_when_history_lets_the_run_go(daemon: SmallDaemon, socket: Path) -> None:
    run = await failed(daemon, error="boom", traceback=None)
    async with opened(socket, run) as eyes:
        await daemon.database.execute("delete from jobd.history")
        await eyes.loaded()
        await eyes.until("is not there any more")
        await eyes.until("boom")


async def test_its_mails_are_counted_by_state(daemon: SmallDaemon, socket: Path) -> None:
    run, _ = await daemon.enqueue(NewRun(job="tidy"))
    await daemon.ended(run)
    await daemon.database.execute(
        "insert into jobd.outbox (run_id, job, kind, sender, recipient, subject, message_id, text)"
        " select $1, 'tidy', 'note', 'a@example.com', 'b@example.com', 'Hi', n::text, 'Hi'"
        " from generate_series(1, 3) n",
        run,
    )
    async with opened(socket, run) as eyes:
        await eyes.until("3 pending")


async def test_its_id_and_all_of_it_as_json_can_be_copied(daemon: SmallDaemon, socket: Path) -> None:
    run, _ = await daemon.enqueue(NewRun(job="tidy", args={"batch": 5}))
    async with opened(socket, run) as eyes:
        await eyes.press("y")
        assert eyes.app.clipboard == str(run)
        await eyes.press("Y")
        assert '"batch": 5' in eyes.app.clipboard


async def test_who_may_only_look_has_no_keys_for_changes(daemon: SmallDaemon, viewer_socket: Path) -> None:
    run, _ = await daemon.enqueue(NewRun(job="tidy"))
    async with opened(viewer_socket, run) as eyes:
        await eyes.until("READ ONLY")
        for word in ("Retry", "Cancel", "Trigger"):
            assert word not in eyes.text
        await eyes.press("c", "t")
        await eyes.loaded()
        assert isinstance(eyes.app.screen, RunPage)
        assert (await daemon.views.runs.one(run)).state == "queued"


@pytest.mark.parametrize("ascii", [False, True])
async def test_hostile_data_is_shown_and_does_nothing(daemon: SmallDaemon, socket: Path, ascii: bool) -> None:
    markup = "[bold]x[/]" + HOSTILE
    run = await failed(daemon, error=markup, traceback=f"{markup}\n{markup}", args={markup: [markup]}, source=markup)
    await daemon.database.execute(
        "update jobd.history set result = to_jsonb($1::text), schedule = $1, reason = $1", markup
    )
    async with opened(socket, run, ascii=ascii) as eyes:
        await eyes.until("[bold]x[/]")
        assert not {"\x1b", "\x07", "\u202e", "\x9b", "\ufeff"} & set(eyes.text)


async def test_a_small_terminal_shows_what_matters_and_scrolls(daemon: SmallDaemon, socket: Path) -> None:
    run = await failed(daemon, error="TimeoutError: no reply", args={"to": "ada@example.com", "subject": "b"})
    async with opened(socket, run, size=(60, 20)) as eyes:
        await eyes.until(f"Run {run}  mail   ✗ failed")
        await eyes.until("TimeoutError: no reply")
        assert "ada@example.com" not in eyes.text
        await eyes.press("G")
        await eyes.until("ada@example.com")


async def test_a_terminal_of_ascii_gets_no_other_glyphs(daemon: SmallDaemon, socket: Path) -> None:
    run, _ = await daemon.enqueue(NewRun(job="tidy"))
    await daemon.running(run)
    await daemon.database.execute("""update jobd.runs set progress = '{"done": 1, "total": 4}'""")
    async with opened(socket, run, ascii=True) as eyes:
        await eyes.until("> running")
        await eyes.until("#")
        assert not {"▸", "█", "░"} & set(eyes.text)


async def test_the_list_under_it_rests_and_behind_a_dialog_it_goes_on(daemon: SmallDaemon, socket: Path) -> None:
    run, _ = await daemon.enqueue(NewRun(job="tidy"))
    async with opened(socket, run) as eyes:
        page, below = eyes.page, eyes.app.screen_stack[0]
        assert isinstance(below, Page)
        assert (page.in_sight, below.in_sight) == (True, False)
        await eyes.press("t")
        await eyes.until("Trigger a run")
        assert (page.in_sight, below.in_sight) == (True, False)
        await eyes.press("escape", "escape")
        assert below.in_sight
