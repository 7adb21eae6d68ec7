"""Schedules added and removed from the dashboard, against a daemon with files of its own."""

from __future__ import annotations

import tomllib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from serving import HOSTILE, SmallDaemon, served
from support.daemons import Process, processes
from support.dashboards import Eyes, looking
from textual.events import Paste

from jobd.dashboard.widgets.confirm import Confirm
from jobd.dashboard.widgets.new_schedule import NewSchedule
from jobd.model.roles import Role
from jobd.store.migrate import migrate
from jobd.testing.postgres import fresh_database

MORE = """
[jobs.marks]
run = "support.jobs:ordered"
[schedules.nightly]
job = "waits"
cron = "0 4 * * *"
[privacy]
redact = ["args.mark.secret"]
"""
ZONE = 'timezone = "Africa/Cairo"'


@pytest.fixture(scope="module")
async def daemon_with_files(postgres_url: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Process]:
    async with fresh_database(postgres_url) as url:
        await migrate(url)
        async with processes(tmp_path_factory.mktemp("planned"), url, more=MORE) as (one,):
            one.config.write_text(one.config.read_text().replace("[daemon]", f"[daemon]\n{ZONE}"))
            await one.start()
            yield one


@pytest.fixture
async def process(daemon_with_files: Process) -> AsyncIterator[Process]:
    """With the one schedule of its jobd.toml, before and afterwards."""
    yield daemon_with_files
    written(daemon_with_files).unlink(missing_ok=True)
    await daemon_with_files.ask("reload", "POST", dry_run=False)


def written(process: Process) -> Path:
    return process.directory / "jobd.d" / "schedules.toml"


def tables(process: Process) -> dict[str, Any]:
    """What the daemon has written down."""
    return tomllib.loads(written(process).read_text())["schedules"] if written(process).exists() else {}


def done(eyes: Eyes) -> str:
    """What was done last, as a command."""
    assert eyes.app.said is not None
    return eyes.app.said.command


async def asked(eyes: Eyes, job: str) -> None:
    """The dialog is there, with that job, and waits for a name."""
    await eyes.until("at 04:00 every day")
    await eyes.press("n")
    await eyes.until("never ran")
    await eyes.type(job)
    await eyes.press("enter")
    await eyes.until("the daemon's: Africa/Cairo")


async def fill(eyes: Eyes, *lines: str) -> None:
    """One line after the other, from the one with the focus, each from the clipboard: that is as quick as it gets."""
    for number, line in enumerate(lines):
        if number:
            await eyes.press("tab")
        assert eyes.app.focused is not None
        eyes.app.focused.post_message(Paste(line))
        await eyes.pilot.pause()


async def added(process: Process, name: str, **table: Any) -> None:
    await process.ask(f"schedules/{name}", "POST", **table)


async def test_a_new_schedule_is_written_down_and_told_with_its_command_and_how_to_undo_it(process: Process) -> None:
    async with looking(process.socket, screen="schedules") as eyes:
        await asked(eyes, "observed")
        await eyes.type("tidy")
        await eyes.press("tab")
        await eyes.type("30 2 * *")
        await eyes.until("4 fields; 5 are minute")
        await eyes.type(" mon-fri")
        await eyes.until("at 02:30 on Monday to Friday, Africa/Cairo")
        await eyes.until("02:30 in ")
        await eyes.until("then ")
        await eyes.press("enter")
        await eyes.until("schedule tidy is added: schedules +1 ~0 -0 · undo: jobctl schedules remove tidy")
        await eyes.until("▌tidy")
        assert done(eyes) == "jobctl schedules add tidy --job observed --cron '30 2 * * mon-fri'"
        assert tables(process) == {"tidy": {"job": "observed", "cron": "30 2 * * mon-fri"}}
        assert (await process.ask("schedules/tidy"))["timezone"] == "Africa/Cairo"


