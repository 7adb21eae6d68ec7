"""The outbox in Postgres: add beside a business change, take, settle, recover what a dead node left."""

from __future__ import annotations

import json
import secrets
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from jobd.model.context import Transaction
from jobd.model.message import (
    Message,
    MessageState,
    checked_address,
    checked_body,
    checked_header,
    checked_headers,
    checked_sender,
    split_sender,
)
from jobd.statements import statements
from jobd.store.database import Database

sql = statements("jobd.store.sql", "outbox")

MAX_DOUBTS = 3
"""A server that loses every answer would be sent copies for days: after so many doubts a person decides."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """How one taking of a message ended."""

    id: int
    tries: int
    state: MessageState
    reply: str = ""
    wait: timedelta = timedelta(0)
    """Until the next try, for `deferred` and `in_doubt`."""
    doubt: bool = False
    """The answer was lost after the final dot."""


async def add(
    tx: Transaction,
    *,
    run_id: int | None,
    job: str,
    to: str,
    subject: str,
    text: str | None = None,
    html: str | None = None,
    kind: str,
    key: str | None = None,
    headers: dict[str, str] | None = None,
    sender: str,
) -> int | None:
    """Put one message in the outbox, inside the transaction `tx`; its id.

    `key` makes it unique per `kind` for ever: None when that occasion was mailed before. A concurrent
    transaction with the same occasion is waited for.

    Raises:
        ValueError: something that cannot be a mail; nothing was stored and `tx` can go on.
    """
    checked_address(to)
    checked_sender(sender)
    checked_header("subject", subject)
    checked_header("kind", kind)
    if key is not None:
        checked_header("key", key)
    further = checked_headers(headers or {})
    if text is None and html is None:
        raise ValueError("a message needs a text or an html body")
    bodies = checked_body(text), checked_body(html)
    stored: int | None = await tx.fetchval(
        sql.add, run_id, job, sender, to, kind, key, subject, *bodies,
        json.dumps(further) if further else None, new_message_id(sender),
    )  # fmt: skip
    return stored


def new_message_id(sender: str) -> str:
    """A Message-ID in the sender's domain; random, so it says nothing about how much mail there is."""
    domain = split_sender(sender)[1].rpartition("@")[2].encode("idna").decode("ascii")
    return f"<{secrets.token_hex(12)}.jobd@{domain}>"


class Outbox:
    """Messages that wait to be delivered. All statements are atomic and safe from many nodes at once.

    Raises StoreUnavailable from every method: nothing is known about the last statement.
    """

    add = staticmethod(add)

    def __init__(self, database: Database) -> None:
        self._database = database

    async def due(self) -> bool:
        """Whether a message could be sent now."""
        return bool(await self._database.fetchval(sql.due))

    async def take(self, node: int, limit: int) -> list[Message]:
        """Up to `limit` due messages for `node`, oldest due first; no other node gets them."""
        rows = await self._database.fetch(sql.take, node, limit)
        return [_message(row) for row in sorted(rows, key=lambda row: row["id"])]

    async def dot_sent(self, node: int, messages: Sequence[Message]) -> set[int]:
        """Commit that the final dot of these messages is about to be written; the ids for which it may be.

        The others were given to somebody else meanwhile: their dot must not be written.
        """
        rows = await self._database.fetch(
            sql.dot_sent, node, [message.id for message in messages], [message.tries for message in messages]
        )
        return {row["id"] for row in rows}

    async def settle(self, verdicts: Sequence[Verdict], *, give_up_after: timedelta) -> dict[int, MessageState]:
        """Record how sendings ended; the state each message is in now, without those that others decided.

        What is deferred or in doubt for longer than `give_up_after` becomes dead. Recording a verdict again,
        when the first answer was lost, changes nothing.
        """
        rows = await self._database.fetch(
            sql.settle,
            [verdict.id for verdict in verdicts],
            [verdict.tries for verdict in verdicts],
            [verdict.state.value for verdict in verdicts],
            [verdict.wait for verdict in verdicts],
            [int(verdict.doubt) for verdict in verdicts],
            [verdict.reply or None for verdict in verdicts],
            give_up_after,
        )
        return _states(rows)

    async def give_back(
        self, node: int, ids: Collection[int], *, hold_kinds: Collection[str] = ()
    ) -> dict[int, MessageState]:
        """Let go of messages in the hand of `node`: `pending`, or in doubt when their dot may be written."""
        rows = await self._database.fetch(sql.give_back, node, list(ids), list(hold_kinds), MAX_DOUBTS)
        return _states(rows)

    async def reclaim(self, node: int, held: Collection[int], older_than: timedelta) -> int:
        """Let go of messages that `node` took without hearing so; how many. `held` are those it knows of."""
        return len(await self._database.fetch(sql.reclaim, node, list(held), older_than))

    async def recover(self, *, hold_kinds: Collection[str] = (), limit: int = 500) -> dict[int, MessageState]:
        """Let go of up to `limit` messages whose node is lost or gone, as `give_back` does."""
        return _states(await self._database.fetch(sql.recover, list(hold_kinds), MAX_DOUBTS, limit))

    async def hold_due(self, reason: str, *, limit: int = 1000) -> int:
        """Hold up to `limit` due messages; how many."""
        return len(await self._database.fetch(sql.hold_due, reason, limit))

    async def hold(self, ids: Collection[int], reason: str) -> list[int]:
        """Hold messages that wait; the ids that are held now."""
        return _ids(await self._database.fetch(sql.hold, list(ids), reason))

    async def release(self, ids: Collection[int]) -> list[int]:
        """Let held messages go, due now; the ids that wait now."""
        return _ids(await self._database.fetch(sql.release, list(ids)))

    async def resend(self, ids: Collection[int]) -> list[int]:
        """Send again what ended, is held or in doubt, with the same Message-ID; the ids that wait now."""
        return _ids(await self._database.fetch(sql.resend, list(ids)))

    async def counts_of_run(self, run_id: int) -> dict[str, int]:
        """Messages of one run by state; states without any are absent."""
        return {row["state"]: row["messages"] for row in await self._database.fetch(sql.counts_of_run, run_id)}

    async def counts(self, *, cap: int = 10_001) -> dict[str, int]:
        """Messages by state, every state present, each counted up to `cap` only: cheap whatever waits."""
        return {row["state"]: row["messages"] for row in await self._database.fetch(sql.counts, cap)}

    async def delete_old(self, keep: timedelta, *, limit: int = 1000) -> int:
        """Delete up to `limit` messages that ended longer than `keep` ago; how many. Their keys stay."""
        return len(await self._database.fetch(sql.delete_old, keep, limit))


def _states(rows: list[Any]) -> dict[int, MessageState]:
    return {row["id"]: MessageState(row["state"]) for row in rows}


def _ids(rows: list[Any]) -> list[int]:
    return [row["id"] for row in rows]


def _message(row: Any) -> Message:
    return Message(
        id=row["id"],
        tries=row["tries"],
        doubts=row["doubts"],
        kind=row["kind"],
        sender=row["sender"],
        recipient=row["recipient"],
        subject=row["subject"],
        text=row["text"],
        html=row["html"],
        headers=json.loads(row["headers"] or "{}"),
        message_id=row["message_id"],
        created_at=row["created_at"],
    )
