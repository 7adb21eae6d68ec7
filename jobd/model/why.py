"""Why something is as it is: causes in the order in which they were found to hold, told as one sentence.

The facts come from one moment of the database (see `store/why.py`); everything here is arithmetic and words.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from jobd.model.duration import spoken


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    """One link of the chain. `code` is stable for programs; `mend` is a command that changes it, absent without one."""

    code: str
    text: str
    mend: str | None = None
    otherwise: tuple[str, ...] = ()
    """Further commands, the gentlest first: what ends somebody's work comes last. A `#` says what for."""

    @property
    def ways(self) -> tuple[str, ...]:
        """All of them."""
        return (self.mend, *self.otherwise) if self.mend else self.otherwise


NO_NODE = Cause(code="no_node", text="no node is alive", mend="systemctl start jobd")


@dataclass(frozen=True, slots=True, kw_only=True)
class Why:
    """The answer: what was asked about, how it stands, and the chain of causes."""

    subject: str
    """`run 812`, `queue low`, `schedule nightly`."""
    state: str
    causes: tuple[Cause, ...]

    @property
    def sentence(self) -> str:
        """All of it in one line: "run 815 waits: queue low is at max 1, held by run 812 (backup) on node 3 for 14m"."""
        return f"{self.subject} {self.state}: {'; '.join(cause.text for cause in self.causes)}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Pause:
    """Who stopped it, since when, until when and why; the last three may not be known."""

    at: datetime
    by: str | None = None
    until: datetime | None = None
    reason: str | None = None

    def text(self, what: str, now: datetime) -> str:
        who = f" by {self.by}" if self.by else ""
        until = f", for another {spoken(self.until - now)}" if self.until else ""
        reason = f": {self.reason}" if self.reason else ""
        return f"{what} was paused{who} {spoken(now - self.at)} ago{until}{reason}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Holder:
    """A running run that holds what another one waits for."""

    id: int
    job: str
    node: int
    since: datetime

    def text(self, now: datetime) -> str:
        return f"run {self.id} ({self.job}) on node {self.node} for {spoken(now - self.since)}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ahead:
    """The run of a queue that goes next, and how many there are that go before one; counted to a bit over 10,000."""

    id: int
    job: str
    count: int = 1

    def text(self, queue: str) -> str:
        first = f"run {self.id} ({self.job})"
        if self.count == 1:
            return f"{first} of queue {queue} goes before it"
        count = "10,000 or more" if self.count > 10_000 else f"{self.count:,}"
        return f"{count} other runs of queue {queue} go before it, first {first}"


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueFacts:
    """A queue and its limits; `paused` is absent while it is served."""

    name: str
    node_max: int | None = None
    global_max: int | None = None
    running: int = 0
    paused: Pause | None = None
    reserves: dict[str, int] = field(default_factory=dict)
    """Workers that each node keeps for other queues."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeFacts:
    """A node that is alive, as far as it matters to one queue and job."""

    id: int
    host: str
    workers: int
    desired: str = "running"
    desired_by: str | None = None
    desired_reason: str | None = None
    serves: bool = True
    knows: bool = True
    fires: bool = True
    """Schedules: not so with [daemon] enabled = false, or on a copy that nobody has adopted."""
    load: dict[str, int] = field(default_factory=dict)
    """Queue → runs that it holds."""

    @property
    def busy(self) -> int:
        return sum(self.load.values())

    def room(self, queue: QueueFacts) -> int:
        """Workers that a run of this queue may have here now."""
        kept = sum(max(0, keep - self.load.get(other, 0)) for other, keep in queue.reserves.items())
        return self.workers - self.busy - kept


def first(causes: Iterable[Cause | None]) -> tuple[Cause, ...]:
    """The causes that there are."""
    return tuple(cause for cause in causes if cause is not None)


def held_by(holders: Sequence[Holder], count: int, now: datetime) -> str:
    """Who has it: the longest ones by name, the rest counted."""
    named = " and ".join(holder.text(now) for holder in holders[:2])
    more = count - len(holders[:2])
    return f"held by {named}{f' and {more} more' if more > 0 else ''}" if named else "held by runs that end just now"


def at_limit(code: str, text: str, holders: Sequence[Holder], limit: str, move: str | None = None) -> Cause:
    """A limit is in the way: wait for its turn, go elsewhere, raise `limit`, and only then end who holds it."""
    raising = f"jobctl reload  # after a higher {limit} in jobd.toml"
    wait, cancel = (f"jobctl {verb} {holders[0].id}" if holders else None for verb in ("wait", "cancel"))
    mend, *otherwise = [way for way in (wait, move, raising, cancel) if way]
    return Cause(code=code, text=text, mend=mend, otherwise=tuple(otherwise))


def because_nobody_fires(nodes: Sequence[NodeFacts]) -> Cause | None:
    """No node would fire a schedule; None when one would."""
    if not nodes:
        return NO_NODE
    if any(node.fires for node in nodes):
        return None
    text = "no node that is alive fires schedules: [daemon] enabled = false, or it waits to be adopted"
    return Cause(code="nobody_fires", text=text, mend="jobctl status")


def because_of_nodes(nodes: Sequence[NodeFacts], queue: str, job: str | None) -> Cause | None:
    """No node would take it; None when one would."""
    if not nodes:
        return NO_NODE
    serving = [node for node in nodes if node.serves]
    if not serving:
        text = f"no node serves queue {queue}: it is in no jobd.toml, or [daemon] enabled = false"
        return Cause(code="queue_not_served", text=text, mend="jobctl queues")
    knowing = [node for node in serving if node.knows]
    if job is not None and not knowing:
        where = ", ".join(f"{node.id} on {node.host}" for node in serving)
        text = f"no node that serves queue {queue} knows job {job} or can load it (alive: {where})"
        return Cause(code="job_not_known", text=text, mend=f"jobctl jobs {job}")
    if all(node.desired != "running" for node in knowing):
        return _quiet(knowing)
    return None


def because_of_workers(nodes: Sequence[NodeFacts], queue: QueueFacts, busy: str) -> Cause | None:
    """No worker of `nodes` is free for this queue; `busy` says what they do. None when one is, or without nodes."""
    if not nodes or any(node.room(queue) > 0 for node in nodes):
        return None
    if free := sum(max(0, node.workers - node.busy) for node in nodes):
        kept = ", ".join(sorted(queue.reserves))
        who = f"the {free} free workers are" if free > 1 else "the free worker is"
        return Cause(code="reserved", text=f"{who} reserved for {kept}", mend="jobctl queues -o wide")
    workers = sum(node.workers for node in nodes)
    where = f"node {nodes[0].id}" if len(nodes) == 1 else f"{len(nodes)} nodes"
    who = f"all {workers} workers of {where} are" if workers > 1 else f"the worker of {where} is"
    return Cause(code="workers_busy", text=f"{who} busy with {busy}", mend="jobctl runs --state running")


def because_of_queue(
    queue: QueueFacts,
    nodes: Sequence[NodeFacts],
    holders: Sequence[Holder],
    now: datetime,
    *,
    called: str = "",
    move: str | None = None,
) -> Cause | None:
    """The queue's own limits, `global_max` and then `max` on every node; None when one has room.

    `called` stands in for the queue's name, where that was said already; `move` takes a run to another queue.
    """
    name = called or f"queue {queue.name}"
    if queue.global_max is not None and queue.running >= queue.global_max:
        text = f"{name} is at global max {queue.global_max}, {held_by(holders, queue.running, now)}"
        return at_limit("queue_global_max", text, holders, f"global_max of queue {queue.name}", move)
    if queue.node_max is not None and nodes and all(node.load.get(queue.name, 0) >= queue.node_max for node in nodes):
        text = f"{name} is at max {queue.node_max}, {held_by(holders, queue.running, now)}"
        return at_limit("queue_max", text, holders, f"max of queue {queue.name}", move)
    return None


def instant(when: datetime) -> str:
    """A moment for people, UTC."""
    return f"{when:%Y-%m-%d %H:%M:%SZ}"


def later(when: datetime, now: datetime) -> str:
    """`in 5m (2026-11-23 15:00:00Z)`, or `now` for what is due."""
    return f"in {spoken(when - now)} ({instant(when)})" if when - now > timedelta(0) else "now"


def _quiet(nodes: Sequence[NodeFacts]) -> Cause:
    told = []
    for node in nodes:
        who = f" by {node.desired_by}" if node.desired_by else ""
        why = f" ({node.desired_reason})" if node.desired_reason else ""
        told.append(f"node {node.id} was told{who} to be {'drained' if node.desired == 'drain' else 'quiet'}{why}")
    return Cause(code="node_quiet", text="; ".join(told), mend=f"jobctl nodes resume {nodes[0].id}")
