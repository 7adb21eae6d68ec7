"""From what a caller wants to runs that can be added: one, or a thousand at once for the price of a few."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from jobd.api.bodies import MOST_RUNS, Enqueue, checked, due_at
from jobd.api.control import Control
from jobd.api.naming import nearest
from jobd.api.refusals import Refused
from jobd.errors import ArgumentsRefused
from jobd.model.arguments import Parameters
from jobd.model.run import NewRun
from jobd.model.storable import storable


async def new_run(daemon: Control, wanted: Enqueue, source: str) -> NewRun:
    """The run that `wanted` asks for, checked against its job's function.

    Raises:
        Refused: no such job or queue, or two times at once.
        ArgumentsRefused: they do not fit, or cannot be stored.
    """
    now = await daemon.views.now() if wanted.delay or wanted.at else None
    new = Checks(daemon, source, now).new_run(wanted)
    storable(new.args)
    return new


async def enqueue_many(daemon: Control, values: list[Any], source: str) -> list[int]:
    """Adds the runs that the array asks for; their ids in its order. Nothing is added unless all of it will do.

    Raises:
        Refused, ArgumentsRefused: as for one run; the message begins with the element's place, `[17]`.
    """
    if len(values) > MOST_RUNS:
        raise Refused(413, "too_large", f"an array has at most {MOST_RUNS:,} runs, this one {len(values):,}")
    wanted = [checked(Enqueue, value, f"[{place}]: ") for place, value in enumerate(values)]
    now = await daemon.views.now() if any(one.delay or one.at for one in wanted) else None
    checks = Checks(daemon, source, now)
    new = []
    for place, one in enumerate(wanted):
        try:
            new.append(checks.new_run(one))
        except Refused as error:
            raise Refused(error.status, error.code, f"[{place}]: {error}", hint=error.hint) from None
        except ArgumentsRefused as error:
            raise ArgumentsRefused(f"[{place}]: {error}") from None
    try:
        return await daemon.enqueue_many(new) if new else []
    except ArgumentsRefused as error:
        raise _placed(new, error) from error


class Checks:
    """Tells for one request whether what is wanted can be; what a job takes is looked up once, however many runs."""

    def __init__(self, daemon: Control, source: str, now: datetime | None) -> None:
        self._daemon, self._source, self._now = daemon, source, now
        self._parameters: dict[str, Parameters] = {}

    def new_run(self, wanted: Enqueue) -> NewRun:
        """As the function of that name, without a look at whether the arguments can be stored."""
        args = self._arguments(wanted)
        if wanted.queue is not None and wanted.queue not in self._daemon.queues:
            hint = nearest(wanted.queue, self._daemon.queues, "queues")
            raise Refused(400, "unknown_queue", f"there is no queue {wanted.queue}", hint=hint)
        return NewRun(
            job=wanted.job,
            args=args,
            queue=wanted.queue,
            priority=wanted.priority,
            due_at=due_at(wanted, self._now) if self._now is not None else None,
            source=self._source,
            key=wanted.key,
        )

    def _arguments(self, wanted: Enqueue) -> dict[str, Any]:
        """The trigger's arguments, checked together with the job's own against what its function takes."""
        job = self._daemon.jobs.get(wanted.job)
        if job is None:
            hint = nearest(wanted.job, self._daemon.jobs, "jobs")
            raise Refused(404, "unknown_job", f"there is no job {wanted.job}", hint=hint)
        parameters = self._parameters.get(wanted.job)
        if parameters is None:
            parameters = self._parameters[wanted.job] = self._daemon.parameters(wanted.job)
        args = wanted.args
        if wanted.arg_texts:
            if twice := sorted(args.keys() & wanted.arg_texts.keys()):
                raise ArgumentsRefused(f"{twice[0]}: stands in args and in arg_texts")
            args = {**args, **parameters.from_texts(wanted.arg_texts)}
        if problems := parameters.problems({**job.args, **args} if job.args else args):
            raise ArgumentsRefused("; ".join(problems))
        return args


def _placed(new: Sequence[NewRun], error: ArgumentsRefused) -> ArgumentsRefused:
    """The refusal with the place of the run that it is about; the runs are looked through only then."""
    for place, run in enumerate(new):
        try:
            storable(run.args)
        except ArgumentsRefused as found:
            return ArgumentsRefused(f"[{place}]: {found}")
    return error
