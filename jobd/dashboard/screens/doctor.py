"""Doctor: what the daemon needs from the outside, tried once, with a line on how to mend what is not well."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.widget import Widget

from jobd.client.asks import doctor
from jobd.dashboard.looks import Cell, Tone
from jobd.dashboard.page import Page
from jobd.dashboard.widgets.facts import Facts
from jobd.dashboard.widgets.reader import Reader
from jobd.dashboard.widgets.words import Words
from jobd.dashboard.words.findings import bad, lines
from jobd.errors import JobdError
from jobd.model.finding import Examination
from jobd.model.roles import Role

LOOKING = "Looking at database, clock, disk, mail and gateway; that takes up to ten seconds …"


class Doctor(Page):
    """Lies over the screen from which it was asked for; looks again only when somebody wants it."""

    NOUN = "doctor"
    ACTS: ClassVar[dict[str, Role]] = {"again": Role.OPERATOR}
    AUTO_FOCUS = "Reader"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("d,f5", "again", "Look again"),
        Binding("escape", "back", "Back"),
    ]

    def __init__(self) -> None:
        super().__init__()
        self._wanted = True
        """Each look connects to everything, the mail server among it: not every five seconds."""

    def body(self) -> Iterable[Widget]:
        yield Reader(Words([(LOOKING, Tone.DIM)], id="head", classes="facts"), Facts(id="findings", classes="facts"))

    async def load(self) -> None:
        if not self._wanted:
            return
        head = self.query_one("#head", Words)
        self._wanted = False
        head.say([(LOOKING, Tone.DIM)])
        try:
            found = await self.client.ask(doctor.shown())
        except JobdError as error:
            head.say([(f"No answer: {error}", Tone.BAD), ("d looks again", Tone.DIM)])
            raise
        ordered = sorted(found.findings, key=lambda finding: not bad(finding))
        head.say([_sum(found), ""])
        self.query_one("#findings", Words).say(lines(ordered, self.eye))

    def action_again(self) -> None:
        self._wanted = True
        self.old(at_once=True)


def _sum(found: Examination) -> Cell:
    number = sum(1 for finding in found.findings if bad(finding))
    at = f"  looked at {len(found.findings)} things at {datetime.now(UTC):%H:%M:%S} UTC", Tone.DIM
    if not number:
        return ("All is well", Tone.GOOD), at
    return (f"{number} {'thing is' if number == 1 else 'things are'} not well", Tone.BAD), at
