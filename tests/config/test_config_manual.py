"""The manual, the reference, the schema and the starter say what the tables say."""

from __future__ import annotations

import json
import re
import tomllib
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from jobd.config import load_text
from jobd.config.across import STANDARD_QUEUES
from jobd.config.keys import FREE, every_key, field_at
from jobd.config.reference import BEGIN, END, reference
from jobd.config.schema import FILE, schema, text
from jobd.model.duration import parse_duration

ROOT = Path(__file__).parents[2]
MANUAL = (ROOT / "jobd.toml").read_text("utf-8")
DOCUMENT = (ROOT / "docs/configuration.md").read_text("utf-8")

# What the manual sets on purpose, being the configuration of the specification's system too.
OWN = {"daemon.name"}


def uncommented() -> dict[str, Any]:
    return tomllib.loads(re.sub(r"^#(?=[a-z_]+ = |\[)", "", MANUAL, flags=re.MULTILINE))


def written(table: dict[str, Any], above: tuple[str, ...] = ()) -> set[tuple[str, ...]]:
    """The keys in `table` as `every_key` names them."""
    found: set[tuple[str, ...]] = set()
    for name, value in table.items():
        free = len(above) == 1 and above[0] in ("jobs", "queues", "schedules")
        path = (*above, FREE if free else name)
        inner = isinstance(value, dict) and path[-1] not in ("args", "env", "settings", "in_doubt")
        found |= written(value, path) if inner else {path}
    return found


def test_the_manual_has_every_key_and_no_other() -> None:
    assert written(uncommented()) == {path for path, _ in every_key()}


def test_the_reference_is_what_the_tables_say() -> None:
    assert DOCUMENT.partition(BEGIN)[2].partition(END)[0].strip() == reference(), "run: python -m jobd.config.reference"


def test_the_shipped_schema_is_what_the_tables_say() -> None:
    shipped = (ROOT / "jobd/config" / FILE).read_text("utf-8")
    assert shipped == text(), "run: python -m jobd.config.schema"
    assert json.loads(shipped) == schema()


def test_commented_values_of_the_manual_are_the_defaults() -> None:
    table, wrong = "", []
    for line in MANUAL.splitlines():
        if header := re.match(r"#?\[([^\]]+)\]", line):
            table = re.sub(r"^(jobs|queues|schedules)\.[a-z-]+", rf"\1.{FREE}", header[1])
        elif setting := re.match(r"#?([a-z_]+) = (.*)", line):
            path = (*table.split("."), setting[1])
            field = field_at(path)
            assert field is not None, path
            default = None if field.is_required() else field.get_default(call_default_factory=True)
            if default is not None and not _same(tomllib.loads(f"v = {setting[2]}")["v"], default):
                wrong.append(".".join(path))
    examples = {
        "queues.NAME.weight",
        "jobs.NAME.args",
        "jobs.NAME.requires",
        "jobs.NAME.queue",
        "jobs.NAME.env",
    }
    examples |= {"jobs.NAME.description", "jobs.NAME.unique.key", "schedules.NAME.args"}
    assert set(wrong) - examples == OWN


def _same(value: Any, default: Any) -> bool:
    if isinstance(default, timedelta):
        return parse_duration(value) == default
    return bool(value == default) and type(value) is type(default)


def test_the_manual_is_a_configuration_of_the_four_business_jobs() -> None:
    config = load_text(MANUAL)
    assert {name: (job.queue, dict(job.args)) for name, job in config.jobs.items()} == {
        "expire-subscriptions": ("normal", {"batch": 500}),
        "reconcile-payments": ("critical", {"older_than_minutes": 30}),
        "send-email": ("default", {}),
        "send-bulk-email": ("default", {}),
        "send-expiry-reminders": ("default", {"days": 7}),
        "clean-old-audit-trail": ("low", {"retention_days": 90, "batch": 1000, "pause_ms": 100}),
    }
    assert {name: schedule.cron for name, schedule in config.schedules.items()} == {
        "expire-subscriptions": "0 * * * *",
        "reconcile-payments": "*/30 * * * *",
        "send-expiry-reminders": "0 9 * * *",
        "clean-old-audit-trail": "0 2 * * *",
    }
    assert {schedule.timezone for schedule in config.schedules.values()} == {"UTC"}
    assert config.queues == STANDARD_QUEUES
    assert all(job.enabled and job.retry.retries == 3 for job in config.jobs.values())
    assert not config.warnings


SPECIFICATION = {
    "FeatureFlags.EnableBackgroundJobs": ("[daemon]\nenabled = false", "daemon.enabled", False),
    "HangfireSettings.SchedulePollingInterval": (
        "[daemon]\npoll = '00:00:15'",
        "daemon.poll",
        timedelta(seconds=15),
    ),
    "HangfireSettings.WorkerCount": ("[daemon]\nworkers = 2", "daemon.workers", 2),
    "HangfireSettings.ServerName": (
        "[daemon]\nname = 'DevPioneers-Dev-Server'",
        "daemon.name",
        "DevPioneers-Dev-Server",
    ),
    "HangfireSettings.EnableDashboard": ("[dashboard]\nenabled = false", "dashboard.enabled", False),
    "HangfireSettings.DashboardPath": ("[dashboard]\npath = '/jobs'", "dashboard.path", "/jobs"),
    "HangfireSettings.RequireAuthentication": (
        "[dashboard]\nrequire_authentication = false",
        "dashboard.require_authentication",
        False,
    ),
}


@pytest.mark.parametrize("setting", SPECIFICATION)
def test_a_setting_of_the_specification_is_a_key_here(setting: str) -> None:
    toml, path, value = SPECIFICATION[setting]
    found: Any = load_text(toml)
    for name in path.split("."):
        found = getattr(found, name)
    assert found == value


def test_the_specifications_queues_and_retries_are_keys_here() -> None:
    config = load_text(
        "[queues]\ndefault = {}\ncritical = {}\nnormal = {}\nlow = {}\n"
        "[defaults]\nretries = 3\nretry_delay = '5m'\n[jobs.a]\nrun = 'a:b'"
    )
    assert list(config.queues) == ["default", "critical", "normal", "low"]
    policy = config.jobs["a"].retry
    assert (policy.retries, policy.wait(1), policy.wait(3)) == (3, timedelta(minutes=5), timedelta(minutes=5))


def test_the_document_maps_every_setting_of_the_specification() -> None:
    hangfire = {
        "SchedulePollingInterval",
        "WorkerCount",
        "Queues",
        "ServerName",
        "RetryAttempts",
        "RetryDelayInMinutes",
        "EnableDashboard",
        "DashboardPath",
        "RequireAuthentication",
    }
    expected = {f"HangfireSettings.{name}" for name in hangfire} | {"FeatureFlags.EnableBackgroundJobs"}
    rows = re.findall(r"^\| `((?:HangfireSettings|FeatureFlags)\.\w+)` \| (.*?) \|", DOCUMENT, re.MULTILINE)
    assert {name for name, _ in rows} == expected
    for name, key in rows:
        table, _, last = key.strip("`").partition("] ")
        assert field_at((*filter(None, (table.strip("[]"), last)),)) is not None, name
