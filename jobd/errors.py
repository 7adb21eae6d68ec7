"""Every error that jobd raises on purpose.

    JobdError
    ├── ConfigError            the file is wrong: every problem, each with its place and a hint
    ├── StoreUnavailable       Postgres is gone for now: wait and go on
    ├── StoreRefused           Postgres is there and will not serve us: newer schema, other copy, missing right
    ├── EmbeddedPostgresError  jobd's own Postgres cannot be started, with what to do about it
    │   └── EmbeddedPostgresHeld  another jobd runs it
    ├── ArgumentsRefused       arguments that do not fit the job's function, or cannot be stored
    ├── UnknownJob             no job of that name here
    ├── UnknownQueue           a run was to go to a queue that is not there
    ├── NotFound               no run, schedule or message of that id
    ├── Conflict               the thing is not in a state that allows this
    ├── SocketRefused          the control socket cannot be opened there, with what to do about it
    └── LoadError              "module:function" cannot be loaded

    Retry, Cancel              what a job raises to end early; not failures of jobd
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta


class JobdError(Exception):
    """Base of all errors that jobd raises on purpose; the message says what to do next."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One thing wrong in a configuration file.

    `line` and `column` count from 1 and are 0 when the place has none (an environment variable, a missing file).
    """

    file: str
    line: int = 0
    column: int = 0
    key: str = ""
    problem: str
    hint: str | None = None
    """The nearest known name, or what to write instead; absent when there is nothing useful to say."""

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}:{self.column}" if self.line else self.file
        key = f" {self.key}:" if self.key else ""
        hint = f"; {self.hint}" if self.hint else ""
        return f"{place}:{key} {self.problem}{hint}"


class ConfigError(JobdError):
    """The configuration cannot be used; `problems` holds every reason at once. Exit status 9."""

    def __init__(self, problems: list[Problem]) -> None:
        self.problems = problems
        super().__init__("\n".join(str(problem) for problem in problems))


class StoreUnavailable(JobdError):
    """Postgres cannot be reached or gave no answer: nothing is known about the last statement."""


class StoreRefused(JobdError):
    """Postgres answers but jobd must not or may not work with it; waiting does not help."""


class EmbeddedPostgresError(JobdError):
    """jobd's own Postgres cannot be started; the message ends in what to do."""


class EmbeddedPostgresHeld(EmbeddedPostgresError):
    """Another jobd runs it."""


class ArgumentsRefused(JobdError):
    """The arguments of a run were refused before anything was stored."""


class UnknownJob(JobdError):
    """No job of that name is configured here."""


class UnknownQueue(JobdError):
    """A run names a queue that no configuration has."""


class NotFound(JobdError):
    """There is no such run, schedule or message."""


class Conflict(JobdError):
    """The thing exists but its state does not allow this."""


class SocketRefused(JobdError):
    """The control socket cannot be opened at that path; the message ends in what to do."""


class LoadError(JobdError):
    """The function that a job names cannot be loaded.

    `inside` is the column, from 1, within "module:function" at which it is wrong; 0: all of it.
    """

    def __init__(self, message: str, *, hint: str | None = None, inside: int = 0) -> None:
        self.hint, self.inside = hint, inside
        super().__init__(message)


class Retry(Exception):
    """Raised by a job: this attempt did not work, try again.

    `after` (from now) or `at` say when; with neither, the job's own retry delay applies.
    Spends one of the job's retries, unless `free` is true.
    """

    def __init__(
        self, reason: str = "", *, after: timedelta | None = None, at: datetime | None = None, free: bool = False
    ) -> None:
        self.reason, self.after, self.at, self.free = reason, after, at, free
        super().__init__(reason or "the job asked to be tried again")


class Cancel(Exception):
    """Raised by a job: there is nothing to do any more; the run ends as `cancelled` with this reason."""

    def __init__(self, reason: str = "") -> None:
        self.reason = reason
        super().__init__(reason or "the job cancelled itself")
