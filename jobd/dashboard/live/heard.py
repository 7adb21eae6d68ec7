"""What was heard of a run, laid over what was known of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from jobd.model.run import Run, RunState


def told(run: Run, facts: Mapping[str, Any], now: datetime) -> Run:
    """A run as it is after what was heard of it."""
    state = RunState(facts.get("state", RunState.RUNNING))  # `run.started` says no state
    took = facts.get("took")
    started = now - timedelta(seconds=took) if took is not None else run.started_at
    match state:
        case RunState.RUNNING:
            return replace(run, state=state, attempt=facts["attempt"], started_at=run.started_at or now)
        case _ if state.final:
            error = facts.get("error") or run.error
            return replace(run, state=state, started_at=started, finished_at=now, error=error, progress=None)
    return replace(run, state=state, attempt=facts["attempt"])
