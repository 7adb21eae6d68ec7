"""Statistics: how jobs and queues did, over three windows, in any order, with the last hour of one of them."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from serving import HOSTILE, SmallDaemon
from support.dashboard_rows import counted
from support.dashboards import Eyes, looking

from jobd.model.run import NewRun

WIDE = (140, 45)


def row(eyes: Eyes, name: str) -> str:
    """The line of a name in the list."""
    return next(line[1:] for line in eyes.text.split("\n") if line[1:].startswith(name))


def names(eyes: Eyes) -> list[str]:
    return [row.name for row in eyes.page.query_one("#stats").rows]


async def test_a_job_is_told_with_counts_success_times_and_its_share_of_the_work(
    daemon: SmallDaemon, socket: Path
) -> None:
    await counted(daemon, "long ago", ago=timedelta(days=8), succeeded=1)
    await counted(daemon, "tidy", succeeded=90, failed=10, retried=20, run_ms=300.0, wait_ms=20.0)
    await counted(daemon, "mail", succeeded=40, run_ms=300.0)
    async with looking(socket, screen="statistics", size=WIDE) as eyes:
        await eyes.until("tidy")
        line = row(eyes, "tidy").split()
        assert line[:6] == ["tidy", "100", "1.7", "90.0%", "10", "20"]
        assert line[6:12] == ["300ms"] * 3 + ["20ms"] * 3, "where all is in one bucket, the mean is known"
        await eyes.until("RUN ≈p50")
        await eyes.until("WAIT ≈p99")
        assert line[12] == "75%"
        assert row(eyes, "mail").split()[3] == "100%"
        await eyes.until("140 runs ended, 10 failed, 48s of work")


async def test_what_never_ran_has_no_times_and_no_success(daemon: SmallDaemon, socket: Path) -> None:
    await counted(daemon, "long ago", ago=timedelta(days=8), succeeded=1)
    await counted(daemon, "tidy", skipped=3)
    async with looking(socket, screen="statistics", size=WIDE) as eyes:
        await eyes.until("tidy")
        assert row(eyes, "tidy").split()[:4] == ["tidy", "3", "0.05", "-"]
        assert row(eyes, "tidy").split()[6:12] == ["-"] * 6


async def test_a_young_daemons_rate_is_of_its_own_minutes_and_a_rare_jobs_is_not_0(
    daemon: SmallDaemon, socket: Path
) -> None:
    await counted(daemon, "tidy", ago=timedelta(minutes=10), succeeded=60)
    async with looking(socket, screen="statistics", size=WIDE) as eyes:
        await eyes.until("tidy")
        assert 5 < float(row(eyes, "tidy").split()[2]) <= 6, "60 in ten minutes and a part of one"
        await counted(daemon, "tidy", ago=timedelta(days=8), succeeded=1)
        await counted(daemon, "rare", ago=timedelta(days=3), succeeded=1)
        await eyes.press("tab", "tab")
        await eyes.until("rare")
        assert row(eyes, "rare").split()[2] == "<0.01"


async def test_the_graph_says_that_it_is_of_the_last_hour_whatever_the_window(
    daemon: SmallDaemon, socket: Path
) -> None:
    await counted(daemon, "tidy", succeeded=1)
    async with looking(socket, screen="statistics", size=(80, 24)) as eyes:
        await eyes.until("tidy, last hour")
        await eyes.press("tab")
        await eyes.until("last 24 hours")
        await eyes.loaded()
        await eyes.until("tidy, last hour")


async def test_the_window_is_chosen_with_brackets_and_tab(daemon: SmallDaemon, socket: Path) -> None:
    await counted(daemon, "tidy", succeeded=1)
    await counted(daemon, "daily", ago=timedelta(hours=5), succeeded=1)
    await counted(daemon, "weekly", ago=timedelta(days=3), succeeded=1)
    async with looking(socket, screen="statistics", size=WIDE) as eyes:
        await eyes.until("tidy")
        assert "daily" not in eyes.text
        await eyes.press("tab")
        await eyes.until("daily")
        assert "weekly" not in eyes.text
        await eyes.press("right_square_bracket")
        await eyes.until("weekly")
        await eyes.press("left_square_bracket")
        await eyes.until(lambda: names(eyes) == ["daily", "tidy"])


async def test_queues_take_the_place_of_jobs(daemon: SmallDaemon, socket: Path) -> None:
    await counted(daemon, "tidy", succeeded=1)
    await counted(daemon, "mail", queue="low", succeeded=2)
    async with looking(socket, screen="statistics", size=WIDE) as eyes:
        await eyes.until("by job")
        await eyes.press("b")
        await eyes.until("by queue")
        await eyes.until(lambda: names(eyes) == ["low", "default"])
        await eyes.until("QUEUE")
        assert "tidy" not in eyes.text
        await eyes.until("low: runs that ended")
        await eyes.press("b")
        await eyes.until(lambda: names(eyes) == ["mail", "tidy"])


async def test_the_list_is_sorted_by_any_column_and_says_by_which(daemon: SmallDaemon, socket: Path) -> None:
    await counted(daemon, "a", succeeded=5, failed=1, run_ms=10.0)
    await counted(daemon, "b", succeeded=9, run_ms=900.0)
    await counted(daemon, "c", succeeded=1, failed=7, run_ms=50.0)
    async with looking(socket, screen="statistics", size=WIDE) as eyes:
        await eyes.until("ENDED↓")
        await eyes.until(lambda: names(eyes) == ["b", "c", "a"])
        await eyes.press("s", "s", "s")
        await eyes.until("FAILED↓")
        assert names(eyes) == ["c", "a", "b"]
        assert "ENDED↓" not in eyes.text
        await eyes.press("S")
        await eyes.until("FAILED↑")
        assert names(eyes) == ["b", "a", "c"]
        await eyes.press("s", "s", "s")
        await eyes.until("RUN ≈p95↓")
        assert names(eyes) == ["b", "c", "a"]
        await eyes.press(*"ssssss")
        await eyes.until("JOB↑")
        assert names(eyes) == ["a", "b", "c"]


async def test_the_column_that_is_sorted_by_stays_where_there_is_little_room(daemon: SmallDaemon, socket: Path) -> None:
    await counted(daemon, "tidy", succeeded=5, retried=3)
    async with looking(socket, screen="statistics", size=(60, 20)) as eyes:
        await eyes.until("ENDED↓")
        assert "RETRIED" not in eyes.text
        await eyes.press("s", "s", "s", "s")
        await eyes.until("RETRIED↓")
        assert "3" in row(eyes, "tidy")


async def test_the_graph_follows_the_chosen_row(daemon: SmallDaemon, socket: Path) -> None:
    for minute in range(1, 50):
        await counted(daemon, "tidy", ago=timedelta(minutes=minute), succeeded=20, failed=5)
    await counted(daemon, "mail", succeeded=7)
    async with looking(socket, screen="statistics", size=WIDE) as eyes:
        await eyes.until("✓ 20/min")
        await eyes.until("✗ 5/min")
        await eyes.until("tidy: runs that ended in each minute of the last hour")
        await eyes.until("█" * 90)
        await eyes.press("j")
        await eyes.until("mail: runs that ended")
        await eyes.until("✓ 7/min")
        await eyes.until("✗ 0/min")


async def test_enter_shows_the_runs_behind_a_row(daemon: SmallDaemon, socket: Path) -> None:
    await daemon.enqueue_many([NewRun(job="tidy"), NewRun(job="mail")])
    await counted(daemon, "tidy", succeeded=1)
    async with looking(socket, screen="statistics", size=WIDE) as eyes:
        await eyes.until("tidy")
        await eyes.press("tab")
        await eyes.until("last 24 hours")
        await eyes.press("enter")
        await eyes.until('job:"tidy" since:24h')
        await eyes.until("○ queued")
        assert "mail" not in eyes.text


async def test_nothing_that_others_wrote_reaches_the_terminal_raw(daemon: SmallDaemon, socket: Path) -> None:
    await counted(daemon, f"job {HOSTILE}", queue=f"queue {HOSTILE}", succeeded=2)
    async with looking(socket, screen="statistics", size=WIDE) as eyes:
        await eyes.until("job ␛]0;owned")
        await eyes.until("each minute")
        await eyes.press("b")
        await eyes.until("queue ␛]0;owned")
        for raw in ("\x1b", "\x07", "\x9b", "\u202e", "\ufeff"):
            assert raw not in eyes.text


async def test_a_window_in_which_nothing_ended_says_so(daemon: SmallDaemon, socket: Path) -> None:
    async with looking(socket, screen="statistics", size=(80, 24)) as eyes:
        await eyes.until("no run has ended in the last hour")
        await eyes.press("right_square_bracket")
        await eyes.until("no run has ended in the last 24 hours")


async def test_ascii_alone_is_enough(daemon: SmallDaemon, socket: Path) -> None:
    await counted(daemon, "tidy", succeeded=8, failed=2)
    async with looking(socket, screen="statistics", size=WIDE, ascii=True) as eyes:
        await eyes.until("ENDEDv")
        await eyes.until("+ 10/min")
        await eyes.until("RUN ~p50")
        assert eyes.text.split("\n", 2)[2].rsplit("\n", 1)[0].isascii()
