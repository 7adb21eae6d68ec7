"""The pages and files that a browser gets: ours from `browser/`, the terminal in the page from textual-serve."""

from __future__ import annotations

from html import escape
from importlib.util import find_spec
from pathlib import Path
from string import Template

from jobd.dashboard.web.settings import NotServed

OWN = Path(__file__).parent / "browser"
POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self' 'unsafe-inline'",  # the terminal writes its colours and sizes into style elements
        "img-src 'self' data:",
        "font-src 'self'",
        "connect-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)
"""Nothing is loaded from anywhere else, whatever a library brings along: the browser sees to it."""
HEADERS = {
    "Content-Security-Policy": POLICY,
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "same-origin",  # "no-referrer" would take the Origin of the login form away
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Server": "jobd",
}


def page(file: str, **words: str) -> str:
    """The page with these words in their places; words are never markup."""
    template = Template((OWN / file).read_text("utf-8"))
    return template.substitute({name: escape(text) for name, text in words.items()})


def terminal_files() -> Path:
    """Where textual-serve keeps the terminal for the browser; nothing of its server is used.

    Raises:
        NotServed: it is not installed.
    """
    found = find_spec("textual_serve")
    if found is None or found.origin is None:
        raise NotServed("jobctl web needs the extra `web`: pip install 'jobd[web]'")
    return Path(found.origin).parent / "static"
