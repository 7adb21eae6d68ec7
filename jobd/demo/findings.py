"""What was found, noun by noun, and what each noun claims. Pure: `check` has read it all."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime

from jobd.demo.claims import Claim, few, none_of

STAGED = "fetch-bank-statement"
"""The job whose runs fail for good now and then, because that is to be seen, too."""
EXPIRING = frozenset({"expire-subscriptions"})
MAILING = frozenset({"expire-subscriptions", "send-expiry-reminders", "send-email", "send-bulk-email"})
PAYING = frozenset({"reconcile-payments"})
CLEANING = frozenset({"clean-old-audit-trail"})
BILLING = frozenset({"write-invoice"})
"""Whose work each noun is."""

Delivered = tuple[str, str]
"""A mail's kind and recipient."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscriptions:
    """`ended` had to expire, `expired` of them did; `spoiled` others are not what they were."""

    ended: int
    expired: int
    spoiled: int

    @property
    def claims(self) -> list[Claim]:
        return [
            Claim(what="subscriptions expired", expected=self.ended, found=self.expired, jobs=EXPIRING),
            none_of("subscriptions changed for no reason", self.spoiled, jobs=EXPIRING),
        ]


@dataclass(frozen=True, slots=True, kw_only=True)
class Mails:
    """Every mail that has to reach somebody, and every mail that the server took."""

    wanted: Counter[Delivered]
    found: Counter[Delivered]

    @property
    def by_kind(self) -> Counter[str]:
        kinds: Counter[str] = Counter()
        for (kind, _), count in self.found.items():
            kinds[kind] += count
        return kinds

    @property
    def duplicates(self) -> int:
        return sum(count - 1 for count in self.found.values())

    @property
    def arrived(self) -> int:
        return (self.wanted & self.found).total()

    @property
    def claims(self) -> list[Claim]:
        missing = (f"no {kind} to {recipient}" for kind, recipient in self.wanted - self.found)
        twice = (" to ".join(mail) for mail, count in self.found.items() if count > 1)
        strangers = [" to ".join(mail) for mail in self.found if mail not in self.wanted]
        wanted = self.wanted.total()
        return [
            Claim(what="mails accepted", expected=wanted, found=self.arrived, jobs=MAILING, examples=few(missing)),
            none_of("mails accepted twice", self.duplicates, twice, jobs=MAILING),
            none_of("mails to the wrong people", len(strangers), strangers, jobs=MAILING),
        ]


@dataclass(frozen=True, slots=True, kw_only=True)
class Payment:
    """One payment that the gateway was to be asked about."""

    order: str
    was: str
    now: str
    dictated: str
    """The status that the gateway's script asks for; `was` when it has to stay as it is."""
    untouched: bool
    """Not one column has changed."""
    whole: bool
    """What belongs to its status is filled in: when it was paid, why it failed, what was given back."""

    @property
    def right(self) -> bool:
        return self.untouched if self.dictated == self.was else self.now == self.dictated and self.whole

    def __str__(self) -> str:
        return f"order {self.order} is {self.now}, should be {self.dictated}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Payments:
    """Those of the gateway's script; `spoiled` others are not what they were."""

    all: tuple[Payment, ...]
    spoiled: int

    @property
    def outcomes(self) -> dict[str, dict[str, int]]:
        """Status → how many there have to be, and how many there are."""
        expected, found = Counter(p.dictated for p in self.all), Counter(p.now for p in self.all)
        return {status: {"expected": expected[status], "found": found[status]} for status in sorted(expected | found)}

    @property
    def settled(self) -> Claim:
        due = [payment for payment in self.all if payment.dictated != payment.was]
        open_ = [str(payment) for payment in due if not payment.right]
        found = len(due) - len(open_)
        return Claim(what="payments settled", expected=len(due), found=found, jobs=PAYING, examples=few(open_))

    @property
    def claims(self) -> list[Claim]:
        wrong = [str(payment) for payment in self.all if not payment.untouched and not payment.right]
        return [
            self.settled,
            none_of("payments booked otherwise than the gateway says", len(wrong), wrong, jobs=PAYING),
            none_of("payments changed for no reason", self.spoiled, jobs=PAYING),
        ]


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditRows:
    """`deleted` of the `old` ones, and what else is gone."""

    old: int
    deleted: int
    young_deleted: int

    @property
    def claims(self) -> list[Claim]:
        return [
            Claim(what="old audit rows deleted", expected=self.old, found=self.deleted, jobs=CLEANING),
            none_of("young audit rows deleted", self.young_deleted, jobs=CLEANING),
        ]


@dataclass(frozen=True, slots=True, kw_only=True)
class Invoices:
    """`written` of those that customers `wanted`, and `others`."""

    wanted: int
    written: int
    others: int

    @property
    def claims(self) -> list[Claim]:
        return [
            Claim(what="invoices written", expected=self.wanted, found=self.written, jobs=BILLING),
            none_of("invoices that nobody asked for", self.others, jobs=BILLING),
        ]


@dataclass(frozen=True, slots=True, kw_only=True)
class Runs:
    """Runs by job and state; and how the job that fails on purpose fared, by its own table."""

    by_job: dict[str, dict[str, int]]
    retries: int
    as_meant: int
    """Runs that failed as often as they were to, and then worked."""
    otherwise: int
    staged: int
    """Runs of the job STAGED that were to fail for good, by its own table."""
    first_at: datetime | None
    """When the first run ended; absent while none has."""

    @property
    def claims(self) -> list[Claim]:
        failed = {job: states["failed"] for job, states in self.by_job.items() if "failed" in states}
        staged = failed.pop(STAGED, 0)
        return [
            none_of("runs failed for good", sum(failed.values()), failed),
            Claim(what="failures that were staged", expected=self.staged, found=staged, jobs=frozenset({STAGED})),
            Claim(what="runs that failed on purpose and then worked", expected=1, found=self.as_meant, at_least=True),
            none_of("runs retried in any other way", self.otherwise),
        ]
