"""A run by hand: finding the job, its arguments, and what the daemon says of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from serving import HOSTILE, SmallDaemon
from support.dashboards import Eyes, looking
from textual.events import Key

from jobd.dashboard.widgets.trigger import Trigger
from jobd.model.run import NewRun, Run


async def asked(eyes: Eyes, job: str | None = None, args: dict[str, Any] | None = None) -> None:
    """The dialog is there, and knows the jobs."""
    await eyes.until(lambda: eyes.app.snapshot.me is not None)
    eyes.app.push_screen(Trigger(job, args or {}))
    await eyes.until("backup" if job is None else "the job's own")


async def only_run(daemon: SmallDaemon) -> Run:
    run = await daemon.views.runs.one(await daemon.database.fetchval("select id from jobd.runs"))
    assert await daemon.database.fetchval("select count(*) from jobd.runs") == 1
    return run


async def test_a_job_is_found_by_typing_and_its_arguments_have_names_types_and_defaults(
    daemon: SmallDaemon, socket: Path
) -> None:
    async with looking(socket, screen="runs") as eyes:
        await eyes.until(lambda: eyes.app.snapshot.me is not None)
        await eyes.press("t")
        await eyes.until("backup")
        await eyes.type("ti")
        await eyes.until_gone("backup")
        await eyes.press("enter")
        await eyes.until("batch int")
        await eyes.until("default 50")  # the job's own, not the function's
        await eyes.until("the job's own: default")
        await eyes.type("7")
        await eyes.until("$ jobctl trigger tidy --arg batch=7")
        await eyes.press("enter")
        await eyes.until("was added")
        run = await only_run(daemon)
        assert (run.job, run.args) == ("tidy", {"batch": 7})


async def test_what_the_daemon_refuses_is_said_in_the_dialog_and_nothing_typed_is_lost(
    daemon: SmallDaemon, socket: Path
) -> None:
    async with looking(socket, screen="runs") as eyes:
        await asked(eyes, "mail")
        await eyes.press("tab")
        await eyes.type("ada@example.com")
        await eyes.press("enter")
        await eyes.until("subject: is required (str)")
        await eyes.until("ada@example.com")
        await eyes.type("Hello")  # the line in question has the focus
        await eyes.press("ctrl+s")
        await eyes.until("was added")
        assert (await only_run(daemon)).args == {"to": "ada@example.com", "subject": "Hello"}


async def test_queue_and_delay_can_be_others_than_the_jobs_own(daemon: SmallDaemon, socket: Path) -> None:
    async with looking(socket, screen="runs") as eyes:
        await asked(eyes, "tidy")
        await eyes.press("tab", "tab", "tab", "tab")
        await eyes.type("lwo")
        await eyes.press("enter")
        await eyes.until('did you mean "low"')
        await eyes.press("backspace", "backspace")
        await eyes.type("ow")
        await eyes.press("tab")
        await eyes.type("2h")
        await eyes.until("$ jobctl trigger tidy --queue low --in 2h")
        await eyes.press("enter")
        await eyes.until("was added")
        run = await only_run(daemon)
        assert (run.queue, run.state) == ("low", "scheduled")


async def test_a_command_takes_its_arguments_as_one_object(daemon: SmallDaemon, socket: Path) -> None:
    async with looking(socket, screen="runs") as eyes:
        await asked(eyes, "backup")
        await eyes.press("tab")
        await eyes.type("[1]")
        await eyes.press("enter")
        await eyes.until("arguments are no JSON object: write one")
        await eyes.press("backspace", "backspace", "backspace")
        await eyes.type("{")
        await eyes.press("enter")
        await eyes.until("arguments are no JSON object: Expecting")
        assert eyes.app.screen.query_one("#arguments Field").has_class("-wrong")
        await eyes.type('"full": true}')
        await eyes.press("enter")
        await eyes.until("was added")
        assert (await only_run(daemon)).args == {"full": True}


async def test_known_arguments_stand_in_their_lines_and_are_sent_as_they_were(
    daemon: SmallDaemon, socket: Path
) -> None:
    args = {"to": "ada@example.com", "subject": "12", "body": "two\nlines", "copies": ["b", "c"]}
    async with looking(socket, screen="runs") as eyes:
        await asked(eyes, "mail", args)
        for text in ("ada@example.com", '"two\\nlines"', '["b", "c"]'):
            await eyes.until(text)
        await eyes.press("ctrl+s")
        await eyes.until("was added")
        assert (await only_run(daemon)).args == args


async def test_with_a_job_chosen_typing_finds_another_and_tab_goes_to_its_arguments(
    daemon: SmallDaemon, socket: Path
) -> None:
    async with looking(socket, screen="runs") as eyes:
        await asked(eyes, "tidy")
        await eyes.until("$ jobctl trigger tidy")
        finder = eyes.app.screen.query_one("#find")
        assert finder.has_focus and finder.selected_text == "tidy"
        await eyes.type("m")
        await eyes.until("$ jobctl trigger mail")
        assert "batch int" not in eyes.text, "the lines of the job before are none of this one"
        await eyes.press("tab")
        await eyes.until("subject str")
        await eyes.type("ada@example.com")
        await eyes.until("$ jobctl trigger mail --arg to=ada@example.com")


async def test_the_command_follows_the_job_under_the_finder(daemon: SmallDaemon, socket: Path) -> None:
    async with looking(socket, screen="runs") as eyes:
        await asked(eyes)
        await eyes.until("$ jobctl trigger backup")
        await eyes.press("down")
        await eyes.until("$ jobctl trigger mail")
        await eyes.type("zzz")
        await eyes.until_gone("$ jobctl trigger")


async def test_with_a_job_chosen_enter_goes_on_to_its_arguments_and_the_next_adds_a_run(
    daemon: SmallDaemon, socket: Path
) -> None:
    async with looking(socket, screen="runs") as eyes:
        await asked(eyes, "tidy")
        await eyes.press("enter")
        await eyes.until(lambda: eyes.app.screen.query_one("#arguments Input").has_focus)
        assert not await daemon.database.fetchval("select count(*) from jobd.runs")
        await eyes.press("enter")
        await eyes.until("was added")
        assert (await only_run(daemon)).job == "tidy"


@pytest.mark.parametrize("typed", ["backu", "tidy"])
async def test_what_is_typed_of_a_name_is_enough_where_no_other_can_be_meant(
    daemon: SmallDaemon, socket: Path, typed: str
) -> None:
    async with looking(socket, screen="runs") as eyes:
        await asked(eyes)
        await eyes.type(typed)
        await eyes.press("ctrl+s")
        await eyes.until("was added")
        assert (await only_run(daemon)).job.startswith(typed)


async def test_where_several_can_be_meant_one_has_to_be_chosen(daemon: SmallDaemon, socket: Path) -> None:
    async with looking(socket, screen="runs") as eyes:
        await asked(eyes)
        await eyes.type("i")
        await eyes.press("ctrl+s")
        await eyes.until("choose a job first")


async def test_keys_typed_without_a_pause_are_lost_nowhere(daemon: SmallDaemon, socket: Path) -> None:
    """From the key that opens the form to the one that sends it, all in one go, before the jobs are there."""
    async with looking(socket, screen="runs") as eyes:
        await eyes.until(lambda: eyes.app.snapshot.me is not None)
        for key in ("t", *"backup", "\t", *'{"n": 1}', "\r"):
            name = {"\t": "tab", "\r": "enter"}.get(key, key)
            eyes.app.post_message(Key(name, key))
        await eyes.until("was added")
        run = await only_run(daemon)
        assert (run.job, run.args) == ("backup", {"n": 1})


async def test_a_job_that_runs_for_the_first_time_is_running(daemon: SmallDaemon, socket: Path) -> None:
    run, _ = await daemon.enqueue(NewRun(job="tidy"))
    await daemon.running(run)
    async with looking(socket, screen="runs") as eyes:
        await asked(eyes)
        rows = {line.split()[1]: line for line in eyes.text.split("\n") if " never ran" in line or "▸ running" in line}
        assert "▸ running" in next(line for name, line in rows.items() if "tidy" in line)
        assert any("never ran" in line for line in rows.values())


async def test_another_job_than_the_first_starts_with_empty_lines(daemon: SmallDaemon, socket: Path) -> None:
    async with looking(socket, screen="runs") as eyes:
        await asked(eyes, "tidy", {"batch": 77})
        await eyes.until("77")
        await eyes.press("shift+tab", "end", *["backspace"] * 4)
        await eyes.type("mai")
        await eyes.press("enter")
        await eyes.until("subject str")
        assert "77" not in eyes.text


async def test_a_job_that_nobody_knows_any_more_is_said(daemon: SmallDaemon, socket: Path) -> None:
    async with looking(socket, screen="runs") as eyes:
        await eyes.until(lambda: eyes.app.snapshot.me is not None)
        eyes.app.push_screen(Trigger("gone", {}))
        await eyes.until("does not know the job gone")
        await eyes.type("zzz")
        await eyes.until("no job has zzz in its name")
        await eyes.press("ctrl+s")
        await eyes.until("choose a job first")


async def test_escape_leaves_without_a_run(daemon: SmallDaemon, socket: Path) -> None:
    async with looking(socket, screen="runs") as eyes:
        await asked(eyes, "tidy")
        await eyes.press("escape")
        await eyes.until_gone("Trigger a run")
        assert not await daemon.database.fetchval("select count(*) from jobd.runs")


async def test_who_may_only_look_gets_no_dialog(daemon: SmallDaemon, viewer_socket: Path) -> None:
    async with looking(viewer_socket, screen="runs") as eyes:
        await eyes.until("READ ONLY")
        await eyes.press("t")
        await eyes.loaded()
        assert "Trigger" not in eyes.text


async def test_hostile_arguments_are_shown_and_do_nothing(daemon: SmallDaemon, socket: Path) -> None:
    args = {"to": HOSTILE, "subject": "[bold]x[/]", "body": HOSTILE, "copies": [HOSTILE]}
    async with looking(socket, screen="runs", size=(160, 45)) as eyes:
        await asked(eyes, "mail", args)
        await eyes.until("[bold]x[/]")
        assert not {"\x1b", "\x07", "\u202e", "\x9b", "\ufeff"} & set(eyes.text)


@pytest.mark.parametrize("job", ["mail", None])
async def test_a_small_terminal_shows_the_lines_and_the_buttons(
    daemon: SmallDaemon, socket: Path, job: str | None
) -> None:
    async with looking(socket, screen="runs", size=(60, 20)) as eyes:
        await asked(eyes, job)
        await eyes.until(" Cancel ")
        if job is not None:
            await eyes.until("$ jobctl trigger mail")
            await eyes.press("ctrl+s")
            await eyes.until("subject: is required")
            await eyes.until(" Cancel ")
