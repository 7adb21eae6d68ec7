"""The queues: what waits, what each may have and what it got, why one stands, and what can be done about it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from serving import HOSTILE, SmallDaemon
from support.dashboard_rows import counted
from support.dashboards import Eyes, looking

from jobd.dashboard.changes.pausing import pause_of, wrong
from jobd.dashboard.widgets.confirm import Confirm
from jobd.model.run import NewRun

WIDE = (140, 45)


def line_of(eyes: Eyes, name: str) -> str:
    """The line of a queue in the list."""
    return next(line for line in eyes.text.split("\n") if line[1:].lstrip("‖= ").startswith(f"{name} "))


def said(eyes: Eyes) -> str:
    """What the facts about the chosen queue say, whatever line it stands in."""
    place = eyes.page.query_one("Panel .left").region
    facts = [line[place.x : place.right] for line in eyes.text.split("\n")[place.y : place.bottom]]
    return " ".join(" ".join(facts).split())


def later() -> datetime:
    return datetime.now(UTC) + timedelta(hours=1)


async def test_a_queue_is_told_with_what_waits_runs_and_is_scheduled(daemon: SmallDaemon, socket: Path) -> None:
    runs = await daemon.enqueue_many([NewRun(job="tidy", queue="low")] * 4)
    await daemon.enqueue_many([NewRun(job="tidy", queue="low", due_at=later())] * 2)
    await daemon.running(runs[0])
    await daemon.database.execute("update jobd.runs set due_at = now() - interval '95 s' where id = $1", runs[1])
    async with looking(socket, screen="queues", size=WIDE) as eyes:
        await eyes.until("low")
        cells = line_of(eyes, "low").split()
        assert cells[:2] == ["low", "1"]
        assert cells[cells.index("3") :][:4] == ["3", "0", "2", "1"]
        assert cells[cells.index("3") + 4].startswith("1m3")
        assert line_of(eyes, "default").split()[:4] == ["▌default", "2", "67%", "███░░"]


async def test_the_share_of_the_weights_stands_beside_the_share_of_the_work(daemon: SmallDaemon, socket: Path) -> None:
    await counted(daemon, "tidy", queue="default", succeeded=6, run_ms=1000.0)
    await counted(daemon, "mail", queue="low", succeeded=1, failed=1, run_ms=9000.0)
    async with looking(socket, screen="queues", size=WIDE) as eyes:
        await eyes.until("75%")
        assert "67% ███░░   25% █░░░░" in line_of(eyes, "default")
        assert "33% ██░░░   75% ████░" in line_of(eyes, "low")
        assert "67% of worker time when all queues are full; had 25% in the last hour" in said(eyes)


async def test_the_last_hour_is_drawn_with_its_failures_counted(daemon: SmallDaemon, socket: Path) -> None:
    await counted(daemon, "tidy", succeeded=8)
    await counted(daemon, "tidy", succeeded=1, failed=1, ago=timedelta(minutes=30))
    async with looking(socket, screen="queues", size=WIDE) as eyes:
        await eyes.until("an hour ago")
        (drawn,) = (line for line in eyes.text.split("\n") if "·····" in line and "│" in line)
        assert drawn.rstrip("│ ")[-1] == "█" and "▂" in drawn
        await eyes.until("✓ 9 succeeded  ✗ 1 failed  0 retried")
        assert "█" in line_of(eyes, "default")[-22:]


async def test_what_the_rate_counts_is_named(daemon: SmallDaemon, socket: Path) -> None:
    await counted(daemon, "tidy", succeeded=1, cancelled=2, skipped=3)
    async with looking(socket, screen="queues", size=WIDE) as eyes:
        await eyes.until("✓ 1 succeeded")
        await eyes.until("a minute, 2 cancelled, 3 skipped")


async def test_the_last_hour_is_one_line_beside_the_facts_at_every_size(daemon: SmallDaemon, socket: Path) -> None:
    for minute in range(60):
        await counted(daemon, "tidy", succeeded=1 + minute % 7, ago=timedelta(minutes=minute))
    for size in ((80, 24), (120, 40), (128, 40), WIDE):
        async with looking(socket, screen="queues", size=size) as eyes:
            await eyes.until("succeeded")
            lines = eyes.text.split("\n")
            place = eyes.page.query_one("Panel .right").region
            drawn = [line[place.x : place.right].strip() for line in lines[place.y : place.bottom]]
            at = next(number for number, line in enumerate(drawn) if "an hour ago" in line)
            assert at == 1 and drawn[0][-1] in "▁▂▃▄▅▆▇█", f"{size}\n{eyes.text}"
            assert len(drawn[0]) == len(drawn[1]), "its ends are said below it"


async def test_the_columns_are_the_same_whether_a_queue_is_paused_or_not(daemon: SmallDaemon, socket: Path) -> None:
    await daemon.database.execute("update jobd.queues set node_max = 3 where name = 'low'")
    for size in ((60, 20), (80, 24), (120, 40), WIDE):
        async with looking(socket, screen="queues", size=size) as eyes:
            await eyes.until("default")
            before = [column.title for column, _ in eyes.page.query_one("#queues").fitted]
            await eyes.press("p")
            await eyes.until("‖ default")
            await eyes.loaded()
            assert size[0] < 80 or "paused" in line_of(eyes, "default")
            assert [column.title for column, _ in eyes.page.query_one("#queues").fitted] == before, size
            if size[0] >= 120:
                assert "BLOCKED" in before and "LIMITS, NOTE" in before
            await eyes.press("p")
            await eyes.until_gone("‖ default")


async def test_limits_are_said_in_words(daemon: SmallDaemon, socket: Path) -> None:
    await daemon.database.execute(
        "update jobd.queues set node_max = 1, global_max = 6, reserve = 2, strict = true where name = 'default'"
    )
    async with looking(socket, screen="queues", size=WIDE) as eyes:
        await eyes.until("at most 1 run at once on each node")
        for fact in ("at most 6 runs at once", "each node keeps 2 workers for it", "served before every queue"):
            assert fact in said(eyes), fact
        assert "max 1, global" in line_of(eyes, "default")


async def test_what_waits_says_why_and_what_to_do(daemon: SmallDaemon, socket: Path) -> None:
    await daemon.enqueue(NewRun(job="tidy"))
    async with looking(socket, screen="queues") as eyes:
        await eyes.until("no node is alive")
        await eyes.until("$ systemctl start jobd")
        await eyes.until("1 run is waiting")


async def test_tall_screens_show_what_is_in_the_chosen_queue(daemon: SmallDaemon, socket: Path) -> None:
    first, second = await daemon.enqueue_many([NewRun(job="tidy"), NewRun(job="backup", queue="low")])
    await daemon.running(first)
    async with looking(socket, screen="queues", size=WIDE) as eyes:
        await eyes.until("▸ running")
        assert "backup" not in eyes.text
        await eyes.press("j")
        await eyes.until("backup")
        await eyes.press("tab", "enter")
        await eyes.until(lambda: getattr(eyes.app.screen, "NOUN", "") == "run")
        await eyes.until(str(second))


async def test_a_pause_with_reason_and_length_is_shown_and_undone(daemon: SmallDaemon, socket: Path) -> None:
    async with looking(socket, screen="queues", size=WIDE) as eyes:
        await eyes.until("default")
        await eyes.press("P")
        await eyes.type("30m audit")
        await eyes.press("enter")
        await eyes.until("‖ default")
        await eyes.until("resumes in 29m")
        assert "paused: audit, by uid:" in line_of(eyes, "default")
        await eyes.until("jobctl queues pause default --for 30m --reason audit")
        await eyes.press("u")
        await eyes.until_gone("‖ default")
        row = await daemon.database.fetchrow("select paused_at, pause_reason from jobd.queues where name = 'default'")
        assert tuple(row) == (None, None)


async def test_p_pauses_and_p_lets_go_on(daemon: SmallDaemon, socket: Path) -> None:
    async with looking(socket, screen="queues") as eyes:
        await eyes.until("default")
        await eyes.press("p")
        await eyes.until("‖ default")
        await eyes.until("undo: u, or jobctl queues resume default")
        await eyes.press("P")
        await eyes.until("queue default is paused already")
        await eyes.press("p")
        await eyes.until_gone("‖ default")


async def test_a_weight_is_changed_marked_and_given_back(daemon: SmallDaemon, socket: Path) -> None:
    async with looking(socket, screen="queues", size=WIDE) as eyes:
        await eyes.until("default")
        await eyes.press("w")
        await eyes.until("nothing at all: the configured 2 again")
        await eyes.press("backspace", "0", "enter")
        await eyes.until("a weight is a whole number from 1 to 1000")
        await eyes.press("backspace", "8", "enter")
        await eyes.until("*8")
        await eyes.until("weight was 2, by uid:")
        await eyes.until("jobctl queues weight default 8")
        await eyes.press("w")
        await eyes.press("backspace", "enter")
        await eyes.until_gone("*8")
        await eyes.until("jobctl queues weight default default")
        assert await daemon.database.fetchval("select weight_override from jobd.queues where name = 'default'") is None
        await eyes.press("u")
        await eyes.until("*8")


async def test_a_purge_wants_the_name_typed_and_cancels_all_that_waits(daemon: SmallDaemon, socket: Path) -> None:
    run, *_ = await daemon.enqueue_many([NewRun(job="tidy", queue="default")] * 3)
    await daemon.enqueue(NewRun(job="tidy", due_at=later()))
    await daemon.running(run)
    async with looking(socket, screen="queues") as eyes:
        await eyes.until("default")
        await eyes.press("x")
        await eyes.until("Cancels all 3 runs that wait there")
        await eyes.press("enter")
        assert isinstance(eyes.app.screen, Confirm)
        await eyes.type("default")
        await eyes.press("enter")
        await eyes.until("is done: 3 of 3 changed")
        rows = await daemon.database.fetch("select id, state from jobd.runs")
        assert [(row["id"], row["state"]) for row in rows] == [(run, "running")]


async def test_an_empty_queue_is_not_purged(daemon: SmallDaemon, socket: Path) -> None:
    async with looking(socket, screen="queues") as eyes:
        await eyes.until("default")
        await eyes.press("x")
        await eyes.until("nothing waits in queue default")


async def test_no_key_that_deletes_text_purges(daemon: SmallDaemon, socket: Path) -> None:
    await daemon.enqueue(NewRun(job="tidy"))
    async with looking(socket, screen="queues") as eyes:
        await eyes.until("default")
        await eyes.press("delete", "backspace", "ctrl+d", "ctrl+k", "ctrl+x")
        await eyes.loaded()
        assert eyes.app.screen is eyes.page


async def test_enter_shows_what_waits_and_runs_there(daemon: SmallDaemon, socket: Path) -> None:
    await daemon.enqueue_many([NewRun(job="tidy"), NewRun(job="mail", queue="low")])
    async with looking(socket, screen="queues") as eyes:
        await eyes.until("default")
        await eyes.press("j", "enter")
        await eyes.until('queue:"low" state:queued,scheduled,running')
        await eyes.until("mail")
        assert "tidy" not in eyes.text


async def test_without_queues_it_says_what_to_do(daemon: SmallDaemon, socket: Path) -> None:
    await daemon.database.execute("delete from jobd.queues")
    async with looking(socket, screen="queues") as eyes:
        await eyes.until("no queues: start a daemon")
        await eyes.press("p", "w", "x", "u", "enter")
        await eyes.loaded()


async def test_sixty_by_twenty_shows_what_waits_for_how_long_and_why(daemon: SmallDaemon, socket: Path) -> None:
    await daemon.enqueue(NewRun(job="tidy"))
    async with looking(socket, screen="queues", size=(60, 20)) as eyes:
        await eyes.until("no node is alive")
        for fact in ("QUEUED", "RUNNING", "OLDEST", "/MIN", "p Pause", "low"):
            await eyes.until(fact)


async def test_ascii_shows_no_other_character_in_the_list(daemon: SmallDaemon, socket: Path) -> None:
    await counted(daemon, "tidy", succeeded=8)
    async with looking(socket, screen="queues", size=WIDE, ascii=True) as eyes:
        await eyes.until("###")
        await eyes.press("p")
        await eyes.until("= default")
        listed = "".join(line_of(eyes, name) for name in ("default", "low"))
        assert listed.replace("…", "").isascii(), listed


async def test_who_may_only_look_has_no_keys_for_changes(daemon: SmallDaemon, viewer_socket: Path) -> None:
    await daemon.enqueue(NewRun(job="tidy"))
    async with looking(viewer_socket, screen="queues") as eyes:
        await eyes.until("READ ONLY")
        await eyes.until("default")
        for word in ("Pause", "Weight", "Purge"):
            assert word not in eyes.text
        await eyes.press("p", "P", "w", "x", "u")
        await eyes.loaded()
        assert eyes.app.screen is eyes.page
        assert "‖" not in eyes.text


async def test_hostile_names_and_reasons_are_only_text(daemon: SmallDaemon, socket: Path) -> None:
    evil = HOSTILE + "[red]x[/red][@click=app.quit]y[/]"
    await daemon.database.execute("insert into jobd.queues (name, owner, weight) values ($1, 'test', 9)", f"a{evil}")
    await daemon.database.execute(
        "update jobd.queues set paused_at = now(), paused_by = $1, pause_reason = $1, weight_override = 3, "
        "weight_by = $1, weight_reason = $1",
        evil,
    )
    async with looking(socket, screen="queues", size=WIDE) as eyes:
        await eyes.until("[red]x[/red]")
        for key in ("j", "k", "w", "escape", "P", "u"):
            await eyes.press(key)
            await eyes.loaded()
            text = eyes.text.replace("\n", "")
            assert not any(ord(character) < 32 or 127 <= ord(character) < 160 for character in text)


def test_a_pause_is_read_as_a_length_and_a_reason() -> None:
    assert pause_of("30m nightly backup") == ("30m", "nightly backup")
    assert pause_of("backup of 2 disks") == (None, "backup of 2 disks")
    assert pause_of("1h30m") == ("1h30m", None)
    assert pause_of("  ") == (None, None)


def test_what_is_no_pause_is_refused_with_what_to_write() -> None:
    assert wrong("") is None and wrong("1h30m x") is None and wrong("backup") is None
    for text, said in (("30", "of what?"), ("30mn backup", "30mn"), ("0s", "no pause"), ("x" * 501, "500")):
        assert said in (wrong(text) or ""), text
