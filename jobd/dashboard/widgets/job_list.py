"""The choice of one job among many: what is typed finds it, arrows choose, Enter takes it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, ClassVar, cast

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.message import Message
from textual.widgets import Input

from jobd.dashboard.lists.columns import Column
from jobd.dashboard.looks import RUNS, Cell, Eye, Tone, state
from jobd.dashboard.widgets.table import Table
from jobd.dashboard.widgets.typed import Typed
from jobd.dashboard.widgets.words import Words
from jobd.model.reports import JobReport

if TYPE_CHECKING:
    from jobd.dashboard.app import Dashboard

SEEN = 8
"""Jobs that are seen at once; the others are scrolled to."""


def _last(job: JobReport, eye: Eye) -> Cell:
    if job.running:
        return state(RUNS, "running", eye)
    return state(RUNS, job.last.state.value, eye) if job.last is not None else ("never ran", Tone.DIM)


COLUMNS: tuple[Column[JobReport], ...] = (
    Column(title="JOB", cell=lambda job, eye: (job.name, Tone.NAME), width=20, grow=1),
    Column(title="QUEUE", cell=lambda job, eye: (job.queue, Tone.DIM), width=10, keep=3),
    Column(title="LAST RUN", cell=_last, width=12, keep=2),
)


class JobList(Vertical):
    """Folds up to the name once a job is taken, and opens again when that is changed."""

    DEFAULT_CSS = """
    JobList, JobList > Horizontal { height: auto; }
    JobList Words { width: 26; }
    JobList Table { background: $surface; max-height: 9; margin-top: 1; }
    .-short JobList Table { max-height: 7; margin: 0; }
    JobList.-taken Table { display: none; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "move(-1)", "Up", show=False),
        Binding("down", "move(1)", "Down", show=False),
        Binding("tab", "onward", "To its arguments", show=False),
    ]

    class Taken(Message):
        """This job is it."""

        def __init__(self, job: JobReport) -> None:
            self.job = job
            super().__init__()

    class Looked(Message):
        """Another one would be taken now, or none is any more."""

    def __init__(self) -> None:
        super().__init__()
        self._jobs: Sequence[JobReport] = ()
        self.taken: JobReport | None = None
        """None while one is looked for."""
        self.known = asyncio.Event()
        """The jobs have been offered, or cannot be."""
        self._hurried = False
        """Somebody went on before they were offered."""

    @property
    def seen(self) -> JobReport | None:
        """The one that is taken, or that Enter would take."""
        return self.taken or self.query_one(Table).row

    @property
    def meant(self) -> JobReport | None:
        """The one that can be meant alone: it is taken, its name is typed, or no other is found."""
        rows, text = self.query_one(Table).rows, self.query_one(Input).value.strip()
        best: JobReport | None = rows[0] if len(rows) else None  # what is called so comes first
        return self.taken or (best if best is not None and (best.name == text or len(rows) == 1) else None)

    def compose(self) -> ComposeResult:
        with Horizontal():
            yield Words([("job", Tone.NAME)])
            yield Typed(placeholder="type to find one, Enter takes it", id="find", compact=True)
        yield Table(COLUMNS, key=lambda job: job.name, empty="…", id="jobs")

    def offer(self, jobs: Iterable[JobReport]) -> None:
        """These are the jobs that there are."""
        self._jobs = tuple(jobs)
        self._list(self.query_one(Input).value.strip())
        if self._hurried:
            self.action_onward()
        self.known.set()

    def take(self, job: JobReport) -> None:
        """As if somebody had chosen it."""
        self.taken = job
        self.add_class("-taken")
        with self.prevent(Input.Changed):
            self.query_one(Input).value = job.name
        self.post_message(self.Taken(job))

    def _list(self, text: str) -> None:
        parts = text.casefold().split()
        found = [job for job in self._jobs if all(part in job.name.casefold() for part in parts)]
        found.sort(key=lambda job: (job.name != text, not job.name.startswith(text)))  # what is like it comes first
        empty = f"no job has {text} in its name" if text else "there are no jobs that this node knows"
        table = self.query_one(Table)
        table.styles.height = max(3, len(found) + 1)
        table.show(found, empty=empty)

    @on(Input.Changed, "#find")
    def _changed(self, event: Input.Changed) -> None:
        event.stop()
        self.taken = None
        self.remove_class("-taken")
        self._list(event.value.strip())
        self.query_one(Table).choose(0)  # what fits best, wherever the one before stands now

    @on(Input.Submitted, "#find")
    def _submitted(self, event: Input.Submitted) -> None:
        """Take the one that was found, and go on: a name alone, typed or chosen beforehand, starts nothing."""
        event.stop()
        self.action_onward()

    @on(Table.Opened)
    def _opened(self, event: Table.Opened[JobReport]) -> None:
        event.stop()
        self.take(event.row)

    @on(Table.Moved)
    def _moved(self, event: Table.Moved) -> None:
        event.stop()
        self.post_message(self.Looked())

    def action_onward(self) -> None:
        """To what the job takes."""
        if self.taken is None and not self.known.is_set():
            self._hurried = True
            cast("Dashboard", self.app).hold_keys(self.known)
        elif self.taken is None and (job := self.query_one(Table).row) is not None:
            self.take(job)
        else:
            self.screen.focus_next()

    def action_move(self, by: int) -> None:
        self.query_one(Table).action_move(by)
