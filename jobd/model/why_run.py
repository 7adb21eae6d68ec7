"""Why a run is where it is: what it waits for, what it does, or how it came to its end."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from jobd.model.duration import spoken
from jobd.model.run import Outcome, Run, RunState
from jobd.model.told import length
from jobd.model.why import (
    Ahead,
    Cause,
    Holder,
    NodeFacts,
    QueueFacts,
    Why,
    at_limit,
    because_of_nodes,
    because_of_queue,
    because_of_workers,
    held_by,
    later,
)

_ALONE = frozenset({"job_gone", "job_disabled", "job_not_known", "suspect"})
"""What holds this run and not its queue: whoever goes before it there is not in its way."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """A limit over all nodes: of one key, or of the job. `held` counts the runs that hold it, `holders` the longest."""

    what: str
    """`user_id=42` or `job backup`."""
    max: int
    held: int
    holders: tuple[Holder, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class JobFacts:
    """The run's job as Postgres knows it."""

    name: str
    enabled: bool = True
    disabled_reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RunFacts:
    """One moment around one run. What is only asked for runs that wait is empty for all others."""

    run: Run
    now: datetime
    claimed_at: datetime | None = None
    crashes: int = 0
    blocked: bool = False
    job: JobFacts | None = None
    """Absent when no jobd.toml has it any more."""
    queue: QueueFacts | None = None
    """Absent when no jobd.toml has it any more."""
    nodes: tuple[NodeFacts, ...] = ()
    limits: tuple[Limit, ...] = ()
    holders: tuple[Holder, ...] = ()
    """Running runs of its queue, the longest first."""
    suspects: tuple[Holder, ...] = ()
    ahead: Ahead | None = None
    """Runs of its queue that go first; absent when it is the next."""
    elsewhere: str | None = None
    """Another queue, which has room and is served; absent when there is none."""
    busy: str = ""
    """What the workers do: `3 × mail and backup, the longest run 812 for 14m`."""

    @property
    def move(self) -> str | None:
        """The command that lets it wait there."""
        return f"jobctl runs move {self.run.id} --to {self.elsewhere}" if self.elsewhere else None


def why_run(facts: RunFacts) -> Why:
    """The chain of causes for one run."""
    run = facts.run
    match run.state:
        case RunState.RUNNING:
            state, causes = "runs", list(_running(facts))
        case RunState.SCHEDULED:
            state, causes = "waits", [_later(facts), *_barriers(facts)]
        case RunState.WAITING:
            state, causes = "waits", [Cause(code="other_run", text="another run has to end first")]
        case RunState.QUEUED:
            state, causes = "waits", list(_queued(facts))
        case _:
            state, causes = _ended_words(run), list(_ended(facts))
    return Why(subject=f"run {run.id} of {run.job}", state=state, causes=tuple(causes))


def _running(facts: RunFacts) -> Iterator[Cause]:
    run = facts.run
    since = f" for {spoken(facts.now - run.started_at)}" if run.started_at else ""
    text = f"attempt {run.attempt} works on node {run.node}{since}"
    yield Cause(code="running", text=text, mend=f"jobctl cancel {run.id}")
    if run.cancel_requested:
        reason = f" ({run.reason})" if run.reason else ""
        yield Cause(code="cancel_asked", text=f"its node was asked to end it{reason} and it has not ended yet")
    if not any(node.id == run.node for node in facts.nodes):
        text = "that node is not alive any more, and the run is given to another within seconds"
        yield Cause(code="node_lost", text=text, mend="jobctl nodes")


def _later(facts: RunFacts) -> Cause:
    run = facts.run
    when = later(run.due_at, facts.now)
    if run.attempt and run.attempts:
        last = run.attempts[-1]
        error = f" ({_first_line(last.error)})" if last.error else ""
        again = f"attempt {run.attempt + 1} of {run.attempt + 1 + run.retries_left} comes {when}"
        ended = f"{_words(last.outcome)} {spoken(facts.now - last.finished_at)} ago"
        text = f"attempt {run.attempt} {ended}{error}; {again}"
        return Cause(code="retry_later", text=text, mend=f"jobctl retry {run.id}")
    return Cause(code="due_later", text=f"it is due {when}, as {run.source} asked", mend=f"jobctl retry {run.id}")


def _queued(facts: RunFacts) -> Iterator[Cause]:
    barriers = list(_barriers(facts))
    yield from barriers
    if facts.run.cancel_requested:
        yield Cause(code="cancel_asked", text="its end was asked for")
    if facts.ahead and facts.claimed_at is None and not any(cause.code in _ALONE for cause in barriers):
        listed = f"jobctl runs --queue {facts.run.queue} --state queued"
        text, otherwise = facts.ahead.text(facts.run.queue), (listed,) if facts.move else ()
        yield Cause(code="behind", text=text, mend=facts.move or listed, otherwise=otherwise)
    elif not barriers:
        yield _nothing(facts)


