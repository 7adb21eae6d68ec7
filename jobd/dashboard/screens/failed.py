"""Failed: what goes wrong, together where it is the same failure, with its latest error; all of it again with a key."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import datetime
from time import monotonic
from typing import ClassVar

from textual import on
from textual.binding import Binding, BindingType
from textual.widget import Widget

from jobd.client.asks import failures, runs
from jobd.dashboard.changes import deed
from jobd.dashboard.changes.bulks import change_all
from jobd.dashboard.lists.failures import GROUPS, RUNS
from jobd.dashboard.looks import Cell, Tone
from jobd.dashboard.page import Page
from jobd.dashboard.widgets.reader import Block, Reader
from jobd.dashboard.widgets.table import Table
from jobd.dashboard.widgets.tabs import Choices
from jobd.dashboard.widgets.words import Words
from jobd.dashboard.words import failures as words
from jobd.dashboard.words.facts import listing
from jobd.errors import JobdError, NotFound
from jobd.model.bulk import BulkAction
from jobd.model.failures import FailureGroup
from jobd.model.reports import Count
from jobd.model.roles import Role
from jobd.model.run import Run

WINDOWS = ("1h", "24h", "7d")
KEPT = 50
"""Details at hand: whoever moves through the groups sees them at once the second time."""
OTHERS_SECONDS = 30.0
"""The windows that nobody looks at are counted no more often: a week of failures is long to count."""
LATEST = 10
"""Runs of a group that are named; Enter shows all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Detail:
    """What is loaded for the chosen group alone."""

    text: str
    """The error of its latest run, with the traceback."""
    args: str = ""
    """What it was given."""
    runs: tuple[Run, ...] = ()
    """Its latest ones."""


