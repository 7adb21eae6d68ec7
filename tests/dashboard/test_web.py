"""The dashboard in a browser: who gets in, what they may, and what is left when they have gone."""

from __future__ import annotations

import asyncio
import re
import ssl
import subprocess
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from serving import SmallDaemon, served
from support.visitors import Visitor, children, gone, stranger, web

from jobd.api import bearers
from jobd.api.bearers import Bearers
from jobd.dashboard.web.attempts import MOST_FAILURES, Attempts
from jobd.dashboard.web.server import NotServed, WebSettings
from jobd.model.change import Actor
from jobd.model.roles import Role
from jobd.model.run import NewRun
from jobd.model.settings import DashboardSettings
from jobd.store.tokens import Tokens

US = Actor(name="test", uid=0)


@pytest.fixture
async def tokens(daemon: SmallDaemon, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    monkeypatch.setattr(bearers, "KEPT_SECONDS", -1.0)
    store = Tokens(daemon.database)
    return {str(role): await store.add(f"t-{role}", role, US) for role in Role}


@pytest.fixture
async def at(daemon: SmallDaemon, tmp_path: Path) -> AsyncIterator[Path]:
    """A socket that knows tokens."""
    async with served(daemon, tmp_path / "s.sock", tokens=Bearers(Tokens(daemon.database).valid)):
        yield tmp_path / "s.sock"


@pytest.fixture
async def visitor(at: Path, tokens: dict[str, str]) -> AsyncIterator[Visitor]:
    async with web(at, path="/jobs") as visitor:
        yield visitor


async def refused(visitor: Visitor, **options: Any) -> int:
    """The status of a WebSocket that is not opened."""
    with pytest.raises(aiohttp.WSServerHandshakeError) as error:
        async with visitor.dashboard(**options):
            pass
    return error.value.status


# --- without a session ---


async def test_who_is_not_logged_in_gets_the_login_page_and_nothing_else(visitor: Visitor):
    status, answer = await visitor.get()
    assert (status, answer.headers["Location"]) == (303, "login")
    status, answer = await visitor.get("login")
    assert status == 200 and 'name="token"' in await answer.text()
    for path in ("socket", "terminal/js/textual.js", "page/dashboard.js", "nowhere", "../", "logout", "login/x"):
        assert (await visitor.get(path))[0] == 401, path
    assert (await visitor.post("logout")).status == 401
    assert await refused(visitor) == 401
    assert children() == set()


async def test_an_invented_cookie_opens_nothing(visitor: Visitor):
    for value in ("x" * 43, "", "\udc80".encode("utf-8", "surrogatepass").hex()):
        assert (await visitor.get("page/dashboard.js", headers={"Cookie": f"{visitor.cookie}={value}"}))[0] == 401


@pytest.mark.parametrize("token", ["jobd_unknown", "", "two words", "é", "x" * 600, "line\r\nX-Other: 1"])
async def test_what_is_no_token_is_refused(visitor: Visitor, token: str):
    assert await visitor.log_in(token) == 401
    assert (await visitor.get("page/dashboard.js"))[0] == 401


async def test_who_fails_too_often_has_to_wait_even_with_the_right_token(visitor: Visitor, tokens, caplog):
    for _ in range(MOST_FAILURES):
        assert await visitor.log_in("jobd_wrong") == 401
    answer = await visitor.post("login", data={"token": tokens["admin"]})
    assert answer.status == 429 and 0 < int(answer.headers["Retry-After"]) <= 300
    assert "127.0.0.1" in await answer.text()
    said = [record for record in caplog.records if record.message.startswith("login refused")]
    assert {record.address for record in said} == {"127.0.0.1"}
    assert tokens["admin"] not in caplog.text


async def test_who_gets_in_is_not_counted_as_failing(visitor: Visitor, tokens):
    for _ in range(2 * MOST_FAILURES):
        assert await visitor.log_in(tokens["viewer"]) == 303


def test_failures_are_forgotten_in_time_and_one_network_is_one_address():
    attempts = Attempts(most=1, window=1e-9)
    assert [attempts.begin("192.0.2.1") for _ in range(3)] == [0, 0, 0]
    attempts = Attempts(most=2, window=60)
    assert [attempts.begin(f"2001:db8::{n}") > 0 for n in range(3)] == [False, False, True]
    assert [attempts.begin(f"192.0.2.{n}") > 0 for n in range(3)] == [False, False, False]
    assert [attempts.begin("::ffff:192.0.2.9") > 0, attempts.begin("::ffff:192.0.2.8") > 0] == [False, False]


async def test_a_form_and_a_socket_of_another_page_are_refused(visitor: Visitor, tokens):
    for origin in ("https://evil.example", "null", "http://127.0.0.1:1", None):
        assert (await visitor.post("login", origin=origin, data={"token": tokens["viewer"]})).status == 403
    assert await visitor.log_in(tokens["viewer"]) == 303
    for origin in ("https://evil.example", "http://127.0.0.1:1", "null"):
        assert await refused(visitor, origin=origin) == 403
        assert (await visitor.post("logout", origin=origin)).status == 403
    assert (await visitor.get())[0] == 200


async def test_a_body_beyond_measure_is_refused(visitor: Visitor):
    assert (await visitor.post("login", data={"token": "x" * 100_000})).status == 413


# --- with one ---


async def test_the_cookie_is_for_this_site_and_path_and_for_no_script(visitor: Visitor, tokens):
    answer = await visitor.post("login", data={"token": tokens["viewer"]})
    assert (answer.status, answer.headers["Location"]) == (303, "./")
    cookie = answer.headers["Set-Cookie"]
    assert "HttpOnly" in cookie and "SameSite=Strict" in cookie and "Path=/jobs" in cookie and "Max-Age=43200" in cookie
    assert "Secure" not in cookie  # http on loopback
    assert len(answer.cookies[visitor.cookie].value) == 43  # 256 bits
    assert tokens["viewer"] not in cookie


async def test_the_page_says_who_looks_and_the_login_page_is_not_shown_again(visitor: Visitor, tokens):
    await visitor.log_in(tokens["operator"])
    status, answer = await visitor.get()
    assert status == 200 and "token:t-operator · operator" in await answer.text()
    assert (await visitor.get("login"))[0] == 303
    assert (await visitor.get("nowhere"))[0] == 404


async def test_who_may_act_acts_and_the_journal_names_the_token(daemon: SmallDaemon, visitor: Visitor, tokens):
    run, _ = await daemon.enqueue(NewRun(job="tidy"))
    await daemon.ended(run, "failed", error="boom")
    await visitor.log_in(tokens["operator"])
    async with visitor.dashboard() as dashboard:
        await dashboard.until("ready")
        await dashboard.press("2")
        await dashboard.until("Next state")  # Home tells of it, too
        await dashboard.until("boom")
        await dashboard.press("r")
        await dashboard.until(f"jobctl retry {run}")
    assert (await daemon.views.runs.one(run + 1)).source == "api token:t-operator"


async def test_who_may_only_look_sees_read_only_and_changes_nothing(daemon: SmallDaemon, visitor: Visitor, tokens):
    run, _ = await daemon.enqueue(NewRun(job="tidy"))
    await daemon.ended(run, "failed", error="boom")
    await visitor.log_in(tokens["viewer"])
    async with visitor.dashboard() as dashboard:
        await dashboard.until("READ ONLY")
        await dashboard.press("2")
        await dashboard.until("Next state")  # Home tells of it, too
        await dashboard.until("boom")
        await dashboard.press("rtc")
        await dashboard.press("?")
        await dashboard.until("Help")
    assert [row["id"] for row in await daemon.database.fetch("select id from jobd.runs")] == []


async def test_the_token_stands_on_no_command_line_and_the_process_goes_with_its_visitor(visitor: Visitor, tokens):
    await visitor.log_in(tokens["viewer"])
    async with visitor.dashboard() as dashboard:
        await dashboard.until("READ ONLY")
        (pid,) = children()
        assert tokens["viewer"].encode() not in Path(f"/proc/{pid}/cmdline").read_bytes()
        await dashboard.leave()
        await gone(pid)


async def test_who_quits_is_told_that_he_left(visitor: Visitor, tokens):
    await visitor.log_in(tokens["viewer"])
    async with visitor.dashboard() as dashboard:
        await dashboard.until("READ ONLY")
        (pid,) = children()
        await dashboard.press("q")
        assert await dashboard.until_closed() == (1000, "You left the dashboard.")
    await gone(pid)


async def test_logging_out_ends_the_session_and_every_dashboard_of_it(visitor: Visitor, tokens):
    await visitor.log_in(tokens["viewer"])
    async with visitor.dashboard() as dashboard:
        await dashboard.until("READ ONLY")
        (pid,) = children()
        cookie = {"Cookie": f"{visitor.cookie}={next(iter(visitor.http.cookie_jar)).value}"}
        closed = asyncio.create_task(dashboard.until_closed())
        answer = await visitor.post("logout")
        assert (answer.status, answer.headers["Location"]) == (303, "login")
        assert await closed == (1008, "You logged out.")
        await gone(pid)
    assert (await visitor.get("page/dashboard.js", headers=cookie))[0] == 401
    assert await refused(visitor) == 401


async def test_a_revoked_token_opens_no_new_dashboard(daemon: SmallDaemon, visitor: Visitor, tokens):
    await visitor.log_in(tokens["viewer"])
    await Tokens(daemon.database).revoke("t-viewer", US)
    assert await refused(visitor) == 401
    assert (await visitor.get())[0] == 303


async def test_a_revoked_token_closes_what_is_open(daemon: SmallDaemon, at: Path, tokens):
    async with web(at, check_seconds=0.2) as visitor:
        await visitor.log_in(tokens["viewer"])
        async with visitor.dashboard() as dashboard:
            await dashboard.until("READ ONLY")
            await Tokens(daemon.database).revoke("t-viewer", US)
            assert await dashboard.until_closed() == (1008, "Your token is not valid any more.")
        assert (await visitor.get())[0] == 303


async def test_no_more_dashboards_than_allowed_and_the_next_one_when_one_has_gone(at: Path, tokens):
    async with web(at, visitors=1) as visitor:
        await visitor.log_in(tokens["viewer"])
        async with visitor.dashboard() as first:
            await first.until("READ ONLY")
            (pid,) = children()
            async with visitor.dashboard() as second:
                code, reason = await second.until_closed()
                assert code == 1013 and reason.startswith("1 dashboards are open, and no more are allowed (--visitors)")
            assert children() == {pid}
            await first.leave()
            await gone(pid)
        async with visitor.dashboard() as third:
            await third.until("READ ONLY")


@pytest.mark.parametrize(
    "text", ["", "{", "[" * 100_000, "[]", "null", '["stdin"]', '["stdin", 1]', '["resize", {"width": "x"}]', '["x"]']
)
async def test_messages_that_say_nothing_are_passed_over(visitor: Visitor, tokens, text: str):
    await visitor.log_in(tokens["viewer"])
    async with visitor.dashboard(size="width=-1&height=99999999") as dashboard:
        await dashboard.say_raw(text)
        await dashboard.say(["resize", {"width": 10**9, "height": 10**9}])
        await dashboard.say(["resize", {"width": 120, "height": 40}])
        await dashboard.press("?")
        await dashboard.until("Help")


# --- as a page ---


async def test_nothing_is_loaded_from_anywhere_else(visitor: Visitor, tokens):
    await visitor.log_in(tokens["viewer"])
    pages = [await (await visitor.get(path))[1].text() for path in ("", "page/dashboard.css", "page/dashboard.js")]
    async with stranger(visitor.url) as other:
        pages.append(await (await other.get("login"))[1].text())
    assert not any("http://" in page or "https://" in page for page in pages)
    for path in ("terminal/js/textual.js", "terminal/css/xterm.css"):
        found = await (await visitor.get(path))[1].text()
        bare = re.sub(r"/\*.*?\*/", "", found, flags=re.DOTALL)
        assert len(bare) > 1000 and "http://" not in bare and "https://" not in bare, path
    for path in re.findall(r'(?:src|href)="([^"]+)"', pages[0]):
        assert path.startswith("data:") or (await visitor.get(path))[0] == 200, path


async def test_every_answer_forbids_strange_scripts_and_frames(visitor: Visitor, tokens):
    answers = [(await visitor.get(path))[1] for path in ("", "login", "nowhere", "socket")]
    await visitor.log_in(tokens["viewer"])
    answers += [(await visitor.get(path))[1] for path in ("", "terminal/js/textual.js", "nowhere")]
    for answer in answers:
        policy = answer.headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy and "script-src 'self';" in policy and "frame-ancestors 'none'" in policy
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Server"] == "jobd"


async def test_below_a_path_everything_is_relative_and_nothing_stands_beside_it(visitor: Visitor, tokens):
    bare = Visitor(visitor.http, visitor.url.removesuffix("/"))
    assert (await bare.get())[1].headers["Location"] == "jobs/login"
    assert (await Visitor(visitor.http, visitor.url.removesuffix("jobs/")).get())[0] == 401
    await visitor.log_in(tokens["viewer"])
    assert (await bare.get())[1].headers["Location"] == "jobs/"
    text = await (await visitor.get())[1].text()
    assert not re.findall(r'(?:src|href|action)="/', text)


async def test_names_are_never_markup(daemon: SmallDaemon, visitor: Visitor):
    evil = await Tokens(daemon.database).add("<script>alert(1)</script>", Role.VIEWER, US)
    await visitor.log_in(evil)
    assert "<script>alert" not in await (await visitor.get())[1].text()


# --- TLS, proxies, and no login ---


async def test_tls_is_spoken_and_the_cookie_stays_with_it(at: Path, tokens, tmp_path: Path):
    made, key = tmp_path / "cert.pem", tmp_path / "key.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout",
         key, "-out", made, "-days", "2", "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"],
        check=True, capture_output=True, timeout=60,
    )  # fmt: skip
    async with web(at, tls_certificate=made, tls_key=key) as plain:
        assert plain.url.startswith("https://")
        trusted = aiohttp.TCPConnector(ssl=ssl.create_default_context(cafile=str(made)))
        async with stranger(plain.url, connector=trusted) as visitor:
            answer = await visitor.post("login", data={"token": tokens["viewer"]})
            assert answer.status == 303 and "Secure" in answer.headers["Set-Cookie"]
            async with visitor.dashboard() as dashboard:
                await dashboard.until("READ ONLY")


