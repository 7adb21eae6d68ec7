"""A schedule edited from the dashboard: the editor, what the daemon says of the file, and taking it over."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from support.daemons import Process, processes
from support.dashboards import looking
from textual.drivers.headless_driver import HeadlessDriver

from jobd.dashboard.changes import editing
from jobd.dashboard.changes.editing import CannotEdit, Place, place_of
from jobd.store.migrate import migrate
from jobd.testing.postgres import fresh_database

BEFORE, AFTER = 'cron = "0 4 * * *"', 'cron = "30 5 * * *"'
MORE = f"""
[schedules.nightly]
job = "waits"
{BEFORE}
"""


@pytest.fixture(scope="module")
async def process(postgres_url: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Process]:
    async with fresh_database(postgres_url) as url:
        await migrate(url)
        async with processes(tmp_path_factory.mktemp("edited"), url, more=MORE) as (one,):
            await one.start()
            yield one


@pytest.fixture
async def written(process: Process, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Path]:
    """The daemon's file, which is as it was before again afterwards; this terminal can be left for an editor."""
    monkeypatch.setattr(HeadlessDriver, "can_suspend", True)
    monkeypatch.delenv("VISUAL", raising=False)
    before = process.config.read_text()
    yield process.config
    process.config.write_text(before)
    await process.ask("reload", "POST", dry_run=False)


def editor(directory: Path, *lines: str) -> str:
    """A command that does to the file what a person would; it notes how it was called."""
    script = directory / "editor"
    script.write_text("\n".join(["#!/bin/sh", f'echo "$1" >> {directory}/called', *lines]))
    script.chmod(0o700)
    return str(script)


async def test_an_edited_schedule_is_shown_and_taken_over(
    process: Process, written: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EDITOR", editor(tmp_path, f"sed -i 's/{BEFORE}/{AFTER}/'".replace("*", r"\*") + ' "$2"'))
    async with looking(process.socket, screen="schedules") as eyes:
        await eyes.until("at 04:00 every day")
        await eyes.press("e")
        await eyes.until("Take this over?")
        await eyes.until("~ schedule nightly  cron")
        assert (await process.ask("schedules/nightly"))["cron"] == "0 4 * * *"
        await eyes.press("right", "enter")
        await eyes.until("at 05:30 every day")
        await eyes.until("the files were taken over")
    lines = written.read_text().split("\n")
    called = int((tmp_path / "called").read_text().removeprefix("+"))
    assert lines[called - 1] in ("[schedules.nightly]", AFTER)


async def test_what_was_edited_is_not_taken_over_when_it_is_cancelled(
    process: Process, written: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EDITOR", editor(tmp_path, "sed -i 's/0 4/0 6/' \"$2\""))
    async with looking(process.socket, screen="schedules") as eyes:
        await eyes.until("at 04:00 every day")
        await eyes.press("e")
        await eyes.until("Take this over?")
        await eyes.press("enter")
        await eyes.loaded()
        await eyes.until("at 04:00 every day")
    assert "0 6" in written.read_text()


async def test_a_file_that_cannot_be_used_is_told_with_its_line_and_edited_again(
    process: Process, written: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    second = 'sed -i \'s/corn = .*/cron = "30 5 * * *"/\' "$2"'
    first = "sed -i 's/^cron = /corn = /' \"$2\""
    monkeypatch.setenv("EDITOR", editor(tmp_path, f'if grep -q ^corn "$2"; then {second}; else {first}; fi'))
    async with looking(process.socket, screen="schedules") as eyes:
        await eyes.until("at 04:00 every day")
        await eyes.press("e")
        await eyes.until("The files cannot be used")
        line = written.read_text().split("\n").index('corn = "0 4 * * *"') + 1
        await eyes.until(f"{line}:1: schedules.nightly.corn")
        await eyes.press("right", "enter")
        await eyes.until("~ schedule nightly  cron")
        await eyes.press("escape")
    assert 'cron = "30 5' in written.read_text()


async def test_an_editor_that_changes_nothing_asks_nothing(
    process: Process, written: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EDITOR", editor(tmp_path))
    async with looking(process.socket, screen="schedules") as eyes:
        await eyes.until("at 04:00 every day")
        await eyes.press("e")
        await eyes.until("nothing was changed")


async def test_a_missing_editor_is_named(
    process: Process, written: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EDITOR", str(tmp_path / "none"))
    async with looking(process.socket, screen="schedules") as eyes:
        await eyes.until("at 04:00 every day")
        await eyes.press("e")
        await eyes.until("set EDITOR")


async def test_a_terminal_that_cannot_be_left_says_where_to_edit(process: Process) -> None:
    async with looking(process.socket, screen="schedules") as eyes:
        await eyes.until("at 04:00 every day")
        await eyes.press("e")
        await eyes.until("no editor can be opened in this terminal")


@pytest.mark.parametrize(
    ("chosen", "words"),
    [
        ("vi", ["vi", "+7", "/etc/jobd.toml"]),
        ("nano -w", ["nano", "-w", "+7", "/etc/jobd.toml"]),
        ("/usr/bin/hx", ["/usr/bin/hx", "/etc/jobd.toml:7"]),
        ("code", ["code", "--wait", "--goto", "/etc/jobd.toml:7"]),
    ],
)
def test_editors_are_told_the_line_as_they_take_it(
    chosen: str, words: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VISUAL", chosen)
    assert editing.command(Place(file=Path("/etc/jobd.toml"), line=7)) == words


def test_a_relative_place_counts_from_where_the_daemon_works(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "jobd.toml").write_text("")
    import os

    assert place_of("jobd.toml:3", pid=os.getpid()) == Place(file=tmp_path / "jobd.toml", line=3)
    with pytest.raises(CannotEdit, match="there is no jobd"):
        monkeypatch.chdir("/")
        place_of("jobd.toml:3", pid=None)
