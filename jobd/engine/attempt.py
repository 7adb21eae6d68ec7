"""One attempt: call the job inside its time, and say how it ended. Nothing a job does gets past here."""

from __future__ import annotations

import asyncio
import json
import time
from typing import Any

import jobd.store.endings as endings
from jobd.engine.command import run_command
from jobd.engine.context import CURRENT, AttemptContext, Stop
from jobd.engine.loader import Kind, LoadedJob
from jobd.engine.threads import call_in_thread
from jobd.engine.traces import where
from jobd.errors import Cancel, Conflict, Retry
from jobd.model.run import Ending, Outcome
from jobd.model.secrets import without_likely
from jobd.model.storable import storable_result, storable_text

TEXT_LIMIT = 64 * 1024
RESULT_LIMIT = 256 * 1024
LONGEST_WAIT_SECONDS = 10 * 366 * 86_400.0
"""Before another attempt: an instant after the year 294276 is none to Postgres."""


async def call(loaded: LoadedJob, context: AttemptContext, args: dict[str, Any]) -> Any:
    """What the job returns."""
    if loaded.kind is Kind.ASYNC:
        assert loaded.function is not None
        return await loaded.function(context, **args)
    if loaded.kind is Kind.PLAIN:
        assert loaded.function is not None
        return await call_in_thread(loaded.function, context, args)
    return await run_command(loaded.job, context, args)


async def attempt(loaded: LoadedJob, context: AttemptContext) -> Ending:
    """Make one attempt and return its ending. Never raises: every exception of a job is an outcome.

    `context.why` holds the reason before jobd cancels this task; a cancellation without one is the job's own.
    """
    CURRENT.set(context)
    try:
        if context.why is not None:
            return judge(loaded, context, asyncio.CancelledError())  # told to stop before it began
        text = context.run.args
        result = await call(loaded, context, json.loads(text) if text else {})
        if context.why is Stop.TIMEOUT and not context.committed:
            # it swallowed its cancellation and came back late: its time was over all the same
            return judge(loaded, context, asyncio.CancelledError())
        return _succeeded(context, context.result if context.committed else result)
    except BaseException as error:  # noqa: BLE001 - the one place: a job may raise SystemExit and worse
        try:
            return judge(loaded, context, error)
        except Exception as second:  # noqa: BLE001 - a user's own Retry or Cancel may be no proper one
            return _failed(loaded, context, second, Outcome.FAILED, describe(second))


async def end_in(tx: Any, context: AttemptContext) -> None:
    """End this run inside the job's own transaction; refused when its lease is gone, so that nothing commits."""
    ending = context.ending(Outcome.SUCCEEDED)
    if context.result is not None:
        ending.plain, ending.result = False, storable_result(context.result, RESULT_LIMIT)
    ended = await endings.finish(tx, context.services.node, [ending], endings.tally([ending]), ending.ended)
    if ended is not None:
        raise Conflict(f"run {context.run_id} is no longer held by this node: nothing was committed")
    if ending.run.unique_key is not None:
        await endings.release_keys(tx, [ending])


def _succeeded(context: AttemptContext, result: Any) -> Ending:
    ending = context.ending(Outcome.SUCCEEDED)
    if result is not None:
        ending.plain, ending.result = False, storable_result(result, RESULT_LIMIT)
    return ending


def judge(loaded: LoadedJob, context: AttemptContext, error: BaseException) -> Ending:
    """The ending of an attempt that was left by an exception."""
    if context.committed:
        return context.ending(Outcome.SUCCEEDED)
    if context.why is Stop.TIMEOUT:
        late = f"took longer than {loaded.timeout_seconds:g} s"
        return _failed(loaded, context, error, Outcome.TIMED_OUT, late)
    if context.why is not None:
        return _stopped(context, context.why)
    if isinstance(error, Cancel):
        ending = context.ending(Outcome.CANCELLED)
        ending.reason = _said(context, str(error))
        return ending
    if isinstance(error, Retry):
        return _again(loaded, context, error)
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
    ending.error = _said(context, text)
    ending.traceback = _said(context, where(loaded, error, told=context.why is not None)) or None
    policy, left = loaded.job.retry, context.run.retries_left
    if left > 0:
        ending.again, ending.spend = True, 1
        ending.again_in = min(policy.wait(max(1, policy.retries - left + 1)).total_seconds(), LONGEST_WAIT_SECONDS)
    return ending


def _said(context: AttemptContext, text: str) -> str:
    """`text` as it may be stored and logged; masked before it is cut, which could leave half of a value."""
    return storable_text(without_likely(context.unquoted(text)), TEXT_LIMIT)


def _again(loaded: LoadedJob, context: AttemptContext, again: Retry) -> Ending:
    ending = _failed(loaded, context, again, Outcome.FAILED, str(again))
    if again.free:
        ending.again, ending.spend = True, 0
        ending.again_in = loaded.job.retry.delay.total_seconds()
    if ending.again and again.after is not None:
        ending.again_in = min(max(0.0, again.after.total_seconds()), LONGEST_WAIT_SECONDS)
    elif ending.again and again.at is not None:
        ending.again_in = min(max(0.0, again.at.timestamp() - time.time()), LONGEST_WAIT_SECONDS)
    return ending


def describe(error: BaseException) -> str:
    """`Type: message` of any exception, also of one whose own text fails."""
    try:
        text = str(error)
    except BaseException as second:  # noqa: BLE001 - a user's __str__ may raise anything
        text = f"(its text could not be made: {type(second).__name__})"
    return f"{type(error).__name__}: {text}" if text else type(error).__name__
