"""The columns of the journal of changes, and a change in words."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from jobd.dashboard.lists.columns import Column
from jobd.dashboard.looks import Cell, Eye, Tone
from jobd.dashboard.words.facts import facts
from jobd.dashboard.words.moments import far
from jobd.model.change import AuditEntry

Facts = Mapping[str, Any]
GOES_ON, WEIGHT = "goes on", "weight "


def in_words(entry: AuditEntry, eye: Eye) -> str:
    """What was, and what is since: `weight 4 → weight 8`; of a pause that begins or ends, what is."""
    before, after = standing(entry.before, entry.at), standing(entry.after, entry.at)
    if before in ("", GOES_ON) or after in ("", GOES_ON):
        return after or before
    return f"{before} {eye.pick('→', '->')} {after.removeprefix(WEIGHT)}"


def standing(said: Facts | None, at: datetime) -> str:
    """The facts that a change touches, as short as people said them at that instant."""
    if not said:
        return ""
    if "paused_at" in said:
        return _pause(said, at)
    if "weight_override" in said:
        return f"{WEIGHT}{said['weight_override'] or 'default'}"
    if "desired" in said:
        return str(said["desired"])
    return ", ".join(f"{name} {_short(value)}" for name, value in said.items() if value is not None)


def undone(entry: AuditEntry) -> Cell:
    """Whether it still holds."""
    if entry.undone_by is not None:
        return f"undone by {entry.undone_by}", Tone.DIM
    if entry.undoes is not None:
        return f"undoes {entry.undoes}", Tone.DIM
    return ("u undoes it", Tone.DIM) if entry.can_be_undone else ""


COLUMNS: tuple[Column[AuditEntry], ...] = (
    Column(title="ID", width=5, right=True, keep=6, cell=lambda entry, eye: (str(entry.id), Tone.DIM)),
    Column(title="WHEN", width=10, keep=8, cell=lambda entry, eye: (far(entry.at, eye.now), Tone.DIM)),
    Column(title="WHO", width=14, grow=2, keep=5, cell=lambda entry, eye: entry.actor),
    Column(title="WHAT", width=16, cell=lambda entry, eye: (entry.action, Tone.BUSY)),
    Column(title="OF", width=12, grow=2, cell=lambda entry, eye: (entry.target, Tone.NAME)),
    Column(title="CHANGE", width=16, grow=4, keep=7, cell=lambda entry, eye: in_words(entry, eye)),
    Column(title="REASON", width=14, grow=3, keep=4, cell=lambda entry, eye: entry.reason or ""),
    Column(title="NOTE", width=17, keep=3, cell=lambda entry, eye: undone(entry)),
)


def whole(entry: AuditEntry, eye: Eye) -> list[Cell]:
    """Everything that the journal knows of it."""
    before, after = entry.before or {}, entry.after or {}
    known = facts(
        [
            ("when", f"{entry.at:%Y-%m-%d %H:%M:%S} UTC, {far(entry.at, eye.now)}"),
            ("who", entry.actor),
            ("process", None if entry.pid is None else str(entry.pid)),
            ("reason", entry.reason or ("none was given", Tone.DIM)),
            ("change", in_words(entry, eye) or None),
            ("note", undone(entry)),
        ]
    )
    return [*known, *_fields(before, after, eye)]


def _fields(before: Facts, after: Facts, eye: Eye) -> Iterator[Cell]:
    """A line for each fact: what it was and what it is."""
    names = [name for name in dict.fromkeys((*before, *after)) if before.get(name) is not None or after.get(name)]
    if names:
        yield ""
    width = max(map(len, names), default=0)
    for name in names:
        was = ((_short(before[name]), Tone.DIM), (eye.pick(" → ", " -> "), Tone.DIM)) if name in before else ()
        yield (f"{name:<{width}}  ", Tone.DIM), *was, (_short(after.get(name)), Tone.PLAIN)


def _pause(said: Facts, at: datetime) -> str:
    if not said["paused_at"]:
        return GOES_ON
    try:
        until = datetime.fromisoformat(str(said.get("paused_until"))).astimezone(UTC)
    except ValueError:
        return "paused"
    return f"paused until {until:%H:%M}" if until.date() == at.date() else f"paused until {until:%d %b %H:%M}"


def _short(value: Any) -> str:
    return "none" if value is None else value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