async def test_a_proxy_says_who_comes_and_whether_by_tls_only_where_it_is_believed(at: Path, tokens):
    forwarded = {"X-Forwarded-For": "198.51.100.9, 192.0.2.1", "X-Forwarded-Proto": "https"}
    async with web(at, behind_proxy=True) as visitor:
        for _ in range(MOST_FAILURES):
            assert await visitor.log_in("jobd_wrong", headers=forwarded) == 401
        other = {**forwarded, "X-Forwarded-For": "192.0.2.1, 192.0.2.2"}
        assert await visitor.log_in(tokens["viewer"], headers=forwarded) == 429
        answer = await visitor.post("login", data={"token": tokens["viewer"]}, headers=other)
        assert answer.status == 303 and "Secure" in answer.headers["Set-Cookie"]
    async with web(at) as visitor:
        for number in range(MOST_FAILURES):
            await visitor.log_in("jobd_wrong", headers={"X-Forwarded-For": f"192.0.2.{number}"})
        assert await visitor.log_in(tokens["viewer"], headers={"X-Forwarded-For": "192.0.2.99"}) == 429


async def test_without_a_login_only_this_machine_is_served_by_its_own_name(daemon: SmallDaemon, at: Path, tokens):
    async with web(at, login=False) as visitor:
        assert (await visitor.get())[0] == 200
        assert (await visitor.get("login"))[0] == 404
        for host in ("evil.example", "evil.example:80", "", "["):
            assert (await visitor.get(headers={"Host": host}))[0] in (400, 421)
        assert await refused(visitor, origin="http://evil.example") == 403
        async with visitor.dashboard() as dashboard:
            await dashboard.until("ready")
            assert "READ ONLY" not in dashboard.text


