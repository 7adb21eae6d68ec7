"""Connections to `jobctl web` that say little, nothing, or nonsense: they end, and nobody else is locked out."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
from serving import SmallDaemon, served
from support.visitors import Visitor, web
from yarl import URL

from jobd.api.bearers import Bearers
from jobd.dashboard.web import connection, login
from jobd.model.change import Actor
from jobd.model.roles import Role
from jobd.store.tokens import Tokens

US = Actor(name="test", uid=0)


@pytest.fixture
async def visitor(daemon: SmallDaemon, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Visitor]:
    monkeypatch.setitem(connection.LIMITS, "keepalive_timeout", 0.3)
    monkeypatch.setattr(login, "BODY_SECONDS", 0.3)
    tokens = Bearers(Tokens(daemon.database).valid)
    async with served(daemon, tmp_path / "s.sock", tokens=tokens), web(tmp_path / "s.sock", path="/jobs") as visitor:
        yield visitor


async def sent(visitor: Visitor, text: bytes, *, address: str = "127.0.0.1") -> bytes:
    """What comes back until the connection is closed, which it has to be."""
    url = URL(visitor.url)
    async with asyncio.timeout(10):
        reader, writer = await asyncio.open_connection(url.host, url.port, local_addr=(address, 0))
        writer.write(text.replace(b"HOST", f"{url.host}:{url.port}".encode()))
        answer = await reader.read()
        writer.close()
        return answer


async def test_a_connection_that_says_nothing_or_half_a_head_is_closed(visitor: Visitor):
    assert await sent(visitor, b"") == b""
    assert await sent(visitor, b"GET /jobs/login HTTP/1.1\r\nHost: HO") == b""


async def test_a_form_that_does_not_come_to_its_end_is_answered_and_closed(visitor: Visitor):
    head = b"POST /jobs/login HTTP/1.1\r\nHost: HOST\r\nOrigin: http://HOST\r\nConnection: close\r\n"
    head += b"Content-Length: 99\r\n"
    answer = await sent(visitor, head + b"Content-Type: application/x-www-form-urlencoded\r\n\r\ntoken=")
    assert answer.startswith(b"HTTP/1.1 408 ") and b"did not come in time" in answer


@pytest.mark.parametrize(
    "kind", ["multipart/form-data", "multipart/form-data; boundary=x", "text/plain", "application/json", "nonsense"]
)
async def test_a_form_that_no_browser_sends_is_refused_and_counts_as_a_failure(visitor: Visitor, kind: str, caplog):
    headers = {"Origin": visitor.origin, "Content-Type": kind}
    found = []
    for _ in range(7):
        async with visitor.http.post(f"{visitor.url}login", data=b"token=x", headers=headers) as answer:
            found.append(answer.status)
    assert found[0] == 400 and found[-1] == 429
    assert "Traceback" not in caplog.text


async def test_a_charset_that_nobody_knows_is_no_error_of_ours(visitor: Visitor, caplog):
    headers = {"Origin": visitor.origin, "Content-Type": "application/x-www-form-urlencoded; charset=nonsense"}
    async with visitor.http.post(f"{visitor.url}login", data=b"token=x", headers=headers) as answer:
        assert answer.status == 400
    assert "Traceback" not in caplog.text


async def test_many_connections_of_one_address_lock_nobody_else_out(
    visitor: Visitor, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setitem(connection.LIMITS, "keepalive_timeout", 60.0)
    url = URL(visitor.url)
    async with AsyncExitStack() as stack:
        for _ in range(connection.MOST_PER_ADDRESS):
            _, writer = await asyncio.open_connection(url.host, url.port, local_addr=("127.0.0.2", 0))
            stack.callback(writer.close)
        ask = b"GET /jobs/login HTTP/1.1\r\nHost: HOST\r\nConnection: close\r\n\r\n"
        assert await sent(visitor, ask, address="127.0.0.2") == b""
        assert (await sent(visitor, ask)).startswith(b"HTTP/1.1 200 ")


async def test_a_name_too_long_for_any_file_is_not_found(daemon: SmallDaemon, visitor: Visitor, caplog):
    token = await Tokens(daemon.database).add("v", Role.VIEWER, US)
    await visitor.log_in(token)
    for path in ("page/" + "x" * 300, "terminal/" + "y" * 5000):
        assert (await visitor.get(path))[0] == 404
    assert "Traceback" not in caplog.text


async def test_two_dashboards_on_one_host_do_not_log_each_other_out(
    daemon: SmallDaemon, tmp_path: Path, visitor: Visitor
):
    token = await Tokens(daemon.database).add("v", Role.VIEWER, US)
    await visitor.log_in(token)
    async with web(tmp_path / "s.sock", path="/jobs") as second:
        other = Visitor(visitor.http, second.url)
        await other.log_in(token)
        assert (await visitor.get())[0] == (await other.get())[0] == 200
