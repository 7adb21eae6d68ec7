"""What the journal says of a reload: names and no values, for those of settings may be secret; all of a schedule."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from jobd.config.configuration import Config
from jobd.config.edit import ScheduleTable
from jobd.model.change import Action, Actor, Line
from jobd.model.privacy import Mask
from jobd.model.reload import ConfigChanges, Difference


def reload_lines(
    who: Actor, old: Config, new: Config, changes: ConfigChanges, schedule: Line | None = None
) -> Iterator[Line]:
    """The lines of a reload: of the one `schedule` that was written for it, if any, and of all else that changed."""
    if schedule is not None:
        if _touches(changes.schedules, schedule.target):
            yield schedule
        changes = replace(changes, schedules=_without(changes.schedules, schedule.target))
    if changes:
        after = {"digest": new.digest, **_told(changes)}
        yield Line(
            who=who, action=Action.CONFIG_RELOAD, target=old.daemon.name, before={"digest": old.digest}, after=after
        )


def schedule_line(
    who: Actor, name: str, before: ScheduleTable | None, after: ScheduleTable | None, mask: Mask, *, new: bool
) -> Line:
    """The line of a schedule that is added (`new`), edited or (without `after`) removed."""
    action = Action.SCHEDULE_ADD if new else Action.SCHEDULE_REMOVE if after is None else Action.SCHEDULE_EDIT
    return Line(who=who, action=action, target=name, before=_shown(before, mask), after=_shown(after, mask))


def _shown(table: ScheduleTable | None, mask: Mask) -> dict[str, Any] | None:
    """The table as JSON has it, a date as text, without what `[privacy] redact` names."""
    if table is None:
        return None
    plain: dict[str, Any] = json.loads(json.dumps(table, default=str))
    return {key: mask.of("args", value) if key == "args" else value for key, value in plain.items()}


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
