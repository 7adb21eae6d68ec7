"""What operators change: each change and its line in the journal are one transaction."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from operator import itemgetter
from typing import Any

from jobd.errors import Conflict, NotFound
from jobd.model.change import Action, Actor, AuditEntry, Change
from jobd.statements import statements
from jobd.store.audit import locked, note
from jobd.store.audit import sql as audit_sql
from jobd.store.database import Database
from jobd.store.jobs import sql as jobs_sql
from jobd.store.outbox import sql as outbox_sql
from jobd.store.runs import Cancelled, Started
from jobd.store.runs import sql as runs_sql
from jobd.store.schedules import read_spec

sql = statements("jobd.store.sql", "changes")

_READ = {"queue": sql.queue_read, "schedule": sql.schedule_read, "node": sql.node_read}
_WRITE = {"queue": sql.queue_write, "schedule": sql.schedule_write, "node": sql.node_write}
_MESSAGES = {
    Action.MESSAGE_RESEND: outbox_sql.resend,
    Action.MESSAGE_RELEASE: outbox_sql.release,
    Action.MESSAGE_HOLD: outbox_sql.hold,
}


class Changes:
    """Every method is atomic and journalled; each raises StoreUnavailable when it is not known whether it happened."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def apply(self, change: Change, who: Actor) -> AuditEntry:
        """Make it so; what it replaced stands in the entry.

        Raises:
            NotFound: there is no such queue, schedule or living node.
            Conflict: it is so already, or the end of the pause has passed.
        """
        async with self._database.transaction() as tx:
            now: datetime = await tx.fetchval(sql.now)
            wanted = _wanted(change, who, now)
            row, before = await _read(tx, change.action.noun, change.target)
            if change.until is not None and change.until <= now:
                raise Conflict(f"{change.until.isoformat()} has passed already")
            _check(change, before)
            after = await _write(tx, change.action.noun, change.target, row, before, wanted, now)
            return await note(
                tx, who, change.action, change.target, reason=change.reason, after=after,
                before={name: before[name] for name in after},
            )  # fmt: skip

    async def undo(self, entry_id: int, who: Actor, reason: str | None) -> AuditEntry:
        """Put back what that change replaced, unless somebody has changed it since.

        Raises:
            NotFound: no such entry, or its target is gone.
            Conflict: it cannot be undone, or was, or something else was changed on top of it.
        """
        async with self._database.transaction() as tx:
            entry = await locked(tx, entry_id)
            if entry.undone_by is not None:
                raise Conflict(f"entry {entry_id} was undone already, by entry {entry.undone_by}")
            if not entry.can_be_undone or entry.before is None:
                article = "an" if entry.action[0] in "aeiou" else "a"
                raise Conflict(f"{article} {entry.action} cannot be undone{_instead(entry.action)}")
            noun = entry.action.partition(".")[0]
            row, current = await _read(tx, noun, entry.target)
            if {name: current[name] for name in entry.before} != entry.after:
                again = await tx.fetchval(audit_sql.changed_again, entry_id, entry.target, noun, [*entry.before])
                raise Conflict(_not_as_it_was(entry, again=again))
            now: datetime = await tx.fetchval(sql.now)
            after = await _write(tx, noun, entry.target, row, current, entry.before, now)
            undone = await note(
                tx, who, Action.UNDO, entry.target, reason=reason, before=entry.after, after=after, undoes=entry_id
            )
            await tx.execute(audit_sql.undone, entry_id, undone.id)
            return undone

    async def cancel(self, run: int, reason: str | None, who: Actor) -> Cancelled:
        """End a waiting run at once, ask a running one's node to end it; without a reason the run says by whom.

        Raises:
            NotFound: no such live run.
        """
        async with self._database.transaction() as tx:
            row = await tx.fetchrow(runs_sql.request_cancel, run, reason or f"by {who.name}")
            if row is None:
                raise NotFound(f"run {run} is not waiting or running")
            before, after = {"state": row["was"]}, {"state": row["state"]}
            await note(tx, who, Action.RUN_CANCEL, run, reason=reason, before=before, after=after)
            return Cancelled(id=run, running=row["state"] == "running", node=row["node"])

    async def retry(self, run: int, who: Actor, reason: str | None = None) -> Started:
        """Make a scheduled run due now, or start an ended one again as a new one.

        Raises:
            NotFound: no scheduled or ended run of that id, or its job is gone.
            Conflict: its arguments are not what they were.
        """
        async with self._database.transaction() as tx:
            if (row := await tx.fetchrow(runs_sql.due_now, [run])) is not None:
                before, after = ({"due_at": row[name].isoformat()} for name in ("was", "due_at"))
                await note(tx, who, Action.RUN_RETRY, run, reason=reason, before=before, after=after)
                return Started(id=run, queue=row["queue"], fresh=False)
            row = await tx.fetchrow(runs_sql.retry, run, who.source)
            if row is None and await tx.fetchval(runs_sql.scrubbed, run):
                raise Conflict(
                    f"arguments of run {run} were overwritten since it ended ([privacy] keep): "
                    "enqueue it anew with arguments of its own"
                )
            if row is None:
                raise NotFound(f"run {run} is not among the scheduled or ended runs")
            before, after = {"state": row["was"]}, {"run": row["id"]}
            await note(tx, who, Action.RUN_RETRY, run, reason=reason, before=before, after=after)
            return Started(id=row["id"], queue=row["queue"], fresh=True)

    async def messages(self, action: Action, ids: Sequence[int], who: Actor, reason: str | None) -> list[int]:
        """Send again, hold or let go messages of the outbox; the ids of those that were in a state for it."""
        held = [reason or f"held by {who.name}"] if action is Action.MESSAGE_HOLD else []
        async with self._database.transaction() as tx:
            rows = sorted(await tx.fetch(_MESSAGES[action], ids, *held), key=itemgetter("id"))
            changed: list[int] = [row["id"] for row in rows]
            if changed:
                before = {"states": {str(row["id"]): row["was"] for row in rows}}
                after = {"ids": changed, "state": rows[0]["state"]}
                target = ",".join(map(str, changed[:20]))
                await note(tx, who, action, target, reason=reason, before=before, after=after)
            return changed

    async def trigger(self, schedule: str, who: Actor, reason: str | None) -> Started:
        """Start a run as this schedule would, now; one that its job's `unique` rule has counts as started.

        Raises:
            NotFound: there is no such schedule.
            Conflict: its job takes no runs now.
        """
        async with self._database.transaction() as tx:
            row = await tx.fetchrow(sql.schedule_starts, schedule)
            if row is None:
                raise NotFound(f"there is no schedule {schedule}")
            if row["queue"] is None:
                raise Conflict(f'job "{row["job"]}" of schedule {schedule} is gone; jobctl reload loads it')
            if not row["enabled"]:
                raise Conflict(f'job "{row["job"]}" is disabled: {row["disabled_reason"]}')
            new = row["job"], row["args"], None, None, None, who.source, None, None, None
            run = await tx.fetchrow(runs_sql.enqueue_keyed, *new)
            await note(tx, who, Action.SCHEDULE_TRIGGER, schedule, reason=reason, after={"run": run["id"]})
            return Started(id=run["id"], queue=row["queue"], fresh=run["fresh"])


