"""Help and the palette: the keys of the screen in front by name, for those who may, and what the glyphs mean."""

from __future__ import annotations

from pathlib import Path

import pytest
from serving import SmallDaemon
from support.dashboards import looking

from jobd.dashboard.looks import MESSAGES, NODES, RUNS, TOKENS
from jobd.dashboard.screens import SCREENS, Entry
from jobd.dashboard.words.keys import keys
from jobd.model.run import NewRun


async def test_help_tells_the_keys_of_the_screen_in_front(daemon: SmallDaemon, socket: Path) -> None:
    async with looking(socket, screen="runs", size=(140, 45)) as eyes:
        await eyes.loaded()
        await eyes.press("question_mark")
        await eyes.until("Keys of runs")
        told = [" ".join(line.replace("│", " ").split()) for line in eyes.text.splitlines()]
        for line in ("/ f Filter", "r Retry", "! Failures", "Y Copy JSON"):
            assert any(line in one for one in told)
        await eyes.press("question_mark")
        await eyes.until_gone("Keys of runs")


@pytest.mark.parametrize("screen", [entry.name for entry in SCREENS])
async def test_every_key_of_every_screen_is_in_its_help(daemon: SmallDaemon, socket: Path, screen: str) -> None:
    async with looking(socket, screen=screen, size=(140, 60)) as eyes:
        await eyes.loaded()
        listed = {(key.shown, key.description) for key in keys(eyes.page)}
        assert listed and all(binding.description for binding in type(eyes.page).BINDINGS)
        await eyes.press("question_mark")
        await eyes.until("Everywhere")
        for shown, description in listed:
            await eyes.until(shown)
            await eyes.until(description)


async def test_help_says_of_what_the_number_beside_a_screen_is(daemon: SmallDaemon, socket: Path) -> None:
    async with looking(socket, screen="failed", size=(140, 45)) as eyes:
        await eyes.loaded()
        await eyes.press("question_mark")
        await eyes.until("12 runs failed in the last hour")


async def test_help_explains_every_glyph_in_unicode_and_in_ascii(daemon: SmallDaemon, socket: Path) -> None:
    for plain in (False, True):
        async with looking(socket, screen="runs", size=(140, 45), ascii=plain) as eyes:
            await eyes.loaded()
            await eyes.press("question_mark")
            await eyes.until("Keys of runs")
            for name, look in {**RUNS, **NODES, **MESSAGES, **TOKENS}.items():
                await eyes.until(f"{look.ascii if plain else look.glyph} {name.replace('_', ' ')}")


async def test_help_is_scrolled_where_it_does_not_fit(daemon: SmallDaemon, socket: Path) -> None:
    async with looking(socket, screen="runs", size=(60, 20)) as eyes:
        await eyes.loaded()
        await eyes.press("question_mark")
        await eyes.until("Esc closes it")
        assert "Messages" not in eyes.text
        await eyes.press("G")
        await eyes.until("✗ dead")
        await eyes.press("g")
        await eyes.until("Keys of runs")
        await eyes.press("escape")
        await eyes.until_gone("Keys of runs")


async def test_who_may_only_look_is_told_of_no_key_for_changes(daemon: SmallDaemon, viewer_socket: Path) -> None:
    async with looking(viewer_socket, screen="runs", size=(140, 45)) as eyes:
        await eyes.until("READ ONLY")
        await eyes.press("question_mark")
        await eyes.until("Keys of runs")
        await eyes.until("Copy id")
        assert "Retry" not in eyes.text
        await eyes.press("escape", "colon")
        await eyes.until("runs: key")
        await eyes.type("retry")
        await eyes.until("No matches found")


async def test_the_palette_does_what_the_keys_of_the_screen_do(daemon: SmallDaemon, socket: Path) -> None:
    run, _ = await daemon.enqueue(NewRun(job="tidy"))
    await daemon.ended(run, "failed", error="boom")
    async with looking(socket, screen="runs") as eyes:
        await eyes.until("boom")
        await eyes.press("colon")
        await eyes.type("retry")
        await eyes.until("runs: key r")
        await eyes.press("enter")
        await eyes.until(f"jobctl retry {run}")


@pytest.mark.parametrize("entry", SCREENS, ids=lambda entry: entry.name)
async def test_the_palette_goes_to_every_screen(daemon: SmallDaemon, socket: Path, entry: Entry) -> None:
    async with looking(socket, screen="runs" if entry.name != "runs" else "nodes") as eyes:
        await eyes.loaded()
        await eyes.press("colon")
        await eyes.until("Search for commands")
        await eyes.type(entry.title)
        await eyes.until(f"Show {entry.title} (key {entry.key})")
        await eyes.press("enter")
        await eyes.until(lambda: eyes.app.current_mode == entry.name)
        await eyes.loaded()


async def test_the_palette_freezes_chooses_colours_helps_and_quits(daemon: SmallDaemon, socket: Path) -> None:
    async with looking(socket, screen="runs") as eyes:
        await eyes.loaded()
        await eyes.press("ctrl+p")
        await eyes.type("freez")
        await eyes.until("Stop or resume the updates")
        await eyes.press("enter")
        await eyes.until("FROZEN")
        await eyes.press("z", "colon")
        await eyes.type("theme")
        await eyes.until("Choose the colours")
        await eyes.press("enter")
        await eyes.until("jobd-light")
        await eyes.type("jobd-li")
        await eyes.press("enter")
        await eyes.until(lambda: eyes.app.theme == "jobd-light")
        await eyes.press("colon")
        await eyes.type("help")
        await eyes.until("What the keys do")
        await eyes.press("enter")
        await eyes.until("Keys of runs")
        await eyes.press("escape", "colon")
        await eyes.type("quit")
        await eyes.until("the daemon goes on")
        await eyes.press("enter")
        await eyes.until(lambda: not eyes.app._running or eyes.app._exit)


async def test_the_palette_has_no_character_that_ascii_lacks(daemon: SmallDaemon, socket: Path) -> None:
    async with looking(socket, screen="runs", size=(60, 20), ascii=True) as eyes:
        await eyes.loaded()
        await eyes.press("colon")
        await eyes.until("All matching")
        assert "🔎" not in eyes.text
