"""The daemon's JSON → model objects. What a newer daemon says beyond what this client knows is left out."""

from __future__ import annotations

import types
from collections.abc import Callable
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


@cache
def _reader(kind: Any) -> Reader:
    """How a value of this annotation is read."""
    origin, inner = get_origin(kind), get_args(kind)
    if origin in (Union, types.UnionType):
        return _optional(_reader(next(one for one in inner if one is not types.NoneType)))
    if origin is tuple:
        item = _reader(inner[0])
        return lambda value: tuple(item(one) for one in value)
    if kind is datetime:
        return datetime.fromisoformat
    if isinstance(kind, type) and issubclass(kind, Enum):
        return kind
    if isinstance(kind, type) and is_dataclass(kind):
        return _object(kind)
    return lambda value: value


def _optional(reader: Reader) -> Reader:
    return lambda value: None if value is None else reader(value)


def _object(kind: type[Any]) -> Reader:
    hints = get_type_hints(kind)
    readers = [(field.name, _reader(hints[field.name])) for field in fields(kind)]

    def read(value: Any) -> Any:
        return kind(**{name: reader(value[name]) for name, reader in readers if name in value})

    return read
