"""Jobs for tests. What they did stands in a table that they write through a connection of their own."""

from __future__ import annotations

import asyncio
import ctypes
import os
import threading
import time
from datetime import timedelta
from typing import Any

import asyncpg

from jobd import Cancel, Context, Retry

OBSERVER_VARIABLE = "JOBD_TEST_OBSERVER_URL"
LET_GO = threading.Event()
"""Ends what waits in a thread, so that no test leaves one behind."""
ORDER: list[Any] = []
"""Arguments in the order in which `ordered` ran in this process."""


class Observer:
    """One connection of this process to the table that tests read."""

    def __init__(self, connection: Any) -> None:
        self._connection, self._turn = connection, asyncio.Lock()

    async def write(self, ctx: Context) -> None:
        """One row for each execution; writing it twice changes nothing."""
        async with self._turn:
            await self._connection.execute(
                "insert into observed (run, attempt, job, slot, pid) values ($1, $2, $3, $4, $5)"
                " on conflict do nothing",
                ctx.run_id, ctx.attempt, ctx.job, ctx.slot, os.getpid(),
            )  # fmt: skip

    async def finished(self, ctx: Context) -> None:
        async with self._turn:
            await self._connection.execute(
                "update observed set finished_at = clock_timestamp() where run = $1 and attempt = $2",
                ctx.run_id, ctx.attempt,
            )  # fmt: skip

    async def close(self) -> None:
        self._connection.terminate()


async def _observer(ctx: Context) -> Observer:
    async def make() -> Observer:
        return Observer(await asyncpg.connect(os.environ[OBSERVER_VARIABLE]))

    return await ctx.resource("observer", make)


async def observed(ctx: Context, *, seconds: float = 0.0) -> None:
    """Writes that it ran, and when it was through."""
    observer = await _observer(ctx)
    await observer.write(ctx)
    await asyncio.sleep(seconds)
    await observer.finished(ctx)


async def nothing(ctx: Context, **_: Any) -> None:
    """Succeeds."""


async def dumpable(ctx: Context) -> int:
    """What the kernel says about the memory of this process: 0, it is for root alone."""
    return ctypes.CDLL(None).prctl(3, 0, 0, 0, 0)


async def ordered(ctx: Context, *, mark: Any, seconds: float = 0.0) -> None:
    """Notes its mark."""
    ORDER.append(mark)
    await asyncio.sleep(seconds)


async def waits(ctx: Context, *, seconds: float = 60.0) -> str:
    """Waits until it is told to stop."""
    await ctx.sleep(timedelta(seconds=seconds))
    return "waited"


async def stubborn(ctx: Context, *, seconds: float = 60.0) -> None:
    """Ignores its cancellation for so long."""
    before = time.monotonic() + seconds
    while time.monotonic() < before and not LET_GO.is_set():
        try:
            await asyncio.sleep(0.05)
        except asyncio.CancelledError:
            continue


async def blocks(ctx: Context, *, seconds: float) -> None:
    """Holds up the main loop."""
    time.sleep(seconds)


async def fails(ctx: Context, *, text: str = "broken") -> None:
    raise ValueError(text)


CANARY = "canary-7f3b9c"


async def quotes_secrets(ctx: Context) -> None:
    """Tells what nobody should be told."""
    password = ctx.settings.mail.password
    ctx.log.warning("logging in", extra={"with": password})
    url = f"postgresql://app:{CANARY}-url@db/app"
    raise ValueError(f"{password}, {url}, Authorization: Bearer {CANARY}-bearer, api_token={CANARY}-token")


async def fails_once(ctx: Context) -> int:
    """Succeeds at the second attempt."""
    if ctx.attempt == 1:
        raise ValueError("not yet")
    return ctx.attempt


class Unspeakable(Exception):
    """An exception whose own text fails."""

    def __str__(self) -> str:
        raise RuntimeError("no text")

    __repr__ = __str__


class UnspeakableCancel(Cancel):
    """A Cancel whose own text fails."""

    __str__ = Unspeakable.__str__


async def _recurse(ctx: Context) -> None:
    await _recurse(ctx)


