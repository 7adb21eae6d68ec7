"""What the server does with those who may not, send too much, send nonsense or send nothing."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest
from serving import SmallDaemon, served

from jobd.api import connection, server
from jobd.api.routes import ROUTES
from jobd.errors import StoreUnavailable
from jobd.model.health import Level, Notice
from jobd.model.roles import Role


async def exchange(path: Path, raw: bytes) -> bytes:
    """What comes back for these bytes until the server closes."""
    reader, writer = await asyncio.open_unix_connection(str(path))
    try:
        async with asyncio.timeout(20):
            writer.write(raw)
            return await reader.read()
    except ConnectionResetError:
        return b""
    finally:
        writer.close()


def post(body: bytes, *more: str) -> bytes:
    head = ["POST /v1/runs HTTP/1.1", "Host: jobd", f"Content-Length: {len(body)}", *more]
    return "\r\n".join([*head, "", ""]).encode() + body


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b'{"job": "tidy", "job": "mail"}', "stands twice"),
        (b'{"job": "tidy", "args": {"batch": 1, "batch": 2}}', "stands twice"),
        (b'{"job": "tidy", "args": {"batch": NaN}}', "NaN is no JSON"),
        (b'{"job": "backup", "args": {"x": -Infinity}}', "-Infinity is no JSON"),
        (b'{"job": "backup", "args": {"x": 1e999}}', "inf is not a number"),
        (b'{"job": "backup", "args": {"x": ' + b"[" * 100_000 + b"]" * 100_000 + b"}}", "nested too deeply"),
        (b'{"job": "backup", "args": {"x": ' + b"[" * 200 + b"]" * 200 + b"}}", "nested deeper than 100"),
        (b'{"job": "backup", "args": {"x": ' + b"9" * 5000 + b"}}", "digit"),
        (b'{"job": "tidy"} {"job": "tidy"}', "Extra data"),
        (b'{"job": "\xff"}', "no JSON"),
        (b"\x00", "no JSON"),
        (b'"tidy"', "Enqueue"),
    ],
)
async def test_a_body_that_readers_could_disagree_on_is_refused(daemon, client, body, words):
    response = await client.post("/v1/runs", data=body)
    assert response.status == 400
    assert words in (await response.json())["error"]["message"]
    assert await daemon.database.fetchval("select count(*) from jobd.runs") == 0


async def test_a_body_of_more_than_a_mebibyte_is_refused_and_the_connection_closed(client, api_socket):
    answer = await exchange(api_socket, post(b"x" * 1_100_000))
    assert answer.startswith(b"HTTP/1.1 413")
    assert b"Connection: close" in answer


@pytest.mark.parametrize(
    "raw",
    [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(range(256)) + b"\r\n\r\n",
        b"GET /v1/status HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"GET /v1/status HTTP/1.1\r\nHost: a\r\nX: " + b"a" * 20_000 + b"\r\n\r\n",
        b"HELP\r\n\r\n",
    ],
)
async def test_garbage_gets_a_4xx_and_a_closed_connection(client, api_socket, raw):
    assert (await exchange(api_socket, raw)).split()[1].startswith(b"4")


async def test_a_half_request_does_not_hold_the_connection_and_nobody_else_waits(
    daemon: SmallDaemon, client, tmp_path, monkeypatch
):
    monkeypatch.setattr(connection, "IDLE_SECONDS", 0.2)
    async with served(daemon, tmp_path / "s.sock") as other:
        half = asyncio.create_task(exchange(tmp_path / "s.sock", b"GET /v1/status HTTP/1.1\r\nHo"))
        assert (await other.get("/livez")).status == 200
        assert await half == b""


async def test_a_body_that_never_comes_is_given_up(daemon: SmallDaemon, client, api_socket, monkeypatch):
    monkeypatch.setattr("jobd.api.bodies.BODY_SECONDS", 0.1)
    answer = await exchange(api_socket, b"POST /v1/runs HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\n{")
    assert answer.startswith(b"HTTP/1.1 408")
    assert b"Connection: close" in answer


async def test_too_many_connections_of_one_user_are_closed_and_the_others_stay(
    daemon: SmallDaemon, tmp_path, monkeypatch
):
    monkeypatch.setattr(connection, "CONNECTIONS_PER_USER", 3)
    async with served(daemon, tmp_path / "s.sock") as client:
        assert (await client.get("/livez")).status == 200  # a kept connection is one of the three
        open_ones = [await asyncio.open_unix_connection(str(tmp_path / "s.sock")) for _ in range(3)]
        async with asyncio.timeout(5):
            assert await open_ones[2][0].read() == b""
        assert (await client.get("/livez")).status == 200
        open_ones[0][1].close()
        async with asyncio.timeout(5):
            while (await exchange(tmp_path / "s.sock", b"GET /livez HTTP/1.0\r\n\r\n"))[:12] != b"HTTP/1.0 200":
                await asyncio.sleep(0)  # until the server has seen the goodbye
        for _, writer in open_ones:
            writer.close()


AS_NOBODY = """
import os, socket, sys
os.setgid(65534); os.setuid(65534)
with socket.socket(socket.AF_UNIX) as s:
    s.connect(sys.argv[1])
    s.sendall(f"{sys.argv[2]} {sys.argv[3]} HTTP/1.1\\r\\nHost: jobd\\r\\nContent-Length: 0\\r\\n\\r\\n".encode())
    sys.stdout.buffer.write(s.recv(65536))
