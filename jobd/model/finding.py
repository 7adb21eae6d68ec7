"""What an examination finds: one line about one thing, and how to mend it where it is not well."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class Verdict(StrEnum):
    OK = "ok"
    WARNING = "warning"  # works, and will hurt one day
    ERROR = "error"  # does not work
    SKIPPED = "skipped"  # not configured, or cannot be told from here


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """`name` is stable for programs; `mend` is absent where nothing is to be done."""

    name: str
    verdict: Verdict
    text: str
    mend: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Examination:
    """All findings; `well` is false when one of them is a warning or worse."""

    well: bool
    findings: tuple[Finding, ...]


def ok(name: str, text: str) -> Finding:
    return Finding(name=name, verdict=Verdict.OK, text=text)


def skipped(name: str, text: str) -> Finding:
    return Finding(name=name, verdict=Verdict.SKIPPED, text=text)


def warning(name: str, text: str, mend: str) -> Finding:
    return Finding(name=name, verdict=Verdict.WARNING, text=text, mend=mend)


def error(name: str, text: str, mend: str) -> Finding:
    return Finding(name=name, verdict=Verdict.ERROR, text=text, mend=mend)


def well(findings: Iterable[Finding]) -> bool:
    """True when nothing is wrong; a warning is."""
    return all(finding.verdict in (Verdict.OK, Verdict.SKIPPED) for finding in findings)
