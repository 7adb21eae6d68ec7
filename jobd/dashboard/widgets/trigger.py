"""A run by hand: which job, a line for each argument that it takes, and when and where it is to run."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, cast

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Button, Input

from jobd.client.asks import jobs
from jobd.dashboard.changes import deeds
from jobd.dashboard.changes.arguments import NO_OBJECT, Line, line, rest, typed
from jobd.dashboard.changes.arguments import Typed as Given
from jobd.dashboard.changes.deed import Deed
from jobd.dashboard.looks import Tone
from jobd.dashboard.widgets.job_list import JobList
from jobd.dashboard.widgets.typed import Typed
from jobd.dashboard.widgets.words import Words
from jobd.errors import JobdError
from jobd.model.display import display_safe
from jobd.model.reports import JobReport

if TYPE_CHECKING:
    from jobd.dashboard.app import Dashboard


class Field(Horizontal):
    """A name and the line to type in."""

    DEFAULT_CSS = """
    Field { height: 1; }
    Field > Words { width: 26; height: 1; padding-right: 1; text-overflow: ellipsis; text-wrap: nowrap; }
    Field > Input, JobList Input { width: 1fr; background: $background; }
    Field > Input:focus, JobList Input:focus { background: $primary 25%; }
    Field.-wrong > Words { background: $error 40%; }
    .-short Field > Words { width: 20; }
    """

    def __init__(self, shown: Line, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.line = shown

    def compose(self) -> ComposeResult:
        yield Words([((self.line.name or "arguments", Tone.NAME), (f" {self.line.type}", Tone.DIM))])
        yield Typed(self.line.text, placeholder=display_safe(self.line.hint, limit=200), compact=True)

    @property
    def value(self) -> str:
        return self.query_one(Input).value


class Trigger(ModalScreen[int | None]):
    """The id of the new run; None when it was left. `job` is chosen beforehand where it is known, with `args`."""

    CSS = """
    Trigger { align: center middle; background: $background 60%; }
    Trigger .dialog { width: 90; }
    Trigger .dialog Input { margin: 0; }
    Trigger #fields { height: auto; max-height: 50vh; margin-top: 1; }
    Trigger #arguments { height: auto; }
    Trigger #fields { display: none; }
    Trigger.-taken #fields { display: block; }
    Trigger #wrong, Trigger #line { margin-top: 1; }
    Trigger.-short .dialog { padding: 0 1; max-height: 100%; }
    Trigger.-short .title, Trigger.-short #fields, Trigger.-short #wrong, Trigger.-short #line { margin: 0; }
    Trigger.-short #fields { max-height: 8; }
    Trigger.-short #line { max-height: 2; }
    Trigger.-short .buttons { margin: 0; }
    """
    VERTICAL_BREAKPOINTS = [  # noqa: RUF012 - as Textual declares it
        (0, "-short"),
        (30, "-tall"),
    ]
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "dismiss(None)", "Cancel"),
        Binding("ctrl+s", "go", "Trigger"),
    ]

    def __init__(self, job: str | None, args: Mapping[str, Any], *, settled: bool = False) -> None:
        """`settled`, or with arguments: nobody wants another job, so typing begins with the first argument."""
        super().__init__()
        self._job, self._args = job, args
        self._settled = settled or bool(args)

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog"):
            yield Words([(("Trigger a run", Tone.NAME), ("   Enter or Ctrl-S adds it", Tone.DIM))], classes="title")
            yield JobList()
            yield VerticalScroll(
                Vertical(id="arguments"),
                Field(Line("queue", "", "the job's own"), id="queue"),
                Field(Line("delay", "", "now, or later by 5m, 2h30m, 1d"), id="delay"),
                id="fields",
                can_focus=False,
            )
            wrong = Words(id="wrong")
            wrong.display = False
            yield wrong
            yield Words(id="line")
            with Horizontal(classes="buttons"):
                yield Button("Cancel", id="cancel", compact=True)
                yield Button("Trigger", id="go", variant="primary", compact=True)

    def on_mount(self) -> None:
        self.run_worker(self._offer(), exit_on_error=True)

    @property
    def _dash(self) -> Dashboard:
        return cast("Dashboard", self.app)

    async def _offer(self) -> None:
        try:
            found = await self._dash.client.ask(jobs.listed())
        except JobdError as error:
            self._complain(str(error))
            return
        self.call_later(self._show, found)

    def _show(self, found: Sequence[JobReport]) -> None:
        """These are the jobs; the one that was chosen beforehand is taken at once."""
        known = {job.name: job for job in found if job.parameters is not None}
        chooser = self.query_one(JobList)
        chooser.offer(job for job in known.values() if job.enabled)
        if self._job in known:
            chooser.take(known[self._job])
        else:
            chooser.query_one(Input).focus()
            if self._job is not None:
                self._complain(f"this node does not know the job {self._job} (any more)")
        self._dash.announce()

    @on(JobList.Taken)
    async def _taken(self, event: JobList.Taken) -> None:
        """Lines for what this job takes; filled in when it is the job whose arguments are known."""
        job, first = event.job, not self._settled and event.job.name == self._job
        self._settled = True
        self.add_class("-taken")
        place = self.query_one("#arguments", Vertical)
        await place.remove_children()
        await place.mount_all(Field(one) for one in _lines(job, self._args if job.name == self._job else {}))
        self.query_one("#queue Input", Input).placeholder = f"the job's own: {display_safe(job.queue)}"
        self._complain("" if job.enabled else f"{job.name} is disabled: a run of it waits until it is enabled again")
        where = self.query("#find" if first else "#fields Input").first(Input)
        where.focus()
        where.select_all()
        self._echo()
        self._dash.announce()

    @on(JobList.Looked)
    def _looked(self) -> None:
        self.set_class(self.query_one(JobList).taken is not None, "-taken")
        self._echo()

    @on(Input.Changed)
    def _echo(self) -> None:
        """The same as a command, of the job under the finder while none is taken."""
        jobs = self.query_one(JobList)
        try:
            deed = self._deed() if jobs.taken is not None else self._deed_of(jobs.seen, Given())
        except ValueError:
            return
        self.query_one("#line", Words).say([(f"$ {deed.command}", Tone.DIM)] if deed is not None else [])

    @on(Input.Submitted)
    def _submitted(self) -> None:
        self.action_go()

    @on(Button.Pressed, "#cancel")
    def _cancelled(self) -> None:
        self.dismiss(None)

    @on(Button.Pressed, "#go")
    def action_go(self) -> None:
        """Add the run; what the daemon does not take is said here, and nothing typed is lost."""
        try:
            deed = self._deed()
        except ValueError as error:
            self._complain(str(error))
            return
        if deed is None:
            self._complain("choose a job first: type a part of its name, Enter takes it")
            self.query_one("#find", Input).focus()
            return
        self._complain("")
        self.run_worker(self._add(deed), group="deeds", exclusive=True)

    def _deed(self) -> Deed | None:
        """What was typed; None before a job is taken."""
        said = typed((one.line, one.value) for one in self.query("#arguments Field").results(Field))
        return self._deed_of(self.query_one(JobList).taken, said)

    def _deed_of(self, job: JobReport | None, said: Given) -> Deed | None:
        if job is None:
            return None
        queue, delay = (self.query_one(f"#{name}", Field).value.strip() or None for name in ("queue", "delay"))
        return deeds.trigger_job(job.name, said, queue=queue, delay=delay)

    async def _add(self, deed: Deed) -> None:
        answer = await self._dash.carry_out(deed, lambda error: self._complain(str(error)))
        if answer is not None and self.is_current:
            self.dismiss(answer.value)

    def _complain(self, text: str) -> None:
        """Say what is wrong, mark the lines that it names and go to the first of them."""
        problems = text.split("; ") if text else []
        for words in self.query("#wrong").results(Words):  # none when the dialog was left meanwhile
            words.display = bool(problems)
            words.say([(problem, Tone.BAD) for problem in problems])
        named = {problem.split(":", 1)[0] for problem in problems}
        wrong = [one for one in self.query(Field) if (one.line.name or NO_OBJECT) in named]
        for one in self.query(Field):
            one.set_class(one in wrong, "-wrong")
        if wrong:
            wrong[0].query_one(Input).focus()
        self._dash.announce()


def _lines(job: JobReport, args: Mapping[str, Any]) -> Iterator[Line]:
    listed = job.parameters or ()
    for parameter in listed:
        yield line(parameter, args)
    if job.open:
        names = {parameter.name for parameter in listed}
        yield rest({name: value for name, value in args.items() if name not in names})
