"""What every screen is: it hears of the daemon from its first moment to its last."""

from __future__ import annotations

from pathlib import Path

from serving import SmallDaemon
from support.dashboards import looking

from jobd.dashboard.screens import SCREENS


async def test_news_that_come_before_a_screen_has_its_widgets_end_nothing(daemon: SmallDaemon, socket: Path) -> None:
    async with looking(socket) as eyes:
        for entry in SCREENS:
            eyes.app.go(entry.name)
            eyes.app._changed()  # as the feed does, whatever is being opened or closed at that moment
            await eyes.until(lambda: eyes.page.whole)
            page = eyes.page
            eyes.app.go("home")
            page.seen()
        assert eyes.app.return_code is None
