"""/v1/events: a snapshot and then changes; who comes back misses nothing, and who is slow is sent away."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

import aiohttp
import pytest
from serving import SmallDaemon, served
from support.waiting import until

from jobd.api import feed as feeds
from jobd.model.run import NewRun

Heard = tuple[str, str, Any]
"""(id, kind, facts)"""


class Stream:
    """A reader of events."""

    def __init__(self, response: aiohttp.ClientResponse) -> None:
        self._response = response

    async def next(self) -> Heard:
        """The next event."""
        fields: dict[str, str] = {}
        async with asyncio.timeout(10):
            while True:
                line = (await self._response.content.readline()).decode()
                if line == "":
                    raise EOFError
                if line == "\n" and "event" in fields:
                    return fields["id"], fields["event"], json.loads(fields["data"])
                name, _, value = line.rstrip("\n").partition(": ")
                fields[name] = value

    async def until(self, kind: str, **facts: Any) -> Heard:
        """The next event of this kind with these facts."""
        while True:
            heard = await self.next()
            if heard[1] == kind and all(heard[2].get(name) == value for name, value in facts.items()):
                return heard


@asynccontextmanager
async def listening(client: aiohttp.ClientSession, last: str | None = None, **query: str) -> AsyncIterator[Stream]:
    headers = {"Last-Event-ID": last} if last else {}
    async with client.get("/v1/events", params=query, headers=headers) as response:
        assert response.status == 200, await response.text()
        yield Stream(response)


async def test_a_stream_begins_with_how_things_stand(client, daemon: SmallDaemon) -> None:
    await daemon.enqueue(NewRun(job="tidy"))
    async with listening(client) as stream:
        _, kind, facts = await stream.next()
    assert kind == "snapshot"
    assert facts["counts"]["queued"]["count"] == 1
    assert {queue["name"] for queue in facts["queues"]} == {"default", "low"}


async def added(stream: Stream, daemon: SmallDaemon) -> int:
    """A run whose addition was heard; what came before the first look at Postgres is no news, the next one is."""
    runs = []
    while True:
        run, _ = await daemon.enqueue(NewRun(job="tidy"))
        runs.append(run)
        with suppress(TimeoutError):
            async with asyncio.timeout(2.5):
                while (heard := (await stream.until("run.added"))[2]["id"]) not in runs:
                    pass
                return int(heard)


async def test_what_happens_in_postgres_and_here_is_heard(client, daemon: SmallDaemon) -> None:
    async with listening(client) as stream:
        await stream.until("snapshot")
        daemon.feed.publish("run.ended", id=1, job="tidy", state="succeeded")
        assert (await stream.until("run.ended"))[2]["id"] == 1
        # looked for once a second: added elsewhere, ended on another node, changed by an operator
        await daemon.database.execute("select setval('jobd.run_ids', 1000)")  # no id that another test has used
        run = await added(stream, daemon)
        await daemon.ended(run, "failed", error="ValueError: x")
        heard = (await stream.until("run.ended", id=run))[2]
        assert (heard["state"], heard["error"]) == ("failed", "ValueError: x")
        await client.post("/v1/queues/low/pause", json={"reason": "r"})
        assert (await stream.until("change"))[2]["action"] == "queue.pause"


async def test_who_comes_back_with_the_last_id_goes_on_there(client, daemon: SmallDaemon) -> None:
    async with listening(client) as stream:
        await stream.until("snapshot")
        daemon.feed.publish("run.ended", id=1)
        last, _, _ = await stream.until("run.ended", id=1)
    daemon.feed.publish("run.ended", id=2)
    async with listening(client, last) as stream:
        heard = await stream.next()
    assert (heard[1], heard[2]["id"]) == ("run.ended", 2)


@pytest.mark.parametrize("last", ["other-1", "nonsense", "{epoch}-999999999", "{epoch}-x"])
async def test_an_id_that_means_nothing_here_begins_anew(client, daemon: SmallDaemon, last: str) -> None:
    async with listening(client, last.format(epoch=daemon.feed.epoch)) as stream:
        assert (await stream.next())[1] == "snapshot"


async def test_a_stream_of_one_run_tells_of_that_run_alone(client, daemon: SmallDaemon) -> None:
    run, _ = await daemon.enqueue(NewRun(job="tidy"))
    async with listening(client, run=str(run)) as stream:
        assert (await stream.next())[2]["runs"][0]["id"] == run
        daemon.feed.publish("run.ended", id=run + 1)
        daemon.feed.publish("run.ended", id=run)
        assert (await stream.next())[2]["id"] == run


async def test_a_stream_may_want_some_kinds_only(client, daemon: SmallDaemon) -> None:
    async with listening(client, kind="run.ended") as stream:
        await stream.next()
        daemon.feed.publish("run.retrying", id=1)
        daemon.feed.publish("run.ended", id=2)
        assert (await stream.next())[2]["id"] == 2
    response = await client.get("/v1/events", params={"kind": "run.exploded"})
    assert response.status == 400


async def test_a_reader_that_does_not_read_is_sent_away_and_the_others_hear_all(
    daemon: SmallDaemon, client, tmp_path, monkeypatch
) -> None:
    """What a slow follower leaves unread is bounded by the ring and by its connection's buffer."""
    # shorter than in earnest, and long enough for the reader that reads, on a machine with much else to do
    monkeypatch.setattr("jobd.api.events.WRITE_SECONDS", 2.0)
    path = tmp_path / "s.sock"
    async with served(daemon, path):
        reader, writer = await asyncio.open_unix_connection(str(path), limit=1024)
        try:
            writer.write(b"GET /v1/events HTTP/1.1\r\nHost: jobd\r\n\r\n")
            await reader.readuntil(b"snapshot")
            async with listening(client, kind="run.ended") as stream:
                await stream.next()
                filler = "x" * 300
                for number in range(3 * 4000):
                    daemon.feed.publish("run.ended", id=number, job=filler)
                    if number % 1000 == 0:
                        await asyncio.sleep(0)
                heard = [(await stream.next())[2]["id"] for _ in range(3 * 4000)]
                assert heard == list(range(3 * 4000))
                await until(lambda: daemon.feed._readers == 1, what="the slow reader's end")
        finally:
            writer.transport.abort()
    daemon.feed._closed = False  # the second site has closed the feed that both share


