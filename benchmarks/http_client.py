"""The callers of `http.py`, in a process of their own: SOCKET CALLERS COUNT BATCH → seconds, as JSON."""

from __future__ import annotations

import asyncio
import json
import sys
import time
from typing import Any

import aiohttp
import uvloop

NO_ROUTE = 3
"""Exit status: the daemon does not know the path."""
RUNS = "/v1/runs"
JSON = {"Content-Type": "application/json"}


def bodies(count: int, batch: int) -> list[bytes]:
    """What is sent, made before the clock starts."""
    runs: list[dict[str, Any]] = [{"job": "noop", "args": {"user_id": number}} for number in range(count)]
    if batch == 1:
        return [json.dumps(run).encode() for run in runs]
    return [json.dumps(runs[first : first + batch]).encode() for first in range(0, count, batch)]


async def post(client: aiohttp.ClientSession, path: str, body: bytes) -> None:
    async with client.post(path, data=body, headers=JSON) as answer:
        said = await answer.text()
        if answer.status in (404, 405):
            sys.exit(NO_ROUTE)
        if answer.status not in (200, 201):
            sys.exit(f"{path} answered {answer.status}: {said[:500]}")


async def main(socket: str, callers: int, count: int, batch: int) -> dict[str, float]:
    """All of it; each caller has one request under way at a time, on a connection that it keeps."""
    todo, path = bodies(count, batch), RUNS
    connector = aiohttp.UnixConnector(path=socket, limit=callers)
    async with aiohttp.ClientSession("http://jobd", connector=connector) as client:

        async def caller(number: int) -> None:
            for body in todo[number::callers]:
                await post(client, path, body)

        async def together(calls: list[Any]) -> None:
            async with asyncio.TaskGroup() as group:
                for call in calls:
                    group.create_task(call)

        await together([post(client, path, todo[0]) for _ in range(callers)])
        began = time.perf_counter()
        await together([caller(number) for number in range(callers)])
        return {"seconds": time.perf_counter() - began, "warm": callers * batch}


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        print(json.dumps(runner.run(main(sys.argv[1], *map(int, sys.argv[2:])))))
