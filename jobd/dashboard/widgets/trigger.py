"""A run by hand: which job, a line for each argument that it takes, and when and where it is to run."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from textual.containers import Vertical
from textual.widget import Widget
from textual.widgets import Input

from jobd.dashboard.changes import deeds
from jobd.dashboard.changes.arguments import Line, Typed
from jobd.dashboard.changes.deed import Deed
from jobd.dashboard.widgets.field import Field
from jobd.dashboard.widgets.job_form import JobForm
from jobd.model.display import display_safe
from jobd.model.reports import JobReport


class Trigger(JobForm):
    """The id of the new run; None when it was left."""

    HEADING: ClassVar[str] = "Trigger a run"
    GO: ClassVar[str] = "Trigger"

    def fields(self) -> Iterable[Widget]:
        yield Vertical(id="arguments")
        yield Field(Line("queue", "", "the job's own"), id="queue")
        yield Field(Line("delay", "", "now, or later by 5m, 2h30m, 1d"), id="delay")

    def taken(self, job: JobReport) -> None:
        self.query_one("#queue Input", Input).placeholder = f"the job's own: {display_safe(job.queue)}"

    def deed(self, job: JobReport, said: Typed) -> Deed:
        queue, delay = (self.value(name) or None for name in ("queue", "delay"))
        return deeds.trigger_job(job.name, said, queue=queue, delay=delay)
