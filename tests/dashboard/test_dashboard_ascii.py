"""`--ascii`: terminals that know nothing else get nothing else, on every screen and whatever jobs wrote."""

from __future__ import annotations

from pathlib import Path

import pytest
from rich.cells import cell_len
from serving import SmallDaemon
from support.dashboard_rows import scheduled
from support.dashboards import looking
from test_dashboard_outbox import added

from jobd.dashboard.screens import SCREENS
from jobd.dashboard.widgets.ascii_only import plain
from jobd.model.run import NewRun

WORDS = "Été «الباقة» 漢字 …"


@pytest.mark.parametrize("screen", [screen.name for screen in SCREENS])
async def test_on_no_screen_anything_else_is_shown(daemon: SmallDaemon, socket: Path, screen: str) -> None:
    run, _ = await daemon.enqueue(NewRun(job="mail", args={"to": WORDS, "subject": WORDS}))
    await daemon.ended(run, "failed", error=f"ValueError: {WORDS}")
    await added(daemon, subject=WORDS, reply=WORDS, text=WORDS)
    await scheduled(daemon, "nightly")
    async with looking(socket, screen=screen, size=(140, 45), ascii=True) as eyes:
        await eyes.loaded()
        assert eyes.text.isascii()
        await eyes.press("question_mark")
        await eyes.until("Everywhere")
        assert eyes.text.isascii()
        await eyes.press("escape", "enter")
        await eyes.until_gone("Everywhere")
        await eyes.pilot.pause()
        assert eyes.text.isascii()


@pytest.mark.parametrize("text", ["plain", "Été", "漢字", "a\u0301e", "ﬁ ½ ™", WORDS])
def test_what_is_written_otherwise_is_as_wide_as_it_was(text: str) -> None:
    assert plain(text).isascii()
    assert cell_len(plain(text)) == cell_len(text)


def test_letters_stay_readable() -> None:
    assert plain("Été … «Zoë» → 漢") == "Ete ~ <Zoe> > ??"