TLS = {"tls_certificate": Path("c"), "tls_key": Path("k")}


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"listen": "0.0.0.0:8647"}, "can be reached from other machines"),
        ({"listen": "[::]:8647"}, "can be reached from other machines"),
        ({"listen": "192.0.2.1:8647", "login": False, **TLS}, "without a login it stays on 127.0.0.1"),
        ({"login": False, "behind_proxy": True}, "whoever reaches the proxy would get in"),
        ({"tls_key": Path("k")}, "belong together"),
        ({"listen": "8647"}, "write it like 127.0.0.1:8647"),
        ({"listen": "127.0.0.1:99999"}, "is no port"),
        ({"path": "jobs"}, "begins with /"),
        ({"path": "//evil.example"}, "begins with /"),
        ({"path": "/../x"}, "begins with /"),
        ({"path": "/a{b}"}, "begins with /"),
        ({"path": "/" + "a" * 60 + "!"}, "begins with /"),
        ({"visitors": 0}, "1 to 32"),
        ({"visitors": 33}, "1 to 32"),
    ],
)
def test_an_open_door_is_refused_with_the_setting_that_closes_it(settings, words: str):
    with pytest.raises(NotServed, match=re.escape(words)):
        WebSettings(**{"socket": "s", "listen": "127.0.0.1:8647", **settings})


