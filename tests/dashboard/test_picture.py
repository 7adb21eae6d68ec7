"""The picture in README.md: the real dashboard over the demo's data, and never an old one.

    JOBD_PICTURE=1 pytest -n0 tests/dashboard/test_picture.py

draws it anew; without that the picture is held against what the dashboard shows today.
"""

from __future__ import annotations

import html
import os
import re
from collections.abc import Iterable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from support.dashboards import Eyes, looking

from jobd.dashboard.screens import SCREENS
from jobd.dashboard.widgets.table import Table
from jobd.demo.customers import customers
from jobd.demo.daemon import daemon
from jobd.demo.place import temporary_place
from jobd.demo.scene import Sabotage, scene
from jobd.stop import Stop

PICTURE = Path(__file__).parents[2] / "docs" / "dashboard.svg"
SIZE = (132, 42)
HEADING = re.compile(r"─ +([A-Z][^─]+?) +─|(?<![\w:.-])([A-Z][A-Z0-9/]+(?: [A-Z0-9/]+)*)(?![\w:])")
TEXT = re.compile(r'<text [^>]*?x="([\d.]+)"[^>]*?line-(\d+)\)"[^>]*>(.*?)</text>', re.DOTALL)
RUNS_SEEN = 12
"""So many have ended before it is looked at: every business job is among them."""
RUNS_DRAWN = 150
"""… and before it is drawn: it has been alive for a minute."""


@pytest.mark.timeout(120)
async def test_the_picture_in_the_readme_shows_what_the_dashboard_shows() -> None:
    with temporary_place(keep=False) as place:
        async with (
            scene(place, live=timedelta(minutes=2), sabotage=Sabotage()) as set_up,
            daemon(set_up.config, Stop()),
            customers(set_up.database, set_up.later),
            looking(place.socket, size=SIZE) as eyes,
        ):
            await eyes.until(lambda: ended(eyes) >= RUNS_SEEN, seconds=40)
            await eyes.loaded()
            if os.environ.get("JOBD_PICTURE"):
                await eyes.until(lambda: ended(eyes) >= RUNS_DRAWN and "▸" in eyes.text, seconds=100)
                PICTURE.write_text(drawn(eyes), "utf-8")
            picture = rows(PICTURE.read_text("utf-8"))
            missing = [label for label in labels(eyes) if label not in "\n".join(picture)]
            assert not missing, f"docs/dashboard.svg is old: {missing}; draw it anew (see the top of this file)"
            assert plan(picture) == plan(eyes.text.splitlines()), "docs/dashboard.svg is old: draw it anew"


def test_a_picture_with_a_panel_elsewhere_or_too_many_is_an_old_one() -> None:
    picture = rows(PICTURE.read_text("utf-8"))
    titles = [line for line in plan(picture) if "Queues" in line or "Fires next" in line]
    assert len(titles) == 2 and titles[0][0] == "Queues", "as the eye goes, from left to right and from top to bottom"
    assert plan(["╭─ Queues ──╮╭─ Further ──╮", *picture]) != plan(picture)
    assert plan(picture[::-1]) != plan(picture)


def ended(eyes: Eyes) -> int:
    status = eyes.app.snapshot.status
    return status.counts.hour.get("succeeded", 0) if status is not None and status.counts is not None else 0


def drawn(eyes: Eyes) -> str:
    """The screen as SVG, without the web fonts that Textual names: nothing is fetched from anywhere."""
    picture = eyes.app.export_screenshot(title="jobd demo")
    picture = re.sub(r"@font-face \{.*?\}\s*", "", picture, flags=re.DOTALL)
    return picture.replace("Fira Code, monospace", "monospace").replace("Fira Code,", "") + "\n"


def rows(picture: str) -> list[str]:
    """The lines of the screen in a picture, each with the text that stands in it from left to right."""
    found: dict[int, list[tuple[float, str]]] = {}
    for x, line, text in TEXT.findall(picture):
        found.setdefault(int(line), []).append((float(x), html.unescape(text).replace("\xa0", " ")))
    return ["  ".join(text for _, text in sorted(found[line])) for line in sorted(found)]


def plan(lines: Iterable[str]) -> list[list[str]]:
    """Titles of panels and headings, line by line: what is where, whatever the data are."""
    found = [HEADING.findall(line) for line in lines]
    return [[title or heading for title, heading in one] for one in found if one]


def labels(eyes: Eyes) -> Iterator[str]:
    """What stands there whatever the data are: screens, titles of panels and columns, keys."""
    yield from (screen.title for screen in SCREENS)
    for panel in eyes.page.query(".panel"):
        if panel.border_title and panel.region.height > 2:
            yield str(panel.border_title)
    for table in eyes.page.query(Table):
        if table.region.height > 1:
            yield from (column.title for column, _ in table.fitted if column.title)
    for _, binding, enabled, _ in eyes.page.active_bindings.values():
        if enabled and binding.show and binding.description:
            yield binding.description
