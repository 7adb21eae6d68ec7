"""What the API asks the daemon to change; `jobd/engine/operations.py` does it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Protocol

from jobd.model.bulk import Bulk, BulkAction
from jobd.model.change import Action, Actor, AuditEntry, Change
from jobd.model.filter import Filter
from jobd.model.roles import Role
from jobd.model.run import RunState
from jobd.model.token import TokenReport


class Operations(Protocol):
    """Each method is atomic, journalled under `who`, and may raise StoreUnavailable, NotFound and Conflict."""

    async def change(self, change: Change, who: Actor) -> AuditEntry:
        """Pause, resume or weigh a queue; pause or resume a schedule; quiet, drain or resume a node."""

    async def undo(self, entry: int, who: Actor, reason: str | None) -> AuditEntry:
        """Put back what that entry of the journal replaced."""

    async def cancel(self, run: int, reason: str | None, who: Actor) -> RunState:
        """Ask for a run's end: CANCELLED when it ended at once, RUNNING when its node was asked."""

    async def retry(self, run: int, who: Actor, reason: str | None = None) -> tuple[int, bool]:
        """Make a scheduled run due now, or start an ended one again as a new one; (its id, whether it is new)."""

    async def messages(self, action: Action, ids: Sequence[int], who: Actor, reason: str | None) -> list[int]:
        """Send again, hold or let go messages; the ids of those that were in a state for it."""

    async def trigger(self, schedule: str, who: Actor, reason: str | None) -> tuple[int, bool]:
        """Start a run as this schedule would, now; (its id, whether it is new)."""

    async def begin(
        self,
        action: BulkAction,
        chosen: Filter,
        expected: int,
        who: Actor,
        *,
        queue: str | None = None,
        reason: str | None = None,
        journal: Action | None = None,
    ) -> Bulk:
        """Begin to do this to all runs that match; ValueError when the action fits none of them."""

    async def add_token(
        self, name: str, role: Role, who: Actor, *, lasts: timedelta | None = None, reason: str | None = None
    ) -> str:
        """A new token's text, which nobody can look up again."""

    async def revoke_token(self, name: str, who: Actor, reason: str | None = None) -> None:
        """Close that door."""

    async def tokens(self) -> list[TokenReport]:
        """All there are."""

    async def stop(self, bulk: int, who: Actor, reason: str | None) -> Bulk:
        """Stop a bulk after the batch in hand."""

    async def bulk(self, bulk: int) -> Bulk:
        """How it stands."""

    async def bulks(self, limit: int) -> list[Bulk]:
        """The latest, newest first."""
