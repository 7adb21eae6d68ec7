"""Those who mean harm, or are broken: the others do not notice, and nothing of it reaches a log line or a shell."""

from __future__ import annotations

import asyncio
import gc
import io
import logging
import os
import random
from pathlib import Path
from urllib.parse import quote

import pytest
from serving import SmallDaemon, served

from jobd.logs import JsonFormatter, TextFormatter
from jobd.model.run import NewRun


def memory() -> int:
    """Resident bytes of this process."""
    gc.collect()
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


async def nonsense(path: Path, rng: random.Random) -> None:
    """One broken client: random bytes, half a request, a connection that says nothing or never reads."""
    try:
        reader, writer = await asyncio.open_unix_connection(str(path))
    except OSError:
        return
    try:
        match rng.randrange(4):
            case 0:
                writer.write(rng.randbytes(rng.randrange(1, 20_000)))
            case 1:
                writer.write(b"POST /v1/runs HTTP/1.1\r\nHost: a\r\nContent-Length: 50000\r\n\r\n{" + b" " * 100)
            case 2:
                writer.write(b"GET /v1/events HTTP/1.1\r\nHost: a\r\n\r\n" * rng.randrange(1, 30))
        await asyncio.sleep(0)
        if rng.random() < 0.5:
            async with asyncio.timeout(0.02):
                await reader.read(100)
    except (OSError, TimeoutError):
        pass
    finally:
        writer.transport.abort()


async def test_a_thousand_broken_clients_cost_no_memory_and_nobody_waits_for_them(
    daemon: SmallDaemon, client, tmp_path
) -> None:
    """The polite client has a site of its own user's room: the broken ones may not fill it."""
    rng, path = random.Random(20261123), tmp_path / "s.sock"
    loop = asyncio.get_running_loop()
    async with served(daemon, path):
        for _ in range(200):  # what is allocated once
            await nonsense(path, rng)
        before, slowest = memory(), 0.0
        for _ in range(20):
            async with asyncio.TaskGroup() as group:
                for _ in range(50):
                    group.create_task(nonsense(path, rng))
            start = loop.time()
            assert (await client.get("/v1/status")).status == 200
            slowest = max(slowest, loop.time() - start)
        assert memory() - before < 20_000_000
        assert slowest < 1.0


@pytest.mark.parametrize("form", [TextFormatter, JsonFormatter])
@pytest.mark.parametrize("name", ["low\nERROR forged", "low\x1b]0;owned\x07", "low\u2028x", "low\r\nx", "a\x9b31m"])
async def test_what_a_caller_sends_makes_one_line_of_the_log_and_no_escape(
    client, daemon: SmallDaemon, form, name, monkeypatch
) -> None:
    written = io.StringIO()
    handler = logging.StreamHandler(written)
    handler.setFormatter(form(dict))
    guard = logging.getLogger("jobd.api.guard")
    monkeypatch.setattr(guard, "handlers", [handler])
    monkeypatch.setattr(guard, "level", logging.INFO)
    guard.manager._clear_cache()
    assert (await client.post(f"/v1/queues/{quote(name)}/resume")).status == 404
    (line,) = written.getvalue().removesuffix("\n").split("\n")
    assert "/resume" in line
    assert line.isprintable()


@pytest.mark.parametrize("job", ["os.system", "jobd.testing:main", "__import__", "tidy; touch /tmp/x", "../tidy"])
async def test_a_payload_names_no_code(client, daemon: SmallDaemon, job) -> None:
    """Kinds are registered names, and nothing is imported or evaluated on behalf of a caller."""
    response = await client.post("/v1/runs", json={"job": job, "args": {"__class__": "os.system"}})
    assert (response.status, (await response.json())["error"]["code"]) == (404, "unknown_job")


@pytest.mark.parametrize("path", ["/v1/__class__", "/v1/runs/__init__", "/v1/queues/__dict__", "/v1/outbox/__call__"])
async def test_attributes_are_no_paths(client, path) -> None:
    for method in ("GET", "POST", "PUT", "DELETE"):
        assert (await client.request(method, path)).status in (404, 405)


async def test_what_a_filter_holds_never_becomes_sql(client, daemon: SmallDaemon) -> None:
    await daemon.enqueue(NewRun(job="tidy"))
    for text in ("job:';drop table jobd.runs--", 'error:"%\'; select pg_sleep(9)--"', "arg.a'b:1", 'x"', "$1 \\"):
        assert (await client.get("/v1/runs", params={"filter": text})).status in (200, 400)
    assert await daemon.database.fetchval("select count(*) from jobd.runs") == 1
