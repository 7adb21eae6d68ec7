"""What just happened, in a line or two a second: which runs ended, and how far everything is."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from typing import Any

import aiohttp

from jobd.demo.check import Report
from jobd.demo.client import Client
from jobd.model.display import display_safe

EVERY = 1.0
_WIDEST = 100


class Live:
    """Says lines through `say`; `show` may be called as often as you like."""

    def __init__(self, client: Client, say: Callable[[str], None]) -> None:
        self._client, self._say = client, say
        self._began = self._next = time.monotonic()
        self._seen: set[tuple[int, int]] = set()
        """Runs and the attempts of theirs that were told."""
        self._told = ""

    async def show(self, report: Report) -> None:
        """Say what is new, unless something was said just now."""
        now = time.monotonic()
        if now < self._next:
            return
        self._next = now + EVERY
        stamp = f"{now - self._began:6.1f}s"
        try:
            if events := [*await self._retried(), *await self._ended()]:
                self._say(f"{stamp}  {_joined(events)}")
        except (aiohttp.ClientError, TimeoutError) as error:
            self._say(f"{stamp}  the daemon does not answer: {error}")
        if (progress := _progress(report)) != self._told:
            self._told = progress
            self._say(f"{stamp}  {progress}")

    async def _ended(self) -> list[str]:
        """Runs that ended since the last line, the same ones together."""
        ended: Counter[str] = Counter()
        for run in reversed(await self._client.runs("succeeded", "failed", "cancelled", "skipped")):
            if self._is_new(run):
                ended[f"{run['job']} {_how(run)}"] += 1
        return [f"{what} ×{count}" if count > 1 else what for what, count in ended.items()]

    async def _retried(self) -> list[str]:
        """Runs whose attempt failed and that are due again."""
        waiting = [run for run in await self._client.runs("scheduled") if run["attempt"] and self._is_new(run)]
        return [f"{run['job']} failed (attempt {run['attempt']}), again soon" for run in waiting]

    def _is_new(self, run: dict[str, Any]) -> bool:
        key = run["id"], -1 if run["finished_at"] else run["attempt"]
        new = key not in self._seen
        self._seen.add(key)
        return new


def _how(run: dict[str, Any]) -> str:
    """What a run counted, and its state unless that is the usual one."""
    items = run["items"]
    counted = [f"{items[name]:,} {name}" for name in ("done", "failed") if items[name]]
    state = [] if run["state"] == "succeeded" else [run["state"]]
    return ", ".join([*state, *counted]) or "nothing to do"


def _progress(report: Report) -> str:
    settled = report.payments.settled
    return " · ".join(
        (
            f"subscriptions {report.subscriptions.expired:,}/{report.subscriptions.ended:,} expired",
            f"mails {report.mails.arrived:,}/{report.mails.wanted.total():,}",
            f"payments {settled.found:,}/{settled.expected:,} settled",
            f"audit rows {report.audit_rows.deleted:,}/{report.audit_rows.old:,} deleted",
        )
    )


def _joined(events: list[str]) -> str:
    """As many as fit a line, and how many more there are."""
    line = events[0]
    for number, event in enumerate(events[1:], 1):
        if len(line) + len(event) > _WIDEST:
            return display_safe(f"{line} · and {len(events) - number} more")
        line += f" · {event}"
    return display_safe(line)
