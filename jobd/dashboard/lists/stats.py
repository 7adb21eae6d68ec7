"""The columns of statistics: how a job or a queue did in a window of time, and what they can be sorted by."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

from jobd.dashboard.lists.columns import Column
from jobd.dashboard.looks import Cell, Eye, Tone
from jobd.dashboard.words import shares
from jobd.dashboard.words.bars import share_bar, short
from jobd.model.stats import StatsReport, Times
from jobd.model.told import length

BAR = 6
FAIR = 0.99
"""Below this part of successes the number gets a colour."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StatsRow:
    """One job or queue, and its part of the time of all workers."""

    stats: StatsReport
    share: float = 0.0

    @property
    def name(self) -> str:
        return self.stats.name


@dataclass(frozen=True, slots=True, kw_only=True)
class Sort:
    """What a column is sorted by; `down` is how it is sorted at first: the largest first, or from A to Z."""

    column: Column[StatsRow]
    by: Callable[[StatsRow], float | str]
    down: bool = True


def rows(stats: Iterable[StatsReport]) -> list[StatsRow]:
    stats = tuple(stats)
    work = shares.of_work(stats)
    return [StatsRow(stats=one, share=work.get(one.name, 0.0)) for one in stats]


def ordered(found: Iterable[StatsRow], sort: Sort, *, turned: bool) -> list[StatsRow]:
    """By the column; those that are equal by name."""
    by_name = sorted(found, key=lambda row: row.name)
    return sorted(by_name, key=sort.by, reverse=sort.down is not turned)


def shown(name: str, sort: Sort, *, turned: bool, ascii: bool) -> Sequence[Column[StatsRow]]:
    """The columns, the first titled `name`; the one that is sorted by is marked, and never the one to go."""
    down = sort.down is not turned
    arrow = ("v" if down else "^") if ascii else ("↓" if down else "↑")
    out = []
    for one in SORTS:
        title = name if one is SORTS[0] else one.column.title.replace("≈", "~" if ascii else "≈")
        marked = one is sort
        column = replace(one.column, title=f"{title}{arrow if marked else ''}")
        out.append(replace(column, keep=9, width=max(column.width, len(column.title))) if marked else column)
    return out


def _count(of: Callable[[StatsReport], int], tone: Tone = Tone.PLAIN) -> Callable[[StatsRow, Eye], Cell]:
    def cell(row: StatsRow, eye: Eye) -> Cell:
        number = of(row.stats)
        return f"{number:,}" if number < 1_000_000 else short(number), tone if number else Tone.DIM

    return cell


def _time(of: Callable[[StatsReport], float | None]) -> Callable[[StatsRow, Eye], Cell]:
    return lambda row, eye: (length(of(row.stats)), Tone.PLAIN if of(row.stats) is not None else Tone.DIM)


def _success(row: StatsRow, eye: Eye) -> Cell:
    part = shares.success(row.stats)
    if part is None:
        return "-", Tone.DIM
    told = f"{part:.0%}" if part in (0, 1) else f"{min(part, 0.999):.1%}"
    return told, Tone.GOOD if part >= FAIR else Tone.WARN if part >= 0.5 else Tone.BAD


def _share(row: StatsRow, eye: Eye) -> Cell:
    return (f"{row.share:>4.0%} ", Tone.PLAIN), *share_bar(row.share, eye, width=BAR)


def _times(title: str, of: Callable[[StatsReport], Times], keeps: tuple[int, int, int]) -> Iterable[Sort]:
    """Three quantiles of one thing: close to what they were, as buckets tell them."""
    least, most, worst = keeps
    yield _timed(f"{title} ≈p50", lambda stats: of(stats).p50, least)
    yield _timed(f"{title} ≈p95", lambda stats: of(stats).p95, most)
    yield _timed(f"{title} ≈p99", lambda stats: of(stats).p99, worst)


def _timed(title: str, of: Callable[[StatsReport], float | None], keep: int) -> Sort:
    column: Column[StatsRow] = Column(title=title, cell=_time(of), width=len(title), right=True, keep=keep)
    return Sort(column=column, by=lambda row: -1.0 if (seconds := of(row.stats)) is None else seconds)


SORTS: tuple[Sort, ...] = (
    Sort(
        column=Column(title="NAME", cell=lambda row, eye: (row.name, Tone.NAME), width=16, grow=3),
        by=lambda row: row.name,
        down=False,
    ),
    Sort(
        column=Column(title="ENDED", cell=_count(shares.ended), width=7, right=True),
        by=lambda row: shares.ended(row.stats),
    ),
    Sort(
        column=Column(title="/MIN", cell=lambda row, eye: short(row.stats.per_minute), width=5, right=True, keep=3),
        by=lambda row: row.stats.per_minute,
    ),
    Sort(
        column=Column(title="SUCCESS", cell=_success, width=8, right=True, keep=8),
        by=lambda row: -1.0 if (part := shares.success(row.stats)) is None else part,
    ),
    Sort(
        column=Column(title="FAILED", cell=_count(lambda s: s.failed, Tone.BAD), width=7, right=True, keep=8),
        by=lambda row: row.stats.failed,
    ),
    Sort(
        column=Column(title="RETRIED", cell=_count(lambda s: s.retried, Tone.WARN), width=8, right=True, keep=4),
        by=lambda row: row.stats.retried,
    ),
    *_times("RUN", lambda stats: stats.run, (4, 7, 2)),
    *_times("WAIT", lambda stats: stats.wait, (2, 6, 1)),
    Sort(
        column=Column(title="OF ALL WORK", cell=_share, width=5 + BAR, keep=5),
        by=lambda row: row.share,
    ),
)
BUSIEST = SORTS[1]