def test_beyond_this_machine_it_takes_tls_or_a_proxy():
    for more in (TLS, {"behind_proxy": True}):
        assert WebSettings(socket="s", listen="0.0.0.0:8647", **more).address == ("0.0.0.0", 8647)


async def test_an_address_that_is_taken_is_named(at: Path):
    async with web(at) as visitor:
        port = visitor.url.rstrip("/").rpartition(":")[2]
        with pytest.raises(NotServed, match=f"--listen 127.0.0.1:{port}: "):
            async with web(at, listen=f"127.0.0.1:{port}"):
                pass


# --- while it runs ---


async def test_a_dashboard_that_is_switched_off_ends_the_site(daemon: SmallDaemon, at: Path, monkeypatch):
    with pytest.raises(ExceptionGroup) as found:
        async with web(at, check_seconds=0.05) as visitor:
            assert (await visitor.get("login"))[0] == 200
            monkeypatch.setattr(daemon, "dashboard", DashboardSettings(enabled=False))
            await forever()
    assert found.group_contains(NotServed, match="switched off: \\[dashboard\\] enabled")


async def test_a_login_that_becomes_due_ends_the_site_without_one(daemon: SmallDaemon, at: Path, monkeypatch):
    monkeypatch.setattr(daemon, "dashboard", DashboardSettings(require_authentication=False))
    with pytest.raises(ExceptionGroup) as found:
        async with web(at, login=False, check_seconds=0.05) as visitor:
            assert (await visitor.get())[0] == 200
            monkeypatch.setattr(daemon, "dashboard", DashboardSettings())
            await forever()
    assert found.group_contains(NotServed, match="require_authentication = true")


