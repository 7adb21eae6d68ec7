"""Who the daemon takes a caller for, and what it lets them see."""

from __future__ import annotations

from dataclasses import dataclass

from jobd.model.roles import Role


@dataclass(frozen=True, slots=True, kw_only=True)
class DashboardReport:
    """`[dashboard]`, as far as whoever shows a dashboard has to know."""

    enabled: bool
    path: str
    """Where on its address it stands."""
    require_authentication: bool
    listen: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Me:
    """The caller."""

    name: str
    """`uid:1000 (alice)` or `token:ci`, as the journal names them."""
    role: str
    """viewer, operator, admin."""
    environment: str
    dashboard: DashboardReport

    def may(self, role: Role) -> bool:
        """True when the caller has this role or one above it."""
        return Role[self.role.upper()] >= role
