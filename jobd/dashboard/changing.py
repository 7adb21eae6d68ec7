"""Changes that are made from here: asked about where that is due, carried out, and told with their way back."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from jobd.dashboard.changes import deeds
from jobd.dashboard.changes.deed import Deed
from jobd.dashboard.in_turn import InTurn
from jobd.dashboard.live.snapshot import Snapshot
from jobd.dashboard.page import Page
from jobd.dashboard.widgets.confirm import Confirm
from jobd.dashboard.widgets.said import Said
from jobd.errors import Conflict, JobdError, NotFound
from jobd.model.change import AuditEntry
from jobd.model.display import display_safe

if TYPE_CHECKING:
    from jobd.client.client import Client
    from jobd.dashboard.live.feed import Feed
    from jobd.dashboard.widgets.table import Table


MOST_WORDS = 2
SECONDS, BAD_SECONDS = 5.0, 8.0
ROOMY = 30
"""Lines of a screen from which on a word covers little; on smaller ones it goes sooner."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What the daemon said to a change; its value may be anything."""

    value: Any


class Changing(InTurn):
    """The part of the application that changes something at the daemon."""

    said: Deed | None = None
    """The last change that was made here, on whatever screen."""
    back: AuditEntry | None = None
    """What the journal says of it; None where nothing can put back what it replaced."""

    def __init__(self, *, ansi_color: bool = False) -> None:
        super().__init__(ansi_color=ansi_color)
        self.mine: set[int] = set()
        """Entries of the journal about changes that were made here: taking those back needs no question."""

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
        me = self.snapshot.me
        if self.snapshot.role < deed.role:
            self.say(f"READ ONLY: {deed.title} needs the role {deed.role}, yours is {self.snapshot.role}", bad=True)
            return None
        if not deed.blind and self.unseen(deed.title):
            return None
        production = me is None or me.environment == "production"
        asks = deed.asks_first(production=production)
        if asks and not await self.push_screen_wait(Confirm(deed, self._where())):
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
        self._made(deed, answer)
        self.say(deed.done(answer) + (f" · undo: {way}" if (way := self.way_back()) else ""))
        self.feed.look()
        return Answer(answer)

    async def carry_out_all(self, whole: Deed, deeds: Sequence[Deed]) -> int:
        """Several of a kind, asked about and told as the `whole`; how many were done. To be called from a worker."""
        if self.unseen(whole.title) or self.snapshot.role < whole.role:
            return 0
        if not await self.push_screen_wait(Confirm(whole, self._where())):
            return 0
        done = 0
        for deed in deeds:
            try:
                await self.client.ask(deed.ask)
            except JobdError as error:
                self.say(f"{deed.title}: {error}", bad=True)
                if not isinstance(error, Conflict | NotFound):
                    break  # not about this one: it is no better for the others
            else:
                done += 1
        if done:
            self._made(whole, None)
        self.say(f"{whole.title}: {done} done")
        self.feed.look()
        return done

    def _where(self) -> str:
        """Whose daemon it is that a question is about."""
        status = self.snapshot.status
        return f"{status.health.name} on {status.health.host}, {status.health.environment}" if status else ""

    def meant(self, table: Table[Any], what: str) -> bool:
        """False when nobody can mean what is chosen there: it is out of sight, or came where something else was.

        Then it is shown, and said to be `what`: the key has to be pressed once more.
        """
        if table.certain:
            return True
        table.choose(table.at)
        self.say(f"nothing was done: {what} is chosen now; the same key again, if you mean it", bad=True)
        return False

    def unseen(self, title: str) -> bool:
        """True, and said, where the screen could not load: whoever changes what it shows may mean something else."""
        page = next((screen for screen in reversed(self.screen_stack) if isinstance(screen, Page)), None)
        if page is None or page.refused is None:
            return False
        self.say(f"{title}: not done, what you see is not what there is: {page.refused}; F5 loads again", bad=True)
        return True

    def say(self, text: str, *, bad: bool = False) -> None:
        """A word at the edge of the screen that goes away by itself; two at most, for they lie over what is shown."""
        seconds = (BAD_SECONDS if bad else SECONDS) / (2 if self.size.height < ROOMY else 1)
        self.notify(_plain(text), severity="error" if bad else "information", timeout=seconds, markup=False)

    def on_notify(self) -> None:
        """Before another word comes, those give way that would be too many with it."""
        shown = list(self._notifications)
        for old in shown[: max(0, len(shown) - MOST_WORDS + 1)]:
            self._unnotify(old, refresh=False)

    def way_back(self, *, keyed: bool = True) -> str:
        """How the last change is undone, `keyed` where u does it; empty where it cannot be."""
        if self.said is None or not self.said.undo:
            return ""
        return f"u, or {self.said.undo}" if keyed and self.back is not None else self.said.undo

    def _made(self, deed: Deed, answer: Any) -> None:
        entry = answer if isinstance(answer, AuditEntry) else None
        if entry is not None:
            self.mine.add(entry.id)
        self.said, self.back = deed, entry if entry is not None and entry.can_be_undone else None
        pages = [screen for screen in self.screen_stack if isinstance(screen, Page)]  # a dialog may lie over it
        if pages:
            pages[-1].query_one(Said).look()

    def action_undo(self) -> None:
        """Take back the last change that was made here, whatever screen is looked at."""
        if self.back is not None:
            self.run_worker(self._undo(self.back), group="deeds", exit_on_error=True)
        elif self.said is None:
            self.say("nothing was changed here that u could take back", bad=True)
        else:
            way = self.way_back()
            self.say(f"u does not take back: {self.said.title}" + (f"; undo: {way}" if way else ""), bad=True)

    async def _undo(self, entry: AuditEntry) -> None:
        if await self.carry_out(deeds.undo_change(entry, mine=True)) is not None and isinstance(self.screen, Page):
            self.screen.old(at_once=True)

    def action_copy_command(self) -> None:
        if self.said is not None:
            self.copy_to_clipboard(self.said.command)
            self.say("copied the command (where the terminal lets programs set the clipboard)")


def _plain(text: str) -> str:
    return display_safe(text, lines=True, limit=600)
