"""Client.events and SyncClient.events over the real stream, and over one that breaks off."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Collection
from contextlib import aclosing
from pathlib import Path
from typing import Any

import pytest

from jobd.client import Client, Event, NewRun, NotRunning, Refused, SyncClient
from jobd.client.stream import Lines


async def told(kind: str, where: dict[str, Any], **more: Any) -> AsyncIterator[Event]:
    """The events of either client."""
    if kind == "Client":
        async with Client(**where) as client, aclosing(client.events(**more)) as events:
            async for event in events:
                yield event
        return
    events = SyncClient(**where).events(**more)
    try:
        while True:
            yield await asyncio.to_thread(next, events)
    finally:
        events.close()


both = pytest.mark.parametrize("kind", ["Client", "SyncClient"])


@both
async def test_how_things_stand_comes_first_and_then_what_happens(kind: str, daemon: Any, socket: Path) -> None:
    run, other = [await daemon.store.enqueue([NewRun(job="tidy")]) for _ in range(2)]
    async with asyncio.timeout(20), aclosing(told(kind, {"socket": socket}, runs=[*run])) as events:
        first = await anext(events)
        assert (first.kind, first.facts["runs"][0]["id"]) == ("snapshot", run[0])
        daemon.feed.publish("run.ended", id=other[0], state="failed")
        daemon.feed.publish("run.ended", id=run[0], state="succeeded")
        event = await anext(events)
    assert (event.kind, event.facts) == ("run.ended", {"id": run[0], "state": "succeeded"})


@both
async def test_a_call_with_the_last_id_goes_on_where_it_was(kind: str, daemon: Any, socket: Path) -> None:
    async with asyncio.timeout(20):
        async with aclosing(told(kind, {"socket": socket})) as events:
            assert (await anext(events)).kind == "snapshot"
            daemon.feed.publish("node.lost", id=1)
            seen = await until_kind(events, "node.lost")
        daemon.feed.publish("node.lost", id=2)
        async with aclosing(told(kind, {"socket": socket}, after=seen.id, kinds=["node.lost"])) as events:
            assert (await anext(events)).facts == {"id": 2}


@both
async def test_a_stream_that_breaks_off_is_taken_up_again_behind_its_last_event(kind: str) -> None:
    heads: list[bytes] = []
    begun = b'id: e-1\nevent: a\ndata: {"n": 1}\n\nid: e-2\nevent: b\nda'
    parts = [begun, b'id: e-2\nevent: b\ndata: {"n": 2}\n\n']

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heads.append(await reader.readuntil(b"\r\n\r\n"))
        part = parts[len(heads) - 1]
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n")
        writer.write(b"%x\r\n%s\r\n" % (len(part), part))
        await writer.drain()
        if len(heads) < len(parts):
            writer.close()

    server = await asyncio.start_server(talk, "127.0.0.1", 0)
    async with server, asyncio.timeout(20):
        url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        async with aclosing(told(kind, {"url": url})) as events:
            assert [(await anext(events)).facts["n"] for _ in parts] == [1, 2]
    assert b"last-event-id" not in heads[0].lower()
    assert b"last-event-id: e-1" in heads[1].lower()


@both
async def test_what_is_no_stream_is_an_error_and_not_tried_for_ever(kind: str, daemon: Any, socket: Path) -> None:
    with pytest.raises(Refused, match="kind"):
        await anext(told(kind, {"socket": socket}, kinds=["no.such"]))
    with pytest.raises(NotRunning):
        await anext(told(kind, {"socket": socket.with_name("gone.sock")}))


def test_comments_and_what_was_half_told_are_left_out() -> None:
    lines = Lines(None)
    assert taken(lines, b": nothing new", b"", b"retry: 1000", b"") == []
    (event,) = taken(lines, b"id: e-1\r\n", b"event: a\r\n", b'data: {"x": "\xc3\xa9"}\r\n', b"\r\n")
    assert (event, lines.last) == (Event(kind="a", facts={"x": "é"}, id="e-1"), "e-1")
    assert taken(lines, b"id: e-2", b"event: b") == []
    lines.broken()
    assert taken(lines, b"data: {}", b"") == [Event(kind="message")]
    assert lines.last == "e-1"


def taken(lines: Lines, *given: bytes) -> Collection[Event]:
    return [event for line in given if (event := lines.take(line))]


async def until_kind(events: AsyncIterator[Event], kind: str) -> Event:
    async for event in events:
        if event.kind == kind:
            return event
    raise AssertionError("the stream ended")
