"""Looks at what became of the planted data: the tables, the mail server's mailbox, the gateway's script."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from jobd.demo.by_hand import ByHand, by_hand
from jobd.demo.claims import Claim
from jobd.demo.configuration import EXPIRE_AFTER_HOURS, FAIL_AFTER_HOURS
from jobd.demo.data import FIRST_LATER, OLD_AUDIT_ROWS, YOUNG_AUDIT_ROWS
from jobd.demo.findings import AuditRows, Invoices, Mails, Payment, Payments, Runs, Subscriptions
from jobd.demo.jobs import FAILURES
from jobd.demo.mailbox import Mailbox
from jobd.demo.place import Place
from jobd.statements import statements
from jobd.store.database import Database
from jobd.testing.paymob.scenario import expected_outcome, read_script

sql = statements(__package__, "check")

_PATIENT_METHODS = ("kiosk", "wallet", "cash")
"""Paid with a code that people carry to a shop: their orders live twice as long."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """Everything at one moment."""

    subscriptions: Subscriptions
    mails: Mails
    payments: Payments
    audit_rows: AuditRows
    invoices: Invoices
    runs: Runs
    by_hand: ByHand

    @property
    def claims(self) -> list[Claim]:
        parts = (self.subscriptions, self.mails, self.payments, self.audit_rows, self.invoices, self.runs)
        return [claim for part in parts for claim in part.claims]

    @property
    def unmet(self) -> list[Claim]:
        """What is not as expected, or not yet; empty when all is done and right."""
        return [claim for claim in self.claims if not claim.met]

    @property
    def wrong(self) -> list[Claim]:
        """Of those, what nobody but the demo can have caused."""
        return [claim for claim in self.unmet if not self.by_hand.excuses(claim)]

    @property
    def hopeless(self) -> bool:
        """Something went wrong that waiting does not mend."""
        return any(claim.hopeless for claim in self.claims)


class Check:
    """Looks as often as it is asked to. The first `waiting` payments have to be reconciled."""

    def __init__(self, database: Database, place: Place, *, waiting: int) -> None:
        self._database = database
        self._mailbox = Mailbox(place.mailbox)
        self._script = read_script(place.gateway_script)
        self._waiting = waiting
        self.own: set[int] = set()
        """Ids of the runs that the demo itself asked for over the socket."""

    async def look(self) -> Report:
        """How everything stands now.

        Raises:
            StoreUnavailable: the database cannot be asked.
        """
        return Report(
            subscriptions=Subscriptions(**await self._one(sql.subscriptions)),
            mails=await self._mails(),
            payments=await self._payments(),
            audit_rows=await self._audit_rows(),
            invoices=Invoices(**await self._one(sql.invoices)),
            runs=await self._runs(),
            by_hand=await self._by_hand(),
        )

    async def _one(self, statement: str, *args: Any) -> dict[str, Any]:
        row = await self._database.fetchrow(statement, *args)
        assert row is not None
        return dict(row)

    async def _mails(self) -> Mails:
        wanted = Counter((row["kind"], row["recipient"]) for row in await self._database.fetch(sql.mails))
        return Mails(wanted=wanted, found=self._mailbox.read())

    async def _payments(self) -> Payments:
        rows = await self._database.fetch(sql.payments, self._waiting, FIRST_LATER)
        spoiled = await self._database.fetchval(sql.other_payments, self._waiting, FIRST_LATER)
        return Payments(all=tuple(self._payment(row) for row in rows), spoiled=spoiled)

    def _payment(self, row: Any) -> Payment:
        patience = 2 if row["method"] in _PATIENT_METHODS else 1
        outcome = expected_outcome(
            self._script[row["order_id"]],
            age=timedelta(seconds=row["age_seconds"]),
            fail_after=timedelta(hours=FAIL_AFTER_HOURS),
            expire_after=timedelta(hours=EXPIRE_AFTER_HOURS) * patience,
        )
        return Payment(
            order=row["order_id"],
            was=row["was"],
            now=row["status"] or "gone",
            dictated=outcome or row["was"],
            untouched=row["untouched"],
            whole=row["whole"],
        )

    async def _audit_rows(self) -> AuditRows:
        left = await self._one(sql.audit_rows, OLD_AUDIT_ROWS, FIRST_LATER)
        old = OLD_AUDIT_ROWS + left["imported"]
        return AuditRows(
            old=old,
            deleted=old - left["old"],
            young_deleted=YOUNG_AUDIT_ROWS - left["young"],
        )

    async def _runs(self) -> Runs:
        by_job: dict[str, dict[str, int]] = {}
        for row in await self._database.fetch(sql.runs):
            by_job.setdefault(row["job"], {})[row["state"]] = row["n"]
        first_at = await self._database.fetchval(sql.first_run)
        staged = await self._database.fetchval(sql.staged)
        return Runs(by_job=by_job, first_at=first_at, staged=staged, **await self._one(sql.retries, FAILURES))

    async def _by_hand(self) -> ByHand:
        runs = Counter({row["job"]: row["n"] for row in await self._database.fetch(sql.by_hand, list(self.own))})
        entries = [(row["action"], row["job"]) for row in await self._database.fetch(sql.journal)]
        return by_hand(runs, entries)
