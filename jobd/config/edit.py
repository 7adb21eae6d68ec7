"""The one file that jobd writes itself: schedules that were added while it runs, in `jobd.d/schedules.toml`.

What people write is never touched: a schedule that stands elsewhere is edited there.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import tomli_w

from jobd.config.load import examine_with
from jobd.errors import ArgumentsRefused, ConfigError, Conflict, NotFound
from jobd.model.storable import storable

FILE = "schedules.toml"
HEADER = "# Written by jobd: jobctl schedules add, edit and remove. Comments are lost at the next of them.\n\n"

ScheduleTable = Mapping[str, Any]
"""The keys of one `[schedules.NAME]`."""


@dataclass(slots=True)
class Written:
    """The file with its new content, which is taken back unless it is to be kept."""

    path: Path
    before: bytes | None
    replaced: ScheduleTable | None
    """The table as it stood; absent when the schedule is new."""
    kept: bool = False

    def keep(self) -> None:
        """It was taken over: it stays."""
        self.kept = True

    def restore(self) -> None:
        """As it was before."""
        if self.before is None:
            self.path.unlink(missing_ok=True)
        else:
            _write(self.path, self.before)


@contextmanager
def with_schedule(main: Path, name: str, table: ScheduleTable | None, *, new: bool) -> Iterator[Written]:
    """The file beside `main` with that schedule in it (without a table: no longer), for the length of the block.

    Raises:
        ArgumentsRefused: the table holds what TOML or Postgres cannot; names the place.
        ConfigError: the configuration would not be usable; nothing was written.
        Conflict: it stands in a file that people write, is there already, or the file cannot be written.
        NotFound: it is not there.
    """
    if table is not None:
        storable(table.get("args", {}))
        refuse_null(table, "")
    path = main.absolute().with_suffix(".d") / FILE
    before = path.read_bytes() if path.exists() else None
    schedules = _read(path, before)
    content = _content(_changed(schedules, main, name, table, new=new))
    report = examine_with(main, path, content)
    if report.config is None:
        raise ConfigError(report.problems)
    written = Written(path, before, schedules.get(name))
    try:
        _write(path, content)
    except OSError as error:
        raise Conflict(
            f"{path} cannot be written: {error.strerror}; write [schedules.{name}] into {main.name} by hand, "
            f"or let the daemon's user write in {path.parent}"
        ) from error
    try:
        yield written
    finally:
        if not written.kept:
            written.restore()


def refuse_null(value: Any, place: str) -> None:
    """TOML has no null, and to leave it out would be something else.

    Raises:
        ArgumentsRefused: names the place of one.
    """
    match value:
        case None:
            raise ArgumentsRefused(f"{place.removeprefix('.')}: null cannot be written in TOML; leave it out")
        case dict():
            for key, inner in value.items():
                refuse_null(inner, f"{place}.{key}")
        case list():
            for index, inner in enumerate(value):
                refuse_null(inner, f"{place}[{index}]")


def _read(path: Path, content: bytes | None) -> dict[str, Any]:
    """The schedules of the file."""
    try:
        data = tomllib.loads((content or b"").decode())
    except ValueError as error:
        raise Conflict(f"{path} is not TOML any more: {error}; mend it by hand") from error
    schedules = data.pop("schedules", {})
    if data or not isinstance(schedules, dict):
        raise Conflict(f"{path} holds more than schedules; move {', '.join(sorted(data))} to another file of jobd.d")
    return schedules


def _changed(
    schedules: dict[str, Any], main: Path, name: str, table: ScheduleTable | None, *, new: bool
) -> dict[str, Any]:
    if new and name in schedules:
        raise Conflict(f"there is a schedule {name} already: jobctl schedules edit {name}")
    if name not in schedules and (place := _elsewhere(main, name)):
        raise Conflict(f"schedule {name} stands in {place}, which people write: edit it there, then jobctl reload")
    if not new and name not in schedules:
        raise NotFound(f"there is no schedule {name} in {FILE}")
    return {key: value for key, value in {**schedules, name: table}.items() if value is not None}


def _elsewhere(main: Path, name: str) -> str | None:
    """Where the files have this schedule, one that a job has by shorthand included; None when nowhere."""
    report = examine_with(main, None, b"")
    if report.config is None:
        raise ConfigError(report.problems)
    schedule = report.config.schedules.get(name)
    return schedule.place if schedule is not None else None


def _content(schedules: Mapping[str, Any]) -> bytes:
    tables = {name: dict(sorted(table.items())) for name, table in sorted(schedules.items())}
    return (HEADER + tomli_w.dumps({"schedules": tables})).encode()


def _write(path: Path, content: bytes) -> None:
    """All of it or nothing, even when the machine goes down: a daemon starts from this file."""
    path.parent.mkdir(mode=0o750, exist_ok=True)
    draft = path.with_name(f".{path.name}.new")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC, 0o640)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(descriptor)
    draft.replace(path)
