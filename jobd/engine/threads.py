"""Plain functions: each call in a thread of its own, so that a stuck one holds up nobody, not even the exit."""

from __future__ import annotations

import asyncio
import contextvars
import threading
from collections.abc import Callable
from typing import Any

from jobd.engine.context import AttemptContext
from jobd.engine.traces import stack_of


async def call_in_thread(function: Callable[..., Any], context: AttemptContext, args: dict[str, Any]) -> Any:
    """What `function(context, **args)` returns. After a cancellation it waits no longer.

    A thread cannot be ended from outside: one that ignores `cancelled` runs on, unheard, until it returns.
    """
    loop = asyncio.get_running_loop()
    future: asyncio.Future[Any] = loop.create_future()

    def deliver(result: Any, error: BaseException | None) -> None:
        if future.done():
            return
        if error is None:
            future.set_result(result)
        elif isinstance(error, (StopIteration, asyncio.CancelledError)):
            future.set_exception(RuntimeError(f"{type(error).__name__}: {error}"))
        else:
            future.set_exception(error)

    def work() -> None:
        result, failure = None, None
        try:
            result = variables.run(function, context, **args)
        except BaseException as error:  # noqa: BLE001 - carried to the attempt, which judges it
            failure = error
        try:
            loop.call_soon_threadsafe(deliver, result, failure)
        except RuntimeError:
            return  # the loop has closed: the daemon is gone, and nobody waits

    variables = contextvars.copy_context()
    thread = threading.Thread(target=work, name=f"run {context.run_id}", daemon=True)
    thread.start()
    try:
        return await future
    except asyncio.CancelledError as told:
        if stands := stack_of(thread):
            told.add_note(stands)
        raise