@pytest.mark.parametrize(
    ("when", "words", "table"),
    [
        ("every 90s", "every 90 seconds", {"every": "90s"}),
        ("at 2031-12-01T09:00", "once, at 2031-12-01 07:00:00 UTC", {"at": "2031-12-01T09:00"}),
        ("@daily", "at 00:00 every day", {"cron": "@daily"}),
        ("H 3 * * *", "every day, Africa/Cairo", {"cron": "H 3 * * *"}),
    ],
)
async def test_one_line_says_when_as_jobctl_can(process: Process, when: str, words: str, table: dict[str, str]) -> None:
    async with looking(process.socket, screen="schedules") as eyes:
        await asked(eyes, "observed")
        await fill(eyes, "tidy", when)
        await eyes.until(words)
        await eyes.until("next ")
        await eyes.press("enter")
        await eyes.until("schedule tidy is added")
        assert tables(process) == {"tidy": {"job": "observed", **table}}


async def test_zone_and_arguments_go_with_it_as_values(process: Process) -> None:
    async with looking(process.socket, screen="schedules") as eyes:
        await asked(eyes, "marks")
        await fill(eyes, "hourly", "0 * * * *", "Asia/Tokyo", '{"a": [1]}', "2")
        await eyes.until("Asia/Tokyo")
        await eyes.press("enter")
        await eyes.until("schedule hourly is added")
        args = '--args-json \'{"mark": {"a": [1]}, "seconds": 2}\''
        assert done(eyes) == f"jobctl schedules add hourly --job marks --cron '0 * * * *' --timezone Asia/Tokyo {args}"
        assert tables(process)["hourly"]["args"] == {"mark": {"a": [1]}, "seconds": 2}
        assert tables(process)["hourly"]["timezone"] == "Asia/Tokyo"


@pytest.mark.parametrize(
    ("when", "said"),
    [
        ("30 2 * *", "4 fields; 5 are minute"),
        ("99 2 * * *", "99 is not within 0-59"),
        ("every 5x", "'5x' is not a length of time"),
        ("every 1ms", "is too short"),
        ("at noon", "'noon' is not a date and time"),
        ("", "a cron expression, every 5m, or at"),
    ],
)
async def test_a_wrong_time_is_said_below_it_and_nothing_is_added(process: Process, when: str, said: str) -> None:
    async with looking(process.socket, screen="schedules") as eyes:
        await asked(eyes, "observed")
        await fill(eyes, "tidy", when)
        await eyes.until(said)
        await eyes.press("ctrl+s")
        await eyes.until(lambda: eyes.app.screen.query_one("#when").has_class("-wrong"))
        await eyes.until("$ jobctl schedules add tidy")
        assert tables(process) == {}


async def test_a_wrong_zone_is_said_while_it_is_typed(process: Process) -> None:
    async with looking(process.socket, screen="schedules") as eyes:
        await asked(eyes, "observed")
        await fill(eyes, "tidy", "0 4 * * *", "Africa/Cair")
        await eyes.until("unknown time zone 'Africa/Cair'; did you mean 'Africa/Cairo'?")
        await eyes.press("enter")
        await eyes.until(lambda: eyes.app.screen.query_one("#zone").has_class("-wrong"))
        await eyes.type("o")
        await eyes.press("enter")
        await eyes.until("schedule tidy is added")


async def test_what_never_fires_says_so_and_can_be_meant(process: Process) -> None:
    async with looking(process.socket, screen="schedules") as eyes:
        await asked(eyes, "observed")
        await fill(eyes, "tidy", "at 2020-01-01T09:00")
        await eyes.until("that is past: it never fires")


async def test_arguments_that_do_not_fit_are_said_before_they_can_fail_at_night(process: Process) -> None:
    async with looking(process.socket, screen="schedules") as eyes:
        await asked(eyes, "marks")
        await fill(eyes, "tidy", "0 4 * * *", "", "", "soon")
        await eyes.press("enter")
        await eyes.until('seconds: must be float, not "soon"')
        await eyes.until("mark: is required (any)")
        await eyes.type("7")  # the first of them has the focus
        await eyes.press("tab")
        await eyes.type("1.5")
        await eyes.press("enter")
        await eyes.until("schedule tidy is added")
        assert tables(process)["tidy"]["args"] == {"mark": 7, "seconds": 1.5}


