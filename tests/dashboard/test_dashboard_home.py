"""Home: what a new user understands without reading, and what an operator leaves open."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from pathlib import Path

from serving import HOSTILE, SmallDaemon
from support.dashboard_rows import counted, joined, scheduled
from support.dashboards import Eyes, looking
from support.failures import failing

from jobd.model.health import Level, Notice
from jobd.model.run import NewRun

WIDE = (140, 45)


def line(eyes: Eyes, text: str) -> str:
    """The first line that holds a text."""
    return next((line for line in eyes.text.split("\n") if text in line), "")


def cards(eyes: Eyes) -> dict[str, list[str]]:
    """Title → what stands below it."""
    lines = eyes.text.split("\n")
    at = next(number for number, text in enumerate(lines) if "RUNNING " in text and "P95 WAIT" in text)
    titles = ("RUNNING", "QUEUED", "SCHEDULED", "FAILED 1H", "OLDEST", "P95 WAIT")
    starts = [*(lines[at].index(title) for title in titles), 999]
    return {
        title: [below[first:end].strip() for below in lines[at + 1 : at + 3]]
        for title, first, end in zip(titles, starts, starts[1:], strict=False)
    }


async def test_the_cards_tell_the_numbers_and_what_they_are_made_of(daemon: SmallDaemon, socket: Path) -> None:
    await joined(daemon, 11, workers=8)
    runs = await daemon.enqueue_many([NewRun(job="tidy")] * 4)
    await daemon.running(runs[0], node=11)
    await daemon.ended(runs[1], "failed", error="boom")
    await daemon.database.execute(
        "update jobd.runs set state = 'scheduled', attempt = 1, due_at = now() + interval '1 hour' where id = $1",
        runs[2],
    )
    await daemon.database.execute("update jobd.runs set due_at = now() - interval '2 minutes' where id = $1", runs[3])
    await counted(daemon, "tidy", succeeded=12, failed=3, wait_ms=700.0)
    await counted(daemon, "mail", queue="low", succeeded=5, wait_ms=3.0)
    async with looking(socket, size=WIDE) as eyes:
        await eyes.until("slowest: default")
        told = cards(eyes)
        assert told["RUNNING"] == ["1/8", "workers busy"]
        assert told["QUEUED"][0] == "1"
        assert told["SCHEDULED"] == ["1", "1 retrying"]
        assert told["FAILED 1H"] == ["3", "17 succeeded"]
        assert told["OLDEST"][0].startswith("2m")
        assert told["OLDEST"][1] == "waits in default"
        assert told["P95 WAIT"][0].endswith("ms")


async def test_queues_tell_their_real_share_of_the_work_beside_what_their_weight_gives(
    daemon: SmallDaemon, socket: Path
) -> None:
    await counted(daemon, "tidy", queue="default", succeeded=30, run_ms=100.0)
    await counted(daemon, "mail", queue="low", succeeded=10, run_ms=100.0)
    async with looking(socket, size=WIDE) as eyes:
        await eyes.until("75% of 67%")
        await eyes.until("25% of 33%")
        assert eyes.text.index("75% of 67%") < eyes.text.index("25% of 33%")  # the heavier one first


async def test_what_runs_still_counts_to_the_work_of_its_queue(daemon: SmallDaemon, socket: Path) -> None:
    await counted(daemon, "tidy", queue="default", succeeded=1, run_ms=300_000.0)
    run, _ = await daemon.enqueue(NewRun(job="mail", queue="low"))
    await daemon.running(run)
    await daemon.database.execute("update jobd.runs set started_at = now() - interval '10 min'")
    async with looking(socket, size=WIDE) as eyes:
        await eyes.until("33% of 67%")
        await eyes.until("67% of 33%")
        await eyes.press("4")
        await eyes.until("67% ███░░   33% ██░░░")
        await eyes.until("33% ██░░░   67% ███░░")


async def test_a_paused_queue_says_by_whom_and_why(daemon: SmallDaemon, socket: Path) -> None:
    await daemon.database.execute(
        "update jobd.queues set paused_at = now(), paused_by = 'ada', pause_reason = 'deploy' where name = 'low'"
    )
    async with looking(socket, size=WIDE) as eyes:
        await eyes.until("paused: deploy, by ada")
        assert "‖ low" in line(eyes, "paused: deploy")
        assert cards(eyes)["QUEUED"][1] == "1 queue is paused"


async def test_a_running_run_shows_how_far_it_is_and_an_ended_one_what_came_of_it(
    daemon: SmallDaemon, socket: Path
) -> None:
    run, done = await daemon.enqueue_many([NewRun(job="tidy"), NewRun(job="mail")])
    await daemon.running(run)
    await daemon.database.execute(
        "update jobd.runs set progress = $2, started_at = now() - interval '30 seconds' where id = $1",
        run, json.dumps({"done": 50, "total": 100}),
    )  # fmt: skip
    await daemon.ended(done)
    async with looking(socket, size=WIDE) as eyes:
        await eyes.until("███░░░ 50%")
        assert "left" in line(eyes, "50%")
        assert "▸ tidy" in line(eyes, "50%")
        assert "succeeded" in line(eyes, "✓ mail")
        await daemon.database.execute(
            "update jobd.runs set progress = $2 where id = $1", run, json.dumps({"done": 80, "total": 100})
        )
        await eyes.until("█████░ 80%")


async def test_the_next_five_fires_and_the_last_five_failures_stand_there(daemon: SmallDaemon, socket: Path) -> None:
    for number in range(6):
        await scheduled(daemon, f"slot-{number}", after=timedelta(minutes=10 * number + 5, seconds=30))
    await scheduled(daemon, "asleep", after=timedelta(minutes=1), paused=True)
    for number, run in enumerate(await daemon.enqueue_many([NewRun(job="tidy")] * 6)):
        await daemon.ended(run, "failed", error=f"ValueError: number {number}\nmore")
    async with looking(socket, size=WIDE) as eyes:
        await eyes.until("slot-4")
        assert "slot-5" not in eyes.text and "asleep" not in eyes.text
        assert "in 5m" in line(eyes, "slot-0") and "every 30 minutes" in line(eyes, "slot-0")
        failed = eyes.page.query_one("#failed").rows
        assert [run.error for run in failed] == [f"ValueError: number {number}\nmore" for number in (5, 4, 3, 2, 1)]
        await eyes.until("ValueError: number 5")


async def test_a_failure_that_is_heard_of_comes_to_the_list_and_into_the_graph(
    daemon: SmallDaemon, socket: Path
) -> None:
    await daemon.database.execute("alter sequence jobd.run_ids restart with 8801")  # an id that was never heard of
    run, _ = await daemon.enqueue(NewRun(job="tidy"))
    async with looking(socket, size=WIDE) as eyes:
        await eyes.until("no run has ended in the last ten minutes")
        await eyes.until("nothing has failed")
        await daemon.ended(run, "failed", error="boom")
        await eyes.until("boom")
        await eyes.until("0 succeeded, 1 failed in the last minute")


async def test_what_fails_and_is_tried_again_is_not_told_as_nothing(daemon: SmallDaemon, socket: Path) -> None:
    for _ in range(2):
        await failing(daemon, "tidy", error="ValueError: no rate")
    await counted(daemon, "tidy", retried=6)
    async with looking(socket, size=WIDE) as eyes:
        await eyes.until("2 runs of tidy wait to be tried again: ValueError: no rate: 5 says why")
        await eyes.until("↻ tidy ×2")
        await eyes.until("6 tries failed")
        await eyes.until("none has ended yet")
        for untrue in ("nothing has failed", "nothing has run yet", "nothing ended"):
            assert untrue not in eyes.text


async def test_the_graph_claims_nothing_that_the_list_beside_it_contradicts(daemon: SmallDaemon, socket: Path) -> None:
    run, _ = await daemon.enqueue(NewRun(job="tidy"))
    await daemon.ended(run)
    async with looking(socket, size=WIDE) as eyes:
        await eyes.until("✓ tidy")
        assert "no run has ended" not in eyes.text
        await daemon.database.execute("update jobd.history set finished_at = now() - interval '11 min'")
        await eyes.loaded()
        await eyes.until("no run has ended in the last ten minutes")
        await eyes.until("succeeded 11m ago")


async def test_every_pane_tells_the_age_of_a_run_in_the_same_words(daemon: SmallDaemon, socket: Path) -> None:
    run, _ = await daemon.enqueue(NewRun(job="tidy"))
    await daemon.ended(run, "failed", error="boom")
    await daemon.database.execute("update jobd.history set finished_at = now() - interval '16 s'")
    async with looking(socket, size=WIDE) as eyes:
        await eyes.until(lambda: len(re.findall(r"\d+s ago", eyes.text)) == 2)
        ages = re.findall(r"\d+s ago", eyes.text)
        assert len(set(ages)) == 1 and int(ages[0].removesuffix("s ago")) % 5 == 0, eyes.text


async def test_a_slot_that_has_come_is_now_and_then_due(daemon: SmallDaemon, socket: Path) -> None:
    await scheduled(daemon, "coming", after=timedelta(seconds=-3))
    async with looking(socket, size=WIDE) as eyes:
        await eyes.until("coming")
        assert " now " in line(eyes, "coming") and "ago" not in line(eyes, "coming")
        await daemon.database.execute("update jobd.schedules set next_slot = now() - interval '16 s'")
        await eyes.press("f5")
        await eyes.until("due 15s ago")
        await daemon.database.execute("update jobd.schedules set next_slot = now() - interval '3 min'")
        await eyes.press("f5")
        await eyes.until("! 3m")


async def test_a_pane_that_gets_the_focus_shows_its_chosen_row(daemon: SmallDaemon, socket: Path) -> None:
    first, *others = await daemon.enqueue_many([NewRun(job="tidy")] * 19)
    await daemon.ended(first)
    async with looking(socket, size=(80, 24)) as eyes:
        table = eyes.page.query_one("#running")
        await eyes.until(lambda: table.row is not None)
        for run in others:
            await daemon.ended(run)
        await eyes.loaded()
        assert table.row.id == first and table.at == 18, "it is chosen still, and far below"
        await eyes.press("tab")
        await eyes.until(lambda: table.has_focus and table.scroll_y > 0)
        assert table.scroll_y <= table.at < table.scroll_y + table.size.height - 1


async def test_the_graph_shows_what_ended_before_anybody_looked_failures_apart(
    daemon: SmallDaemon, socket: Path
) -> None:
    for minutes in range(1, 9):
        await counted(daemon, "tidy", ago=timedelta(minutes=minutes), succeeded=240, failed=60)
    async with looking(socket, size=WIDE) as eyes:
        await eyes.until("✓ 300/min")
        await eyes.until("✗ 70/min")
        above, below = eyes.text.split("10 min ago", 1)
        assert "█" * 60 in above.split("✓ 300/min")[1]
        assert "█" * 60 in below.split("╰")[0]
        assert below.split("\n")[0].rstrip(" │").endswith("now")


async def test_nodes_are_listed_where_there_is_more_than_one(daemon: SmallDaemon, socket: Path) -> None:
    await joined(daemon, 11)
    async with looking(socket, size=(140, 50)) as eyes:
        await eyes.until("0/10 workers busy")
        assert "app-1" not in eyes.text
        await joined(daemon, 12, name="mailer")
        await eyes.press("f5")
        eyes.app.feed.look()
        await eyes.until("mailer 12")
        assert "● running" in line(eyes, "mailer 12") and "0/10" in line(eyes, "mailer 12")
        assert cards(eyes)["RUNNING"][1] == "workers, 2 nodes"


async def test_notices_of_health_are_shown_the_worst_first(daemon: SmallDaemon, socket: Path) -> None:
    daemon.notices = (
        Notice(level=Level.INFO, code="mail_off", message="mail is disabled"),
        Notice(level=Level.WARNING, code="toml_changed", message="jobd.toml has changed since it was loaded"),
        Notice(level=Level.ERROR, code="restored", message="this database is a copy: jobd adopt"),
        Notice(level=Level.INFO, code="more", message="something else"),
    )
    async with looking(socket, size=WIDE) as eyes:
        await eyes.until("mail is disabled")
        places = [eyes.text.index(text) for text in ("✗ error  this database", "▲ warning  jobd.toml", "mail is dis")]
        assert places == sorted(places)
        await eyes.until("something else")
    async with looking(socket, size=(80, 24)) as eyes:
        await eyes.until("and 3 more: n shows all")
        await eyes.press("n")
        await eyes.until("· info  something else")


async def test_nothing_that_others_wrote_reaches_the_terminal_raw(daemon: SmallDaemon, socket: Path) -> None:
    daemon.notices = (Notice(level=Level.WARNING, code="x", message=f"notice {HOSTILE}"),)
    await daemon.database.execute(
        "insert into jobd.queues (name, owner, weight, paused_at, paused_by, pause_reason) "
        "values ($1, 'test', 9, now(), $1, $1)",
        f"queue {HOSTILE}",
    )
    await joined(daemon, 11, name=f"one {HOSTILE}")
    await joined(daemon, 12, name=f"two {HOSTILE}")
    await scheduled(daemon, f"slot {HOSTILE}")
    await daemon.database.execute(
        "insert into jobd.jobs (name, owner, queue, priority, retries) values ($1, 'test', 'low', 0, 3)",
        f"job {HOSTILE}",
    )
    runs = await daemon.enqueue_many([NewRun(job=f"job {HOSTILE}", queue=f"queue {HOSTILE}")] * 3)
    await daemon.ended(runs[0], "failed", error=f"error {HOSTILE}")
    await daemon.running(runs[1], node=11)
    await daemon.database.execute(
        "update jobd.runs set progress = $2 where id = $1",
        runs[1], json.dumps({"done": 1, "total": 2, "note": HOSTILE}),
    )  # fmt: skip
    await counted(daemon, f"job {HOSTILE}", queue=f"queue {HOSTILE}", succeeded=1)
    async with looking(socket, size=(140, 60)) as eyes:
        for word in ("queue ", "one ", "slot ", "job ", "error ", "notice ", " 50%"):
            await eyes.until(word)
        await eyes.until("␛")
        for raw in ("\x1b", "\x07", "\x9b", "\u202e", "\ufeff"):
            assert raw not in eyes.text


async def test_an_empty_daemon_says_what_is_missing(daemon: SmallDaemon, socket: Path) -> None:
    async with looking(socket, size=WIDE) as eyes:
        await eyes.until("nothing has failed")
        for text in ("nothing has run yet", "jobd.toml makes one", "no run has ended"):
            await eyes.until(text)
        assert cards(eyes)["OLDEST"] == ["-", "nothing waits"]


async def test_a_small_terminal_shows_the_essentials_and_scrolls_to_the_rest(daemon: SmallDaemon, socket: Path) -> None:
    await scheduled(daemon, "nightly")
    run, _ = await daemon.enqueue(NewRun(job="tidy"))
    await daemon.ended(run, "failed", error="boom")
    async with looking(socket, size=(60, 20)) as eyes:
        await eyes.until("✗ tidy")
        for text in ("RUNNING", "SCHEDULED", "FAILED 1H", "P95 WAIT", "10 min ago", "default", "low"):
            await eyes.until(text)
        assert "boom" not in eyes.text.split("HOW IT GOES")[0]
        await eyes.press("tab", "tab", "tab")
        await eyes.until("ERROR")
        await eyes.press("shift+tab", "shift+tab", "shift+tab")
        await eyes.until("QUEUED")


async def test_ascii_alone_is_enough(daemon: SmallDaemon, socket: Path) -> None:
    daemon.notices = (Notice(level=Level.WARNING, code="x", message="look"),)
    run, busy = await daemon.enqueue_many([NewRun(job="tidy"), NewRun(job="mail")])
    await daemon.ended(run, "failed", error="boom")
    await daemon.running(busy)
    await daemon.database.execute(
        "update jobd.runs set progress = $2 where id = $1", busy, json.dumps({"done": 1, "total": 2})
    )
    await counted(daemon, "tidy", ago=timedelta(minutes=2), succeeded=120, failed=60)
    async with looking(socket, size=WIDE, ascii=True) as eyes:
        await eyes.until("###... 50%")
        await eyes.until("+ 150/min")
        body = eyes.text.split("\n", 2)[2].rsplit("\n", 1)[0].replace("…", "")  # what is cut, every list marks so
        assert body.isascii(), {character for character in body if not character.isascii()}


async def test_nothing_is_painted_while_nothing_changes(daemon: SmallDaemon, socket: Path) -> None:
    await counted(daemon, "tidy", ago=timedelta(hours=2), succeeded=1)
    async with looking(socket, size=WIDE) as eyes:
        await eyes.until("nothing has failed")
        await eyes.loaded()
        await eyes.pilot.pause()
        eyes.page.changed(eyes.app.snapshot)
        eyes.page.tick()
        for widget in eyes.page.query("Table, Graph, Box, Words"):
            assert not widget._repaint_regions, widget


async def test_a_long_notice_goes_on_behind_its_level(daemon: SmallDaemon, socket: Path) -> None:
    daemon.notices = (Notice(level=Level.WARNING, code="odd", message="the disk is nearly full, " * 4 + "so clean it"),)
    async with looking(socket, size=(80, 24)) as eyes:
        await eyes.until("so clean it")
        shown = eyes.text.split("\n")
        first = next(number for number, line in enumerate(shown) if "▲ warning  the disk" in line)
        assert shown[first + 1].startswith(" " * len(" ▲ warning  ")) and "so clean it" in shown[first + 1]
