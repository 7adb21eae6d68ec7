"""The jobs of the benchmarks, as a user would write them. Two of them leave instants in a file that both sides map."""

from __future__ import annotations

import asyncio
import time
from typing import Any

from benchmarks.clock import SharedClock
from jobd import Context

TICK_SECONDS = 0.001


async def noop(ctx: Context, *, user_id: int) -> None:
    """Nothing at all."""


async def one_in_ten_fails(ctx: Context, *, user_id: int) -> None:
    """Every tenth run fails at its first attempt."""
    if ctx.attempt == 1 and user_id % 10 == 0:
        raise RuntimeError("not yet")


async def _clock(ctx: Context) -> SharedClock:
    async def make() -> SharedClock:
        return SharedClock.from_environment()

    return await ctx.resource("clock", make)


async def stamp(ctx: Context, *, place: int) -> None:
    """Writes down when it started."""
    started = time.monotonic()
    (await _clock(ctx)).write(place, started)


async def watch(ctx: Context, **_: Any) -> None:
    """Writes down the longest time for which the loop did not come round, until it is told to stop."""
    clock = await _clock(ctx)
    before = time.monotonic()
    while True:
        await asyncio.sleep(TICK_SECONDS)
        now = time.monotonic()
        clock.write_longest(0, now - before - TICK_SECONDS)
        before = now