class Failed(Page):
    """What is tried again, then what failed for good in a window of time; of each the one that failed last first."""

    NOUN = "failed"
    LISTENS = frozenset({"run.started", "run.retrying", "run.ended"})
    ACTS: ClassVar[dict[str, Role]] = {"retry": Role.OPERATOR}
    CSS = """
    Failed #groups { height: auto; max-height: 50%; min-height: 4; }
    Failed #latest { height: 1fr; display: none; }
    Failed.-some #latest { display: block; }
    Failed #none { padding: 1 2; }
    Failed #more { padding: 0 1; }
    Failed.-some #none { display: none; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("r", "retry", "Retry all of it"),
        Binding("o", "latest", "Latest run"),
        Binding("left_square_bracket", "window(-1)", "Shorter time", show=False),
        Binding("right_square_bracket", "window(1)", "Other time", key_display="]"),
        Binding("y", "copy_filter", "Copy filter", show=False),
        Binding("Y", "copy_json", "Copy JSON", show=False),
    ]

    def __init__(self) -> None:
        super().__init__()
        self._details: dict[tuple[int, datetime], Detail] = {}
        """By the latest run of a group and when that failed."""
        self._counts: dict[str, str] = {}
        """By window; empty where nothing has failed."""
        self._counted_at = -OTHERS_SECONDS

    def body(self) -> Iterable[Widget]:
        windows = Choices(WINDOWS, id="windows")
        windows.chosen = "24h"
        yield windows
        yield Words(id="none")
        yield Table(GROUPS, key=lambda group: (group.fingerprint, group.retrying), empty="", id="groups")
        yield Words(id="more")
        yield Reader(Words(id="about"), Block(id="error"), Words(id="runs"), id="latest", classes="panel")

    @property
    def table(self) -> Table[FailureGroup]:
        return self.query_one("#groups", Table)

    @property
    def window(self) -> str:
        return self.query_one(Choices).chosen

    async def load(self) -> None:
        window = self.window
        found = await self.client.ask(failures.since(window))
        if bool(found.groups) is not self.has_class("-some"):
            self.set_class(bool(found.groups), "-some")
            self.refresh_bindings()
        good = f"{self.eye.pick('✓', '+')} nothing has failed in the last {window}"
        self.query_one("#none", Words).say([((good, Tone.GOOD), ("   ] and [ choose another time", Tone.DIM))])
        times = sum(group.count for group in found.groups if not group.retrying)
        self._count(window, Count(count=times, more=found.more))
        more = f"only the latest failures were looked at; there are more than these {times:,} in {window}"
        self.query_one("#more", Words).say([(more, Tone.WARN)] if found.more else [])
        self.query_one("#more").display = found.more
        self.table.styles.height = len(found.groups) + 1
        self.table.display = bool(found.groups)
        if found.groups and self.focused is None:
            self.table.focus()  # which it lost while there was nothing in it
        self.table.show(found.groups)
        self._tell()
        if monotonic() - self._counted_at >= OTHERS_SECONDS:
            self._counted_at = monotonic()
            await self._count_others()

    def _count(self, window: str, times: Count) -> None:
        self._counts[window] = str(times) if times.count else ""
        self.query_one(Choices).tell({name: count for name, count in self._counts.items() if count})

    async def _count_others(self) -> None:
        """Of the windows that nobody looks at the number alone."""
        for window in WINDOWS:
            if window != self.window:
                found = await self.client.ask(runs.count(f"state:failed since:{window}"))
                self._count(window, Count(count=found.count, more=found.more))

    def tick(self) -> None:
        super().tick()
        self._tell()

    # --- the chosen group ---

    @on(Table.Moved)
    def _moved(self) -> None:
        self._tell()
        group = self.table.row
        if group is not None and (group.last_id, group.last_at) not in self._details:
            self.run_worker(self._fetch(group), group="latest", exclusive=True)

    async def _fetch(self, group: FailureGroup) -> None:
        """The latest run of a group has the traceback; where that is gone, its error alone is shown."""
        try:
            page = await self.client.ask(runs.page(group.filter, LATEST))
            run = await self.client.ask(runs.one(group.last_id))
            detail = Detail(text=words.text(run, group), args=words.args(run), runs=page.runs)
        except NotFound:
            detail = Detail(text=group.error)
        except JobdError as error:
            self.dash.missed(error)
            return
        while len(self._details) >= KEPT:
            del self._details[next(iter(self._details))]
        self._details[group.last_id, group.last_at] = detail
        self.call_later(self._tell)
        self.dash.announce()

    def _tell(self) -> None:
        group = self.table.row
        if group is None:
            return
        eye = self.eye
        lines: list[Cell] = [words.about(group, eye)]
        if group.frame:
            lines.append((("raised at ", Tone.DIM), (group.frame, Tone.PLAIN)))
        detail = self._details.get((group.last_id, group.last_at), Detail(text=group.error))
        if detail.args:
            lines.append((("given     ", Tone.DIM), (detail.args, Tone.PLAIN)))
        lines.append((f"$ {deed.command('runs', 'list', group.filter)}", Tone.DIM))
        lines.append("")
        self.query_one("#about", Words).say(lines)
        self.query_one("#error", Block).tell(detail.text)
        width = max(20, self.size.width - 8)
        latest = listing(RUNS, detail.runs, eye, width) if len(detail.runs) > 1 else []
        if latest and (more := group.count - len(detail.runs)) > 0:
            latest.append((f"and {more:,} more (Enter shows all)", Tone.DIM))
        self.query_one("#runs", Words).say(["", *latest] if latest else [])

    def on_resize(self) -> None:
        self._tell()

    # --- keys ---

    @on(Choices.Chosen)
    def _other_window(self) -> None:
        self.old(at_once=True)

    @on(Table.Opened)
    def _open(self, event: Table.Opened[FailureGroup]) -> None:
        """The runs of the group."""
        self.dash.find_runs(event.row.filter)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Keys for a group are dim while there is none."""
        if not super().check_action(action, parameters):
            return False
        return None if action in ("retry", "latest") and not self.has_class("-some") else True

    def action_window(self, by: int) -> None:
        self.query_one(Choices).step(by)

    def action_latest(self) -> None:
        from jobd.dashboard.screens.run import RunPage

        if (group := self.table.row) is not None:
            self.app.push_screen(RunPage(group.last_id))

    def action_retry(self) -> None:
        if (group := self.table.row) is not None:
            self.run_worker(self._retry(group), group="deeds")

    async def _retry(self, group: FailureGroup) -> None:
        if await change_all(self.dash, BulkAction.RETRY, group.filter) is not None:
            self.old(at_once=True)

    def action_copy_filter(self) -> None:
        if (group := self.table.row) is not None:
            self.copy(group.filter, "the filter")

    def action_copy_json(self) -> None:
        if (group := self.table.row) is not None:
            self.copy(json.dumps(asdict(group), default=str, ensure_ascii=False, indent=2), "the group as JSON")
