"""The merged layers → validated tables, with all problems of all of them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeVar

from jobd.config.complaints import validated
from jobd.config.control_tables import ApiTable, ControlTable, DashboardTable, PrivacyTable
from jobd.config.job_tables import DefaultsTable, FileTable, JobTable, QueueTable, ScheduleTable
from jobd.config.keys import fields, hint_for
from jobd.config.layers import Merged
from jobd.config.tables import AppTable, DaemonTable, DatabaseTable, KeepTable, MailTable, PaymobTable, Table
from jobd.errors import Problem

T = TypeVar("T", bound=Table)


@dataclass(frozen=True, kw_only=True)
class Tables:
    """Every table of the file; one with a problem has its defaults here, and nothing is built of it."""

    daemon: DaemonTable = field(default_factory=DaemonTable)
    database: DatabaseTable = field(default_factory=DatabaseTable)
    control: ControlTable = field(default_factory=ControlTable)
    api: ApiTable = field(default_factory=ApiTable)
    dashboard: DashboardTable = field(default_factory=DashboardTable)
    privacy: PrivacyTable = field(default_factory=PrivacyTable)
    app: AppTable = field(default_factory=AppTable)
    keep: KeepTable = field(default_factory=KeepTable)
    mail: MailTable = field(default_factory=MailTable)
    paymob: PaymobTable | None = None
    queues: dict[str, QueueTable] = field(default_factory=dict)
    defaults: DefaultsTable = field(default_factory=DefaultsTable)
    jobs: dict[str, JobTable] = field(default_factory=dict)
    schedules: dict[str, ScheduleTable] = field(default_factory=dict)


def validate(merged: Merged, problems: list[Problem]) -> Tables:
    """The tables in `merged`; what is wrong is added to `problems`."""
    problems += [
        merged.problem((name,), "unknown key", hint_for((name,)), at_key=True)
        for name in merged.data
        if name not in fields(FileTable)
    ]
    return Tables(
        daemon=_one(DaemonTable, "daemon", merged, problems) or DaemonTable(),
        database=_one(DatabaseTable, "database", merged, problems) or DatabaseTable(),
        control=_one(ControlTable, "control", merged, problems) or ControlTable(),
        api=_one(ApiTable, "api", merged, problems) or ApiTable(),
        dashboard=_one(DashboardTable, "dashboard", merged, problems) or DashboardTable(),
        privacy=_one(PrivacyTable, "privacy", merged, problems) or PrivacyTable(),
        app=_one(AppTable, "app", merged, problems) or AppTable(),
        keep=_one(KeepTable, "keep", merged, problems) or KeepTable(),
        mail=_one(MailTable, "mail", merged, problems) or MailTable(),
        paymob=_one(PaymobTable, "paymob", merged, problems),
        queues=_many(QueueTable, "queues", merged, problems),
        defaults=_one(DefaultsTable, "defaults", merged, problems) or DefaultsTable(),
        jobs=_many(JobTable, "jobs", merged, problems),
        schedules=_many(ScheduleTable, "schedules", merged, problems),
    )


def _one(model: type[T], name: str, merged: Merged, problems: list[Problem]) -> T | None:
    if name not in merged.data:
        return None
    return validated(model, merged.data[name], (name,), merged, problems)


def _many(model: type[T], kind: str, merged: Merged, problems: list[Problem]) -> dict[str, T]:
    given = merged.data.get(kind, {})
    if not isinstance(given, dict):
        problems.append(merged.problem((kind,), "expected a table", f"write [{kind}.NAME]"))
        return {}
    found = {name: validated(model, table, (kind, name), merged, problems) for name, table in given.items()}
    return {name: table for name, table in found.items() if table is not None}
