"""What a reload changes: by name, and what of it waits for a restart."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaded:
    """What the files of a daemon said when it loaded them."""

    digest: str
    shown: Mapping[str, str]
    """Dotted key of all that is written → its value as JSON, or a mark of a value that may be private."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """Between two sets of named things; `changed` names what is different in each."""

    added: tuple[str, ...] = ()
    changed: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    removed: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.added or self.changed or self.removed)


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfigChanges:
    """Between what a daemon works by and what its files say now. Values are not told: they may be secret."""

    taken: bool = False
    """False for a dry run: nothing has changed yet."""
    files: tuple[str, ...] = ()
    jobs: Difference
    schedules: Difference
    queues: Difference
    settings: tuple[str, ...] = ()
    """Keys of other tables that hold from the reload on."""
    restart: tuple[str, ...] = ()
    """Keys that hold only after a restart of the daemon."""
    code: tuple[str, ...] = ()
    """Files of jobs that have changed since they were imported: jobs go on with what was loaded until a restart."""
    warnings: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.jobs or self.schedules or self.queues or self.settings or self.restart)

    def summary(self) -> str:
        """One line for a log: "jobs +1 ~2 -0, schedules +0 ~1 -0, …"."""
        kinds = (("jobs", self.jobs), ("schedules", self.schedules), ("queues", self.queues))
        told = [f"{name} +{len(d.added)} ~{len(d.changed)} -{len(d.removed)}" for name, d in kinds if d]
        told += [f"{len(self.settings)} settings"] if self.settings else []
        return ", ".join(told) or "nothing"