async def raises(ctx: Context, *, kind: str) -> None:
    """Raises anything that a job can raise."""
    match kind:
        case "BaseException":
            raise BaseException("base")
        case "SystemExit":
            raise SystemExit(3)
        case "KeyboardInterrupt":
            raise KeyboardInterrupt
        case "GeneratorExit":
            raise GeneratorExit
        case "CancelledError":
            raise asyncio.CancelledError("mine")
        case "StopAsyncIteration":
            raise StopAsyncIteration("mine")
        case "TimeoutError":
            raise TimeoutError("mine")
        case "Unspeakable":
            raise Unspeakable
        case "ExceptionGroup":
            raise ExceptionGroup("two", [ValueError("one"), ExceptionGroup("more", [KeyError("two")])])
        case "RecursionError":
            await _recurse(ctx)
        case "NUL":
            raise ValueError("a\x00b\ud800c")
        case "long":
            raise ValueError("x" * 10_000_000)


def raises_in_thread(ctx: Context, *, kind: str) -> None:
    """As `raises`, in a plain function."""
    match kind:
        case "SystemExit":
            raise SystemExit(3)
        case "StopIteration":
            raise StopIteration("mine")
        case "CancelledError":
            raise asyncio.CancelledError("mine")
        case _:
            raise ValueError(kind)


async def ends_early(ctx: Context, *, how: str) -> None:
    """Raises one of jobd's own words, rightly or wrongly."""
    match how:
        case "cancel":
            raise Cancel("already paid")
        case "unspeakable cancel":
            raise UnspeakableCancel
        case "retry":
            raise Retry("busy", after=timedelta(minutes=7))
        case "free":
            raise Retry("busy", after=timedelta(0), free=True) if ctx.attempt < 4 else Cancel("enough")
        case "after is a number":
            raise Retry("busy", after=300)  # type: ignore[arg-type]
        case "after is for ever":
            raise Retry("busy", after=timedelta.max)
        case "at is a text":
            raise Retry("busy", at="tomorrow")  # type: ignore[arg-type]


def _result(kind: str) -> Any:
    loop: list[Any] = []
    loop.append(loop)
    deep: Any = 1
    for _ in range(10_000):
        deep = [deep]
    return {
        "NUL": {"text": "a\x00b"},
        "surrogate": "\ud800",
        "NaN": [float("nan"), float("inf")],
        "10 MB": "x" * 10_000_000,
        "deep": deep,
        "endless": loop,
        "object": object(),
        "keys": {1: 2, None: 3},
        "digits": 10**5000,
    }[kind]


async def returns(ctx: Context, *, kind: str) -> Any:
    """Returns what cannot be stored as it is."""
    return _result(kind)


async def counts(ctx: Context, *, done: Any) -> None:
    """Counts what is no count."""
    ctx.count(done=10**30 if done == "huge" else done)


async def progresses(ctx: Context, *, kind: str) -> None:
    """Says how far it is, in words that cannot be stored."""
    note: Any = {"NUL": "a\x00b\ud800", "NaN": float("nan"), "object": object()}[kind]
    ctx.progress(1, 2, note)
    await ctx.sleep(timedelta(seconds=1.2))


async def enqueues(ctx: Context, *, kind: str = "", delay: Any = None) -> int:
    """Enqueues later, or what cannot be enqueued."""
    args: dict[str, Any] = {"NUL": {"x": "a\x00b"}, "NaN": {"x": float("nan")}, "object": {"x": object()}}.get(kind, {})
    return await ctx.enqueue("no\x00such" if kind == "name" else "nothing", delay=delay, **args)


def thread_waits(ctx: Context) -> str:
    """A plain function that looks whether it should stop."""
    while not ctx.cancelled and not LET_GO.is_set():
        LET_GO.wait(0.01)
    return "stopped"


def thread_stuck(ctx: Context) -> None:
    """A plain function that does not look whether it should stop."""
    LET_GO.wait()


def thread_name(ctx: Context) -> dict[str, Any]:
    return {"thread": threading.current_thread().name, "main": threading.current_thread() is threading.main_thread()}


async def commits(ctx: Context, *, then: str = "") -> None:
    """Ends in its own transaction, and may fail afterwards."""
    async with ctx.transaction() as tx:
        await tx.execute("insert into paid (run) values ($1)", ctx.run_id)
        ctx.result = {"paid": 1}
        if then == "inside":
            raise ValueError("inside")
    if then == "after":
        raise ValueError("after")
