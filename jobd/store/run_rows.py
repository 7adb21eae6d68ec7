"""Rows → runs as people read them, and where a page of them ended."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from jobd.model.privacy import Mask
from jobd.model.run import Attempt, Items, Run, RunState

LARGEST_PAGE = 1000
LARGEST_ID = 2**63 - 1
_INFINITY = datetime.max.replace(tzinfo=UTC)  # what the driver sends as 'infinity'
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cursor:
    """Where a page ended: the next begins behind (finished_at, id). Live runs end in eternity."""

    finished_at: datetime = _INFINITY
    id: int = LARGEST_ID

    @classmethod
    def parse(cls, text: str) -> Cursor:
        """A cursor from its text.

        Raises:
            ValueError: it was not made by `str(cursor)`.
        """
        when, dot, number = text.partition(".")
        if not (dot and number.isascii() and number.isdecimal() and int(number[:20]) <= LARGEST_ID):
            raise ValueError(f"{text[:40]!r} is no cursor; take `next` of the page before")
        if when == "live":
            return cls(id=int(number))
        try:
            return cls(finished_at=_EPOCH + timedelta(microseconds=int(when[:20])), id=int(number))
        except (ValueError, OverflowError) as error:
            raise ValueError(f"{text[:40]!r} is no cursor; take `next` of the page before") from error

    @classmethod
    def of(cls, finished_at: datetime | None, id: int) -> Cursor:
        """Where the run stands that ended then, or that is alive."""
        return cls(finished_at=finished_at or _INFINITY, id=id)

    @property
    def live(self) -> bool:
        """The run at this place had not ended."""
        return self.finished_at == _INFINITY

    def __str__(self) -> str:
        if self.live:
            return f"live.{self.id}"
        return f"{(self.finished_at - _EPOCH) // timedelta(microseconds=1)}.{self.id}"


_SAME = (
    "id", "job", "queue", "priority", "attempt", "retries_left", "source", "created_at", "due_at", "started_at",
    "finished_at", "node", "schedule", "slot", "retried_from", "cancel_requested", "reason", "error",
)  # fmt: skip


START = Cursor()
"""Before the first run."""


def read_run(
    row: Any, mask: Mask, *, attempts: tuple[Attempt, ...] = (), mails: dict[str, int] | None = None
) -> Run:
    """The run of a row of `run_pages.sql` or `run_search.sql`, without what is masked."""
    return Run(
        **{name: row[name] for name in _SAME},
        state=RunState(row["state"]),
        args=mask.of("args", _json(row["args"]) or {}),
        result=mask.of("result", _json(row["result"])),
        items=Items(done=row["items_done"] or 0, skipped=row["items_skipped"] or 0, failed=row["items_failed"] or 0),
        progress=mask.of("progress", _json(row["progress"])),
        attempts=attempts,
        mails=mails or {},
        omitted=tuple(name for name in ("args", "result") if row[f"{name}_stored"] and row[name] is None),
    )


def _json(text: str | None) -> Any:
    return None if text is None else json.loads(text)
