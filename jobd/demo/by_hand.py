"""What somebody did to the demo while it ran: runs that they triggered, and everything in the journal."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from jobd.demo.claims import Claim
from jobd.model.change import Action

HARMLESS = frozenset({"token"})
"""Nouns of changes that no job notices."""
WORDS: Mapping[str, str] = {
    Action.QUEUE_WEIGHT: "weighed {} anew", Action.QUEUE_PURGE: "purged {}", Action.CONFIG_RELOAD: "reloaded {}",
    Action.NODE_QUIET: "quieted {}", Action.MESSAGE_RESEND: "sent {} again", Action.MESSAGE_HOLD: "held {}",
    Action.RUN_CANCEL: "cancelled {}", Action.RUN_RETRY: "retried {}", Action.BULK_CANCEL: "cancelled many runs in {}",
    Action.BULK_RETRY: "retried many runs in {}", Action.BULK_MOVE: "moved many runs in {}",
    Action.BULK_STOP: "stopped {}", Action.SCHEDULE_TRIGGER: "fired {}", Action.UNDO: "took back {}",
}  # fmt: skip
NOUNS = {"bulk": "change", "undo": "change", "config": "configuration"}


@dataclass(frozen=True, slots=True, kw_only=True)
class ByHand:
    """Nothing, in a demo that was only looked at."""

    triggered: Mapping[str, int] = field(default_factory=dict)
    """Job → runs that the demo did not ask for."""
    changes: Mapping[str, int] = field(default_factory=dict)
    """Action of the journal → how often."""
    touched: frozenset[str] = frozenset()
    """Jobs whose runs, schedules or mails were changed, and those of `triggered`."""
    everything: bool = False
    """A queue, a node or the configuration was changed: that is about every job."""

    def excuses(self, claim: Claim) -> bool:
        """True when what is not as planned about a claim may come from this."""
        return self.everything or bool(self.touched & claim.jobs if claim.jobs else self.touched)

    @property
    def told(self) -> str:
        """`triggered 3 runs (send-email ×2, …), paused 1 queue`; empty when nothing was done."""
        runs = sum(self.triggered.values())
        which = ", ".join(f"{job} ×{n}" if n > 1 else job for job, n in sorted(self.triggered.items()))
        parts = [f"triggered {_counted(runs, 'run')} ({which})"] if runs else []
        return ", ".join([*parts, *(_done(action, n) for action, n in sorted(self.changes.items()))])

    def as_json(self) -> dict[str, dict[str, int]]:
        """For programs; empty when nothing was done."""
        found = {"triggered": dict(self.triggered), "changes": dict(self.changes)}
        return {what: counts for what, counts in found.items() if counts}


def by_hand(runs: Counter[str], entries: list[tuple[str, str | None]]) -> ByHand:
    """Of runs by job that somebody triggered, and of the journal's actions, each with its job where it is about one."""
    of_jobs = {job for _, job in entries if job is not None}
    general = [action for action, job in entries if job is None and action.partition(".")[0] not in HARMLESS]
    return ByHand(
        triggered=dict(runs),
        changes=dict(Counter(action for action, _ in entries)),
        touched=frozenset(runs) | of_jobs,
        everything=bool(general),
    )


def _done(action: str, count: int) -> str:
    noun, _, verb = action.partition(".")
    past = f"{verb}d {{}}" if verb.endswith("e") else f"{verb}ed {{}}"
    return WORDS.get(action, past).format(_counted(count, NOUNS.get(noun, noun)))


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"
