"""A change of all runs that a filter finds, from the count to the end: what grew meanwhile is asked about again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jobd.client.asks import runs
from jobd.dashboard.changes import deeds
from jobd.dashboard.lists.run_tabs import without_states
from jobd.dashboard.widgets.ask import Ask
from jobd.dashboard.widgets.bulk_progress import BulkProgress
from jobd.dashboard.widgets.pick import Pick
from jobd.errors import Conflict, JobdError
from jobd.model.bulk import Bulk, BulkAction, bounded
from jobd.model.filter import RETRYING, parse_filter
from jobd.model.filter_words import FilterError
from jobd.model.run import FINAL, RunState

if TYPE_CHECKING:
    from jobd.dashboard.app import Dashboard


ACTIONS = {"r": BulkAction.RETRY, "c": BulkAction.CANCEL, "m": BulkAction.MOVE}
"""By the key that chooses them."""


def choices(wanted: str) -> dict[str, str]:
    """What can be done to the runs of a filter, by key; a retry has to be told of which states.

    Raises:
        FilterError: it is none.
    """
    states = parse_filter(wanted).states
    ended = {state.value for state in FINAL}
    out = {}
    if states & (ended | {RunState.SCHEDULED.value, RETRYING}):
        out["r"] = "Retry them" if states & ended else "Run them now"
    if not states or states - ended:
        out |= {"c": "Cancel them", "m": "Move them to another queue"}
    return out


async def choose_for_all(app: Dashboard, wanted: str) -> Bulk | None:
    """Ask what is to be done to all runs of a filter, and do it; as `change_all`."""
    if not wanted:
        app.say("choose a state or a filter first: this would be every run", bad=True)
        return None
    if app.unseen("All matching"):
        return None
    try:
        offered = choices(wanted)
    except FilterError as error:
        app.say(str(error), bad=True)
        return None
    chosen = await app.push_screen_wait(Pick(f"All runs that this finds: {wanted}", offered))
    queue = None
    if chosen is None:
        return None
    if chosen == "m" and not (queue := await app.push_screen_wait(Ask("Move them to which queue?"))):
        return None
    return await change_all(app, ACTIONS[chosen], touched(ACTIONS[chosen], wanted), queue)


def touched(action: BulkAction, wanted: str) -> str:
    """The filter for those of its runs that the action is for: what is asked about is what is changed."""
    given = parse_filter(wanted)
    fit = bounded(action, given).states
    return wanted if fit == given.states else f"{without_states(wanted)} state:{','.join(sorted(fit))}".lstrip()


async def change_all(app: Dashboard, action: BulkAction, filter_text: str, queue: str | None = None) -> Bulk | None:
    """How it stands when it is done or left to itself; None when it was not begun. To be called from a worker."""
    while True:
        try:
            counted = await app.client.ask(runs.count(filter_text))
        except JobdError as error:
            app.say(str(error), bad=True)
            return None
        if not counted.count:
            app.say(f"nothing is found by now: {filter_text}", bad=True)
            return None
        refused: list[JobdError] = []
        deed = deeds.change_all(action, filter_text, counted.count, counted.more, queue)
        answer = await app.carry_out(deed, refused.append)
        if answer is not None:
            return await app.push_screen_wait(BulkProgress(answer.value))
        if not refused:
            return None
        app.say(f"{deed.title}: {refused[0]}", bad=True)
        if not isinstance(refused[0], Conflict):
            return None
