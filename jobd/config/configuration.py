"""The whole configuration of a daemon, as everything else sees it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

from jobd.errors import Problem
from jobd.model.job import Job
from jobd.model.queue import Queue
from jobd.model.schedule import Schedule
from jobd.model.settings import (
    ApiSettings,
    AppSettings,
    ControlSettings,
    DaemonSettings,
    DashboardSettings,
    DatabaseSettings,
    KeepSettings,
    MailSettings,
    PaymobSettings,
    PrivacySettings,
    Settings,
)

Shown = tuple[str, str, str]
"""Key, value and origin of one setting; a secret's value is masked."""


@dataclass(frozen=True, kw_only=True)
class Config:
    """What the files and the environment say, checked and complete. Its repr holds no secret."""

    daemon: DaemonSettings
    database: DatabaseSettings
    app: AppSettings
    keep: KeepSettings
    mail: MailSettings
    paymob: PaymobSettings | None
    """Absent when no `[paymob]` table is written."""
    queues: Mapping[str, Queue]
    jobs: Mapping[str, Job]
    schedules: Mapping[str, Schedule]
    """Those of `[schedules]` and those that jobs have by shorthand."""
    control: ControlSettings = field(default_factory=ControlSettings)
    api: ApiSettings = field(default_factory=ApiSettings)
    dashboard: DashboardSettings = field(default_factory=DashboardSettings)
    privacy: PrivacySettings = field(default_factory=PrivacySettings)
    files: tuple[Path, ...] = ()
    """What was read, in that order."""
    digest: str = ""
    """Of the files' content: another one means that they have changed since."""
    origins: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}), repr=False)
    """Dotted key → `file:line`, "environment" or "default"."""
    shown: tuple[Shown, ...] = field(default=(), repr=False)
    warnings: tuple[Problem, ...] = ()

    @property
    def settings(self) -> Settings:
        """What a job may know of it (`ctx.settings`)."""
        return Settings(app=self.app, mail=self.mail, paymob=self.paymob)


def show(config: Config) -> list[Shown]:
    """Key, value and origin of every setting, in the order of the tables; secrets are masked."""
    return list(config.shown)
