"""The columns of failures: of their groups, and of the runs of one."""

from __future__ import annotations

from jobd.dashboard.lists.columns import Column
from jobd.dashboard.lists.runs import note, took, when
from jobd.dashboard.looks import Cell, Eye, Tone
from jobd.dashboard.words.failures import first_line, glyph, soon
from jobd.dashboard.words.moments import far
from jobd.model.failures import FailureGroup
from jobd.model.run import Run


def _when(group: FailureGroup, eye: Eye) -> Cell:
    if not group.retrying:
        return far(group.last_at, eye.now), Tone.PLAIN
    return soon(group, eye), Tone.WARN


def _since(group: FailureGroup, eye: Eye) -> Cell:
    return far(group.first_at, eye.now), Tone.DIM


def _error(group: FailureGroup, eye: Eye) -> Cell:
    return first_line(group.error), Tone.BAD


GROUPS: tuple[Column[FailureGroup], ...] = (
    Column(title="TIMES", cell=lambda group, eye: (f"{group.count:,}", Tone.NAME), width=6, right=True),
    Column(title="JOB", cell=lambda group, eye: (glyph(group, eye), (group.job, Tone.NAME)), width=16, grow=1),
    Column(title="FAILURE", cell=lambda group, eye: (group.error_class, Tone.BAD), width=15, grow=2, keep=7),
    Column(title="WHERE", cell=lambda group, eye: (group.frame or "-", Tone.DIM), width=24, grow=2, keep=2),
    Column(title="WHEN", cell=_when, width=12, keep=8),
    Column(title="FIRST", cell=_since, width=10, keep=4),
    Column(title="ERROR", cell=_error, width=24, grow=4, keep=1),
)


RUNS: tuple[Column[Run], ...] = (
    Column(title="RUN", cell=lambda run, eye: (str(run.id), Tone.DIM), width=7, right=True),
    Column(title="WHEN", cell=when, width=13),
    Column(title="TRIES", cell=lambda run, eye: str(run.attempt), width=5, right=True, keep=6),
    Column(title="TOOK", cell=took, width=7, right=True, keep=5),
    Column(title="SOURCE", cell=lambda run, eye: (run.source, Tone.DIM), width=18, keep=2),
    Column(title="ERROR", cell=note, width=20, grow=1),
)
