"""A job that waits until the test lets it go, and then ends as it is told; for nodes in the test's own process."""

from __future__ import annotations

import asyncio
from typing import Any

from jobd import Cancel, Context, Retry

GATE = asyncio.Event()
"""Shut before each test that uses it."""
STARTED: list[int] = []
"""Runs whose function was entered, an entry for each attempt."""


def shut() -> None:
    GATE.clear()
    STARTED.clear()


async def gated(ctx: Context, *, then: str = "succeed", **_: Any) -> None:
    """Waits for the gate; then succeeds, fails, cancels itself, asks for another try, or ends in its transaction."""
    STARTED.append(ctx.run_id)
    await GATE.wait()
    match then:
        case "fail":
            raise ValueError("told to")
        case "cancel":
            raise Cancel("told to")
        case "retry":
            raise Retry("told to")
        case "transaction":
            async with ctx.transaction() as tx:
                await tx.execute("select 1")
