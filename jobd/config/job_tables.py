"""The tables of `jobd.toml` about work: queues, defaults, jobs and schedules; and the file as a whole.

What ties several keys or tables together is checked in `across`, so that all of it is reported at once.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from jobd.config.control_tables import ApiTable, ControlTable, DashboardTable, PrivacyTable
from jobd.config.tables import (
    AppTable,
    DaemonTable,
    DatabaseTable,
    KeepTable,
    MailTable,
    PaymobTable,
    Table,
)
from jobd.config.values import (
    ARGUMENT_PATH,
    FUNCTION,
    SOMETHING,
    TABLE_NAME,
    VARIABLE,
    WITHOUT_NUL,
    ArgumentPaths,
    FilePath,
    Instant,
    Length,
    LengthOrOff,
    Line,
    PositiveLength,
    TrueOrTable,
    Zone,
    at_least,
)
from jobd.model.job import Concurrency, Job
from jobd.model.queue import Charge, Queue
from jobd.model.retry import RetryPolicy
from jobd.model.schedule import Schedule

_job, _queue, _retry = Job(name=""), Queue(name=""), RetryPolicy()
_schedule = Schedule(name="", job="")

Retries = Annotated[int, Field(ge=0, le=1000)]
Share = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]
BackoffWord = Literal["fixed", "exponential"]
Every = Annotated[Length, at_least("1s")]


class QueueTable(Table):
    """Where runs wait, and how often that place is served."""

    weight: int = Field(_queue.weight, ge=1, le=1000, description="Its share of the workers while all queues are full.")
    max: int | None = Field(None, ge=1, description="Running attempts at most, on one node. Absent: all workers.")
    global_max: int | None = Field(None, ge=1, description="Running attempts at most, over all nodes.")
    reserve: int = Field(_queue.reserve, ge=0, description="Workers of a node that only this queue may use.")
    strict: bool = Field(_queue.strict, description="Served before every queue that is not strict.")
    charge: Literal["time", "starts"] = Field(
        Charge.TIME.value, description="What a start costs its queue: the time it takes, or one turn."
    )


class DefaultsTable(Table):
    """What holds for every job that says nothing else."""

    retries: Retries = Field(_retry.retries, description="Further attempts after a failed one.")
    retry_delay: Length = Field(_retry.delay, description="The pause before the next attempt.")
    backoff: BackoffWord = Field(_retry.backoff.value, description="`exponential` doubles the pause each time.")
    max_retry_delay: PositiveLength | None = Field(
        None, description="The longest pause. Absent: 6h, or `retry_delay` when that is longer."
    )
    jitter: Share | None = Field(
        None, description="The random share of a pause. Absent: 0 when fixed, 1 when exponential."
    )
    timeout: LengthOrOff = Field(_job.timeout, description='How long an attempt may take; `"off"` or 0: for ever.')


class ConcurrencyTable(Table):
    """A limit for each value of an argument."""

    key: str = Field(pattern=ARGUMENT_PATH, description="The argument, such as `args.user_id`.")
    max: int = Field(Concurrency(key="").max, ge=1, description="Running runs for one value, over all nodes.")


class UniqueTable(Table):
    """A second enqueue is answered with the first run's id."""

    key: ArgumentPaths = Field(default_factory=list, description="The arguments that count. Absent: all.")
    within: PositiveLength | None = Field(None, description="For so long. Absent: until the run has ended.")


class Due(Table):
    """When something is due: one of `cron`, `every` and `at`."""

    cron: Line | None = Field(None, description='Five fields, six with seconds first, or a word such as `"@daily"`.')
    every: Every | None = Field(None, description="A fixed distance, counted from the Unix epoch.")
    at: Instant | None = Field(None, description="Once, at this instant; without an offset it is in `timezone`.")
    timezone: Zone | None = Field(None, description="The zone of `cron` and `at`. Absent: the daemon's.")
    catch_up_window: Length = Field(
        _schedule.catch_up_window,
        description="After a stop, the latest missed slot fires when it is not older than this.",
    )