"""


@pytest.fixture
async def open_socket(daemon: SmallDaemon) -> AsyncIterator[Path]:
    """A socket that other users can reach: only the server's own check stands between them and the daemon."""
    from jobd.testing.postgres import open_directory

    with open_directory() as directory:
        async with served(daemon, directory / "s.sock"):
            (directory / "s.sock").chmod(0o666)
            yield directory / "s.sock"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
async def test_another_user_gets_403_on_every_route_and_on_paths_that_do_not_exist(open_socket: Path):
    for method, path in [*((route.method, route.path) for route in ROUTES), ("GET", "/v1/secret"), ("PUT", "/livez")]:
        path = path.replace("{id:[0-9]{1,19}}", "1").replace("{name}", "tidy")
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-c", AS_NOBODY, str(open_socket), method, path, stdout=asyncio.subprocess.PIPE
        )
        answer, _ = await process.communicate()
        assert answer.startswith(b"HTTP/1.1 403"), (method, path, answer)
        error = json.loads(answer.partition(b"\r\n\r\n")[2])["error"]
        assert error["code"] == "forbidden" and "65534" in error["message"]


async def test_each_role_may_what_its_routes_say(daemon: SmallDaemon, tmp_path):
    from contextlib import AsyncExitStack

    async with AsyncExitStack() as stack:
        for role in (Role.VIEWER, Role.OPERATOR, Role.ADMIN):
            path = tmp_path / f"{role}.sock"
            await stack.enter_async_context(server.control_socket(path, daemon, role_of=lambda u, g, role=role: role))
            connector = aiohttp.UnixConnector(path=str(path))
            client = await stack.enter_async_context(aiohttp.ClientSession("http://jobd", connector=connector))
            for route in ROUTES:
                target = route.path.replace("{id:[0-9]{1,19}}", "1").replace("{name}", "tidy")
                response = await client.request(route.method, target)
                assert (response.status == 403) == (role < route.role), (role, route)


async def test_every_answer_names_the_api_and_the_daemon(client):
    for path in ("/v1/status", "/nowhere", "/v1/runs/1"):
        response = await client.get(path)
        assert response.headers["Jobd-Api"] == "1"
        assert response.headers["Jobd-Version"]


async def test_unknown_paths_and_methods_are_said_in_json(client):
    response = await client.get("/v1/__class__")
    assert (response.status, (await response.json())["error"]["code"]) == (404, "no_such_path")
    response = await client.delete("/v1/runs")
    assert (response.status, (await response.json())["error"]["code"]) == (405, "method_not_allowed")
    assert response.headers["Allow"] == "GET, POST"


async def test_readiness_tells_its_reasons(client, daemon: SmallDaemon):
    assert (await client.get("/readyz")).status == 200
    daemon.notices = (Notice(level=Level.INFO, code="mail_disabled", message="mail is disabled"),)
    assert (await client.get("/readyz")).status == 200
    daemon.notices = (Notice(level=Level.ERROR, code="paused", message="a copy"),)
    response = await client.get("/readyz")
    assert response.status == 503
    assert (await response.json())["notices"][0]["code"] == "paused"
    assert (await client.get("/livez")).status == 200


async def test_status_answers_while_postgres_does_not(client, daemon: SmallDaemon, monkeypatch):
    whole = await (await client.get("/v1/status")).json()
    assert whole["counts"]["queued"] == {"count": 0, "more": False} and whole["store_error"] is None

    async def gone() -> None:
        raise StoreUnavailable("Postgres: connection refused")

    monkeypatch.setattr(daemon.views, "counts", gone)
    part = await (await client.get("/v1/status")).json()
    assert part["counts"] is None and "refused" in part["store_error"]
    assert part["health"]["name"] == "test"
