"""Fills the application's tables with a believable data set, and writes down what has to become of it."""

from __future__ import annotations

from datetime import timedelta
from importlib.resources import files

from jobd.demo.payments import Planted
from jobd.statements import statements
from jobd.store.database import Database

sql = statements(__package__, "data")

SUBSCRIPTIONS = 5_400
"""One a person; a tenth has ended."""
LIVE_TRIALS = 40
"""Of them, trials that end while the demo runs."""
SETTLED_PAYMENTS = 1_500
OLD_AUDIT_ROWS, YOUNG_AUDIT_ROWS = 12_000, 40_000
"""The old ones have the ids from 1 on."""

FIRST_LATER = 1_000_000
"""Ids from here on are of what came while somebody looked."""

WELCOME = ("email", ["welcome@example.com"])
NEWSLETTER = ("bulk-email", [f"reader{number}@example.net" for number in range(1, 26)])
"""Kind and recipients of what is mailed on demand."""


async def load(database: Database, planted: list[Planted], live: timedelta) -> None:
    """Create the application's tables in the database's `search_path` and fill them.

    The live trials end one after the other within `live` from now.
    """
    await database.execute((files("jobd.jobs") / "schema.sql").read_text("utf-8"))
    await database.execute(sql.notebook)
    await database.execute(sql.plans)
    await database.execute(sql.users, SUBSCRIPTIONS)
    await database.execute(sql.fates, SUBSCRIPTIONS, LIVE_TRIALS)
    await _load_payments(database, planted)
    await database.execute(sql.audit_trail, OLD_AUDIT_ROWS, YOUNG_AUDIT_ROWS)
    await database.execute(sql.mails)
    for kind, recipients in (WELCOME, NEWSLETTER):
        await database.execute(sql.mails_on_demand, kind, recipients)
    await database.execute(sql.subscriptions, SUBSCRIPTIONS, live.total_seconds())
    await database.execute(sql.before)


async def end_trials(database: Database) -> None:
    """The live trials that run still end now."""
    await database.execute(sql.end_trials)


async def _load_payments(database: Database, planted: list[Planted]) -> None:
    columns = zip(
        *(
            (number, one.amount, one.currency, one.status, one.method, one.order_id, one.age, one.deleted)
            for number, one in enumerate(planted, 1)
        ),
        strict=True,
    )
    await database.execute(sql.payments, *map(list, columns))
    await database.execute(sql.settled_payments, len(planted) + 1, SETTLED_PAYMENTS)
