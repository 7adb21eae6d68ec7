"""What jobs and people wrote commands neither the terminal nor Textual, on whatever screen it stands."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from serving import SmallDaemon
from support.dashboards import looking
from support.hostile import CORPUS, MARKUP, filled, orders, texts
from textual.app import App, ComposeResult
from textual.widgets import Button

from jobd.client.asks import queues
from jobd.dashboard.changes.deed import Care, Deed
from jobd.dashboard.lists.columns import Column, bits, one_line, sized
from jobd.dashboard.looks import Tone
from jobd.dashboard.screens import SCREENS
from jobd.dashboard.widgets.ask import Ask
from jobd.dashboard.widgets.confirm import Confirm
from jobd.dashboard.widgets.details import Details
from jobd.dashboard.widgets.pick import Pick
from jobd.dashboard.widgets.table import Table
from jobd.dashboard.widgets.typed import Typed
from jobd.dashboard.widgets.words import Words, block, content
from jobd.model.display import display_safe
from jobd.model.health import Level, Notice

ODD = st.one_of(st.text(), st.sampled_from([*MARKUP, *CORPUS.values()]), st.text(alphabet="[]/\\@=$#()'\" ax\x1b\n"))
SIZES = ((60, 20), (80, 24), (140, 45))


def harmless(app: App[Any], text: str = "") -> None:
    """Nothing on the screen is an order: no control character, and nothing that does something when clicked."""
    strips = app.screen._compositor.render_strips()
    lines = ["".join(segment.text for segment in strip) for strip in strips]
    assert [line for line in lines if orders(line, allowed=frozenset())] == [], text
    styles = [segment.style for strip in strips for segment in strip if segment.style is not None]
    assert not any(style.link or "app.quit" in str(style.meta) for style in styles), text


def drawn(text: str) -> str:
    """A picture for each character, as an input draws it."""
    pictures = map(display_safe, text)
    return "".join(picture if len(picture) == 1 else "\ufffd" for picture in pictures)


@pytest.fixture(scope="module")
async def hostile(dash_daemon: SmallDaemon) -> AsyncIterator[SmallDaemon]:
    """A daemon whose every field says something hostile."""
    await dash_daemon.reset()
    await filled(dash_daemon)
    dash_daemon.notices = tuple(Notice(level=Level.WARNING, code="odd", message=text) for text in texts()[:3])
    yield dash_daemon
    await dash_daemon.reset()


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
@pytest.mark.parametrize("screen", [entry.name for entry in SCREENS])
async def test_a_screen_full_of_hostile_data_is_harmless(
    hostile: SmallDaemon, dash_sockets: tuple[Path, Path], screen: str, size: tuple[int, int]
) -> None:
    async with looking(dash_sockets[0], screen=screen, size=size) as eyes:
        await eyes.loaded()
        harmless(eyes.app)
        for key in ("j", "j", "enter", "G", "escape", "G", "enter", "escape", "tab", "j", "enter", "escape"):
            await eyes.press(key)
            harmless(eyes.app)
        await eyes.loaded()
        harmless(eyes.app)


@pytest.mark.parametrize(
    "screen", ["home", "runs", "schedules", "queues", "failed", "nodes", "outbox", "statistics", "tokens"]
)
async def test_markup_is_shown_as_it_was_written(
    hostile: SmallDaemon, dash_sockets: tuple[Path, Path], screen: str
) -> None:
    async with looking(dash_sockets[0], screen=screen, size=(200, 60)) as eyes:
        await eyes.until(lambda: any(text in eyes.text for text in MARKUP[:3]))


async def test_every_hostile_run_opens_and_does_no_harm(hostile: SmallDaemon, dash_sockets: tuple[Path, Path]) -> None:
    async with looking(dash_sockets[0], screen="runs", size=(140, 45)) as eyes:
        await eyes.until("failed")
        for _ in texts():
            await eyes.press("enter")
            await eyes.loaded()
            harmless(eyes.app)
            await eyes.press("escape", "j")


@pytest.mark.parametrize("text", [*MARKUP, *CORPUS.values()])
async def test_words_at_the_edge_are_no_orders(daemon: SmallDaemon, socket: Path, text: str) -> None:
    async with looking(socket, screen="runs") as eyes:
        eyes.app.say(f"<{text}>", bad=True)
        await eyes.until("<")
        harmless(eyes.app)


class Shown(App[None]):
    """Every widget that shows data, with the same text in all of its places."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.text = text

    def compose(self) -> ComposeResult:
        yield Words([self.text, (self.text, Tone.BAD), ((self.text, Tone.DIM), ("x", Tone.GOOD))])
        yield Table([Column(title=self.text[:9], width=9, grow=1, cell=lambda row, eye: (row, Tone.NAME))], key=str)

    def on_mount(self) -> None:
        self.query_one(Table).show([self.text, "plain"])


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=ODD)
async def test_no_text_at_all_does_anything_in_any_widget(text: str) -> None:
    deed = Deed(
        ask=queues.pause("low"), title=text, command=text, done=str, undo=text, detail=text, care=Care.TYPE, typed=text
    )
    dialogs = (
        Confirm(deed, text),
        Ask(text, hint=text, value=text),
        Pick(text, {"r": text}),
        Details(text, [text], {"u": text}),
    )
    app = Shown(text)
    async with app.run_test(size=(70, 24)) as pilot:
        for dialog in (None, *dialogs):
            if dialog is not None:
                app.push_screen(dialog)
            await pilot.pause()
            harmless(app, text)
            if dialog is not None:
                app.pop_screen()


