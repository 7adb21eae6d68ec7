"""The dashboard in a real browser: the way from the login page to a run that was triggered by keys."""

from __future__ import annotations

from pathlib import Path

import pytest
from serving import SmallDaemon, served
from support.browser import PROGRAM, browser
from support.visitors import web

from jobd.api.bearers import Bearers
from jobd.model.change import Actor
from jobd.model.roles import Role
from jobd.store.tokens import Tokens

pytestmark = pytest.mark.skipif(PROGRAM is None, reason="no browser (Debian: chromium)")

US = Actor(name="test", uid=0)


async def test_from_the_login_to_a_run_by_keyboard_alone(daemon: SmallDaemon, tmp_path: Path):
    store = Tokens(daemon.database)
    token, place = await store.add("ada", Role.OPERATOR, US), tmp_path / "s.sock"
    async with (
        served(daemon, place, tokens=Bearers(store.valid)),
        web(place, path="/jobs") as site,
        browser(tmp_path / "profile") as page,
    ):
        await page.open(site.url)
        assert await page.value("location.pathname") == "/jobs/login"
        await page.focus("token")
        async with page.loading():
            await page.type("jobd_wrong")
            await page.press("Enter")
        assert "not valid" in await page.value("document.querySelector('[role=alert]').textContent")

        await page.focus("token")
        async with page.loading():
            await page.type(token)
            await page.press("Enter")
        assert await page.value("location.pathname") == "/jobs/"
        await page.until("Home")
        await page.until("ready")
        assert "token:ada · operator" in await page.value("document.getElementById('line').textContent")

        await page.press("2")
        await page.until("Trigger")
        await page.press("t")
        await page.until("backup")
        await page.press("t", "i", "Enter")
        await page.until("batch int")
        await page.press("7", "Enter")
        await page.until("was added")
        run = await daemon.views.runs.one(1)
        assert (run.job, run.args, run.source) == ("tidy", {"batch": 7}, "api token:ada")
        await page.picture(tmp_path / "dashboard.png")
        assert (tmp_path / "dashboard.png").stat().st_size > 10_000

        async with page.loading():
            await page.value("document.querySelector('#line form button').click()")
        assert await page.value("location.pathname") == "/jobs/login"

        assert all(url.removeprefix("ws").removeprefix("http").startswith(site.url[4:]) for url in page.requests[1:])
        assert any(url.endswith(".ttf") for url in page.requests)
        assert not [said for said in page.complaints if "Policy" in said or "Uncaught" in said]


async def test_who_is_sent_away_reads_the_reason(daemon: SmallDaemon, tmp_path: Path):
    place = tmp_path / "s.sock"
    async with (
        served(daemon, place),
        web(place, login=False, visitors=1) as site,
        site.dashboard() as first,
        browser(tmp_path / "profile") as page,
    ):
        await first.until("ready")
        closed = page.next("Network.webSocketClosed")
        await page.open(site.url)
        await closed
        assert "no more are allowed" in await page.value("document.getElementById('why').textContent")
        assert await page.value("getComputedStyle(document.getElementById('closed')).display") == "flex"
        await first.leave()
