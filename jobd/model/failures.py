"""Failures that are one failure: grouped by job, class of the error and the place where it came from."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class FailureGroup:
    """Runs that failed in the same way: all of them for good, or all of them waiting for another attempt."""

    fingerprint: str
    """Twelve hex digits, the same on every node and after every restart."""
    job: str
    error_class: str
    """`TimeoutError`, or the words of an error that has none, numbers as `#`."""
    frame: str | None
    """`shop/mail.py:41 in send`, the innermost of the latest traceback; absent when nothing was raised."""
    count: int
    first_at: datetime
    last_at: datetime
    last_id: int
    """The latest run of them."""
    error: str
    """Its error."""
    filter: str
    """Finds these runs: for `jobctl runs list`, and to start them again."""
    retrying: bool = False
    """These runs wait for another attempt: `first_at` to `last_at` are the ends of their latest ones."""
    next_at: datetime | None = None
    """When the first of them is tried again; absent where none is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Failures:
    """Groups, those that are tried again before those that failed for good; of each the one that failed last first."""

    groups: tuple[FailureGroup, ...]
    more: bool = False
    """Only the latest failures were looked at; there are older ones in the window."""


def fingerprint(job: str, error_class: str, file: str | None, function: str | None) -> str:
    """What stays the same when the failure is the same: not the line, which every edit moves."""
    text = "\0".join((job, error_class, file or "", function or ""))
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def finding(job: str, error_class: str, since: str, state: str = "failed") -> str:
    """The filter that finds a group; what stands around a number is enough of a text without a class."""
    words = max(error_class.split("#"), key=len).strip().replace('"', "*")
    error = f' error:"{words}"' if words.strip("* ") else ""
    return f"state:{state} job:{job}{error} since:{since}"
