"""Changes that are made from here: asked about where that is due, carried out, and told with their way back."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from textual.app import App

from jobd.dashboard.changes.deed import MANY, Care, Deed
from jobd.dashboard.live.snapshot import Snapshot
from jobd.dashboard.page import Page
from jobd.dashboard.widgets.confirm import Confirm
from jobd.dashboard.widgets.said import Said
from jobd.errors import Conflict, JobdError, NotFound
from jobd.model.display import display_safe

if TYPE_CHECKING:
    from jobd.client.client import Client
    from jobd.dashboard.live.feed import Feed


MOST_WORDS = 2
SECONDS, BAD_SECONDS = 5.0, 8.0
ROOMY = 30
"""Lines of a screen from which on a word covers little; on smaller ones it goes sooner."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What the daemon said to a change; its value may be anything."""

    value: Any


class Changing(App[str]):
    """The part of the application that changes something at the daemon."""

    said: Deed | None = None
    """The last change that was made here."""

    @property
    @abstractmethod
    def client(self) -> Client:
        """The daemon."""

    @property
    @abstractmethod
    def feed(self) -> Feed:
        """What keeps up with it."""

    @property
    @abstractmethod
    def snapshot(self) -> Snapshot:
        """How it stands, and who we are to it."""

    async def carry_out(self, deed: Deed, refused: Callable[[JobdError], None] | None = None) -> Answer | None:
        """Make a change, asking first where that is due; None when it was not made. To be called from a worker.

        `refused` hears why the daemon did not make it, in place of a word at the edge.
        """
        me, status = self.snapshot.me, self.snapshot.status
        if self.snapshot.role < deed.role:
            self.say(f"READ ONLY: {deed.title} needs the role {deed.role}, yours is {self.snapshot.role}", bad=True)
            return None
        production = me is None or me.environment == "production"
        if deed.asks_first(production=production):
            where = f"{status.health.name} on {status.health.host}, {status.health.environment}" if status else ""
            if not await self.push_screen_wait(Confirm(deed, where)):
                return None
        try:
            answer = await self.client.ask(deed.ask)
        except JobdError as error:
            if refused is not None:
                refused(error)
            else:
                self.say(f"{deed.title}: {error}", bad=True)
            if not isinstance(error, Conflict | NotFound):
                self.feed.look()
            return None
        self.said = deed
        self._tell_said()
        self.say(deed.done(answer) + (f" · undo: {deed.undo}" if deed.undo else ""))
        self.feed.look()
        return Answer(answer)

    async def carry_out_all(self, title: str, deeds: Sequence[Deed]) -> int:
        """Several of a kind, asked about once; how many were done. To be called from a worker."""
        if not deeds:
            self.say("none of these is in a state for that", bad=True)
            return 0
        first = deeds[0]
        care = Care.TYPE if len(deeds) > MANY else Care.ASK
        asked = replace(first, title=title, care=care, typed=str(len(deeds)), detail="", command=f"{first.command} ...")
        if self.snapshot.role < first.role or not await self.push_screen_wait(Confirm(asked, "")):
            return 0
        done = 0
        for deed in deeds:
            try:
                await self.client.ask(deed.ask)
            except JobdError as error:
                self.say(f"{deed.title}: {error}", bad=True)
            else:
                done += 1
                self.said = deed
        self._tell_said()
        self.say(f"{title}: {done} done")
        self.feed.look()
        return done

    def say(self, text: str, *, bad: bool = False) -> None:
        """A word at the edge of the screen that goes away by itself; two at most, for they lie over what is shown."""
        seconds = (BAD_SECONDS if bad else SECONDS) / (2 if self.size.height < ROOMY else 1)
        self.notify(_plain(text), severity="error" if bad else "information", timeout=seconds, markup=False)

    def on_notify(self) -> None:
        """Before another word comes, those give way that would be too many with it."""
        shown = list(self._notifications)
        for old in shown[: max(0, len(shown) - MOST_WORDS + 1)]:
            self._unnotify(old, refresh=False)

    def _tell_said(self) -> None:
        pages = [screen for screen in self.screen_stack if isinstance(screen, Page)]  # a dialog may lie over it
        if self.said is not None and pages:
            pages[-1].query_one(Said).tell(self.said.command, self.said.undo)

    def action_copy_command(self) -> None:
        if self.said is not None:
            self.copy_to_clipboard(self.said.command)
            self.say("copied the command (where the terminal lets programs set the clipboard)")


def _plain(text: str) -> str:
    return display_safe(text, lines=True, limit=600)
