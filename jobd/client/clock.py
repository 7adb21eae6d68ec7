"""How long a run is waited for, in steps that the daemon answers."""

from __future__ import annotations

import time

from jobd.client.asks.runs import LONG_POLL_SECONDS
from jobd.model.run import Run


class Deadline:
    """The end of the wait for `run`; without `timeout` there is none."""

    def __init__(self, run: int, timeout: float | None) -> None:
        self._run, self._timeout = run, timeout
        self._until = None if timeout is None else time.monotonic() + timeout

    def step(self) -> float:
        """Seconds for the next request."""
        if self._until is None:
            return LONG_POLL_SECONDS
        return max(0.0, min(LONG_POLL_SECONDS, self._until - time.monotonic()))

    def check(self, found: Run) -> None:
        """Raises TimeoutError when the time is over."""
        if self._until is not None and time.monotonic() >= self._until:
            raise TimeoutError(
                f"run {self._run} has not ended within {self._timeout:g} s and is {found.state}; it goes on"
            )
