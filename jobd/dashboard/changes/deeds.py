"""Every change that the dashboard can make, each as a `Deed`: the screens choose, the words are the same everywhere."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from jobd.client.asks import audit, bulk, nodes, outbox, queues, reload, runs, schedules
from jobd.dashboard.changes.arguments import Typed
from jobd.dashboard.changes.deed import MANY, Care, Deed, command
from jobd.model.bulk import EVERY, BulkAction
from jobd.model.change import AuditEntry
from jobd.model.filter import RETRYING, parse_filter
from jobd.model.reports import Count, Counted, NodeReport, QueueReport, ScheduleReport
from jobd.model.roles import Role
from jobd.model.run import Run, RunState


def cancel_run(run: Run) -> Deed | None:
    """None for a run that has ended."""
    if run.state.final:
        return None
    return Deed(
        ask=runs.cancel(run.id, None),
        title=f"Cancel run {run.id}",
        detail=f"{run.job} is {run.state}; a running one is asked to stop.",
        command=command("cancel", run.id),
        done=lambda state: f"run {run.id} {'is cancelled' if state == 'cancelled' else 'was asked to stop'}",
        undo=f"jobctl retry {run.id}",
        care=Care.ASK if run.state is RunState.RUNNING else Care.PRODUCTION,
    )


def retry_run(run: Run) -> Deed | None:
    """Start an ended run again, or let a scheduled one go on now; None for others."""
    later = run.state is RunState.SCHEDULED
    if not later and not run.state.final:
        return None
    new = f"A new run of {run.job} with the same arguments."
    now = f"{run.job} does not wait for {run.due_at:%d %b %H:%M:%S} UTC. Attempts count on; pauses and limits hold."
    return Deed(
        ask=runs.retry(run.id),
        title=f"Run {run.id} now" if later else f"Retry run {run.id}",
        detail=now if later else new,
        command=command("retry", run.id),
        done=lambda due: f"run {run.id} goes " + ("on now" if due == run.id else f"again as run {due}"),
        undo=command("cancel", run.id) if later else "cancel the new run",
        care=Care.PRODUCTION,
    )


def change_all(action: BulkAction, filter_text: str, count: int, more: bool, queue: str | None = None) -> Deed:
    """An action on all runs that a filter finds; `count` of them were seen, or `more`."""
    number = "1 run" if count == 1 and not more else f"{count:,}{'+' if more else ''} runs"
    to = f" to {queue}" if queue else ""
    target = ["--to", queue] if queue else []
    states = parse_filter(filter_text).states if action is BulkAction.RETRY else frozenset()
    now, undo = bool(states) and states <= LATER, _UNDO_BULK[action]
    if now:
        undo = "cancel them: they keep their ids"
    elif states & LATER:
        undo += ", and those that were due later: they keep their ids"
    return Deed(
        ask=bulk.begin(action, filter_text, EVERY if more else count, None, queue),
        title=f"Run {number} now" if now else f"{action.value.capitalize()} {number}{to}",
        detail=f"All that this filter finds: {filter_text}",
        command=command("runs", action.value, "--filter", filter_text, *target, "--yes"),
        done=lambda began: f"bulk {began.id} has begun: {action} of {began.matched:,} runs",
        undo=undo,
        care=Care.TYPE if more or count > MANY else Care.ASK,
        typed=str(count),
    )


LATER = frozenset({RunState.SCHEDULED.value, RunState.WAITING.value, RETRYING})
"""States whose runs a retry makes due now under their own ids; of the others it makes new ones."""

_UNDO_BULK = {
    BulkAction.RETRY: "cancel the new runs",
    BulkAction.CANCEL: "retry the cancelled runs",
    BulkAction.MOVE: "move them back",
}


def pause_queue(queue: QueueReport, reason: str | None = None, lasts: str | None = None) -> Deed:
    """Pause it, for as long as `lasts` says (`30m`) or until it is resumed; or let it go on where it is paused."""
    paused = queue.paused_at is not None
    other = command("queues", "pause" if paused else "resume", queue.name)
    said = [] if paused else _pausing(reason, lasts)
    return Deed(
        ask=queues.resume(queue.name) if paused else queues.pause(queue.name, reason=reason, lasts=lasts),
        title=f"{'Resume' if paused else 'Pause'} queue {queue.name}",
        command=command("queues", "resume" if paused else "pause", queue.name, *said),
        done=lambda _: f"queue {queue.name} {'goes on' if paused else 'is paused: what runs goes on, nothing starts'}",
        undo=other,
    )


def _pausing(reason: str | None, lasts: str | None) -> list[str]:
    return [*(["--for", lasts] if lasts else []), *(["--reason", reason] if reason else [])]


def weigh_queue(queue: QueueReport, weight: int | None) -> Deed:
    """Another weight until somebody changes it again; None: the configured one."""
    before = queue.weight if queue.weight != queue.configured_weight else "default"
    return Deed(
        ask=queues.weight(queue.name, weight),
        title=f"Give queue {queue.name} the weight {weight or queue.configured_weight}",
        command=command("queues", "weight", queue.name, weight if weight is not None else "default"),
        done=lambda _: f"queue {queue.name} has the weight {weight or queue.configured_weight}",
        undo=command("queues", "weight", queue.name, before),
        care=Care.PRODUCTION,
    )


def purge_queue(queue: QueueReport, waiting: Counted) -> Deed:
    """Cancel what waits there: `waiting` runs when it was counted."""
    return Deed(
        ask=queues.purge(queue.name, EVERY if waiting.more else waiting.count),
        title=f"Purge queue {queue.name}",
        detail=f"Cancels all {Count(count=waiting.count, more=waiting.more)} runs that wait there; what runs goes on.",
        command=command("queues", "purge", queue.name, "--yes"),
        done=lambda began: f"bulk {began.id} has begun: {began.matched:,} runs are cancelled",
        undo=_UNDO_BULK[BulkAction.CANCEL],
        care=Care.TYPE,
        typed=queue.name,
    )


def undo_change(entry: AuditEntry, *, mine: bool) -> Deed:
    """Put back what a change replaced; asked about when it is not `mine`, made here a moment ago."""
    noun, _, verb = entry.action.partition(".")
    because = f": {entry.reason}" if entry.reason else ""
    return Deed(
        ask=audit.undo(entry.id),
        title=f"Undo the {verb} of {noun} {entry.target}",
        detail=f"By {entry.actor} on {entry.at:%d %b %H:%M} UTC{because}",
        command=command("undo", entry.id),
        done=lambda _: f"the {verb} of {noun} {entry.target} is undone",
        undo="make the change again",
        care=Care.NONE if mine else Care.ASK,
        blind=mine,
    )


def take_over() -> Deed:
    """Read the configuration files again; what they change was looked at before."""
    return Deed(
        ask=reload.asked(dry_run=False),
        title="Reload",
        command=command("reload"),
        done=lambda changes: f"the files were taken over: {changes.summary()}",
        undo="edit the files back and reload again",
        role=Role.ADMIN,
        blind=True,
    )


def pause_schedule(schedule: ScheduleReport, reason: str | None = None, lasts: str | None = None) -> Deed:
    """Pause it, for as long as `lasts` says (`30m`) or until it is resumed; or let it go on where it is paused."""
    paused = schedule.paused_at is not None
    other = command("schedules", "pause" if paused else "resume", schedule.name)
    ask = schedules.resume(schedule.name) if paused else schedules.pause(schedule.name, reason=reason, lasts=lasts)
    said = [] if paused else _pausing(reason, lasts)
    return Deed(
        ask=ask,
        title=f"{'Resume' if paused else 'Pause'} schedule {schedule.name}",
        command=command("schedules", "resume" if paused else "pause", schedule.name, *said),
        done=lambda _: f"schedule {schedule.name} {'goes on with its next slot' if paused else 'is paused'}",
        undo=other,
    )


def trigger_job(job: str, typed: Typed, *, queue: str | None = None, delay: str | None = None) -> Deed:
    """A run by hand; `delay` is like `5m`."""
    body = {"job": job, "args": typed.args, "arg_texts": typed.texts, "queue": queue, "delay": delay}
    where = [*(["--queue", queue] if queue else []), *(["--in", delay] if delay else [])]
    return Deed(
        ask=runs.enqueue({name: value for name, value in body.items() if value}),
        title=f"Trigger {job}",
        detail=f"A run of {job}, with the arguments as they were typed.",
        command=command("trigger", job, *typed.words(), *where),
        done=lambda run: f"run {run} of {job} was added",
        undo="cancel the run",
        care=Care.PRODUCTION,
        blind=True,
    )


def trigger_schedule(schedule: ScheduleReport) -> Deed:
    """A run now, with the schedule's arguments."""
    return Deed(
        ask=schedules.trigger(schedule.name),
        title=f"Trigger schedule {schedule.name}",
        detail=f"A run of {schedule.job} now, with the arguments of the schedule.",
        command=command("schedules", "trigger", schedule.name),
        done=lambda run: f"run {run} of {schedule.job} was added",
        undo="cancel the run",
        care=Care.PRODUCTION,
    )


