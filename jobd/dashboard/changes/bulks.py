"""A change of all runs that a filter finds, from the count to the end: what grew meanwhile is asked about again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jobd.client.asks import runs
from jobd.dashboard.changes import deeds
from jobd.dashboard.widgets.bulk_progress import BulkProgress
from jobd.errors import Conflict, JobdError
from jobd.model.bulk import Bulk, BulkAction

if TYPE_CHECKING:
    from jobd.dashboard.app import Dashboard


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
