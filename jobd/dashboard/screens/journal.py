"""Events as they happen, and the journal of changes: who did what, and how to put it back."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict
from typing import Any, ClassVar

from textual import on
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.widget import Widget

from jobd.client.asks import audit
from jobd.dashboard.changes import deeds
from jobd.dashboard.endless import Endless
from jobd.dashboard.lists.changes import COLUMNS, whole
from jobd.dashboard.lists.pages import SIZE, Pages, Part
from jobd.dashboard.live.news import News
from jobd.dashboard.live.ring import Heard
from jobd.dashboard.widgets.details import Details
from jobd.dashboard.widgets.narrow import Narrow
from jobd.dashboard.widgets.pick import Pick
from jobd.dashboard.widgets.table import Table
from jobd.dashboard.widgets.tabs import Choices
from jobd.dashboard.widgets.tail import KINDS, Tail
from jobd.model.change import AuditEntry
from jobd.model.roles import Role

EVENTS, CHANGES = "events", "changes"
ONLY = {"only": EVENTS, "kinds": EVENTS, "match": EVENTS, "undo": CHANGES}
"""Actions that one of the two lists has."""


class Journal(Endless[AuditEntry]):
    """Two lists, of which one is shown."""

    NOUN = "events and changes"
    LISTENS = frozenset({"change"})
    ACTS: ClassVar[dict[str, Role]] = {"undo": Role.OPERATOR}
    OWN_UNDO = True
    CSS = """
    Journal #audit { height: 1fr; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("right_square_bracket,left_square_bracket,tab", "other", "Other list", key_display="Tab"),
        Binding("slash", "search", "Search", key_display="/"),
        Binding("ampersand", "only", "Hits only", key_display="&"),
        Binding("f", "kinds", "Kinds"),
        Binding("n", "match(1)", "Next hit", show=False),
        Binding("N", "match(-1)", "Hit before", show=False),
        Binding("u", "undo", "Undo"),
        Binding("y", "copy_id", "Copy id", show=False),
        Binding("Y", "copy_json", "Copy JSON", show=False),
    ]

    def body(self) -> Iterable[Widget]:
        yield Choices((EVENTS, CHANGES), id="lists")
        yield Tail(id="tail")
        with Vertical(id="audit") as changes:
            changes.display = False
            yield Narrow("what:queue.* by:alice low   (a queue, schedule, node … by its whole name)")
            yield Table(COLUMNS, key=lambda entry: entry.id, empty="nobody has changed anything", id="changes")

    @property
    def shown(self) -> str:
        return self.query_one(Choices).chosen

    @property
    def tail(self) -> Tail:
        return self.query_one(Tail)

    @property
    def table(self) -> Table[AuditEntry]:
        return self.query_one("#changes", Table)

    # --- what it shows ---

    async def load(self) -> None:
        self.tail.take(self.dash.feed.ring)
        if self.shown == CHANGES:
            wanted = wishes(self.query_one("#audit Narrow", Narrow).value)
            await self.show_first(tuple(wanted.items()), lambda after: self._fetch(wanted, after))

    async def _fetch(self, wanted: dict[str, str], after: str | None) -> Part[AuditEntry]:
        found = await self.client.ask(audit.page(SIZE, after, **wanted))
        return Part(found.entries, found.next)

    def nothing(self, pages: Pages[AuditEntry]) -> str:
        if not self._shown:
            return "nobody has changed anything yet"
        return "no change is found; pause finds what is called so, what:pause who paused; Esc takes the search away"

    def heard(self, news: News) -> None:
        self.tail.take(self.dash.feed.ring)

    # --- choosing ---

    @on(Choices.Chosen)
    def _other_list(self) -> None:
        self.tail.display = self.shown == EVENTS
        self.query_one("#audit").display = self.shown == CHANGES
        (self.tail.table if self.shown == EVENTS else self.table).focus()
        self.refresh_bindings()
        self.old(at_once=True)

    @on(Narrow.Left)
    def _look_for(self) -> None:
        self.table.focus()
        self.old(at_once=True)

    @on(Table.Opened, "#events")
    def _open_event(self, event: Table.Opened[Heard]) -> None:
        from jobd.dashboard.screens.run import RunPage

        told = event.row.event
        if told.kind.startswith("run."):
            self.app.push_screen(RunPage(told.facts["id"]))
        elif told.kind == "change":
            self.query_one(Choices).choose(CHANGES)
        elif told.kind.startswith("node."):
            self.dash.go("nodes")

    @on(Table.Opened, "#changes")
    def _open_change(self, event: Table.Opened[AuditEntry]) -> None:
        self.run_worker(self._read(event.row), group="details")

    async def _read(self, entry: AuditEntry) -> None:
        may = entry.can_be_undone and self.check_action("undo", ())
        title = f"Entry {entry.id}: {entry.action} {entry.target}"
        key = await self.app.push_screen_wait(Details(title, whole(entry, self.eye), {"u": "Undo"} if may else {}))
        if key == "u":
            self.do(deeds.undo_change(entry, mine=False))

    # --- keys ---

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action in ONLY and self.is_mounted and self.shown != ONLY[action]:
            return False
        return super().check_action(action, parameters)

    def action_other(self) -> None:
        self.query_one(Choices).step(1)

    def action_search(self) -> None:
        if self.shown == EVENTS:
            self.tail.search()
        else:
            self.query_one("#audit Narrow", Narrow).open()

    def action_only(self) -> None:
        self.tail.toggle_only()

    def action_match(self, by: int) -> None:
        self.tail.step(by)

    def action_kinds(self) -> None:
        self.run_worker(self._choose_kinds(), group="kinds")

    async def _choose_kinds(self) -> None:
        key = await self.app.push_screen_wait(Pick("Show of all events", {key: kind[0] for key, kind in KINDS.items()}))
        if key is not None:
            self.tail.choose_kinds(key)

    def action_back(self) -> None:
        looked = self.query_one("#audit Narrow", Narrow)
        if self.shown == EVENTS and self.tail.search_nothing():
            return
        if self.shown == CHANGES and looked.value:
            looked.clear_away()
            self.old(at_once=True)
            return
        super().action_back()

    def action_undo(self) -> None:
        if (entry := self.table.row) is None:
            return
        if entry.can_be_undone:
            self.do(deeds.undo_change(entry, mine=False))
        else:
            by = f": entry {entry.undone_by} did" if entry.undone_by else ""
            self.dash.say(f"a {entry.action} cannot be undone{by}", bad=True)

    def action_copy_id(self) -> None:
        if (number := _number(self._row())) is not None:
            self.copy(str(number), f"id {number}")

    def action_copy_json(self) -> None:
        if (row := self._row()) is not None:
            self.copy(json.dumps(asdict(row), default=str, ensure_ascii=False, indent=2), "the line as JSON")

    def _row(self) -> Heard | AuditEntry | None:
        return self.tail.table.row if self.shown == EVENTS else self.table.row


def _number(row: Heard | AuditEntry | None) -> Any:
    """The id that people know: of the run, node or entry."""
    return row.event.facts.get("id") if isinstance(row, Heard) else row and row.id


def wishes(text: str) -> dict[str, str]:
    """What a search asks the journal for: `what:queue.* by:alice low`."""
    asked = dict[str, str]()
    for word in text.split():
        name, colon, value = word.partition(":")
        match name if colon and value else "":
            case "what":
                asked["action"] = f"*{value.strip('*')}*"
            case "by":
                asked["actor"] = f"*{value.strip('*')}*"
            case _:
                asked["target"] = word
    return asked
