"""Questions to Postgres that must not hurt the work: read only, one snapshot, two seconds."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from jobd.store.database import Database

SECONDS = 2
"""A question that takes longer is given up: nobody waits for such a page, and vacuum waits for its end."""

# Which branches and indexes a page needs depends on its filters: a plan for any parameters is a bad one.
# Compiling took 720 ms of the 730 that the queues took with 300,000 runs waiting.
_SETTINGS = """
select set_config('statement_timeout', $1, true), set_config('plan_cache_mode', 'force_custom_plan', true),
    set_config('jit', 'off', true)
"""


@asynccontextmanager
async def reading(database: Database, seconds: int = SECONDS) -> AsyncIterator[Any]:
    """A connection on which all statements of the block see the same moment.

    Raises:
        StoreUnavailable: Postgres is gone, or a statement took longer than `seconds`.
    """
    async with (
        database.connection() as connection,
        connection.transaction(isolation="repeatable_read", readonly=True),
    ):
        await connection.execute(_SETTINGS, f"{seconds}s")
        yield connection
