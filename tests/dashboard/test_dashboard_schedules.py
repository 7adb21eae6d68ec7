"""The schedules: when each fires, how it went, what keeps it from firing, and what can be done about it."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from serving import HOSTILE, SmallDaemon
from support.dashboards import Eyes, looking

from jobd.dashboard.live.link import Link
from jobd.dashboard.widgets.confirm import Confirm
from jobd.dashboard.widgets.trigger import Trigger
from jobd.model.run import NewRun

WIDE = (140, 45)
HALF_HOURLY = {"cron": "*/30 * * * *", "timezone": "Africa/Cairo"}


async def planned(daemon: SmallDaemon, name: str, **facts: Any) -> None:
    """A schedule of tidy that is due in five minutes, but for what `facts` say."""
    spec = {"catch_up_window": 3600.0, **facts.get("spec", HALF_HOURLY)}
    due = facts.get("due", timedelta(minutes=5, seconds=30))
    await daemon.database.execute(
        "insert into jobd.schedules (name, owner, job, spec, args, enabled, disabled_reason, next_slot, last_slot, "
        "place) values ($1, 'test', $2, $3, $4, $5, $6, now() + $7::interval, now() - $8::interval, $9)",
        name,
        facts.get("job", "tidy"),
        json.dumps(spec),
        json.dumps(facts["args"]) if "args" in facts else None,
        facts.get("enabled", True),
        facts.get("disabled_reason"),
        due,
        facts.get("fired"),
        facts.get("place", "/etc/jobd/jobd.toml:14"),
    )


async def fired(daemon: SmallDaemon, name: str, *states: str) -> list[int]:
    """Runs of a schedule that ended so, one after the other."""
    found = []
    for state in states:
        run, _ = await daemon.enqueue(NewRun(job="tidy", source=f"schedule {name}"))
        await daemon.database.execute("update jobd.runs set schedule = $2 where id = $1", run, name)
        await daemon.ended(run, state)
        await daemon.database.execute("update jobd.schedules set last_run = $2 where name = $1", name, run)
        found.append(run)
    return found


async def paused(daemon: SmallDaemon, name: str) -> tuple[str | None, bool] | None:
    """(why, until a moment) of a paused schedule; None when it is not."""
    row = await daemon.database.fetchrow(
        "select paused_at, pause_reason, paused_until is not null as ends from jobd.schedules where name = $1", name
    )
    return (row["pause_reason"], row["ends"]) if row["paused_at"] is not None else None


def line_of(eyes: Eyes, name: str) -> str:
    """The line of a schedule in the list."""
    return next(line for line in eyes.text.split("\n") if line[1:].startswith(name))


async def test_a_schedule_is_told_in_words_with_its_expression_zone_and_latest_runs(
    daemon: SmallDaemon, socket: Path
) -> None:
    await planned(daemon, "half-hourly", fired=timedelta(minutes=24))
    await fired(daemon, "half-hourly", "failed", "succeeded", "succeeded", "cancelled", "succeeded")
    async with looking(socket, screen="schedules", size=WIDE) as eyes:
        await eyes.until("half-hourly")
        line = line_of(eyes, "half-hourly")
        for fact in ("in 5m", "every 30 minutes", "*/30 * * * *", "Africa/Cairo", "tidy", "✓ succeeded", "✗✓✓⊘✓"):
            assert fact in line, fact


async def test_the_chosen_one_is_told_with_its_next_slots_its_source_and_what_a_stop_misses(
    daemon: SmallDaemon, socket: Path
) -> None:
    await planned(daemon, "half-hourly", fired=timedelta(minutes=24))
    runs = await fired(daemon, "half-hourly", "succeeded", "failed")
    async with looking(socket, screen="schedules", size=WIDE) as eyes:
        await eyes.until("next, Africa/Cairo")
        await eyes.until(":30  in ")
        slots = [line for line in eyes.text.split("\n") if ":00  in " in line or ":30  in " in line]
        assert len(slots) == 5
        for fact in (
            "/etc/jobd/jobd.toml:14",
            "up to 1h late",
            "24m ago",
            "latest runs",
        ):
            assert fact in eyes.text, fact
        assert re.search(rf"✗ failed (now|\d+s ago)  run {runs[1]}\b", eyes.text), eyes.text


async def test_a_paused_one_says_who_stopped_it_why_and_how_to_go_on(daemon: SmallDaemon, socket: Path) -> None:
    await planned(daemon, "nightly")
    async with looking(socket, screen="schedules", size=WIDE) as eyes:
        await eyes.until("in 5m")
        await eyes.press("P")
        await eyes.type("2h audit")
        await eyes.press("enter")
        await eyes.until("‖ paused")
        assert await paused(daemon, "nightly") == ("audit", True)
        await eyes.until("jobctl schedules resume nightly")
        await eyes.until("for another 1h59m: audit")
        assert "audit, by uid:" in line_of(eyes, "nightly")
        await eyes.until("jobctl schedules pause nightly --for 2h --reason audit")


async def test_p_pauses_and_lets_go_on_and_u_takes_that_back(daemon: SmallDaemon, socket: Path) -> None:
    await planned(daemon, "nightly")
    async with looking(socket, screen="schedules") as eyes:
        await eyes.until("in 5m")
        await eyes.press("p")
        await eyes.until("‖ paused")
        assert await paused(daemon, "nightly") == (None, False)
        await eyes.press("u")
        await eyes.until(lambda: "‖ paused" not in line_of(eyes, "nightly"))
        assert await paused(daemon, "nightly") is None
        await eyes.until("jobctl undo")


async def test_a_change_of_somebody_else_is_undone_only_after_a_question(daemon: SmallDaemon, socket: Path) -> None:
    await planned(daemon, "nightly")
    async with looking(socket, screen="schedules") as first:
        await first.until("in 5m")
        await first.press("p")
        await first.until("‖ paused")
    async with looking(socket, screen="schedules") as eyes:
        await eyes.until("‖ paused")
        await eyes.press("u")
        await eyes.until(lambda: isinstance(eyes.app.screen, Confirm))
        await eyes.until("Undo the pause of schedule nightly?")
        await eyes.press("enter")  # Cancel has the focus
        assert await paused(daemon, "nightly") is not None
        await eyes.press("p")
        await eyes.until(lambda: "‖ paused" not in line_of(eyes, "nightly"))


async def test_nothing_is_undone_where_nothing_was_changed(daemon: SmallDaemon, socket: Path) -> None:
    await planned(daemon, "nightly")
    async with looking(socket, screen="schedules") as eyes:
        await eyes.until("in 5m")
        await eyes.press("u")
        await eyes.until("nothing was changed about schedule nightly")


async def test_a_length_without_a_unit_is_no_pause(daemon: SmallDaemon, socket: Path) -> None:
    await planned(daemon, "nightly")
    async with looking(socket, screen="schedules") as eyes:
        await eyes.until("in 5m")
        await eyes.press("P")
        await eyes.type("30 backup")
        await eyes.press("enter")
        await eyes.until("30: of what?")
        await eyes.press("escape")
        assert await paused(daemon, "nightly") is None


async def test_one_that_is_late_or_disabled_or_over_says_so(daemon: SmallDaemon, socket: Path) -> None:
    await planned(daemon, "late", due=timedelta(minutes=-3))
    await planned(daemon, "off", enabled=False, disabled_reason="its job cannot be loaded")
    await planned(daemon, "over", due=None, spec={"at": "2026-01-01T00:00:00+00:00"})
    async with looking(socket, screen="schedules", size=WIDE) as eyes:
        await eyes.until("overdue")
        assert "! 3m" in line_of(eyes, "late")
        await eyes.until("no node is alive")
        await eyes.until("jobctl status")
        assert "⊘ disabled" in line_of(eyes, "off") and "its job cannot" in line_of(eyes, "off")
        assert "never again" in line_of(eyes, "over")
        await eyes.press("G")
        await eyes.until("there is none")


async def test_t_adds_a_run_with_the_arguments_of_the_schedule(daemon: SmallDaemon, socket: Path) -> None:
    await planned(daemon, "nightly", args={"batch": 7})
    async with looking(socket, screen="schedules") as eyes:
        await eyes.until("in 5m")
        await eyes.press("t")
        await eyes.until("jobctl schedules trigger nightly")
        row = await daemon.database.fetchrow("select job, args->>'batch' as batch from jobd.runs")
        assert tuple(row) == ("tidy", "7")


async def test_a_opens_the_form_for_a_run_with_other_arguments(daemon: SmallDaemon, socket: Path) -> None:
    await planned(daemon, "nightly")
    async with looking(socket, screen="schedules") as eyes:
        await eyes.until("in 5m")
        await eyes.press("a")
        await eyes.until(lambda: isinstance(eyes.app.screen, Trigger))
        await eyes.until("batch")


async def test_enter_shows_its_runs_and_o_the_last_one(daemon: SmallDaemon, socket: Path) -> None:
    await planned(daemon, "nightly")
    (run,) = await fired(daemon, "nightly", "succeeded")
    await daemon.enqueue(NewRun(job="mail"))
    async with looking(socket, screen="schedules") as eyes:
        await eyes.until("✓")
        await eyes.press("enter")
        await eyes.until('schedule:"nightly"')
        await eyes.until("tidy")
        assert "mail" not in eyes.text
        await eyes.press("3")
        await eyes.until("LAST 20 RUNS")
        await eyes.press("o")
        await eyes.until(lambda: getattr(eyes.app.screen, "NOUN", "") == "run")
        await eyes.until(f"{run}")


async def test_a_word_narrows_the_list_while_it_is_typed_and_escape_brings_all_back(
    daemon: SmallDaemon, socket: Path
) -> None:
    for name in ("alpha-report", "beta-report", "gamma"):
        await planned(daemon, name)
    async with looking(socket, screen="schedules") as eyes:
        await eyes.until("gamma")
        await eyes.press("slash")
        await eyes.type("rep bet")
        await eyes.until_gone("alpha-report")
        await eyes.until("beta-report")
        await eyes.press("enter")
        await eyes.press("p")
        await eyes.until("‖ paused")
        assert await paused(daemon, "beta-report") is not None
        await eyes.press("escape")
        await eyes.until("alpha-report")
        await eyes.press("slash")
        await eyes.type("nowhere")
        await eyes.until("none of 3 schedules is called so")


async def test_ten_thousand_are_listed_and_narrowed(daemon: SmallDaemon, socket: Path) -> None:
    await daemon.database.execute(
        "insert into jobd.schedules (name, owner, job, spec, next_slot) "
        "select 'customer-' || lpad(n::text, 5, '0'), 'test', 'tidy', $1, now() + interval '5 minutes' "
        "from generate_series(1, 10000) n",
        json.dumps({"catch_up_window": 3600.0, **HALF_HOURLY}),
    )
    async with looking(socket, screen="schedules") as eyes:
        await eyes.until("customer-00001")
        await eyes.press("slash")
        await eyes.type("09876")
        await eyes.until("customer-09876")
        assert "customer-00001" not in eyes.text


async def test_without_schedules_it_says_how_to_get_one(daemon: SmallDaemon, socket: Path) -> None:
    async with looking(socket, screen="schedules") as eyes:
        await eyes.until("no schedules: give a job in jobd.toml a cron")


async def test_sixty_by_twenty_shows_name_next_and_outcomes(daemon: SmallDaemon, socket: Path) -> None:
    await planned(daemon, "send-expiry-reminders", place="/etc/jobd.toml:9")
    await fired(daemon, "send-expiry-reminders", *("succeeded", "failed") * 10)
    async with looking(socket, screen="schedules", size=(60, 20)) as eyes:
        await eyes.until("/etc/jobd.toml:9")
        line = line_of(eyes, "send-expiry-reminders")
        assert "in 5m" in line and "✓✗" * 10 in line
        await eyes.until("every 30 minutes")
        await eyes.until("t Trigger")


async def test_ascii_shows_no_other_character(daemon: SmallDaemon, socket: Path) -> None:
    await planned(daemon, "nightly")
    await planned(daemon, "off", enabled=False)
    await fired(daemon, "nightly", "succeeded", "failed", "cancelled")
    async with looking(socket, screen="schedules", size=WIDE, ascii=True) as eyes:
        await eyes.until("+x/")
        await eyes.press("p")
        await eyes.until("= paused")
        listed = "".join(line_of(eyes, name) for name in ("nightly", "off"))
        assert listed.replace("…", "").isascii(), listed


async def test_who_may_only_look_has_no_keys_for_changes(daemon: SmallDaemon, viewer_socket: Path) -> None:
    await planned(daemon, "nightly")
    async with looking(viewer_socket, screen="schedules") as eyes:
        await eyes.until("READ ONLY")
        await eyes.until("in 5m")
        for word in ("Trigger", "Pause", "Edit"):
            assert word not in eyes.text
        await eyes.press("t", "p", "P", "u", "a", "e")
        await eyes.loaded()
        assert eyes.app.screen is eyes.page
        assert await paused(daemon, "nightly") is None
        assert await daemon.database.fetchval("select count(*) from jobd.runs") == 0


async def test_hostile_names_reasons_and_places_are_only_text(daemon: SmallDaemon, socket: Path) -> None:
    evil = HOSTILE + "[red]x[/red][@click=app.quit]y[/]"
    await planned(daemon, f"a{evil}", job=evil, disabled_reason=evil, enabled=False, place=evil)
    await planned(daemon, f"b{evil}", spec={"cron": "* * * * *", "timezone": evil})
    await daemon.database.execute(
        "update jobd.schedules set paused_at = now(), paused_by = $1, pause_reason = $1 where enabled", evil
    )
    async with looking(socket, screen="schedules", size=WIDE) as eyes:
        await eyes.until("⊘ disabled")
        for key in ("j", "k", "slash", "escape", "u", "e"):
            await eyes.press(key)
            await eyes.loaded()
            assert not any(
                ord(character) < 32 or 127 <= ord(character) < 160
                for line in eyes.text.split("\n")
                for character in line
            )
        await eyes.until("[red]x[/red]")


@pytest.mark.parametrize(
    ("place", "said"),
    [("environment", "it stands in no file"), ("/nowhere/jobd.toml:3", "there is no /nowhere/jobd.toml here")],
)
async def test_a_place_that_cannot_be_edited_here_says_what_to_do(
    daemon: SmallDaemon, socket: Path, place: str, said: str
) -> None:
    await planned(daemon, "nightly", place=place)
    async with looking(socket, screen="schedules") as eyes:
        await eyes.until("in 5m")
        await eyes.press("e")
        await eyes.until(said)


async def test_nothing_is_edited_when_the_daemon_is_on_another_machine(
    daemon: SmallDaemon, socket: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await planned(daemon, "nightly", place=f"{__file__}:1")
    async with looking(socket, screen="schedules") as eyes:
        await eyes.until("in 5m")
        monkeypatch.setattr(eyes.app, "_link", Link(ssh="app-1"))
        await eyes.press("e")
        await eyes.until("not from here")