def _nothing(facts: RunFacts) -> Cause:
    run = facts.run
    if facts.claimed_at is not None:
        return Cause(code="claimed", text=f"node {run.node} has claimed it and starts it next")
    waited = spoken(facts.now - run.due_at)
    return Cause(code="nothing", text=f"nothing holds it: due for {waited}, it starts within a second")


def _barriers(facts: RunFacts) -> Iterator[Cause]:
    """What would keep it from starting if it were the next, the most lasting first."""
    run, queue = facts.run, facts.queue
    if facts.job is None:
        text = f"no jobd.toml has its job {run.job} any more"
        yield Cause(code="job_gone", text=text, mend=f"jobctl cancel {run.id}")
    elif not facts.job.enabled:
        reason = facts.job.disabled_reason or "in jobd.toml"
        yield Cause(code="job_disabled", text=f"its job {run.job} is disabled: {reason}", mend=f"jobctl jobs {run.job}")
    if queue is not None and queue.paused is not None:
        text = queue.paused.text(f"queue {queue.name}", facts.now)
        otherwise = (facts.move,) if facts.move else ()
        yield Cause(code="queue_paused", text=text, mend=f"jobctl queues resume {queue.name}", otherwise=otherwise)
    if facts.job is None or not facts.job.enabled:
        return  # no node takes it, whatever room there is
    if cause := because_of_nodes(facts.nodes, run.queue, run.job):
        yield cause
    elif run.state is RunState.QUEUED:
        yield from _fullness(facts)


def _fullness(facts: RunFacts) -> Iterator[Cause]:
    """Limits and workers; of those only the innermost that is full, for it decides."""
    now, takers = facts.now, _takers(facts.nodes)
    if facts.crashes:
        yield from _suspect(facts)
    for limit in facts.limits:
        if limit.held >= limit.max:
            text = f"{limit.what} is at its limit of {limit.max}, {held_by(limit.holders, limit.held, now)}"
            yield at_limit("limit", text, limit.holders, f"limit of job {facts.run.job}")
            return
    if facts.blocked:
        yield Cause(code="unblocked_soon", text="its limit has room again, which a node notices within seconds")
        return
    if facts.queue is None:
        return
    cause = because_of_queue(facts.queue, takers, facts.holders, now, move=facts.move)
    if cause or (cause := because_of_workers(takers, facts.queue, facts.busy)):
        yield cause


def _suspect(facts: RunFacts) -> Iterator[Cause]:
    times = f"{facts.crashes} times" if facts.crashes > 1 else "once"
    text = f"its node died under it {times}, so it is tried alone"
    if facts.suspects:
        text += f", after {facts.suspects[0].text(facts.now)}"
    yield Cause(code="suspect", text=text, mend=f"jobctl show {facts.run.id}")


def _takers(nodes: Sequence[NodeFacts]) -> list[NodeFacts]:
    return [node for node in nodes if node.serves and node.knows and node.desired == "running"]


def _ended_words(run: Run) -> str:
    return {RunState.SUCCEEDED: "succeeded", RunState.CANCELLED: "was cancelled", RunState.SKIPPED: "was skipped"}.get(
        run.state, "failed"
    )


def _ended(facts: RunFacts) -> Iterator[Cause]:
    run = facts.run
    when = f"{spoken(facts.now - run.finished_at)} ago" if run.finished_at else "at an unknown time"
    retry = f"jobctl retry {run.id}"
    match run.state:
        case RunState.SUCCEEDED:
            yield Cause(code="succeeded", text=f"attempt {run.attempt} {_took(run)}ended {when}")
        case RunState.CANCELLED:
            reason = (run.reason or "nobody said why").removeprefix("cancelled ")  # which was said already
            yield Cause(code="cancelled", text=f"{reason}, {when}", mend=retry)
        case RunState.SKIPPED:
            yield Cause(code="skipped", text=f"{run.reason or 'by a policy'}, {when}")
        case _:
            yield from _failed(run, when, retry)


def _took(run: Run) -> str:
    """`took 8ms and `; empty where its times are not known."""
    if run.started_at is None or run.finished_at is None:
        return ""
    return f"took {length((run.finished_at - run.started_at).total_seconds())} and "


def _failed(run: Run, when: str, retry: str) -> Iterator[Cause]:
    if run.reason == "poison":
        text = f"{_first_line(run.error)}, {when}: it is not tried again by itself"
        yield Cause(code="poison", text=text, mend=retry)
        return
    tried = f"the last of {run.attempt} attempts" if run.attempt > 1 else "its only attempt"
    outcome = _words(run.attempts[-1].outcome) if run.attempts else "failed"
    text = f"{tried} {outcome} {when}: {_first_line(run.error) or 'no error was kept'}"
    yield Cause(code="failed", text=text, mend=retry)
    if run.reason:
        yield Cause(code="reason", text=_first_line(run.reason))


def _words(outcome: Outcome) -> str:
    return outcome.value.replace("_", " ")


def _first_line(text: str | None) -> str:
    return (text or "").strip().partition("\n")[0][:300]
