"""The configuration: every setting with its value and place, what lies over it, and whether the files say otherwise."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict
from typing import ClassVar

from textual import on
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.widget import Widget

from jobd.client import NotPermitted, Refused
from jobd.client.asks import reload, settings
from jobd.dashboard.changes.reloading import lines, taken_over
from jobd.dashboard.lists.settings import COLUMNS, DRIFT, Line, whole
from jobd.dashboard.live.snapshot import Snapshot
from jobd.dashboard.looks import Cell, Tone
from jobd.dashboard.page import Page
from jobd.dashboard.widgets.details import Details
from jobd.dashboard.widgets.narrow import Narrow
from jobd.dashboard.widgets.table import Table
from jobd.dashboard.widgets.tabs import Choices
from jobd.dashboard.widgets.words import Words
from jobd.dashboard.words.facts import listing
from jobd.errors import JobdError
from jobd.model.roles import Role
from jobd.model.shown_settings import ShownSettings

ALL, WRITTEN = "all", "not default"
FEW = 4
"""Differences that are shown above the list; `r` shows all."""


class SettingsPage(Page):
    """For admins: others are told so."""

    NOUN = "configuration"
    LISTENS = frozenset({"change"})
    ACTS: ClassVar[dict[str, Role]] = {"take_over": Role.ADMIN}
    CSS = """
    SettingsPage #drift { height: auto; max-height: 9; padding: 0 1; margin-bottom: 1; }
    SettingsPage #files { height: auto; max-height: 7; padding: 0 1; margin-bottom: 1; }
    SettingsPage.-short #files, SettingsPage.-short #drift { margin-bottom: 0; max-height: 5; }
    SettingsPage #refusal { padding: 1 2; display: none; }
    SettingsPage.-refused #refusal { display: block; }
    SettingsPage.-refused #allowed { display: none; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("right_square_bracket,left_square_bracket,tab", "other", "Not default", key_display="Tab"),
        Binding("slash,f", "filter", "Filter", key_display="/"),
        Binding("r", "take_over", "Reload files"),
        Binding("y", "copy_key", "Copy name", show=False),
        Binding("Y", "copy_json", "Copy JSON", show=False),
    ]

    def __init__(self) -> None:
        super().__init__()
        self._shown: ShownSettings | None = None
        """None before it has loaded."""
        self._differ: bool | None = None
        """Whether the daemon said that its files have changed."""

    def body(self) -> Iterable[Widget]:
        yield Words(id="refusal")
        with Vertical(id="allowed"):
            yield Words(id="files")
            yield Words(id="drift")
            yield Choices((ALL, WRITTEN), id="which")
            yield Narrow("mail timeout …: every word is in the name, the value or the place")
            yield Table(COLUMNS, key=lambda line: line.setting.key, empty="loading …", id="settings")

    @property
    def table(self) -> Table[Line]:
        return self.query_one("#settings", Table)

    # --- what it shows ---

    async def load(self) -> None:
        try:
            self._shown = await self.client.ask(settings.shown())
        except NotPermitted as refused:
            self._refuse(refused)
            return
        self.remove_class("-refused")
        self._list()
        self.query_one("#files", Words).say(await self._files())

    def changed(self, snapshot: Snapshot) -> None:
        differ = _differ(snapshot)
        if differ != self._differ:
            self._differ = differ
            self.old(at_once=True)

    def on_resize(self) -> None:
        self._list()

    def _refuse(self, refused: NotPermitted) -> None:
        """There is nothing to see for this person."""
        me = self.dash.snapshot.me
        self.add_class("-refused")
        self.query_one("#refusal", Words).say(
            [
                ("The configuration needs the role admin", Tone.NAME),
                *([f"You are {me.name}, and your role is {me.role}."] if me else []),
                (str(refused), Tone.DIM),
                "",
                ("An admin gives it: [control.users] in jobd.toml, or a token of that role.", Tone.DIM),
            ]
        )

    def _list(self) -> None:
        if (shown := self._shown) is None:
            return
        drifts = {drift.key: drift for drift in shown.drift}
        found = [Line(setting=setting, drift=drifts.get(setting.key)) for setting in shown.settings]
        words, written = self.query_one(Narrow).words, self.query_one(Choices).chosen == WRITTEN
        self.table.show(
            [line for line in found if (line.written or not written) and _has(line, words)],
            empty="no setting is found; Esc takes the filter away",
        )
        changed = sum(line.written for line in found)
        self.query_one(Choices).tell({ALL: f"{len(found):,}", WRITTEN: f"{changed:,}"})
        drift = self.query_one("#drift", Words)
        drift.display = bool(shown.drift)
        drift.say(listing(DRIFT, shown.drift, self.eye, max(20, self.size.width - 2)))

    async def _files(self) -> list[Cell]:
        """Whether the files say what the daemon works by; asked of it only when it says that they have changed."""
        eye = self.eye
        if not self._differ:
            return [(f"{eye.pick('✓', '+')} The files say what the daemon works by.", Tone.GOOD)]
        told: list[Cell]
        try:
            told = list(lines(await self.client.ask(reload.asked(dry_run=True))))
        except Refused as refused:
            told = [(line, Tone.BAD) for line in str(refused).splitlines()]
        rest = [(f"  … and {len(told) - FEW} more, r shows them", Tone.DIM)] if len(told) > FEW else []
        return [("! The files have changed since they were loaded; r takes them over.", Tone.WARN), *told[:FEW], *rest]

    # --- keys ---

    @on(Choices.Chosen)
    @on(Narrow.Narrowed)
    def _narrowed(self) -> None:
        self._list()

    @on(Narrow.Left)
    def _left(self) -> None:
        self.table.focus()

    @on(Table.Opened)
    def _open(self, event: Table.Opened[Line]) -> None:
        self.app.push_screen(Details(event.row.setting.key, whole(event.row, self.eye)))

    def action_other(self) -> None:
        self.query_one(Choices).step(1)

    def action_filter(self) -> None:
        self.query_one(Narrow).open()

    def action_back(self) -> None:
        if self.query_one(Narrow).value:
            self.query_one(Narrow).clear_away()
        else:
            super().action_back()

    def action_take_over(self) -> None:
        self.run_worker(self._take_over(), group="deeds")

    async def _take_over(self) -> None:
        try:
            while not await taken_over(self.dash, again="Read them again"):
                pass  # what cannot be used is looked at again, until it is left
        except JobdError as error:
            self.dash.say(str(error), bad=True)
        self.old(at_once=True)

    def action_copy_key(self) -> None:
        if (line := self.table.row) is not None:
            self.copy(line.setting.key, line.setting.key)

    def action_copy_json(self) -> None:
        if (line := self.table.row) is not None:
            self.copy(json.dumps(asdict(line), default=str, ensure_ascii=False, indent=2), "the setting as JSON")


def _differ(snapshot: Snapshot) -> bool:
    notices = snapshot.status.health.notices if snapshot.status else ()
    return any(notice.code == "config_changed" for notice in notices)


def _has(line: Line, words: Iterable[str]) -> bool:
    text = f"{line.setting.key} {line.setting.value} {line.setting.origin}".lower()
    return all(word in text for word in words)
