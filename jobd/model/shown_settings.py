"""Settings as people see them: where each comes from, and what operators have laid over them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """One setting; the value of a secret is masked."""

    key: str
    value: str
    origin: str
    """`default`, `jobd.toml:7`, an environment variable."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Drift:
    """What Postgres holds against the files: a weight or a pause."""

    key: str
    configured: str
    value: str
    by: str | None = None
    since: datetime | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownSettings:
    settings: tuple[Setting, ...]
    drift: tuple[Drift, ...]
