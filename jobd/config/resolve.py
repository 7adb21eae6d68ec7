"""All secrets of one configuration, resolved."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from jobd.config.layers import Merged
from jobd.config.secrets import Secrets
from jobd.config.validated import Tables
from jobd.errors import Problem


@dataclass(frozen=True, slots=True, kw_only=True)
class Resolved:
    """The secrets as text, None where there is none. Its repr holds nothing."""

    url: str | None = field(repr=False)
    password: str | None = field(repr=False)
    api_key: str | None = field(repr=False)
    secret_key: str | None = field(repr=False)
    env: dict[str, dict[str, str]] = field(repr=False)
    """The environment of each job."""


def resolve(tables: Tables, merged: Merged, environ: Mapping[str, str], problems: list[Problem]) -> Resolved:
    """Every secret in `tables`; what cannot be had is added to `problems`."""
    secrets = Secrets(merged, environ, problems)
    gateway = tables.paymob
    return Resolved(
        url=secrets.of(tables.database, ("database", "url")),
        password=secrets.of(tables.mail, ("mail", "password")),
        api_key=secrets.of(gateway, ("paymob", "api_key")) if gateway else None,
        secret_key=secrets.of(gateway, ("paymob", "secret_key")) if gateway else None,
        env={
            name: {key: secrets.expand(text, ("jobs", name, "env", key)) or "" for key, text in job.env.items()}
            for name, job in tables.jobs.items()
        },
    )
