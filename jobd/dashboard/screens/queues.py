"""Queues: what waits in each and for how long, what its weight promises and what it got."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import ClassVar

from textual import on
from textual.binding import Binding, BindingType
from textual.widget import Widget

from jobd.client.asks import queues, runs, stats, why
from jobd.dashboard.changes import deeds
from jobd.dashboard.lists.queues import QueueRow, columns
from jobd.dashboard.lists.runs import COLUMNS
from jobd.dashboard.pausable import Pausable
from jobd.dashboard.widgets.ask import Ask
from jobd.dashboard.widgets.bulk_progress import BulkProgress
from jobd.dashboard.widgets.panel import Panel
from jobd.dashboard.widgets.table import Table
from jobd.dashboard.words.queues import facts, figures, stands
from jobd.dashboard.words.shares import of_weights, of_work
from jobd.dashboard.words.sparks import MINUTES
from jobd.errors import JobdError, NotFound
from jobd.model.reports import QueueReport
from jobd.model.roles import Role
from jobd.model.run import Run
from jobd.model.stats import Minute, StatsReport
from jobd.model.why import Why

FEW = 12
"""Of so many queues every one shows its last hour; of more, the chosen one alone."""
HOUR_SECONDS = 10.0
"""The last hour is asked for no more often: its columns are minutes wide."""
HEAVIEST = 1000
INSIDE = 20
"""Running and waiting runs of the chosen one, where lines are many."""
WIDE = MINUTES * 2 + 8
"""Columns of the terminal from which on each minute of the hour has its own: half of the panel is theirs."""
WITHIN = tuple(column for column in COLUMNS if column.title != "QUEUE")
"""Of the runs of one queue."""


class Queues(Pausable):
    """All queues, and a closer look at the chosen one."""

    NOUN = "queues"
    LISTENS = frozenset({"run.added", "run.started", "run.retrying", "run.ended", "change"})
    ACTS: ClassVar[dict[str, Role]] = {**Pausable.ACTS, **dict.fromkeys(("weigh", "purge"), Role.OPERATOR)}
    CSS = """
    #inside { display: none; height: 3fr; margin-top: 1; }
    Queues.-tall #inside { display: block; }
    #queues { height: 2fr; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("w", "weigh", "Weight"),
        Binding("x", "purge", "Purge"),
        Binding("y", "copy_name", "Copy name", show=False),
    ]

    def __init__(self) -> None:
        super().__init__()
        self._columns = columns(())
        self._because: tuple[str, Why] | None = None
        """The queue that was wondered about, and the answer."""
        self._closer_to = ""
        """The queue that was looked at last."""
        self._stats: Mapping[str, StatsReport] = {}
        self._minutes: dict[str, Sequence[Minute]] = {}
        self._hour_at = -HOUR_SECONDS

    def body(self) -> Iterable[Widget]:
        yield Table(self._columns, key=lambda row: row.queue.name, empty="no queues: start a daemon", id="queues")
        yield Table(WITHIN, key=lambda run: run.id, empty="nothing runs or waits in it", id="inside")
        yield Panel(id="chosen")

    @property
    def table(self) -> Table[QueueRow]:
        return self.query_one("#queues", Table)

    @property
    def chosen(self) -> QueueReport | None:
        return self.table.row.queue if self.table.row is not None else None

    # --- what is shown ---

    async def load(self) -> None:
        found = await self.client.ask(queues.listed())
        if time.monotonic() - self._hour_at >= HOUR_SECONDS:
            await self._look_back([queue.name for queue in found])
        self._show(found)
        await self._look_closer()

    async def _look_back(self, names: Sequence[str]) -> None:
        """The last hour of all of them."""
        self._stats = {one.name: one for one in await self.client.ask(stats.totals("queue", "1h"))}
        known = self._minutes if len(names) > FEW else {}
        chosen = self.chosen.name if self.chosen is not None else None
        wanted = [name for name in names if len(names) <= FEW or name == chosen]
        self._minutes = {**known, **{name: await self._hour_of(name) for name in wanted}}
        self._hour_at = time.monotonic()

    async def _hour_of(self, name: str) -> Sequence[Minute]:
        return await self.client.ask(stats.minutes(MINUTES, queue=name))

    def _show(self, found: Sequence[QueueReport]) -> None:
        shares, worked = of_weights(found), of_work(self._stats.values(), found)
        few = len(found) <= FEW
        rows = [
            QueueRow(
                queue=queue,
                share=shares.get(queue.name),
                worked=worked.get(queue.name, 0.0) if worked else None,
                stats=self._stats.get(queue.name),
                minutes=self._minutes.get(queue.name, ()) if few else (),
            )
            for queue in found
        ]
        if (wanted := columns(rows)) != self._columns:
            self._columns = wanted
            self.table.set_columns(wanted)
        self.table.show(rows)
        self._tell()

    async def _look_closer(self) -> None:
        """What the list does not tell about the chosen one."""
        if (queue := self.chosen) is None:
            return
        if queue.name not in self._minutes:
            self._minutes[queue.name] = await self._hour_of(queue.name)
        if self.has_class("-tall"):
            await self._look_inside(queue.name)
        if stands(queue):
            try:
                self._because = queue.name, await self.client.ask(why.queue(queue.name))
            except NotFound:  # it was taken away since
                self._because = None
        self._tell()

    async def _look_inside(self, name: str) -> None:
        """What runs in it, then what came last of what waits."""
        works = await self.client.ask(runs.page(f'queue:"{name}" state:running', INSIDE))
        waits = await self.client.ask(runs.page(f'queue:"{name}" state:queued,scheduled', INSIDE))
        self.query_one("#inside", Table).show((*works.runs, *waits.runs))

    def _tell(self) -> None:
        panel, row, eye = self.query_one(Panel), self.table.row, self.eye
        if row is None:
            panel.hide()
            return
        name = row.queue.name
        because = self._because[1] if self._because is not None and self._because[0] == name else None
        row = replace(row, minutes=self._minutes.get(name, ()))
        panel.show(
            name,
            facts(row, because, eye),
            figures(row, eye, width=MINUTES if self.size.width >= WIDE else MINUTES // 2),
        )

    def tick(self) -> None:
        super().tick()
        self._tell()

    @on(Table.Moved, "#queues")
    def _moved(self) -> None:
        self._tell()
        if self.chosen is not None and self.chosen.name != self._closer_to:
            self._closer_to = self.chosen.name
            self.run_worker(self._follow(), group="closer", exclusive=True)

    async def _follow(self) -> None:
        try:
            await self._look_closer()
        except JobdError as error:
            self.dash.missed(error)
        self.dash.announce()

    @on(Table.Opened, "#inside")
    def _open_run(self, event: Table.Opened[Run]) -> None:
        from jobd.dashboard.screens.run import RunPage

        self.app.push_screen(RunPage(event.row.id))

    @on(Table.Opened, "#queues")
    def _open(self, event: Table.Opened[QueueRow]) -> None:
        self.dash.find_runs(f'queue:"{event.row.queue.name}" state:queued,scheduled,running')

    # --- changes ---

    def action_weigh(self) -> None:
        if (queue := self.chosen) is None:
            return

        def weighed(text: str | None) -> None:
            if text is not None:
                self.do(deeds.weigh_queue(queue, int(text) if text else None))

        hint = f"1 to {HEAVIEST}; nothing at all: the configured {queue.configured_weight} again"
        self.app.push_screen(
            Ask(f"Weight of queue {queue.name}", hint=hint, value=str(queue.weight), check=wrong_weight), weighed
        )

    def action_purge(self) -> None:
        if (queue := self.chosen) is not None:
            self.run_worker(self._purge(queue), group="deeds")

    async def _purge(self, queue: QueueReport) -> None:
        """Counted first: those that wait for other runs are not in the list."""
        try:
            waiting = await self.client.ask(runs.count(f'state:queued,scheduled,waiting queue:"{queue.name}"'))
        except JobdError as error:
            self.dash.say(str(error), bad=True)
            return
        if not waiting.count:
            self.dash.say(f"nothing waits in queue {queue.name}", bad=True)
            return
        answer = await self.dash.carry_out(deeds.purge_queue(queue, waiting))
        if answer is not None:
            await self.app.push_screen_wait(BulkProgress(answer.value))
            self.old(at_once=True)


def wrong_weight(text: str) -> str | None:
    """What is wrong with a weight as it was typed; nothing is the configured one."""
    if not text or (text.isascii() and text.isdecimal() and 1 <= int(text) <= HEAVIEST):
        return None
    return f"a weight is a whole number from 1 to {HEAVIEST}"
