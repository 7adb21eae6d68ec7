"""Messages of the outbox as people read them."""

from __future__ import annotations

import json
from collections.abc import Collection
from typing import Any

from jobd.errors import NotFound
from jobd.model.mailbox import MessagePage, MessageReport
from jobd.model.message import MessageState
from jobd.model.privacy import Mask
from jobd.model.reports import COUNTED, Count
from jobd.statements import statements
from jobd.store.database import Database
from jobd.store.outbox import sql as outbox_sql
from jobd.store.reading import reading
from jobd.store.run_rows import LARGEST_ID

sql = statements("jobd.store.sql", "mailbox")


class Mailbox:
    """Reads messages; changes nothing."""

    def __init__(self, database: Database, mask: Mask) -> None:
        self._database = database
        self._mask = mask

    async def page(
        self, states: Collection[MessageState], *, kind: str | None = None, before: int = LARGEST_ID, limit: int = 50
    ) -> MessagePage:
        """At most `limit` messages in these states, newest first, older than the one of id `before`."""
        async with reading(self._database) as connection:
            rows = await connection.fetch(sql.page, sorted(states), before, kind, limit + 1)
            counts = await connection.fetch(outbox_sql.counts, COUNTED + 1)
        return MessagePage(
            messages=tuple(self._report(row) for row in rows[:limit]),
            counts={row["state"]: Count.of(row["messages"]) for row in counts},
            next=str(rows[limit - 1]["id"]) if len(rows) > limit else None,
        )

    async def one(self, message_id: int) -> MessageReport:
        """The message with its bodies.

        Raises:
            NotFound: no such message, or it is older than mail is kept.
        """
        row = None
        if 0 < message_id <= LARGEST_ID:
            async with reading(self._database) as connection:
                row = await connection.fetchrow(sql.one, message_id)
        if row is None:
            raise NotFound(f"there is no message {message_id}, or it is older than mail is kept ([keep] mail)")
        return self._report(row)

    def _report(self, row: Any) -> MessageReport:
        facts = dict(row)
        if (headers := facts.pop("headers", None)) is not None:
            facts["headers"] = json.loads(headers)
        return MessageReport(**{**self._mask.of_message(facts), "state": MessageState(row["state"])})