def node(report: NodeReport, wish: str) -> Deed:
    """`quiet`, `drain` or `resume` a node."""
    ask = {"quiet": nodes.quiet, "drain": nodes.drain, "resume": nodes.resume}[wish](report.id)
    told = {
        "quiet": "takes nothing new and goes on with what it has",
        "drain": "takes nothing new and gives back what it has not started",
        "resume": "works as before",
    }
    back = "resume" if wish != "resume" else "quiet"
    return Deed(
        ask=ask,
        title=f"{wish.capitalize()} node {report.id}",
        detail=f"{report.name} on {report.host} {told[wish]}.",
        command=command("nodes", wish, report.id),
        done=lambda _: f"node {report.id} {told[wish]}",
        undo=command("nodes", back, report.id),
        care=Care.NONE if wish == "resume" else Care.PRODUCTION,
    )


def messages(wish: str, ids: Sequence[int]) -> Deed:
    """`resend`, `hold` or `release` messages of the outbox."""
    ask: Any = {"resend": outbox.resend, "hold": outbox.hold, "release": outbox.release}[wish](ids)
    undo = {"resend": None, "hold": command("outbox", "release", *ids), "release": command("outbox", "hold", *ids)}
    few = f"message {ids[0]}" if len(ids) == 1 else f"{len(ids):,} messages"
    return Deed(
        ask=ask,
        title=f"{wish.capitalize()} {few}",
        detail="Who got it already gets it twice." if wish == "resend" else "",
        command=command("outbox", wish, *ids),
        done=lambda changed: (
            f"{len(changed):,} of {len(ids):,} changed" if len(ids) > 1 else _one(wish, ids[0], changed)
        ),
        undo=undo[wish],
        care=Care.TYPE if len(ids) > MANY else _MESSAGE_CARE[wish],
        typed=str(len(ids)),
    )


_MESSAGE_CARE = {"resend": Care.ASK, "hold": Care.NONE, "release": Care.PRODUCTION}
"""What was sent cannot be taken back."""


def _one(wish: str, message: int, changed: Sequence[int]) -> str:
    done = {"resend": "is sent again", "hold": "is held", "release": "goes out"}[wish]
    return f"message {message} {done}" if changed else f"message {message} is in no state for that"
