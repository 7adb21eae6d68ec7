"""What every screen knows: how the daemon was when it last answered, and whether it still does."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from jobd.model.roles import Role

if TYPE_CHECKING:  # not before the first paint: nobody has told anything by then
    from jobd.model.me import Me
    from jobd.model.status import Status


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """Everything is absent until the daemon has answered once."""

    me: Me | None = None
    status: Status | None = None
    at: datetime | None = None
    """When `status` came."""
    trouble: str | None = None
    """Why there is nothing newer: the daemon or its database does not answer. None: all is well."""
    frozen: bool = False

    @property
    def role(self) -> Role:
        """What the daemon lets this person do; nothing beyond looking until it is known."""
        return Role[self.me.role.upper()] if self.me is not None else Role.VIEWER

    @property
    def stale(self) -> bool:
        return self.trouble is not None
