"""Once a second, while somebody listens: what happened on other nodes and in Postgres goes into the feed."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Collection, Hashable, Iterable
from contextlib import suppress
from typing import Any

from jobd.api.feed import Feed
from jobd.errors import StoreUnavailable
from jobd.model.reports import Counts
from jobd.store.events import Mark, Row
from jobd.store.views import Views

LOOK_EVERY = 1.0
REMEMBERED = 50_000
"""What was told in the last looks, so that their overlap tells nothing twice."""


class Told:
    """The latest things that were told."""

    def __init__(self) -> None:
        self._order: deque[Hashable] = deque()
        self._known: set[Hashable] = set()

    def fresh(self, thing: Hashable) -> bool:
        """True the first time."""
        if thing in self._known:
            return False
        self._known.add(thing)
        self._order.append(thing)
        if len(self._order) > REMEMBERED:
            self._known.discard(self._order.popleft())
        return True


class Watching:
    """Looks for news and publishes them; the nodes `own` of this process tell of their endings themselves."""

    def __init__(self, feed: Feed, views: Views, own: Callable[[], Collection[int]]) -> None:
        self._feed, self._views, self._own = feed, views, own
        self._told = Told()
        self._nodes: dict[int, str] | None = None
        self._counts: Counts | None = None

    async def look(self) -> None:
        """Goes on until cancelled; costs nothing while nobody listens."""
        while True:
            await self._feed.asked.wait()
            with suppress(StoreUnavailable):  # whoever listens hears nothing while there is nothing to hear
                mark = await self._begin()
                while self._feed.asked.is_set():
                    await asyncio.sleep(LOOK_EVERY)
                    mark = await self._round(mark)
                    self._feed.rest()
            await asyncio.sleep(LOOK_EVERY)

    async def _begin(self) -> Mark:
        """What is there already is no news."""
        self._nodes = self._counts = None
        mark = await self._views.events.begin()
        news = await self._views.events.since(mark, ())
        for kind, rows in (("added", news.added), ("started", news.started), ("ended", news.ended)):
            for row in rows:
                self._told.fresh(_name(kind, row))
        self._see_nodes(news.nodes)
        return news.mark

    async def _round(self, mark: Mark) -> Mark:
        news = await self._views.events.since(mark, self._own())
        if news.overflowed:
            self._feed.publish("overflow")
        for kind, rows in (("added", news.added), ("started", news.started), ("ended", news.ended)):
            for row in rows:
                if self._told.fresh(_name(kind, row)):
                    self._feed.publish(f"run.{kind}", **row)
        for change in news.changes:
            self._feed.publish("change", **change)
        self._see_nodes(news.nodes)
        if (counts := await self._views.counts()) != self._counts:
            self._counts = counts
            self._feed.publish("counts", counts=counts)
        return news.mark

    def _see_nodes(self, rows: Iterable[Row]) -> None:
        seen = {row["id"]: _standing(row) for row in rows}
        names = {row["id"]: row["name"] for row in rows}
        for node, standing in seen.items():
            if self._nodes is not None and self._nodes.get(node) != standing:
                self._feed.publish(f"node.{standing}", id=node, name=names[node])
        self._nodes = seen


def _standing(row: Row) -> str:
    return "joined" if not row["lost"] else "left" if row["departed"] else "lost"


def _name(kind: str, row: Row) -> tuple[Any, ...]:
    return (kind, row["id"], row["attempt"])
