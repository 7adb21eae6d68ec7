"""A change of the runs that were marked: one after the other, but asked about and told as one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from jobd.dashboard.changes import deeds
from jobd.dashboard.changes.deed import MANY, Care, Deed, command
from jobd.model.bulk import BulkAction
from jobd.model.run import Run


def change_marked(action: BulkAction, runs: Sequence[Run]) -> tuple[Deed, Sequence[Deed]] | None:
    """What is asked about, and the change of each run that is in a state for it; None when none is.

    `action` is to retry or to cancel them.
    """
    one = deeds.retry_run if action is BulkAction.RETRY else deeds.cancel_run
    changes = [deed for run in runs if (deed := one(run)) is not None]
    if not changes:
        return None
    fit = [run for run in runs if one(run) is not None]
    others = len(runs) - len(fit)
    whole = replace(
        changes[0],
        title=f"{action.value.capitalize()} {len(fit)} marked run{'s' if len(fit) > 1 else ''}",
        detail=f"Of the others that are marked, {others:,}, none is in a state for it." if others else "",
        command=command(action.value, *(run.id for run in fit)),
        undo=_undo(action, fit),
        care=Care.TYPE if len(fit) > MANY else Care.ASK,
        typed=str(len(fit)),
    )
    return whole, changes


def _undo(action: BulkAction, runs: Sequence[Run]) -> str:
    """Of what has ended a retry makes new runs; what is due later goes on under its own id."""
    if action is BulkAction.CANCEL:
        return command("retry", *(run.id for run in runs))
    later = [run.id for run in runs if not run.state.final]
    new = ["cancel the new runs"] if len(later) < len(runs) else []
    return " and ".join((*new, *([command("cancel", *later)] if later else [])))