async def forever() -> None:
    """Until the block around it is cancelled, or the test is over time."""
    async with asyncio.timeout(10):
        await asyncio.Event().wait()


async def test_who_looks_is_told_when_the_site_stops(at: Path, tokens):
    async with web(at) as visitor:
        await visitor.log_in(tokens["viewer"])
        async with visitor.dashboard() as dashboard:
            await dashboard.until("READ ONLY")
            (pid,) = children()
            url = visitor.url
    await gone(pid)
    async with stranger(url) as late:
        with pytest.raises(aiohttp.ClientConnectorError):
            await late.get()


async def test_the_daemon_may_go_and_come_while_somebody_looks(daemon: SmallDaemon, tmp_path: Path, tokens):
    place, known = tmp_path / "s.sock", Bearers(Tokens(daemon.database).valid)
    async with web(place, check_seconds=0.1) as visitor:
        assert await visitor.log_in(tokens["viewer"]) == 503
        async with served(daemon, place, tokens=known):
            assert await visitor.log_in(tokens["viewer"]) == 303
            dashboard = visitor.dashboard()
            eyes = await dashboard.__aenter__()
            await eyes.until("READ ONLY")
        await eyes.until("LOST")
        assert (await visitor.get())[0] == 200  # nobody says that the token is not valid
        async with served(daemon, place, tokens=known):
            await eyes.until("ready")
            await dashboard.__aexit__(None, None, None)


def test_the_url_names_the_port_that_was_free():
    settings = WebSettings(socket="s", listen="[::1]:0", path="/x/")
    assert settings.at(7) == replace(settings, listen="[::1]:7")
    assert settings.at(7).url == "http://[::1]:7/x/"
