"""How many runs of a queue to claim ahead: what its workers get through in 50 ms, and none while that is not known."""

from __future__ import annotations

from collections.abc import Iterable

AHEAD_SECONDS = 0.05
MOST = 2000
LEARN = 0.2


class Appetite:
    """One queue's. It doubles while claims bring nothing but short jobs, and one long or unknown job ends it."""

    __slots__ = ("_allowed", "_seconds", "low")

    def __init__(self) -> None:
        self._seconds: dict[str, float] = {}
        self._allowed = 0
        self.low = 0
        """Fewer in the buffer than this: time to claim again, so that the next batch is here before it is empty."""

    def learn(self, job: str, took: float) -> None:
        """A run of `job` took so long."""
        known = self._seconds.get(job)
        if known is None:
            self._seconds[job] = took
        elif took > AHEAD_SECONDS:
            self._seconds[job] = max(known, took)  # one long run is reason enough to take no more ahead for a while
        else:
            self._seconds[job] = known + LEARN * (took - known)

    def claimed(self, jobs: Iterable[str]) -> None:
        """A claim brought runs of these jobs."""
        names = set(jobs)
        if not names:
            return
        if all(self._seconds.get(name, AHEAD_SECONDS) < AHEAD_SECONDS for name in names):
            self._allowed = min(MOST, max(8, self._allowed * 2))
        else:
            self._allowed = 0

    def choke(self) -> None:
        """What was claimed ahead did not start in time."""
        self._allowed = 0

    def ahead(self, workers: int) -> int:
        """Runs to hold in the buffer with so many workers on this queue."""
        if not self._allowed or not self._seconds:
            self.low = 0
            return 0
        slowest = max(self._seconds.values())
        through = int(workers * AHEAD_SECONDS / slowest) if slowest > 0 else MOST
        wanted = min(self._allowed, through, MOST)
        self.low = wanted * 2 // 3
        return wanted
