"""Two configurations side by side: what a daemon can take over while it runs, and what it cannot."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import fields, replace
from typing import Any

from jobd.config.configuration import Config
from jobd.model.reload import ConfigChanges, Difference

LIVE = ("jobs", "schedules", "queues", "keep", "mail", "paymob")
"""Parts of a `Config` that a running daemon takes over; of [daemon] it is `grace` alone."""
_LIVE_KEYS = ("defaults.", "keep.", "mail.", "paymob.", "daemon.grace")
_NAMED = ("jobs.", "schedules.", "queues.")
_ABOUT = ("files", "digest", "origins", "shown", "warnings")


def taken_over(old: Config, new: Config) -> Config:
    """`new` as a daemon that was started with `old` can work by it without a restart."""
    stays = [field.name for field in fields(Config) if field.name not in (*LIVE, *_ABOUT, "daemon")]
    kept: dict[str, Any] = {name: getattr(old, name) for name in stays}
    return replace(new, **kept, daemon=replace(old.daemon, grace=new.daemon.grace))


def compared(old: Config, new: Config, *, taken: bool = False, code: tuple[str, ...] = ()) -> ConfigChanges:
    """What is different in `new`, whose `old` is the configuration as it was loaded, not as it was taken over."""
    keys = sorted(_changed_keys(old, new))
    return ConfigChanges(
        taken=taken,
        files=tuple(str(file) for file in new.files),
        jobs=_difference(old.jobs, new.jobs),
        schedules=_difference(old.schedules, new.schedules),
        queues=_difference(old.queues, new.queues),
        settings=tuple(key for key in keys if key.startswith(_LIVE_KEYS)),
        restart=tuple(key for key in keys if not key.startswith(_LIVE_KEYS)),
        code=code,
        warnings=tuple(str(warning) for warning in new.warnings),
    )


def _difference(old: Mapping[str, Any], new: Mapping[str, Any]) -> Difference:
    changed = {name: what for name in sorted(old.keys() & new.keys()) if (what := _fields(old[name], new[name]))}
    return Difference(
        added=tuple(sorted(new.keys() - old.keys())), changed=changed, removed=tuple(sorted(old.keys() - new.keys()))
    )


def _fields(old: Any, new: Any) -> tuple[str, ...]:
    """The fields that differ; where a table stands in its file is none of them."""
    names = [field.name for field in fields(old) if field.name != "place"]
    return tuple(name for name in names if getattr(old, name) != getattr(new, name))


def _changed_keys(old: Config, new: Config) -> Iterator[str]:
    """Keys of single tables that differ; a secret, whose value is not shown, by the part of `Config` that has it."""
    before = {key: value for key, value, _ in old.shown if not key.startswith(_NAMED)}
    after = {key: value for key, value, _ in new.shown if not key.startswith(_NAMED)}
    found = {key for key in before.keys() | after.keys() if before.get(key) != after.get(key)}
    yield from found
    for field in fields(Config):
        hidden = field.name not in (*_ABOUT, "jobs", "schedules", "queues")
        told = any(key.startswith(f"{field.name}.") for key in found)
        if hidden and not told and getattr(old, field.name) != getattr(new, field.name):
            yield f"{field.name}.(a secret)"