async def _read(tx: Any, noun: str, target: str) -> tuple[Any, dict[str, Any]]:
    row = None
    if noun != "node" or (target.isascii() and target.isdecimal() and len(target) < 19):
        row = await tx.fetchrow(_READ[noun], target)
    if row is None:
        raise NotFound(f"there is no living node {target}" if noun == "node" else f"there is no {noun} {target}")
    return row, json.loads(row["facts"])


async def _write(
    tx: Any, noun: str, target: str, row: Any, before: Mapping[str, Any], wanted: Mapping[str, Any], now: datetime
) -> dict[str, Any]:
    """The facts of `wanted` as Postgres has them now."""
    await tx.execute(_WRITE[noun], target, json.dumps(wanted))
    _, after = await _read(tx, noun, target)
    if noun == "schedule" and before["paused_at"] and not after["paused_at"]:
        schedule = read_spec(target, row["job"], row["spec"])
        await tx.execute(sql.schedule_goes_on, target, schedule.next_after(now))
    await tx.execute(jobs_sql.changed)
    return {name: after[name] for name in wanted}


def _wanted(change: Change, who: Actor, now: datetime) -> dict[str, Any]:
    """The facts that this change sets."""
    at = now.isoformat()
    match change.action:
        case Action.QUEUE_PAUSE | Action.SCHEDULE_PAUSE:
            until = change.until.isoformat() if change.until else None
            return {"paused_at": at, "paused_by": who.name, "paused_until": until, "pause_reason": change.reason}
        case Action.QUEUE_RESUME | Action.SCHEDULE_RESUME:
            return dict.fromkeys(("paused_at", "paused_by", "paused_until", "pause_reason"))
        case Action.QUEUE_WEIGHT if change.weight is None:
            return dict.fromkeys(("weight_override", "weight_by", "weight_at", "weight_reason"))
        case Action.QUEUE_WEIGHT:
            return {
                "weight_override": change.weight,
                "weight_by": who.name,
                "weight_at": at,
                "weight_reason": change.reason,
            }
        case Action.NODE_QUIET | Action.NODE_DRAIN:
            return {
                "desired": change.action.value.partition(".")[2],
                "desired_at": at,
                "desired_by": who.name,
                "desired_reason": change.reason,
            }
        case Action.NODE_RESUME:
            return {"desired": "running", "desired_at": None, "desired_by": None, "desired_reason": None}
        case _:
            raise ValueError(f"{change.action} is no change of a queue, schedule or node")


def _check(change: Change, before: Mapping[str, Any]) -> None:
    """A resume of what goes on is a mistake of whoever asks; pausing twice only changes reason and end."""
    if change.action in (Action.QUEUE_RESUME, Action.SCHEDULE_RESUME) and before["paused_at"] is None:
        raise Conflict(f"{change.action.noun} {change.target} is not paused")
    if change.action is Action.NODE_RESUME and before["desired"] == "running":
        raise Conflict(f"node {change.target} is neither quiet nor drained")
    if change.action is Action.QUEUE_WEIGHT and change.weight is None and before["weight_override"] is None:
        raise Conflict(f"queue {change.target} has its configured weight")


def _not_as_it_was(entry: AuditEntry, *, again: bool) -> str:
    """Why what that entry set is not what stands there now."""
    what = f"{entry.action.partition('.')[0]} {entry.target}"
    if again:
        return f"{what} was changed again since; jobctl audit shows by whom"
    if (until := (entry.after or {}).get("paused_until")) is not None:
        return f"the pause of {what} ended by itself at {until}: nothing is left to undo"
    return f"{what} is not what entry {entry.id} made it; jobctl {what.partition(' ')[0]}s shows how it stands"


def _instead(action: str) -> str:
    if action in (Action.RUN_CANCEL, Action.BULK_CANCEL):
        return "; jobctl retry starts the run again"
    if action in (Action.RUN_RETRY, Action.BULK_RETRY):
        return "; jobctl cancel ends what it started"
    if action in (Action.SCHEDULE_ADD, Action.SCHEDULE_EDIT, Action.SCHEDULE_REMOVE):
        return "; jobctl schedules add, edit or remove writes what `before` says"
    return ""