async def test_a_reader_that_the_ring_has_overtaken_is_told_so() -> None:
    feed = feeds.Feed()
    place = feed.enter()
    for number in range(feeds.RING + 1):
        feed.publish("run.ended", id=number)
    with pytest.raises(feeds.Overtaken):
        async for _ in feed.after(place, 1.0):
            pass


async def test_nothing_is_written_down_when_nobody_has_listened_for_a_minute(monkeypatch) -> None:
    feed = feeds.Feed()
    assert not feed.wanted
    feed.enter()
    feed.publish("run.ended", id=1)
    feed.leave()
    feed.rest()
    assert feed.wanted and feed.place(f"{feed.epoch}-0") == 0  # a reader may come back
    monkeypatch.setattr(feeds, "LINGER_SECONDS", -1.0)
    feed.rest()
    assert not feed.wanted and not feed.asked.is_set() and feed.place(f"{feed.epoch}-0") is None


async def test_every_stream_ends_when_the_daemon_stops(daemon: SmallDaemon, client, tmp_path) -> None:
    path = tmp_path / "s.sock"
    async with aiohttp.ClientSession("http://jobd", connector=aiohttp.UnixConnector(path=str(path))) as other:
        async with served(daemon, path):
            response = await other.get("/v1/events")
            stream = Stream(response)
            await stream.next()
        with pytest.raises((EOFError, aiohttp.ClientError)):
            while True:
                await stream.next()
    daemon.feed._closed = False
