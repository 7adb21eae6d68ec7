"""One dashboard from its command to its end."""

from __future__ import annotations

import gc
import locale
import os

from jobd.dashboard.live.link import Link

__all__ = ["Link", "show"]

SETTLED_SECONDS = 0.5
"""After the start: by then everything is on the screen, and a collection of 50 ms is not noticed."""


def show(link: Link, *, ascii: bool = False, theme: str | None = None, mouse: bool = True, screen: str = "home") -> int:
    """Show it until it is left; the exit code. What is to be said at the end goes to stderr by Textual."""
    if os.environ.get("SSH_CONNECTION"):
        os.environ.setdefault("TEXTUAL_ANIMATIONS", "none")  # before Textual is loaded: each frame goes over the wire
    gc.disable()  # nothing of what is loaded now will be garbage; looking for it takes a tenth of the start
    from jobd.dashboard.app import Dashboard

    app = Dashboard(link, ascii=ascii or not _unicode(), theme=theme, start=screen)
    app.call_later(app.set_timer, SETTLED_SECONDS, _settle)
    app.run(mouse=mouse)
    return app.return_code or 0


def _settle() -> None:
    """Collect now and from now on, and never look again at what was loaded. Before it is frozen: 3 MB go back."""
    gc.collect()
    gc.freeze()
    gc.enable()


def _unicode() -> bool:
    return "UTF-8" in locale.getencoding().upper().replace("UTF8", "UTF-8")
