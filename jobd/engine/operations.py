"""What people change: written down with its line in the journal, then told to whoever has to act on it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import Protocol

from jobd.engine.loops import woken
from jobd.errors import Conflict
from jobd.model.bulk import Bulk, BulkAction
from jobd.model.change import Action, Actor, AuditEntry, Change
from jobd.model.filter import Filter
from jobd.model.roles import Role
from jobd.model.run import RunState
from jobd.model.token import TokenReport
from jobd.store.bulk import Bulks
from jobd.store.changes import Changes
from jobd.store.tokens import Tokens

LOOK_SECONDS = 30.0
"""How often a daemon looks for bulks whose worker has died."""


class Around(Protocol):
    """The daemon that hears of a change; all of these return at once."""

    def changed(self) -> None:
        """A queue, a schedule or a node is not what it was: every node looks again now."""

    def queued(self, queue: str) -> None:
        """Runs came to this queue."""

    def ended(self, run_ids: Iterable[int]) -> None:
        """These runs are over."""

    def stop(self, run: int | None, node: int) -> None:
        """The end of this run, or of several, was asked of the node that works on them."""


class Operations:
    """Everything that an operator may do. Each method is atomic, journalled, and may raise StoreUnavailable."""

    def __init__(self, changes: Changes, bulks: Bulks, tokens: Tokens, around: Around, *, name: str) -> None:
        """`name` is this process', under which it works on bulks."""
        self._changes, self._bulks, self._tokens, self._around, self._name = changes, bulks, tokens, around, name
        self._wake = asyncio.Event()
        self._only: list[int] | None = None
        """Bulks to work on; None for all."""

    def on_a_copy(self) -> None:
        """Work from now on only on bulks that are begun here: those of before are the original's."""
        self._only = []

    async def change(self, change: Change, who: Actor) -> AuditEntry:
        """Pause, resume or weigh a queue; pause or resume a schedule; quiet, drain or resume a node.

        Raises:
            NotFound, Conflict: see `Changes.apply`.
        """
        entry = await self._changes.apply(change, who)
        self._around.changed()
        return entry

    async def undo(self, entry: int, who: Actor, reason: str | None) -> AuditEntry:
        """Put back what that entry of the journal replaced.

        Raises:
            NotFound, Conflict: see `Changes.undo`.
        """
        undone = await self._changes.undo(entry, who, reason)
        self._around.changed()
        return undone

    async def cancel(self, run: int, reason: str | None, who: Actor) -> RunState:
        """Ask for a run's end: CANCELLED when it ended at once, RUNNING when its node was asked.

        Raises:
            NotFound: it is not among the live runs.
        """
        asked = await self._changes.cancel(run, reason, who)
        if not asked.running or asked.node is None:
            self._around.ended([run])
            return RunState.CANCELLED
        self._around.stop(run, asked.node)
        return RunState.RUNNING

    async def retry(self, run: int, who: Actor, reason: str | None = None) -> tuple[int, bool]:
        """Make a scheduled run due now, or start an ended one again as a new one; (its id, whether it is new).

        Raises:
            NotFound: it is not among the scheduled or ended runs, or its job is gone.
        """
        retried = await self._changes.retry(run, who, reason)
        self._around.queued(retried.queue)
        return retried.id, retried.fresh

    async def messages(self, action: Action, ids: Sequence[int], who: Actor, reason: str | None) -> list[int]:
        """Send again, hold or let go messages; the ids of those that were in a state for it."""
        changed = await self._changes.messages(action, ids, who, reason)
        if changed and action is not Action.MESSAGE_HOLD:
            self._around.changed()
        return changed

    async def trigger(self, schedule: str, who: Actor, reason: str | None) -> tuple[int, bool]:
        """Start a run as this schedule would, now; (its id, whether it is new: a `unique` job may have one already).

        Raises:
            NotFound, Conflict: see `Changes.trigger`.
        """
        started = await self._changes.trigger(schedule, who, reason)
        if started.fresh:
            self._around.queued(started.queue)
        return started.id, started.fresh

    async def add_token(
        self, name: str, role: Role, who: Actor, *, lasts: timedelta | None = None, reason: str | None = None
    ) -> str:
        """A new token's text, which nobody can look up again.

        Raises:
            Conflict: the name is in use.
        """
        return await self._tokens.add(name, role, who, lasts=lasts, reason=reason)

    async def revoke_token(self, name: str, who: Actor, reason: str | None = None) -> None:
        """Close that door.

        Raises:
            NotFound: no such token, or it was revoked.
        """
        await self._tokens.revoke(name, who, reason)

    async def tokens(self) -> list[TokenReport]:
        """All there are, expired and revoked ones too."""
        return await self._tokens.all()

    # Many at once

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
        """Begin to do this to all runs that match; `work` goes on with it.

        Raises:
            ValueError, Conflict: see `Bulks.begin`.
        """
        bulk = await self._bulks.begin(action, chosen, expected, who, queue=queue, reason=reason, journal=journal)
        if self._only is not None:
            self._only.append(bulk.id)
        self._wake.set()
        return bulk

    async def stop(self, bulk: int, who: Actor, reason: str | None) -> Bulk:
        """Stop it after the batch in hand.

        Raises:
            NotFound, Conflict: see `Bulks.stop`.
        """
        return await self._bulks.stop(bulk, who, reason)

    async def bulk(self, bulk: int) -> Bulk:
        """How it stands.

        Raises:
            NotFound: no such bulk.
        """
        return await self._bulks.one(bulk)

    async def bulks(self, limit: int) -> list[Bulk]:
        """The latest, newest first."""
        return await self._bulks.latest(limit)

    async def work(self) -> None:
        """One round: the next batch of a bulk, its own or of one whose worker died; without any, a rest."""
        if (bulk := await self._bulks.take(self._name, self._only)) is None:
            await woken(self._wake, LOOK_SECONDS)
            return
        try:
            batch = await self._bulks.batch(bulk, self._name)
        except (ValueError, Conflict) as error:  # begun by a newer jobd, whose filters say more, or before a mask
            await self._bulks.fail(bulk, str(error))
            return
        self._around.ended(batch.ended)
        for node in batch.nodes:
            self._around.stop(None, node)
        for queue in batch.queues:
            self._around.queued(queue)
