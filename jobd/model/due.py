"""What one look at the database says to every loop."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """The answer of `due()`. Lengths in seconds from now, negative when overdue, None when there is none."""

    queued: tuple[str, ...]
    """Queues with runs that may start."""
    limited: tuple[str, ...]
    """Queues with runs that may start if their limit has room."""
    suspects: bool
    blocked: bool
    """Some runs wait for a limit."""
    next_run: float | None
    next_slot: float | None
    next_mail: float | None
    expired: bool
    """A node's lease has ended and nobody has said so yet."""
    orphans: bool
    """Runs are held by nodes that are gone."""
    cancels: bool
    """Somebody asked for the end of a run of this node."""
    nodes: int
    """Nodes alive, this one included."""
    paused: frozenset[str]
    changed: int
    """Grows when jobs, schedules or queues change."""
    weights: Mapping[str, int] = field(default_factory=dict)
    """Queue → weight, where an operator has set another one than the configured."""
    pauses_over: bool = False
    """A pause has come to the end that it was given."""
    desired: str = "running"
    """What operators want of this node: running, quiet, drain."""
    sending: bool = False
    """This node has messages in hand."""