async def test_a_name_that_is_taken_or_cannot_be_one_stays_in_the_dialog_with_all_that_was_typed(
    process: Process,
) -> None:
    await added(process, "tidy", job="observed", every="1h")
    async with looking(process.socket, screen="schedules") as eyes:
        await asked(eyes, "observed")
        await fill(eyes, "tidy", "every 5m")
        await eyes.press("enter")
        await eyes.until("name: there is a schedule tidy already: jobctl schedules edit tidy")
        await eyes.until("every 5 minutes")
        await eyes.type("tidy 2")  # the name has the focus, and typing replaces it
        await eyes.press("enter")
        await eyes.until("name: a name has 1 to 63 of a-z, 0-9, - and _")
        await eyes.press("backspace", "backspace")
        await eyes.type("-2")
        await eyes.press("enter")
        await eyes.until("schedule tidy-2 is added")
        assert tables(process)["tidy-2"] == {"job": "observed", "every": "5m"}


async def test_a_name_that_stands_in_jobd_toml_is_refused_with_its_place(process: Process) -> None:
    async with looking(process.socket, screen="schedules") as eyes:
        await asked(eyes, "observed")
        await fill(eyes, "nightly", "every 5m")
        await eyes.press("enter")
        await eyes.until("name: schedule nightly stands in")
        await eyes.until("jobd.toml:")
        await eyes.until(lambda: eyes.app.screen.query_one("#name").has_class("-wrong"))


async def test_a_directory_that_cannot_be_written_is_named_in_the_dialog(process: Process) -> None:
    in_the_way = written(process).with_name(".schedules.toml.new")
    in_the_way.mkdir(parents=True)
    try:
        async with looking(process.socket, screen="schedules") as eyes:
            await asked(eyes, "observed")
            await fill(eyes, "tidy", "every 5m")
            await eyes.press("enter")
            await eyes.until("schedules.toml cannot be written")
            await eyes.until("write [schedules.tidy] into jobd.toml by hand")
            await eyes.until("every 5 minutes")
            assert tables(process) == {}
    finally:
        in_the_way.rmdir()


async def test_files_that_cannot_be_used_are_told_and_nothing_is_written(process: Process) -> None:
    before = process.config.read_text()
    process.config.write_text(before.replace("cron = ", "corn = "))
    try:
        async with looking(process.socket, screen="schedules") as eyes:
            await asked(eyes, "observed")
            await fill(eyes, "tidy", "every 5m")
            await eyes.press("enter")
            await eyes.until("schedules.nightly.corn: unknown key")
            await eyes.until("every 5 minutes")
            assert tables(process) == {}
    finally:
        process.config.write_text(before)


async def test_escape_adds_nothing(process: Process) -> None:
    async with looking(process.socket, screen="schedules") as eyes:
        await asked(eyes, "observed")
        await fill(eyes, "tidy", "every 5m")
        await eyes.press("escape")
        await eyes.until(lambda: eyes.app.screen is eyes.page)
        assert tables(process) == {}


