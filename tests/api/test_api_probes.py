"""What monitors ask with HEAD, what tells nothing to wait for, and what nobody foresaw."""

from __future__ import annotations

import logging
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from jobd.api.refusals import errors


async def refused(client: aiohttp.ClientSession, path: str, body: dict[str, Any]) -> str:
    response = await client.post(path, json=body)
    assert response.status == 400, await response.text()
    return str((await response.json())["error"]["message"])


@pytest.mark.parametrize("path", ["/livez", "/readyz", "/metrics"])
async def test_a_probe_may_ask_for_the_head_alone(client: aiohttp.ClientSession, path: str):
    whole, head = await client.get(path), await client.head(path)
    assert (head.status, head.content_type, await head.read()) == (whole.status, whole.content_type, b"")
    assert head.headers["Jobd-Api"] == "1"


async def test_a_stream_has_no_head(client: aiohttp.ClientSession):
    response = await client.head("/v1/events")
    assert (response.status, response.headers["Allow"]) == (405, "GET")


@pytest.mark.parametrize("at", [0, 1795487222, "1795487222", -5, "1e-5", True, [], "tomorrow"])
async def test_an_instant_is_written_and_no_number(client: aiohttp.ClientSession, at: object):
    said = await refused(client, "/v1/runs", {"job": "tidy", "at": at})
    assert said == 'at: this is no instant; write it with its offset, like "2026-12-01T08:00:00Z"'
    assert (await refused(client, "/v1/queues/low/pause", {"until": at})).startswith("until: this is no instant")


@pytest.mark.parametrize("lasts", ["0s", 0, "0", "0.0000001s"])
async def test_a_token_that_would_be_expired_when_it_is_made_is_not_made(client: aiohttp.ClientSession, lasts: object):
    body = {"name": "short", "role": "viewer", "lasts": lasts}
    assert await refused(client, "/v1/tokens", body) == "lasts: a token that lasts no time opens nothing"
    assert (await (await client.get("/v1/tokens")).json())["tokens"] == []


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/v1/runs", {"job": "tidy", "delay": []}),
        ("/v1/queues/low/pause", {"for": {}}),
        ("/v1/tokens", {"name": "x", "role": "viewer", "lasts": []}),
    ],
)
async def test_what_is_no_length_at_all_is_told_how_one_is_written(
    client: aiohttp.ClientSession, path: str, body: dict[str, Any]
):
    assert 'write it like "30s"' in await refused(client, path, body)


async def test_what_nobody_foresaw_is_told_in_the_one_shape_and_its_traceback_is_in_the_log(
    caplog: pytest.LogCaptureFixture,
):
    async def stumbles(request: web.Request) -> web.Response:
        raise KeyError("card 4242")

    app = web.Application(middlewares=[errors])
    app.router.add_get("/stumbles", stumbles)
    async with TestClient(TestServer(app)) as asked:
        with caplog.at_level(logging.ERROR, "jobd.api"):
            response = await asked.get("/stumbles")
        error = (await response.json())["error"]
    assert (response.status, error["code"], error["message"]) == (500, "error", "KeyError in jobd")
    assert error["hint"] == "the daemon's log has the traceback"
    (line,) = [record for record in caplog.records if record.message == "request failed"]
    assert line.exc_info is not None and "card 4242" in str(line.exc_info[1])
