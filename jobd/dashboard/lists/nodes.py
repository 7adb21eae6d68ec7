"""The columns of nodes and the words about one: how it stands, what it has in hand, and what is not well with it.

Ages and leases are Postgres' at the moment of the answer: neither this machine's clock nor the seconds since count.
"""

from __future__ import annotations

from collections.abc import Iterator

from jobd.dashboard.lists.columns import Column
from jobd.dashboard.looks import NODES, Bit, Cell, Eye, Tone, state
from jobd.dashboard.words.bars import share_bar
from jobd.dashboard.words.moments import far, whole
from jobd.model.reports import NodeReport
from jobd.model.told import length

LAG_MS = 250.0
"""From here on people feel it: runs start, heartbeats go and keys answer that much later."""


def standing(node: NodeReport) -> str:
    """Its state; `silent` when its lease has ended and nobody has said so yet."""
    return node.state if node.alive or node.state in ("left", "lost") else "silent"


def gone(node: NodeReport) -> bool:
    return standing(node) in ("left", "lost")


def lease_left(node: NodeReport) -> float:
    """Seconds that it may go on without a beat."""
    return (node.lease_until - node.beat_at).total_seconds() - node.beat_age_seconds


def short_of_lease(node: NodeReport) -> bool:
    """Below a third: two beats are missing."""
    return not gone(node) and lease_left(node) < (node.lease_until - node.beat_at).total_seconds() / 3


def lags(node: NodeReport) -> bool:
    return node.alive and node.lag_ms is not None and node.lag_ms >= LAG_MS


def _toned(node: NodeReport, text: str, tone: Tone = Tone.PLAIN) -> Bit:
    """One that is gone is dim, whatever is said of it."""
    return text, Tone.DIM if gone(node) else tone


def _busy(node: NodeReport, eye: Eye) -> Cell:
    if gone(node):
        return "-", Tone.DIM
    return *share_bar(node.running / max(1, node.workers), eye, width=5), (
        f" {node.running}/{node.workers}",
        Tone.PLAIN,
    )


def _since(node: NodeReport, eye: Eye) -> Cell:
    """How long it has been there, or gone."""
    since = (node.left_at or node.beat_at) if gone(node) else node.started_at
    return _toned(node, whole((eye.now - since).total_seconds()), Tone.DIM)


def _lease(node: NodeReport, eye: Eye) -> Cell:
    if gone(node):
        return "-", Tone.DIM
    return whole(max(0.0, lease_left(node))), Tone.WARN if short_of_lease(node) else Tone.PLAIN


def _lag(node: NodeReport, eye: Eye) -> Cell:
    if node.lag_ms is None or gone(node):
        return "-", Tone.DIM
    return length(node.lag_ms / 1000), Tone.WARN if lags(node) else Tone.PLAIN


def _beat(node: NodeReport, eye: Eye) -> Cell:
    return _toned(node, f"{whole(node.beat_age_seconds)} ago", Tone.WARN if short_of_lease(node) else Tone.PLAIN)


def _note(node: NodeReport, eye: Eye) -> Cell:
    if gone(node) or node.desired == "running":
        return ""
    return wish(node), Tone.WARN


def wish(node: NodeReport) -> str:
    """What an operator wants of it."""
    said = f": {node.desired_reason}" if node.desired_reason else ""
    return f"{node.desired} by {node.desired_by or 'somebody'}{said}"


COLUMNS: tuple[Column[NodeReport], ...] = (
    Column(title="ID", cell=lambda node, eye: (str(node.id), Tone.DIM), width=5, right=True),
    Column(title="STATE", cell=lambda node, eye: state(NODES, standing(node), eye), width=10),
    Column(title="NAME", cell=lambda node, eye: _toned(node, node.name, Tone.NAME), width=9, grow=2),
    Column(title="HOST", cell=lambda node, eye: _toned(node, node.host), width=11, grow=4, keep=6),
    Column(title="VERSION", cell=lambda node, eye: _toned(node, node.version), width=8, keep=2),
    Column(title="BUSY", cell=_busy, width=11),
    Column(title="CLAIMED", cell=lambda node, eye: _toned(node, str(node.claimed)), width=7, right=True, keep=4),
    Column(title="LEASE", cell=_lease, width=6, right=True, keep=8),
    Column(title="BEAT", cell=_beat, width=8, right=True, keep=5),
    Column(title="LAG", cell=_lag, width=5, right=True, keep=7),
    Column(title="FOR", cell=_since, width=6, right=True),
    Column(title="NOTE", cell=_note, width=18, grow=3, keep=1),
)


def told(node: NodeReport, eye: Eye) -> Iterator[Cell]:
    """What there is to say about one node, the next step with whatever is not well."""
    yield (
        (f"Node {node.id} {node.name}", Tone.NAME),
        (f"  on {node.host}, pid {node.pid}, jobd {node.version}, started {node.started_at:%d %b %H:%M} UTC", Tone.DIM),
    )
    match standing(node):
        case "left":
            yield f"It said goodbye {far(node.left_at, eye.now)} and gave back what it had in hand.", Tone.DIM
        case "lost":
            yield from _lost(node, eye)
        case "silent":
            yield "Its lease has ended and nobody has taken its runs yet: another node does within seconds.", Tone.BAD
            yield "Is there no other one? Start it: systemctl start jobd", Tone.PLAIN
        case _:
            yield from _alive(node)


def _lost(node: NodeReport, eye: Eye) -> Iterator[Cell]:
    heard = far(node.beat_at, eye.now)
    yield f"Possibly aborted: last heard of {heard}, no goodbye. Killed, crashed, or cut off from Postgres.", Tone.BAD
    if held := node.running + node.claimed:
        yield (
            f"{_runs(held, 'is', 'are')} still its own; what it held goes back to the queues within seconds.",
            Tone.WARN,
        )
    else:
        yield (
            "What it ran went back to the queues; a run whose nodes die again and again ends as failed (poison).",
            Tone.PLAIN,
        )
    yield f"What it said last: journalctl -u jobd on {node.host}", Tone.DIM


def _alive(node: NodeReport) -> Iterator[Cell]:
    if node.desired != "running":
        held = node.running + node.claimed
        left = f"{_runs(held)} to go" if held else "nothing is left on it"
        yield ((f"{wish(node)}: ", Tone.WARN), (f"it begins nothing new, {left}; R lets it work again", Tone.PLAIN))
    if short_of_lease(node):
        yield "It misses its beats: is Postgres slow or out of reach from there, or the process stopped?", Tone.WARN
    if lags(node):
        yield (
            "Its loop was kept waiting (LAG): a job computes without awaiting; asyncio.to_thread lets others go on.",
            Tone.WARN,
        )


def _runs(count: int, one: str = "", several: str = "") -> str:
    return f"{count:,} {'run' if count == 1 else 'runs'} {one if count == 1 else several}".rstrip()
