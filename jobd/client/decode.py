"""The daemon's JSON → model objects. What a newer daemon says beyond what this client knows is left out."""

from __future__ import annotations

import types
from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass
from datetime import datetime
from enum import Enum
from functools import cache
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

T = TypeVar("T")
Reader = Callable[[Any], Any]


def decode(kind: type[T], value: Any) -> T:
    """`value` as `kind`, a dataclass of jobd.model.

    Raises:
        ValueError, TypeError, KeyError: it is no such thing.
    """
    reader: Reader = _reader(kind)  # type: ignore[arg-type]
    found: T = reader(value)
    return found


def _same(value: Any) -> Any:
    """What JSON says already as the model does."""
    return value


@cache
def _reader(kind: Any) -> Reader:
    """How a value of this annotation is read."""
    origin, inner = get_origin(kind), get_args(kind)
    if origin in (Union, types.UnionType):
        return _optional(_reader(next(one for one in inner if one is not types.NoneType)))
    if origin is tuple:
        return _tuple(_reader(inner[0]))
    if origin in (dict, Mapping):
        return _values(_reader(inner[1]))
    if kind is datetime:
        return datetime.fromisoformat
    if isinstance(kind, type) and issubclass(kind, Enum):
        return kind
    if isinstance(kind, type) and is_dataclass(kind):
        return _object(kind)
    return _same


def _optional(reader: Reader) -> Reader:
    return _same if reader is _same else lambda value: None if value is None else reader(value)


def _tuple(reader: Reader) -> Reader:
    return tuple if reader is _same else lambda value: tuple(map(reader, value))


def _values(reader: Reader) -> Reader:
    return _same if reader is _same else lambda value: {name: reader(one) for name, one in value.items()}


def _object(kind: type[Any]) -> Reader:
    hints = get_type_hints(kind)
    readers = {field.name: _reader(hints[field.name]) for field in fields(kind)}
    changed = [(name, reader) for name, reader in readers.items() if reader is not _same]  # a page has 200 runs

    def read(value: Any) -> Any:
        if not isinstance(value, dict):
            raise TypeError(f"no {kind.__name__}: {type(value).__name__}")
        told = {name: one for name, one in value.items() if name in readers}
        for name, reader in changed:
            if name in told:
                told[name] = reader(told[name])
        return kind(**told)

    return read
