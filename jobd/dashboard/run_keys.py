"""The keys that change a run: there for what can be done to it as it stands, and named so; else they say why not."""

from __future__ import annotations

from textual.binding import Binding

from jobd.model.run import Run, RunState

ACTIONS = ("retry", "run_now", "cancel", "cannot")
KEYS = (
    Binding("r", "run_now", "Run now"),
    Binding("r", "retry", "Retry"),
    Binding("c", "cancel", "Cancel"),
    Binding("r", "cannot('retry')", "Say why not", show=False, system=True),  # of no use to who asks for help
    Binding("c", "cannot('cancel')", "Say why not", show=False, system=True),
)
"""One key retries what has ended and runs now what is due later."""


def fits(action: str, run: Run) -> bool:
    """Whether an action can be done to a run in its state; others than those of ACTIONS always can."""
    return {
        "retry": run.state.final,
        "run_now": run.state is RunState.SCHEDULED,
        "cancel": not run.state.final,
    }.get(action, True)


def there(action: str, parameters: tuple[object, ...], run: Run | None) -> bool:
    """Whether that key is there while this run is chosen; while none is, nobody knows what it would do."""
    if run is None:
        return action not in ("run_now", "cannot")
    if action == "cannot":
        return not any(fits(one, run) for one in (("retry", "run_now") if "retry" in parameters else ("cancel",)))
    return fits(action, run)


def why_not(action: str, run: Run) -> str:
    """Why that key does nothing to the run."""
    if action == "cancel":
        return f"run {run.id} has ended already: there is nothing to cancel"
    return f"run {run.id} is {run.state} and has not ended: there is nothing to retry"
