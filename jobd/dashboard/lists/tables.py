"""The columns of the database's tables: how large they are, and how much in them waits to be cleared away."""

from __future__ import annotations

from jobd.dashboard.lists.columns import Column
from jobd.dashboard.looks import Cell, Eye, Tone
from jobd.dashboard.words.bars import share_bar
from jobd.dashboard.words.findings import VERDICTS
from jobd.dashboard.words.moments import far
from jobd.model.database import TableReport
from jobd.model.finding import Verdict

DEAD_SHARE = 0.2
DEAD_ROWS = 10_000
"""Fewer are what a queue leaves behind between two vacuums; they cost nothing that could be measured."""
HOLDS = {
    "runs": "runs that wait or run",
    "history": "ended runs, a partition a day",
    "attempts": "failed attempts, a partition a day",
    "outbox": "mail, sent mail among it",
    "outbox_keys": "mail that goes out once for ever",
    "stats": "counts by minute, job and queue",
    "audit": "who changed what",
    "keys": "keys that make a run unique",
    "nodes": "daemons and their leases",
    "schedules": "schedules and their next slots",
    "queues": "queues, weights, pauses",
    "jobs": "jobs as configured",
    "bulk": "changes of many runs",
    "tokens": "tokens for the API",
    "limits": "limits by key",
    "loads": "the configuration as last loaded",
    "meta": "which database this is",
    "redactions": "what is shown to nobody",
    "scrubs": "how far that was overwritten",
    "migrations": "changes of the schema",
}


def size(count: int) -> str:
    """A number of bytes: "512 B", "9.4 MB", "120 GB"; in powers of 1024 as Postgres tells them."""
    value, units = float(count), ["B", "kB", "MB", "GB", "TB"]
    while value >= 1000 and len(units) > 1:
        value /= 1024
        units.pop(0)
    return f"{value:.1f} {units[0]}" if value < 10 and units[0] != "B" else f"{value:.0f} {units[0]}"


def dead_share(table: TableReport) -> float:
    """The part of its rows that are dead."""
    return table.dead_rows / max(1, table.live_rows + table.dead_rows)


def bloated(table: TableReport) -> bool:
    return table.dead_rows >= DEAD_ROWS and dead_share(table) > DEAD_SHARE


def _dead(table: TableReport, eye: Eye) -> Cell:
    return f"{table.dead_rows:,}", Tone.WARN if bloated(table) else Tone.PLAIN


def _dead_share(table: TableReport, eye: Eye) -> Cell:
    if not table.dead_rows:
        return "-", Tone.DIM
    mark = f"{eye.glyph(VERDICTS[Verdict.WARNING])} " if bloated(table) else ""
    return f"{mark}{dead_share(table):.0%}", Tone.WARN if bloated(table) else Tone.DIM


def columns(largest: int) -> tuple[Column[TableReport], ...]:
    """The columns of the tables; bars are as long as the table is beside the `largest`."""
    return (
        Column(title="TABLE", cell=lambda table, eye: (table.name, Tone.NAME), width=11),
        Column(title="SIZE", cell=lambda table, eye: size(table.bytes), width=7, right=True),
        Column(
            title="", cell=lambda table, eye: share_bar(table.bytes / max(1, largest), eye, width=12), width=12, keep=3
        ),
        Column(title="ROWS", cell=lambda table, eye: f"{table.live_rows:,}", width=10, right=True, keep=8),
        Column(title="DEAD", cell=_dead, width=9, right=True, keep=7),
        Column(title="DEAD%", cell=_dead_share, width=5, right=True, keep=6),
        Column(title="CLEARED", cell=_cleared, width=10, keep=5),
        Column(
            title="PARTS",
            cell=lambda table, eye: (str(table.partitions or "-"), Tone.DIM),
            width=5,
            right=True,
            keep=2,
        ),
        Column(title="HOLDS", cell=lambda table, eye: (HOLDS.get(table.name, ""), Tone.DIM), width=24, grow=1, keep=1),
    )


def _cleared(table: TableReport, eye: Eye) -> Cell:
    return (far(table.vacuumed_at, eye.now) if table.vacuumed_at else "never", Tone.DIM)
