"""The columns of the configuration, and of what operators have laid over it."""

from __future__ import annotations

from dataclasses import dataclass

from jobd.dashboard.lists.columns import Column
from jobd.dashboard.looks import Cell, Eye, Tone
from jobd.dashboard.words.facts import facts
from jobd.dashboard.words.moments import far
from jobd.model.shown_settings import Drift, Setting

DEFAULT = "default"


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A setting, and what lies over it."""

    setting: Setting
    drift: Drift | None = None

    @property
    def written(self) -> bool:
        """True when it is not jobd's own default, or an operator has laid something over it."""
        return self.setting.origin != DEFAULT or self.drift is not None


def value(line: Line, eye: Eye) -> Cell:
    """As the file has it, and what holds instead."""
    said = line.setting.value or "not set"
    tone = Tone.PLAIN if line.written and line.setting.value else Tone.DIM
    if line.drift is None:
        return said, tone
    return (said, Tone.DIM), (eye.pick(" → ", " -> "), Tone.DIM), (line.drift.value, Tone.WARN)


def origin(line: Line) -> Cell:
    """File and line, without the directory: that stands above the list."""
    place = line.setting.origin
    return (place, Tone.DIM) if place == DEFAULT else (place.rpartition("/")[2], Tone.PLAIN)


def mark(line: Line, eye: Eye) -> Cell:
    """What is not jobd's default is seen in passing."""
    if line.drift is not None:
        return "!", Tone.WARN
    return (eye.pick("●", "*"), Tone.BUSY) if line.written else ""


def by_whom(drift: Drift, eye: Eye) -> str:
    return f"{drift.by or 'unknown'}, {far(drift.since, eye.now)}"


COLUMNS: tuple[Column[Line], ...] = (
    Column(title="", width=1, keep=8, cell=mark),
    Column(
        title="SETTING",
        width=24,
        grow=3,
        cell=lambda line, eye: (line.setting.key, Tone.NAME if line.written else Tone.PLAIN),
    ),
    Column(title="VALUE", width=16, grow=5, cell=value),
    Column(title="FROM", width=16, grow=1, keep=5, cell=lambda line, eye: origin(line)),
)
DRIFT: tuple[Column[Drift], ...] = (
    Column(title="OPERATORS CHANGED", width=22, grow=3, cell=lambda drift, eye: ("! " + drift.key, Tone.WARN)),
    Column(
        title="FILE AND NOW",
        width=14,
        grow=1,
        cell=lambda drift, eye: f"{drift.configured} {eye.pick('→', '->')} {drift.value}",
    ),
    Column(title="BY", width=20, grow=2, keep=5, cell=by_whom),
    Column(title="REASON", width=16, grow=4, keep=4, cell=lambda drift, eye: drift.reason or ""),
)


def whole(line: Line, eye: Eye) -> list[Cell]:
    """All that is known of a setting."""
    drift = line.drift
    return facts(
        [
            ("value", line.setting.value or ("not set", Tone.DIM)),
            ("from", "jobd's own default" if line.setting.origin == DEFAULT else line.setting.origin),
            ("now", None if drift is None else (drift.value, Tone.WARN)),
            ("by", None if drift is None else by_whom(drift, eye)),
            ("reason", None if drift is None else drift.reason),
        ]
    )
