"""Waiting for what another process or connection does, with a deadline and never a fixed pause."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Awaitable, Callable
from typing import TypeVar

T = TypeVar("T")

LOOK_SECONDS = 0.02


async def until(condition: Callable[[], T | Awaitable[T]], seconds: float = 10.0, what: str = "") -> T:
    """The first true answer of `condition`; fails with its last answer after `seconds`."""
    answer: object = None
    try:
        async with asyncio.timeout(seconds):
            while True:
                answer = condition()
                if inspect.isawaitable(answer):
                    answer = await answer
                if answer:
                    return answer  # type: ignore[return-value]
                await asyncio.sleep(LOOK_SECONDS)
    except TimeoutError:
        said = f"{what or 'it'} did not happen within {seconds} s; the last answer was {answer!r}"
        raise AssertionError(said) from None
