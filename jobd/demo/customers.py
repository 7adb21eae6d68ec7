"""The customers of the demo: while somebody looks they subscribe, pay and want invoices, so that there is work."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import count

from jobd.demo.data import FIRST_LATER
from jobd.demo.payments import Planted
from jobd.statements import statements
from jobd.store.database import Database

sql = statements(__package__, "customers")

EVERY_SECONDS = 1.0
PAY_EVERY, BILL_EVERY, REPORT_EVERY, IMPORT_EVERY = 3, 12, 15, 20
"""Beats between two of them; somebody subscribes at every beat."""
INVOICES = 24
"""More than there are workers: a queue builds up, and is worked off before the next come."""
IMPORTED = 8_000


class Customers:
    """One crowd, by beats. What came is written down where `Check` reads what to expect."""

    def __init__(self, database: Database, later: list[Planted]) -> None:
        self._database, self._later = database, iter(later)

    async def come(self) -> None:
        """Beat for beat, without end."""
        for beat in count():
            await self._beat(beat)
            await asyncio.sleep(EVERY_SECONDS)

    async def _beat(self, beat: int) -> None:
        person = FIRST_LATER + beat
        await self._database.execute(sql.subscribe, person)
        if beat % PAY_EVERY == 0 and (one := next(self._later, None)) is not None:
            await self._pay(person, one)
        if beat % BILL_EVERY == 2:
            await self._database.execute(sql.bill, person * INVOICES, INVOICES)
        if beat % REPORT_EVERY == 0:
            await self._database.execute(sql.report)
        if beat % IMPORT_EVERY == IMPORT_EVERY - 1:
            await self._database.execute(sql.import_audit_rows, person * IMPORTED, IMPORTED)

    async def _pay(self, person: int, one: Planted) -> None:
        facts = one.amount, one.currency, one.status, one.order_id, one.age
        await self._database.execute(sql.pay, person, person, *facts)


@asynccontextmanager
async def customers(database: Database, later: list[Planted]) -> AsyncIterator[None]:
    """Customers come until the block is left; then whatever takes its time hurries.

    Raises:
        StoreUnavailable: the demo's database is gone.
    """
    crowd = asyncio.create_task(Customers(database, later).come(), name="customers")
    try:
        yield
    finally:
        crowd.cancel()
        await asyncio.wait({crowd})
    if not crowd.cancelled() and (problem := crowd.exception()) is not None:
        raise problem
    await database.execute(sql.leave)
