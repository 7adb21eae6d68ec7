"""What the feed tells the screens."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from textual.message import Message

from jobd.client import Event


class News(Message):
    """What happened since the last News, at most four times a second; `snapshot` stands for "anything may have"."""

    def __init__(self, events: Sequence[Event], dropped: int = 0) -> None:
        self.events, self.dropped = events, dropped
        self.kinds = frozenset(event.kind for event in events)
        super().__init__()

    def about(self, *kinds: str) -> bool:
        """True when something of these kinds happened, or something was missed."""
        return bool(self.dropped) or not self.kinds.isdisjoint({"snapshot", "overflow", *kinds})

    def runs(self) -> Mapping[int, Mapping[str, Any]]:
        """Run → what was last heard of it."""
        return {event.facts["id"]: event.facts for event in self.events if event.kind.startswith("run.")}
