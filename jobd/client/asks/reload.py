"""The configuration files, read again."""

from __future__ import annotations

from jobd.client.asks.ask import Ask, reader, told
from jobd.model.reload import ConfigChanges

RELOAD_SECONDS = 10.0
"""Jobs are imported before anything is taken over."""


def asked(dry_run: bool, reason: str | None = None) -> Ask[ConfigChanges]:
    """What the files change, taken over unless it is a dry run; Refused with every problem when they cannot be used."""
    return told("/v1/reload", {"dry_run": dry_run, "reason": reason}, reader(ConfigChanges), patience=RELOAD_SECONDS)
