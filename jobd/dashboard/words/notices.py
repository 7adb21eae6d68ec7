"""What the daemon wants people to know, as lines for a screen."""

from __future__ import annotations

from collections.abc import Sequence

from jobd.dashboard.looks import Cell, Eye, Look, Tone
from jobd.dashboard.words.failures import failing
from jobd.model.failures import FailureGroup
from jobd.model.health import Level, Notice
from jobd.model.reports import QueueReport
from jobd.model.status import Status
from jobd.model.told import length

LOOKS = {
    Level.ERROR: Look("✗", "x", Tone.BAD),
    Level.WARNING: Look("▲", "!", Tone.WARN),
    Level.INFO: Look("·", "i", Tone.DIM),
}
"""The worst first."""


BEHIND_SECONDS = 60.0
"""A queue whose oldest run waits for longer is behind; less is what a busy moment makes."""


def noticed(status: Status, groups: Sequence[FailureGroup] = ()) -> list[Notice]:
    """What the daemon says, and what its numbers say: queues that are behind, failures, and what is tried again."""
    found = [*status.health.notices, *map(_waits, behind(status.queues or ()))]
    if (words := failing(groups)) is not None:
        found.append(_warning("failing", words))
    if status.counts is not None and (failed := status.counts.hour.get("failed", 0)):
        runs = "1 run has" if failed == 1 else f"{failed:,} runs have"
        found.append(_warning("failures", f"{runs} failed in the last hour: 5 says which and why"))
    return found


def behind(queues: Sequence[QueueReport]) -> list[QueueReport]:
    """Those whose runs wait for too long, and at once those that are paused while something waits."""
    return [
        queue
        for queue in queues
        if (queue.oldest_seconds or 0) > BEHIND_SECONDS or (queue.paused_at is not None and queue.queued.count)
    ]


def _waits(queue: QueueReport) -> Notice:
    state = "is behind" if queue.paused_at is None else "is paused"
    since = queue.oldest_seconds or 0
    oldest = f", the oldest for {length(since // 60 * 60)}" if since >= BEHIND_SECONDS else ""  # whole minutes
    return _warning("behind", f"queue {queue.name} {state}: {queue.queued} waiting{oldest}; 4 says why")


def _warning(code: str, message: str) -> Notice:
    return Notice(level=Level.WARNING, code=code, message=message)


def lines(notices: Sequence[Notice], eye: Eye, room: int | None = None) -> list[Cell]:
    """The worst ones first, in `room` lines: those for which there is none are counted in the last."""
    order = list(LOOKS)
    ordered = sorted(notices, key=lambda notice: order.index(notice.level))
    if room is None or len(ordered) <= room:
        return [_line(notice, eye) for notice in ordered]
    rest = f"and {len(ordered) - room + 1} more: n shows all", Tone.DIM
    return [*(_line(notice, eye) for notice in ordered[: room - 1]), rest]


def _line(notice: Notice, eye: Eye) -> Cell:
    look = LOOKS[notice.level]
    return (f"{eye.glyph(look)} {notice.level.value}  ", look.tone), (notice.message, look.tone)
