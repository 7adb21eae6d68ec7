"""`Ask`: one request with how its answer is read, for the clients with and without asyncio; and how asks are made."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar
from urllib.parse import quote

from jobd.client.decode import decode

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask(Generic[T]):
    """One request."""

    method: str
    path: str
    read: Callable[[Any], T]
    body: bytes | None = None
    patience: float = 0.0
    """Seconds that the daemon may take on purpose."""


def place(noun: str, *parts: str | int) -> str:
    """The path of one thing: names may hold whatever they like."""
    return "/".join(["/v1", noun, *(quote(str(part), safe="") for part in parts)])


def numbered(noun: str, id: int) -> str:
    """The path of one thing that has a number for a name.

    Raises:
        ValueError: nothing can have it.
    """
    if isinstance(id, bool) or not isinstance(id, int) or not 0 < id < 2**63:
        raise ValueError(f"{id!r} is no id: a whole number from 1")
    return place(noun, id)


def query(path: str, **wanted: str | float | None) -> str:
    """`path` with what is wanted of it; what is absent is not said."""
    said = "&".join(f"{name}={quote(str(value), safe='')}" for name, value in wanted.items() if value is not None)
    return f"{path}?{said}" if said else path


def shown(kind: type[T], path: str, patience: float = 0.0) -> Ask[T]:
    """What stands at `path`, as `kind`."""
    return Ask(method="GET", path=path, read=lambda answer: decode(kind, answer), patience=patience)


def listed(kind: type[T], path: str, key: str) -> Ask[list[T]]:
    """All that stands at `path` under `key`, each as `kind`."""
    return Ask(method="GET", path=path, read=lambda answer: [decode(kind, one) for one in answer[key]])


def told(path: str, body: Mapping[str, Any], read: Callable[[Any], T], patience: float = 0.0) -> Ask[T]:
    """A wish; what is None in `body` is not said."""
    said = {name: value for name, value in body.items() if value is not None}
    return Ask(method="POST", path=path, body=as_json(said), read=read, patience=patience)


def removed(path: str, reason: str | None, read: Callable[[Any], T], patience: float = 0.0) -> Ask[T]:
    """The end of what stands at `path`."""
    body = as_json({"reason": reason}) if reason is not None else None
    return Ask(method="DELETE", path=path, body=body, read=read, patience=patience)


def reader(kind: type[T]) -> Callable[[Any], T]:
    """Reads an answer as `kind`."""
    return lambda answer: decode(kind, answer)


def new_id(answer: Any) -> int:
    """Reads the id of what was added."""
    return int(answer["id"])


def as_json(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode()
