"""Runs in Postgres: enqueue, claim, end, cancel, retry. Every change of state is one guarded statement."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from operator import itemgetter
from typing import Any, cast

import asyncpg

from jobd.errors import NotFound, UnknownJob
from jobd.model.run import Claimed, NewRun
from jobd.statements import statements
from jobd.store.database import Database, Link

sql = statements("jobd.store.sql", "runs")

# A claim that was not answered by then is cancelled by the server, so twice this later it cannot land any more.
CLAIM_SECONDS = 5.0
# Plans made on an empty table must not survive its filling: these links only ever want the index.
INDEX_ONLY = "; ".join(
    f"set enable_{plan} = off" for plan in ("seqscan", "sort", "bitmapscan", "hashjoin", "mergejoin")
)
KEY_KEPT = timedelta(days=1)
"""How long an idempotency key is remembered unless the caller says otherwise."""


class ClaimedRow(asyncpg.Record):  # type: ignore[misc]
    """A row of the claim statements, its columns as attributes: nothing is built twice on the hot path."""

    __slots__ = ()


_CLAIM_COLUMNS = (
    "id job queue priority attempt retries_left crashes args due waited slot limit_key unique_key"
)
for _index, _column in enumerate(_CLAIM_COLUMNS.split()):
    setattr(ClaimedRow, _column, property(itemgetter(_index)))


def column(values: Sequence[Any], usual: Any) -> Sequence[Any]:
    """`values`, or nothing at all when each of them is the usual one: the driver looks at every element three times."""
    return [] if all(value is usual or value == usual for value in values) else values


@dataclass(frozen=True, slots=True, kw_only=True)
class Started:
    """What a retry or a trigger came to: the run of this `id` waits in `queue`; `fresh` when it is a new one."""

    id: int
    queue: str
    fresh: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Cancelled:
    """What a cancel met: `running` runs are ended by their node, `node` says which."""

    id: int
    running: bool
    node: int | None


class Runs:
    """Runs of all queues; safe to use from many nodes at once."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._claims = database.link(
            "jobd claims", statement_timeout=timedelta(seconds=CLAIM_SECONDS), setup=INDEX_ONLY
        )
        self._adds = database.link("jobd enqueues")

    async def close(self) -> None:
        await self._claims.close()
        await self._adds.close()

    async def enqueue(
        self, new: Sequence[NewRun], args: Sequence[str | None] | None = None
    ) -> list[int | None]:
        """Add runs in one statement; their ids in the order given, None where Postgres does not know the job.

        `args` are their arguments as JSON texts (None: no arguments) where the caller has made them already.

        Raises:
            StoreUnavailable: it is not known whether they were added.
        """
        if args is None:
            args = [json.dumps(run.args, allow_nan=False) if run.args else None for run in new]
        if len(new) == 1:
            return [await self._enqueue_one(new[0], args[0])]
        first = new[0]
        row = await self._adds.fetchrow(
            sql.enqueue,
            len(new),
            column([run.job for run in new], first.job),
            column(args, None),
            column([run.queue for run in new], None),
            column([run.priority for run in new], None),
            column([run.due_at for run in new], None),
            column([run.source for run in new], first.source),
            first.job,
            first.source,
            column([run.retried_from for run in new], None),
        )
        assert row is not None
        ids: list[int | None] = row["ids"]
        if row["added"] == len(new):
            return ids
        names = list({run.job for run in new})
        known = {row["name"] for row in await self._database.fetch(sql.known, names)}
        return [run_id if run.job in known else None for run_id, run in zip(ids, new, strict=True)]

    async def _enqueue_one(self, run: NewRun, args: str | None) -> int | None:
        row = await self._adds.fetchrow(
            sql.enqueue_one, run.job, args, run.queue, run.priority, run.due_at, run.source, run.retried_from
        )
        return row["id"] if row else None

    async def enqueue_keyed(self, new: NewRun, *, keep: timedelta = KEY_KEPT) -> tuple[int, bool]:
        """Add one run unless its idempotency key or its job's `unique` rule has one; (id, whether it is new)."""
        row = await self._adds.fetchrow(
            sql.enqueue_keyed,
            new.job,
            json.dumps(new.args, allow_nan=False) if new.args else None,
            new.queue,
            new.priority,
            new.due_at,
            new.source,
            new.retried_from,
            new.key,
            keep,
        )
        if row is None or row["id"] is None:
            raise UnknownJob(f"no such job: {new.job}")
        return row["id"], row["fresh"]

    async def claim(self, wanted: dict[str, int], jobs: Sequence[str], node: int, *, starts: bool) -> list[Claimed]:
        """Claim up to `wanted[queue]` queued runs of each queue for `node`, most urgent first.

        Atomic and safe side by side: two nodes never get the same run. Each claim starts a new attempt.
        `starts` says that all of them have a worker waiting, so they are shown as running from now on.

        Raises:
            StoreUnavailable: nothing was claimed, or the answer was lost; then `unheld` finds the rows again.
        """
        async with self._claims.use() as connection:
            rows = await connection.fetch(
                sql.claim, list(wanted), list(wanted.values()), jobs, node, starts, record_class=ClaimedRow
            )
        return cast("list[Claimed]", rows)

    async def claim_limited(
        self, queue: str, count: int, jobs: Sequence[str], node: int, *, starts: bool, queue_max: int | None,
        only: int | None = None,
    ) -> tuple[list[Claimed], list[str]]:
        """Claim up to `count` runs of one queue that are under a limit, as far as their limits admit now.

        `queue_max` is the queue's `global_max`; with it, runs without a limit of their own are claimed too.
        `only` is the one run to try. The second value are keys that were full: `unblock` wants to be asked for them.
        """
        async with self._claims.use() as connection:
            rows = await connection.fetch(
                sql.claim_limited, queue, count, jobs, node, starts, queue_max, only, record_class=ClaimedRow
            )
        claimed = [row for row in rows if row[0] is not None]
        return cast("list[Claimed]", claimed), [row.limit_key for row in rows if row[0] is None]

    async def unblock(self, keys: Sequence[str]) -> list[str]:
        """Runs under these limits have ended: let others of the same keys start; the queues that have some."""
        return [row["queue"] for row in await self._database.fetch(sql.unblock, sorted(set(keys)))]

    async def blocked_keys(self, most: int) -> list[str]:
        """Limits under which runs wait."""
        return [row["limit_key"] for row in await self._database.fetch(sql.blocked_keys, most)]

    async def claim_oldest(self, queue: str, jobs: Sequence[str], node: int) -> list[Claimed]:
        """Claim the run of `queue` that is due longest whatever its priority: none starves behind urgent ones."""
        async with self._claims.use() as connection:
            rows = await connection.fetch(sql.claim_oldest, queue, jobs, node, record_class=ClaimedRow)
        return cast("list[Claimed]", rows)

    async def claim_suspect(
        self,
        queues: Sequence[str],
        jobs: Sequence[str],
        node: int,
        queue_max: Mapping[str, int | None] | None = None,
    ) -> list[Claimed]:
        """Claim the longest waiting run whose node died under it, as far as its limits admit.

        The caller holds no other suspect; `queue_max` are the queues' `global_max`.
        """
        row = await self._database.fetchrow(sql.suspect, queues, jobs)
        if row is None:
            return []
        most = (queue_max or {}).get(row["queue"])
        claimed, _ = await self.claim_limited(
            row["queue"], 1, jobs, node, starts=True, queue_max=most, only=row["id"]
        )
        return claimed

    async def hand_back_unheld(self, node: int, held: Sequence[int], older: timedelta) -> list[str]:
        """Give back rows of `node` that it does not hold and claimed longer than `older` ago; their queues."""
        rows = await self._database.fetch(sql.hand_back, node, held, older.total_seconds())
        return [row["queue"] for row in rows]

    async def mark_started(self, node: int, started: Sequence[tuple[int, int, float]]) -> None:
        """(run, attempt, seconds ago) of attempts that run since then, so that people see them as running."""
        ids, attempts, ago = zip(*started, strict=True)
        await self._database.execute(sql.mark_started, node, ids, attempts, ago)

    async def record_progress(self, node: int, progress: Sequence[tuple[int, int, str]]) -> None:
        """(run, attempt, JSON) of attempts that moved on."""
        ids, attempts, texts = zip(*progress, strict=True)
        await self._database.execute(sql.progress, node, ids, attempts, texts)

    async def promote(self, limit: int) -> dict[str, int]:
        """Queue up to `limit` scheduled runs that are due; queue → how many."""
        rows = await self._database.fetch(sql.promote, limit)
        return {row["queue"]: row["n"] for row in rows}

    async def request_cancel(self, run: int, reason: str) -> Cancelled:
        """End a waiting run at once, ask a running one's node to end it.

        Raises:
            NotFound: no such live run; it has ended or never was.
        """
        row = await self._database.fetchrow(sql.request_cancel, run, reason)
        if row is None:
            raise NotFound(f"run {run} is not waiting or running")
        return Cancelled(id=run, running=row["state"] == "running", node=row["node"])

    async def cancelled_here(self, node: int) -> list[tuple[int, int, str | None]]:
        """(run, attempt, reason) of this node's runs whose end was asked for."""
        return [tuple(row) for row in await self._database.fetch(sql.cancelled_here, node)]

    def endings(self) -> Link:
        """The recorder's own connection."""
        return self._database.link("jobd endings", setup=INDEX_ONLY)
