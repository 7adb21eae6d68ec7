"""Which arguments in TOML could not be stored as JSON in Postgres, and why."""

from __future__ import annotations

import math
from collections.abc import Iterator
from datetime import date, datetime, time
from typing import Any

from jobd.config.positions import Path

LARGEST_INTEGER = 2**63 - 1


def not_storable(value: Any, path: Path = ()) -> Iterator[tuple[Path, str]]:
    """Each value inside `value` that JSON or Postgres would refuse or change, by its path."""
    if isinstance(value, dict):
        for name, inner in value.items():
            if "\0" in name:
                yield (*path, name), "a name with a NUL character cannot be stored"
            yield from not_storable(inner, (*path, name))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from not_storable(inner, (*path, index))
    elif reason := _reason(value):
        yield path, reason


def _reason(value: Any) -> str | None:
    if isinstance(value, (datetime, date, time)):
        return f'arguments are stored as JSON, which has no dates: write it as a string, "{value.isoformat()}"'
    if isinstance(value, float) and not math.isfinite(value):
        return "arguments are stored as JSON, which has no inf and no nan"
    if isinstance(value, int) and abs(value) > LARGEST_INTEGER:
        return "does not fit 64 bits; write it as a string"
    if isinstance(value, str) and "\0" in value:
        return "Postgres stores no NUL character"
    return None
