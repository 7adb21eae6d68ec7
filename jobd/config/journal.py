"""What the journal says of configurations: the names of what changed, and of what is no secret the values."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from jobd.config.configuration import Config
from jobd.config.edit import ScheduleTable
from jobd.model.change import Action, Actor, Line
from jobd.model.privacy import Mask
from jobd.model.reload import ConfigChanges, Difference, Loaded

VALUES = ("queues.", "keep.", "defaults.")
VALUES_OF_JOBS = frozenset(
    {"cron", "every", "at", "timezone", "catch_up_window", "enabled", "job", "queue", "priority", "timeout", "retries"}
)
"""Keys whose values anybody may read who may read the journal; what else a job is given may be private."""


def written(config: Config) -> Loaded:
    """What is written in the files and the environment."""
    shown = {key: value if _open(key) else _mark(value) for key, value, origin in config.shown if origin != "default"}
    return Loaded(digest=config.digest, shown=shown)


def load_lines(who: Actor, name: str, known: Loaded | None, now: Loaded) -> Iterator[Line]:
    """The line of a daemon that starts on other files than the last one did; none when nobody knows what those said."""
    if known is None or known == now:
        return
    before, after = _values(known, now)
    keys = _differing(known, now)
    yield Line(
        who=who, action=Action.CONFIG_LOAD, target=name,
        before={"digest": known.digest, **before}, after={"digest": now.digest, "keys": keys, **after},
    )  # fmt: skip


def reload_lines(
    who: Actor,
    old: Config,
    new: Config,
    changes: ConfigChanges,
    schedule: Line | None = None,
    *,
    reason: str | None = None,
) -> Iterator[Line]:
    """The lines of a reload: of the one `schedule` that was written for it, if any, and of all else that changed."""
    without: tuple[str, ...] = ()
    if schedule is not None:
        if _touches(changes.schedules, schedule.target):
            yield schedule
        changes = replace(changes, schedules=_without(changes.schedules, schedule.target))
        without = (f"schedules.{schedule.target}.",)
    if changes:
        before, after = _values(written(old), written(new), without)
        yield Line(
            who=who, action=Action.CONFIG_RELOAD, target=old.daemon.name, reason=reason,
            before={"digest": old.digest, **before}, after={"digest": new.digest, **_told(changes), **after},
        )  # fmt: skip


def schedule_line(
    who: Actor,
    name: str,
    before: ScheduleTable | None,
    after: ScheduleTable | None,
    mask: Mask,
    *,
    new: bool,
    reason: str | None = None,
) -> Line:
    """The line of a schedule that is added (`new`), edited or (without `after`) removed."""
    action = Action.SCHEDULE_ADD if new else Action.SCHEDULE_REMOVE if after is None else Action.SCHEDULE_EDIT
    shown = _shown(before, mask), _shown(after, mask)
    return Line(who=who, action=action, target=name, reason=reason, before=shown[0], after=shown[1])


def _shown(table: ScheduleTable | None, mask: Mask) -> dict[str, Any] | None:
    """The table as JSON has it, a date as text, without what `[privacy] redact` names."""
    if table is None:
        return None
    plain: dict[str, Any] = json.loads(json.dumps(table, default=str))
    return {key: mask.of("args", value) if key == "args" else value for key, value in plain.items()}


def _values(old: Loaded, new: Loaded, without: tuple[str, ...] = ()) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    """`{"values": …}` as they were and as they are, of what differs and may be told; empty when that is nothing."""
    keys = [key for key in _differing(old, new) if _open(key) and not key.startswith(without)]
    before, after = ({key: json.loads(one.shown[key]) for key in keys if one.shown.get(key)} for one in (old, new))
    return ({"values": before}, {"values": after}) if keys else ({}, {})


def _mark(value: str) -> str:
    """The same for the same value, which it does not tell."""
    return hashlib.sha256(value.encode()).hexdigest()[:16]


def _differing(old: Loaded, new: Loaded) -> list[str]:
    return sorted(key for key in old.shown.keys() | new.shown.keys() if old.shown.get(key) != new.shown.get(key))


def _open(key: str) -> bool:
    return key.startswith(VALUES) or key.rpartition(".")[2] in VALUES_OF_JOBS


def _told(changes: ConfigChanges) -> dict[str, Any]:
    told: dict[str, Any] = {"settings": list(changes.settings), "restart": list(changes.restart)}
    for kind, one in (("jobs", changes.jobs), ("schedules", changes.schedules), ("queues", changes.queues)):
        changed = {name: list(fields) for name, fields in one.changed.items()}
        told[kind] = {"added": list(one.added), "changed": changed, "removed": list(one.removed)} if one else {}
    return {name: what for name, what in told.items() if what}


def _touches(difference: Difference, name: str) -> bool:
    return name in difference.added or name in difference.changed or name in difference.removed


def _without(difference: Difference, name: str) -> Difference:
    return Difference(
        added=tuple(one for one in difference.added if one != name),
        changed={one: fields for one, fields in difference.changed.items() if one != name},
        removed=tuple(one for one in difference.removed if one != name),
    )
