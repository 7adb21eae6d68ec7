"""Bulks in Postgres: begin, take, do one batch, stop. A batch and the cursor behind it are one transaction."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from jobd.errors import Conflict, NotFound
from jobd.model.bulk import Bulk, BulkAction, bounded, most
from jobd.model.change import Action, Actor
from jobd.model.filter import Filter, parse_filter
from jobd.model.privacy import Mask
from jobd.statements import statements
from jobd.store.audit import note
from jobd.store.database import Database
from jobd.store.run_rows import Cursor
from jobd.store.run_search import RunSearch
from jobd.store.run_search import sql as search_sql
from jobd.store.runs import sql as runs_sql

sql = statements("jobd.store.sql", "bulk")

BATCH = 500
HELD = timedelta(seconds=30)
"""A worker that has not ended a batch for so long has gone: another goes on from its cursor."""
SEARCH_SECONDS = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """What one batch did."""

    over: bool
    nodes: frozenset[int] = frozenset()
    """Whose runs are to be ended."""
    queues: frozenset[str] = frozenset()
    """Where runs came to."""
    ended: tuple[int, ...] = ()
    """Runs that are over by it."""


class Bulks:
    """Every method is atomic and safe from many nodes at once."""

    def __init__(self, database: Database, mask: Mask) -> None:
        """`mask` hides from a bulk what no answer shows: how many runs it finds would tell."""
        self._database = database
        self._search = RunSearch(database, mask, seconds=SEARCH_SECONDS)
        self._counting = asyncio.Lock()
        """One at a time: counting millions takes seconds, and one connection of those that jobs end by."""

    async def begin(
        self,
        action: BulkAction,
        chosen: Filter,
        expected: int,
        who: Actor,
        *,
        queue: str | None = None,
        reason: str | None = None,
        journal: Action | None = None,
    ) -> Bulk:
        """Write down what is to be done; a node's loop does it.

        Raises:
            ValueError: the action is for none of the states that the filter names.
            Conflict: more than a tenth more runs match than `expected`, or the filter looks into a masked argument.
        """
        fitting = bounded(action, chosen)
        # relative times count from here, and what comes later is left alone: no run is retried for failing again
        now = await self._database.fetchval(search_sql.now)
        async with self._counting:
            found, _ = await self._search.count(_until(fitting.at(now), now), most=most(expected))
        if found.more:
            raise Conflict(f"more than {most(expected)} runs match by now, and {expected} were expected: look again")
        async with self._database.transaction() as tx:
            bulk = await tx.fetchval(
                sql.add, action.value, chosen.text, queue, reason, who.source, expected, found.count, now
            )
            facts = {"filter": chosen.text, "matched": found.count, "queue": queue}
            await note(tx, who, journal or Action(f"bulk.{action.value}"), bulk, reason=reason, after=facts)
        return await self.one(bulk)

    async def latest(self, limit: int = 50) -> list[Bulk]:
        """The latest, newest first."""
        return [_bulk(row) for row in await self._database.fetch(sql.page, None, limit)]

    async def one(self, bulk: int) -> Bulk:
        """How it stands.

        Raises:
            NotFound: no such bulk.
        """
        if (row := await self._database.fetchrow(sql.page, bulk, 1)) is None:
            raise NotFound(f"there is no bulk {bulk}")
        return _bulk(row)

    async def stop(self, bulk: int, who: Actor, reason: str | None) -> Bulk:
        """Stop it after the batch in hand; what was done stays done.

        Raises:
            Conflict: it is over.
        """
        async with self._database.transaction() as tx:
            if await tx.fetchrow(sql.stop, bulk) is not None:
                stopped = _bulk(await tx.fetchrow(sql.page, bulk, 1))
                after = {"state": stopped.state, "seen": stopped.seen, "changed": stopped.changed}
                before = {"state": "running", "matched": stopped.matched}
                await note(tx, who, Action.BULK_STOP, bulk, reason=reason, before=before, after=after)
                return stopped
        raise Conflict(f"bulk {bulk} is over: {(await self.one(bulk)).state}")

    async def take(self, holder: str, among: Sequence[int] | None = None) -> Bulk | None:
        """One that waits for somebody to work on it, of all or of those `among`, for `holder`; None: there is none."""
        row = await self._database.fetchrow(sql.take, holder, HELD, among)
        return None if row is None else _bulk(row)

    async def batch(self, bulk: Bulk, holder: str) -> Batch:
        """Do the next batch, unless it was stopped or another has gone on with it: then it is over for `holder`.

        Raises:
            ValueError: a newer jobd has written its filter.
            Conflict: the filter looks into an argument that is masked here.
        """
        chosen = bounded(bulk.action, parse_filter(bulk.filter)).at(bulk.created_at)
        after = Cursor.parse(bulk.cursor) if bulk.cursor else Cursor()
        found = await self._search.keys(_until(chosen, bulk.created_at), after=after, limit=BATCH)
        over = len(found.keys) < BATCH
        async with self._database.transaction() as tx:
            if await tx.fetchrow(sql.hold, bulk.id, holder, bulk.cursor, HELD) is None:
                return Batch(over=True)
            rows = await _act(tx, bulk, found.keys)
            cursor = str(found.keys[-1]) if found.keys else bulk.cursor
            await tx.execute(sql.move_on, bulk.id, cursor, len(found.keys), len(rows), over)
        if bulk.action is BulkAction.CANCEL:
            nodes = frozenset(row["node"] for row in rows if row["node"] is not None)
            return Batch(over=over, nodes=nodes, ended=tuple(row["id"] for row in rows if row["node"] is None))
        return Batch(over=over, queues=frozenset(row["queue"] for row in rows))

    async def fail(self, bulk: Bulk, error: str) -> None:
        """It cannot go on; the reason stays with it."""
        await self._database.execute(sql.fail, bulk.id, error)


async def _act(tx: Any, bulk: Bulk, keys: Sequence[Cursor]) -> list[Any]:
    ids = [key.id for key in keys]
    match bulk.action:
        case BulkAction.CANCEL:
            rows = await tx.fetch(sql.cancel, ids, bulk.reason or f"by bulk {bulk.id} of {bulk.source}")
        case BulkAction.RETRY:
            rows = await tx.fetch(runs_sql.due_now, [key.id for key in keys if key.live])
            ended = [(key.id, key.finished_at) for key in keys if not key.live]
            rows += await tx.fetch(sql.retry, *([key[i] for key in ended] for i in (0, 1)), bulk.source)
        case BulkAction.MOVE:
            rows = await tx.fetch(sql.move, ids, bulk.queue)
    found: list[Any] = rows
    return found


def _until(chosen: Filter, instant: datetime) -> Filter:
    return replace(chosen, until=min(chosen.until, instant) if isinstance(chosen.until, datetime) else instant)


def _bulk(row: Any) -> Bulk:
    return Bulk(**{**dict(row), "action": BulkAction(row["action"])})
