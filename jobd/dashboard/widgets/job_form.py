"""A form about one job: it is found by typing, and then there is a line for each argument that it takes."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, cast

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.screen import ModalScreen
from textual.widget import Widget
from textual.widgets import Button, Input

from jobd.client.asks import jobs
from jobd.dashboard.changes.arguments import NO_OBJECT, Typed, lines, typed
from jobd.dashboard.changes.deed import Deed, Wrong
from jobd.dashboard.looks import Tone
from jobd.dashboard.widgets.field import Field
from jobd.dashboard.widgets.job_list import JobList
from jobd.dashboard.widgets.words import Words
from jobd.errors import JobdError
from jobd.model.reports import JobReport

if TYPE_CHECKING:
    from jobd.dashboard.app import Dashboard


class JobForm(ModalScreen[Any]):
    """`job` is chosen beforehand where it is known, with `args`. What the daemon refuses is said in the form."""

    HEADING: ClassVar[str] = ""
    GO: ClassVar[str] = ""
    """What the button says."""
    ALONE: ClassVar[str] = "choose a job first: type a part of its name, Enter takes it"
    BESIDE: ClassVar[frozenset[str]] = frozenset()
    """Lines whose problem stands beside them while they are typed."""
    SCOPED_CSS = False  # the styles are of all forms: a scope is the class of one
    CSS = """
    JobForm { align: center middle; background: $background 60%; }
    JobForm .dialog { width: 90; }
    JobForm .dialog Input { margin: 0; }
    JobForm #fields { height: auto; max-height: 50vh; margin-top: 1; }
    JobForm #arguments { height: auto; }
    JobForm #fields { display: none; }
    JobForm.-taken #fields { display: block; }
    JobForm #wrong, JobForm #line { margin-top: 1; }
    JobForm.-short .dialog { padding: 0 1; max-height: 100%; }
    JobForm.-short .title, JobForm.-short #fields, JobForm.-short #wrong, JobForm.-short #line { margin: 0; }
    JobForm.-short #fields { max-height: 8; }
    JobForm.-short #line { max-height: 2; }
    JobForm.-short Field > Words, JobForm.-short JobList Words { width: 20; }
    JobForm.-short .buttons { margin: 0; }
    """
    VERTICAL_BREAKPOINTS = [  # noqa: RUF012 - as Textual declares it
        (0, "-short"),
        (30, "-tall"),
    ]
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "dismiss(None)", "Cancel"),
        Binding("ctrl+s", "go", "Go"),
    ]

    def __init__(self, job: str | None, args: Mapping[str, Any] | str, *, settled: bool = False) -> None:
        """`settled`, or with arguments: nobody wants another job, so typing begins with the first line."""
        super().__init__()
        self._job, self._args = job, args
        self._settled = settled or bool(args)
        self._going = False  # it is to be done once there are lines for what the job takes

    # --- what a form fills in ---

    def fields(self) -> Iterable[Widget]:
        """The lines below the job; those of its arguments come to `#arguments`."""
        yield Vertical(id="arguments")

    async def prepare(self) -> None:
        """Ask what has to be known before anything is typed."""

    def taken(self, job: JobReport) -> None:
        """This job is it, and its lines are there."""

    def deed(self, job: JobReport, said: Typed) -> Deed:
        """What Enter does.

        Raises:
            Wrong: it cannot be meant.
        """
        raise NotImplementedError

    def echo(self, job: JobReport, said: Typed) -> str:
        """The same as a command, as far as it is typed."""
        return self.deed(job, said).command

    def done(self, deed: Deed, value: Any) -> Any:
        """The answer to who opened the form."""
        return value

    def problems(self, error: JobdError) -> Sequence[str]:
        """What the daemon says is wrong, each with the name of its line before it."""
        return str(error).split("; ")

    # --- its life ---

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog"):
            yield Words([((self.HEADING, Tone.NAME), ("   Ctrl-S or Enter below adds it", Tone.DIM))], classes="title")
            yield JobList()
            yield VerticalScroll(*self.fields(), id="fields", can_focus=False)
            wrong = Words(id="wrong")
            wrong.display = False
            yield wrong
            yield Words(id="line")
            with Horizontal(classes="buttons"):
                yield Button("Cancel", id="cancel", compact=True)
                yield Button(self.GO, id="go", variant="primary", compact=True)

    def on_mount(self) -> None:
        self.run_worker(self._offer(), exit_on_error=True)

    @property
    def dash(self) -> Dashboard:
        return cast("Dashboard", self.app)

    def value(self, name: str) -> str:
        """What stands in the line with that id."""
        return self.query_one(f"#{name}", Field).value.strip()

    async def _offer(self) -> None:
        try:
            await self.prepare()
            found = await self.dash.client.ask(jobs.listed())
        except JobdError as error:
            self.complain([str(error)])
            self.query_one(JobList).known.set()
            return
        self.call_later(self._show, found)

    def _show(self, found: Sequence[JobReport]) -> None:
        """These are the jobs; the one that was chosen beforehand is taken at once."""
        known = {job.name: job for job in found if job.parameters is not None}
        chooser = self.query_one(JobList)
        if self._job in known and not chooser.query_one(Input).value:
            chooser.take(known[self._job])
        chooser.offer(job for job in known.values() if job.enabled)
        if self._job not in known:
            chooser.query_one(Input).focus()
            if self._job is not None:
                self.complain([f"this node does not know the job {self._job} (any more)"])
        self.dash.announce()

    @on(JobList.Taken)
    async def _taken(self, event: JobList.Taken) -> None:
        """Lines for what this job takes; filled in when it is the job whose arguments are known."""
        job, first = event.job, not self._settled and event.job.name == self._job
        self._settled, going, self._going = True, self._going, False
        self.add_class("-taken")
        place = self.query_one("#arguments", Vertical)
        await place.remove_children()
        await place.mount_all(Field(one) for one in lines(job, self._args if job.name == self._job else {}))
        self.taken(job)
        self.complain([] if job.enabled else [f"{job.name} is disabled: a run of it waits until it is enabled again"])
        where = self.query("#find" if first else "#fields Input").first(Input)
        where.focus()
        where.select_all()
        self._echo()
        self.dash.announce()
        if going:
            self.action_go()

    @on(JobList.Looked)
    def _looked(self) -> None:
        self.set_class(self.query_one(JobList).taken is not None, "-taken")
        self._echo()

    @on(Input.Changed)
    def _echo(self) -> None:
        """The same as a command, of the job under the finder while none is taken."""
        jobs = self.query_one(JobList)
        if (job := jobs.seen) is None:
            self.query_one("#line", Words).say([])
            return
        try:
            command = self.echo(job, self._said() if jobs.taken is not None else Typed())
        except ValueError:
            return
        self.query_one("#line", Words).say([(f"$ {command}", Tone.DIM)])

    @on(Input.Changed, "Field Input")
    def _mend(self, event: Input.Changed) -> None:
        """Nobody knows any more what is wrong about a line that is another now."""
        if (field := event.input.parent) is not None and field.has_class("-wrong"):
            field.remove_class("-wrong")
            if not self.query("Field.-wrong"):
                self.complain([])

    @on(Input.Submitted)
    def _submitted(self) -> None:
        self.action_go()

    @on(Button.Pressed, "#cancel")
    def _cancelled(self) -> None:
        self.dismiss(None)

    @on(Button.Pressed, "#go")
    def action_go(self) -> None:
        """Do it; what the daemon does not take is said here, and nothing typed is lost."""
        chooser = self.query_one(JobList)
        if (job := chooser.taken) is None:
            if (job := chooser.meant) is not None:
                self._going = True
                chooser.take(job)
            else:
                self.complain([self.ALONE])
                chooser.query_one(Input).focus()
            return
        try:
            deed = self.deed(job, self._said())
        except Wrong as wrong:
            self.complain(wrong.problems, beside=self.BESIDE)
        except ValueError as error:
            self.complain([str(error)])
        else:
            self.complain([])
            self.run_worker(self._do(deed), group="deeds", exclusive=True)

    def _said(self) -> Typed:
        """The arguments as they were typed."""
        return typed((one.line, one.value) for one in self.query("#arguments Field").results(Field))

    async def _do(self, deed: Deed) -> None:
        answer = await self.dash.carry_out(deed, lambda error: self.complain(self.problems(error)))
        if answer is not None and self.is_current:
            self.dismiss(self.done(deed, answer.value))

    def complain(self, problems: Sequence[str], *, beside: Collection[str] = ()) -> None:
        """Say what is wrong, but for what stands `beside` its line, mark the lines and go to the first of them."""
        named = {problem.split(":", 1)[0] for problem in problems}
        told = [problem for problem in problems if problem.split(":", 1)[0] not in beside]
        for words in self.query("#wrong").results(Words):  # none when the dialog was left meanwhile
            words.display = bool(told)
            words.say([(problem, Tone.BAD) for problem in told])
        wrong = [one for one in self.query(Field) if (one.line.name or NO_OBJECT) in named]
        for one in self.query(Field):
            one.set_class(one in wrong, "-wrong")
        if wrong:
            wrong[0].query_one(Input).focus()
        self.dash.announce()