@given(text=ODD, width=st.integers(0, 60))
def test_a_cell_is_exactly_as_wide_as_its_column(text: str, width: int) -> None:
    from rich.cells import cell_len

    assert sum(cell_len(part) for part, _ in sized((text, Tone.PLAIN), width)) == width


@given(text=ODD)
def test_content_is_the_text_with_its_orders_made_visible(text: str) -> None:
    assert content((text, Tone.BAD)).plain == one_line(text)
    assert content(((text, Tone.DIM), (text, Tone.GOOD))).plain == one_line(text) * 2
    assert orders(content(text).plain, allowed=frozenset()) == []
    assert orders(block(text).plain, allowed=frozenset("\n")) == []
    assert "".join(part for part, _ in bits(text)) == one_line(text)


@pytest.mark.parametrize("text", MARKUP)
async def test_a_button_says_markup_as_it_is(text: str) -> None:
    deed = Deed(ask=queues.pause("low"), title=f"Purge {text}", command="x", done=str)
    app = Shown("plain")
    async with app.run_test(size=(70, 24)) as pilot:
        app.push_screen(Confirm(deed, ""))
        await pilot.pause()
        assert str(app.screen.query_one("#go", Button).label) == f"Purge {text}"
        assert app.screen.query_one("#go", Button).label.spans == []


@pytest.mark.parametrize("text", texts())
async def test_what_is_typed_is_drawn_harmlessly_and_kept_as_it_is(text: str) -> None:
    app = Shown("plain")
    async with app.run_test(size=(70, 24)) as pilot:
        app.push_screen(Ask("title", value=text))
        await pilot.pause()
        harmless(app, text)
        answer = app.screen.query_one("#answer", Typed)
        assert answer.value == text
        assert answer.render_line(0).text.rstrip() == drawn(text)
        await pilot.press("end", "a")
        harmless(app, text)
        assert app.screen.query_one("#answer", Typed).value == text + "a"


async def test_a_complaint_about_a_filter_is_drawn_harmlessly(daemon: SmallDaemon, socket: Path) -> None:
    async with looking(socket, screen="runs") as eyes:
        await eyes.loaded()
        await eyes.press("slash")
        eyes.app.focused.value = f"state:{CORPUS['title']}"
        await eyes.press("enter")
        await eyes.until("state:␛]0;owned")
        await eyes.until(lambda: len(eyes.app._notifications) > 0)
        await eyes.pilot.pause()
        harmless(eyes.app)
