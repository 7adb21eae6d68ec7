"""The configuration on the screen: values and places, what operators laid over them, and a reload of real files."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from serving import HOSTILE, SmallDaemon, served, small_daemon
from support.dashboards import looking

from jobd.client.asks import queues
from jobd.client.client import Client
from jobd.config import load
from jobd.config.differences import compared
from jobd.model.change import Actor
from jobd.model.health import Level, Notice
from jobd.model.reload import ConfigChanges
from jobd.testing.postgres import fresh_database

FILE = """\
[daemon]
name = "from-a-file"
state_directory = "."

[database]
url = "postgresql://jobd:hidden-password@127.0.0.1/nowhere"

[queues]
default = { weight = 2 }
low = { weight = 4 }

[jobs.backup]
command = ["true"]
queue = "low"
"""


class Configured(SmallDaemon):
    """Works by a file."""

    file: Path

    def begin(self, file: Path) -> None:
        self.file = file
        file.write_text(FILE)
        self.loaded = load(file, environ={})

    def rewrite(self, old: str, new: str) -> None:
        """Another text on the disk, of which the daemon has a word to say."""
        text = self.file.read_text()
        assert old in text
        self.file.write_text(text.replace(old, new))
        self.notices = (Notice(level=Level.WARNING, code="config_changed", message="the configuration has changed"),)

    def settings(self) -> Sequence[tuple[str, str, str]]:
        return list(self.loaded.shown)

    async def reload(self, who: Actor, *, dry_run: bool, reason: str | None = None) -> ConfigChanges:
        new = load(self.file, environ={})
        changes = compared(self.loaded, new, taken=not dry_run)
        if not dry_run:
            self.loaded, self.notices = new, ()
        return changes


@pytest.fixture(scope="session")
async def configured_daemon(postgres_url: str) -> AsyncIterator[Configured]:
    async with fresh_database(postgres_url) as url, small_daemon(url, make=Configured) as daemon:
        assert isinstance(daemon, Configured)
        yield daemon


@pytest.fixture
async def configured(configured_daemon: Configured, tmp_path: Path) -> Configured:
    await configured_daemon.reset()
    configured_daemon.begin(tmp_path / "jobd.toml")
    return configured_daemon


@pytest.fixture
async def admin(configured: Configured, tmp_path: Path) -> AsyncIterator[Path]:
    async with served(configured, tmp_path / "admin.sock"):
        yield tmp_path / "admin.sock"


async def test_every_setting_stands_with_its_value_and_its_place(configured: Configured, admin: Path) -> None:
    async with looking(admin, screen="settings", size=(140, 45)) as eyes:
        await eyes.until("daemon.name")
        name, workers = (
            next(line for line in eyes.text.splitlines() if key in line) for key in ("n.name", "n.workers")
        )
        assert '"from-a-file"' in name and "jobd.toml:2" in name and "●" in name
        assert "default" in workers and "●" not in workers
        await eyes.until("✓ The files say what the daemon works by.")


async def test_secrets_are_masked_on_the_screen_and_in_the_copy(configured: Configured, admin: Path) -> None:
    async with looking(admin, screen="settings", size=(140, 45)) as eyes:
        await eyes.until("database.url")
        await eyes.press("slash")
        await eyes.type("database.url postgres")
        await eyes.until("no setting is found")
        await eyes.press("escape", "slash")
        await eyes.type("jobd.toml:6")
        await eyes.press("enter", "enter")
        await eyes.until("********")
        assert "hidden-password" not in eyes.text
        await eyes.press("escape", "Y")
        assert "********" in eyes.app.clipboard and "hidden-password" not in eyes.app.clipboard


async def test_a_filter_and_a_choice_leave_what_is_looked_for(configured: Configured, admin: Path) -> None:
    async with looking(admin, screen="settings") as eyes:
        await eyes.until("daemon.workers")
        await eyes.press("tab")
        await eyes.until_gone("daemon.workers")
        await eyes.until("queues.low.weight")
        await eyes.press("slash")
        await eyes.type("LOW weight")
        await eyes.until_gone("daemon.name")
        await eyes.until("queues.low.weight")
        await eyes.press("enter", "escape", "tab")
        await eyes.until("daemon.workers")


async def test_what_operators_changed_stands_above_with_who_and_why(configured: Configured, admin: Path) -> None:
    async with Client(str(admin)) as client:
        await client.ask(queues.weight("low", 9, "catch up"))
        await client.ask(queues.pause("default", reason="gateway is down"))
    async with looking(admin, screen="settings", size=(140, 45)) as eyes:
        await eyes.until("OPERATORS CHANGED")
        drift = next(line for line in eyes.text.splitlines() if "! queues.low.weight" in line)
        assert "catch up" in drift and "uid:" in drift and "→ 9" in drift
        await eyes.until("gateway is down")
        await eyes.press("tab", "slash")
        await eyes.type("low.weight")
        await eyes.until("4 → 9")
        await eyes.press("enter", "enter")
        await eyes.until(":10")


async def test_changed_files_are_noticed_shown_and_taken_over(configured: Configured, admin: Path) -> None:
    async with looking(admin, screen="settings", size=(140, 45)) as eyes:
        await eyes.until("✓ The files")
        configured.rewrite("low = { weight = 4 }", "low = { weight = 5 }\nnew = {}")
        eyes.app.feed.look()
        await eyes.until("! The files have changed since they were loaded")
        await eyes.until("+ queue new")
        await eyes.until("~ queue low  weight")
        await eyes.press("r")
        await eyes.until("Take this over?")
        await eyes.press("escape")
        assert configured.loaded.queues["low"].weight == 4
        await eyes.press("r")
        await eyes.until("Take this over?")
        await eyes.press("tab", "enter")
        await eyes.until("$ jobctl reload")
        assert configured.loaded.queues["low"].weight == 5
        eyes.app.feed.look()
        await eyes.until("✓ The files")


async def test_files_that_cannot_be_used_are_refused_with_file_and_line(configured: Configured, admin: Path) -> None:
    async with looking(admin, screen="settings", size=(140, 45)) as eyes:
        await eyes.until("✓ The files")
        configured.rewrite("weight = 4", "weigth = 4")
        await eyes.press("r")
        await eyes.until("The files cannot be used")
        dialog = [line.split("│")[1] for line in eyes.text.splitlines() if line.count("│") == 2]
        unwrapped = "".join("".join(dialog).split())
        assert "jobd.toml:10:" in unwrapped and 'didyoumean"weight"' in unwrapped
        configured.rewrite("weigth = 4", "weight = 6")
        await eyes.press("tab", "enter")
        await eyes.until("Take this over?")
        await eyes.press("escape")
        assert configured.loaded.queues["low"].weight == 4


async def test_who_is_no_admin_is_told_so_and_has_no_key_to_reload(daemon: SmallDaemon, viewer_socket: Path) -> None:
    async with looking(viewer_socket, screen="settings", size=(60, 20)) as eyes:
        await eyes.until("The configuration needs the role admin")
        await eyes.until("your role is viewer")
        assert "SETTING" not in eyes.text and "Reload files" not in eyes.text


async def test_a_small_terminal_shows_settings_and_values(configured: Configured, admin: Path) -> None:
    async with looking(admin, screen="settings", size=(60, 20)) as eyes:
        await eyes.until('"from-a-file"')
        await eyes.until("daemon.name")


async def test_hostile_settings_and_reasons_are_made_visible(configured: Configured, admin: Path) -> None:
    shown = (("jobs.odd.env", f"[red]x[/red]{HOSTILE}", f"/tmp/{HOSTILE}:1"), *configured.loaded.shown)
    configured.loaded = replace(configured.loaded, shown=shown)
    async with Client(str(admin)) as client:
        await client.ask(queues.weight("low", 9, f"[@click=app.quit]x[/]{HOSTILE}"))
    async with looking(admin, screen="settings", size=(140, 45)) as eyes:
        await eyes.until("[red]x[/red]␛]0;owned")
        await eyes.until("[@click=app.quit]x[/]")
        await eyes.press("enter")
        await eyes.until("jobs.odd.env")
        assert not [character for character in eyes.text if character != "\n" and not character.isprintable()]
