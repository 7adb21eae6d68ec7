"""Every setting with its value and origin, for people; secrets, and what `[privacy] redact` names, are masked."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

from pydantic import SecretStr

from jobd.config.configuration import Shown
from jobd.config.keys import fields
from jobd.config.layers import Merged, dotted
from jobd.config.positions import Path
from jobd.config.secrets import MASK, is_secret
from jobd.config.tables import Table
from jobd.config.validated import Tables
from jobd.model.duration import format_duration
from jobd.model.privacy import Mask
from jobd.model.settings import DaemonSettings

SINGLE = ("daemon", "database", "control", "api", "dashboard", "privacy", "app", "keep", "mail", "paymob", "defaults")


def shown(tables: Tables, merged: Merged, daemon: DaemonSettings) -> tuple[Shown, ...]:
    """All keys of the single tables, and the written ones of queues, jobs and schedules."""
    found = {"daemon.state_directory": str(daemon.state_directory), "daemon.socket": str(daemon.socket)}
    mask = Mask(tables.privacy.redact)
    settings = [setting for name in SINGLE for setting in _table(getattr(tables, name), (name,), merged, mask)]
    for kind in ("queues", "jobs", "schedules"):
        for name, table in getattr(tables, kind).items():
            settings += [
                (key, value, origin) for key, value, origin in _table(table, (kind, name), merged, mask, written=True)
            ]
    return tuple((key, found.get(key, value), origin) for key, value, origin in settings)


def origins(merged: Merged) -> dict[str, str]:
    """Where each written key comes from, by its dotted path."""
    return {dotted(path): merged.origin(path) for path in merged.written()}


def _table(
    table: Table | None, above: Path, merged: Merged, mask: Mask, *, written: bool = False
) -> Iterator[Shown]:
    if table is None:
        return
    for name, field in fields(type(table)).items():
        path = (*above, name)
        value = getattr(table, "schema_" if field.alias else name)
        if isinstance(value, Table):
            yield from _table(value, path, merged, mask, written=written)
        elif not written or merged.get(path) is not None:
            yield dotted(path), _text(value, path, mask), merged.origin(path)


def _text(value: Any, path: Path, mask: Mask) -> str:
    if value is None:
        return ""
    if isinstance(value, SecretStr) or is_secret(path):
        return MASK
    plain = _plain(value, path)
    if path[0] in ("jobs", "schedules") and path[2:] == ("args",):
        plain = mask.of("args", plain)
    return json.dumps(plain, ensure_ascii=False)


def _plain(value: Any, path: Path) -> Any:
    if is_secret(path):
        return MASK
    if isinstance(value, timedelta):
        return format_duration(value)
    if isinstance(value, date):  # a datetime is one
        return value.isoformat()
    if isinstance(value, dict):
        return {name: _plain(inner, (*path, name)) for name, inner in value.items()}
    if isinstance(value, list):
        return [_plain(inner, path) for inner in value]
    return value
