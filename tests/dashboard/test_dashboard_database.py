"""The database: what is well and what is not, in words and with the next step; its tables; and the doctor."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from serving import HOSTILE, SmallDaemon
from support.dashboards import Eyes, looking

from jobd.dashboard.lists.tables import HOLDS, bloated, size
from jobd.dashboard.looks import Eye
from jobd.dashboard.words.database import examined
from jobd.dashboard.words.findings import lines
from jobd.model.database import DatabaseReport, SnapshotReport, TableReport
from jobd.model.finding import Finding, Verdict, error, ok, warning
from jobd.model.run import NewRun

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
EYE = Eye(now=NOW)
RUNS = TableReport(name="runs", bytes=8 << 20, live_rows=1_000, dead_rows=9_000, vacuumed_at=NOW - timedelta(minutes=3))
WELL = DatabaseReport(
    name="jobd",
    version="18.6",
    bytes=26 << 20,
    tables=(RUNS,),
    oldest_snapshot=None,
    connections=15,
    max_connections=100,
    notify_usage=0.0,
    transaction_age=3_338,
    pooler=False,
)
READER = SnapshotReport(
    pid=4314, seconds=2.0, transactions=1, user="ada", application="report", state="active", client="10.0.0.7"
)


def found(report: DatabaseReport, name: str) -> Finding:
    (finding,) = (finding for finding in examined(report, EYE) if finding.name == name)
    return finding


def harmless(eyes: Eyes) -> bool:
    return all(character == "\n" or character.isprintable() for character in eyes.text)


@asynccontextmanager
async def reader(daemon: SmallDaemon) -> AsyncIterator[int]:
    """The pid of a session that has looked at the database and not ended its transaction."""
    async with daemon.database.transaction() as connection:
        await connection.execute("set transaction isolation level repeatable read")
        yield int(await connection.fetchval("select pg_backend_pid()"))


async def test_the_database_and_its_tables_are_told(daemon: SmallDaemon, socket: Path) -> None:
    await daemon.enqueue_many([NewRun(job="tidy")] * 3)
    most = await daemon.database.fetchval("show max_connections")
    async with looking(socket, screen="database", size=(140, 45)) as eyes:
        await eyes.until("HOLDS")
        await eyes.until("runs that wait or run")
        for fact in ("PostgreSQL", "connections", f" of {most} are taken", "oldest reader", "history", "█", " kB"):
            await eyes.until(fact)


async def test_whose_look_at_the_database_is_the_oldest_is_told(daemon: SmallDaemon, socket: Path) -> None:
    async with reader(daemon) as pid, looking(socket, screen="database", size=(140, 45)) as eyes:
        await eyes.until(f"session {pid} (")
        await eyes.until("idle in transaction")


async def test_what_is_not_well_comes_first_with_the_next_step(daemon: SmallDaemon, socket: Path) -> None:
    daemon.pooler = True
    try:
        async with looking(socket, screen="database", size=(140, 45)) as eyes:
            await eyes.until("! notifications  do not arrive, a pooler stands between")
            await eyes.until("→  connect directly")
            assert eyes.text.index("notifications") < eyes.text.index("oldest reader")
    finally:
        daemon.pooler = None


async def test_what_each_table_holds_is_told(daemon: SmallDaemon) -> None:
    tables = await daemon.database.fetch("select relname from pg_class where relnamespace = 'jobd'::regnamespace "
                                         "and relkind in ('r', 'p') and not relispartition")  # fmt: skip
    assert {table["relname"] for table in tables} == HOLDS.keys()


async def test_the_report_and_a_tables_name_are_copied(daemon: SmallDaemon, socket: Path) -> None:
    most = await daemon.database.fetchval("show max_connections")
    async with looking(socket, screen="database") as eyes:
        await eyes.until("history")
        await eyes.press("y")
        assert eyes.app.clipboard.startswith("jobd.")
        await eyes.press("Y")
        assert f'"max_connections": {most}' in eyes.app.clipboard


async def test_a_small_terminal_shows_findings_and_tables(daemon: SmallDaemon, socket: Path) -> None:
    async with looking(socket, screen="database", size=(60, 20), ascii=True) as eyes:
        await eyes.until("history")
        await eyes.until("+ oldest reader")
        await eyes.until("SIZE")
        assert not set("✓✗·→█░") & set(eyes.text)


async def test_the_doctor_tells_what_to_mend_and_looks_again_when_asked(daemon: SmallDaemon, socket: Path) -> None:
    daemon.findings = (
        ok("database", "PostgreSQL 18.6 answers"),
        error("mail", "mail:25 does not answer", "see [mail] host"),
    )
    async with looking(socket, screen="database") as eyes:
        await eyes.until("Doctor")
        await eyes.press("d")
        await eyes.until("1 thing is not well")
        await eyes.until("✗ mail")
        await eyes.until("→  see [mail] host")
        await eyes.until("looked at 2 things")
        assert eyes.text.index("mail:25") < eyes.text.index("PostgreSQL 18.6 answers")
        daemon.findings = (ok("database", "PostgreSQL 18.6 answers"),)
        await eyes.loaded()
        await eyes.until("mail:25")  # it connects to everything: only when somebody wants it
        await eyes.press("d")
        await eyes.until("All is well")
        assert "mail:25" not in eyes.text
        await eyes.press("escape")
        await eyes.until("CLEARED")


async def test_hostile_findings_do_nothing(daemon: SmallDaemon, socket: Path) -> None:
    daemon.findings = (warning(f"disk{HOSTILE}", f"{HOSTILE}[b]x[/b]", f"rm {HOSTILE}"),)
    async with looking(socket, screen="database") as eyes:
        await eyes.until("Doctor")
        await eyes.press("d")
        await eyes.until("[b]x[/b]")
        assert harmless(eyes)


async def test_who_may_only_look_has_no_doctor(daemon: SmallDaemon, viewer_socket: Path) -> None:
    async with looking(viewer_socket, screen="database") as eyes:
        await eyes.until("READ ONLY")
        await eyes.until("history")
        assert "Doctor" not in eyes.text
        await eyes.press("d")
        assert "Looking at database, clock" not in eyes.text


def test_a_database_that_is_well_says_so_in_every_line() -> None:
    assert {finding.verdict for finding in examined(WELL, EYE)} == {Verdict.OK}
    assert "at most 9,000 in runs beside 1,000 live ones, last cleared 3m ago" in found(WELL, "dead rows").text
    assert found(WELL, "age").text == "3,338 transactions since the last freeze, far from the limit"


@pytest.mark.parametrize(
    ("facts", "verdict"),
    [
        ({"seconds": -0.06}, Verdict.OK),
        ({"seconds": 300.0}, Verdict.OK),
        ({"seconds": 301.0}, Verdict.WARNING),
        ({"seconds": 3_601.0}, Verdict.ERROR),
        ({"seconds": None, "transactions": 12}, Verdict.OK),
        ({"seconds": None, "transactions": 2_000_000}, Verdict.ERROR),
    ],
)
def test_a_reader_is_judged_by_its_age(facts: dict[str, Any], verdict: Verdict) -> None:
    assert found(replace(WELL, oldest_snapshot=replace(READER, **facts)), "oldest reader").verdict is verdict


def test_a_reader_that_is_too_old_is_named_with_how_to_end_it() -> None:
    old = replace(READER, seconds=720.0, state="idle in transaction")
    finding = found(replace(WELL, oldest_snapshot=old), "oldest reader")
    assert "session 4314 (report, user ada, idle in transaction, from 10.0.0.7)" in finding.text
    assert "for 12m" in finding.text
    assert "forgot commit or rollback" in str(finding.mend) and "pg_terminate_backend(4314)" in str(finding.mend)


def test_a_reader_of_whom_nothing_may_be_seen_is_told_by_its_number() -> None:
    hidden = SnapshotReport(pid=9, seconds=None, transactions=12, user=None, application=None, state=None, client=None)
    assert found(replace(WELL, oldest_snapshot=hidden), "oldest reader").text.startswith("session 9 has looked")


@pytest.mark.parametrize(
    ("name", "facts", "verdict", "word"),
    [
        ("connections", {"connections": 80}, Verdict.WARNING, "max_connections"),
        ("connections", {"connections": 95}, Verdict.ERROR, "max_connections"),
        ("notifications", {"notify_usage": 0.5}, Verdict.WARNING, "pg_stat_activity"),
        ("notifications", {"notify_usage": 0.9}, Verdict.ERROR, "pg_stat_activity"),
        ("notifications", {"pooler": True}, Verdict.WARNING, "notify = false"),
        ("notifications", {"pooler": None}, Verdict.SKIPPED, "None"),
        ("age", {"transaction_age": 1_000_000_000}, Verdict.WARNING, "replication slots"),
        ("age", {"transaction_age": 1_800_000_000}, Verdict.ERROR, "replication slots"),
    ],
)
def test_a_limit_that_comes_near_says_what_to_do(name: str, facts: dict[str, Any], verdict: Verdict, word: str) -> None:
    finding = found(replace(WELL, **facts), name)
    assert finding.verdict is verdict and word in str(finding.mend)


@pytest.mark.parametrize(
    ("live", "dead", "bad"),
    [(4, 1_283, False), (100_000, 20_000, False), (40_000, 10_001, True), (0, 10_000, True)],
)
def test_dead_rows_are_bad_when_they_are_many_and_a_fifth(live: int, dead: int, bad: bool) -> None:
    table = replace(RUNS, live_rows=live, dead_rows=dead)
    finding = found(replace(WELL, tables=(table,)), "dead rows")
    assert bloated(table) is bad
    assert finding.verdict is (Verdict.WARNING if bad else Verdict.OK)
    assert ("vacuum (verbose, analyze) jobd.runs" in str(finding.mend)) is bad


def test_the_worst_comes_first_and_only_what_is_not_well_has_a_second_line() -> None:
    report = replace(WELL, connections=99, oldest_snapshot=replace(READER, seconds=400.0))
    findings = examined(report, EYE)
    assert [finding.name for finding in findings[:2]] == ["connections", "oldest reader"]
    assert len(list(lines(findings, EYE))) == len(findings) + 2


@pytest.mark.parametrize(
    ("count", "words"),
    [(512, "512 B"), (24_576, "24 kB"), (9_856_000, "9.4 MB"), (1_023 << 20, "1.0 GB"), (5 << 40, "5.0 TB")],
)
def test_sizes_are_short(count: int, words: str) -> None:
    assert size(count) == words
