"""/v1/events: server-sent events. First how things stand, then every change; the last id goes on where it was."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Any

from aiohttp import web

from jobd.api.app import caller, control
from jobd.api.bodies import query
from jobd.api.control import Control
from jobd.api.feed import Event, Overtaken
from jobd.api.wire import to_json
from jobd.api.wishes import EventsQuery

QUIET_SECONDS = 15.0
"""After so much silence a comment goes out: it keeps the way open, and shows who has gone."""
WRITE_SECONDS = 10.0
"""Who reads nothing for so long is sent away; what is unread is bounded by the connection's buffer."""
AGAIN_MS = 1000


async def followed(request: web.Request) -> web.StreamResponse:
    """The stream; it ends when the reader leaves, is too slow or let in no more, or the daemon stops."""
    wanted, daemon, who = query(request, EventsQuery), control(request), caller(request)
    feed = daemon.feed
    place = feed.place(request.headers.get("Last-Event-ID"))
    here = feed.enter()
    try:
        first = [] if place is not None else [await _snapshot(daemon, wanted, here)]
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream", "X-Accel-Buffering": "no"})
        await response.prepare(request)
        await _send(response, f"retry: {AGAIN_MS}\n\n".encode() + b"".join(first))
        async for batch in feed.after(here if place is None else place, QUIET_SECONDS):
            if not await who.still():
                break
            await _send(response, b"".join(_written(feed.epoch, batch, wanted)) or b": nothing new\n\n")
    except (Overtaken, TimeoutError, ConnectionResetError):
        if request.transport is not None:
            request.transport.abort()  # a polite end would wait for what is not being read
        raise asyncio.CancelledError from None
    finally:
        feed.leave()
    return response


async def _send(response: web.StreamResponse, text: bytes) -> None:
    async with asyncio.timeout(WRITE_SECONDS):
        await response.write(text)


async def _snapshot(daemon: Control, wanted: EventsQuery, here: int) -> bytes:
    """How things stand, taken after `here`: what changed meanwhile comes once more as an event."""
    if wanted.run:
        facts: dict[str, Any] = {"runs": [await daemon.views.runs.one(run) for run in sorted(wanted.run)]}
    else:
        views = daemon.views
        facts = {
            "counts": await views.counts(),
            "queues": await views.queues(),
            "nodes": [node for node in await views.nodes() if node.alive],
        }
    return _event(daemon.feed.epoch, here, "snapshot", facts)


def _written(epoch: str, batch: Iterable[Event], wanted: EventsQuery) -> Iterable[bytes]:
    for event in batch:
        if wanted.kind is not None and event.kind not in wanted.kind:
            continue
        if wanted.run and not (event.kind == "overflow" or _about(event, wanted.run)):
            continue
        yield _event(epoch, event.number, event.kind, event.facts)


def _about(event: Event, runs: frozenset[int]) -> bool:
    return event.kind.startswith("run.") and event.facts.get("id") in runs


def _event(epoch: str, number: int, kind: str, facts: dict[str, Any]) -> bytes:
    return b"id: %s-%d\nevent: %s\ndata: %s\n\n" % (epoch.encode(), number, kind.encode(), to_json(facts))
