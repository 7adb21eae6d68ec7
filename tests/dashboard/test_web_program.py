"""`jobctl web` as a program: what it says at its start, when it refuses to, and what is left when it is killed."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from serving import SmallDaemon, served
from support.visitors import gone, stranger

from jobd.api.bearers import Bearers
from jobd.dashboard.app import Dashboard
from jobd.dashboard.live.link import Link
from jobd.dashboard.web.visitor import InBrowser
from jobd.model.change import Actor
from jobd.model.roles import Role
from jobd.model.settings import DashboardSettings
from jobd.store.tokens import Tokens

US = Actor(name="test", uid=0)


@pytest.fixture
async def at(daemon: SmallDaemon, tmp_path: Path) -> AsyncIterator[Path]:
    async with served(daemon, tmp_path / "s.sock", tokens=Bearers(Tokens(daemon.database).valid)):
        yield tmp_path / "s.sock"


@asynccontextmanager
async def program(at: Path, *words: str, **environment: str) -> AsyncIterator[asyncio.subprocess.Process]:
    """It runs for the length of the block."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "jobd.jobctl.cli", "--socket", str(at), "web", *words,
        env={**os.environ, **environment}, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def ended(at: Path, *words: str) -> tuple[int, str]:
    """Its exit status, and why."""
    async with program(at, *words) as process, asyncio.timeout(30):
        out, err = await process.communicate()
        assert out == b""
        assert process.returncode is not None
        return process.returncode, err.decode()


async def url_of(process: asyncio.subprocess.Process) -> str:
    """Where it says that the dashboard is."""
    assert process.stdout is not None
    async with asyncio.timeout(30):
        line = (await process.stdout.readline()).decode()
    assert line.startswith("the dashboard is at "), (line, await process.stderr.read() if process.stderr else "")
    return line.split()[-1]


async def test_address_and_path_are_the_configured_ones_unless_they_are_said(
    daemon: SmallDaemon, at: Path, monkeypatch
):
    monkeypatch.setattr(daemon, "dashboard", DashboardSettings(listen="127.0.0.1:0", path="/ops"))
    async with program(at) as process:
        url = await url_of(process)
        assert url.startswith("http://127.0.0.1:") and url.endswith("/ops/")
        async with stranger(url) as visitor:
            assert (await visitor.get("login"))[0] == 200
        process.send_signal(signal.SIGTERM)
        async with asyncio.timeout(20):
            assert await process.wait() == 0
    async with program(at, "--path", "/") as process:
        assert (await url_of(process)).count("/") == 3


async def test_without_a_login_it_says_who_everybody_is(daemon: SmallDaemon, at: Path, monkeypatch):
    settings = DashboardSettings(listen="127.0.0.1:0", require_authentication=False)
    monkeypatch.setattr(daemon, "dashboard", settings)
    async with program(at) as process:
        await url_of(process)
        assert process.stdout is not None
        warning = (await process.stdout.readline()).decode()
        assert warning.startswith("WITHOUT A LOGIN") and f"uid:{os.geteuid()}" in warning and "admin" in warning


@pytest.mark.parametrize(
    ("settings", "environment", "words", "why"),
    [
        ({"enabled": False}, "development", [], "[dashboard] enabled"),
        ({"require_authentication": False}, "production", [], "[dashboard] require_authentication"),
        ({"require_authentication": False}, "development", ["--listen", "0.0.0.0:0"], "require_authentication = true"),
        ({"require_authentication": False}, "development", ["--behind-proxy"], "require_authentication = true"),
        ({}, "development", ["--listen", "0.0.0.0:0"], "--tls-certificate"),
        ({}, "development", ["--tls-certificate", "/nowhere", "--tls-key", "/nowhere"], "--tls-certificate /nowhere"),
        ({}, "development", ["--path", "jobs"], "--path jobs"),
    ],
)
async def test_it_refuses_with_the_place_of_the_setting(
    daemon: SmallDaemon, at: Path, monkeypatch, settings: dict[str, Any], environment: str, words: list[str], why: str
):
    health = replace(daemon.health(), environment=environment)
    monkeypatch.setattr(daemon, "health", lambda: health)
    monkeypatch.setattr(daemon, "dashboard", DashboardSettings(**{"listen": "127.0.0.1:0", **settings}))
    code, said = await ended(at, *words)
    assert code == 9 and why in said and "Traceback" not in said


async def test_a_visitors_dashboard_ends_with_a_program_that_is_killed(daemon: SmallDaemon, at: Path):
    token = await Tokens(daemon.database).add("ada", Role.VIEWER, US)
    async with program(at, "--listen", "127.0.0.1:0") as process, stranger(await url_of(process)) as visitor:
        await visitor.log_in(token)
        async with visitor.dashboard() as dashboard:
            await dashboard.until("READ ONLY")
            (child,) = children_of(process.pid)
            process.kill()
            await gone(child)


def children_of(pid: int) -> list[int]:
    return [int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


async def test_a_dashboard_that_falls_says_so_and_leaves_no_token_in_the_log(daemon: SmallDaemon, at: Path):
    token = await Tokens(daemon.database).add("ada", Role.VIEWER, US)
    async with program(at, "--listen", "127.0.0.1:0", TEXTUAL_THEME="no-such-theme") as process:
        async with stranger(await url_of(process)) as visitor:
            await visitor.log_in(token)
            async with visitor.dashboard() as dashboard:
                assert await dashboard.until_closed() == (
                    1011, "The dashboard ended by itself; the log of jobctl web has the reason."
                )  # fmt: skip
        process.send_signal(signal.SIGTERM)
        async with asyncio.timeout(20):
            _, err = await process.communicate()
    assert "no-such-theme" in err.decode() and token not in err.decode()


def test_no_editor_is_opened_for_a_visitor(at: Path) -> None:
    assert Dashboard(Link(socket=str(at))).local
    assert not InBrowser(Link(socket=str(at))).local


async def test_what_falls_inside_shows_no_values(capsys, at: Path):
    app = InBrowser(Link(socket=str(at)))
    async with app.run_test():
        token = "jobd_" + "x" * 43
        try:
            raise RuntimeError("\x1b[2Jfell" + token[:0])
        except RuntimeError:
            app._fatal_error()
    app._print_error_renderables()
    said = capsys.readouterr().err
    assert "fell" in said and "\x1b[2J" not in said and token not in said