async def test_x_asks_says_what_stays_and_how_to_bring_it_back(process: Process) -> None:
    await added(
        process, "mine", job="marks", cron="0 5 * * *", catch_up_window="2h", args={"mark": "a b"}, enabled=False
    )
    await process.ask("queues/default/pause", "POST")
    run = (await process.ask("schedules/mine/trigger", "POST"))["id"]
    back = (
        "jobctl schedules add mine --job marks --cron '0 5 * * *' --timezone Africa/Cairo --catch-up-window 2h "
        '--args-json \'{"mark": "a b"}\' --disabled'
    )
    async with looking(process.socket, screen="schedules", size=(140, 45)) as eyes:
        await eyes.until("▌mine")
        await eyes.press("x")
        await eyes.until(lambda: isinstance(eyes.app.screen, Confirm))
        await eyes.until("Its history stays, and so do runs of it that wait.")
        await eyes.until(f"Undo: {back}")
        await eyes.press("enter")  # leaving it has the focus
        await eyes.until(lambda: eyes.app.screen is eyes.page)
        assert list(tables(process)) == ["mine"]
        await eyes.press("x")
        await eyes.until("Remove schedule mine?")
        await eyes.press("right", "enter")
        await eyes.until("schedule mine is removed: schedules +0 ~0 -1")
        await eyes.until(lambda: back in eyes.told)
        assert done(eyes) == "jobctl schedules remove mine"
        await eyes.until("▌nightly")
        assert tables(process) == {}
    assert (await process.ask(f"runs/{run}"))["state"] == "queued"
    await process.ask("queues/default/resume", "POST")


async def test_hidden_arguments_are_not_part_of_the_line_that_brings_it_back(process: Process) -> None:
    await added(process, "mine", job="marks", every="1h", args={"mark": {"secret": "s3cret"}, "seconds": 1})
    async with looking(process.socket, screen="schedules", size=(140, 45)) as eyes:
        await eyes.until("▌mine")
        await eyes.press("x")
        await eyes.until("--every 1h --args-json '{\"seconds\": 1}', and mark, which is hidden")
        assert "s3cret" not in eyes.text


async def test_one_of_jobd_toml_is_not_removed_and_its_place_is_said(process: Process) -> None:
    async with looking(process.socket, screen="schedules") as eyes:
        await eyes.until("▌nightly")
        await eyes.press("x")
        await eyes.until("which people write: take it out there (key e), then: jobctl reload")
        assert eyes.app.screen is eyes.page


async def test_one_that_went_meanwhile_is_said(process: Process) -> None:
    await added(process, "mine", job="observed", every="1h")
    async with looking(process.socket, screen="schedules") as eyes:
        await eyes.until("▌mine")
        await eyes.press("x")
        await eyes.until("Remove schedule mine?")
        await process.ask("schedules/mine", "DELETE")
        await eyes.press("right", "enter")
        await eyes.until("there is no schedule mine")


async def test_sixty_by_twenty_shows_every_line_and_the_buttons(process: Process) -> None:
    async with looking(process.socket, screen="schedules", size=(60, 20)) as eyes:
        await asked(eyes, "marks")
        await fill(eyes, "tidy", "30 2 * * mon-fri")
        for word in ("name", "when", "at 02:30 on Monday to Friday", "next ", "time zone", "mark", "seconds", "Add"):
            await eyes.until(word)


@pytest.mark.parametrize("role", [Role.VIEWER, Role.OPERATOR])
async def test_only_an_admin_has_the_keys(daemon: SmallDaemon, tmp_path: Path, role: Role) -> None:
    async with (
        served(daemon, tmp_path / "jobd.sock", role_of=lambda uid, gid: role),
        looking(tmp_path / "jobd.sock", screen="schedules") as eyes,
    ):
        await eyes.until("no schedules")
        assert "n New" not in eyes.text
        await eyes.press("n", "x")
        await eyes.loaded()
        assert eyes.app.screen is eyes.page


async def test_what_is_typed_and_refused_is_only_text(daemon: SmallDaemon, socket: Path) -> None:
    async with looking(socket, screen="schedules") as eyes:
        await eyes.until("no schedules")
        await eyes.press("n")
        await eyes.until("backup")
        await eyes.press("enter")
        await eyes.until("time zone")
        assert isinstance(eyes.app.screen, NewSchedule)
        for field in ("name", "when", "zone"):
            eyes.app.screen.query_one(f"#{field} Input").value = HOSTILE  # type: ignore[attr-defined]
        await eyes.until("unknown time zone")
        await eyes.press("ctrl+s")
        await eyes.until(lambda: eyes.app.screen.query_one("#zone").has_class("-wrong"))
        assert not any(ord(character) < 32 or 127 <= ord(character) < 160 for character in eyes.flat)
