"""Model ⇄ JSON: the only place that knows both. Instants are ISO 8601 in UTC, what is absent is null."""

from __future__ import annotations

import json
from functools import lru_cache
from typing import Any, NoReturn

from pydantic import TypeAdapter


def to_json(value: Any) -> bytes:
    """A model object, or a dict or list of them, as JSON."""
    kind: Any = type(value)
    return _adapter(kind).dump_json(value)


@lru_cache(maxsize=64)
def _adapter(kind: type[Any]) -> TypeAdapter[Any]:
    # a plain container says nothing about what is in it: Any lets pydantic look at each object
    return TypeAdapter(Any if kind in (dict, list, tuple) else kind)


def from_json(text: str) -> Any:
    """The value of a JSON text, read strictly: no name twice, no NaN, no Infinity, no endless nesting.

    Raises:
        ValueError: says what is wrong and, where JSON itself is broken, at which line and column.
    """
    try:
        return json.loads(text, object_pairs_hook=_once, parse_constant=_no_number)
    except RecursionError as error:
        raise ValueError("nested too deeply") from error
    except json.JSONDecodeError as error:
        raise ValueError(f"{error.msg} at line {error.lineno}, column {error.colno}") from error


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    values = dict(pairs)
    if len(values) < len(pairs):  # readers disagree on which one counts, so an attacker would choose
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"the name {twice[:80]!r} stands twice in one object")
    return values


def _no_number(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is no JSON")
