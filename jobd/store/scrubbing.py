"""What `[privacy] redact` names is overwritten in ended runs and messages, in batches, each row looked at once."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from jobd.model.privacy import CONTENT
from jobd.statements import statements
from jobd.store.database import Database

sql = statements("jobd.store.sql", "scrubbing")

BATCH = 500


class Scrubbing:
    """Safe from many nodes at once: whoever holds the place where it goes on does the next batch."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def history(self, redact: Sequence[str], keep: timedelta) -> bool:
        """Do the next batch of runs that ended longer than `keep` ago; True when there may be another."""
        args, result = below("args", redact), below("result", redact)
        return bool(args or result) and await self._batch("history", [args, result], keep)

    async def outbox(self, redact: Sequence[str], keep: timedelta) -> bool:
        """Do the next batch of messages that ended longer than `keep` ago; True when there may be another."""
        paths = [path for path in below("mail", redact) if not path or path[0] in (*CONTENT, "*")]
        # all of a message is all that it says
        paths = [*(path for path in paths if path), *([name] for name in CONTENT if [] in paths)]
        return bool(paths) and await self._batch("outbox", [paths], keep)

    async def _batch(self, relation: str, paths: list[list[list[str]]], keep: timedelta) -> bool:
        """The rows and the place behind them are one transaction: what is half done is done again."""
        key, values = json.dumps(paths), [json.dumps(one) for one in paths]
        await self._database.execute(sql.begin, relation, key)
        async with self._database.transaction() as tx:
            place = await tx.fetchrow(sql.take, relation, key)
            end = None if place is None else await self._end(tx, relation, place, keep)
            if place is None or end is None:
                return False
            statement = {"history": sql.history, "outbox": sql.outbox}[relation]
            await tx.execute(statement, *place, end["finished_at"], end["id"], *values)
            await tx.execute(sql.move_on, relation, key, end["finished_at"], end["id"])
            return bool(end["rows"] == BATCH)

    async def _end(self, tx: Any, relation: str, place: Any, keep: timedelta) -> Any:
        statement = {"history": sql.history_end, "outbox": sql.outbox_end}[relation]
        return await tx.fetchrow(statement, *place, keep, BATCH)


def below(root: str, redact: Sequence[str]) -> list[list[str]]:
    """The paths that begin at `root`, without it."""
    split = (path.split(".") for path in sorted(set(redact)))
    return [path[1:] for path in split if path[0] == root]