class JobTable(Due):
    """What runs, where it waits, how it is tried again; with times it is a schedule of that name too."""

    run: str | None = Field(None, pattern=FUNCTION, description="`package.module:function`.")
    command: list[Annotated[str, Field(pattern=SOMETHING)]] | None = Field(
        None, min_length=1, description="Instead of `run`: a program and its arguments, never a shell line."
    )
    queue: str = Field(_job.queue, description="Where its runs wait.")
    priority: int = Field(_job.priority, ge=-100, le=100, description="Inside the queue; smaller goes first.")
    args: dict[str, Any] = Field(
        default_factory=dict, description="Arguments of the function; a trigger's own override them."
    )
    timeout: LengthOrOff = Field(None, description="As in `[defaults]`.")
    retries: Retries | None = Field(None, description="As in `[defaults]`.")
    retry_delay: Length | None = Field(None, description="As in `[defaults]`.")
    backoff: BackoffWord | None = Field(None, description="As in `[defaults]`.")
    max_retry_delay: PositiveLength | None = Field(None, description="As in `[defaults]`.")
    jitter: Share | None = Field(None, description="As in `[defaults]`.")
    enabled: bool = Field(_job.enabled, description="`false`: it is never due and does not run.")
    requires: list[Annotated[str, Field(pattern=TABLE_NAME)]] = Field(
        default_factory=list, description="Application tables without which it is shown as disabled."
    )
    concurrency: ConcurrencyTable | None = Field(None, description="A limit for each value of an argument.")
    global_max: int | None = Field(None, ge=1, description="Its running runs at most, over all nodes.")
    unique: Annotated[UniqueTable | None, TrueOrTable] = Field(
        None, description="`true` or a table: a second enqueue is answered with the first run's id."
    )
    env: dict[Annotated[str, Field(pattern=VARIABLE)], Annotated[str, Field(pattern=WITHOUT_NUL)]] = Field(
        default_factory=dict, description="Of a command: added to a clean environment; may hold `${env:…}`."
    )
    cwd: FilePath | None = Field(None, description="Of a command: the directory it runs in.")
    description: str = Field(_job.description, max_length=500, description="A line for people.")


class ScheduleTable(Due):
    """A further schedule of a job."""

    job: str = Field(description="The job that is due.")
    args: dict[str, Any] = Field(default_factory=dict, description="Override the job's own.")
    enabled: bool = Field(_schedule.enabled, description="`false`: it does not fire.")


class FileTable(Table):
    """Configuration of jobd, the background-job daemon."""

    daemon: DaemonTable = Field(default_factory=DaemonTable, description="This process.")
    database: DatabaseTable = Field(default_factory=DatabaseTable, description="Where everything is kept.")
    control: ControlTable = Field(default_factory=ControlTable, description="Who may what on the Unix socket.")
    api: ApiTable = Field(default_factory=ApiTable, description="The API on TCP.")
    dashboard: DashboardTable = Field(default_factory=DashboardTable, description="The dashboard in a browser.")
    privacy: PrivacyTable = Field(default_factory=PrivacyTable, description="What is shown to nobody.")
    app: AppTable = Field(default_factory=AppTable, description="Where the application's own tables are.")
    keep: KeepTable = Field(default_factory=KeepTable, description="How long ended runs stay in history.")
    mail: MailTable = Field(default_factory=MailTable, description="How the outbox reaches people.")
    paymob: PaymobTable | None = Field(None, description="The payment gateway that reconcile-payments asks.")
    queues: dict[str, QueueTable] = Field(default_factory=dict, description="Where runs wait. Absent: four queues.")
    defaults: DefaultsTable = Field(default_factory=DefaultsTable, description="For jobs that say nothing else.")
    jobs: dict[str, JobTable] = Field(default_factory=dict, description="What can run.")
    schedules: dict[str, ScheduleTable] = Field(default_factory=dict, description="When jobs are due.")
