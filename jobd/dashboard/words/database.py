"""How the database stands, in words for people who keep no databases: what it is, whether it is well, what to do."""

from __future__ import annotations

from collections.abc import Iterable

from jobd.dashboard.lists.tables import bloated
from jobd.dashboard.looks import Eye
from jobd.dashboard.words.moments import far, whole
from jobd.model.database import DatabaseReport, SnapshotReport, TableReport
from jobd.model.finding import Finding, Verdict, error, ok, skipped, warning

OLD_SECONDS, VERY_OLD_SECONDS = 300.0, 3600.0
MANY_TRANSACTIONS = 1_000_000
"""Where the age of a snapshot may not be seen, so many since are as bad as an hour."""
FULL, VERY_FULL = 0.8, 0.95
LAST_TRANSACTION = 2_100_000_000
AGED, VERY_AGED = 0.4, 0.7
"""Vacuum begins to freeze at a tenth: it has failed four times over then."""


def examined(report: DatabaseReport, eye: Eye) -> list[Finding]:
    """What is not well comes first."""
    found = [
        _reader(report.oldest_snapshot),
        _dead_rows(report.tables, eye),
        _connections(report),
        _notifications(report),
        _age(report),
    ]
    urgent = {Verdict.ERROR: 0, Verdict.WARNING: 1}
    return sorted(found, key=lambda finding: urgent.get(finding.verdict, 2))


def _reader(snapshot: SnapshotReport | None) -> Finding:
    name = "oldest reader"
    if snapshot is None:
        return ok(name, "nobody keeps old rows alive")
    age = snapshot.seconds
    if age is None:
        known = f"for {snapshot.transactions or 0:,} transactions (since when, this role may not see)"
        well = (snapshot.transactions or 0) < MANY_TRANSACTIONS
    else:
        known, well = f"for {whole(age)}", age <= OLD_SECONDS
    who = f"{_who(snapshot)} has looked at the database {known}"
    if well:
        return ok(name, who)
    text = f"{who}: rows that were deleted since cannot be cleared away, tables grow and claims get slow"
    mend = f"end its transaction{_forgotten(snapshot)}; if it is of no use: select pg_terminate_backend({snapshot.pid})"
    return error(name, text, mend) if age is None or age > VERY_OLD_SECONDS else warning(name, text, mend)


def _who(snapshot: SnapshotReport) -> str:
    facts = (
        snapshot.application,
        snapshot.user and f"user {snapshot.user}",
        snapshot.state,
        snapshot.client and f"from {snapshot.client}",
    )
    known = ", ".join(fact for fact in facts if fact)
    return f"session {snapshot.pid}{f' ({known})' if known else ''}"


def _forgotten(snapshot: SnapshotReport) -> str:
    idle = (snapshot.state or "").startswith("idle in transaction")
    return " (it does nothing: somebody forgot commit or rollback)" if idle else ""


def _dead_rows(tables: Iterable[TableReport], eye: Eye) -> Finding:
    name = "dead rows"
    worst = max(tables, key=lambda table: (bloated(table), table.dead_rows), default=None)
    if worst is None or not worst.dead_rows:
        return ok(name, "none that wait to be cleared away")
    when = f"last cleared {far(worst.vacuumed_at, eye.now)}" if worst.vacuumed_at else "never cleared yet"
    text = f"{worst.dead_rows:,} in {worst.name} beside {worst.live_rows:,} live ones, {when}"
    if not bloated(worst):
        return ok(name, f"at most {text}")
    mend = f"is somebody the oldest reader for long? If not: vacuum (verbose, analyze) jobd.{worst.name}"
    return warning(name, f"{text}: every look at it gets slower", mend)


def _connections(report: DatabaseReport) -> Finding:
    name, part = "connections", report.connections / max(1, report.max_connections)
    text = f"{report.connections:,} of {report.max_connections:,} are taken"
    if part < FULL:
        return ok(name, text)
    mend = (
        "who has them: select application_name, count(*) from pg_stat_activity group by 1; else raise max_connections"
    )
    found = error if part >= VERY_FULL else warning
    return found(name, f"{text}: when there are no more, nobody gets in, jobd neither", mend)


def _notifications(report: DatabaseReport) -> Finding:
    name, full = "notifications", report.notify_usage
    if full >= FULL / 2:
        text = f"their queue is {full:.0%} full; when it is full, nothing can be added any more"
        mend = "a session that listens sits in a transaction: end it (pg_stat_activity, the oldest xact_start)"
        return error(name, text, mend) if full >= FULL else warning(name, text, mend)
    if report.pooler is None:
        return skipped(name, "off ([database] notify = false): new runs are seen by polling")
    if report.pooler:
        text = "do not arrive, a pooler stands between: new runs are seen by polling"
        return warning(name, text, "connect directly, or say that it is meant so: [database] notify = false")
    return ok(name, f"arrive, no pooler stands between; their queue is {full:.0%} full")


def _age(report: DatabaseReport) -> Finding:
    name, part = "age", report.transaction_age / LAST_TRANSACTION
    limit = f"{part:.0%} of the limit" if part >= 0.01 else "far from the limit"
    text = f"{report.transaction_age:,} transactions since the last freeze, {limit}"
    if part < AGED:
        return ok(name, text)
    mend = "let vacuum come through: the oldest reader, forgotten replication slots and prepared transactions stop it"
    found = error if part >= VERY_AGED else warning
    return found(name, f"{text}; at the end it takes no more changes", mend)
