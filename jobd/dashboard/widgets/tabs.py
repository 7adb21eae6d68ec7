"""One line of choices, of which one is taken: states with their counts, windows of time."""

from __future__ import annotations

from collections.abc import Sequence

from textual import events
from textual.content import Content
from textual.message import Message
from textual.widgets import Static

from jobd.dashboard.lists.columns import one_line


class Choices(Static):
    """`[` and `]` are the screen's keys for it; a click chooses too."""

    SCOPED_CSS = False  # how large the screen is, a class above says
    DEFAULT_CSS = """
    Choices { height: 1; padding: 0 1; margin-bottom: 1; }
    .-short Choices { margin-bottom: 0; }
    """

    class Chosen(Message):
        """Another one is taken."""

        def __init__(self, choices: Choices, name: str) -> None:
            self.choices, self.name = choices, name
            super().__init__()

        @property
        def control(self) -> Choices:
            return self.choices

    def __init__(self, names: Sequence[str], *, id: str | None = None) -> None:
        super().__init__("", markup=False, id=id)
        self._names = tuple(names)
        self.chosen = self._names[0]
        self._told: dict[str, str] = {}
        self._places: list[tuple[int, int, str]] = []

    def on_mount(self) -> None:
        self._draw()

    def on_resize(self) -> None:
        self._draw()

    def tell(self, told: dict[str, str]) -> None:
        """What stands behind each name: a count."""
        if told != self._told:
            self._told = told
            self._draw()

    def choose(self, name: str, *, silent: bool = False) -> None:
        """Take one; the screen hears of it unless it is `silent`."""
        if name in self._names and name != self.chosen:
            self.chosen = name
            self._draw()
            if not silent:
                self.post_message(self.Chosen(self, name))

    def step(self, by: int) -> None:
        """The next one, or the one before."""
        self.choose(self._names[(self._names.index(self.chosen) + by) % len(self._names)])

    def on_click(self, event: events.Click) -> None:
        for first, last, name in self._places:
            if first <= event.x - 1 < last:
                self.choose(name)

    def _draw(self) -> None:
        room = max(10, self.size.width - 2)
        names = self._names
        line = self._line(names, counts=True)
        if line.cell_length > room:
            line = self._line(names, counts=False)
        while line.cell_length > room and len(names) > 1:
            # from the end that is farther from the chosen one, which stays
            at = names.index(self.chosen)
            names = names[:-1] if len(names) - 1 - at >= at else names[1:]
            line = self._line(names, counts=False)
        self.update(line, layout=False)

    def _line(self, names: Sequence[str], *, counts: bool) -> Content:
        """These names; that of the chosen one has its count even where there is no room for all."""
        line, self._places = Content(""), []
        for name in names:
            count = self._told.get(name, "") if counts or name == self.chosen else ""
            text = f" {name} {one_line(count)} " if count else f" {name} "
            style = "$text bold on $primary 40%" if name == self.chosen else "dim"
            self._places.append((len(line), len(line) + len(text), name))
            line = Content.assemble(line, (text, style))
        return line
