"""One run whole: how it stands and why, its times, its attempts, its error, what it was given and what it gave."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.widget import Widget

from jobd.client.asks import runs, why
from jobd.dashboard import run_keys
from jobd.dashboard.changes import deeds
from jobd.dashboard.live.news import News
from jobd.dashboard.looks import Cell, Tone
from jobd.dashboard.page import Page
from jobd.dashboard.widgets.facts import Facts
from jobd.dashboard.widgets.reader import Block, Reader
from jobd.dashboard.widgets.words import Words
from jobd.dashboard.words import runs as run_facts
from jobd.dashboard.words.tries import lines, tries
from jobd.errors import NotFound
from jobd.model.roles import Role
from jobd.model.run import Run
from jobd.model.why import Why

TITLES = {
    "what": "What",
    "when": "When (UTC)",
    "why": "Why",
    "progress": "Progress",
    "tries": "Attempts",
    "args": "Arguments",
    "result": "Result",
}


class RunPage(Page):
    """Lies over the screen from which it was opened."""

    NOUN = "run"
    ACTS: ClassVar[dict[str, Role]] = dict.fromkeys((*run_keys.ACTIONS, "trigger"), Role.OPERATOR)
    AUTO_FOCUS = "Reader"
    CSS = """
    RunPage #pair, RunPage #data { height: auto; }
    RunPage #pair > #what, RunPage #data > Block { width: 1fr; }
    RunPage #pair > #when { width: auto; }
    RunPage.-narrow #pair > #when { width: 100%; }
    RunPage.-narrow #pair, RunPage.-narrow #data, RunPage.-normal #data { layout: vertical; }
    RunPage.-narrow #pair > Words, RunPage.-narrow #data > Block, RunPage.-normal #data > Block { width: 100%; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        *run_keys.KEYS,
        Binding("t", "trigger", "Trigger"),
        Binding("w", "why", "Why"),
        Binding("left_square_bracket", "error(-1)", "Error before", show=False),
        Binding("right_square_bracket", "error(1)", "Next error", show=False),
        Binding("o", "origin", "Open the run that this one repeats", show=False),
        Binding("m", "mails", "Outbox", show=False),
        Binding("y", "copy_id", "Copy id", show=False),
        Binding("Y", "copy_json", "Copy JSON", show=False),
        Binding("escape", "back", "Back"),
    ]

    def __init__(self, run_id: int) -> None:
        super().__init__()
        self.run_id = run_id
        self.run: Run | None = None
        """None until the daemon has answered."""
        self._why: Why | None = None
        self._asked = False
        """Somebody wants to know why, also where nothing waits."""
        self._gone = ""
        self._error: int | None = None
        """The attempt whose error is shown; None: the latest that has one."""

    def body(self) -> Iterable[Widget]:
        def panel(name: str) -> Words:
            return Facts(id=name, classes="panel")

        yield Reader(
            Words([(f"Run {self.run_id} …", Tone.DIM)], id="head", classes="facts"),
            panel("why"),
            panel("progress"),
            Horizontal(panel("what"), Words(id="when", classes="panel"), id="pair"),
            Block(id="error", classes="panel"),
            Words(id="tries", classes="panel"),
            Horizontal(Block(id="args", classes="panel"), Block(id="result", classes="panel"), id="data"),
            Facts(id="elsewhere", classes="facts"),
        )

    def on_mount(self) -> None:
        for name, title in TITLES.items():
            self.query_one(f"#{name}").border_title = title
        self._tell()

    async def load(self) -> None:
        try:
            run = await self.client.ask(runs.one(self.run_id))
            told = None
            if self._asked or run.state in run_facts.WAITS:
                told = await self.client.ask(why.run(self.run_id))
        except NotFound as error:
            self._gone = str(error)
        else:
            other = self.run is None or self.run.state is not run.state
            self.run, self._why, self._gone = run, told, ""
            if other:
                self.refresh_bindings()
        self._tell()

    def heard(self, news: News) -> None:
        if self.run_id in news.runs() or news.about("change"):
            self.old(at_once=True)

    def tick(self) -> None:
        self._tell()

    def on_resize(self) -> None:
        self._tell()

    # --- what is shown ---

    def _tell(self) -> None:
        run, eye = self.run, self.eye
        if run is None:
            self._without()
            return
        width = max(20, self.size.width - 8)
        for name in ("pair", "data"):
            self.query_one(f"#{name}").display = True
        self.query_one("#head", Words).say([*self._gone_lines(), *run_facts.head(run, eye)])
        self._say("why", run_facts.because(self._why) if self._why else [])
        self._say("progress", run_facts.bar(run, eye, width))
        self._say("what", run_facts.what(run))
        self._say("when", run_facts.when(run, eye))
        self._say("tries", lines(run, eye, width))
        self._say_error(run)
        self._put("args", run_facts.pretty(run.args) if run.args else "none")
        self._put("result", run_facts.pretty(run.result) if run.result is not None else "")
        self._say("elsewhere", run_facts.elsewhere(run))

    def _without(self) -> None:
        """Nothing is known of it, yet or any more."""
        for child in self.query("Reader > *"):
            child.display = child.id == "head"
        if self._gone:
            self.query_one("#head", Words).say(self._gone_lines())

    def _gone_lines(self) -> list[Cell]:
        if not self._gone:
            return []
        kept = "what is shown below was the last of it" if self.run else "Esc goes back"
        return [(f"run {self.run_id} is not there any more: {self._gone}; {kept}", Tone.WARN)]

    def _say(self, name: str, cells: list[Cell]) -> None:
        words = self.query_one(f"#{name}", Words)
        words.display = bool(cells)
        words.say(cells)

    def _put(self, name: str, text: str) -> None:
        block = self.query_one(f"#{name}", Block)
        block.display = bool(text)
        block.tell(text)

    def _say_error(self, run: Run) -> None:
        """One attempt's, the latest unless another was chosen."""
        wrong = [one for one in tries(run, self.eye.now) if one.text]
        chosen = next((one for one in wrong if one.number == self._error), wrong[-1] if wrong else None)
        block = self.query_one("#error", Block)
        block.display = chosen is not None
        if chosen is not None:
            place = f" ({wrong.index(chosen) + 1} of {len(wrong)}, ] [ for others)" if len(wrong) > 1 else ""
            block.tell(chosen.text, title=f"Error of attempt {chosen.number}{place}")

    # --- keys ---

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """What can be done to the run as it stands; dim until that is known."""
        run = self.run
        if not run_keys.there(action, parameters, run) or not super().check_action(action, parameters):
            return False
        if run is None:
            return True if action not in (*self.ACTS, "origin") else None
        return action != "origin" or run.retried_from is not None

    def action_retry(self) -> None:
        if self.run is not None:
            self.do(deeds.retry_run(self.run), self._open)

    action_run_now = action_retry

    def action_cancel(self) -> None:
        if self.run is not None:
            self.do(deeds.cancel_run(self.run))

    def action_cannot(self, action: str) -> None:
        if self.run is not None:
            self.dash.say(run_keys.why_not(action, self.run), bad=True)

    def action_trigger(self) -> None:
        from jobd.dashboard.widgets.trigger import Trigger

        if self.run is not None:
            self.app.push_screen(Trigger(self.run.job, self.run.args), self._open)

    def _open(self, run: int | None) -> None:
        """Another run, over this one."""
        if run is not None and run != self.run_id:
            self.app.push_screen(RunPage(run))

    def action_origin(self) -> None:
        if self.run is not None:
            self._open(self.run.retried_from)

    def action_why(self) -> None:
        self._asked = not self._asked
        self.old(at_once=True)

    def action_error(self, by: int) -> None:
        if self.run is None or not (wrong := [one.number for one in tries(self.run, self.eye.now) if one.text]):
            return
        at = wrong.index(self._error) if self._error in wrong else len(wrong) - 1
        self._error = wrong[max(0, min(at + by, len(wrong) - 1))]
        self._tell()

    def action_mails(self) -> None:
        self.dash.go("outbox")

    def action_copy_id(self) -> None:
        self.copy(str(self.run_id), f"id {self.run_id}")

    def action_copy_json(self) -> None:
        if self.run is not None:
            self.copy(run_facts.pretty(asdict(self.run)), f"run {self.run_id} as JSON")
