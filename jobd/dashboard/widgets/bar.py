"""The line on top: which daemon this is, how it is, and who looks."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, cast

from textual.content import Content
from textual.widgets import Static

from jobd.dashboard.looks import Eye, Tone
from jobd.dashboard.widgets.words import content
from jobd.model.roles import Role

if TYPE_CHECKING:
    from jobd.dashboard.app import Dashboard
    from jobd.dashboard.live.snapshot import Snapshot

NARROW = 80


class Bar(Static):
    """Drawn anew when something of it has changed."""

    DEFAULT_CSS = """
    Bar { height: 1; padding: 0 1; background: $surface; }
    """

    def __init__(self) -> None:
        super().__init__("", markup=False)
        self._drawn: tuple[object, ...] = ()

    def on_mount(self) -> None:
        self.look()
        self.set_interval(5.0, self.look)

    def on_resize(self) -> None:
        self.look()

    def look(self) -> None:
        """Show how things are now."""
        app = cast("Dashboard", self.app)
        width = max(20, self.size.width - 2)
        facts = (_left(app.snapshot, Eye.open(ascii=app.ascii), narrow=width < NARROW), _right(app), width)
        if facts != self._drawn:
            self._drawn = facts
            left, right, _ = facts
            self.update(_spread(content(left), content(right), width), layout=False)


def _left(snapshot: Snapshot, eye: Eye, *, narrow: bool) -> tuple[tuple[str, Tone], ...]:
    status = snapshot.status
    if status is None:
        return (("jobd", Tone.NAME), ("  connecting …", Tone.DIM))
    health = status.health
    good, bad = (f"{eye.pick('●', '*')} ready", Tone.GOOD), (f"{eye.pick('✗', 'x')} NOT READY", Tone.BAD)
    ready = good if status.ready else bad
    busy = sum(node.running for node in status.nodes or ())
    workers = sum(node.workers for node in status.nodes or ())
    nodes = len(status.nodes or ())
    several = f" on {nodes} nodes" if nodes > 1 else ""
    head = (("jobd ", Tone.DIM), (health.name, Tone.NAME), ("  ", Tone.PLAIN), ready)
    work = (f"  {busy}/{workers} workers busy{several}", Tone.PLAIN)
    return (*head, work) if narrow else (*head, work, (f"  {health.environment}", Tone.DIM))


def _right(app: Dashboard) -> tuple[tuple[str, Tone], ...]:
    out: list[tuple[str, Tone]] = []
    if app.frozen:
        out.append(("FROZEN (z)  ", Tone.WARN))
    if app.snapshot.me is not None and app.snapshot.role is Role.VIEWER:
        out.append(("READ ONLY  ", Tone.WARN))
    out.append((datetime.now(UTC).strftime("%H:%M UTC"), Tone.DIM))
    return tuple(out)


def _spread(left: Content, right: Content, width: int) -> Content:
    room = width - left.cell_length - right.cell_length
    if room < 1:
        return left.truncate(max(0, width - right.cell_length - 1), ellipsis=True) + Content(" ") + right
    return left + Content(" " * room) + right
