"""One attempt: call the job inside its time, and say how it ended. Nothing a job does gets past here."""

from __future__ import annotations

import asyncio
import json
import time
import traceback
from enum import StrEnum
from typing import Any

from jobd.engine.command import run_command
from jobd.engine.context import CURRENT, AttemptContext
from jobd.engine.loader import Kind, LoadedJob
from jobd.engine.threads import call_in_thread
from jobd.errors import ArgumentsRefused, Cancel, Retry
from jobd.model.run import Claimed, Ending, Outcome
from jobd.model.storable import storable_result, storable_text

TEXT_LIMIT = 64 * 1024
RESULT_LIMIT = 256 * 1024


class Stop(StrEnum):
    """Why jobd itself ends an attempt."""

    CANCEL = "cancel"  # somebody asked for it
    SHUTDOWN = "shutdown"  # the grace time is over
    LOST = "lost"  # this node's lease is gone: the result must not count


async def call(loaded: LoadedJob, context: AttemptContext, args: dict[str, Any]) -> Any:
    """What the job returns."""
    if loaded.kind is Kind.ASYNC:
        assert loaded.function is not None
        return await loaded.function(context, **args)
    if loaded.kind is Kind.PLAIN:
        assert loaded.function is not None
        return await call_in_thread(loaded.function, context, args)
    return await run_command(loaded.job, context, args)


async def attempt(loaded: LoadedJob, context: AttemptContext, why: list[Stop]) -> Ending:
    """Make one attempt and return its ending. Never raises: every exception of a job is an outcome.

    `why` holds the reason before somebody cancels this task; a cancellation without one is the job's own.
    """
    CURRENT.set(context)
    run = context.run
    error: BaseException
    try:
        args = json.loads(run.args) if run.args else {}
        async with asyncio.timeout(loaded.timeout_seconds) as clock:
            result = await call(loaded, context, args)
        if context.committed:
            result = context.result
        ending = context.ending(Outcome.SUCCEEDED)
        if result is not None:
            ending.result = storable_result(result, RESULT_LIMIT)
        return ending
    except asyncio.CancelledError as cancelled:
        if context.committed:
            return context.ending(Outcome.SUCCEEDED)
        if why:
            return _stopped(context, why[0])
        error = cancelled
    except TimeoutError as late:
        if clock.expired():
            return _failed(loaded, context, late, Outcome.TIMED_OUT, f"took longer than {loaded.timeout_seconds:g} s")
        error = late
    except Cancel as cancel:
        ending = context.ending(Outcome.CANCELLED)
        ending.reason = storable_text(str(cancel), TEXT_LIMIT)
        return ending
    except Retry as again:
        return _again(loaded, context, again)
    except BaseException as anything:  # noqa: BLE001 - the one place: a job may raise SystemExit and worse
        if why and context.cancelled:
            return _stopped(context, why[0])
        error = anything
    if context.committed:
        return context.ending(Outcome.SUCCEEDED)
    return _failed(loaded, context, error, Outcome.FAILED, describe(error))


def _stopped(context: AttemptContext, why: Stop) -> Ending:
    if why is Stop.CANCEL:
        return context.ending(Outcome.CANCELLED)
    ending = context.ending(Outcome.INTERRUPTED)
    ending.again = True
    return ending


def _failed(
    loaded: LoadedJob, context: AttemptContext, error: BaseException, outcome: Outcome, text: str
) -> Ending:
    ending = context.ending(outcome)
    ending.error = storable_text(text, TEXT_LIMIT)
    ending.traceback = storable_text(trace(error), TEXT_LIMIT)
    policy, left = loaded.job.retry, context.run.retries_left
    if left > 0:
        ending.again, ending.spend = True, 1
        ending.again_in = policy.wait(max(1, policy.retries - left + 1)).total_seconds()
    return ending


def _again(loaded: LoadedJob, context: AttemptContext, again: Retry) -> Ending:
    ending = _failed(loaded, context, again, Outcome.FAILED, str(again))
    if again.free:
        ending.again, ending.spend = True, 0
        ending.again_in = loaded.job.retry.delay.total_seconds()
    if ending.again and again.after is not None:
        ending.again_in = max(0.0, again.after.total_seconds())
    elif ending.again and again.at is not None:
        ending.again_in = max(0.0, again.at.timestamp() - time.time())
    return ending


def describe(error: BaseException) -> str:
    """`Type: message` of any exception, also of one whose own text fails."""
    try:
        text = str(error)
    except BaseException as second:  # noqa: BLE001 - a user's __str__ may raise anything
        text = f"(its text could not be made: {type(second).__name__})"
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def trace(error: BaseException) -> str:
    """The traceback of a job's exception, without jobd's own frames."""
    try:
        lines = traceback.format_exception(type(error), error, _users_frames(error))
    except BaseException:  # noqa: BLE001 - formatting calls the user's __str__ and __repr__
        lines = ["(the traceback could not be made)"]
    return "".join(lines)


def _users_frames(error: BaseException) -> Any:
    frames = error.__traceback__
    while frames is not None and frames.tb_next is not None and frames.tb_frame.f_code.co_filename == __file__:
        frames = frames.tb_next
    return frames


def refused(run: Claimed, node: int, error: ArgumentsRefused | str) -> Ending:
    """The ending of a run that could not even be started: it fails and spends nothing more."""
    return Ending(
        run=run,
        node=node,
        outcome=Outcome.FAILED,
        ended=time.monotonic(),
        took=0.0,
        waited=max(0.0, run.waited),
        error=storable_text(str(error), TEXT_LIMIT),
    )
