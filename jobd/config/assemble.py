"""Merged layers → a report: the configuration, or all problems in the order of the files."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

from jobd.config import build, build_jobs
from jobd.config.across import check
from jobd.config.configuration import Config
from jobd.config.layers import Merged
from jobd.config.outside import check_outside
from jobd.config.resolve import Resolved, resolve
from jobd.config.show import origins, shown
from jobd.config.validated import Tables, validate
from jobd.errors import Problem
from jobd.model.settings import AppSettings, DashboardSettings, KeepSettings, PrivacySettings

LONGEST_SOCKET_PATH = 107  # bytes of sun_path, without its NUL


@dataclass(frozen=True, kw_only=True)
class Report:
    """What loading came to; `config` is absent exactly when there are problems."""

    config: Config | None = None
    problems: list[Problem] = field(default_factory=list)
    warnings: list[Problem] = field(default_factory=list)
    texts: dict[str, str] = field(default_factory=dict, repr=False)
    """The text of each file, to show the lines that problems are in."""
    merged: Merged | None = field(default=None, repr=False)
    """What they say together; absent when one of them cannot be read."""


def assemble(
    merged: Merged, environ: Mapping[str, str], texts: dict[str, str], *, files: tuple[Path, ...], digest: str
) -> Report:
    """Validates, checks and builds what the layers say."""
    problems: list[Problem] = []
    tables = validate(merged, problems)
    across, warnings = check(merged)
    resolved = resolve(tables, merged, environ, problems)
    refused, noted = check_outside(tables, merged, resolved)
    problems += [*across, *refused, *build_jobs.retry_problems(tables, merged)]
    warnings = ordered([*warnings, *noted], merged)
    if problems:
        return Report(problems=ordered(problems, merged), warnings=warnings, texts=texts, merged=merged)
    config = _config(tables, merged, resolved, environ, files, digest, warnings)
    return Report(config=config, warnings=list(config.warnings), texts=texts, merged=merged)


def _config(
    tables: Tables,
    merged: Merged,
    resolved: Resolved,
    environ: Mapping[str, str],
    files: tuple[Path, ...],
    digest: str,
    warnings: list[Problem],
) -> Config:
    daemon = build.daemon_settings(tables.daemon, merged, environ)
    if len(bytes(daemon.socket)) > LONGEST_SOCKET_PATH:
        what = f"the path {daemon.socket} is longer than the {LONGEST_SOCKET_PATH} bytes of a Unix socket"
        warnings = [*warnings, merged.problem(("daemon", "socket"), what, "set a shorter socket")]
    gateway = tables.paymob
    return Config(
        daemon=daemon,
        database=build.database_settings(tables.database, merged, resolved.url),
        app=AppSettings(schema=tables.app.schema_),
        keep=KeepSettings(**build.same(tables.keep)),
        mail=build.mail_settings(tables.mail, resolved.password),
        paymob=build.paymob_settings(gateway, resolved.api_key, resolved.secret_key) if gateway else None,
        queues=build_jobs.queues(tables.queues),
        jobs=build_jobs.jobs(tables, merged, resolved.env),
        schedules=build_jobs.schedules(tables, merged),
        control=build.control_settings(tables.control),
        api=build.api_settings(tables.api, merged),
        dashboard=DashboardSettings(**build.same(tables.dashboard)),
        privacy=PrivacySettings(redact=tuple(tables.privacy.redact), keep=tables.privacy.keep),
        files=files,
        digest=digest,
        origins=MappingProxyType(origins(merged)),
        shown=shown(tables, merged, daemon),
        warnings=tuple(warnings),
    )


def ordered(problems: list[Problem], merged: Merged) -> list[Problem]:
    """As they stand in the files, one after the other."""
    files = {layer.name: number for number, layer in enumerate(merged.layers)}
    return sorted(problems, key=lambda problem: (files.get(problem.file, len(files)), problem.line, problem.column))
