"""Server-sent events → `Event`, line by line, for the clients with and without asyncio."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from sys import intern
from typing import Any
from urllib.parse import quote

QUIET_SECONDS = 40.0
"""The daemon sends a comment after 15 s of silence: after more than two of them, nobody is there."""
AGAIN_SECONDS = 1.0
_FEW = frozenset({"job", "queue", "schedule", "state"})
"""Facts that repeat from event to event."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One thing that happened: `run.ended`, `node.lost` …; `snapshot` says how things stand, and comes first."""

    kind: str
    facts: Mapping[str, Any] = field(default_factory=dict)
    """As JSON has them; docs/api.md lists them."""
    id: str | None = None
    """For `after`: what came behind it is told again."""


def path(runs: Collection[int], kinds: Collection[str]) -> str:
    """What to ask for."""
    asked = [("run", ",".join(f"{run:d}" for run in runs)), ("kind", ",".join(kinds))]
    return "/v1/events?" + "&".join(f"{name}={quote(text, safe=',')}" for name, text in asked if text)


def _facts(text: str) -> dict[str, Any]:
    """The facts of one event; thousands of them are kept by who follows, so their words are kept once."""
    known = {intern(name): value for name, value in json.loads(text).items()}
    for name in _FEW & known.keys():
        if type(known[name]) is str:
            known[name] = intern(known[name])
    return known


class Lines:
    """Takes the lines of a stream; an event is whole at the empty line behind it."""

    def __init__(self, after: str | None) -> None:
        self.last = after
        """The id of the latest event."""
        self._fields: dict[str, str] = {}

    def take(self, line: bytes) -> Event | None:
        """The event that this line completes."""
        text = line.decode("utf-8", "replace").rstrip("\r\n")
        if text:
            name, _, value = text.partition(":")
            self._fields[name] = value.removeprefix(" ")  # a comment has no name
            return None
        fields, self._fields = self._fields, {}
        if "data" not in fields:
            return None
        self.last = fields.get("id", self.last)
        return Event(kind=intern(fields.get("event", "message")), facts=_facts(fields["data"]), id=fields.get("id"))

    def broken(self) -> None:
        """The connection ended: what was half told is forgotten."""
        self._fields = {}
